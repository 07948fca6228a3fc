//! What is kept for a while only is removed after it, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use domain::event::JournalNo;
use domain::time::Timestamp;
use ports::{Clock, Store};
use tokio::sync::watch;

use crate::{Archive, ArchiveError, Schedule, pause};

/// So many are removed in one transaction: short enough that claims do not notice.
const REMOVE_MAX: usize = 500;

const NOT_ARCHIVED: &str = "events_not_archived_total";

/// What has its time.
#[derive(Clone, Copy, Debug)]
enum Kept {
    Answers,
    Events,
    Decisions,
    /// Of tokens and sessions each says its own end.
    Tokens,
    Sessions,
    DeadMails,
}

pub(crate) async fn run(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    schedule: Schedule,
    mut stopped: watch::Receiver<bool>,
) {
    let all = [
        (Kept::Answers, Some(schedule.answers_kept)),
        (Kept::Events, schedule.events_kept),
        (Kept::Decisions, schedule.decisions_kept),
        (Kept::Tokens, Some(Duration::ZERO)),
        (Kept::Sessions, Some(Duration::ZERO)),
        (Kept::DeadMails, Some(schedule.dead_mails_kept)),
    ];
    let archive = schedule.events_archive.map(|folder| Archive { store: Arc::clone(&store), folder });
    while pause(schedule.retention_every, &mut stopped).await {
        for (what, kept) in all {
            let Some(kept) = kept else { continue };
            let archive = archive.as_ref().filter(|_| matches!(what, Kept::Events));
            let removed = match archive {
                Some(archive) => move_to(archive, &*clock, kept, &stopped).await,
                None => remove(&*store, &*clock, (what, kept), &stopped).await,
            };
            if let Err(error) = removed {
                if archive.is_some() {
                    metrics::counter!(NOT_ARCHIVED).increment(1);
                }
                tracing::warn!(%error, ?what, "what is too old could not be removed");
            }
        }
    }
}

/// Goes on until no event is left that is too old, a file of them at a time.
async fn move_to(
    archive: &Archive,
    clock: &dyn Clock,
    kept: Duration,
    stopped: &watch::Receiver<bool>,
) -> Result<(), ArchiveError> {
    while !*stopped.borrow() && archive.move_oldest(oldest_kept(clock, kept)).await? > 0 {}
    Ok(())
}

/// What was made before is too old.
fn oldest_kept(clock: &dyn Clock, kept: Duration) -> Timestamp {
    clock.now().saturating_add_ms(-i64::try_from(kept.as_millis()).unwrap_or(i64::MAX))
}

/// Goes on until nothing is left that is too old.
async fn remove(
    store: &dyn Store,
    clock: &dyn Clock,
    (what, kept): (Kept, Duration),
    stopped: &watch::Receiver<bool>,
) -> Result<(), ArchiveError> {
    loop {
        let before = oldest_kept(clock, kept);
        let removed = match what {
            Kept::Answers => store.forget_answers(before, REMOVE_MAX).await?,
            Kept::Events => store.forget_events(before, JournalNo(i64::MAX), REMOVE_MAX).await?,
            Kept::Decisions => store.forget_decisions(before, REMOVE_MAX).await?,
            Kept::Tokens => store.forget_tokens(before, REMOVE_MAX).await?,
            Kept::Sessions => store.forget_sessions(before, REMOVE_MAX).await?,
            Kept::DeadMails => store.forget_dead_mails(before, REMOVE_MAX).await?,
        };
        if removed < REMOVE_MAX || *stopped.borrow() {
            return Ok(());
        }
    }
}
