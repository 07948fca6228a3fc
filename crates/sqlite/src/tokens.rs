//! Tokens: found by the hash of their secret, and gone when they are taken.

use async_trait::async_trait;
use domain::codes::RowPlace;
use domain::mail::Mail;
use domain::time::Timestamp;
use ports::{Codes, StoreError, TokenKey, Tokens};
use rusqlite::{Connection, OptionalExtension, params};

use crate::SqliteStore;
use crate::error::store_error;
use crate::{mails, rows};

#[async_trait]
impl Tokens for SqliteStore {
    async fn put_token(
        &self,
        key: TokenKey,
        payload: Vec<u8>,
        expires_at: Timestamp,
        letter: Option<Mail>,
    ) -> Result<(), StoreError> {
        self.shared.settings(key.tenant)?;
        self.queue
            .run(move |writer| {
                let (now, codes) = (writer.shared.now(), &writer.shared.codes);
                let transaction = writer.connection.unchecked_transaction().map_err(store_error)?;
                put(&transaction, codes, key, (&payload, expires_at))?;
                if let Some(letter) = &letter {
                    mails::enqueue(&transaction, codes, key.tenant, (letter, now))?;
                }
                transaction.commit().map_err(store_error)
            })
            .await
    }

    async fn take_token(&self, key: TokenKey) -> Result<Option<Vec<u8>>, StoreError> {
        self.queue
            .run(move |writer| {
                let transaction = writer.connection.unchecked_transaction().map_err(store_error)?;
                let taken = take(&transaction, &writer.shared.codes, key, writer.shared.now())?;
                transaction.commit().map_err(store_error)?;
                Ok(taken)
            })
            .await
    }

    async fn forget_tokens(&self, before: Timestamp, max: usize) -> Result<usize, StoreError> {
        let forgotten = (before.as_ms(), i64::try_from(max).unwrap_or(i64::MAX));
        self.queue.run(move |writer| writer.connection.execute(FORGET, forgotten).map_err(store_error)).await
    }
}

const INSERT: &str = "insert into token (tenant, purpose, hash, sealed, expires_at) values (?1, ?2, ?3, ?4, ?5)";

/// Keeps a token, in whatever transaction is open: with what gives reason for it.
pub(crate) fn put(
    connection: &Connection,
    codes: &Codes,
    key: TokenKey,
    (payload, expires_at): (&[u8], Timestamp),
) -> Result<(), StoreError> {
    let TokenKey { tenant, purpose, hash } = key;
    let sealed = codes.seal_row(place(key, &place_key(key)), payload);
    let row = params![tenant.0, purpose.number(), hash, sealed, expires_at.as_ms()];
    connection.prepare_cached(INSERT).and_then(|mut insert| insert.execute(row)).map_err(store_error)?;
    Ok(())
}

const TAKE: &str = "delete from token
    where tenant = ?1 and purpose = ?2 and hash = ?3
    returning sealed, expires_at";

/// Takes a token, in the transaction that does what it is good for.
pub(crate) fn take(
    connection: &Connection,
    codes: &Codes,
    key: TokenKey,
    now: Timestamp,
) -> Result<Option<Vec<u8>>, StoreError> {
    let TokenKey { tenant, purpose, hash } = key;
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, Vec<u8>>(0)?, rows::instant(row, 1)?));
    let taken = connection
        .prepare_cached(TAKE)
        .and_then(|mut take| take.query_row(params![tenant.0, purpose.number(), hash], read).optional())
        .map_err(store_error)?;
    // A deadline acts at its instant: then, the time is over.
    let Some((sealed, _)) = taken.filter(|(_, expires_at)| now < *expires_at) else { return Ok(None) };
    open(codes, key, &sealed).map(Some)
}

const FORGET: &str = "delete from token
    where (tenant, purpose, hash) in (
        select tenant, purpose, hash from token indexed by token_due
        where expires_at <= ?1
        order by expires_at
        limit ?2
    )";

/// What a token stands for.
pub(crate) fn open(codes: &Codes, key: TokenKey, sealed: &[u8]) -> Result<Vec<u8>, StoreError> {
    let opened = codes.open_row(place(key, &place_key(key)), sealed);
    opened.map_err(|error| StoreError::Corrupt(format!("a token of tenant {}: {error}", key.tenant.0)))
}

fn place(key: TokenKey, place_key: &[u8]) -> RowPlace<'_> {
    RowPlace { table: "token", tenant: key.tenant, key: place_key }
}

fn place_key(key: TokenKey) -> [u8; 33] {
    let mut place = [key.purpose.number(); 33];
    place[1..].copy_from_slice(&key.hash);
    place
}

#[cfg(test)]
mod tests {
    use super::{FORGET, TAKE};
    use crate::plan::plan;

    #[test]
    fn every_statement_finds_its_rows_by_an_index_and_sorts_none() {
        for sql in [TAKE, FORGET] {
            let plan = plan("", sql);
            let is_found = |step: &String| step.starts_with("SEARCH") || step.starts_with("LIST SUBQUERY");
            assert!(plan.iter().all(is_found), "{sql}: {plan:?}");
        }
    }
}
