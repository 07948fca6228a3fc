//! Gift value: accounts by their vouchers, and the entries of one, newest first.

use std::sync::LazyLock;

use domain::gift::{GiftAccount, GiftEntry};
use domain::id::{TenantNo, VoucherKey};
use ports::{Page, PageRequest, StoreError};
use rusqlite::{Connection, params};

use super::pages::List;
use crate::error::store_error;
use crate::query::one;
use crate::rows::{self, GIFT_ACCOUNT_COLUMNS, GIFT_ENTRY_COLUMNS, ordinal_column};

const LIST: List<1> = List('g');

pub(crate) static ACCOUNT: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {GIFT_ACCOUNT_COLUMNS}
         from gift_account
         where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4"
    )
});

/// In the order of the vouchers.
pub(super) fn accounts(
    connection: &Connection,
    tenant: TenantNo,
    vouchers: &[VoucherKey],
) -> Result<Vec<Option<GiftAccount>>, StoreError> {
    let of = |key: &VoucherKey| {
        let place = params![tenant.0, key.coupon.0, key.kind.bits(), ordinal_column(key.ordinal)];
        one(connection, &ACCOUNT, place, rows::gift_account)
    };
    vouchers.iter().map(of).collect()
}

static ENTRIES: LazyLock<String> = LazyLock::new(|| {
    format!(
        "select {GIFT_ENTRY_COLUMNS}
         from gift_entry
         where tenant = ?1 and coupon = ?2 and kind = ?3 and ordinal = ?4 and version < ?5
         order by version desc"
    )
});

pub(super) fn entries(
    connection: &Connection,
    tenant: TenantNo,
    key: VoucherKey,
    request: &PageRequest,
) -> Result<Page<GiftEntry>, StoreError> {
    let [before] = LIST.after(request, [i64::MAX])?;
    let mut statement = connection.prepare_cached(&ENTRIES).map_err(store_error)?;
    let place = params![tenant.0, key.coupon.0, key.kind.bits(), ordinal_column(key.ordinal), before];
    let mut rows = statement.query(place).map_err(store_error)?;
    LIST.page(request, &mut rows, |row| {
        let entry = rows::gift_entry(row)?;
        Ok(([i64::from(entry.version)], Some(entry)))
    })
}
