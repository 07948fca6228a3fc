//! A coupon's definition as requests bring it.

use domain::bearing::{self, CostBearer};
use domain::codes::fold;
use domain::collection::Collections;
use domain::coupon::{ClaimsFrom, Definition, LimitDefinition, Visibility};
use domain::field::FieldError;
use domain::id::{CampaignId, CampaignNo, CouponNo, CustomerId, CustomerNo};
use domain::limit::Counts;
use domain::money::{AMOUNT_MINOR_MAX, Currency};
use domain::order::SKU_CHARS_MAX;
use domain::rule::Rule;
use domain::time::{Span, Timestamp};
use domain::window::Window;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::benefit_body::BenefitBody;
use crate::collections;
use crate::cost_bearer_body::CostBearerBody;
use crate::definition_parts::{LimitBody, PatternBody, ValidityBody};
use crate::schemas;
use crate::scope_body::ScopeBody;
use crate::stacking_body::StackingBody;

pub(crate) const NAME_CHARS_MAX: usize = 200;
/// Of a code given by people, shared or not.
pub(crate) const CODE_CHARS_MAX: usize = 64;
const LIMITS_MAX: usize = 20;
const AGE_YEARS_MAX: u8 = 120;
const CUSTOMERS_MAX: usize = 10_000;
/// 30 days.
const HOLD_MS_MAX: i64 = 30 * 24 * 3_600_000;

/// All that staff says of a coupon; saved whole with every version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CouponDefinition)]
pub(crate) struct DefinitionBody {
    #[schema(min_length = 1, max_length = 200, example = "Ten per cent off")]
    name: String,
    /// A code that everybody may type.
    #[schema(min_length = 1, max_length = 64, example = "SAVE10")]
    pub code: Option<String>,
    benefit: BenefitBody,
    /// What its amounts are in; without it the coupon works in any currency and names no amount.
    #[schema(value_type = Option<String>, pattern = "^[A-Z]{3}$", example = "USD")]
    currency: Option<Currency>,
    /// On which lines it works; without it, on all.
    #[serde(default)]
    scope: ScopeBody,
    /// What must hold of the order, of who buys and of the time: a tree of `all`, `any`, `not`, tests of fields
    /// (`{"field":"order.subtotal","op":"gte","value":1000}`), `any_line`, `all_lines`, `count_lines` and `sum_lines`. The
    /// fields are those of `GET /v1/condition-fields`.
    #[schema(value_type = Option<Object>)]
    conditions: Option<Rule>,
    /// It needs no code: every order that it applies to has it.
    #[serde(default)]
    automatic: bool,
    /// Which other coupons it goes with.
    #[serde(default)]
    pub stacking: StackingBody,
    /// Whose coupon it is, if a merchant's.
    #[schema(min_length = 1, max_length = 128)]
    merchant: Option<String>,
    /// Who bears what it gives; what is left over, and all without any, the platform does.
    #[serde(default)]
    #[schema(max_items = 20)]
    cost_bearers: Vec<CostBearerBody>,
    /// Goods in scope worth less than this get nothing; needs a `currency`.
    #[schema(minimum = 0)]
    minimum_order_minor: Option<i64>,
    #[serde(default)]
    validity: ValidityBody,
    #[serde(default)]
    #[schema(max_items = 20)]
    limits: Vec<LimitBody>,
    /// A claim is held this long and ends unless it is used: hours, minutes and seconds, up to 30 days. Without it a
    /// claim is owned at once.
    #[schema(value_type = Option<String>, format = "duration", example = "PT5M")]
    hold: Option<Span>,
    #[serde(default)]
    #[schema(value_type = schemas::Visibility)]
    visibility: Visibility,
    /// Only these customers may claim and use it.
    #[schema(value_type = Option<Vec<String>>, max_items = 10_000)]
    pub customer_ids: Option<Vec<CustomerId>>,
    /// How its unique codes look; cannot change later.
    pattern: Option<PatternBody>,
    /// The campaign it belongs to; chosen when it is created, and for good.
    #[schema(value_type = Option<String>)]
    pub campaign_id: Option<CampaignId>,
    /// It grants from then on; without it, from its activation.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    /// It grants until then; without it, until it is ended. What was granted is used as `validity` says.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// Only customers of so many years, by their `birth_date` in the tenant's zone.
    #[schema(minimum = 1, maximum = 120)]
    min_age: Option<u8>,
    /// Only when it is created: activate it at once.
    #[serde(default)]
    pub activate: bool,
    /// `pool`: a claim is handed the next of the codes that were imported, instead of a computed one. Cannot change later.
    #[serde(default)]
    #[schema(value_type = schemas::ClaimsFrom)]
    claims_from: ClaimsFrom,
}

