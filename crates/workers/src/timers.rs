//! Deadlines: they act at their instant by themselves; this writes them down, so that what they took comes back.

use std::sync::Arc;

use ports::Ledger;
use tokio::sync::watch;

use crate::{Schedule, pause};

/// So many are written down in one go; a full go is followed by another at once.
const SWEEP_MAX: usize = 2_000;

pub(crate) async fn run(ledger: Arc<dyn Ledger>, schedule: Schedule, mut stopped: watch::Receiver<bool>) {
    while pause(schedule.sweep_every, &mut stopped).await {
        loop {
            match ledger.sweep(SWEEP_MAX).await {
                Ok(ended) if ended < SWEEP_MAX => break,
                Ok(_) if *stopped.borrow() => break,
                // More is due than one go holds.
                Ok(_) => {}
                Err(error) => {
                    tracing::warn!(%error, "deadlines could not be written down; they act all the same");
                    break;
                }
            }
        }
    }
}
