//! A check goes through each table once: what is joined to a row, or looked up for it, is found by an index.

use super::{redemptions, statements, usage, vouchers};
use crate::plan::plan;

#[test]
fn what_is_looked_up_for_a_row_is_found_by_an_index() {
    for sql in [redemptions::LISTED, redemptions::VOUCHER, vouchers::REDEMPTION] {
        let plan = plan("", sql);
        assert!(plan.iter().all(|step| step.starts_with("SEARCH")), "{sql}: {plan:?}");
    }
}

#[test]
fn one_table_is_scanned_and_the_others_are_searched() {
    let joins = [usage::UNLIKE_EVENTS, usage::UNLIKE_TAKINGS, redemptions::RESERVATIONS];
    for sql in statements::ALL.iter().map(|(_, sql)| *sql).chain(joins) {
        let plan = plan(usage::TABLES, sql);
        let scans = plan.iter().filter(|step| step.starts_with("SCAN") && !step.contains("(subquery")).count();
        assert_eq!(scans, 1 + sql.matches("union all").count(), "{sql}: {plan:?}");
        assert!(plan.iter().all(|step| !step.contains("AUTOMATIC")), "{sql}: {plan:?}");
    }
}
