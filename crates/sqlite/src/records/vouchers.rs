//! Vouchers: one by its id, or a page of them.

use std::sync::LazyLock;

use domain::codes::ComputedCode;
use domain::id::{CouponNo, TenantNo, VoucherKey, VoucherKind};
use domain::time::{Timestamp, Zone};
use domain::voucher::{Block, Voucher};
use ports::{Page, PageRequest, StoreError, VoucherFilter};
use rusqlite::Connection;

use super::blocks;
use super::coupons;
use super::pages::List;
use crate::error::store_error;
use crate::query::one;
use crate::rows::{self, VOUCHER_COLUMNS};

/// The voucher one of the candidates stands for: the one whose row, or block, was made under the same ring key.
pub(super) fn by_candidates(
    connection: &Connection,
    tenant: TenantNo,
    zone: &Zone,
    candidates: &[ComputedCode],
) -> Result<Option<Voucher>, StoreError> {
    for candidate in candidates {
        let row = by_key(connection, tenant, candidate.key)?;
        if let Some(voucher) = row {
            if voucher.key_no == candidate.key_no {
                return Ok(Some(voucher));
            }
        } else if candidate.key.kind == VoucherKind::Bearer
            && let Some(block) = blocks::covering(connection, tenant, candidate.key)?
            && block.key_no == candidate.key_no
        {
            return of_block(connection, tenant, zone, (&block, candidate.key)).map(Some);
        }
    }
    Ok(None)
}

fn of_block(
    connection: &Connection,
    tenant: TenantNo,
    zone: &Zone,
    (block, key): (&Block, VoucherKey),
) -> Result<Voucher, StoreError> {
    let coupon = coupons::latest(connection, tenant, key.coupon)?;
    let coupon = coupon.ok_or_else(|| StoreError::Corrupt(format!("block {} has no coupon", block.id)))?;
    Ok(block.voucher(key, &coupon.definition.validity, zone))
}

pub(super) static BY_KEY: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {VOUCHER_COLUMNS}
         from voucher
         where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4"
    )
});

fn by_key(connection: &Connection, tenant: TenantNo, key: VoucherKey) -> Result<Option<Voucher>, StoreError> {
    let ordinal = rows::ordinal_column(key.ordinal);
    one(connection, &BY_KEY, (tenant.0, key.coupon.0, key.kind.bits(), ordinal), rows::voucher)
}

/// Of the whole tenant, or of the coupons up to one.
pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {VOUCHER_COLUMNS}
         from voucher
         where tenant = ?1 and (coupon, kind, ordinal) > (?2, ?3, ?4) and coupon <= ?5
         order by coupon, kind, ordinal"
    )
});

/// `cross join` keeps the wallet outermost: its order is the order of the page.
pub(super) static PAGE_OF_CUSTOMER: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {VOUCHER_COLUMNS}
         from wallet
         cross join voucher using (tenant, customer, coupon, kind, ordinal)
         where tenant = ?1 and customer = ?6 and (coupon, kind, ordinal) > (?2, ?3, ?4) and coupon <= ?5
         order by coupon, kind, ordinal"
    )
});

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    filter: VoucherFilter,
    request: &PageRequest,
    now: Timestamp,
) -> Result<Page<Voucher>, StoreError> {
    let list = List::<3>('v');
    let (first, last) = filter.coupon.map_or((0, u32::MAX), |coupon| (coupon.0, coupon.0));
    let after = list.after(request, [i64::from(first), -1, -1])?;
    if !(i64::from(first)..=i64::from(last)).contains(&after[0]) {
        return Err(StoreError::Cursor);
    }
    let (tenant, [coupon, kind, ordinal]) = (tenant.0, after);
    let sql = if filter.customer.is_some() { &PAGE_OF_CUSTOMER } else { &PAGE };
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let rows = match filter.customer {
        Some(customer) => statement.query((tenant, coupon, kind, ordinal, last, customer.0)),
        None => statement.query((tenant, coupon, kind, ordinal, last)),
    };
    list.page(request, &mut rows.map_err(store_error)?, |row| {
        let voucher = rows::voucher(row)?;
        let VoucherKey { coupon: CouponNo(coupon), kind, ordinal } = voucher.key;
        let key = [i64::from(coupon), i64::from(kind.bits()), rows::ordinal_column(ordinal)];
        let wanted = filter.state.is_none_or(|state| voucher.state_at(now) == state);
        Ok((key, wanted.then_some(voucher)))
    })
}
