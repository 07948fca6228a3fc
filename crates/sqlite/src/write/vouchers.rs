//! Vouchers with the wallets they are in, given codes and blocks.

use domain::id::{CustomerNo, VoucherKey};
use domain::ledger::Facts;
use domain::time::Timestamp;
use domain::voucher::{Block, Voucher};
use rusqlite::params;

use super::{Target, sorted};
use crate::rows;

const INSERT_VOUCHER: &str = "insert into voucher (tenant, coupon, kind, ordinal, key_no, version, state, customer,
        made_at, valid_from, valid_until, held_until, locked_until, redemption_id, takings, journal, amount_minor)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

/// What a voucher is made with stays: its key and its ring key. Its validity begins, and its amount is drawn, when it leaves a pool, if it was in one.
const UPDATE_VOUCHER: &str = "update voucher
    set version = ?5, state = ?6, customer = ?7, held_until = ?8, locked_until = ?9, redemption_id = ?10, takings = ?11,
        journal = ?12, made_at = ?14, valid_from = ?15, valid_until = ?16, amount_minor = ?17
    where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4 and version = ?13";

/// Mostly the voucher stays with whom it is with; SQLite would look up the customer whom an update names, even the same.
const MOVE_VOUCHER: &str = "update voucher
    set version = ?5, state = ?6, held_until = ?7, locked_until = ?8, redemption_id = ?9, takings = ?10, journal = ?11
    where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4 and version = ?12";

const INSERT_WALLET: &str = "insert into wallet (tenant, customer, coupon, kind, ordinal) values (?1, ?2, ?3, ?4, ?5)";
const DELETE_WALLET: &str = "delete from wallet
    where tenant = ?1 and customer = ?2 and coupon = ?3 and kind = ?4 and ordinal = ?5";

const INSERT_GIVEN_CODE: &str =
    "insert into given_code (tenant, hash, coupon, ordinal, sealed) values (?1, ?2, ?3, ?4, ?5)";
/// A code that nobody has seen moves to another voucher of its coupon.
const UPDATE_GIVEN_CODE: &str = "update given_code
    set ordinal = ?4
    where tenant = ?1 and hash = ?2 and coupon = ?3 and ordinal = ?5";

const INSERT_BLOCK: &str = "insert into code_block (tenant, coupon, first, count, block_id, key_no, version, made_at,
        takings, revoked_at, journal)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
const UPDATE_BLOCK: &str = "update code_block
    set version = ?4, takings = ?5, revoked_at = ?6, journal = ?7
    where tenant = ?1 and coupon = ?2 and first = ?3 and version = ?8";

