//! What everybody bore of discounts, read: page by page as JSON, or in one go as CSV.

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use domain::id::{CouponId, TenantNo};
use domain::money::Currency;
use domain::settlement::{Bearer, SettlementPer};
use domain::time::Day;
use http::{HeaderMap, header};
use ports::{PageRequest, Settlement, SettlementFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::auth::Caller;
use crate::extract::Query;
use crate::names::Names;
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::reply::Reply;
use crate::schemas;
use crate::streamed::{Pieces, streamed};

/// Rows read at once for CSV.
const PAGE_ROWS: usize = 500;

/// What somebody bore of what a coupon gave, within a period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Settlement)]
pub(crate) struct SettlementBody {
    /// The first day of the period, in the tenant's zone.
    #[schema(value_type = String, format = Date, example = "2026-11-28")]
    begins: String,
    #[schema(value_type = schemas::Bearer)]
    bearer: BearerWord,
    /// `null` for the platform.
    merchant_id: Option<String>,
    #[schema(value_type = String, example = "cpn_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    coupon_id: CouponId,
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// Redemptions that succeeded in the period of which it bore something.
    redemptions: i64,
    /// What it bore of their discounts.
    borne_minor: i64,
    /// What came back by returns in the period, whenever it was redeemed.
    given_back_minor: i64,
    /// `borne - given_back`; below 0 where more came back than was given in the period.
    net_minor: i64,
}

/// Who bears.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BearerWord {
    Platform,
    Merchant,
}

/// What is answered with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Format {
    Json,
    Csv,
}

/// Which settlements to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SettlementsQuery {
    /// Only periods that hold this day of the tenant's zone, or later ones.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-01")]
    from: Option<String>,
    /// Only periods that hold this day, or earlier ones: the last day that is wanted.
    #[param(value_type = Option<String>, format = Date, example = "2026-11-30")]
    to: Option<String>,
    /// How long the periods are; `day` unless given.
    #[serde(default)]
    #[param(value_type = Option<schemas::SettlementPer>, inline)]
    per: SettlementPer,
    /// Only what the platform bore.
    #[param(value_type = Option<schemas::BearerPlatform>, inline)]
    bearer: Option<BearerWord>,
    /// Only what this merchant bore. Not together with `bearer`.
    #[param(min_length = 1, max_length = 128)]
    merchant_id: Option<String>,
    /// `csv`: all of it as CSV, in one answer; so does `Accept: text/csv`.
    #[param(value_type = Option<schemas::Format>, inline)]
    format: Option<Format>,
    /// At most so many; 50 unless given. Not with CSV.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`. Not with CSV.
    cursor: Option<String>,
}

/// List settlements
///
/// What the platform and each merchant bore of discounts and got back, by period, coupon and currency. A reservation counts once it
/// is confirmed, a return when it is made. CSV is read while it is sent: an answer that breaks off is not whole.
#[utoipa::path(get, path = "/v1/settlements", tag = "redemptions", params(SettlementsQuery),
    responses((status = 200, description = "By period, then the platform before merchants by their ids", content(
        (List<SettlementBody> = "application/json"), (String = "text/csv")))))]
pub(crate) async fn list_settlements(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    headers: HeaderMap,
    Query(query): Query<SettlementsQuery>,
) -> Result<Response, Problem> {
    let is_csv = query.format.map_or_else(|| wants_csv(&headers), |format| format == Format::Csv);
    let filter = query.filter()?;
    if is_csv {
        for (pointer, is_given) in [("?limit", query.limit.is_some()), ("?cursor", query.cursor.is_some())] {
            if is_given {
                return Err(Problem::invalid_field(
                    pointer,
                    "invalid",
                    "cannot be given for CSV, which is all there is",
                ));
            }
        }
        return streamed(Rows { app, tenant, filter, after: None, is_first: true }, "text/csv; charset=utf-8").await;
    }
    let request = page_request(query.limit, query.cursor)?;
    let page = app.store.settlements(tenant, filter, request).await?;
    let shown = show(&app, tenant, page.items).await?;
    Ok(Reply::ok(List::page(shown, page.next)).into_response())
}

