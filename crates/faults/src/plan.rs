//! What the disk refuses: the n-th of a kind, once, and what it has no room for.

/// What SQLite asks of a disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Open,
    Write,
    Sync,
    Truncate,
    Remove,
}

impl Kind {
    pub const ALL: [Self; 5] = [Self::Open, Self::Write, Self::Sync, Self::Truncate, Self::Remove];
}

/// Which one fails: the n-th of that kind, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Failure {
    pub kind: Kind,
    pub nth: usize,
}

#[derive(Clone, Debug, Default)]
pub(crate) struct Plan {
    pub fails: Option<Failure>,
    /// Bytes that all files may have together.
    pub room: Option<usize>,
    counts: [usize; Kind::ALL.len()],
}

impl Plan {
    /// Counts one, and says whether it is done.
    pub fn allows(&mut self, kind: Kind) -> bool {
        let count = &mut self.counts[kind as usize];
        *count += 1;
        self.fails != Some(Failure { kind, nth: *count })
    }

    pub fn count(&self, kind: Kind) -> usize {
        self.counts[kind as usize]
    }

    /// Whether there is room for so many bytes in all.
    pub fn holds(&self, bytes: usize) -> bool {
        self.room.is_none_or(|room| bytes <= room)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_of_a_kind_fails_once_and_others_do_not() {
        let mut plan = Plan { fails: Some(Failure { kind: Kind::Write, nth: 2 }), ..Plan::default() };
        let asked = [Kind::Write, Kind::Sync, Kind::Sync, Kind::Write, Kind::Write];
        assert_eq!(asked.map(|kind| plan.allows(kind)), [true, true, true, false, true]);
        assert_eq!((plan.count(Kind::Write), plan.count(Kind::Sync), plan.count(Kind::Open)), (3, 2, 0));
    }

    #[test]
    fn a_disk_holds_what_it_has_room_for() {
        assert!(Plan::default().holds(usize::MAX));
        let plan = Plan { room: Some(10), ..Plan::default() };
        assert!(plan.holds(10) && !plan.holds(11));
    }
}
