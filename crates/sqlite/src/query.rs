//! The shapes most reads have.

use ports::StoreError;
use rusqlite::{Connection, OptionalExtension, Params, Row};

use crate::error::store_error;

/// The row, if there is one.
pub(crate) fn one<T>(
    connection: &Connection,
    sql: &str,
    key: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
) -> Result<Option<T>, StoreError> {
    connection
        .prepare_cached(sql)
        .and_then(|mut statement| statement.query_row(key, read).optional())
        .map_err(store_error)
}

/// Visits every row.
pub(crate) fn each(
    connection: &Connection,
    sql: &str,
    key: impl Params,
    mut visit: impl FnMut(&Row<'_>) -> rusqlite::Result<()>,
) -> Result<(), StoreError> {
    let visit_all = || {
        let mut statement = connection.prepare_cached(sql)?;
        let mut rows = statement.query(key)?;
        while let Some(row) = rows.next()? {
            visit(row)?;
        }
        Ok(())
    };
    visit_all().map_err(store_error)
}
