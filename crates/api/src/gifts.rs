//! Gift value: the balance of a voucher, its changes, and how staff makes some.

use std::sync::Arc;

use axum::extract::State;
use domain::benefit::Benefit;
use domain::coupon::Coupon;
use domain::gift::{GiftAccount, GiftChange, GiftEntry, GiftStep};
use domain::id::TenantNo;
use domain::ledger::{Action, Outcome};
use domain::money::Currency;
use domain::redemption::RedemptionId;
use domain::rejection::{Refusal, Rejection};
use domain::time::Timestamp;
use domain::voucher::Voucher;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::actor_body::{ActorBody, Actors};
use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::extract::{Path, Query};
use crate::guesses::Guesser;
use crate::idempotency::{Change, Origin};
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;
use crate::vouchers::{candidates, find};

/// What a voucher of gift value is worth.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = Balance)]
pub(crate) struct BalanceBody {
    #[schema(value_type = String, example = "EUR")]
    currency: Currency,
    /// What it was given at its issue.
    initial_minor: i64,
    /// The sum of its entries.
    balance_minor: i64,
    /// What pending redemptions will pay with it.
    held_minor: i64,
    /// What an order can be paid with now.
    available_minor: i64,
}

impl BalanceBody {
    fn of(coupon: &Coupon, account: &GiftAccount) -> Option<Self> {
        Some(Self {
            currency: coupon.definition.currency?,
            initial_minor: account.initial_minor,
            balance_minor: account.balance_minor,
            held_minor: account.held_minor,
            available_minor: account.available_minor(),
        })
    }

    /// Why nothing can be paid with it, if that is so.
    pub(crate) fn why_empty(&self) -> Option<Refusal> {
        (self.available_minor == 0).then(|| Refusal::new(Rejection::BalanceEmpty, "nothing is left of it"))
    }
}

fn initial_minor(coupon: &Coupon) -> Option<i64> {
    match coupon.definition.benefit {
        Benefit::GiftValue { amount_minor } => Some(amount_minor),
        _ => None,
    }
}

/// The balances of these vouchers, in their order; none for what is no gift value.
pub(crate) async fn balances(
    app: &App,
    tenant: TenantNo,
    vouchers: &[Voucher],
) -> Result<Vec<Option<BalanceBody>>, Problem> {
    let mut gifts: Vec<(usize, Arc<Coupon>, i64)> = Vec::new();
    for (place, voucher) in vouchers.iter().enumerate() {
        let coupon = app.store.coupon(tenant, voucher.key.coupon).await?.ok_or_else(unexpected)?;
        if let Some(initial_minor) = initial_minor(&coupon) {
            gifts.push((place, coupon, initial_minor));
        }
    }
    let mut balances = vec![None; vouchers.len()];
    if gifts.is_empty() {
        return Ok(balances);
    }
    let keys: Vec<_> = gifts.iter().map(|(place, ..)| vouchers[*place].key).collect();
    let accounts = app.store.gift_accounts(tenant, &keys).await?;
    for ((place, coupon, initial_minor), account) in gifts.into_iter().zip(accounts) {
        let account = account.unwrap_or_else(|| GiftAccount::untouched(vouchers[place].key, initial_minor));
        balances[place] = BalanceBody::of(&coupon, &account);
    }
    Ok(balances)
}

/// One change of a balance.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BalanceEntry)]
pub(crate) struct EntryBody {
    /// Rises with each change; what reservations held and let go in between leaves gaps.
    number: u32,
    #[schema(value_type = schemas::GiftStep)]
    kind: GiftStep,
    /// What was added, or below 0 what was taken.
    amount_minor: i64,
    /// The balance after it.
    balance_minor: i64,
    /// The redemption that paid, or was returned.
    #[schema(value_type = Option<String>)]
    redemption_id: Option<RedemptionId>,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: ActorBody,
    /// Why, of a change by hand.
    reason: Option<String>,
}

