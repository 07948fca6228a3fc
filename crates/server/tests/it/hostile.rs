//! What strangers and broken clients send: each is answered with a problem that names the place, and costs nobody else
//! anything.

mod flood;
mod good;
mod places;
mod schema;

use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};

use crate::accounts::{Person, staff};
use crate::house::{Things, things};
use crate::scrip::{Reply, Server, folder, send, write};
use schema::{Bodies, Wrong};

/// Nobody is refused for coming too often: all that is sent is to be looked at.
const UNCOUNTED: &str = "[rates]\naddress_per_s = 100000\naddress_burst = 100000\naccount_per_s = 100000\n\
    account_burst = 100000\n[guesses]\naddress_per_hour = 1000000\nkey_per_hour = 1000000\ntenant_per_hour = 1000000\n";

/// A server with something of everything in it, and who may ask for what.
struct Shop {
    server: Server,
    things: Things,
    ann: Person,
    olga: Person,
    document: Value,
    _data: tempfile::TempDir,
}

/// An operation of the reference.
struct Operation<'a> {
    method: Method,
    path: &'a str,
    item: &'a Value,
}

impl Operation<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// Its errors have one line, which names the field.
    fn is_short(&self) -> bool {
        !self.path.starts_with("/v1/")
    }

    fn schema(&self) -> Option<&Value> {
        self.item.pointer("/requestBody/content/application~1json/schema")
    }

    fn has_parameter(&self, name: &str) -> bool {
        self.item["parameters"].as_array().into_iter().flatten().any(|parameter| parameter["name"] == name)
    }
}

impl Shop {
    async fn open() -> Self {
        let data = folder();
        let file = write(data.path(), "settings.toml", UNCOUNTED);
        let server = Server::start_with(data.path(), &["--config", file.to_str().expect("text"), "--test-clock"]);
        staff(data.path(), "olga", "admin");
        let (ann, olga) = (server.person("ann").await, server.signed_in("olga", crate::accounts::PASSWORD).await);
        let customer = server.customer("eve").await;
        let mut things = things(&server, server.key(), &customer, "hostile").await;
        things.insert("victim", server.customer("victim").await);
        let document = server.get("/openapi.json").await.expect(200);
        Self { server, things, ann, olga, document, _data: data }
    }

    fn operations(&self) -> Vec<Operation<'_>> {
        let mut all = Vec::new();
        for (path, methods) in self.document["paths"].as_object().expect("paths") {
            let methods = methods.as_object().expect("operations").iter().filter(|(name, _)| *name != "parameters");
            all.extend(methods.map(|(method, item)| {
                let method = method.to_uppercase().parse().expect("a method");
                Operation { method, path, item }
            }));
        }
        all
    }

    fn filled(&self, path: &str) -> String {
        let subject = path.split('/').nth(2).unwrap_or_default();
        // The short form names a coupon by its number.
        let named = self.things.get(subject).filter(|_| path.starts_with("/v1/"));
        let id = named.map_or("1", String::as_str);
        path.replace("{id}", id).replace("{identity_id}", &self.things["identity"]).replace("{version}", "1")
    }

    /// From whoever may ask for it.
    fn request(&self, operation: &Operation<'_>, path: &str) -> RequestBuilder {
        let token = match operation.path {
            "/v1/auth/totp" | "/v1/auth/totp/confirm" => &self.olga.access,
            "/v1/me" | "/v1/wallet" | "/v1/auth/verify" | "/v1/auth/verification" | "/v1/auth/password" => {
                &self.ann.access
            }
            _ => self.server.key(),
        };
        self.server.bare(operation.method.clone(), path).bearer_auth(token).header(header::IF_MATCH, "*")
    }

    async fn ask(&self, operation: &Operation<'_>, body: impl Into<reqwest::Body>) -> Reply {
        let request = self.request(operation, &self.filled(operation.path));
        send(request.header(header::CONTENT_TYPE, "application/json").body(body)).await
    }
}

/// Whether it is a problem as it should be, of that status and with that place to blame; else what it is.
fn fault(operation: &Operation<'_>, reply: &Reply, status: u16, pointer: Option<&str>) -> Option<String> {
    let problem = &reply.body;
    let is_right = if operation.is_short() {
        let name = pointer.unwrap_or_default().trim_start_matches(['/', '?']);
        problem["error"].as_str().is_some_and(|error| !error.is_empty() && error.starts_with(name))
    } else {
        let is_whole = ["type", "title", "code", "detail"].iter().all(|field| problem[field].is_string());
        let mut errors = problem["errors"].as_array().into_iter().flatten();
        let kind = reply.header("content-type");
        is_whole
            && kind == Some("application/problem+json")
            && problem["status"] == status
            && pointer.is_none_or(|pointer| errors.any(|error| error["pointer"] == pointer))
    };
    if is_right && reply.status == status {
        return None;
    }
    let expected = pointer.unwrap_or_default();
    Some(format!("{}: {status} {expected} was expected, not {} {problem}", operation.name(), reply.status.as_u16()))
}

