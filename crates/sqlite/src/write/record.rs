//! What is kept of a batch beside its rows: the journal and the figures.

use domain::event::{EVENTS_PER_ROW, JournalNo};
use domain::ledger::Facts;
use domain::settlement::{SettlementKey, SettlementPer};
use domain::statistics::Statistics;
use domain::time::Day;
use rusqlite::params;

use super::Target;
use crate::rows::pack;

const INSERT_JOURNAL: &str = "insert into journal (journal, tenant, at, events) values (?1, ?2, ?3, ?4)";

const ADD_STATISTICS: &str = "update coupon_statistics
    set issued = issued + ?3, held = held + ?4, locked = locked + ?5, redeemed = redeemed + ?6,
        returned = returned + ?7, expired = expired + ?8, revoked = revoked + ?9,
        value_given_minor = value_given_minor + ?10, pooled = pooled + ?11
    where tenant = ?1 and coupon = ?2";

const ADD_SETTLEMENT: &str = "insert into settlement (tenant, per, begins, merchant, coupon, currency, redemptions,
        borne_minor, given_back_minor)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
    on conflict (tenant, per, begins, merchant, coupon, currency) do update
    set redemptions = redemptions + excluded.redemptions, borne_minor = borne_minor + excluded.borne_minor,
        given_back_minor = given_back_minor + excluded.given_back_minor";

impl Target<'_> {
    pub(super) fn journal(&self, facts: &Facts) -> rusqlite::Result<()> {
        let numbers = (facts.journal.0..).map(JournalNo);
        for (no, events) in numbers.zip(facts.events().chunks(EVENTS_PER_ROW)) {
            self.one(INSERT_JOURNAL, params![no.0, self.tenant.0, self.now.as_ms(), pack(&events)])?;
        }
        Ok(())
    }

    /// One row for each bearer, coupon and period of a batch, however many redemptions it has.
    pub(super) fn settlements(&self, facts: &Facts) -> rusqlite::Result<()> {
        let settled = facts.settled();
        if settled.is_empty() {
            return Ok(());
        }
        let today = Day::of(self.now, &facts.settings.zone);
        for per in SettlementPer::ALL {
            let begins = per.begins(today).number();
            for (SettlementKey { bearer, coupon, currency }, settled) in &settled {
                self.one(
                    ADD_SETTLEMENT,
                    params![
                        self.tenant.0,
                        per as u8,
                        begins,
                        bearer.merchant_id().unwrap_or_default(),
                        coupon.0,
                        currency.to_string(),
                        settled.redemptions,
                        settled.borne_minor,
                        settled.given_back_minor,
                    ],
                )?;
            }
        }
        Ok(())
    }

    pub(super) fn statistics(&self, facts: &Facts) -> rusqlite::Result<()> {
        for (coupon, figures) in facts.statistics() {
            // A confirmed hold, for one, changes the voucher and none of its figures.
            if figures == Statistics::default() {
                continue;
            }
            self.one(
                ADD_STATISTICS,
                params![
                    self.tenant.0,
                    coupon.0,
                    figures.issued,
                    figures.held,
                    figures.locked,
                    figures.redeemed,
                    figures.returned,
                    figures.expired,
                    figures.revoked,
                    figures.value_given_minor,
                    figures.pooled,
                ],
            )?;
        }
        Ok(())
    }
}
