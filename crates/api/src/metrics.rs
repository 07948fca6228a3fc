//! What is counted and logged about every request: its route, never what is in it. A path may hold a code and a query
//! string a name, so the template of the route is all that is kept.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use ::metrics::{Counter, Histogram};
use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use tokio::time::Instant;
use uuid::Uuid;

/// In a request and in its answer: what one calls this request on both sides.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Requests answered, by `method`, `route` and `status`.
pub const REQUESTS_TOTAL: &str = "http_requests_total";

/// How long they took until the head of the answer, by `method`, `route` and `status`, in seconds.
pub const REQUEST_DURATION_SECONDS: &str = "http_request_duration_seconds";

const REQUEST_ID_BYTES_MAX: usize = 64;

/// The id of the request, for handlers that hand it on.
#[derive(Clone, Debug)]
pub struct RequestId(pub HeaderValue);

/// A request that is not answered yet.
#[derive(Debug)]
pub struct Begun {
    start: Instant,
    id: HeaderValue,
    route: Option<MatchedPath>,
    method: &'static str,
}

/// Counts and times every request, and logs it in one line.
#[derive(Clone, Debug)]
pub struct Observer {
    new_id: fn() -> Uuid,
    series: Arc<Series>,
}

/// The figures of each kind of answer, by route. Looking one up by three texts at the recorder costs more than counting.
#[derive(Debug, Default)]
struct Series(RwLock<HashMap<String, Vec<Figures>>>);

/// Of one kind of answer.
#[derive(Clone, Debug)]
struct Figures {
    method: &'static str,
    status: StatusCode,
    count: Counter,
    seconds: Histogram,
}

impl Series {
    fn count(&self, method: &'static str, route: &str, status: StatusCode, elapsed: Duration) {
        let is_it = |figures: &&Figures| figures.method == method && figures.status == status;
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(figures) = known.get(route).and_then(|all| all.iter().find(is_it)) {
            return figures.add(elapsed);
        }
        drop(known);
        let figures = Figures::new(method, route, status);
        figures.add(elapsed);
        // Two that meet the kind at once each keep it; both count into the same series.
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(route.to_owned()).or_default().push(figures);
    }
}

impl Figures {
    fn new(method: &'static str, route: &str, status: StatusCode) -> Self {
        let labels =
            [("method", method.to_owned()), ("route", route.to_owned()), ("status", status.as_str().to_owned())];
        let count = ::metrics::counter!(REQUESTS_TOTAL, &labels);
        Self { method, status, count, seconds: ::metrics::histogram!(REQUEST_DURATION_SECONDS, &labels) }
    }

    fn add(&self, elapsed: Duration) {
        self.count.increment(1);
        self.seconds.record(elapsed);
    }
}

impl Observer {
    /// `new_id` makes the ids (UUIDv7) of requests that bring none.
    #[must_use]
    pub fn new(new_id: fn() -> Uuid) -> Self {
        Self { new_id, series: Arc::default() }
    }

    /// A request begins; it has its id from now on.
    pub fn begin(&self, request: &mut Request) -> Begun {
        let id = given_id(request.headers()).unwrap_or_else(|| made_id((self.new_id)()));
        request.extensions_mut().insert(RequestId(id.clone()));
        let route = request.extensions().get::<MatchedPath>().cloned();
        Begun { start: Instant::now(), id, route, method: known(request.method()) }
    }

    /// It is answered; the answer names its id.
    pub fn end(&self, begun: Begun, response: &mut Response) {
        let Begun { start, id, route, method } = begun;
        let (elapsed, status) = (start.elapsed(), response.status());
        let route = route.as_ref().map_or("none", MatchedPath::as_str);
        self.series.count(method, route, status, elapsed);
        let elapsed_ms = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
        let request_id = id.to_str().unwrap_or_default();
        tracing::info!(request_id, method, route, status = status.as_u16(), elapsed_ms, "request answered");
        response.headers_mut().insert(REQUEST_ID, id);
    }
}

/// The caller's id if it is short and plain: it will stand in logs.
fn given_id(headers: &HeaderMap) -> Option<HeaderValue> {
    let id = headers.get(REQUEST_ID)?;
    let is_plain = id.as_bytes().iter().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(byte));
    (is_plain && (1..=REQUEST_ID_BYTES_MAX).contains(&id.len())).then(|| id.clone())
}

fn made_id(id: Uuid) -> HeaderValue {
    HeaderValue::try_from(id.to_string()).expect("a UUID is hexadecimal digits and hyphens")
}

/// A stranger may invent methods; each would be a time series.
fn known(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}