pub(crate) async fn show_entries(
    app: &App,
    tenant: TenantNo,
    entries: Vec<GiftEntry>,
) -> Result<Vec<EntryBody>, Problem> {
    let actors = Actors::of(app, tenant, entries.iter().map(|entry| entry.actor)).await?;
    let body = |entry: GiftEntry| EntryBody {
        number: entry.version,
        kind: entry.step,
        amount_minor: entry.amount_minor,
        balance_minor: entry.balance_minor,
        redemption_id: entry.redemption,
        at: entry.at,
        actor: actors.body(entry.actor),
        reason: entry.reason,
    };
    Ok(entries.into_iter().map(body).collect())
}

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EntryQuery {
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List the changes of a voucher's balance
///
/// Newest first; their amounts sum to the balance. None for a voucher that is no gift value, and for a code in print that
/// nothing was paid with yet.
#[utoipa::path(get, path = "/v1/vouchers/{id}/entries", tag = "vouchers",
    params(("id" = String, Path, description = "The voucher"), EntryQuery),
    responses((status = 200, description = "Newest first", body = List<EntryBody>)))]
pub(crate) async fn list_voucher_entries(
    State(app): State<App>,
    caller: Caller,
    guesser: Guesser,
    Path(id): Path<String>,
    Query(query): Query<EntryQuery>,
) -> Answered<List<EntryBody>> {
    let tenant = caller.tenant;
    let request = page_request(query.limit, query.cursor)?;
    let voucher = find(&app, caller, guesser, &id).await?;
    let page = app.store.gift_entries(tenant, voucher.key, request).await?;
    Ok(Reply::ok(List::page(show_entries(&app, tenant, page.items).await?, page.next)))
}

/// Value that is added to a voucher.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TopUpBody {
    /// In minor units of the voucher's currency.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_000_i64, example = 2000)]
    amount_minor: i64,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 200)]
    reason: Option<String>,
}

/// How a balance is set right.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdjustmentBody {
    /// What is added, or below 0 what is taken; not more than is available.
    #[schema(minimum = -1_000_000_000_000_000_i64, maximum = 1_000_000_000_000_000_i64, example = -500)]
    amount_minor: i64,
    /// Why, for the record.
    #[schema(min_length = 1, max_length = 200, example = "counted twice at the till")]
    reason: String,
}

/// A balance after it was changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BalanceChange {
    voucher_id: String,
    balance: BalanceBody,
    /// The change.
    entry: EntryBody,
}

/// Top up the gift value of a voucher
///
/// Counts against limits of value, as its issue did.
#[utoipa::path(post, path = "/v1/vouchers/{id}/top-ups", tag = "vouchers", request_body = TopUpBody,
    params(("id" = String, Path, description = "The voucher")),
    responses((status = 200, description = "Topped up", body = BalanceChange)))]
pub(crate) async fn top_up_voucher(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<TopUpBody>,
) -> Answered<BalanceChange> {
    let TopUpBody { amount_minor, reason } = body;
    submit(&app, &origin, &id, GiftChange { is_top_up: true, amount_minor, reason }).await
}

/// Set the balance of a voucher right
///
/// By hand, with the reason. It never goes below what pending redemptions hold.
#[utoipa::path(post, path = "/v1/vouchers/{id}/adjustments", tag = "vouchers", request_body = AdjustmentBody,
    params(("id" = String, Path, description = "The voucher")),
    responses((status = 200, description = "Adjusted", body = BalanceChange)))]
pub(crate) async fn adjust_voucher(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<AdjustmentBody>,
) -> Answered<BalanceChange> {
    let AdjustmentBody { amount_minor, reason } = body;
    submit(&app, &origin, &id, GiftChange { is_top_up: false, amount_minor, reason: Some(reason) }).await
}

async fn submit(app: &App, origin: &Origin, id: &str, change: GiftChange) -> Answered<BalanceChange> {
    change.check()?;
    let tenant = origin.caller.tenant;
    let voucher = candidates(app, origin.guesser(), id)?;
    let answer = app.submit(origin, Action::ChangeGift { voucher, change }).await?;
    let Outcome::Gift { key_no, account, entry } = answer.outcome else { return Err(unexpected()) };
    let coupon = app.store.coupon(tenant, account.voucher.coupon).await?.ok_or_else(unexpected)?;
    let voucher_id = app.store.codes().voucher_id(tenant, account.voucher, key_no);
    let shown = BalanceChange {
        voucher_id: voucher_id.map_err(|error| Problem::internal(&error))?,
        balance: BalanceBody::of(&coupon, &account).ok_or_else(unexpected)?,
        entry: show_entries(app, tenant, vec![*entry]).await?.pop().ok_or_else(unexpected)?,
    };
    Ok(Reply::ok(shown).replayed(answer.replayed))
}
