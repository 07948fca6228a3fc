//! A customer named in a body: by the id that we gave, or by what the customer is known by elsewhere.

use domain::customer::Customer;
use domain::id::{CustomerId, CustomerNo};
use domain::identity::{IdentityKey, IdentityKind};
use domain::ledger::{Action, Outcome};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::idempotency::Origin;
use crate::names::acting_customer;
use crate::problem::Problem;

/// A customer by exactly one of these: whoever has proven it, else the guest that carries it, else a new guest.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CustomerBy {
    /// The shop's own id.
    #[schema(min_length = 1, max_length = 128)]
    external_id: Option<String>,
    #[schema(max_length = 254)]
    email: Option<String>,
    #[schema(max_length = 32, example = "+49 30 901820")]
    phone: Option<String>,
    /// The id that a platform's sign-in gave.
    #[schema(min_length = 1, max_length = 255)]
    open_id: Option<String>,
}

impl CustomerBy {
    /// The one that is given.
    fn parse(self) -> Result<(IdentityKind, String), Problem> {
        let all = [
            (IdentityKind::ExternalId, self.external_id),
            (IdentityKind::Email, self.email),
            (IdentityKind::Phone, self.phone),
            (IdentityKind::OpenId, self.open_id),
        ];
        let mut given = all.into_iter().filter_map(|(kind, value)| Some((kind, value?)));
        let (Some((kind, value)), None) = (given.next(), given.next()) else {
            let detail = "must have exactly one of external_id, email, phone and open_id";
            return Err(Problem::invalid_field("/customer", "invalid", detail));
        };
        kind.check(&value).map_err(|error| error.under(&format!("/customer/{}", kind.name())))?;
        Ok((kind, value))
    }
}

/// How a body names a customer: not at all, or in one of two ways.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub customer_id: Option<CustomerId>,
    pub customer: Option<CustomerBy>,
}

impl Named {
    /// The customer, made if nobody is known by that yet; none if none is named.
    pub(crate) async fn ensure(self, app: &App, origin: &Origin) -> Result<Option<CustomerNo>, Problem> {
        let Some((kind, value)) = self.by(origin.caller)? else { return self.by_id(app, origin.caller).await };
        let id = CustomerId((app.new_id)());
        // Without the key, which is for what the request is about: asked again, this finds whom it made.
        let answer = app.submit(&origin.without_key(), Action::EnsureCustomer { id, kind, value }).await?;
        match answer.outcome {
            Outcome::Customer(no) => Ok(Some(no)),
            _ => Err(unexpected()),
        }
    }

    /// The same where one must be named.
    pub(crate) async fn ensure_one(self, app: &App, origin: &Origin) -> Result<CustomerNo, Problem> {
        let found = self.ensure(app, origin).await?;
        found.ok_or_else(|| Problem::invalid_field("/customer_id", "missing", "or `customer` is needed"))
    }

    /// The customer as a look finds it; nobody is made.
    pub(crate) async fn find(self, app: &App, caller: Caller) -> Result<Option<CustomerNo>, Problem> {
        let Some((kind, value)) = self.by(caller)? else { return self.by_id(app, caller).await };
        let key = IdentityKey::of(kind, &value);
        let carriers = app.store.customers_by_identity(caller.tenant, key.clone()).await?;
        Ok(Some(Customer::named_by(&key, &carriers).map_or(CustomerNo::NOBODY_YET, |customer| customer.no)))
    }

    fn by(&self, caller: Caller) -> Result<Option<(IdentityKind, String)>, Problem> {
        if self.customer.is_some() && caller.own().is_some() {
            return Err(Problem::invalid_field("/customer", "invalid", "is for servers and staff: you are yourself"));
        }
        if self.customer_id.is_some() && self.customer.is_some() {
            return Err(Problem::invalid_field("/customer", "invalid", "cannot stand beside customer_id"));
        }
        self.customer.clone().map(CustomerBy::parse).transpose()
    }

    async fn by_id(self, app: &App, caller: Caller) -> Result<Option<CustomerNo>, Problem> {
        acting_customer(app, caller, self.customer_id, "/customer_id").await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn check(customer: serde_json::Value, expected: Result<IdentityKind, &str>) {
        let by: CustomerBy = serde_json::from_value(customer.clone()).expect("it has the shape");
        let found = by.parse().map(|(kind, _)| kind).map_err(|problem| problem.errors()[0].pointer.clone());
        assert_eq!(found, expected.map_err(str::to_owned), "{customer}");
    }

    #[test]
    fn a_customer_is_named_by_exactly_one_identity() {
        check(json!({"phone": "+49 30 901820"}), Ok(IdentityKind::Phone));
        check(json!({"external_id": "13047", "email": null}), Ok(IdentityKind::ExternalId));
        check(json!({}), Err("/customer"));
        check(json!({"phone": "112", "email": "a@b"}), Err("/customer"));
        check(json!({"email": "nobody"}), Err("/customer/email"));
        check(json!({"open_id": ""}), Err("/customer/open_id"));
    }
}
