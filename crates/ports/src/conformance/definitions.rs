//! Definitions that change while they are used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::coupon::{CouponState, CouponStep};
use domain::id::CouponNo;
use domain::redemption::{RedemptionId, RedemptionState};
use domain::voucher::VoucherState;

use super::crowd::{Told, check_refused, check_tally};
use super::orders::MINUTE_MS;
use super::specs::CouponSpec;
use super::world::World;
use super::{Harness, check_sound};

/// More reservations than one step of an abort cancels.
const MANY_RESERVATIONS: usize = domain::ledger::RESERVATIONS_MAX + 7;

pub async fn race_16_a_limit_lowered_below_its_use_stops_grants_and_breaks_nothing(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let spec = |max| CouponSpec::new().code("LOWER").uses(max).stock(max);
    let coupon = world.coupon(spec(500)).await;
    let mut before = Vec::new();
    for _ in 0..10 {
        before.push(world.use_code("LOWER").await.expect("there is room").id);
    }
    let lowered = Arc::new(AtomicBool::new(false));
    let run = |world: World, index: usize| {
        let lowered = Arc::clone(&lowered);
        async move {
            if index == 20 {
                world.rewrite(coupon, spec(5)).await.expect("a maximum may be lowered");
                lowered.store(true, Ordering::SeqCst);
                return Vec::new();
            }
            let mut used = Vec::new();
            for _ in 0..4 {
                let after = lowered.load(Ordering::SeqCst);
                let answer = world.use_code("LOWER").await;
                assert!(!(after && answer.is_ok()), "a use succeeded after the limit was lowered");
                used.extend(answer.ok().map(|redemption| redemption.id));
            }
            used
        }
    };
    let used: Vec<RedemptionId> = world.all_at_once(60, run).await.concat();
    assert_eq!(world.figures(coupon).await.redeemed, 10 + i64::try_from(used.len()).expect("few"));
    // What comes back leaves the use above the maximum, until four are left.
    for id in &used {
        check_refused(world.use_code("LOWER").await, "out_of_stock");
        world.give_back(id).await.expect("it was used");
    }
    for id in &before[4..] {
        check_refused(world.use_code("LOWER").await, "out_of_stock");
        world.give_back(id).await.expect("it was used");
    }
    let redeem = |world: World, _| async move { world.use_code("LOWER").await };
    check_tally(&world.all_at_once(10, redeem).await, &[("granted", 1), ("out_of_stock", 9)]);
    check_sound(harness).await;
}

pub async fn race_17_after_a_pause_is_acknowledged_nothing_new_succeeds(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("PAUSE").stock(100_000)).await;
    let (customer, paused) = (world.customer().await, Arc::new(AtomicBool::new(false)));
    let run = |world: World, index: usize| {
        let paused = Arc::clone(&paused);
        async move {
            if index == 20 {
                world.step(coupon, CouponStep::Pause).await.expect("a running coupon can be paused");
                paused.store(true, Ordering::SeqCst);
                return;
            }
            for _ in 0..6 {
                let after = paused.load(Ordering::SeqCst);
                let answer = anything_new(&world, index, (customer, coupon)).await;
                assert!(!(after && answer.is_ok()), "something was granted after the pause");
            }
        }
    };
    world.all_at_once(60, run).await;
    for index in 0..4 {
        check_refused(anything_new(&world, index, (customer, coupon)).await, "coupon_paused");
    }
    world.step(coupon, CouponStep::Activate).await.expect("a paused coupon can go on");
    for index in 0..4 {
        anything_new(&world, index, (customer, coupon)).await.expect("it is running");
    }
    check_sound(harness).await;
}

async fn anything_new(world: &World, index: usize, (customer, coupon): (domain::id::CustomerNo, CouponNo)) -> Told<()> {
    match index % 4 {
        0 => world.claim(customer, coupon).await.map(|_| ()),
        1 => world.use_code("PAUSE").await.map(|_| ()),
        2 => world.reserve_code("PAUSE").await.map(|_| ()),
        _ => world.issue(coupon, &[customer]).await.map(|_| ()),
    }
}

pub async fn race_17_a_pause_gets_its_turn_in_a_crowd_that_claims_until_it_is_refused(harness: &mut dyn Harness) {
    /// Far more than the crowd comes to if the pause is served in its turn.
    const CLAIMS_MAX: usize = 500;
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(1_000_000)).await;
    let customers = world.customers(40).await;
    let run = |world: World, index: usize| {
        let customer = customers[index % 40];
        async move {
            if index == 0 {
                world.step(coupon, CouponStep::Pause).await.expect("a running coupon can be paused");
                return;
            }
            for _ in 0..CLAIMS_MAX {
                if world.claim(customer, coupon).await.is_err() {
                    return;
                }
            }
            panic!("{CLAIMS_MAX} claims of one of the crowd came before the pause");
        }
    };
    world.all_at_once(80, run).await;
    check_refused(world.claim(customers[0], coupon).await, "coupon_paused");
    check_sound(harness).await;
}

