//! How words of the domain stand in the reference: the domain does not know it, so their names are listed here.

use domain::codes::Alphabet;
use domain::coupon::{CouponState, Visibility};
use domain::event::VoucherStep;
use domain::id::VoucherKind;
use domain::limit::{Counts, Per};
use domain::opening::Weekday;
use domain::period::Period;
use domain::redemption::RedemptionState;
use domain::voucher::VoucherState;
use serde::Serialize;
use utoipa::openapi::schema::{Array, Object, ObjectBuilder, Type};

pub(crate) fn coupon_state() -> Object {
    one_of(&CouponState::ALL.map(CouponState::name))
}

pub(crate) fn voucher_state() -> Object {
    one_of(&VoucherState::ALL.map(VoucherState::name))
}

pub(crate) fn voucher_step() -> Object {
    use VoucherStep::{Assigned, Claimed, Expired, Issued, Locked, Redeemed, Released, Returned, Revoked, Unlocked};
    let steps = [Claimed, Issued, Assigned, Locked, Unlocked, Redeemed, Returned, Released, Expired, Revoked];
    one_of(&steps.map(written))
}

pub(crate) fn redemption_state() -> Object {
    one_of(&RedemptionState::ALL.map(RedemptionState::name))
}

pub(crate) fn voucher_kind() -> Object {
    one_of(&[VoucherKind::Row, VoucherKind::Bearer, VoucherKind::Given].map(kind_name))
}

pub(crate) fn kind_name(kind: VoucherKind) -> &'static str {
    match kind {
        VoucherKind::Row => "row",
        VoucherKind::Bearer => "bearer",
        VoucherKind::Given => "given",
    }
}

pub(crate) fn visibility() -> Object {
    one_of(&[Visibility::Public, Visibility::Hidden].map(written))
}

pub(crate) fn counts() -> Object {
    one_of(&[Counts::Claims, Counts::Redemptions, Counts::Value].map(written))
}

pub(crate) fn per() -> Object {
    one_of(&[Per::Everyone, Per::Customer].map(written))
}

pub(crate) fn period() -> Object {
    one_of(&[Period::Ever, Period::Hour, Period::Day, Period::Week, Period::Month].map(written))
}

pub(crate) fn alphabet() -> Object {
    one_of(&[Alphabet::Base32, Alphabet::Digits, Alphabet::Letters].map(written))
}

pub(crate) fn weekdays() -> Array {
    Array::new(one_of(&Weekday::ALL.map(written)))
}

/// The name of a word as JSON writes it.
pub(crate) fn written(word: impl Serialize) -> String {
    let value = serde_json::to_value(word).expect("a word is written as a text");
    value.as_str().expect("a word is written as a text").to_owned()
}

fn one_of(names: &[impl AsRef<str>]) -> Object {
    let names = names.iter().map(|name| name.as_ref().to_owned());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).build()
}
