//! What goes on beside requests: deadlines that passed are written down, idempotency records that are old enough are
//! removed, files of codes are taken in. It knows the ports and nothing of SQL or HTTP.
//!
//! Every loop is owned by [`Workers`], ends when told to, and is waited for.

mod imports;
mod retention;
mod timers;

use std::sync::Arc;
use std::time::Duration;

use ports::{Clock, Ledger, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the loops obey.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// Between two looks for deadlines. A deadline is written down at most this late, plus the time it takes.
    pub sweep_every: Duration,
    /// Between two removals of old records.
    pub retention_every: Duration,
    /// Between two looks for files of codes that came.
    pub imports_every: Duration,
    /// How long idempotency records are kept.
    pub answers_kept: Duration,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            sweep_every: Duration::from_millis(250),
            retention_every: Duration::from_secs(600),
            imports_every: Duration::from_millis(250),
            answers_kept: Duration::from_secs(30 * 24 * 60 * 60),
        }
    }
}

/// The running loops.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Workers {
    /// Starts all loops.
    #[must_use]
    pub fn start(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, schedule: Schedule) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let ledger: Arc<dyn Ledger> = store.clone();
        tasks.spawn(timers::run(Arc::clone(&ledger), schedule, stopped.clone()));
        tasks.spawn(retention::run(ledger, Arc::clone(clock), schedule, stopped.clone()));
        tasks.spawn(imports::run(Arc::clone(store), schedule, stopped));
        Self { stop, tasks }
    }

    /// Ends all loops and waits for them.
    pub async fn stop(mut self) {
        // Nobody listening means that the loops have ended already.
        let _ = self.stop.send(true);
        while let Some(ended) = self.tasks.join_next().await {
            if let Err(error) = ended {
                tracing::error!(%error, "a worker ended badly");
            }
        }
    }
}

/// Waits for the time to pass; `false` when told to stop.
async fn pause(time: Duration, stopped: &mut watch::Receiver<bool>) -> bool {
    tokio::select! {
        () = tokio::time::sleep(time) => true,
        _ = stopped.wait_for(|stop| *stop) => false,
    }
}
