use api::problem::Problem;
use axum::Router;
use axum::routing::get;
use serde_json::json;

use crate::wire::{Answer, ask};

async fn answer(make: fn() -> Problem) -> Answer {
    ask(Router::new().route("/", get(move || async move { make() })), "GET / HTTP/1.1\r\nhost: a\r\n\r\n").await
}

#[tokio::test]
async fn a_problem_has_all_that_the_standard_and_a_program_want() {
    let answer = answer(|| Problem::invalid_field("/a", "missing", "missing field `a`")).await;
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    let expected = json!({
        "type": "/problems/invalid_field",
        "title": "The request cannot be accepted as it is",
        "status": 422,
        "code": "invalid_field",
        "detail": "A field of the request cannot be accepted.",
        "errors": [{ "pointer": "/a", "code": "missing", "detail": "missing field `a`" }],
    });
    assert_eq!(answer.json(), expected);
}

#[tokio::test]
async fn who_comes_too_often_or_too_early_is_told_when_to_come_again() {
    for make in [|| Problem::too_many("daily_limit", "Used up for today.", 17), || Problem::busy(17)] {
        assert_eq!(answer(make).await.header("retry-after"), Some("17"));
    }
    assert_eq!(answer(Problem::not_found).await.header("retry-after"), None);
}

#[tokio::test]
async fn who_is_not_known_is_told_how_to_say_it() {
    assert_eq!(answer(|| Problem::unauthorized("Sign in.")).await.header("www-authenticate"), Some("Bearer"));
}

#[tokio::test]
async fn a_failure_of_ours_tells_the_caller_nothing() {
    let answer = answer(|| Problem::internal(&"disk /dev/sda is full")).await;
    assert_eq!(answer.problem(), "500 internal");
    assert!(!answer.body.contains("disk"), "{}", answer.body);
}
