//! A folder whose files are recorded, and whose disk fails when it is told to.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::op::{FileNo, Op};
use crate::plan::{Failure, Kind, Plan};
use crate::trace::Trace;
use crate::vfs;

/// All disks of the process; SQLite asks by path.
static DISKS: Mutex<Vec<Disk>> = Mutex::new(Vec::new());

/// What SQLite writes under a folder, recorded from the moment the disk is made. Other folders are not touched. What
/// is written to them otherwise than by SQLite is not seen.
#[derive(Clone, Debug)]
pub struct Disk {
    folder: PathBuf,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    ops: Vec<Op>,
    names: BTreeMap<PathBuf, FileNo>,
    /// How long each file is.
    lens: Vec<usize>,
    plan: Plan,
}

/// What becomes of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowed {
    Whole,
    /// It fails, but a part of it was done.
    Half,
    NoRoom,
}

impl Disk {
    /// Makes the files under a folder, which must be there, those of a disk that fails. Every SQLite connection of the
    /// process that is opened from now on is asked whether it is under it.
    ///
    /// # Panics
    /// When the folder cannot be found.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        vfs::install();
        // As SQLite names it.
        let folder = fs::canonicalize(folder).expect("the folder is there");
        let disk = Self { folder, state: Arc::default() };
        disks().push(disk.clone());
        disk
    }

    /// The disk that a path is on, and its name there.
    pub(crate) fn of(path: &Path) -> Option<(Self, PathBuf)> {
        let all = disks();
        all.iter().find_map(|disk| Some((disk.clone(), path.strip_prefix(&disk.folder).ok()?.to_owned())))
    }

    /// From now on SQLite's files under the folder are like any others. What is open stays recorded.
    pub fn forget(&self) {
        disks().retain(|disk| !Arc::ptr_eq(&disk.state, &self.state));
    }

    /// Lets one fail.
    pub fn fail(&self, failure: Failure) {
        self.state().plan.fails = Some(failure);
    }

    /// How much all files may take together; `None`: as much as they like.
    pub fn make_room(&self, bytes: Option<usize>) {
        self.state().plan.room = bytes;
    }

    /// How much they take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.state().used()
    }

    /// How many of a kind were asked for.
    #[must_use]
    pub fn count(&self, kind: Kind) -> usize {
        self.state().plan.count(kind)
    }

    /// Records that the caller was told that something is done: whatever it is has to last from now on.
    pub fn answered(&self) {
        self.state().ops.push(Op::Answered);
    }

    /// What was done so far.
    #[must_use]
    pub fn trace(&self) -> Trace {
        Trace(self.state().ops.clone())
    }

    pub(crate) fn allows(&self, kind: Kind) -> bool {
        self.state().plan.allows(kind)
    }

    /// The file that a name stands for, which was just opened.
    pub(crate) fn opened(&self, name: &Path) -> FileNo {
        let path = self.folder.join(name);
        let len = fs::metadata(&path).map_or(0, |file| file.len());
        let mut state = self.state();
        let known = state.names.get(name).copied();
        match known {
            // One that is empty again was removed by somebody else and made anew.
            Some(file) if len > 0 || state.lens[file] == 0 => file,
            _ => {
                // Nobody has it open yet: closing this would take away the locks of all who do.
                let bytes =
                    if len > 0 && known.is_none() { fs::read(&path).expect("it was opened") } else { Vec::new() };
                state.add(name, bytes)
            }
        }
    }

    pub(crate) fn allows_write(&self, file: FileNo, end: usize) -> Allowed {
        let mut state = self.state();
        if !state.plan.allows(Kind::Write) {
            return Allowed::Half;
        }
        let growth = end.saturating_sub(state.lens[file]);
        if growth > 0 && !state.plan.holds(state.used() + growth) {
            return Allowed::NoRoom;
        }
        Allowed::Whole
    }

    pub(crate) fn wrote(&self, file: FileNo, at: usize, bytes: &[u8]) {
        let mut state = self.state();
        state.lens[file] = state.lens[file].max(at + bytes.len());
        state.ops.push(Op::Written { file, at, bytes: bytes.to_vec() });
    }

    pub(crate) fn truncated(&self, file: FileNo, len: usize) {
        let mut state = self.state();
        state.lens[file] = state.lens[file].min(len);
        state.ops.push(Op::Truncated { file, len });
    }

    pub(crate) fn removed(&self, name: &Path) {
        let mut state = self.state();
        state.names.remove(name);
        state.ops.push(Op::Removed { name: name.to_owned() });
    }

    pub(crate) fn folder_synced(&self, name: &Path) {
        let folder = name.parent().unwrap_or(Path::new("")).to_owned();
        self.state().ops.push(Op::FolderSynced { folder });
    }

    /// Returns whether it succeeds.
    pub(crate) fn sync(&self, file: FileNo) -> bool {
        let mut state = self.state();
        state.ops.push(Op::SyncBegan { file });
        let succeeds = state.plan.allows(Kind::Sync);
        state.ops.push(if succeeds { Op::Synced { file } } else { Op::SyncFailed { file } });
        succeeds
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn add(&mut self, name: &Path, bytes: Vec<u8>) -> FileNo {
        let file = self.lens.len();
        self.names.insert(name.to_owned(), file);
        self.lens.push(bytes.len());
        let name = name.to_owned();
        // One without content may have been made just before, and its folder was not synced since.
        self.ops.push(if bytes.is_empty() { Op::Made { name, file } } else { Op::Found { name, file, bytes } });
        file
    }

    fn used(&self) -> usize {
        self.names.values().map(|file| self.lens[*file]).sum()
    }
}

fn disks() -> MutexGuard<'static, Vec<Disk>> {
    DISKS.lock().unwrap_or_else(PoisonError::into_inner)
}
