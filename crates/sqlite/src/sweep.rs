//! Deadlines and bounds of windows that have passed, found on a reader and written down through the ledger's own commands.

use std::collections::BTreeMap;

use domain::event::Actor;
use domain::id::{CampaignNo, CouponNo, TenantNo, VoucherKey};
use domain::ledger::{Action, Command, Outcome};
use domain::redemption::RedemptionId;
use domain::time::Timestamp;
use ports::StoreError;
use rusqlite::{Connection, OptionalExtension, params};

use crate::SqliteStore;
use crate::error::store_error;
use crate::rows;

/// Deadlines in one command: few enough that commands of others find room in the same batch, and do not wait long for it.
/// 100 in a batch of some milliseconds are more than the 10,000 a second that are to be written down.
const CHUNK_MAX: usize = 100;

/// Something whose time is over.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Item {
    Campaign(CampaignNo),
    Coupon(CouponNo),
    Voucher(VoucherKey),
    Redemption(RedemptionId),
}

/// By instant, so that sorting puts the oldest first.
type Due = (Timestamp, TenantNo, Item);

impl SqliteStore {
    /// Writes down at most `max` of what is due, oldest first. Returns how many.
    pub(crate) async fn sweep_due(&self, max: usize) -> Result<usize, StoreError> {
        let mut written = 0;
        while written < max {
            let (now, asked) = (self.shared.now(), max - written);
            let due = self.shared.readers.run(move |connection| find(connection, now, asked).map_err(store_error));
            let due = due.await?;
            let found = due.len();
            let ended = self.expire(due).await?;
            written += ended;
            // What was found and not ended here ended otherwise meanwhile; there may be more behind it.
            if found < asked || ended == 0 {
                break;
            }
        }
        Ok(written)
    }

    async fn expire(&self, due: Vec<Due>) -> Result<usize, StoreError> {
        let mut of_tenant: BTreeMap<TenantNo, Vec<Item>> = BTreeMap::new();
        for (_, tenant, item) in due {
            of_tenant.entry(tenant).or_default().push(item);
        }
        let mut ended = 0;
        for (tenant, items) in of_tenant {
            for action in items.chunks(CHUNK_MAX).flat_map(actions) {
                let command = Command { actor: Actor::System, key: None, fingerprint: [0; 16], action };
                let answer = self.queue.submit(tenant, command).await?;
                ended += answer.map_or(0, |answer| count(&answer.outcome));
            }
        }
        Ok(ended)
    }
}

/// What writes these down: deadlines and definitions each for themselves.
fn actions(items: &[Item]) -> Vec<Action> {
    let (mut vouchers, mut redemptions, mut coupons, mut campaigns) = (vec![], vec![], vec![], vec![]);
    for item in items {
        match item {
            Item::Campaign(no) => campaigns.push(*no),
            Item::Coupon(no) => coupons.push(*no),
            Item::Voucher(key) => vouchers.push(*key),
            Item::Redemption(id) => redemptions.push(id.clone()),
        }
    }
    let mut actions = Vec::new();
    if !(coupons.is_empty() && campaigns.is_empty()) {
        actions.push(Action::FollowClock { coupons, campaigns });
    }
    if !(vouchers.is_empty() && redemptions.is_empty()) {
        actions.push(Action::Expire { vouchers, redemptions });
    }
    actions
}

fn count(outcome: &Outcome) -> usize {
    let (some, others) = match outcome {
        Outcome::Expired { vouchers, redemptions } => (*vouchers, *redemptions),
        Outcome::Followed { coupons, campaigns } => (*coupons, *campaigns),
        _ => (0, 0),
    };
    some as usize + others as usize
}

/// Definitions that the clock has moved, by the index that holds only those that it will.
const DUE_COUPONS: &str = "select tenant, coupon, due_at from coupon indexed by coupon_due
    where due_at <= ?1
    order by due_at
    limit ?2";
const DUE_CAMPAIGNS: &str = "select tenant, campaign, due_at from campaign indexed by campaign_due
    where due_at <= ?1
    order by due_at
    limit ?2";

/// The next coupon with holds, with its oldest deadline: one step of the index for each coupon, not for each hold.
const NEXT_HOLDS: &str = "select tenant, coupon, held_until from voucher indexed by voucher_due
    where state = 0 and (tenant, coupon) > (?1, ?2)
    order by tenant, coupon, held_until
    limit 1";
const DUE_HOLDS: &str = "select coupon, kind, ordinal, held_until from voucher indexed by voucher_due
    where tenant = ?1 and coupon = ?2 and state = 0 and held_until <= ?3
    order by held_until
    limit ?4";

/// The same, of reservations.
const NEXT_RESERVATIONS: &str = "select tenant, coupon, deadline from reservation
    where (tenant, coupon) > (?1, ?2)
    order by tenant, coupon, deadline
    limit 1";
const DUE_RESERVATIONS: &str = "select redemption_id, deadline from reservation
    where tenant = ?1 and coupon = ?2 and deadline <= ?3
    order by deadline
    limit ?4";

