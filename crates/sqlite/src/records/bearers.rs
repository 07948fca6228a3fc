//! The vouchers of blocks: as their blocks say, and between the rows of their coupon.

use std::cmp::Ordering;

use domain::id::{CouponNo, TenantNo, VoucherKey, VoucherKind};
use domain::time::{Timestamp, Zone};
use domain::validity::Validity;
use domain::voucher::{Block, Voucher, VoucherState};
use ports::StoreError;
use rusqlite::Connection;

use super::blocks;

/// A row as it is shown. One that nobody owns and that a use which was undone left issued is revoked with its block.
pub(super) fn shown(connection: &Connection, tenant: TenantNo, row: Voucher) -> Result<Voucher, StoreError> {
    let bearer = row.key.kind == VoucherKind::Bearer && row.customer.is_none();
    if !bearer || row.state != VoucherState::Issued {
        return Ok(row);
    }
    let block = blocks::covering(connection, tenant, row.key)?.filter(|block| block.key_no == row.key_no);
    let revoked = block.is_some_and(|block| block.revoked_at.is_some());
    Ok(if revoked { Voucher { state: VoucherState::Revoked, ..row } } else { row })
}

/// Which codes without rows a page of a coupon shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted<'a> {
    pub coupon: CouponNo,
    pub validity: &'a Validity,
    pub zone: &'a Zone,
    pub state: Option<VoucherState>,
    pub now: Timestamp,
}

impl Wanted<'_> {
    /// The vouchers of these blocks from an ordinal on, made as they are asked for: a block may have a hundred million.
    pub(super) fn codes(
        self,
        blocks: impl Iterator<Item = Result<Block, StoreError>>,
        from: u64,
    ) -> impl Iterator<Item = Result<Voucher, StoreError>> {
        blocks.flat_map(move |block| {
            let (codes, error) = match block {
                Ok(block) => (Some(self.of_block(&block, from)), None),
                Err(error) => (None, Some(Err(error))),
            };
            codes.into_iter().flatten().map(Ok).chain(error)
        })
    }

    /// The vouchers of a block from an ordinal on. All of them are in one state: if it is not wanted, the first stands
    /// for the others, so that a page passes over a block of millions in one step.
    fn of_block(&self, block: &Block, from: u64) -> impl Iterator<Item = Voucher> + use<> {
        let first = block.first.max(from);
        let key = VoucherKey { coupon: self.coupon, kind: VoucherKind::Bearer, ordinal: first };
        let voucher = block.voucher(key, self.validity, self.zone);
        let wanted = self.state.is_none_or(|state| voucher.state_at(self.now) == state);
        let all = (block.first + block.count).saturating_sub(first);
        let end = first + if wanted { all } else { all.min(1) };
        (first..end).map(move |ordinal| Voucher { key: VoucherKey { ordinal, ..key }, ..voucher.clone() })
    }
}

/// The first ordinal of a block that a page after this kind and ordinal may show; none if it begins behind the blocks.
pub(super) fn first_after(kind: i64, ordinal: i64) -> Option<u64> {
    match kind.cmp(&i64::from(VoucherKind::Bearer.bits())) {
        Ordering::Less => Some(0),
        Ordering::Equal => u64::try_from(ordinal.saturating_add(1)).ok(),
        Ordering::Greater => None,
    }
}

/// Rows and codes, each in the order of their keys, as one run; of two with one key, the row speaks.
pub(super) fn merged(
    rows: impl Iterator<Item = Result<Voucher, StoreError>>,
    codes: impl Iterator<Item = Result<Voucher, StoreError>>,
) -> impl Iterator<Item = Result<Voucher, StoreError>> {
    let (mut rows, mut codes) = (rows.peekable(), codes.peekable());
    std::iter::from_fn(move || match (rows.peek(), codes.peek()) {
        (Some(Ok(row)), Some(Ok(code))) if row.key > code.key => codes.next(),
        (Some(Ok(row)), Some(Ok(code))) if row.key == code.key => {
            codes.next();
            rows.next()
        }
        (None, _) | (Some(Ok(_)), Some(Err(_))) => codes.next(),
        _ => rows.next(),
    })
}
