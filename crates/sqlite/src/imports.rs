//! The port of imports: their chunks wait sealed in rows, so that a back-up has them and a thief has nothing.

use async_trait::async_trait;
use domain::id::{ImportId, TenantNo};
use ports::{
    Import, ImportChunk, ImportRefusal, ImportState, ImportWork, Imported, Imports, NewImport, Page, PageRequest,
    StoreError,
};
use rusqlite::{Connection, Transaction, params};

use crate::SqliteStore;
use crate::error::store_error;
use crate::records::imports as read;
use crate::rows::pack;
use crate::writer::Writer;

#[async_trait]
impl Imports for SqliteStore {
    async fn begin_import(&self, tenant: TenantNo, import: NewImport) -> Result<(), StoreError> {
        self.queue.run(move |writer| writer.begin_import(tenant, &import)).await
    }

    async fn keep_chunks(&self, tenant: TenantNo, id: ImportId, chunks: Vec<ImportChunk>) -> Result<(), StoreError> {
        let packed: Vec<(usize, Vec<u8>)> = chunks.iter().map(|chunk| (chunk.len(), pack(chunk))).collect();
        self.queue.run(move |writer| writer.keep_chunks(tenant, id, &packed)).await
    }

    async fn run_import(&self, tenant: TenantNo, id: ImportId) -> Result<Import, StoreError> {
        self.queue.run(move |writer| writer.run_import(tenant, id)).await
    }

    async fn forget_import(&self, tenant: TenantNo, id: ImportId) -> Result<(), StoreError> {
        self.queue.run(move |writer| writer.forget_import(tenant, id)).await
    }

    async fn import(&self, tenant: TenantNo, id: ImportId) -> Result<Option<Import>, StoreError> {
        self.shared.readers.run(move |connection| read::by_id(connection, tenant, id)).await
    }

    async fn imports(&self, tenant: TenantNo, page: PageRequest) -> Result<Page<Import>, StoreError> {
        self.shared.readers.run(move |connection| read::page(connection, tenant, &page)).await
    }

    async fn import_refusals(
        &self,
        tenant: TenantNo,
        id: ImportId,
        page: PageRequest,
    ) -> Result<Page<ImportRefusal>, StoreError> {
        self.shared.readers.run(move |connection| read::refusals(connection, tenant, id, &page)).await
    }

    async fn next_chunks(&self, after: Option<ImportId>, max: usize) -> Result<Option<ImportWork>, StoreError> {
        let codes = std::sync::Arc::clone(&self.shared.codes);
        self.shared.readers.run(move |connection| read::work(connection, &codes, after, max)).await
    }

    async fn record_chunks(&self, tenant: TenantNo, id: ImportId, done: Vec<Imported>) -> Result<Import, StoreError> {
        self.queue.run(move |writer| writer.record_chunks(tenant, id, &done)).await
    }
}

const BEGIN: &str = "insert into import (import_id, tenant, coupon, actor, state, lines, accepted, refused, chunks,
        next_chunk, created_at)
    values (?1, ?2, ?3, ?4, 0, 0, 0, 0, 0, 0, ?5)";

const INSERT_CHUNK: &str = "insert into import_chunk (import, chunk, sealed) values (?1, ?2, ?3)";
const ADD_CHUNK: &str = "update import
    set chunks = chunks + 1, lines = lines + ?2
    where import = ?1 and state = 0 and chunks = ?3";

const RUN: &str = "update import
    set state = iif(chunks = 0, 2, 1), ended_at = iif(chunks = 0, ?2, null)
    where import = ?1 and state = 0";

const FORGET_CHUNKS: &str = "delete from import_chunk where import = ?1";
const FORGET: &str = "delete from import where import = ?1 and state = 0";

const INSERT_REFUSAL: &str = "insert into import_refusal (import, line, reason) values (?1, ?2, ?3)";
const DELETE_CHUNK: &str = "delete from import_chunk where import = ?1 and chunk = ?2";
const RECORD: &str = "update import
    set accepted = accepted + ?3, refused = refused + ?4, next_chunk = next_chunk + 1,
        state = iif(next_chunk + 1 = chunks, 2, 1), ended_at = iif(next_chunk + 1 = chunks, ?5, null)
    where import = ?1 and state = 1 and next_chunk = ?2";

