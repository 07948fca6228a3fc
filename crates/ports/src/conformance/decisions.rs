//! What orders were decided on, kept and listed.

use std::sync::Arc;

use domain::event::Actor;
use domain::ledger::DecisionRecord;
use domain::stacking::Pricing;
use domain::tenant::{Settings, Tenant};

use super::orders::MINUTE_MS;
use super::specs::CouponSpec;
use super::world::{TENANT, World};
use super::{Harness, check_sound};
use crate::{DecisionFilter, PageRequest, StoreError};

pub async fn a_decision_names_the_settings_it_was_made_under(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("WHY").percent(5_000)).await;
    let first = world.use_code("WHY").await.expect("nothing is in the way");
    let before = world.store.tenant(TENANT).expect("it is there");
    let pricing = Pricing { coupons_max: Some(1), ..Pricing::default() };
    let settings = Arc::new(Settings { pricing, ..Settings::clone(&before.settings) });
    let tenant = Tenant { settings: Arc::clone(&settings), ..Tenant::clone(&before) };
    let after = world.store.update_tenant(Actor::Operator, tenant).await.expect("it is written").expect("it may be");
    let second = world.use_code("WHY").await.expect("nothing is in the way");
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    for (used, tenant) in [(first, &before), (second, &after)] {
        let decision =
            world.store.decision(TENANT, &used.id).await.expect("decisions can be read").expect("it is kept");
        assert_eq!(decision.settings_version, Some(tenant.version));
        let kept = world.store.settings_version(TENANT, tenant.version).await.expect("versions can be read");
        assert_eq!(kept.as_ref(), Some(&tenant.settings));
    }
    assert_eq!(world.store.settings_version(TENANT, after.version + 1).await, Ok(None));
    check_sound(harness).await;
}

impl World {
    /// The redemptions of a list of decisions, page by page.
    async fn decided(&self, filter: DecisionFilter) -> Vec<String> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: 2, after };
            let page = self.store.decisions(TENANT, filter, page).await.expect("decisions can be listed");
            let id = |record: DecisionRecord| record.redemption.as_str().to_owned();
            all.extend(page.items.into_iter().map(id));
            after = page.next;
            if after.is_none() {
                return all;
            }
        }
    }
}

pub async fn decisions_are_listed_by_time_without_those_that_came_to_nothing(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("LIST").uses(99)).await;
    let mut made = Vec::new();
    for _ in 0..7 {
        world.wait(MINUTE_MS);
        made.push(world.use_code("LIST").await.expect("nothing is in the way"));
    }
    world.wait(MINUTE_MS);
    let reserved = world.reserve_code("LIST").await.expect("nothing is in the way");
    let cancelled = world.reserve_code("LIST").await.expect("nothing is in the way");
    world.cancel(&cancelled.id).await.expect("it is pending");
    world.give_back(&made[2].id).await.expect("it succeeded");
    let id = |place: usize| made[place].id.as_str().to_owned();
    let all: Vec<String> = [0, 1, 3, 4, 5, 6].map(id).into_iter().chain([reserved.id.as_str().to_owned()]).collect();
    assert_eq!(world.decided(DecisionFilter::default()).await, all);
    let (from, until) = (Some(made[1].made_at), Some(made[5].made_at));
    assert_eq!(world.decided(DecisionFilter { from, until }).await, all[1..4]);
    assert_eq!(world.decided(DecisionFilter { from, until: None }).await, all[1..]);
    assert_eq!(world.decided(DecisionFilter { from: Some(world.now()), until: Some(world.now()) }).await, [""; 0]);
    let page = PageRequest { limit: 2, after: Some("r1".to_owned()) };
    let other = world.store.decisions(TENANT, DecisionFilter::default(), page).await;
    assert_eq!(other, Err(StoreError::Cursor), "the cursor of another list");
    check_sound(harness).await;
}
