//! What each operation may answer besides its success. Nearly all of it follows from what the operation takes, so that
//! no handler has to say it; what does not is listed here. The end-to-end tests hold every answer against the result.

use std::collections::BTreeSet;

use http::Method;
use utoipa::openapi::header::Header;
use utoipa::openapi::path::{Operation, ParameterIn};
use utoipa::openapi::{ContentBuilder, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Type};

use crate::permissions;

/// A status, its name among the components, and what it says.
type Refusal = (u16, &'static str, &'static str);

const REFUSALS: [Refusal; 14] = [
    (400, "Malformed", "The body or a header cannot be read."),
    (401, "Unauthorized", "Who asks is not known: there is no token, or it is not good here."),
    (403, "Forbidden", "Who asks may not do this, or is kept out; with `blocked`, `reason` says why."),
    (404, "NotFound", "It is not there, or not there for who asks."),
    (408, "RequestTimeout", "The body took too long to arrive."),
    (409, "Conflict", "The state, a code, or a limit that counts for ever does not allow it."),
    (412, "PreconditionFailed", "It has another version by now than the one that was edited."),
    (413, "PayloadTooLarge", "The body is longer than allowed here."),
    (415, "UnsupportedMediaType", "The body has another type than this takes."),
    (422, "InvalidField", "`errors` names the fields that cannot be accepted; or a key or an id was used before."),
    (428, "PreconditionRequired", "Say in `If-Match` which version was edited."),
    (429, "TooManyRequests", "A limit per period, or a rate, is used up; `Retry-After` says for how long."),
    (500, "Internal", "Something went wrong on the server."),
    (503, "Busy", "A queue is full, or something is away; `Retry-After` says when to try again."),
];

/// Read nothing but what is in memory.
const NEVER_REFUSED: [&str; 2] = ["/healthz", "/metrics"];

/// Who looks after the server is neither counted nor kept out.
const NEVER_KEPT_OUT: [&str; 3] = ["/healthz", "/readyz", "/metrics"];

/// Open to anyone, and yet somebody has to prove something.
const PROVES: [&str; 3] = ["POST /v1/auth/login", "POST /v1/auth/refresh", "GET /v1/auth/oidc/callback"];

/// What is not there is named elsewhere than in the path; or there is no such thing on this server.
const FINDS_NOTHING: [&str; 14] = [
    "POST /v1/claims",
    "POST /v1/quotes",
    "POST /v1/quotes/wallet",
    "POST /v1/redemptions",
    "GET /v1/redemptions",
    "GET /v1/vouchers",
    "GET /vouchers",
    "POST /redeem",
    "GET /api/v1/coupon",
    "POST /api/v1/coupon",
    "GET /v1/test-clock",
    "POST /v1/test-clock",
    "GET /v1/auth/oidc/start",
    "GET /v1/auth/oidc/callback",
];

/// Beside the changes that take a key, which the ledger may refuse.
const CONFLICTS: [&str; 15] = [
    "POST /v1/blocks",
    "PUT /v1/segments/{id}",
    "POST /v1/segments/{id}/members",
    "PUT /v1/collections/{id}",
    "POST /v1/collections/{id}/entries",
    "POST /v1/coupons/{id}/imports",
    "PUT /v1/tenant",
    "GET /api/v1/coupon",
    "POST /v1/auth/register",
    "POST /v1/auth/verify",
    "POST /v1/auth/setup",
    "POST /v1/auth/totp",
    "POST /v1/auth/totp/confirm",
    "DELETE /v1/auth/totp",
    "GET /v1/auth/oidc/callback",
];

/// Reads a body though it needs none: whatever is sent is refused unless it is `{}`.
const READS_NO_BODY: [&str; 1] = ["GET /api/v1/coupon"];

/// Whose callers know of no versions: it tries again when somebody comes between, but not for ever; or that name the version
/// in the body.
const RACES: [&str; 2] = ["PUT /admin/coupons/{id}", "POST /v1/coupons/{id}/approvals"];

