//! Vouchers that are held until used, released, or out of time.

use domain::event::{Actor, Subject, VoucherStep};
use domain::id::{CouponNo, CustomerNo};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::voucher::{Voucher, VoucherState};

use super::crowd::{check_refused, check_tally, granted};
use super::looks::step_of;
use super::orders::MINUTE_MS;
use super::specs::{CouponSpec, limit};
use super::world::World;
use super::{Harness, check_sound};

use VoucherStep::{Claimed, Expired, Locked, Redeemed, Released, Unlocked};

/// What every hold in these tests lasts.
const HOLD_MS: i64 = 5 * MINUTE_MS;

async fn hold(world: &World, coupon: CouponNo) -> Voucher {
    world.claim(world.customer().await, coupon).await.expect("there is a unit")
}

pub async fn jc_3_a_hold_can_be_used_until_its_last_second_then_its_unit_is_anothers_also_over_a_crash(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(2).hold("PT5M")).await;
    let (used, late) = (hold(&world, coupon).await, hold(&world, coupon).await);
    world.wait(HOLD_MS - 1_000);
    world.use_voucher(&used).await.expect("it is 4:59");
    check_refused(world.claim(world.customer().await, coupon).await, "out_of_stock");
    drop(world);
    harness.crash().await;
    let world = World::of(harness);
    world.wait(1_000);
    check_refused(world.use_voucher(&late).await, "voucher_expired");
    let next = hold(&world, coupon).await;
    assert_ne!(world.code_of(&next).await, world.code_of(&late).await);
    check_refused(world.claim(world.customer().await, coupon).await, "out_of_stock");
    check_sound(harness).await;
}

pub async fn jc_4_a_failed_or_cancelled_purchase_returns_the_unit_at_once(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(1).hold("PT5M")).await;
    let customers = world.customers(3).await;
    // A payment fails: the holder has it back and can pay again.
    let voucher = world.claim(customers[0], coupon).await.expect("there is a unit");
    let reserved = world.reserve_voucher(&voucher).await.expect("the holder may use it");
    world.cancel(&reserved.id).await.expect("it is pending");
    assert_eq!(world.state_of(&voucher).await, VoucherState::Held);
    let again = world.reserve_voucher(&voucher).await.expect("the holder may use it");
    world.cancel(&again.id).await.expect("it is pending");
    // The purchase is given up: somebody else has the unit in the same instant.
    check_refused(world.claim(customers[1], coupon).await, "out_of_stock");
    world.release(&voucher).await.expect("it is held");
    let next = world.claim(customers[1], coupon).await.expect("the unit is free");
    // The payment comes in too late for the hold: cancelled then, the unit is free too.
    let reserved = world.reserve_voucher(&next).await.expect("the holder may use it");
    world.wait(HOLD_MS);
    check_refused(world.claim(customers[2], coupon).await, "out_of_stock");
    world.cancel(&reserved.id).await.expect("it is pending");
    assert_eq!(world.steps(&next).await, [Claimed, Locked, Expired]);
    world.claim(customers[2], coupon).await.expect("the unit is free");
    check_sound(harness).await;
}

pub async fn jc_4_the_history_lists_claim_use_expiry_and_release_with_customer_and_time(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().hold("PT5M")).await;
    let (customer, start) = (world.customer().await, world.now());
    let mut vouchers = Vec::new();
    for _ in 0..3 {
        vouchers.push(world.claim(customer, coupon).await.expect("nothing is in the way"));
    }
    let [used, released, expired] = &vouchers[..] else { unreachable!("three were claimed") };
    world.wait(MINUTE_MS);
    let failed = world.reserve_voucher(used).await.expect("it is held");
    world.wait(MINUTE_MS);
    world.cancel(&failed.id).await.expect("it is pending");
    world.release(released).await.expect("it is held");
    world.wait(MINUTE_MS);
    world.use_voucher(used).await.expect("it is held");
    world.wait(HOLD_MS);
    assert_eq!(world.sweep_all().await, 1);
    let (key, system) = (Actor::Key(1), Actor::System);
    for (voucher, expected) in [
        (used, &[(Claimed, 0, key), (Locked, 1, key), (Unlocked, 2, key), (Redeemed, 3, key)][..]),
        (released, &[(Claimed, 0, key), (Released, 2, key)]),
        (expired, &[(Claimed, 0, key), (Expired, 8, system)]),
    ] {
        let history = world.history(Subject::Voucher(voucher.key)).await;
        let minutes = |at: domain::time::Timestamp| (at.as_ms() - start.as_ms()) / MINUTE_MS;
        let found: Vec<_> =
            history.iter().map(|entry| (step_of(entry), minutes(entry.at), entry.event.actor)).collect();
        assert_eq!(found, expected);
        assert!(history.iter().all(|entry| customer_of(entry) == Some(customer)));
    }
    check_sound(harness).await;
}

