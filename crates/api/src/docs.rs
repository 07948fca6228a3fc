//! The reference of the HTTP interface: the OpenAPI document, and a page that shows it without anything from elsewhere.

use std::sync::Arc;

use axum::Router;
use axum::http::HeaderName;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

const PAGE: &str = include_str!("docs/page.html");
const SCRIPT: &str = include_str!("docs/page.js");
const STYLE: &str = include_str!("docs/page.css");

/// Nothing inline, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// `/openapi.json`, and `/docs` which shows it.
pub fn routes<S: Clone + Send + Sync + 'static>(openapi: impl Into<Arc<str>>) -> Router<S> {
    let openapi = openapi.into();
    let document = move || async move { with_headers("application/json", openapi.to_string()) };
    Router::new()
        .route("/openapi.json", get(document))
        .route("/docs", get(|| async { with_headers("text/html; charset=utf-8", PAGE) }))
        .route("/docs/page.js", get(|| async { with_headers("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/docs/page.css", get(|| async { with_headers("text/css; charset=utf-8", STYLE) }))
}

/// A file of a page, which may load nothing but its own.
pub(crate) fn with_headers(content_type: &'static str, body: impl IntoResponse) -> Response {
    let headers: [(HeaderName, &str); 3] =
        [(CONTENT_TYPE, content_type), (CONTENT_SECURITY_POLICY, POLICY), (X_CONTENT_TYPE_OPTIONS, "nosniff")];
    (headers, body).into_response()
}