#[track_caller]
fn check_none(wrong: &[String]) {
    assert!(wrong.is_empty(), "{} answers:\n{}", wrong.len(), wrong.join("\n"));
}

/// What is no JSON, or not allowed to be: with the status that it is answered with, and the content type.
fn unreadable(good: &Value) -> Vec<(Vec<u8>, &'static str, u16)> {
    let deep = |open: &str, close: &str| format!("{}{}", open.repeat(10_000), close.repeat(10_000)).into_bytes();
    let text = good.to_string();
    let json = "application/json";
    vec![
        (b"{".to_vec(), json, 400),
        (b"\xef\xbb\xbf{}".to_vec(), json, 400),
        (b"{\"name\":\"\xff\xfe\"}".to_vec(), json, 400),
        (format!("{text}{text}").into_bytes(), json, 400),
        (b"{\"a\":NaN}".to_vec(), json, 400),
        (b"{\"a\":01}".to_vec(), json, 400),
        (b"\0".to_vec(), json, 400),
        (deep("[", "]"), json, 400),
        (deep("{\"attributes\":", "}"), json, 400),
        ("[".repeat(10_000).into_bytes(), json, 400),
        (text.clone().into_bytes(), "text/plain", 415),
        (text.clone().into_bytes(), "application/x-www-form-urlencoded", 415),
        (text.into_bytes(), "", 415),
        (format!("{{\"name\":\"{}\"}}", "x".repeat(1 << 20)).into_bytes(), json, 413),
    ]
}

#[tokio::test]
async fn what_is_no_json_too_deep_too_long_or_of_another_type_is_answered_as_such_by_every_operation() {
    let shop = Shop::open().await;
    let mut wrong = Vec::new();
    for operation in shop.operations().iter().filter(|operation| operation.schema().is_some()) {
        let good = good::bodies(&operation.name(), &shop.things).remove(0);
        for (body, kind, status) in unreadable(&good) {
            let request = shop.request(operation, &shop.filled(operation.path));
            let reply = send(request.header(header::CONTENT_TYPE, kind).body(body.clone())).await;
            // Of strangers less is read than of others.
            let is_long = operation.path.starts_with("/v1/auth/") && body.len() > 8 << 10;
            let status = if is_long { 413 } else { status };
            let begin = String::from_utf8_lossy(&body[..body.len().min(40)]).into_owned();
            wrong.extend(fault(operation, &reply, status, None).map(|fault| format!("{fault} for {begin} ({kind})")));
        }
    }
    check_none(&wrong);
}

#[tokio::test]
async fn every_field_of_another_type_or_out_of_its_bounds_is_named_by_every_operation() {
    let shop = Shop::open().await;
    let (mut wrong, mut sent) = (Vec::new(), 0);
    for operation in &shop.operations() {
        let Some(schema) = operation.schema() else { continue };
        for good in good::bodies(&operation.name(), &shop.things) {
            for Wrong { text, pointer } in Bodies::wrong(&shop.document, schema, &good) {
                let reply = shop.ask(operation, text.clone()).await;
                sent += 1;
                let fault = fault(operation, &reply, 422, Some(&pointer));
                let begin: String = text.chars().take(300).collect();
                wrong.extend(fault.map(|fault| format!("{fault}\n    for {begin}")));
            }
        }
    }
    check_none(&wrong);
    assert!(sent > 2_000, "{sent} were sent: the walk has lost its way");
}

/// What a text may be that no bound of the reference speaks of.
const STRANGE: [&str; 6] =
    ["\"\"", "\"a\\u0000b\"", "\"\\ud800\"", "\"\u{202e}\u{0}\u{fffd}\"", "\"' or 1=1 --\"", "HUGE"];

#[tokio::test]
async fn no_text_however_strange_or_long_is_answered_with_our_fault() {
    let shop = Shop::open().await;
    let huge = json!("x".repeat(100_000)).to_string();
    let mut wrong = Vec::new();
    for operation in &shop.operations() {
        if operation.schema().is_none() {
            continue;
        }
        for good in good::bodies(&operation.name(), &shop.things) {
            for (place, value) in good.as_object().expect("an object") {
                for raw in STRANGE.iter().filter(|_| value.is_string()) {
                    let mut body = good.clone();
                    body[place] = json!("PLACE");
                    let raw = if *raw == "HUGE" { &huge } else { *raw };
                    let reply = shop.ask(operation, body.to_string().replace("\"PLACE\"", raw)).await;
                    if reply.status.is_server_error() {
                        wrong.push(format!("{} {place}: {} {}", operation.name(), reply.status, reply.body));
                    }
                }
            }
        }
    }
    check_none(&wrong);
}
