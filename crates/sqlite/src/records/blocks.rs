//! Blocks of bearer codes.

use std::sync::LazyLock;

use domain::id::{BlockId, CouponNo, TenantNo, VoucherKey};
use domain::voucher::Block;
use ports::{BlockRecord, Page, PageRequest, StoreError};
use rusqlite::{Connection, Row, Statement};

use super::pages::List;
use crate::error::store_error;
use crate::query::one;
use crate::rows::{self, BLOCK_COLUMNS};

pub(super) static BY_ID: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {BLOCK_COLUMNS}, coupon
         from code_block
         where block_id = ?1 and tenant = ?2"
    )
});

pub(super) fn by_id(connection: &Connection, tenant: TenantNo, id: BlockId) -> Result<Option<BlockRecord>, StoreError> {
    one(connection, &BY_ID, (id.0.as_bytes(), tenant.0), |row| {
        Ok(BlockRecord { coupon: CouponNo(row.get("coupon")?), block: rows::block(row)? })
    })
}

/// Blocks do not overlap, so only the last one that begins at or before the ordinal can cover it.
pub(super) static COVERING: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {BLOCK_COLUMNS}
         from code_block
         where tenant = ?1 and coupon = ?2 and first <= ?3
         order by first desc
         limit 1"
    )
});

pub(super) fn covering(
    connection: &Connection,
    tenant: TenantNo,
    key: VoucherKey,
) -> Result<Option<Block>, StoreError> {
    let ordinal = rows::ordinal_column(key.ordinal);
    let block = one(connection, &COVERING, (tenant.0, key.coupon.0, ordinal), rows::block)?;
    Ok(block.filter(|block| block.covers(key.ordinal)))
}

pub(super) static PAGE: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {BLOCK_COLUMNS}
         from code_block
         where tenant = ?1 and coupon = ?2 and first > ?3
         order by first"
    )
});

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    coupon: CouponNo,
    request: &PageRequest,
) -> Result<Page<Block>, StoreError> {
    let list = List::<2>('b');
    let [of, first] = list.after(request, [i64::from(coupon.0), -1])?;
    if of != i64::from(coupon.0) {
        return Err(StoreError::Cursor);
    }
    let mut statement = connection.prepare_cached(&PAGE).map_err(store_error)?;
    let blocks = statement.query_map((tenant.0, of, first), rows::block).map_err(store_error)?;
    let keyed = |block: Block| ([of, rows::ordinal_column(block.first)], Some(block));
    list.page_of(request, blocks.map(|block| block.map(keyed).map_err(store_error)))
}

/// The blocks of a coupon that reach to an ordinal or lie behind it, by [`PAGE`].
pub(super) fn reaching<'a>(
    connection: &Connection,
    page: &'a mut Statement<'_>,
    tenant: TenantNo,
    key: VoucherKey,
) -> Result<impl Iterator<Item = Result<Block, StoreError>> + use<'a>, StoreError> {
    let first = covering(connection, tenant, key)?.map_or(key.ordinal, |block| block.first);
    let before = rows::ordinal_column(first) - 1;
    let blocks = page.query_map((tenant.0, key.coupon.0, before), rows::block as fn(&Row<'_>) -> _);
    Ok(blocks.map_err(store_error)?.map(|block| block.map_err(store_error)))
}
