//! What is suspicious about a coupon or the settings of a tenant, found without an order. It is saved all the same:
//! warnings, each with the field it is about. Only what is sure is said to be never or always so.

mod benefit;
mod company;
mod scope;

use std::sync::Arc;

use crate::coupon::{Coupon, CouponState, Definition};
use crate::rule::{Catalogue, Condition, Field, Known, NowOf, Verdict};
use crate::tenant::Settings;
use crate::time::Timestamp;

macro_rules! codes {
    ($($(#[$doc:meta])* $code:ident, $name:literal;)*) => {
        /// What a warning is about.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum WarningCode { $($(#[$doc])* $code,)* }

        impl WarningCode {
            /// All there are, in the order in which they are published.
            pub const ALL: &[Self] = &[$(Self::$code,)*];

            /// Its published name.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$code => $name,)* }
            }
        }
    };
}

codes! {
    /// The conditions hold of no order that comes to them.
    ConditionsNeverHold, "conditions_never_hold";
    /// A part of the conditions holds of no order.
    ConditionNever, "condition_never";
    /// A part of the conditions holds of every order.
    ConditionAlways, "condition_always";
    /// A part of the conditions changes nothing beside the others.
    ConditionIdle, "condition_idle";
    /// The benefit gives nothing, whatever is ordered.
    BenefitNever, "benefit_never";
    /// A step of a ladder is never the highest that is reached.
    StepNever, "step_never";
    /// Whatever is in scope is excluded.
    ScopeEmpty, "scope_empty";
    /// Nothing can be taken of a limit.
    LimitZero, "limit_zero";
    /// What the benefit gives whole does not fit into a limit.
    LimitBelowBenefit, "limit_below_benefit";
    /// The validity, or the window, is over.
    Over, "over";
    /// The validity lies outside of the window.
    ValidityOutsideWindow, "validity_outside_window";
    /// It gives in another currency than the tenant's prices usually are in.
    CurrencyForeign, "currency_foreign";
    /// An order may come to nothing.
    PriceZero, "price_zero";
    /// Two exclusive coupons without conditions run at the same time.
    ExclusiveClash, "exclusive_clash";
    /// Coupons that go together may take more than the tenant wants to know of.
    StacksAbove, "stacks_above";
    /// The tenant lets no coupon take anything off goods.
    FloorWhole, "floor_whole";
}

/// Something suspicious.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// The field it is about, as a JSON pointer.
    pub pointer: String,
    /// What it is about.
    pub code: WarningCode,
    /// For people.
    pub detail: String,
}

impl Warning {
    fn new(code: WarningCode, pointer: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { pointer: pointer.into(), code, detail: detail.into() }
    }
}

/// What a coupon is looked at beside.
#[derive(Clone, Copy, Debug)]
pub struct Beside<'a> {
    /// What the tenant has set.
    pub settings: &'a Settings,
    /// Coupons that are running or scheduled, or some of them; the coupon itself may be among them.
    pub others: &'a [Arc<Coupon>],
    /// When.
    pub now: Timestamp,
}

/// What is suspicious about a coupon, by the order of its codes.
#[must_use]
pub fn review(coupon: &Coupon, beside: Beside<'_>) -> Vec<Warning> {
    let definition = &coupon.definition;
    let mut found = Vec::new();
    let condition = condition(definition, beside.settings);
    conditions(definition, condition.as_ref(), beside, &mut found);
    benefit::review(definition, condition.as_ref(), beside, &mut found);
    scope::review(definition, &beside.settings.pricing.exclusions, &mut found);
    times(definition, beside, &mut found);
    let over = matches!(coupon.state, CouponState::Ended | CouponState::Aborted);
    if !over {
        company::review(coupon, beside, &mut found);
    }
    found.sort_by(|one, other| (one.code, &one.pointer).cmp(&(other.code, &other.pointer)));
    found
}

