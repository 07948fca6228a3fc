//! The only places that look at the time of the machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use domain::time::Timestamp;
use ports::Clock;
use sqlite::SqliteStore;

/// The machine's clock. It stands still while the machine's is set back.
#[derive(Debug, Default)]
pub(crate) struct SystemClock {
    latest_ms: AtomicI64,
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let now = machine_ms();
        let latest = self.latest_ms.load(Ordering::Relaxed);
        // Written once in a millisecond, not by every look: each would take it from the other cores.
        let latest = if now > latest { self.latest_ms.fetch_max(now, Ordering::Relaxed) } else { latest };
        Timestamp::from_ms(latest.max(now))
    }

    fn advance(&self, _by_ms: i64) -> Option<Timestamp> {
        None
    }
}

/// The machine's clock, moved forward by whoever tests.
#[derive(Debug, Default)]
pub(crate) struct TestClock {
    system: SystemClock,
    ahead_ms: AtomicI64,
}

impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.system.now().saturating_add_ms(self.ahead_ms.load(Ordering::Relaxed))
    }

    fn advance(&self, by_ms: i64) -> Option<Timestamp> {
        self.ahead_ms.fetch_add(by_ms.max(0), Ordering::Relaxed);
        Some(self.now())
    }
}

/// Stands where it is set, for a past that is gone through again.
#[derive(Debug)]
pub(crate) struct SetClock {
    now_ms: AtomicI64,
}

impl SetClock {
    pub(crate) fn at(start: Timestamp) -> Self {
        Self { now_ms: AtomicI64::new(start.as_ms()) }
    }

    /// Moves to that instant, unless it is past already.
    pub(crate) fn set(&self, to: Timestamp) {
        self.now_ms.fetch_max(to.as_ms(), Ordering::Relaxed);
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.now_ms.load(Ordering::Relaxed))
    }

    fn advance(&self, by_ms: i64) -> Option<Timestamp> {
        self.now_ms.fetch_add(by_ms.max(0), Ordering::Relaxed);
        Some(self.now())
    }
}

/// The store's time: a clock that is never before what was decided last, so that what is read and what is decided agree
/// on it.
#[derive(Debug)]
pub(crate) struct StoreClock {
    pub store: SqliteStore,
    pub clock: Arc<dyn Clock>,
}

impl Clock for StoreClock {
    fn now(&self) -> Timestamp {
        self.store.now()
    }

    fn advance(&self, by_ms: i64) -> Option<Timestamp> {
        self.clock.advance(by_ms).map(|_| self.now())
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the adapter of the machine's clock")]
fn machine_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
