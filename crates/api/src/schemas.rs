//! How words of the domain stand in the reference: the domain does not know it, so their names are listed here.

use domain::{access_block, codes, coupon, event, id, limit, opening, period, redemption, voucher};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

macro_rules! words {
    ($($word:ident: $values:expr;)*) => {$(
        /// Stands for the domain's word in the reference.
        pub(crate) struct $word;

        impl PartialSchema for $word {
            fn schema() -> RefOr<Schema> {
                one_of(&$values)
            }
        }

        impl ToSchema for $word {}
    )*};
}

words! {
    CouponState: coupon::CouponState::ALL.map(coupon::CouponState::name);
    VoucherState: voucher::VoucherState::ALL.map(voucher::VoucherState::name);
    RedemptionState: redemption::RedemptionState::ALL.map(redemption::RedemptionState::name);
    VoucherKind: [id::VoucherKind::Row, id::VoucherKind::Bearer, id::VoucherKind::Given].map(kind_name);
    VoucherStep: [
        event::VoucherStep::Claimed,
        event::VoucherStep::Issued,
        event::VoucherStep::Assigned,
        event::VoucherStep::Locked,
        event::VoucherStep::Unlocked,
        event::VoucherStep::Redeemed,
        event::VoucherStep::Returned,
        event::VoucherStep::Released,
        event::VoucherStep::Expired,
        event::VoucherStep::Revoked,
    ].map(written);
    Visibility: [coupon::Visibility::Public, coupon::Visibility::Hidden].map(written);
    Counts: [limit::Counts::Claims, limit::Counts::Redemptions, limit::Counts::Value].map(written);
    Per: [limit::Per::Everyone, limit::Per::Customer].map(written);
    Period: [period::Period::Ever, period::Period::Hour, period::Period::Day, period::Period::Week, period::Period::Month].map(written);
    Alphabet: [codes::Alphabet::Base32, codes::Alphabet::Digits, codes::Alphabet::Letters].map(written);
    BlockReason: access_block::BlockReason::ALL.map(access_block::BlockReason::name);
    BlockState: access_block::BlockState::ALL.map(written);
    Weekday: opening::Weekday::ALL.map(written);
}

pub(crate) fn kind_name(kind: id::VoucherKind) -> &'static str {
    match kind {
        id::VoucherKind::Row => "row",
        id::VoucherKind::Bearer => "bearer",
        id::VoucherKind::Given => "given",
    }
}

/// The name of a word as JSON writes it.
pub(crate) fn written(word: impl Serialize) -> String {
    let value = serde_json::to_value(word).expect("a word is written as a text");
    value.as_str().expect("a word is written as a text").to_owned()
}

fn one_of(names: &[impl AsRef<str>]) -> RefOr<Schema> {
    let names = names.iter().map(|name| name.as_ref().to_owned());
    ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
}
