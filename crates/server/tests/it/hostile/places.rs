//! What is wrong beside the body: in the path, the query and the headers.

use reqwest::{Method, header};
use serde_json::json;

use super::{Operation, Shop, check_none, fault, good};
use crate::scrip::{Reply, send};

/// What no id looks like. Those that are not UTF-8 have no place to be named: they are not there either.
const IDS: [&str; 8] =
    ["x", "%00", "%ff%fe", "..%2f..%2fetc", "cpn_", "cus_0198f0c2a5b47d10a1f2c3d4e5f60718", "%F0%9F%8E%89", "-1"];

/// Parameters of a query that no list takes: their name and value.
const QUERIES: [(&str, &str); 19] = [
    ("limit", "0"),
    ("limit", "-1"),
    ("limit", "1001"),
    ("limit", "x"),
    ("limit", "1e3"),
    ("limit", ""),
    ("limit", "99999999999999999999"),
    ("cursor", "x"),
    ("cursor", ""),
    ("cursor", "%00"),
    ("cursor", "v1.2"),
    ("cursor", "c99999999999999999999"),
    ("cursor", "%F0%9F%8E%89"),
    ("state", "no_such"),
    ("from", "2026-02-30T00:00:00Z"),
    ("until", "2026-01-01T25:00:00Z"),
    ("actor", "x"),
    ("colour", "red"),
    ("customer_id", "x"),
];

/// One of many answers to what has no body of its own or a good one.
async fn ask(shop: &Shop, operation: &Operation<'_>, path: &str) -> Reply {
    let request = shop.request(operation, path);
    send(match operation.schema() {
        Some(_) => request.json(&good::bodies(&operation.name(), &shop.things)[0]),
        None if operation.path.ends_with("/imports") => request.header(header::CONTENT_TYPE, "text/csv").body("code\n"),
        None => request,
    })
    .await
}

