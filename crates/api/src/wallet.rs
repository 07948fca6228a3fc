//! All that a customer has, in one call and one shape: a page of it, each with why it cannot be used, and how many stand
//! where.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use axum::extract::State;
use domain::campaign::Campaign;
use domain::coupon::Coupon;
use domain::id::{CouponNo, CustomerId, CustomerNo, TenantNo};
use domain::money::Currency;
use domain::rejection::Refusal;
use domain::time::Timestamp;
use domain::voucher::Voucher;
use domain::wallet::{Counts, Standing, ends_at, why_not};
use ports::{Page, VoucherFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::benefit_body::BenefitBody;
use crate::extract::{Path, Query};
use crate::names::customer_no;
use crate::page::page_request;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::sign_in::signed_in;
use crate::voucher_body::{VoucherBody, show_vouchers};

/// All that a customer has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Wallet {
    #[schema(value_type = String)]
    customer_id: CustomerId,
    /// Of all, not of this page alone.
    totals: WalletCounts,
    /// The same by kind.
    kinds: Vec<WalletKind>,
    /// Whether there is more than is counted: the first 10,000 are.
    counts_cut: bool,
    /// By coupon.
    data: Vec<Asset>,
    /// Asks for the next page as `cursor`; `null` when there is none.
    next_cursor: Option<String>,
}

/// How many stand where.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct WalletCounts {
    usable: u64,
    locked: u64,
    used: u64,
    expired: u64,
    revoked: u64,
    /// Of the usable ones, those that end within three days.
    expiring_soon: u64,
}

impl From<&Counts> for WalletCounts {
    fn from(counts: &Counts) -> Self {
        Self {
            usable: counts.of(Standing::Usable),
            locked: counts.of(Standing::Locked),
            used: counts.of(Standing::Used),
            expired: counts.of(Standing::Expired),
            revoked: counts.of(Standing::Revoked),
            expiring_soon: counts.expiring_soon,
        }
    }
}

/// The counts of one kind of asset.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WalletKind {
    /// What its benefit is, as in `benefit.type`.
    #[schema(example = "percent_off")]
    kind: String,
    #[serde(flatten)]
    counts: WalletCounts,
}

/// One thing that a customer has.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Asset {
    /// What its benefit is, as in `benefit.type`.
    #[schema(example = "percent_off")]
    kind: String,
    /// What the coupon is called.
    name: String,
    #[schema(value_type = crate::schemas::Standing)]
    standing: Standing,
    /// When it ends unless it is used: its hold or its validity.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// Why it cannot be used now; `null` if it can, by an order that suits it.
    not_usable: Option<NotUsable>,
    benefit: BenefitBody,
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    minimum_order_minor: Option<i64>,
    voucher: VoucherBody,
}

/// Why something cannot be used now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct NotUsable {
    #[schema(example = "not_yet_valid")]
    code: String,
    detail: String,
    #[schema(value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
}

impl From<Refusal> for NotUsable {
    fn from(refusal: Refusal) -> Self {
        let Refusal { rejection, detail, retry_at, item: _, quote: _ } = refusal;
        Self { code: rejection.code().into_owned(), detail: detail.into_owned(), retry_at }
    }
}

/// Which part to show.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WalletQuery {
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// Show one's own wallet
#[utoipa::path(get, path = "/v1/wallet", tag = "vouchers", params(WalletQuery),
    responses((status = 200, description = "As it is now", body = Wallet)))]
pub(crate) async fn get_wallet(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<WalletQuery>,
) -> Answered<Wallet> {
    signed_in(caller)?;
    let own = caller.own().ok_or_else(|| Problem::forbidden("Staff has no wallet."))?;
    show(&app, caller.tenant, own, query).await
}

/// Show a customer's wallet
#[utoipa::path(get, path = "/v1/customers/{id}/wallet", tag = "customers",
    params(("id" = String, Path, description = "The customer"), WalletQuery),
    responses((status = 200, description = "As it is now", body = Wallet)))]
pub(crate) async fn get_customer_wallet(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<WalletQuery>,
) -> Answered<Wallet> {
    let customer = customer_no(&app, caller, &id).await?;
    show(&app, caller.tenant, customer, query).await
}

async fn show(app: &App, tenant: TenantNo, customer: CustomerNo, query: WalletQuery) -> Answered<Wallet> {
    let request = page_request(query.limit, query.cursor)?;
    let filter = VoucherFilter { customer: Some(customer), ..VoucherFilter::default() };
    let Page { items, next } = app.store.vouchers(tenant, filter, request).await?;
    let counted = app.store.wallet_counts(tenant, customer).await?;
    let named = items.iter().map(|voucher| voucher.key.coupon).chain(counted.by_coupon.keys().copied());
    let coupons = coupons(app, tenant, named.collect()).await?;
    let (mut totals, mut kinds) = (Counts::default(), BTreeMap::<&str, Counts>::new());
    for (no, counts) in &counted.by_coupon {
        totals.add_all(counts);
        kinds.entry(kind(&coupons[no].0)).or_default().add_all(counts);
    }
    let kinds = kinds.iter().map(|(kind, counts)| WalletKind { kind: (*kind).to_owned(), counts: counts.into() });
    Ok(Reply::ok(Wallet {
        customer_id: app.store.customer_id(tenant, customer).await?.ok_or_else(unexpected)?,
        totals: (&totals).into(),
        kinds: kinds.collect(),
        counts_cut: counted.is_cut,
        data: assets(app, tenant, items, &coupons).await?,
        next_cursor: next,
    }))
}

/// A coupon with its campaign.
type Coupons = BTreeMap<CouponNo, (Arc<Coupon>, Option<Arc<Campaign>>)>;

async fn coupons(app: &App, tenant: TenantNo, named: BTreeSet<CouponNo>) -> Result<Coupons, Problem> {
    let mut coupons = BTreeMap::new();
    for no in named {
        let coupon = app.store.coupon(tenant, no).await?.ok_or_else(unexpected)?;
        let campaign = match coupon.definition.campaign {
            Some(no) => app.store.campaign(tenant, no).await?,
            None => None,
        };
        coupons.insert(no, (coupon, campaign));
    }
    Ok(coupons)
}

fn kind(coupon: &Coupon) -> &'static str {
    coupon.definition.benefit.kind()
}

async fn assets(app: &App, tenant: TenantNo, vouchers: Vec<Voucher>, coupons: &Coupons) -> Result<Vec<Asset>, Problem> {
    let (now, zone) = (app.now(), app.store.settings(tenant).await?.zone.clone());
    let bodies = show_vouchers(app, tenant, vouchers.clone(), now).await?;
    let asset = |(voucher, body): (&Voucher, VoucherBody)| {
        let (coupon, campaign) = &coupons[&voucher.key.coupon];
        let definition = &coupon.definition;
        Asset {
            kind: kind(coupon).to_owned(),
            name: definition.name.clone(),
            standing: Standing::of(voucher, now),
            ends_at: ends_at(voucher),
            not_usable: why_not(voucher, (coupon, campaign.as_deref()), &zone, now)
                .or_else(|| body.balance.as_ref()?.why_empty())
                .map(NotUsable::from),
            benefit: (&definition.benefit).into(),
            currency: definition.currency,
            minimum_order_minor: definition.minimum_order_minor,
            voucher: body,
        }
    };
    Ok(vouchers.iter().zip(bodies).map(asset).collect())
}
