//! What was settled, against what the redemptions count to.

use std::collections::BTreeMap;

use domain::id::TenantNo;
use domain::settlement::{Settled, SettlementKey, SettlementPer};
use ports::StoreError;

use super::Run;
use super::report::Promise;
use crate::query::each;
use crate::records::settlements::{key, settled};

/// What every tenant's bearers have borne in all.
#[derive(Debug, Default)]
pub(super) struct Settlements(BTreeMap<(TenantNo, SettlementKey), Settled>);

impl Settlements {
    pub(super) fn add(&mut self, tenant: TenantNo, more: impl IntoIterator<Item = (SettlementKey, Settled)>) {
        for (key, settled) in more {
            self.0.entry((tenant, key)).or_default().add(&settled);
        }
    }
}

const ALL: &str = "
    select tenant, merchant, coupon, currency, redemptions, borne_minor, given_back_minor
    from settlement
    where per = ?1
    order by tenant";

/// Of whatever length the periods are, they come to the same.
pub(super) fn compare(run: &mut Run<'_>) -> Result<(), StoreError> {
    let counted = std::mem::take(&mut run.settled_of_rows).0;
    for per in SettlementPer::ALL {
        let mut kept = Settlements::default();
        each(run.connection, ALL, [per as u8], |row| {
            kept.add(TenantNo(row.get(0)?), [(key(row, 1)?, settled(row, 4)?)]);
            Ok(())
        })?;
        let mut keys: Vec<_> = kept.0.keys().chain(counted.keys()).collect();
        keys.sort_unstable();
        keys.dedup();
        for of in keys {
            let [kept, counted] = [&kept.0, &counted].map(|all| all.get(of).copied().unwrap_or_default());
            if kept != counted {
                let (tenant, SettlementKey { bearer, coupon, currency }) = of;
                run.findings.add(Promise::SettlementsEqualRedemptions, || {
                    let of = format!("{bearer:?} of tenant {} for coupon {coupon} in {currency}", tenant.0);
                    format!("{of} per {per:?}: {kept:?}, counted {counted:?}")
                });
            }
        }
    }
    Ok(())
}
