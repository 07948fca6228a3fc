//! Loads the facts a decision asks for: each kind with one prepared statement, row by row in the order of its keys.

mod derived;
mod persons;
mod shoppers;
mod goods;

pub(crate) use derived::patterns;

use std::collections::BTreeSet;
use std::hash::Hash;
use std::sync::Arc;

use domain::campaign::Campaign;
use domain::coupon::Coupon;
use domain::id::{AccountNo, CouponNo, TenantNo, VoucherKey, VoucherKind};
use domain::ledger::{Facts, GivenCode, Missing, RedeemRequest, Sequence, Table};
use domain::limit::Usage;
use domain::pricing::AutomaticFacts;
use domain::time::Timestamp;
use ports::StoreError;
use rusqlite::{Connection, OptionalExtension, Params, Row, Statement, params};

use crate::definitions::Generation;
use crate::error::store_error;
use crate::memory::Shared;
use crate::records::gifts::ACCOUNT as GIFT_ACCOUNT;
use crate::rows;

/// Rounds of loading that any batch settles in. A claim takes three, a sold-out coupon with a campaign some more.
const ROUNDS_MAX: usize = 32;

/// Administrators looked at when one of them is to go: more than are ever demoted in one batch.
const ADMINS_MAX: i64 = 1000;

/// Loads for one decision.
pub(crate) struct Loader<'a> {
    connection: &'a Connection,
    shared: &'a Shared,
    generation: Generation,
    tenant: TenantNo,
    now: Timestamp,
}

impl<'a> Loader<'a> {
    /// The generation is that from before the connection's transaction began.
    pub fn new(
        connection: &'a Connection,
        (shared, generation): (&'a Shared, Generation),
        tenant: TenantNo,
        now: Timestamp,
    ) -> Self {
        Self { connection, shared, generation, tenant, now }
    }

    /// Decides and loads in turn, until nothing is missing.
    pub fn complete<T>(
        &self,
        facts: &mut Facts,
        mut decide: impl FnMut(&mut Facts) -> Result<T, Missing>,
    ) -> Result<T, StoreError> {
        for _ in 0..ROUNDS_MAX {
            match decide(facts) {
                Ok(decided) => return Ok(decided),
                Err(Missing) => self.load(facts).map_err(store_error)?,
            }
        }
        Err(StoreError::Corrupt(format!("a decision did not settle in {ROUNDS_MAX} rounds")))
    }

    /// Hands in what an order is sure to ask for, before it does: mostly it is then decided at the first go.
    pub fn prefetch(&self, facts: &mut Facts, request: &RedeemRequest) -> rusqlite::Result<()> {
        for reading in &request.codes {
            let Some(no) = self.shared.ids.shared_code(self.tenant, &reading.folded) else { continue };
            facts.shared_codes.load(reading.folded.clone(), Some(no));
            if let Some(coupon) = self.shared.definitions.coupon(self.tenant, no) {
                facts.coupons.load(no, Some(coupon));
            }
            if let Some(customer) = request.customer {
                facts.holdings.ask(&(customer, no));
            }
        }
        let stored = self.shared.definitions.automatic(self.tenant);
        for coupon in stored.for_order(&request.order) {
            facts.coupons.load_if_missing(coupon.no, Arc::clone(coupon));
        }
        facts.automatic.load((), Some(AutomaticFacts { stored, changed: BTreeSet::new() }));
        if let Some(customer) = request.customer {
            facts.persons.load(customer, self.shared.persons.get(self.tenant, customer));
        }
        self.holdings(facts)
    }

    fn load(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.answers(facts)?;
        self.coupons(facts)?;
        self.campaigns(facts)?;
        self.customers(facts)?;
        self.persons(facts)?;
        self.shoppers(facts)?;
        self.goods(facts)?;
        self.contributions(facts)?;
        self.numbers(facts)?;
        self.usages(facts)?;
        self.vouchers(facts)?;
        self.gifts(facts)?;
        self.codes(facts)?;
        self.redemptions(facts)?;
        self.accounts(facts)?;
        self.audit_head(facts)?;
        self.derived(facts)
    }

    fn answers(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        let wanted = facts.answers.take_wanted();
        if wanted.is_empty() {
            return Ok(());
        }
        let found = |hash, answered| facts.answers.load(hash, answered);
        self.shared.answers.read(self.connection, self.tenant, wanted, found)
    }

    /// Definitions are read from memory where they can be.
    fn coupons(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.coupons, COUPON, |statement, no| {
            if let Some(coupon) = self.shared.definitions.coupon(self.tenant, *no) {
                return Ok(Some(coupon));
            }
            let coupon =
                one(statement, params![self.tenant.0, no.0], |row| rows::json::<Coupon>(row, 0))?.map(Arc::new);
            if let Some(coupon) = &coupon {
                self.shared.definitions.put_loaded(self.generation, self.tenant, coupon);
            }
            Ok(coupon)
        })
    }

