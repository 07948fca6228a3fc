//! Every answer that is not a success, as RFC 9457 describes it. The `code` is stable and what a program looks at; the
//! `type` is the relative reference `/problems/<code>`, so that it names the same page on every installation; the
//! `title` depends on the status only; the `detail` is for people and may change.

use std::borrow::Cow;
use std::fmt::Display;
use std::num::NonZeroU32;

use axum::response::{IntoResponse, Response};
use domain::time::Timestamp;
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::quote_body::QuoteResult;

/// An answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: Cow<'static, str>,
    detail: Cow<'static, str>,
    errors: Vec<FieldError>,
    retry_at: Option<Timestamp>,
    retry_after_s: Option<NonZeroU32>,
    reason: Option<&'static str>,
    quote: Option<Box<Value>>,
}

/// The body of every answer that is not a success, as RFC 9457 describes it.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub(crate) struct ProblemBody<'a> {
    /// `/problems/<code>`.
    #[serde(rename = "type")]
    #[schema(example = "/problems/invalid_field")]
    kind: String,
    /// What answers of this status have in common.
    title: &'static str,
    /// The HTTP status, repeated.
    #[schema(example = 422)]
    status: u16,
    /// Stable; what a program looks at.
    #[schema(example = "invalid_field")]
    code: &'a str,
    /// What went wrong this time, for people.
    detail: &'a str,
    /// The places in the request that are to blame, if they are known.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    errors: &'a [FieldError],
    /// From when on trying again may succeed, if that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    retry_at: Option<Timestamp>,
    /// With `blocked`: why, as a stable word.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "fraud")]
    reason: Option<&'static str>,
    /// With `total_differs`: what the order comes to now, as a quote says it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<QuoteResult>)]
    quote: Option<&'a Value>,
}

/// One place in a request, and what is wrong with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// A JSON pointer (RFC 6901) into the body, or `?` and the name of a query parameter.
    #[schema(example = "/order/lines/0/quantity")]
    pub pointer: String,
    /// Stable: `missing`, `unknown`, `duplicate`, `invalid`, `refused`, or one that the field's description names.
    #[schema(example = "missing")]
    pub code: &'static str,
    /// For people.
    pub detail: String,
}

