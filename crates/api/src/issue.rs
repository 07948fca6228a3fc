//! Vouchers made by staff: for customers, for codes given by people, and blocks of bearer codes.

use axum::extract::State;
use domain::codes::fold;
use domain::id::{BlockId, CouponNo, CustomerId, ORDINALS_PER_KIND, TenantNo, VoucherKey, VoucherKind};
use domain::ledger::{Action, Answer, GivenEntry, Outcome};
use domain::voucher::{Block, Voucher};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::code_blocks::{CodeBlockBody, show_code_block};
use crate::definition_body::check_code;
use crate::extract::Path;
use crate::idempotency::Change;
use crate::names::{coupon_no, customer_no_if_named, customer_nos_at};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::voucher_body::{VoucherBody, show_vouchers};

/// The most vouchers that one answer shows and one request names.
const VOUCHERS_MAX: usize = 1_000;

/// Exactly one of the three.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct IssueBody {
    /// A block of so many bearer codes, for print or export.
    #[schema(minimum = 1, maximum = 17_179_869_184_u64)]
    count: Option<u64>,
    /// One voucher for each of these customers; who stands twice gets two.
    #[schema(value_type = Option<Vec<String>>, min_items = 1, max_items = 1000)]
    customer_ids: Option<Vec<CustomerId>>,
    /// Codes that people have chosen.
    #[schema(min_items = 1, max_items = 1000)]
    vouchers: Option<Vec<GivenBody>>,
}

/// A code given by people.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GivenVoucher)]
pub(crate) struct GivenBody {
    #[schema(min_length = 1, max_length = 64, example = "VOUCHER123")]
    code: String,
    /// Whose it is to be; without one it belongs to whoever bears it.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
}

/// What was made.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Issued {
    /// The vouchers; left out for a block of more than 1,000 codes, which is there to be exported.
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Vec<VoucherBody>>,
    /// The block they are of.
    #[serde(skip_serializing_if = "Option::is_none")]
    block: Option<CodeBlockBody>,
}

/// Make vouchers, all or none
#[utoipa::path(post, path = "/v1/coupons/{id}/vouchers", tag = "vouchers", request_body = IssueBody,
    params(("id" = String, Path, description = "The coupon")),
    responses((status = 201, description = "Made", body = Issued)))]
pub(crate) async fn issue_vouchers(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<IssueBody>,
) -> Answered<Issued> {
    let tenant = origin.caller.tenant;
    let coupon = coupon_no(&app, tenant, &id).await?;
    let action = parse(&app, tenant, coupon, body).await?;
    let answer = app.submit(&origin, action).await?;
    let replayed = answer.replayed;
    Ok(Reply::created(show(&app, tenant, answer).await?).replayed(replayed))
}

async fn parse(app: &App, tenant: TenantNo, coupon: CouponNo, body: IssueBody) -> Result<Action, Problem> {
    match (body.count, body.customer_ids, body.vouchers) {
        (Some(count), None, None) => {
            check_count(count)?;
            check_printable(app, tenant, coupon).await?;
            Ok(Action::IssueBlock { coupon, id: BlockId((app.new_id)()), count })
        }
        (None, Some(ids), None) => {
            check_length("/customer_ids", ids.len())?;
            let customers = customer_nos_at(app, tenant, &ids, "/customer_ids").await?;
            Ok(Action::Issue { coupon, customers })
        }
        (None, None, Some(given)) => {
            check_given(&given)?;
            Ok(Action::IssueGiven { coupon, codes: read_given(app, tenant, given).await? })
        }
        _ => {
            let detail = "give exactly one of `count`, `customer_ids` and `vouchers`";
            Err(Problem::invalid_field("", "invalid", detail))
        }
    }
}

/// The ledger refuses it too; here the field is named.
async fn check_printable(app: &App, tenant: TenantNo, coupon: CouponNo) -> Result<(), Problem> {
    let coupon = app.store.coupon(tenant, coupon).await?;
    if coupon.is_none_or(|coupon| !coupon.definition.is_drawn()) {
        return Ok(());
    }
    let detail = "codes in print have no random amount; name customers or codes instead";
    Err(Problem::invalid_field("/count", "invalid", detail))
}

