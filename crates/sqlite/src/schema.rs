//! The schema and its migrations: forward only, each in a transaction, counted in `pragma user_version`.

use rusqlite::{Connection, TransactionBehavior};

use crate::open::OpenError;

/// Never edited once released; a change is a new one.
pub(crate) const MIGRATIONS: &[&str] =
    &[include_str!("../migrations/0001_heart.sql"), include_str!("../migrations/0008_abuse.sql")];

/// Brings the schema to what this program knows.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).expect("there are few migrations");
    if found > known {
        return Err(OpenError::SchemaNewer { found, known });
    }
    for (version, sql) in (1..=known).zip(MIGRATIONS.iter().copied()).skip_while(|(version, _)| *version <= found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    Ok(())
}