/// What is suspicious about what a tenant has set, and about its coupons because of that.
#[must_use]
pub fn review_settings(beside: Beside<'_>) -> Vec<Warning> {
    let mut found = Vec::new();
    if benefit::is_floor_whole(beside.settings) {
        let detail = "a floor of 100 % leaves nothing that a coupon could take off goods";
        found.push(Warning::new(WarningCode::FloorWhole, "/pricing/floor_bp", detail));
    }
    for coupon in beside.others {
        if scope::is_empty(&coupon.definition.scope, &beside.settings.pricing.exclusions) {
            let detail = format!("all that coupon {} is for is excluded", coupon.no);
            found.push(Warning::new(WarningCode::ScopeEmpty, "/pricing/exclusions", detail));
        }
    }
    found.extend(company::most_together(beside).map(|warning| Warning { pointer: "/pricing".to_owned(), ..warning }));
    found
}

fn condition(definition: &Definition, settings: &Settings) -> Option<Condition> {
    let catalogue = Catalogue::new(&settings.attributes).ok()?;
    Condition::compile(definition.conditions.as_ref()?, &catalogue).ok()
}

/// What is sure of orders before their conditions are asked, or their benefit gives anything.
fn known(definition: &Definition) -> Known {
    let least = definition.minimum_order_minor.unwrap_or(0).max(definition.benefit.least_goods_minor());
    Known { currency: definition.currency, subtotal_min: least, quantity_min: benefit::units_min(&definition.benefit) }
}

fn today(beside: Beside<'_>) -> NowOf {
    NowOf::new(beside.now, &beside.settings.zone)
}

fn conditions(definition: &Definition, condition: Option<&Condition>, beside: Beside<'_>, found: &mut Vec<Warning>) {
    let Some(condition) = condition else { return };
    for finding in condition.findings(known(definition), Some(today(beside))) {
        let (code, detail) = match (finding.verdict, finding.pointer.as_str()) {
            (Verdict::Never | Verdict::Idle(false), "") => {
                (WarningCode::ConditionsNeverHold, "no order that the coupon is for meets its conditions")
            }
            (Verdict::Always, _) => (WarningCode::ConditionAlways, "it holds of every order"),
            (Verdict::Never, _) => (WarningCode::ConditionNever, "it holds of no order"),
            (Verdict::Idle(true), _) => {
                (WarningCode::ConditionIdle, "it holds wherever the rest of the coupon lets it decide")
            }
            (Verdict::Idle(false), _) => {
                (WarningCode::ConditionIdle, "wherever it holds, something beside it holds too; or it never counts")
            }
        };
        found.push(Warning::new(code, format!("/conditions{}", finding.pointer), detail));
    }
}

fn times(definition: &Definition, beside: Beside<'_>, found: &mut Vec<Warning>) {
    let (validity, window) = (&definition.validity, &definition.window);
    let mut over = |pointer: &str, end: Option<Timestamp>, what: &str| {
        if let Some(end) = end.filter(|end| *end <= beside.now) {
            found.push(Warning::new(WarningCode::Over, pointer, format!("{what} ended at {end}")));
        }
    };
    over("/validity/until", validity.until, "the validity");
    over("/ends_at", window.ends_at, "the window");
    let outside = "no voucher is valid while the coupon is running";
    if validity.from.zip(window.ends_at).is_some_and(|(from, end)| end <= from) {
        found.push(Warning::new(WarningCode::ValidityOutsideWindow, "/validity/from", outside));
    }
    if validity.until.zip(window.starts_at).is_some_and(|(until, start)| until <= start) {
        found.push(Warning::new(WarningCode::ValidityOutsideWindow, "/validity/until", outside));
    }
    let usual = beside.settings.currency;
    if let Some(currency) = definition.currency.filter(|currency| *currency != usual) {
        let detail = format!("it gives in {currency}; orders in {usual} get nothing");
        found.push(Warning::new(WarningCode::CurrencyForeign, "/currency", detail));
    }
}

/// The most that a number of an order may be where the coupon applies.
fn most_of(field: &Field, definition: &Definition, condition: Option<&Condition>, beside: Beside<'_>) -> Option<i64> {
    let range = condition?.range(field, known(definition), Some(today(beside)))?;
    Some(range.1)
}
