//! The states of a coupon, which are those of a campaign too: by which steps they move, and by which instants.

use serde::{Deserialize, Serialize};

use crate::rejection::Rejection;
use crate::time::Timestamp;
use crate::window::Window;

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
    /// Activated before its start, at which it is running by itself.
    Scheduled = 5,
}

/// A step staff asks of a coupon's state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CouponStep {
    /// Start, or go on after a pause; before the start of the window: be scheduled.
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
    pub const ALL: [Self; 6] = [Self::Draft, Self::Running, Self::Paused, Self::Ended, Self::Aborted, Self::Scheduled];

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
            Self::Scheduled => "scheduled",
        }
    }

    /// Where that step leads at that instant, or nothing if it is not allowed from here. The state is as of `now`: see
    /// [`CouponState::at`].
    #[must_use]
    pub fn after(self, step: CouponStep, window: &Window, now: Timestamp) -> Option<Self> {
        match (self, step) {
            (Self::Draft | Self::Paused, CouponStep::Activate) if window.is_over(now) => None,
            (Self::Draft | Self::Paused, CouponStep::Activate) if window.has_begun(now) => Some(Self::Running),
            (Self::Draft | Self::Paused, CouponStep::Activate) => Some(Self::Scheduled),
            (Self::Running | Self::Scheduled, CouponStep::Pause) => Some(Self::Paused),
            (Self::Running | Self::Paused | Self::Scheduled, CouponStep::End) => Some(Self::Ended),
            (Self::Draft | Self::Running | Self::Paused | Self::Ended | Self::Scheduled, CouponStep::Abort) => {
                Some(Self::Aborted)
            }
            (Self::Running | Self::Ended | Self::Aborted | Self::Scheduled, CouponStep::Activate)
            | (Self::Draft | Self::Paused | Self::Ended | Self::Aborted, CouponStep::Pause)
            | (Self::Draft | Self::Ended | Self::Aborted, CouponStep::End)
            | (Self::Aborted, CouponStep::Abort) => None,
        }
    }

    /// The next move by the clock alone, with its instant.
    #[must_use]
    pub fn next_by_clock(self, window: &Window) -> Option<(Timestamp, Self)> {
        match self {
            // A start that was taken out of the definition is one that has come.
            Self::Scheduled => Some((window.starts_at.unwrap_or(Timestamp::MIN), Self::Running)),
            Self::Running | Self::Paused => window.ends_at.map(|ends_at| (ends_at, Self::Ended)),
            Self::Draft | Self::Ended | Self::Aborted => None,
        }
    }

    /// Where the clock has led from here by that instant.
    #[must_use]
    pub fn at(self, window: &Window, now: Timestamp) -> Self {
        match self.next_by_clock(window) {
            Some((due_at, next)) if due_at <= now => next.at(window, now),
            Some(_) | None => self,
        }
    }

    /// Whether a row may come to be like this (`from` nothing) or go on like this. To itself: it was written anew, or is
    /// ended while an abort goes on.
    #[must_use]
    pub fn may_become(from: Option<Self>, to: Self) -> bool {
        match (from, to) {
            (None | Some(Self::Draft), Self::Draft | Self::Running | Self::Scheduled)
            | (Some(Self::Draft), Self::Aborted)
            | (Some(Self::Scheduled), Self::Scheduled | Self::Running | Self::Paused | Self::Ended | Self::Aborted)
            | (Some(Self::Running), Self::Running | Self::Paused | Self::Ended | Self::Aborted)
            | (Some(Self::Paused), Self::Paused | Self::Running | Self::Scheduled | Self::Ended | Self::Aborted)
            | (Some(Self::Ended), Self::Ended | Self::Aborted) => true,
            (None, Self::Paused | Self::Ended | Self::Aborted)
            | (Some(Self::Draft), Self::Paused | Self::Ended)
            | (Some(Self::Scheduled | Self::Running | Self::Paused), Self::Draft)
            | (Some(Self::Running), Self::Scheduled)
            | (Some(Self::Ended), Self::Draft | Self::Running | Self::Paused | Self::Scheduled)
            | (Some(Self::Aborted), _) => false,
        }
    }

    /// Why a coupon in this state grants nothing new; `None` while running.
    #[must_use]
    pub fn refusal(self) -> Option<Rejection> {
        match self {
            Self::Draft | Self::Scheduled => Some(Rejection::CouponNotActive),
            Self::Running => None,
            Self::Paused => Some(Rejection::CouponPaused),
            Self::Ended => Some(Rejection::CouponEnded),
            Self::Aborted => Some(Rejection::CouponAborted),
        }
    }

    /// The same of the coupons of a campaign in this state.
    #[must_use]
    pub fn refusal_of_campaign(self) -> Option<Rejection> {
        match self {
            Self::Draft | Self::Scheduled => Some(Rejection::CampaignNotActive),
            Self::Running => None,
            Self::Paused => Some(Rejection::CampaignPaused),
            Self::Ended => Some(Rejection::CampaignEnded),
            Self::Aborted => Some(Rejection::CampaignAborted),
        }
    }
}
