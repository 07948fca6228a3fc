//! What goes on beside requests: deadlines that passed are written down, letters are handed over for delivery, files of
//! codes are taken in, what is older than it is to be kept is removed, events by way of an archive where one is set. It
//! knows the ports and nothing of SQL or HTTP.
//!
//! Every loop is owned by [`Workers`], ends when told to, and is waited for.

mod imports;
mod timers;
mod mails;
pub mod post;
mod archive;
mod retention;

pub use archive::{Archive, ArchiveError};
pub use mails::{Outbox, Round};

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use ports::{Clock, Ledger, Post, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

/// What the loops obey.
#[derive(Clone, Debug)]
pub struct Schedule {
    /// Between two looks for deadlines. A deadline is written down at most this late, plus the time it takes.
    pub sweep_every: Duration,
    /// Between two removals of what is old.
    pub retention_every: Duration,
    /// Between two looks for files of codes that came.
    pub imports_every: Duration,
    /// How long idempotency records are kept.
    pub answers_kept: Duration,
    /// Between two looks for letters to be sent.
    pub mails_every: Duration,
    /// How long letters that were given up are kept.
    pub dead_mails_kept: Duration,
    /// How long events are kept; none: for ever.
    pub events_kept: Option<Duration>,
    /// The folder to which events go that are not kept any more; none: they are gone.
    pub events_archive: Option<PathBuf>,
    /// How long it is kept what redemptions were decided on; none: for ever.
    pub decisions_kept: Option<Duration>,
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            sweep_every: Duration::from_millis(250),
            retention_every: Duration::from_secs(600),
            imports_every: Duration::from_millis(250),
            answers_kept: Duration::from_secs(30 * 24 * 60 * 60),
            mails_every: Duration::from_secs(1),
            dead_mails_kept: Duration::from_secs(30 * 24 * 60 * 60),
            events_kept: None,
            events_archive: None,
            decisions_kept: None,
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
    /// Starts all loops. Letters go to `post`.
    #[must_use]
    pub fn start(store: &Arc<dyn Store>, clock: &Arc<dyn Clock>, post: Arc<dyn Post>, schedule: Schedule) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let ledger: Arc<dyn Ledger> = store.clone();
        let outbox = Outbox { mails: store.clone(), post, clock: Arc::clone(clock) };
        tasks.spawn(timers::run(ledger, schedule.clone(), stopped.clone()));
        tasks.spawn(mails::run(outbox, schedule.clone(), stopped.clone()));
        tasks.spawn(retention::run(Arc::clone(store), Arc::clone(clock), schedule.clone(), stopped.clone()));
        tasks.spawn(imports::run(Arc::clone(store), schedule, stopped));
        Self { stop, tasks }
    }

    /// Starts only what takes files of codes in: for a command that runs without a server.
    #[must_use]
    pub fn importing(store: &Arc<dyn Store>, schedule: Schedule) -> Self {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
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