/// What a definition names, looked up.
#[derive(Debug, Default)]
pub(crate) struct Named {
    /// Those of `customer_ids`.
    pub customers: Option<Vec<CustomerNo>>,
    pub campaign: Option<CampaignNo>,
    /// Those of `stacking.excludes_coupon_ids`.
    pub excludes: Vec<CouponNo>,
}

impl DefinitionBody {
    /// Whether there is every collection that it names, or the first that is not.
    pub(crate) fn check_collections(&self, there: &Collections) -> Result<(), FieldError> {
        collections::check_named(there, self.scope.lists()).map_err(|error| error.under("/scope"))?;
        let of = self.benefit.scope().map_or(Ok(()), |of| collections::check_named(there, of.lists()));
        of.map_err(|error| error.under("/benefit/of"))
    }

    /// The definition within its bounds, or the first field that is not.
    pub(crate) fn parse(self, Named { customers, campaign, excludes }: Named) -> Result<Definition, FieldError> {
        check_chars("/name", &self.name, NAME_CHARS_MAX)?;
        self.code.as_deref().map_or(Ok(()), |code| check_code("/code", code))?;
        let definition = Definition {
            benefit: self.benefit.parse().map_err(|error| error.under("/benefit"))?,
            validity: self.validity.parse().map_err(|error| error.under("/validity"))?,
            limits: parse_limits(self.limits)?,
            pattern: match self.pattern {
                Some(pattern) => pattern.parse().map_err(|error| error.under("/pattern"))?,
                None => None,
            },
            scope: self.scope.into(),
            stacking: self.stacking.parse(excludes).map_err(|error| error.under("/stacking"))?,
            merchant: self.merchant,
            cost_bearers: self.cost_bearers.into_iter().map(CostBearer::from).collect(),
            automatic: self.automatic,
            conditions: self.conditions,
            name: self.name,
            code: self.code,
            currency: self.currency,
            minimum_order_minor: self.minimum_order_minor,
            hold: self.hold,
            visibility: self.visibility,
            customers: customers.map(in_rising_order),
            campaign,
            window: window_of(self.starts_at, self.ends_at)?,
            min_age: self.min_age,
            claims_from: self.claims_from,
        };
        definition.scope.check().map_err(|error| error.under("/scope"))?;
        definition.merchant.as_deref().map_or(Ok(()), |merchant| check_chars("/merchant", merchant, SKU_CHARS_MAX))?;
        bearing::check(&definition.cost_bearers).map_err(|error| error.under("/cost_bearers"))?;
        check_age(&definition)?;
        check_pool(&definition)?;
        check_minimum(&definition)?;
        check_currency(&definition)?;
        definition.check_stored_value()?;
        definition.check_drawn()?;
        definition.hold.map_or(Ok(()), check_hold)?;
        Ok(definition)
    }

    /// Before what it names is looked up.
    pub(crate) fn check_named(&self) -> Result<(), FieldError> {
        self.stacking.check_coupons().map_err(|error| error.under("/stacking"))?;
        if self.customer_ids.as_ref().is_some_and(|ids| ids.len() > CUSTOMERS_MAX) {
            return Err(FieldError::new("/customer_ids", format!("must be at most {CUSTOMERS_MAX} customers")));
        }
        Ok(())
    }
}

