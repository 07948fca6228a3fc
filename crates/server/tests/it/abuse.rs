//! Who is kept out, who comes too often, and who guesses.

use std::path::Path;

use domain::time::Timestamp;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};

use crate::accounts::PASSWORD;
use crate::scrip::{Reply, Server, five_off, folder, order, said, send, write};

const EVE_AT: &str = "203.0.113.7";
const ANN_AT: &str = "198.51.100.7";

/// A server behind a proxy that the tests play.
fn behind_proxy(data: &Path, settings: &str) -> Server {
    let settings = format!("[proxies]\ntrusted = [\"127.0.0.1\"]\n{settings}");
    let file = write(data, "settings.toml", &settings);
    Server::start_with(data, &["--config", file.to_str().expect("text"), "--test-clock"])
}

fn from(request: RequestBuilder, address: &str) -> RequestBuilder {
    request.header("x-forwarded-for", address)
}

impl Server {
    async fn block(&self, target: &Value) -> Value {
        let mut body = json!({ "reason": "fraud", "note": "chargebacks" });
        body.as_object_mut().expect("it is one").extend(target.as_object().expect("it is one").clone());
        self.post("/v1/blocks", &body).await.expect(201)
    }

    async fn unblock(&self, block: &Value) -> Value {
        let path = format!("/v1/blocks/{}", block["id"].as_str().expect("an id"));
        send(self.request(Method::DELETE, &path)).await.expect(200)
    }

    async fn quote(&self, codes: &[String]) -> Reply {
        self.post("/v1/quotes", &json!({ "codes": codes, "order": order("o", 2_000) })).await
    }
}

#[track_caller]
fn check_blocked(reply: Reply) {
    assert_eq!(reply.body["reason"], "fraud", "{:#}", reply.body);
    assert!(!reply.body.to_string().contains("chargebacks"), "the note is for staff");
    assert_eq!(reply.refused(403), "blocked");
}

#[tokio::test]
async fn jc_7_an_abusive_client_is_blocked_and_refused_and_can_be_unlisted() {
    let data = folder();
    let mut server = behind_proxy(data.path(), "");
    let (eve, ann) = (server.customer("eve").await, server.customer("ann").await);
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let path = format!("/v1/coupons/{coupon}/claims");
    let claim = async |server: &Server, customer: &str| server.post(&path, &json!({ "customer_id": customer })).await;
    let voucher = claim(&server, &eve).await.expect(201);
    let code = voucher["voucher"]["code"].as_str().expect("a code").to_owned();
    let block = server.block(&json!({ "customer_id": eve })).await;
    assert_eq!((&block["state"], &block["customer_id"]), (&json!("standing"), &json!(eve)));

    check_blocked(claim(&server, &eve).await);
    let redeem =
        |customer: Option<&str>| json!({ "codes": [code], "order": order("o1", 2_000), "customer_id": customer });
    check_blocked(server.post("/v1/redemptions", &redeem(Some(&eve))).await);
    check_blocked(server.post("/v1/redemptions", &redeem(None)).await);
    check_blocked(server.post("/v1/quotes", &redeem(Some(&eve))).await);
    claim(&server, &ann).await.expect(201);
    server.get(&format!("/v1/vouchers?customer_id={eve}")).await.expect(200);

    // It is on disk when it is answered.
    server.kill();
    let key = server.key().to_owned();
    let file = data.path().join("settings.toml");
    let options = ["--config", file.to_str().expect("text"), "--test-clock"];
    let server = Server::start_again_with(data.path(), &key, &options);
    check_blocked(claim(&server, &eve).await);
    let listed = server.get("/v1/blocks?state=standing").await.expect(200);
    assert_eq!(listed["data"][0], block);
    assert_eq!(server.unblock(&block).await["state"], "removed");
    claim(&server, &eve).await.expect(201);
    server.post("/v1/redemptions", &redeem(None)).await.expect(201);
    assert_eq!(server.get("/v1/blocks?state=standing").await.expect(200)["data"], json!([]));
}

