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
    include_str!("../migrations/0011_decision_rows.sql"),
    include_str!("../migrations/0012_gift_value.sql"),
    include_str!("../migrations/0013_settlement.sql"),
    include_str!("../migrations/0014_decisions.sql"),
    include_str!("../migrations/0015_random_amounts.sql"),
    include_str!("../migrations/0016_segments.sql"),
    include_str!("../migrations/0017_due_without_a_coupon.sql"),
    include_str!("../migrations/0018_collections.sql"),
    include_str!("../migrations/0019_answers_in_order.sql"),
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
    fn the_settings_in_force_are_the_first_that_are_kept() {
        let mut connection = before("create table tenant_version (");
        let tenant =
            "insert into tenant (tenant, name, created_at, version, settings) values (1, 'a', 0, 3, '{\"zone\":1}')";
        connection.execute_batch(tenant).expect("it is written");
        migrate(&mut connection).expect("it is brought up to date");
        let kept = "select version || settings from tenant_version where tenant = 1";
        let kept: String = connection.query_row(kept, [], |row| row.get(0)).expect("one is there");
        assert_eq!(kept, "3{\"zone\":1}");
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
    #[test]
    fn what_was_decided_on_stays_with_its_redemption() {
        let mut connection = before("create table decision_row (");
        let two = "insert into tenant (tenant, name, created_at, settings) values (1, 'a', 0, '{}');
            insert into redemption (redemption, tenant, redemption_id, version, state, fingerprint, subtotal_minor,
                discount_minor, total_minor, made_at, parts, lines, journal)
            values (7, 1, 'b', 1, 1, x'', 0, 0, 0, 0, x'', x'', 1), (8, 1, 'a', 1, 1, x'', 0, 0, 0, 0, x'', x'', 1);
            insert into decision (tenant, redemption_id, document) values (1, 'a', 'of a'), (1, 'b', 'of b')";
        connection.execute_batch(two).expect("it is written");
        migrate(&mut connection).expect("it is brought up to date");
        let mut statement =
            connection.prepare("select redemption, document from decision order by 1").expect("it reads");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).expect("it runs");
        let rows: Vec<(i64, String)> = rows.collect::<rusqlite::Result<_>>().expect("they read");
        assert_eq!(rows, [(7, "of b".to_owned()), (8, "of a".to_owned())]);
    }

    #[test]
    fn an_answer_given_before_they_lay_in_order_is_found_by_its_key() {
        let mut connection = before("create table answer_row (");
        let two = "insert into answer (tenant, hash, fingerprint, at, outcome)
            values (1, x'01020304050607080910111213141516', x'00', 20, x'0b'),
                (1, x'91020304050607080910111213141516', x'00', 10, x'0a')";
        connection.execute_batch(two).expect("it is written");
        migrate(&mut connection).expect("it is brought up to date");
        let mut statement = connection
            .prepare("select answer, hash_start, outcome from answer join answer_key using (answer) order by 1")
            .expect("it reads");
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).expect("it runs");
        let rows: Vec<(i64, Vec<u8>, Vec<u8>)> = rows.collect::<rusqlite::Result<_>>().expect("they read");
        assert_eq!(
            rows,
            [(1, vec![0x91, 2, 3, 4, 5, 6, 7, 8], vec![0x0a]), (2, vec![1, 2, 3, 4, 5, 6, 7, 8], vec![0x0b])]
        );
        let up_to: i64 = connection.query_row("select up_to from answers_indexed", [], |row| row.get(0)).expect("one");
        assert_eq!(up_to, 2);
    }
}
