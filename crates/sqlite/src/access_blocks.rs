//! Who is kept out: kept in rows, looked up in memory.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock};

use async_trait::async_trait;
use domain::access_block::{AccessBlock, Bar, BlockReason, BlockState, BlockTarget, Removal, STANDING_MAX, Standing};
use domain::audit::{AuditChange, AuditKind, AuditSubject};
use domain::event::Actor;
use domain::id::{AccessBlockId, CustomerNo, TenantNo};
use domain::time::Timestamp;
use ports::{AccessBlockFilter, AccessBlocks, NewAccessBlock, NotBlocked, Page, PageRequest, StoreError};
use rusqlite::{Connection, Row, params};
use serde_json::json;
use uuid::Uuid;

use crate::SqliteStore;
use crate::error::store_error;
use crate::kept::Kept;
use crate::query::one;
use crate::records::pages::List;
use crate::rows::{blob, damaged, instant, instant_or_none, pack};
use crate::write::append;
use crate::writer::Writer;

const STANDING: &str = "
    select tenant, access_block_id, customer, key_no, addresses, reason, until
    from access_block
    where stands = 1";

/// What stands, of all tenants.
pub(crate) fn load(connection: &Connection) -> rusqlite::Result<Kept<Standing>> {
    let mut all: HashMap<TenantNo, Standing> = HashMap::new();
    let mut statement = connection.prepare(STANDING)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let bar = Bar { id: id(row, 1)?, reason: reason(row, 5)?, until: instant_or_none(row, 6)? };
        all.entry(TenantNo(row.get(0)?)).or_default().put(target(row, 2)?, bar);
    }
    Ok(Kept::new(all, Standing::clone))
}

/// The columns of [`access_block`], in its order.
pub(crate) const COLUMNS: &str = "access_block_id, customer, key_no, addresses, reason, note, made_at, made_by, until, removed_at, \
     removed_by";

pub(crate) fn access_block(row: &Row<'_>) -> rusqlite::Result<AccessBlock> {
    let removal = |at: Timestamp| Ok::<_, rusqlite::Error>(Removal { at, by: blob(row, 10)? });
    Ok(AccessBlock {
        id: id(row, 0)?,
        target: target(row, 1)?,
        reason: reason(row, 4)?,
        note: row.get(5)?,
        made_at: instant(row, 6)?,
        made_by: blob(row, 7)?,
        until: instant_or_none(row, 8)?,
        removed: instant_or_none(row, 9)?.map(removal).transpose()?,
    })
}

fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<AccessBlockId> {
    Ok(AccessBlockId(Uuid::from_bytes(row.get(column)?)))
}

/// Of `customer, key_no, addresses`, from that column on.
fn target(row: &Row<'_>, column: usize) -> rusqlite::Result<BlockTarget> {
    let addresses: Option<String> = row.get(column + 2)?;
    match (row.get(column)?, row.get(column + 1)?, addresses) {
        (Some(customer), None, None) => Ok(BlockTarget::Customer(CustomerNo(customer))),
        (None, Some(key_no), None) => Ok(BlockTarget::Key(key_no)),
        (None, None, Some(range)) => {
            let range = range.parse().map_err(|_| damaged(column + 2, "not a range of addresses"))?;
            Ok(BlockTarget::Addresses(range))
        }
        _ => Err(damaged(column, "not one target")),
    }
}

fn reason(row: &Row<'_>, column: usize) -> rusqlite::Result<BlockReason> {
    BlockReason::from_number(row.get(column)?).ok_or_else(|| damaged(column, "an unknown reason"))
}

#[async_trait]
impl AccessBlocks for SqliteStore {
    fn standing_blocks(&self, tenant: TenantNo) -> Arc<Standing> {
        self.shared.blocks.of(tenant)
    }

    async fn create_access_block(
        &self,
        tenant: TenantNo,
        block: NewAccessBlock,
    ) -> Result<Result<AccessBlock, NotBlocked>, StoreError> {
        self.queue.run(move |writer| writer.create_access_block(tenant, block)).await
    }

    async fn remove_access_block(
        &self,
        tenant: TenantNo,
        id: AccessBlockId,
        by: Actor,
    ) -> Result<Option<AccessBlock>, StoreError> {
        self.queue.run(move |writer| writer.remove_access_block(tenant, id, by)).await
    }

    async fn access_block(&self, tenant: TenantNo, id: AccessBlockId) -> Result<Option<AccessBlock>, StoreError> {
        self.shared.readers.run(move |connection| by_id(connection, tenant, id)).await
    }

    async fn access_blocks(
        &self,
        tenant: TenantNo,
        filter: AccessBlockFilter,
        page: PageRequest,
    ) -> Result<Page<AccessBlock>, StoreError> {
        let now = self.shared.now();
        self.shared.readers.run(move |connection| read_page(connection, tenant, (filter, now), &page)).await
    }
}

static BY_ID: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {COLUMNS}
         from access_block
         where access_block_id = ?1 and tenant = ?2"
    )
});

fn by_id(connection: &Connection, tenant: TenantNo, id: AccessBlockId) -> Result<Option<AccessBlock>, StoreError> {
    one(connection, &BY_ID, (id.0.as_bytes(), tenant.0), access_block)
}

static PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {COLUMNS}, access_block
         from access_block
         where tenant = ?1 and access_block < ?2
         order by access_block desc"
    )
});

