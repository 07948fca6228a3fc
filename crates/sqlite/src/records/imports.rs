//! Imports, what they refused, and what of them waits.

use std::sync::LazyLock;

use domain::id::{CouponNo, ImportId, TenantNo};
use ports::{Codes, Import, ImportChunk, ImportRefusal, ImportState, ImportWork, Page, PageRequest, StoreError};
use rusqlite::{Connection, Row};
use uuid::Uuid;

use super::pages::List;
use crate::error::store_error;
use crate::query::{each, one};
use crate::rows;

/// The columns of [`import`], in its order.
const COLUMNS: &str = "import_id, coupon, actor, state, lines, accepted, refused, created_at, ended_at";

fn import(row: &Row<'_>) -> rusqlite::Result<Import> {
    Ok(Import {
        id: ImportId(Uuid::from_bytes(row.get(0)?)),
        coupon: CouponNo(row.get(1)?),
        actor: rows::blob(row, 2)?,
        state: ImportState::from_number(row.get(3)?).ok_or_else(|| rows::damaged(3, "an unknown state"))?,
        lines: rows::ordinal(row, 4)?,
        accepted: rows::ordinal(row, 5)?,
        refused: rows::ordinal(row, 6)?,
        created_at: rows::instant(row, 7)?,
        ended_at: rows::instant_or_none(row, 8)?,
    })
}

pub(super) static BY_ID: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {COLUMNS}
         from import
         where import_id = ?1 and tenant = ?2"
    )
});

pub(crate) fn by_id(connection: &Connection, tenant: TenantNo, id: ImportId) -> Result<Option<Import>, StoreError> {
    one(connection, &BY_ID, (id.0.as_bytes(), tenant.0), import)
}

/// Where an import's rows are, and how far it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub import: i64,
    pub state: ImportState,
    pub chunks: u32,
    pub next_chunk: u32,
}

pub(super) const PLACE: &str = "
    select import, state, chunks, next_chunk
    from import
    where import_id = ?1 and tenant = ?2";

pub(crate) fn place(connection: &Connection, tenant: TenantNo, id: ImportId) -> Result<Option<Place>, StoreError> {
    one(connection, PLACE, (id.0.as_bytes(), tenant.0), |row| {
        let state = ImportState::from_number(row.get(1)?).ok_or_else(|| rows::damaged(1, "an unknown state"))?;
        Ok(Place { import: row.get(0)?, state, chunks: row.get(2)?, next_chunk: row.get(3)? })
    })
}

/// Rows of other tenants are looked at and passed over: all tenants number their imports together.
pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {COLUMNS}, import, tenant
         from import
         where import < ?1
         order by import desc"
    )
});

pub(crate) fn page(
    connection: &Connection,
    tenant: TenantNo,
    request: &PageRequest,
) -> Result<Page<Import>, StoreError> {
    let list = List::<1>('i');
    let [before] = list.after(request, [i64::MAX])?;
    let mut statement = connection.prepare_cached(&PAGE).map_err(store_error)?;
    let mut rows = statement.query([before]).map_err(store_error)?;
    list.page(request, &mut rows, |row| {
        let own = row.get::<_, u32>("tenant")? == tenant.0;
        Ok(([row.get("import")?], own.then(|| import(row)).transpose()?))
    })
}

pub(super) const REFUSALS: &str = "
    select line, reason
    from import_refusal
    where import = ?1 and line > ?2
    order by line";

pub(crate) fn refusals(
    connection: &Connection,
    tenant: TenantNo,
    id: ImportId,
    request: &PageRequest,
) -> Result<Page<ImportRefusal>, StoreError> {
    let list = List::<1>('l');
    let [after] = list.after(request, [-1])?;
    let Some(place) = place(connection, tenant, id)? else { return Ok(Page { items: Vec::new(), next: None }) };
    let mut statement = connection.prepare_cached(REFUSALS).map_err(store_error)?;
    let mut found = statement.query((place.import, after)).map_err(store_error)?;
    list.page(request, &mut found, |row| {
        let refusal = ImportRefusal { line: rows::ordinal(row, 0)?, reason: row.get(1)? };
        Ok(([row.get(0)?], Some(refusal)))
    })
}

pub(super) const NUMBER: &str = "
    select import
    from import
    where import_id = ?1";

pub(super) static RUNNING: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {COLUMNS}, import, tenant, next_chunk
         from import
         where state = 1 and import > ?1
         order by import
         limit 1"
    )
});

pub(super) const CHUNKS: &str = "
    select chunk, sealed
    from import_chunk
    where import = ?1 and chunk >= ?2
    order by chunk
    limit ?3";

/// The next chunks of the running import after that one, or of the first.
pub(crate) fn work(
    connection: &Connection,
    codes: &Codes,
    after: Option<ImportId>,
    max: usize,
) -> Result<Option<ImportWork>, StoreError> {
    let after = match after {
        Some(id) => one(connection, NUMBER, [id.0.as_bytes()], |row| row.get(0))?.unwrap_or(0),
        None => 0_i64,
    };
    let running = |after: i64| {
        one(connection, &RUNNING, [after], |row| {
            let tenant = TenantNo(row.get("tenant")?);
            Ok((import(row)?, tenant, row.get::<_, i64>("import")?, row.get::<_, u32>("next_chunk")?))
        })
    };
    let found = match running(after)? {
        None if after > 0 => running(0)?,
        found => found,
    };
    let Some((import, tenant, number, next)) = found else { return Ok(None) };
    let mut sealed: Vec<(u32, Vec<u8>)> = Vec::new();
    each(connection, CHUNKS, (number, next, i64::try_from(max).unwrap_or(i64::MAX)), |row| {
        sealed.push((row.get(0)?, row.get(1)?));
        Ok(())
    })?;
    let open = |(chunk, sealed): (u32, Vec<u8>)| {
        let damaged = |why: &dyn std::fmt::Display| {
            StoreError::Corrupt(format!("chunk {chunk} of the import {} does not read: {why}", import.id))
        };
        let packed = codes.open_chunk(tenant, (import.id, chunk), &sealed).map_err(|error| damaged(&error))?;
        let lines: ImportChunk = rows::unpack(&packed).map_err(|error| damaged(&error))?;
        Ok((chunk, lines))
    };
    let chunks = sealed.into_iter().map(open).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Some(ImportWork { tenant, import, chunks }))
}
