//! Files of codes given by people, such as a partner's: received, taken in beside other work, told of.

use axum::body::Body;
use axum::extract::{Request, State};
use domain::id::{CouponId, CouponNo, ImportId, TenantNo};
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode, header};
use http_body_util::BodyExt as _;
use ports::{Import, ImportState, NewImport};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::extract::{Path, Query, limited, unread};
use crate::import_file::{ReceiveError, Receiving};
use crate::names::{Names, coupon_no};
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::rejections::refused;
use crate::reply::{Answered, Reply};
use crate::schemas;

/// The longest file, some 50 million lines.
pub(crate) const FILE_BYTES_MAX: usize = 1 << 30;

/// A file of codes on its way in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Import)]
pub(crate) struct ImportBody {
    #[schema(value_type = String, example = "imp_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    id: ImportId,
    #[schema(value_type = String)]
    coupon_id: CouponId,
    /// `receiving`: the file is still arriving; `running`: its lines are taken in; `done`: all of them were taken in or
    /// refused.
    #[schema(value_type = schemas::ImportState)]
    state: ImportState,
    /// That have arrived, without the header and empty ones.
    lines: u64,
    /// Lines that became vouchers.
    accepted: u64,
    /// Lines that did not; `GET /v1/imports/{id}/refusals` lists them.
    refused: u64,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    ended_at: Option<Timestamp>,
}

/// A line that did not become a voucher. Its code is in your file, and not told here.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportRefusalBody {
    /// From 1, the header included.
    line: u64,
    /// The code of a rejection, such as `code_taken`; or `code_invalid`, `line_too_long`, `not_utf8`,
    /// `customer_invalid`, `internal`.
    #[schema(example = "code_taken")]
    reason: String,
}

/// Which part of a list is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// Import codes given by people
///
/// The body is CSV with a header: `code`, and one of `customer_id` and `external_id` if codes are to have owners. It may
/// have 1 GiB. Codes that are free go in, others are refused and listed by line, so a file can be sent again: what was
/// taken the first time is refused the second.
#[utoipa::path(post, path = "/v1/coupons/{id}/imports", tag = "imports",
    params(("id" = String, Path, description = "The coupon")),
    request_body(content = String, content_type = "text/csv", example = "code\nPARTNER-0001\nPARTNER-0002\n"),
    responses((status = 201, description = "Received; its lines are being taken in", body = ImportBody)))]
pub(crate) async fn create_import(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
    request: Request,
) -> Answered<ImportBody> {
    check_csv(request.headers())?;
    let coupon = coupon_no(&app, caller.tenant, &id).await?;
    check_coupon(&app, caller.tenant, coupon).await?;
    let file = limited(request)?;
    // A task of its own: a connection that breaks would else end it before it has cleared away what arrived.
    let received = tokio::spawn(receive(app.clone(), caller, coupon, file));
    let import = received.await.map_err(|error| Problem::internal(&error))??;
    Ok(Reply::created(show(&app, caller.tenant, vec![import]).await?.pop().ok_or_else(unexpected)?))
}

/// Before a long file is sent in vain.
async fn check_coupon(app: &App, tenant: TenantNo, no: CouponNo) -> Result<(), Problem> {
    let coupon = app.store.coupon(tenant, no).await?.ok_or_else(unexpected)?;
    match coupon.import_refusal(app.now()) {
        Some(rejection) => {
            let detail = format!("coupon {no} is {}", coupon.state_at(app.now()).name());
            Err(refused(domain::rejection::Refusal::new(rejection, detail), app.now()))
        }
        None => Ok(()),
    }
}

fn check_csv(headers: &HeaderMap) -> Result<(), Problem> {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("text/csv") {
        return Ok(());
    }
    let detail = "Send the file with `Content-Type: text/csv`.";
    Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail))
}

async fn receive(app: App, caller: Caller, coupon: CouponNo, file: Body) -> Result<Import, Problem> {
    let import = NewImport { id: ImportId((app.new_id)()), coupon, actor: caller.actor };
    let mut receiving = Receiving::begin(app.store.clone(), caller.tenant, import).await?;
    match receive_all(&mut receiving, file).await {
        Ok(import) => Ok(import),
        Err(problem) => {
            receiving.give_up().await;
            Err(problem)
        }
    }
}

async fn receive_all(receiving: &mut Receiving, mut file: Body) -> Result<Import, Problem> {
    while let Some(frame) = file.frame().await {
        if let Some(bytes) = frame.map_err(|error| unread(&error))?.data_ref() {
            receiving.push(bytes).await?;
        }
    }
    Ok(receiving.finish().await?)
}

impl From<ReceiveError> for Problem {
    fn from(error: ReceiveError) -> Self {
        match error {
            ReceiveError::Header(header) => Self::invalid_field("", "invalid", header.to_string()),
            ReceiveError::Store(error) => error.into(),
        }
    }
}

/// List imports
#[utoipa::path(get, path = "/v1/imports", tag = "imports", params(ImportQuery),
    responses((status = 200, description = "Newest first", body = List<ImportBody>)))]
pub(crate) async fn list_imports(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Query(query): Query<ImportQuery>,
) -> Answered<List<ImportBody>> {
    let page = app.store.imports(tenant, page_request(query.limit, query.cursor)?).await?;
    Ok(Reply::ok(List::page(show(&app, tenant, page.items).await?, page.next)))
}

/// Show an import
#[utoipa::path(get, path = "/v1/imports/{id}", tag = "imports",
    params(("id" = String, Path, description = "The import")),
    responses((status = 200, description = "As far as it is", body = ImportBody)))]
pub(crate) async fn get_import(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<ImportBody> {
    let import = find(&app, tenant, &id).await?;
    Ok(Reply::ok(show(&app, tenant, vec![import]).await?.pop().ok_or_else(unexpected)?))
}

/// List the lines of an import that were refused
#[utoipa::path(get, path = "/v1/imports/{id}/refusals", tag = "imports",
    params(("id" = String, Path, description = "The import"), ImportQuery),
    responses((status = 200, description = "By line", body = List<ImportRefusalBody>)))]
pub(crate) async fn list_import_refusals(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
    Query(query): Query<ImportQuery>,
) -> Answered<List<ImportRefusalBody>> {
    let import = find(&app, tenant, &id).await?;
    let page = app.store.import_refusals(tenant, import.id, page_request(query.limit, query.cursor)?).await?;
    let bodies = page.items.into_iter().map(|refusal| ImportRefusalBody { line: refusal.line, reason: refusal.reason });
    Ok(Reply::ok(List::page(bodies.collect(), page.next)))
}

async fn find(app: &App, tenant: TenantNo, id: &str) -> Result<Import, Problem> {
    let found = match id.parse() {
        Ok(id) => app.store.import(tenant, id).await?,
        Err(_) => None,
    };
    found.ok_or_else(|| Problem::new(StatusCode::NOT_FOUND, "import_not_found", "There is no such import."))
}

async fn show(app: &App, tenant: TenantNo, imports: Vec<Import>) -> Result<Vec<ImportBody>, Problem> {
    let coupons = imports.iter().map(|import| import.coupon).collect();
    let names = Names::of(app, tenant, coupons, std::collections::BTreeSet::new()).await?;
    let body = |import: Import| ImportBody {
        id: import.id,
        coupon_id: names.coupon(import.coupon),
        state: import.state,
        lines: import.lines,
        accepted: import.accepted,
        refused: import.refused,
        created_at: import.created_at,
        ended_at: import.ended_at,
    };
    Ok(imports.into_iter().map(body).collect())
}
