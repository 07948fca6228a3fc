//! Orders use vouchers and shared codes: at once, or reserved and then confirmed or cancelled; and give them back.

use axum::extract::State;
use domain::id::{CouponId, CustomerId, TenantNo};
use domain::ledger::{Action, Answer, DecisionRecord, Outcome};
use domain::redemption::{Redemption, RedemptionId};
use domain::rejection::Rejection;
use domain::time::{Timestamp, Zone};
use http::StatusCode;
use ports::RedemptionFilter;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::extract::{Path, Query};
use crate::idempotency::{Change, NoBody, Origin};
use crate::names::{Names, acting_customer, not_found};
use crate::order_body::OrderBody;
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::quote_body::{QuoteResult, show_quote};
use crate::redeem_body::{RedeemBody, ReturnBody};
use crate::redemption_body::{RedemptionBody, show_redemption, show_redemptions};
use crate::reply::{Answered, Reply};

/// Redeem or reserve
///
/// Every code must apply, or the whole is refused with the first reason as `code`. With `"reserve": true` it is
/// pending until it is confirmed, cancelled, or its time is over. A repetition with the same `id` and body answers the
/// same redemption.
#[utoipa::path(post, path = "/v1/redemptions", tag = "redemptions", request_body = RedeemBody,
    responses((status = 201, description = "Redeemed, or reserved", body = RedemptionBody)))]
pub(crate) async fn create_redemption(
    State(app): State<App>,
    Change { origin, body }: Change<RedeemBody>,
) -> Answered<RedemptionBody> {
    check_checkout(&app, origin.caller).await?;
    let request = body.parse(&app, &origin).await?;
    let reply = submit(&app, &origin, Action::Redeem(Box::new(request))).await?;
    Ok(reply.status(StatusCode::CREATED))
}

/// A customer names the prices himself, so that he may redeem only where the tenant says that this is right.
async fn check_checkout(app: &App, caller: Caller) -> Result<(), Problem> {
    if caller.own().is_none() || app.store.settings(caller.tenant).await?.customer_checkout {
        return Ok(());
    }
    let detail = "Customers do not redeem by themselves here; the shop does it for them.";
    Err(Problem::new(StatusCode::FORBIDDEN, "customer_checkout_off", detail))
}

/// Confirm a reservation
///
/// Until its deadline this succeeds, even if the coupon was paused or changed meanwhile.
#[utoipa::path(post, path = "/v1/redemptions/{id}/confirm", tag = "redemptions",
    params(("id" = String, Path, description = "The redemption")),
    responses((status = 200, description = "Redeemed, now or before", body = RedemptionBody)))]
pub(crate) async fn confirm_redemption(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<RedemptionBody> {
    let redemption = own_id(&app, origin.caller, id).await?;
    submit(&app, &origin, Action::Confirm { redemption }).await
}

/// Cancel a reservation
///
/// Also before its reserve has arrived: that one is refused when it comes.
#[utoipa::path(post, path = "/v1/redemptions/{id}/cancel", tag = "redemptions",
    params(("id" = String, Path, description = "The redemption")),
    responses((status = 200, description = "It has ended, now or before", body = RedemptionBody)))]
pub(crate) async fn cancel_redemption(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<RedemptionBody> {
    let redemption = own_id(&app, origin.caller, id).await?;
    submit(&app, &origin, Action::Cancel { redemption }).await
}

/// Return a redemption, wholly or in part
///
/// Uses come back when the whole is returned, values in proportion.
#[utoipa::path(post, path = "/v1/redemptions/{id}/return", tag = "redemptions", request_body = ReturnBody,
    params(("id" = String, Path, description = "The redemption")),
    responses((status = 200, description = "Returned", body = RedemptionBody)))]
pub(crate) async fn return_redemption(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<ReturnBody>,
) -> Answered<RedemptionBody> {
    let redemption = parse_id(id)?;
    let lines = body.parse()?;
    submit(&app, &origin, Action::Return { redemption, lines }).await
}

/// Return a redemption wholly and redeem anew, both or neither
///
/// For an order that was changed. The answer is the new redemption, under an id of its own.
#[utoipa::path(post, path = "/v1/redemptions/{id}/amend", tag = "redemptions", request_body = RedeemBody,
    params(("id" = String, Path, description = "The redemption that is returned")),
    responses((status = 201, description = "The new redemption", body = RedemptionBody)))]
pub(crate) async fn amend_redemption(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<RedeemBody>,
) -> Answered<RedemptionBody> {
    let redemption = parse_id(id)?;
    let request = body.parse(&app, &origin).await?;
    let reply = submit(&app, &origin, Action::Amend { redemption, request: Box::new(request) }).await?;
    Ok(reply.status(StatusCode::CREATED))
}

