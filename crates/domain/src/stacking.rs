//! Which coupons go together: what a coupon says of itself, and what the tenant says of all.

use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::id::CouponNo;
use crate::money::Rate;
use crate::order::SKU_CHARS_MAX;
use crate::scope::Listing;

/// The most lanes of a tenant.
pub const LANES_MAX: usize = 20;
/// The most coupons, and the most merchants, that a coupon excludes.
pub const EXCLUDES_MAX: usize = 200;
/// The most coupons of an order that can be asked for.
const COUPONS_MAX: u32 = 100;
const NAME_CHARS_MAX: usize = 64;
/// Far beyond what anybody orders by hand.
const PRIORITY_MAX: i32 = 1_000_000;

/// How a coupon goes together with others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Stacking {
    /// Its lane, by name; absent, or none of the tenant's: the first lane.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lane: Option<String>,
    /// In its lane the higher goes first; among equals the coupon that was made first.
    #[serde(skip_serializing_if = "is_zero")]
    pub priority: i32,
    /// It goes with no other coupon.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exclusive: bool,
    /// It does not go with these, nor they with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excludes_coupons: Vec<CouponNo>,
    /// It does not go with coupons of these merchants, nor they with it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excludes_merchants: Vec<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(priority: &i32) -> bool {
    *priority == 0
}

impl Stacking {
    /// Whether it says nothing.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether its fields are within their bounds.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        self.lane.as_ref().map_or(Ok(()), |lane| check_name("/lane", lane))?;
        if !(-PRIORITY_MAX..=PRIORITY_MAX).contains(&self.priority) {
            return Err(FieldError::new("/priority", format!("must be from -{PRIORITY_MAX} to {PRIORITY_MAX}")));
        }
        for (pointer, count) in
            [("/excludes_coupons", self.excludes_coupons.len()), ("/excludes_merchants", self.excludes_merchants.len())]
        {
            if count > EXCLUDES_MAX {
                return Err(FieldError::new(pointer, format!("must be at most {EXCLUDES_MAX}")));
            }
        }
        for (index, merchant) in self.excludes_merchants.iter().enumerate() {
            if !(1..=SKU_CHARS_MAX).contains(&merchant.chars().count()) {
                let detail = format!("must be 1 to {SKU_CHARS_MAX} characters");
                return Err(FieldError::new(format!("/excludes_merchants/{index}"), detail));
            }
        }
        Ok(())
    }
}

/// What a lane does with several coupons of its own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Each is applied, one after the other.
    #[default]
    All,
    /// The one that gives most is applied.
    Best,
    /// The first that gives anything is applied.
    First,
}

impl Mode {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::All, Self::Best, Self::First];
}

/// One step of the way in which an order's coupons are applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lane {
    /// What coupons call it.
    pub name: String,
    /// What it does with several.
    #[serde(default)]
    pub mode: Mode,
    /// How many of its coupons an order may have; none: any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coupons_max: Option<u32>,
}

/// What holds for all coupons of a tenant. Kept with each decision.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Pricing {
    /// In the order in which they are gone through; none: one lane that applies all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub lanes: Vec<Lane>,
    /// How many coupons an order may have; none: any number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coupons_max: Option<u32>,
    /// The goods of an order never come to less than this share of what they cost before coupons.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub floor_bp: Option<Rate>,
    /// No coupon works on these, whatever it says.
    #[serde(skip_serializing_if = "Listing::is_empty")]
    pub exclusions: Listing,
    /// Of coupons that do not go together, those are applied that give most together.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub best_deal: bool,
}

