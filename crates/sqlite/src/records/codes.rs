//! The codes of vouchers: computed, or unsealed when they were given by people.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::sync::LazyLock;

use domain::codes::Pattern;
use domain::id::{CouponNo, TenantNo, VoucherKey, VoucherKind};
use ports::{Records, StoreError};
use rusqlite::Connection;

use crate::SqliteStore;
use crate::query::one;
use crate::rows::ordinal_column;

static DEFAULT: LazyLock<Pattern> = LazyLock::new(Pattern::default);

/// The codes of these vouchers, each with the ring key it was made under, in their order. None: it went back to the pool.
pub(super) async fn write(
    store: &SqliteStore,
    tenant: TenantNo,
    of: &[(VoucherKey, u32)],
) -> Result<Vec<Option<String>>, StoreError> {
    let patterns = patterns(store, tenant, of).await?;
    let mut given = kept(store, tenant, of).await?.into_iter();
    let codes = &store.shared.codes;
    of.iter()
        .map(|(key, key_no)| match key.kind {
            VoucherKind::Given => {
                let kept = given.next().expect("one is read for each that was given");
                let open = |Kept { hash, sealed }| codes.open(tenant, &hash, &sealed);
                kept.map(open).transpose().map_err(|error| damaged(*key, &error))
            }
            VoucherKind::Row | VoucherKind::Bearer => {
                let pattern = patterns[&key.coupon].as_ref().unwrap_or(&DEFAULT);
                codes.code(tenant, pattern, *key, *key_no).map(Some).map_err(|error| damaged(*key, &error))
            }
        })
        .collect()
}

fn damaged(key: VoucherKey, why: &dyn Display) -> StoreError {
    StoreError::Corrupt(format!("voucher {}/{}/{} has no code: {why}", key.coupon, key.kind.bits(), key.ordinal))
}

/// The pattern of each coupon, if it has its own.
async fn patterns(
    store: &SqliteStore,
    tenant: TenantNo,
    of: &[(VoucherKey, u32)],
) -> Result<BTreeMap<CouponNo, Option<Pattern>>, StoreError> {
    let mut patterns = BTreeMap::new();
    for (key, _) in of {
        if patterns.contains_key(&key.coupon) {
            continue;
        }
        let coupon =
            store.coupon(tenant, key.coupon).await?.ok_or_else(|| damaged(*key, &"there is no such coupon"))?;
        patterns.insert(key.coupon, coupon.definition.pattern.clone());
    }
    Ok(patterns)
}

/// What is kept of those that were given, in their order.
async fn kept(
    store: &SqliteStore,
    tenant: TenantNo,
    of: &[(VoucherKey, u32)],
) -> Result<Vec<Option<Kept>>, StoreError> {
    let keys: Vec<VoucherKey> = of.iter().map(|(key, _)| *key).filter(|key| key.kind == VoucherKind::Given).collect();
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    let read = move |connection: &Connection| {
        let one = |key: &VoucherKey| match given(connection, tenant, *key)? {
            None if !has_ended(connection, tenant, *key)? => Err(damaged(*key, &"it is not kept")),
            kept => Ok(kept),
        };
        keys.iter().map(one).collect()
    };
    store.read(read).await
}

/// A given code as it is kept.
pub(crate) struct Kept {
    pub hash: [u8; 16],
    pub sealed: Vec<u8>,
}

pub(super) const GIVEN: &str = "
    select hash, sealed
    from given_code
    where tenant = ?1 and coupon = ?2 and ordinal = ?3";

/// What is kept of the code of a voucher that was given.
pub(crate) fn given(connection: &Connection, tenant: TenantNo, key: VoucherKey) -> Result<Option<Kept>, StoreError> {
    one(connection, GIVEN, (tenant.0, key.coupon.0, ordinal_column(key.ordinal)), |row| {
        Ok(Kept { hash: row.get(0)?, sealed: row.get(1)? })
    })
}

pub(super) const ENDED: &str = "
    select 1
    from voucher
    where tenant = ?1 and coupon = ?2 and kind = 2 and ordinal = ?3 and state in (4, 5)";

/// Whether a hold of the voucher that was given may have ended, and have left its code to another.
fn has_ended(connection: &Connection, tenant: TenantNo, key: VoucherKey) -> Result<bool, StoreError> {
    let ended = one(connection, ENDED, (tenant.0, key.coupon.0, ordinal_column(key.ordinal)), |_| Ok(()))?;
    Ok(ended.is_some())
}
