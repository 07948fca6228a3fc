//! A backup while claims go on.

use std::os::unix::fs::PermissionsExt;

use domain::id::FIRST_TENANT;
use ports::{Ledger, StoreError};
use sqlite::{Options, SqliteStore};

use crate::support::{Shop, claim, command, number, stocked};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_backup_under_load_is_one_consistent_state() {
    let shop = Shop::open();
    let coupon = shop.coupon(stocked(1_000_000)).await;
    let mut customers = Vec::new();
    for _ in 0..200 {
        customers.push(shop.customer().await);
    }
    // Enough pages for several steps.
    shop.connection()
        .execute_batch(
            "create table ballast (filler blob) strict;
            insert into ballast with recursive n(i) as (select 1 union all select i + 1 from n limit 2000)
                select zeroblob(4000) from n",
        )
        .expect("ballast");
    let claims = customers.into_iter().map(|customer| {
        let store = shop.store.clone();
        tokio::spawn(async move { store.submit(FIRST_TENANT, command(claim(customer, coupon))).await })
    });
    let claims: Vec<_> = claims.collect();
    let to = shop.folder.path().join("copy.db");
    shop.store.backup(to.clone()).await.expect("the backup is made");
    for claim in claims {
        claim.await.expect("no panic").expect("the store answers").expect("not refused");
    }

    assert_eq!(std::fs::metadata(&to).expect("it is there").permissions().mode() & 0o777, 0o600);
    let copy = rusqlite::Connection::open(&to).expect("it opens");
    let check: String = copy.query_row("pragma integrity_check", [], |row| row.get(0)).expect("a check");
    assert_eq!(check, "ok");
    let vouchers = number(&copy, "select count(*) from voucher");
    assert_eq!(number(&copy, "select coalesce(sum(used), 0) from usage where subject = 0"), vouchers);
    assert_eq!(number(&copy, "select coalesce(sum(used), 0) from usage where subject <> 0"), vouchers);
    assert_eq!(number(&copy, "select count(*) from wallet"), vouchers);
    assert_eq!(number(&copy, "select issued from coupon_statistics"), vouchers);
}

#[tokio::test]
async fn a_backup_opens_as_a_store_and_never_replaces_a_file() {
    let shop = Shop::open();
    let coupon = shop.coupon(stocked(2)).await;
    shop.claim(shop.customer().await, coupon).await;
    let data = shop.folder.path().join("restored");
    std::fs::create_dir(&data).expect("a folder");
    let to = data.join("scrip.db");
    shop.store.backup(to.clone()).await.expect("the backup is made");
    let again = shop.store.backup(to).await;
    assert!(matches!(again, Err(StoreError::Unavailable(_))), "{again:?}");

    let options = Options { data, ..crate::support::options(&shop.folder, &shop.clock) };
    let restored = Shop { store: SqliteStore::open(options).expect("it opens"), ..shop };
    let voucher = restored.claim(restored.customer().await, coupon).await;
    assert_eq!(voucher.key.ordinal, 1);
}
