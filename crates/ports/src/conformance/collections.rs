//! What Scrip itself knows of what is bought: the collections that list it.

use std::sync::Arc;

use domain::collection::{COLLECTION_CHANGES_MAX, COLLECTION_ENTRIES_MAX, COLLECTIONS_MAX, CollectionOf};
use domain::event::Actor;
use domain::ledger::Kept;
use domain::order::{Line, Order};
use domain::redemption::Redemption;
use domain::rejection::Rejection;
use domain::rule::{FieldTest, Operator, Rule};
use domain::scope::{Listing, Scope};
use domain::tenant::Tenant;

use super::crowd::Told;
use super::orders::order;
use super::specs::CouponSpec;
use super::world::{TENANT, World};
use super::{Harness, check_sound};
use crate::{
    AuditFilter, AuditOf, EntriesChanged, EntryChanges, NewCollection, NoEntries, NotSaved, PageRequest, SavedOver,
};

const STAFF: Actor = Actor::Key(1);
const NONE: Rejection = Rejection::NoneInScope;

fn named(name: &str) -> Listing {
    Listing { collections: [name].into_iter().collect(), ..Listing::default() }
}

fn included(name: &str) -> Scope {
    Scope { include: named(name), ..Scope::default() }
}

fn excluded(name: &str) -> Scope {
    Scope { exclude: named(name), ..Scope::default() }
}

/// A tea of ten and a novel of twenty euros.
fn tea_and_novel() -> Order {
    let novel = Line { category: Some("media/books/novels".to_owned()), ..Line::new("novel", 1, 2_000) };
    Order { lines: vec![Line::new("tea", 1, 1_000), novel], ..order(&[(1, 1_000)]) }
}

impl CouponSpec {
    fn on(mut self, scope: Scope) -> Self {
        self.definition.scope = scope;
        self.percent(1_000)
    }
}

impl World {
    async fn collect(&self, name: &str, of: CollectionOf, over: SavedOver) -> Result<u32, NotSaved> {
        let collection = NewCollection { name: name.to_owned(), of, over };
        let saved = self.store.save_collection((TENANT, STAFF), collection).await.expect("collections can be saved");
        saved.map(|collection| collection.version)
    }

    async fn list<T: Into<String>>(
        &self,
        name: &str,
        add: impl IntoIterator<Item = T>,
        remove: &[&str],
    ) -> Result<(usize, usize, u64), NoEntries> {
        let add = add.into_iter().map(Into::into).collect();
        let changes = EntryChanges { add, remove: remove.iter().map(|entry| (*entry).to_owned()).collect() };
        let changed = self.store.change_entries((TENANT, STAFF), name.to_owned(), changes).await;
        let changed = changed.expect("entries can be changed");
        changed.map(|EntriesChanged { added, removed, entries }| (added, removed, entries))
    }

    async fn entries(&self, name: &str) -> Option<u64> {
        self.store.count_entries(TENANT, name.to_owned()).await.expect("it is read")
    }

    async fn uncollect(&self, name: &str) {
        self.store
            .delete_collection((TENANT, STAFF), name.to_owned())
            .await
            .expect("it answers")
            .expect("it was there");
    }

    async fn buy(&self, codes: &[&str]) -> Told<Redemption> {
        self.redeem(self.request_for(tea_and_novel(), codes)).await
    }

    async fn off(&self, code: &str) -> Result<i64, Rejection> {
        self.buy(&[code]).await.map(|done| done.discount_minor)
    }

    /// Decided again on what was recorded: the collections of each line, if it comes to the same.
    async fn replayed(&self, redemption: &Redemption) -> Vec<Vec<String>> {
        let record = self.store.decision(TENANT, &redemption.id).await.expect("it is read").expect("it was recorded");
        let mut kept = Kept::default();
        for offer in &record.offers {
            let version = self.store.coupon_version(TENANT, offer.coupon, offer.version).await;
            kept.coupons.insert((offer.coupon, offer.version), version.expect("it is read").expect("it is kept"));
        }
        let version = record.settings_version.expect("it is recorded");
        let settings = self.store.settings_version(TENANT, version).await;
        kept.settings.insert(version, settings.expect("it is read").expect("it is kept"));
        assert_eq!(record.replay(&kept).as_ref(), Some(&record.quote), "a replay comes to the same");
        record.order.lines.into_iter().map(|line| line.collections).collect()
    }
}

pub async fn a_scope_asks_for_a_collection_as_it_lists_at_once_and_over_a_restart(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("IN").on(included("sale"))).await;
    world.coupon(CouponSpec::new().code("OUT").on(excluded("sale"))).await;
    assert_eq!(world.list("sale", ["tea"], &[]).await, Err(NoEntries::Unknown));
    assert_eq!(world.collect("sale", CollectionOf::Skus, SavedOver::Nothing).await, Ok(1));
    assert_eq!((world.off("IN").await, world.off("OUT").await), (Err(NONE), Ok(300)));
    assert_eq!(world.list("sale", ["tea", "cup", "tea"], &[]).await, Ok((2, 0, 2)));
    assert_eq!(world.list("sale", ["tea"], &["cup", "mug"]).await, Ok((0, 1, 1)), "to repeat it changes nothing");
    assert_eq!((world.off("IN").await, world.off("OUT").await), (Ok(100), Ok(200)));
    drop(world);
    harness.crash().await;
    let world = World::of(harness);
    assert_eq!((world.off("IN").await, world.off("OUT").await), (Ok(100), Ok(200)));
    assert_eq!(world.entries("sale").await, Some(1));
    world.uncollect("sale").await;
    assert_eq!((world.off("IN").await, world.off("OUT").await), (Err(NONE), Ok(300)));
    assert_eq!(world.collect("sale", CollectionOf::Skus, SavedOver::Nothing).await, Ok(1), "the name is free again");
    assert_eq!(world.entries("sale").await, Some(0));
    assert_eq!(world.off("IN").await, Err(NONE), "what the deleted one listed is not this one's");
    check_sound(harness).await;
}

