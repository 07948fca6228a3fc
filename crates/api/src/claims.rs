//! Customers take vouchers.

use axum::extract::State;
use domain::id::{CouponId, CustomerId, TenantNo};
use domain::ledger::{Action, Answer, Outcome};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::customer_by::{CustomerBy, Named};
use crate::extract::Path;
use crate::idempotency::Change;
use crate::names::{campaign_no, coupon_no, coupon_no_at};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::voucher_body::{VoucherBody, show_vouchers};

/// The most coupons of one claim.
const COUPONS_MAX: usize = 20;

/// A claim of one coupon, or of the package of a campaign.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimBody {
    /// Who claims; or `customer`. Who is signed in claims for themselves.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// Who claims, by what is known elsewhere.
    customer: Option<CustomerBy>,
}

/// A claim of several coupons.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ClaimsBody {
    /// Who claims; or `customer`. Who is signed in claims for themselves.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// Who claims, by what is known elsewhere.
    customer: Option<CustomerBy>,
    /// Of which coupons, each once.
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 20)]
    coupon_ids: Vec<CouponId>,
}

/// What was claimed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Claimed {
    voucher: VoucherBody,
}

/// All that was claimed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ClaimedAll {
    /// In the order of the coupons.
    vouchers: Vec<VoucherBody>,
}

/// Claim a voucher of a coupon
///
/// With a `hold` in the coupon, the voucher is held until `held_until`; without one it is owned at once.
#[utoipa::path(post, path = "/v1/coupons/{id}/claims", tag = "claims",
    params(("id" = String, Path, description = "The coupon")), request_body = ClaimBody,
    responses((status = 201, description = "Claimed", body = Claimed)))]
pub(crate) async fn claim_voucher(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<ClaimBody>,
) -> Answered<Claimed> {
    let tenant = origin.caller.tenant;
    let coupon = coupon_no(&app, tenant, &id).await?;
    let named = Named { customer_id: body.customer_id, customer: body.customer };
    let customer = named.ensure_one(&app, &origin).await?;
    let answer = app.submit(&origin, Action::Claim { customer, coupons: vec![coupon] }).await?;
    let replayed = answer.replayed;
    let voucher = shown(&app, tenant, answer).await?.pop().ok_or_else(unexpected)?;
    Ok(Reply::created(Claimed { voucher }).replayed(replayed))
}

/// Claim vouchers of several coupons, all or none
#[utoipa::path(post, path = "/v1/claims", tag = "claims", request_body = ClaimsBody,
    responses((status = 201, description = "Claimed, one voucher of each coupon", body = ClaimedAll)))]
pub(crate) async fn claim_vouchers(
    State(app): State<App>,
    Change { origin, body }: Change<ClaimsBody>,
) -> Answered<ClaimedAll> {
    let tenant = origin.caller.tenant;
    check_coupons(&body.coupon_ids)?;
    let mut coupons = Vec::with_capacity(body.coupon_ids.len());
    for (index, id) in body.coupon_ids.iter().enumerate() {
        coupons.push(coupon_no_at(&app, tenant, *id, &format!("/coupon_ids/{index}")).await?);
    }
    let named = Named { customer_id: body.customer_id, customer: body.customer };
    let customer = named.ensure_one(&app, &origin).await?;
    let answer = app.submit(&origin, Action::Claim { customer, coupons }).await?;
    let replayed = answer.replayed;
    let vouchers = shown(&app, tenant, answer).await?;
    Ok(Reply::created(ClaimedAll { vouchers }).replayed(replayed))
}

/// Claim the package of a campaign, all or none
///
/// One voucher of each of its coupons that is running; at most 20.
#[utoipa::path(post, path = "/v1/campaigns/{id}/claims", tag = "claims",
    params(("id" = String, Path, description = "The campaign")), request_body = ClaimBody,
    responses((status = 201, description = "Claimed, one voucher of each coupon", body = ClaimedAll)))]
pub(crate) async fn claim_package(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<ClaimBody>,
) -> Answered<ClaimedAll> {
    let tenant = origin.caller.tenant;
    let campaign = campaign_no(&app, tenant, &id).await?;
    let named = Named { customer_id: body.customer_id, customer: body.customer };
    let customer = named.ensure_one(&app, &origin).await?;
    let answer = app.submit(&origin, Action::ClaimPackage { customer, campaign }).await?;
    let replayed = answer.replayed;
    let vouchers = shown(&app, tenant, answer).await?;
    Ok(Reply::created(ClaimedAll { vouchers }).replayed(replayed))
}

fn check_coupons(ids: &[CouponId]) -> Result<(), Problem> {
    if !(1..=COUPONS_MAX).contains(&ids.len()) {
        return Err(Problem::invalid_field("/coupon_ids", "invalid", format!("must be 1 to {COUPONS_MAX} coupons")));
    }
    let repeated = (0..ids.len()).find(|&index| ids[..index].contains(&ids[index]));
    match repeated {
        Some(index) => {
            let detail = "the coupon stands here before; claim it once more in another request";
            Err(Problem::invalid_field(format!("/coupon_ids/{index}"), "duplicate", detail))
        }
        None => Ok(()),
    }
}

async fn shown(app: &App, tenant: TenantNo, answer: Answer) -> Result<Vec<VoucherBody>, Problem> {
    let Outcome::Vouchers(vouchers) = answer.outcome else { return Err(unexpected()) };
    show_vouchers(app, tenant, vouchers, answer.at).await
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    #[test]
    fn each_coupon_is_claimed_once() {
        let ids = |numbers: &[u128]| numbers.iter().map(|no| CouponId(Uuid::from_u128(*no))).collect::<Vec<_>>();
        let check = |numbers: &[u128], pointer: Option<&str>| {
            let found = check_coupons(&ids(numbers)).err().map(|problem| problem.errors()[0].pointer.clone());
            assert_eq!(found.as_deref(), pointer, "{numbers:?}");
        };
        check(&[1, 2], None);
        check(&[], Some("/coupon_ids"));
        check(&(0..21).collect::<Vec<_>>(), Some("/coupon_ids"));
        check(&[1, 2, 1], Some("/coupon_ids/2"));
    }
}
