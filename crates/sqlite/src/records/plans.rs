//! What a page looks at, beyond what holds for every statement (`crate::plans`).

use super::vouchers;
use crate::plan::plan;

/// The page of one coupon's vouchers ends where the coupon ends, also if no voucher passes the filter.
#[test]
fn both_ends_of_a_voucher_page_are_found_by_the_index() {
    for sql in [&vouchers::PAGE, &vouchers::PAGE_OF_CUSTOMER] {
        let plan = plan("", sql);
        assert!(plan[0].ends_with("(coupon,kind,ordinal)>(?,?,?) AND coupon<?)"), "{plan:?}");
    }
}
