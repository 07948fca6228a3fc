//! A successful answer.

use axum::response::{IntoResponse, Response};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;

use crate::extract::Json;
use crate::idempotency::IDEMPOTENCY_REPLAYED;
use crate::problem::Problem;

/// What a handler gives.
pub(crate) type Answered<T> = Result<Reply<T>, Problem>;

/// A successful answer: a JSON body with what its headers say.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reply<T> {
    status: StatusCode,
    body: T,
    replayed: bool,
    version: Option<u32>,
    stored: bool,
}

impl<T> Reply<T> {
    pub(crate) fn ok(body: T) -> Self {
        Self { status: StatusCode::OK, body, replayed: false, version: None, stored: true }
    }

    pub(crate) fn created(body: T) -> Self {
        Self { status: StatusCode::CREATED, ..Self::ok(body) }
    }

    /// The same answer with another body.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Reply<U> {
        let Self { status, body, replayed, version, stored } = self;
        Reply { status, body: change(body), replayed, version, stored }
    }

    pub(crate) fn status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// Whether the answer was given before to the same key.
    pub(crate) fn replayed(self, replayed: bool) -> Self {
        Self { replayed, ..self }
    }

    /// Holds a secret: nothing between here and the caller is to keep it.
    pub(crate) fn unstored(self) -> Self {
        Self { stored: false, ..self }
    }

    /// The version of what is answered, for `If-Match`.
    pub(crate) fn version(self, version: u32) -> Self {
        Self { version: Some(version), ..self }
    }
}

impl<T: Serialize> IntoResponse for Reply<T> {
    fn into_response(self) -> Response {
        let mut response = Json(self.body).into_response();
        if response.status() != StatusCode::OK {
            return response;
        }
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if self.replayed {
            headers.insert(IDEMPOTENCY_REPLAYED, HeaderValue::from_static("true"));
        }
        if !self.stored {
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        if let Some(version) = self.version {
            let tag = HeaderValue::try_from(format!("\"{version}\"")).expect("digits in quotes");
            headers.insert(header::ETAG, tag);
        }
        response
    }
}
