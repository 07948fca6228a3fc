//! The record of a disk, and the moments in it at which power may fail.

use crate::op::Op;
use crate::platter::Platter;

/// A moment at which power fails.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// After so many entries of the record.
    pub ops: usize,
    /// So many answers were given by then.
    pub answered: usize,
    /// What was done last, for a person.
    pub after: String,
}

/// What was done, in order.
#[derive(Clone, Debug, Default)]
pub struct Trace(pub(crate) Vec<Op>);

impl Trace {
    /// Just before and just after every sync and after every answer, in order. Of moments between which nothing was
    /// changed the one with the most answers stands for all.
    #[must_use]
    pub fn cuts(&self) -> Vec<Cut> {
        let mut cuts: Vec<Cut> = Vec::new();
        let (mut answered, mut changed) = (0, true);
        for (place, op) in self.0.iter().enumerate() {
            answered += usize::from(*op == Op::Answered);
            changed |= op.changes_anything();
            if !is_boundary(op) {
                continue;
            }
            if !changed {
                cuts.pop();
            }
            cuts.push(Cut { ops: place + 1, answered, after: format!("{op:?}") });
            changed = false;
        }
        cuts
    }

    /// The end of the record.
    #[must_use]
    pub fn end(&self) -> Cut {
        let answered = self.0.iter().filter(|op| **op == Op::Answered).count();
        Cut { ops: self.0.len(), answered, after: "all".to_owned() }
    }

    /// Brings a disk, which has done a part of the record, to that moment.
    ///
    /// # Panics
    /// When it is beyond it.
    pub fn advance(&self, (platter, done): (&mut Platter, &mut usize), to: &Cut) {
        self.0[*done..to.ops].iter().for_each(|op| platter.apply(op));
        *done = to.ops;
    }
}

fn is_boundary(op: &Op) -> bool {
    match op {
        Op::SyncBegan { .. } | Op::Synced { .. } | Op::SyncFailed { .. } | Op::FolderSynced { .. } | Op::Answered => {
            true
        }
        Op::Found { .. } | Op::Made { .. } | Op::Removed { .. } | Op::Written { .. } | Op::Truncated { .. } => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WRITTEN: Op = Op::Truncated { file: 0, len: 0 };
    const BEGAN: Op = Op::SyncBegan { file: 0 };
    const SYNCED: Op = Op::Synced { file: 0 };

    fn check(ops: &[Op], expected: &[(usize, usize)]) {
        let cuts = Trace(ops.to_vec()).cuts();
        assert_eq!(cuts.iter().map(|cut| (cut.ops, cut.answered)).collect::<Vec<_>>(), expected, "{ops:?}");
    }

    #[test]
    fn power_fails_before_and_after_every_sync_and_after_every_answer() {
        check(&[WRITTEN, BEGAN, SYNCED, WRITTEN, Op::Answered], &[(2, 0), (3, 0), (5, 1)]);
    }

    #[test]
    fn moments_between_which_nothing_changed_are_one_with_all_its_answers() {
        check(&[WRITTEN, BEGAN, SYNCED, Op::Answered, Op::Answered, BEGAN], &[(2, 0), (6, 2)]);
    }

    #[test]
    fn an_answer_without_any_sync_is_a_moment_too() {
        check(&[WRITTEN, Op::Answered, WRITTEN, Op::Answered], &[(2, 1), (4, 2)]);
    }
}
