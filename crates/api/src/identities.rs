//! What a customer is known by: listed, added, proven, taken away.

use axum::extract::State;
use domain::customer::Customer;
use domain::id::{CustomerNo, TenantNo};
use domain::identity::{Identity, IdentityKey, IdentityKind};
use domain::ledger::{Action, Outcome};
use domain::rejection::Rejection;
use domain::time::Timestamp;
use ports::Codes;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::auth::Caller;
use crate::extract::Path;
use crate::idempotency::{Change, NoBody, Origin};
use crate::names::{customer_no, not_found};
use crate::page::List;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;

/// How many steps one request may take to merge; each moves some hundreds of vouchers.
const MERGE_STEPS_MAX: usize = 200;

/// What a customer is known by.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Identity)]
pub(crate) struct IdentityBody {
    #[schema(example = "idn_5f0c1a9be27d4f6c8a03d1b2c4e5f607")]
    id: String,
    #[schema(value_type = schemas::IdentityKind)]
    kind: IdentityKind,
    /// As it was given.
    #[schema(example = "ann@example.com")]
    value: String,
    /// When it was proven; `null`: it counts for limits and for nothing else.
    #[schema(value_type = Option<String>, format = DateTime)]
    verified_at: Option<Timestamp>,
    #[schema(value_type = String, format = DateTime)]
    added_at: Timestamp,
}

/// An identity to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewIdentity {
    #[schema(value_type = schemas::IdentityKind)]
    kind: IdentityKind,
    #[schema(min_length = 1, max_length = 255, example = "ann@example.com")]
    value: String,
    /// It is proven to be the customer's. Whoever had proven it before, and guests that carry it, are merged into the
    /// customer.
    #[serde(default)]
    verified: bool,
}

/// List what a customer is known by
#[utoipa::path(get, path = "/v1/customers/{id}/identities", tag = "customers",
    params(("id" = String, Path, description = "The customer")),
    responses((status = 200, description = "In the order in which they were added", body = List<IdentityBody>)))]
pub(crate) async fn list_identities(
    State(app): State<App>,
    caller: Caller,
    Path(id): Path<String>,
) -> Answered<List<IdentityBody>> {
    let tenant = caller.tenant;
    let no = customer_no(&app, caller, &id).await?;
    Ok(Reply::ok(show_identities(&app, tenant, no).await?))
}

/// Add or prove an identity
///
/// Customers that carry one identity count as one person in limits from then on. With `"verified": true` the customer
/// becomes its only holder, and guests that carry it are merged into the customer.
#[utoipa::path(post, path = "/v1/customers/{id}/identities", tag = "customers", request_body = NewIdentity,
    params(("id" = String, Path, description = "The customer")),
    responses((status = 201, description = "What the customer is known by now", body = List<IdentityBody>)))]
pub(crate) async fn add_identity(
    State(app): State<App>,
    Path(id): Path<String>,
    Change { origin, body }: Change<NewIdentity>,
) -> Answered<List<IdentityBody>> {
    let tenant = origin.caller.tenant;
    let customer = customer_no(&app, origin.caller, &id).await?;
    let NewIdentity { kind, value, verified } = body;
    kind.check(&value).map_err(|error| error.under("/value"))?;
    let (no, replayed) = if verified {
        verify(&app, &origin, customer, (kind, value)).await?
    } else {
        changed(&app, &origin, Action::AddIdentity { customer, kind, value }).await?
    };
    Ok(Reply::created(show_identities(&app, tenant, no).await?).replayed(replayed))
}

/// Take an identity away
///
/// What was counted together stays so.
#[utoipa::path(delete, path = "/v1/customers/{id}/identities/{identity_id}", tag = "customers",
    params(("id" = String, Path, description = "The customer"),
        ("identity_id" = String, Path, description = "The identity")),
    responses((status = 200, description = "What the customer is known by now", body = List<IdentityBody>)))]
pub(crate) async fn remove_identity(
    State(app): State<App>,
    Path((id, identity_id)): Path<(String, String)>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<List<IdentityBody>> {
    let tenant = origin.caller.tenant;
    let customer = customer_no(&app, origin.caller, &id).await?;
    let identity = find(&app, tenant, customer, &identity_id).await?;
    let (no, replayed) = changed(&app, &origin, Action::RemoveIdentity { customer, identity }).await?;
    Ok(Reply::ok(show_identities(&app, tenant, no).await?).replayed(replayed))
}

/// Proves an identity and goes on until whoever is the same by it is merged.
pub(crate) async fn verify(
    app: &App,
    origin: &Origin,
    customer: CustomerNo,
    (kind, value): (IdentityKind, String),
) -> Result<(CustomerNo, bool), Problem> {
    let mut origin = *origin;
    let mut replayed = None;
    for _ in 0..MERGE_STEPS_MAX {
        let action = Action::VerifyIdentity { customer, kind, value: value.clone() };
        let answer = app.submit(&origin, action).await?;
        let Outcome::CustomerChanged { no, is_done, .. } = answer.outcome else { return Err(unexpected()) };
        let first = *replayed.get_or_insert(answer.replayed);
        if is_done {
            return Ok((no, first));
        }
        // The key remembers the first step, which began it; the others are asked for whether it is replayed or not.
        origin = origin.without_key();
    }
    let detail = "Many vouchers are left to be moved. Ask again to go on.";
    Err(Problem::new(http::StatusCode::SERVICE_UNAVAILABLE, "busy", detail).retry_after(1))
}

pub(crate) async fn changed(app: &App, origin: &Origin, action: Action) -> Result<(CustomerNo, bool), Problem> {
    let answer = app.submit(origin, action).await?;
    match answer.outcome {
        Outcome::CustomerChanged { no, .. } => Ok((no, answer.replayed)),
        _ => Err(unexpected()),
    }
}

async fn find(app: &App, tenant: TenantNo, no: CustomerNo, id: &str) -> Result<IdentityKey, Problem> {
    let codes = app.store.codes();
    let customer = app.store.customer(tenant, no).await?.ok_or_else(unexpected)?;
    let found = customer.identities.into_iter().find(|identity| identity_id(codes, tenant, &identity.key) == id);
    let missing = || not_found(Rejection::IdentityNotFound, "The customer has no such identity.");
    found.map(|identity| identity.key).ok_or_else(missing)
}

async fn show_identities(app: &App, tenant: TenantNo, no: CustomerNo) -> Result<List<IdentityBody>, Problem> {
    let customer = app.store.customer(tenant, no).await?.ok_or_else(unexpected)?;
    Ok(List::whole(identity_bodies(app.store.codes(), tenant, &customer)))
}

pub(crate) fn identity_bodies(codes: &Codes, tenant: TenantNo, customer: &Customer) -> Vec<IdentityBody> {
    let body = |identity: &Identity| IdentityBody {
        id: identity_id(codes, tenant, &identity.key),
        kind: identity.key.kind,
        value: identity.value.clone(),
        verified_at: identity.verified_at,
        added_at: identity.added_at,
    };
    customer.identities.iter().map(body).collect()
}

/// Says nothing of the value to who has not the ring, so that paths and logs may hold it.
fn identity_id(codes: &Codes, tenant: TenantNo, key: &IdentityKey) -> String {
    format!("idn_{:032x}", u128::from_be_bytes(codes.identity_hash(tenant, key)))
}
