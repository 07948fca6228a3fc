//! A marketing activity: coupons under common limits and one window.

use serde::{Deserialize, Serialize};

use crate::coupon::{CouponState, CouponStep, LimitDefinition};
use crate::event::JournalNo;
use crate::id::{CampaignId, CampaignNo};
use crate::limit::Limit;
use crate::money::Currency;
use crate::time::Timestamp;
use crate::window::Window;

/// Where a campaign stands: it moves through the states of a coupon, and its coupons grant only while it is running.
pub type CampaignState = CouponState;

/// A step staff asks of a campaign's state.
pub type CampaignStep = CouponStep;

/// Everything staff says about a campaign. Saved whole with every version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CampaignDefinition {
    /// What staff calls it.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub description: Option<String>,
    /// When its coupons grant.
    #[serde(default)]
    pub window: Window,
    /// The currency its limits on value are in, and that of all its coupons; absent: they may have any. Never changes.
    #[serde(default)]
    pub currency: Option<Currency>,
    /// What may be taken of all its coupons together.
    #[serde(default)]
    pub limits: Vec<LimitDefinition>,
}

impl CampaignDefinition {
    /// With that name, and nothing else said.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), description: None, window: Window::default(), currency: None, limits: Vec::new() }
    }
}

/// A campaign: its latest definition with what has become of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Keys its rows.
    pub no: CampaignNo,
    /// Its public id.
    pub id: CampaignId,
    /// Counts changes of definition and state, from 1.
    pub version: u32,
    /// Where it stands, as far as it is written down: see [`Campaign::state_at`].
    pub state: CampaignState,
    /// What staff says.
    pub definition: CampaignDefinition,
    /// The limits of the definition, with the numbers that key their usages. Obeyed by every coupon of it.
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

impl Campaign {
    /// Where it stands at that instant, the bounds of its window acting.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> CampaignState {
        self.state.at(&self.definition.window, now)
    }

    /// When the clock moves it next, seen from what is written down.
    #[must_use]
    pub fn due_at(&self) -> Option<Timestamp> {
        self.state.next_by_clock(&self.definition.window).map(|(due_at, _)| due_at)
    }
}
