//! Customers: made and shown.

use axum::extract::State;
use domain::customer::{Customer, CustomerProfile};
use domain::field::FieldError;
use domain::id::{CustomerId, CustomerNo, TenantNo};
use domain::identity::{IdentityKey, IdentityKind};
use domain::ledger::{Action, Outcome};
use domain::time::Timestamp;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::definition_body::check_chars;
use crate::extract::{Path, Query};
use crate::idempotency::{Change, NoBody};
use crate::identities::{changed, verify};
use crate::names::customer_no;
use crate::page::List;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

const NAME_CHARS_MAX: usize = 200;
const ATTRIBUTES_BYTES_MAX: usize = 16 << 10;

/// What a shop says of a customer; all of it is optional.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewCustomer {
    /// The shop's own id, unique in the tenant.
    #[schema(min_length = 1, max_length = 128, example = "13047")]
    external_id: Option<String>,
    #[schema(max_length = 254)]
    email: Option<String>,
    #[schema(max_length = 32)]
    phone: Option<String>,
    #[schema(max_length = 200)]
    name: Option<String>,
    #[schema(format = Date, example = "1990-02-28")]
    birth_date: Option<String>,
    /// Whatever else the shop wants to keep, up to 16 KiB.
    #[schema(value_type = Option<Object>)]
    attributes: Option<Map<String, Value>>,
    /// The e-mail address and the phone number are proven to be the customer's. Guests that carry them are merged into
    /// the customer.
    #[serde(default)]
    verified: bool,
}

impl NewCustomer {
    fn parse(self) -> Result<CustomerProfile, FieldError> {
        let profile = CustomerProfile {
            external_id: self.external_id,
            email: self.email,
            phone: self.phone,
            name: self.name,
            birth_date: self.birth_date,
            attributes: self.attributes.map(|attributes| Value::Object(attributes).to_string()),
            registered: false,
        };
        check_profile(&profile)?;
        Ok(profile)
    }
}

/// Refuses a field that cannot be what it says.
pub(crate) fn check_profile(profile: &CustomerProfile) -> Result<(), FieldError> {
    for (kind, value) in profile.identities() {
        kind.check(value).map_err(|error| error.under(&format!("/{}", kind.name())))?;
    }
    profile.name.as_deref().map_or(Ok(()), |name| check_chars("/name", name, NAME_CHARS_MAX))?;
    profile.birth_date.as_deref().map_or(Ok(()), check_date)?;
    if profile.attributes.as_ref().is_some_and(|text| text.len() > ATTRIBUTES_BYTES_MAX) {
        return Err(FieldError::new("/attributes", format!("must be at most {ATTRIBUTES_BYTES_MAX} bytes")));
    }
    Ok(())
}

pub(crate) fn check_date(date: &str) -> Result<(), FieldError> {
    if date.len() == 10 && format!("{date}T00:00:00Z").parse::<Timestamp>().is_ok() {
        return Ok(());
    }
    Err(FieldError::new("/birth_date", "must be a date such as 1990-02-28"))
}

/// Who holds and uses vouchers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Customer)]
pub(crate) struct CustomerBody {
    #[schema(value_type = String, example = "cus_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    id: CustomerId,
    /// Small and its own in the tenant, for people.
    number: u32,
    version: u32,
    /// Nobody signs in as it and the shop gave it no id: it is whoever carries its identities.
    guest: bool,
    external_id: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    name: Option<String>,
    birth_date: Option<String>,
    #[schema(value_type = Option<Object>)]
    attributes: Option<Value>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
    /// When everything personal was erased.
    #[schema(value_type = Option<String>, format = DateTime)]
    erased_at: Option<Timestamp>,
}

impl CustomerBody {
    pub(crate) fn of(customer: Customer) -> Result<Self, Problem> {
        let Customer { no, id, version, profile, guest, created_at, erased_at, .. } = customer;
        let attributes = profile.attributes.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            id,
            number: no.0,
            version,
            guest,
            external_id: profile.external_id,
            email: profile.email,
            phone: profile.phone,
            name: profile.name,
            birth_date: profile.birth_date,
            attributes: attributes.map_err(|error| Problem::internal(&error))?,
            created_at,
            erased_at,
        })
    }
}

