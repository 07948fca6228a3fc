//! The walk: every operation, asked by nobody, by every role and with every scope, for what is theirs, for what is another
//! customer's and for what is another tenant's. What is expected stands in `permissions.txt`: it began as a copy of the
//! program's own table and was read row by row, so that a change of either without the other shows.

use std::collections::BTreeSet;

use reqwest::{Method, header};
use serde_json::{Value, json};

use crate::house::{Asker, House, Things, id_of, lost_things};
use crate::scrip::{Reply, Server, five_off, folder, order, said, send, write};

/// Many calls come from one address, and many fail on purpose.
const SETTINGS: &str = "[rates]\naddress_per_s = 100000\naddress_burst = 100000\naccount_per_s = 100000\n\
    account_burst = 100000\n[guesses]\naddress_per_hour = 1000000\nkey_per_hour = 1000000\ntenant_per_hour = 1000000\n";

/// An operation as it was decided.
struct Row {
    method: Method,
    path: &'static str,
    scope: &'static str,
    roles: &'static str,
}

impl Row {
    fn all() -> Vec<Self> {
        let lines = include_str!("permissions.txt").lines().filter(|line| !line.starts_with('#'));
        let mut rows: Vec<Self> = lines.map(Self::of).collect();
        // What is shown, before it is changed, before it is gone, before one signs out. A cancel of another tenant's is
        // remembered for whoever reserves under that id here.
        rows.sort_by_key(|row| {
            let takes_away = row.takes_away() || row.path.ends_with("/cancel");
            (row.path.ends_with("/logout"), takes_away, row.method != Method::GET)
        });
        rows
    }

    fn of(line: &'static str) -> Self {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [method, path, scope, roles] = words[..] else { panic!("{line}") };
        Self { method: method.parse().expect("a method"), path, scope, roles }
    }

    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    fn is_open(&self) -> bool {
        self.scope == "open"
    }

    /// What of the path it is about.
    fn subject(&self) -> &'static str {
        self.path.split('/').nth(2).unwrap_or_default()
    }

    /// Whether what it is about is not there afterwards, or nameless.
    fn takes_away(&self) -> bool {
        self.path.ends_with("/erase") || (self.method == Method::DELETE && self.path.contains('{'))
    }

    /// A cancel is remembered for whoever reserves later under this id, so that it is never not found.
    fn finds_nothing(&self) -> bool {
        self.path.contains("{id}") && !self.is_by_number() && self.path != "/v1/redemptions/{id}/cancel"
    }

    /// The short form names a coupon by its number, and every tenant has a first.
    fn is_by_number(&self) -> bool {
        self.path.starts_with("/admin/")
    }

    /// Whether what it is about is one customer's.
    fn is_personal(&self) -> bool {
        ["customers", "vouchers", "redemptions"].contains(&self.subject()) && self.path.contains("{id}")
    }
}

fn filled(row: &Row, things: &Things) -> String {
    let named = things.get(row.subject()).map_or("", String::as_str);
    let id = if row.is_by_number() { "1" } else { named };
    row.path.replace("{id}", id).replace("{identity_id}", &things["identity"]).replace("{version}", "1")
}

/// How far the asker is to reach.
fn reach(asker: &Asker, row: &Row) -> char {
    match asker.role {
        Some(place) => char::from(row.roles.as_bytes()[place]),
        None if asker.name == row.scope => 'A',
        None => '-',
    }
}

/// The same, but for what an operation is about to take away.
async fn renewed(server: &Server, house: &House, row: &Row, things: &Things) -> Things {
    let mut things = things.clone();
    if row.takes_away() {
        let customer = server.post_as(&house.key, "/v1/customers", &json!({ "name": house.mark })).await.expect(201);
        things.insert("customers", id_of(&customer));
        things.extend(lost_things(server, &house.key, &id_of(&customer), house.mark).await);
    }
    things
}

/// A body that is good for what is in `own`; for operations that are not named, one that changes little or is refused.
fn body(row: &Row, own: &Things) -> Value {
    let for_own = json!({ "customer_id": own["customers"] });
    match row.name().as_str() {
        "POST /v1/customers/{id}/identities" => json!({ "kind": "phone", "value": "+49 30 901820" }),
        "PUT /v1/coupons/{id}" => five_off(&json!([])),
        "PUT /v1/collections/{id}" => json!({ "of": "skus" }),
        "PUT /v1/campaigns/{id}" => json!({ "name": "Spring" }),
        "POST /v1/coupons/{id}/restock" => json!({ "limit": "stock", "by": 1 }),
        "POST /v1/coupons/{id}/approvals" => json!({ "version": 1 }),
        "POST /v1/vouchers/{id}/top-ups" => json!({ "amount_minor": 1 }),
        "POST /v1/vouchers/{id}/adjustments" => json!({ "amount_minor": 1, "reason": "a test" }),
        "POST /v1/coupons/{id}/vouchers" => json!({ "count": 1 }),
        "POST /v1/coupons/{id}/claims" | "POST /v1/campaigns/{id}/claims" | "POST /v1/vouchers/{id}/assign" => for_own,
        "POST /v1/claims" => json!({ "customer_id": own["customers"], "coupon_ids": [own["coupons"]] }),
        "POST /v1/quotes" => json!({ "codes": [], "order": order("q", 2_000) }),
        "POST /v1/redemptions" | "POST /v1/redemptions/{id}/amend" => {
            json!({ "codes": [own["vouchers"]], "order": order("r", 2_000), "customer_id": own["customers"] })
        }
        "PATCH /v1/accounts/{id}" => json!({ "active": true }),
        "POST /v1/test-clock" => json!({ "advance": "PT1S" }),
        _ => json!({}),
    }
}

