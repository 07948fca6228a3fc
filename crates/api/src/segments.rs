//! Groups of customers that conditions ask for.

use std::sync::Arc;

use axum::extract::State;
use domain::id::CustomerId;
use domain::rule::Rule;
use domain::segment::{SEGMENT_CHANGES_MAX, SEGMENTS_MAX, Segment, check_name, check_rule};
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode, header};
use ports::{MemberChanges, NewSegment, NoMembers, NotSaved, SavedOver};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::extract::Path;
use crate::idempotency::{Change, NoBody};
use crate::if_match::edited_version;
use crate::names::customer_nos_at;
use crate::page::List;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

/// Who belongs to a segment.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentDefinition {
    /// By a rule: what must hold of who buys, as in the `conditions` of a coupon, but with fields `customer.*` alone and
    /// without `customer.segments`. Left out: whoever is listed as a member.
    #[schema(value_type = Option<Object>, example = json!({"field": "customer.orders", "op": "gte", "value": 10}))]
    conditions: Option<Rule>,
}

/// A group of customers.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Segment)]
pub(crate) struct SegmentBody {
    #[schema(example = "vip")]
    name: String,
    version: u32,
    /// Who belongs to it, by a rule; null: who is listed.
    #[schema(value_type = Option<Object>)]
    conditions: Option<Rule>,
    /// How many it lists; only where one is shown, and null for a rule.
    members: Option<u64>,
    #[schema(value_type = String, format = DateTime)]
    saved_at: Timestamp,
}

impl SegmentBody {
    fn of(segment: &Segment, members: Option<u64>) -> Self {
        let Segment { name, version, rule, saved_at, .. } = segment;
        Self { name: name.clone(), version: *version, conditions: rule.clone(), members, saved_at: *saved_at }
    }
}

/// Save a segment
///
/// Makes the segment of that name: 1 to 64 of `A-Z a-z 0-9 _ - . :`. One that is there already is written over if
/// `If-Match` has its version, or `*`; what lists its members stays so, and what has a rule keeps one.
#[utoipa::path(put, path = "/v1/segments/{id}", tag = "customers", request_body = SegmentDefinition,
    params(("id" = String, Path, description = "The segment's name"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was edited")),
    responses(
        (status = 200, description = "Written over", body = SegmentBody, headers(("ETag", description = "The version"))),
        (status = 201, description = "Made", body = SegmentBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn save_segment(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Change { origin, body }: Change<SegmentDefinition>,
) -> Answered<SegmentBody> {
    let Caller { tenant, actor, .. } = origin.caller;
    let over = if headers.contains_key(header::IF_MATCH) {
        edited_version(&headers)?.map_or(SavedOver::Any, SavedOver::Version)
    } else {
        SavedOver::Nothing
    };
    if over != SavedOver::Nothing && app.store.segments(tenant).get(&name).is_none() {
        return Err(gone());
    }
    if !check_name(&name) {
        let detail = "A segment's name is 1 to 64 of `A-Z a-z 0-9 _ - . :`.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "segment_name_invalid", detail));
    }
    if let Some(rule) = &body.conditions {
        let settings = app.store.settings(tenant).await?;
        check_rule(rule, &settings.attributes).map_err(|error| error.under("/conditions"))?;
    }
    let segment = NewSegment { name, rule: body.conditions, over };
    let saved = app.store.save_segment((tenant, actor), segment).await?.map_err(not_saved)?;
    let reply = Reply::ok(SegmentBody::of(&saved, None)).version(saved.version);
    Ok(if over == SavedOver::Nothing { reply.status(StatusCode::CREATED) } else { reply })
}

/// Show a segment
///
/// With the number of its members, if it lists them.
#[utoipa::path(get, path = "/v1/segments/{id}", tag = "customers",
    params(("id" = String, Path, description = "The segment's name")),
    responses((status = 200, description = "As it is now", body = SegmentBody,
        headers(("ETag", description = "The version")))))]
pub(crate) async fn get_segment(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(name): Path<String>,
) -> Answered<SegmentBody> {
    let segment = app.store.segments(tenant).get(&name).map(Arc::clone).ok_or_else(gone)?;
    let members = app.store.count_members(tenant, name).await?;
    Ok(Reply::ok(SegmentBody::of(&segment, members)).version(segment.version))
}

/// List segments
#[utoipa::path(get, path = "/v1/segments", tag = "customers",
    responses((status = 200, description = "All of them, by name", body = List<SegmentBody>)))]