fn read_page(
    connection: &Connection,
    tenant: TenantNo,
    (filter, now): (AccessBlockFilter, Timestamp),
    request: &PageRequest,
) -> Result<Page<AccessBlock>, StoreError> {
    let list = List::<1>('a');
    let [before] = list.after(request, [i64::MAX])?;
    let mut statement = connection.prepare_cached(&PAGE).map_err(store_error)?;
    let mut rows = statement.query((tenant.0, before)).map_err(store_error)?;
    list.page(request, &mut rows, |row| {
        let block = access_block(row)?;
        let passes = filter.state.is_none_or(|state| block.state_at(now) == state);
        Ok(([row.get("access_block")?], passes.then_some(block)))
    })
}

/// Ends that have come are written down before a block is made, so that a target whose block has ended can have another.
const WRITE_ENDS: &str = "
    update access_block
    set stands = 0
    where tenant = ?1 and stands = 1 and until is not null and until <= ?2";

const INSERT: &str = "
    insert into access_block (tenant, access_block, access_block_id, customer, key_no, addresses, reason, note, made_at,
        made_by, until, stands)
    select ?1, ifnull(max(access_block), 0) + 1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, 1
    from access_block
    where tenant = ?1";

const REMOVE: &str = "
    update access_block
    set stands = 0, removed_at = ?3, removed_by = ?4
    where access_block_id = ?1 and tenant = ?2 and stands = 1";

impl Writer<'_> {
    fn create_access_block(
        &mut self,
        tenant: TenantNo,
        block: NewAccessBlock,
    ) -> Result<Result<AccessBlock, NotBlocked>, StoreError> {
        self.shared.settings(tenant)?;
        let now = self.shared.now();
        if let Some(bar) = self.shared.blocks.of(tenant).bar(block.target, now) {
            return Ok(Err(NotBlocked::Already(bar.id)));
        }
        let transaction = self.connection.unchecked_transaction().map_err(store_error)?;
        transaction.execute(WRITE_ENDS, (tenant.0, now.as_ms())).map_err(store_error)?;
        self.shared.blocks.change(tenant, |standing| standing.remove_ended(now));
        if self.shared.blocks.of(tenant).len() >= STANDING_MAX {
            transaction.commit().map_err(store_error)?;
            return Ok(Err(NotBlocked::TooMany));
        }
        let NewAccessBlock { id, target, reason, note, made_by, until } = block;
        let block = AccessBlock { id, target, reason, note, made_at: now, made_by, until, removed: None };
        insert(&transaction, tenant, &block).map_err(store_error)?;
        append(&transaction, tenant, now, creation(&block)).map_err(store_error)?;
        transaction.commit().map_err(store_error)?;
        self.shared.blocks.change(tenant, |standing| standing.put(target, Bar { id, reason, until }));
        Ok(Ok(block))
    }

    fn remove_access_block(
        &mut self,
        tenant: TenantNo,
        id: AccessBlockId,
        by: Actor,
    ) -> Result<Option<AccessBlock>, StoreError> {
        let Some(found) = by_id(self.connection, tenant, id)? else { return Ok(None) };
        let now = self.shared.now();
        if found.state_at(now) != BlockState::Standing {
            return Ok(Some(found));
        }
        let transaction = self.connection.unchecked_transaction().map_err(store_error)?;
        let removed = transaction.execute(REMOVE, params![id.0.as_bytes(), tenant.0, now.as_ms(), pack(&by)]);
        if removed.map_err(store_error)? != 1 {
            return Err(StoreError::Corrupt(format!("block {id} stands and is not listed so")));
        }
        append(&transaction, tenant, now, removal(id, now, by)).map_err(store_error)?;
        transaction.commit().map_err(store_error)?;
        self.shared.blocks.change(tenant, |standing| standing.remove(id));
        Ok(Some(AccessBlock { removed: Some(Removal { at: now, by }), ..found }))
    }
}

fn creation(block: &AccessBlock) -> AuditChange {
    let target = match block.target {
        BlockTarget::Customer(CustomerNo(no)) => json!({ "customer": no }),
        BlockTarget::Key(no) => json!({ "key": no }),
        BlockTarget::Addresses(range) => json!({ "addresses": range.to_string() }),
    };
    let after = json!({ "target": target, "reason": block.reason.name(), "until": block.until });
    let subject = AuditSubject::new(AuditKind::AccessBlock, block.id);
    AuditChange { actor: block.made_by, action: "access_block.create", subject, before: None, after: Some(after) }
}

fn removal(id: AccessBlockId, now: Timestamp, actor: Actor) -> AuditChange {
    let subject = AuditSubject::new(AuditKind::AccessBlock, id);
    let after = Some(json!({ "removed_at": now }));
    AuditChange { actor, action: "access_block.remove", subject, before: None, after }
}

fn insert(connection: &Connection, TenantNo(tenant): TenantNo, block: &AccessBlock) -> rusqlite::Result<usize> {
    let (customer, key_no, addresses) = match block.target {
        BlockTarget::Customer(CustomerNo(no)) => (Some(no), None, None),
        BlockTarget::Key(no) => (None, Some(no), None),
        BlockTarget::Addresses(range) => (None, None, Some(range.to_string())),
    };
    connection.execute(
        INSERT,
        params![
            tenant,
            block.id.0.as_bytes(),
            customer,
            key_no,
            addresses,
            block.reason.number(),
            block.note,
            block.made_at.as_ms(),
            pack(&block.made_by),
            block.until.map(Timestamp::as_ms),
        ],
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;

    #[test]
    fn no_statement_scans_the_table_or_sorts() {
        for sql in [&*BY_ID, &*PAGE, WRITE_ENDS, REMOVE, INSERT] {
            let plan = plan("", sql);
            assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{sql}: {plan:?}");
        }
    }
}
