//! From a folder to a store: the lock, the file, the connection, and what is read once.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use domain::codes::MasterKey;
use domain::money::Currency;
use domain::time::Zone;
use ports::{Clock, Codes, StoreError};
use rusqlite::Connection;
use rusqlite::config::DbConfig;

use crate::access::Keys;
use crate::answers::Answers;
use crate::checkpoints::{Checkpoints, Log};
use crate::definitions::Definitions;
use crate::ids::Ids;
use crate::imports;
use crate::installation::{self, Installation};
use crate::memory::{Shared, Time};
use crate::persons::Persons;
use crate::queue::Queue;
use crate::readers::Readers;
use crate::write::append;
use crate::writer::{Bounds, Writer};
use crate::{SqliteStore, access_blocks, collections, plain, schema, segments};

/// The database in the data folder.
const DATABASE_FILE: &str = "scrip.db";
/// Held as long as the store is open, so that there is one writer and one memory of definitions and keys.
const LOCK_FILE: &str = "scrip.lock";
/// 3.51.3 mended a race between a checkpoint and a write that could damage a database in WAL mode.
const SQLITE_VERSION_MIN: i32 = 3_051_003;
/// For others at the file, such as a shell that looks into it; the store itself never waits for itself.
pub(crate) const BUSY_MAX: Duration = Duration::from_secs(5);
/// Plans must not depend on the values that are bound: a statement that compares a value with a partial index, or with
/// what is known of a column, would else be prepared again at each run, which took two fifths of a quote.
pub(crate) const STABLE_PLANS: DbConfig = DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG;
/// 64 MiB. A page that is changed again and again is written back once.
const LOG_PAGES: usize = 16_000;
/// Some 4 MiB, twice: what the index takes in is still here. The more there are, the more share a page of the index.
const ANSWERS_MAX: usize = 65_536;
/// Prepared statements of the writer: all there are.
const STATEMENTS_MAX: usize = 192;

/// How a store is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// The data folder. Made when it is not there.
    pub data: PathBuf,
    /// What the ring of code keys is sealed with.
    pub master_key: MasterKey,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Whether the clock can be moved. Data belong to one kind of clock for ever.
    pub test_clock: bool,
    /// The zone of the first tenant, used when the data are made.
    pub zone: Zone,
    /// The currency of the first tenant, used when the data are made.
    pub currency: Currency,
    /// Commands that wait at most; what comes beyond is told to come again.
    pub queue_max: usize,
    /// Commands in one transaction at most.
    pub batch_max: usize,
    /// Connections that read.
    pub readers: usize,
    /// Pages of 4 KiB in the write-ahead log at which it is carried over into the file.
    pub log_pages: usize,
    /// Answers to idempotency keys of which the keys are kept in memory before the index takes them in.
    pub answers_max: usize,
    /// Called when it is not known whether a commit reached stable storage. It should not return; if it does, the
    /// callers are told that they cannot know.
    pub on_lost_commit: fn(&str),
}

impl Options {
    /// For this folder, with defaults for the rest.
    #[must_use]
    pub fn new(data: PathBuf, master_key: MasterKey, clock: Arc<dyn Clock>) -> Self {
        Self {
            data,
            master_key,
            clock,
            test_clock: false,
            zone: Zone::utc(),
            currency: Currency::from_letters(*b"EUR").expect("three upper-case letters"),
            queue_max: 8192,
            batch_max: 512,
            readers: 4,
            log_pages: LOG_PAGES,
            answers_max: ANSWERS_MAX,
            on_lost_commit: stop,
        }
    }
}

/// After a failed fsync the pages in memory and on disk may differ in any way, and a second fsync can succeed without
/// having written them. Only reading the file anew tells what is there, so the process stops.
fn stop(_: &str) {
    std::process::abort();
}

