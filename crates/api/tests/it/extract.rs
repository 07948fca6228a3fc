use api::extract::{Json, Path, Query, with_fallbacks};
use axum::Router;
use axum::routing::{get, post as on_post};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::wire::{ask, post};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Page {
    limit: u8,
    #[serde(default)]
    after: String,
}

fn router() -> Router {
    let page = |Query(page): Query<Page>| async move { Json(json!([page.limit, page.after])) };
    let routes = Router::new()
        .route("/echo", on_post(|Json(value): Json<Value>| async { Json(value) }))
        .route("/page", on_post(|Json(page): Json<Page>| async move { Json(page.limit) }).get(page))
        .route("/things/{number}", get(|Path(number): Path<u32>| async move { Json(number) }));
    with_fallbacks(routes)
}

async fn check(request: &str, expected: &str) {
    let request = format!("{request} HTTP/1.1\r\nhost: a\r\n\r\n");
    let answer = ask(router(), &request).await;
    let found = if answer.status() == 200 { answer.body } else { answer.problem() };
    assert_eq!(found, expected, "{request}");
}

#[tokio::test]
async fn a_body_must_say_that_it_is_json() {
    for (content_type, status) in [
        ("application/json", 200),
        ("Application/JSON; charset=utf-8", 200),
        ("application/merge-patch+json", 200),
        ("text/plain", 415),
        ("application/jsonp", 415),
        ("", 415),
    ] {
        let request = post("/echo", "1").replace("application/json", content_type);
        assert_eq!(ask(router(), &request).await.status(), status, "{content_type}");
    }
}

#[tokio::test]
async fn a_field_that_cannot_be_read_is_named() {
    for (body, expected) in [
        (r#"{"limit":300}"#, "422 invalid_field /limit invalid"),
        ("{}", "422 invalid_field /limit missing"),
        (r#"{"limit":3,"b/c":1}"#, "422 invalid_field /b~1c unknown"),
        ("{", "400 malformed"),
    ] {
        assert_eq!(ask(router(), &post("/page", body)).await.problem(), expected, "{body}");
    }
}

#[tokio::test]
async fn a_query_parameter_that_cannot_be_read_is_named() {
    check("GET /page?limit=3&after=a%20b", r#"[3,"a b"]"#).await;
    check("GET /page?limit=x", "422 invalid_field ?limit invalid").await;
    check("GET /page", "422 invalid_field ?limit missing").await;
    check("GET /page?limit=3&offset=1", "422 invalid_field ?offset unknown").await;
    check("GET /page?limit=3&limit=4", "422 invalid_field ?limit duplicate").await;
}

#[tokio::test]
async fn a_path_that_cannot_be_read_is_not_there() {
    check("GET /things/7", "7").await;
    check("GET /things/seven", "404 not_found").await;
    check("GET /nothing", "404 not_found").await;
}

#[tokio::test]
async fn a_method_that_is_not_possible_is_told_which_are() {
    let answer = ask(router(), "DELETE /page HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(answer.problem(), "405 method_not_allowed");
    let mut allowed: Vec<&str> = answer.header("allow").expect("an Allow header").split(',').collect();
    allowed.sort_unstable();
    assert_eq!(allowed, ["GET", "HEAD", "POST"]);
}
