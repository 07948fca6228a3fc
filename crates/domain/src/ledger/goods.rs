//! What is bought, as far as scopes and conditions ask and the order does not say: the collections that list its lines. They
//! are put into the order before the price, so that they are recorded and replay as they counted.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Stop;
use super::facts::Facts;
use super::persons::all;
use super::typed::Typed;
use crate::collection::Collection;
use crate::order::{Line, Order};
use crate::rule::Asks;

/// Of each line the collections that list it, by name.
type Listed = Vec<Vec<String>>;

/// The collections that list the lines, of those that the coupons in play and the tenant's exclusions ask for; `None` if none
/// is asked for. A name that no collection has lists nothing.
pub(super) fn listed(facts: &Facts, order: &Order, (typed, asks): (&[Typed], &Asks)) -> Result<Option<Listed>, Stop> {
    let names = names(facts, typed, asks);
    if names.is_empty() {
        return Ok(None);
    }
    let collections: Vec<&Collection> = facts.collections.named(&names).map(AsRef::as_ref).collect();
    all(order.lines.iter().map(|line| listing(facts, line, &collections))).map(Some)
}

/// The order with them.
pub(super) fn order_of(order: Cow<'_, Order>, listed: Option<Listed>) -> Cow<'_, Order> {
    let Some(listed) = listed else { return order };
    let mut order = order.into_owned();
    for (line, collections) in order.lines.iter_mut().zip(listed) {
        line.collections = collections;
    }
    Cow::Owned(order)
}

fn names<'a>(facts: &'a Facts, typed: &'a [Typed], asks: &'a Asks) -> BTreeSet<&'a str> {
    let coupons = typed.iter().filter_map(Typed::source).map(|source| &source.coupon.definition);
    let of_coupons = coupons.flat_map(|definition| definition.listings());
    let listings = of_coupons.chain([&facts.settings.pricing.exclusions]);
    let named = listings.flat_map(|listing| listing.collections.each());
    asks.collections.iter().map(AsRef::as_ref).chain(named).collect()
}

/// Those of them that list the line. All that is needed is asked for before any of it is read.
fn listing(facts: &Facts, line: &Line, collections: &[&Collection]) -> Result<Vec<String>, Stop> {
    let is_listed = |collection: &Collection| {
        let found = all(collection.keys(line).map(|key| facts.entries.get(&key).map(|row| row.is_some())))?;
        Ok(found.contains(&true).then(|| collection.name.clone()))
    };
    Ok(all(collections.iter().map(|collection| is_listed(collection)))?.into_iter().flatten().collect())
}
