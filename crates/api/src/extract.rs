//! From the parts of a request to types. Every refusal is a [`Problem`] that names what is wrong.
//!
//! DTOs say `#[serde(deny_unknown_fields)]`: a misspelt field is an error, never silently ignored.

use std::cell::RefCell;
use std::error::Error;

use axum::body::{Body, HttpBody as _};
use axum::extract::rejection::QueryRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::response::{IntoResponse, Response};
use axum::{RequestExt as _, Router};
use bytes::Bytes;
use http::request::Parts;
use http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt as _, LengthLimitError};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::body_room::Place;
use crate::json;
use crate::problem::Problem;
use crate::request_body::BodyError;
use crate::wording;

/// A JSON body, in or out. In: 415 for another content type, 413 for too long a body, 408 for too slow a one, 400 for
/// what is no JSON or nests too deep, 422 with the place of what is missing, unknown or has another type.
#[derive(Clone, Copy, Debug)]
pub struct Json<T>(pub T);

thread_local! {
    /// Where answers are written, before each is kept in as many bytes as it has: an answer that grows is copied at each step.
    static SHEET: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

/// The room for answers that a thread keeps.
const SHEET_BYTES_MAX: usize = 64 << 10;

/// Query parameters; 422 names the one that cannot be read.
#[derive(Clone, Copy, Debug)]
pub struct Query<T>(pub T);

/// Parameters of the path; what cannot be read is not there: 404.
#[derive(Clone, Copy, Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Problem::unsupported_media_type());
        }
        json::read(&read_body(request).await?).map(Self)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match written(&self.0) {
            Ok(body) => {
                let mut response = Response::new(Body::from(body));
                response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
                response
            }
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}

/// As JSON.
fn written(value: &impl Serialize) -> serde_json::Result<Bytes> {
    SHEET.with_borrow_mut(|sheet| {
        sheet.clear();
        serde_json::to_writer(&mut *sheet, value)?;
        let written = Bytes::copy_from_slice(sheet);
        if sheet.capacity() > SHEET_BYTES_MAX {
            *sheet = Vec::new();
        }
        Ok(written)
    })
}

impl<T: DeserializeOwned, S: Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Query::try_from_uri(&parts.uri);
        read.map(|axum::extract::Query(value)| Self(value)).map_err(|refused| invalid_parameter(&refused))
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let read = axum::extract::Path::from_request_parts(parts, state).await;
        read.map(|axum::extract::Path(value)| Self(value)).map_err(|_| Problem::not_found())
    }
}

/// The router with problems for a path (404) or method (405, with `Allow`) it does not know. Apply it last.
pub fn with_fallbacks<S: Clone + Send + Sync + 'static>(router: Router<S>) -> Router<S> {
    router
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::method_not_allowed() })
}

/// `application/json` or `application/<something>+json`, with any parameters.
pub(crate) fn is_json(headers: &HeaderMap) -> bool {
    let content_type = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    // What nearly everybody sends.
    if content_type == "application/json" {
        return true;
    }
    let essence = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    essence.strip_prefix("application/").is_some_and(|kind| kind == "json" || kind.ends_with("+json"))
}

/// All of the body, within the limit of the route and the room that is left for all bodies.
pub(crate) async fn read_body(request: Request) -> Result<Bytes, Problem> {
    let place = request.extensions().get::<Place>().cloned();
    let mut body = limited(request)?;
    let announced = usize::try_from(body.size_hint().lower()).unwrap_or(usize::MAX);
    let (mut read, mut room) = (Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let Ok(bytes) = frame.map_err(|error| unread(&error))?.into_data() else { continue };
        if read.is_empty() && body.is_end_stream() {
            return Ok(bytes);
        }
        let needed = announced.max(read.len() + bytes.len());
        if needed > room {
            place.as_ref().map_or(Ok(()), |place| place.grow(room, needed))?;
            room = needed;
            // All of it once, so that it takes what was counted.
            read.reserve(announced.saturating_sub(read.len()));
        }
        read.extend_from_slice(&bytes);
    }
    Ok(read.into())
}

/// The body, within the limit of the route. One that announces too much is refused before it is sent.
pub(crate) fn limited(request: Request) -> Result<Body, Problem> {
    let announced = request.body().size_hint().lower();
    let body = request.with_limited_body().into_body();
    if body.size_hint().upper().is_some_and(|allowed| announced > allowed) {
        return Err(Problem::payload_too_large());
    }
    Ok(body)
}

/// Why a body did not arrive.
pub(crate) fn unread(error: &axum::Error) -> Problem {
    if causes(error).any(|cause| cause.is::<LengthLimitError>()) {
        return Problem::payload_too_large();
    }
    if causes(error).any(|cause| matches!(cause.downcast_ref(), Some(BodyError::Overdue))) {
        return Problem::request_timeout();
    }
    Problem::malformed("The body did not arrive as announced.")
}

fn invalid_parameter(refused: &QueryRejection) -> Problem {
    type Reason = serde_path_to_error::Error<serde::de::value::Error>;
    let reason = causes(refused).find_map(|cause| cause.downcast_ref::<Reason>());
    let (name, message) = reason.map_or_else(Default::default, |reason| {
        let path = reason.path();
        (path.iter().next().map_or_else(String::new, |_| path.to_string()), reason.inner().to_string())
    });
    let (code, named) = wording::blame(&message);
    let name = named.unwrap_or(&name);
    Problem::invalid_field(format!("?{name}"), code, wording::plain(&message))
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}
