//! What is suspicious about a coupon or the settings, told with what was saved, and again when asked.

use std::sync::Arc;

use axum::extract::State;
use domain::coupon::{Coupon, CouponState};
use domain::id::TenantNo;
use domain::review::{Beside, Warning, WarningCode, review, review_settings};
use domain::tenant::Settings;
use ports::{CouponFilter, PageRequest};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::coupons::gone;
use crate::extract::Path;
use crate::names::coupon_no;
use crate::page::List;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;

/// Of running coupons, and of scheduled ones, the first so many by number are looked at.
const OTHERS_MAX: usize = 200;

/// Something suspicious that was saved all the same.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Warning)]
pub(crate) struct WarningBody {
    /// The field it is about.
    #[schema(example = "/conditions/all/1")]
    pointer: String,
    /// What it is about.
    #[schema(value_type = schemas::WarningCode)]
    code: &'static str,
    /// For people.
    detail: String,
}

impl From<Warning> for WarningBody {
    fn from(warning: Warning) -> Self {
        let Warning { pointer, code, detail } = warning;
        Self { pointer, code: WarningCode::name(code), detail }
    }
}

/// List what is suspicious about a coupon
///
/// Worked out anew, beside the coupons that are running or scheduled now. Nothing of it keeps the coupon from being saved.
#[utoipa::path(get, path = "/v1/coupons/{id}/warnings", tag = "coupons",
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 200, description = "As it is now", body = List<WarningBody>)))]
pub(crate) async fn list_coupon_warnings(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<List<WarningBody>> {
    let no = coupon_no(&app, tenant, &id).await?;
    let coupon = app.store.coupon(tenant, no).await?.ok_or_else(gone)?;
    Ok(Reply::ok(List::page(of_coupon(&app, tenant, &coupon).await?, None)))
}

/// What is suspicious about a coupon.
pub(crate) async fn of_coupon(app: &App, tenant: TenantNo, coupon: &Coupon) -> Result<Vec<WarningBody>, Problem> {
    let (settings, others) = (app.store.settings(tenant).await?, others(app, tenant).await?);
    let beside = Beside { settings: &settings, others: &others, now: app.now() };
    Ok(review(coupon, beside).into_iter().map(WarningBody::from).collect())
}

/// What is suspicious about settings.
pub(crate) async fn of_settings(app: &App, tenant: TenantNo, settings: &Settings) -> Result<Vec<WarningBody>, Problem> {
    let others = others(app, tenant).await?;
    let beside = Beside { settings, others: &others, now: app.now() };
    Ok(review_settings(beside).into_iter().map(WarningBody::from).collect())
}

async fn others(app: &App, tenant: TenantNo) -> Result<Vec<Arc<Coupon>>, Problem> {
    let mut others = Vec::new();
    for state in [CouponState::Running, CouponState::Scheduled] {
        let filter = CouponFilter { state: Some(state), campaign: None };
        let page = PageRequest { limit: OTHERS_MAX, after: None };
        others.extend(app.store.coupons(tenant, filter, page).await?.items);
    }
    Ok(others)
}
