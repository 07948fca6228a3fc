//! A priced order as answers show it.

use std::collections::BTreeMap;

use domain::id::{CouponId, TenantNo, VoucherKey};
use domain::language::Language;
use domain::money::Currency;
use domain::pricing::{Applied, GiftLine, Help, LineShare, Quote, QuoteLine, Schedule};
use domain::rejection::{Refusal, Rejection};
use domain::time::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::cost_bearer_body::BorneBody;
use crate::names::Names;
use crate::payment_body::PaymentBody;
use crate::problem::Problem;
use crate::voucher_body::voucher_ids;

/// A priced order. The lines sum to the order's amounts.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Quote)]
pub(crate) struct QuoteResult {
    #[schema(value_type = String, example = "USD")]
    currency: Currency,
    /// The goods before coupons.
    subtotal_minor: i64,
    /// All that coupons take off.
    discount_minor: i64,
    /// Goods, shipping, deposit and fees, less the discount.
    total_minor: i64,
    /// What gift value pays of the total, soonest expiry first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    payments: Vec<PaymentBody>,
    /// What is left to be paid after gift value.
    payable_minor: i64,
    /// In the order in which they were applied: each sees what the one before left.
    applied: Vec<AppliedBody>,
    /// In the order of the codes.
    refused: Vec<RefusedBody>,
    /// In the order of the order.
    lines: Vec<QuoteLineBody>,
    /// If it costs anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping: Option<QuoteLineBody>,
    /// If there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit: Option<QuoteLineBody>,
    /// All fees together, if there are any.
    #[serde(skip_serializing_if = "Option::is_none")]
    fees_minor: Option<i64>,
    /// By how much a better combination of the coupons might be cheaper, at most, where there were too many to try all.
    #[serde(skip_serializing_if = "Option::is_none")]
    gap_minor: Option<i64>,
}

/// What one coupon takes off.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Applied)]
pub(crate) struct AppliedBody {
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// The voucher; left out for a shared code.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher_id: Option<String>,
    discount_minor: i64,
    /// What of it is taken off each line, in the order of the order.
    lines_minor: Vec<i64>,
    /// What of it is taken off shipping, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    shipping_minor: Option<i64>,
    /// What of it is taken off the deposit, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    deposit_minor: Option<i64>,
    /// What the shop adds to the order for nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    gift: Option<GiftBody>,
    /// From which periods of its lines free ones are taken; lines of more than 400 periods are left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    schedules: Vec<ScheduleBody>,
    /// What merchants bear of it; the platform bears the rest. Left out where it bears all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    borne_by: Vec<BorneBody>,
}

impl AppliedBody {
    /// Of an order of so many lines.
    pub(crate) fn of(coupon_id: CouponId, voucher_id: Option<String>, applied: Applied, lines: usize) -> Self {
        Self {
            coupon_id,
            voucher_id,
            discount_minor: applied.discount_minor,
            lines_minor: off_each(&applied.lines, lines),
            shipping_minor: not_zero(applied.shipping_minor),
            deposit_minor: not_zero(applied.deposit_minor),
            gift: applied.gift.map(|GiftLine { sku, quantity }| GiftBody { sku, quantity }),
            schedules: applied.schedules.into_iter().map(ScheduleBody::from).collect(),
            borne_by: applied.borne_by.into_iter().map(BorneBody::from).collect(),
        }
    }
}

/// Units of something that cost nothing.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Gift)]
pub(crate) struct GiftBody {
    sku: String,
    quantity: u32,
}

/// What is taken off each period of a line.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Schedule)]
pub(crate) struct ScheduleBody {
    /// Its place in the order, from 0.
    line: usize,
    /// Off each period, in their order; together the line's share.
    periods_minor: Vec<i64>,
}

/// What is taken off each of so many lines.
pub(crate) fn off_each(shares: &[LineShare], lines: usize) -> Vec<i64> {
    let mut all = vec![0; lines];
    for share in shares {
        if let Some(minor) = all.get_mut(share.line) {
            *minor = share.discount_minor;
        }
    }
    all
}

/// A code that does not apply, and why.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RefusedCode)]
pub(crate) struct RefusedBody {
    /// As typed.
    #[schema(example = "SAVE10")]
    code: String,
    #[serde(flatten)]
    why: RefusalBody,
}

/// Why something does not apply.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Refusal)]
pub(crate) struct RefusalBody {
    /// Stable.
    #[schema(example = "below_minimum")]
    rejection: String,
    /// For people who run the shop; may change.
    detail: String,
    /// For whoever buys, in each language that is written here.
    reason: ReasonBody,
    /// The smallest change with which it would apply, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<HelpBody>,
    /// From when on it may apply, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
}

impl RefusalBody {
    pub(crate) fn of(refusal: Refusal, help: Option<Help>) -> Self {
        Self {
            rejection: refusal.rejection.code().into_owned(),
            detail: refusal.detail.into_owned(),
            reason: refusal.rejection.into(),
            help: help.map(HelpBody::from),
            retry_at: refusal.retry_at,
        }
    }
}

/// Why, in one plain sentence for each language.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reason)]
struct ReasonBody {
    #[schema(example = "The order has not reached the minimum of this coupon.")]
    en: String,
    #[schema(example = "订单未达到此优惠券的最低金额。")]
    zh: String,
}

impl From<Rejection> for ReasonBody {
    fn from(rejection: Rejection) -> Self {
        let of = |language| rejection.reason(language).into_owned();
        Self { en: of(Language::English), zh: of(Language::Chinese) }
    }
}

/// What to add to the order, of what the coupon is for.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Help)]
enum HelpBody {
    /// Goods for so much more.
    AddMinor(i64),
    /// So many more units.
    AddUnits(u64),
}