impl Writer<'_> {
    fn begin_import(&mut self, tenant: TenantNo, import: &NewImport) -> Result<(), StoreError> {
        let (id, actor) = (import.id.0.as_bytes(), pack(&import.actor));
        let row = params![id, tenant.0, import.coupon.0, actor, self.shared.now().as_ms()];
        one(self.connection, BEGIN, row).map_err(store_error)
    }

    fn keep_chunks(&mut self, tenant: TenantNo, id: ImportId, packed: &[(usize, Vec<u8>)]) -> Result<(), StoreError> {
        let place = self.receiving(tenant, id)?;
        self.in_transaction(|transaction| {
            for (chunk, (lines, bytes)) in (place.chunks..).zip(packed) {
                let sealed = self.shared.codes.seal_chunk(tenant, (id, chunk), bytes);
                let lines = i64::try_from(*lines).unwrap_or(i64::MAX);
                one(transaction, INSERT_CHUNK, params![place.import, chunk, sealed])?;
                one(transaction, ADD_CHUNK, params![place.import, lines, chunk])?;
            }
            Ok(())
        })
    }

    fn run_import(&mut self, tenant: TenantNo, id: ImportId) -> Result<Import, StoreError> {
        let place = self.receiving(tenant, id)?;
        one(self.connection, RUN, params![place.import, self.shared.now().as_ms()]).map_err(store_error)?;
        self.import_now(tenant, id)
    }

    fn forget_import(&mut self, tenant: TenantNo, id: ImportId) -> Result<(), StoreError> {
        let Ok(place) = self.receiving(tenant, id) else { return Ok(()) };
        self.in_transaction(|transaction| forget(transaction, place.import))
    }

    fn record_chunks(&mut self, tenant: TenantNo, id: ImportId, done: &[Imported]) -> Result<Import, StoreError> {
        let place = read::place(self.connection, tenant, id)?.ok_or_else(|| unknown(id))?;
        let now = self.shared.now().as_ms();
        self.in_transaction(|transaction| {
            for Imported { chunk, accepted, refused } in done.iter().filter(|done| done.chunk >= place.next_chunk) {
                for ImportRefusal { line, reason } in refused {
                    one(transaction, INSERT_REFUSAL, params![place.import, as_column(*line), reason])?;
                }
                one(transaction, DELETE_CHUNK, params![place.import, chunk])?;
                let (accepted, refused) = (as_column(*accepted), as_column(refused.len() as u64));
                one(transaction, RECORD, params![place.import, chunk, accepted, refused, now])?;
            }
            Ok(())
        })?;
        self.import_now(tenant, id)
    }

    /// Where the chunks of an import that is being received stand.
    fn receiving(&self, tenant: TenantNo, id: ImportId) -> Result<read::Place, StoreError> {
        let place = read::place(self.connection, tenant, id)?;
        place.filter(|place| place.state == ImportState::Receiving).ok_or_else(|| unknown(id))
    }

    fn import_now(&self, tenant: TenantNo, id: ImportId) -> Result<Import, StoreError> {
        read::by_id(self.connection, tenant, id)?.ok_or_else(|| unknown(id))
    }

    fn in_transaction(&self, write: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<()>) -> Result<(), StoreError> {
        let written = self.connection.unchecked_transaction().and_then(|transaction| {
            write(&transaction)?;
            transaction.commit()
        });
        written.map_err(store_error)
    }
}

const TORN: &str = "select import from import where state = 0";

/// Forgets the imports whose files did not arrive whole before the store was closed.
pub(crate) fn forget_torn(connection: &Connection) -> rusqlite::Result<()> {
    let transaction = connection.unchecked_transaction()?;
    let mut statement = transaction.prepare(TORN)?;
    let torn: Vec<i64> = statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    drop(statement);
    for import in torn {
        forget(&transaction, import)?;
    }
    transaction.commit()
}

fn forget(transaction: &Transaction<'_>, import: i64) -> rusqlite::Result<()> {
    transaction.prepare_cached(FORGET_CHUNKS)?.execute([import])?;
    one(transaction, FORGET, [import])
}

/// Runs a statement that must change one row.
fn one(connection: &Connection, sql: &str, values: impl rusqlite::Params) -> rusqlite::Result<()> {
    match connection.prepare_cached(sql)?.execute(values)? {
        1 => Ok(()),
        changed => Err(rusqlite::Error::StatementChangedRows(changed)),
    }
}

fn as_column(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn unknown(id: ImportId) -> StoreError {
    StoreError::Unavailable(format!("the import {id} is not being received"))
}
