//! What has happened to all that is a customer's.

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use domain::event::{EventKind, Subject};
use domain::id::{CouponId, TenantNo, VoucherKey};
use domain::redemption::{RedemptionId, RedemptionState};
use domain::time::Timestamp;
use ports::HistoryEntry;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::actor_body::{ActorBody, Actors};
use crate::app::App;
use crate::auth::Caller;
use crate::extract::{Path, Query};
use crate::history::owner_of;
use crate::names::{Names, customer_no};
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas::written;
use crate::voucher_body::voucher_ids;

/// One step of a voucher or a redemption.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CustomerEvent {
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// Of a voucher: `claimed`, `issued`, `assigned`, `locked`, `unlocked`, `redeemed`, `returned`, `released`,
    /// `expired`, `revoked` or `merged`. Of a redemption: `order_reserved`, `order_redeemed`, `order_returned_in_part`,
    /// `order_returned`, `order_cancelled` or `order_expired`.
    #[schema(example = "claimed")]
    event: String,
    /// Of a voucher's event.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher_id: Option<String>,
    /// Of a voucher's event.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    coupon_id: Option<CouponId>,
    /// The redemption, or the one that a voucher's event concerns.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    redemption_id: Option<RedemptionId>,
    actor: ActorBody,
}

/// How much to show.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomerHistoryQuery {
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
}

/// Show what has happened to a customer's vouchers and redemptions
///
/// Those of guests that were merged into the customer, too. Of a customer with more than 10,000 vouchers, those of the
/// first 10,000 by coupon.
#[utoipa::path(get, path = "/v1/customers/{id}/history", tag = "customers",
    params(("id" = String, Path, description = "The customer"), CustomerHistoryQuery),
    responses((status = 200, description = "Newest first", body = List<CustomerEvent>)))]
pub(crate) async fn list_customer_history(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<CustomerHistoryQuery>,
) -> Answered<List<CustomerEvent>> {
    let tenant = caller.tenant;
    let max = page_request(query.limit, None)?.limit;
    let no = customer_no(&app, caller, &id).await?;
    let entries = app.store.customer_history(tenant, no, max).await?;
    Ok(Reply::ok(List::whole(show_events(&app, tenant, entries).await?)))
}

async fn show_events(app: &App, tenant: TenantNo, entries: Vec<HistoryEntry>) -> Result<Vec<CustomerEvent>, Problem> {
    let vouchers: BTreeSet<VoucherKey> = entries.iter().filter_map(voucher_of).collect();
    let coupons = vouchers.iter().map(|key| key.coupon).collect();
    let names = Names::of(app, tenant, coupons, entries.iter().filter_map(owner_of).collect()).await?;
    let actors = Actors::of(app, tenant, entries.iter().map(|entry| entry.event.actor)).await?;
    let ids = voucher_ids(app, tenant, vouchers).await?;
    Ok(entries.into_iter().filter_map(|entry| event_of(entry, &names, &actors, &ids)).collect())
}

fn voucher_of(entry: &HistoryEntry) -> Option<VoucherKey> {
    match entry.event.subject {
        Subject::Voucher(key) => Some(key),
        _ => None,
    }
}

/// Nothing for an event of anything else.
fn event_of(
    entry: HistoryEntry,
    names: &Names,
    actors: &Actors,
    ids: &BTreeMap<VoucherKey, String>,
) -> Option<CustomerEvent> {
    let actor = actors.body(entry.event.actor);
    let voucher = voucher_of(&entry);
    let (event, redemption_id) = match (entry.event.kind, entry.event.subject) {
        (EventKind::Voucher { step, redemption, .. }, _) => (written(step), redemption),
        (EventKind::Redemption { from, to, .. }, Subject::Redemption(id)) => {
            (order_event(from, to).to_owned(), Some(id))
        }
        _ => return None,
    };
    Some(CustomerEvent {
        at: entry.at,
        event,
        voucher_id: voucher.and_then(|key| ids.get(&key).cloned()),
        coupon_id: voucher.map(|key| names.coupon(key.coupon)),
        redemption_id,
        actor,
    })
}

fn order_event(from: Option<RedemptionState>, to: RedemptionState) -> &'static str {
    match (from, to) {
        (Some(RedemptionState::Succeeded), RedemptionState::Succeeded) => "order_returned_in_part",
        (_, RedemptionState::Pending) => "order_reserved",
        (_, RedemptionState::Succeeded) => "order_redeemed",
        (_, RedemptionState::Returned) => "order_returned",
        (_, RedemptionState::Cancelled) => "order_cancelled",
        (_, RedemptionState::Expired) => "order_expired",
    }
}
