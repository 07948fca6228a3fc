//! Accounts, and what signs them in.

use domain::account::Account;
use domain::ledger::Facts;
use rusqlite::params;

use super::{Target, sorted};
use crate::rows::{ACCOUNT_CREDENTIALS, ACCOUNT_PROFILE, seal_json};

const INSERT_ACCOUNT: &str = "insert into account (tenant, account, account_id, version, epoch, role, active, customer,
        profile, credentials, created_at, changed_at, journal)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

/// Whose an account is stays.
const UPDATE_ACCOUNT: &str = "update account
    set version = ?3, epoch = ?4, role = ?5, active = ?6, profile = ?7, credentials = ?8, changed_at = ?9, journal = ?10
    where tenant = ?1 and account = ?2 and version = ?11";

const INSERT_LOGIN: &str = "insert into login (tenant, hash, account) values (?1, ?2, ?3)";
const UPDATE_LOGIN: &str = "update login set account = ?3 where tenant = ?1 and hash = ?2 and account = ?4";

impl Target<'_> {
    pub(super) fn accounts(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (_, before, account) in sorted(&facts.accounts) {
            match before {
                None => self.insert_account(account)?,
                Some(before) => self.update_account(before.version, account)?,
            }
        }
        for (hash, before, account) in sorted(&facts.logins) {
            match before {
                None => self.one(INSERT_LOGIN, params![self.tenant.0, hash, account.0])?,
                Some(before) => self.one(UPDATE_LOGIN, params![self.tenant.0, hash, account.0, before.0])?,
            }
        }
        Ok(())
    }

    fn insert_account(&self, account: &Account) -> rusqlite::Result<()> {
        let (profile, credentials) = self.sealed_account(account);
        self.one(
            INSERT_ACCOUNT,
            params![
                self.tenant.0,
                account.no.0,
                account.id.0.as_bytes(),
                account.version,
                account.epoch,
                account.role as u8,
                account.active,
                account.customer.map(|no| no.0),
                profile,
                credentials,
                account.created_at.as_ms(),
                account.changed_at.as_ms(),
                account.journal.0,
            ],
        )
    }

    fn update_account(&self, version_before: u32, account: &Account) -> rusqlite::Result<()> {
        let (profile, credentials) = self.sealed_account(account);
        self.one(
            UPDATE_ACCOUNT,
            params![
                self.tenant.0,
                account.no.0,
                account.version,
                account.epoch,
                account.role as u8,
                account.active,
                profile,
                credentials,
                account.changed_at.as_ms(),
                account.journal.0,
                version_before,
            ],
        )
    }

    fn sealed_account(&self, account: &Account) -> (Vec<u8>, Vec<u8>) {
        let place = |table| (table, self.tenant, account.no);
        (
            seal_json(self.codes, place(ACCOUNT_PROFILE), &account.profile),
            seal_json(self.codes, place(ACCOUNT_CREDENTIALS), &account.credentials),
        )
    }
}
