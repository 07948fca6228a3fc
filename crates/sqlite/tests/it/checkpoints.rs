//! The log is carried over into the file beside the commits.

use std::fs;

use domain::id::FIRST_TENANT;
use ports::{PageRequest, Records as _, VoucherFilter};
use sqlite::Options;

use crate::support::{Shop, ten_percent};

const PAGE: u64 = 4096;
const LOG_PAGES: usize = 16;
/// Twice as many at which the writer waits, and what one commit adds.
const GROWTH_PAGES_MAX: u64 = 2 * 16 + 64;

#[tokio::test]
async fn the_log_stays_short_however_much_is_committed_and_nothing_of_it_is_lost() {
    let shop = Shop::open_with(|options| Options { log_pages: LOG_PAGES, ..options });
    let (customer, coupon) = (shop.customer().await, shop.coupon(ten_percent()).await);
    // Its snapshot is kept, and nobody reads any more.
    let filter = VoucherFilter { customer: None, coupon: Some(coupon), state: None };
    let page = shop.store.vouchers(FIRST_TENANT, filter, PageRequest { limit: 10, after: None }).await.expect("a page");
    assert!(page.items.is_empty());
    let pages = || fs::metadata(shop.path().with_extension("db-wal")).expect("the log is there").len() / PAGE;
    // The file keeps the room that the making of the tables took.
    let before = pages();
    for claim in 1..=300 {
        shop.claim(customer, coupon).await;
        assert!(pages() <= before + GROWTH_PAGES_MAX, "{} pages after {claim} claims, {before} before", pages());
    }
    let shop = shop.reopened().await;
    assert_eq!(shop.number("select count(*) from voucher"), 300);
}