#[tokio::test]
async fn a_blocked_key_and_a_blocked_address_are_refused_every_call_until_the_end() {
    let data = folder();
    let server = behind_proxy(data.path(), "");
    let other = said(data.path(), &["key", "create", "--name", "other"]);
    let other = other.lines().last().expect("the key").to_owned();
    let listed = said(data.path(), &["key", "list"]);
    let id = listed.lines().find(|line| line.contains("  other  ")).and_then(|line| line.split(' ').next());
    let ask = |key: &str, address: &str| send(from(server.bare(Method::GET, "/v1/coupons").bearer_auth(key), address));
    ask(&other, EVE_AT).await.expect(200);
    let block = server.block(&json!({ "key_id": id })).await;
    check_blocked(ask(&other, EVE_AT).await);
    server.unblock(&block).await;
    ask(&other, EVE_AT).await.expect(200);

    let now = server.get("/v1/test-clock").await.expect(200)["now"].clone();
    let now: Timestamp = now.as_str().and_then(|now| now.parse().ok()).expect("a time");
    let until = now.saturating_add_ms(3_600_000).to_string();
    server.block(&json!({ "addresses": "203.0.113.0/24", "until": until })).await;
    check_blocked(ask(&other, EVE_AT).await);
    check_blocked(ask(server.key(), EVE_AT).await);
    check_blocked(send(from(server.bare(Method::GET, "/docs"), EVE_AT)).await);
    ask(&other, ANN_AT).await.expect(200);
    send(from(server.bare(Method::GET, "/healthz"), EVE_AT)).await.expect(200);
    server.post("/v1/test-clock", &json!({ "advance": "PT1H" })).await.expect(200);
    ask(&other, EVE_AT).await.expect(200);
}

