//! Coupons: defined, saved anew, moved through their states, counted.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use domain::codes::Reading;
use domain::coupon::{Coupon, CouponState, Definition, Vetting, Visibility};
use domain::id::{CampaignId, CampaignNo, CouponId, TenantNo};
use domain::ledger::{Action, Answer, Outcome, Start};
use domain::money::Currency;
use domain::rule::Catalogue;
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode};
use ports::{CouponFilter, Figures};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::coupon_body::CouponBody;
use crate::definition_body::{DefinitionBody, Named};
use crate::extract::{Path, Query};
use crate::idempotency::Change;
use crate::if_match::edited_version;
use crate::names::{Names, campaign_no_if_named, coupon_no, coupon_nos_at, customer_nos_at, not_found};
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::{schemas, warnings};

/// Define a coupon
///
/// It begins as a draft that grants nothing, unless `activate` says otherwise.
#[utoipa::path(post, path = "/v1/coupons", tag = "coupons", request_body = DefinitionBody,
    responses((status = 201, description = "Created", body = CouponBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn create_coupon(
    State(app): State<App>,
    Change { origin, body }: Change<DefinitionBody>,
) -> Answered<CouponBody> {
    let tenant = origin.caller.tenant;
    let start = start(body.activate);
    let (definition, code) = define(&app, tenant, body, None).await?;
    let id = CouponId((app.new_id)());
    let answer = app.submit(&origin, Action::CreateCoupon { id, definition, code, start }).await?;
    saved(&app, tenant, answer, StatusCode::CREATED).await
}

/// Save a coupon anew
///
/// The whole definition; what is left out is gone, but for the campaign, which stays. The version that was edited stands
/// in `If-Match`; `*` is whichever there is. Refused from five minutes before the start of the coupon or of its campaign.
#[utoipa::path(put, path = "/v1/coupons/{id}", tag = "coupons", request_body = DefinitionBody,
    params(("id" = String, Path, description = "The coupon"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that was edited", example = "\"3\"")),
    responses((status = 200, description = "Saved", body = CouponBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn update_coupon(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Change { origin, body }: Change<DefinitionBody>,
) -> Answered<CouponBody> {
    let tenant = origin.caller.tenant;
    let coupon = coupon_no(&app, tenant, &id).await?;
    let edited = edited_version(&headers)?;
    check_no_start(body.activate)?;
    let now = app.store.coupon(tenant, coupon).await?.ok_or_else(gone)?;
    let if_version = edited.unwrap_or(now.version);
    let campaign = now.definition.campaign;
    let (definition, code) = define(&app, tenant, body, campaign).await?;
    let answer = app.submit(&origin, Action::UpdateCoupon { coupon, if_version, definition, code }).await?;
    saved(&app, tenant, answer, StatusCode::OK).await
}

/// Which coupons to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CouponQuery {
    /// Only those in this state.
    #[param(value_type = Option<schemas::CouponState>, inline)]
    state: Option<CouponState>,
    /// Only those of this campaign.
    #[param(value_type = Option<String>)]
    campaign_id: Option<CampaignId>,
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List coupons
///
/// A customer sees those that run, are public, and are for them; a page may be short.
#[utoipa::path(get, path = "/v1/coupons", tag = "coupons", params(CouponQuery),
    responses((status = 200, description = "By rising number", body = List<CouponBody>)))]
pub(crate) async fn list_coupons(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<CouponQuery>,
) -> Answered<List<CouponBody>> {
    let tenant = caller.tenant;
    let request = page_request(query.limit, query.cursor)?;
    let campaign = campaign_no_if_named(&app, tenant, query.campaign_id, "?campaign_id").await?;
    let page = app.store.coupons(tenant, CouponFilter { state: query.state, campaign }, request).await?;
    let now = app.now();
    let seen: Vec<_> = page.items.iter().filter_map(|coupon| seen_by(caller, coupon, now)).collect();
    let names = names_of(&app, tenant, seen.iter().map(AsRef::as_ref)).await?;
    let coupons = seen.iter().map(|coupon| CouponBody::of(coupon, &names, now)).collect();
    Ok(Reply::ok(List::page(coupons, page.next)))
}

/// Show a coupon
#[utoipa::path(get, path = "/v1/coupons/{id}", tag = "coupons",
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 200, description = "As it is now", body = CouponBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn get_coupon(State(app): State<App>, caller: Caller, Path(id): Path<String>) -> Answered<CouponBody> {
    let tenant = caller.tenant;
    let no = coupon_no(&app, tenant, &id).await?;
    let coupon = app.store.coupon(tenant, no).await?.ok_or_else(gone)?;
    let coupon = seen_by(caller, &coupon, app.now()).ok_or_else(gone)?;
    show(&app, tenant, &coupon, app.now()).await
}

/// Show a version of a coupon
#[utoipa::path(get, path = "/v1/coupons/{id}/versions/{version}", tag = "coupons",
    params(("id" = String, Path, description = "The coupon"), ("version" = u32, Path, description = "From 1")),
    responses((status = 200, description = "As it was then", body = CouponBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn get_coupon_version(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path((id, version)): Path<(String, u32)>,
) -> Answered<CouponBody> {
    let no = coupon_no(&app, tenant, &id).await?;
    let coupon = app.store.coupon_version(tenant, no, version).await?;
    let coupon = coupon.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "version_not_found", "The coupon never had this version.")
    })?;
    // As it was written: no start or end that came later acts on it.
    show(&app, tenant, &coupon, Timestamp::MIN).await
}

/// What has come of a coupon.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CouponStatistics {
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// Vouchers ever made, the codes of blocks included. A code in a pool counts once it leaves it.
    issued: i64,
    /// Vouchers held now.
    held: i64,
    /// Vouchers locked by a reservation now.
    locked: i64,
    /// Uses by orders ever, with vouchers and shared codes.
    redeemed: i64,
    /// Uses wholly given back.
    returned: i64,
    /// Holds that ended unused.
    expired: i64,
    /// Vouchers taken away.
    revoked: i64,
    /// Discount given less what was given back.
    value_given_minor: i64,
    /// Codes that wait in its pool now.
    pooled: i64,
    /// The coupon's; `null` if it gives in any.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// How often each rejection was answered. Counted, not stored one by one: a crash may lose the last second.
    #[schema(example = json!({"out_of_stock": 12}))]
    refusals: BTreeMap<String, i64>,
}

