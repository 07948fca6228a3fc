//! The schema and its migrations: forward only, each in a transaction, counted in `pragma user_version`.

use rusqlite::{Connection, TransactionBehavior};

use crate::open::OpenError;

/// Never edited once released; a change is a new one.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_heart.sql"),
    include_str!("../migrations/0002_accounts.sql"),
    include_str!("../migrations/0003_identities.sql"),
    include_str!("../migrations/0004_campaigns.sql"),
    include_str!("../migrations/0005_imports.sql"),
    include_str!("../migrations/0006_audit.sql"),
    include_str!("../migrations/0007_mail.sql"),
    include_str!("../migrations/0008_abuse.sql"),
    include_str!("../migrations/0009_tenants.sql"),
    include_str!("../migrations/0010_automatic.sql"),
    include_str!("../migrations/0016_segments.sql"),
];

/// Brings the schema to what this program knows.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), OpenError> {
    let found: u32 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let known = u32::try_from(MIGRATIONS.len()).expect("there are few migrations");
    if found > known {
        return Err(OpenError::SchemaNewer { found, known });
    }
    // A table that others refer to can be put in the place of another only so; what they refer to is checked instead.
    connection.pragma_update(None, "foreign_keys", false)?;
    for (version, sql) in (1..=known).zip(MIGRATIONS.iter().copied()).skip_while(|(version, _)| *version <= found) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(sql)?;
        if transaction.prepare("pragma foreign_key_check")?.exists([])? {
            return Err(OpenError::Dangling { version });
        }
        transaction.pragma_update(None, "user_version", version)?;
        transaction.commit()?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database as the version of the program left it that knew the migrations before this one.
    fn before(marked: &str) -> Connection {
        let place = MIGRATIONS.iter().position(|sql| sql.contains(marked)).expect("there is such a migration");
        let connection = Connection::open_in_memory().expect("it opens");
        MIGRATIONS[..place].iter().for_each(|sql| connection.execute_batch(sql).expect("it runs"));
        connection.pragma_update(None, "user_version", u32::try_from(place).expect("there are few")).expect("a pragma");
        connection
    }

    #[test]
    fn what_was_changed_before_there_was_an_audit_log_is_not_missed_in_it() {
        let mut connection = before("create table audit (");
        let journal = "insert into tenant (tenant, name, zone, currency, created_at) values (1, 'a', 'UTC', 'EUR', 0);
            insert into journal (journal, tenant, at, events) values (41, 1, 0, x'01')";
        connection.execute_batch(journal).expect("it is written");
        migrate(&mut connection).expect("it is brought up to date");
        let from = "select value from meta where name = 'audit_from_journal'";
        let from: String = connection.query_row(from, [], |row| row.get(0)).expect("it is there");
        assert_eq!(from, "42");
    }
}
