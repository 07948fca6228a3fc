//! A redemption as requests ask for it and answers show it.

use std::collections::{BTreeMap, BTreeSet};

use domain::id::{CouponId, CustomerId, CustomerNo, TenantNo, VoucherKey};
use domain::ledger::{RedeemRequest, ReturnLine};
use domain::money::Currency;
use domain::order::LINES_MAX;
use domain::redemption::{Part, Redemption, RedemptionId, RedemptionState};
use domain::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::names::{Names, customer_no_if_named};
use crate::order_body::OrderBody;
use crate::problem::Problem;
use crate::quotes::{LineShareBody, check_codes, parse_order, read_codes};
use crate::schemas;
use crate::voucher_body::voucher_ids;

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
    order: OrderBody,
    /// What was typed. Every code must apply, or all is refused.
    #[schema(min_items = 1, max_items = 20, example = json!(["SAVE10"]))]
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
    pub(crate) async fn parse(self, app: &App, tenant: TenantNo) -> Result<RedeemRequest, Problem> {
        let id = match self.id {
            Some(id) => given_id(id)?,
            None => made_id(app),
        };
        let order = parse_order(self.order)?;
        if self.codes.is_empty() {
            return Err(Problem::invalid_field("/codes", "invalid", "must be at least one code"));
        }
        check_codes(&self.codes)?;
        let reserve_ms = reserve_ms(self.reserve, self.reserve_for)?;
        if reserve_ms.is_some() && order.id.is_none() {
            return Err(Problem::invalid_field("/order/id", "missing", "is needed to reserve"));
        }
        let customer = customer_no_if_named(app, tenant, self.customer_id, "/customer_id").await?;
        let codes = read_codes(app, tenant, &self.codes);
        Ok(RedeemRequest { id, customer, order, codes, expected_total_minor: self.expected_total_minor, reserve_ms })
    }
}

fn given_id(id: String) -> Result<RedemptionId, Problem> {
    RedemptionId::parse(id).map_err(|error| Problem::invalid_field("/id", "invalid", error.to_string()))
}

fn made_id(app: &App) -> RedemptionId {
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
    #[schema(min_items = 1, max_items = 1000)]
    lines: Option<Vec<ReturnLineBody>>,
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

/// The use of vouchers or shared codes by one order; also the record of the transaction.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Redemption)]
pub(crate) struct RedemptionBody {
    #[schema(value_type = String, example = "red_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    id: RedemptionId,
    /// Where it stands at the instant of the answer.
    #[schema(schema_with = schemas::redemption_state)]
    state: RedemptionState,
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    order_id: Option<String>,
    /// `null` on the mark that a cancel leaves when it comes before its reserve.
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    /// The goods before discounts.
    subtotal_minor: i64,
    discount_minor: i64,
    /// `subtotal - discount`.
    total_minor: i64,
    /// What of the discount was given back.
    returned_minor: i64,
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    /// When it ends unless it is confirmed; only while pending.
    #[schema(value_type = Option<String>, format = DateTime)]
    deadline: Option<Timestamp>,
    applied: Vec<PartBody>,
    /// In the order of the order.
    lines: Vec<RedeemedLineBody>,
    /// Counts its changes.
    version: u32,
}

/// What one coupon gave to the order.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RedeemedCoupon)]
pub(crate) struct PartBody {
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// The voucher; left out for a shared code.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher_id: Option<String>,
    discount_minor: i64,
    returned_minor: i64,
    /// Lines without any are left out.
    lines: Vec<LineShareBody>,
}

/// A line of the order, and how much of it came back.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = RedeemedLine)]
pub(crate) struct RedeemedLineBody {
    quantity: u32,
    returned: u32,
}

/// The redemptions as they stand at `now`, in their order.
pub(crate) async fn show_redemptions(
    app: &App,
    tenant: TenantNo,
    redemptions: Vec<Redemption>,
    now: Timestamp,
) -> Result<Vec<RedemptionBody>, Problem> {
    let parts = || redemptions.iter().flat_map(|redemption| &redemption.parts);
    let coupons = parts().map(|part| part.coupon).collect();
    let customers: BTreeSet<CustomerNo> = redemptions.iter().filter_map(|redemption| redemption.customer).collect();
    let keys: Vec<VoucherKey> = parts().filter_map(|part| part.voucher).collect();
    let names = Names::of(app, tenant, coupons, customers).await?;
    let vouchers = voucher_ids(app, tenant, keys).await?;
    Ok(redemptions.into_iter().map(|redemption| body_of(redemption, &names, &vouchers, now)).collect())
}

/// The one redemption an answer is about.
pub(crate) async fn show_redemption(
    app: &App,
    tenant: TenantNo,
    redemption: Redemption,
    now: Timestamp,
) -> Result<RedemptionBody, Problem> {
    let mut shown = show_redemptions(app, tenant, vec![redemption], now).await?;
    Ok(shown.pop().expect("one was given and one is shown"))
}

fn body_of(
    redemption: Redemption,
    names: &Names,
    vouchers: &BTreeMap<VoucherKey, String>,
    now: Timestamp,
) -> RedemptionBody {
    let state = redemption.state_at(now);
    let returned_minor = redemption.returned_minor();
    let applied = redemption.parts.iter().map(|part| part_of(part, names, vouchers)).collect();
    let lines = redemption.lines.iter();
    RedemptionBody {
        state,
        returned_minor,
        applied,
        lines: lines.map(|line| RedeemedLineBody { quantity: line.quantity, returned: line.returned }).collect(),
        customer_id: redemption.customer.map(|no| names.customer(no)),
        deadline: redemption.deadline.filter(|_| state == RedemptionState::Pending),
        id: redemption.id,
        order_id: redemption.order,
        currency: redemption.currency,
        subtotal_minor: redemption.subtotal_minor,
        discount_minor: redemption.discount_minor,
        total_minor: redemption.total_minor,
        made_at: redemption.made_at,
        version: redemption.version,
    }
}

fn part_of(part: &Part, names: &Names, vouchers: &BTreeMap<VoucherKey, String>) -> PartBody {
    let shares = part.lines_minor.iter().copied().enumerate().filter(|(_, minor)| *minor > 0);
    PartBody {
        coupon_id: names.coupon(part.coupon),
        voucher_id: part.voucher.and_then(|key| vouchers.get(&key).cloned()),
        discount_minor: part.discount_minor,
        returned_minor: part.returned_minor,
        lines: shares.map(|(line, discount_minor)| LineShareBody { line, discount_minor }).collect(),
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
    }

    #[test]
    fn a_reservation_whose_time_is_over_is_shown_as_expired() {
        let redemption = Redemption {
            id: RedemptionId::parse("a").expect("an id"),
            version: 1,
            state: RedemptionState::Pending,
            fingerprint: [0; 16],
            customer: None,
            order: Some("A-1".into()),
            currency: Some("USD".parse().expect("a currency")),
            subtotal_minor: 50,
            discount_minor: 5,
            total_minor: 45,
            parts: vec![],
            lines: vec![],
            made_at: Timestamp::from_ms(0),
            deadline: Some(Timestamp::from_ms(1_000)),
            journal: domain::event::JournalNo::default(),
        };
        let at = |ms| body_of(redemption.clone(), &Names::default(), &BTreeMap::new(), Timestamp::from_ms(ms));
        assert_eq!((at(999).state, at(999).deadline), (RedemptionState::Pending, Some(Timestamp::from_ms(1_000))));
        assert_eq!((at(1_000).state, at(1_000).deadline), (RedemptionState::Expired, None));
    }
}
