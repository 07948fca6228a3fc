//! How words of the domain stand in the reference: the domain does not know it, so their names are listed here.

use domain::{
    access_block, account, audit, bearing, benefit, codes, collection, coupon, event, gift, id, identity, liability,
    limit, opening, order, period, redemption, review, rule, settlement, stacking, voucher, wallet,
};
use serde::Serialize;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::{settlements, voucher_body};

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
    Standing: wallet::Standing::ALL.map(wallet::Standing::name);
    Role: account::Role::ALL.map(account::Role::name);
    Scope: ports::Scope::ALL.map(ports::Scope::name);
    VoucherState: voucher::VoucherState::ALL.map(voucher::VoucherState::name);
    RedemptionState: redemption::RedemptionState::ALL.map(redemption::RedemptionState::name);
    VoucherKind: [id::VoucherKind::Row, id::VoucherKind::Bearer, id::VoucherKind::Given].map(kind_name);
    IdentityKind: identity::IdentityKind::ALL.map(identity::IdentityKind::name);
    CodeHidden: [
        voucher_body::CodeHidden::Pooled,
        voucher_body::CodeHidden::Held,
        voucher_body::CodeHidden::Returned,
    ].map(written);
    ImportState: ports::ImportState::ALL.map(written);
    ClaimsFrom: [coupon::ClaimsFrom::Computed, coupon::ClaimsFrom::Pool].map(written);
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
        event::VoucherStep::Merged,
    ].map(written);
    GiftStep: gift::GiftStep::ALL.into_iter().filter(|step| step.has_entry()).map(written).collect::<Vec<_>>();
    AuditKind: audit::AuditKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>();
    WarningCode: review::WarningCode::ALL.iter().map(|code| code.name()).collect::<Vec<_>>();
    LiabilityPart: liability::Part::ALL.map(written);
    CollectionOf: collection::CollectionOf::ALL.map(written);
    Visibility: [coupon::Visibility::Public, coupon::Visibility::Hidden].map(written);
    Counts: [limit::Counts::Claims, limit::Counts::Redemptions, limit::Counts::Value].map(written);
    Per: [limit::Per::Everyone, limit::Per::Customer].map(written);
    Period: [period::Period::Ever, period::Period::Hour, period::Period::Day, period::Period::Week, period::Period::Month].map(written);
    Alphabet: [codes::Alphabet::Base32, codes::Alphabet::Digits, codes::Alphabet::Letters].map(written);
    BlockReason: access_block::BlockReason::ALL.map(access_block::BlockReason::name);
    BlockState: access_block::BlockState::ALL.map(written);
    Target: benefit::Target::ALL.map(written);
    Measure: [benefit::Measure::Amount, benefit::Measure::Quantity].map(written);
    Pick: [benefit::Pick::Cheapest, benefit::Pick::Dearest].map(written);
    Manner: [benefit::Manner::First, benefit::Manner::Spread].map(written);
    FieldKind: rule::Kind::ALL.map(rule::Kind::name);
    Operator: rule::Operator::ALL.map(rule::Operator::name);
    Mode: stacking::Mode::ALL.map(written);
    BearerKind: bearing::BearerKind::ALL.map(written);
    Bearer: [settlements::BearerWord::Platform, settlements::BearerWord::Merchant].map(written);
    BearerPlatform: [settlements::BearerWord::Platform].map(written);
    SettlementPer: settlement::SettlementPer::ALL.map(written);
    Format: [settlements::Format::Json, settlements::Format::Csv].map(written);
    Node: order::Node::ALL.map(written);
    UsePeriod: order::UsePeriod::ALL.map(written);
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
