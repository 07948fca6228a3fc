//! Customers: made and shown.

use axum::extract::State;
use domain::customer::{Customer, CustomerProfile};
use domain::field::FieldError;
use domain::id::{CustomerId, CustomerNo, TenantNo};
use domain::ledger::{Action, Outcome};
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::{IntoParams, ToSchema};

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::definition_body::check_chars;
use crate::extract::{Path, Query};
use crate::idempotency::Change;
use crate::names::customer_no;
use crate::page::List;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

const EXTERNAL_ID_CHARS_MAX: usize = 128;
/// RFC 5321, section 4.5.3.1.3: a path of 256 characters less its brackets.
pub(crate) const EMAIL_CHARS_MAX: usize = 254;
const PHONE_CHARS_MAX: usize = 32;
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
}

impl NewCustomer {
    fn parse(self) -> Result<CustomerProfile, FieldError> {
        let texts = [
            ("/external_id", &self.external_id, EXTERNAL_ID_CHARS_MAX),
            ("/email", &self.email, EMAIL_CHARS_MAX),
            ("/phone", &self.phone, PHONE_CHARS_MAX),
            ("/name", &self.name, NAME_CHARS_MAX),
        ];
        for (pointer, text, chars_max) in texts {
            text.as_deref().map_or(Ok(()), |text| check_chars(pointer, text, chars_max))?;
        }
        self.email.as_deref().map_or(Ok(()), check_email)?;
        self.birth_date.as_deref().map_or(Ok(()), check_date)?;
        let attributes = self.attributes.map(|attributes| Value::Object(attributes).to_string());
        if attributes.as_ref().is_some_and(|text| text.len() > ATTRIBUTES_BYTES_MAX) {
            return Err(FieldError::new("/attributes", format!("must be at most {ATTRIBUTES_BYTES_MAX} bytes")));
        }
        Ok(CustomerProfile {
            external_id: self.external_id,
            email: self.email,
            phone: self.phone,
            name: self.name,
            birth_date: self.birth_date,
            attributes,
            registered: false,
        })
    }
}

/// Only what is surely none is refused; whether it works, a message will tell.
pub(crate) fn check_email(email: &str) -> Result<(), FieldError> {
    let is_likely = email.split_once('@').is_some_and(|(local, host)| !local.is_empty() && !host.is_empty());
    if is_likely { Ok(()) } else { Err(FieldError::new("/email", "must be an e-mail address")) }
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
    external_id: Option<String>,
    email: Option<String>,
    phone: Option<String>,
    name: Option<String>,
    birth_date: Option<String>,
    #[schema(value_type = Option<Object>)]
    attributes: Option<Value>,
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

impl CustomerBody {
    fn of(customer: Customer) -> Result<Self, Problem> {
        let Customer { no, id, version, profile, created_at, .. } = customer;
        let attributes = profile.attributes.as_deref().map(serde_json::from_str).transpose();
        Ok(Self {
            id,
            number: no.0,
            version,
            external_id: profile.external_id,
            email: profile.email,
            phone: profile.phone,
            name: profile.name,
            birth_date: profile.birth_date,
            attributes: attributes.map_err(|error| Problem::internal(&error))?,
            created_at,
        })
    }
}

/// Make a customer
#[utoipa::path(post, path = "/v1/customers", tag = "customers", request_body = NewCustomer,
    responses((status = 201, description = "Created", body = CustomerBody)))]
pub(crate) async fn create_customer(
    State(app): State<App>,
    Change { origin, body }: Change<NewCustomer>,
) -> Answered<CustomerBody> {
    let profile = Box::new(body.parse()?);
    let id = CustomerId((app.new_id)());
    let answer = app.submit(&origin, Action::CreateCustomer { id, profile }).await?;
    let Outcome::Customer(no) = answer.outcome else { return Err(unexpected()) };
    let customer = show(&app, origin.caller.tenant, no).await?;
    Ok(Reply::created(customer).replayed(answer.replayed))
}

/// Which customer to find.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct CustomerQuery {
    /// The shop's own id.
    #[param(example = "13047")]
    external_id: String,
}

/// Find a customer by the shop's own id
#[utoipa::path(get, path = "/v1/customers", tag = "customers", params(CustomerQuery),
    responses((status = 200, description = "The customer, or nothing", body = List<CustomerBody>)))]
pub(crate) async fn list_customers(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Query(query): Query<CustomerQuery>,
) -> Answered<List<CustomerBody>> {
    let found = app.store.customer_by_external_id(tenant, &query.external_id).await?;
    let customers = found.into_iter().map(CustomerBody::of).collect::<Result<_, _>>()?;
    Ok(Reply::ok(List::whole(customers)))
}

/// Show a customer
#[utoipa::path(get, path = "/v1/customers/{id}", tag = "customers",
    params(("id" = String, Path, description = "The customer")),
    responses((status = 200, description = "As it is now", body = CustomerBody)))]
pub(crate) async fn get_customer(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answered<CustomerBody> {
    let no = customer_no(&app, caller, &id).await?;
    Ok(Reply::ok(show(&app, caller.tenant, no).await?))
}

async fn show(app: &App, tenant: TenantNo, no: CustomerNo) -> Result<CustomerBody, Problem> {
    let customer = app.store.customer(tenant, no).await?;
    CustomerBody::of(customer.ok_or_else(|| Problem::internal(&"a customer with a number is missing"))?)
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
