//! Groups of goods that scopes and conditions ask for.

use std::sync::Arc;

use axum::extract::State;
use domain::collection::{
    COLLECTION_ENTRIES_MAX, COLLECTIONS_MAX, Collection, CollectionOf, Collections, check_entries,
};
use domain::field::FieldError;
use domain::segment::check_name;
use domain::time::Timestamp;
use http::{HeaderMap, StatusCode, header};
use ports::{EntriesChanged, EntryChanges, NewCollection, NoEntries, NotSaved, SavedOver};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::extract::Path;
use crate::idempotency::{Change, NoBody};
use crate::if_match::edited_version;
use crate::page::List;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::schemas;
use crate::scope_body::ListingBody;

/// What a collection lists.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionDefinition {
    /// What its entries are; of categories each with all that is below it. It never changes.
    #[schema(value_type = schemas::CollectionOf)]
    of: CollectionOf,
}

/// A group of goods.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Collection)]
pub(crate) struct CollectionBody {
    #[schema(example = "outlet")]
    name: String,
    #[schema(value_type = schemas::CollectionOf)]
    of: CollectionOf,
    version: u32,
    /// How many it lists; only where one is shown.
    entries: Option<u64>,
    #[schema(value_type = String, format = DateTime)]
    saved_at: Timestamp,
}

impl CollectionBody {
    fn of(collection: &Collection, entries: Option<u64>) -> Self {
        let Collection { name, of, version, saved_at, .. } = collection;
        Self { name: name.clone(), of: *of, version: *version, entries, saved_at: *saved_at }
    }
}

/// Save a collection
///
/// Makes the collection of that name: 1 to 64 of `A-Z a-z 0-9 _ - . :`. One that is there already is written over if
/// `If-Match` has its version, or `*`; it goes on listing what it lists.
#[utoipa::path(put, path = "/v1/collections/{id}", tag = "coupons", request_body = CollectionDefinition,
    params(("id" = String, Path, description = "The collection's name"),
        ("If-Match" = Option<String>, Header, description = "The `ETag` of the version that was edited")),
    responses(
        (status = 200, description = "Written over", body = CollectionBody,
            headers(("ETag", description = "The version"))),
        (status = 201, description = "Made", body = CollectionBody, headers(("ETag", description = "The version")))))]
pub(crate) async fn save_collection(
    State(app): State<App>,
    Path(name): Path<String>,
    headers: HeaderMap,
    Change { origin, body }: Change<CollectionDefinition>,
) -> Answered<CollectionBody> {
    let Caller { tenant, actor, .. } = origin.caller;
    let over = if headers.contains_key(header::IF_MATCH) {
        edited_version(&headers)?.map_or(SavedOver::Any, SavedOver::Version)
    } else {
        SavedOver::Nothing
    };
    if over != SavedOver::Nothing && app.store.collections(tenant).get(&name).is_none() {
        return Err(gone());
    }
    if !check_name(&name) {
        let detail = "A collection's name is 1 to 64 of `A-Z a-z 0-9 _ - . :`.";
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "collection_name_invalid", detail));
    }
    let collection = NewCollection { name, of: body.of, over };
    let saved = app.store.save_collection((tenant, actor), collection).await?.map_err(not_saved)?;
    let reply = Reply::ok(CollectionBody::of(&saved, None)).version(saved.version);
    Ok(if over == SavedOver::Nothing { reply.status(StatusCode::CREATED) } else { reply })
}

/// Show a collection
///
/// With the number of its entries.
#[utoipa::path(get, path = "/v1/collections/{id}", tag = "coupons",
    params(("id" = String, Path, description = "The collection's name")),
    responses((status = 200, description = "As it is now", body = CollectionBody,
        headers(("ETag", description = "The version")))))]
pub(crate) async fn get_collection(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(name): Path<String>,
) -> Answered<CollectionBody> {
    let collection = app.store.collections(tenant).get(&name).map(Arc::clone).ok_or_else(gone)?;
    let entries = app.store.count_entries(tenant, name).await?;
    Ok(Reply::ok(CollectionBody::of(&collection, entries)).version(collection.version))
}

/// List collections
#[utoipa::path(get, path = "/v1/collections", tag = "coupons",
    responses((status = 200, description = "All of them, by name", body = List<CollectionBody>)))]
pub(crate) async fn list_collections(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
) -> Answered<List<CollectionBody>> {
    let collections = app.store.collections(tenant);
    Ok(Reply::ok(List::page(collections.all().map(|one| CollectionBody::of(one, None)).collect(), None)))
}

