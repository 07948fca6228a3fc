//! Between SQLite and its own Unix layer: a copy of that layer's tables of functions in which those that change a file
//! are ours. Each asks the disk, lets the Unix layer do it, and records it. Everything else (reads, locks, shared memory)
//! goes straight to the Unix layer, on its own file structures.
#![expect(unsafe_code, reason = "SQLite asks its disk through a table of C functions")]

use std::collections::HashMap;
use std::ffi::{CStr, OsStr, c_char, c_int, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::ptr;
use std::sync::{LazyLock, Mutex, MutexGuard, Once, OnceLock, PoisonError};

use rusqlite::ffi::{
    SQLITE_CANTOPEN, SQLITE_FULL, SQLITE_IOERR_DELETE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_TRUNCATE, SQLITE_IOERR_WRITE,
    SQLITE_OK, SQLITE_OPEN_CREATE, SQLITE_OPEN_DELETEONCLOSE, SQLITE_OPEN_MAIN_JOURNAL, SQLITE_OPEN_SUPER_JOURNAL,
    SQLITE_OPEN_WAL, sqlite3_file, sqlite3_int64, sqlite3_io_methods, sqlite3_vfs, sqlite3_vfs_find,
    sqlite3_vfs_register,
};

use crate::disk::{Allowed, Disk};
use crate::op::FileNo;
use crate::plan::Kind;

const NAME: &CStr = c"faults";
/// What the Unix layer syncs the folder of, with their first sync, when it may have made them.
const JOURNALS: c_int = SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL;

/// SQLite's own layer.
struct Unix(*mut sqlite3_vfs);

// SAFETY: SQLite keeps its layer for as long as the process lives, changes nothing in it after it was made, and calls its
// functions from any thread.
unsafe impl Send for Unix {}
// SAFETY: as above.
unsafe impl Sync for Unix {}

static UNIX: OnceLock<Unix> = OnceLock::new();

/// A file that is open on a disk of ours.
#[derive(Clone)]
struct Handle {
    disk: Disk,
    file: FileNo,
    name: PathBuf,
    /// Whether the next sync is one of the folder, too.
    syncs_folder: bool,
    unix: &'static sqlite3_io_methods,
}

/// By the address of the structure that SQLite keeps for the file from its opening to its closing.
static HANDLES: LazyLock<Mutex<HashMap<usize, Handle>>> = LazyLock::new(Mutex::default);

/// Puts the layer before SQLite's own for all connections that name none.
pub(crate) fn install() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: finding the default layer has no conditions.
        let unix = unsafe { sqlite3_vfs_find(ptr::null()) };
        assert!(!unix.is_null(), "SQLite has a layer for this system");
        UNIX.get_or_init(|| Unix(unix));
        // SAFETY: it is not null and lives for ever. A copy works as the original: the Unix layer keeps no state in it.
        let copy = unsafe { *unix };
        let ours = sqlite3_vfs {
            pNext: ptr::null_mut(),
            zName: NAME.as_ptr(),
            xOpen: Some(open),
            xDelete: Some(remove),
            ..copy
        };
        // SAFETY: it is leaked, so it lives for ever, and its functions are as SQLite wants them.
        let registered = unsafe { sqlite3_vfs_register(Box::leak(Box::new(ours)), 1) };
        assert_eq!(registered, SQLITE_OK, "a layer can be registered");
    });
}

fn unix() -> *mut sqlite3_vfs {
    UNIX.get().expect("it was found before ours was registered").0
}

