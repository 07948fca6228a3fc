use domain::coupon::{CouponStep, Definition};
use domain::id::CouponNo;
use domain::ledger::{Action, Outcome};
use domain::limit::{Counts, LIMIT_MAX, Per};
use domain::period::Period;
use domain::rejection::{Refusal, Rejection};

use crate::asking::{command, definition, limit, refusal, stock};
use crate::world::World;

fn restock(coupon: CouponNo, by: i64, contributor: Option<&str>) -> Action {
    Action::Restock { coupon, limit: stock(0).id, by, contributor: contributor.map(str::to_owned) }
}

impl World {
    /// The limit's maximum, what is used and what is held.
    fn restock(&mut self, coupon: CouponNo, by: i64, who: Option<&str>) -> Result<(i64, i64, i64), Refusal> {
        match self.ask(restock(coupon, by, who))? {
            Outcome::Restocked { max, usage, .. } => Ok((max, usage.used, usage.held)),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_restock_makes_room_and_keeps_the_count() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.limited(vec![stock(1)]));
    world.claim(ann, coupon).unwrap();
    assert_eq!(refusal(world.claim(ann, coupon)).code(), "out_of_stock");
    assert_eq!(world.restock(coupon, 2, None).unwrap(), (3, 1, 0));
    world.claim(ann, coupon).unwrap();
    world.claim(ann, coupon).unwrap();
    assert_eq!(refusal(world.claim(ann, coupon)).code(), "out_of_stock");
    assert_eq!(world.rows.coupons[&coupon].definition.limits[0].max, 3);
}

#[test]
fn restocks_of_one_batch_all_count_and_so_do_their_contributors() {
    let mut world = World::new();
    let coupon = world.limited(vec![stock(0)]);
    let batch = [Some("ann"), Some("ben"), Some("ann"), None].map(|who| command(restock(coupon, 2, who)));
    assert!(world.batch(&batch).iter().all(Result::is_ok));
    assert_eq!(world.restock(coupon, 1, Some("ben")).unwrap(), (9, 0, 0));
    let units: Vec<_> = world.rows.contributions.iter().map(|((_, who), units)| (who.as_str(), *units)).collect();
    assert_eq!(units, [("ann", 4), ("ben", 3)]);
    assert_eq!(world.rows.versions.len(), 2 + 5);
}

#[test]
fn only_a_limit_for_everyone_of_a_coupon_that_goes_on_is_restocked() {
    let mut world = World::new();
    let each = limit(Counts::Claims, Per::Customer, Period::Ever, 1);
    let coupon = world.coupon(Definition { limits: vec![stock(LIMIT_MAX), each.clone()], ..definition() });
    let ask = |world: &mut World, limit: &str| {
        refusal(world.ask(Action::Restock { coupon, limit: limit.to_owned(), by: 1, contributor: None }))
    };
    assert_eq!(ask(&mut world, "none"), Rejection::LimitNotFound);
    assert_eq!(ask(&mut world, &each.id), Rejection::LimitNotFound);
    assert_eq!(ask(&mut world, &stock(0).id), Rejection::TransitionIllegal, "it is as large as can be");
    world.step(coupon, CouponStep::End).unwrap();
    assert_eq!(ask(&mut world, &stock(0).id), Rejection::TransitionIllegal);
    assert_eq!(refusal(world.ask(restock(CouponNo(99), 1, None))), Rejection::CouponNotFound);
}