impl Problem {
    /// A problem of any status; the builders below are the usual ones.
    #[must_use]
    pub fn new(status: StatusCode, code: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self {
            status,
            code: code.into(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_at: None,
            retry_after_s: None,
            reason: None,
            quote: None,
        }
    }

    /// 400: it cannot be read.
    #[must_use]
    pub fn malformed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "malformed", detail)
    }

    /// 401: who asks is not known.
    #[must_use]
    pub fn unauthorized(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", detail)
    }

    /// 403: who asks may not.
    #[must_use]
    pub fn forbidden(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", detail)
    }

    /// 404: it is not there, or not there for who asks. The two are not told apart.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", "There is nothing here for you.")
    }

    /// 405.
    #[must_use]
    pub fn method_not_allowed() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", "The `Allow` header lists what is possible.")
    }

    /// 408: the request did not arrive in time.
    #[must_use]
    pub fn request_timeout() -> Self {
        Self::new(StatusCode::REQUEST_TIMEOUT, "request_timeout", "The body took too long to arrive.")
    }

    /// 409: the state does not allow it.
    #[must_use]
    pub fn conflict(code: impl Into<Cow<'static, str>>, detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::CONFLICT, code, detail)
    }

    /// 412: it was changed by somebody else meanwhile.
    #[must_use]
    pub fn precondition_failed(detail: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::PRECONDITION_FAILED, "precondition_failed", detail)
    }

    /// 413.
    #[must_use]
    pub fn payload_too_large() -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "payload_too_large", "The body is longer than allowed here.")
    }

    /// 415.
    #[must_use]
    pub fn unsupported_media_type() -> Self {
        let detail = "Send JSON, with `Content-Type: application/json`.";
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", detail)
    }

    /// 422: this field of it cannot be accepted. `pointer` as in [`FieldError`].
    #[must_use]
    pub fn invalid_field(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid_field", "A field of the request cannot be accepted.")
            .and_error(pointer, code, detail)
    }

    /// 429: a rate or the limit of a period is used up until then.
    #[must_use]
    pub fn too_many(
        code: impl Into<Cow<'static, str>>,
        detail: impl Into<Cow<'static, str>>,
        retry_after_s: u32,
    ) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, code, detail).retry_after(retry_after_s)
    }

    /// 500: our fault. This is where the failure is logged; the caller learns nothing of it.
    #[must_use]
    pub fn internal(error: &dyn Display) -> Self {
        tracing::error!(%error, "a request failed");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Something went wrong on the server.")
    }

    /// 503: a queue is full or a store is away; nothing was done.
    #[must_use]
    pub fn busy(retry_after_s: u32) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Nothing was done. Try again a little later.")
            .retry_after(retry_after_s)
    }

    /// One more place that is to blame.
    #[must_use]
    pub fn and_error(mut self, pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        self.errors.push(FieldError { pointer: pointer.into(), code, detail: detail.into() });
        self
    }

    /// The same, of a part of the body that is at `pointer` in the whole.
    #[must_use]
    pub(crate) fn under(mut self, pointer: &str) -> Self {
        for error in self.errors.iter_mut().filter(|error| !error.pointer.starts_with('?')) {
            error.pointer.insert_str(0, pointer);
        }
        self
    }

    /// With a `Retry-After` header.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = NonZeroU32::new(seconds);
        self
    }

    /// Naming the instant from which trying again may succeed.
    #[must_use]
    pub fn retry_at(mut self, at: Option<Timestamp>) -> Self {
        self.retry_at = at;
        self
    }

    /// With the word that says why somebody is kept out.
    #[must_use]
    pub fn reason(mut self, reason: &'static str) -> Self {
        self.reason = Some(reason);
        self
    }

    /// With what the order comes to now.
    #[must_use]
    pub(crate) fn quote(mut self, quote: &QuoteResult) -> Self {
        let quote = serde_json::to_value(quote).expect("a quote is made of texts and numbers");
        self.quote = Some(Box::new(quote));
        self
    }

    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }

    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }

    #[must_use]
    pub fn errors(&self) -> &[FieldError] {
        &self.errors
    }

    fn body(&self) -> ProblemBody<'_> {
        ProblemBody {
            kind: format!("/problems/{}", self.code),
            title: title(self.status),
            status: self.status.as_u16(),
            code: &self.code,
            detail: &self.detail,
            errors: &self.errors,
            retry_at: self.retry_at,
            reason: self.reason,
            quote: self.quote.as_deref(),
        }
    }
}

impl From<domain::field::FieldError> for Problem {
    fn from(error: domain::field::FieldError) -> Self {
        Self::invalid_field(error.pointer, "invalid", error.detail)
    }
}

impl From<FieldError> for Problem {
    fn from(error: FieldError) -> Self {
        Self::invalid_field(error.pointer, error.code, error.detail)
    }
}

fn title(status: StatusCode) -> &'static str {
    match status.as_u16() {
        400 => "The request cannot be read",
        401 => "Who are you?",
        403 => "You may not do this",
        409 => "The present state does not allow this",
        412 => "It was changed meanwhile",
        428 => "Say which version you mean",
        422 => "The request cannot be accepted as it is",
        429 => "Not so often",
        503 => "Too busy, or away, for the moment",
        _ => status.canonical_reason().unwrap_or("Not possible"),
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let body = serde_json::to_vec(&self.body()).expect("a problem is made of texts and numbers");
        let headers = [(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))];
        let mut response = (self.status, headers, body).into_response();
        if let Some(seconds) = self.retry_after_s {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.get().into());
        }
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
