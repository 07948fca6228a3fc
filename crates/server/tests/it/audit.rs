//! The audit log over HTTP and on the command line.

use serde_json::{Value, json};

use crate::scrip::{Server, five_off, folder, said};

/// Action and subject of each entry that is listed.
async fn listed(server: &Server, query: &str) -> Vec<(String, String)> {
    let list = server.get(&format!("/v1/audit{query}")).await.expect(200);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let entry = |entry: &Value| (text(&entry["action"]), text(&entry["subject"]["id"]));
    list["data"].as_array().expect("a list").iter().map(entry).collect()
}

#[tokio::test]
async fn who_changed_what_is_listed_with_what_was_and_what_is() {
    let data = folder();
    let server = Server::start(data.path());
    let customer = server.customer("ann").await;
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let vouchers = server.post(&format!("/v1/coupons/{coupon}/vouchers"), &json!({ "customer_ids": [customer] })).await;
    let voucher = vouchers.expect(201)["data"][0]["id"].as_str().expect("an id").to_owned();
    server.post(&format!("/v1/vouchers/{voucher}/revoke"), &json!({})).await.expect(200);
    let entries = server.get("/v1/audit?limit=1").await.expect(200);
    let entry = &entries["data"][0];
    assert_eq!((&entry["action"], &entry["subject"]["type"]), (&json!("voucher.revoke"), &json!("voucher")));
    assert_eq!((&entry["actor"]["type"], &entry["subject"]["id"]), (&json!("key"), &json!(voucher)));
    assert_eq!(entry["before"], json!({ "state": "issued", "version": 1 }));
    assert_eq!(entry["after"], json!({ "state": "revoked", "version": 2 }));
    let head = said(data.path(), &["audit", "head"]);
    assert_eq!(head.trim(), format!("{} {}", entry["number"], entry["hash"].as_str().expect("a hash")));
    assert!(entries["next_cursor"].is_string());

    let of = |action: &str, id: &str| (action.to_owned(), id.to_owned());
    assert_eq!(listed(&server, &format!("?subject={voucher}")).await, [of("voucher.revoke", &voucher)]);
    assert_eq!(listed(&server, &format!("?subject={customer}")).await, [of("customer.create", &customer)]);
    let issued = [of("voucher.issue", &coupon), of("coupon.activate", &coupon), of("coupon.create", &coupon)];
    assert_eq!(listed(&server, &format!("?subject={coupon}")).await, issued);
    let key = entry["actor"]["id"].as_str().expect("an id");
    assert_eq!(listed(&server, &format!("?actor={key}")).await.len(), 5);
    assert_eq!(listed(&server, "?actor=operator").await, [of("key.create", key)]);
    assert_eq!(listed(&server, "?actor=7").await, []);
    let text = server.get("/v1/audit").await.expect(200).to_string();
    assert!(text.contains(r#""external_id":"set""#) && !text.contains("ann"), "{text}");
    let report = said(data.path(), &["check"]);
    assert!(report.contains("audit_chain_unbroken                 ok"), "{report}");
}

#[tokio::test]
async fn what_cannot_be_asked_of_the_audit_log_is_named() {
    let data = folder();
    let server = Server::start(data.path());
    for (query, pointer) in [
        ("?subject=cpn_1&actor=operator", "?actor"),
        ("?actor=nobody", "?actor"),
        ("?actor=key_0198f0c2a5b47d10a1f2c3d4e5f60718", "?actor"),
        ("?from=yesterday", "?from"),
        ("?limit=0", "?limit"),
        ("?cursor=c1", "?cursor"),
        ("?colour=red", "?colour"),
    ] {
        let answer = server.get(&format!("/v1/audit{query}")).await.expect(422);
        assert_eq!(answer["errors"][0]["pointer"], pointer, "{query}: {answer:#}");
    }
    assert_eq!(listed(&server, "?subject=cpn_of_nobody").await, []);
}
