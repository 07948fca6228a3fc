//! Accounts read back, and sessions: kept in rows, answered from memory.

use std::sync::Arc;

use async_trait::async_trait;
use domain::account::{Account, LoginHash};
use domain::id::{AccountId, AccountNo, CustomerNo, SessionId, TenantNo};
use domain::time::Timestamp;
use ports::{Accounts, Page, PageRequest, Renewal, Session, StoreError, TokenHash};
use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use crate::SqliteStore;
use crate::error::store_error;
use crate::query::one;
use crate::records::pages::List;
use crate::rows;
use crate::writer::Writer;

/// Sessions of one account at a time; a sign-in beyond ends the oldest.
const SESSIONS_MAX: i64 = 50;

pub(crate) const NUMBER: &str = "select account from account where account_id = ?1 and tenant = ?2";
pub(crate) const OF_CUSTOMER: &str = "select account from account where tenant = ?1 and customer = ?2 limit 1";
pub(crate) const BY_LOGIN: &str = "select account from login where tenant = ?1 and hash = ?2";
pub(crate) const ANY_ADMIN: &str = "select account from account where tenant = ?1 and role = 0 and active = 1 limit 1";
pub(crate) const STAFF: &str =
    "select account from account where tenant = ?1 and role <> 4 and account > ?2 order by account";
pub(crate) const SESSION: &str =
    "select session_id, account, epoch, expires_at from session where tenant = ?1 and session_id = ?2";

#[async_trait]
impl Accounts for SqliteStore {
    async fn account(&self, tenant: TenantNo, no: AccountNo) -> Result<Option<Arc<Account>>, StoreError> {
        let definitions = &self.shared.definitions;
        if let Some(account) = definitions.account(tenant, no) {
            return Ok(Some(account));
        }
        let before = definitions.generation();
        let codes = Arc::clone(&self.shared.codes);
        let read = move |connection: &Connection| {
            one(connection, &rows::ACCOUNT, (tenant.0, no.0), |row| rows::account(row, &codes, tenant))
        };
        let found = self.shared.readers.point(read).await?.map(Arc::new);
        if let Some(account) = &found {
            definitions.put_loaded_account(before, tenant, account);
        }
        Ok(found)
    }

    async fn account_no(&self, tenant: TenantNo, id: AccountId) -> Result<Option<AccountNo>, StoreError> {
        let bytes = *id.0.as_bytes();
        self.shared.readers.point(move |connection| one(connection, NUMBER, (bytes, tenant.0), number)).await
    }

    async fn account_by_login(&self, tenant: TenantNo, login: LoginHash) -> Result<Option<Arc<Account>>, StoreError> {
        let found = self.shared.readers.run(move |connection| one(connection, BY_LOGIN, (tenant.0, login), number));
        match found.await? {
            Some(no) => self.account(tenant, no).await,
            None => Ok(None),
        }
    }

    async fn account_of_customer(
        &self,
        tenant: TenantNo,
        customer: CustomerNo,
    ) -> Result<Option<Arc<Account>>, StoreError> {
        let read = move |connection: &Connection| one(connection, OF_CUSTOMER, (tenant.0, customer.0), number);
        match self.shared.readers.run(read).await? {
            Some(no) => self.account(tenant, no).await,
            None => Ok(None),
        }
    }

    async fn staff(&self, tenant: TenantNo, page: PageRequest) -> Result<Page<Arc<Account>>, StoreError> {
        let read = move |connection: &Connection| {
            let list = List::<1>('s');
            let [after] = list.after(&page, [0])?;
            let mut statement = connection.prepare_cached(STAFF).map_err(store_error)?;
            let mut rows = statement.query((tenant.0, after)).map_err(store_error)?;
            list.page(&page, &mut rows, |row| Ok(([row.get(0)?], Some(AccountNo(row.get(0)?)))))
        };
        let Page { items, next } = self.shared.readers.run(read).await?;
        let mut staff = Vec::with_capacity(items.len());
        for no in items {
            staff.extend(self.account(tenant, no).await?);
        }
        Ok(Page { items: staff, next })
    }

    async fn has_admin(&self, tenant: TenantNo) -> Result<bool, StoreError> {
        let read = move |connection: &Connection| one(connection, ANY_ADMIN, [tenant.0], number);
        Ok(self.shared.readers.run(read).await?.is_some())
    }

    async fn open_session(&self, tenant: TenantNo, session: Session, token: TokenHash) -> Result<(), StoreError> {
        self.queue.run(move |writer| writer.open_session(tenant, session, token).map_err(store_error)).await
    }

    async fn session(&self, tenant: TenantNo, id: SessionId) -> Result<Option<Session>, StoreError> {
        let definitions = &self.shared.definitions;
        if let Some(session) = definitions.session(tenant, id) {
            return Ok(Some(session));
        }
        let before = definitions.generation();
        let key = (tenant.0, *id.0.as_bytes());
        let found = self.shared.readers.point(move |connection| one(connection, SESSION, key, session)).await?;
        if let Some(session) = found {
            definitions.put_loaded_session(before, tenant, session);
        }
        Ok(found)
    }

