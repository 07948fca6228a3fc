//! The pool: employees put in units by category, and each user takes one a day, held for five minutes.
//!
//! A category is a coupon, and its stock a limit; all categories are of one campaign, whose limit is one claim for each
//! customer and day. Both are found by ids made of their names, so that no look at a list is needed to find them and two
//! who make the same at once make it once.

use axum::extract::State;
use domain::benefit::Benefit;
use domain::campaign::CampaignDefinition;
use domain::coupon::{Coupon, CouponState, Definition, LimitDefinition};
use domain::id::{CampaignId, CampaignNo, CouponId, CouponNo, TenantNo};
use domain::ledger::{Action, Answer, Outcome, Start};
use domain::limit::{Counts, Per};
use domain::money::Rate;
use domain::period::Period;
use domain::time::Timestamp;
use domain::voucher::Voucher;
use http::Method;
use ports::{CouponFilter, PageRequest};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::admin::benefit;
use super::coupon_fields::DiscountType;
use super::coupons::currency_of;
use super::scalar::Scalar;
use super::users::{forbidden, of_query, user_or_new};
use super::vouchers::short_vouchers;
use crate::app::{App, unexpected};
use crate::definition_body::{NAME_CHARS_MAX, check_chars};
use crate::extract::Query;
use crate::idempotency::{Change, NoBody, Origin};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

const POOL: &str = "pool";
const STOCK: &str = "stock";
const HOLD: &str = "PT5M";
/// 10 %: what a unit gives unless its first contributor or staff says otherwise.
const RATE_BP_DEFAULT: u32 = 1_000;
const EMPLOYEE_CHARS_MAX: usize = 64;
/// How many categories are tried for who names none.
const CATEGORIES_TRIED_MAX: usize = 100;

/// With `user_id`: a user takes a coupon. Else an employee puts one in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PoolBody {
    /// The employee who is counted as having given it.
    #[schema(example = "emp-7")]
    id: Option<Scalar>,
    #[schema(min_length = 1, max_length = 200, example = "Sport")]
    category: Option<String>,
    /// What a unit of a new category gives: 10 per cent unless given.
    #[schema(example = 10)]
    discount: Option<Scalar>,
    /// What `discount` is in; `percent` unless given.
    discount_type: Option<DiscountType>,
    /// Who takes one: a customer's number or id, or the shop's own id as a string.
    #[schema(example = "1")]
    user_id: Option<Scalar>,
}

/// Who takes one, and of what.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PoolQuery {
    /// The number or id of the customer, or the shop's own id unless that is all digits. Who has signed in may leave it out.
    #[param(example = "1")]
    id: Option<String>,
    /// Without it, the first by number that has one left.
    category: Option<String>,
}

/// A unit was put in, or a coupon taken.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub(crate) enum PoolAnswer {
    /// A receipt, without a code.
    Receipt(PoolReceipt),
    /// What was taken.
    Taken(PoolCoupon),
}

/// A unit is in the pool.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PoolReceipt {
    /// The employee.
    id: String,
    category: String,
    #[schema(example = "available")]
    state: &'static str,
    /// How many the category has left.
    available: i64,
}

/// A coupon that is held for who took it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PoolCoupon {
    /// The voucher.
    id: String,
    code: String,
    category: String,
    /// Until then it waits to be redeemed.
    #[schema(value_type = Option<String>, format = DateTime)]
    expires_at: Option<Timestamp>,
}

/// Put a unit into the pool, or take one
///
/// With `id` and `category` an employee's unit is put in, by staff or a server; with `user_id` that user takes one, as by
/// `GET`.
#[utoipa::path(post, path = "/api/v1/coupon", tag = "short form", request_body = PoolBody,
    responses((status = 200, description = "Taken", body = PoolAnswer), (status = 201, description = "Put in", body = PoolAnswer)))]
pub(crate) async fn add_pool_coupon(
    State(app): State<App>,
    Change { origin, body }: Change<PoolBody>,
) -> Answered<PoolAnswer> {
    if body.user_id.is_some() {
        if body.id.is_some() || body.discount.is_some() || body.discount_type.is_some() {
            return Err(Problem::invalid_field("/user_id", "invalid", "stands alone or beside category"));
        }
        return take(&app, &origin, body.user_id.as_ref(), body.category.as_deref(), "/user_id").await;
    }
    if origin.caller.own().is_some() {
        return Err(forbidden());
    }
    contribute(&app, &origin, body).await
}

