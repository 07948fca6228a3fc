//! Every statement of the read side finds its rows by an index.

use super::{blocks, codes, coupons, customers, history, imports, redemptions, vouchers};
use crate::plan::plan;

fn statements() -> Vec<(&'static str, &'static str)> {
    vec![
        ("blocks::BY_ID", &blocks::BY_ID),
        ("blocks::COVERING", &blocks::COVERING),
        ("blocks::PAGE", &blocks::PAGE),
        ("codes::ENDED", codes::ENDED),
        ("codes::GIVEN", codes::GIVEN),
        ("coupons::LATEST", coupons::LATEST),
        ("coupons::NUMBER", coupons::NUMBER),
        ("coupons::PAGE", coupons::PAGE),
        ("coupons::REFUSALS", coupons::REFUSALS),
        ("coupons::STATISTICS", coupons::STATISTICS),
        ("coupons::VERSION", coupons::VERSION),
        ("customers::BY_EXTERNAL_ID", &customers::BY_EXTERNAL_ID),
        ("customers::BY_NUMBER", &customers::BY_NUMBER),
        ("customers::NUMBER", customers::NUMBER),
        ("history::BLOCK", history::BLOCK),
        ("history::CAMPAIGN", history::CAMPAIGN),
        ("history::COUPON", history::COUPON),
        ("history::CUSTOMER", history::CUSTOMER),
        ("history::JOURNAL_ROW", history::JOURNAL_ROW),
        ("history::REDEMPTION", history::REDEMPTION),
        ("history::VOUCHER", history::VOUCHER),
        ("imports::BY_ID", &imports::BY_ID),
        ("imports::CHUNKS", imports::CHUNKS),
        ("imports::NUMBER", imports::NUMBER),
        ("imports::PAGE", &imports::PAGE),
        ("imports::PLACE", imports::PLACE),
        ("imports::REFUSALS", imports::REFUSALS),
        ("imports::RUNNING", &imports::RUNNING),
        ("redemptions::BY_ID", &redemptions::BY_ID),
        ("redemptions::DECISION", redemptions::DECISION),
        ("redemptions::PAGE", &redemptions::PAGE),
        ("redemptions::PAGE_OF_CUSTOMER", &redemptions::PAGE_OF_CUSTOMER),
        ("vouchers::BY_KEY", &vouchers::BY_KEY),
        ("vouchers::PAGE", &vouchers::PAGE),
        ("vouchers::PAGE_OF_CUSTOMER", &vouchers::PAGE_OF_CUSTOMER),
    ]
}

#[test]
fn no_statement_scans_a_table_or_sorts() {
    for (name, sql) in statements() {
        let plan = plan("", sql);
        assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{name}: {plan:?}");
    }
}

/// The page of one coupon's vouchers ends where the coupon ends, also if no voucher passes the filter.
#[test]
fn both_ends_of_a_voucher_page_are_found_by_the_index() {
    for sql in [&vouchers::PAGE, &vouchers::PAGE_OF_CUSTOMER] {
        let plan = plan("", sql);
        assert!(plan[0].ends_with("(coupon,kind,ordinal)>(?,?,?) AND coupon<?)"), "{plan:?}");
    }
}

/// A statement that is not listed above would not be looked at.
#[test]
fn every_statement_of_the_read_side_is_listed() {
    let sources = [
        include_str!("bearers.rs"),
        include_str!("blocks.rs"),
        include_str!("codes.rs"),
        include_str!("coupons.rs"),
        include_str!("customers.rs"),
        include_str!("history.rs"),
        include_str!("imports.rs"),
        include_str!("redemptions.rs"),
        include_str!("vouchers.rs"),
    ];
    let written: usize = sources.iter().map(|source| source.matches("select ").count()).sum();
    assert_eq!(written, statements().len());
}
