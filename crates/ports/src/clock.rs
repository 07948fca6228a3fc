//! The time, as an argument of everything that decides.

use domain::time::Timestamp;

/// Tells the time. Implementations never go backwards.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// Now.
    fn now(&self) -> Timestamp;

    /// Moves the clock forward by so many milliseconds, if it is a test clock. Returns the time then, or `None` if the
    /// clock cannot be moved.
    fn advance(&self, by_ms: i64) -> Option<Timestamp>;
}
