//! Vouchers: listed, shown, and moved by staff.

use axum::extract::State;
use domain::id::{CouponId, CustomerId};
use domain::ledger::{Action, Outcome, VoucherCandidates};
use domain::rejection::Rejection;
use domain::voucher::{Voucher, VoucherState};
use ports::VoucherFilter;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::customer_by::{CustomerBy, Named};
use crate::extract::{Path, Query};
use crate::guesses::{Guess, Guesser};
use crate::idempotency::{Change, NoBody, Origin};
use crate::names::{acting_customer, coupon_no_at, not_found};
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;
use crate::voucher_body::{VoucherBody, show_voucher, show_vouchers};

/// Which vouchers to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct VoucherQuery {
    /// Only this customer's.
    #[param(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// Only of this coupon.
    #[param(value_type = Option<String>)]
    coupon_id: Option<CouponId>,
    /// Only those that are in this state now.
    #[param(value_type = Option<schemas::VoucherState>, inline)]
    state: Option<VoucherState>,
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List vouchers
///
/// With `coupon_id` and without `customer_id`, all vouchers of the coupon, the codes of its blocks included. Otherwise
/// codes of a block that nothing happened to yet are not listed.
#[utoipa::path(get, path = "/v1/vouchers", tag = "vouchers", params(VoucherQuery),
    responses((status = 200, description = "By coupon", body = List<VoucherBody>)))]
pub(crate) async fn list_vouchers(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<VoucherQuery>,
) -> Answered<List<VoucherBody>> {
    let tenant = caller.tenant;
    let request = page_request(query.limit, query.cursor)?;
    let customer = acting_customer(&app, caller, query.customer_id, "?customer_id").await?;
    let coupon = match query.coupon_id {
        Some(id) => Some(coupon_no_at(&app, tenant, id, "?coupon_id").await?),
        None => None,
    };
    let filter = VoucherFilter { customer, coupon, state: query.state };
    let page = app.store.vouchers(tenant, filter, request).await?;
    let vouchers = show_vouchers(&app, tenant, page.items, app.now()).await?;
    Ok(Reply::ok(List::page(vouchers, page.next)))
}

/// Show a voucher
#[utoipa::path(get, path = "/v1/vouchers/{id}", tag = "vouchers",
    params(("id" = String, Path, description = "The voucher")),
    responses((status = 200, description = "As it is now", body = VoucherBody)))]
pub(crate) async fn get_voucher(
    State(app): State<App>,
    caller: Caller,
    guesser: Guesser,
    Path(id): Path<String>,
) -> Answered<VoucherBody> {
    let voucher = find(&app, caller, guesser, &id).await?;
    Ok(Reply::ok(show_voucher(&app, caller.tenant, voucher, app.now()).await?))
}

/// End a hold early
///
/// The unit is free for others at once.
#[utoipa::path(post, path = "/v1/vouchers/{id}/release", tag = "vouchers",
    params(("id" = String, Path, description = "The voucher")),
    responses((status = 200, description = "Released", body = VoucherBody)))]
pub(crate) async fn release_voucher(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<VoucherBody> {
    if origin.caller.own().is_some() {
        find(&app, origin.caller, origin.guesser(), &id).await?;
    }
    let voucher = candidates(&app, origin.guesser(), &id)?;
    submit(&app, &origin, Action::Release { voucher }).await
}

/// Take a voucher away
#[utoipa::path(post, path = "/v1/vouchers/{id}/revoke", tag = "vouchers",
    params(("id" = String, Path, description = "The voucher")),
    responses((status = 200, description = "Revoked", body = VoucherBody)))]
pub(crate) async fn revoke_voucher(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<VoucherBody> {
    let voucher = candidates(&app, origin.guesser(), &id)?;
    submit(&app, &origin, Action::Revoke { voucher }).await
}

/// Who gets a voucher.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssignBody {
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// By what is known of the customer elsewhere.
    customer: Option<CustomerBy>,
}

/// Give a voucher without an owner to a customer
#[utoipa::path(post, path = "/v1/vouchers/{id}/assign", tag = "vouchers", request_body = AssignBody,
    params(("id" = String, Path, description = "The voucher")),
    responses((status = 200, description = "Assigned", body = VoucherBody)))]
pub(crate) async fn assign_voucher(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<AssignBody>,
) -> Answered<VoucherBody> {
    let voucher = candidates(&app, origin.guesser(), &id)?;
    let named = Named { customer_id: body.customer_id, customer: body.customer };
    let customer = named.ensure_one(&app, &origin).await?;
    submit(&app, &origin, Action::Assign { voucher, customer }).await
}

async fn submit(app: &App, origin: &Origin, action: Action) -> Answered<VoucherBody> {
    let answer = app.submit(origin, action).await?;
    let Outcome::Vouchers(mut vouchers) = answer.outcome else { return Err(unexpected()) };
    let voucher = vouchers.pop().ok_or_else(unexpected)?;
    let shown = show_voucher(app, origin.caller.tenant, voucher, answer.at).await?;
    Ok(Reply::ok(shown).replayed(answer.replayed))
}

/// The voucher that a path names, if the caller sees it.
pub(crate) async fn find(app: &App, caller: Caller, guesser: Guesser, id: &str) -> Result<Voucher, Problem> {
    let candidates = candidates(app, guesser, id)?;
    let found = app.store.voucher(caller.tenant, &candidates).await?;
    found.filter(|voucher| caller.sees(voucher.customer)).ok_or_else(|| guessed(app, guesser))
}

pub(crate) fn candidates(app: &App, guesser: Guesser, id: &str) -> Result<VoucherCandidates, Problem> {
    guesser.check(app)?;
    let candidates = app.store.codes().voucher_candidates(guesser.tenant(), id);
    if candidates.is_empty() { Err(guessed(app, guesser)) } else { Ok(candidates) }
}

fn guessed(app: &App, guesser: Guesser) -> Problem {
    guesser.failed(app, Guess::Wrong);
    gone()
}

fn gone() -> Problem {
    not_found(Rejection::VoucherNotFound, "There is no such voucher.")
}