/// Whether it is the first that is asked for.
fn wants_csv(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let first = accept.split([',', ';']).next().unwrap_or_default();
    first.trim().eq_ignore_ascii_case("text/csv")
}

impl SettlementsQuery {
    fn filter(&self) -> Result<SettlementFilter, Problem> {
        let (from, to) = (day("?from", self.from.as_deref())?, day("?to", self.to.as_deref())?);
        if from.zip(to).is_some_and(|(from, to)| to < from) {
            return Err(Problem::invalid_field("?to", "invalid", "must not be before from"));
        }
        let invalid = |pointer, detail: &str| Err(Problem::invalid_field(pointer, "invalid", detail));
        let bearer = match (self.bearer, &self.merchant_id) {
            (None, None) => None,
            (Some(BearerWord::Platform), None) => Some(Bearer::Platform),
            (Some(BearerWord::Merchant), None) => {
                return invalid("?bearer", "must be platform; name a merchant by merchant_id");
            }
            (None, Some(id)) if id.is_empty() => return invalid("?merchant_id", "must not be empty"),
            (None, Some(id)) => Some(Bearer::Merchant(id.clone())),
            (Some(_), Some(_)) => return invalid("?merchant_id", "cannot be given together with bearer"),
        };
        let begins = |day: Day| self.per.begins(day);
        Ok(SettlementFilter { per: self.per, from: from.map(begins), to: to.map(begins), bearer })
    }
}

fn day(pointer: &'static str, text: Option<&str>) -> Result<Option<Day>, Problem> {
    let parsed = text.map(str::parse::<Day>).transpose();
    parsed.map_err(|error| Problem::invalid_field(pointer, "invalid", error.to_string()))
}

async fn show(app: &App, tenant: TenantNo, rows: Vec<Settlement>) -> Result<Vec<SettlementBody>, Problem> {
    let coupons = rows.iter().map(|row| row.key.coupon).collect();
    let names = Names::of(app, tenant, coupons, BTreeSet::new()).await?;
    Ok(rows.into_iter().map(|row| body_of(row, &names)).collect())
}

fn body_of(Settlement { begins, key, settled }: Settlement, names: &Names) -> SettlementBody {
    let (bearer, merchant_id) = match key.bearer {
        Bearer::Platform => (BearerWord::Platform, None),
        Bearer::Merchant(id) => (BearerWord::Merchant, Some(id)),
    };
    SettlementBody {
        begins: begins.to_string(),
        bearer,
        merchant_id,
        coupon_id: names.coupon(key.coupon),
        currency: key.currency,
        redemptions: settled.redemptions,
        borne_minor: settled.borne_minor,
        given_back_minor: settled.given_back_minor,
        net_minor: settled.borne_minor.saturating_sub(settled.given_back_minor),
    }
}

/// All rows as CSV, a page at a time.
struct Rows {
    app: App,
    tenant: TenantNo,
    filter: SettlementFilter,
    after: Option<String>,
    is_first: bool,
}

impl Pieces for Rows {
    async fn next(self) -> Result<(Bytes, Option<Self>), Problem> {
        let request = PageRequest { limit: PAGE_ROWS, after: self.after.clone() };
        let page = self.app.store.settlements(self.tenant, self.filter.clone(), request).await?;
        let shown = show(&self.app, self.tenant, page.items).await?;
        let bytes = csv_of(&shown, self.is_first).map_err(|error| Problem::internal(&error))?;
        let rest = page.next.map(|after| Self { after: Some(after), is_first: false, ..self });
        Ok((bytes.into(), rest))
    }
}

const COLUMNS: [&str; 9] = [
    "begins",
    "bearer",
    "merchant_id",
    "coupon_id",
    "currency",
    "redemptions",
    "borne_minor",
    "given_back_minor",
    "net_minor",
];

fn csv_of(rows: &[SettlementBody], with_names: bool) -> Result<Vec<u8>, csv::Error> {
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    if with_names {
        writer.write_record(COLUMNS)?;
    }
    rows.iter().try_for_each(|row| writer.serialize(row))?;
    writer.into_inner().map_err(|error| error.into_error().into())
}
