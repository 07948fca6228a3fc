//! Holds every answer that a test gets against the OpenAPI document: the operation is in it, and the status, the kind of
//! body, every property and every header are. So is what was sent, where the server took it. A test need not ask for
//! this: the one client that all share does.

mod closed;
mod tests;

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

use jsonschema::Validator;
use reqwest::header::{CONTENT_TYPE, HeaderMap};
use reqwest::{Method, Request, Url};
use serde_json::{Map, Value, json};

use crate::scrip::Reply;

/// What is served and is no operation of the API, by the beginning of its path.
const ELSEWHERE: [(&str, &str); 8] = [
    ("/docs", "a page for people"),
    ("/openapi.json", "the document itself"),
    ("/set-up", "a page that a link leads to"),
    ("/verify", "a page that a link leads to"),
    ("/reset", "a page that a link leads to"),
    ("/sign-in", "a page that a link leads to"),
    ("/links/", "what those pages load"),
    ("/authorize", "the tests' provider of identities"),
];

/// Headers of HTTP itself, which no operation has to tell of; the document tells of the last for all.
const GENERAL: [&str; 6] =
    ["cache-control", "connection", "content-length", "date", "transfer-encoding", "x-request-id"];

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let document = serde_json::from_str(&api::openapi()).expect("the document is JSON");
    closed::closed(document)
});

/// By the place of the schema in the document: each is compiled once, when it is first needed.
static VALIDATORS: LazyLock<Mutex<HashMap<String, Arc<Validator>>>> = LazyLock::new(Mutex::default);

/// What was asked.
#[derive(Debug)]
pub struct Asked {
    method: Method,
    content_type: String,
    body: Option<Vec<u8>>,
}

impl Asked {
    pub fn of(request: &Request) -> Self {
        Self {
            method: request.method().clone(),
            content_type: essence(request.headers()),
            // A body that is sent piece by piece is a file.
            body: request.body().and_then(|body| body.as_bytes()).map(<[u8]>::to_vec),
        }
    }

    /// `url` is where the answer came from, which may be where a redirection led.
    ///
    /// # Panics
    /// The document does not tell of what was answered.
    pub fn check(&self, url: &Url, reply: &Reply) {
        let wrong = self.wrong(url, reply);
        let Reply { status, headers, body } = reply;
        assert!(
            wrong.is_empty(),
            "{} {} answered {status}, and the document does not say so:\n  {}\n{headers:?}\n{body:#}",
            self.method,
            url.path(),
            wrong.join("\n  ")
        );
    }

    fn wrong(&self, url: &Url, reply: &Reply) -> Vec<String> {
        if ELSEWHERE.iter().any(|(path, _)| url.path().starts_with(path)) {
            return Vec::new();
        }
        if self.method == Method::HEAD && reply.status == 405 {
            // A look that would change something; no operation by itself.
            return Vec::new();
        }
        match operation(&self.method, url.path()) {
            Some((pointer, operation)) => self.wrong_with(&pointer, operation, url, reply),
            None => wrong_without_operation(url.path(), reply),
        }
    }

    fn wrong_with(&self, pointer: &str, operation: &Value, url: &Url, reply: &Reply) -> Vec<String> {
        let status = reply.status.as_str();
        let Some((pointer, response)) = resolved(&format!("{pointer}/responses/{status}")) else {
            return vec![format!("status {status} is not documented")];
        };
        let mut wrong = wrong_content(&pointer, response, &self.method, reply);
        wrong.extend(wrong_headers(response, &reply.headers));
        if reply.status.is_success() {
            wrong.extend(self.wrong_body(operation));
            wrong.extend(wrong_query(operation, url));
        }
        wrong
    }

    /// What the server took and the document does not let one send.
    fn wrong_body(&self, operation: &Value) -> Vec<String> {
        let sent = self.body.as_deref().unwrap_or_default();
        let Some(content) = operation["requestBody"]["content"].as_object() else {
            // The server takes an empty object for nothing.
            let is_nothing = sent.is_empty() || sent == b"{}";
            return if is_nothing { Vec::new() } else { vec!["a body was taken, and none is documented".to_owned()] };
        };
        let kind =
            if sent.is_empty() && self.content_type.is_empty() { "application/json" } else { &self.content_type };
        let Some(media) = content.get(kind) else {
            return vec![format!("a body of `{kind}` was taken, and is not documented")];
        };
        if kind != "application/json" {
            return Vec::new();
        }
        let sent = if sent.is_empty() { b"{}" } else { sent };
        let body: Value = serde_json::from_slice(sent).expect("what was taken is JSON");
        invalid(&format!("request {}", operation["operationId"]), &media["schema"], &body)
            .into_iter()
            .map(|error| format!("taken, though not documented: {error}"))
            .collect()
    }
}

