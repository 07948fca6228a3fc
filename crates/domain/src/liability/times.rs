//! How often the maximum of a limit may be taken: once for everyone, once for each customer, in each period.

use super::Opening;
use crate::campaign::Campaign;
use crate::coupon::Coupon;
use crate::limit::{Limit, Per};
use crate::period::Period;
use crate::time::{Timestamp, Zone};

/// More periods than this are not counted: a day's limit for 27 years, an hour's for more than a year.
const PERIODS_MAX: i64 = 10_000;

/// How often a maximum counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Times {
    customers: Option<i64>,
    periods: Option<i64>,
}

impl Times {
    pub fn count(self) -> i64 {
        self.customers.unwrap_or(1).saturating_mul(self.periods.unwrap_or(1))
    }

    pub fn written(self) -> String {
        let customers = self.customers.map(|count| format!(", for each of {count} customers"));
        let periods = self.periods.map(|count| format!(", in each of {count} periods"));
        customers.into_iter().chain(periods).collect()
    }
}

/// How often the limit's maximum may be taken of the coupon, or what leaves that open.
pub(super) fn times(
    limit: &Limit,
    coupon: &Coupon,
    campaign: Option<&Campaign>,
    zone: &Zone,
) -> Result<Times, Opening> {
    let customers = match limit.per {
        Per::Everyone => None,
        Per::Customer => Some(customers(limit, coupon)?),
    };
    let periods = match limit.period {
        Period::Ever => None,
        Period::Hour | Period::Day | Period::Week | Period::Month => Some(periods(limit, coupon, campaign, zone)?),
    };
    Ok(Times { customers, periods })
}

fn customers(limit: &Limit, coupon: &Coupon) -> Result<i64, Opening> {
    let count = coupon.definition.customers.as_ref().map(Vec::len);
    let why = || format!("limit {} counts for each customer, and it is for any number of them", limit.id);
    let count = count.ok_or_else(|| Opening { pointer: "/customer_ids".to_owned(), why: why() })?;
    Ok(i64::try_from(count).unwrap_or(i64::MAX))
}

/// Those that begin, or go on, from its start to its end, after which nothing is granted.
fn periods(limit: &Limit, coupon: &Coupon, campaign: Option<&Campaign>, zone: &Zone) -> Result<i64, Opening> {
    let window = &coupon.definition.window;
    let ends = [window.ends_at, campaign.and_then(|campaign| campaign.definition.window.ends_at)];
    let open = |why: String| Opening { pointer: "/ends_at".to_owned(), why };
    let Some(end) = ends.into_iter().flatten().min() else {
        return Err(open(format!("limit {} counts anew in each period, and there is no end", limit.id)));
    };
    // Nothing was granted before it was made. A start can be moved, but not of what has started.
    let mut at: Timestamp = window.starts_at.unwrap_or(coupon.created_at).max(coupon.created_at);
    let mut count = 0;
    while at < end {
        count += 1;
        if count > PERIODS_MAX {
            return Err(open(format!("limit {} counts anew in more than {PERIODS_MAX} periods", limit.id)));
        }
        at = limit.period.end(at, zone).unwrap_or(Timestamp::MAX);
    }
    Ok(count)
}
