//! People sign up, in and out, and each sees what is theirs.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Reply, Server, five_off, folder, read, send};

pub const PASSWORD: &str = "correct horse battery";

/// Somebody who may be signed in.
pub struct Person {
    pub access: String,
    pub refresh: String,
    pub id: String,
    pub customer_id: Option<String>,
}

impl Server {
    pub async fn guest(&self, path: &str, body: &Value) -> Reply {
        send(self.bare(Method::POST, path).json(body)).await
    }

    pub async fn sign_in(&self, username: &str, password: &str) -> Reply {
        self.guest("/v1/auth/login", &json!({ "username": username, "password": password })).await
    }

    /// A customer with an account, signed in.
    pub async fn person(&self, username: &str) -> Person {
        let body = json!({ "username": username, "email": format!("{username}@shop.example"), "password": PASSWORD });
        self.guest("/v1/auth/register", &body).await.expect(201);
        self.signed_in(username, PASSWORD).await
    }

    pub async fn signed_in(&self, username: &str, password: &str) -> Person {
        let pair = self.sign_in(username, password).await.expect(200);
        let text = |name: &str| pair[name].as_str().expect("a token").to_owned();
        let (access, refresh) = (text("access_token"), text("refresh_token"));
        let me = self.get_as(&access, "/v1/me").await.expect(200);
        let customer_id = me["customer_id"].as_str().map(str::to_owned);
        Person { access, refresh, id: me["id"].as_str().expect("an id").to_owned(), customer_id }
    }

    pub async fn get_as(&self, token: &str, path: &str) -> Reply {
        send(self.bare(Method::GET, path).bearer_auth(token)).await
    }

    pub async fn post_as(&self, token: &str, path: &str, body: &Value) -> Reply {
        send(self.bare(Method::POST, path).bearer_auth(token).json(body)).await
    }
}

/// Makes an account of staff on the command line.
pub fn staff(data: &std::path::Path, username: &str, role: &str) {
    staff_of(data, "default", username, role);
}

/// Of that tenant.
pub fn staff_of(data: &std::path::Path, tenant: &str, username: &str, role: &str) {
    use std::io::Write as _;
    let mut child = std::process::Command::new(env!("CARGO_BIN_EXE_scrip"))
        .args(["staff", "create", "--tenant", tenant, "--username", username, "--role", role, "--password-stdin"])
        .arg("--data")
        .arg(data)
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("the binary runs");
    writeln!(child.stdin.take().expect("piped"), "{PASSWORD}").expect("it reads");
    assert!(child.wait().expect("it ends").success());
}

