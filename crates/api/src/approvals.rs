//! What a coupon may cost at worst, and a second person who agrees to it.

use axum::extract::State;
use domain::coupon::Approval;
use domain::id::CouponId;
use domain::ledger::Action;
use domain::liability::{Bound, Liability, Opening, Step, liability};
use domain::money::Currency;
use domain::time::Timestamp;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::coupon_body::CouponBody;
use crate::coupons::{gone, shown};
use crate::extract::Path;
use crate::idempotency::Change;
use crate::names::coupon_no;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;

/// A second person's agreement to what a coupon may cost.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Approval)]
pub(crate) struct ApprovalBody {
    /// The member of staff who agreed, by the number of the account.
    account_number: u32,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The version that was approved; the approval made the next one of it.
    version: u32,
    /// What it might have cost then, in minor units; `null`: any amount.
    liability_minor: Option<i64>,
}

impl From<&Approval> for ApprovalBody {
    fn from(approval: &Approval) -> Self {
        let Approval { by, at, version, bound } = approval;
        Self { account_number: by.0, at: *at, version: *version, liability_minor: figure(*bound) }
    }
}

fn figure(bound: Bound) -> Option<i64> {
    match bound {
        Bound::Minor(minor) => Some(minor),
        Bound::Unbounded => None,
    }
}

/// Which version is approved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApproval)]
pub(crate) struct NewApproval {
    /// The version that was looked at.
    #[schema(minimum = 1, example = 1)]
    version: u32,
}

/// Approve a coupon
///
/// Agrees to what it may cost at worst, so that it may begin to grant above the tenant's ceiling. For people only, and
/// not for whoever had a hand in the version. Any change of the definition ends the approval.
#[utoipa::path(post, path = "/v1/coupons/{id}/approvals", tag = "coupons", request_body = NewApproval,
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 201, description = "Approved", body = CouponBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn approve_coupon(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<NewApproval>,
) -> Answered<CouponBody> {
    let tenant = origin.caller.tenant;
    let coupon = coupon_no(&app, tenant, &id).await?;
    if body.version == 0 {
        return Err(Problem::invalid_field(
            "/version",
            "invalid",
            "must be at least 1: no coupon has a version before",
        ));
    }
    let answer = app.submit(&origin, Action::ApproveCoupon { coupon, version: body.version }).await?;
    shown(&app, tenant, answer, StatusCode::CREATED).await
}

/// A step of the calculation.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiabilityStep)]
pub(crate) struct StepBody {
    /// What the figure is: what one order gets, how many orders there may be, a budget, what was before, or the whole.
    #[schema(value_type = schemas::LiabilityPart)]
    what: domain::liability::Part,
    /// The field of the coupon that says so, below `/campaign` of its campaign; empty for the whole.
    #[schema(example = "/limits/0")]
    pointer: String,
    /// Minor units, but for `uses`, which is a number.
    value: i64,
    /// How it comes about.
    why: String,
}

/// Something that leaves a coupon without a figure.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = LiabilityOpening)]
pub(crate) struct OpeningBody {
    /// The field of the coupon that would bound it, below `/campaign` of its campaign.
    #[schema(example = "/benefit/max_minor")]
    pointer: String,
    /// What is missing.
    why: String,
}

/// What a coupon may cost at worst.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Liability)]
pub(crate) struct LiabilityBody {
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// Of the coupon.
    version: u32,
    /// What the amounts are in; `null` if it gives in any.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// The most that may be given, in minor units; `null`: it is not bounded.
    liability_minor: Option<i64>,
    /// How that comes about.
    steps: Vec<StepBody>,
    /// If it is not bounded: what would have to be said for a figure. Not all of it is needed.
    unbounded_by: Vec<OpeningBody>,
    /// The tenant's; `null`: none.
    ceiling_minor: Option<i64>,
    /// Whether somebody else has to approve this version before it is activated.
    needs_second_person: bool,
    approval: Option<ApprovalBody>,
}

/// Work out what a coupon may cost at worst
///
/// From its limits, those of its campaign, and what it gives to one order at most; every step is shown.
#[utoipa::path(get, path = "/v1/coupons/{id}/liability", tag = "coupons",
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 200, description = "As it is now", body = LiabilityBody)))]
pub(crate) async fn get_coupon_liability(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<LiabilityBody> {
    let no = coupon_no(&app, tenant, &id).await?;
    let coupon = app.store.coupon(tenant, no).await?.ok_or_else(gone)?;
    let campaign = match coupon.definition.campaign {
        Some(no) => app.store.campaign(tenant, no).await?,
        None => None,
    };
    let settings = app.store.settings(tenant).await?;
    let Liability { currency, bound, steps, openings } = liability(&coupon, campaign.as_deref(), &settings.zone);
    let ceiling_minor = settings.liability_ceiling_minor;
    let is_above = ceiling_minor.is_some_and(|ceiling| bound > Bound::Minor(ceiling));
    let step = |Step { what, pointer, value, why }| StepBody { what, pointer, value, why };
    Ok(Reply::ok(LiabilityBody {
        coupon_id: coupon.id,
        version: coupon.version,
        currency,
        liability_minor: figure(bound),
        steps: steps.into_iter().map(step).collect(),
        unbounded_by: openings.into_iter().map(|Opening { pointer, why }| OpeningBody { pointer, why }).collect(),
        ceiling_minor,
        needs_second_person: is_above && !coupon.vetting.covers(bound),
        approval: coupon.vetting.approval.as_ref().map(ApprovalBody::from),
    }))
}