fn customer_of(entry: &crate::HistoryEntry) -> Option<CustomerNo> {
    match &entry.event.kind {
        domain::event::EventKind::Voucher { customer, .. } => *customer,
        _ => None,
    }
}

pub async fn race_04_a_redeem_racing_a_release_loses_no_update_either_way(harness: &mut dyn Harness) {
    const UNITS: usize = 40;
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(40).hold("PT5M")).await;
    let customers = world.customers(UNITS).await;
    let claim = |world: World, index: usize| {
        let customer = customers[index];
        async move { world.claim(customer, coupon).await }
    };
    let held = granted(world.all_at_once(UNITS, claim).await);
    let codes = world.codes_of(&held).await;
    let end = |world: World, index: usize| {
        let (voucher, code) = (held[index / 2].clone(), codes[index / 2].clone());
        async move {
            match index % 2 {
                0 => world.use_code(&code).await.map(|_| VoucherState::Redeemed),
                _ => world.release(&voucher).await.map(|_| VoucherState::Expired),
            }
        }
    };
    let answers = world.all_at_once(2 * UNITS, end).await;
    let mut released = 0;
    for (voucher, pair) in held.iter().zip(answers.chunks(2)) {
        let state = world.state_of(voucher).await;
        match pair {
            [Ok(won), Err(_)] | [Err(_), Ok(won)] => assert_eq!(*won, state),
            other => panic!("one of the two wins: {other:?}"),
        }
        released += usize::from(state == VoucherState::Expired);
    }
    let claim = |world: World, _| async move { world.claim(world.customer().await, coupon).await };
    let rest = [("granted", released), ("out_of_stock", UNITS - released)];
    check_tally(&world.all_at_once(UNITS, claim).await, &rest);
    check_sound(harness).await;
}

pub async fn race_05_whatever_ends_a_hold_ends_it_once(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(2).hold("PT5M")).await;
    let (released, used) = (hold(&world, coupon).await, hold(&world, coupon).await);
    let release = |world: World, _| {
        let voucher = released.clone();
        async move { world.release(&voucher).await }
    };
    check_tally(&world.all_at_once(20, release).await, &[("granted", 1), ("voucher_expired", 19)]);
    let redeem = |world: World, _| {
        let voucher = used.clone();
        async move { world.use_voucher(&voucher).await }
    };
    check_tally(&world.all_at_once(20, redeem).await, &[("granted", 1), ("voucher_redeemed", 19)]);
    check_refused(world.use_voucher(&released).await, "voucher_expired");
    check_refused(world.release(&used).await, "voucher_redeemed");
    // The released unit is out again; its hold ends by itself.
    let expired = hold(&world, coupon).await;
    world.wait(HOLD_MS);
    check_refused(world.release(&expired).await, "voucher_expired");
    assert_eq!(world.sweep_all().await, 1);
    check_refused(world.release(&expired).await, "voucher_expired");
    check_refused(world.use_voucher(&expired).await, "voucher_expired");
    assert_eq!(world.steps(&released).await, [Claimed, Released]);
    assert_eq!(world.steps(&used).await, [Claimed, Redeemed]);
    assert_eq!(world.steps(&expired).await, [Claimed, Expired]);
    // One unit was used for good, the other came back once.
    let claim = |world: World, _| async move { world.claim(world.customer().await, coupon).await };
    check_tally(&world.all_at_once(5, claim).await, &[("granted", 1), ("out_of_stock", 4)]);
    check_sound(harness).await;
}

pub async fn race_06_a_holders_own_hold_never_blocks_the_holder(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let spec = CouponSpec::new().stock(1).each(1).hold("PT5M");
    let customer = world.customer().await;
    let coupon = world.coupon(spec.clone()).await;
    let voucher = world.claim(customer, coupon).await.expect("there is a unit");
    world.use_voucher(&voucher).await.expect("the holder's own unit is not missing");
    // Who types the shared code uses what he holds, and takes no second unit.
    let coupon = world.coupon(spec.code("OWN")).await;
    let voucher = world.claim(customer, coupon).await.expect("there is a unit");
    let reserved = world.reserve_code_as(customer, "OWN").await.expect("the holder's own unit is not missing");
    assert_eq!(reserved.parts[0].voucher, Some(voucher.key));
    world.confirm(&reserved.id).await.expect("it is pending");
    assert_eq!(world.state_of(&voucher).await, VoucherState::Redeemed);
    let stranger = world.customer().await;
    check_refused(world.use_code_as(stranger, "OWN").await, "out_of_stock");
    check_sound(harness).await;
}

