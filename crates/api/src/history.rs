//! What has happened to a voucher.

use std::collections::BTreeSet;

use axum::extract::State;
use domain::event::{Actor, EventKind, Subject, VoucherStep};
use domain::id::{ApiKeyId, CustomerId, CustomerNo, TenantNo};
use domain::redemption::RedemptionId;
use domain::time::Timestamp;
use domain::voucher::VoucherState;
use ports::{ApiKey, HistoryEntry};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::extract::Path;
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

/// Who made it happen.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = Actor)]
pub(crate) enum ActorBody {
    /// A deadline passed.
    System,
    /// The command line on the server itself.
    Operator,
    /// A server, by its API key.
    Key {
        #[schema(value_type = Option<String>)]
        id: Option<ApiKeyId>,
    },
    /// A customer.
    Customer {
        #[schema(value_type = String)]
        id: CustomerId,
    },
    /// A member of staff, by the number of the account.
    Staff { number: u32 },
}

impl ActorBody {
    pub(crate) fn of(actor: Actor, names: &Names, keys: &[ApiKey]) -> Self {
        match actor {
            Actor::System => Self::System,
            Actor::Operator => Self::Operator,
            Actor::Key(no) => Self::Key { id: keys.iter().find(|key| key.no == no).map(|key| key.id) },
            Actor::Customer(no) => Self::Customer { id: names.customer(no) },
            Actor::Staff(no) => Self::Staff { number: no.0 },
        }
    }
}

/// Show what has happened to a voucher
#[utoipa::path(get, path = "/v1/vouchers/{id}/history", tag = "vouchers",
    params(("id" = String, Path, description = "The voucher")),
    responses((status = 200, description = "Oldest first, the latest 1000", body = List<VoucherEvent>)))]
pub(crate) async fn list_voucher_history(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<List<VoucherEvent>> {
    let voucher = find(&app, tenant, &id).await?;
    let entries = app.store.history(tenant, Subject::Voucher(voucher.key), EVENTS_MAX).await?;
    Ok(Reply::ok(List::whole(show_history(&app, tenant, entries).await?)))
}

pub(crate) async fn show_history(
    app: &App,
    tenant: TenantNo,
    entries: Vec<HistoryEntry>,
) -> Result<Vec<VoucherEvent>, Problem> {
    let customers = entries.iter().flat_map(customers_of).collect();
    let names = Names::of(app, tenant, BTreeSet::new(), customers).await?;
    let keys = keys_of(app, tenant, &entries).await?;
    entries.into_iter().map(|entry| event_of(entry, &names, &keys).ok_or_else(unexpected)).collect()
}

/// The keys, if any of these was made by one.
pub(crate) async fn keys_of(app: &App, tenant: TenantNo, entries: &[HistoryEntry]) -> Result<Vec<ApiKey>, Problem> {
    let by_key = entries.iter().any(|entry| matches!(entry.event.actor, Actor::Key(_)));
    Ok(if by_key { app.store.api_keys(tenant).await? } else { Vec::new() })
}

pub(crate) fn customers_of(entry: &HistoryEntry) -> impl Iterator<Item = CustomerNo> + use<> {
    let owner = match entry.event.kind {
        EventKind::Voucher { customer, .. } => customer,
        _ => None,
    };
    let actor = match entry.event.actor {
        Actor::Customer(no) => Some(no),
        Actor::System | Actor::Operator | Actor::Key(_) | Actor::Staff(_) => None,
    };
    owner.into_iter().chain(actor)
}

/// Nothing for an event of another subject.
fn event_of(entry: HistoryEntry, names: &Names, keys: &[ApiKey]) -> Option<VoucherEvent> {
    let EventKind::Voucher { step, from, to, customer, redemption } = entry.event.kind else { return None };
    Some(VoucherEvent {
        version: entry.event.version,
        at: entry.at,
        event: step,
        from,
        to,
        actor: ActorBody::of(entry.event.actor, names, keys),
        customer_id: customer.map(|no| names.customer(no)),
        redemption_id: redemption,
    })
}
