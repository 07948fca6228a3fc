//! Which coupons go together, as requests say and answers show: of one coupon, and of all of a tenant.

use domain::field::FieldError;
use domain::id::{CouponId, CouponNo};
use domain::money::Rate;
use domain::stacking::{EXCLUDES_MAX, Lane, Mode, Pricing, Stacking};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::names::Names;
use crate::schemas;
use crate::scope_body::ListingBody;

/// How a coupon goes together with others.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Stacking)]
pub(crate) struct StackingBody {
    /// Its lane, by name; without one, or with a name that the tenant has no lane of: the first lane.
    #[schema(min_length = 1, max_length = 64)]
    lane: Option<String>,
    /// In its lane the higher goes first; among equals the coupon that was made first.
    #[schema(minimum = -1_000_000, maximum = 1_000_000)]
    priority: i32,
    /// It goes with no other coupon.
    exclusive: bool,
    /// It does not go with these, nor they with it.
    #[schema(value_type = Vec<String>, max_items = 200)]
    pub excludes_coupon_ids: Vec<CouponId>,
    /// It does not go with coupons of these merchants, nor they with it.
    #[schema(max_items = 200)]
    excludes_merchants: Vec<String>,
}

impl StackingBody {
    /// Before its coupons are looked up.
    pub(crate) fn check_coupons(&self) -> Result<(), FieldError> {
        if self.excludes_coupon_ids.len() > EXCLUDES_MAX {
            return Err(FieldError::new("/excludes_coupon_ids", format!("must be at most {EXCLUDES_MAX}")));
        }
        Ok(())
    }

    /// Within its bounds, or the first field that is not. `excludes_coupons` are those of `excludes_coupon_ids`.
    pub(crate) fn parse(self, excludes_coupons: Vec<CouponNo>) -> Result<Stacking, FieldError> {
        let Self { lane, priority, exclusive, excludes_merchants, .. } = self;
        let stacking = Stacking { lane, priority, exclusive, excludes_coupons, excludes_merchants };
        stacking.check()?;
        Ok(stacking)
    }

    /// `names` know the coupons.
    pub(crate) fn of(stacking: &Stacking, names: &Names) -> Self {
        Self {
            lane: stacking.lane.clone(),
            priority: stacking.priority,
            exclusive: stacking.exclusive,
            excludes_coupon_ids: stacking.excludes_coupons.iter().map(|no| names.coupon(*no)).collect(),
            excludes_merchants: stacking.excludes_merchants.clone(),
        }
    }
}

/// What holds for all coupons of a tenant together.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Pricing)]
pub(crate) struct PricingBody {
    /// In the order in which they are gone through; without any, one lane that applies all.
    #[schema(max_items = 20)]
    lanes: Vec<LaneBody>,
    /// How many coupons an order may have; `null`: any number.
    #[schema(minimum = 1, maximum = 100)]
    coupons_max: Option<u32>,
    /// The goods of an order never come to less than this share of what they cost before coupons; `null`: down to nothing.
    #[schema(value_type = Option<u32>, maximum = 10_000)]
    floor_bp: Option<Rate>,
    /// No coupon works on these, whatever it says.
    pub exclusions: ListingBody,
    /// Of coupons that do not go together, those are applied that give most together.
    best_deal: bool,
}

/// One step of the way in which an order's coupons are applied.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Lane)]
pub(crate) struct LaneBody {
    /// What coupons call it.
    #[schema(min_length = 1, max_length = 64, example = "shop")]
    name: String,
    /// What it does with several coupons: `all` of them, the `best` one, or the `first` that gives anything.
    #[serde(default)]
    #[schema(value_type = schemas::Mode)]
    mode: Mode,
    /// How many of its coupons an order may have; `null`: any number.
    #[serde(default)]
    #[schema(minimum = 1, maximum = 100)]
    coupons_max: Option<u32>,
}

impl PricingBody {
    /// Within its bounds, or the first field that is not.
    pub(crate) fn parse(self) -> Result<Pricing, FieldError> {
        let Self { lanes, coupons_max, floor_bp, exclusions, best_deal } = self;
        let lane = |LaneBody { name, mode, coupons_max }: LaneBody| Lane { name, mode, coupons_max };
        let lanes = lanes.into_iter().map(lane).collect();
        let pricing = Pricing { lanes, coupons_max, floor_bp, exclusions: exclusions.into(), best_deal };
        pricing.check()?;
        Ok(pricing)
    }
}

impl From<&Pricing> for PricingBody {
    fn from(pricing: &Pricing) -> Self {
        let lane = |Lane { name, mode, coupons_max }: &Lane| LaneBody {
            name: name.clone(),
            mode: *mode,
            coupons_max: *coupons_max,
        };
        Self {
            lanes: pricing.lanes.iter().map(lane).collect(),
            coupons_max: pricing.coupons_max,
            floor_bp: pricing.floor_bp,
            exclusions: (&pricing.exclusions).into(),
            best_deal: pricing.best_deal,
        }
    }
}
