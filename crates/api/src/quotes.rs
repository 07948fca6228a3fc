//! Pricing an order: what applies, how much on each line, what does not and why.

use axum::extract::State;
use domain::codes::{Reading, Shape};
use domain::id::CustomerId;
use domain::ledger::RedeemRequest;
use domain::order::Order;
use domain::pricing::Quote;
use domain::redemption::RedemptionId;
use domain::rejection::Rejection;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::customer_by::{CustomerBy, Named};
use crate::definition_body::check_chars;
use crate::extract::Json;
use crate::gate::refuse_blocked_customer;
use crate::guesses::{Guess, Guesser, shapes};
use crate::order_body::OrderBody;
use crate::problem::Problem;
use crate::quote_body::{QuoteResult, show_quote};
use crate::reply::{Answered, Reply};

/// The most codes of one order.
pub(crate) const CODES_MAX: usize = 20;

/// The longest typed code. Longer than any that works, so that a slip of a hand is told as an unknown code.
const TYPED_CHARS_MAX: usize = 128;

/// An order to be priced.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct QuoteBody {
    /// Who buys. Without one, only what asks for no customer applies.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// Who buys, by what is known elsewhere. Nobody is made of it; of somebody new, no limit is used yet.
    customer: Option<CustomerBy>,
    order: OrderBody,
    /// What was typed.
    #[serde(default)]
    #[schema(max_items = 20, example = json!(["SAVE10"]))]
    codes: Vec<String>,
}

/// Price an order
///
/// On what is committed now. Nothing is changed or kept; what is refused is listed with its reason.
#[utoipa::path(post, path = "/v1/quotes", tag = "redemptions", request_body = QuoteBody,
    responses((status = 200, description = "Priced", body = QuoteResult)))]
pub(crate) async fn create_quote(
    State(app): State<App>,
    caller: Caller,
    guesser: Guesser,
    Json(body): Json<QuoteBody>,
) -> Answered<QuoteResult> {
    let tenant = caller.tenant;
    let (mut request, named, typed) = body.parse(&app, caller, guesser)?;
    request.customer = named.find(&app, caller).await?;
    refuse_blocked_customer(&app, tenant, request.customer)?;
    let shapes = shapes(&request.codes);
    let quote = app.store.quote(tenant, request).await?;
    count_unknown(&app, guesser, &shapes, &quote);
    Ok(Reply::ok(show_quote(&app, tenant, quote, &typed).await?))
}

impl QuoteBody {
    /// The request but for who buys, who that is, and the codes as typed.
    fn parse(
        self,
        app: &App,
        caller: Caller,
        guesser: Guesser,
    ) -> Result<(RedeemRequest, Named, Vec<String>), Problem> {
        let order = heard(parse_order(self.order)?, caller);
        check_codes(&self.codes)?;
        let codes = read_codes(app, guesser, &self.codes)?;
        let named = Named { customer_id: self.customer_id, customer: self.customer };
        let request = RedeemRequest {
            id: RedemptionId::parse("quote").expect("five letters are an id"),
            customer: None,
            order,
            codes,
            expected_total_minor: None,
            reserve_ms: None,
        };
        Ok((request, named, self.codes))
    }
}

pub(crate) fn parse_order(body: OrderBody) -> Result<Order, Problem> {
    Ok(body.parse().map_err(|error| error.under("/order"))?)
}

/// The order as far as the caller is heard: customers say nothing of themselves, as coupons may depend on it.
pub(crate) fn heard(order: Order, caller: Caller) -> Order {
    let customer = order.customer.filter(|_| caller.own().is_none());
    Order { customer, ..order }
}

pub(crate) fn check_codes(codes: &[String]) -> Result<(), Problem> {
    if codes.len() > CODES_MAX {
        return Err(Problem::invalid_field("/codes", "invalid", format!("must be at most {CODES_MAX} codes")));
    }
    for (index, code) in codes.iter().enumerate() {
        check_chars("", code, TYPED_CHARS_MAX).map_err(|error| error.under(&format!("/codes/{index}")))?;
    }
    Ok(())
}

/// What was typed, unless too much that was is no code.
pub(crate) fn read_codes(app: &App, guesser: Guesser, codes: &[String]) -> Result<Vec<Reading>, Problem> {
    if !codes.is_empty() {
        guesser.check(app)?;
    }
    let ring = app.store.codes();
    Ok(codes.iter().map(|code| ring.read_typed(guesser.tenant(), code)).collect())
}

fn count_unknown(app: &App, guesser: Guesser, shapes: &[Shape], quote: &Quote) {
    let unknown = quote.refused.iter().filter(|refused| refused.refusal.rejection == Rejection::CodeUnknown);
    for shape in unknown.filter_map(|refused| shapes.get(refused.code)) {
        guesser.failed(app, Guess::of(*shape));
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(codes: &[&str], pointer: Option<&str>) {
        let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
        let found = check_codes(&codes).err().map(|problem| problem.errors()[0].pointer.clone());
        assert_eq!(found.as_deref(), pointer, "{codes:?}");
    }

    #[test]
    fn codes_are_few_and_not_empty() {
        check(&[], None);
        check(&["SAVE10", "-"], None);
        check(&["SAVE10", ""], Some("/codes/1"));
        check(&[&"A".repeat(129)], Some("/codes/0"));
        check(&["A"; 21], Some("/codes"));
    }

    #[test]
    fn a_field_of_the_order_is_named_by_its_whole_way() {
        let order = json!({"currency": "USD", "lines": [{"sku": "A1", "quantity": 0, "unit_price_minor": 5}]});
        let problem = parse_order(serde_json::from_value(order).expect("it has the shape")).expect_err("no unit");
        assert_eq!(problem.errors()[0].pointer, "/order/lines/0/quantity");
    }
}
