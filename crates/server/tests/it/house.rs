//! Two tenants for the walk, each with everybody and everything in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::accounts::{PASSWORD, staff_of};
use crate::scrip::{Reply, Server, five_off, order, said, send};

const STAFF: [&str; 4] = ["admin", "operator", "merchant", "analyst"];
const SCOPES: [&str; 8] =
    ["read", "definitions", "vouchers", "claims", "redemptions", "customers", "test_data", "admin"];
const CUSTOMER: usize = 4;

/// Ids by the part of a path that they follow.
pub type Things = BTreeMap<&'static str, String>;

pub fn id_of(body: &Value) -> String {
    body["id"].as_str().unwrap_or_else(|| panic!("no id in {body:#}")).to_owned()
}

/// Somebody with a token.
pub struct Asker {
    /// The role or the scope.
    pub name: String,
    pub token: String,
    /// The place among the roles; none for a key.
    pub role: Option<usize>,
}

/// A tenant with everybody and everything in it.
pub struct House {
    /// Stands in every name in it.
    pub mark: &'static str,
    pub askers: Vec<Asker>,
    /// May all.
    pub key: String,
    pub mine: Things,
    pub anothers: Things,
}

impl House {
    pub async fn open(server: &Server, data: &Path, tenant: &str, host: &str, mark: &'static str) -> Self {
        let make_key = |name: &str, scopes: &[&str]| {
            let name = format!("{mark}-{name}");
            let mut command = vec!["key", "create", "--tenant", tenant, "--name", &name];
            scopes.iter().for_each(|scope| command.extend(["--scope", scope]));
            said(data, &command).lines().last().expect("the key").to_owned()
        };
        let key = make_key("all", &SCOPES);
        let mut askers = Vec::new();
        for (place, role) in STAFF.into_iter().enumerate() {
            let username = format!("{mark}-{role}");
            staff_of(data, tenant, &username, role);
            let token = sign_in(server, host, &username).await;
            askers.push(Asker { name: role.to_owned(), token, role: Some(place) });
        }
        let (token, customer) = register(server, host, &format!("{mark}-cara")).await;
        askers.push(Asker { name: "customer".to_owned(), token, role: Some(CUSTOMER) });
        askers.extend(SCOPES.map(|scope| Asker {
            name: scope.to_owned(),
            token: make_key(scope, &[scope]),
            role: None,
        }));
        let (_, another) = register(server, host, &format!("{mark}-dora")).await;
        let mine = things(server, &key, &customer, mark).await;
        let anothers = things(server, &key, &another, mark).await;
        Self { mark, askers, key, mine, anothers }
    }

    /// Whether an answer says nothing of this tenant.
    pub fn is_hidden_in(&self, reply: &Reply) -> bool {
        let said = reply.body.to_string();
        let ids = self.mine.values().chain(self.anothers.values());
        !said.contains(self.mark) && !ids.into_iter().any(|id| said.contains(id))
    }
}

async fn guest(server: &Server, host: &str, path: &str, body: &Value) -> Reply {
    send(server.bare(Method::POST, path).header(header::HOST, host).json(body)).await
}

async fn sign_in(server: &Server, host: &str, username: &str) -> String {
    let body = json!({ "username": username, "password": PASSWORD });
    let pair = guest(server, host, "/v1/auth/login", &body).await.expect(200);
    pair["access_token"].as_str().expect("a token").to_owned()
}

async fn register(server: &Server, host: &str, username: &str) -> (String, String) {
    let body = json!({ "username": username, "email": format!("{username}@shop.example"), "password": PASSWORD });
    let account = guest(server, host, "/v1/auth/register", &body).await.expect(201);
    (sign_in(server, host, username).await, account["customer_id"].as_str().expect("a customer").to_owned())
}

/// Never the same twice.
fn fresh_number() -> u32 {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// One of everything that a path names.
pub async fn things(server: &Server, key: &str, customer: &str, mark: &str) -> Things {
    let make = async |path: &str, body: Value| server.post_as(key, path, &body).await.expect(201);
    let mut definition =
        five_off(&json!([{ "id": "stock", "counts": "claims", "per": "everyone", "period": "ever", "max": 1_000 }]));
    let fields = json!({ "name": mark, "visibility": "public", "activate": true });
    definition.as_object_mut().expect("it is one").extend(fields.as_object().expect("it is one").clone());
    let coupon = id_of(&make("/v1/coupons", definition.clone()).await);
    definition["claims_from"] = json!("pool");
    let pool = id_of(&make("/v1/coupons", definition).await);
    let campaign = id_of(&make("/v1/campaigns", json!({ "name": mark })).await);
    let claims = format!("/v1/coupons/{coupon}/claims");
    let voucher = make(&claims, json!({ "customer_id": customer })).await["voucher"].clone();
    let used = make(&claims, json!({ "customer_id": customer })).await["voucher"]["code"].clone();
    let body =
        json!({ "customer_id": customer, "codes": [used], "order": order(&format!("o{}", fresh_number()), 2_000) });
    let redemption = id_of(&make("/v1/redemptions", body).await);
    let block = make(&format!("/v1/coupons/{coupon}/vouchers"), json!({ "count": 1 })).await["block"].clone();
    let import = server.bare(Method::POST, &format!("/v1/coupons/{pool}/imports")).bearer_auth(key);
    let import = import.header(header::CONTENT_TYPE, "text/csv").body(format!("code\n{mark}-{}\n", fresh_number()));
    let import = id_of(&send(import).await.expect(201));
    let username = format!("{mark}-{}", fresh_number());
    let account = json!({ "username": username, "email": format!("{username}@shop.example"), "role": "analyst" });
    let account = id_of(&make("/v1/accounts", account).await);
    let mut things = Things::from([
        ("customers", customer.to_owned()),
        ("coupons", coupon),
        ("campaigns", campaign),
        ("vouchers", id_of(&voucher)),
        ("redemptions", redemption.clone()),
        ("decisions", redemption),
        ("code-blocks", id_of(&block)),
        ("imports", import),
        ("accounts", account),
    ]);
    things.extend(lost_things(server, key, customer, mark).await);
    things
}

/// Things that some operation takes away.
pub async fn lost_things(server: &Server, key: &str, customer: &str, mark: &str) -> Things {
    let make = async |path: &str, body: Value| server.post_as(key, path, &body).await.expect(201);
    let phone = json!({ "kind": "phone", "value": format!("+49 30 9018{:04}", fresh_number()) });
    let identities = make(&format!("/v1/customers/{customer}/identities"), phone).await;
    let identity = identities["data"].as_array().and_then(|all| all.last()).expect("it was added");
    let number = fresh_number();
    let block = json!({ "reason": "abuse", "addresses": format!("198.18.{}.{}", number / 256, number % 256) });
    let segment = format!("{mark}-{number}");
    let put = server.bare(Method::PUT, &format!("/v1/segments/{segment}")).bearer_auth(key).json(&json!({}));
    send(put).await.expect(201);
    let collection = format!("{mark}-{number}");
    let put = server.bare(Method::PUT, &format!("/v1/collections/{collection}")).bearer_auth(key);
    send(put.json(&json!({ "of": "skus" }))).await.expect(201);
    let made = json!({ "name": format!("{mark}-lost"), "scopes": ["read"] });
    Things::from([
        ("segments", segment),
        ("collections", collection),
        ("identity", id_of(identity)),
        ("blocks", id_of(&make("/v1/blocks", block).await)),
        ("api-keys", id_of(&make("/v1/api-keys", made).await)),
    ])
}