impl Target<'_> {
    pub(super) fn vouchers(&self, facts: &Facts) -> rusqlite::Result<()> {
        let mut wallets: Vec<(&str, CustomerNo, &VoucherKey)> = Vec::new();
        for (key, before, voucher) in sorted(&facts.vouchers) {
            match before {
                None => self.insert_voucher(voucher)?,
                Some(before) if stays(before, voucher) => self.move_voucher(before.version, voucher)?,
                Some(before) => self.update_voucher(before.version, voucher)?,
            }
            let owner_before = before.and_then(|voucher| voucher.customer);
            if owner_before != voucher.customer {
                wallets.extend(owner_before.map(|customer| (DELETE_WALLET, customer, key)));
                wallets.extend(voucher.customer.map(|customer| (INSERT_WALLET, customer, key)));
            }
        }
        wallets.sort_unstable_by_key(|(_, customer, key)| (*customer, *key));
        for (sql, customer, key) in wallets {
            let ordinal = rows::ordinal_column(key.ordinal);
            self.one(sql, params![self.tenant.0, customer.0, key.coupon.0, key.kind.bits(), ordinal])?;
        }
        Ok(())
    }

    fn insert_voucher(&self, voucher: &Voucher) -> rusqlite::Result<()> {
        self.one(
            INSERT_VOUCHER,
            params![
                self.tenant.0,
                voucher.key.coupon.0,
                voucher.key.kind.bits(),
                rows::ordinal_column(voucher.key.ordinal),
                voucher.key_no,
                voucher.version,
                voucher.state as u8,
                voucher.customer.map(|no| no.0),
                voucher.made_at.as_ms(),
                voucher.valid_from.map(Timestamp::as_ms),
                voucher.valid_until.map(Timestamp::as_ms),
                voucher.held_until.map(Timestamp::as_ms),
                voucher.locked_until.map(Timestamp::as_ms),
                voucher.redemption.as_ref().map(|id| id.as_str()),
                rows::takings_column(&voucher.takings),
                voucher.journal.0,
                voucher.amount_minor,
            ],
        )
    }

    fn update_voucher(&self, version_before: u32, voucher: &Voucher) -> rusqlite::Result<()> {
        self.one(
            UPDATE_VOUCHER,
            params![
                self.tenant.0,
                voucher.key.coupon.0,
                voucher.key.kind.bits(),
                rows::ordinal_column(voucher.key.ordinal),
                voucher.version,
                voucher.state as u8,
                voucher.customer.map(|no| no.0),
                voucher.held_until.map(Timestamp::as_ms),
                voucher.locked_until.map(Timestamp::as_ms),
                voucher.redemption.as_ref().map(|id| id.as_str()),
                rows::takings_column(&voucher.takings),
                voucher.journal.0,
                version_before,
                voucher.made_at.as_ms(),
                voucher.valid_from.map(Timestamp::as_ms),
                voucher.valid_until.map(Timestamp::as_ms),
                voucher.amount_minor,
            ],
        )
    }

    fn move_voucher(&self, version_before: u32, voucher: &Voucher) -> rusqlite::Result<()> {
        self.one(
            MOVE_VOUCHER,
            params![
                self.tenant.0,
                voucher.key.coupon.0,
                voucher.key.kind.bits(),
                rows::ordinal_column(voucher.key.ordinal),
                voucher.version,
                voucher.state as u8,
                voucher.held_until.map(Timestamp::as_ms),
                voucher.locked_until.map(Timestamp::as_ms),
                voucher.redemption.as_ref().map(|id| id.as_str()),
                rows::takings_column(&voucher.takings),
                voucher.journal.0,
                version_before,
            ],
        )
    }

    pub(super) fn given_codes(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (hash, before, given) in sorted(&facts.given_codes) {
            let (coupon, ordinal) = (given.voucher.coupon.0, rows::ordinal_column(given.voucher.ordinal));
            match before {
                None => self.one(INSERT_GIVEN_CODE, params![self.tenant.0, hash, coupon, ordinal, given.sealed])?,
                Some(before) => {
                    let before = rows::ordinal_column(before.voucher.ordinal);
                    self.one(UPDATE_GIVEN_CODE, params![self.tenant.0, hash, coupon, ordinal, before])?;
                }
            }
        }
        Ok(())
    }

    pub(super) fn blocks(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (key, before, block) in sorted(&facts.blocks) {
            let (tenant, coupon, first) = (self.tenant.0, key.coupon.0, rows::ordinal_column(key.first));
            let Block { version, journal, .. } = *block;
            let takings = rows::takings_column(&block.takings);
            let revoked_at = block.revoked_at.map(Timestamp::as_ms);
            match before {
                None => {
                    let (id, count) = (block.id.0.as_bytes(), rows::ordinal_column(block.count));
                    let (key_no, made_at) = (block.key_no, block.made_at.as_ms());
                    self.one(
                        INSERT_BLOCK,
                        params![
                            tenant, coupon, first, count, id, key_no, version, made_at, takings, revoked_at, journal.0
                        ],
                    )?;
                }
                Some(before) => self.one(
                    UPDATE_BLOCK,
                    params![tenant, coupon, first, version, takings, revoked_at, journal.0, before.version],
                )?,
            }
        }
        Ok(())
    }
}

/// Whether it keeps its owner, and the validity and amount that it was made with or left its pool with.
fn stays(before: &Voucher, after: &Voucher) -> bool {
    let given = |voucher: &Voucher| {
        (voucher.customer, voucher.made_at, voucher.valid_from, voucher.valid_until, voucher.amount_minor)
    };
    given(before) == given(after)
}
