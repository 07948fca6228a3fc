//! Which of what was done is on stable storage, and what a power cut leaves of the rest. Pure: it knows no files.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::op::{FileNo, Op};
use crate::random::Random;

/// What a disk writes wholly or not at all.
const SECTOR: usize = 512;

/// Names and contents after a power cut.
pub type Image = BTreeMap<PathBuf, Vec<u8>>;

/// What becomes of what was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Survival {
    /// All is lost.
    Nothing,
    /// All lasts: what a process that is killed leaves.
    Everything,
    /// Each write, sector and name for itself, by this seed.
    ByChance(u64),
}

impl Survival {
    /// The first seeds are the two extremes, which find most.
    #[must_use]
    pub fn of(seed: u64) -> Self {
        match seed {
            0 => Self::Nothing,
            1 => Self::Everything,
            seed => Self::ByChance(seed),
        }
    }
}

/// The state of a disk.
#[derive(Clone, Debug, Default)]
pub struct Platter {
    names: BTreeMap<PathBuf, Name>,
    files: Vec<File>,
}

/// What a name stands for: on stable storage, and one after the other since.
#[derive(Clone, Debug, Default)]
struct Name {
    durable: Option<FileNo>,
    since: Vec<Option<FileNo>>,
}

#[derive(Clone, Debug, Default)]
struct File {
    durable: Vec<u8>,
    /// What was done since, in order. Something durable stands here behind something that is not.
    since: Vec<(Change, Fate)>,
}

#[derive(Clone, Debug)]
enum Change {
    Written { at: usize, bytes: Vec<u8> },
    Truncated { len: usize },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Durable,
    Unsynced,
    /// A sync of it failed: no later one tells anything about it.
    Unknown,
}

impl Platter {
    /// Does what was recorded.
    pub fn apply(&mut self, op: &Op) {
        match op {
            Op::Found { name, file, bytes } => {
                self.add(*file, bytes.clone());
                self.names.insert(name.clone(), Name { durable: Some(*file), since: Vec::new() });
            }
            Op::Made { name, file } => {
                self.add(*file, Vec::new());
                self.names.entry(name.clone()).or_default().since.push(Some(*file));
            }
            Op::Removed { name } => self.names.entry(name.clone()).or_default().since.push(None),
            Op::Written { file, at, bytes } => {
                self.files[*file].change(Change::Written { at: *at, bytes: bytes.clone() });
            }
            Op::Truncated { file, len } => self.files[*file].change(Change::Truncated { len: *len }),
            Op::Synced { file } => self.files[*file].sync(),
            Op::SyncFailed { file } => self.files[*file].fail_to_sync(),
            Op::FolderSynced { folder } => self.sync_folder(folder),
            Op::SyncBegan { .. } | Op::Answered => {}
        }
    }

    fn add(&mut self, file: FileNo, durable: Vec<u8>) {
        assert_eq!(file, self.files.len(), "files are numbered in the order in which they came to be");
        self.files.push(File { durable, since: Vec::new() });
    }

    fn sync_folder(&mut self, folder: &Path) {
        for (_, name) in self.names.iter_mut().filter(|(path, _)| path.parent() == Some(folder)) {
            name.durable = name.since.pop().unwrap_or(name.durable);
            name.since.clear();
        }
    }

    /// What is there when power comes back.
    #[must_use]
    pub fn after_power_cut(&self, survival: Survival) -> Image {
        let mut chance = Chance::new(survival);
        let mut image = Image::new();
        for (path, name) in &self.names {
            // Drawn for all, so that what one name stands for does not change the luck of the others.
            let choices = name.since.len() + 1;
            let chosen = chance.one_of(choices);
            let stands_for = chosen.checked_sub(1).map_or(name.durable, |place| name.since[place]);
            if let Some(file) = stands_for {
                image.insert(path.clone(), self.files[file].after_power_cut(&mut chance));
            }
        }
        image
    }
}

impl File {
    fn change(&mut self, change: Change) {
        self.since.push((change, Fate::Unsynced));
    }

    fn sync(&mut self) {
        for (_, fate) in self.since.iter_mut().filter(|(_, fate)| *fate == Fate::Unsynced) {
            *fate = Fate::Durable;
        }
        let settled = self.since.iter().take_while(|(_, fate)| *fate == Fate::Durable).count();
        for (change, _) in self.since.drain(..settled) {
            change.apply(&mut self.durable, |_| true);
        }
    }

    fn fail_to_sync(&mut self) {
        for (_, fate) in self.since.iter_mut().filter(|(_, fate)| *fate == Fate::Unsynced) {
            *fate = Fate::Unknown;
        }
    }

    fn after_power_cut(&self, chance: &mut Chance) -> Vec<u8> {
        let mut bytes = self.durable.clone();
        for (change, fate) in &self.since {
            match (fate, chance.luck()) {
                (Fate::Durable, _) | (_, Luck::Lasts) => change.apply(&mut bytes, |_| true),
                (_, Luck::IsTorn) => change.apply(&mut bytes, |_| chance.coin()),
                (_, Luck::IsLost) => {}
            }
        }
        bytes
    }
}

impl Change {
    /// Does it to these bytes, of a write those sectors that last.
    fn apply(&self, to: &mut Vec<u8>, mut lasts: impl FnMut(usize) -> bool) {
        match self {
            Self::Truncated { len } => {
                if lasts(0) {
                    to.truncate(*len);
                }
            }
            Self::Written { at, bytes } => {
                let end = at + bytes.len();
                let mut from = *at;
                while from < end {
                    let until = (from / SECTOR + 1).saturating_mul(SECTOR).min(end);
                    if lasts(from) {
                        to.resize(to.len().max(until), 0);
                        to[from..until].copy_from_slice(&bytes[from - at..until - at]);
                    }
                    from = until;
                }
            }
        }
    }
}

enum Luck {
    Lasts,
    IsTorn,
    IsLost,
}

enum Chance {
    Nothing,
    Everything,
    Drawn(Random),
}

impl Chance {
    fn new(survival: Survival) -> Self {
        match survival {
            Survival::Nothing => Self::Nothing,
            Survival::Everything => Self::Everything,
            Survival::ByChance(seed) => Self::Drawn(Random::new(seed)),
        }
    }

    /// Of so many, the first of which is the oldest.
    fn one_of(&mut self, count: usize) -> usize {
        match self {
            Self::Nothing => 0,
            Self::Everything => count - 1,
            Self::Drawn(random) => random.below(count),
        }
    }

    fn luck(&mut self) -> Luck {
        match self {
            Self::Nothing => Luck::IsLost,
            Self::Everything => Luck::Lasts,
            Self::Drawn(random) => match random.below(5) {
                0 => Luck::IsTorn,
                1 | 2 => Luck::IsLost,
                _ => Luck::Lasts,
            },
        }
    }

    fn coin(&mut self) -> bool {
        match self {
            Self::Nothing => false,
            Self::Everything => true,
            Self::Drawn(random) => random.coin(),
        }
    }
}

#[cfg(test)]
mod tests;
