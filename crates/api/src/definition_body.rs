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
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn parse(changes: Value) -> Result<Definition, FieldError> {
        let mut body = json!({"name": "Ten", "benefit": {"type": "percent_off", "rate_bp": 1000}});
        let (Some(body_fields), Value::Object(changes)) = (body.as_object_mut(), changes) else {
            unreachable!("both are objects")
        };
        body_fields.extend(changes);
        let body: DefinitionBody = serde_json::from_value(body).expect("it has the shape");
        body.check_named()?;
        body.parse(Named::default())
    }

    fn check(changes: Value, pointer: Option<&str>) {
        let found = parse(changes.clone()).err().map(|error| error.pointer);
        assert_eq!(found.as_deref(), pointer, "{changes}");
    }

    #[test]
    fn a_definition_is_within_its_bounds_or_the_field_is_named() {
        check(json!({}), None);
        check(json!({"name": ""}), Some("/name"));
        check(json!({"name": "é".repeat(200)}), None);
        check(json!({"name": "é".repeat(201)}), Some("/name"));
        check(json!({"code": "SAVE10"}), None);
        check(json!({"claims_from": "pool"}), None);
        check(json!({"claims_from": "pool", "code": "SAVE10"}), Some("/code"));
        check(json!({"code": "- -"}), Some("/code"));
        check(json!({"code": "A".repeat(65)}), Some("/code"));
        assert!(
            serde_json::from_value::<DefinitionBody>(
                json!({"name": "Ten", "benefit": {"type": "percent_off", "rate_bp": 10_001}})
            )
            .is_err()
        );
        check(json!({"benefit": {"type": "percent_off", "rate_bp": 0}}), Some("/benefit/rate_bp"));
        check(json!({"validity": {"hours": []}}), Some("/validity/hours"));
        check(json!({"pattern": {"prefix": "A-", "alphabet": "digits", "length": 2}}), Some("/pattern/length"));
        check(json!({"pattern": {"prefix": "!", "alphabet": "digits", "length": 2}}), Some("/pattern/prefix"));
        check(json!({"currency": "USD", "minimum_order_minor": -1}), Some("/minimum_order_minor"));
        let window = |starts_at: &str, ends_at: &str| json!({"starts_at": starts_at, "ends_at": ends_at});
        check(window("2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z"), None);
        check(window("2026-03-01T00:00:00Z", "2026-03-01T01:00:00+01:00"), Some("/ends_at"));
        check(json!({"min_age": 18}), None);
        check(json!({"min_age": 0}), Some("/min_age"));
        check(json!({"min_age": 121}), Some("/min_age"));
    }

    #[test]
    fn gift_value_is_on_vouchers_with_codes_that_are_hard_to_guess() {
        let gift = |changes: Value| {
            let mut all = json!({
                "benefit": {"type": "gift_value", "amount_minor": 5000}, "currency": "EUR",
                "pattern": {"prefix": "GIFT", "alphabet": "base32", "length": 16},
            });
            all.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
            all
        };
        check(gift(json!({})), None);
        check(gift(json!({"code": "GIFT50"})), Some("/code"));
        check(gift(json!({"automatic": true})), Some("/automatic"));
        check(gift(json!({"hold": "PT5M"})), Some("/hold"));
        check(gift(json!({"stacking": {"exclusive": true}})), Some("/stacking"));
        check(gift(json!({"pattern": null})), Some("/pattern"));
        check(gift(json!({"pattern": {"prefix": "GFT", "alphabet": "base32", "length": 16}})), Some("/pattern"));
        check(gift(json!({"currency": null})), Some("/currency"));
        check(gift(json!({"benefit": {"type": "gift_value", "amount_minor": 0}})), Some("/benefit/amount_minor"));
    }

    #[test]
    fn who_bears_a_cost_is_named_once_and_all_shares_are_at_most_the_whole() {
        let merchant = |id: &str, bp: u32| json!({"type": "merchant", "merchant_id": id, "share_bp": bp});
        for (bearers, pointer) in [
            (json!([]), None),
            (json!([merchant("m1", 6_000), {"type": "line_merchant", "share_bp": 4_000}]), None),
            (json!([{"type": "merchant", "share_bp": 1}]), Some("/0/merchant_id")),
            (json!([merchant("", 1)]), Some("/0/merchant_id")),
            (json!([{"type": "platform", "merchant_id": "m1", "share_bp": 1}]), Some("/0/merchant_id")),
            (json!([merchant("m1", 6_000), merchant("m2", 4_001)]), Some("/1/share_bp")),
            (json!([merchant("m1", 1), merchant("m1", 1)]), Some("/1/merchant_id")),
            (json!([{"type": "platform", "share_bp": 1}, {"type": "platform", "share_bp": 1}]), Some("/1/type")),
            (json!([merchant("m1", 0)]), Some("/0/share_bp")),
            (json!([{"type": "platform"}]), Some("/0/share_bp")),
            (json!([{"type": "platform", "share_bp": 1, "amount_minor": 1}]), Some("/0/amount_minor")),
            (json!([{"type": "platform", "amount_minor": 0}]), Some("/0/amount_minor")),
            (json!((0..21).map(|no| merchant(&no.to_string(), 1)).collect::<Vec<_>>()), Some("")),
        ] {
            let pointer = pointer.map(|pointer| format!("/cost_bearers{pointer}"));
            check(json!({"cost_bearers": bearers, "currency": "USD"}), pointer.as_deref());
        }
        check(json!({"cost_bearers": [{"type": "platform", "amount_minor": 5}]}), Some("/currency"));
    }

    #[test]
    fn a_random_amount_needs_a_voucher_it_is_drawn_for() {
        let drawn = |more: Value| {
            let mut all = json!({
                "benefit": {"type": "random_amount", "min_minor": 100, "max_minor": 900}, "currency": "EUR",
            });
            all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
            all
        };
        check(drawn(json!({})), None);
        check(drawn(json!({"claims_from": "pool", "hold": "PT5M"})), None);
        check(drawn(json!({"code": "LUCK"})), Some("/code"));
        check(drawn(json!({"automatic": true})), Some("/automatic"));
        check(drawn(json!({"currency": null})), Some("/currency"));
        check(
            drawn(json!({"benefit": {"type": "random_amount", "min_minor": 2, "max_minor": 1}})),
            Some("/benefit/max_minor"),
        );
    }

    #[test]
    fn what_is_misread_in_a_nested_part_is_named() {
        for (part, expected) in [
            (r#""benefit":{"type":"percent_off","rate_bp":"x"}"#, "/benefit/rate_bp invalid"),
            (r#""benefit":{"type":"percent_off","rate_bp":-1}"#, "/benefit/rate_bp invalid"),
            (r#""benefit":{"type":"percent_off"}"#, "/benefit/rate_bp missing"),
            (r#""benefit":{"type":"percent_off","rate_bp":1,"amount_minor":5}"#, "/benefit/amount_minor unknown"),
            (r#""benefit":{"amount_minor":1.5,"type":"amount_off"}"#, "/benefit/amount_minor invalid"),
            (r#""benefit":{"type":"amount_off"}"#, "/benefit/amount_minor missing"),
            (r#""benefit":{"type":"amount_off","amount_minor":5,"max_minor":5}"#, "/benefit/max_minor unknown"),
            (r#""benefit":{"type":"gift"}"#, "/benefit/sku missing"),
            (r#""benefit":{"type":"cashback"}"#, "/benefit/type invalid"),
            (r#""benefit":{"type":"percent_off","rate_bp":10001}"#, "/benefit/rate_bp invalid"),
            (r#""benefit":{"rate_bp":1}"#, "/benefit/type missing"),
            (r#""benefit":["amount_off",5]"#, "/benefit invalid"),
            (r#""validity":[]"#, "/validity invalid"),
            (r#""validity":{"weekdays":[1]}"#, "/validity/weekdays/0 invalid"),
            (r#""visibility":null"#, "/visibility invalid"),
            (r#""limits":[["a","claims","customer","day",1,null]]"#, "/limits/0 invalid"),
        ] {
            let problem = crate::json::read::<DefinitionBody>(format!("{{\"name\":\"Ten\",{part}}}").as_bytes());
            let error = problem.expect_err(part).errors()[0].clone();
            assert_eq!(format!("{} {}", error.pointer, error.code), expected, "{part}: {}", error.detail);
            assert!(!error.detail.contains("u32") && !error.detail.contains("struct"), "{}", error.detail);
        }
    }

    #[test]
    fn an_amount_needs_a_currency() {
        let amount = json!({"type": "amount_off", "amount_minor": 500});
        let capped = json!({"type": "percent_off", "rate_bp": 1, "max_minor": 5});
        let budget = json!([{"counts": "value", "per": "everyone", "period": "ever", "max": 5}]);
        for changes in [
            json!({"benefit": amount}),
            json!({"benefit": capped}),
            json!({"limits": budget}),
            json!({"minimum_order_minor": 5}),
        ] {
            check(changes.clone(), Some("/currency"));
            let mut with_currency = changes;
            with_currency["currency"] = json!("USD");
            check(with_currency, None);
        }
    }

    #[test]
    fn a_hold_is_exact_and_at_most_30_days() {
        for (hold, pointer) in [("PT5M", None), ("PT720H", None), ("PT720H1S", Some("/hold")), ("P1D", Some("/hold"))] {
            check(json!({"hold": hold}), pointer);
        }
    }

    #[test]
    fn limits_have_names_of_their_own() {
        let limit = |id: Option<&str>, period: &str, max: i64| json!({"id": id, "counts": "claims", "per": "customer", "period": period, "max": max});
        let named = parse(json!({"limits": [limit(None, "day", 1), limit(Some("own"), "day", 0)]}));
        let ids: Vec<_> = named.expect("it is fine").limits.into_iter().map(|limit| limit.id).collect();
        assert_eq!(ids, ["claims_customer_day", "own"]);
        check(json!({"limits": [limit(None, "day", 1), limit(None, "day", 2)]}), Some("/limits/1/id"));
        check(json!({"limits": [limit(Some("a b"), "day", 1)]}), Some("/limits/0/id"));
        check(json!({"limits": [limit(None, "ever", -1)]}), Some("/limits/0/max"));
        check(json!({"limits": [limit(None, "ever", 1_000_000_000_000_001)]}), Some("/limits/0/max"));
        let many: Vec<_> = (0..21).map(|no| limit(Some(&format!("l{no}")), "day", 1)).collect();
        check(json!({"limits": many}), Some("/limits"));
    }

    #[test]
    fn the_pattern_that_every_coupon_has_is_none_of_its_own() {
        let pattern = json!({"pattern": {"prefix": "", "alphabet": "base32", "length": 16}});
        assert_eq!(parse(pattern).expect("it is fine").pattern, None);
    }
}