/// What is no operation is answered 404, or 405 where another method is one, with the usual problem.
fn wrong_without_operation(path: &str, reply: &Reply) -> Vec<String> {
    if ![404, 405].contains(&reply.status.as_u16()) {
        return vec!["there is no such operation".to_owned()];
    }
    let is_problem = essence(&reply.headers) == "application/problem+json";
    let name = if is_problem { "Problem" } else { "ShortError" };
    let mut wrong = invalid(name, &json!({ "$ref": format!("#/components/schemas/{name}") }), &reply.body);
    if !is_problem && path.starts_with("/v1/") {
        wrong.push("it is no problem".to_owned());
    }
    wrong
}

fn wrong_content(pointer: &str, response: &Value, method: &Method, reply: &Reply) -> Vec<String> {
    let kind = essence(&reply.headers);
    let Some(content) = response["content"].as_object() else {
        let is_empty = reply.body == Value::String(String::new());
        return if is_empty { Vec::new() } else { vec!["a body was answered, and none is documented".to_owned()] };
    };
    let Some(media) = content.get(&kind) else { return vec![format!("content type `{kind}` is not documented")] };
    if *method == Method::HEAD {
        return Vec::new();
    }
    assert!(media["schema"].is_object(), "{pointer}: a body without a schema may be anything");
    invalid(&format!("{pointer} {kind}"), &media["schema"], &reply.body)
}

fn wrong_headers(response: &Value, headers: &HeaderMap) -> Vec<String> {
    let nothing = Map::new();
    let documented = response["headers"].as_object().unwrap_or(&nothing);
    let missing = documented.iter().filter(|(name, header)| header["required"] == true && !headers.contains_key(*name));
    let missing = missing.map(|(name, _)| format!("the header {name} is missing"));
    let is_known = |name: &str| {
        GENERAL.contains(&name)
            || name == "content-type"
            || documented.keys().any(|known| known.eq_ignore_ascii_case(name))
    };
    let unknown = headers.keys().filter(|name| !is_known(name.as_str()));
    missing.chain(unknown.map(|name| format!("the header {name} is not documented"))).collect()
}

fn wrong_query(operation: &Value, url: &Url) -> Vec<String> {
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let is_known = |name: &str| parameters.iter().any(|one| one["in"] == "query" && one["name"] == name);
    let unknown = url.query_pairs().filter(|(name, _)| !is_known(name));
    unknown.map(|(name, _)| format!("?{name} was taken, and is not documented")).collect()
}

/// The operation that a path belongs to, and its place in the document.
fn operation(method: &Method, path: &str) -> Option<(String, &'static Value)> {
    let method = if *method == Method::HEAD { Method::GET } else { method.clone() };
    let paths = DOCUMENT["paths"].as_object().expect("paths");
    // A path without a place to fill in goes before one with some.
    let mut fitting: Vec<_> = paths.iter().filter(|(template, _)| fits(template, path)).collect();
    fitting.sort_by_key(|(template, _)| template.matches('{').count());
    let (template, item) = fitting.first()?;
    let method = method.as_str().to_ascii_lowercase();
    let pointer = format!("/paths/{}/{method}", template.replace('/', "~1"));
    item.get(method).map(|operation| (pointer, operation))
}

fn fits(template: &str, path: &str) -> bool {
    let (template, path): (Vec<_>, Vec<_>) = (template.split('/').collect(), path.split('/').collect());
    let is_same = |(one, other): (&&str, &&str)| one == other || (one.starts_with('{') && !other.is_empty());
    template.len() == path.len() && template.iter().zip(&path).all(is_same)
}

/// What stands at a place of the document, or at the place that is referred to there.
fn resolved(pointer: &str) -> Option<(String, &'static Value)> {
    let found = DOCUMENT.pointer(pointer)?;
    match found["$ref"].as_str() {
        Some(reference) => resolved(reference.trim_start_matches('#')),
        None => Some((pointer.to_owned(), found)),
    }
}

fn essence(headers: &HeaderMap) -> String {
    let kind = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().to_owned()
}

/// What is wrong with a value, by a schema that has this name here.
fn invalid(name: &str, schema: &Value, value: &Value) -> Vec<String> {
    let validator = Arc::clone(
        VALIDATORS
            .lock()
            .expect("nobody panics under the lock")
            .entry(name.to_owned())
            .or_insert_with(|| Arc::new(compiled(schema))),
    );
    validator.iter_errors(value).map(|error| format!("`{}` {error}", error.instance_path())).collect()
}

fn compiled(schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = DOCUMENT["components"].clone();
    let options = jsonschema::options().with_draft(jsonschema::Draft::Draft202012).should_validate_formats(true);
    options.build(&schema).expect("the document's schemas are schemas")
}