/// Make a customer
///
/// Somebody who carries an identity that another carries is one person with them in limits, proven or not.
#[utoipa::path(post, path = "/v1/customers", tag = "customers", request_body = NewCustomer,
    responses((status = 201, description = "Created", body = CustomerBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn create_customer(
    State(app): State<App>,
    Change { origin, body }: Change<NewCustomer>,
) -> Answered<CustomerBody> {
    let verified = body.verified;
    let profile = Box::new(body.parse()?);
    let proven: Vec<_> = profile.identities().map(|(kind, value)| (kind, value.to_owned())).collect();
    let id = CustomerId((app.new_id)());
    let answer = app.submit(&origin, Action::CreateCustomer { id, profile }).await?;
    let Outcome::Customer(no) = answer.outcome else { return Err(unexpected()) };
    for identity in proven.into_iter().filter(|_| verified) {
        verify(&app, &origin.without_key(), no, identity).await?;
    }
    let reply = show(&app, origin.caller.tenant, no).await?;
    Ok(reply.status(StatusCode::CREATED).replayed(answer.replayed))
}

/// Which customer to find: by exactly one of these.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomerQuery {
    /// The shop's own id.
    #[param(example = "13047")]
    external_id: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    /// The id that a platform's sign-in gave.
    open_id: Option<String>,
}

impl CustomerQuery {
    fn parse(self) -> Result<IdentityKey, Problem> {
        let all = [
            (IdentityKind::ExternalId, self.external_id),
            (IdentityKind::Email, self.email),
            (IdentityKind::Phone, self.phone),
            (IdentityKind::OpenId, self.open_id),
        ];
        let mut given = all.into_iter().filter_map(|(kind, value)| Some((kind, value?)));
        match (given.next(), given.next()) {
            (Some((kind, value)), None) => Ok(IdentityKey::of(kind, &value)),
            (None, _) => Err(Problem::invalid_field("?external_id", "missing", "or email, phone or open_id is needed")),
            (Some(_), Some((kind, _))) => {
                let detail = "one customer is found by one of them";
                Err(Problem::invalid_field(format!("?{}", kind.name()), "invalid", detail))
            }
        }
    }
}

/// Find customers by what they are known by
#[utoipa::path(get, path = "/v1/customers", tag = "customers", params(CustomerQuery),
    responses((status = 200, description = "Who carries it: who has proven it first, then by number, at most 64",
        body = List<CustomerBody>)))]
pub(crate) async fn list_customers(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Query(query): Query<CustomerQuery>,
) -> Answered<List<CustomerBody>> {
    let found = app.store.customers_by_identity(tenant, query.parse()?).await?;
    let customers = found.into_iter().map(CustomerBody::of).collect::<Result<_, _>>()?;
    Ok(Reply::ok(List::whole(customers)))
}

/// Show a customer
///
/// Of one that was merged into another, the other.
#[utoipa::path(get, path = "/v1/customers/{id}", tag = "customers",
    params(("id" = String, Path, description = "The customer")),
    responses((status = 200, description = "As it is now", body = CustomerBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn get_customer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answered<CustomerBody> {
    let no = customer_no(&app, caller, &id).await?;
    show(&app, caller.tenant, no).await
}

/// Erase a customer
///
/// Everything personal is gone: the profile and what the customer is known by. What it holds, did and was counted stays,
/// nameless; a voucher that is still valid can be used by who has its code.
#[utoipa::path(post, path = "/v1/customers/{id}/erase", tag = "customers",
    params(("id" = String, Path, description = "The customer")),
    responses((status = 200, description = "Erased, now or before", body = CustomerBody,
        headers(("ETag", description = "The version")))))]
pub(crate) async fn erase_customer(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CustomerBody> {
    let tenant = origin.caller.tenant;
    let customer = customer_no(&app, origin.caller, &id).await?;
    let (no, replayed) = changed(&app, &origin, Action::EraseCustomer { customer }).await?;
    Ok(show(&app, tenant, no).await?.replayed(replayed))
}

pub(crate) async fn show(app: &App, tenant: TenantNo, no: CustomerNo) -> Answered<CustomerBody> {
    let customer = app.store.customer(tenant, no).await?;
    let body = CustomerBody::of(customer.ok_or_else(|| Problem::internal(&"a customer with a number is missing"))?)?;
    let version = body.version;
    Ok(Reply::ok(body).version(version))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(body: Value, pointer: Option<&str>) {
        let parsed = serde_json::from_value::<NewCustomer>(body.clone()).expect("it has the shape").parse();
        assert_eq!(parsed.err().map(|error| error.pointer).as_deref(), pointer, "{body}");
    }

    #[test]
    fn a_customer_may_be_no_more_than_an_id() {
        check(json!({}), None);
        check(json!({"external_id": "13047", "email": "a@b", "birth_date": "1992-02-29"}), None);
        check(json!({"external_id": ""}), Some("/external_id"));
        check(json!({"email": "ab"}), Some("/email"));
        check(json!({"phone": "1".repeat(33)}), Some("/phone"));
        check(json!({"name": "a\nb"}), Some("/name"));
        check(json!({"birth_date": "1990-02-30"}), Some("/birth_date"));
        check(json!({"birth_date": "1990-2-3"}), Some("/birth_date"));
        check(json!({"attributes": {"a": "x".repeat(16 << 10)}}), Some("/attributes"));
    }
}