pub async fn a_collection_of_categories_lists_all_that_is_below_and_what_it_listed_is_recorded(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    let is_one =
        FieldTest { field: "line.collections".to_owned(), op: Operator::Contains, value: Some("books".into()) };
    let mut spec = CouponSpec::new().code("IF").amount(50);
    spec.definition.conditions = Some(Rule::AnyLine(Box::new(Rule::Field(is_one))));
    world.coupon(spec).await;
    world.coupon(CouponSpec::new().code("BOOKS").on(included("books"))).await;
    world.collect("books", CollectionOf::Categories, SavedOver::Nothing).await.expect("the name is free");
    world.list("books", ["media/books", "media/book"], &[]).await.expect("it is there");
    let by_scope = world.buy(&["BOOKS"]).await.expect("the novel is a book");
    let by_rule = world.buy(&["IF"]).await.expect("the novel is a book");
    assert_eq!((by_scope.discount_minor, by_rule.discount_minor), (200, 50));
    world.list("books", ["media/books/novels/old"], &["media/books"]).await.expect("it is there");
    assert_eq!((world.off("BOOKS").await, world.off("IF").await), (Err(NONE), Err(Rejection::ConditionUnmet)));
    world.uncollect("books").await;
    for done in [by_scope, by_rule] {
        assert_eq!(world.replayed(&done).await, [vec![], vec!["books".to_owned()]]);
    }
    check_sound(harness).await;
}

pub async fn what_the_tenant_excludes_by_a_collection_no_coupon_takes_anything_off(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().automatic().on(included("sale"))).await;
    world.collect("sale", CollectionOf::Skus, SavedOver::Nothing).await.expect("the name is free");
    world.collect("taboo", CollectionOf::Products, SavedOver::Nothing).await.expect("the name is free");
    world.list("sale", ["tea", "novel"], &[]).await.expect("it is there");
    let leaves = |order: Order| Order {
        lines: order.lines.into_iter().map(|line| Line { product: Some(line.sku.clone()), ..line }).collect(),
        ..order
    };
    let request = world.request_for(leaves(tea_and_novel()), &[]);
    let quoted = async || world.store.quote(TENANT, request.clone()).await.expect("it answers").discount_minor;
    assert_eq!(quoted().await, 300, "an order meets a coupon without a code");
    let tenant = world.store.tenant(TENANT).expect("it is there");
    let mut settings = (*tenant.settings).clone();
    settings.pricing.exclusions = named("taboo");
    let tenant = Tenant { settings: Arc::new(settings), ..(*tenant).clone() };
    world.store.update_tenant(STAFF, tenant).await.expect("it answers").expect("it is the latest version");
    assert_eq!(quoted().await, 300, "it lists nothing yet");
    world.list("taboo", ["tea"], &[]).await.expect("it is there");
    assert_eq!(quoted().await, 200);
    check_sound(harness).await;
}

pub async fn collections_are_few_and_bounded_and_a_change_of_one_happens_wholly_or_not_at_all(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    world.collect("all", CollectionOf::Skus, SavedOver::Nothing).await.expect("the name is free");
    for (over, of, expected) in [
        (SavedOver::Nothing, CollectionOf::Skus, Err(NotSaved::Exists(1))),
        (SavedOver::Version(2), CollectionOf::Skus, Err(NotSaved::Stale)),
        (SavedOver::Any, CollectionOf::Products, Err(NotSaved::OtherSort)),
        (SavedOver::Version(1), CollectionOf::Skus, Ok(2)),
        (SavedOver::Any, CollectionOf::Skus, Ok(3)),
    ] {
        assert_eq!(world.collect("all", of, over).await, expected, "{over:?}");
    }
    let call = COLLECTION_CHANGES_MAX as u64;
    for first in (0..COLLECTION_ENTRIES_MAX).step_by(COLLECTION_CHANGES_MAX) {
        let added = world.list("all", (first..first + call).map(|no| format!("sku-{no}")), &[]).await;
        assert_eq!(added, Ok((COLLECTION_CHANGES_MAX, 0, first + call)));
    }
    assert_eq!(world.list("all", ["sku-1", "one more"], &[]).await, Err(NoEntries::Full));
    assert_eq!(world.list("all", ["sku-1"], &["one more"]).await, Ok((0, 0, COLLECTION_ENTRIES_MAX)), "nothing was");
    assert_eq!(world.list("all", ["one more"], &["sku-1"]).await, Ok((1, 1, COLLECTION_ENTRIES_MAX)));
    let filter = AuditFilter { of: Some(AuditOf::Subject("all".to_owned())), ..AuditFilter::default() };
    let log = world.store.audit(TENANT, filter, PageRequest { limit: 2, after: None }).await.expect("it is read");
    let actions: Vec<_> = log.items.iter().map(|entry| entry.action.clone()).collect();
    assert_eq!(actions, ["collection.entries", "collection.entries"], "what changed nothing is not in it");
    world.uncollect("all").await;
    for no in 0..COLLECTIONS_MAX {
        world.collect(&format!("c{no}"), CollectionOf::Merchants, SavedOver::Nothing).await.expect("there is room");
    }
    assert_eq!(world.collect("more", CollectionOf::Skus, SavedOver::Nothing).await, Err(NotSaved::TooMany));
    check_sound(harness).await;
}