/// Those under no coupon, by the index that holds only pending ones without a discount.
const DUE_WITHOUT_COUPON: &str = "select tenant, redemption_id, deadline from redemption
    indexed by redemption_without_discount_due
    where state = 0 and discount_minor = 0 and deadline <= ?1
    order by deadline
    limit ?2";

fn find(connection: &Connection, now: Timestamp, max: usize) -> rusqlite::Result<Vec<Due>> {
    let limit = i64::try_from(max).unwrap_or(i64::MAX);
    let mut all: Vec<Due> = Vec::new();
    let campaigns = definitions(connection, DUE_CAMPAIGNS, (now, max), |no| Item::Campaign(CampaignNo(no)))?;
    let coupons = definitions(connection, DUE_COUPONS, (now, max), |no| Item::Coupon(CouponNo(no)))?;
    keep_oldest(&mut all, campaigns.into_iter().chain(coupons).map(Ok), max)?;
    let mut holds = connection.prepare_cached(DUE_HOLDS)?;
    each_coupon(connection, NEXT_HOLDS, now, |tenant, coupon| {
        let rows = holds.query_map(params![tenant.0, coupon.0, now.as_ms(), limit], |row| {
            Ok((rows::instant(row, 3)?, tenant, Item::Voucher(rows::voucher_key(row)?)))
        })?;
        keep_oldest(&mut all, rows, max)
    })?;
    let mut reservations = connection.prepare_cached(DUE_RESERVATIONS)?;
    each_coupon(connection, NEXT_RESERVATIONS, now, |tenant, coupon| {
        let rows = reservations.query_map(params![tenant.0, coupon.0, now.as_ms(), limit], |row| {
            let id = rows::redemption_id(row, 0)?.ok_or_else(|| rows::damaged(0, "no id"))?;
            Ok((rows::instant(row, 1)?, tenant, Item::Redemption(id)))
        })?;
        keep_oldest(&mut all, rows, max)
    })?;
    let mut without_coupon = connection.prepare_cached(DUE_WITHOUT_COUPON)?;
    let rows = without_coupon.query_map(params![now.as_ms(), limit], |row| {
        let id = rows::redemption_id(row, 1)?.ok_or_else(|| rows::damaged(1, "no id"))?;
        Ok((rows::instant(row, 2)?, TenantNo(row.get(0)?), Item::Redemption(id)))
    })?;
    keep_oldest(&mut all, rows, max)?;
    Ok(all)
}

fn definitions(
    connection: &Connection,
    due: &str,
    (now, max): (Timestamp, usize),
    item: impl Fn(u32) -> Item,
) -> rusqlite::Result<Vec<Due>> {
    let mut due = connection.prepare_cached(due)?;
    let limit = i64::try_from(max).unwrap_or(i64::MAX);
    let rows = due.query_map(params![now.as_ms(), limit], |row| {
        Ok((rows::instant(row, 2)?, TenantNo(row.get(0)?), item(row.get(1)?)))
    })?;
    rows.collect()
}

/// Walks the coupons whose oldest deadline has passed.
fn each_coupon(
    connection: &Connection,
    next: &str,
    now: Timestamp,
    mut visit: impl FnMut(TenantNo, CouponNo) -> rusqlite::Result<()>,
) -> rusqlite::Result<()> {
    let mut next = connection.prepare_cached(next)?;
    let mut at = (TenantNo(0), CouponNo(0));
    loop {
        let found = next.query_row(params![at.0.0, at.1.0], |row| {
            Ok((TenantNo(row.get(0)?), CouponNo(row.get(1)?), rows::instant(row, 2)?))
        });
        let Some((tenant, coupon, oldest)) = found.optional()? else { return Ok(()) };
        at = (tenant, coupon);
        if oldest <= now {
            visit(tenant, coupon)?;
        }
    }
}

/// Adds these, and lets go of the youngest beyond the bound.
fn keep_oldest(
    all: &mut Vec<Due>,
    more: impl Iterator<Item = rusqlite::Result<Due>>,
    max: usize,
) -> rusqlite::Result<()> {
    for due in more {
        all.push(due?);
    }
    all.sort_unstable();
    // A reservation of several coupons is found with each, and once more if it has no discount.
    all.dedup();
    all.truncate(max);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else a sweep would look at every hold there is, each second.
    #[test]
    fn the_walk_takes_one_step_of_an_index_for_each_coupon() {
        for sql in [NEXT_HOLDS, NEXT_RESERVATIONS] {
            let steps = crate::plan::plan("", sql);
            assert!(steps.len() == 1 && steps[0].ends_with("((tenant,coupon)>(?,?))"), "{steps:?}");
        }
    }

    #[test]
    fn only_definitions_and_reservations_that_are_due_are_looked_at() {
        for sql in [DUE_COUPONS, DUE_CAMPAIGNS] {
            let steps = crate::plan::plan("", sql);
            assert!(steps.len() == 1 && steps[0].ends_with("(due_at<?)"), "{steps:?}");
        }
        let steps = crate::plan::plan("", DUE_WITHOUT_COUPON);
        assert!(steps.len() == 1 && steps[0].ends_with("(deadline<?)"), "{steps:?}");
    }
}
