//! The definition a voucher is made from, its versions and its states.

use serde::{Deserialize, Serialize};

use crate::benefit::Benefit;
use crate::codes::Pattern;
use crate::event::JournalNo;
use crate::id::{CampaignId, CampaignNo, CouponId, CouponNo, CustomerNo};
use crate::limit::{Counts, GiveBack, Limit, Per};
use crate::money::Currency;
use crate::period::Period;
use crate::rejection::Rejection;
use crate::time::{Span, Timestamp};
use crate::validity::Validity;

/// Who is told of a coupon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Visibility {
    /// Listed to customers.
    Public,
    /// Only for those who know of it.
    #[default]
    Hidden,
}

/// Where the voucher of a claim, or of an issue to a customer, comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimsFrom {
    /// A new one with a computed code.
    #[default]
    Computed,
    /// The one that waits longest among those of codes given by people.
    Pool,
}

/// A limit as staff writes it; [`Limit`] is what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LimitDefinition {
    /// Its name in the coupon, by which later versions mean the same limit.
    pub id: String,
    /// What it counts.
    pub counts: Counts,
    /// For whom.
    pub per: Per,
    /// Per which period.
    pub period: Period,
    /// How much at most.
    pub max: i64,
    /// What comes back; the period's default when absent.
    pub give_back: Option<GiveBack>,
}

/// Everything staff says about a coupon. Saved whole with every version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// What staff calls it.
    pub name: String,
    /// Its shared code in display form, such as `SAVE10`.
    #[serde(default)]
    pub code: Option<String>,
    /// What it gives.
    pub benefit: Benefit,
    /// The currency its amounts are in; needed by amounts, else any order's.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// Goods worth less than this get nothing, in minor units.
    #[serde(default)]
    pub minimum_order_minor: Option<i64>,
    /// When it may be used.
    #[serde(default)]
    pub validity: Validity,
    /// What may be taken of it.
    #[serde(default)]
    pub limits: Vec<LimitDefinition>,
    /// A claim is held this long, then ends unused. Without it a claim is owned at once.
    #[serde(default)]
    pub hold: Option<Span>,
    /// Who is told of it.
    #[serde(default)]
    pub visibility: Visibility,
    /// Only these customers may claim and use it, in rising order. Absent: all.
    #[serde(default)]
    pub customers: Option<Vec<CustomerNo>>,
    /// How its unique codes look; absent: 16 characters without a prefix.
    #[serde(default)]
    pub pattern: Option<Pattern>,
    /// The campaign whose limits it obeys too.
    #[serde(default)]
    pub campaign: Option<CampaignNo>,
    /// Where its claims come from.
    #[serde(default)]
    pub claims_from: ClaimsFrom,
}

impl Definition {
    /// With that name and benefit, and nothing else said: hidden, without limits, valid for ever, for everybody.
    #[must_use]
    pub fn new(name: impl Into<String>, benefit: Benefit) -> Self {
        Self {
            name: name.into(),
            code: None,
            benefit,
            currency: None,
            minimum_order_minor: None,
            validity: Validity::default(),
            limits: Vec::new(),
            hold: None,
            visibility: Visibility::Hidden,
            customers: None,
            pattern: None,
            campaign: None,
            claims_from: ClaimsFrom::Computed,
        }
    }
}

/// Where a coupon stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum CouponState {
    /// Being written.
    Draft = 0,
    /// Claims, issues and uses go on.
    Running = 1,
    /// Nothing new is granted; reservations go on.
    Paused = 2,
    /// Over; reservations go on.
    Ended = 3,
    /// Broken off; reservations were cancelled.
    Aborted = 4,
}

/// A step staff asks of a coupon's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponStep {
    /// Start, or go on after a pause.
    Activate,
    /// Grant nothing new for now.
    Pause,
    /// Grant nothing new ever again.
    End,
    /// The same, and cancel what is reserved.
    Abort,
}

impl CouponState {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 5] = [Self::Draft, Self::Running, Self::Paused, Self::Ended, Self::Aborted];

    /// The state of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }

    /// Its published name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Running => "running",
            Self::Paused => "paused",
            Self::Ended => "ended",
            Self::Aborted => "aborted",
        }
    }

    /// Where that step leads, or nothing if it is not allowed from here.
    #[must_use]
    pub fn after(self, step: CouponStep) -> Option<Self> {
        match (self, step) {
            (Self::Draft | Self::Paused, CouponStep::Activate) => Some(Self::Running),
            (Self::Running, CouponStep::Pause) => Some(Self::Paused),
            (Self::Running | Self::Paused, CouponStep::End) => Some(Self::Ended),
            (Self::Draft | Self::Running | Self::Paused | Self::Ended, CouponStep::Abort) => Some(Self::Aborted),
            (
                Self::Draft | Self::Running | Self::Paused | Self::Ended | Self::Aborted,
                CouponStep::Activate | CouponStep::Pause | CouponStep::End,
            )
            | (Self::Aborted, CouponStep::Abort) => None,
        }
    }

    /// Why nothing new is granted in this state; `None` while running.
    #[must_use]
    pub fn refusal(self) -> Option<Rejection> {
        match self {
            Self::Draft => Some(Rejection::CouponNotActive),
            Self::Running => None,
            Self::Paused => Some(Rejection::CouponPaused),
            Self::Ended => Some(Rejection::CouponEnded),
            Self::Aborted => Some(Rejection::CouponAborted),
        }
    }
}

/// A coupon: its latest definition with what has become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coupon {
    /// Keys its rows and is part of its codes.
    pub no: CouponNo,
    /// Its public id.
    pub id: CouponId,
    /// Counts changes of definition and state, from 1.
    pub version: u32,
    /// Where it stands.
    pub state: CouponState,
    /// What staff says.
    pub definition: Definition,
    /// The limits of the definition, with the numbers that key their usages.
    pub limits: Vec<Limit>,
    /// Limits of former versions; one that comes back goes on with its usage.
    pub limits_retired: Vec<Limit>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub changed_at: Timestamp,
    /// Where its latest event is.
    pub journal: JournalNo,
}

impl Coupon {
    /// Whether its claims are handed out of a pool of given codes.
    #[must_use]
    pub fn has_pool(&self) -> bool {
        self.definition.claims_from == ClaimsFrom::Pool
    }

    /// Why it takes no given codes in this state. A code that goes into a pool grants nothing, so a pool can be filled
    /// before the coupon is active and while it is paused.
    #[must_use]
    pub fn import_refusal(&self) -> Option<Rejection> {
        match self.state {
            CouponState::Draft | CouponState::Paused if self.has_pool() => None,
            CouponState::Draft
            | CouponState::Running
            | CouponState::Paused
            | CouponState::Ended
            | CouponState::Aborted => self.state.refusal(),
        }
    }

    /// Whether this customer is among those it is for.
    #[must_use]
    pub fn is_for(&self, customer: Option<CustomerNo>) -> bool {
        match (&self.definition.customers, customer) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(list), Some(no)) => list.binary_search(&no).is_ok(),
        }
    }
}

/// A marketing activity whose limits count over all its coupons.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Keys its rows.
    pub no: CampaignNo,
    /// Its public id.
    pub id: CampaignId,
    /// What staff calls it.
    pub name: String,
    /// Obeyed by every coupon of it.
    pub limits: Vec<Limit>,
    /// Counts its changes, from 1.
    pub version: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Where its latest event is.
    pub journal: JournalNo,
}
