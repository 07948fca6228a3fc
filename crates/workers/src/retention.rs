//! What is kept for a while only is removed when its time is over, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use ports::{Clock, Ledger, StoreError};
use tokio::sync::watch;

use crate::{Schedule, pause};

/// So many are removed in one transaction: short enough that claims do not notice.
const REMOVE_MAX: usize = 500;

/// What has its time.
#[derive(Clone, Copy, Debug)]
enum Kept {
    Answers,
    Events,
    Decisions,
}

pub(crate) async fn run(
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    schedule: Schedule,
    mut stopped: watch::Receiver<bool>,
) {
    let all = [
        (Kept::Answers, Some(schedule.answers_kept)),
        (Kept::Events, schedule.events_kept),
        (Kept::Decisions, schedule.decisions_kept),
    ];
    while pause(schedule.retention_every, &mut stopped).await {
        for (what, kept) in all {
            let Some(kept) = kept else { continue };
            if let Err(error) = remove(&*ledger, &*clock, (what, kept), &stopped).await {
                tracing::warn!(%error, ?what, "what is too old could not be removed");
            }
        }
    }
}

/// Goes on until nothing is left that is too old.
async fn remove(
    ledger: &dyn Ledger,
    clock: &dyn Clock,
    (what, kept): (Kept, Duration),
    stopped: &watch::Receiver<bool>,
) -> Result<(), StoreError> {
    let kept_ms = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
    loop {
        let before = clock.now().saturating_add_ms(-kept_ms);
        let removed = match what {
            Kept::Answers => ledger.forget_answers(before, REMOVE_MAX).await?,
            Kept::Events => ledger.forget_events(before, REMOVE_MAX).await?,
            Kept::Decisions => ledger.forget_decisions(before, REMOVE_MAX).await?,
        };
        if removed < REMOVE_MAX || *stopped.borrow() {
            return Ok(());
        }
    }
}
