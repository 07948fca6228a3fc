//! A customer's wallet, judged for an order: what of it could be used and for how much, what could not and why.

use std::cmp::Reverse;

use axum::extract::State;
use domain::id::{CouponId, CustomerId, TenantNo};
use domain::ledger::RedeemRequest;
use domain::pricing::Quote;
use domain::redemption::RedemptionId;
use domain::time::Timestamp;
use domain::voucher::Voucher;
use ports::{PageRequest, VoucherFilter};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::customer_by::{CustomerBy, Named};
use crate::extract::Json;
use crate::gate::refuse_blocked_customer;
use crate::names::Names;
use crate::order_body::OrderBody;
use crate::problem::Problem;
use crate::quote_body::{RefusalBody, off_each};
use crate::quotes::{heard, parse_order};
use crate::reply::{Answered, Reply};
use crate::voucher_body::voucher_ids;

/// Vouchers of a wallet that are judged: more than anybody looks through at a checkout.
const JUDGED_MAX: usize = 200;

/// An order for which a wallet is judged.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WalletQuoteBody {
    /// Whose wallet.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// Whose wallet, by what is known elsewhere.
    customer: Option<CustomerBy>,
    order: OrderBody,
}

/// A wallet, judged for an order. Each voucher by itself: what several come to together, a quote says.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WalletQuote {
    /// What could be used, the largest discount first; gift value, which pays, comes last.
    usable: Vec<UsableVoucher>,
    /// What could not, in the order of the wallet.
    not_usable: Vec<UnusableVoucher>,
    /// Whether the wallet has more than the 200 that were judged.
    cut: bool,
}

/// A voucher that the order could use.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UsableVoucher {
    voucher_id: String,
    #[schema(value_type = String)]
    coupon_id: CouponId,
    discount_minor: i64,
    /// What of it would be taken off each line, in the order of the order.
    lines_minor: Vec<i64>,
    /// What the order would come to with it.
    total_minor: i64,
    /// What it would pay of the total, if it is gift value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pays_minor: Option<i64>,
    /// When it ends unless it is used.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
}

impl UsableVoucher {
    /// The largest discount first; gift value, which pays, comes last.
    fn turn(&self) -> impl Ord + use<> {
        let ends_at = self.ends_at.map_or(i64::MAX, Timestamp::as_ms);
        (self.pays_minor.is_some(), Reverse(self.discount_minor), ends_at)
    }
}

/// A voucher that the order could not use, and why.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct UnusableVoucher {
    voucher_id: String,
    #[schema(value_type = String)]
    coupon_id: CouponId,
    #[serde(flatten)]
    why: RefusalBody,
}

/// Judge a wallet for an order
///
/// Every voucher of the customer, in one call: usable with its discount, the best first, or not usable with its reason. On
/// what is committed now; nothing is changed or kept.
#[utoipa::path(post, path = "/v1/quotes/wallet", tag = "redemptions", request_body = WalletQuoteBody,
    responses((status = 200, description = "Judged", body = WalletQuote)))]
pub(crate) async fn create_wallet_quote(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<WalletQuoteBody>,
) -> Answered<WalletQuote> {
    let (tenant, order) = (caller.tenant, heard(parse_order(body.order)?, caller));
    let named = Named { customer_id: body.customer_id, customer: body.customer };
    let customer = named.find(&app, caller).await?;
    let customer =
        customer.ok_or_else(|| Problem::invalid_field("/customer_id", "missing", "or `customer` is needed"))?;
    refuse_blocked_customer(&app, tenant, Some(customer))?;
    let filter = VoucherFilter { customer: Some(customer), ..VoucherFilter::default() };
    let page = app.store.vouchers(tenant, filter, PageRequest { limit: JUDGED_MAX, after: None }).await?;
    let ids = voucher_ids(&app, tenant, page.items.iter().map(|voucher| voucher.key)).await?;
    let ring = app.store.codes();
    let request = RedeemRequest {
        id: RedemptionId::parse("quote").expect("five letters are an id"),
        customer: Some(customer),
        order,
        codes: page.items.iter().map(|voucher| ring.read(tenant, &ids[&voucher.key])).collect(),
        expected_total_minor: None,
        reserve_ms: None,
    };
    let quotes = app.store.quote_each(tenant, request).await?;
    let names = names(&app, tenant, &page.items).await?;
    let mut judged = WalletQuote { usable: Vec::new(), not_usable: Vec::new(), cut: page.next.is_some() };
    for (voucher, quote) in page.items.iter().zip(&quotes) {
        judged.add(voucher, ids[&voucher.key].clone(), quote, &names);
    }
    judged.usable.sort_by_key(UsableVoucher::turn);
    Ok(Reply::ok(judged))
}

async fn names(app: &App, tenant: TenantNo, vouchers: &[Voucher]) -> Result<Names, Problem> {
    let coupons = vouchers.iter().map(|voucher| voucher.key.coupon).collect();
    Names::of(app, tenant, coupons, Default::default()).await
}

impl WalletQuote {
    /// The voucher is the one code that was typed for the quote.
    fn add(&mut self, voucher: &Voucher, voucher_id: String, quote: &Quote, names: &Names) {
        let coupon_id = names.coupon(voucher.key.coupon);
        if let Some(applied) = quote.applied.iter().find(|applied| applied.voucher == Some(voucher.key)) {
            self.usable.push(UsableVoucher {
                voucher_id,
                coupon_id,
                discount_minor: applied.discount_minor,
                lines_minor: off_each(&applied.lines, quote.lines.len()),
                total_minor: quote.total_minor,
                pays_minor: None,
                ends_at: voucher.held_until.or(voucher.valid_until),
            });
        } else if let Some(payment) = quote.payments.iter().find(|payment| payment.voucher == voucher.key) {
            self.usable.push(UsableVoucher {
                voucher_id,
                coupon_id,
                discount_minor: 0,
                lines_minor: off_each(&[], quote.lines.len()),
                total_minor: quote.total_minor,
                pays_minor: Some(payment.amount_minor),
                ends_at: voucher.valid_until,
            });
        } else if let Some(refused) = quote.refused.iter().find(|refused| refused.code == 0) {
            self.not_usable.push(UnusableVoucher {
                voucher_id,
                coupon_id,
                why: RefusalBody::of(refused.refusal.clone(), refused.help),
            });
        }
    }
}
