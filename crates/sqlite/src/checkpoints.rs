//! Carrying the log over into the file. A thread of its own does it beside the commits, so that no claim waits for it; the
//! next commit then begins the log anew, or the writer first does the little that was committed meanwhile.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, OpenFlags};

/// How often the thread goes on with what was committed while it worked. Each time there is less, unless commits bring
/// pages faster than the disk takes them; then the writer must wait for it at some time.
const ROUNDS_MAX: usize = 32;

/// A passive checkpoint never waits for who reads or writes, and carries over what they let it.
const CARRY_OVER: &str = "pragma wal_checkpoint(passive)";

/// What is known of the log without looking into it.
#[derive(Debug)]
pub(crate) struct Log {
    /// At so many pages it is carried over.
    long: usize,
    /// In it after the last commit.
    pages: AtomicUsize,
    /// Since the store was opened.
    commits: AtomicU64,
}

impl Log {
    pub fn new(long: usize) -> Self {
        Self { long, pages: AtomicUsize::new(0), commits: AtomicU64::new(0) }
    }

    /// A commit is there, and the log has so many pages.
    pub fn committed(&self, pages: usize) {
        self.pages.store(pages, Ordering::Relaxed);
        self.commits.fetch_add(1, Ordering::Release);
    }

    /// Whoever was told of a commit finds it counted.
    pub fn commits(&self) -> u64 {
        self.commits.load(Ordering::Acquire)
    }

    pub fn is_short(&self) -> bool {
        self.pages() < self.long
    }

    fn pages(&self) -> usize {
        self.pages.load(Ordering::Relaxed)
    }
}

/// On the writer's side.
#[derive(Debug)]
pub(crate) struct Checkpoints {
    log: Arc<Log>,
    /// The writer waits: no further round.
    hurry: Arc<AtomicBool>,
    wanted: Option<SyncSender<()>>,
    done: Receiver<rusqlite::Result<()>>,
    running: bool,
    thread: Option<JoinHandle<()>>,
}

impl Checkpoints {
    /// Takes over from SQLite, which would do it within the commits of the connection that writes.
    pub fn start(path: &Path, writing: &mut Connection, log: Arc<Log>) -> rusqlite::Result<Self> {
        let counted = Arc::clone(&log);
        writing.wal_hook(Some(move |_: &mut rusqlite::hooks::Wal, pages| {
            counted.committed(usize::try_from(pages).unwrap_or_default());
            Ok(())
        }))?;
        let connection = connect(path)?;
        let (wanted, asked) = sync_channel(1);
        let (told, done) = sync_channel(1);
        let hurry = Arc::new(AtomicBool::new(false));
        let (counted, hurried) = (Arc::clone(&log), Arc::clone(&hurry));
        let run = move || {
            while asked.recv().is_ok() {
                if told.send(carry_most_over(&connection, &counted, &hurried)).is_err() {
                    return;
                }
            }
        };
        let thread = thread::Builder::new().name("sqlite-log".to_owned()).spawn(run);
        let thread = thread.map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
        Ok(Self { log, hurry, wanted: Some(wanted), done, running: false, thread: Some(thread) })
    }

    /// Whether it is time that the log begins anew: nobody may stand in it then for longer than a read takes.
    pub fn is_log_long(&self) -> bool {
        !self.log.is_short()
    }

    /// To be called after each commit.
    pub fn committed(&mut self, writing: &Connection) -> rusqlite::Result<()> {
        if !self.running {
            return if self.log.is_short() { Ok(()) } else { self.begin() };
        }
        // Not without end: a long log makes every read slow.
        if self.log.pages() < self.log.long.saturating_mul(2) {
            match self.done.try_recv() {
                Err(TryRecvError::Empty) => return Ok(()),
                Err(TryRecvError::Disconnected) => panic!("the thread ends after the writer"),
                Ok(done) => {
                    self.running = false;
                    done?;
                }
            }
        } else {
            self.wait()?;
        }
        if self.log.is_short() { Ok(()) } else { carry_over(writing) }
    }

    /// Waits for the thread, if it is at work.
    pub fn wait(&mut self) -> rusqlite::Result<()> {
        if !std::mem::take(&mut self.running) {
            return Ok(());
        }
        self.hurry.store(true, Ordering::Relaxed);
        let done = self.done.recv().expect("the thread ends after the writer");
        self.hurry.store(false, Ordering::Relaxed);
        done
    }

    fn begin(&mut self) -> rusqlite::Result<()> {
        let wanted = self.wanted.as_ref().expect("it is there until the drop");
        wanted.send(()).expect("the thread ends after the writer");
        self.running = true;
        Ok(())
    }
}

impl Drop for Checkpoints {
    fn drop(&mut self) {
        self.wanted = None;
        if let Some(thread) = self.thread.take() {
            // A panic was told where it happened.
            let _ = thread.join();
        }
    }
}

fn connect(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    // It syncs the log before it writes to the file, and the file before the log may begin anew.
    connection.pragma_update(None, "synchronous", "full")?;
    Ok(connection)
}

/// Carries the log over until nothing was committed during a round: only then has SQLite synced the file too. Were even little
/// left to the writer, it would wait for the sync of all that was carried over here.
fn carry_most_over(connection: &Connection, log: &Log, hurry: &AtomicBool) -> rusqlite::Result<()> {
    for _ in 0..ROUNDS_MAX {
        let before = log.commits();
        carry_over(connection)?;
        if log.commits() == before || hurry.load(Ordering::Relaxed) {
            break;
        }
    }
    Ok(())
}

fn carry_over(connection: &Connection) -> rusqlite::Result<()> {
    connection.prepare_cached(CARRY_OVER)?.query_row([], |_| Ok(()))
}