#[tokio::test]
async fn an_id_that_is_none_is_not_there() {
    let shop = Shop::open().await;
    let mut wrong = Vec::new();
    // A redemption may be cancelled before it is made, under any id of the caller's choice.
    let about_one =
        |operation: &&Operation<'_>| operation.path.contains('{') && operation.path != "/v1/redemptions/{id}/cancel";
    for operation in shop.operations().iter().filter(about_one) {
        let long = "x".repeat(5_000);
        for id in IDS.iter().copied().chain([long.as_str()]) {
            let path = operation.path.replace("{id}", id).replace("{identity_id}", id).replace("{version}", id);
            let reply = ask(&shop, operation, &path).await;
            wrong.extend(fault(operation, &reply, 404, None).map(|fault| {
                let begin: String = path.chars().take(80).collect();
                format!("{fault} for {begin}")
            }));
        }
    }
    check_none(&wrong);
}

#[tokio::test]
async fn a_parameter_of_a_query_that_cannot_be_read_is_named() {
    let shop = Shop::open().await;
    let mut wrong = Vec::new();
    for operation in shop.operations().iter().filter(|operation| operation.has_parameter("limit")) {
        for (name, value) in QUERIES.into_iter().filter(|(name, _)| *name == "colour" || operation.has_parameter(name))
        {
            let path = format!("{}?{name}={value}", shop.filled(operation.path));
            let reply = ask(&shop, operation, &path).await;
            let fault = fault(operation, &reply, 422, Some(&format!("?{name}")));
            wrong.extend(fault.map(|fault| format!("{fault} for {path}")));
        }
    }
    check_none(&wrong);
}

#[tokio::test]
async fn no_query_however_strange_is_answered_with_our_fault() {
    let shop = Shop::open().await;
    let mut wrong = Vec::new();
    let long = "x".repeat(10_000);
    let values = ["", "%00", "%ff%fe", "%zz", "%", "x&limit=1&limit=2", "a=b=c", "%F0%9F%8E%89", "' or 1=1 --", &long];
    for operation in shop.operations().iter().filter(|operation| operation.method == Method::GET) {
        let parameters = operation.item["parameters"].as_array().into_iter().flatten();
        for name in parameters.filter(|each| each["in"] == "query").filter_map(|each| each["name"].as_str()) {
            for value in values {
                let path = format!("{}?{name}={value}", shop.filled(operation.path));
                let reply = ask(&shop, operation, &path).await;
                if reply.status.is_server_error() && reply.status != 503 {
                    wrong.push(format!("{path}: {} {}", reply.status, reply.body));
                }
            }
        }
    }
    check_none(&wrong);
}

/// A header with a value as bytes.
type Field = (&'static str, Vec<u8>);

/// What is wrong in a header, and what it is answered with.
fn headers() -> Vec<(Field, u16, &'static str)> {
    let key = |value: &[u8]| ("idempotency-key", value.to_vec());
    let edited = |value: &[u8]| ("if-match", value.to_vec());
    let bearer = |value: &[u8]| ("authorization", value.to_vec());
    vec![
        (key(b""), 422, "idempotency_key_invalid"),
        (key(b"a b"), 422, "idempotency_key_invalid"),
        (key(b"\xff\xfe"), 422, "idempotency_key_invalid"),
        (key("ключ".as_bytes()), 422, "idempotency_key_invalid"),
        (key(&b"k".repeat(256)), 422, "idempotency_key_invalid"),
        (edited(b""), 400, "malformed"),
        (edited(b"3"), 400, "malformed"),
        (edited(b"\"\xff\""), 400, "malformed"),
        (edited(b"\"99999999999999999999\""), 412, "version_stale"),
        (edited(b"\"-1\""), 412, "version_stale"),
        (bearer(b""), 401, "unauthorized"),
        (bearer(b"Bearer"), 401, "unauthorized"),
        (bearer(b"Bearer \xff\xfe"), 401, "unauthorized"),
        (bearer(b"Bearer a.b.c"), 401, "unauthorized"),
        (bearer(b"Bearer eyJhbGciOiJub25lIn0.e30."), 401, "unauthorized"),
        (bearer(&[&b"Bearer scrip_"[..], &b"x".repeat(10_000)].concat()), 401, "unauthorized"),
    ]
}

#[tokio::test]
async fn a_header_that_cannot_be_read_is_refused_and_nothing_is_done() {
    let shop = Shop::open().await;
    let path = format!("/v1/campaigns/{}", shop.things["campaigns"]);
    let before = shop.server.get(&path).await.expect(200);
    let mut wrong = Vec::new();
    for ((name, value), status, code) in headers() {
        let mut request = shop.server.bare(Method::PUT, &path).json(&json!({ "name": "Changed" }));
        for (good, usual) in [("authorization", format!("Bearer {}", shop.server.key())), ("if-match", "*".to_owned())]
        {
            if good != name {
                request = request.header(good, usual);
            }
        }
        let value = header::HeaderValue::from_bytes(&value).expect("it can be sent");
        let reply = send(request.header(name, value.clone())).await;
        if reply.status != status || reply.body["code"] != code {
            wrong.push(format!("{name}: {value:?}: {status} {code} was expected, not {}", reply.body));
        }
    }
    check_none(&wrong);
    assert_eq!(shop.server.get(&path).await.expect(200), before);
}

#[tokio::test]
async fn two_keys_for_one_change_are_refused_and_a_step_without_a_body_takes_none() {
    let shop = Shop::open().await;
    let mut wrong = Vec::new();
    for operation in shop.operations() {
        let is_step = operation.schema().is_none() && operation.has_parameter("Idempotency-Key");
        if !is_step {
            continue;
        }
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        let bodies =
            [("{", 400, None), (&*deep, 400, None), ("{\"colour\":1}", 422, Some("/colour")), ("[]", 422, Some(""))];
        for (body, status, pointer) in bodies {
            let reply = shop.ask(&operation, body.to_owned()).await;
            wrong.extend(fault(&operation, &reply, status, pointer));
        }
        let twice = shop.request(&operation, &shop.filled(operation.path));
        let twice = send(twice.header("idempotency-key", "a").header("idempotency-key", "b")).await;
        if twice.body["code"] != "idempotency_key_invalid" {
            wrong.push(format!("{} with two keys: {} {}", operation.name(), twice.status, twice.body));
        }
    }
    check_none(&wrong);
}
