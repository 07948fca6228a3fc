//! Staff makes vouchers of a coupon.

use axum::extract::State;
use domain::codes::fold;
use domain::id::{BlockId, CouponNo, CustomerNo, TenantNo};
use domain::ledger::{Action, Answer, GivenEntry, Outcome};
use serde::Deserialize;
use utoipa::ToSchema;

use super::coupons::LISTED_MAX;
use super::scalar::Scalar;
use super::users::user_or_new;
use super::vouchers::{ShortVoucher, short_vouchers};
use crate::app::{App, unexpected};
use crate::definition_body::check_code;
use crate::extract::Path;
use crate::idempotency::Change;
use crate::issue::codes_of;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

/// Codes of your own, or how many are to be made; one unless given.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ShortIssueBody {
    #[schema(min_items = 1, max_items = 1000, example = json!(["VOUCHER123"]))]
    codes: Option<Vec<String>>,
    #[schema(minimum = 1, maximum = 1000)]
    count: Option<usize>,
    /// Whose they are to be: a customer's number or id, or the shop's own id as a string. Without it they belong to
    /// whoever bears them.
    #[schema(example = "1")]
    user_id: Option<Scalar>,
}

/// Make vouchers of a coupon, all or none
#[utoipa::path(post, path = "/admin/coupons/{id}/vouchers", tag = "short form", request_body = ShortIssueBody,
    params(("id" = u32, Path, description = "The coupon's number")),
    responses((status = 201, description = "Made", body = Vec<ShortVoucher>)))]
pub(crate) async fn issue_short_vouchers(
    State(app): State<App>,
    Path(id): Path<u32>,
    Change { origin, body }: Change<ShortIssueBody>,
) -> Answered<Vec<ShortVoucher>> {
    let (tenant, coupon) = (origin.caller.tenant, CouponNo(id));
    app.store.coupon(tenant, coupon).await?.ok_or_else(crate::coupons::gone)?;
    let customer = match &body.user_id {
        Some(_) => Some(user_or_new(&app, &origin, body.user_id.as_ref(), "/user_id").await?),
        None => None,
    };
    let action = action(&app, (tenant, coupon), (body.codes, body.count), customer)?;
    let Answer { outcome, replayed, at } = app.submit(&origin, action).await?;
    let vouchers = match outcome {
        Outcome::Vouchers(vouchers) => vouchers,
        Outcome::Block { coupon, block } => codes_of(&app, tenant, coupon, &block).await?,
        _ => return Err(unexpected()),
    };
    Ok(Reply::created(short_vouchers(&app, tenant, vouchers, at).await?).replayed(replayed))
}

fn action(
    app: &App,
    (tenant, coupon): (TenantNo, CouponNo),
    (codes, count): (Option<Vec<String>>, Option<usize>),
    customer: Option<CustomerNo>,
) -> Result<Action, Problem> {
    match (codes, customer) {
        (Some(_), _) if count.is_some() => {
            Err(Problem::invalid_field("/count", "invalid", "cannot stand beside codes"))
        }
        (Some(codes), _) => {
            check_codes(&codes)?;
            Ok(Action::IssueGiven { coupon, codes: given(app, tenant, codes, customer) })
        }
        (None, Some(customer)) => {
            Ok(Action::Issue { coupon, customers: vec![customer; checked("/count", count.unwrap_or(1))?] })
        }
        (None, None) => {
            let count = checked("/count", count.unwrap_or(1))? as u64;
            Ok(Action::IssueBlock { coupon, id: BlockId((app.new_id)()), count })
        }
    }
}

fn checked(pointer: &str, count: usize) -> Result<usize, Problem> {
    if (1..=LISTED_MAX).contains(&count) {
        return Ok(count);
    }
    Err(Problem::invalid_field(pointer, "invalid", format!("must be 1 to {LISTED_MAX}")))
}

fn check_codes(codes: &[String]) -> Result<(), Problem> {
    checked("/codes", codes.len())?;
    let mut seen = std::collections::BTreeSet::new();
    for (index, code) in codes.iter().enumerate() {
        let pointer = format!("/codes/{index}");
        check_code(&pointer, code)?;
        if !seen.insert(fold(code)) {
            return Err(Problem::invalid_field(pointer, "duplicate", "reads the same as a code before it"));
        }
    }
    Ok(())
}

fn given(app: &App, tenant: TenantNo, codes: Vec<String>, customer: Option<CustomerNo>) -> Vec<GivenEntry> {
    let ring = app.store.codes();
    let entry = |code: String| {
        let reading = ring.read(tenant, &code);
        let sealed = ring.seal(tenant, &reading, &code);
        GivenEntry { reading, sealed, customer }
    };
    codes.into_iter().map(entry).collect()
}
