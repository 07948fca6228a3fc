//! What a benefit gives on what the steps before it have left.

use super::help::Help;
use super::units::{Run, dearest_sets, pick};
use crate::benefit::{Benefit, Measure, Pick, Step, Target};
use crate::money::{Rate, cumulative_share, split_by};
use crate::order::{Line, Order, UsePeriod};
use crate::rejection::{Refusal, Rejection};
use crate::scope::{Listing, Scope};

/// An order as far as the steps before have come.
pub(super) struct Base<'a> {
    pub order: &'a Order,
    /// No coupon works on these.
    pub exclusions: &'a Listing,
    /// The lines in scope, by their places.
    pub in_scope: &'a [usize],
    /// What is left of each line, in the order of all lines.
    pub left: Vec<i64>,
    pub shipping_left: i64,
    pub deposit_left: i64,
}

/// What a benefit gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// Off each line, in the order of all lines.
    Lines(Vec<i64>),
    Shipping(i64),
    Deposit(i64),
    /// So many units of something on top.
    Gift {
        sku: String,
        quantity: u32,
    },
}

impl Given {
    pub fn discount_minor(&self) -> i64 {
        match self {
            Self::Lines(shares) => shares.iter().sum(),
            Self::Shipping(minor) | Self::Deposit(minor) => *minor,
            Self::Gift { .. } => 0,
        }
    }
}

/// Why it gives nothing, with what would help.
pub(super) type Nothing = (Refusal, Option<Help>);

/// What the benefit gives, rounded and capped once; `Err` when that is nothing.
/// `drawn_minor` is what was drawn for the voucher.
pub(super) fn give(benefit: &Benefit, drawn_minor: Option<i64>, base: &Base) -> Result<Given, Nothing> {
    let given = match benefit {
        Benefit::PercentOff { rate_bp, max_minor, on } => base.off(*on, |left| share(*rate_bp, *max_minor, left)),
        Benefit::AmountOff { amount_minor, on } => base.off(*on, |_| *amount_minor),
        Benefit::Ladder { by, steps } => {
            let step = reached(*by, steps, base)?;
            base.off(Target::Goods, |left| step.rate_bp.map_or(step.amount_minor.unwrap_or(0), |rate| rate.of(left)))
        }
        Benefit::EveryOff { every_minor, amount_minor, times_max } => {
            let goods_minor = base.goods_minor();
            let times = (goods_minor / every_minor).min(times_max.map_or(i64::MAX, i64::from));
            if times == 0 {
                return Err(too_little(goods_minor, *every_minor));
            }
            base.off(Target::Goods, |_| times.saturating_mul(*amount_minor))
        }
        Benefit::FixedPrice { price_minor, set_of: None, .. } => base.at_price(*price_minor),
        Benefit::FixedPrice { price_minor, set_of: Some(units), times_max } => {
            base.sets((*units, *price_minor), *times_max)?
        }
        Benefit::UnitsOff { buy, get, rate_bp, pick, of, times_max } => {
            let bought = Bought { buy: *buy, get: *get, times_max: *times_max };
            base.units_off(bought, *rate_bp, *pick, of.as_deref())?
        }
        Benefit::Gift { sku, quantity } => Given::Gift { sku: sku.clone(), quantity: *quantity },
        Benefit::FreePeriods { periods, unit, .. } => base.free_periods(*periods, *unit),
        // It pays, and takes nothing off.
        Benefit::GiftValue { .. } => return Err((nothing_left(), None)),
        Benefit::RandomAmount { .. } => base.off(Target::Goods, |_| drawn_minor.unwrap_or(0)),
    };
    let is_nothing = given.discount_minor() == 0 && !matches!(given, Given::Gift { .. });
    if is_nothing { Err((nothing_left(), None)) } else { Ok(given) }
}

fn nothing_left() -> Refusal {
    Refusal::new(Rejection::NothingToDiscount, "nothing is left that it could take off")
}

fn too_little(goods_minor: i64, needed_minor: i64) -> Nothing {
    let add_minor = needed_minor - goods_minor;
    let detail = format!("goods for {add_minor} more minor units are needed to reach {needed_minor}");
    (Refusal::new(Rejection::BelowMinimum, detail), Some(Help::amount(add_minor)))
}

