//! Blocks of bearer codes.

use std::sync::LazyLock;

use domain::id::{BlockId, CouponNo, TenantNo, VoucherKey};
use domain::voucher::Block;
use ports::{BlockRecord, StoreError};
use rusqlite::Connection;

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
