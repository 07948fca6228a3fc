//! The keys of servers: made and revoked by administrators.

use axum::extract::State;
use domain::id::ApiKeyId;
use domain::time::Timestamp;
use http::StatusCode;
use ports::{ApiKey, Scope, Scopes};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::{Caller, hash_secret, new_secret};
use crate::definition_body::check_chars;
use crate::extract::{Json, Path};
use crate::page::List;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

const NAME_CHARS_MAX: usize = 100;

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewApiKey {
    #[schema(min_length = 1, max_length = 100, example = "checkout")]
    name: String,
    /// What it may do; all but `admin` unless given.
    #[schema(value_type = Option<Vec<crate::schemas::Scope>>)]
    scopes: Option<Vec<Scope>>,
}

/// A server's key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(crate) struct ApiKeyBody {
    #[schema(value_type = String)]
    id: ApiKeyId,
    name: String,
    #[schema(value_type = Vec<crate::schemas::Scope>)]
    scopes: Vec<Scope>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = Option<String>, format = DateTime)]
    revoked_at: Option<Timestamp>,
    /// What the server sends; shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "scrip_...")]
    secret: Option<String>,
}

impl ApiKeyBody {
    fn of(key: ApiKey, secret: Option<String>) -> Self {
        let ApiKey { id, name, scopes, created_at, revoked_at, .. } = key;
        Self { id, name, scopes: scopes.iter().collect(), created_at, revoked_at, secret }
    }
}

/// Make a key
#[utoipa::path(post, path = "/v1/api-keys", tag = "staff", request_body = NewApiKey,
    responses((status = 201, description = "Made; the secret is shown this once", body = ApiKeyBody)))]
pub(crate) async fn create_api_key(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<NewApiKey>,
) -> Answered<ApiKeyBody> {
    check_chars("/name", &body.name, NAME_CHARS_MAX)?;
    let scopes = body.scopes.map_or(Scopes::SERVER, |scopes| Scopes::of(&scopes));
    let mut random = [0; 32];
    getrandom::fill(&mut random).map_err(|error| Problem::internal(&error))?;
    let secret = new_secret(random);
    let id = ApiKeyId((app.new_id)());
    let key =
        app.store.create_api_key((caller.tenant, caller.actor), id, (body.name, scopes), hash_secret(&secret)).await?;
    Ok(Reply::created(ApiKeyBody::of(key, Some(secret))).unstored())
}

/// List the keys
#[utoipa::path(get, path = "/v1/api-keys", tag = "staff",
    responses((status = 200, description = "All of them, without their secrets", body = List<ApiKeyBody>)))]
pub(crate) async fn list_api_keys(State(app): State<App>, Caller { tenant, .. }: Caller) -> Answered<List<ApiKeyBody>> {
    let keys = app.store.api_keys(tenant).await?;
    Ok(Reply::ok(List::whole(keys.into_iter().map(|key| ApiKeyBody::of(key, None)).collect())))
}

/// Revoke a key
///
/// At once.
#[utoipa::path(delete, path = "/v1/api-keys/{id}", tag = "staff",
    params(("id" = String, Path, description = "The key")),
    responses((status = 204, description = "Revoked")))]
pub(crate) async fn revoke_api_key(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Problem> {
    let id: ApiKeyId = id.parse().map_err(|_| Problem::not_found())?;
    match app.store.revoke_api_key((caller.tenant, caller.actor), id.to_string()).await? {
        0 => Err(Problem::not_found()),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}
