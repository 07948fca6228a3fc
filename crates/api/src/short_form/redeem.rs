//! A voucher, or a shared code, is used without an order of lines.

use axum::extract::State;
use domain::benefit::Benefit;
use domain::codes::Reading;
use domain::coupon::Coupon;
use domain::id::{CustomerNo, TenantNo};
use domain::ledger::{Action, RedeemRequest};
use domain::money::Currency;
use domain::order::{Line, Order, UNIT_PRICE_MINOR_MAX};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::coupons::currency_of;
use super::scalar::{Scalar, amount};
use super::users::user_or_new;
use crate::app::App;
use crate::definition_body::check_chars;
use crate::idempotency::Change;
use crate::problem::Problem;
use crate::quotes::read_codes;
use crate::redeem_body::made_id;
use crate::reply::{Answered, Reply};

/// As long as a typed code may be elsewhere.
const TYPED_CHARS_MAX: usize = 128;

/// The smallest cart of which every percentage is at least one minor unit.
const CART_MINOR_DEFAULT: i64 = 10_000;

/// What the order of the short form sells.
const CART_SKU: &str = "cart";

/// One of the two codes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShortRedeemBody {
    /// A voucher's code or id.
    #[schema(max_length = 128, example = "VOUCHER123")]
    voucher_code: Option<String>,
    /// A shared code.
    #[schema(max_length = 128, example = "SAVE10")]
    coupon_code: Option<String>,
    /// What the goods are worth, in the tenant's currency; needed where the coupon asks for a minimum.
    #[schema(example = 80)]
    cart_value: Option<Scalar>,
    /// Who redeems, for servers: a customer's number or id, or the shop's own id as a string.
    #[schema(example = "1")]
    user_id: Option<Scalar>,
}

/// It was done.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShortRedeemed {
    #[schema(example = "Voucher VOUCHER123 redeemed successfully")]
    message: String,
}

/// Which of the two codes was given: they differ in what an answer calls them.
#[derive(Clone, Copy, Debug)]
struct Kind {
    field: &'static str,
    name: &'static str,
}

/// Redeem a voucher or a shared code
///
/// The use is recorded with an order of one line: the cart, in the tenant's currency.
#[utoipa::path(post, path = "/redeem", tag = "short form", request_body = ShortRedeemBody,
    responses((status = 200, description = "Redeemed", body = ShortRedeemed)))]
pub(crate) async fn redeem_code(
    State(app): State<App>,
    Change { origin, body }: Change<ShortRedeemBody>,
) -> Answered<ShortRedeemed> {
    let tenant = origin.caller.tenant;
    let (kind, code) = code_of(body.voucher_code, body.coupon_code)?;
    let currency = currency_of(&app, tenant).await?;
    let cart_minor = body.cart_value.map(|value| cart_minor(&value, currency)).transpose()?;
    let customer = user_or_new(&app, &origin, body.user_id.as_ref(), "/user_id").await?;
    let reading = read_codes(&app, origin.guesser(), std::slice::from_ref(&code))?;
    let order = match cart_minor {
        Some(minor) => cart(minor, currency),
        None => cart_of_coupon(&app, tenant, (customer, &reading), currency).await?,
    };
    let request = request(&app, customer, order, reading);
    let answer = app.submit(&origin, Action::Redeem(Box::new(request))).await;
    let answer = answer.map_err(|problem| plainly(&problem, kind).unwrap_or(problem))?;
    let message = format!("{} {code} redeemed successfully", kind.name);
    Ok(Reply::ok(ShortRedeemed { message }).replayed(answer.replayed))
}

fn code_of(voucher: Option<String>, coupon: Option<String>) -> Result<(Kind, String), Problem> {
    let (kind, code) = match (voucher, coupon) {
        (Some(code), None) => (Kind { field: "/voucher_code", name: "Voucher" }, code),
        (None, Some(code)) => (Kind { field: "/coupon_code", name: "Coupon" }, code),
        (None, None) => return Err(Problem::invalid_field("/voucher_code", "missing", "is needed, or coupon_code")),
        (Some(_), Some(_)) => {
            return Err(Problem::invalid_field("/coupon_code", "invalid", "cannot stand beside voucher_code"));
        }
    };
    check_chars(kind.field, &code, TYPED_CHARS_MAX)?;
    Ok((kind, code))
}