impl From<Help> for HelpBody {
    fn from(help: Help) -> Self {
        match help {
            Help::AddMinor(minor) => Self::AddMinor(minor),
            Help::AddUnits(units) => Self::AddUnits(units),
        }
    }
}

/// One line of the order, or a charge, priced.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = QuoteLine)]
pub(crate) struct QuoteLineBody {
    subtotal_minor: i64,
    discount_minor: i64,
    /// Never below 0.
    total_minor: i64,
}

/// `typed` are the codes the quote counts by.
pub(crate) async fn show_quote(
    app: &App,
    tenant: TenantNo,
    quote: Quote,
    typed: &[String],
) -> Result<QuoteResult, Problem> {
    let paying = || quote.payments.iter();
    let coupons = quote.applied.iter().map(|applied| applied.coupon);
    let coupons = coupons.chain(paying().map(|payment| payment.coupon)).collect();
    let names = Names::of(app, tenant, coupons, Default::default()).await?;
    let vouchers = quote.applied.iter().filter_map(|applied| applied.voucher);
    let vouchers: Vec<VoucherKey> = vouchers.chain(paying().map(|payment| payment.voucher)).collect();
    let vouchers = voucher_ids(app, tenant, vouchers).await?;
    Ok(result_of(quote, typed, &names, &vouchers))
}

fn result_of(quote: Quote, typed: &[String], names: &Names, vouchers: &BTreeMap<VoucherKey, String>) -> QuoteResult {
    let payable_minor = quote.payable_minor();
    let payments = quote.payments.iter().map(|payment| PaymentBody::of(payment, names, vouchers)).collect();
    let lines = quote.lines.len();
    let applied = quote.applied.into_iter().map(|applied| {
        let voucher_id = applied.voucher.and_then(|key| vouchers.get(&key).cloned());
        AppliedBody::of(names.coupon(applied.coupon), voucher_id, applied, lines)
    });
    let refused = quote.refused.into_iter().map(|refused| RefusedBody {
        code: typed.get(refused.code).cloned().unwrap_or_default(),
        why: RefusalBody::of(refused.refusal, refused.help),
    });
    let charge = |line: QuoteLine| Some(QuoteLineBody::from(line)).filter(|line| line.subtotal_minor != 0);
    QuoteResult {
        currency: quote.currency,
        subtotal_minor: quote.subtotal_minor,
        discount_minor: quote.discount_minor,
        total_minor: quote.total_minor,
        payments,
        payable_minor,
        applied: applied.collect(),
        refused: refused.collect(),
        lines: quote.lines.into_iter().map(QuoteLineBody::from).collect(),
        shipping: charge(quote.shipping),
        deposit: charge(quote.deposit),
        fees_minor: not_zero(quote.fees_minor),
        gap_minor: quote.gap_minor,
    }
}

fn not_zero(minor: i64) -> Option<i64> {
    Some(minor).filter(|minor| *minor != 0)
}

impl From<Schedule> for ScheduleBody {
    fn from(Schedule { line, periods_minor }: Schedule) -> Self {
        Self { line, periods_minor }
    }
}

impl From<QuoteLine> for QuoteLineBody {
    fn from(QuoteLine { subtotal_minor, discount_minor, total_minor }: QuoteLine) -> Self {
        Self { subtotal_minor, discount_minor, total_minor }
    }
}

#[cfg(test)]
mod tests {
    use domain::id::{CouponNo, VoucherKind};
    use domain::pricing::Refused;
    use serde_json::json;

    use super::*;

    #[test]
    fn a_quote_shows_the_typed_code_of_what_is_refused_and_the_voucher_of_what_applies() {
        let key = VoucherKey { coupon: CouponNo(1), kind: VoucherKind::Row, ordinal: 0 };
        let lines = vec![LineShare { line: 0, discount_minor: 5 }];
        let applied = Applied {
            code: 0,
            coupon: CouponNo(1),
            voucher: Some(key),
            discount_minor: 5,
            lines,
            shipping_minor: 0,
            deposit_minor: 0,
            gift: None,
            schedules: Vec::new(),
            borne_by: Vec::new(),
        };
        let refusal = Refusal::new(Rejection::CodeUnknown, "this is not a code");
        let quote = Quote {
            currency: "USD".parse().expect("a currency"),
            subtotal_minor: 50,
            discount_minor: 5,
            total_minor: 45,
            applied: vec![applied],
            payments: vec![],
            refused: vec![Refused { code: 1, coupon: None, voucher: None, refusal, help: None }],
            lines: vec![QuoteLine { subtotal_minor: 50, discount_minor: 5, total_minor: 45 }],
            shipping: QuoteLine::default(),
            deposit: QuoteLine::default(),
            fees_minor: 0,
            gap_minor: None,
        };
        let typed = ["A".to_owned(), "nonsense".to_owned()];
        let coupon = CouponId(uuid::Uuid::nil());
        let names = Names::for_test(CouponNo(1), coupon);
        let result = result_of(quote, &typed, &names, &[(key, "vch_1".to_owned())].into());
        let expected = json!({
            "currency": "USD", "subtotal_minor": 50, "discount_minor": 5, "total_minor": 45, "payable_minor": 45,
            "applied": [{
                "coupon_id": coupon.to_string(), "voucher_id": "vch_1", "discount_minor": 5,
                "lines_minor": [5],
            }],
            "refused": [{"code": "nonsense", "rejection": "code_unknown", "detail": "this is not a code",
                "reason": {"en": "This code is not valid.", "zh": "此券码无效。"}}],
            "lines": [{"subtotal_minor": 50, "discount_minor": 5, "total_minor": 45}],
        });
        assert_eq!(serde_json::to_value(result).expect("it is JSON"), expected);
    }
}