async fn ask(server: &Server, token: Option<&str>, row: &Row, (own, named): (&Things, &Things)) -> Reply {
    let request = server.bare(row.method.clone(), &filled(row, named));
    let request = token.into_iter().fold(request, reqwest::RequestBuilder::bearer_auth);
    let request = request.header(header::IF_MATCH, "*");
    let is_file = row.name() == "POST /v1/coupons/{id}/imports";
    send(match row.method {
        Method::GET => request,
        _ if is_file => request.header(header::CONTENT_TYPE, "text/csv").body("code\nWALK-1\n"),
        _ => request.json(&body(row, own)),
    })
    .await
}

/// Whether the answer is that of somebody who may.
fn is_let_in(status: u16) -> bool {
    status < 500 && ![401, 403, 404].contains(&status)
}

/// Asks for what is the asker's own, another customer's and another tenant's; says which answers are not as they should.
async fn walk(server: &Server, (house, foreign): (&House, &House), asker: &Asker, row: &Row) -> Vec<String> {
    let reach = reach(asker, row);
    let mut wrong = Vec::new();
    let times = if row.path.ends_with("/logout") { 1 } else { 3 };
    for (whose, named) in
        [("own", &house.mine), ("another's", &house.anothers), ("foreign", &foreign.mine)].into_iter().take(times)
    {
        let named =
            if reach == '-' || whose == "foreign" { named.clone() } else { renewed(server, house, row, named).await };
        let reply = ask(server, Some(&asker.token), row, (&house.mine, &named)).await;
        let status = reply.status.as_u16();
        let is_right = match (reach, whose) {
            ('-', _) => status == 403,
            (_, "foreign") if row.finds_nothing() => status == 404,
            ('o', "another's") if row.is_personal() => status == 404,
            (_, "foreign") if row.path.contains("{id}") => status < 500,
            _ => is_let_in(status),
        };
        // What is remembered of a cancel has the id that was sent.
        let is_hidden = !row.path.ends_with("/cancel") && !foreign.is_hidden_in(&reply);
        if !is_right || is_hidden {
            wrong.push(format!("{} as {} of {}, {whose}: {status} {}", row.name(), asker.name, house.mark, reply.body));
        }
    }
    wrong
}

#[tokio::test]
async fn it_4_every_operation_answers_every_role_as_the_table_says() {
    let data = folder();
    let file = write(data.path(), "settings.toml", SETTINGS);
    let server = Server::start_with(data.path(), &["--config", file.to_str().expect("text"), "--test-clock"]);
    said(data.path(), &["tenant", "create", "--name", "second", "--host", "second.example"]);
    let first = House::open(&server, data.path(), "default", "first.example", "walnut").await;
    let second = House::open(&server, data.path(), "second", "second.example", "quince").await;
    let rows = Row::all();
    check_all_are_listed(&server, &rows).await;
    for house in [&first, &second] {
        let settings = json!({ "zone": "UTC", "currency": "EUR", "customer_checkout": true });
        let put = server.bare(Method::PUT, "/v1/tenant").bearer_auth(&house.key).header(header::IF_MATCH, "*");
        send(put.json(&settings)).await.expect(200);
    }
    let mut wrong = Vec::new();
    for row in &rows {
        let reply = ask(&server, None, row, (&first.mine, &first.mine)).await;
        let status = reply.status.as_u16();
        let is_right = if row.is_open() { status < 500 && ![401, 403].contains(&status) } else { status == 401 };
        if !is_right || !second.is_hidden_in(&reply) {
            wrong.push(format!("{} as nobody: {status} {}", row.name(), reply.body));
        }
        for houses in [(&first, &second), (&second, &first)] {
            for asker in houses.0.askers.iter().filter(|_| !row.is_open()) {
                wrong.extend(walk(&server, houses, asker, row).await);
            }
        }
    }
    assert!(wrong.is_empty(), "{} answers:\n{}", wrong.len(), wrong.join("\n"));
}

async fn check_all_are_listed(server: &Server, rows: &[Row]) {
    let document = server.get("/openapi.json").await.expect(200);
    let served = document["paths"].as_object().expect("paths").iter().flat_map(|(path, item)| {
        let methods = item.as_object().expect("operations").keys().filter(|key| *key != "parameters");
        methods.map(move |method| format!("{} {path}", method.to_uppercase()))
    });
    let listed = rows.iter().map(Row::name).collect::<BTreeSet<_>>();
    assert_eq!(served.collect::<BTreeSet<_>>(), listed);
}
