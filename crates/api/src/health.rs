//! For those who run the server: is it alive, can it serve, what does it do.

use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use domain::id::FIRST_TENANT;
use http::header;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::reply::{Answered, Reply};

/// How the server is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct Health {
    #[schema(example = "ok")]
    status: &'static str,
}

/// Tell that the process is alive
#[utoipa::path(get, path = "/healthz", tag = "operation", security(()),
    responses((status = 200, description = "It is", body = Health)))]
pub(crate) async fn get_health() -> Reply<Health> {
    Reply::ok(Health { status: "ok" })
}

/// Tell that requests can be served
///
/// The store is asked.
#[utoipa::path(get, path = "/readyz", tag = "operation", security(()),
    responses((status = 200, description = "They can", body = Health)))]
pub(crate) async fn get_readiness(State(app): State<App>) -> Answered<Health> {
    app.store.settings(FIRST_TENANT).await?;
    Ok(Reply::ok(Health { status: "ok" }))
}

/// Show the metrics
#[utoipa::path(get, path = "/metrics", tag = "operation", security(()),
    responses((status = 200, description = "For Prometheus", body = String, content_type = "text/plain")))]
pub(crate) async fn get_metrics(State(app): State<App>) -> Response {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], (app.metrics)()).into_response()
}

/// Who opens the address in a browser wants to read.
pub(crate) async fn get_root() -> Redirect {
    Redirect::temporary("/docs")
}
