//! The ledger's port: commands go to the writer, a quote is decided on a reader.

use std::sync::Arc;

use async_trait::async_trait;
use domain::event::JournalNo;
use domain::id::TenantNo;
use domain::ledger::{Answer, Command, Facts, Missing, RedeemRequest, quote, quote_each};
use domain::pricing::Quote;
use domain::rejection::Refusal;
use domain::time::Timestamp;
use ports::{Ledger, StoreError};
use rusqlite::Connection;

use crate::SqliteStore;
use crate::error::store_error;
use crate::load::Loader;

#[async_trait]
impl Ledger for SqliteStore {
    async fn submit(&self, tenant: TenantNo, command: Command) -> Result<Result<Answer, Refusal>, StoreError> {
        // Here, so that one who names no tenant does not fail a batch of others.
        self.shared.settings(tenant)?;
        self.queue.submit(tenant, command).await
    }

    async fn quote(&self, tenant: TenantNo, request: RedeemRequest) -> Result<Quote, StoreError> {
        let read = self.looking(tenant, request, quote)?;
        self.shared.readers.point(read).await
    }

    async fn quote_each(&self, tenant: TenantNo, request: RedeemRequest) -> Result<Vec<Quote>, StoreError> {
        let read = self.looking(tenant, request, quote_each)?;
        self.shared.readers.run(read).await
    }

    async fn sweep(&self, max: usize) -> Result<usize, StoreError> {
        self.sweep_due(max).await
    }

    async fn forget_answers(&self, before: Timestamp, max: usize) -> Result<usize, StoreError> {
        self.forget_old_answers(before, max).await
    }

    async fn forget_events(&self, before: Timestamp, through: JournalNo, max: usize) -> Result<usize, StoreError> {
        self.cut_events(before, through, max).await
    }

    async fn forget_decisions(&self, before: Timestamp, max: usize) -> Result<usize, StoreError> {
        self.cut_decisions(before, max).await
    }
}

impl SqliteStore {
    /// A read that decides on a request and changes nothing.
    fn looking<T, D: Fn(&RedeemRequest, &mut Facts, Timestamp) -> Result<T, Missing>>(
        &self,
        tenant: TenantNo,
        request: RedeemRequest,
        decide: D,
    ) -> Result<impl FnOnce(&Connection) -> Result<T, StoreError> + use<T, D>, StoreError> {
        let now_set = self.shared.tenant(tenant)?;
        let shared = Arc::clone(&self.shared);
        // Before the snapshot: what is put in the cache from it must not be older than what was there.
        let generation = shared.definitions.generation();
        Ok(move |connection: &Connection| {
            let now = shared.now();
            // Nothing is made, so no number of a journal row is ever asked for.
            let mut facts = Facts::new(&now_set, shared.codes.facts_key(tenant), JournalNo::default());
            facts.standing = shared.blocks.of(tenant);
            facts.segments = shared.segments.of(tenant);
            facts.collections = shared.collections.of(tenant);
            let loader = Loader::new(connection, (&shared, generation), tenant, now);
            loader.prefetch(&mut facts, &request).map_err(store_error)?;
            loader.complete(&mut facts, |facts| decide(&request, facts, now))
        })
    }
}