fn too_few(units: u64, needed: u64) -> Nothing {
    let add = needed.saturating_sub(units).max(1);
    let detail = format!("{add} more units are needed");
    (Refusal::new(Rejection::TooFewUnits, detail), Some(Help::units(add)))
}

/// A share rounded half up, then capped.
fn share(rate: Rate, max_minor: Option<i64>, left_minor: i64) -> i64 {
    rate.of(left_minor).min(max_minor.unwrap_or(i64::MAX))
}

/// The highest step that is reached.
fn reached<'s>(by: Measure, steps: &'s [Step], base: &Base) -> Result<&'s Step, Nothing> {
    let (goods_minor, units) = (base.goods_minor(), base.units());
    let measured = match by {
        Measure::Amount => goods_minor,
        Measure::Quantity => i64::try_from(units).unwrap_or(i64::MAX),
    };
    let first = steps.first().expect("a ladder that was checked has a step");
    steps.iter().rev().find(|step| step.from <= measured).ok_or_else(|| match by {
        Measure::Amount => too_little(goods_minor, first.from),
        Measure::Quantity => too_few(units, first.from.unsigned_abs()),
    })
}

/// How many are given for how many bought.
#[derive(Clone, Copy)]
struct Bought {
    buy: u32,
    get: u32,
    times_max: Option<u32>,
}

impl Bought {
    fn times(self, whole: u64) -> u64 {
        whole.min(self.times_max.map_or(u64::MAX, u64::from))
    }

    /// Of units that are bought and given together: of each full group the last ones, and of a rest those beyond what
    /// must be bought.
    fn of_together(self, units: u64) -> u64 {
        let (buy, get) = (u64::from(self.buy), u64::from(self.get));
        let groups = units / (buy + get);
        let rest = (units % (buy + get)).saturating_sub(buy);
        let whole = self.times(groups) * get;
        if self.times(groups + 1) > groups { whole + rest } else { whole }
    }

    /// Of units that are given beside those bought.
    fn of_others(self, bought: u64) -> u64 {
        self.times(bought / u64::from(self.buy)) * u64::from(self.get)
    }
}

