//! Ends of the store in the middle of things: what was answered is there, once.

use std::collections::BTreeMap;

use domain::ledger::{Action, Outcome};
use domain::voucher::{Voucher, VoucherState};
use tokio::sync::mpsc;

use super::crowd::{check_refused, check_tally};
use super::day::Day;
use super::orders::{MINUTE_MS, RESERVE_MS};
use super::specs::CouponSpec;
use super::world::{World, fresh_key, vouchers_of};
use super::{Harness, check_sound};

#[derive(Clone, Copy, Debug)]
enum End {
    Restart,
    Crash,
}

/// Ends the store and opens it again.
async fn end(harness: &mut dyn Harness, world: World, end: End) -> World {
    drop(world);
    match end {
        End::Restart => harness.restart().await,
        End::Crash => harness.crash().await,
    }
    World::of(harness)
}

pub async fn race_19_a_restart_between_any_two_steps_changes_nothing(harness: &mut dyn Harness) {
    step_by_step(harness, End::Restart).await;
    late_by_step(harness, End::Restart).await;
    check_sound(harness).await;
}

pub async fn race_19_a_crash_between_any_two_steps_changes_nothing(harness: &mut dyn Harness) {
    step_by_step(harness, End::Crash).await;
    late_by_step(harness, End::Crash).await;
    check_sound(harness).await;
}

/// Hold, reserve, confirm and return, with an end of the store after each.
async fn step_by_step(harness: &mut dyn Harness, how: End) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(1).uses(1).budget(500).hold("PT5M")).await;
    let (customer, other) = (world.customer().await, world.customer().await);
    let world = end(harness, world, how).await;
    let voucher = world.claim(customer, coupon).await.expect("there is a unit");
    let world = end(harness, world, how).await;
    assert_eq!(world.state_of(&voucher).await, VoucherState::Held);
    check_refused(world.claim(other, coupon).await, "out_of_stock");
    let reserved = world.reserve_voucher(&voucher).await.expect("it is held");
    let world = end(harness, world, how).await;
    assert_eq!(world.state_of(&voucher).await, VoucherState::Locked);
    assert_eq!(world.redemption(&reserved.id).await, reserved);
    check_refused(world.use_voucher(&voucher).await, "voucher_locked");
    world.confirm(&reserved.id).await.expect("it is pending");
    let world = end(harness, world, how).await;
    assert_eq!(world.state_of(&voucher).await, VoucherState::Redeemed);
    world.confirm(&reserved.id).await.expect("it is confirmed");
    world.give_back(&reserved.id).await.expect("it was used");
    let world = end(harness, world, how).await;
    assert_eq!(world.state_of(&voucher).await, VoucherState::Issued);
    assert_eq!(world.events(&reserved.id).await, 3);
    world.use_voucher(&voucher).await.expect("use and budget came back");
    let figures = world.figures(coupon).await;
    assert_eq!((figures.issued, figures.redeemed, figures.returned, figures.value_given_minor), (1, 2, 1, 500));
}

/// Deadlines that pass while the store is away.
async fn late_by_step(harness: &mut dyn Harness, how: End) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(2).hold("PT5M")).await;
    let customers = world.customers(3).await;
    let held = world.claim(customers[0], coupon).await.expect("there is a unit");
    let locked = world.claim(customers[1], coupon).await.expect("there is a unit");
    let reserved = world.reserve_voucher(&locked).await.expect("it is held");
    world.wait(5 * MINUTE_MS);
    let world = end(harness, world, how).await;
    check_refused(world.use_voucher(&held).await, "voucher_expired");
    world.claim(customers[2], coupon).await.expect("the unit is free");
    world.wait(RESERVE_MS);
    let world = end(harness, world, how).await;
    check_refused(world.confirm(&reserved.id).await, "redemption_expired");
    let claim = |world: World, index: usize| {
        let customer = customers[index % 3];
        async move { world.claim(customer, coupon).await }
    };
    check_tally(&world.all_at_once(9, claim).await, &[("granted", 2), ("out_of_stock", 7)]);
}

