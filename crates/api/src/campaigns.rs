//! Campaigns: defined, saved anew, counted.

use axum::extract::State;
use domain::campaign::{Campaign, CampaignState};
use domain::id::{CampaignId, TenantNo};
use domain::ledger::{Action, Answer, Outcome};
use domain::money::Currency;
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode};
use ports::{CampaignFigures, CampaignFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::campaign_body::{CampaignBody, CampaignDefinitionBody};
use crate::coupons::{check_no_start, start};
use crate::extract::{Path, Query};
use crate::idempotency::Change;
use crate::if_match::edited_version;
use crate::names::{campaign_no, not_found};
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;

/// Define a campaign
///
/// It begins as a draft whose coupons grant nothing, unless `activate` says otherwise.
#[utoipa::path(post, path = "/v1/campaigns", tag = "campaigns", request_body = CampaignDefinitionBody,
    responses((status = 201, description = "Created", body = CampaignBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn create_campaign(
    State(app): State<App>,
    Change { origin, body }: Change<CampaignDefinitionBody>,
) -> Answered<CampaignBody> {
    let start = start(body.activate);
    let definition = Box::new(body.parse()?);
    let id = CampaignId((app.new_id)());
    let answer = app.submit(&origin, Action::CreateCampaign { id, definition, start }).await?;
    shown(&app, origin.caller.tenant, answer, StatusCode::CREATED).await
}

/// Save a campaign anew
///
/// The whole definition; what is left out is gone. The version that was edited stands in `If-Match`; `*` is whichever
/// there is. Refused from five minutes before the start.
#[utoipa::path(put, path = "/v1/campaigns/{id}", tag = "campaigns", request_body = CampaignDefinitionBody,
    params(("id" = String, Path, description = "The campaign"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that was edited", example = "\"3\"")),
    responses((status = 200, description = "Saved", body = CampaignBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn update_campaign(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Change { origin, body }: Change<CampaignDefinitionBody>,
) -> Answered<CampaignBody> {
    let tenant = origin.caller.tenant;
    let campaign = campaign_no(&app, tenant, &id).await?;
    let edited = edited_version(&headers)?;
    check_no_start(body.activate)?;
    let definition = Box::new(body.parse()?);
    let if_version = match edited {
        Some(version) => version,
        None => app.store.campaign(tenant, campaign).await?.ok_or_else(gone)?.version,
    };
    let answer = app.submit(&origin, Action::UpdateCampaign { campaign, if_version, definition }).await?;
    shown(&app, tenant, answer, StatusCode::OK).await
}

/// Which campaigns to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CampaignQuery {
    /// Only those in this state.
    #[param(value_type = Option<schemas::CouponState>, inline)]
    state: Option<CampaignState>,
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List campaigns
#[utoipa::path(get, path = "/v1/campaigns", tag = "campaigns", params(CampaignQuery),
    responses((status = 200, description = "By rising number", body = List<CampaignBody>)))]
pub(crate) async fn list_campaigns(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Query(query): Query<CampaignQuery>,
) -> Answered<List<CampaignBody>> {
    let request = page_request(query.limit, query.cursor)?;
    let page = app.store.campaigns(tenant, CampaignFilter { state: query.state }, request).await?;
    let now = app.now();
    let campaigns = page.items.iter().map(|campaign| CampaignBody::of(campaign, now)).collect();
    Ok(Reply::ok(List::page(campaigns, page.next)))
}

/// Show a campaign
#[utoipa::path(get, path = "/v1/campaigns/{id}", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "As it is now", body = CampaignBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn get_campaign(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<CampaignBody> {
    let no = campaign_no(&app, tenant, &id).await?;
    let campaign = app.store.campaign(tenant, no).await?.ok_or_else(gone)?;
    Ok(show(&campaign, app.now()))
}

/// Show a version of a campaign
#[utoipa::path(get, path = "/v1/campaigns/{id}/versions/{version}", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign"), ("version" = u32, Path, description = "From 1")),
    responses((status = 200, description = "As it was then", body = CampaignBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn get_campaign_version(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path((id, version)): Path<(String, u32)>,
) -> Answered<CampaignBody> {
    let no = campaign_no(&app, tenant, &id).await?;
    let campaign = app.store.campaign_version(tenant, no, version).await?;
    let campaign = campaign.ok_or_else(|| {
        Problem::new(StatusCode::NOT_FOUND, "version_not_found", "The campaign never had this version.")
    })?;
    // As it was written: no start or end that came later acts on it.
    Ok(show(&campaign, Timestamp::MIN))
}

/// What has come of a campaign: the sums over its coupons.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CampaignStatistics {
    #[schema(value_type = String)]
    campaign_id: CampaignId,
    /// How many coupons it has.
    coupons: i64,
    /// Vouchers ever made, the codes of blocks included.
    issued: i64,
    /// Vouchers held now.
    held: i64,
    /// Vouchers locked by a reservation now.
    locked: i64,
    /// Uses by orders ever, with vouchers and shared codes. An order that uses several coupons counts with each.
    redeemed: i64,
    /// Uses wholly given back.
    returned: i64,
    /// Holds that ended unused.
    expired: i64,
    /// Vouchers taken away.
    revoked: i64,
    /// By the currency of the coupons.
    value_given: Vec<ValueGiven>,
}

/// What the coupons of one currency gave.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ValueGiven {
    /// `null`: of coupons that give in any.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// Discount given less what was given back.
    value_given_minor: i64,
}

/// Count what has come of a campaign
#[utoipa::path(get, path = "/v1/campaigns/{id}/statistics", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "As of the last commit", body = CampaignStatistics)))]
pub(crate) async fn get_campaign_statistics(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<CampaignStatistics> {
    let no = campaign_no(&app, tenant, &id).await?;
    let campaign = app.store.campaign(tenant, no).await?.ok_or_else(gone)?;
    let figures = app.store.campaign_figures(tenant, no).await?;
    Ok(Reply::ok(counted(campaign.id, figures)))
}

fn counted(campaign_id: CampaignId, figures: CampaignFigures) -> CampaignStatistics {
    let CampaignFigures { coupons, statistics, value_given_minor } = figures;
    let value = |(currency, value_given_minor)| ValueGiven { currency, value_given_minor };
    CampaignStatistics {
        campaign_id,
        coupons,
        issued: statistics.issued,
        held: statistics.held,
        locked: statistics.locked,
        redeemed: statistics.redeemed,
        returned: statistics.returned,
        expired: statistics.expired,
        revoked: statistics.revoked,
        value_given: value_given_minor.into_iter().map(value).collect(),
    }
}

fn gone() -> Problem {
    not_found(domain::rejection::Rejection::CampaignNotFound, "There is no such campaign.")
}

/// The campaign as it is at that instant.
pub(crate) fn show(campaign: &Campaign, at: Timestamp) -> Reply<CampaignBody> {
    Reply::ok(CampaignBody::of(campaign, at)).version(campaign.version)
}

/// The campaign in the version that an answer is about.
pub(crate) async fn shown(app: &App, tenant: TenantNo, answer: Answer, status: StatusCode) -> Answered<CampaignBody> {
    let Outcome::Campaign { no, version } = answer.outcome else { return Err(unexpected()) };
    let now = app.store.campaign(tenant, no).await?.filter(|campaign| campaign.version == version);
    let campaign = match now {
        Some(campaign) => campaign,
        None => app.store.campaign_version(tenant, no, version).await?.ok_or_else(gone)?,
    };
    Ok(show(&campaign, answer.at).status(status).replayed(answer.replayed))
}