impl Base<'_> {
    fn line(&self, place: usize) -> &Line {
        &self.order.lines[place]
    }

    /// The goods in scope before coupons.
    pub fn goods_minor(&self) -> i64 {
        self.in_scope.iter().map(|&place| self.line(place).amount_minor()).sum()
    }

    fn units(&self) -> u64 {
        self.in_scope.iter().map(|&place| u64::from(self.line(place).quantity)).sum()
    }

    /// Off all of a target at once, split over lines by what is left of them.
    fn off(&self, target: Target, gives: impl FnOnce(i64) -> i64) -> Given {
        match target {
            Target::Shipping => Given::Shipping(gives(self.shipping_left).clamp(0, self.shipping_left)),
            Target::Deposit => Given::Deposit(gives(self.deposit_left).clamp(0, self.deposit_left)),
            // All lines, as mostly: their shares are of all lines already.
            Target::Goods if self.in_scope.len() == self.left.len() => {
                let left: i64 = self.left.iter().sum();
                Given::Lines(split_by(gives(left).clamp(0, left), &self.left))
            }
            Target::Goods => {
                let weights: Vec<i64> = self.in_scope.iter().map(|&place| self.left[place]).collect();
                let left: i64 = weights.iter().sum();
                self.spread(self.in_scope, &split_by(gives(left).clamp(0, left), &weights))
            }
        }
    }

    /// Shares of some lines as shares of all.
    fn spread(&self, places: &[usize], shares: &[i64]) -> Given {
        let mut all = vec![0; self.left.len()];
        for (&place, &share) in places.iter().zip(shares) {
            all[place] = share;
        }
        Given::Lines(all)
    }

    /// Each unit at that price.
    fn at_price(&self, price_minor: i64) -> Given {
        let above = |&place: &usize| {
            let price_minor = price_minor.saturating_mul(i64::from(self.line(place).quantity));
            self.left[place].saturating_sub(price_minor).max(0)
        };
        let shares: Vec<i64> = self.in_scope.iter().map(above).collect();
        self.spread(self.in_scope, &shares)
    }

    /// So many units at a price together.
    fn sets(&self, (size, price_minor): (u32, i64), times_max: Option<u32>) -> Result<Given, Nothing> {
        let units = self.units();
        if units < u64::from(size) {
            return Err(too_few(units, u64::from(size)));
        }
        // By what is left of them: a unit that another coupon has made cheap is no good in a set.
        let run = |&place: &usize| {
            let units = u64::from(self.line(place).quantity);
            Run { price_minor: self.left[place] / i64::from(self.line(place).quantity), units }
        };
        let runs: Vec<Run> = self.in_scope.iter().map(run).collect();
        let worth = |units: &[u64]| self.worth(self.in_scope, units).iter().sum();
        let sets = dearest_sets(&runs, (size, price_minor), times_max, worth);
        let worth: Vec<i64> = self.worth(self.in_scope, &sets.units);
        let discount_minor = worth.iter().sum::<i64>() - price_minor.saturating_mul(i64::from(sets.count));
        Ok(self.spread(self.in_scope, &split_by(discount_minor.max(0), &worth)))
    }

    fn units_off(&self, bought: Bought, rate: Rate, first: Pick, of: Option<&Scope>) -> Result<Given, Nothing> {
        let given: Vec<usize> = match of {
            None => self.in_scope.to_vec(),
            Some(scope) => self.places(|line| scope.holds(line)),
        };
        // A unit that is in both is one that is given.
        let others = self.in_scope.iter().filter(|place| !given.contains(place));
        let others: u64 = others.map(|&place| u64::from(self.line(place).quantity)).sum();
        let count = if of.is_some() { bought.of_others(others) } else { bought.of_together(self.units()) };
        let there: u64 = given.iter().map(|&place| u64::from(self.line(place).quantity)).sum();
        if count == 0 || there == 0 {
            return Err(match of {
                None => too_few(self.units(), u64::from(bought.buy) + 1),
                Some(_) if count == 0 => too_few(others, u64::from(bought.buy)),
                Some(_) => too_few(0, u64::from(bought.get)),
            });
        }
        let units = pick(&self.runs(&given), count, first);
        let worth = self.worth(&given, &units);
        let discount_minor = rate.of(worth.iter().sum());
        Ok(self.spread(&given, &split_by(discount_minor, &worth)))
    }

    /// What so many periods of each line are worth, from whichever of them it is taken.
    fn free_periods(&self, periods: u32, unit: Option<UsePeriod>) -> Given {
        let is_meant = |line: &Line| line.period.is_some_and(|period| unit.is_none_or(|unit| unit == period));
        let lines: Vec<usize> = self.in_scope.iter().copied().filter(|&place| is_meant(self.line(place))).collect();
        let units: Vec<u64> = lines.iter().map(|&place| u64::from(periods.min(self.line(place).quantity))).collect();
        let worth = self.worth(&lines, &units);
        self.spread(&lines, &worth)
    }

    /// The places of lines that are so, and not excluded.
    fn places(&self, is_so: impl Fn(&Line) -> bool) -> Vec<usize> {
        let lines = self.order.lines.iter().enumerate();
        lines.filter(|(_, line)| !self.exclusions.names(line) && is_so(line)).map(|(place, _)| place).collect()
    }

    fn runs(&self, places: &[usize]) -> Vec<Run> {
        let run = |&place: &usize| {
            let line = self.line(place);
            Run { price_minor: line.unit_price_minor, units: u64::from(line.quantity) }
        };
        places.iter().map(run).collect()
    }

    /// What so many units of each of these lines are worth by what is left of it.
    fn worth(&self, places: &[usize], units: &[u64]) -> Vec<i64> {
        let worth = |(&place, &units): (&usize, &u64)| {
            let units = i64::try_from(units).unwrap_or(i64::MAX);
            cumulative_share(self.left[place], units, i64::from(self.line(place).quantity))
        };
        places.iter().zip(units).map(worth).collect()
    }
}
