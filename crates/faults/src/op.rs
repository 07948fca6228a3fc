//! What is recorded: everything that changes what a power cut may leave, in the order in which it was done.

use std::fmt;
use std::path::PathBuf;

/// A file, by the order in which files came to be. A name may stand for several, one after the other.
pub type FileNo = usize;

/// One entry of the record. Names are relative to the folder of the disk.
#[derive(Clone, PartialEq, Eq)]
pub enum Op {
    /// A file that was there before the record began, on stable storage.
    Found { name: PathBuf, file: FileNo, bytes: Vec<u8> },
    /// A name stands for a new, empty file.
    Made { name: PathBuf, file: FileNo },
    /// A name stands for nothing.
    Removed { name: PathBuf },
    /// Bytes at an offset.
    Written { file: FileNo, at: usize, bytes: Vec<u8> },
    /// The file ends there.
    Truncated { file: FileNo, len: usize },
    /// A sync was asked for and has not returned.
    SyncBegan { file: FileNo },
    /// A sync returned well.
    Synced { file: FileNo },
    /// A sync returned an error.
    SyncFailed { file: FileNo },
    /// The sync of a folder returned; empty: the disk's own.
    FolderSynced { folder: PathBuf },
    /// The caller was told that something is done.
    Answered,
}

impl Op {
    /// Whether a power cut after it may leave something else than before it.
    pub(crate) fn changes_anything(&self) -> bool {
        !matches!(self, Self::SyncBegan { .. } | Self::Answered)
    }
}

/// Without the bytes: a record is read by a person.
impl fmt::Debug for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found { name, file, bytes } => write!(f, "{} found as file {file}, {}", name.display(), bytes.len()),
            Self::Made { name, file } => write!(f, "{} made as file {file}", name.display()),
            Self::Removed { name } => write!(f, "{} removed", name.display()),
            Self::Written { file, at, bytes } => write!(f, "file {file} written at {at}, {}", bytes.len()),
            Self::Truncated { file, len } => write!(f, "file {file} truncated to {len}"),
            Self::SyncBegan { file } => write!(f, "a sync of file {file} began"),
            Self::Synced { file } => write!(f, "file {file} synced"),
            Self::SyncFailed { file } => write!(f, "a sync of file {file} failed"),
            Self::FolderSynced { folder } => write!(f, "folder {:?} synced", folder.display()),
            Self::Answered => write!(f, "an answer given"),
        }
    }
}
