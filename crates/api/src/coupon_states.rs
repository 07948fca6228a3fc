//! Coupons move through their states.

use std::sync::Arc;

use axum::extract::State;
use domain::coupon::{Coupon, CouponState, CouponStep};
use domain::id::CouponNo;
use domain::ledger::Action;
use http::StatusCode;

use crate::app::{App, unexpected};
use crate::coupon_body::CouponBody;
use crate::coupons::{show, shown};
use crate::extract::Path;
use crate::idempotency::{Change, NoBody, Origin};
use crate::names::coupon_no;
use crate::problem::Problem;
use crate::reply::Answered;

/// How many steps one request may take to abort a coupon or a campaign; each cancels some hundreds of reservations.
pub(crate) const ABORT_STEPS_MAX: usize = 200;

/// Activate a coupon
///
/// From draft, or to go on after a pause. Before `starts_at` it is scheduled, and running by itself from then on.
#[utoipa::path(post, path = "/v1/coupons/{id}/activate", tag = "coupons",
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 200, description = "It is running, or scheduled", body = CouponBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn activate_coupon(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CouponBody> {
    step(&app, &origin, &id, CouponStep::Activate).await
}

/// Pause a coupon
///
/// Once this is answered nothing new is claimed or reserved. Reservations go on.
#[utoipa::path(post, path = "/v1/coupons/{id}/pause", tag = "coupons",
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 200, description = "It is paused", body = CouponBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn pause_coupon(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CouponBody> {
    step(&app, &origin, &id, CouponStep::Pause).await
}

/// End a coupon
///
/// Nothing new is granted ever again. Reservations go on.
#[utoipa::path(post, path = "/v1/coupons/{id}/end", tag = "coupons",
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 200, description = "It has ended", body = CouponBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn end_coupon(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CouponBody> {
    step(&app, &origin, &id, CouponStep::End).await
}

/// Abort a coupon
///
/// Its reservations are cancelled first; while many are left it is paused.
#[utoipa::path(post, path = "/v1/coupons/{id}/abort", tag = "coupons",
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 200, description = "It is aborted", body = CouponBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn abort_coupon(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CouponBody> {
    let tenant = origin.caller.tenant;
    let coupon = coupon_no(&app, tenant, &id).await?;
    let first = app.submit(&origin, Action::MoveCoupon { coupon, step: CouponStep::Abort }).await?;
    let aborted = finish_abort(&app, &origin.without_key(), coupon).await?;
    // Also when replayed: the first step, which the key remembers, may only have paused it.
    Ok(show(&app, tenant, &aborted, app.now()).await?.replayed(first.replayed))
}

async fn step(app: &App, origin: &Origin, id: &str, step: CouponStep) -> Answered<CouponBody> {
    let tenant = origin.caller.tenant;
    let coupon = coupon_no(app, tenant, id).await?;
    let answer = app.submit(origin, Action::MoveCoupon { coupon, step }).await?;
    shown(app, tenant, answer, StatusCode::OK).await
}

/// Goes on until nothing is reserved.
async fn finish_abort(app: &App, origin: &Origin, no: CouponNo) -> Result<Arc<Coupon>, Problem> {
    for _ in 0..ABORT_STEPS_MAX {
        let coupon = app.store.coupon(origin.caller.tenant, no).await?.ok_or_else(unexpected)?;
        if coupon.state == CouponState::Aborted {
            return Ok(coupon);
        }
        app.submit(origin, Action::MoveCoupon { coupon: no, step: CouponStep::Abort }).await?;
    }
    let detail = "Many reservations are left. The coupon is paused meanwhile; abort it again to go on.";
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(1))
}
