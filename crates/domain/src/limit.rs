//! Limits are data: what is counted, for whom, per which period, up to what. Stock, per-customer caps, day caps and
//! money budgets are all limits; a usage row exists only where a limit does.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::id::{CustomerNo, LimitNo};
use crate::period::{Period, PeriodStart};
use crate::rejection::Rejection;

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counts {
    /// Vouchers taken, by claim, issue, assignment or the direct use of a shared code.
    Claims,
    /// Uses by an order, reserved ones included.
    Redemptions,
    /// Discount given, in minor units of the coupon's currency.
    Value,
}

/// For whom a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Per {
    /// One usage for all.
    Everyone,
    /// One usage for each customer.
    Customer,
}

/// What comes back into a limit, by cause. Recorded with every taking, so that an undo never asks today's definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct GiveBack {
    /// A hold ended unused.
    pub hold_expired: bool,
    /// A reservation was cancelled or ran out.
    pub reservation_ended: bool,
    /// An order was given back.
    pub returned: bool,
    /// Staff took the voucher away.
    pub revoked: bool,
}

impl GiveBack {
    /// Yes, yes, yes, no for limits that count for ever; a limit per period counts what was taken and gets nothing
    /// back, so that an expired hold does not restore the day's allowance.
    #[must_use]
    pub fn default_for(period: Period) -> Self {
        let back = period == Period::Ever;
        Self { hold_expired: back, reservation_ended: back, returned: back, revoked: false }
    }

    /// Whether this cause gives back.
    #[must_use]
    pub fn on(self, cause: Cause) -> bool {
        match cause {
            Cause::HoldExpired => self.hold_expired,
            Cause::ReservationEnded => self.reservation_ended,
            Cause::Returned => self.returned,
            Cause::Revoked => self.revoked,
        }
    }
}

/// As people write it.
#[derive(Serialize, Deserialize)]
#[serde(rename = "GiveBack", deny_unknown_fields)]
struct GiveBackNamed {
    hold_expired: bool,
    reservation_ended: bool,
    returned: bool,
    revoked: bool,
}

impl Serialize for GiveBack {
    /// Named where people read it, four bits of one byte where only rows do: every voucher carries some.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { hold_expired, reservation_ended, returned, revoked } = *self;
        if to.is_human_readable() {
            return GiveBackNamed { hold_expired, reservation_ended, returned, revoked }.serialize(to);
        }
        let bits = [hold_expired, reservation_ended, returned, revoked];
        to.serialize_u8(bits.iter().rev().fold(0, |byte, bit| byte << 1 | u8::from(*bit)))
    }
}

impl<'de> Deserialize<'de> for GiveBack {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            let GiveBackNamed { hold_expired, reservation_ended, returned, revoked } =
                GiveBackNamed::deserialize(from)?;
            return Ok(Self { hold_expired, reservation_ended, returned, revoked });
        }
        let byte = u8::deserialize(from)?;
        let bit = |place: u8| byte >> place & 1 == 1;
        Ok(Self { hold_expired: bit(0), reservation_ended: bit(1), returned: bit(2), revoked: bit(3) })
    }
}

/// Why a taking is undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The hold ended by its deadline or was released.
    HoldExpired,
    /// The reservation was cancelled, aborted or ran out.
    ReservationEnded,
    /// The redemption was returned.
    Returned,
    /// The voucher was revoked.
    Revoked,
}

/// The largest maximum of a limit.
pub const LIMIT_MAX: i64 = 1_000_000_000_000_000;

/// A limit of a coupon or campaign.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// Keys its usage rows; survives versions.
    pub no: LimitNo,
    /// Its name in the definition, unique in its owner.
    pub id: String,
    /// What it counts.
    pub counts: Counts,
    /// For whom.
    pub per: Per,
    /// Per which period.
    pub period: Period,
    /// How much at most: a number, or minor units for [`Counts::Value`].
    pub max: i64,
    /// What comes back.
    pub give_back: GiveBack,
}

impl Limit {
    /// The rejection of a taking it has no room for.
    #[must_use]
    pub fn rejection(&self) -> Rejection {
        Rejection::Limit { counts: self.counts, per: self.per, period: self.period }
    }
}

/// Whose usage a row counts: 0 for everyone, else the number of a person, which is that of its first customer. The limit
/// says which it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UsageSubject(pub i64);

impl UsageSubject {
    /// The one row of a limit for everyone.
    pub const EVERYONE: Self = Self(0);

    /// The row of a person.
    #[must_use]
    pub fn customer(no: CustomerNo) -> Self {
        Self(i64::from(no.0))
    }

    /// The person, unless it is everyone.
    #[must_use]
    pub fn person(self) -> Option<CustomerNo> {
        u32::try_from(self.0).ok().filter(|no| *no != 0).map(CustomerNo)
    }
}

/// Which counter: a limit, for a subject, in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct UsageKey {
    /// The limit.
    pub limit: LimitNo,
    /// Whose.
    pub subject: UsageSubject,
    /// In which period.
    pub period: PeriodStart,
}

/// The counter of a limit. `used >= 0`, `held >= 0`, `used + held <= bound`; the row repeats this as a check.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Taken for good, unless something gives it back.
    pub used: i64,
    /// Taken by a hold or a reservation that may still end by itself.
    pub held: i64,
    /// The maximum of the latest grant. A give-back leaves it.
    pub bound: i64,
}

/// What something of value has taken from one usage, and what it gives back. Recorded with the voucher or redemption.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Taking {
    /// From which counter.
    pub key: UsageKey,
    /// What that counter counts: values come back in proportion, the rest with the whole.
    pub counts: Counts,
    /// How much.
    pub amount: i64,
    /// What comes back, as it was defined then.
    pub give_back: GiveBack,
}

/// How an event changed a counter. A usage row equals the sum of these over all events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct UsageDelta {
    /// Which counter.
    pub key: UsageKey,
    /// Added to `used`.
    pub used: i64,
    /// Added to `held`.
    pub held: i64,
}
