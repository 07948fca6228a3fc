//! Who is meant by a `user_id`: a customer's number or id of ours, or the shop's own id. And calls that anybody may make.

use axum::extract::FromRequestParts;
use domain::id::{CustomerId, CustomerNo, TenantNo};
use domain::identity::IdentityKind;
use domain::ledger::{Action, Outcome};
use domain::rejection::Rejection;
use http::header;
use http::request::Parts;

use super::scalar::Scalar;
use crate::app::{App, unexpected};
use crate::auth::{Caller, Guest};
use crate::idempotency::Origin;
use crate::names::not_found;
use crate::problem::Problem;

/// Anybody: a stranger, or somebody who has signed in.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Anyone {
    pub tenant: TenantNo,
    pub customer: Option<CustomerNo>,
}

impl FromRequestParts<App> for Anyone {
    type Rejection = Problem;

    /// Whoever shows a key or a token must show a good one: who has signed in is not to be taken for a stranger in silence.
    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if parts.headers.contains_key(header::AUTHORIZATION) {
            let caller = Caller::from_request_parts(parts, app).await?;
            return Ok(Self { tenant: caller.tenant, customer: caller.own() });
        }
        let Guest { tenant } = Guest::from_request_parts(parts, app).await?;
        Ok(Self { tenant, customer: None })
    }
}

/// In a query all is text: digits are a number there.
pub(crate) fn of_query(text: String) -> Scalar {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    Scalar { text, is_number }
}

/// For whom a call is: who has signed in for nobody else (403), a server for whom it names.
pub(crate) async fn user_of(
    app: &App,
    caller: Caller,
    named: Option<&Scalar>,
    pointer: &str,
) -> Result<CustomerNo, Problem> {
    let found = match named {
        Some(user) => find(app, caller.tenant, user).await?,
        None => caller.own(),
    };
    match (caller.own(), found, named) {
        (Some(own), Some(no), _) if no == own => Ok(own),
        (Some(_), _, _) => Err(forbidden()),
        (None, Some(no), _) => Ok(no),
        (None, None, Some(_)) => Err(not_found(Rejection::CustomerNotFound, "User not found")),
        (None, None, None) => Err(Problem::invalid_field(pointer, "missing", "is needed")),
    }
}

/// The same, but a server may name by the shop's own id somebody who is not known yet.
pub(crate) async fn user_or_new(
    app: &App,
    origin: &Origin,
    named: Option<&Scalar>,
    pointer: &str,
) -> Result<CustomerNo, Problem> {
    match named {
        Some(user) if origin.caller.own().is_none() && is_external(user) => ensure(app, origin, user, pointer).await,
        Some(_) | None => user_of(app, origin.caller, named, pointer).await,
    }
}

pub(crate) fn forbidden() -> Problem {
    Problem::forbidden("This is somebody else's.")
}

fn is_external(user: &Scalar) -> bool {
    !user.is_number && user.text.parse::<CustomerId>().is_err()
}

async fn ensure(app: &App, origin: &Origin, user: &Scalar, pointer: &str) -> Result<CustomerNo, Problem> {
    let (kind, value) = (IdentityKind::ExternalId, user.text.clone());
    kind.check(&value).map_err(|error| error.under(pointer))?;
    let id = CustomerId((app.new_id)());
    match app.submit(&origin.without_key(), Action::EnsureCustomer { id, kind, value }).await?.outcome {
        Outcome::Customer(no) => Ok(no),
        _ => Err(unexpected()),
    }
}

async fn find(app: &App, tenant: TenantNo, user: &Scalar) -> Result<Option<CustomerNo>, Problem> {
    if user.is_number {
        let Some(no) = user.text.parse().ok().map(CustomerNo) else { return Ok(None) };
        let known = app.store.customer_id(tenant, no).await?;
        return Ok(known.map(|_| app.store.standing(tenant, no)));
    }
    match user.text.parse::<CustomerId>() {
        Ok(id) => Ok(app.store.customer_no(tenant, id).await?),
        Err(_) => Ok(app.store.customer_by_external_id(tenant, &user.text).await?.map(|customer| customer.no)),
    }
}