/// Show a redemption
#[utoipa::path(get, path = "/v1/redemptions/{id}", tag = "redemptions",
    params(("id" = String, Path, description = "The redemption")),
    responses((status = 200, description = "As it is now", body = RedemptionBody)))]
pub(crate) async fn get_redemption(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answered<RedemptionBody> {
    let found = find(&app, caller, &parse_id(id)?).await?;
    Ok(Reply::ok(show_redemption(&app, caller.tenant, found, app.now()).await?))
}

/// Which redemptions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RedemptionQuery {
    /// Only this customer's.
    #[param(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List redemptions
#[utoipa::path(get, path = "/v1/redemptions", tag = "redemptions", params(RedemptionQuery),
    responses((status = 200, description = "Newest first", body = List<RedemptionBody>)))]
pub(crate) async fn list_redemptions(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<RedemptionQuery>,
) -> Answered<List<RedemptionBody>> {
    let tenant = caller.tenant;
    let request = page_request(query.limit, query.cursor)?;
    let customer = acting_customer(&app, caller, query.customer_id, "?customer_id").await?;
    let page = app.store.redemptions(tenant, RedemptionFilter { customer }, request).await?;
    let shown = show_redemptions(&app, tenant, page.items, app.now()).await?;
    Ok(Reply::ok(List::page(shown, page.next)))
}

/// What a redemption was decided on. Holds no codes.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Decision {
    #[schema(value_type = String)]
    redemption_id: RedemptionId,
    /// The revision of the pricing that decided: the same revision prices the same inputs the same.
    pricing_revision: u32,
    /// The version of the tenant's settings then; left out where it was not kept yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    settings_version: Option<u32>,
    /// The instant it was decided for.
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The tenant's zone then.
    #[schema(value_type = String, example = "Europe/Berlin")]
    zone: Zone,
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    order: OrderBody,
    offers: Vec<DecisionOffer>,
    quote: QuoteResult,
}

/// A coupon that was priced.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct DecisionOffer {
    /// The place of its code among those typed, from 0.
    code: usize,
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// The coupon's version then.
    coupon_version: u32,
}

/// Show what a redemption was decided on
#[utoipa::path(get, path = "/v1/redemptions/{id}/decision", tag = "redemptions",
    params(("id" = String, Path, description = "The redemption")),
    responses((status = 200, description = "As recorded", body = Decision)))]
pub(crate) async fn get_redemption_decision(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<Decision> {
    let record = app.store.decision(tenant, &parse_id(id)?).await?.ok_or_else(gone)?;
    Ok(Reply::ok(show_decision(&app, tenant, record).await?))
}

pub(crate) async fn show_decision(app: &App, tenant: TenantNo, record: DecisionRecord) -> Result<Decision, Problem> {
    let coupons = record.offers.iter().map(|offer| offer.coupon).collect();
    let names = Names::of(app, tenant, coupons, record.customer.into_iter().collect()).await?;
    let offers = record.offers.iter().map(|offer| DecisionOffer {
        code: offer.code,
        coupon_id: names.coupon(offer.coupon),
        coupon_version: offer.version,
    });
    Ok(Decision {
        offers: offers.collect(),
        redemption_id: record.redemption,
        pricing_revision: record.revision,
        settings_version: record.settings_version,
        at: record.at,
        zone: record.zone,
        customer_id: record.customer.map(|no| names.customer(no)),
        order: record.order.into(),
        quote: show_quote(app, tenant, record.quote, &[]).await?,
    })
}

async fn submit(app: &App, origin: &Origin, action: Action) -> Answered<RedemptionBody> {
    let Answer { outcome, replayed, at } = app.submit(origin, action).await?;
    let Outcome::Redemption(redemption) = outcome else { return Err(unexpected()) };
    let shown = show_redemption(app, origin.caller.tenant, *redemption, at).await?;
    Ok(Reply::ok(shown).replayed(replayed))
}

/// A redemption that the caller sees.
async fn find(app: &App, caller: Caller, id: &RedemptionId) -> Result<Redemption, Problem> {
    let found = app.store.redemption(caller.tenant, id).await?;
    found.filter(|redemption| caller.sees(redemption.customer)).ok_or_else(gone)
}

/// The id that a path names: a customer's own redemption, or any, even one that is not there yet.
async fn own_id(app: &App, caller: Caller, id: String) -> Result<RedemptionId, Problem> {
    let id = parse_id(id)?;
    if caller.own().is_some() {
        find(app, caller, &id).await?;
    }
    Ok(id)
}

/// What cannot be an id is not there.
pub(crate) fn parse_id(id: String) -> Result<RedemptionId, Problem> {
    RedemptionId::parse(id).map_err(|_| gone())
}

pub(crate) fn gone() -> Problem {
    not_found(Rejection::RedemptionNotFound, "There is no such redemption.")
}
