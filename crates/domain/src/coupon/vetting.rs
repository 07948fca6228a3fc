//! Who answers for what a coupon may cost.

use serde::{Deserialize, Serialize};

use super::Coupon;
use crate::event::Actor;
use crate::id::{AccountNo, LimitNo};
use crate::liability::Bound;
use crate::limit::{Counts, Limit};
use crate::time::Timestamp;

/// Who has had a hand in a definition, who has approved it, and what its limits cannot see of the past. Belongs to the
/// definition: a move of the state leaves it, a change of the definition ends the approval.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vetting {
    /// The members of staff who have written the definition since it was last approved, each once. `None`: it was
    /// written before this was kept, so that nobody can be told to be another person.
    pub hands: Option<Vec<AccountNo>>,
    /// The approval of the definition as it is now.
    pub approval: Option<Approval>,
    /// The most that may have been given under limits that were since taken out, in minor units.
    pub before_minor: i64,
    /// Limits on claims that came when vouchers may have been out already: they do not count those.
    pub late: Vec<LimitNo>,
}

/// A second person has agreed to what a coupon may cost.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// Who.
    pub by: AccountNo,
    /// When.
    pub at: Timestamp,
    /// The version that was approved; the approval made the next one of it.
    pub version: u32,
    /// What it might have cost then. More than that was not approved, whatever raises it.
    pub bound: Bound,
}

impl Vetting {
    /// Of a definition that this actor has just written first.
    #[must_use]
    pub fn begun(by: Actor) -> Self {
        Self { hands: Some(staff(by).into_iter().collect()), ..Self::default() }
    }

    /// Whether it is known that this member of staff had no hand in it.
    #[must_use]
    pub fn is_second(&self, by: AccountNo) -> bool {
        self.hands.as_ref().is_some_and(|hands| !hands.contains(&by))
    }

    /// Whether so much was approved.
    #[must_use]
    pub fn covers(&self, bound: Bound) -> bool {
        self.approval.as_ref().is_some_and(|approval| bound <= approval.bound)
    }

    /// After this actor has changed the definition: whoever approved it, approved another.
    #[must_use]
    pub fn changed(&self, by: Actor) -> Self {
        let mut hands = self.hands.clone().unwrap_or_default();
        hands.extend(staff(by).filter(|no| !hands.contains(no)));
        Self { hands: Some(hands), approval: None, ..self.clone() }
    }

    /// After it was approved: two persons agree on it, and what is written from now on is new.
    #[must_use]
    pub fn approved(&self, approval: Approval) -> Self {
        Self { hands: Some(Vec::new()), approval: Some(approval), ..self.clone() }
    }

    /// After the limits of a coupon that has been active were written anew; `bound` is what it might have cost before.
    /// What was given under a limit that is gone is no longer counted anywhere, and a new limit on claims does not count
    /// vouchers that are out.
    #[must_use]
    pub fn with_limits(mut self, before: &Coupon, after: &[Limit], bound: Bound) -> Self {
        let is_gone = |old: &Limit| after.iter().all(|limit| limit.no != old.no);
        if let (true, Bound::Minor(minor)) = (before.limits.iter().any(is_gone), bound) {
            self.before_minor = minor;
        }
        let is_new = |limit: &&Limit| before.limits.iter().all(|old| old.no != limit.no);
        let late = after.iter().filter(|limit| limit.counts == Counts::Claims).filter(is_new).map(|limit| limit.no);
        for no in late {
            if !self.late.contains(&no) {
                self.late.push(no);
            }
        }
        self
    }
}

fn staff(by: Actor) -> Option<AccountNo> {
    match by {
        Actor::Staff(no) => Some(no),
        Actor::System | Actor::Operator | Actor::Key(_) | Actor::Customer(_) => None,
    }
}