    fn campaigns(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.campaigns, CAMPAIGN, |statement, no| {
            if let Some(campaign) = self.shared.definitions.campaign(self.tenant, *no) {
                return Ok(Some(campaign));
            }
            let campaign =
                one(statement, params![self.tenant.0, no.0], |row| rows::json::<Campaign>(row, 0))?.map(Arc::new);
            if let Some(campaign) = &campaign {
                self.shared.definitions.put_loaded_campaign(self.generation, self.tenant, campaign);
            }
            Ok(campaign)
        })
    }

    fn contributions(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.contributions, CONTRIBUTION, |statement, (coupon, contributor)| {
            one(statement, params![self.tenant.0, coupon.0, contributor], |row| row.get(0))
        })
    }

    fn numbers(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.sequences, SEQUENCE, |statement, sequence: &Sequence| {
            one(statement, params![self.tenant.0, rows::sequence_number(*sequence)], |row| row.get(0))
        })?;
        self.each(&mut facts.series, SERIES, |statement, (coupon, kind)| {
            one(statement, params![self.tenant.0, coupon.0, kind.bits()], |row| rows::ordinal(row, 0))
        })
    }

    fn usages(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.usages, USAGE, |statement, key| {
            one(statement, params![self.tenant.0, key.limit.0, key.subject.0, key.period.0], |row| {
                Ok(Usage { used: row.get(0)?, held: row.get(1)?, bound: row.get(2)? })
            })
        })
    }

    fn vouchers(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        let sql = format!(
            "select {} from voucher where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4",
            rows::VOUCHER_COLUMNS
        );
        self.each(&mut facts.vouchers, &sql, |statement, key| {
            let ordinal = rows::ordinal_column(key.ordinal);
            one(statement, params![self.tenant.0, key.coupon.0, key.kind.bits(), ordinal], rows::voucher)
        })?;
        let sql =
            format!("select {} from code_block where tenant = ?1 and coupon = ?2 and first = ?3", rows::BLOCK_COLUMNS);
        self.each(&mut facts.blocks, &sql, |statement, key| {
            one(statement, params![self.tenant.0, key.coupon.0, rows::ordinal_column(key.first)], rows::block)
        })
    }

    fn gifts(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.gifts, &GIFT_ACCOUNT, |statement, key| {
            let ordinal = rows::ordinal_column(key.ordinal);
            one(statement, params![self.tenant.0, key.coupon.0, key.kind.bits(), ordinal], rows::gift_account)
        })
    }

    fn codes(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        let ids = &self.shared.ids;
        let coupons = &mut facts.coupons;
        self.each(&mut facts.shared_codes, SHARED_CODE, |statement, folded| {
            let read = || one(statement, params![self.tenant.0, folded.as_str()], |row| row.get(0).map(CouponNo));
            let no = ids.shared_code(self.tenant, folded).map_or_else(read, |no| Ok(Some(no)))?;
            if let Some(no) = no {
                // The program is the only one who writes, and what is written stays; what is rolled back is never loaded.
                ids.put_shared_code(self.tenant, folded.clone(), no);
                // Whoever asked for the code will ask for its coupon next.
                if let Some(coupon) = self.shared.definitions.coupon(self.tenant, no) {
                    coupons.load_if_missing(no, coupon);
                }
            }
            Ok(no)
        })?;
        self.each(&mut facts.given_codes, GIVEN_CODE, |statement, hash| {
            one(statement, params![self.tenant.0, hash], |row| {
                let (coupon, ordinal) = (CouponNo(row.get(0)?), rows::ordinal(row, 1)?);
                let voucher = VoucherKey { coupon, kind: VoucherKind::Given, ordinal };
                Ok(GivenCode { voucher, sealed: row.get(2)? })
            })
        })
    }

    fn redemptions(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        let sql =
            format!("select {} from redemption where tenant = ?1 and redemption_id = ?2", rows::REDEMPTION_COLUMNS);
        self.each(&mut facts.redemptions, &sql, |statement, id| {
            one(statement, params![self.tenant.0, id.as_str()], rows::redemption)
        })
    }

    fn accounts(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.accounts, &rows::ACCOUNT, |statement, no| {
            one(statement, params![self.tenant.0, no.0], |row| rows::account(row, &self.shared.codes, self.tenant))
        })?;
        self.each(&mut facts.logins, LOGIN, |statement, hash| {
            one(statement, params![self.tenant.0, hash], |row| row.get(0).map(AccountNo))
        })?;
        self.each(&mut facts.admins, ADMINS, |statement, ()| {
            let rows = statement.query_map(params![self.tenant.0, ADMINS_MAX], |row| row.get(0).map(AccountNo))?;
            rows.collect::<rusqlite::Result<_>>().map(Some)
        })
    }

    fn audit_head(&self, facts: &mut Facts) -> rusqlite::Result<()> {
        self.each(&mut facts.audit_head, AUDIT_HEAD, |statement, ()| one(statement, [self.tenant.0], rows::audit_head))
    }

    /// Loads what is wanted of one kind.
    fn each<K: Ord + Hash + Clone, V>(
        &self,
        table: &mut Table<K, V>,
        sql: &str,
        mut read: impl FnMut(&mut Statement<'_>, &K) -> rusqlite::Result<Option<V>>,
    ) -> rusqlite::Result<()> {
        let wanted = table.take_wanted();
        if wanted.is_empty() {
            return Ok(());
        }
        let mut statement = self.connection.prepare_cached(sql)?;
        for key in wanted {
            let row = read(&mut statement, &key)?;
            table.load(key, row);
        }
        Ok(())
    }
}