fn cart_minor(value: &Scalar, currency: Currency) -> Result<i64, Problem> {
    let minor = value.minor(currency, "/cart_value")?;
    if minor > UNIT_PRICE_MINOR_MAX {
        return Err(Problem::invalid_field("/cart_value", "invalid", "is more than a cart may be worth"));
    }
    Ok(minor)
}

fn cart(minor: i64, currency: Currency) -> Order {
    Order::new(currency, vec![Line::new(CART_SKU, 1, minor)])
}

fn request(app: &App, customer: CustomerNo, order: Order, codes: Vec<Reading>) -> RedeemRequest {
    let (id, customer) = (made_id(app), Some(customer));
    RedeemRequest { id, customer, order, codes, expected_total_minor: None, reserve_ms: None }
}

/// The cart that is recorded where no value was given: the smallest to which the coupon gives all it can. Which coupon a
/// code stands for is asked by a quote; a code that stands for none is left to the ledger to refuse.
async fn cart_of_coupon(
    app: &App,
    tenant: TenantNo,
    (customer, reading): (CustomerNo, &[Reading]),
    currency: Currency,
) -> Result<Order, Problem> {
    let trial = cart(CART_MINOR_DEFAULT, currency);
    let quote = app.store.quote(tenant, request(app, customer, trial.clone(), reading.to_vec())).await?;
    let applied = quote.applied.first().map(|applied| applied.coupon);
    let Some(no) = applied.or_else(|| quote.refused.first()?.coupon) else { return Ok(trial) };
    let Some(coupon) = app.store.coupon(tenant, no).await? else { return Ok(trial) };
    check_no_minimum(&coupon, currency)?;
    let minor = match coupon.definition.benefit {
        Benefit::AmountOff { amount_minor, .. } => amount_minor.min(UNIT_PRICE_MINOR_MAX),
        Benefit::PercentOff { .. }
        | Benefit::Ladder { .. }
        | Benefit::EveryOff { .. }
        | Benefit::FixedPrice { .. }
        | Benefit::UnitsOff { .. }
        | Benefit::Gift { .. }
        | Benefit::FreePeriods { .. }
        | Benefit::RandomAmount { .. }
        | Benefit::GiftValue { .. } => CART_MINOR_DEFAULT,
    };
    Ok(cart(minor, coupon.definition.currency.unwrap_or(currency)))
}

fn check_no_minimum(coupon: &Coupon, currency: Currency) -> Result<(), Problem> {
    let currency = coupon.definition.currency.unwrap_or(currency);
    match coupon.definition.minimum_order_minor {
        Some(minimum) if minimum > 0 => {
            let minimum = amount(minimum, currency);
            let detail = format!("cart_value is needed: the cart must be worth at least {minimum} {currency}");
            Err(Problem::new(StatusCode::BAD_REQUEST, "cart_value_missing", detail))
        }
        Some(_) | None => Ok(()),
    }
}

/// What the ledger refused, as the short form says it. What is somebody else's is not there. A limit that opens again
/// stays a 429 with `Retry-After`.
fn plainly(problem: &Problem, kind: Kind) -> Option<Problem> {
    let name = kind.name;
    let (status, text) = match problem.code() {
        "code_unknown" | "voucher_not_found" | "voucher_foreign" => {
            (StatusCode::NOT_FOUND, format!("{name} not found"))
        }
        "voucher_redeemed" => (StatusCode::BAD_REQUEST, format!("{name} already redeemed")),
        _ if problem.status() == StatusCode::CONFLICT => {
            let detail = problem.detail();
            (StatusCode::BAD_REQUEST, detail.strip_prefix("code 0: ").unwrap_or(detail).to_owned())
        }
        _ => return None,
    };
    Some(Problem::new(status, problem.code().to_owned(), text))
}
