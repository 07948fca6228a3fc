//! How domain values stand in rows: the only file that knows both. Blobs carry a format byte, so that a later layout can
//! be told from this one.

use std::sync::LazyLock;

use domain::account::{Account, Role};
use domain::audit::{AuditEntry, AuditHead, AuditKind, AuditSubject, actor_of_numbers};
use domain::codes::RowPlace;
use domain::event::JournalNo;
use domain::gift::{GiftAccount, GiftEntry, GiftStep};
use domain::id::{AccountId, AccountNo, BlockId, CouponNo, CustomerNo, TenantNo, VoucherKey, VoucherKind};
use domain::identity::IdentityKind;
use domain::ledger::Sequence;
use domain::limit::Taking;
use domain::money::Currency;
use domain::redemption::{Paid, Redemption, RedemptionId, RedemptionState};
use domain::time::Timestamp;
use domain::voucher::{Block, Voucher, VoucherState};
use ports::{Codes, StoreError};
use rusqlite::Row;
use rusqlite::types::Type;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

/// The layout of blobs written today. Since 2 a redemption ends with its shares.
const FORMAT: u8 = 2;
/// The same without what is at the end since.
const FORMAT_1: u8 = 1;

/// The columns of [`voucher`], in its order.
pub(crate) const VOUCHER_COLUMNS: &str = "coupon, kind, ordinal, key_no, version, state, customer, made_at, \
     valid_from, valid_until, held_until, locked_until, redemption_id, takings, journal, amount_minor";

/// The columns of [`redemption`], in its order.
pub(crate) const REDEMPTION_COLUMNS: &str = "redemption_id, version, state, fingerprint, customer, order_id, currency, \
     subtotal_minor, discount_minor, total_minor, made_at, deadline, parts, lines, journal, payments, shares";

/// The columns of [`gift_account`], in its order.
pub(crate) const GIFT_ACCOUNT_COLUMNS: &str =
    "coupon, kind, ordinal, version, initial_minor, balance_minor, held_minor, journal";

/// The columns of [`gift_entry`], in its order.
pub(crate) const GIFT_ENTRY_COLUMNS: &str = "coupon, kind, ordinal, version, step, amount_minor, balance_minor, \
     redemption_id, at, actor_kind, actor, reason";

/// The columns of [`block`], in its order.
pub(crate) const BLOCK_COLUMNS: &str = "block_id, first, count, key_no, version, made_at, takings, revoked_at, journal";

/// The columns of [`audit_entry`], in its order.
pub(crate) const AUDIT_COLUMNS: &str =
    "audit, at, actor_kind, actor, action, subject_kind, subject, before, after, hash";

/// A value as a blob.
pub(crate) fn pack<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_extend(value, vec![FORMAT]).expect("domain values serialise")
}

/// The value of a blob.
pub(crate) fn unpack<T: DeserializeOwned>(blob: &[u8]) -> Result<T, StoreError> {
    let read = |bytes: &[u8]| {
        postcard::from_bytes(bytes).map_err(|error| StoreError::Corrupt(format!("a blob does not read: {error}")))
    };
    match blob.split_first() {
        Some((&FORMAT, rest)) => read(rest),
        // What came last since is absent, which is a zero; what does not end with it reads no further than it did.
        Some((&FORMAT_1, rest)) => read(&[rest, &[0]].concat()),
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
        amount_minor: row.get(15)?,
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
        payments: blob_or_none(row, 15)?.unwrap_or_default(),
        shares: blob_or_none(row, 16)?,
    })
}

/// Payments as a column: null when there are none, which is so for most redemptions.
pub(crate) fn payments_column(payments: &[Paid]) -> Option<Vec<u8>> {
    (!payments.is_empty()).then(|| pack(&payments))
}

pub(crate) fn gift_account(row: &Row<'_>) -> rusqlite::Result<GiftAccount> {
    Ok(GiftAccount {
        voucher: voucher_key(row)?,
        version: row.get(3)?,
        initial_minor: row.get(4)?,
        balance_minor: row.get(5)?,
        held_minor: row.get(6)?,
        journal: JournalNo(row.get(7)?),
    })
}

