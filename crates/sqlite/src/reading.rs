//! One connection that reads: each read sees one committed state, and has two seconds.
//!
//! The snapshot is kept from read to read for as long as nothing was committed: beginning and ending one takes four locks of a
//! file, which was a tenth of a quote. When the log is to begin anew, the writer has all that are kept let go of.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};

use crate::checkpoints::Log;
use crate::open::STABLE_PLANS;

/// A read that runs longer is interrupted.
const READ_MAX: Duration = Duration::from_secs(2);
/// Instructions of SQLite's machine between two looks at the time: some 10 us.
const OPS_PER_LOOK: i32 = 1000;
/// Prepared statements kept per connection: all that the read side has.
const STATEMENTS_MAX: usize = 96;

/// A connection that only reads.
#[derive(Debug)]
pub(crate) struct Reading {
    connection: Connection,
    log: Arc<Log>,
    began: Instant,
    /// When the read that runs is interrupted, in microseconds after `began`.
    deadline: Arc<AtomicU64>,
    /// The snapshot that is open: how many commits there had been, at least, when it began.
    kept: Option<u64>,
}

impl Reading {
    /// To a database that exists.
    pub fn open(path: &Path, log: &Arc<Log>) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.set_db_config(STABLE_PLANS, true)?;
        connection.busy_timeout(READ_MAX)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
        let (began, deadline) = (now(), Arc::new(AtomicU64::new(u64::MAX)));
        let until = Arc::clone(&deadline);
        let is_over = move || micros_since(began) >= until.load(Ordering::Relaxed);
        connection.progress_handler(OPS_PER_LOOK, Some(is_over))?;
        Ok(Self { connection, log: Arc::clone(log), began, deadline, kept: None })
    }

    /// Runs a read on what is committed now. A panic costs this read only.
    pub fn run(&mut self, read: impl FnOnce(&Connection)) {
        // Before the snapshot begins: what is committed meanwhile makes it look older than it is, never newer.
        let commits = self.log.commits();
        if self.kept != Some(commits) {
            self.let_go();
            // A failure to begin shows in the read's own first statement, which can be told to its caller.
            let _ = execute(&self.connection, "begin");
        }
        let over = micros_since(self.began).saturating_add(READ_MAX.as_micros().try_into().unwrap_or(u64::MAX));
        self.deadline.store(over, Ordering::Relaxed);
        let ended = catch_unwind(AssertUnwindSafe(|| read(&self.connection)));
        // While the log is carried over, nobody may stand in it for longer than it takes.
        if ended.is_ok() && self.log.is_short() && !self.connection.is_autocommit() {
            self.kept = Some(commits);
        } else {
            self.let_go();
        }
    }

    /// Lets go of the snapshot, so that the log can begin anew.
    pub fn let_go(&mut self) {
        self.kept = None;
        // That of the last read may be long over, and would end this too.
        self.deadline.store(u64::MAX, Ordering::Relaxed);
        // A read that was interrupted may have ended it.
        if !self.connection.is_autocommit()
            && let Err(error) = execute(&self.connection, "commit")
        {
            tracing::error!(%error, "a snapshot did not end");
        }
    }
}

/// Both statements are kept prepared, unlike those of a `Transaction`.
fn execute(connection: &Connection, sql: &str) -> rusqlite::Result<usize> {
    connection.prepare_cached(sql)?.execute([])
}

fn micros_since(began: Instant) -> u64 {
    now().saturating_duration_since(began).as_micros().try_into().unwrap_or(u64::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "how long a read takes is real time, whatever the clock of the store says"
)]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct World {
        _folder: tempfile::TempDir,
        writing: Connection,
        log: Arc<Log>,
        reading: Reading,
    }

    fn world() -> World {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let writing = Connection::open(&path).unwrap();
        writing
            .execute_batch("pragma journal_mode = wal; create table t (n integer); insert into t values (1);")
            .unwrap();
        let log = Arc::new(Log::new(1_000));
        let reading = Reading::open(&path, &log).unwrap();
        World { _folder: folder, writing, log, reading }
    }

    impl World {
        fn read(&mut self) -> i64 {
            let mut found = 0;
            self.reading
                .run(|connection| found = connection.query_row("select n from t", [], |row| row.get(0)).unwrap());
            found
        }

        fn write(&self, n: i64) {
            self.writing.execute("update t set n = ?1", [n]).unwrap();
        }

        /// Whether the log could be carried over wholly and begun anew.
        fn log_is_free(&self) -> bool {
            let busy: i64 = self.writing.query_row("pragma wal_checkpoint(truncate)", [], |row| row.get(0)).unwrap();
            busy == 0
        }
    }

    #[test]
    fn a_kept_snapshot_is_let_go_of_at_the_next_commit_and_when_it_is_to_be() {
        let mut world = world();
        world.writing.busy_timeout(Duration::ZERO).unwrap();
        world.write(2);
        assert_eq!(world.read(), 2);
        world.write(3);
        assert_eq!(world.read(), 2, "nobody said that there was a commit");
        assert!(!world.log_is_free());
        world.log.committed(7);
        assert_eq!(world.read(), 3);
        world.write(4);
        world.reading.let_go();
        assert!(world.log_is_free());
    }

    /// SQLite looks at the time once in so many instructions of a statement, however many runs they belong to.
    #[test]
    fn a_snapshot_is_let_go_of_however_long_ago_its_read_began() {
        let mut world = world();
        for _ in 0..OPS_PER_LOOK {
            assert_eq!(world.read(), 1);
            world.reading.deadline.store(0, Ordering::Relaxed);
            world.reading.let_go();
            assert!(world.reading.connection.is_autocommit());
        }
    }

    #[test]
    fn while_the_log_is_long_no_snapshot_is_kept() {
        let mut world = world();
        world.log.committed(1_000);
        world.write(2);
        assert_eq!(world.read(), 2);
        assert!(world.log_is_free());
    }
}