/// Count what has come of a coupon
#[utoipa::path(get, path = "/v1/coupons/{id}/statistics", tag = "coupons",
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 200, description = "As of the last commit", body = CouponStatistics)))]
pub(crate) async fn get_coupon_statistics(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<CouponStatistics> {
    let no = coupon_no(&app, tenant, &id).await?;
    let coupon = app.store.coupon(tenant, no).await?.ok_or_else(gone)?;
    let Figures { statistics, refusals } = app.store.figures(tenant, no).await?;
    Ok(Reply::ok(CouponStatistics {
        coupon_id: coupon.id,
        issued: statistics.issued,
        held: statistics.held,
        locked: statistics.locked,
        redeemed: statistics.redeemed,
        returned: statistics.returned,
        expired: statistics.expired,
        revoked: statistics.revoked,
        value_given_minor: statistics.value_given_minor,
        pooled: statistics.pooled,
        currency: coupon.definition.currency,
        refusals,
    }))
}

/// The definition of a body, with its customers looked up and its code read.
pub(crate) async fn define(
    app: &App,
    tenant: TenantNo,
    mut body: DefinitionBody,
    campaign: Option<CampaignNo>,
) -> Result<(Box<Definition>, Option<Reading>), Problem> {
    body.check_named()?;
    body.check_collections(&app.store.collections(tenant))?;
    let named = campaign_no_if_named(app, tenant, body.campaign_id, "/campaign_id").await?;
    let customers = match body.customer_ids.take() {
        Some(ids) => Some(customer_nos_at(app, tenant, &ids, "/customer_ids").await?),
        None => None,
    };
    let excludes =
        coupon_nos_at(app, tenant, &body.stacking.excludes_coupon_ids, "/stacking/excludes_coupon_ids").await?;
    let definition = body.parse(Named { customers, campaign: named.or(campaign), excludes })?;
    check_conditions(app, tenant, &definition).await?;
    let code = definition.code.as_deref().map(|code| app.store.codes().read(tenant, code));
    Ok((Box::new(definition), code))
}

/// Whether its conditions ask for fields that there are, and compare them as they can be.
async fn check_conditions(app: &App, tenant: TenantNo, definition: &Definition) -> Result<(), Problem> {
    let Some(rule) = &definition.conditions else { return Ok(()) };
    let settings = app.store.settings(tenant).await?;
    let catalogue = Catalogue::new(&settings.attributes).map_err(|_| unexpected())?;
    Ok(rule.check(&catalogue).map_err(|error| error.under("/conditions"))?)
}

pub(crate) fn start(activate: bool) -> Start {
    if activate { Start::Active } else { Start::Draft }
}

/// Who saves a definition anew moves no state.
pub(crate) fn check_no_start(activate: bool) -> Result<(), Problem> {
    if activate {
        let detail = "is for a new definition; this one has a state, which steps of its own move";
        return Err(Problem::invalid_field("/activate", "invalid", detail));
    }
    Ok(())
}

/// The coupon as a caller sees it: a customer those that run, are told of and are for them, without whom else they are
/// for.
fn seen_by(caller: Caller, coupon: &Arc<Coupon>, now: Timestamp) -> Option<Arc<Coupon>> {
    let Some(own) = caller.own() else { return Some(Arc::clone(coupon)) };
    let definition = &coupon.definition;
    let is_offered = definition.visibility == Visibility::Public && coupon.state_at(now) == CouponState::Running;
    if !is_offered || !coupon.is_for(Some(own)) {
        return None;
    }
    if definition.customers.is_none() && coupon.vetting.approval.is_none() {
        return Some(Arc::clone(coupon));
    }
    // Who approved it, and what it may cost, is the shop's own business.
    let customers = definition.customers.as_ref().map(|_| vec![own]);
    let definition = Definition { customers, ..definition.clone() };
    Some(Arc::new(Coupon { definition, vetting: Vetting::default(), ..(**coupon).clone() }))
}

pub(crate) fn gone() -> Problem {
    not_found(domain::rejection::Rejection::CouponNotFound, "There is no such coupon.")
}

async fn names_of<'a>(
    app: &App,
    tenant: TenantNo,
    coupons: impl Iterator<Item = &'a Coupon>,
) -> Result<Names, Problem> {
    let (mut customers, mut campaigns, mut others) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for Definition { customers: list, campaign, stacking, .. } in coupons.map(|coupon| &coupon.definition) {
        customers.extend(list.iter().flatten().copied());
        campaigns.extend(*campaign);
        others.extend(stacking.excludes_coupons.iter().copied());
    }
    Names::of(app, tenant, others, customers).await?.with_campaigns(app, tenant, campaigns).await
}

