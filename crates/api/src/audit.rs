//! The audit log, read.

use axum::extract::State;
use domain::audit::{AuditEntry, AuditSubject, hexadecimal};
use domain::codes::ComputedCode;
use domain::event::Actor;
use domain::id::{AccountNo, ApiKeyId, TenantNo};
use domain::time::Timestamp;
use ports::{AuditFilter, AuditOf};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use crate::actor_body::{ActorBody, Actors};
use crate::app::App;
use crate::auth::Caller;
use crate::extract::Query;
use crate::page::{List, page_request};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;

/// A change that staff, an API key or the operator made by hand.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditEntry)]
pub(crate) struct AuditEntryBody {
    /// Its place in the log, from 1 without gaps.
    number: u64,
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    actor: ActorBody,
    /// What was done.
    #[schema(example = "coupon.update")]
    action: String,
    subject: AuditSubjectBody,
    /// What was otherwise before; `null` where nothing was.
    #[schema(value_type = Option<Object>)]
    before: Option<Value>,
    /// What is otherwise since; of personal fields only that they are.
    #[schema(value_type = Option<Object>)]
    after: Option<Value>,
    /// SHA-256 of this entry and of the hash of the entry before it, in hexadecimal.
    hash: String,
}

/// What was changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AuditSubject)]
struct AuditSubjectBody {
    #[serde(rename = "type")]
    #[schema(value_type = schemas::AuditKind)]
    kind: &'static str,
    id: String,
}

/// Which entries to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// Only those about what has this id.
    #[param(example = "cpn_0198f0c2a5b47d10a1f2c3d4e5f60718")]
    subject: Option<String>,
    /// Only those by this actor: `operator`, the id of an API key, or the number of a member of staff. Not together with
    /// `subject`.
    #[param(example = "operator")]
    actor: Option<String>,
    /// Only those of this instant and later.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// Only those before this instant.
    #[param(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// At most so many; 50 unless given.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<usize>,
    /// What the page before gave as `next_cursor`.
    cursor: Option<String>,
}

/// List what was changed by hand
///
/// Every change that staff, an API key or the operator made to a definition, a customer, a key, or by hand to vouchers.
#[utoipa::path(get, path = "/v1/audit", tag = "audit", params(AuditQuery),
    responses((status = 200, description = "Newest first", body = List<AuditEntryBody>)))]
pub(crate) async fn list_audit_entries(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Query(query): Query<AuditQuery>,
) -> Answered<List<AuditEntryBody>> {
    let request = page_request(query.limit, query.cursor)?;
    let of = match (query.subject, query.actor) {
        (None, None) => None,
        (Some(id), None) => Some(AuditOf::Subject(subject(&app, tenant, id).await?)),
        (None, Some(text)) => Some(AuditOf::Actor(actor(&app, tenant, &text).await?)),
        (Some(_), Some(_)) => {
            return Err(Problem::invalid_field("?actor", "invalid", "cannot be given together with subject"));
        }
    };
    let filter = AuditFilter { of, from: query.from, until: query.until };
    let page = app.store.audit(tenant, filter, request).await?;
    let actors = Actors::of(&app, tenant, page.items.iter().map(|entry| entry.actor)).await?;
    let entries: Result<_, Problem> = page.items.into_iter().map(|entry| show(&app, tenant, entry, &actors)).collect();
    Ok(Reply::ok(List::page(entries?, page.next)))
}

/// The id that the log keeps for a public one: the same, but of a voucher.
async fn subject(app: &App, tenant: TenantNo, id: String) -> Result<String, Problem> {
    let candidates = app.store.codes().voucher_candidates(tenant, &id);
    if candidates.is_empty() {
        return Ok(id);
    }
    let voucher = app.store.voucher(tenant, &candidates).await?;
    let voucher =
        voucher.ok_or_else(|| Problem::invalid_field("?subject", "voucher_not_found", "there is no such voucher"))?;
    Ok(AuditSubject::voucher(ComputedCode { key_no: voucher.key_no, key: voucher.key }).id)
}

async fn actor(app: &App, tenant: TenantNo, text: &str) -> Result<Actor, Problem> {
    if text == "operator" {
        return Ok(Actor::Operator);
    }
    if let Ok(number) = text.parse() {
        return Ok(Actor::Staff(AccountNo(number)));
    }
    let keys = match text.parse::<ApiKeyId>() {
        Ok(id) => app.store.api_keys(tenant).await?.into_iter().find(|key| key.id == id),
        Err(_) => None,
    };
    let wanted = "must be operator, the id of an API key, or the number of a member of staff";
    keys.map(|key| Actor::Key(key.no)).ok_or_else(|| Problem::invalid_field("?actor", "invalid", wanted))
}

fn show(app: &App, tenant: TenantNo, entry: AuditEntry, actors: &Actors) -> Result<AuditEntryBody, Problem> {
    let AuditEntry { number, at, actor, action, subject, before, after, hash } = entry;
    let kind = subject.kind.name();
    let id = match subject.as_voucher() {
        Some(ComputedCode { key_no, key }) => {
            app.store.codes().voucher_id(tenant, key, key_no).map_err(|error| Problem::internal(&error))?
        }
        None => subject.id,
    };
    Ok(AuditEntryBody {
        number,
        at,
        actor: actors.body(actor),
        action,
        subject: AuditSubjectBody { kind, id },
        before: read(before)?,
        after: read(after)?,
        hash: hexadecimal(&hash),
    })
}

fn read(text: Option<String>) -> Result<Option<Value>, Problem> {
    text.map(|text| serde_json::from_str(&text)).transpose().map_err(|error| Problem::internal(&error))
}
