//! Coupons in the words of a test.

use domain::benefit::Benefit;
use domain::coupon::{Definition, LimitDefinition};
use domain::id::{CampaignNo, CustomerNo};
use domain::limit::{Counts, GiveBack, Per};
use domain::money::{Currency, Rate};
use domain::period::Period;
use domain::time::{Span, Timestamp};
use domain::validity::Validity;

/// A coupon to be: 5.00 EUR off, without limits, unless said otherwise.
#[derive(Clone, Debug)]
pub(super) struct CouponSpec {
    pub(super) definition: Definition,
}

/// Of everything in these tests.
pub(super) fn euro() -> Currency {
    Currency::from_letters(*b"EUR").expect("three upper-case letters")
}

/// A duration as it is written.
#[track_caller]
pub(super) fn span(text: &str) -> Span {
    text.parse().expect("a duration")
}

/// A limit without a give-back of its own.
pub(super) fn limit(counts: Counts, per: Per, period: Period, max: i64) -> LimitDefinition {
    let id = format!("{counts:?}-{per:?}-{period:?}").to_lowercase();
    LimitDefinition { id, counts, per, period, max, give_back: None }
}

impl CouponSpec {
    pub(super) fn new() -> Self {
        let definition =
            Definition { currency: Some(euro()), ..Definition::new("conformance", Benefit::amount_off(500)) };
        Self { definition }
    }

    pub(super) fn limit(mut self, counts: Counts, per: Per, period: Period, max: i64) -> Self {
        self.definition.limits.push(limit(counts, per, period, max));
        self
    }

    /// So many vouchers, and no more.
    pub(super) fn stock(self, max: i64) -> Self {
        self.limit(Counts::Claims, Per::Everyone, Period::Ever, max)
    }

    /// So many vouchers a day.
    pub(super) fn a_day(self, max: i64) -> Self {
        self.limit(Counts::Claims, Per::Everyone, Period::Day, max)
    }

    /// So many vouchers for each customer.
    pub(super) fn each(self, max: i64) -> Self {
        self.limit(Counts::Claims, Per::Customer, Period::Ever, max)
    }

    /// So many vouchers a day for each customer.
    pub(super) fn each_a_day(self, max: i64) -> Self {
        self.limit(Counts::Claims, Per::Customer, Period::Day, max)
    }

    /// So many uses.
    pub(super) fn uses(self, max: i64) -> Self {
        self.limit(Counts::Redemptions, Per::Everyone, Period::Ever, max)
    }

    /// So much discount in all.
    pub(super) fn budget(self, max_minor: i64) -> Self {
        self.limit(Counts::Value, Per::Everyone, Period::Ever, max_minor)
    }

    /// What the limit named last gives back.
    pub(super) fn gives_back(mut self, give_back: GiveBack) -> Self {
        let last = self.definition.limits.last_mut().expect("name the limit first");
        last.give_back = Some(give_back);
        self
    }

    pub(super) fn hold(mut self, text: &str) -> Self {
        self.definition.hold = Some(span(text));
        self
    }

    pub(super) fn code(mut self, text: &str) -> Self {
        self.definition.code = Some(text.to_owned());
        self
    }

    /// Without a code.
    pub(super) fn automatic(mut self) -> Self {
        self.definition.automatic = true;
        self
    }

    /// Pays so many basis points of the order.
    pub(super) fn percent(mut self, rate_bp: u32) -> Self {
        let rate_bp = Rate::from_bp(rate_bp).expect("a rate of at most 100 %");
        self.definition.benefit = Benefit::percent_off(rate_bp);
        self
    }

    pub(super) fn amount(mut self, amount_minor: i64) -> Self {
        self.definition.benefit = Benefit::amount_off(amount_minor);
        self
    }

    pub(super) fn of_campaign(mut self, campaign: CampaignNo) -> Self {
        self.definition.campaign = Some(campaign);
        self
    }

    pub(super) fn only_for(mut self, mut customers: Vec<CustomerNo>) -> Self {
        customers.sort_unstable();
        self.definition.customers = Some(customers);
        self
    }

    pub(super) fn valid(mut self, from: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        self.definition.validity = Validity { from, until, ..self.definition.validity };
        self
    }

    pub(super) fn valid_after_claim(mut self, text: &str) -> Self {
        self.definition.validity.after_claim = Some(span(text));
        self
    }
}