    async fn renew_session(
        &self,
        tenant: TenantNo,
        used: TokenHash,
        next: TokenHash,
        expires_at: Timestamp,
    ) -> Result<Renewal, StoreError> {
        let renew = move |writer: &mut Writer<'_>| writer.renew_session(tenant, (used, next), expires_at);
        self.queue.run(move |writer| renew(writer).map_err(store_error)).await
    }

    async fn end_session(&self, tenant: TenantNo, id: SessionId) -> Result<bool, StoreError> {
        self.queue.run(move |writer| writer.end_session(tenant, id).map_err(store_error)).await
    }

    async fn forget_sessions(&self, before: Timestamp, max: usize) -> Result<usize, StoreError> {
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let forget = move |writer: &mut Writer<'_>| writer.connection.execute(FORGET, params![before.as_ms(), max]);
        self.queue.run(move |writer| forget(writer).map_err(store_error)).await
    }
}

fn number(row: &Row<'_>) -> rusqlite::Result<AccountNo> {
    Ok(AccountNo(row.get(0)?))
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: SessionId(Uuid::from_bytes(row.get(0)?)),
        account: AccountNo(row.get(1)?),
        epoch: row.get(2)?,
        expires_at: rows::instant(row, 3)?,
    })
}

const INSERT_SESSION: &str = "insert into session (tenant, session_id, account, epoch, made_at, expires_at)
    values (?1, ?2, ?3, ?4, ?5, ?6)";
const INSERT_TOKEN: &str = "insert into refresh_token (tenant, token_hash, session_id) values (?1, ?2, ?3)";

/// Ids are in the order in which they were made.
const OVERFLOWING: &str = "select session_id from session
    where tenant = ?1 and account = ?2
    order by session_id desc
    limit -1 offset ?3";

const TOKEN: &str = "select session_id, used_at from refresh_token where tenant = ?1 and token_hash = ?2";
const USE_TOKEN: &str =
    "update refresh_token set used_at = ?3 where tenant = ?1 and token_hash = ?2 and used_at is null";
const EXTEND: &str = "update session set expires_at = ?3 where tenant = ?1 and session_id = ?2";
const DELETE: &str = "delete from session where tenant = ?1 and session_id = ?2";

const FORGET: &str = "delete from session
    where (tenant, session_id) in (
        select tenant, session_id from session where expires_at < ?1 order by expires_at limit ?2
    )";

impl Writer<'_> {
    fn open_session(&mut self, tenant: TenantNo, session: Session, token: TokenHash) -> rusqlite::Result<()> {
        let Session { id, account, epoch, expires_at } = session;
        let now = self.shared.now();
        let transaction = self.connection.unchecked_transaction()?;
        let row = params![tenant.0, id.0.as_bytes(), account.0, epoch, now.as_ms(), expires_at.as_ms()];
        transaction.execute(INSERT_SESSION, row)?;
        transaction.execute(INSERT_TOKEN, params![tenant.0, token, id.0.as_bytes()])?;
        let overflowing: Vec<SessionId> = transaction
            .prepare_cached(OVERFLOWING)?
            .query_map(params![tenant.0, account.0, SESSIONS_MAX], |row| Ok(SessionId(Uuid::from_bytes(row.get(0)?))))?
            .collect::<rusqlite::Result<_>>()?;
        for old in &overflowing {
            transaction.execute(DELETE, params![tenant.0, old.0.as_bytes()])?;
        }
        transaction.commit()?;
        overflowing.iter().for_each(|old| self.shared.definitions.end_session(tenant, *old));
        Ok(())
    }

    fn renew_session(
        &mut self,
        tenant: TenantNo,
        (used, next): (TokenHash, TokenHash),
        expires_at: Timestamp,
    ) -> rusqlite::Result<Renewal> {
        let now = self.shared.now();
        let transaction = self.connection.unchecked_transaction()?;
        let found = transaction.query_row(TOKEN, params![tenant.0, used], |row| {
            Ok((SessionId(Uuid::from_bytes(row.get(0)?)), row.get::<_, Option<i64>>(1)?.is_some()))
        });
        let Some((id, is_used)) = found.optional()? else { return Ok(Renewal::Unknown) };
        let found = transaction.query_row(SESSION, params![tenant.0, id.0.as_bytes()], session)?;
        if is_used || found.expires_at <= now {
            transaction.execute(DELETE, params![tenant.0, id.0.as_bytes()])?;
            transaction.commit()?;
            self.shared.definitions.end_session(tenant, id);
            return Ok(if is_used { Renewal::Reused } else { Renewal::Unknown });
        }
        transaction.execute(USE_TOKEN, params![tenant.0, used, now.as_ms()])?;
        transaction.execute(INSERT_TOKEN, params![tenant.0, next, id.0.as_bytes()])?;
        transaction.execute(EXTEND, params![tenant.0, id.0.as_bytes(), expires_at.as_ms()])?;
        transaction.commit()?;
        let session = Session { expires_at, ..found };
        self.shared.definitions.put_session(tenant, session);
        Ok(Renewal::Renewed(session))
    }

    fn end_session(&mut self, tenant: TenantNo, id: SessionId) -> rusqlite::Result<bool> {
        let ended = self.connection.execute(DELETE, params![tenant.0, id.0.as_bytes()])?;
        self.shared.definitions.end_session(tenant, id);
        Ok(ended > 0)
    }
}
