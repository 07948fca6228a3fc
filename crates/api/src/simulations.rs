//! A coupon that is not there yet, tried on recorded orders.

use axum::extract::State;
use domain::ledger::{Draft, Figures, Simulation};
use domain::money::Currency;
use domain::time::Timestamp;
use ports::DecisionFilter;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::coupons::define;
use crate::definition_body::DefinitionBody;
use crate::extract::Json;
use crate::problem::Problem;
use crate::recall::{self, Orders};
use crate::reply::{Answered, Reply};

/// The most orders of one run.
const ORDERS_MAX: usize = 20_000;
/// Unless the body says how many: about a second of work.
const ORDERS_DEFAULT: usize = 5_000;

/// What every simulation is under.
const ASSUMES: &str = "Without demand effect: the same orders, decided again with the coupon. Nobody buys more, or otherwise, \
    because of it.";

/// A coupon to be tried.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SimulationBody {
    /// As it would be created. Its dates are left out, as the orders lie in the past; its weekdays, hours and limits count.
    coupon: DefinitionBody,
    /// `true`: whoever pays less with it types it, and nobody else. `false`: every order that it applies to has it. Unless it is
    /// given, as `automatic` of the coupon says.
    needs_code: Option<bool>,
    /// Only orders from this instant on.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only orders before this instant.
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// At most so many orders in this run; 5,000 unless given.
    #[schema(minimum = 1, maximum = 20_000)]
    orders_max: Option<usize>,
    /// What the run before gave as `next_cursor`: this one goes on there.
    cursor: Option<String>,
}

/// What a coupon would have done to recorded orders.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Simulation)]
pub(crate) struct SimulationResult {
    /// What this is worth.
    #[schema(example = "Without demand effect: the same orders, decided again with the coupon.")]
    assumes: &'static str,
    /// Orders that were decided again.
    replayed: u64,
    /// Orders that could not be: another revision of the pricing decided them.
    skipped: u64,
    /// Orders that would have had the coupon.
    touched: u64,
    /// Orders that would have paid less than they did.
    winners: u64,
    /// Orders that would have paid more than they did.
    losers: u64,
    /// Orders that would have had it, but for a limit of its own that was used up.
    limited: u64,
    /// In each currency of the orders.
    amounts: Vec<SimulationAmounts>,
    /// When the first order of this run was decided.
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// When the last order of this run was decided: so far it got.
    #[schema(value_type = Option<String>, format = DateTime)]
    through: Option<Timestamp>,
    /// With it another run goes on; left out if all were gone through. The figures of all runs add up; limits of the coupon begin
    /// anew with each.
    #[serde(skip_serializing_if = "Option::is_none")]
    next_cursor: Option<String>,
}

/// Amounts in one currency.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimulationAmounts {
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// All discounts, as recorded.
    discount_before_minor: i64,
    /// All discounts, with the coupon.
    discount_after_minor: i64,
    /// The difference: what it costs. Below zero where it keeps out others that gave more.
    cost_minor: i64,
    /// What it would have given itself.
    given_minor: i64,
}

/// Try a coupon on recorded orders
///
/// Decides the orders of a period again, with a coupon that is not there yet among those they had, on what was recorded then.
/// Without demand effect: the same orders. Orders that were cancelled or wholly returned are left out. Nothing is changed or
/// kept. One run takes a bounded number of orders, oldest first, and says how far it got; with its cursor the next goes on.
#[utoipa::path(post, path = "/v1/simulations", tag = "coupons", request_body = SimulationBody,
    responses((status = 200, description = "As far as this run got", body = SimulationResult)))]
pub(crate) async fn create_simulation(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<SimulationBody>,
) -> Answered<SimulationResult> {
    let tenant = caller.tenant;
    let max = body.orders_max.unwrap_or(ORDERS_DEFAULT);
    if !(1..=ORDERS_MAX).contains(&max) {
        return Err(Problem::invalid_field("/orders_max", "invalid", format!("must be from 1 to {ORDERS_MAX}")));
    }
    if let (Some(from), Some(until)) = (body.from, body.until)
        && until <= from
    {
        return Err(Problem::invalid_field("/until", "invalid", "must be after `from`"));
    }
    let (definition, _) = define(&app, tenant, body.coupon, None).await.map_err(|problem| problem.under("/coupon"))?;
    let needs_code = body.needs_code.unwrap_or(!definition.automatic);
    let mut simulation = Simulation::new(Draft::new(*definition, needs_code));
    let filter = DecisionFilter { from: body.from, until: body.until };
    let orders = Orders { tenant, filter, max, after: body.cursor };
    let next = recall::simulate(&*app.store, orders, &mut simulation).await;
    let next = next.map_err(|error| match error {
        ports::StoreError::Cursor => Problem::invalid_field("/cursor", "invalid", error.to_string()),
        error => Problem::from(error),
    })?;
    Ok(Reply::ok(SimulationResult::of(simulation.figures(), next)))
}

impl SimulationResult {
    fn of(figures: &Figures, next_cursor: Option<String>) -> Self {
        let amounts = figures.amounts.iter().map(|(currency, amounts)| SimulationAmounts {
            currency: *currency,
            discount_before_minor: amounts.discount_before_minor,
            discount_after_minor: amounts.discount_after_minor,
            cost_minor: amounts.cost_minor(),
            given_minor: amounts.given_minor,
        });
        Self {
            assumes: ASSUMES,
            replayed: figures.replayed,
            skipped: figures.skipped,
            touched: figures.touched,
            winners: figures.winners,
            losers: figures.losers,
            limited: figures.limited,
            amounts: amounts.collect(),
            from: figures.from,
            through: figures.through,
            next_cursor,
        }
    }
}