fn check_count(count: u64) -> Result<(), Problem> {
    if (1..=ORDINALS_PER_KIND).contains(&count) {
        return Ok(());
    }
    Err(Problem::invalid_field("/count", "invalid", format!("must be from 1 to {ORDINALS_PER_KIND}")))
}

fn check_length(pointer: &str, length: usize) -> Result<(), Problem> {
    if (1..=VOUCHERS_MAX).contains(&length) {
        return Ok(());
    }
    Err(Problem::invalid_field(pointer, "invalid", format!("must be 1 to {VOUCHERS_MAX}")))
}

fn check_given(given: &[GivenBody]) -> Result<(), Problem> {
    check_length("/vouchers", given.len())?;
    let mut seen = std::collections::BTreeSet::new();
    for (index, GivenBody { code, .. }) in given.iter().enumerate() {
        let pointer = format!("/vouchers/{index}/code");
        check_code(&pointer, code)?;
        if !seen.insert(fold(code)) {
            let detail = "reads the same as a code before it";
            return Err(Problem::invalid_field(pointer, "duplicate", detail));
        }
    }
    Ok(())
}

async fn read_given(app: &App, tenant: TenantNo, given: Vec<GivenBody>) -> Result<Vec<GivenEntry>, Problem> {
    let ring = app.store.codes();
    let mut entries = Vec::with_capacity(given.len());
    for (index, GivenBody { code, customer_id }) in given.into_iter().enumerate() {
        let pointer = format!("/vouchers/{index}/customer_id");
        let customer = customer_no_if_named(app, tenant, customer_id, &pointer).await?;
        let reading = ring.read(tenant, &code);
        let sealed = ring.seal(tenant, &reading, &code);
        entries.push(GivenEntry { reading, sealed, customer });
    }
    Ok(entries)
}

async fn show(app: &App, tenant: TenantNo, answer: Answer) -> Result<Issued, Problem> {
    match answer.outcome {
        Outcome::Vouchers(vouchers) => {
            let data = show_vouchers(app, tenant, vouchers, answer.at).await?;
            Ok(Issued { data: Some(data), block: None })
        }
        Outcome::Block { coupon, block } => {
            let data = if block.count <= VOUCHERS_MAX as u64 {
                let vouchers = codes_of(app, tenant, coupon, &block).await?;
                Some(show_vouchers(app, tenant, vouchers, answer.at).await?)
            } else {
                None
            };
            Ok(Issued { data, block: Some(show_code_block(app, tenant, coupon, block).await?) })
        }
        _ => Err(unexpected()),
    }
}

/// The vouchers of a block nothing has happened to yet: they have no rows.
pub(crate) async fn codes_of(
    app: &App,
    tenant: TenantNo,
    coupon: CouponNo,
    block: &Block,
) -> Result<Vec<Voucher>, Problem> {
    let definition = app.store.coupon(tenant, coupon).await?.ok_or_else(unexpected)?;
    let zone = app.store.settings(tenant).await?.zone.clone();
    let voucher = |ordinal| {
        let key = VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal };
        block.voucher(key, &definition.definition.validity, &zone)
    };
    Ok((block.first..block.first + block.count).map(voucher).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(codes: &[&str], pointer: Option<&str>) {
        let given: Vec<_> =
            codes.iter().map(|code| GivenBody { code: (*code).to_owned(), customer_id: None }).collect();
        let found = check_given(&given).err().map(|problem| problem.errors()[0].pointer.clone());
        assert_eq!(found.as_deref(), pointer, "{codes:?}");
    }

    #[test]
    fn given_codes_are_told_apart_as_they_are_compared() {
        check(&["VOUCHER123", "VOUCHER124"], None);
        check(&[], Some("/vouchers"));
        check(&["VOUCHER123", "voucher-i23"], Some("/vouchers/1/code"));
        check(&["VOUCHER123", "--"], Some("/vouchers/1/code"));
        check(&[&"A".repeat(65)], Some("/vouchers/0/code"));
    }

    #[test]
    fn a_block_fits_the_code_space() {
        for (count, fits) in [(0, false), (1, true), (1 << 34, true), ((1 << 34) + 1, false)] {
            assert_eq!(check_count(count).is_ok(), fits, "{count}");
        }
    }
}
