//! Counts in memory how often one has gone on.
//!
//! Of each only one number is kept, the instant at which its whole allowance is there again: the generic cell rate
//! algorithm (ITU-T I.371). What is taken moves that instant on; it may lie ahead by no more than the burst takes.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use ports::{Allowance, Clock, Counted, Limiter, Wait};
use quick_cache::sync::Cache;

/// How many are counted at once, some 15 MB when full. Who comes often is kept, so that strangers who come in a flood
/// push out each other.
const COUNTED_MAX: usize = 100_000;

const MS_NS: i64 = 1_000_000;

/// All counts of a server. They begin anew with it.
#[derive(Debug)]
pub(crate) struct MemoryLimiter {
    clock: Arc<dyn Clock>,
    /// When all of it is there again, in nanoseconds since 1970.
    whole_at: Cache<Counted, Arc<AtomicI64>>,
}

impl MemoryLimiter {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, whole_at: Cache::new(COUNTED_MAX) }
    }

    fn now_ns(&self) -> i64 {
        self.clock.now().as_ms().saturating_mul(MS_NS)
    }

    fn whole_at(&self, counted: Counted) -> Arc<AtomicI64> {
        let fresh = || Ok::<_, std::convert::Infallible>(Arc::new(AtomicI64::new(i64::MIN)));
        let Ok(whole_at) = self.whole_at.get_or_insert_with(&counted, fresh);
        whole_at
    }
}

impl Limiter for MemoryLimiter {
    fn take(&self, counted: Counted, allowance: Allowance, cost: u32) -> Result<(), Wait> {
        let (now_ns, whole_at) = (self.now_ns(), self.whole_at(counted));
        let mut before = whole_at.load(Ordering::Relaxed);
        loop {
            let after = after(before, now_ns, allowance, cost)?;
            // The count guards nothing but itself.
            match whole_at.compare_exchange_weak(before, after, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return Ok(()),
                Err(other) => before = other,
            }
        }
    }

    fn ask(&self, counted: Counted, allowance: Allowance, cost: u32) -> Result<(), Wait> {
        let before = self.whole_at.get(&counted).map_or(i64::MIN, |whole_at| whole_at.load(Ordering::Relaxed));
        after(before, self.now_ns(), allowance, cost).map(drop)
    }
}

/// When all of it would be there again after `cost` is taken.
fn after(whole_at_ns: i64, now_ns: i64, allowance: Allowance, cost: u32) -> Result<i64, Wait> {
    let Allowance { burst, each_ns } = allowance;
    let span = |number: u32| i64::try_from(u64::from(number).saturating_mul(each_ns)).unwrap_or(i64::MAX);
    let after = whole_at_ns.max(now_ns).saturating_add(span(cost));
    let over_ns = after.saturating_sub(now_ns.saturating_add(span(burst)));
    match u64::try_from(over_ns) {
        Err(_) | Ok(0) => Ok(after),
        Ok(over_ns) => Err(Wait { ms: over_ns.div_ceil(MS_NS.unsigned_abs()) }),
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use domain::time::Timestamp;

    use super::*;
    use crate::clock::SetClock;

    const ANN: Counted = Counted::Requests(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 7)));
    const BEN: Counted = Counted::Requests(IpAddr::V4(Ipv4Addr::new(203, 0, 113, 8)));
    const TEN_A_SECOND: Allowance = Allowance::per_second(10, 5);

    fn limiter() -> (MemoryLimiter, Arc<SetClock>) {
        let clock = Arc::new(SetClock::at(Timestamp::from_ms(1_800_000_000_000)));
        (MemoryLimiter::new(clock.clone()), clock)
    }

    /// How many of so many tries are let through.
    fn taken(limiter: &MemoryLimiter, counted: Counted, tries: usize) -> usize {
        (0..tries).filter(|_| limiter.take(counted, TEN_A_SECOND, 1).is_ok()).count()
    }

    #[test]
    fn a_burst_is_let_through_then_the_rate_and_who_waits_as_told_is_let_through() {
        let (limiter, clock) = limiter();
        assert_eq!(taken(&limiter, ANN, 20), 5);
        assert_eq!(limiter.take(ANN, TEN_A_SECOND, 1), Err(Wait { ms: 100 }));
        assert_eq!(limiter.take(ANN, TEN_A_SECOND, 3), Err(Wait { ms: 300 }));
        clock.advance(99);
        assert_eq!(limiter.take(ANN, TEN_A_SECOND, 1), Err(Wait { ms: 1 }));
        clock.advance(1);
        assert_eq!(taken(&limiter, ANN, 20), 1);
        for _ in 0..10 {
            clock.advance(100);
            assert_eq!(taken(&limiter, ANN, 20), 1);
        }
        clock.advance(3_600_000);
        assert_eq!(taken(&limiter, ANN, 20), 5, "a pause earns a burst and no more");
    }

    #[test]
    fn each_is_counted_alone() {
        let (limiter, _) = limiter();
        assert_eq!((taken(&limiter, ANN, 20), taken(&limiter, BEN, 3)), (5, 3));
    }

    #[test]
    fn asking_takes_nothing_and_what_is_refused_takes_nothing() {
        let (limiter, _) = limiter();
        for _ in 0..20 {
            assert_eq!(limiter.ask(ANN, TEN_A_SECOND, 5), Ok(()));
        }
        assert_eq!(taken(&limiter, ANN, 3), 3);
        assert_eq!(limiter.take(ANN, TEN_A_SECOND, 3), Err(Wait { ms: 100 }));
        assert_eq!(limiter.ask(ANN, TEN_A_SECOND, 2), Ok(()));
        assert_eq!(taken(&limiter, ANN, 20), 2);
    }

    #[test]
    fn more_than_a_burst_is_never_let_through_at_once_by_many_threads() {
        let (limiter, _) = limiter();
        let taken = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| taken(&limiter, ANN, 1_000))).collect();
            threads.into_iter().map(|thread| thread.join().expect("it counts")).sum::<usize>()
        });
        assert_eq!(taken, 5);
    }

    #[test]
    fn a_flood_of_addresses_takes_bounded_memory() {
        let (limiter, _) = limiter();
        for number in 0..3 * u32::try_from(COUNTED_MAX).expect("it fits") {
            let stranger = Counted::Requests(IpAddr::V4(Ipv4Addr::from_bits(number)));
            limiter.take(stranger, TEN_A_SECOND, 1).expect("the first is let through");
        }
        assert!(limiter.whole_at.len() <= COUNTED_MAX, "{}", limiter.whole_at.len());
    }

    #[test]
    fn no_allowance_overflows() {
        let (limiter, _) = limiter();
        let widest = Allowance { burst: u32::MAX, each_ns: u64::MAX };
        assert_eq!(limiter.take(ANN, widest, u32::MAX), Ok(()));
        limiter.take(BEN, Allowance::per_second(0, 1), 1).expect("one is one");
        assert!(limiter.take(BEN, Allowance::per_second(0, 1), u32::MAX).is_err());
    }
}
