//! What may cost more than one person alone may let it.

use std::sync::Arc;

use domain::coupon::{CouponState, CouponStep};
use domain::event::Actor;
use domain::id::{AccountNo, CouponId, CouponNo};
use domain::ledger::{Action, Command, Outcome, Start};
use domain::tenant::Settings;

use super::crowd::{Told, check_refused};
use super::specs::CouponSpec;
use super::world::{TENANT, World, command, fresh_uuid};
use super::{Harness, check_sound};

const ANN: Actor = Actor::Staff(AccountNo(1));
const BEN: Actor = Actor::Staff(AccountNo(2));
/// 5.00 off so many times is more than one person may let happen.
const MANY: i64 = 100;

impl World {
    /// From now on nobody alone lets a coupon cost more than 100.00.
    async fn with_ceiling(&self) {
        let tenant = self.store.tenant(TENANT).expect("it is there");
        let settings = Settings { liability_ceiling_minor: Some(10_000), ..(*tenant.settings).clone() };
        let tenant = domain::tenant::Tenant { settings: Arc::new(settings), ..(*tenant).clone() };
        self.store.update_tenant(Actor::Operator, tenant).await.expect("it can").expect("it may");
    }

    async fn by(&self, actor: Actor, action: Action) -> Told<Outcome> {
        let asked = Command { actor, ..command(None, action) };
        self.submit(asked).await.map(|answer| answer.outcome).map_err(|refusal| refusal.rejection)
    }

    async fn written_by_ann(&self, spec: CouponSpec) -> CouponNo {
        let (id, definition) = (CouponId(fresh_uuid()), Box::new(spec.definition));
        match self.by(ANN, Action::CreateCoupon { id, definition, code: None, start: Start::Draft }).await {
            Ok(Outcome::Coupon { no, .. }) => no,
            other => panic!("a coupon is made: {other:?}"),
        }
    }

    async fn approve(&self, by: Actor, coupon: CouponNo, version: u32) -> Told<Outcome> {
        self.by(by, Action::ApproveCoupon { coupon, version }).await
    }

    async fn saved_by_ann(&self, coupon: CouponNo, if_version: u32, times: i64) -> Told<Outcome> {
        let definition = Box::new(CouponSpec::new().uses(times).definition);
        self.by(ANN, Action::UpdateCoupon { coupon, if_version, definition, code: None }).await
    }

    async fn started(&self, coupon: CouponNo) -> Told<Outcome> {
        self.by(ANN, Action::MoveCoupon { coupon, step: CouponStep::Activate }).await
    }
}

pub async fn two_persons_start_what_one_alone_may_not_also_after_a_restart(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.with_ceiling().await;
    let coupon = world.written_by_ann(CouponSpec::new().uses(MANY)).await;
    check_refused(world.started(coupon).await, "second_person_needed");
    check_refused(world.approve(ANN, coupon, 1).await, "approver_involved");
    check_refused(world.approve(Actor::Key(1), coupon, 1).await, "approver_involved");
    harness.restart().await;
    let world = World::of(harness);
    check_refused(world.started(coupon).await, "second_person_needed");
    world.approve(BEN, coupon, 1).await.expect("it is another person");
    harness.restart().await;
    let world = World::of(harness);
    world.started(coupon).await.expect("two persons agree");
    check_refused(world.saved_by_ann(coupon, 3, MANY + 1).await, "second_person_needed");
    check_sound(harness).await;
}

pub async fn nobody_gets_around_the_second_person_by_a_change_that_races_the_approval(harness: &mut dyn Harness) {
    const ROUNDS: usize = 20;
    let world = World::of(harness);
    world.with_ceiling().await;
    for _ in 0..ROUNDS {
        let coupon = world.written_by_ann(CouponSpec::new().uses(MANY)).await;
        // All at once: it is approved, it is made to cost ten times as much, and it is started.
        world
            .all_at_once(9, |world, index| async move {
                match index % 3 {
                    0 => world.approve(BEN, coupon, 1).await.map(drop),
                    1 => world.saved_by_ann(coupon, 1, 10 * MANY).await.map(drop),
                    _ => world.started(coupon).await.map(drop),
                }
            })
            .await;
        let now = world.coupon_now(coupon).await;
        let times = now.definition.limits[0].max;
        if now.state == CouponState::Running {
            assert_eq!(times, MANY, "what is running is what was approved");
        } else {
            let said = world.started(coupon).await;
            if times == MANY {
                said.expect("it is approved");
            } else {
                check_refused(said, "second_person_needed");
            }
        }
    }
    check_sound(harness).await;
}
