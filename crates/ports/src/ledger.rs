//! The one door through which value changes.

use async_trait::async_trait;
use domain::event::JournalNo;
use domain::id::TenantNo;
use domain::ledger::{Answer, Command, RedeemRequest};
use domain::pricing::Quote;
use domain::rejection::Refusal;
use domain::time::Timestamp;

use crate::StoreError;

/// Commits commands in batches, each batch in one transaction decided by `domain::ledger::decide`.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Decides and commits a command. An `Ok(Ok(_))` is returned only after its effect, its events and its idempotency
    /// record are on stable storage, together. A refusal stores nothing. A caller that stops waiting does not stop the
    /// command: once the future was polled and did not say [`StoreError::Busy`], the command runs.
    ///
    /// # Errors
    /// [`StoreError::Busy`] when the queue is full: nothing happened. [`StoreError::Unavailable`]: see there.
    async fn submit(&self, tenant: TenantNo, command: Command) -> Result<Result<Answer, Refusal>, StoreError>;

    /// What a redemption would come to on what is committed now. Locks and changes nothing.
    ///
    /// # Errors
    /// The store could not answer.
    async fn quote(&self, tenant: TenantNo, request: RedeemRequest) -> Result<Quote, StoreError>;

    /// The same for each of the request's codes alone, in their order, all on the same committed state.
    ///
    /// # Errors
    /// The store could not answer.
    async fn quote_each(&self, tenant: TenantNo, request: RedeemRequest) -> Result<Vec<Quote>, StoreError>;

    /// Writes down at most `max` holds and reservations whose deadline has passed, and coupons and campaigns whose start
    /// or end has, oldest first. Returns how many; fewer than `max` means that none are left.
    ///
    /// # Errors
    /// The store could not answer; some may have been written down.
    async fn sweep(&self, max: usize) -> Result<usize, StoreError>;

    /// Removes at most `max` idempotency records made before that instant. Returns how many.
    ///
    /// # Errors
    /// The store could not answer; some may have been removed.
    async fn forget_answers(&self, before: Timestamp, max: usize) -> Result<usize, StoreError>;

    /// Removes the oldest events made before that instant, at most `max` rows of up to 64, none after the row `through`,
    /// and never the last. Returns how many rows; fewer than `max` means that none are left. Histories begin later then;
    /// nothing else changes.
    ///
    /// # Errors
    /// The store could not answer; some may have been removed.
    async fn forget_events(&self, before: Timestamp, through: JournalNo, max: usize) -> Result<usize, StoreError>;

    /// Removes what redemptions made before that instant were decided on, of at most `max` redemptions, oldest first.
    /// Returns how many redemptions that were; fewer than `max` means that none are left. A return needs no decision.
    ///
    /// # Errors
    /// The store could not answer; some may have been removed.
    async fn forget_decisions(&self, before: Timestamp, max: usize) -> Result<usize, StoreError>;
}
