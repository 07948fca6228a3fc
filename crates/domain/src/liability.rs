//! What a coupon may cost at worst, from what its definition says: never less than it can come to, as far as money is
//! known. A figure, or what would have to be said for there to be one.

mod each_use;
mod times;

use serde::{Deserialize, Serialize};

use crate::benefit::Benefit;
use crate::campaign::Campaign;
use crate::coupon::Coupon;
use crate::limit::{Counts, Limit};
use crate::money::Currency;
use crate::time::Zone;

/// The most that may be given. In order: what is not bounded is more than any figure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Bound {
    /// So many minor units of the coupon's currency.
    Minor(i64),
    /// Any amount.
    Unbounded,
}

/// What a step of the calculation is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The most that one order gets, in minor units.
    EachUse,
    /// How many orders may use it.
    Uses,
    /// What a budget allows, in minor units.
    Budget,
    /// What may have been given under limits that were since taken out, in minor units.
    Before,
    /// The whole, in minor units.
    Total,
}

impl Part {
    /// All there are.
    pub const ALL: [Self; 5] = [Self::EachUse, Self::Uses, Self::Budget, Self::Before, Self::Total];
}

/// A step of the calculation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// What it is about.
    pub what: Part,
    /// The field of the coupon that says so; below `/campaign` of its campaign. The whole is at the empty pointer.
    pub pointer: String,
    /// The figure, in what [`Part`] says.
    pub value: i64,
    /// How it comes about, for people.
    pub why: String,
}

/// Something that leaves a coupon without a figure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opening {
    /// The field of the coupon that would bound it; below `/campaign` of its campaign.
    pub pointer: String,
    /// What is missing, for people.
    pub why: String,
}

/// What a coupon may cost at worst.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Liability {
    /// What the amounts are in; `None`: the coupon gives in any currency, and no amount is known.
    pub currency: Option<Currency>,
    /// The most that may be given.
    pub bound: Bound,
    /// How that comes about, the whole last.
    pub steps: Vec<Step>,
    /// If there is no figure: what would have to be said for one. Not all of it is needed.
    pub openings: Vec<Opening>,
}

/// What the coupon may cost at worst, as it and its campaign are now; `zone` is the tenant's, by whose calendar periods
/// of limits are counted.
#[must_use]
pub fn liability(coupon: &Coupon, campaign: Option<&Campaign>, zone: &Zone) -> Liability {
    let mut found = Found::default();
    match each_use::most(&coupon.definition.benefit) {
        Ok(step) => found.steps.push(step),
        Err(opening) => found.openings.push(opening),
    }
    let own = coupon.limits.iter().enumerate().map(|(place, limit)| (format!("/limits/{place}"), limit));
    let late = |limit: &Limit| limit.counts == Counts::Claims && coupon.vetting.late.contains(&limit.no);
    for (pointer, limit) in own.filter(|(_, limit)| !late(limit)) {
        found.limit(pointer, limit, times::times(limit, coupon, campaign, zone));
    }
    // A campaign may have got a limit on claims when vouchers of this coupon were out already.
    let shared = campaign.into_iter().flat_map(|campaign| campaign.limits.iter().enumerate());
    for (place, limit) in shared.filter(|(_, limit)| limit.counts != Counts::Claims) {
        found.limit(format!("/campaign/limits/{place}"), limit, times::times(limit, coupon, campaign, zone));
    }
    found.sum(coupon)
}

#[derive(Default)]
struct Found {
    steps: Vec<Step>,
    openings: Vec<Opening>,
}

impl Found {
    fn limit(&mut self, pointer: String, limit: &Limit, times: Result<times::Times, Opening>) {
        let times = match times {
            Ok(times) => times,
            Err(opening) => return self.openings.push(opening),
        };
        let what = match limit.counts {
            Counts::Value => Part::Budget,
            Counts::Claims | Counts::Redemptions => Part::Uses,
        };
        let why = format!("limit {}: {}{}", limit.id, limit.max, times.written());
        self.steps.push(Step { what, pointer, value: limit.max.saturating_mul(times.count()), why });
    }

    fn least(&self, what: Part) -> Option<i64> {
        self.steps.iter().filter(|step| step.what == what).map(|step| step.value).min()
    }

    fn sum(mut self, coupon: &Coupon) -> Liability {
        let currency = coupon.definition.currency;
        let (each, uses, budget) = (self.least(Part::EachUse), self.least(Part::Uses), self.least(Part::Budget));
        let by_uses = each.zip(uses).map(|(each, uses)| each.saturating_mul(uses));
        // What a gift costs is in no budget either.
        let is_gift = matches!(coupon.definition.benefit, Benefit::Gift { .. });
        let most = [by_uses, budget].into_iter().flatten().min().filter(|_| !is_gift);
        let Some(most) = most else {
            if !is_gift {
                self.name_limits(uses.is_some());
            }
            return Liability { currency, bound: Bound::Unbounded, steps: self.steps, openings: self.openings };
        };
        let before = coupon.vetting.before_minor;
        if before > 0 {
            let why = "what may have been given under limits that were since taken out".to_owned();
            self.steps.push(Step { what: Part::Before, pointer: "/limits".to_owned(), value: before, why });
        }
        let total = most.saturating_add(before);
        let by_budget = budget == Some(most);
        let why = if by_budget { "the smallest budget" } else { "each use, as often as it may be used" };
        let why = if before > 0 { format!("{why}; and what was before") } else { why.to_owned() };
        self.steps.push(Step { what: Part::Total, pointer: String::new(), value: total, why });
        Liability { currency, bound: Bound::Minor(total), steps: self.steps, openings: Vec::new() }
    }

    fn name_limits(&mut self, are_uses_bounded: bool) {
        let budget = "no limit on `value` for everyone, ever: one would bound it by itself";
        self.openings.push(Opening { pointer: "/limits".to_owned(), why: budget.to_owned() });
        if !are_uses_bounded {
            let uses = "no limit on `redemptions` or `claims` for everyone, ever, that counts all that may be out";
            self.openings.push(Opening { pointer: "/limits".to_owned(), why: uses.to_owned() });
        }
    }
}

#[cfg(test)]
mod tests;
