//! A clock that stands still until it is moved.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::time::Timestamp;

use crate::Clock;

/// 2026-03-02T08:00:00Z, a Monday.
const START: Timestamp = Timestamp::from_ms(1_772_438_400_000);

/// Stands still until it is moved, and never moves backwards. Every adapter's tests run on one.
#[derive(Debug)]
pub struct TestClock(AtomicI64);

impl TestClock {
    /// A clock that stands at a Monday morning.
    #[must_use]
    pub fn new() -> Self {
        Self(AtomicI64::new(START.as_ms()))
    }

    /// Moves it to that instant, or leaves it where it is if that is past. Returns the time then.
    pub fn set(&self, at: Timestamp) -> Timestamp {
        Timestamp::from_ms(self.0.fetch_max(at.as_ms(), Ordering::SeqCst).max(at.as_ms()))
    }
}

impl Default for TestClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }

    fn advance(&self, by_ms: i64) -> Option<Timestamp> {
        let by_ms = by_ms.max(0);
        Some(Timestamp::from_ms(self.0.fetch_add(by_ms, Ordering::SeqCst) + by_ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_clock_moves_when_told_and_never_backwards() {
        let clock = TestClock::new();
        let later = START.saturating_add_ms(90);
        assert_eq!((clock.now(), clock.advance(90), clock.advance(-5)), (START, Some(later), Some(later)));
        assert_eq!((clock.set(START), clock.now()), (later, later));
        assert_eq!(clock.set(later.saturating_add_ms(1)), later.saturating_add_ms(1));
    }
}