/// The coupon as it is at that instant.
pub(crate) async fn show(app: &App, tenant: TenantNo, coupon: &Coupon, at: Timestamp) -> Answered<CouponBody> {
    let names = names_of(app, tenant, std::iter::once(coupon)).await?;
    Ok(Reply::ok(CouponBody::of(coupon, &names, at)).version(coupon.version))
}

/// The same as [`shown`], with what is suspicious about it.
async fn saved(app: &App, tenant: TenantNo, answer: Answer, status: StatusCode) -> Answered<CouponBody> {
    let coupon = answered(app, tenant, &answer).await?;
    let warnings = warnings::of_coupon(app, tenant, &coupon).await?;
    Ok(shown(app, tenant, answer, status).await?.map(|body| body.with_warnings(warnings)))
}

async fn answered(app: &App, tenant: TenantNo, answer: &Answer) -> Result<Arc<Coupon>, Problem> {
    let Outcome::Coupon { no, version } = answer.outcome else { return Err(unexpected()) };
    match app.store.coupon(tenant, no).await?.filter(|coupon| coupon.version == version) {
        Some(coupon) => Ok(coupon),
        None => app.store.coupon_version(tenant, no, version).await?.ok_or_else(gone),
    }
}

/// The coupon in the version that an answer is about.
pub(crate) async fn shown(app: &App, tenant: TenantNo, answer: Answer, status: StatusCode) -> Answered<CouponBody> {
    let coupon = answered(app, tenant, &answer).await?;
    let reply = show(app, tenant, &coupon, answer.at).await?;
    Ok(reply.status(status).replayed(answer.replayed))
}
