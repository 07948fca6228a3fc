//! What everybody bore of discounts, to be settled among them. Counted from redemptions: the same function adds a batch as it
//! is written and counts all rows again when `check` does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::id::CouponNo;
use crate::money::Currency;
use crate::redemption::{Redemption, RedemptionState};
use crate::time::Day;

/// Who bears.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Bearer {
    /// Whoever runs the tenant.
    Platform,
    /// The merchant of that id.
    Merchant(String),
}

impl Bearer {
    /// The merchant's id; none for the platform.
    #[must_use]
    pub fn merchant_id(&self) -> Option<&str> {
        match self {
            Self::Platform => None,
            Self::Merchant(id) => Some(id),
        }
    }
}

/// How long the periods are that are settled. The numbers are what the stores keep.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum SettlementPer {
    /// Days of the tenant's zone.
    #[default]
    Day = 0,
    /// Months of the tenant's zone.
    Month = 1,
}

impl SettlementPer {
    /// All there are, in the order of their numbers.
    pub const ALL: [Self; 2] = [Self::Day, Self::Month];

    /// The first day of the period that holds that day.
    #[must_use]
    pub fn begins(self, day: Day) -> Day {
        match self {
            Self::Day => day,
            Self::Month => day.first_of_month(),
        }
    }
}

/// What is settled apart within a period.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SettlementKey {
    /// Who bears.
    pub bearer: Bearer,
    /// What coupons gave.
    pub coupon: CouponNo,
    /// In which currency.
    pub currency: Currency,
}

/// What was borne and came back. Also used as a difference.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Redemptions of which something was borne.
    pub redemptions: i64,
    /// What was borne of their discounts, in minor units.
    pub borne_minor: i64,
    /// What came back with returns.
    pub given_back_minor: i64,
}

impl Settled {
    /// Adds a difference; saturating, so that damaged rows cannot break off a check.
    pub fn add(&mut self, other: &Self) {
        self.redemptions = self.redemptions.saturating_add(other.redemptions);
        self.borne_minor = self.borne_minor.saturating_add(other.borne_minor);
        self.given_back_minor = self.given_back_minor.saturating_add(other.given_back_minor);
    }

    fn negative(self) -> Self {
        Self {
            redemptions: -self.redemptions,
            borne_minor: -self.borne_minor,
            given_back_minor: -self.given_back_minor,
        }
    }
}

/// What a redemption, as it stands, has come to for each bearer. Nothing until it succeeds; nothing for one that was made before
/// shares were recorded.
#[must_use]
pub fn settled(redemption: &Redemption) -> BTreeMap<SettlementKey, Settled> {
    let mut all = BTreeMap::new();
    let has_succeeded = match redemption.state {
        RedemptionState::Succeeded | RedemptionState::Returned => true,
        RedemptionState::Pending | RedemptionState::Cancelled | RedemptionState::Expired => false,
    };
    let (Some(shares), Some(currency), true) = (&redemption.shares, redemption.currency, has_succeeded) else {
        return all;
    };
    for (place, part) in (0u32..).zip(&redemption.parts) {
        let mut count = |bearer: Bearer, borne_minor: i64, given_back_minor: i64| {
            if borne_minor != 0 {
                let of =
                    all.entry(SettlementKey { bearer, coupon: part.coupon, currency }).or_insert_with(Settled::default);
                of.add(&Settled { redemptions: 0, borne_minor, given_back_minor });
                // Two vouchers of one coupon are used by one order.
                of.redemptions = 1;
            }
        };
        let (mut borne, mut given_back) = (part.discount_minor, part.returned_minor);
        for share in shares.iter().filter(|share| share.part == place) {
            count(Bearer::Merchant(share.merchant_id.clone()), share.amount_minor, share.returned_minor);
            borne = borne.saturating_sub(share.amount_minor);
            given_back = given_back.saturating_sub(share.returned_minor);
        }
        count(Bearer::Platform, borne, given_back);
    }
    all
}

/// What changes of redemptions, each as it was and as it is, add. What adds nothing is left out.
pub(crate) fn changed<'r>(
    changes: impl Iterator<Item = (Option<&'r Redemption>, &'r Redemption)>,
) -> BTreeMap<SettlementKey, Settled> {
    let mut all: BTreeMap<SettlementKey, Settled> = BTreeMap::new();
    for (before, after) in changes {
        for (key, was) in before.map(settled).unwrap_or_default() {
            all.entry(key).or_default().add(&was.negative());
        }
        for (key, is) in settled(after) {
            all.entry(key).or_default().add(&is);
        }
    }
    all.retain(|_, settled| *settled != Settled::default());
    all
}
