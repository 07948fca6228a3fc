//! The pages that links lead to: of letters, of the first start, and of a sign-in at a provider of identities. One page,
//! which does what its address says.

use axum::Router;
use axum::routing::get;

use crate::docs::with_headers;

const PAGE: &str = include_str!("links/page.html");
const SCRIPT: &str = include_str!("links/page.js");
const STYLE: &str = include_str!("links/page.css");

/// Where links lead.
pub(crate) const PLACES: [&str; 4] = ["/set-up", "/verify", "/reset", "/sign-in"];

pub(crate) fn routes<S: Clone + Send + Sync + 'static>() -> Router<S> {
    let pages = PLACES.into_iter().fold(Router::new(), |router, place| {
        router.route(place, get(|| async { with_headers("text/html; charset=utf-8", PAGE) }))
    });
    pages
        .route("/links/page.js", get(|| async { with_headers("text/javascript; charset=utf-8", SCRIPT) }))
        .route("/links/page.css", get(|| async { with_headers("text/css; charset=utf-8", STYLE) }))
}