impl Pricing {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// Whether its fields are within their bounds.
    ///
    /// # Errors
    /// The first that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        if self.lanes.len() > LANES_MAX {
            return Err(FieldError::new("/lanes", format!("must be at most {LANES_MAX} lanes")));
        }
        for (index, lane) in self.lanes.iter().enumerate() {
            let pointer = format!("/lanes/{index}");
            check_name("/name", &lane.name).map_err(|error| error.under(&pointer))?;
            if self.lanes[..index].iter().any(|other| other.name == lane.name) {
                return Err(FieldError::new(format!("{pointer}/name"), "another lane has this name"));
            }
            check_count(&format!("{pointer}/coupons_max"), lane.coupons_max)?;
        }
        check_count("/coupons_max", self.coupons_max)?;
        self.exclusions.check().map_err(|error| error.under("/exclusions"))
    }

    /// The place of a coupon's lane among the lanes.
    pub(crate) fn lane_of(&self, stacking: &Stacking) -> usize {
        let named = stacking.lane.as_ref().and_then(|name| self.lanes.iter().position(|lane| lane.name == *name));
        named.unwrap_or_default()
    }
}

fn check_name(pointer: &str, name: &str) -> Result<(), FieldError> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte);
    if (1..=NAME_CHARS_MAX).contains(&name.len()) && name.bytes().all(is_plain) {
        Ok(())
    } else {
        Err(FieldError::new(pointer, format!("must be 1 to {NAME_CHARS_MAX} of the characters A-Z a-z 0-9 _ - .")))
    }
}

fn check_count(pointer: &str, count: Option<u32>) -> Result<(), FieldError> {
    match count {
        Some(count) if !(1..=COUPONS_MAX).contains(&count) => {
            Err(FieldError::new(pointer, format!("must be from 1 to {COUPONS_MAX}")))
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_coupon_says_of_itself_is_within_bounds() {
        let check = |text: &str, pointer: Option<&str>| {
            let stacking: Stacking = serde_json::from_str(text).unwrap();
            assert_eq!(stacking.check().err().map(|error| error.pointer).as_deref(), pointer, "{text}");
        };
        check("{}", None);
        check(
            r#"{"lane":"shop.1","priority":-5,"exclusive":true,"excludes_coupons":[1],"excludes_merchants":["m"]}"#,
            None,
        );
        check(r#"{"lane":""}"#, Some("/lane"));
        check(r#"{"lane":"a b"}"#, Some("/lane"));
        check(r#"{"priority":1000001}"#, Some("/priority"));
        check(r#"{"excludes_merchants":["m",""]}"#, Some("/excludes_merchants/1"));
        let many = Stacking { excludes_coupons: (1..=201).map(CouponNo).collect(), ..Stacking::default() };
        assert_eq!(many.check().unwrap_err().pointer, "/excludes_coupons");
    }

    #[test]
    fn what_a_tenant_says_of_all_is_within_bounds() {
        let check = |text: &str, pointer: Option<&str>| {
            let pricing: Pricing = serde_json::from_str(text).unwrap();
            assert_eq!(pricing.check().err().map(|error| error.pointer).as_deref(), pointer, "{text}");
        };
        check("{}", None);
        check(r#"{"lanes":[{"name":"a","mode":"best","coupons_max":1},{"name":"b"}],"floor_bp":5000}"#, None);
        check(r#"{"lanes":[{"name":"a"},{"name":"a"}]}"#, Some("/lanes/1/name"));
        check(r#"{"lanes":[{"name":"a","coupons_max":0}]}"#, Some("/lanes/0/coupons_max"));
        check(r#"{"coupons_max":101}"#, Some("/coupons_max"));
        check(r#"{"exclusions":{"skus":[""]}}"#, Some("/exclusions/skus"));
        assert!(serde_json::from_str::<Pricing>(r#"{"floor_bp":10001}"#).is_err());
    }

    #[test]
    fn a_lane_that_is_not_there_is_the_first() {
        let pricing: Pricing = serde_json::from_str(r#"{"lanes":[{"name":"a"},{"name":"b"}]}"#).unwrap();
        for (lane, place) in [(None, 0), (Some("a"), 0), (Some("b"), 1), (Some("c"), 0)] {
            let stacking = Stacking { lane: lane.map(str::to_owned), ..Stacking::default() };
            assert_eq!(pricing.lane_of(&stacking), place, "{lane:?}");
        }
    }
}
