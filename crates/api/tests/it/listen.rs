use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use api::extract::Json;
use api::listen::{Drained, Limits};
use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, DefaultBodyLimit};
use axum::routing::{get, post as on_post};
use serde_json::Value;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::wire::{Server, post};

/// Short, as the tests wait for it; only what a test is about is set to it.
const SOON: Duration = Duration::from_millis(150);

/// Routes that answer at once, echo a body, wait until told, never answer, and answer without end.
fn router(begun: &Arc<Notify>, go_on: &Arc<Notify>) -> Router {
    let (begun, go_on) = (Arc::clone(begun), Arc::clone(go_on));
    let wait = move || async move {
        begun.notify_one();
        go_on.notified().await;
        "done"
    };
    let echo = |Json(value): Json<Value>| async { Json(value) };
    Router::new()
        .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { peer.ip().to_string() }))
        .route("/echo", on_post(echo))
        .route("/upload", on_post(echo).layer(DefaultBodyLimit::max(4096)))
        .route("/wait", get(wait))
        .route("/big", get(|| async { Body::from(vec![b'a'; 32 << 20]) }))
        .route("/panic", get(|| async { panic!("as the test wants") as () }))
}

async fn start(limits: Limits) -> Server {
    Server::start(router(&Arc::default(), &Arc::default()), limits).await
}

