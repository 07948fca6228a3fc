//! The command line, alone and beside a running server.

use reqwest::Method;
use serde_json::json;

use crate::scrip::{Server, five_off, folder, read, run, said, send};

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_the_others_go_on() {
    let data = folder();
    let server = Server::start(data.path());
    let second = said(data.path(), &["key", "create", "--name", "second"]);
    let second = second.lines().last().unwrap().to_owned();
    let with_second = || server.bare(Method::GET, "/v1/coupons").bearer_auth(&second);
    send(with_second()).await.expect(200);
    assert!(said(data.path(), &["key", "list"]).contains("second"));
    said(data.path(), &["key", "revoke", "--name", "second"]);
    assert_eq!(send(with_second()).await.refused(401), "unauthorized");
    server.get("/v1/coupons").await.expect(200);
    assert!(!run(data.path(), &["key", "revoke", "--name", "second"]).status.success(), "it is revoked already");
}

#[tokio::test]
async fn a_second_server_on_the_same_data_is_refused() {
    let data = folder();
    let _server = Server::start(data.path());
    let second = run(data.path(), &["serve", "--listen", "127.0.0.1:0"]);
    assert!(!second.status.success());
    let reason = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(reason.contains("in use") || reason.contains("another"), "{reason}");
}

#[tokio::test]
async fn a_backup_made_while_the_server_runs_is_whole_and_leaves_the_master_key_out() {
    let data = folder();
    let server = Server::start(data.path());
    let coupon = server.coupon(&five_off(&json!([]))).await;
    server.post(&format!("/v1/coupons/{coupon}/vouchers"), &json!({ "count": 10 })).await.expect(201);
    let copy = folder();
    let file = copy.path().join("scrip.db");
    said(data.path(), &["backup", file.to_str().unwrap()]);
    assert!(!run(data.path(), &["backup", file.to_str().unwrap()]).status.success(), "it overwrites nothing");

    let without_key = run(copy.path(), &["key", "list"]);
    assert!(String::from_utf8_lossy(&without_key.stderr).contains("master key"), "it is not there");
    std::fs::copy(data.path().join("master.key"), copy.path().join("master.key")).expect("brought along");
    assert!(said(copy.path(), &["key", "list"]).contains("test"));
    said(copy.path(), &["rotate-key"]);
    let restored = Server::start(copy.path());
    assert_eq!(restored.get(&format!("/v1/coupons/{coupon}")).await.expect(200)["state"], "running");
}

#[tokio::test]
async fn check_reports_every_promise_and_fails_when_one_is_broken() {
    let data = folder();
    let mut server = Server::start(data.path());
    let customer = server.customer("ann").await;
    let limits = json!([{ "counts": "claims", "per": "everyone", "period": "ever", "max": 5 }]);
    let coupon = server.coupon(&five_off(&limits)).await;
    server.post(&format!("/v1/coupons/{coupon}/claims"), &json!({ "customer_id": customer })).await.expect(201);
    let report = said(data.path(), &["check"]);
    assert!(report.contains("usage_equals_events"), "{report}");
    server.stop();
    assert!(said(data.path(), &["check"]).contains("usage_equals_events"), "also without a server");
}

#[test]
fn the_openapi_document_is_the_committed_one() {
    let document = said(std::path::Path::new("."), &["openapi"]);
    let committed = read(&std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi.json"));
    assert_eq!(document.trim(), committed.trim(), "write it anew: cargo run --bin scrip -- openapi > openapi.json");
}

#[test]
fn a_setting_nobody_knows_refuses_to_start_and_is_named() {
    let data = folder();
    let file = crate::scrip::write(data.path(), "settings.toml", "colour = 1\n");
    let refused = run(data.path(), &["serve", "--config", file.to_str().unwrap()]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("colour"));
}

#[tokio::test]
async fn storage_says_what_a_voucher_costs_beside_a_running_server_and_without_one() {
    let data = folder();
    let mut server = Server::start(data.path());
    let coupon = server.coupon(&five_off(&json!([]))).await;
    let customer = server.customer("ann").await;
    for _ in 0..3 {
        server.post(&format!("/v1/coupons/{coupon}/claims"), &json!({ "customer_id": customer })).await.expect(201);
    }
    let measured = |said: String| serde_json::from_str::<serde_json::Value>(&said).expect("a document");
    let beside = measured(said(data.path(), &["storage", "--json"]));
    assert_eq!(beside["per_voucher"]["vouchers"], 3);
    let trees = beside["trees"].as_array().expect("a list");
    let voucher = trees.iter().find(|tree| tree["name"] == "voucher").expect("the table is listed");
    assert_eq!(voucher["rows"], 3);
    assert_eq!(voucher["bytes_per_row"], beside["per_voucher"]["bytes"]["voucher"]);
    server.stop();
    assert_eq!(measured(said(data.path(), &["storage", "--json"]))["trees"], beside["trees"], "nothing has changed");
    let table = said(data.path(), &["storage"]);
    assert!(table.contains("its row and indexes (voucher, wallet)"), "{table}");
    let left = std::fs::read_dir(data.path()).expect("the folder").filter_map(Result::ok);
    let copies = left.filter(|file| file.file_name().to_string_lossy().starts_with("storage-"));
    assert_eq!(copies.count(), 0, "the copy is removed");
}
