//! Kill -9 under load: what was acknowledged is there, once, and nothing else is broken.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::scrip::{Server, five_off, folder, said, try_send};

/// Set by `make prove` to more.
#[expect(clippy::disallowed_methods, reason = "how long to try is said from outside")]
fn number(variable: &str, default: usize) -> usize {
    std::env::var(variable).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// What was acknowledged: by idempotency key, the voucher.
type Acknowledged = Arc<Mutex<Vec<(String, Value)>>>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[expect(clippy::print_stdout, reason = "what was tried is reported to a person")]
async fn tx_5_after_kill_9_under_load_every_acknowledged_claim_has_its_voucher_exactly_once() {
    let (kills, acknowledgements) = (number("SCRIP_KILLS", 5), number("SCRIP_ACKNOWLEDGEMENTS", 150));
    let data = folder();
    let mut server = Server::start(data.path());
    let key = server.key().to_owned();
    let customers = customers(&server, 50).await;
    let stock = kills * acknowledgements * 4;
    let limits = json!([{ "counts": "claims", "per": "everyone", "period": "ever", "max": stock }]);
    let coupon = server.coupon(&five_off(&limits)).await;
    let all: Acknowledged = Arc::default();
    let mut in_flight_kills = 0;
    for round in 0..kills {
        let in_flight = claim_until_killed(&mut server, (round, acknowledgements), &coupon, (&customers, &all)).await;
        in_flight_kills += usize::from(in_flight > 0);
        server = Server::start_again(data.path(), &key);
        verify(&server, &all.lock().await, round).await;
    }
    let acknowledged = all.lock().await.len();
    println!("{kills} kills, {in_flight_kills} with requests in flight, {acknowledged} acknowledged, none lost");
    assert!(in_flight_kills * 5 >= kills * 4, "kills must meet requests in flight: {in_flight_kills} of {kills}");
    let codes: HashSet<String> = all.lock().await.iter().map(|(_, voucher)| voucher["code"].to_string()).collect();
    assert_eq!(codes.len(), acknowledged, "no code twice");
    let figures = server.get(&format!("/v1/coupons/{coupon}/statistics")).await.expect(200);
    assert!(figures["issued"].as_u64().unwrap() >= acknowledged as u64);
    said(data.path(), &["check"]);
}

async fn customers(server: &Server, count: usize) -> Vec<String> {
    let mut customers = Vec::new();
    for place in 0..count {
        customers.push(server.customer(&format!("c{place}")).await);
    }
    customers
}

/// Claims from many tasks, kills the server when enough is acknowledged. Returns how many requests were in flight then.
async fn claim_until_killed(
    server: &mut Server,
    (round, wanted): (usize, usize),
    coupon: &str,
    (customers, all): (&[String], &Acknowledged),
) -> usize {
    let (done, in_flight) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let before = all.lock().await.len();
    let tasks: Vec<_> = (0..16)
        .map(|task| {
            let (done, in_flight, all) = (Arc::clone(&done), Arc::clone(&in_flight), Arc::clone(all));
            let path = format!("/v1/coupons/{coupon}/claims");
            let request = server.request(Method::POST, &path);
            let customers = customers.to_vec();
            tokio::spawn(async move {
                for turn in 0.. {
                    if done.load(Ordering::SeqCst) {
                        break;
                    }
                    let key = format!("{round}-{task}-{turn}");
                    let body = json!({ "customer_id": customers[(task * 7 + turn) % customers.len()] });
                    let request = request.try_clone().expect("no stream").header("idempotency-key", &key).json(&body);
                    in_flight.fetch_add(1, Ordering::SeqCst);
                    let answer = try_send(request).await;
                    in_flight.fetch_sub(1, Ordering::SeqCst);
                    let Ok(answer) = answer else { break };
                    assert!(answer.status.is_success() || answer.status == 503, "{}", answer.status);
                    if answer.status == 201 {
                        all.lock().await.push((key, answer.body["voucher"].clone()));
                    }
                }
            })
        })
        .collect();
    while all.lock().await.len() < before + wanted {
        tokio::task::yield_now().await;
    }
    let caught = in_flight.load(Ordering::SeqCst);
    server.kill();
    done.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.expect("a task ends");
    }
    caught
}

/// Every acknowledged voucher is there; a retry with its key gives the same again. Only this round's are looked at, and
/// a sample of those before.
async fn verify(server: &Server, acknowledged: &[(String, Value)], round: usize) {
    let mine = format!("{round}-");
    for (place, (key, voucher)) in acknowledged.iter().enumerate() {
        if !key.starts_with(&mine) && place % 50 != 0 {
            continue;
        }
        let id = voucher["id"].as_str().unwrap();
        let found = server.get(&format!("/v1/vouchers/{id}")).await.expect(200);
        assert_eq!(found["code"], voucher["code"]);
        if place % 10 == 0 {
            let path = format!("/v1/coupons/{}/claims", voucher["coupon_id"].as_str().unwrap());
            let again = server.request(Method::POST, &path).header("idempotency-key", key);
            let again = crate::scrip::send(again.json(&json!({ "customer_id": voucher["customer_id"] }))).await;
            assert_eq!(again.header("idempotency-replayed"), Some("true"), "{key}");
            assert_eq!(again.expect(201)["voucher"]["id"], voucher["id"]);
        }
    }
}
