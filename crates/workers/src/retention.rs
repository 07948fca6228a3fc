//! What is kept for a while only is removed after it, a few at a time.

use std::sync::Arc;
use std::time::Duration;

use ports::{Clock, Store, StoreError};
use tokio::sync::watch;

use crate::{Schedule, pause};

/// So many are removed in one transaction: short enough that claims do not notice.
const REMOVE_MAX: usize = 500;

/// What grows old.
#[derive(Clone, Copy, Debug)]
enum Old {
    Answers,
    Tokens,
    DeadMails,
}

const ALL: [Old; 3] = [Old::Answers, Old::Tokens, Old::DeadMails];

pub(crate) async fn run(
    store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
    schedule: Schedule,
    mut stopped: watch::Receiver<bool>,
) {
    while pause(schedule.retention_every, &mut stopped).await {
        for old in ALL {
            loop {
                match old.remove(&*store, &*clock, schedule).await {
                    Ok(removed) if removed < REMOVE_MAX => break,
                    Ok(_) if *stopped.borrow() => break,
                    Ok(_) => {}
                    Err(error) => {
                        tracing::warn!(%error, what = old.name(), "what is old could not be removed");
                        break;
                    }
                }
            }
        }
    }
}

impl Old {
    fn name(self) -> &'static str {
        match self {
            Self::Answers => "idempotency records",
            Self::Tokens => "tokens",
            Self::DeadMails => "letters that were given up",
        }
    }

    /// Removes a few. Returns how many.
    async fn remove(self, store: &dyn Store, clock: &dyn Clock, schedule: Schedule) -> Result<usize, StoreError> {
        let ago = |kept: Duration| {
            let kept_ms = i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
            clock.now().saturating_add_ms(-kept_ms)
        };
        match self {
            Self::Answers => store.forget_answers(ago(schedule.answers_kept), REMOVE_MAX).await,
            Self::Tokens => store.forget_tokens(clock.now(), REMOVE_MAX).await,
            Self::DeadMails => store.forget_dead_mails(ago(schedule.dead_mails_kept), REMOVE_MAX).await,
        }
    }
}
