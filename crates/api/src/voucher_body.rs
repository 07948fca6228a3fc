//! A voucher as answers show it.

use std::collections::BTreeMap;

use domain::codes::ComputedCode;
use domain::id::{CouponId, CustomerId, TenantNo, VoucherKey};
use domain::redemption::RedemptionId;
use domain::time::Timestamp;
use domain::voucher::{Voucher, VoucherState};
use ports::Codes;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::gifts::{BalanceBody, balances};
use crate::names::Names;
use crate::problem::Problem;
use crate::schemas;

/// One individual entitlement made from a coupon.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Voucher)]
pub(crate) struct VoucherBody {
    #[schema(example = "vch_3zt8m0w9k1r5c7dq")]
    id: String,
    /// What its holder types. `null` while `code_hidden` says why; its `id` stands for it, with its owner named.
    #[schema(example = "7Q2F9K0MXW3RT8CD")]
    code: Option<String>,
    /// Why nobody is shown a code of a pool. `pooled`: it waits for an owner; `held`: it is shown once it is used;
    /// `returned`: the hold ended, and the code went back to the pool.
    #[schema(value_type = Option<schemas::CodeHidden>)]
    code_hidden: Option<CodeHidden>,
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// Its owner; `null` while it belongs to whoever bears the code.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// Where it stands at the instant of the answer.
    #[schema(value_type = schemas::VoucherState)]
    state: VoucherState,
    /// `row`: claimed or issued; `bearer`: of a block of codes; `given`: its code was given by people.
    #[schema(value_type = schemas::VoucherKind)]
    kind: &'static str,
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_from: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    valid_until: Option<Timestamp>,
    /// When its hold ends unless it is used.
    #[schema(value_type = Option<String>, format = DateTime)]
    held_until: Option<Timestamp>,
    /// The redemption that locks it or used it.
    #[schema(value_type = Option<String>)]
    redemption_id: Option<RedemptionId>,
    /// What was drawn for it, in minor units of its coupon's `currency`; `null` unless the coupon gives a `random_amount`, or
    /// while it waits in a pool.
    amount_minor: Option<i64>,
    /// Counts its changes; 0 for a code of a block that nothing happened to yet.
    version: u32,
    /// What it is worth, if it is gift value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub balance: Option<BalanceBody>,
}

/// Why nobody is shown a code.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum CodeHidden {
    /// It waits for an owner.
    Pooled,
    /// It is shown once it is used.
    Held,
    /// It went back to the pool unseen.
    Returned,
}

/// The vouchers as they stand at `now`, in their order.
pub(crate) async fn show_vouchers(
    app: &App,
    tenant: TenantNo,
    vouchers: Vec<Voucher>,
    now: Timestamp,
) -> Result<Vec<VoucherBody>, Problem> {
    let keys: Vec<_> = vouchers.iter().map(|voucher| (voucher.key, voucher.key_no)).collect();
    let codes = app.store.voucher_codes(tenant, &keys).await?;
    let coupons = vouchers.iter().map(|voucher| voucher.key.coupon).collect();
    let customers = vouchers.iter().filter_map(|voucher| voucher.customer).collect();
    let names = Names::of(app, tenant, coupons, customers).await?;
    let ring = app.store.codes();
    let worth = balances(app, tenant, &vouchers).await?;
    let body = |((voucher, code), balance): ((Voucher, Option<String>), Option<BalanceBody>)| {
        let id = ring.voucher_id(tenant, voucher.key, voucher.key_no);
        let hidden = code_hidden(&voucher, code.as_ref());
        Ok(VoucherBody {
            id: id.map_err(|error| Problem::internal(&error))?,
            code: code.filter(|_| hidden.is_none()),
            code_hidden: hidden,
            coupon_id: names.coupon(voucher.key.coupon),
            customer_id: voucher.customer.map(|no| names.customer(no)),
            state: voucher.state_at(now),
            kind: schemas::kind_name(voucher.key.kind),
            made_at: voucher.made_at,
            valid_from: voucher.valid_from,
            valid_until: voucher.valid_until,
            held_until: voucher.held_until,
            redemption_id: voucher.redemption,
            amount_minor: voucher.amount_minor,
            version: voucher.version,
            balance,
        })
    };
    vouchers.into_iter().zip(codes).zip(worth).map(body).collect()
}

fn code_hidden(voucher: &Voucher, code: Option<&String>) -> Option<CodeHidden> {
    match code {
        None => Some(CodeHidden::Returned),
        Some(_) if !voucher.hides_code() => None,
        Some(_) if voucher.state == VoucherState::Pooled => Some(CodeHidden::Pooled),
        Some(_) => Some(CodeHidden::Held),
    }
}

/// The one voucher an answer is about.
pub(crate) async fn show_voucher(
    app: &App,
    tenant: TenantNo,
    voucher: Voucher,
    now: Timestamp,
) -> Result<VoucherBody, Problem> {
    let mut shown = show_vouchers(app, tenant, vec![voucher], now).await?;
    shown.pop().ok_or_else(|| Problem::internal(&"a voucher has no code"))
}

/// The ids of vouchers known by their keys only. Which key of the ring each was made under is looked up if there is
/// more than one.
pub(crate) async fn voucher_ids(
    app: &App,
    tenant: TenantNo,
    keys: impl IntoIterator<Item = VoucherKey>,
) -> Result<BTreeMap<VoucherKey, String>, Problem> {
    let ring = app.store.codes();
    let keys: Vec<VoucherKey> = keys.into_iter().collect();
    let mut ids = BTreeMap::new();
    for key in keys {
        let candidates = candidates(ring, key);
        let key_no = match candidates[..] {
            [only] => only.key_no,
            _ => {
                let row = app.store.voucher(tenant, &candidates).await?;
                row.ok_or_else(|| Problem::internal(&"a voucher that was used is missing"))?.key_no
            }
        };
        let id = ring.voucher_id(tenant, key, key_no).map_err(|error| Problem::internal(&error))?;
        ids.insert(key, id);
    }
    Ok(ids)
}

/// The voucher under each key of the ring.
fn candidates(ring: &Codes, key: VoucherKey) -> Vec<ComputedCode> {
    ring.key_nos().map(|key_no| ComputedCode { key_no, key }).collect()
}

#[cfg(test)]
mod tests {
    use domain::codes::{KeyRing, RingKey};
    use domain::id::{CouponNo, VoucherKind};

    use super::*;

    #[test]
    fn a_voucher_may_have_been_made_under_any_key_of_the_ring() {
        let key = VoucherKey { coupon: CouponNo(1), kind: VoucherKind::Given, ordinal: 7 };
        for numbers in [&[1][..], &[1, 2], &[2, 5]] {
            let ring = KeyRing::new(numbers.iter().map(|no| RingKey { no: *no, secret: [7; 32] }).collect());
            let codes = Codes::new(ring.expect("keys of different numbers"));
            let found = candidates(&codes, key);
            assert_eq!(found.iter().map(|candidate| candidate.key_no).collect::<Vec<_>>(), numbers);
        }
    }
}
