//! From which periods of a line its discount is taken.

use super::quote::{LineShare, PERIODS_SHOWN_MAX, Schedule};
use crate::benefit::{Benefit, Manner};
use crate::money::cumulative_share;
use crate::order::Order;

/// The schedules of what a benefit took off lines; `left_minor` says what was left of a line before its share.
pub(super) fn schedules(
    benefit: &Benefit,
    order: &Order,
    taken: &[LineShare],
    left_minor: impl Fn(&LineShare) -> i64,
) -> Vec<Schedule> {
    let Benefit::FreePeriods { manner, .. } = benefit else { return Vec::new() };
    let schedule = |share: &LineShare| {
        let periods = order.lines[share.line].quantity;
        let periods_minor = match manner {
            Manner::First => from_first(share.discount_minor, left_minor(share), periods),
            Manner::Spread => spread(share.discount_minor, periods),
        };
        Schedule { line: share.line, periods_minor }
    };
    let few = |share: &&LineShare| order.lines[share.line].quantity <= PERIODS_SHOWN_MAX;
    taken.iter().filter(few).map(schedule).collect()
}

/// Each period gives what is left of it, until all is taken.
fn from_first(discount_minor: i64, left_minor: i64, periods: u32) -> Vec<i64> {
    let mut rest = discount_minor;
    let off = |worth_minor: i64| {
        let off_minor = worth_minor.min(rest);
        rest -= off_minor;
        off_minor
    };
    spread(left_minor, periods).into_iter().map(off).collect()
}

/// As evenly as minor units allow; together exactly the amount.
fn spread(amount_minor: i64, periods: u32) -> Vec<i64> {
    let until = |period: u32| cumulative_share(amount_minor, period.into(), periods.into());
    (0..periods).map(|period| until(period + 1) - until(period)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_periods_are_free_or_all_cost_less() {
        assert_eq!(from_first(200, 400, 4), [100, 100, 0, 0]);
        assert_eq!(from_first(150, 400, 4), [100, 50, 0, 0]);
        assert_eq!(spread(200, 4), [50, 50, 50, 50]);
        assert_eq!(spread(100, 3), [33, 34, 33]);
        assert_eq!(from_first(0, 0, 2), [0, 0]);
    }
}