/// The statuses of what an operation may refuse.
pub(super) fn of(method: &Method, path: &str, operation: &Operation, takes_key: bool) -> BTreeSet<u16> {
    let name = format!("{method} {path}");
    let listed = |list: &[&str]| list.contains(&name.as_str());
    let parameters = || {
        operation.parameters.iter().flatten().filter_map(|one| match one {
            RefOr::T(one) => Some(one),
            RefOr::Ref(_) => None,
        })
    };
    let takes = |place: &ParameterIn| parameters().any(|one| one.parameter_in == *place);
    let edits = parameters().any(|one| one.name == "If-Match");
    let reads = operation.request_body.is_some() || takes_key || listed(&READS_NO_BODY);
    let holds: [(bool, &[u16]); 9] = [
        (!NEVER_REFUSED.contains(&path), &[500, 503]),
        (!NEVER_KEPT_OUT.contains(&path), &[403, 429]),
        (permissions::rule(method, path).is_some() || listed(&PROVES), &[401]),
        (takes(&ParameterIn::Path) || listed(&FINDS_NOTHING), &[404]),
        (takes(&ParameterIn::Query), &[422]),
        (reads, &[400, 408, 413, 415, 422]),
        (takes_key || listed(&CONFLICTS), &[409]),
        (edits, &[400, 412, 422, 428]),
        (listed(&RACES), &[412]),
    ];
    holds.iter().filter(|(holds, _)| *holds).flat_map(|(_, statuses)| *statuses).copied().collect()
}

/// The name of the component that answers with this status.
pub(super) fn name_of(status: u16, is_short: bool) -> String {
    let (_, name, _) = refusal(status);
    if is_short { format!("Short{name}") } else { name.to_owned() }
}

/// The component itself.
pub(super) fn response(status: u16, is_short: bool) -> Response {
    let (_, _, description) = refusal(status);
    let (kind, schema) =
        if is_short { ("application/json", "ShortError") } else { ("application/problem+json", "Problem") };
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name(schema))).build();
    let mut response = ResponseBuilder::new().description(description).content(kind, content).build();
    for (name, description, schema) in headers(status) {
        let mut header = Header::new(ObjectBuilder::new().schema_type(schema).build());
        header.description = Some(description.to_owned());
        let mut header = header.into();
        require(&mut header);
        response.headers.insert(name.to_owned(), header);
    }
    response
}

fn refusal(status: u16) -> Refusal {
    *REFUSALS.iter().find(|(known, ..)| *known == status).expect("a status that is listed")
}

fn headers(status: u16) -> Vec<(&'static str, &'static str, Type)> {
    match status {
        401 => vec![("WWW-Authenticate", "`Bearer`", Type::String)],
        429 | 503 => vec![("Retry-After", "Seconds to wait", Type::Integer)],
        _ => Vec::new(),
    }
}

/// Says that a header always comes. The library has no field for it, but hands on what else is said.
pub(super) fn require(header: &mut RefOr<Header>) {
    if let RefOr::T(header) = header {
        header.extensions.get_or_insert_default().insert("required".to_owned(), true.into());
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn document() -> Value {
        serde_json::from_str(&crate::openapi()).expect("it is JSON")
    }

    #[test]
    fn what_is_listed_here_is_an_operation() {
        let document = document();
        let lists = [&PROVES[..], &FINDS_NOTHING, &CONFLICTS, &READS_NO_BODY, &RACES];
        for name in lists.concat() {
            let (method, path) = name.split_once(' ').expect("a method and a path");
            assert!(document["paths"][path][method.to_ascii_lowercase()].is_object(), "{name}");
        }
        for path in NEVER_REFUSED.iter().chain(&NEVER_KEPT_OUT) {
            assert!(document["paths"][path]["get"].is_object(), "{path}");
        }
    }

    fn statuses(method: &str, path: &str) -> String {
        let document = document();
        let responses = document["paths"][path][method]["responses"].as_object().expect("responses");
        responses.keys().map(String::as_str).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn an_operation_names_each_status_and_none_is_the_default() {
        for (method, path, expected) in [
            ("get", "/healthz", "200"),
            ("get", "/readyz", "200 500 503"),
            ("get", "/v1/coupons/{id}", "200 401 403 404 429 500 503"),
            ("put", "/v1/coupons/{id}", "200 400 401 403 404 408 409 412 413 415 422 428 429 500 503"),
            ("post", "/v1/auth/recover", "202 400 403 408 413 415 422 429 500 503"),
            ("delete", "/v1/blocks/{id}", "200 401 403 404 429 500 503"),
        ] {
            assert_eq!(statuses(method, path), expected, "{method} {path}");
        }
    }
}
