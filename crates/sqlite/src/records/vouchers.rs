//! Vouchers: one by its id, or a page of them.

use std::sync::LazyLock;

use domain::codes::ComputedCode;
use domain::id::{CouponNo, CustomerNo, TenantNo, VoucherKey, VoucherKind};
use domain::time::{Timestamp, Zone};
use domain::voucher::{Block, Voucher, VoucherState};
use ports::{Page, PageRequest, StoreError, VoucherFilter, WALLET_COUNTED_MAX, WalletCounts};
use rusqlite::{Connection, Row};

use super::bearers::{self, Wanted};
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
                return bearers::shown(connection, tenant, voucher).map(Some);
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
    (now, zone): (Timestamp, &Zone),
) -> Result<Page<Voucher>, StoreError> {
    let (first, last) = filter.coupon.map_or((0, u32::MAX), |coupon| (coupon.0, coupon.0));
    let after = LIST.after(request, [i64::from(first), -1, -1])?;
    if !(i64::from(first)..=i64::from(last)).contains(&after[0]) {
        return Err(StoreError::Cursor);
    }
    let [coupon, kind, ordinal] = after;
    let sql = if filter.customer.is_some() { &PAGE_OF_CUSTOMER } else { &PAGE };
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    let rows = match filter.customer {
        Some(customer) => {
            statement.query_map((tenant.0, coupon, kind, ordinal, last, customer.0), rows::voucher as ReadRow)
        }
        None => statement.query_map((tenant.0, coupon, kind, ordinal, last), rows::voucher as ReadRow),
    };
    let rows = rows.map_err(store_error)?.map(|row| bearers::shown(connection, tenant, row.map_err(store_error)?));
    let (VoucherFilter { customer: None, coupon: Some(of), state }, Some(ordinal)) =
        (filter, bearers::first_after(kind, ordinal))
    else {
        return page_of(request, filter.state, now, rows);
    };
    let Some(made) = coupons::latest(connection, tenant, of)? else { return page_of(request, state, now, rows) };
    let wanted = Wanted { coupon: of, validity: &made.definition.validity, zone, state, now };
    let mut blocks = connection.prepare_cached(&blocks::PAGE).map_err(store_error)?;
    let key = VoucherKey { coupon: of, kind: VoucherKind::Bearer, ordinal };
    let blocks = blocks::reaching(connection, &mut blocks, tenant, key)?;
    page_of(request, state, now, bearers::merged(rows, wanted.codes(blocks, ordinal)))
}

/// Counts a customer's vouchers.
pub(super) fn counts(
    connection: &Connection,
    tenant: TenantNo,
    customer: CustomerNo,
    now: Timestamp,
) -> Result<WalletCounts, StoreError> {
    let mut statement = connection.prepare_cached(&PAGE_OF_CUSTOMER).map_err(store_error)?;
    let rows = statement.query_map((tenant.0, 0, -1, -1, u32::MAX, customer.0), rows::voucher).map_err(store_error)?;
    let mut counted = WalletCounts::default();
    for (place, voucher) in rows.enumerate() {
        if place == WALLET_COUNTED_MAX {
            counted.is_cut = true;
            break;
        }
        let voucher = voucher.map_err(store_error)?;
        counted.by_coupon.entry(voucher.key.coupon).or_default().add(&voucher, now);
    }
    Ok(counted)
}

type ReadRow = fn(&Row<'_>) -> rusqlite::Result<Voucher>;

const LIST: List<3> = List('v');

/// A page of those in the state.
fn page_of(
    request: &PageRequest,
    state: Option<VoucherState>,
    now: Timestamp,
    vouchers: impl Iterator<Item = Result<Voucher, StoreError>>,
) -> Result<Page<Voucher>, StoreError> {
    let keyed = |voucher: Voucher| {
        let VoucherKey { coupon: CouponNo(coupon), kind, ordinal } = voucher.key;
        let key = [i64::from(coupon), i64::from(kind.bits()), rows::ordinal_column(ordinal)];
        let wanted = state.is_none_or(|state| voucher.state_at(now) == state);
        (key, wanted.then_some(voucher))
    };
    LIST.page_of(request, vouchers.map(|voucher| voucher.map(keyed)))
}