/// The token of the latest letter to an address, from the mail folder.
pub async fn letter_token(data: &std::path::Path, to: &str) -> String {
    for _ in 0..200 {
        let mut letters: Vec<_> = std::fs::read_dir(data.join("mail"))
            .map(|files| files.map(|file| file.expect("an entry").path()).collect())
            .unwrap_or_default();
        // One that is being written has another ending.
        letters.retain(|file| file.extension().is_some_and(|ending| ending == "eml"));
        letters.sort();
        let mut texts = letters.iter().rev().map(|file| read(file)).filter(|text| text.contains(to));
        if let Some(token) =
            texts.find_map(|text| Some(text.split_once("#token=")?.1.split_whitespace().next()?.to_owned()))
        {
            return token;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no letter to {to}");
}

#[tokio::test]
async fn gfg_5_a_user_registers_signs_in_changes_the_password_and_lists_own_vouchers_only() {
    let data = folder();
    let server = Server::start(data.path());
    let (ann, ben) = (server.person("ann").await, server.person("ben").await);
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let claim = format!("/v1/coupons/{coupon}/claims");
    let claimed = server.post_as(&ann.access, &claim, &json!({})).await.expect(201);
    let voucher = claimed["voucher"]["id"].as_str().expect("an id");
    assert_eq!(claimed["voucher"]["customer_id"], json!(ann.customer_id));

    let own = server.get_as(&ann.access, "/v1/vouchers").await.expect(200);
    assert_eq!(own["data"].as_array().expect("a list").len(), 1);
    assert_eq!(server.get_as(&ben.access, "/v1/vouchers").await.expect(200)["data"], json!([]));
    let of_ann = format!("/v1/vouchers?customer_id={}", ann.customer_id.as_deref().expect("a customer"));
    assert_eq!(server.get_as(&ben.access, &of_ann).await.refused(404), "customer_not_found");
    let one = format!("/v1/vouchers/{voucher}");
    assert_eq!(server.get_as(&ben.access, &one).await.refused(404), "voucher_not_found");
    server.get_as(&ann.access, &one).await.expect(200);

    let change = json!({ "old": PASSWORD, "new": "an even better one" });
    server.post_as(&ann.access, "/v1/auth/password", &change).await.expect(204);
    assert_eq!(server.get_as(&ann.access, "/v1/me").await.refused(401), "unauthorized", "every session has ended");
    assert_eq!(server.sign_in("ann", PASSWORD).await.refused(401), "sign_in_failed");
    server.signed_in("Ann", "an even better one").await;
}

#[tokio::test]
async fn gfg_5_a_forgotten_password_is_replaced_once_by_a_letter_and_nobody_learns_which_addresses_exist() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.person("ann").await;
    let token = letter_token(data.path(), "ann@shop.example").await;
    let ben = server.person("ben").await;
    let verify = json!({ "token": token });
    let stolen = server.post_as(&ben.access, "/v1/auth/verify", &verify).await;
    assert_eq!(stolen.body["errors"][0]["code"], "token_unknown", "a proof is for the account that asked for it");
    server.post_as(&ann.access, "/v1/auth/verification", &json!({})).await.expect(202);
    let token = letter_token_other_than(data.path(), "ann@shop.example", &token).await;
    server.post_as(&ann.access, "/v1/auth/verify", &json!({ "token": token })).await.expect(204);

    for email in ["ann@shop.example", "nobody@shop.example"] {
        server.guest("/v1/auth/recover", &json!({ "email": email })).await.expect(202);
    }
    let reset = letter_token_other_than(data.path(), "ann@shop.example", &token).await;
    let body = json!({ "token": reset, "password": "a third one, long enough" });
    server.guest("/v1/auth/reset", &body).await.expect(204);
    assert_eq!(server.guest("/v1/auth/reset", &body).await.body["errors"][0]["code"], "token_unknown");
    server.signed_in("ann@shop.example", "a third one, long enough").await;
}

async fn letter_token_other_than(data: &std::path::Path, to: &str, other: &str) -> String {
    for _ in 0..100 {
        let token = letter_token(data, to).await;
        if token != other {
            return token;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no further letter to {to}");
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_second_use_ends_the_session() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.person("ann").await;
    let renew = |token: &str| json!({ "refresh_token": token });
    let pair = server.guest("/v1/auth/refresh", &renew(&ann.refresh)).await.expect(200);
    let (access, refresh) = (pair["access_token"].as_str().unwrap(), pair["refresh_token"].as_str().unwrap());
    server.get_as(access, "/v1/me").await.expect(200);
    assert_eq!(server.guest("/v1/auth/refresh", &renew(&ann.refresh)).await.refused(401), "unauthorized");
    assert_eq!(server.get_as(access, "/v1/me").await.refused(401), "unauthorized", "the session has ended");
    assert_eq!(server.guest("/v1/auth/refresh", &renew(refresh)).await.refused(401), "unauthorized");

    let again = server.signed_in("ann", PASSWORD).await;
    server.post_as(&again.access, "/v1/auth/logout", &json!({})).await.expect(204);
    assert_eq!(server.get_as(&again.access, "/v1/me").await.refused(401), "unauthorized");
}

#[tokio::test]
async fn what_is_wrong_with_a_registration_is_named_and_a_taken_name_is_a_conflict() {
    let data = folder();
    let server = Server::start(data.path());
    server.person("ann").await;
    let good = json!({ "username": "ben", "email": "ben@shop.example", "password": PASSWORD });
    for (field, value) in [
        ("username", json!("b")),
        ("username", json!("ben@shop")),
        ("email", json!("ben")),
        ("password", json!("short")),
        ("password", json!("password123")),
        ("birth_date", json!("1990-02-30")),
        ("language", json!("tlh")),
        ("first_name", json!("")),
        ("role", json!("admin")),
    ] {
        let mut body = good.clone();
        body[field] = value;
        let reply = server.guest("/v1/auth/register", &body).await;
        assert_eq!(reply.body["errors"][0]["pointer"], format!("/{field}"), "{:#}", reply.body);
        reply.expect(422);
    }
    let taken = json!({ "username": "ANN", "email": "other@shop.example", "password": PASSWORD });
    assert_eq!(server.guest("/v1/auth/register", &taken).await.refused(409), "username_taken");
    // An address that others named tells nothing.
    let same = json!({ "username": "carl", "email": "ann@shop.example", "password": PASSWORD });
    server.guest("/v1/auth/register", &same).await.expect(201);
}

#[tokio::test]
async fn staff_signs_in_with_its_role_and_the_last_administrator_stays() {
    let data = folder();
    let server = Server::start(data.path());
    staff(data.path(), "root", "admin");
    staff(data.path(), "olga", "operator");
    let (root, olga) = (server.signed_in("root", PASSWORD).await, server.signed_in("olga", PASSWORD).await);
    server.post_as(&olga.access, "/v1/coupons", &five_off(&json!([]))).await.expect(201);
    assert_eq!(server.get_as(&olga.access, "/v1/accounts").await.refused(403), "forbidden");
    let listed = server.get_as(&root.access, "/v1/accounts").await.expect(200);
    assert_eq!(listed["data"].as_array().expect("a list").len(), 2);

    let patch = |id: &str, body: Value| {
        send(server.bare(Method::PATCH, &format!("/v1/accounts/{id}")).bearer_auth(&root.access).json(&body))
    };
    assert_eq!(patch(&root.id, json!({ "active": false })).await.refused(409), "last_admin");
    patch(&olga.id, json!({ "role": "analyst" })).await.expect(200);
    assert_eq!(server.get_as(&olga.access, "/v1/me").await.refused(401), "unauthorized", "signs in again");
    let olga = server.signed_in("olga", PASSWORD).await;
    assert_eq!(server.post_as(&olga.access, "/v1/coupons", &five_off(&json!([]))).await.refused(403), "forbidden");
    patch(&olga.id, json!({ "active": false })).await.expect(200);
    assert_eq!(server.sign_in("olga", PASSWORD).await.refused(401), "sign_in_failed");
}

#[tokio::test]
async fn al_1_one_call_shows_a_wallet_with_counts_that_equal_its_vouchers() {
    let data = folder();
    let server = Server::start(data.path());
    let ann = server.person("ann").await;
    let five = server.coupon(&five_off(&json!([]))).await;
    let ten = json!({ "name": "Ten", "benefit": { "type": "percent_off", "rate_bp": 1000 } });
    let ten = server.coupon(&ten).await;
    for coupon in [&five, &five, &ten] {
        server.post_as(&ann.access, &format!("/v1/coupons/{coupon}/claims"), &json!({})).await.expect(201);
    }
    let wallet = server.get_as(&ann.access, "/v1/wallet").await.expect(200);
    assert_eq!(wallet["totals"]["usable"], 3);
    assert_eq!(wallet["data"].as_array().expect("a list").len(), 3);
    assert_eq!(wallet["kinds"][0]["kind"], "amount_off");
    assert_eq!(wallet["kinds"][0]["usable"], 2);
    server.post(&format!("/v1/coupons/{ten}/pause"), &json!({})).await.expect(200);
    let id = ann.customer_id.as_deref().expect("a customer");
    let seen = server.get(&format!("/v1/customers/{id}/wallet")).await.expect(200);
    let last = &seen["data"][2];
    assert_eq!((&last["kind"], &last["not_usable"]["code"]), (&json!("percent_off"), &json!("coupon_paused")));
}

#[tokio::test]
async fn links_of_letters_lead_to_pages_that_load_nothing_from_elsewhere() {
    let data = folder();
    let server = Server::start(data.path());
    for path in ["/set-up", "/verify", "/reset", "/sign-in", "/links/page.js", "/links/page.css"] {
        let answer = send(server.bare(Method::GET, path)).await;
        assert_eq!(answer.status, 200, "{path}");
        let policy = answer.header("content-security-policy").expect("a policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'"), "{path}: {policy}");
        let text = answer.body.as_str().expect("text");
        assert!(!text.contains("http://") && !text.contains("https://"), "{path}");
    }
}
