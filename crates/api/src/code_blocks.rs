//! Blocks of bearer codes.

use axum::extract::State;
use domain::id::{BlockId, CouponId, CouponNo, TenantNo};
use domain::ledger::{Action, BlockKey, Outcome};
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::voucher::Block;
use ports::BlockRecord;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::extract::{Path, Query};
use crate::idempotency::{Change, NoBody};
use crate::names::{Names, coupon_no, not_found};
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

/// Bearer codes made for print or export.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[schema(as = CodeBlock)]
pub(crate) struct CodeBlockBody {
    #[schema(value_type = String, example = "blk_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    id: BlockId,
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// How many codes.
    count: u64,
    #[schema(value_type = String, format = DateTime)]
    made_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// Counts its changes.
    version: u32,
}

impl CodeBlockBody {
    fn of(coupon_id: CouponId, block: Block) -> Self {
        let Block { id, count, made_at, revoked_at, version, .. } = block;
        Self { id, coupon_id, count, made_at, revoked_at, version }
    }
}

/// Which blocks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CodeBlockQuery {
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List the blocks of a coupon
#[utoipa::path(get, path = "/v1/coupons/{id}/code-blocks", tag = "vouchers",
    params(("id" = String, Path, description = "The coupon"), CodeBlockQuery),
    responses((status = 200, description = "Oldest first", body = List<CodeBlockBody>)))]
pub(crate) async fn list_coupon_code_blocks(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
    Query(query): Query<CodeBlockQuery>,
) -> Answered<List<CodeBlockBody>> {
    let request = page_request(query.limit, query.cursor)?;
    let coupon = coupon_no(&app, tenant, &id).await?;
    let page = app.store.blocks(tenant, coupon, request).await?;
    let names = Names::of(&app, tenant, [coupon].into(), Default::default()).await?;
    let blocks = page.items.into_iter().map(|block| CodeBlockBody::of(names.coupon(coupon), block)).collect();
    Ok(Reply::ok(List::page(blocks, page.next)))
}

/// Show a block of codes
#[utoipa::path(get, path = "/v1/code-blocks/{id}", tag = "vouchers",
    params(("id" = String, Path, description = "The block")),
    responses((status = 200, description = "As it is now", body = CodeBlockBody)))]
pub(crate) async fn get_code_block(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<CodeBlockBody> {
    let BlockRecord { coupon, block } = find(&app, tenant, &id).await?;
    Ok(Reply::ok(show_code_block(&app, tenant, coupon, block).await?))
}

/// Take a block of codes back
///
/// What of it is unused is worth nothing any more. Its limits get nothing back.
#[utoipa::path(post, path = "/v1/code-blocks/{id}/revoke", tag = "vouchers",
    params(("id" = String, Path, description = "The block")),
    responses((status = 200, description = "Revoked", body = CodeBlockBody)))]
pub(crate) async fn revoke_code_block(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CodeBlockBody> {
    let tenant = origin.caller.tenant;
    let BlockRecord { coupon, block } = find(&app, tenant, &id).await?;
    let block = BlockKey { coupon, first: block.first };
    let answer = app.submit(&origin, Action::RevokeBlock { block }).await?;
    let Outcome::Block { coupon, block } = answer.outcome else { return Err(unexpected()) };
    Ok(Reply::ok(show_code_block(&app, tenant, coupon, block).await?).replayed(answer.replayed))
}

pub(crate) async fn show_code_block(
    app: &App,
    tenant: TenantNo,
    coupon: CouponNo,
    block: Block,
) -> Result<CodeBlockBody, Problem> {
    let names = Names::of(app, tenant, [coupon].into(), Default::default()).await?;
    Ok(CodeBlockBody::of(names.coupon(coupon), block))
}

async fn find(app: &App, tenant: TenantNo, id: &str) -> Result<BlockRecord, Problem> {
    let found = match id.parse::<BlockId>() {
        Ok(id) => app.store.block(tenant, id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| not_found(Rejection::BlockNotFound, "There is no such block of codes."))
}
