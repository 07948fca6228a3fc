//! A coupon as answers show it.

use domain::coupon::{ClaimsFrom, Coupon, CouponState, Visibility};
use domain::id::{CampaignId, CouponId, CustomerId};
use domain::money::Currency;
use domain::rule::Rule;
use domain::time::{Span, Timestamp};
use serde::Serialize;
use utoipa::ToSchema;

use crate::approvals::ApprovalBody;
use crate::benefit_body::BenefitBody;
use crate::cost_bearer_body::CostBearerBody;
use crate::definition_parts::{LimitBody, PatternBody, ValidityBody};
use crate::names::Names;
use crate::schemas;
use crate::scope_body::ScopeBody;
use crate::stacking_body::StackingBody;
use crate::warnings::WarningBody;

/// A coupon: its latest definition with what has become of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Coupon)]
pub(crate) struct CouponBody {
    #[schema(value_type = String, example = "cpn_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    id: CouponId,
    /// Small and its own in the tenant, for people.
    number: u32,
    #[schema(value_type = schemas::CouponState)]
    state: CouponState,
    /// Counts changes of definition and state; the `ETag` too, for `If-Match`.
    version: u32,
    name: String,
    code: Option<String>,
    benefit: BenefitBody,
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    scope: ScopeBody,
    /// What must hold of the order, of who buys and of the time.
    #[schema(value_type = Option<Object>)]
    conditions: Option<Rule>,
    /// Whether it needs no code.
    automatic: bool,
    stacking: StackingBody,
    merchant: Option<String>,
    /// Who bears what it gives; what is left over, and all without any, the platform does.
    cost_bearers: Vec<CostBearerBody>,
    minimum_order_minor: Option<i64>,
    validity: ValidityBody,
    limits: Vec<LimitBody>,
    #[schema(value_type = Option<String>, format = "duration")]
    hold: Option<Span>,
    #[schema(value_type = schemas::Visibility)]
    visibility: Visibility,
    #[schema(value_type = Option<Vec<String>>)]
    customer_ids: Option<Vec<CustomerId>>,
    pattern: Option<PatternBody>,
    #[schema(value_type = Option<String>)]
    campaign_id: Option<CampaignId>,
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    min_age: Option<u8>,
    #[schema(value_type = schemas::ClaimsFrom)]
    claims_from: ClaimsFrom,
    /// Who, beside those who wrote it, agrees to what it may cost; ends with any change of the definition.
    approval: Option<ApprovalBody>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
    /// What is suspicious about it; only in the answer to who has just saved it.
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<WarningBody>>,
}

impl CouponBody {
    /// With what is suspicious about it.
    pub(crate) fn with_warnings(self, warnings: Vec<WarningBody>) -> Self {
        Self { warnings: Some(warnings), ..self }
    }

    /// As it is at that instant. `names` know the customers it is for, its campaign, and the coupons that it excludes.
    pub(crate) fn of(coupon: &Coupon, names: &Names, at: Timestamp) -> Self {
        let definition = &coupon.definition;
        let customers = definition.customers.as_ref();
        Self {
            id: coupon.id,
            number: coupon.no.0,
            state: coupon.state_at(at),
            version: coupon.version,
            name: definition.name.clone(),
            code: definition.code.clone(),
            benefit: (&definition.benefit).into(),
            currency: definition.currency,
            scope: (&definition.scope).into(),
            conditions: definition.conditions.clone(),
            automatic: definition.automatic,
            stacking: StackingBody::of(&definition.stacking, names),
            merchant: definition.merchant.clone(),
            cost_bearers: definition.cost_bearers.iter().map(CostBearerBody::from).collect(),
            minimum_order_minor: definition.minimum_order_minor,
            validity: (&definition.validity).into(),
            limits: coupon.limits.iter().map(LimitBody::from).collect(),
            hold: definition.hold,
            visibility: definition.visibility,
            customer_ids: customers.map(|list| list.iter().map(|no| names.customer(*no)).collect()),
            pattern: definition.pattern.as_ref().map(PatternBody::from),
            campaign_id: definition.campaign.map(|no| names.campaign(no)),
            starts_at: definition.window.starts_at,
            ends_at: definition.window.ends_at,
            min_age: definition.min_age,
            claims_from: definition.claims_from,
            approval: coupon.vetting.approval.as_ref().map(ApprovalBody::from),
            created_at: coupon.created_at,
            changed_at: coupon.changed_at,
            warnings: None,
        }
    }
}
