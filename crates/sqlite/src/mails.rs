//! The outbox: letters that wait to be sent, sealed, and those that were given up.

use async_trait::async_trait;
use domain::codes::RowPlace;
use domain::id::TenantNo;
use domain::mail::Mail;
use domain::time::Timestamp;
use ports::{Codes, DeadMail, MailFailure, MailNo, Mails, Page, PageRequest, QueuedMail, StoreError};
use rusqlite::{Connection, Row, params};

use crate::SqliteStore;
use crate::error::store_error;
use crate::query::each;
use crate::records::pages::List;
use crate::rows;

#[async_trait]
impl Mails for SqliteStore {
    async fn enqueue_mail(&self, tenant: TenantNo, mail: Mail) -> Result<MailNo, StoreError> {
        self.shared.settings(tenant)?;
        self.queue
            .run(move |writer| {
                let transaction = writer.connection.unchecked_transaction().map_err(store_error)?;
                let no = enqueue(&transaction, &writer.shared.codes, tenant, (&mail, writer.shared.now()))?;
                transaction.commit().map_err(store_error)?;
                Ok(no)
            })
            .await
    }

    async fn due_mails(&self, max: usize) -> Result<Vec<QueuedMail>, StoreError> {
        let (now, codes) = (self.shared.now(), self.shared.codes.clone());
        self.shared.readers.run(move |connection| due(connection, &codes, now, max)).await
    }

    async fn mail_sent(&self, no: MailNo) -> Result<(), StoreError> {
        let sent = move |connection: &Connection| connection.execute(DELETE, [column(no)]).map_err(store_error);
        self.queue.run(move |writer| sent(writer.connection)).await.map(drop)
    }

    async fn mail_failed(&self, no: MailNo, failure: MailFailure) -> Result<(), StoreError> {
        let row = (column(no), failure.retry_at.map(Timestamp::as_ms), failure.reason);
        self.queue.run(move |writer| writer.connection.execute(FAIL, row).map_err(store_error)).await.map(drop)
    }

    async fn dead_mails(&self, tenant: TenantNo, page: PageRequest) -> Result<Page<DeadMail>, StoreError> {
        let codes = self.shared.codes.clone();
        self.shared.readers.run(move |connection| dead(connection, &codes, tenant, &page)).await
    }

    async fn forget_dead_mails(&self, before: Timestamp, max: usize) -> Result<usize, StoreError> {
        let forgotten = (before.as_ms(), i64::try_from(max).unwrap_or(i64::MAX));
        self.queue.run(move |writer| writer.connection.execute(FORGET, forgotten).map_err(store_error)).await
    }
}

const INSERT: &str = "insert into mail (tenant, sealed, made_at, due_at, attempts) values (?1, x'', ?2, ?2, 0)
    returning mail_no";
const SEAL: &str = "update mail set sealed = ?2 where mail_no = ?1";

/// Puts a letter in the outbox, in the transaction that gives reason for it. In two steps: the number is known after the
/// first, and a letter is sealed for its number.
pub(crate) fn enqueue(
    transaction: &Connection,
    codes: &Codes,
    tenant: TenantNo,
    (mail, now): (&Mail, Timestamp),
) -> Result<MailNo, StoreError> {
    let insert = || {
        let no = transaction.prepare_cached(INSERT)?.query_row((tenant.0, now.as_ms()), number)?;
        let sealed = codes.seal_row(place(tenant, &no.0.to_be_bytes()), &rows::pack(mail));
        transaction.prepare_cached(SEAL)?.execute(params![column(no), sealed])?;
        Ok(no)
    };
    insert().map_err(store_error)
}

const DUE: &str = "select mail_no, tenant, sealed, made_at, attempts from mail
    where due_at <= ?1
    order by due_at
    limit ?2";

fn due(connection: &Connection, codes: &Codes, now: Timestamp, max: usize) -> Result<Vec<QueuedMail>, StoreError> {
    let mut mails = Vec::new();
    each(connection, DUE, (now.as_ms(), i64::try_from(max).unwrap_or(i64::MAX)), |row| {
        let (no, tenant) = (number(row)?, TenantNo(row.get(1)?));
        let mail = sealed(row, codes, tenant, no)?;
        mails.push(QueuedMail { no, tenant, mail, made_at: rows::instant(row, 3)?, attempts: row.get(4)? });
        Ok(())
    })?;
    Ok(mails)
}

const DELETE: &str = "delete from mail where mail_no = ?1";
const FAIL: &str =
    "update mail set due_at = ?2, reason = ?3, attempts = attempts + 1 where mail_no = ?1 and due_at is not null";

/// By rising number.
const LIST: List<1> = List('m');
const DEAD: &str = "select mail_no, tenant, sealed, made_at, attempts, reason from mail
    where tenant = ?1 and due_at is null and mail_no > ?2
    order by mail_no";

fn dead(
    connection: &Connection,
    codes: &Codes,
    tenant: TenantNo,
    page: &PageRequest,
) -> Result<Page<DeadMail>, StoreError> {
    let [after] = LIST.after(page, [0])?;
    let mut statement = connection.prepare_cached(DEAD).map_err(store_error)?;
    let mut rows = statement.query((tenant.0, after)).map_err(store_error)?;
    LIST.page(page, &mut rows, |row| {
        let no = number(row)?;
        let Mail { to, subject, .. } = sealed(row, codes, tenant, no)?;
        let made_at = rows::instant(row, 3)?;
        let dead = DeadMail { no, to, subject, made_at, attempts: row.get(4)?, reason: row.get(5)? };
        Ok(([column(no)], Some(dead)))
    })
}

const FORGET: &str = "delete from mail
    where mail_no in (
        select mail_no from mail indexed by mail_dead_by_age
        where due_at is null and made_at < ?1
        order by made_at
        limit ?2
    )";

/// The letter in the third column.
fn sealed(row: &Row<'_>, codes: &Codes, tenant: TenantNo, no: MailNo) -> rusqlite::Result<Mail> {
    open(codes, tenant, no, row.get_ref(2)?.as_blob()?).map_err(|error| rows::damaged(2, &error.to_string()))
}

/// A letter as it was put in the outbox.
pub(crate) fn open(codes: &Codes, tenant: TenantNo, no: MailNo, sealed: &[u8]) -> Result<Mail, StoreError> {
    let opened = codes.open_row(place(tenant, &no.0.to_be_bytes()), sealed);
    rows::unpack(&opened.map_err(|error| StoreError::Corrupt(error.to_string()))?)
}

fn place(tenant: TenantNo, key: &[u8]) -> RowPlace<'_> {
    RowPlace { table: "mail", tenant, key }
}

fn number(row: &Row<'_>) -> rusqlite::Result<MailNo> {
    rows::ordinal(row, 0).map(MailNo)
}

fn column(no: MailNo) -> i64 {
    rows::ordinal_column(no.0)
}

#[cfg(test)]
mod tests {
    use super::{DEAD, DELETE, DUE, FAIL, FORGET};
    use crate::plan::plan;

    #[test]
    fn every_statement_finds_its_rows_by_an_index_and_sorts_none() {
        for sql in [DUE, DELETE, FAIL, DEAD, FORGET] {
            let plan = plan("", sql);
            let is_found = |step: &String| step.starts_with("SEARCH") || step.starts_with("LIST SUBQUERY");
            assert!(plan.iter().all(is_found), "{sql}: {plan:?}");
        }
    }
}
