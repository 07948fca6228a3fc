//! The figures of coupons, against the tally of the events and against what the rows count to.

use std::collections::BTreeMap;

use domain::id::{CouponNo, TenantNo};
use domain::statistics::Statistics;
use ports::StoreError;

use super::Run;
use super::report::Promise;
use crate::query::each;

/// The figures of every tenant's coupons.
pub(super) type Figures = BTreeMap<TenantNo, BTreeMap<CouponNo, Statistics>>;

const ALL: &str = "
    select tenant, coupon, issued, held, locked, redeemed, returned, expired, revoked, value_given_minor,
        pooled
    from coupon_statistics
    order by tenant, coupon";

pub(super) fn compare(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut kept = Figures::new();
    each(run.connection, ALL, [], |row| {
        let figures = Statistics {
            issued: row.get(2)?,
            held: row.get(3)?,
            locked: row.get(4)?,
            redeemed: row.get(5)?,
            returned: row.get(6)?,
            expired: row.get(7)?,
            revoked: row.get(8)?,
            value_given_minor: row.get(9)?,
            pooled: row.get(10)?,
        };
        kept.entry(TenantNo(row.get(0)?)).or_default().insert(CouponNo(row.get(1)?), figures);
        Ok(())
    })?;
    if run.journal.is_cut() {
        run.findings.skip(Promise::StatisticsEqualEvents, "old events have been removed");
    } else {
        let counted = std::mem::take(&mut run.figures_of_events);
        compare_with(run, &kept, &counted, Promise::StatisticsEqualEvents);
    }
    let counted = std::mem::take(&mut run.figures_of_rows);
    compare_with(run, &kept, &counted, Promise::StatisticsEqualRows);
    Ok(())
}

/// A coupon of which nothing was counted has figures of zero, or none.
fn compare_with(run: &mut Run<'_>, kept: &Figures, counted: &Figures, promise: Promise) {
    let of = |figures: &Figures, tenant, coupon| {
        figures.get(&tenant).and_then(|coupons| coupons.get(&coupon)).copied().unwrap_or_default()
    };
    let mut coupons: Vec<(TenantNo, CouponNo)> = [kept, counted]
        .into_iter()
        .flatten()
        .flat_map(|(tenant, coupons)| coupons.keys().map(|coupon| (*tenant, *coupon)))
        .collect();
    coupons.sort_unstable();
    coupons.dedup();
    for (tenant, coupon) in coupons {
        let (kept, counted) = (of(kept, tenant, coupon), of(counted, tenant, coupon));
        if kept != counted {
            run.findings
                .add(promise, || format!("coupon {coupon} of tenant {}: {kept:?}, counted {counted:?}", tenant.0));
        }
    }
}
