//! More is put into a limit of a coupon, and who put how much there.

use axum::extract::State;
use domain::field::FieldError;
use domain::id::CouponId;
use domain::ledger::{Action, Outcome};
use domain::limit::Usage;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::definition_body::check_chars;
use crate::extract::{Path, Query};
use crate::idempotency::Change;
use crate::names::coupon_no;
use crate::page::{List, page_request};
use crate::reply::{Answered, Reply};

/// The most that one restock adds.
const UNITS_MAX: i64 = 1_000_000_000_000;
const CONTRIBUTOR_CHARS_MAX: usize = 64;

/// What is put in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RestockBody {
    /// The id of a limit of the coupon that counts for everyone.
    #[schema(min_length = 1, max_length = 64, example = "claims_everyone_ever")]
    limit: String,
    /// By how much its maximum rises.
    #[schema(minimum = 1, maximum = 1_000_000_000_000_i64, example = 5)]
    by: i64,
    /// Who is counted as having given it; the shop's own name or number of somebody.
    #[schema(min_length = 1, max_length = 64, example = "emp-7")]
    contributor: Option<String>,
}

impl RestockBody {
    fn check(&self) -> Result<(), FieldError> {
        check_chars("/limit", &self.limit, CONTRIBUTOR_CHARS_MAX)?;
        if !(1..=UNITS_MAX).contains(&self.by) {
            return Err(FieldError::new("/by", format!("must be from 1 to {UNITS_MAX}")));
        }
        self.contributor.as_deref().map_or(Ok(()), |text| check_chars("/contributor", text, CONTRIBUTOR_CHARS_MAX))
    }
}

/// A limit after it was restocked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Restocked {
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// The coupon's, which a restock raises; the `ETag` too.
    version: u32,
    /// The limit's id.
    limit: String,
    max: i64,
    /// Taken for good. Like the two below of the present period, if the limit counts by one.
    used: i64,
    /// Taken by holds and reservations.
    held: i64,
    /// What is left.
    available: i64,
}

/// Restock a coupon
///
/// Raises the maximum of a limit. Unlike saving the definition anew it needs no `If-Match`, and two who restock at once
/// both do.
#[utoipa::path(post, path = "/v1/coupons/{id}/restock", tag = "coupons",
    params(("id" = String, Path, description = "The coupon")), request_body = RestockBody,
    responses((status = 200, description = "Restocked", body = Restocked, headers(("ETag", description = "The version")))))]
pub(crate) async fn restock_coupon(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<RestockBody>,
) -> Answered<Restocked> {
    body.check()?;
    let tenant = origin.caller.tenant;
    let coupon = coupon_no(&app, tenant, &id).await?;
    let RestockBody { limit, by, contributor } = body;
    let answer = app.submit(&origin, Action::Restock { coupon, limit, by, contributor }).await?;
    let Outcome::Restocked { no, version, limit, max, usage } = answer.outcome else { return Err(unexpected()) };
    let coupon_id = app.store.coupon(tenant, no).await?.ok_or_else(unexpected)?.id;
    let Usage { used, held, .. } = usage;
    let restocked = Restocked { coupon_id, version, limit, max, used, held, available: (max - used - held).max(0) };
    Ok(Reply::ok(restocked).version(version).replayed(answer.replayed))
}

/// What one contributor has put in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ContributionBody {
    contributor: String,
    /// In all.
    units: i64,
}

/// Which contributions to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContributionQuery {
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List who has put how much into a coupon
#[utoipa::path(get, path = "/v1/coupons/{id}/contributions", tag = "coupons",
    params(("id" = String, Path, description = "The coupon"), ContributionQuery),
    responses((status = 200, description = "By contributor", body = List<ContributionBody>)))]
pub(crate) async fn list_coupon_contributions(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
    Query(query): Query<ContributionQuery>,
) -> Answered<List<ContributionBody>> {
    let coupon = coupon_no(&app, tenant, &id).await?;
    let page = app.store.contributions(tenant, coupon, page_request(query.limit, query.cursor)?).await?;
    let shown = |one: ports::Contribution| ContributionBody { contributor: one.contributor, units: one.units };
    Ok(Reply::ok(List::page(page.items.into_iter().map(shown).collect(), page.next)))
}
