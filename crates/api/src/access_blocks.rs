//! Who is kept out: a customer, an API key or a range of addresses.

use axum::extract::State;
use domain::access_block::{BlockState, STANDING_MAX};
use domain::id::AccessBlockId;
use domain::rejection::Rejection;
use ports::{AccessBlockFilter, NotBlocked};
use serde::Deserialize;
use utoipa::IntoParams;

use crate::access_block_body::{BlockBody, NewBlock, show_block, show_blocks};
use crate::app::App;
use crate::auth::Caller;
use crate::extract::{Path, Query};
use crate::idempotency::{Change, NoBody};
use crate::names::not_found;
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;
use crate::source::Source;

/// Block a customer, an API key or addresses
///
/// It acts at once. One block of a target stands at a time: to change it, remove it and make another.
#[utoipa::path(post, path = "/v1/blocks", tag = "blocks", request_body = NewBlock,
    responses((status = 201, description = "Blocked", body = BlockBody)))]
pub(crate) async fn create_block(
    State(app): State<App>,
    source: Source,
    Change { origin, body }: Change<NewBlock>,
) -> Answered<BlockBody> {
    let Caller { tenant, actor, .. } = origin.caller;
    let block = body.parse(&app, (tenant, actor), source).await?;
    let made = app.store.create_access_block(tenant, block).await?.map_err(not_blocked)?;
    Ok(Reply::created(show_block(&app, tenant, made).await?))
}

/// Show a block
#[utoipa::path(get, path = "/v1/blocks/{id}", tag = "blocks",
    params(("id" = String, Path, description = "The block")),
    responses((status = 200, description = "As it is now", body = BlockBody)))]
pub(crate) async fn get_block(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<BlockBody> {
    let found = app.store.access_block(tenant, parse_id(&id)?).await?.ok_or_else(gone)?;
    Ok(Reply::ok(show_block(&app, tenant, found).await?))
}

/// Remove a block
///
/// Its target is let in again at once. The block stays on record; one that has ended or was removed before is left as
/// it is.
#[utoipa::path(delete, path = "/v1/blocks/{id}", tag = "blocks",
    params(("id" = String, Path, description = "The block")),
    responses((status = 200, description = "It stands no more", body = BlockBody)))]
pub(crate) async fn delete_block(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<BlockBody> {
    let Caller { tenant, actor, .. } = origin.caller;
    let removed = app.store.remove_access_block(tenant, parse_id(&id)?, actor).await?.ok_or_else(gone)?;
    Ok(Reply::ok(show_block(&app, tenant, removed).await?))
}

/// Which blocks to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct BlockQuery {
    /// Only those in this state now.
    #[param(value_type = Option<schemas::BlockState>, inline)]
    state: Option<BlockState>,
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List blocks
#[utoipa::path(get, path = "/v1/blocks", tag = "blocks", params(BlockQuery),
    responses((status = 200, description = "Newest first", body = List<BlockBody>)))]
pub(crate) async fn list_blocks(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Query(query): Query<BlockQuery>,
) -> Answered<List<BlockBody>> {
    let request = page_request(query.limit, query.cursor)?;
    let page = app.store.access_blocks(tenant, AccessBlockFilter { state: query.state }, request).await?;
    Ok(Reply::ok(List::page(show_blocks(&app, tenant, page.items).await?, page.next)))
}

fn not_blocked(why: NotBlocked) -> Problem {
    match why {
        NotBlocked::Already(id) => {
            Problem::conflict("already_blocked", format!("The block {id} stands; remove it to make another."))
        }
        NotBlocked::TooMany => {
            let detail = format!("{STANDING_MAX} blocks stand already, which is the most there can be.");
            Problem::conflict("too_many_blocks", detail)
        }
    }
}

fn parse_id(id: &str) -> Result<AccessBlockId, Problem> {
    id.parse().map_err(|_| gone())
}

fn gone() -> Problem {
    not_found(Rejection::BlockNotFound, "There is no such block.")
}