const LOGIN: &str = "select account from login where tenant = ?1 and hash = ?2";
const ADMINS: &str = "select account from account where tenant = ?1 and role = 0 and active = 1 limit ?2";
const COUPON: &str = "select document from coupon where tenant = ?1 and coupon = ?2";
const CAMPAIGN: &str = "select document from campaign where tenant = ?1 and campaign = ?2";
const CONTRIBUTION: &str = "select units from contribution where tenant = ?1 and coupon = ?2 and contributor = ?3";
const SEQUENCE: &str = "select next from sequence where tenant = ?1 and kind = ?2";
const SERIES: &str = "select next from series where tenant = ?1 and coupon = ?2 and kind = ?3";
const USAGE: &str =
    "select used, held, bound from usage where tenant = ?1 and usage_limit = ?2 and subject = ?3 and period = ?4";
const SHARED_CODE: &str = "select coupon from shared_code where tenant = ?1 and folded = ?2";
const GIVEN_CODE: &str = "select coupon, ordinal, sealed from given_code where tenant = ?1 and hash = ?2";
pub(crate) const AUDIT_HEAD: &str = "select number, hash from audit_head where tenant = ?1";

/// The row of a key, if it is there.
fn one<V>(
    statement: &mut Statement<'_>,
    key: impl Params,
    read: impl FnOnce(&Row<'_>) -> rusqlite::Result<V>,
) -> rusqlite::Result<Option<V>> {
    statement.query_row(key, read).optional()
}