#[tokio::test]
async fn requests_on_one_connection_are_answered_and_know_their_peer() {
    let server = start(Limits::default()).await;
    let mut peer = server.connect().await;
    for _ in 0..3 {
        assert_eq!(peer.get("/").await.body, "127.0.0.1");
    }
    peer.send(&post("/echo", r#"{"a":1}"#)).await;
    assert_eq!(peer.answer().await.body, r#"{"a":1}"#);
}

#[tokio::test]
async fn a_head_that_drips_is_cut_however_long_an_idle_connection_may_stay() {
    let server = start(Limits { head_time: SOON, ..Limits::default() }).await;
    let mut first = server.connect().await;
    first.send("GET / HTTP/1.1\r\n").await;
    let mut second = server.connect().await;
    second.get("/").await;
    second.send("G").await;
    assert_eq!(first.closed().await, "");
    assert_eq!(second.closed().await, "");
}

#[tokio::test]
async fn an_idle_connection_outlives_the_time_for_a_head_and_is_closed_in_its_own() {
    let idle_time = SOON * 4;
    let server = start(Limits { head_time: SOON, idle_time, ..Limits::default() }).await;
    let mut silent = server.connect().await;
    let mut used = server.connect().await;
    used.get("/").await;
    let start = Instant::now();
    assert_eq!(used.closed().await, "");
    assert!(start.elapsed() >= idle_time - SOON, "closed after {:?}", start.elapsed());
    assert_eq!(silent.closed().await, "");
}

#[tokio::test]
async fn a_handler_may_take_longer_than_a_connection_may_idle() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let limits = Limits { head_time: SOON, idle_time: SOON, ..Limits::default() };
    let server = Server::start(router(&begun, &go_on), limits).await;
    let mut idle = server.connect().await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    begun.notified().await;
    idle.closed().await;
    let mut later = server.connect().await;
    later.closed().await;
    go_on.notify_one();
    assert_eq!(busy.answer().await.body, "done");
}

#[tokio::test]
async fn a_head_that_is_too_long_gets_431() {
    let server = start(Limits::default()).await;
    let mut peer = server.connect().await;
    peer.send(&format!("GET / HTTP/1.1\r\nhost: a\r\na: {}\r\n\r\n", "a".repeat(17 << 10))).await;
    assert_eq!(peer.answer().await.status(), 431);
}

#[tokio::test]
async fn a_body_that_drips_gets_408() {
    let server = start(Limits { body_time: SOON, ..Limits::default() }).await;
    let mut peer = server.connect().await;
    peer.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{").await;
    assert_eq!(peer.answer().await.problem(), "408 request_timeout");
    peer.closed().await;
}

#[tokio::test]
async fn a_body_that_arrives_at_the_least_rate_buys_more_time() {
    let limits = Limits { body_time: SOON, body_bytes_per_s_min: 1, ..Limits::default() };
    let server = start(limits).await;
    let mut slow = server.connect().await;
    slow.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n\"1234567")
        .await;
    let mut stuck = server.connect().await;
    stuck.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n").await;
    assert_eq!(stuck.answer().await.status(), 408);
    slow.send("\"").await;
    assert_eq!(slow.answer().await.body, "\"1234567\"");
}

#[tokio::test]
async fn a_body_that_is_too_long_gets_413_unless_its_route_takes_more() {
    let server = start(Limits { body_bytes_max: 1024, ..Limits::default() }).await;
    let body = format!("\"{}\"", "a".repeat(2000));
    let mut peer = server.connect().await;
    peer.send(&post("/echo", &body)).await;
    assert_eq!(peer.answer().await.problem(), "413 payload_too_large");
    let mut peer = server.connect().await;
    peer.send(&post("/upload", &body)).await;
    assert_eq!(peer.answer().await.body, body);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_refused_once_it_is_too_long() {
    let server = start(Limits { body_bytes_max: 4, ..Limits::default() }).await;
    let mut peer = server.connect().await;
    peer.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n")
        .await;
    peer.send("5\r\n\"abc\"\r\n0\r\n\r\n").await;
    assert_eq!(peer.answer().await.problem(), "413 payload_too_large");
}

#[tokio::test]
async fn while_large_bodies_fill_the_room_another_gets_503_and_a_small_one_is_answered() {
    let server = start(Limits { body_bytes_max: 100_000, bodies_bytes_max: 150_000, ..Limits::default() }).await;
    let large = post("/echo", &format!("\"{}\"", "a".repeat(90_000)));
    let mut first = server.connect().await;
    first.send(&large[..large.len() - 1]).await;
    // The first has most of the room once the server has read it, which nothing tells: the second is sent until then.
    let mut refused = None;
    for _ in 0..1_000 {
        let mut second = server.connect().await;
        second.send(&large).await;
        refused = Some(second.answer().await).filter(|answer| answer.status() != 200);
        if refused.is_some() {
            break;
        }
    }
    let refused = refused.expect("there is no room for both");
    assert_eq!(refused.header("retry-after"), Some("1"));
    assert_eq!(refused.problem(), "503 busy");
    let mut small = server.connect().await;
    small.send(&post("/echo", r#"{"a":1}"#)).await;
    assert_eq!(small.answer().await.body, r#"{"a":1}"#);
    first.send(&large[large.len() - 1..]).await;
    assert_eq!(first.answer().await.status(), 200);
    let mut third = server.connect().await;
    third.send(&large).await;
    assert_eq!(third.answer().await.status(), 200, "an answer gives the room back");
}

#[tokio::test]
async fn who_asks_before_sending_too_much_is_refused_before_sending_it() {
    let server = start(Limits::default()).await;
    let mut peer = server.connect().await;
    peer.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-type: application/json\r\n").await;
    peer.send("expect: 100-continue\r\ncontent-length: 2000000\r\n\r\n").await;
    assert_eq!(peer.answer().await.problem(), "413 payload_too_large");
}

#[tokio::test]
async fn a_refusal_reaches_who_sends_all_of_a_long_body_first() {
    let server = start(Limits::default()).await;
    let mut peer = server.connect().await;
    peer.send(&post("/echo", &"a".repeat(32 << 20))).await;
    assert_eq!(peer.answer().await.problem(), "413 payload_too_large");
    assert_eq!(peer.closed().await, "");
}

#[tokio::test]
async fn who_is_refused_and_goes_on_sending_slowly_is_cut() {
    let server = start(Limits { connections_max: 1, head_time: SOON, ..Limits::default() }).await;
    let mut peer = server.connect().await;
    peer.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2000000\r\n\r\na").await;
    assert_eq!(peer.answer().await.problem(), "415 unsupported_media_type");
    assert_eq!(server.connect().await.get("/").await.status(), 200);
}

#[tokio::test]
async fn who_is_refused_before_all_of_the_body_is_read_is_told_that_the_connection_ends() {
    let server = start(Limits::default()).await;
    let mut peer = server.connect().await;
    peer.send("POST /echo HTTP/1.1\r\nhost: a\r\ncontent-length: 2000000\r\n\r\na").await;
    assert_eq!(peer.answer().await.header("connection"), Some("close"));
    let mut peer = server.connect().await;
    peer.send(&post("/echo", "{")).await;
    assert_eq!(peer.answer().await.header("connection"), None, "a body that was read leaves the connection as it is");
}

#[tokio::test]
async fn a_peer_that_does_not_read_its_answer_is_cut() {
    let limits =
        Limits { head_time: SOON, stall_time: SOON, idle_time: Duration::from_secs(3600), ..Limits::default() };
    let server = start(Limits { connections_max: 1, ..limits }).await;
    let mut deaf = server.connect().await;
    deaf.send("GET /big HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // There is one slot: this is answered only once the deaf peer has lost it.
    assert_eq!(server.connect().await.get("/").await.status(), 200);
}

#[tokio::test]
async fn while_too_much_is_unsent_who_takes_nothing_is_cut_after_a_second() {
    let limits = Limits { stall_time: Duration::from_secs(3600), connections_max: 2, ..Limits::default() };
    let server = start(Limits { unsent_bytes_max: 40 << 20, ..limits }).await;
    let start = Instant::now();
    let mut deaf = server.connect().await;
    deaf.send("GET /big HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut second = server.connect().await;
    second.send("GET /big HTTP/1.1\r\nhost: a\r\n\r\n").await;
    // There are two slots: this is answered only once one of the deaf peers has lost its own.
    assert_eq!(server.connect().await.get("/").await.status(), 200);
    assert!(start.elapsed() >= Duration::from_millis(900), "cut after {:?}", start.elapsed());
}

#[tokio::test]
async fn a_connection_too_many_waits_for_a_slot() {
    let server = start(Limits { connections_max: 1, ..Limits::default() }).await;
    let mut first = server.connect().await;
    first.get("/").await;
    let mut second = server.connect().await;
    second.send("GET / HTTP/1.1\r\nhost: a\r\n\r\n").await;
    let mut waiting = JoinSet::new();
    waiting.spawn(async move { second.answer().await.status() });
    first.get("/").await;
    assert!(waiting.try_join_next().is_none(), "the second was answered while the first held the only slot");
    drop(first);
    assert_eq!(waiting.join_next().await.expect("it was spawned").expect("it ended"), 200);
}

#[tokio::test]
async fn a_panic_costs_its_connection_and_nothing_else() {
    let server = start(Limits::default()).await;
    let mut peer = server.connect().await;
    peer.send("GET /panic HTTP/1.1\r\nhost: a\r\n\r\n").await;
    assert_eq!(peer.closed().await, "");
    assert_eq!(server.connect().await.get("/").await.status(), 200);
    assert_eq!(server.stop().await.expect("it ended"), Drained { cut: 0 });
}

#[tokio::test]
async fn stopping_lets_a_running_request_end_and_closes_idle_connections() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let server = Server::start(router(&begun, &go_on), Limits::default()).await;
    let mut idle = server.connect().await;
    idle.get("/").await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    begun.notified().await;
    let served = server.stop();
    idle.closed().await;
    go_on.notify_one();
    assert_eq!(busy.answer().await.body, "done");
    assert_eq!(served.await.expect("it ended"), Drained { cut: 0 });
}

#[tokio::test]
async fn stopping_cuts_what_does_not_end_in_the_drain_time() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let server = Server::start(router(&begun, &go_on), Limits { drain_time: SOON, ..Limits::default() }).await;
    let mut busy = server.connect().await;
    busy.send("GET /wait HTTP/1.1\r\nhost: a\r\n\r\n").await;
    begun.notified().await;
    assert_eq!(server.stop().await.expect("it ended"), Drained { cut: 1 });
    assert_eq!(busy.closed().await, "");
}
