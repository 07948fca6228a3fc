//! The coupons of a replay, from a TOML file.

use std::path::Path;

use anyhow::Context;
use domain::coupon::Definition;
use domain::money::Currency;
use domain::time::Zone;
use serde::Deserialize;

const SAMPLE: &str = include_str!("../../replay.sample.toml");

/// What a replay is made with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub shop: Shop,
    #[serde(rename = "coupon")]
    pub coupons: Vec<PlannedCoupon>,
}

/// What the shop's file does not say of itself.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shop {
    /// Where its times are local.
    pub zone: Zone,
    /// What its prices are in.
    pub currency: Currency,
}

/// A coupon, and how the shop's customers come by it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PlannedCoupon {
    pub by: By,
    pub definition: Definition,
}

/// How customers come by a coupon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum By {
    /// They type its shared code with every order.
    Code,
    /// They claim a voucher before an order, unless they have one left.
    Claim,
}

impl Plan {
    pub(super) fn load(file: Option<&Path>) -> anyhow::Result<Self> {
        let Some(file) = file else {
            return toml::from_str(SAMPLE).context("the sample of coupons is valid");
        };
        let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
        toml::from_str(&text).with_context(|| format!("the coupons in {} are not understood", file.display()))
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sample_that_ships_is_understood() {
        let plan = super::Plan::load(None).expect("the sample is valid");
        assert!(plan.coupons.len() >= 3);
        for coupon in &plan.coupons {
            coupon.definition.benefit.check().expect("its benefits are within bounds");
        }
    }
}