/// Servers that claim at once, one claim after the other each.
const SERVERS: usize = 24;
const CLAIMS_EACH: usize = 20;

pub async fn tx_5_after_a_crash_in_the_middle_every_answered_claim_is_there_and_every_retry_takes_once(
    harness: &mut dyn Harness,
) {
    for answered_at_least in [1, SERVERS, 8 * SERVERS] {
        let world = World::of(harness);
        let customers = world.customers(SERVERS * CLAIMS_EACH).await;
        let keys: Vec<_> = customers.iter().map(|_| fresh_key()).collect();
        let coupon = world.coupon(CouponSpec::new().stock(1_000).each(1)).await;
        let claim = |index: usize| Action::Claim { customer: customers[index], coupons: vec![coupon] };
        let told = claim_until_crash(&world, answered_at_least, |index| (keys[index], claim(index))).await;
        let world = end(harness, world, End::Crash).await;
        for (index, outcome) in &told {
            let again = world.ask_under(Some(keys[*index]), claim(*index)).await.expect("it was granted");
            assert_eq!((&again.outcome, again.replayed), (outcome, true), "what was answered is there");
        }
        for (index, customer) in customers.iter().enumerate() {
            let answer = world.ask_under(Some(keys[index]), claim(index)).await.expect("there are units for all");
            let told: Vec<_> = vouchers_of(answer.outcome).iter().map(|voucher: &Voucher| voucher.key).collect();
            let owned: Vec<_> = world.vouchers_of(*customer).await.iter().map(|voucher| voucher.key).collect();
            assert_eq!(owned, told, "exactly one, and the one that was answered");
        }
        assert_eq!(world.figures(coupon).await.issued, 480);
        check_sound(harness).await;
    }
}

/// Lets servers claim until so many claims are answered, then breaks them all off. What was answered till then.
async fn claim_until_crash(
    world: &World,
    answered_at_least: usize,
    claim: impl Fn(usize) -> (domain::ledger::IdempotencyHash, Action),
) -> BTreeMap<usize, Outcome> {
    let (tell, mut hear) = mpsc::unbounded_channel();
    let serve = |server: usize| {
        let (world, tell) = (world.clone(), tell.clone());
        let claims: Vec<_> =
            (0..CLAIMS_EACH).map(|place| server * CLAIMS_EACH + place).map(|index| (index, claim(index))).collect();
        tokio::spawn(async move {
            for (index, (key, action)) in claims {
                let answer = world.ask_under(Some(key), action).await.expect("there are units for all");
                tell.send((index, answer.outcome)).expect("somebody hears");
            }
        })
    };
    let servers: Vec<_> = (0..SERVERS).map(serve).collect();
    let mut told = BTreeMap::new();
    while told.len() < answered_at_least {
        told.extend(hear.recv().await);
    }
    for server in servers {
        server.abort();
        // Only when it is gone does it hold the store no more.
        if let Err(error) = server.await {
            assert!(error.is_cancelled(), "no server panics: {error}");
        }
    }
    drop(tell);
    while let Some(answer) = hear.recv().await {
        told.extend([answer]);
    }
    told
}

pub async fn race_19_after_a_busy_day_that_ends_in_a_crash_the_data_are_sound_and_work_goes_on(
    harness: &mut dyn Harness,
) {
    for seed in [19, 20] {
        let world = World::of(harness);
        let before = Day::of(&world, seed).await;
        let figures = before.figures(&world).await;
        let world = end(harness, world, if seed == 19 { End::Crash } else { End::Restart }).await;
        assert_eq!(before.figures(&world).await, figures, "what was answered is there");
        before.check_figures(&world).await;
        before.check_histories(&world).await;
        check_sound(harness).await;
    }
}
