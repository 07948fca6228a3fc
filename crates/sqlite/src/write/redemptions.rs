//! Redemptions, with what they were decided on and the list of those that are pending.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::CouponNo;
use domain::ledger::{DecisionRecord, Facts};
use domain::redemption::{Redemption, RedemptionId, RedemptionState};
use domain::time::Timestamp;
use rusqlite::params;

use super::{Target, sorted};
use crate::rows::{pack, payments_column};

const INSERT_REDEMPTION: &str = "insert into redemption (tenant, redemption_id, version, state, fingerprint, customer,
        order_id, currency, subtotal_minor, discount_minor, total_minor, made_at, deadline, parts, lines, journal,
        payments, shares)
    values (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

/// Who redeemed which order for how much stays.
const UPDATE_REDEMPTION: &str = "update redemption
    set version = ?3, state = ?4, deadline = ?5, parts = ?6, lines = ?7, journal = ?8, payments = ?10, shares = ?11
    where tenant = ?1 and redemption_id = ?2 and version = ?9";

const INSERT_DECISION: &str = "insert into decision (redemption, document) values (?1, ?2)";
/// What the record of an order with two codes takes, and half as much again.
const DECISION_BYTES: usize = 2048;

const INSERT_RESERVATION: &str =
    "insert into reservation (tenant, coupon, deadline, redemption_id) values (?1, ?2, ?3, ?4)";
const DELETE_RESERVATION: &str =
    "delete from reservation where tenant = ?1 and coupon = ?2 and deadline = ?3 and redemption_id = ?4";

impl Target<'_> {
    pub(super) fn redemptions(&self, facts: &Facts) -> rusqlite::Result<()> {
        let (updated, inserted): (Vec<_>, Vec<_>) =
            sorted(&facts.redemptions).into_iter().partition(|(_, before, _)| before.is_some());
        let mut decisions: BTreeMap<&RedemptionId, &DecisionRecord> =
            facts.decisions().iter().map(|record| (&record.redemption, record)).collect();
        // First what ends: an order that is amended has its new live redemption in the same batch.
        for (_, before, redemption) in updated.into_iter().chain(inserted) {
            match before {
                None => {
                    self.insert_redemption(redemption)?;
                    if let Some(record) = decisions.remove(&redemption.id) {
                        self.insert_decision(self.connection.last_insert_rowid(), record)?;
                    }
                }
                Some(before) => self.update_redemption(before.version, redemption)?,
            }
            self.reservations(before, redemption)?;
        }
        assert!(decisions.is_empty(), "what is decided is a new redemption");
        Ok(())
    }

    fn insert_redemption(&self, redemption: &Redemption) -> rusqlite::Result<()> {
        self.one(
            INSERT_REDEMPTION,
            params![
                self.tenant.0,
                redemption.id.as_str(),
                redemption.version,
                redemption.state as u8,
                redemption.fingerprint,
                redemption.customer.map(|no| no.0),
                redemption.order,
                redemption.currency.map(|currency| currency.to_string()),
                redemption.subtotal_minor,
                redemption.discount_minor,
                redemption.total_minor,
                redemption.made_at.as_ms(),
                redemption.deadline.map(Timestamp::as_ms),
                pack(&redemption.parts),
                pack(&redemption.lines),
                redemption.journal.0,
                payments_column(&redemption.payments),
                redemption.shares.as_ref().map(pack),
            ],
        )
    }

    /// By the row of the redemption that was just inserted.
    fn insert_decision(&self, row: i64, record: &DecisionRecord) -> rusqlite::Result<()> {
        let mut document = Vec::with_capacity(DECISION_BYTES);
        serde_json::to_writer(&mut document, record).expect("domain values serialise");
        let document = str::from_utf8(&document).expect("JSON is UTF-8");
        self.one(INSERT_DECISION, params![row, document])
    }

    fn update_redemption(&self, version_before: u32, redemption: &Redemption) -> rusqlite::Result<()> {
        self.one(
            UPDATE_REDEMPTION,
            params![
                self.tenant.0,
                redemption.id.as_str(),
                redemption.version,
                redemption.state as u8,
                redemption.deadline.map(Timestamp::as_ms),
                pack(&redemption.parts),
                pack(&redemption.lines),
                redemption.journal.0,
                version_before,
                payments_column(&redemption.payments),
                redemption.shares.as_ref().map(pack),
            ],
        )
    }

    fn reservations(&self, before: Option<&Redemption>, after: &Redemption) -> rusqlite::Result<()> {
        let (old, new) = (before.map(reserved).unwrap_or_default(), reserved(after));
        let gone = old.difference(&new).map(|row| (DELETE_RESERVATION, row));
        let come = new.difference(&old).map(|row| (INSERT_RESERVATION, row));
        for (sql, (coupon, deadline)) in gone.chain(come) {
            self.one(sql, params![self.tenant.0, coupon.0, deadline.as_ms(), after.id.as_str()])?;
        }
        Ok(())
    }
}

/// The coupons that a pending redemption reserves, each with the deadline.
fn reserved(redemption: &Redemption) -> BTreeSet<(CouponNo, Timestamp)> {
    let deadline = redemption.deadline.filter(|_| redemption.state == RedemptionState::Pending);
    let Some(deadline) = deadline else { return BTreeSet::new() };
    redemption.parts.iter().map(|part| (part.coupon, deadline)).collect()
}
