//! Campaigns move through their states.

use std::sync::Arc;

use axum::extract::State;
use domain::campaign::{Campaign, CampaignState, CampaignStep};
use domain::id::CampaignNo;
use domain::ledger::Action;
use http::StatusCode;

use crate::app::{App, unexpected};
use crate::campaign_body::CampaignBody;
use crate::campaigns::{show, shown};
use crate::coupon_states::ABORT_STEPS_MAX;
use crate::extract::Path;
use crate::idempotency::{Change, NoBody, Origin};
use crate::names::campaign_no;
use crate::problem::Problem;
use crate::reply::Answered;

/// Activate a campaign
///
/// From draft, or to go on after a pause. Before `starts_at` it is scheduled, and running by itself from then on. Its
/// coupons grant while it and they are running.
#[utoipa::path(post, path = "/v1/campaigns/{id}/activate", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "It is running, or scheduled", body = CampaignBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn activate_campaign(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CampaignBody> {
    step(&app, &origin, &id, CampaignStep::Activate).await
}

/// Pause a campaign
///
/// Once this is answered nothing new is claimed or reserved of its coupons. Reservations go on.
#[utoipa::path(post, path = "/v1/campaigns/{id}/pause", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "It is paused", body = CampaignBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn pause_campaign(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CampaignBody> {
    step(&app, &origin, &id, CampaignStep::Pause).await
}

/// End a campaign
///
/// Nothing new is granted of its coupons ever again. Reservations go on.
#[utoipa::path(post, path = "/v1/campaigns/{id}/end", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "It has ended", body = CampaignBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn end_campaign(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CampaignBody> {
    step(&app, &origin, &id, CampaignStep::End).await
}

/// Abort a campaign
///
/// Its coupons are aborted first, with their reservations; while many are left it is paused.
#[utoipa::path(post, path = "/v1/campaigns/{id}/abort", tag = "campaigns",
    params(("id" = String, Path, description = "The campaign")),
    responses((status = 200, description = "It is aborted", body = CampaignBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn abort_campaign(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CampaignBody> {
    let campaign = campaign_no(&app, origin.caller.tenant, &id).await?;
    let first = app.submit(&origin, Action::MoveCampaign { campaign, step: CampaignStep::Abort }).await?;
    let aborted = finish_abort(&app, &origin.without_key(), campaign).await?;
    // Also when replayed: the first step, which the key remembers, may only have paused it.
    Ok(show(&aborted, app.now()).replayed(first.replayed))
}

async fn step(app: &App, origin: &Origin, id: &str, step: CampaignStep) -> Answered<CampaignBody> {
    let tenant = origin.caller.tenant;
    let campaign = campaign_no(app, tenant, id).await?;
    let answer = app.submit(origin, Action::MoveCampaign { campaign, step }).await?;
    shown(app, tenant, answer, StatusCode::OK).await
}

/// Goes on until nothing is reserved of any of its coupons.
async fn finish_abort(app: &App, origin: &Origin, no: CampaignNo) -> Result<Arc<Campaign>, Problem> {
    for _ in 0..ABORT_STEPS_MAX {
        let campaign = app.store.campaign(origin.caller.tenant, no).await?.ok_or_else(unexpected)?;
        if campaign.state == CampaignState::Aborted {
            return Ok(campaign);
        }
        app.submit(origin, Action::MoveCampaign { campaign: no, step: CampaignStep::Abort }).await?;
    }
    let detail = "Many coupons or reservations are left. The campaign is paused meanwhile; abort it again to go on.";
    Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(1))
}