/// Take a coupon from the pool
///
/// One for each user and day, held for five minutes and used by `POST /redeem`. 429 says with `Retry-After` when the next
/// day begins; 409: none is left.
#[utoipa::path(get, path = "/api/v1/coupon", tag = "short form", params(PoolQuery),
    responses((status = 200, description = "Taken", body = PoolCoupon)))]
pub(crate) async fn take_pool_coupon(
    State(app): State<App>,
    method: Method,
    Query(query): Query<PoolQuery>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<PoolAnswer> {
    // A HEAD would take one and not show it.
    if method != Method::GET {
        return Err(Problem::method_not_allowed());
    }
    let named = query.id.map(of_query);
    // What a key covers is the body, and this has none.
    take(&app, &origin.without_key(), named.as_ref(), query.category.as_deref(), "?id").await
}

async fn contribute(app: &App, origin: &Origin, body: PoolBody) -> Answered<PoolAnswer> {
    let missing = |pointer: &str| Problem::invalid_field(pointer, "missing", "is needed");
    let employee = body.id.as_ref().ok_or_else(|| missing("/id"))?.text.clone();
    let category = body.category.as_deref().ok_or_else(|| missing("/category"))?.trim();
    check_chars("/id", &employee, EMPLOYEE_CHARS_MAX)?;
    check_chars("/category", category, NAME_CHARS_MAX)?;
    let coupon = ensure_category(app, origin, category, &body).await?;
    let (limit, contributor) = (STOCK.to_owned(), Some(employee.clone()));
    let answer = app.submit(origin, Action::Restock { coupon, limit, by: 1, contributor }).await?;
    let Outcome::Restocked { no, max, usage, .. } = answer.outcome else { return Err(unexpected()) };
    let category = category_of(app, origin.caller.tenant, no).await?;
    let available = (max - usage.used - usage.held).max(0);
    let receipt = PoolReceipt { id: employee, category, state: "available", available };
    Ok(Reply::created(PoolAnswer::Receipt(receipt)).replayed(answer.replayed))
}

async fn take(
    app: &App,
    origin: &Origin,
    named: Option<&Scalar>,
    category: Option<&str>,
    pointer: &str,
) -> Answered<PoolAnswer> {
    let tenant = origin.caller.tenant;
    let customer = user_or_new(app, origin, named, pointer).await?;
    let coupons = match category {
        Some(category) => app.store.coupon_no(tenant, category_id(tenant, category)).await?.into_iter().collect(),
        None => running(app, tenant).await?,
    };
    for coupon in coupons {
        match app.submit(origin, Action::Claim { customer, coupons: vec![coupon] }).await {
            Err(problem) if problem.code() == "out_of_stock" => {}
            Err(problem) => return Err(problem),
            Ok(answer) => return taken(app, tenant, answer).await,
        }
    }
    Err(Problem::conflict("out_of_stock", "No coupon is left"))
}

async fn taken(app: &App, tenant: TenantNo, answer: Answer) -> Answered<PoolAnswer> {
    let Outcome::Vouchers(vouchers) = answer.outcome else { return Err(unexpected()) };
    let Voucher { key, held_until, .. } = *vouchers.first().ok_or_else(unexpected)?;
    let category = category_of(app, tenant, key.coupon).await?;
    let short = short_vouchers(app, tenant, vouchers, answer.at).await?.pop().ok_or_else(unexpected)?;
    let coupon = PoolCoupon { id: short.id, code: short.code, category, expires_at: held_until };
    Ok(Reply::ok(PoolAnswer::Taken(coupon)).replayed(answer.replayed).unstored())
}

/// The categories that grant, by number.
async fn running(app: &App, tenant: TenantNo) -> Result<Vec<CouponNo>, Problem> {
    let Some(campaign) = app.store.campaign_no(tenant, pool_id(tenant)).await? else { return Ok(Vec::new()) };
    let filter = CouponFilter { state: Some(CouponState::Running), campaign: Some(campaign) };
    let page = app.store.coupons(tenant, filter, PageRequest { limit: CATEGORIES_TRIED_MAX, after: None }).await?;
    Ok(page.items.iter().map(|coupon| coupon.no).collect())
}

async fn category_of(app: &App, tenant: TenantNo, no: CouponNo) -> Result<String, Problem> {
    let coupon: Option<std::sync::Arc<Coupon>> = app.store.coupon(tenant, no).await?;
    Ok(coupon.ok_or_else(unexpected)?.definition.name.clone())
}

/// The coupon of a category, made if there is none.
async fn ensure_category(app: &App, origin: &Origin, category: &str, body: &PoolBody) -> Result<CouponNo, Problem> {
    let tenant = origin.caller.tenant;
    let id = category_id(tenant, category);
    if let Some(no) = app.store.coupon_no(tenant, id).await? {
        return Ok(no);
    }
    let currency = currency_of(app, tenant).await?;
    let kind = body.discount_type.unwrap_or(DiscountType::Percent);
    let benefit = match &body.discount {
        Some(discount) => benefit(discount, kind, currency)?,
        None => Benefit::percent_off(rate_default()),
    };
    let mut definition = Definition::new(category, benefit);
    definition.currency = Some(currency);
    definition.hold = Some(HOLD.parse().map_err(|_| unexpected())?);
    definition.campaign = Some(ensure_pool(app, origin).await?);
    definition.limits = vec![limit(STOCK, Per::Everyone, Period::Ever, 0)];
    let action = Action::CreateCoupon { id, definition: Box::new(definition), code: None, start: Start::Active };
    match app.submit(&once(origin, id.0), action).await?.outcome {
        Outcome::Coupon { no, .. } => Ok(no),
        _ => Err(unexpected()),
    }
}

fn rate_default() -> Rate {
    Rate::from_bp(RATE_BP_DEFAULT).expect("it is less than the whole")
}

async fn ensure_pool(app: &App, origin: &Origin) -> Result<CampaignNo, Problem> {
    let id = pool_id(origin.caller.tenant);
    if let Some(no) = app.store.campaign_no(origin.caller.tenant, id).await? {
        return Ok(no);
    }
    let mut definition = CampaignDefinition::new(POOL);
    definition.limits = vec![limit("per_user_and_day", Per::Customer, Period::Day, 1)];
    let action = Action::CreateCampaign { id, definition: Box::new(definition), start: Start::Active };
    match app.submit(&once(origin, id.0), action).await?.outcome {
        Outcome::Campaign { no, .. } => Ok(no),
        _ => Err(unexpected()),
    }
}

fn limit(id: &str, per: Per, period: Period, max: i64) -> LimitDefinition {
    LimitDefinition { id: id.to_owned(), counts: Counts::Claims, per, period, max, give_back: None }
}

/// Whoever makes the thing of that id, makes it under this key: of two at once the second is answered as the first was.
fn once(origin: &Origin, id: Uuid) -> Origin {
    Origin { key: Some(*id.as_bytes()), fingerprint: [0; 16], ..*origin }
}

fn pool_id(tenant: TenantNo) -> CampaignId {
    CampaignId(made_of(tenant, "campaign", POOL))
}

/// Upper and lower case are one category.
fn category_id(tenant: TenantNo, category: &str) -> CouponId {
    CouponId(made_of(tenant, "category", &category.trim().to_lowercase()))
}

/// An id that the same words give again (UUID version 8).
fn made_of(tenant: TenantNo, kind: &str, name: &str) -> Uuid {
    let hash: [u8; 32] = Sha256::digest(format!("short form {} {kind} {name}", tenant.0)).into();
    let half = hash.first_chunk().expect("16 of 32 bytes");
    uuid::Builder::from_custom_bytes(*half).into_uuid()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_category_is_the_same_in_any_case_and_each_tenants_own() {
        let sport = category_id(TenantNo(1), "Sport");
        assert_eq!(sport, category_id(TenantNo(1), " sPORT "));
        assert_ne!(sport, category_id(TenantNo(2), "Sport"));
        assert_ne!(sport, category_id(TenantNo(1), "Sports"));
        assert_ne!(sport.0, pool_id(TenantNo(1)).0);
    }
}
