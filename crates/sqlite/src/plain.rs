//! What customers' rows held plain before there was sealing, sealed by the first start that can. A new file has none.

use domain::customer::CustomerProfile;
use domain::id::{CustomerNo, TenantNo};
use domain::identity::Identity;
use domain::time::Timestamp;
use ports::Codes;
use rusqlite::{Connection, Row, TransactionBehavior, params};

use crate::rows;
use crate::write::Target;
use crate::write::customers::{fresh_key, sealed_profile};

/// The table that the migration put aside.
const IS_THERE: &str = "select 1 from sqlite_schema where name = 'customer_plain'";

const SELECT: &str = "select tenant, customer, external_id, email, phone, name, birth_date, attributes, created_at
    from customer_plain";

const INSERT_KEY: &str = "insert into customer_key (tenant, customer, sealed) values (?1, ?2, ?3)";
const UPDATE_CUSTOMER: &str = "update customer set profile = ?3 where tenant = ?1 and customer = ?2";

/// Seals all there is, or nothing.
pub(crate) fn seal(connection: &Connection, codes: &Codes) -> rusqlite::Result<()> {
    if !connection.prepare(IS_THERE)?.exists([])? {
        return Ok(());
    }
    let transaction = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut statement = transaction.prepare(SELECT)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        seal_one(&transaction, codes, row)?;
    }
    drop(rows);
    drop(statement);
    transaction.execute_batch("drop table customer_plain")?;
    transaction.commit()
}

fn seal_one(connection: &Connection, codes: &Codes, row: &Row<'_>) -> rusqlite::Result<()> {
    let (tenant, no) = (TenantNo(row.get(0)?), CustomerNo(row.get(1)?));
    let profile = CustomerProfile {
        external_id: row.get(2)?,
        email: row.get(3)?,
        phone: row.get(4)?,
        name: row.get(5)?,
        birth_date: row.get(6)?,
        attributes: row.get(7)?,
        registered: false,
    };
    let (key, created_at): (_, Timestamp) = (fresh_key()?, rows::instant(row, 8)?);
    connection.prepare_cached(INSERT_KEY)?.execute(params![
        tenant.0,
        no.0,
        codes.seal_customer_key(tenant, no, &key)
    ])?;
    let sealed = sealed_profile(&key, (tenant, no), &profile);
    connection.prepare_cached(UPDATE_CUSTOMER)?.execute(params![tenant.0, no.0, sealed])?;
    let target = Target::of(connection, codes, tenant, created_at);
    for (kind, value) in profile.identities() {
        target.insert_identity(no, &key, &Identity::new(kind, value, created_at))?;
    }
    Ok(())
}
