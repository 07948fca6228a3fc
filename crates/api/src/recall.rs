//! Recorded decisions with what they name at hand again: to explain one, and to try a draft on many. For handlers and for the
//! command line alike.

use domain::coupon::Definition;
use domain::field::FieldError;
use domain::id::TenantNo;
use domain::ledger::{DecisionRecord, Explanation, Kept, Simulation, add_listed};
use domain::redemption::RedemptionId;
use domain::rule::Catalogue;
use ports::{CollectionStore, DecisionFilter, PageRequest, Records, StoreError};

use crate::definition_body::{DefinitionBody, Named};

/// Records tried before anybody else has a turn: some milliseconds of work.
const AT_ONCE: usize = 100;
/// Versions kept at hand during a simulation.
const VERSIONS_MAX: usize = 5_000;

/// Explains the decision of that redemption. `None` if there is none.
///
/// # Errors
/// The store could not answer.
pub async fn explain<S: Records + ?Sized>(
    store: &S,
    tenant: TenantNo,
    id: &RedemptionId,
) -> Result<Option<Explanation>, StoreError> {
    let Some(record) = store.decision(tenant, id).await? else { return Ok(None) };
    let mut kept = Kept::default();
    load(store, tenant, &record, &mut kept).await?;
    Ok(Some(record.explain(&kept)))
}

/// Which orders a simulation goes through.
#[derive(Clone, Debug)]
pub struct Orders {
    /// Of whose.
    pub tenant: TenantNo,
    /// Of which time.
    pub filter: DecisionFilter,
    /// At most so many.
    pub max: usize,
    /// Where the run before stopped.
    pub after: Option<String>,
}

/// Takes recorded orders into a simulation, oldest first. Returns where to go on, if there are more.
///
/// # Errors
/// [`StoreError::Cursor`] for a cursor that is none; else the store could not answer.
pub async fn simulate<S: Records + CollectionStore + ?Sized>(
    store: &S,
    mut orders: Orders,
    simulation: &mut Simulation,
) -> Result<Option<String>, StoreError> {
    let (mut kept, mut left) = (Kept::default(), orders.max);
    let attributes = &store.settings(orders.tenant).await?.attributes;
    let collections = simulation.collections(&store.collections(orders.tenant), attributes);
    while left > 0 {
        let request = PageRequest { limit: left.min(AT_ONCE), after: orders.after.take() };
        let page = store.decisions(orders.tenant, orders.filter, request).await?;
        let taken = page.items.len();
        let lines = page.items.iter().flat_map(|record| &record.order.lines);
        let keys = lines.flat_map(|line| collections.iter().flat_map(|one| one.keys(line))).collect();
        let listed = store.entries_of(orders.tenant, keys).await?;
        for mut record in page.items {
            load(store, orders.tenant, &record, &mut kept).await?;
            add_listed(&mut record.order, &collections, &listed);
            simulation.take(&record, &kept);
        }
        if kept.coupons.len() > VERSIONS_MAX {
            kept = Kept::default();
        }
        left -= taken;
        orders.after = page.next;
        tokio::task::yield_now().await;
        if orders.after.is_none() {
            return Ok(None);
        }
    }
    Ok(orders.after)
}

/// The versions that a record names.
async fn load<S: Records + ?Sized>(
    store: &S,
    tenant: TenantNo,
    record: &DecisionRecord,
    kept: &mut Kept,
) -> Result<(), StoreError> {
    for offer in &record.offers {
        let key = (offer.coupon, offer.version);
        if !kept.coupons.contains_key(&key) {
            let found = store.coupon_version(tenant, offer.coupon, offer.version).await?;
            kept.coupons.extend(found.map(|coupon| (key, coupon)));
        }
    }
    if let Some(version) = record.settings_version.filter(|version| !kept.settings.contains_key(version)) {
        let found = store.settings_version(tenant, version).await?;
        kept.settings.extend(found.map(|settings| (version, settings)));
    }
    Ok(())
}

/// The definition of a draft, written as `POST /v1/coupons` takes it. It names no coupon, customer or campaign: from the command
/// line there is nobody to look them up for.
///
/// # Errors
/// What does not fit, by its JSON pointer.
pub async fn draft<S: Records + CollectionStore + ?Sized>(
    store: &S,
    tenant: TenantNo,
    written: serde_json::Value,
) -> Result<Definition, FieldError> {
    let body: DefinitionBody =
        serde_json::from_value(written).map_err(|error| FieldError::new("", error.to_string()))?;
    body.check_named()?;
    body.check_collections(&store.collections(tenant))?;
    for (pointer, is_named) in [
        ("/customer_ids", body.customer_ids.is_some()),
        ("/campaign_id", body.campaign_id.is_some()),
        ("/stacking/excludes_coupon_ids", !body.stacking.excludes_coupon_ids.is_empty()),
    ] {
        if is_named {
            return Err(FieldError::new(pointer, "cannot be tried from a file"));
        }
    }
    let definition = body.parse(Named::default())?;
    if let Some(rule) = &definition.conditions {
        let settings =
            store.settings(tenant).await.map_err(|error| FieldError::new("/conditions", error.to_string()))?;
        rule.check(&Catalogue::new(&settings.attributes)?).map_err(|error| error.under("/conditions"))?;
    }
    Ok(definition)
}
