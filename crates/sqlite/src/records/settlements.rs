//! What everybody bore, page by page.

use domain::id::{CouponNo, TenantNo};
use domain::settlement::{Bearer, Settled, SettlementKey};
use domain::time::Day;
use ports::{Page, PageRequest, Settlement, SettlementFilter, StoreError};
use rusqlite::{Connection, Row, params};

use super::pages::ITEMS_MAX;
use crate::error::store_error;
use crate::rows::{currency_or_none, damaged};

pub(super) const PAGE: &str = "
    select begins, merchant, coupon, currency, redemptions, borne_minor, given_back_minor
    from settlement
    where tenant = ?1 and per = ?2 and begins <= ?3 and (begins, merchant, coupon, currency) > (?4, ?5, ?6, ?7)
    order by begins, merchant, coupon, currency
    limit ?8";

pub(super) const PAGE_OF_MERCHANT: &str = "
    select begins, merchant, coupon, currency, redemptions, borne_minor, given_back_minor
    from settlement
    where tenant = ?1 and per = ?2 and begins <= ?3 and (begins, coupon, currency) > (?4, ?6, ?7) and merchant = ?5
    order by begins, coupon, currency
    limit ?8";

/// After which row a page begins. No row has this one's key while the coupon is 0.
struct After {
    begins: i32,
    merchant: String,
    coupon: u32,
    currency: String,
}

/// What cursors of this list begin with.
const CURSOR: char = 'b';

impl After {
    fn before(begins: i32) -> Self {
        Self { begins, merchant: String::new(), coupon: 0, currency: String::new() }
    }

    /// The last field is what callers may write anything in.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.strip_prefix(CURSOR)?.splitn(4, '.');
        let (begins, coupon) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        Some(Self { begins, coupon, currency: parts.next()?.to_owned(), merchant: parts.next()?.to_owned() })
    }

    fn text(row: &Settlement) -> String {
        let SettlementKey { bearer, coupon, currency } = &row.key;
        let merchant = bearer.merchant_id().unwrap_or_default();
        format!("{CURSOR}{}.{}.{currency}.{merchant}", row.begins.number(), coupon.0)
    }
}

pub(super) fn page(
    connection: &Connection,
    tenant: TenantNo,
    filter: &SettlementFilter,
    request: &PageRequest,
) -> Result<Page<Settlement>, StoreError> {
    let (first, last) = Day::BOUNDS;
    let (from, to) = (filter.from.unwrap_or(first).number(), filter.to.unwrap_or(last).number());
    let of = filter.bearer.as_ref().map(|bearer| bearer.merchant_id().unwrap_or_default());
    let after = request.after.as_deref().map(|text| After::parse(text).ok_or(StoreError::Cursor)).transpose()?;
    // A cursor of another question does not lead out of this one.
    let after = after.filter(|after| after.begins >= from).unwrap_or(After::before(from));
    let limit = request.limit.clamp(1, ITEMS_MAX);
    let mut statement =
        connection.prepare_cached(if of.is_some() { PAGE_OF_MERCHANT } else { PAGE }).map_err(store_error)?;
    let merchant = of.unwrap_or(&after.merchant);
    // One more, to learn whether there is one.
    let values =
        params![tenant.0, filter.per as u8, to, after.begins, merchant, after.coupon, after.currency, limit as i64 + 1];
    let mut items = statement
        .query_map(values, settlement)
        .and_then(Iterator::collect::<rusqlite::Result<Vec<_>>>)
        .map_err(store_error)?;
    let more = items.len() > limit;
    items.truncate(limit);
    let next = items.last().filter(|_| more).map(After::text);
    Ok(Page { items, next })
}

fn settlement(row: &Row<'_>) -> rusqlite::Result<Settlement> {
    Ok(Settlement { begins: day(row, 0)?, key: key(row, 1)?, settled: settled(row, 4)? })
}

fn day(row: &Row<'_>, column: usize) -> rusqlite::Result<Day> {
    Day::from_number(row.get(column)?).ok_or_else(|| damaged(column, "not a day"))
}

/// From the columns `merchant, coupon, currency`, beginning with that one.
pub(crate) fn key(row: &Row<'_>, first: usize) -> rusqlite::Result<SettlementKey> {
    let merchant: String = row.get(first)?;
    let bearer = if merchant.is_empty() { Bearer::Platform } else { Bearer::Merchant(merchant) };
    let currency = currency_or_none(row, first + 2)?.ok_or_else(|| damaged(first + 2, "no currency"))?;
    Ok(SettlementKey { bearer, coupon: CouponNo(row.get(first + 1)?), currency })
}

/// From the columns `redemptions, borne_minor, given_back_minor`, beginning with that one.
pub(crate) fn settled(row: &Row<'_>, first: usize) -> rusqlite::Result<Settled> {
    Ok(Settled {
        redemptions: row.get(first)?,
        borne_minor: row.get(first + 1)?,
        given_back_minor: row.get(first + 2)?,
    })
}
