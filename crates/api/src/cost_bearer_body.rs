//! Who bears what a coupon gives, as requests say and answers show it.

use domain::bearing::{BearerKind, Borne, CostBearer, MerchantShare};
use domain::money::Rate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schemas;

/// Somebody who bears a part of what a coupon gives: a share of it, or an amount of each redemption, and not both.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CostBearer)]
pub(crate) struct CostBearerBody {
    /// `merchant`: the one of `merchant_id`; `line_merchant`: the merchant of each line, for what fell on that line.
    #[serde(rename = "type")]
    #[schema(value_type = schemas::BearerKind)]
    kind: BearerKind,
    /// As lines name their `merchant`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    merchant_id: Option<String>,
    /// A share of what amounts have left of the discount; all shares together are at most 10,000.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<u32>, minimum = 1, maximum = 10_000)]
    share_bp: Option<Rate>,
    /// An amount, or what is left of the discount where that is less; taken before shares. Needs a `currency`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 1)]
    amount_minor: Option<i64>,
}

impl From<CostBearerBody> for CostBearer {
    fn from(CostBearerBody { kind, merchant_id, share_bp, amount_minor }: CostBearerBody) -> Self {
        Self { kind, merchant_id, share_bp, amount_minor }
    }
}

impl From<&CostBearer> for CostBearerBody {
    fn from(CostBearer { kind, merchant_id, share_bp, amount_minor }: &CostBearer) -> Self {
        Self { kind: *kind, merchant_id: merchant_id.clone(), share_bp: *share_bp, amount_minor: *amount_minor }
    }
}

/// What a merchant bears of a discount.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Borne)]
pub(crate) struct BorneBody {
    merchant_id: String,
    #[schema(minimum = 1)]
    amount_minor: i64,
    /// What of it came back; only of a redemption.
    #[serde(skip_serializing_if = "Option::is_none")]
    returned_minor: Option<i64>,
}

impl From<Borne> for BorneBody {
    fn from(Borne { merchant_id, amount_minor }: Borne) -> Self {
        Self { merchant_id, amount_minor, returned_minor: None }
    }
}

impl From<&MerchantShare> for BorneBody {
    fn from(MerchantShare { merchant_id, amount_minor, returned_minor, .. }: &MerchantShare) -> Self {
        Self { merchant_id: merchant_id.clone(), amount_minor: *amount_minor, returned_minor: Some(*returned_minor) }
    }
}