#[tokio::test]
async fn what_cannot_be_blocked_is_named_and_nobody_is_blocked() {
    let data = folder();
    let server = behind_proxy(data.path(), "");
    let ann = server.customer("ann").await;
    let listed = said(data.path(), &["key", "list"]);
    let own = listed.split(' ').next().expect("an id");
    for (field, value, pointer) in [
        ("customer_id", json!("cus_0198f0c2a5b47d10a1f2c3d4e5f60718"), "/customer_id"),
        ("key_id", json!("key_0198f0c2a5b47d10a1f2c3d4e5f60718"), "/key_id"),
        ("key_id", json!(own), "/key_id"),
        ("addresses", json!("203.0.113"), "/addresses"),
        ("addresses", json!("0.0.0.0/0"), "/addresses"),
        ("addresses", json!("127.0.0.0/8"), "/addresses"),
        ("reason", json!("dislike"), "/reason"),
        ("until", json!("2001-01-01T00:00:00Z"), "/until"),
        ("note", json!("x".repeat(501)), "/note"),
        ("colour", json!("red"), "/colour"),
    ] {
        let mut body = json!({ "reason": "abuse" });
        if !["customer_id", "key_id", "addresses"].contains(&field) {
            body["customer_id"] = json!(ann);
        }
        body[field] = value;
        let answer = server.post("/v1/blocks", &body).await.expect(422);
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{body} {answer:#}");
    }
    server.post("/v1/blocks", &json!({ "reason": "abuse" })).await.expect(422);
    let both = json!({ "reason": "abuse", "customer_id": ann, "addresses": "203.0.113.7" });
    server.post("/v1/blocks", &both).await.expect(422);
    assert_eq!(server.get("/v1/blocks").await.expect(200)["data"], json!([]));
    let block = server.block(&json!({ "customer_id": ann })).await;
    let again = server.post("/v1/blocks", &json!({ "reason": "abuse", "customer_id": ann })).await;
    assert!(again.body["detail"].as_str().expect("a text").contains(block["id"].as_str().expect("an id")));
    assert_eq!(again.refused(409), "already_blocked");
    for id in ["ban_0198f0c2a5b47d10a1f2c3d4e5f60718", "blk_0198f0c2a5b47d10a1f2c3d4e5f60718", "x"] {
        assert_eq!(server.get(&format!("/v1/blocks/{id}")).await.refused(404), "block_not_found");
    }
}

#[tokio::test]
async fn a_stranger_who_asks_too_often_is_answered_429_and_others_behind_the_same_proxy_are_not() {
    let data = folder();
    let server = behind_proxy(data.path(), "[rates]\naddress_per_s = 1\naddress_burst = 3\n");
    let ask = |address: &'static str| send(from(server.bare(Method::GET, "/v1/coupons"), address));
    for _ in 0..3 {
        ask(EVE_AT).await.expect(401);
    }
    let late = ask(EVE_AT).await;
    assert_eq!(late.header("retry-after"), Some("1"));
    assert_eq!(late.refused(429), "rate_limited");
    assert_eq!(send(from(server.bare(Method::GET, "/v1/coupons").bearer_auth("scrip_no"), EVE_AT)).await.status, 429);
    ask(ANN_AT).await.expect(401);
    // Who shows a key is counted by it, wherever the call comes from.
    send(from(server.request(Method::GET, "/v1/coupons"), EVE_AT)).await.expect(200);
    for path in ["/healthz", "/readyz", "/metrics"] {
        send(from(server.bare(Method::GET, path), EVE_AT)).await.expect(200);
    }
    server.post("/v1/test-clock", &json!({ "advance": "PT1S" })).await.expect(200);
    ask(EVE_AT).await.expect(401);
}

#[tokio::test]
async fn what_a_stranger_says_of_where_he_is_is_not_believed() {
    let data = folder();
    let file = write(data.path(), "settings.toml", "[rates]\naddress_per_s = 1\naddress_burst = 3\n");
    let server = Server::start_with(data.path(), &["--config", file.to_str().expect("text"), "--test-clock"]);
    let ask = |address: String| send(from(server.bare(Method::GET, "/v1/coupons"), &address));
    for last in 0..3 {
        ask(format!("203.0.113.{last}")).await.expect(401);
    }
    assert_eq!(ask("203.0.113.9".to_owned()).await.refused(429), "rate_limited");
}

#[tokio::test]
async fn vv_6_who_guesses_is_answered_429_and_exported_codes_redeem_once() {
    let data = folder();
    let server = behind_proxy(data.path(), "[guesses]\nkey_per_hour = 100\n");
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let made = server.post(&format!("/v1/coupons/{coupon}/vouchers"), &json!({ "count": 3 })).await.expect(201);
    let block = made["block"]["id"].as_str().expect("an id");
    let codes = said(data.path(), &["codes", "export", "--block", block]);
    let codes: Vec<String> = codes.lines().map(str::to_owned).collect();
    let redeem =
        |code: &str| json!({ "codes": [code], "order": { "currency": "EUR", "lines": order("", 2_000)["lines"] } });
    server.post("/v1/redemptions", &redeem(&codes[0])).await.expect(201);
    assert_eq!(server.post("/v1/redemptions", &redeem(&codes[0])).await.refused(409), "voucher_redeemed");

    let mut looked_up = 0;
    let refused = loop {
        assert!(looked_up <= 120, "{looked_up} were looked up");
        let guesses: Vec<String> = (looked_up..looked_up + 20).map(|number| format!("GUESS{number:011}")).collect();
        let answer = server.quote(&guesses).await;
        if answer.status != 200 {
            break answer;
        }
        let unknown = answer.body["refused"].as_array().expect("a list").iter();
        assert_eq!(unknown.filter(|refused| refused["rejection"] == "code_unknown").count(), 20);
        looked_up += 20;
    };
    assert_eq!(looked_up, 100);
    assert!(refused.header("retry-after").is_some());
    assert_eq!(refused.refused(429), "too_many_guesses");
    // A right code is not told from a wrong one, and neither is an id.
    assert_eq!(server.post("/v1/redemptions", &redeem(&codes[1])).await.refused(429), "too_many_guesses");
    assert_eq!(server.get("/v1/vouchers/vch_0000000000000000").await.refused(429), "too_many_guesses");
    server.quote(&[]).await.expect(200);
    // The code is not locked: whoever did not guess redeems it.
    let other = said(data.path(), &["key", "create", "--name", "other"]);
    let other = server.bare(Method::POST, "/v1/redemptions").bearer_auth(other.lines().last().expect("the key"));
    send(other.json(&redeem(&codes[1]))).await.expect(201);
    server.post("/v1/test-clock", &json!({ "advance": "PT1H" })).await.expect(200);
    server.post("/v1/redemptions", &redeem(&codes[2])).await.expect(201);
}

#[tokio::test]
async fn a_typo_counts_less_than_a_guess_and_says_so() {
    let data = folder();
    let server = behind_proxy(data.path(), "[guesses]\nkey_per_hour = 5\n");
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let made = server.post(&format!("/v1/coupons/{coupon}/vouchers"), &json!({ "count": 1 })).await.expect(201);
    let code = made["data"][0]["code"].as_str().expect("a code").to_owned();
    let last = if code.ends_with('2') { '3' } else { '2' };
    let typo = format!("{}{last}", &code[..code.len() - 1]);
    for _ in 0..17 {
        let quote = server.quote(std::slice::from_ref(&typo)).await.expect(200);
        assert_eq!(quote["refused"][0]["detail"], "this is not a code; it looks mistyped");
    }
    assert_eq!(server.quote(&[typo]).await.refused(429), "too_many_guesses");
}

#[tokio::test]
async fn while_the_tenants_budget_is_used_up_who_has_not_failed_is_heard() {
    let data = folder();
    let server = behind_proxy(data.path(), "[guesses]\nkey_per_hour = 100\ntenant_per_hour = 3\n");
    let other = said(data.path(), &["key", "create", "--name", "other"]);
    let other = other.lines().last().expect("the key").to_owned();
    for number in 0..3 {
        server.get(&format!("/v1/vouchers/vch_000000000000000{number}")).await.expect(404);
    }
    let show = |key: &str| send(server.bare(Method::GET, "/v1/vouchers/vch_0000000000000000").bearer_auth(key));
    assert_eq!(show(server.key()).await.refused(429), "too_many_guesses");
    assert_eq!(show(&other).await.refused(404), "voucher_not_found");
    assert_eq!(show(&other).await.refused(429), "too_many_guesses", "one guess is all");
}

#[tokio::test]
async fn who_guesses_passwords_addresses_or_links_is_answered_429_and_others_sign_in() {
    let data = folder();
    let server = behind_proxy(data.path(), "[guesses]\naddress_per_hour = 3\n");
    server.person("ann").await;
    let ask = |path: &str, address: &str, body: &Value| send(from(server.bare(Method::POST, path), address).json(body));
    let login = |password: &str| json!({ "username": "ann", "password": password });
    for _ in 0..3 {
        assert_eq!(ask("/v1/auth/login", EVE_AT, &login("a wrong one")).await.refused(401), "sign_in_failed");
    }
    assert_eq!(ask("/v1/auth/login", EVE_AT, &login(PASSWORD)).await.refused(429), "too_many_guesses");
    ask("/v1/auth/login", ANN_AT, &login(PASSWORD)).await.expect(200);
    server.post("/v1/test-clock", &json!({ "advance": "PT1H" })).await.expect(200);
    ask("/v1/auth/login", EVE_AT, &login(PASSWORD)).await.expect(200);

    let link = json!({ "token": "made up", "password": "a long enough one" });
    for path in ["/v1/auth/reset", "/v1/auth/setup"] {
        assert_eq!(ask(path, EVE_AT, &link).await.body["errors"][0]["code"], "token_unknown");
    }
    // Each counts, so that the count does not tell which addresses are somebody's.
    ask("/v1/auth/recover", EVE_AT, &json!({ "email": "ann@shop.example" })).await.expect(202);
    for path in ["/v1/auth/reset", "/v1/auth/setup"] {
        assert_eq!(ask(path, EVE_AT, &link).await.refused(429), "too_many_guesses");
    }
    let nobody = json!({ "email": "nobody@shop.example" });
    assert_eq!(ask("/v1/auth/recover", EVE_AT, &nobody).await.refused(429), "too_many_guesses");
}
