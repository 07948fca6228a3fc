//! The connections that only read. A few threads with one each, fed by a queue, for whatever may take long; and a few
//! connections for reads of some rows by their keys, which are over sooner than a thread is woken and so are done where
//! they are asked for. No read runs longer than two seconds, so that the write-ahead log can be reset.

use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use ports::StoreError;
use rusqlite::Connection;
use tokio::sync::{Semaphore, oneshot};

use crate::checkpoints::Log;
use crate::error::store_error;
use crate::reading::Reading;

/// Reads that may wait or run at once. What comes beyond is told to come again.
const READS_MAX: usize = 1024;
/// When to come again: many reads are done by then.
const RETRY_AFTER_MS: u64 = 100;

thread_local! {
    /// Which connection this thread tries first: always the same, so that what a core knows of it stays with the core.
    static FIRST: usize = THREADS.fetch_add(1, Ordering::Relaxed);
}

/// Threads so far that read where they are.
static THREADS: AtomicUsize = AtomicUsize::new(0);

type Job = Box<dyn FnOnce(&Connection) + Send>;

/// The reading threads. Dropping them waits for the reads that run.
#[derive(Debug)]
pub(crate) struct Readers {
    jobs: Option<Sender<Job>>,
    places: Arc<Semaphore>,
    threads: Vec<JoinHandle<()>>,
    /// What the threads read with.
    apart: Vec<Arc<Mutex<Reading>>>,
    here: Vec<Mutex<Reading>>,
}

impl Readers {
    /// Opens that many connections of each kind to a database that exists.
    pub(crate) fn open(path: &Path, count: usize, log: &Arc<Log>) -> Result<Self, StoreError> {
        let (jobs, queue) = channel::<Job>();
        let queue = Arc::new(Mutex::new(queue));
        let open = || (0..count).map(|_| Reading::open(path, log).map(Mutex::new));
        let here = open().collect::<rusqlite::Result<_>>().map_err(store_error)?;
        let apart = open().map(|reading| reading.map(Arc::new));
        let apart: Vec<_> = apart.collect::<rusqlite::Result<_>>().map_err(store_error)?;
        let mut threads = Vec::with_capacity(count);
        for (number, reading) in apart.iter().enumerate() {
            let (reading, queue) = (Arc::clone(reading), Arc::clone(&queue));
            let thread = thread::Builder::new()
                .name(format!("sqlite-read-{number}"))
                .spawn(move || serve(&reading, &queue))
                .map_err(|error| StoreError::Unavailable(error.to_string()))?;
            threads.push(thread);
        }
        Ok(Self { jobs: Some(jobs), places: Arc::new(Semaphore::new(READS_MAX)), threads, apart, here })
    }

    /// Runs a read of some rows by their keys on the caller's thread. If all connections for that are at work, it goes the
    /// way of the others.
    pub(crate) async fn point<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        match self.here(read) {
            Ok(found) => found,
            Err(read) => self.run(read).await,
        }
    }

    /// Runs a read here, or gives it back.
    fn here<T, F: FnOnce(&Connection) -> Result<T, StoreError>>(&self, read: F) -> Result<Result<T, StoreError>, F> {
        let (before, from) = self.here.split_at(FIRST.with(|first| first % self.here.len().max(1)));
        let free = from.iter().chain(before).find_map(|reading| reading.try_lock().ok());
        let Some(mut reading) = free else { return Err(read) };
        let mut found = Err(StoreError::Unavailable("the read broke off".to_owned()));
        reading.run(|connection| found = read(connection));
        Ok(found)
    }

    /// Lets go of all snapshots that are kept between two reads; for the log to begin anew, while it is long. What reads just
    /// now keeps none then.
    pub(crate) fn let_go(&self) {
        for reading in self.here.iter().chain(self.apart.iter().map(|reading| &**reading)) {
            if let Ok(mut reading) = reading.try_lock() {
                reading.let_go();
            }
        }
    }

    /// Runs a read. All its statements see one committed state.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
            return Err(StoreError::Busy { retry_after_ms: RETRY_AFTER_MS });
        };
        let (answer, answered) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            // Nobody waits any more for what was given up while it stood in the queue.
            if !answer.is_closed() {
                let _ = answer.send(read(connection));
            }
            drop(place);
        });
        let jobs = self.jobs.as_ref().expect("the queue closes on drop only");
        jobs.send(job).map_err(|_| StoreError::Unavailable("the readers have stopped".to_owned()))?;
        answered.await.map_err(|_| StoreError::Unavailable("the read broke off".to_owned()))?
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        self.jobs = None;
        for thread in self.threads.drain(..) {
            // A read may hold the last handle of the store: then this is its own thread.
            if thread.thread().id() != thread::current().id() {
                let _ = thread.join();
            }
        }
    }
}

fn serve(reading: &Mutex<Reading>, queue: &Mutex<Receiver<Job>>) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        // After a panic the caller sees the answer's channel closed.
        reading.lock().unwrap_or_else(PoisonError::into_inner).run(job);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDLESS: &str = "with recursive n(i) as (select 1 union all select i + 1 from n) select max(i) from n";

    fn readers() -> (tempfile::TempDir, Readers) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch("pragma journal_mode = wal; create table t (n integer); insert into t values (7);")
            .unwrap();
        (folder, Readers::open(&path, 1, &Arc::new(Log::new(1_000))).unwrap())
    }

    fn count(connection: &Connection) -> Result<i64, StoreError> {
        connection.query_row("select n from t", [], |row| row.get(0)).map_err(store_error)
    }

    #[tokio::test]
    async fn a_read_that_takes_too_long_is_interrupted_and_the_next_one_runs() {
        let (_folder, readers) = readers();
        let endless = readers
            .run(|connection| connection.query_row(ENDLESS, [], |row| row.get::<_, i64>(0)).map_err(store_error));
        assert!(matches!(endless.await, Err(StoreError::Unavailable(_))));
        assert_eq!(readers.run(count).await, Ok(7));
    }

    #[tokio::test]
    async fn a_read_that_panics_costs_only_itself() {
        let (_folder, readers) = readers();
        let panics = readers.run(|_| -> Result<(), StoreError> { panic!("a bug in a read") });
        assert_eq!(panics.await, Err(StoreError::Unavailable("the read broke off".to_owned())));
        assert_eq!(readers.run(count).await, Ok(7));
    }

    #[tokio::test]
    async fn a_reader_cannot_write() {
        let (_folder, readers) = readers();
        let write = readers.run(|connection| connection.execute("update t set n = 8", []).map_err(store_error));
        assert!(matches!(write.await, Err(StoreError::Unavailable(_))));
    }

    #[tokio::test]
    async fn too_many_reads_are_told_to_come_again() {
        let (_folder, readers) = readers();
        let all = Arc::clone(&readers.places).try_acquire_many_owned(u32::try_from(READS_MAX).unwrap()).unwrap();
        assert_eq!(readers.run(count).await, Err(StoreError::Busy { retry_after_ms: RETRY_AFTER_MS }));
        drop(all);
        assert_eq!(readers.run(count).await, Ok(7));
    }
}
