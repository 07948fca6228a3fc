//! How often one may go on. A limiter says "no" early and cheaply; it never says "yes" to anything of value, whose limits
//! are the ledger's.

use std::net::IpAddr;

use domain::event::Actor;
use domain::id::TenantNo;

/// What is counted, and of whom. Addresses are whole networks where a network is one customer's: see the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Counted {
    /// Requests of strangers from an address.
    Requests(IpAddr),
    /// Requests of who has shown a key or a token.
    RequestsOf(TenantNo, Actor),
    /// Failed guesses from an address.
    Guesses(TenantNo, IpAddr),
    /// Failed guesses of who has shown a key.
    GuessesOf(TenantNo, Actor),
    /// All failed guesses of a tenant.
    GuessesOfAll(TenantNo),
    /// Whether a guess from an address has failed lately.
    GuessedLately(TenantNo, IpAddr),
    /// Whether a guess of who has shown a key has failed lately.
    GuessedLatelyOf(TenantNo, Actor),
}

/// So much at once after a pause, and so fast for long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Allowance {
    /// How much at once, at least 1.
    pub burst: u32,
    /// After how long one more is allowed, in nanoseconds.
    pub each_ns: u64,
}

const SECOND_NS: u64 = 1_000_000_000;
const HOUR_NS: u64 = 3_600 * SECOND_NS;

impl Allowance {
    /// So many a second for long.
    #[must_use]
    pub const fn per_second(number: u32, burst: u32) -> Self {
        Self { burst, each_ns: SECOND_NS / if number == 0 { 1 } else { number as u64 } }
    }

    /// So many an hour, all of them at once too.
    #[must_use]
    pub const fn per_hour(number: u32) -> Self {
        let number = if number == 0 { 1 } else { number };
        Self { burst: number, each_ns: HOUR_NS / number as u64 }
    }
}

/// Not now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait {
    /// After how long the same may be allowed, if nothing else is taken meanwhile.
    pub ms: u64,
}

/// Counts in memory, bounded: what has not been seen for long may be forgotten, and then has its whole allowance again.
/// Nothing is kept over a restart. A limiter of several servers counts in memory too and shares what was taken in the
/// background, so that no request waits for it.
pub trait Limiter: Send + Sync {
    /// Takes `cost` of the allowance, or nothing.
    ///
    /// # Errors
    /// So much is not left; when it may be.
    fn take(&self, counted: Counted, allowance: Allowance, cost: u32) -> Result<(), Wait>;

    /// Whether `cost` could be taken. Takes nothing.
    ///
    /// # Errors
    /// As [`Limiter::take`].
    fn ask(&self, counted: Counted, allowance: Allowance, cost: u32) -> Result<(), Wait>;
}
