//! The thread that owns the write connection: takes what waits, commits it together, does tasks in between.

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

use domain::event::JournalNo;
use rusqlite::Connection;

use crate::batch::Batch;
use crate::checkpoints::Checkpoints;
use crate::commit::is_lost;
use crate::memory::Shared;
use crate::open::BUSY_MAX;
use crate::queue::{Job, Jobs, Submission};
use crate::refusals::Refusals;

/// How long counts of refusals may wait for a batch that writes.
const REFUSALS_WAIT: Duration = Duration::from_secs(1);

/// Jobs that wait for the writer.
const QUEUE_DEPTH: &str = "ledger_queue_depth";

/// What limits a batch, and what ends it all.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounds {
    pub commands_max: usize,
    pub on_lost_commit: fn(&str),
}

/// The state of the thread.
pub(crate) struct Writer<'c> {
    pub connection: &'c Connection,
    pub checkpoints: Checkpoints,
    pub shared: Arc<Shared>,
    /// The next row of the journal, of whatever tenant.
    pub journal_next: JournalNo,
    pub refusals: Refusals,
    pub bounds: Bounds,
    /// Whether something was erased that still stands in the log.
    pub erased: bool,
    /// Whether a backup is under way, which serves jobs between its steps.
    pub backing_up: bool,
    jobs: &'c Jobs,
    /// Taken from the queue, but not for the batch it was taken for.
    left: Option<Job>,
    refusals_since: Option<Instant>,
    closing: bool,
}

impl<'c> Writer<'c> {
    pub fn new(
        (connection, checkpoints): (&'c Connection, Checkpoints),
        jobs: &'c Jobs,
        shared: Arc<Shared>,
        journal_next: JournalNo,
        bounds: Bounds,
    ) -> Self {
        Self {
            connection,
            checkpoints,
            shared,
            journal_next,
            refusals: Refusals::default(),
            bounds,
            erased: false,
            backing_up: false,
            jobs,
            left: None,
            refusals_since: None,
            closing: false,
        }
    }

    /// Until the store is closed or nobody has it any more.
    pub fn run(mut self) {
        while !self.closing
            && let Some(job) = self.next()
        {
            self.serve(job);
        }
        while self.serve_waiting() {}
        self.write_refusals();
        // So that the next start finds no log to read, and a copy of the file alone is whole. A reader may hinder it;
        // then the log stays and is read.
        if let Err(error) = self.empty_log() {
            tracing::warn!(%error, "the last checkpoint failed; the next start will read the log");
        }
    }

    /// Does one job if any waits. Returns whether there was one.
    pub fn serve_waiting(&mut self) -> bool {
        let job = self.left.take().or_else(|| self.jobs.next_waiting());
        job.map(|job| self.serve(job)).is_some()
    }

    fn next(&mut self) -> Option<Job> {
        if self.left.is_some() {
            return self.left.take();
        }
        if !self.refusals.is_empty() {
            match self.jobs.next_within(REFUSALS_WAIT) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => self.write_refusals(),
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
        self.jobs.next()
    }

    fn serve(&mut self, job: Job) {
        match job {
            Job::Command(first) => {
                let batch = self.gather(first);
                self.commit(batch);
                self.forget_erased();
                self.write_old_refusals();
            }
            Job::Task(task) => task(self),
            Job::Close => self.closing = true,
        }
        if self.checkpoints.is_log_long() {
            self.shared.readers.let_go();
        }
        let carried = self.checkpoints.committed(self.connection);
        self.look_at(carried);
    }

    /// A checkpoint that failed has left the log as it was, and is tried again; unless a sync failed, after which nobody
    /// knows what the file holds.
    fn look_at(&self, carried: rusqlite::Result<()>) {
        let Err(error) = carried else { return };
        tracing::error!(%error, "the log was not carried over into the file");
        if is_lost(&error) {
            (self.bounds.on_lost_commit)(&error.to_string());
        }
    }

    /// The batch that begins with this command.
    fn gather(&mut self, first: Submission) -> Batch {
        let mut batch = Batch::default();
        batch.push(first);
        while let Some(job) = self.jobs.next_waiting() {
            match job {
                Job::Command(next) if batch.takes(&next.command.action, self.bounds.commands_max) => {
                    batch.push(next);
                }
                other => {
                    self.left = Some(other);
                    break;
                }
            }
        }
        let depth = u32::try_from(self.jobs.depth()).unwrap_or(u32::MAX);
        metrics::gauge!(QUEUE_DEPTH).set(depth);
        batch
    }

    /// Carries the log over into the file and empties it, so that neither holds what was erased. Who reads just now
    /// hinders it; then it is tried again after the next batch, and at the latest when the store is closed.
    fn forget_erased(&mut self) {
        if !self.erased || self.backing_up {
            return;
        }
        // Claims must not wait for a reader here.
        let emptied = self.connection.busy_timeout(Duration::ZERO).and_then(|()| self.empty_log());
        let restored = self.connection.busy_timeout(BUSY_MAX);
        match restored.and(emptied) {
            Ok(is_empty) => self.erased = !is_empty,
            Err(error) => tracing::warn!(%error, "what was erased is still in the log"),
        }
    }

    /// Returns whether it is empty now; a reader may hinder it.
    fn empty_log(&mut self) -> rusqlite::Result<bool> {
        let carried = self.checkpoints.wait();
        self.look_at(carried);
        self.shared.readers.let_go();
        self.connection.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0).map(|busy: i64| busy == 0))
    }

    /// While all commands are refused no batch writes, so this looks at the time.
    fn write_old_refusals(&mut self) {
        if self.refusals.is_empty() {
            self.refusals_since = None;
            return;
        }
        let since = *self.refusals_since.get_or_insert_with(instant);
        if since.elapsed() >= REFUSALS_WAIT {
            self.write_refusals();
        }
    }

    fn write_refusals(&mut self) {
        self.refusals_since = None;
        // One statement after the other, each its own transaction, would cost a sync for each.
        let written = self.connection.unchecked_transaction().and_then(|transaction| {
            self.refusals.write(&transaction)?;
            transaction.commit()
        });
        if let Err(error) = written {
            tracing::error!(%error, "counts of refusals were lost");
        }
        self.refusals.clear();
    }
}

#[expect(clippy::disallowed_methods, reason = "how long something takes is real time, and decides nothing")]
pub(crate) fn instant() -> Instant {
    Instant::now()
}