pub async fn a_reservation_is_honoured_though_its_coupon_was_paused_ended_or_changed(harness: &mut dyn Harness) {
    let world = World::of(harness);
    for (code, step) in [("PAUSED", Some(CouponStep::Pause)), ("ENDED", Some(CouponStep::End)), ("CHANGED", None)] {
        let spec = CouponSpec::new().code(code).uses(5).budget(10_000);
        let coupon = world.coupon(spec).await;
        let reserved = world.reserve_code(code).await.expect("it is free");
        let voucher = world.issue(coupon, &[world.customer().await]).await.expect("it is running").remove(0);
        match step {
            Some(step) => drop(world.step(coupon, step).await.expect("a running coupon can take any step")),
            None => drop(world.rewrite(coupon, CouponSpec::new().code(code).amount(1).uses(0)).await.expect("it may")),
        }
        let confirmed = world.confirm(&reserved.id).await.expect("a reservation is a grant");
        assert_eq!(confirmed.discount_minor, 500);
        assert!(world.use_voucher(&voucher).await.is_err(), "what was not reserved is not honoured");
        world.give_back(&confirmed.id).await.expect("it was used");
        let figures = world.figures(coupon).await;
        assert_eq!((figures.redeemed, figures.returned, figures.value_given_minor), (1, 1, 0));
    }
    check_sound(harness).await;
}

pub async fn an_abort_cancels_what_is_reserved_however_much_it_is(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("ABORT").stock(100_000)).await;
    let voucher = world.issue(coupon, &[world.customer().await]).await.expect("it is running").remove(0);
    let locked = world.reserve_voucher(&voucher).await.expect("it is free");
    let reserve = |world: World, _| async move { world.reserve_code("ABORT").await.map(|redemption| redemption.id) };
    let mut reserved = super::crowd::granted(world.all_at_once(MANY_RESERVATIONS, reserve).await);
    assert_eq!(reserved.len(), MANY_RESERVATIONS);
    reserved.push(locked.id);
    let mut steps = 0;
    while world.coupon_now(coupon).await.state != CouponState::Aborted {
        world.step(coupon, CouponStep::Abort).await.expect("it can be aborted from any state before");
        steps += 1;
        assert!(steps < 9, "an abort comes to an end");
        assert!(world.reserve_code("ABORT").await.is_err(), "nothing new is reserved meanwhile");
    }
    for id in &reserved {
        assert_eq!(world.redemption(id).await.state, RedemptionState::Cancelled);
    }
    check_refused(world.confirm(&reserved[0]).await, "redemption_cancelled");
    assert_eq!(world.state_of(&voucher).await, VoucherState::Issued);
    let figures = world.figures(coupon).await;
    assert_eq!((figures.locked, figures.redeemed), (0, 0));
    world.wait(60 * MINUTE_MS);
    assert_eq!(world.sweep_all().await, 0, "nothing is left to run out");
    check_sound(harness).await;
}

pub async fn a_code_that_was_replaced_is_good_for_nothing_and_nobody_elses(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("OLD").uses(9)).await;
    let reserved = world.reserve_code("OLD").await.expect("it is free");
    world.rewrite(coupon, CouponSpec::new().code("NEW").uses(9)).await.expect("a code may be replaced");
    check_refused(world.use_code("OLD").await, "code_unknown");
    check_refused(world.draft(CouponSpec::new().code("OLD")).await, "code_taken");
    world.use_code("NEW").await.expect("it is free");
    world.confirm(&reserved.id).await.expect("a reservation is a grant");
    world.rewrite(coupon, CouponSpec::new().code("OLD").uses(9)).await.expect("its own code may come back");
    world.use_code("OLD").await.expect("it is free");
    check_refused(world.use_code("NEW").await, "code_unknown");
    assert_eq!(world.figures(coupon).await.redeemed, 3);
    check_sound(harness).await;
}

pub async fn every_version_of_a_coupon_is_kept_and_only_the_latest_can_be_edited(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().amount(1)).await;
    let write = |world: World, index: usize| async move {
        let amount = 10 + i64::try_from(index).expect("a small number");
        world.rewrite(coupon, CouponSpec::new().amount(amount)).await
    };
    let answers = world.all_at_once(10, write).await;
    let written = answers.iter().filter(|answer| answer.is_ok()).count();
    check_tally(&answers, &[("granted", written), ("version_stale", 10 - written)]);
    let now = world.coupon_now(coupon).await;
    assert_eq!(usize::try_from(now.version), Ok(2 + written), "made, activated, written");
    for version in 1..=now.version {
        let kept = world.store.coupon_version(super::world::TENANT, coupon, version).await;
        let kept = kept.expect("versions can be read").expect("every version is kept");
        assert_eq!((kept.no, kept.version), (coupon, version));
    }
    let none = world.store.coupon_version(super::world::TENANT, coupon, now.version + 1).await;
    assert_eq!(none, Ok(None));
    check_sound(harness).await;
}