pub(crate) async fn list_segments(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
) -> Answered<List<SegmentBody>> {
    let segments = app.store.segments(tenant);
    Ok(Reply::ok(List::page(segments.all().map(|segment| SegmentBody::of(segment, None)).collect(), None)))
}

/// Delete a segment
///
/// With its members. At once nobody belongs to it any more; its name is free.
#[utoipa::path(delete, path = "/v1/segments/{id}", tag = "customers",
    params(("id" = String, Path, description = "The segment's name")),
    responses((status = 200, description = "As it was", body = SegmentBody)))]
pub(crate) async fn delete_segment(
    State(app): State<App>,
    Path(name): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<SegmentBody> {
    let Caller { tenant, actor, .. } = origin.caller;
    let deleted = app.store.delete_segment((tenant, actor), name).await?.ok_or_else(gone)?;
    Ok(Reply::ok(SegmentBody::of(&deleted, None)))
}

/// Whom a segment is to list, and whom no more: all of it happens, or nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SegmentMembers {
    /// Customers to be listed; who is listed already stays so.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 10_000)]
    add: Vec<CustomerId>,
    /// Customers not to be listed any more; whoever is in both is not listed.
    #[serde(default)]
    #[schema(value_type = Vec<String>, max_items = 10_000)]
    remove: Vec<CustomerId>,
}

/// What became of a segment's members.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SegmentMembersChanged {
    /// How many were not listed before. Whoever was erased is not listed.
    added: usize,
    /// How many were listed before.
    removed: usize,
}

/// Add and remove members of a segment
///
/// Up to 10,000 of each in one call; to repeat a call changes nothing. For a segment that lists its members.
#[utoipa::path(post, path = "/v1/segments/{id}/members", tag = "customers", request_body = SegmentMembers,
    params(("id" = String, Path, description = "The segment's name")),
    responses((status = 200, description = "Changed", body = SegmentMembersChanged)))]
pub(crate) async fn change_segment_members(
    State(app): State<App>,
    Path(name): Path<String>,
    Change { origin, body }: Change<SegmentMembers>,
) -> Answered<SegmentMembersChanged> {
    let Caller { tenant, actor, .. } = origin.caller;
    for (pointer, list) in [("/add", &body.add), ("/remove", &body.remove)] {
        if list.len() > SEGMENT_CHANGES_MAX {
            let detail = format!("must be at most {SEGMENT_CHANGES_MAX} customers");
            return Err(Problem::invalid_field(pointer, "invalid", detail));
        }
    }
    if app.store.segments(tenant).get(&name).is_none() {
        return Err(gone());
    }
    let add = customer_nos_at(&app, tenant, &body.add, "/add").await?;
    let remove = customer_nos_at(&app, tenant, &body.remove, "/remove").await?;
    let changed = app.store.change_members((tenant, actor), name, MemberChanges { add, remove }).await?;
    let changed = changed.map_err(|why| match why {
        NoMembers::Unknown => gone(),
        NoMembers::ByRule => Problem::conflict("segment_by_rule", "The segment's members follow from its rule."),
    })?;
    Ok(Reply::ok(SegmentMembersChanged { added: changed.added, removed: changed.removed }))
}

fn not_saved(why: NotSaved) -> Problem {
    match why {
        NotSaved::Stale => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "version_stale",
            "The segment was saved or deleted meanwhile.",
        ),
        NotSaved::Exists(version) => {
            let detail = format!("The segment is there in version {version}; send it as `If-Match` to write it over.");
            Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition_required", detail)
        }
        NotSaved::OtherSort => {
            let detail = "What lists its members stays so, and what has a rule keeps one; delete it to make the other.";
            Problem::conflict("segment_other_sort", detail)
        }
        NotSaved::TooMany => {
            let detail = format!("{SEGMENTS_MAX} segments are there, which is the most there can be.");
            Problem::conflict("too_many_segments", detail)
        }
    }
}

fn gone() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "segment_not_found", "There is no such segment.")
}