pub async fn race_07_a_hold_that_runs_out_while_it_is_used_has_one_winner(harness: &mut dyn Harness) {
    let world = World::of(harness);
    for round in 0..25 {
        let coupon = world.coupon(CouponSpec::new().stock(1).hold("PT5M")).await;
        let (voucher, other) = (hold(&world, coupon).await, world.customer().await);
        world.wait(HOLD_MS - 1);
        let rival = |world: World, index: usize| {
            let voucher = voucher.clone();
            async move {
                match (index + round) % 4 {
                    0 => world.wait(1),
                    1 => drop(world.use_voucher(&voucher).await),
                    2 => drop(world.claim(other, coupon).await),
                    _ => drop(world.store.sweep(10).await.expect("a sweep can be made")),
                }
            }
        };
        world.all_at_once(8, rival).await;
        let used = world.state_of(&voucher).await == VoucherState::Redeemed;
        let taken = !world.vouchers_of(other).await.is_empty();
        assert!(!(used && taken), "one unit, two winners");
        if !used && !taken {
            world.claim(other, coupon).await.expect("the unit is free");
        }
        check_refused(world.claim(other, coupon).await, "out_of_stock");
    }
    check_sound(harness).await;
}

pub async fn abandoned_holds_free_their_units_at_their_deadline_without_a_sweep(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(30).each(1).hold("PT5M")).await;
    let claim = |world: World, _| async move { world.claim(world.customer().await, coupon).await };
    let waves = [(0, 30), (HOLD_MS - 1, 0), (1, 30)];
    for (wait_ms, granted) in waves {
        world.wait(wait_ms);
        let expected = [("granted", granted), ("out_of_stock", 90 - granted)];
        check_tally(&world.all_at_once(90, claim).await, &expected);
    }
    assert_eq!(world.sweep_all().await, 0, "the claims took back what was due");
    let figures = world.figures(coupon).await;
    assert_eq!((figures.issued, figures.held, figures.expired), (60, 30, 30));
    check_sound(harness).await;
}

pub async fn an_abandoned_hold_frees_its_unit_of_the_campaign_for_another_coupon(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let campaign = world.campaign(vec![limit(Counts::Claims, Per::Everyone, Period::Ever, 10)]).await;
    let coupons = world.coupons(2, &CouponSpec::new().hold("PT5M").of_campaign(campaign)).await;
    let claim = |coupon| move |world: World, _| async move { world.claim(world.customer().await, coupon).await };
    check_tally(&world.all_at_once(10, claim(coupons[0])).await, &[("granted", 10)]);
    check_tally(&world.all_at_once(5, claim(coupons[1])).await, &[("out_of_stock", 5)]);
    world.wait(HOLD_MS);
    check_tally(&world.all_at_once(15, claim(coupons[1])).await, &[("granted", 10), ("out_of_stock", 5)]);
    check_sound(harness).await;
}

pub async fn a_sweep_writes_down_what_is_due_oldest_first_in_bounded_calls(harness: &mut dyn Harness) {
    const HOLDS: usize = 250;
    let world = World::of(harness);
    let mut coupons = world.coupons(2, &CouponSpec::new().stock(125).hold("PT5M")).await;
    // The oldest is of the coupon that no order by number begins with.
    coupons.sort_unstable_by(|a, b| b.cmp(a));
    let claim = |world: World, index: usize| {
        let coupon = coupons[(index + 1) % 2];
        async move { hold(&world, coupon).await }
    };
    let first = hold(&world, coupons[0]).await;
    world.wait(1);
    world.all_at_once(HOLDS - 1, claim).await;
    assert_eq!(world.store.sweep(10).await, Ok(0), "nothing is due");
    world.wait(HOLD_MS);
    assert_eq!(world.store.sweep(1).await, Ok(1));
    assert_eq!(world.steps(&first).await, [Claimed, Expired], "the oldest goes first");
    let mut swept = Vec::new();
    while swept.last().is_none_or(|count| *count == 100) && swept.len() < 9 {
        swept.push(world.store.sweep(100).await.expect("a sweep can be made"));
    }
    assert_eq!(swept, [100, 100, 49]);
    for coupon in coupons {
        let figures = world.figures(coupon).await;
        assert_eq!((figures.held, figures.expired), (0, 125));
        hold(&world, coupon).await;
    }
    check_sound(harness).await;
}
