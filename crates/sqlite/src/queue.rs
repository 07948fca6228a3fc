//! The way to the writer: a bounded queue of commands and tasks, and the thread at its end.

use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use domain::id::TenantNo;
use domain::ledger::{Answer, Command};
use domain::rejection::Refusal;
use ports::StoreError;
use tokio::sync::oneshot;

use crate::writer::Writer;

/// When a caller should come again who found the queue full: most of it is done by then.
const RETRY_AFTER_MS: u64 = 200;

/// What a command comes to.
pub(crate) type Reply = Result<Result<Answer, Refusal>, StoreError>;

/// A command with who waits for its answer.
#[derive(Debug)]
pub(crate) struct Submission {
    pub tenant: TenantNo,
    pub command: Command,
    pub reply: oneshot::Sender<Reply>,
}

/// Something else to do with the write connection, between two batches.
pub(crate) type Task = Box<dyn FnOnce(&mut Writer<'_>) + Send>;

/// What waits in the queue.
pub(crate) enum Job {
    Command(Submission),
    Task(Task),
    /// Do what waits, then end.
    Close,
}

/// The end that callers put jobs in. Std's channel, as the other end is a thread that waits with a time limit.
#[derive(Clone)]
pub(crate) struct Queue {
    jobs: SyncSender<Job>,
    depth: Arc<AtomicUsize>,
    closed: Arc<AtomicBool>,
    thread: Arc<Mutex<Option<JoinHandle<()>>>>,
}

/// The end that the writer takes jobs from.
pub(crate) struct Jobs {
    jobs: Receiver<Job>,
    depth: Arc<AtomicUsize>,
}

impl Queue {
    /// Starts the thread that does the jobs.
    pub fn start(jobs_max: usize, run: impl FnOnce(&Jobs) + Send + 'static) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(jobs_max);
        let depth = Arc::new(AtomicUsize::new(0));
        let jobs = Jobs { jobs: receiver, depth: Arc::clone(&depth) };
        let thread = thread::Builder::new().name("sqlite-write".to_owned()).spawn(move || run(&jobs))?;
        let closed = Arc::new(AtomicBool::new(false));
        Ok(Self { jobs: sender, depth, closed, thread: Arc::new(Mutex::new(Some(thread))) })
    }

    /// Hands in a command and waits for its answer. Once handed in it runs, whether or not anyone still waits.
    pub async fn submit(&self, tenant: TenantNo, command: Command) -> Reply {
        let (reply, answer) = oneshot::channel();
        self.hand_in(Job::Command(Submission { tenant, command, reply }))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    /// Hands in a task and waits for what it gives.
    pub async fn run<T: Send + 'static>(
        &self,
        task: impl FnOnce(&mut Writer<'_>) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = oneshot::channel();
        let task: Task = Box::new(move |writer| {
            // A panic costs its own task only; the caller sees the channel closed.
            let done = std::panic::catch_unwind(AssertUnwindSafe(|| task(writer)));
            let done = done.unwrap_or_else(|_| Err(StoreError::Unavailable("the task broke off".to_owned())));
            let _ = reply.send(done);
        });
        self.hand_in(Job::Task(task))?;
        answer.await.unwrap_or_else(|_| Err(stopped()))
    }

    fn hand_in(&self, job: Job) -> Result<(), StoreError> {
        if self.closed.load(Ordering::Relaxed) {
            return Err(stopped());
        }
        // Counted first: the writer may take it before this goes on.
        self.depth.fetch_add(1, Ordering::Relaxed);
        self.jobs.try_send(job).map_err(|error| {
            self.depth.fetch_sub(1, Ordering::Relaxed);
            match error {
                TrySendError::Full(_) => StoreError::Busy { retry_after_ms: RETRY_AFTER_MS },
                TrySendError::Disconnected(_) => stopped(),
            }
        })
    }

    /// Lets the writer do what waits and end, and waits for that. What comes later is refused.
    pub async fn close(&self) {
        let thread = self.thread.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(thread) = thread else { return };
        self.closed.store(true, Ordering::Relaxed);
        self.depth.fetch_add(1, Ordering::Relaxed);
        let jobs = self.jobs.clone();
        let ended = tokio::task::spawn_blocking(move || {
            // Waits for a place: the queue may be full.
            let _ = jobs.send(Job::Close);
            thread.join()
        });
        if !matches!(ended.await, Ok(Ok(()))) {
            tracing::error!("the writer ended by a panic");
        }
    }
}

impl Jobs {
    /// The next job; waits for it. `None`: nobody is left who could hand one in.
    pub fn next(&self) -> Option<Job> {
        let job = self.jobs.recv().ok()?;
        Some(self.taken(job))
    }

    /// The next job within that time.
    pub fn next_within(&self, wait: Duration) -> Result<Job, RecvTimeoutError> {
        self.jobs.recv_timeout(wait).map(|job| self.taken(job))
    }

    /// The next job if one waits.
    pub fn next_waiting(&self) -> Option<Job> {
        let job = self.jobs.try_recv().ok()?;
        Some(self.taken(job))
    }

    /// How many wait, about.
    pub fn depth(&self) -> usize {
        self.depth.load(Ordering::Relaxed)
    }

    fn taken(&self, job: Job) -> Job {
        self.depth.fetch_sub(1, Ordering::Relaxed);
        job
    }
}

fn stopped() -> StoreError {
    StoreError::Unavailable("the store is closed".to_owned())
}
