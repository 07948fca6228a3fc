//! Changes of what is said of a customer: a JSON merge patch (RFC 7396) of its profile.

use axum::extract::State;
use domain::customer::CustomerProfile;
use domain::ledger::Action;
use http::HeaderMap;
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::customers::{CustomerBody, check_profile, show};
use crate::extract::Path;
use crate::idempotency::Change;
use crate::identities::changed;
use crate::if_match::edited_version;
use crate::names::customer_no;
use crate::reply::Answered;

/// What is left out stays; what is `null` is gone.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerPatch {
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 128)]
    external_id: Option<Option<String>>,
    /// Another address is not proven, and the one before is taken away.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, max_length = 32)]
    phone: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, max_length = 200)]
    name: Option<Option<String>>,
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<String>, format = Date)]
    birth_date: Option<Option<String>>,
    /// The whole of it anew, up to 16 KiB.
    #[serde(default, deserialize_with = "said")]
    #[schema(value_type = Option<Object>)]
    attributes: Option<Option<Map<String, Value>>>,
}

/// `null` is said, too.
#[expect(clippy::option_option, reason = "left out, null and a value are three things")]
fn said<'de, T: Deserialize<'de>, D: Deserializer<'de>>(reader: D) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(reader).map(Some)
}

impl CustomerPatch {
    fn applied_to(self, before: CustomerProfile) -> CustomerProfile {
        let attributes = self.attributes.map(|said| said.map(|attributes| Value::Object(attributes).to_string()));
        CustomerProfile {
            external_id: self.external_id.unwrap_or(before.external_id),
            email: self.email.unwrap_or(before.email),
            phone: self.phone.unwrap_or(before.phone),
            name: self.name.unwrap_or(before.name),
            birth_date: self.birth_date.unwrap_or(before.birth_date),
            attributes: attributes.unwrap_or(before.attributes),
            registered: before.registered,
        }
    }
}

/// Change what is said of a customer
///
/// A merge patch: what is left out stays, what is `null` is gone. The version that was edited stands in `If-Match`; `*`
/// is whichever there is.
#[utoipa::path(patch, path = "/v1/customers/{id}", tag = "customers", request_body = CustomerPatch,
    params(("id" = String, Path, description = "The customer"),
        ("If-Match" = String, Header, description = "The `ETag` of the version that was edited", example = "\"3\"")),
    responses((status = 200, description = "Changed", body = CustomerBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn update_customer(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
    Change { origin, body }: Change<CustomerPatch>,
) -> Answered<CustomerBody> {
    let tenant = origin.caller.tenant;
    let customer = customer_no(&app, origin.caller, &id).await?;
    let edited = edited_version(&headers)?;
    let now = app.store.customer(tenant, customer).await?.ok_or_else(unexpected)?;
    let if_version = edited.unwrap_or(now.version);
    let profile = Box::new(body.applied_to(now.profile));
    check_profile(&profile)?;
    let (no, replayed) = changed(&app, &origin, Action::UpdateCustomer { customer, if_version, profile }).await?;
    Ok(show(&app, tenant, no).await?.replayed(replayed))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_left_out_stays_and_what_is_null_is_gone() {
        let before = CustomerProfile {
            email: Some("a@b".to_owned()),
            name: Some("Ann".to_owned()),
            phone: Some("112".to_owned()),
            ..CustomerProfile::default()
        };
        let patch: CustomerPatch = serde_json::from_value(json!({"email": null, "name": "Bob"})).expect("a patch");
        let after = patch.applied_to(before);
        let said = (after.email.as_deref(), after.name.as_deref(), after.phone.as_deref());
        assert_eq!(said, (None, Some("Bob"), Some("112")));
    }
}
