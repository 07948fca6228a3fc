//! The reference of the HTTP interface: the OpenAPI document, and a page that shows it without anything from elsewhere.

use axum::http::HeaderName;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Router};
use bytes::Bytes;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use crate::unsent::Shared;

const PAGE: &str = include_str!("docs/page.html");
const SCRIPT: &str = include_str!("docs/page.js");
const STYLE: &str = include_str!("docs/page.css");

/// Nothing inline, nothing from elsewhere, in nobody's frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";

/// `/openapi.json`, and `/docs` which shows it.
pub fn routes<S: Clone + Send + Sync + 'static>(openapi: impl Into<Bytes>) -> Router<S> {
    // Shared by all answers: it is long, and who never reads it holds one for a while.
    let openapi: Bytes = openapi.into();
    let document = move || async move { (Extension(Shared), with_headers("application/json", openapi)) };
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
