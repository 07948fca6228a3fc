//! A campaign as requests bring it and as answers show it.

use domain::campaign::{Campaign, CampaignDefinition, CampaignState};
use domain::field::FieldError;
use domain::id::CampaignId;
use domain::limit::Counts;
use domain::money::Currency;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::definition_body::{NAME_CHARS_MAX, check_chars, parse_limits, window_of};
use crate::definition_parts::LimitBody;
use crate::schemas;

const DESCRIPTION_CHARS_MAX: usize = 2_000;

/// All that staff says of a campaign; saved whole with every version.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = CampaignDefinition)]
pub(crate) struct CampaignDefinitionBody {
    #[schema(min_length = 1, max_length = 200, example = "Spring")]
    name: String,
    /// What it is for.
    #[schema(max_length = 2_000)]
    description: Option<String>,
    /// Its coupons grant from then on; without it, from its activation.
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    /// Its coupons grant until then; without it, until it is ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    /// What a budget is in, and all its coupons; cannot change later.
    #[schema(value_type = Option<String>, pattern = "^[A-Z]{3}$", example = "USD")]
    currency: Option<Currency>,
    /// What may be taken of all its coupons together.
    #[serde(default)]
    #[schema(max_items = 20)]
    limits: Vec<LimitBody>,
    /// Only when it is created: activate it at once.
    #[serde(default)]
    pub activate: bool,
}

impl CampaignDefinitionBody {
    /// The definition within its bounds, or the first field that is not.
    pub(crate) fn parse(self) -> Result<CampaignDefinition, FieldError> {
        check_chars("/name", &self.name, NAME_CHARS_MAX)?;
        self.description.as_deref().map_or(Ok(()), check_description)?;
        let definition = CampaignDefinition {
            name: self.name,
            description: self.description,
            window: window_of(self.starts_at, self.ends_at)?,
            currency: self.currency,
            limits: parse_limits(self.limits)?,
        };
        let counts_value = definition.limits.iter().any(|limit| limit.counts == Counts::Value);
        if counts_value && definition.currency.is_none() {
            return Err(FieldError::new("/currency", "is needed as a limit counts value"));
        }
        Ok(definition)
    }
}

/// Of several lines, unlike a name.
fn check_description(text: &str) -> Result<(), FieldError> {
    let is_printable = !text.chars().any(|char| char.is_control() && char != '\n');
    if is_printable && text.chars().count() <= DESCRIPTION_CHARS_MAX {
        return Ok(());
    }
    Err(FieldError::new("/description", format!("must be at most {DESCRIPTION_CHARS_MAX} printable characters")))
}

/// A campaign: its latest definition with what has become of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Campaign)]
pub(crate) struct CampaignBody {
    #[schema(value_type = String, example = "cmp_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    id: CampaignId,
    /// Small and its own in the tenant, for people.
    number: u32,
    #[schema(value_type = schemas::CouponState)]
    state: CampaignState,
    /// Counts changes of definition and state; the `ETag` too, for `If-Match`.
    version: u32,
    name: String,
    description: Option<String>,
    #[schema(value_type = Option<String>, format = DateTime)]
    starts_at: Option<Timestamp>,
    #[schema(value_type = Option<String>, format = DateTime)]
    ends_at: Option<Timestamp>,
    #[schema(value_type = Option<String>)]
    currency: Option<Currency>,
    limits: Vec<LimitBody>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    #[schema(value_type = String, format = DateTime)]
    changed_at: Timestamp,
}

impl CampaignBody {
    /// As it is at that instant.
    pub(crate) fn of(campaign: &Campaign, at: Timestamp) -> Self {
        let definition = &campaign.definition;
        Self {
            id: campaign.id,
            number: campaign.no.0,
            state: campaign.state_at(at),
            version: campaign.version,
            name: definition.name.clone(),
            description: definition.description.clone(),
            starts_at: definition.window.starts_at,
            ends_at: definition.window.ends_at,
            currency: definition.currency,
            limits: campaign.limits.iter().map(LimitBody::from).collect(),
            created_at: campaign.created_at,
            changed_at: campaign.changed_at,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn check(changes: Value, pointer: Option<&str>) {
        let mut body = json!({"name": "Spring"});
        let (Some(fields), Value::Object(given)) = (body.as_object_mut(), changes.clone()) else {
            unreachable!("both are objects")
        };
        fields.extend(given);
        let body: CampaignDefinitionBody = serde_json::from_value(body).expect("it has the shape");
        let found = body.parse().err().map(|error| error.pointer);
        assert_eq!(found.as_deref(), pointer, "{changes}");
    }

    #[test]
    fn a_campaign_is_within_its_bounds_or_the_field_is_named() {
        let budget = json!([{"counts": "value", "per": "everyone", "period": "ever", "max": 5}]);
        check(json!({}), None);
        check(json!({"name": ""}), Some("/name"));
        check(json!({"name": "a\nb"}), Some("/name"));
        check(json!({"description": "a\nb"}), None);
        check(json!({"description": "a\u{7}"}), Some("/description"));
        check(json!({"description": "é".repeat(2_001)}), Some("/description"));
        check(json!({"starts_at": "2026-03-02T00:00:00Z", "ends_at": "2026-03-01T00:00:00Z"}), Some("/ends_at"));
        check(json!({"limits": budget}), Some("/currency"));
        check(json!({"limits": budget, "currency": "EUR"}), None);
        check(
            json!({"limits": [{"counts": "claims", "per": "everyone", "period": "ever", "max": -1}]}),
            Some("/limits/0/max"),
        );
    }
}
