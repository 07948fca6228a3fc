//! How things are called in findings. Numbers and ids only: no codes and nothing personal.

use domain::event::Subject;
use domain::id::{CouponNo, TenantNo, VoucherKey};

pub(super) fn name(TenantNo(tenant): TenantNo, subject: &Subject) -> String {
    match subject {
        Subject::Voucher(VoucherKey { coupon, kind, ordinal }) => {
            format!("voucher {coupon}/{}/{ordinal} of tenant {tenant}", kind.bits())
        }
        Subject::Redemption(id) => format!("redemption {id} of tenant {tenant}"),
        Subject::Coupon(no) => format!("coupon {no} of tenant {tenant}"),
        Subject::Customer(no) => format!("customer {no} of tenant {tenant}"),
        Subject::Block(_, id) => format!("block {id} of tenant {tenant}"),
        Subject::Campaign(no) => format!("campaign {no} of tenant {tenant}"),
        Subject::Gift(VoucherKey { coupon, kind, ordinal }) => {
            format!("the value of voucher {coupon}/{}/{ordinal} of tenant {tenant}", kind.bits())
        }
        Subject::Account(no) => format!("account {no} of tenant {tenant}"),
    }
}

/// Whose events are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Owner {
    Vouchers(CouponNo),
    Redemptions,
    Coupons,
    Customers,
    Blocks,
    Campaigns,
    Accounts,
    Gifts(CouponNo),
}

pub(super) fn owner(subject: &Subject) -> Owner {
    match subject {
        Subject::Voucher(key) => Owner::Vouchers(key.coupon),
        Subject::Redemption(_) => Owner::Redemptions,
        Subject::Coupon(_) => Owner::Coupons,
        Subject::Customer(_) => Owner::Customers,
        Subject::Block(..) => Owner::Blocks,
        Subject::Campaign(_) => Owner::Campaigns,
        Subject::Account(_) => Owner::Accounts,
        Subject::Gift(key) => Owner::Gifts(key.coupon),
    }
}
