//! What requests want redeemed, reserved or returned.

use domain::id::CustomerId;
use domain::ledger::{RedeemRequest, ReturnLine};
use domain::order::LINES_MAX;
use domain::redemption::RedemptionId;
use domain::time::Span;
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use crate::app::App;
use crate::customer_by::{CustomerBy, Named};
use crate::idempotency::Origin;
use crate::order_body::OrderBody;
use crate::problem::Problem;
use crate::quotes::{check_codes, heard, parse_order, read_codes};

/// How long a reservation lasts unless it says so: 15 minutes.
const RESERVE_MS_DEFAULT: i64 = 15 * 60_000;
const RESERVE_MS_MIN: i64 = 1_000;
/// A day.
const RESERVE_MS_MAX: i64 = 24 * 3_600_000;

/// An order to be redeemed or reserved.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RedeemBody {
    /// Of your own choice, so that the request can be repeated and cancelled without having seen its answer: 1 to 64 of
    /// `A-Z a-z 0-9 _ - . :`.
    #[schema(min_length = 1, max_length = 64, example = "checkout-1001")]
    id: Option<String>,
    /// Who buys. Without one, a voucher's owner stands in.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// Who buys, by what is known elsewhere.
    customer: Option<CustomerBy>,
    order: OrderBody,
    /// What was typed. Every code must apply, or all is refused.
    #[schema(max_items = 20, example = json!(["SAVE10"]))]
    codes: Vec<String>,
    /// Refuse if the order would come to another total.
    #[schema(minimum = 0)]
    expected_total_minor: Option<i64>,
    /// Reserve, to be confirmed or cancelled; needs `order.id`.
    #[serde(default)]
    reserve: bool,
    /// How long to reserve: hours, minutes and seconds, from 1 second to 24 hours, 15 minutes unless given.
    #[schema(value_type = Option<String>, format = "duration", example = "PT10M")]
    reserve_for: Option<Span>,
}

impl RedeemBody {
    /// The request, with what it names looked up.
    pub(crate) async fn parse(self, app: &App, origin: &Origin) -> Result<RedeemRequest, Problem> {
        let id = match self.id {
            Some(id) => given_id(id)?,
            None => made_id(app),
        };
        let order = heard(parse_order(self.order)?, origin.caller);
        check_codes(&self.codes)?;
        if self.expected_total_minor.is_some_and(|total| total < 0) {
            return Err(Problem::invalid_field("/expected_total_minor", "invalid", "must be at least 0"));
        }
        let reserve_ms = reserve_ms(self.reserve, self.reserve_for)?;
        if reserve_ms.is_some() && order.id.is_none() {
            return Err(Problem::invalid_field("/order/id", "missing", "is needed to reserve"));
        }
        let codes = read_codes(app, origin.guesser(), &self.codes)?;
        let named = Named { customer_id: self.customer_id, customer: self.customer };
        let customer = named.ensure(app, origin).await?;
        Ok(RedeemRequest { id, customer, order, codes, expected_total_minor: self.expected_total_minor, reserve_ms })
    }
}

fn given_id(id: String) -> Result<RedemptionId, Problem> {
    RedemptionId::parse(id).map_err(|error| Problem::invalid_field("/id", "invalid", error.to_string()))
}

pub(crate) fn made_id(app: &App) -> RedemptionId {
    let id = (app.new_id)();
    RedemptionId::parse(format!("red_{}", id.simple())).expect("a prefix and hexadecimal digits are an id")
}

fn reserve_ms(reserve: bool, span: Option<Span>) -> Result<Option<i64>, Problem> {
    let wrong = |detail: &str| Err(Problem::invalid_field("/reserve_for", "invalid", detail));
    match (reserve, span) {
        (false, None) => Ok(None),
        (false, Some(_)) => wrong("needs `\"reserve\": true`"),
        (true, None) => Ok(Some(RESERVE_MS_DEFAULT)),
        (true, Some(span)) => match span.exact_ms() {
            Some(ms) if (RESERVE_MS_MIN..=RESERVE_MS_MAX).contains(&ms) => Ok(Some(ms)),
            Some(_) | None => wrong("must be hours, minutes and seconds, from PT1S to PT24H"),
        },
    }
}

/// What is to be returned.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ReturnBody {
    /// Which lines; all that is left unless given.
    #[serde(default, deserialize_with = "given")]
    #[schema(min_items = 1, max_items = 2_000, nullable = false)]
    lines: Option<Vec<ReturnLineBody>>,
}

/// Whatever is given is meant: `null` is not left out, or a slip would return all there is.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<Option<T>, D::Error> {
    T::deserialize(reader).map(Some)
}

/// Some of a line to be returned.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReturnLine)]
pub(crate) struct ReturnLineBody {
    /// Its place in the order, from 0.
    line: usize,
    #[schema(minimum = 1)]
    quantity: u32,
}

impl ReturnBody {
    pub(crate) fn parse(self) -> Result<Option<Vec<ReturnLine>>, Problem> {
        let Some(lines) = self.lines else { return Ok(None) };
        if !(1..=LINES_MAX).contains(&lines.len()) {
            let detail = format!("must be 1 to {LINES_MAX} lines; leave it out to return all that is left");
            return Err(Problem::invalid_field("/lines", "invalid", detail));
        }
        if let Some(index) = lines.iter().position(|line| line.quantity == 0) {
            return Err(Problem::invalid_field(format!("/lines/{index}/quantity"), "invalid", "must be at least 1"));
        }
        let line = |ReturnLineBody { line, quantity }: ReturnLineBody| ReturnLine { line, quantity };
        Ok(Some(lines.into_iter().map(line).collect()))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_reservation_lasts_from_a_second_to_a_day() {
        for (reserve, span, expected) in [
            (false, None, Ok(None)),
            (false, Some("PT10M"), Err(())),
            (true, None, Ok(Some(900_000))),
            (true, Some("PT10M"), Ok(Some(600_000))),
            (true, Some("PT1S"), Ok(Some(1_000))),
            (true, Some("PT0.999S"), Err(())),
            (true, Some("PT24H"), Ok(Some(86_400_000))),
            (true, Some("PT24H1S"), Err(())),
            (true, Some("P1D"), Err(())),
        ] {
            let span = span.map(|span| span.parse().expect("a span"));
            assert_eq!(reserve_ms(reserve, span).map_err(|_| ()), expected, "{reserve} {span:?}");
        }
    }

    #[test]
    fn what_is_returned_is_all_that_is_left_or_some_units_of_some_lines() {
        let check = |body: serde_json::Value, expected: Result<Option<usize>, &str>| {
            let parsed = serde_json::from_value::<ReturnBody>(body.clone()).expect("it has the shape").parse();
            let found = parsed.map(|lines| lines.map(|lines| lines.len()));
            assert_eq!(found.map_err(|problem| problem.errors()[0].pointer.clone()), expected.map_err(str::to_owned));
        };
        check(json!({}), Ok(None));
        check(json!({"lines": [{"line": 0, "quantity": 1}]}), Ok(Some(1)));
        check(json!({"lines": []}), Err("/lines"));
        check(json!({"lines": [{"line": 0, "quantity": 0}]}), Err("/lines/0/quantity"));
        for lines in ["null", "{}", "0"] {
            let body = format!("{{\"lines\":{lines}}}");
            let problem = crate::json::read::<ReturnBody>(body.as_bytes()).expect_err("no list");
            assert_eq!((problem.status().as_u16(), &*problem.errors()[0].pointer), (422, "/lines"), "{body}");
        }
    }
}