/// The table of the Unix layer with our functions in it: there are few such tables, each is copied once.
fn ours(unix: &'static sqlite3_io_methods) -> &'static sqlite3_io_methods {
    static COPIES: LazyLock<Mutex<HashMap<usize, &'static sqlite3_io_methods>>> = LazyLock::new(Mutex::default);
    let mut copies = COPIES.lock().unwrap_or_else(PoisonError::into_inner);
    copies.entry(ptr::from_ref(unix).addr()).or_insert_with(|| {
        Box::leak(Box::new(sqlite3_io_methods {
            // Two: without memory maps, which would go past the record.
            iVersion: 2,
            xClose: Some(close),
            xWrite: Some(write),
            xTruncate: Some(truncate),
            xSync: Some(sync),
            ..*unix
        }))
    })
}

fn handles() -> MutexGuard<'static, HashMap<usize, Handle>> {
    HANDLES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The handle of a file in whose table our functions are.
fn handle(file: *mut sqlite3_file) -> Handle {
    handles().get(&file.addr()).expect("our functions are called for open files only").clone()
}

/// # Safety
/// `name` is null or a text that ends with a zero.
unsafe fn on_disk(name: *const c_char) -> Option<(Disk, PathBuf)> {
    if name.is_null() {
        return None;
    }
    // SAFETY: as said above, and it is not null.
    let name = unsafe { CStr::from_ptr(name) };
    Disk::of(Path::new(OsStr::from_bytes(name.to_bytes())))
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite gives null or a path.
    let place = unsafe { on_disk(name) }.filter(|_| flags & SQLITE_OPEN_DELETEONCLOSE == 0);
    if let Some((disk, _)) = &place
        && !disk.allows(Kind::Open)
    {
        // SAFETY: SQLite gives room for a file. Null says that there is nothing to close.
        unsafe { (*file).pMethods = ptr::null() };
        return SQLITE_CANTOPEN;
    }
    // SAFETY: the Unix layer is given what SQLite would give it: its own structure, and a file as large as it wants, as
    // our table says the size that it said.
    let opened = unsafe { (*unix()).xOpen.expect("every layer opens")(unix(), name, file, flags, out_flags) };
    if let Some((disk, name)) = place
        && opened == SQLITE_OK
    {
        // SAFETY: a file that was opened has a table, one of those that the Unix layer keeps for ever.
        let unix: &'static sqlite3_io_methods = unsafe { &*(*file).pMethods };
        let syncs_folder = flags & SQLITE_OPEN_CREATE != 0 && flags & JOURNALS != 0;
        let no = disk.opened(&name);
        handles().insert(file.addr(), Handle { disk, file: no, name, syncs_folder, unix });
        // SAFETY: the table is the first thing in a file, and the Unix layer finds nothing else in it than before.
        unsafe { (*file).pMethods = ours(unix) };
    }
    opened
}

unsafe extern "C" fn remove(_: *mut sqlite3_vfs, name: *const c_char, sync_folder: c_int) -> c_int {
    // SAFETY: SQLite gives a path.
    let place = unsafe { on_disk(name) };
    if place.as_ref().is_some_and(|(disk, _)| !disk.allows(Kind::Remove)) {
        return SQLITE_IOERR_DELETE;
    }
    let real_sync = if place.is_some() { 0 } else { sync_folder };
    // SAFETY: the Unix layer is given what SQLite would give it.
    let removed = unsafe { (*unix()).xDelete.expect("every layer removes")(unix(), name, real_sync) };
    if let Some((disk, name)) = place
        && removed == SQLITE_OK
    {
        disk.removed(&name);
        if sync_folder != 0 {
            disk.folder_synced(&name);
        }
    }
    removed
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let handle = handles().remove(&file.addr()).expect("a file is closed once");
    // SAFETY: the function is of the table that the Unix layer gave this very file.
    unsafe { handle.unix.xClose.expect("every file is closed")(file) }
}

unsafe extern "C" fn write(file: *mut sqlite3_file, bytes: *const c_void, len: c_int, at: sqlite3_int64) -> c_int {
    let handle = handle(file);
    let (wanted, start) = (size(len.into()), size(at));
    let allowed = handle.disk.allows_write(handle.file, start + wanted);
    let done = match allowed {
        Allowed::Whole => wanted,
        Allowed::Half => wanted / 2,
        Allowed::NoRoom => return SQLITE_FULL,
    };
    let done_len = c_int::try_from(done).expect("not more than was wanted");
    // SAFETY: the function is of the table that the Unix layer gave this very file; it reads no more than SQLite has put
    // there.
    let written = unsafe { handle.unix.xWrite.expect("every file is written")(file, bytes, done_len, at) };
    if written == SQLITE_OK {
        // SAFETY: SQLite has put `len` bytes there, which is not less, and they stay while it waits for us.
        let bytes = unsafe { std::slice::from_raw_parts(bytes.cast::<u8>(), done) };
        handle.disk.wrote(handle.file, start, bytes);
    }
    if allowed == Allowed::Half { SQLITE_IOERR_WRITE } else { written }
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, len: sqlite3_int64) -> c_int {
    let handle = handle(file);
    if !handle.disk.allows(Kind::Truncate) {
        return SQLITE_IOERR_TRUNCATE;
    }
    // SAFETY: the function is of the table that the Unix layer gave this very file.
    let truncated = unsafe { handle.unix.xTruncate.expect("every file is truncated")(file, len) };
    if truncated == SQLITE_OK {
        handle.disk.truncated(handle.file, size(len));
    }
    truncated
}

/// Nothing is synced but in the record.
unsafe extern "C" fn sync(file: *mut sqlite3_file, _: c_int) -> c_int {
    let Handle { disk, file: no, name, syncs_folder, .. } = handle(file);
    if !disk.sync(no) {
        return SQLITE_IOERR_FSYNC;
    }
    if syncs_folder {
        disk.folder_synced(&name);
        if let Some(handle) = handles().get_mut(&file.addr()) {
            handle.syncs_folder = false;
        }
    }
    SQLITE_OK
}

fn size(number: sqlite3_int64) -> usize {
    usize::try_from(number).expect("offsets and lengths are not negative")
}
