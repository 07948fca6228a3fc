//! The time in which a coupon or a campaign grants something new. Its bounds act at their instant, without anybody.

use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::time::Timestamp;

/// So long before the start nothing of a definition changes any more: what is about to begin has been looked over.
pub const FREEZE_MS: i64 = 5 * 60_000;

/// From a start to an end, either of which may be missing. Not to be confused with a validity, which says when what was
/// granted may be used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The first instant; absent: that of its activation.
    #[serde(default)]
    pub starts_at: Option<Timestamp>,
    /// The first instant after it; absent: when somebody ends it.
    #[serde(default)]
    pub ends_at: Option<Timestamp>,
}

impl Window {
    /// Whether there is a time at which it is open.
    ///
    /// # Errors
    /// `ends_at` is not after `starts_at`.
    pub fn check_definition(&self) -> Result<(), FieldError> {
        match (self.starts_at, self.ends_at) {
            (Some(starts_at), Some(ends_at)) if ends_at <= starts_at => {
                Err(FieldError::new("/ends_at", "must be after `starts_at`"))
            }
            (Some(_), Some(_)) | (None, _) | (_, None) => Ok(()),
        }
    }

    /// Whether the start has come.
    #[must_use]
    pub fn has_begun(&self, now: Timestamp) -> bool {
        self.starts_at.is_none_or(|starts_at| starts_at <= now)
    }

    /// Whether the end has come.
    #[must_use]
    pub fn is_over(&self, now: Timestamp) -> bool {
        self.ends_at.is_some_and(|ends_at| ends_at <= now)
    }

    /// The start, if it is still to come and less than [`FREEZE_MS`] away.
    #[must_use]
    pub fn starting(&self, now: Timestamp) -> Option<Timestamp> {
        self.starts_at.filter(|starts_at| now < *starts_at && *starts_at <= now.saturating_add_ms(FREEZE_MS))
    }
}
