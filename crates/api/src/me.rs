//! One's own account.

use axum::extract::State;
use domain::account::{Account, Profile};
use domain::id::{AccountId, CustomerId, TenantNo};
use domain::ledger::AccountChange;
use domain::time::{Timestamp, Zone};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::definition_body::check_chars;
use crate::extract::Json;
use crate::problem::Problem;
use crate::registration::{check_email, check_language, send_verification};
use crate::reply::{Answered, Reply};
use crate::sign_in::{change, own_account};

/// Of a given and of a family name.
pub(crate) const NAME_CHARS_MAX: usize = 100;
const PREFERENCES_BYTES_MAX: usize = 8 << 10;

/// An account, without what proves it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Account)]
pub(crate) struct AccountBody {
    #[schema(value_type = String, example = "acc_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    id: AccountId,
    version: u32,
    username: String,
    /// `admin`, `operator`, `merchant`, `analyst` or `customer`.
    #[schema(value_type = crate::schemas::Role)]
    role: &'static str,
    active: bool,
    /// Who it is among the customers; `null` for staff.
    #[schema(value_type = Option<String>)]
    customer_id: Option<CustomerId>,
    /// The customer's small number.
    number: Option<u32>,
    email: Option<String>,
    email_verified: bool,
    first_name: Option<String>,
    last_name: Option<String>,
    language: Option<String>,
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    time_zone: Option<Zone>,
    #[schema(value_type = Option<Object>)]
    preferences: Option<Value>,
    /// Whether a second factor is asked for.
    second_factor: bool,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

pub(crate) async fn show(app: &App, tenant: TenantNo, account: &Account) -> Result<AccountBody, Problem> {
    let customer_id = match account.customer {
        Some(no) => Some(app.store.customer_id(tenant, no).await?.ok_or_else(unexpected)?),
        None => None,
    };
    let profile = account.profile.clone();
    let preferences = profile.preferences.as_deref().map(serde_json::from_str).transpose();
    Ok(AccountBody {
        id: account.id,
        version: account.version,
        username: profile.username,
        role: account.role.name(),
        active: account.active,
        customer_id,
        number: account.customer.map(|no| no.0),
        email: profile.email,
        email_verified: profile.email_verified,
        first_name: profile.first_name,
        last_name: profile.last_name,
        language: profile.language,
        time_zone: profile.zone,
        preferences: preferences.map_err(|error| Problem::internal(&error))?,
        second_factor: account.has_second_factor(),
        created_at: account.created_at,
    })
}

/// Show one's own account
#[utoipa::path(get, path = "/v1/me", tag = "sign-in",
    responses((status = 200, description = "As it is now", body = AccountBody)))]
pub(crate) async fn get_me(State(app): State<App>, caller: Caller) -> Answered<AccountBody> {
    let account = own_account(&app, caller).await?;
    Ok(Reply::ok(show(&app, caller.tenant, &account).await?))
}

/// What is to be otherwise; what is left out stays, `null` takes it away.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct MeBody {
    /// Another address has to be verified anew.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 254)]
    email: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100)]
    first_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, max_length = 100)]
    last_name: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "zh")]
    language: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>, example = "Asia/Shanghai")]
    time_zone: Option<Option<Zone>>,
    /// Whatever a screen wants to remember, up to 8 KiB.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Object>)]
    preferences: Option<Option<Map<String, Value>>>,
}

/// `null` is something else than nothing.
fn given<'de, T: Deserialize<'de>, D: Deserializer<'de>>(from: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(from).map(Some)
}

impl MeBody {
    fn over(self, profile: &Profile) -> Result<Profile, Problem> {
        let email = self.email.unwrap_or_else(|| profile.email.clone());
        if let Some(email) = &email {
            check_email(email)?;
        }
        let first_name = self.first_name.unwrap_or_else(|| profile.first_name.clone());
        let last_name = self.last_name.unwrap_or_else(|| profile.last_name.clone());
        for (pointer, name) in [("/first_name", &first_name), ("/last_name", &last_name)] {
            name.as_deref().map_or(Ok(()), |name| check_chars(pointer, name, NAME_CHARS_MAX))?;
        }
        let language = self.language.unwrap_or_else(|| profile.language.clone());
        check_language(language.as_deref())?;
        let preferences = match self.preferences {
            None => profile.preferences.clone(),
            Some(preferences) => preferences.map(|preferences| Value::Object(preferences).to_string()),
        };
        if preferences.as_ref().is_some_and(|text| text.len() > PREFERENCES_BYTES_MAX) {
            let detail = format!("must be at most {PREFERENCES_BYTES_MAX} bytes");
            return Err(Problem::invalid_field("/preferences", "invalid", detail));
        }
        let zone = self.time_zone.unwrap_or_else(|| profile.zone.clone());
        Ok(Profile { email, first_name, last_name, language, zone, preferences, ..profile.clone() })
    }
}

/// Change one's own account
#[utoipa::path(patch, path = "/v1/me", tag = "sign-in", request_body = MeBody,
    responses((status = 200, description = "As it is now", body = AccountBody)))]
pub(crate) async fn update_me(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<MeBody>,
) -> Answered<AccountBody> {
    let before = own_account(&app, caller).await?;
    let profile = body.over(&before.profile)?;
    let has_new_address = profile.email != before.profile.email;
    change(&app, caller.tenant, &before, AccountChange::Profile(Box::new(profile))).await?;
    let account = own_account(&app, caller).await?;
    if has_new_address {
        send_verification(&app, caller.tenant, &account).await?;
    }
    Ok(Reply::ok(show(&app, caller.tenant, &account).await?))
}
