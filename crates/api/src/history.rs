//! What has happened to a voucher.

use std::collections::BTreeSet;

use axum::extract::State;
use domain::event::{EventKind, Subject, VoucherStep};
use domain::id::{CustomerId, CustomerNo, TenantNo};
use domain::redemption::RedemptionId;
use domain::time::Timestamp;
use domain::voucher::VoucherState;
use ports::HistoryEntry;
use serde::Serialize;
use utoipa::ToSchema;

use crate::actor_body::{ActorBody, Actors};
use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::extract::Path;
use crate::guesses::Guesser;
use crate::names::Names;
use crate::page::List;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;
use crate::vouchers::find;

/// A voucher moves a handful of times; whose reservations are cancelled again and again is shown the latest.
const EVENTS_MAX: usize = 1_000;

/// One step of a voucher.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VoucherEvent {
    /// The version of the voucher that it made; from 1 without gaps.
    version: u32,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    #[schema(value_type = schemas::VoucherStep)]
    event: VoucherStep,
    /// `null`: it was made.
    #[schema(value_type = Option<schemas::VoucherState>)]
    from: Option<VoucherState>,
    #[schema(value_type = schemas::VoucherState)]
    to: VoucherState,
    actor: ActorBody,
    /// Its owner afterwards.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// The redemption concerned.
    #[schema(value_type = Option<String>)]
    redemption_id: Option<RedemptionId>,
}

/// Show what has happened to a voucher
#[utoipa::path(get, path = "/v1/vouchers/{id}/history", tag = "vouchers",
    params(("id" = String, Path, description = "The voucher")),
    responses((status = 200, description = "Oldest first, the latest 1000", body = List<VoucherEvent>)))]
pub(crate) async fn list_voucher_history(
    State(app): State<App>,
    caller: Caller,
    guesser: Guesser,
    Path(id): Path<String>,
) -> Answered<List<VoucherEvent>> {
    let tenant = caller.tenant;
    let voucher = find(&app, caller, guesser, &id).await?;
    let entries = app.store.history(tenant, Subject::Voucher(voucher.key), EVENTS_MAX).await?;
    Ok(Reply::ok(List::whole(show_history(&app, tenant, entries).await?)))
}

pub(crate) async fn show_history(
    app: &App,
    tenant: TenantNo,
    entries: Vec<HistoryEntry>,
) -> Result<Vec<VoucherEvent>, Problem> {
    let customers = entries.iter().filter_map(owner_of).collect();
    let names = Names::of(app, tenant, BTreeSet::new(), customers).await?;
    let actors = Actors::of(app, tenant, entries.iter().map(|entry| entry.event.actor)).await?;
    entries.into_iter().map(|entry| event_of(entry, &names, &actors).ok_or_else(unexpected)).collect()
}

pub(crate) fn owner_of(entry: &HistoryEntry) -> Option<CustomerNo> {
    match entry.event.kind {
        EventKind::Voucher { customer, .. } => customer,
        _ => None,
    }
}

/// Nothing for an event of another subject.
fn event_of(entry: HistoryEntry, names: &Names, actors: &Actors) -> Option<VoucherEvent> {
    let EventKind::Voucher { step, from, to, customer, redemption } = entry.event.kind else { return None };
    Some(VoucherEvent {
        version: entry.event.version,
        at: entry.at,
        event: step,
        from,
        to,
        actor: actors.body(entry.event.actor),
        customer_id: customer.map(|no| names.customer(no)),
        redemption_id: redemption,
    })
}