/// Why a store does not open. Each message says what to do.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder or a file in it cannot be used.
    #[error("cannot use {path}: {source}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Another process has the folder open.
    #[error("{path} is in use by another process; stop it first, or use another data folder")]
    InUse {
        /// The folder.
        path: PathBuf,
    },
    /// The linked SQLite is too old.
    #[error("SQLite {0} is too old; 3.51.3 or later is needed")]
    SqliteTooOld(&'static str),
    /// A later version of the program has had these data.
    #[error("the data have schema {found} and this program knows {known}; use a newer version of the program")]
    SchemaNewer {
        /// In the file.
        found: u32,
        /// In this program.
        known: u32,
    },
    /// The file could not be made to keep a write-ahead log, on which everything else rests.
    #[error(
        "the database keeps a journal of kind {0} and no write-ahead log; look whether the disk is sound, and try again"
    )]
    WithoutLog(String),
    /// A row refers to one that is not there, so the schema was left as it was.
    #[error("the data refer to rows that are not there, so schema {version} was not made; restore a back-up")]
    Dangling {
        /// The schema that was to be made.
        version: u32,
    },
    /// The key ring does not open.
    #[error("the master key is not the one these data were made with")]
    MasterKey,
    /// The data are there, but not the ring that their codes are computed with.
    #[error("the data have no code key; they are not whole")]
    NoCodeKey,
    /// Data made with a test clock are opened without one, or the reverse.
    #[error("the data were made {} a test clock and must be opened so", if *made_with { "with" } else { "without" })]
    TestClock {
        /// What the data say.
        made_with: bool,
    },
    /// The system gives no random bytes.
    #[error("no random bytes: {0}")]
    Random(getrandom::Error),
    /// SQLite failed.
    #[error("SQLite: {0}")]
    Database(#[from] rusqlite::Error),
    /// What is stored does not read.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SqliteStore {
    /// Opens the store in a folder, or makes one.
    ///
    /// # Errors
    /// [`OpenError`]; nothing was changed, except that a new schema may be there.
    pub fn open(options: Options) -> Result<Self, OpenError> {
        let lock = lock(&options.data)?;
        let path = options.data.join(DATABASE_FILE);
        let mut connection = connect(&path)?;
        let installed = installation::read_or_make(&connection, &options)?;
        imports::forget_torn(&connection)?;
        let Installation { ring, tenants, patterns, journal_next, decided_last } = installed;
        let codes = Codes::new(ring);
        plain::seal(&connection, &codes)?;
        for (tenant, list) in patterns {
            codes.set_patterns(tenant, list);
        }
        let log = Arc::new(Log::new(options.log_pages));
        let shared = Arc::new(Shared {
            readers: Readers::open(&path, options.readers, &log)?,
            codes: Arc::new(codes),
            definitions: Definitions::load(&connection)?,
            ids: Ids::new(),
            persons: Persons::load(&connection)?,
            keys: Keys::load(&connection)?,
            blocks: access_blocks::load(&connection)?,
            segments: segments::load(&connection)?,
            collections: collections::load(&connection)?,
            time: Time::new(options.clock, decided_last),
            answers: Answers::load(&connection, options.answers_max)?,
            tenants,
        });
        let checkpoints = Checkpoints::start(&path, &mut connection, log)?;
        let bounds = Bounds { commands_max: options.batch_max, on_lost_commit: options.on_lost_commit };
        let state = Arc::clone(&shared);
        let queue = Queue::start(options.queue_max, move |jobs| {
            Writer::new((&connection, checkpoints), jobs, state, journal_next, bounds).run();
            // In this order: the folder is free when no connection writes any more.
            drop((connection, lock));
        })
        .map_err(|source| OpenError::File { path, source })?;
        Ok(Self { shared, queue })
    }

    /// The codes of a back-up, for its check: the ring alone, read from the file.
    ///
    /// # Errors
    /// The file is no database of ours, or was made with another master key.
    pub fn codes_of(file: &Path, master_key: &MasterKey) -> Result<Codes, OpenError> {
        let connection = Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        Ok(Codes::new(installation::ring(&connection, master_key)?))
    }

    /// Adds a key to the ring of a store that is closed, and returns its number: new codes are computed with it. After
    /// a backup was restored this is a must, as codes that were given out since the backup would else come again.
    ///
    /// # Errors
    /// As [`SqliteStore::open`].
    pub fn new_key(options: &Options) -> Result<u32, OpenError> {
        let _lock = lock(&options.data)?;
        let connection = connect(&options.data.join(DATABASE_FILE))?;
        let Installation { tenants, decided_last, .. } = installation::read_or_make(&connection, options)?;
        let now = Time::new(Arc::clone(&options.clock), decided_last).now();
        let transaction = connection.unchecked_transaction()?;
        let no = installation::add_key(&transaction, options)?;
        for tenant in tenants.all() {
            append(&transaction, tenant.no, now, installation::key_added(no))?;
        }
        transaction.commit()?;
        Ok(no)
    }
}

fn lock(data: &Path) -> Result<File, OpenError> {
    let failed = |path: &Path| {
        let path = path.to_owned();
        move |source| OpenError::File { path, source }
    };
    // For nobody but the server's user: the folder holds personal data.
    DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(failed(data))?;
    // A new folder lasts when the one it is in was synced; what is in it, SQLite sees to. Not every file system can.
    let parent = fs::canonicalize(data).map_err(failed(data))?.parent().map(File::open);
    if let Some(Ok(parent)) = parent
        && !data.join(DATABASE_FILE).exists()
    {
        let _ = parent.sync_all();
    }
    let path = data.join(LOCK_FILE);
    let file = private().create(true).truncate(false).open(&path).map_err(failed(&path))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: data.to_owned() }),
        Err(TryLockError::Error(source)) => Err(OpenError::File { path, source }),
    }
}

/// A file that only its owner may open.
pub(crate) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).write(true).mode(0o600);
    options
}

fn connect(path: &Path) -> Result<Connection, OpenError> {
    if rusqlite::version_number() < SQLITE_VERSION_MIN {
        return Err(OpenError::SqliteTooOld(rusqlite::version()));
    }
    // SQLite gives its other files the mode of this one.
    let made = private().create(true).truncate(false).open(path);
    made.map_err(|source| OpenError::File { path: path.to_owned(), source })?;
    let mut connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_MAX)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS_MAX);
    connection.set_db_config(STABLE_PLANS, true)?;
    connection.execute_batch(PRAGMAS)?;
    schema::migrate(&mut connection)?;
    // A disk that failed when the mode was changed takes it back with the next transaction, and SQLite does not call that an error.
    let mode: String = connection.pragma_query_value(None, "journal_mode", |row| row.get(0))?;
    if mode != "wal" {
        return Err(OpenError::WithoutLog(mode));
    }
    Ok(connection)
}

/// `full`: a commit is on stable storage when it returns. No `mmap_size`: through a map an I/O error is a signal that
/// kills the process, where a read is an error that is told. `secure_delete`: what is erased is zeros in the file. A
/// cache of 16 MiB: a commit after which a page was split walks all of it, which at 64 MiB took a fifth of the writer's time.
/// The log's file stays as long as the log may become, which is twice [`LOG_PAGES`]: a commit would have to wait while it is cut.
const PRAGMAS: &str = "
    pragma page_size = 4096;
    pragma journal_mode = wal;
    pragma synchronous = full;
    pragma foreign_keys = on;
    pragma trusted_schema = off;
    pragma secure_delete = on;
    pragma cache_size = -16384;
    pragma temp_store = memory;
    pragma journal_size_limit = 134217728;
";
