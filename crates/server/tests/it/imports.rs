//! Files of codes through the real binary: over HTTP and from the command line, to their end also when it is killed.

use reqwest::Method;
use serde_json::{Value, json};

use crate::scrip::{Reply, Server, five_off, folder, order, said, send, write};

/// Five off, handed out of a pool and held for five minutes.
fn pool() -> Value {
    let mut definition = five_off(&json!([{ "counts": "claims", "per": "customer", "period": "ever", "max": 1 }]));
    definition["claims_from"] = json!("pool");
    definition["hold"] = json!("PT5M");
    definition
}

async fn import(server: &Server, coupon: &str, csv: impl Into<Vec<u8>>) -> Reply {
    let request = server.request(Method::POST, &format!("/v1/coupons/{coupon}/imports"));
    send(request.header("content-type", "text/csv; charset=utf-8").body(csv.into())).await
}

/// The import once all its lines were looked at.
async fn ended(server: &Server, import: &Value) -> Value {
    let path = format!("/v1/imports/{}", import["id"].as_str().expect("an id"));
    loop {
        let now = server.get(&path).await.expect(200);
        if now["state"] == "done" {
            return now;
        }
        assert_eq!(now["state"], "running");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn refused(server: &Server, import: &Value) -> Vec<(u64, String)> {
    let mut lines = Vec::new();
    let mut cursor = String::new();
    loop {
        let path = format!("/v1/imports/{}/refusals?limit=1000{cursor}", import["id"].as_str().expect("an id"));
        let page = server.get(&path).await.expect(200);
        for refusal in page["data"].as_array().expect("a list") {
            lines.push((refusal["line"].as_u64().expect("a number"), refusal["reason"].as_str().unwrap().to_owned()));
        }
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return lines,
        }
    }
}

fn lines(refused: &[(u64, String)]) -> Vec<(u64, &str)> {
    refused.iter().map(|(line, reason)| (*line, reason.as_str())).collect()
}

#[tokio::test]
async fn hm_7_a_partners_codes_are_imported_claimed_and_redeemed_like_any_other() {
    let data = folder();
    let server = Server::start(data.path());
    let (ann, bob) = (server.customer("ann").await, server.customer("bob").await);
    let coupon = server.coupon(&pool()).await;
    let csv = "code,external_id\r\nPARTNER-1,\r\nPARTNER-2,bob\r\npartner 1,\r\nPARTNER-3,nobody\r\n--,\r\n";
    let import = import(&server, &coupon, csv).await.expect(201);
    assert_eq!((&import["state"], &import["lines"]), (&json!("running"), &json!(5)));
    let import = ended(&server, &import).await;
    assert_eq!((&import["accepted"], &import["refused"]), (&json!(2), &json!(3)));
    let refused = refused(&server, &import).await;
    assert_eq!(lines(&refused), [(4, "code_taken"), (5, "customer_not_found"), (6, "code_invalid")]);

    let listed = server.get(&format!("/v1/vouchers?customer_id={bob}")).await.expect(200);
    assert_eq!((&listed["data"][0]["code"], &listed["data"][0]["state"]), (&json!("PARTNER-2"), &json!("issued")));

    let body = json!({ "customer_id": ann });
    let held = server.post(&format!("/v1/coupons/{coupon}/claims"), &body).await.expect(201)["voucher"].clone();
    assert_eq!((&held["state"], &held["code"], &held["code_hidden"]), (&json!("held"), &Value::Null, &json!("held")));
    let id = held["id"].as_str().expect("an id");
    let asked = json!({ "customer_id": ann, "order": order("o1", 2_000), "codes": [id] });
    let quote = server.post("/v1/quotes", &asked).await.expect(200);
    assert_eq!((&quote["discount_minor"], &quote["applied"][0]["voucher_id"]), (&json!(500), &held["id"]));
    let foreign = json!({ "customer_id": bob, "order": order("o2", 2_000), "codes": [id] });
    assert_eq!(server.post("/v1/redemptions", &foreign).await.refused(409), "voucher_foreign");
    let nobodys = json!({ "order": order("o2", 2_000), "codes": [id] });
    assert_eq!(server.post("/v1/redemptions", &nobodys).await.refused(409), "customer_required");
    server.post("/v1/redemptions", &asked).await.expect(201);
    let used = server.get(&format!("/v1/vouchers/{id}")).await.expect(200);
    assert_eq!((&used["state"], &used["code"]), (&json!("redeemed"), &json!("PARTNER-1")));

    let carl = server.customer("carl").await;
    let refusal = server.post(&format!("/v1/coupons/{coupon}/claims"), &json!({ "customer_id": carl })).await;
    assert_eq!(refusal.refused(409), "pool_empty");
    let figures = server.get(&format!("/v1/coupons/{coupon}/statistics")).await.expect(200);
    assert_eq!((&figures["issued"], &figures["pooled"]), (&json!(2), &json!(0)));
    said(data.path(), &["check"]);
}

#[tokio::test]
async fn a_file_whose_lines_end_as_on_old_macs_is_taken_in_to_its_end() {
    let data = folder();
    let server = Server::start(data.path());
    let coupon = server.coupon(&pool()).await;
    let import = import(&server, &coupon, "code\rPARTNER-1\r--\r--\r").await.expect(201);
    let import = ended(&server, &import).await;
    assert_eq!((&import["accepted"], &import["refused"]), (&json!(1), &json!(2)));
    assert_eq!(lines(&refused(&server, &import).await), [(3, "code_invalid"), (4, "code_invalid")]);
}

#[tokio::test]
async fn hm_7_codes_are_given_to_customers_by_whatever_identity_names_them() {
    let data = folder();
    let server = Server::start(data.path());
    let (coupon, first) = (server.coupon(&pool()).await, server.coupon(&five_off(&json!([]))).await);
    let mut codes = Vec::new();
    for (kind, value) in [("phone", "+49 30 901820"), ("email", "dora@shop.example"), ("open_id", "wx-4711")] {
        let claim = json!({ "customer": { kind: value } });
        let claimed = server.post(&format!("/v1/coupons/{first}/claims"), &claim).await.expect(201);
        let guest = claimed["voucher"]["customer_id"].as_str().expect("a guest").to_owned();
        let csv = format!("code,{kind}\nPARTNER-{kind},{value}\n");
        let import = ended(&server, &import(&server, &coupon, csv).await.expect(201)).await;
        assert_eq!((&import["accepted"], &import["refused"]), (&json!(1), &json!(0)), "{kind}");
        let path = format!("/v1/vouchers?customer_id={guest}&coupon_id={coupon}");
        codes.push(server.get(&path).await.expect(200)["data"][0]["code"].clone());
        let free = json!({ "vouchers": [{ "code": format!("FREE-{kind}") }] });
        let free = server.post(&format!("/v1/coupons/{first}/vouchers"), &free).await.expect(201);
        let path = format!("/v1/vouchers/{}/assign", free["data"][0]["id"].as_str().expect("an id"));
        let assigned = server.post(&path, &json!({ "customer": { kind: value } })).await.expect(200);
        assert_eq!(assigned["customer_id"], json!(guest), "{kind}");
    }
    assert_eq!(codes, ["PARTNER-phone", "PARTNER-email", "PARTNER-open_id"]);
}

#[tokio::test]
async fn hm_7_a_code_that_was_held_unseen_goes_to_the_next_customer() {
    let data = folder();
    let server = Server::start(data.path());
    let (ann, bob) = (server.customer("ann").await, server.customer("bob").await);
    let coupon = server.coupon(&pool()).await;
    ended(&server, &import(&server, &coupon, "code\nPARTNER-1").await.expect(201)).await;
    let waiting = server.get(&format!("/v1/vouchers?coupon_id={coupon}")).await.expect(200)["data"][0].clone();
    assert_eq!((&waiting["code"], &waiting["code_hidden"]), (&Value::Null, &json!("pooled")));
    let claims = format!("/v1/coupons/{coupon}/claims");
    let held = server.post(&claims, &json!({ "customer_id": ann })).await.expect(201)["voucher"].clone();
    let path = format!("/v1/vouchers/{}", held["id"].as_str().expect("an id"));
    server.post(&format!("{path}/release"), &json!({})).await.expect(200);
    let over = server.get(&path).await.expect(200);
    assert_eq!(
        (&over["state"], &over["code"], &over["code_hidden"]),
        (&json!("expired"), &Value::Null, &json!("returned"))
    );
    assert_eq!(over["customer_id"], json!(ann));
    let next = server.post(&claims, &json!({ "customer_id": bob })).await.expect(201)["voucher"].clone();
    assert_ne!(next["id"], held["id"]);
    let asked = json!({ "customer_id": bob, "order": order("o1", 2_000), "codes": [next["id"]] });
    server.post("/v1/redemptions", &asked).await.expect(201);
    let used = server.get(&format!("/v1/vouchers/{}", next["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(used["code"], "PARTNER-1");
}

#[tokio::test]
async fn a_file_that_cannot_be_received_is_refused_and_leaves_nothing() {
    let data = folder();
    let server = Server::start(data.path());
    let coupon = server.coupon(&pool()).await;
    for csv in ["", "PARTNER-1\nPARTNER-2\n", "code,colour\nA,red\n"] {
        let problem = import(&server, &coupon, csv).await;
        assert_eq!(problem.expect(422)["code"], "invalid_field", "{csv}");
    }
    let path = format!("/v1/coupons/{coupon}/imports");
    assert_eq!(server.post(&path, &json!({})).await.refused(415), "unsupported_media_type");
    let unknown = import(&server, "cpn_0198f0c2a5b47d10a1f2c3d4e5f60718", "code\n").await;
    assert_eq!(unknown.refused(404), "coupon_not_found");
    server.post(&format!("/v1/coupons/{coupon}/end"), &json!({})).await.expect(200);
    assert_eq!(import(&server, &coupon, "code\nA").await.refused(409), "coupon_ended");
    assert_eq!(server.get("/v1/imports").await.expect(200)["data"], json!([]));
    assert_eq!(server.get("/v1/imports/imp_1").await.refused(404), "import_not_found");
}

#[tokio::test]
async fn codes_are_imported_from_the_command_line_beside_a_server_and_without_one() {
    let data = folder();
    let mut server = Server::start(data.path());
    let coupon = server.coupon(&pool()).await;
    let file = write(data.path(), "codes.csv", "code\nA-1\nA-2\na1\n");
    let file = file.to_str().unwrap();
    let told = said(data.path(), &["codes", "import", "--coupon", &coupon, file]);
    assert!(told.contains("3 of 3 lines: 2 taken in, 1 refused") && told.contains("line 4: code_taken"), "{told}");
    server.stop();
    let told = said(data.path(), &["codes", "import", "--coupon", &coupon, file]);
    assert!(told.contains("3 of 3 lines: 0 taken in, 3 refused"), "{told}");
    said(data.path(), &["check"]);
}

/// A thousand lines a chunk; every seventh line is there before, every eleventh is no code.
fn large(count: usize) -> String {
    let line = |no: usize| match no {
        no if no % 11 == 0 => "--".to_owned(),
        no if no % 7 == 0 => format!("CODE-{}", no - 7),
        no => format!("CODE-{no}"),
    };
    std::iter::once("code".to_owned()).chain((0..count).map(line)).collect::<Vec<_>>().join("\n")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn re_3_after_kill_9_in_the_middle_of_an_import_every_line_was_taken_in_or_refused_once() {
    const LINES: usize = 60_000;
    let (data, whole) = (folder(), folder());
    let mut server = Server::start(data.path());
    let key = server.key().to_owned();
    let coupon = server.coupon(&pool()).await;
    let begun = import(&server, &coupon, large(LINES)).await.expect(201);
    let path = format!("/v1/imports/{}", begun["id"].as_str().unwrap());
    let mut kills = 0;
    for part in 1..6 {
        loop {
            let now = server.get(&path).await.expect(200);
            let looked_at = now["accepted"].as_u64().unwrap() + now["refused"].as_u64().unwrap();
            if now["state"] == "done" || looked_at as usize >= LINES * part / 8 {
                kills += usize::from(now["state"] != "done");
                break;
            }
        }
        server.kill();
        server = Server::start_again(data.path(), &key);
    }
    assert!(kills > 0, "a kill must meet a running import");
    let done = ended(&server, &begun).await;
    // The same file, in one go, is what it must have come to.
    let calm = Server::start(whole.path());
    let other = calm.coupon(&pool()).await;
    let expected = ended(&calm, &import(&calm, &other, large(LINES)).await.expect(201)).await;
    for field in ["lines", "accepted", "refused"] {
        assert_eq!(done[field], expected[field], "{field}");
    }
    assert_eq!(refused(&server, &done).await, refused(&calm, &expected).await);
    let figures = server.get(&format!("/v1/coupons/{coupon}/statistics")).await.expect(200);
    assert_eq!(figures["pooled"], done["accepted"]);
    said(data.path(), &["check"]);
}
