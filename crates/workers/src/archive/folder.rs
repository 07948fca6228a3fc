//! The files of an archive: `events-2026-10-01-000000000001-000000005000.ndjson.gz` holds the events of that day in the
//! journal rows from the first number to the last. A file has its name only once it is whole.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, BufRead as _, BufReader, BufWriter, Lines, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use domain::event::JournalNo;
use domain::time::Timestamp;
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;

use super::line::{is_same, place};

const PREFIX: &str = "events-";
const SUFFIX: &str = ".ndjson.gz";
/// What is being written. One that a crash left is written over.
const PART: &str = "unfinished.part";
/// Held while something is written, so that two servers do not write one file.
const LOCK: &str = ".lock";

/// The folder, locked.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

/// Where lines go: into a new file, or against the one that has them already.
#[derive(Debug)]
pub(super) enum Target {
    New(Part),
    Known(Known),
}

#[derive(Debug)]
pub(super) struct Part {
    folder: Folder,
    to: GzEncoder<BufWriter<File>>,
}

#[derive(Debug)]
pub(super) struct Known {
    file: Archived,
    first: JournalNo,
    lines: Lines<BufReader<MultiGzDecoder<File>>>,
    _folder: Folder,
}

/// A file that is whole.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Archived {
    path: PathBuf,
    first: JournalNo,
    last: JournalNo,
}

impl Folder {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        // Who took what is nobody else's business.
        DirBuilder::new().recursive(true).mode(0o700).create(&path)?;
        let lock = private().create(true).truncate(false).open(path.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path, _lock: lock }),
            Err(TryLockError::WouldBlock) => Err(io::Error::other("another server writes to it")),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Where the events from that row on go.
    pub(super) fn target(self, first: JournalNo) -> io::Result<Target> {
        let known = self.files()?.into_iter().find(|file| (file.first..=file.last).contains(&first));
        if let Some(file) = known {
            let lines = BufReader::new(MultiGzDecoder::new(File::open(&file.path)?)).lines();
            return Ok(Target::Known(Known { file, first, lines, _folder: self }));
        }
        let part = private().create(true).truncate(true).open(self.path.join(PART))?;
        let to = GzEncoder::new(BufWriter::new(part), Compression::default());
        Ok(Target::New(Part { folder: self, to }))
    }

    fn files(&self) -> io::Result<Vec<Archived>> {
        let mut files = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            files.extend(archived(&entry?.path()));
        }
        Ok(files)
    }
}

impl Target {
    /// The last row that belongs here, if that is known.
    pub(super) fn through(&self) -> Option<JournalNo> {
        match self {
            Self::New(_) => None,
            Self::Known(known) => Some(known.file.last),
        }
    }

    /// Takes further lines, each with its end.
    pub(super) fn take(mut self, text: &str) -> io::Result<Self> {
        match &mut self {
            Self::New(part) => part.to.write_all(text.as_bytes())?,
            Self::Known(known) => text.lines().try_for_each(|line| known.compare(line))?,
        }
        Ok(self)
    }

    /// Returns when all lines are on stable storage under the file's name; whether that was done now.
    pub(super) fn finish(self, at: Timestamp, rows: (JournalNo, JournalNo)) -> io::Result<bool> {
        match self {
            Self::New(part) => part.finish(at, rows).map(|()| true),
            // It has its name, so it is whole; but the crash may have come before the folder was on stable storage.
            Self::Known(known) => known.file.path.parent().map_or(Ok(()), sync).map(|()| false),
        }
    }
}

impl Part {
    fn finish(self, at: Timestamp, (first, last): (JournalNo, JournalNo)) -> io::Result<()> {
        let Self { folder, to } = self;
        let file = to.finish()?.into_inner().map_err(io::IntoInnerError::into_error)?;
        file.sync_all()?;
        let overlaps = |file: &Archived| file.first <= last && first <= file.last;
        if let Some(other) = folder.files()?.into_iter().find(overlaps) {
            return Err(of_others(&other));
        }
        let path = folder.path.join(file_name(at, first, last));
        fs::rename(folder.path.join(PART), path)?;
        sync(&folder.path)
    }
}

impl Known {
    /// The next line must be this one.
    fn compare(&mut self, line: &str) -> io::Result<()> {
        for known in self.lines.by_ref() {
            let known = known?;
            // What stands before was removed already.
            if place(&known).is_none_or(|place| place >= self.first) {
                return if is_same(&known, line) { Ok(()) } else { Err(of_others(&self.file)) };
            }
        }
        Err(of_others(&self.file))
    }
}

/// A back-up was restored that does not know the file, or the folder is another installation's.
fn of_others(file: &Archived) -> io::Error {
    let name = file.path.display();
    io::Error::other(format!("{name} holds other events under the same numbers; set retention.archive to a new folder"))
}

fn file_name(at: Timestamp, first: JournalNo, last: JournalNo) -> String {
    let at = at.to_string();
    let day = at.split('T').next().unwrap_or_default();
    format!("{PREFIX}{day}-{:012}-{:012}{SUFFIX}", first.0, last.0)
}

/// `None` for what is no file of ours.
fn archived(path: &Path) -> Option<Archived> {
    let numbers = path.file_name()?.to_str()?.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let parts: Vec<&str> = numbers.split('-').collect();
    let [_year, _month, _day, first, last] = parts[..] else { return None };
    let number = |text: &str| text.parse().ok().map(JournalNo);
    Some(Archived { path: path.to_owned(), first: number(first)?, last: number(last)? })
}

/// A new name is on stable storage when its folder is.
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).mode(0o600);
    options
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_tells_the_rows_it_was_made_of() {
        let (at, first, last) = (Timestamp::from_ms(1_790_000_000_000), JournalNo(7), JournalNo(20_006));
        let name = file_name(at, first, last);
        assert_eq!(name, "events-2026-09-21-000000000007-000000020006.ndjson.gz");
        let path = Path::new("/archive").join(&name);
        assert_eq!(archived(&path), Some(Archived { path: path.clone(), first, last }));
        for other in ["unfinished.part", "events-2026-09-21.ndjson.gz", "events-7-x.ndjson.gz", "events-1-2.ndjson"] {
            assert_eq!(archived(&Path::new("/archive").join(other)), None, "{other}");
        }
    }

    #[test]
    fn a_folder_is_one_servers() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = Folder::open(folder.path().to_owned()).expect("it is free");
        let second = Folder::open(folder.path().to_owned()).expect_err("it is taken");
        assert!(second.to_string().contains("another server"), "{second}");
        drop(first);
        Folder::open(folder.path().to_owned()).expect("it is free again");
    }
}
