//! What a customer has: where each voucher stands in the eyes of its owner, and how many stand there.

use serde::{Deserialize, Serialize};

use crate::campaign::Campaign;
use crate::coupon::Coupon;
use crate::pricing::{VoucherWindow, judge_time};
use crate::rejection::{Refusal, Rejection};
use crate::time::{Timestamp, Zone};
use crate::voucher::{Voucher, VoucherState};

/// How long before its end a voucher counts as expiring soon: three days.
pub const SOON_MS: i64 = 3 * 24 * 3_600_000;

/// Where a voucher stands in the eyes of its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Its owner has it: held or owned, and its time is not over. It may not be its time yet.
    Usable,
    /// An order that is under way has it.
    Locked,
    /// Used.
    Used,
    /// Its hold or its validity is over.
    Expired,
    /// Taken away.
    Revoked,
}

impl Standing {
    /// All of them, in the order in which they are counted.
    pub const ALL: [Self; 5] = [Self::Usable, Self::Locked, Self::Used, Self::Expired, Self::Revoked];

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Usable => "usable",
            Self::Locked => "locked",
            Self::Used => "used",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        }
    }

    /// Where that voucher stands at that instant.
    #[must_use]
    pub fn of(voucher: &Voucher, now: Timestamp) -> Self {
        match voucher.state_at(now) {
            VoucherState::Held | VoucherState::Issued => Self::Usable,
            VoucherState::Locked => Self::Locked,
            VoucherState::Redeemed => Self::Used,
            VoucherState::Expired => Self::Expired,
            // Nobody owns what waits in a pool.
            VoucherState::Pooled | VoucherState::Revoked => Self::Revoked,
        }
    }
}

/// How many vouchers stand where.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Of each standing, in the order of [`Standing::ALL`].
    by_standing: [u64; 5],
    /// Of the usable ones, those whose end is near.
    pub expiring_soon: u64,
}

impl Counts {
    /// Counts one more voucher.
    pub fn add(&mut self, voucher: &Voucher, now: Timestamp) {
        let standing = Standing::of(voucher, now);
        self.by_standing[standing as usize] += 1;
        let soon = now.saturating_add_ms(SOON_MS);
        let ends_soon = ends_at(voucher).is_some_and(|end| end <= soon);
        self.expiring_soon += u64::from(standing == Standing::Usable && ends_soon);
    }

    /// Adds those of another.
    pub fn add_all(&mut self, other: &Self) {
        for (count, more) in self.by_standing.iter_mut().zip(other.by_standing) {
            *count += more;
        }
        self.expiring_soon += other.expiring_soon;
    }

    /// How many stand there.
    #[must_use]
    pub fn of(&self, standing: Standing) -> u64 {
        self.by_standing[standing as usize]
    }

    /// How many there are.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.by_standing.iter().sum()
    }
}

/// When it ends unless it is used: its hold or its validity, whichever is first.
#[must_use]
pub fn ends_at(voucher: &Voucher) -> Option<Timestamp> {
    [voucher.held_until, voucher.valid_until].into_iter().flatten().min()
}

/// Why a voucher cannot be used at this instant, by whatever order; none: it can, by an order that suits it.
#[must_use]
pub fn why_not(
    voucher: &Voucher,
    (coupon, campaign): (&Coupon, Option<&Campaign>),
    tenant_zone: &Zone,
    now: Timestamp,
) -> Option<Refusal> {
    let by_state = match voucher.state_at(now) {
        VoucherState::Held | VoucherState::Issued => None,
        VoucherState::Locked => Some((Rejection::VoucherLocked, "an order that is under way has the voucher")),
        VoucherState::Redeemed => Some((Rejection::VoucherRedeemed, "the voucher was used")),
        VoucherState::Expired => Some((Rejection::VoucherExpired, "the voucher's time is over")),
        VoucherState::Pooled => Some((Rejection::VoucherNotHeld, "the voucher waits in its coupon's pool")),
        VoucherState::Revoked => Some((Rejection::VoucherRevoked, "the voucher was taken away")),
    };
    if let Some((rejection, detail)) = by_state {
        return Some(Refusal::new(rejection, detail));
    }
    let state = coupon.state_at(now);
    if let Some(rejection) = state.refusal() {
        return Some(Refusal::new(rejection, format!("the coupon is {}", state.name())));
    }
    if let Some(campaign) = campaign
        && let Some(rejection) = campaign.state_at(now).refusal_of_campaign()
    {
        return Some(Refusal::new(rejection, format!("its campaign is {}", campaign.state_at(now).name())));
    }
    if !coupon.is_for(voucher.customer) {
        return Some(Refusal::new(Rejection::CustomerNotEligible, "the coupon is for other customers by now"));
    }
    judge_time(&coupon.definition.validity, Some(VoucherWindow::of(voucher)), tenant_zone, now)
}
