//! How domain values stand in rows: the only file that knows both. Blobs carry a format byte, so that a later layout can
//! be told from this one.

use domain::customer::{Customer, CustomerProfile};
use domain::event::JournalNo;
use domain::id::{BlockId, CouponNo, CustomerId, CustomerNo, VoucherKey, VoucherKind};
use domain::ledger::Sequence;
use domain::limit::Taking;
use domain::money::Currency;
use domain::redemption::{Redemption, RedemptionId, RedemptionState};
use domain::time::Timestamp;
use domain::voucher::{Block, Voucher, VoucherState};
use ports::StoreError;
use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The layout of blobs written today.
const FORMAT: u8 = 1;

/// The columns of [`voucher`], in its order.
pub(crate) const VOUCHER_COLUMNS: &str = "coupon, kind, ordinal, key_no, version, state, customer, made_at, \
     valid_from, valid_until, held_until, locked_until, redemption_id, takings, journal";

/// The columns of [`redemption`], in its order.
pub(crate) const REDEMPTION_COLUMNS: &str = "redemption_id, version, state, fingerprint, customer, order_id, currency, \
     subtotal_minor, discount_minor, total_minor, made_at, deadline, parts, lines, journal";

/// The columns of [`block`], in its order.
pub(crate) const BLOCK_COLUMNS: &str = "block_id, first, count, key_no, version, made_at, takings, revoked_at, journal";

/// The columns of [`customer`], in its order.
pub(crate) const CUSTOMER_COLUMNS: &str = "customer, customer_id, version, external_id, email, phone, name, \
     birth_date, attributes, created_at, journal";

/// A value as a blob.
pub(crate) fn pack<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_extend(value, vec![FORMAT]).expect("domain values serialise")
}

/// The value of a blob.
pub(crate) fn unpack<T: DeserializeOwned>(blob: &[u8]) -> Result<T, StoreError> {
    match blob.split_first() {
        Some((&FORMAT, rest)) => {
            postcard::from_bytes(rest).map_err(|error| StoreError::Corrupt(format!("a blob does not read: {error}")))
        }
        Some((format, _)) => Err(StoreError::Corrupt(format!("a blob has the unknown format {format}"))),
        None => Err(StoreError::Corrupt("a blob is empty".to_owned())),
    }
}

pub(crate) fn voucher(row: &Row<'_>) -> rusqlite::Result<Voucher> {
    Ok(Voucher {
        key: voucher_key(row)?,
        key_no: row.get(3)?,
        version: row.get(4)?,
        state: state(row, 5, VoucherState::from_number)?,
        customer: row.get::<_, Option<u32>>(6)?.map(CustomerNo),
        made_at: instant(row, 7)?,
        valid_from: instant_or_none(row, 8)?,
        valid_until: instant_or_none(row, 9)?,
        held_until: instant_or_none(row, 10)?,
        locked_until: instant_or_none(row, 11)?,
        redemption: redemption_id(row, 12)?,
        takings: takings(row, 13)?,
        journal: JournalNo(row.get(14)?),
    })
}

/// From the columns `coupon, kind, ordinal`, the first three of a row.
pub(crate) fn voucher_key(row: &Row<'_>) -> rusqlite::Result<VoucherKey> {
    Ok(VoucherKey {
        coupon: CouponNo(row.get(0)?),
        kind: state(row, 1, VoucherKind::from_bits)?,
        ordinal: ordinal(row, 2)?,
    })
}

pub(crate) fn redemption(row: &Row<'_>) -> rusqlite::Result<Redemption> {
    Ok(Redemption {
        id: redemption_id(row, 0)?.ok_or_else(|| damaged(0, "no id"))?,
        version: row.get(1)?,
        state: state(row, 2, RedemptionState::from_number)?,
        fingerprint: row.get(3)?,
        customer: row.get::<_, Option<u32>>(4)?.map(CustomerNo),
        order: row.get(5)?,
        currency: currency_or_none(row, 6)?,
        subtotal_minor: row.get(7)?,
        discount_minor: row.get(8)?,
        total_minor: row.get(9)?,
        made_at: instant(row, 10)?,
        deadline: instant_or_none(row, 11)?,
        parts: blob(row, 12)?,
        lines: blob(row, 13)?,
        journal: JournalNo(row.get(14)?),
    })
}

