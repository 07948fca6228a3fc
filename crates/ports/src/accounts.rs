//! Who signs in, and who is signed in. Accounts change through the ledger; sessions are no value and have calls of their
//! own.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::{Account, LoginHash};
use domain::id::{AccountId, AccountNo, CustomerNo, SessionId, TenantNo};
use domain::time::Timestamp;

use crate::{Page, PageRequest, StoreError};

/// SHA-256 of a refresh token: 256 random bits, so a slow hash would add nothing.
pub type TokenHash = [u8; 32];

/// Somebody signed in somewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session {
    /// Named by access tokens.
    pub id: SessionId,
    /// Whose.
    pub account: AccountNo,
    /// The account's epoch when it signed in; of an earlier one it is over.
    pub epoch: u32,
    /// When it ends, unless it is renewed.
    pub expires_at: Timestamp,
}

/// What became of a refresh token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// The session goes on, under the new token.
    Renewed(Session),
    /// The token had been used: somebody has a copy. The session was ended.
    Reused,
    /// No session has this token, or its time was over.
    Unknown,
}

/// Accounts and sessions.
#[async_trait]
pub trait Accounts: Send + Sync {
    /// An account as it is now. Answered from memory when asked again: a change acts at once.
    ///
    /// # Errors
    /// The store could not answer.
    async fn account(&self, tenant: TenantNo, no: AccountNo) -> Result<Option<Arc<Account>>, StoreError>;

    /// The number of an account.
    ///
    /// # Errors
    /// The store could not answer.
    async fn account_no(&self, tenant: TenantNo, id: AccountId) -> Result<Option<AccountNo>, StoreError>;

    /// The account that a name points to. It may go by another name since: compare.
    ///
    /// # Errors
    /// The store could not answer.
    async fn account_by_login(&self, tenant: TenantNo, login: LoginHash) -> Result<Option<Arc<Account>>, StoreError>;

    /// The account that signs a customer in.
    ///
    /// # Errors
    /// The store could not answer.
    async fn account_of_customer(
        &self,
        tenant: TenantNo,
        customer: CustomerNo,
    ) -> Result<Option<Arc<Account>>, StoreError>;

    /// A page of staff, by number.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn staff(&self, tenant: TenantNo, page: PageRequest) -> Result<Page<Arc<Account>>, StoreError>;

    /// Whether anybody may administer the tenant.
    ///
    /// # Errors
    /// The store could not answer.
    async fn has_admin(&self, tenant: TenantNo) -> Result<bool, StoreError>;

    /// Begins a session with its first refresh token. Of an account's sessions the oldest beyond a bound are ended.
    ///
    /// # Errors
    /// The store could not answer.
    async fn open_session(&self, tenant: TenantNo, session: Session, token: TokenHash) -> Result<(), StoreError>;

    /// A session that has not been ended. Answered from memory when asked again: an end acts at once. Whether its time
    /// or epoch is over is for the caller to see.
    ///
    /// # Errors
    /// The store could not answer.
    async fn session(&self, tenant: TenantNo, id: SessionId) -> Result<Option<Session>, StoreError>;

    /// Uses a refresh token up and puts another in its place, in one step: of two who send it at once one is renewed,
    /// and the other ends the session.
    ///
    /// # Errors
    /// The store could not answer.
    async fn renew_session(
        &self,
        tenant: TenantNo,
        used: TokenHash,
        next: TokenHash,
        expires_at: Timestamp,
    ) -> Result<Renewal, StoreError>;

    /// Ends a session. Returns whether there was one.
    ///
    /// # Errors
    /// The store could not answer.
    async fn end_session(&self, tenant: TenantNo, id: SessionId) -> Result<bool, StoreError>;

    /// Removes at most `max` sessions that ended before that instant. Returns how many.
    ///
    /// # Errors
    /// The store could not answer; some may have been removed.
    async fn forget_sessions(&self, before: Timestamp, max: usize) -> Result<usize, StoreError>;
}
