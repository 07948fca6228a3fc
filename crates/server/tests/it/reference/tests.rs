//! That what the document does not tell of is noticed.

use reqwest::StatusCode;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::*;

/// A coupon's contributions, of which there are none, answered as it should be.
fn good() -> Reply {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
    Reply { status: StatusCode::OK, headers, body: json!({ "data": [], "next_cursor": null }) }
}

fn problem(status: u16) -> Reply {
    let headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"))]);
    let body = json!({ "type": "/problems/x", "title": "X", "status": status, "code": "x", "detail": "x" });
    Reply { status: StatusCode::from_u16(status).expect("a status"), headers, body }
}

fn with(mut reply: Reply, (name, value): (&'static str, &'static str)) -> Reply {
    reply.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    reply
}

fn holding(body: Value) -> Reply {
    Reply { body, ..good() }
}

fn check((method, path): (Method, &str), (kind, sent): (&str, &str), reply: &Reply, expected: Option<&str>) {
    let url = format!("http://127.0.0.1{path}").parse().expect("a URL");
    let body = (!sent.is_empty()).then(|| sent.as_bytes().to_vec());
    let wrong = Asked { method, content_type: kind.to_owned(), body }.wrong(&url, reply).join("\n");
    match expected {
        Some(expected) => assert!(wrong.contains(expected), "{reply:?}: {wrong}"),
        None => assert_eq!(wrong, "", "{reply:?}"),
    }
}

#[test]
fn an_answer_that_the_document_does_not_tell_of_is_noticed() {
    let contributions = |reply: &Reply, expected| {
        check((Method::GET, "/v1/coupons/cpn_1/contributions?limit=2"), ("", ""), reply, expected);
    };
    contributions(&good(), None);
    contributions(&with(good(), ("x-request-id", "1")), None);
    contributions(&with(good(), ("etag", "\"1\"")), Some("etag is not documented"));
    contributions(&with(good(), ("content-type", "text/html")), Some("`text/html` is not documented"));
    contributions(&Reply { status: StatusCode::ACCEPTED, ..good() }, Some("202 is not documented"));
    contributions(&holding(json!({ "next_cursor": null })), Some("data"));
    contributions(&holding(json!({ "data": [], "next_cursor": null, "more": 1 })), Some("more"));
    contributions(
        &holding(json!({ "data": [{ "contributor": "a", "units": 1, "x": 1 }], "next_cursor": null })),
        Some("'x'"),
    );
    contributions(
        &holding(json!({ "data": [{ "contributor": "a", "units": "1" }], "next_cursor": null })),
        Some("\"1\""),
    );
    contributions(&problem(404), None);
    contributions(&problem(409), Some("409 is not documented"));
    contributions(&problem(429), Some("Retry-After is missing"));
    contributions(&with(problem(429), ("retry-after", "1")), None);
    check((Method::GET, "/v1/coupons/cpn_1/contributions?page=2"), ("", ""), &good(), Some("?page was taken"));
}

#[test]
fn what_was_taken_and_the_document_does_not_let_one_send_is_noticed() {
    let cancel = (Method::POST, "/v1/auth/logout");
    let nothing =
        Reply { status: StatusCode::NO_CONTENT, headers: HeaderMap::new(), body: Value::String(String::new()) };
    check(cancel.clone(), ("", ""), &nothing, None);
    check(cancel.clone(), ("application/json", "{}"), &nothing, None);
    check(cancel.clone(), ("application/json", "{\"all\":true}"), &nothing, Some("none is documented"));
    let reset = (Method::POST, "/v1/auth/reset");
    let body = "{\"token\":\"t\",\"password\":\"long enough\"}";
    check(reset.clone(), ("application/json", body), &nothing, None);
    check(reset.clone(), ("text/plain", body), &nothing, Some("`text/plain` was taken"));
    check(reset.clone(), ("application/json", "{\"token\":\"t\",\"password\":\"short\"}"), &nothing, Some("/password"));
    check(reset.clone(), ("application/json", "{\"token\":\"t\"}"), &nothing, Some("password"));
    check(reset, ("", ""), &nothing, Some("token"));
}

#[test]
fn what_is_no_operation_is_not_there_or_not_so() {
    check((Method::GET, "/v1/nothing"), ("", ""), &problem(404), None);
    check((Method::DELETE, "/v1/coupons"), ("", ""), &problem(405), None);
    check((Method::GET, "/v1/nothing"), ("", ""), &good(), Some("no such operation"));
    check((Method::GET, "/docs"), ("", ""), &good(), None);
}