/// Delete a collection
///
/// With its entries. At once it lists nothing any more, also where a coupon names it; its name is free.
#[utoipa::path(delete, path = "/v1/collections/{id}", tag = "coupons",
    params(("id" = String, Path, description = "The collection's name")),
    responses((status = 200, description = "As it was", body = CollectionBody)))]
pub(crate) async fn delete_collection(
    State(app): State<App>,
    Path(name): Path<String>,
    Change { origin, .. }: Change<NoBody>,
) -> Answered<CollectionBody> {
    let Caller { tenant, actor, .. } = origin.caller;
    let deleted = app.store.delete_collection((tenant, actor), name).await?.ok_or_else(gone)?;
    Ok(Reply::ok(CollectionBody::of(&deleted, None)))
}

/// What a collection is to list, and what no more: all of it happens, or nothing.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CollectionEntries {
    /// To be listed, each of 1 to 128 printable characters; what is listed already stays so.
    #[serde(default)]
    #[schema(max_items = 10_000, example = json!(["A1", "A2"]))]
    add: Vec<String>,
    /// Not to be listed any more; what is in both is not listed.
    #[serde(default)]
    #[schema(max_items = 10_000)]
    remove: Vec<String>,
}

/// What became of a collection's entries.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct CollectionEntriesChanged {
    /// How many were not listed before.
    added: usize,
    /// How many were listed before.
    removed: usize,
    /// How many are listed now.
    entries: u64,
}

/// Add and remove entries of a collection
///
/// Up to 10,000 of each in one call; to repeat a call changes nothing. A collection has up to 1,000,000 entries.
#[utoipa::path(post, path = "/v1/collections/{id}/entries", tag = "coupons", request_body = CollectionEntries,
    params(("id" = String, Path, description = "The collection's name")),
    responses((status = 200, description = "Changed", body = CollectionEntriesChanged)))]
pub(crate) async fn change_collection_entries(
    State(app): State<App>,
    Path(name): Path<String>,
    Change { origin, body: CollectionEntries { add, remove } }: Change<CollectionEntries>,
) -> Answered<CollectionEntriesChanged> {
    let Caller { tenant, actor, .. } = origin.caller;
    check_entries(&add).map_err(|error| error.under("/add"))?;
    check_entries(&remove).map_err(|error| error.under("/remove"))?;
    let changed = app.store.change_entries((tenant, actor), name, EntryChanges { add, remove }).await?;
    let EntriesChanged { added, removed, entries } = changed.map_err(|why| match why {
        NoEntries::Unknown => gone(),
        NoEntries::Full => {
            let detail = format!("The collection would have more than {COLLECTION_ENTRIES_MAX} entries.");
            Problem::conflict("collection_full", detail)
        }
    })?;
    Ok(Reply::ok(CollectionEntriesChanged { added, removed, entries }))
}

/// Whether there is every collection that these lists name, each at its pointer.
pub(crate) fn check_named<'a>(
    there: &Collections,
    lists: impl IntoIterator<Item = (&'a str, &'a ListingBody)>,
) -> Result<(), FieldError> {
    for (pointer, list) in lists {
        for (index, name) in list.collections.iter().enumerate() {
            if there.get(name).is_none() {
                let pointer = format!("{pointer}/collections/{index}");
                return Err(FieldError::new(pointer, "there is no such collection"));
            }
        }
    }
    Ok(())
}

fn not_saved(why: NotSaved) -> Problem {
    match why {
        NotSaved::Stale => Problem::new(
            StatusCode::PRECONDITION_FAILED,
            "version_stale",
            "The collection was saved or deleted meanwhile.",
        ),
        NotSaved::Exists(version) => {
            let detail =
                format!("The collection is there in version {version}; send it as `If-Match` to write it over.");
            Problem::new(StatusCode::PRECONDITION_REQUIRED, "precondition_required", detail)
        }
        NotSaved::OtherSort => {
            let detail = "A collection goes on listing the same sort; delete it to make another.";
            Problem::conflict("collection_other_sort", detail)
        }
        NotSaved::TooMany => {
            let detail = format!("{COLLECTIONS_MAX} collections are there, which is the most there can be.");
            Problem::conflict("too_many_collections", detail)
        }
    }
}

fn gone() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "collection_not_found", "There is no such collection.")
}
