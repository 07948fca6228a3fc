//! A scope that is wholly excluded.

use super::{Warning, WarningCode};
use crate::benefit::Benefit;
use crate::coupon::Definition;
use crate::scope::{Listing, Scope};

pub(super) fn review(definition: &Definition, exclusions: &Listing, found: &mut Vec<Warning>) {
    if is_empty(&definition.scope, exclusions) {
        let detail = "whatever it is for is excluded, by itself or by the tenant";
        found.push(Warning::new(WarningCode::ScopeEmpty, "/scope/include", detail));
    }
    let Benefit::UnitsOff { of: Some(of), .. } = &definition.benefit else { return };
    if is_empty(of, exclusions) {
        let detail = "whatever it gives units of is excluded, by itself or by the tenant";
        found.push(Warning::new(WarningCode::ScopeEmpty, "/benefit/of/include", detail));
    }
    // A unit that is in both scopes is one that is given, so that none would be bought.
    if of.is_all() {
        let detail = "every unit is one that is given, so none is bought; leave `of` out, or name what is given";
        found.push(Warning::new(WarningCode::BenefitNever, "/benefit/of", detail));
    }
}

/// Whether every line that is included is excluded too, as far as the same kind of list says both.
pub(super) fn is_empty(scope: &Scope, exclusions: &Listing) -> bool {
    let Scope { include, exclude } = scope;
    !include.is_empty() && include.is_within(&[exclude, exclusions])
}
