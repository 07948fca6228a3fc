//! Letters that wait to be sent, and who sends them. A letter is put in the outbox by the commit that gives reason for
//! it; a worker sends it after that, at least once.

use async_trait::async_trait;
use domain::id::TenantNo;
use domain::mail::Mail;
use domain::time::Timestamp;

use crate::{Page, PageRequest, StoreError};

/// Names a letter of the outbox; never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MailNo(pub u64);

/// A letter that is to be sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueuedMail {
    /// Its place.
    pub no: MailNo,
    /// Whose it is.
    pub tenant: TenantNo,
    /// The letter.
    pub mail: Mail,
    /// When it was put there.
    pub made_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
}

/// A letter that was given up. What it said stays sealed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadMail {
    /// Its place.
    pub no: MailNo,
    /// To whom it was addressed.
    pub to: String,
    /// What it was about.
    pub subject: String,
    /// When it was put there.
    pub made_at: Timestamp,
    /// How often it was tried.
    pub attempts: u32,
    /// Why it was given up.
    pub reason: String,
}

/// An attempt that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailFailure {
    /// Why, without addresses.
    pub reason: String,
    /// When to try again; none gives the letter up.
    pub retry_at: Option<Timestamp>,
}

/// The outbox. Letters are sealed in the file: they hold addresses and secrets.
#[async_trait]
pub trait Mails: Send + Sync {
    /// Puts a letter in the outbox by itself. What changes something and writes a letter about it does both in one
    /// commit, inside the store.
    ///
    /// # Errors
    /// The store could not answer.
    async fn enqueue_mail(&self, tenant: TenantNo, mail: Mail) -> Result<MailNo, StoreError>;

    /// At most `max` letters that are due now, longest due first. They stay due until it is said what became of them.
    ///
    /// # Errors
    /// The store could not answer.
    async fn due_mails(&self, max: usize) -> Result<Vec<QueuedMail>, StoreError>;

    /// The letter was taken over by who delivers it, and is removed. Repeatable.
    ///
    /// # Errors
    /// The store could not answer.
    async fn mail_sent(&self, no: MailNo) -> Result<(), StoreError>;

    /// An attempt failed: counts it, and puts the letter off or gives it up.
    ///
    /// # Errors
    /// The store could not answer.
    async fn mail_failed(&self, no: MailNo, failure: MailFailure) -> Result<(), StoreError>;

    /// A page of the letters that were given up, oldest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn dead_mails(&self, tenant: TenantNo, page: PageRequest) -> Result<Page<DeadMail>, StoreError>;

    /// Removes at most `max` letters that were given up and made before that instant. Returns how many.
    ///
    /// # Errors
    /// The store could not answer; some may have been removed.
    async fn forget_dead_mails(&self, before: Timestamp, max: usize) -> Result<usize, StoreError>;
}

/// Why a letter was not taken over. The texts name no address.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PostError {
    /// Nobody answered, or said that it is not a good time for anything: other letters would fare the same.
    #[error("not reached: {0}")]
    Away(String),
    /// This letter is refused for the moment.
    #[error("refused for now: {0}")]
    NotNow(String),
    /// This letter is refused for good.
    #[error("refused: {0}")]
    Never(String),
}

/// Takes letters over for delivery.
#[async_trait]
pub trait Post: Send + Sync {
    /// Hands a letter over. A letter handed over twice is the same to who receives it: its message id is made from its
    /// number and instant.
    ///
    /// # Errors
    /// [`PostError`]; after [`PostError::Away`] it may have been taken over nonetheless.
    async fn send(&self, mail: &QueuedMail) -> Result<(), PostError>;
}
