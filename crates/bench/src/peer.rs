//! What Scrip is compared with: the HTTP stack it has (axum on hyper, each answer and body of like size), doing nothing,
//! or doing what a flash sale is often built of: one Redis script that looks at the stock and at the customer's count,
//! takes one, and appends to a stream; it knows no definitions, no codes, no windows and no keys of idempotency. Or reading
//! and writing the JSON of a long quote.

mod quotes;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use http::{StatusCode, header};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use redis::Script;
use redis::aio::MultiplexedConnection;
use serde::Deserialize;
use tokio::net::{TcpListener, TcpStream};
use tower::ServiceExt as _;

/// More than the longest quote.
const LONG_ECHO_BYTES_MAX: usize = 1 << 20;

/// Stock, the customers' counts and the stream; the customer and how many one may have.
const CLAIM: &str = "
    local stock = tonumber(redis.call('get', KEYS[1]) or '0')
    if stock < 1 then return -1 end
    local had = tonumber(redis.call('hget', KEYS[2], ARGV[1]) or '0')
    if had >= tonumber(ARGV[2]) then return -2 end
    redis.call('decr', KEYS[1])
    redis.call('hincrby', KEYS[2], ARGV[1], 1)
    redis.call('xadd', KEYS[3], '*', 'customer', ARGV[1])
    return stock
";

/// As many as a customer of the measured coupon may have.
const PER_CUSTOMER: u32 = 1;

#[derive(Clone)]
struct App {
    claim: Arc<Script>,
    redis: Arc<[MultiplexedConnection]>,
    turn: Arc<AtomicUsize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Claim {
    customer_id: String,
}

/// Serves until it is ended.
#[tokio::main]
pub async fn serve(redis: Option<&str>, connections: usize) -> anyhow::Result<ExitCode> {
    let mut open = Vec::new();
    if let Some(url) = redis {
        let client = redis::Client::open(url)?;
        for _ in 0..connections {
            open.push(client.get_multiplexed_async_connection().await?);
        }
    }
    let app = App { claim: Arc::new(Script::new(CLAIM)), redis: open.into(), turn: Arc::default() };
    let router = Router::new()
        .route("/echo/{id}", post(echo))
        .route("/long_echo/{bytes}", post(long_echo))
        .route("/json_quotes", post(quotes::json_quote))
        .route("/claims/{id}", post(claim))
        .route("/stock/{id}", post(stock))
        .with_state(app);
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (stream, _) = listener.accept().await?;
        tokio::spawn(connection(stream, router.clone()));
    }
}

async fn connection(stream: TcpStream, router: Router) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request| router.clone().oneshot(request));
    // A connection that breaks is the load generator's to notice.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}

async fn echo(Path(id): Path<String>, body: axum::body::Bytes) -> Response {
    match serde_json::from_slice::<Claim>(&body) {
        Ok(claim) => claimed(&id, &claim.customer_id, 0),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
    }
}

/// Takes a body of any size, and answers one of the size that is asked for.
async fn long_echo(Path(bytes): Path<usize>, _: axum::body::Bytes) -> Vec<u8> {
    vec![b' '; bytes.min(LONG_ECHO_BYTES_MAX)]
}

async fn claim(State(app): State<App>, Path(id): Path<String>, body: axum::body::Bytes) -> Response {
    let claim = match serde_json::from_slice::<Claim>(&body) {
        Ok(claim) => claim,
        Err(error) => return (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
    };
    let turn = app.turn.fetch_add(1, Ordering::Relaxed) % app.redis.len();
    let mut connection = app.redis[turn].clone();
    let mut script = app.claim.key(format!("stock:{id}"));
    script.key(format!("customers:{id}")).key(format!("claims:{id}")).arg(&claim.customer_id).arg(PER_CUSTOMER);
    match script.invoke_async::<i64>(&mut connection).await {
        Ok(left @ 1..) => claimed(&id, &claim.customer_id, left),
        Ok(-1) => (StatusCode::CONFLICT, "sold out").into_response(),
        Ok(_) => (StatusCode::CONFLICT, "had one").into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

async fn stock(State(app): State<App>, Path(id): Path<String>, body: String) -> Response {
    let mut connection = app.redis[0].clone();
    let set = redis::cmd("set").arg(format!("stock:{id}")).arg(body).exec_async(&mut connection).await;
    match set {
        Ok(()) => StatusCode::OK.into_response(),
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response(),
    }
}

/// An answer of the size of Scrip's.
fn claimed(coupon: &str, customer: &str, ordinal: i64) -> Response {
    let body = serde_json::json!({ "voucher": {
        "id": format!("vch_{ordinal:016}"),
        "code": format!("{ordinal:016}"),
        "code_hidden": null,
        "coupon_id": coupon,
        "customer_id": customer,
        "state": "issued",
        "kind": "row",
        "made_at": "2026-01-01T00:00:00.000Z",
        "valid_from": null,
        "valid_until": null,
        "held_until": null,
        "redemption_id": null,
        "version": 1,
    }});
    (StatusCode::CREATED, [(header::CONTENT_TYPE, "application/json")], body.to_string()).into_response()
}
