//! The model's counters: a plain list of what was taken. A counter is the sum over the list, so it cannot disagree with
//! what was taken.

use domain::coupon::LimitDefinition;
use domain::limit::{Counts, Per};
use domain::period::Period;

/// Milliseconds of a day. The simulated tenant lives in UTC, where days are that long.
const DAY_MS: i64 = 24 * 60 * 60 * 1000;

/// Who has taken something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Taker {
    Voucher(usize),
    Redemption(String, usize),
    /// Value that was put in, which never comes back.
    PutIn,
}

/// One thing taken.
#[derive(Clone, Debug)]
pub(crate) struct Taken {
    pub coupon: usize,
    pub limit: String,
    /// The person; `None`: of the limit for everyone.
    pub customer: Option<usize>,
    pub day: Option<i64>,
    pub amount: i64,
    pub counts: Counts,
    pub comes_back: bool,
    pub by: Taker,
}

/// Everything taken and not given back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Takings(Vec<Taken>);

impl Takings {
    /// What is taken of a limit, for that customer and day where it counts by them.
    pub(crate) fn sum(&self, coupon: usize, limit: &LimitDefinition, customer: Option<usize>, now_ms: i64) -> i64 {
        let (customer, day) = subject(limit, customer, now_ms);
        let same = |taken: &&Taken| {
            taken.coupon == coupon && taken.limit == limit.id && taken.customer == customer && taken.day == day
        };
        self.0.iter().filter(same).map(|taken| taken.amount).sum()
    }

    pub(crate) fn add(
        &mut self,
        (coupon, limit): (usize, &LimitDefinition),
        customer: Option<usize>,
        now_ms: i64,
        (amount, by): (i64, Taker),
    ) {
        let (customer, day) = subject(limit, customer, now_ms);
        let comes_back = limit.period == Period::Ever;
        let (limit, counts) = (limit.id.clone(), limit.counts);
        self.0.push(Taken { coupon, limit, customer, day, amount, counts, comes_back, by });
    }

    /// What one person took counts as another's from now on.
    pub(crate) fn count_as(&mut self, from: usize, to: usize) {
        for taken in self.0.iter_mut().filter(|taken| taken.customer == Some(from)) {
            taken.customer = Some(to);
        }
    }

    /// All that this taker took comes back where the limit says so; the rest stays taken for ever.
    pub(crate) fn give_back(&mut self, by: &Taker) {
        self.0.retain(|taken| taken.by != *by || !taken.comes_back);
    }

    /// So much of the value that this taker took comes back.
    pub(crate) fn give_back_value(&mut self, by: &Taker, amount: i64) {
        for taken in &mut self.0 {
            if taken.by == *by && taken.counts == Counts::Value && taken.comes_back {
                taken.amount -= amount;
            }
        }
    }
}

fn subject(limit: &LimitDefinition, customer: Option<usize>, now_ms: i64) -> (Option<usize>, Option<i64>) {
    let customer = match limit.per {
        Per::Everyone => None,
        Per::Customer => customer,
    };
    let day = match limit.period {
        Period::Ever => None,
        Period::Day => Some(now_ms.div_euclid(DAY_MS)),
        Period::Hour | Period::Week | Period::Month => unreachable!("the script has no such limits"),
    };
    (customer, day)
}
