//! Gift value: accounts, and the entries that their balances are the sum of.

use domain::audit::actor_numbers;
use domain::gift::{GiftAccount, GiftEntry};
use domain::ledger::Facts;
use rusqlite::params;

use super::{Target, sorted};
use crate::rows;

const INSERT_ACCOUNT: &str = "insert into gift_account (tenant, coupon, kind, ordinal, version, initial_minor,
        balance_minor, held_minor, journal)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
/// What it was given at its issue stays.
const UPDATE_ACCOUNT: &str = "update gift_account
    set version = ?5, balance_minor = ?6, held_minor = ?7, journal = ?8
    where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4 and version = ?9";
const INSERT_ENTRY: &str = "insert into gift_entry (tenant, coupon, kind, ordinal, version, step, amount_minor,
        balance_minor, redemption_id, at, actor_kind, actor, reason)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

impl Target<'_> {
    pub(super) fn gifts(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (key, before, account) in sorted(&facts.gifts) {
            let (tenant, coupon, kind) = (self.tenant.0, key.coupon.0, key.kind.bits());
            let ordinal = rows::ordinal_column(key.ordinal);
            let GiftAccount { version, initial_minor, balance_minor, held_minor, journal, .. } = account;
            match before {
                None => self.one(
                    INSERT_ACCOUNT,
                    params![
                        tenant,
                        coupon,
                        kind,
                        ordinal,
                        version,
                        initial_minor,
                        balance_minor,
                        held_minor,
                        journal.0
                    ],
                )?,
                Some(before) => self.one(
                    UPDATE_ACCOUNT,
                    params![
                        tenant,
                        coupon,
                        kind,
                        ordinal,
                        version,
                        balance_minor,
                        held_minor,
                        journal.0,
                        before.version
                    ],
                )?,
            }
        }
        facts.gift_entries().iter().try_for_each(|entry| self.gift_entry(entry))
    }

    fn gift_entry(&self, entry: &GiftEntry) -> rusqlite::Result<()> {
        let (actor_kind, actor) = actor_numbers(entry.actor);
        self.one(
            INSERT_ENTRY,
            params![
                self.tenant.0,
                entry.voucher.coupon.0,
                entry.voucher.kind.bits(),
                rows::ordinal_column(entry.voucher.ordinal),
                entry.version,
                entry.step as u8,
                entry.amount_minor,
                entry.balance_minor,
                entry.redemption.as_ref().map(|id| id.as_str()),
                entry.at.as_ms(),
                actor_kind,
                actor,
                entry.reason,
            ],
        )
    }
}
