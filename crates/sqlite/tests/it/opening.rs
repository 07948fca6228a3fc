//! Opening and opening again.

use std::os::unix::fs::PermissionsExt;

use domain::codes::MasterKey;
use domain::event::Actor;
use domain::id::{ApiKeyId, FIRST_TENANT};
use ports::{Access, AuditFilter, AuditOf, Clock, PageRequest, Records, Scopes};
use sqlite::{OpenError, Options, SqliteStore};

use crate::support::{Shop, new_id, options, stocked};

fn failure(options: Options) -> OpenError {
    SqliteStore::open(options).expect_err("it does not open")
}

#[tokio::test]
async fn a_second_server_on_the_folder_is_refused() {
    let shop = Shop::open();
    assert!(matches!(failure(options(&shop.folder, &shop.clock)), OpenError::InUse { .. }));
    shop.store.close().await;
    SqliteStore::open(options(&shop.folder, &shop.clock)).expect("the folder is free").close().await;
}

#[tokio::test]
async fn a_reopened_store_goes_on_where_it_was() {
    let shop = Shop::open();
    let coupon = shop.coupon(stocked(2)).await;
    shop.claim(shop.customer().await, coupon).await;
    let shop = shop.reopened().await;
    let voucher = shop.claim(shop.customer().await, coupon).await;
    assert_eq!((voucher.key.ordinal, voucher.customer.map(|no| no.0)), (1, Some(2)));
    assert_eq!(shop.number("select count(*) = max(journal) from journal"), 1);
    shop.refused(crate::support::claim(shop.customer().await, coupon)).await;
}

#[tokio::test]
async fn time_does_not_go_behind_what_was_decided_before_a_restart() {
    let shop = Shop::open();
    shop.clock.advance(5_000);
    let coupon = shop.coupon(stocked(2)).await;
    let decided = shop.clock.now();
    shop.clock.set(0);
    let shop = shop.reopened().await;
    let voucher = shop.claim(shop.customer().await, coupon).await;
    assert_eq!(voucher.made_at, decided);
}

/// A key is made without an event: the audit log alone knows when.
#[tokio::test]
async fn time_does_not_go_behind_the_audit_log_either() {
    let shop = Shop::open();
    shop.clock.advance(5_000);
    let made = shop.store.create_api_key(
        (FIRST_TENANT, Actor::Operator),
        ApiKeyId(new_id()),
        ("till".to_owned(), Scopes::SERVER),
        [3; 32],
    );
    let made = made.await.expect("it is kept");
    shop.clock.set(0);
    let shop = shop.reopened().await;
    assert_eq!(shop.store.now(), made.created_at);
}

#[tokio::test]
async fn another_master_key_is_refused() {
    let shop = Shop::open();
    shop.store.close().await;
    let wrong = Options { master_key: MasterKey::new([8; 32]), ..options(&shop.folder, &shop.clock) };
    assert!(matches!(failure(wrong), OpenError::MasterKey));
}

#[tokio::test]
async fn data_belong_to_one_kind_of_clock() {
    let shop = Shop::open();
    shop.store.close().await;
    let test_clock = Options { test_clock: true, ..options(&shop.folder, &shop.clock) };
    assert!(matches!(failure(test_clock), OpenError::TestClock { made_with: false }));
    let shop = Shop::open_with(|options| Options { test_clock: true, ..options });
    shop.store.close().await;
    let error = failure(options(&shop.folder, &shop.clock));
    assert_eq!(error.to_string(), "the data were made with a test clock and must be opened so");
}

#[tokio::test]
async fn a_schema_from_the_future_is_refused() {
    let shop = Shop::open();
    shop.store.close().await;
    shop.connection().pragma_update(None, "user_version", 99).expect("a pragma");
    assert!(matches!(failure(options(&shop.folder, &shop.clock)), OpenError::SchemaNewer { found: 99, .. }));
}

#[tokio::test]
async fn a_new_key_makes_the_codes_from_then_on() {
    let shop = Shop::open();
    let coupon = shop.coupon(stocked(2)).await;
    let old = shop.claim(shop.customer().await, coupon).await;
    shop.store.close().await;
    assert_eq!(SqliteStore::new_key(&options(&shop.folder, &shop.clock)).expect("it opens"), 2);
    let shop = shop.reopened().await;
    let new = shop.claim(shop.customer().await, coupon).await;
    assert_eq!((old.key_no, new.key_no), (1, 2));
    let of = Some(AuditOf::Subject("code_key_2".to_owned()));
    let filter = AuditFilter { of, ..AuditFilter::default() };
    let page = shop.store.audit(FIRST_TENANT, filter, PageRequest { limit: 9, after: None }).await.expect("a page");
    let on_record: Vec<_> = page.items.iter().map(|entry| (entry.action.as_str(), entry.actor)).collect();
    assert_eq!(on_record, [("code_key.create", Actor::Operator)]);
}

#[tokio::test]
async fn the_folder_and_its_files_are_for_their_owner_only() {
    let shop = Shop::open();
    let mode = |path: &str| {
        let path = shop.folder.path().join(path);
        std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777
    };
    assert_eq!(mode("data"), 0o700);
    for file in ["data/scrip.db", "data/scrip.db-wal", "data/scrip.lock"] {
        assert_eq!(mode(file), 0o600, "{file}");
    }
}