pub(crate) fn block(row: &Row<'_>) -> rusqlite::Result<Block> {
    Ok(Block {
        id: BlockId(Uuid::from_bytes(row.get(0)?)),
        first: ordinal(row, 1)?,
        count: ordinal(row, 2)?,
        key_no: row.get(3)?,
        version: row.get(4)?,
        made_at: instant(row, 5)?,
        takings: takings(row, 6)?,
        revoked_at: instant_or_none(row, 7)?,
        journal: JournalNo(row.get(8)?),
    })
}

/// Takings as a column: null when there are none, which is so for most vouchers of unlimited coupons.
pub(crate) fn takings_column(takings: &[Taking]) -> Option<Vec<u8>> {
    (!takings.is_empty()).then(|| pack(&takings))
}

fn takings(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Taking>> {
    match row.get_ref(column)?.as_blob_or_null()? {
        None => Ok(Vec::new()),
        Some(bytes) => unpack(bytes).map_err(|error| damaged(column, &error.to_string())),
    }
}

pub(crate) fn customer(row: &Row<'_>) -> rusqlite::Result<Customer> {
    Ok(Customer {
        no: CustomerNo(row.get(0)?),
        id: CustomerId(Uuid::from_bytes(row.get(1)?)),
        version: row.get(2)?,
        profile: CustomerProfile {
            external_id: row.get(3)?,
            email: row.get(4)?,
            phone: row.get(5)?,
            name: row.get(6)?,
            birth_date: row.get(7)?,
            attributes: row.get(8)?,
        },
        created_at: instant(row, 9)?,
        journal: JournalNo(row.get(10)?),
    })
}

/// The number a sequence is kept under.
pub(crate) fn sequence_number(sequence: Sequence) -> u8 {
    match sequence {
        Sequence::Coupon => 0,
        Sequence::Customer => 1,
        Sequence::Campaign => 2,
        Sequence::Limit => 3,
    }
}

pub(crate) fn blob<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    unpack(row.get_ref(column)?.as_blob()?).map_err(|error| damaged(column, &error.to_string()))
}

/// A JSON document.
pub(crate) fn json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(row.get_ref(column)?.as_str()?).map_err(|error| damaged(column, &error.to_string()))
}

pub(crate) fn instant(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Ok(Timestamp::from_ms(row.get(column)?))
}

pub(crate) fn instant_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Timestamp>> {
    Ok(row.get::<_, Option<i64>>(column)?.map(Timestamp::from_ms))
}

pub(crate) fn redemption_id(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<RedemptionId>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| RedemptionId::parse(text).map_err(|error| damaged(column, &error.to_string()))).transpose()
}

pub(crate) fn currency_or_none(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Currency>> {
    let text: Option<String> = row.get(column)?;
    text.map(|text| text.parse().map_err(|_| damaged(column, "not a currency"))).transpose()
}

pub(crate) fn ordinal(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(|_| damaged(column, "below zero"))
}

/// An ordinal as a column; no row has one above 34 bits.
pub(crate) fn ordinal_column(ordinal: u64) -> i64 {
    i64::try_from(ordinal).unwrap_or(i64::MAX)
}

fn state<T>(row: &Row<'_>, column: usize, from: impl Fn(u8) -> Option<T>) -> rusqlite::Result<T> {
    from(row.get(column)?).ok_or_else(|| damaged(column, "an unknown state"))
}

/// A column that holds what no program of ours wrote.
pub(crate) fn damaged(column: usize, what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Null, what.to_owned().into())
}
