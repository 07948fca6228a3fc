//! Idempotency records are kept for a while and then removed, a few at a time.

use std::sync::Arc;

use ports::{Clock, Ledger};
use tokio::sync::watch;

use crate::{Schedule, pause};

/// So many are removed in one transaction: short enough that claims do not notice.
const REMOVE_MAX: usize = 500;

pub(crate) async fn run(
    ledger: Arc<dyn Ledger>,
    clock: Arc<dyn Clock>,
    schedule: Schedule,
    mut stopped: watch::Receiver<bool>,
) {
    let kept_ms = i64::try_from(schedule.answers_kept.as_millis()).unwrap_or(i64::MAX);
    while pause(schedule.retention_every, &mut stopped).await {
        loop {
            let before = clock.now().saturating_add_ms(-kept_ms);
            match ledger.forget_answers(before, REMOVE_MAX).await {
                Ok(removed) if removed < REMOVE_MAX => break,
                Ok(_) if *stopped.borrow() => break,
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "old idempotency records could not be removed");
                    break;
                }
            }
        }
    }
}
