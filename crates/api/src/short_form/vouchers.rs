//! A user's vouchers.

use axum::extract::State;
use domain::id::TenantNo;
use domain::time::Timestamp;
use domain::voucher::{Voucher, VoucherState};
use ports::{PageRequest, VoucherFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::coupons::LISTED_MAX;
use super::users::{of_query, user_of};
use crate::app::App;
use crate::auth::Caller;
use crate::extract::Query;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

/// Whose vouchers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ShortVoucherQuery {
    /// The number or id of the customer, or the shop's own id unless that is all digits. Who has signed in may leave it out.
    #[param(example = "1")]
    user_id: Option<String>,
}

/// A voucher.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ShortVoucher {
    #[schema(example = "vch_3zt8m0w9k1r5c7dq")]
    pub(super) id: String,
    /// What is typed; the id where the code is not shown yet.
    #[schema(example = "VOUCHER123")]
    pub(super) code: String,
    status: ShortStatus,
    /// The customer's number; `null` while it belongs to whoever bears the code.
    #[schema(example = 1)]
    user_id: Option<u32>,
}

/// Whether it was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ShortVoucherStatus)]
pub(crate) enum ShortStatus {
    /// It can be, or an order that is not paid yet holds it.
    Unused,
    /// Once and for all.
    Redeemed,
}

/// List a user's vouchers
///
/// Those that can be used and those that were, at most 1,000; what has expired or was taken away is left out.
#[utoipa::path(get, path = "/vouchers", tag = "short form", params(ShortVoucherQuery),
    responses((status = 200, description = "By coupon", body = Vec<ShortVoucher>)))]
pub(crate) async fn list_user_vouchers(
    State(app): State<App>,
    caller: Caller,
    Query(query): Query<ShortVoucherQuery>,
) -> Answered<Vec<ShortVoucher>> {
    let tenant = caller.tenant;
    let named = query.user_id.map(of_query);
    let customer = user_of(&app, caller, named.as_ref(), "?user_id").await?;
    let filter = VoucherFilter { customer: Some(customer), coupon: None, state: None };
    let now = app.now();
    let (mut found, mut after) = (Vec::new(), None);
    loop {
        let page = app.store.vouchers(tenant, filter, PageRequest { limit: LISTED_MAX, after }).await?;
        found.extend(page.items.into_iter().filter(|voucher| status_at(voucher, now).is_some()));
        after = page.next;
        if after.is_none() || found.len() >= LISTED_MAX {
            break;
        }
    }
    found.truncate(LISTED_MAX);
    Ok(Reply::ok(short_vouchers(&app, tenant, found, now).await?))
}

fn status_at(voucher: &Voucher, now: Timestamp) -> Option<ShortStatus> {
    match voucher.state_at(now) {
        VoucherState::Held | VoucherState::Issued | VoucherState::Locked => Some(ShortStatus::Unused),
        VoucherState::Redeemed => Some(ShortStatus::Redeemed),
        VoucherState::Expired | VoucherState::Revoked | VoucherState::Pooled => None,
    }
}

/// The vouchers as they stand at `now`, in their order.
pub(super) async fn short_vouchers(
    app: &App,
    tenant: TenantNo,
    vouchers: Vec<Voucher>,
    now: Timestamp,
) -> Result<Vec<ShortVoucher>, Problem> {
    let keys: Vec<_> = vouchers.iter().map(|voucher| (voucher.key, voucher.key_no)).collect();
    let codes = app.store.voucher_codes(tenant, &keys).await?;
    let ring = app.store.codes();
    let short = |(voucher, code): (Voucher, Option<String>)| {
        let id = ring.voucher_id(tenant, voucher.key, voucher.key_no);
        let id = id.map_err(|error| Problem::internal(&error))?;
        let code = code.filter(|_| !voucher.hides_code()).unwrap_or_else(|| id.clone());
        let status = status_at(&voucher, now).unwrap_or(ShortStatus::Unused);
        Ok(ShortVoucher { id, code, status, user_id: voucher.customer.map(|no| no.0) })
    };
    vouchers.into_iter().zip(codes).map(short).collect()
}
