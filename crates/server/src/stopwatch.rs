//! How long something took, for people; nothing is decided on it.

use std::time::{Duration, Instant};

/// Runs from its start.
#[derive(Debug)]
pub(crate) struct Stopwatch(Instant);

impl Stopwatch {
    #[expect(clippy::disallowed_methods, reason = "elapsed time for a report, not a time to decide on")]
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }
}
