use axum::Router;

use crate::wire::{Answer, ask};

async fn get(path: &str) -> Answer {
    let router: Router = api::docs::routes(r#"{"openapi":"3.1.0"}"#);
    ask(router, &format!("GET {path} HTTP/1.1\r\nhost: a\r\n\r\n")).await
}

#[tokio::test]
async fn the_document_is_served_as_it_is() {
    let answer = get("/openapi.json").await;
    assert_eq!(answer.header("content-type"), Some("application/json"));
    assert_eq!(answer.body, r#"{"openapi":"3.1.0"}"#);
}

#[tokio::test]
async fn the_page_needs_nothing_from_elsewhere_and_its_policy_says_so() {
    let page = get("/docs").await;
    let policy = page.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert!(!page.body.contains("://"), "{}", page.body);
    for part in page.body.split('"').filter(|part| part.starts_with("/docs/")) {
        assert_eq!(get(part).await.status(), 200, "{part}");
    }
}
