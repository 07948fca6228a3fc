//! "Could not", as opposed to the domain's "no".

/// Why a store could not answer. Nothing was changed, unless said otherwise.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The queue is full. Try again after a while.
    #[error("too much is waiting; try again in {retry_after_ms} ms")]
    Busy {
        /// When to try again.
        retry_after_ms: u64,
    },
    /// The store cannot be reached, is shutting down, or took too long. Whether a command took effect is not known;
    /// the same idempotency key or redemption id will tell.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The stored data contradict themselves.
    #[error("the stored data are damaged: {0}")]
    Corrupt(String),
    /// The cursor is not one that a page of this list gave.
    #[error("the cursor is not one of this list")]
    Cursor,
}
