//! What every store does, as tests: an adapter that passes them may be put in the place of another.

mod clock;

use std::sync::Arc;

use async_trait::async_trait;

pub use clock::TestClock;

use crate::{Clock, Store};

/// An adapter under test, on real files or servers that hold nothing at the start.
#[async_trait]
pub trait Harness: Send + Sync {
    /// The open store.
    fn store(&self) -> Arc<dyn Store>;

    /// The clock the store decides by; it can be moved, like [`TestClock`].
    fn clock(&self) -> Arc<dyn Clock>;

    /// Closes the store, after all that waits, and opens it again on the same data and clock. Nobody else has it.
    async fn restart(&mut self);

    /// Ends the store without closing it, as far as the adapter can, and opens it again on the same data and clock.
    /// What nobody was told of may be lost. Nobody else has the store.
    async fn crash(&mut self);

    /// What the store's own check finds wrong with its data. The store is open meanwhile.
    async fn check(&self) -> Vec<String>;
}
