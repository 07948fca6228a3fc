//! The coupons of a replay, from a TOML file.

use std::path::Path;

use anyhow::Context;
use domain::coupon::Definition;
use domain::money::Currency;
use domain::stacking::Pricing;
use domain::time::Zone;
use serde::Deserialize;

const SAMPLE: &str = include_str!("../../replay.sample.toml");

/// What a replay is made with.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Plan {
    pub shop: Shop,
    /// What holds for all coupons together.
    #[serde(default)]
    pub pricing: Pricing,
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
    /// By nothing: it needs no code.
    Automatic,
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
    use std::path::Path;

    use super::*;

    /// The samples, of which the first is built in.
    const SAMPLES: [Option<&str>; 2] = [None, Some("replay.stacked.toml")];

    #[test]
    fn the_samples_that_ship_are_understood() {
        for sample in SAMPLES {
            let file = sample.map(|name| Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
            let plan = Plan::load(file.as_deref()).expect("the sample is valid");
            plan.pricing.check().expect("its lanes are within bounds");
            assert!(plan.coupons.len() >= 3);
            for coupon in &plan.coupons {
                coupon.definition.benefit.check().expect("its benefits are within bounds");
                coupon.definition.stacking.check().expect("its stacking is within bounds");
            }
        }
    }
}