/// A window within its bounds, or which field is not.
pub(crate) fn window_of(starts_at: Option<Timestamp>, ends_at: Option<Timestamp>) -> Result<Window, FieldError> {
    let window = Window { starts_at, ends_at };
    window.check_definition()?;
    Ok(window)
}

fn check_age(definition: &Definition) -> Result<(), FieldError> {
    match definition.min_age {
        Some(years) if !(1..=AGE_YEARS_MAX).contains(&years) => {
            Err(FieldError::new("/min_age", format!("must be from 1 to {AGE_YEARS_MAX} years")))
        }
        Some(_) | None => Ok(()),
    }
}

pub(crate) fn parse_limits(bodies: Vec<LimitBody>) -> Result<Vec<LimitDefinition>, FieldError> {
    if bodies.len() > LIMITS_MAX {
        return Err(FieldError::new("/limits", format!("must be at most {LIMITS_MAX} limits")));
    }
    let mut limits: Vec<LimitDefinition> = Vec::with_capacity(bodies.len());
    for (index, body) in bodies.into_iter().enumerate() {
        let limit = body.parse().map_err(|error| error.under(&format!("/limits/{index}")))?;
        if limits.iter().any(|other| other.id == limit.id) {
            let detail = format!("another limit has the id {}", limit.id);
            return Err(FieldError::new(format!("/limits/{index}/id"), detail));
        }
        limits.push(limit);
    }
    Ok(limits)
}

fn check_minimum(definition: &Definition) -> Result<(), FieldError> {
    match definition.minimum_order_minor {
        Some(minimum) if !(0..=AMOUNT_MINOR_MAX).contains(&minimum) => {
            Err(FieldError::new("/minimum_order_minor", format!("must be from 0 to {AMOUNT_MINOR_MAX}")))
        }
        Some(_) | None => Ok(()),
    }
}

/// An amount without a currency would mean another worth in every order.
fn check_currency(definition: &Definition) -> Result<(), FieldError> {
    let names_an_amount = definition.benefit.needs_currency();
    let counts_value = definition.limits.iter().any(|limit| limit.counts == Counts::Value);
    let bears_an_amount = definition.cost_bearers.iter().any(|bearer| bearer.amount_minor.is_some());
    let needs_one = names_an_amount || counts_value || bears_an_amount || definition.minimum_order_minor.is_some();
    if definition.currency.is_none() && needs_one {
        return Err(FieldError::new("/currency", "is needed as the coupon names an amount"));
    }
    Ok(())
}

/// Who types a shared code claims and uses at once, past the pool.
fn check_pool(definition: &Definition) -> Result<(), FieldError> {
    if definition.claims_from == ClaimsFrom::Pool && definition.code.is_some() {
        return Err(FieldError::new("/code", "must be left out where claims come from a pool"));
    }
    Ok(())
}

fn check_hold(hold: Span) -> Result<(), FieldError> {
    if hold.exact_ms().is_some_and(|ms| ms <= HOLD_MS_MAX) {
        return Ok(());
    }
    Err(FieldError::new("/hold", "must be hours, minutes and seconds, such as PT5M, at most 30 days (PT720H)"))
}

/// A text that people may type as a code.
pub(crate) fn check_code(pointer: &str, code: &str) -> Result<(), FieldError> {
    check_chars(pointer, code, CODE_CHARS_MAX)?;
    if fold(code).is_empty() {
        return Err(FieldError::new(pointer, "must have letters or digits"));
    }
    Ok(())
}

pub(crate) fn check_chars(pointer: &str, text: &str, chars_max: usize) -> Result<(), FieldError> {
    let is_printable = !text.chars().any(char::is_control);
    if is_printable && (1..=chars_max).contains(&text.chars().count()) {
        return Ok(());
    }
    Err(FieldError::new(pointer, format!("must be 1 to {chars_max} printable characters")))
}

fn in_rising_order(mut customers: Vec<CustomerNo>) -> Vec<CustomerNo> {
    customers.sort_unstable();
    customers.dedup();
    customers
}

#[cfg(test)]
mod tests;