pub(crate) fn gift_entry(row: &Row<'_>) -> rusqlite::Result<GiftEntry> {
    Ok(GiftEntry {
        voucher: voucher_key(row)?,
        version: row.get(3)?,
        step: state(row, 4, GiftStep::from_number)?,
        amount_minor: row.get(5)?,
        balance_minor: row.get(6)?,
        redemption: redemption_id(row, 7)?,
        at: instant(row, 8)?,
        actor: actor_of_numbers(row.get(9)?, row.get(10)?).ok_or_else(|| damaged(9, "an unknown kind of actor"))?,
        reason: row.get(11)?,
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
    blob_or_none(row, column).map(Option::unwrap_or_default)
}

fn blob_or_none<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<T>> {
    let bytes = row.get_ref(column)?.as_blob_or_null()?;
    bytes.map(|bytes| unpack(bytes).map_err(|error| damaged(column, &error.to_string()))).transpose()
}

pub(crate) fn identity_kind(row: &Row<'_>, column: usize) -> rusqlite::Result<IdentityKind> {
    state(row, column, IdentityKind::from_number)
}

/// The columns of [`account`], by name.
const ACCOUNT_COLUMNS: &str = "tenant, account, account_id, version, epoch, role, active, customer, profile, \
     credentials, created_at, changed_at, journal";

/// Where the sealed columns of an account belong.
pub(crate) const ACCOUNT_PROFILE: &str = "account.profile";
pub(crate) const ACCOUNT_CREDENTIALS: &str = "account.credentials";

/// All accounts.
pub(crate) static ACCOUNTS: LazyLock<String> =
    LazyLock::new(|| format!("select {ACCOUNT_COLUMNS} from account order by tenant, account"));

/// One account.
pub(crate) static ACCOUNT: LazyLock<String> =
    LazyLock::new(|| format!("select {ACCOUNT_COLUMNS} from account where tenant = ?1 and account = ?2"));

pub(crate) fn account(row: &Row<'_>, codes: &Codes, tenant: TenantNo) -> rusqlite::Result<Account> {
    let no = AccountNo(row.get("account")?);
    Ok(Account {
        no,
        id: AccountId(Uuid::from_bytes(row.get("account_id")?)),
        version: row.get("version")?,
        epoch: row.get("epoch")?,
        role: Role::from_number(row.get("role")?).ok_or_else(|| damaged(5, "an unknown role"))?,
        active: row.get("active")?,
        customer: row.get::<_, Option<u32>>("customer")?.map(CustomerNo),
        profile: sealed_json(row, "profile", codes, (ACCOUNT_PROFILE, tenant, no))?,
        credentials: sealed_json(row, "credentials", codes, (ACCOUNT_CREDENTIALS, tenant, no))?,
        created_at: Timestamp::from_ms(row.get("created_at")?),
        changed_at: Timestamp::from_ms(row.get("changed_at")?),
        journal: JournalNo(row.get("journal")?),
    })
}

fn sealed_json<T: DeserializeOwned>(
    row: &Row<'_>,
    column: &str,
    codes: &Codes,
    (table, tenant, no): (&'static str, TenantNo, AccountNo),
) -> rusqlite::Result<T> {
    let key = no.0.to_be_bytes();
    let opened = codes.open_row(RowPlace { table, tenant, key: &key }, row.get_ref(column)?.as_blob()?);
    let plain = opened.map_err(|error| damaged(0, &format!("{column}: {error}")))?;
    serde_json::from_slice(&plain).map_err(|error| damaged(0, &format!("{column}: {error}")))
}

/// What [`account`] opens again.
pub(crate) fn seal_json<T: Serialize>(
    codes: &Codes,
    (table, tenant, no): (&'static str, TenantNo, AccountNo),
    value: &T,
) -> Vec<u8> {
    let plain = serde_json::to_vec(value).expect("domain values serialise");
    codes.seal_row(RowPlace { table, tenant, key: &no.0.to_be_bytes() }, &plain)
}

pub(crate) fn audit_entry(row: &Row<'_>) -> rusqlite::Result<AuditEntry> {
    let kind: String = row.get(5)?;
    Ok(AuditEntry {
        number: ordinal(row, 0)?,
        at: instant(row, 1)?,
        actor: actor_of_numbers(row.get(2)?, row.get(3)?).ok_or_else(|| damaged(2, "an unknown kind of actor"))?,
        action: row.get(4)?,
        subject: AuditSubject {
            kind: AuditKind::from_name(&kind).ok_or_else(|| damaged(5, "an unknown kind of subject"))?,
            id: row.get(6)?,
        },
        before: row.get(7)?,
        after: row.get(8)?,
        hash: row.get(9)?,
    })
}

/// From the columns `number, hash`.
pub(crate) fn audit_head(row: &Row<'_>) -> rusqlite::Result<AuditHead> {
    Ok(AuditHead { number: ordinal(row, 0)?, hash: row.get(1)? })
}

/// The number a sequence is kept under.
pub(crate) fn sequence_number(sequence: Sequence) -> u8 {
    match sequence {
        Sequence::Coupon => 0,
        Sequence::Customer => 1,
        Sequence::Campaign => 2,
        Sequence::Limit => 3,
        Sequence::Account => 4,
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

#[cfg(test)]
mod tests {
    use domain::ledger::Outcome;

    use super::*;

    fn outcome(shares: Option<Vec<domain::bearing::MerchantShare>>) -> Outcome {
        let redemption = Redemption {
            id: RedemptionId::parse("r1").expect("an id"),
            version: 2,
            state: RedemptionState::Succeeded,
            fingerprint: [3; 16],
            customer: Some(CustomerNo(4)),
            order: Some("o1".into()),
            currency: Some("EUR".parse().expect("a currency")),
            subtotal_minor: 50,
            discount_minor: 5,
            total_minor: 45,
            parts: vec![],
            payments: vec![],
            lines: vec![],
            made_at: Timestamp::from_ms(6),
            deadline: None,
            journal: JournalNo(7),
            shares,
        };
        Outcome::Redemption(Box::new(redemption))
    }

    /// Before there were shares a blob ended where they begin.
    #[test]
    fn what_was_written_before_there_were_shares_reads_without_them() {
        let now = pack(&outcome(None));
        let mut then = now[..now.len() - 1].to_vec();
        then[0] = FORMAT_1;
        assert_eq!(unpack::<Outcome>(&then).expect("it reads"), outcome(None));
        assert_eq!(unpack::<Outcome>(&now).expect("it reads"), outcome(None));
        assert!(unpack::<Outcome>(&now[..now.len() - 1]).is_err(), "what is cut off today does not read");
        assert!(unpack::<Outcome>(&then[..then.len() - 2]).is_err());
        let none_borne = pack(&outcome(Some(vec![])));
        assert_eq!(unpack::<Outcome>(&none_borne).expect("it reads"), outcome(Some(vec![])));
    }
}
