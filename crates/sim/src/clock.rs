//! A clock that stands where it is set.

use std::sync::atomic::{AtomicI64, Ordering};

use domain::time::Timestamp;
use ports::Clock;

#[derive(Debug)]
pub(crate) struct SetClock(AtomicI64);

impl SetClock {
    pub(crate) fn at(start: Timestamp) -> Self {
        Self(AtomicI64::new(start.as_ms()))
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::SeqCst))
    }

    fn advance(&self, by_ms: i64) -> Option<Timestamp> {
        self.0.fetch_add(by_ms.max(0), Ordering::SeqCst);
        Some(self.now())
    }
}
