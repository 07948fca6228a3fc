//! Reserve, confirm, cancel: in two steps, in any order, and out of time.

use domain::event::VoucherStep::{Claimed, Issued, Locked, Redeemed, Unlocked};
use domain::ledger::RedeemRequest;
use domain::redemption::{Redemption, RedemptionId, RedemptionState};
use domain::voucher::VoucherState;

use super::crowd::{Dice, Told, check_refused, check_tally, granted};
use super::orders::{RESERVE_MS, fresh_redemption, order};
use super::specs::CouponSpec;
use super::world::World;
use super::{Harness, check_sound};

pub async fn race_07_a_reservation_that_runs_out_while_it_is_confirmed_has_one_winner(harness: &mut dyn Harness) {
    let world = World::of(harness);
    for round in 0..25 {
        let code = format!("LAST{round}");
        let coupon = world.coupon(CouponSpec::new().code(&code).uses(1)).await;
        let reserved = world.reserve_code(&code).await.expect("it is free").id;
        world.wait(RESERVE_MS - 1);
        let rival = |world: World, index: usize| {
            let (code, reserved) = (code.clone(), reserved.clone());
            async move {
                match (index + round) % 4 {
                    0 => world.wait(1),
                    1 => drop(world.confirm(&reserved).await),
                    2 => drop(world.use_code(&code).await),
                    _ => drop(world.store.sweep(10).await.expect("a sweep can be made")),
                }
            }
        };
        world.all_at_once(8, rival).await;
        // Whoever won, the use is there once and can be had once.
        let _ = world.use_code(&code).await;
        check_refused(world.use_code(&code).await, "redemption_limit");
        assert_eq!(world.figures(coupon).await.redeemed, 1);
        let confirmed = world.confirm(&reserved).await;
        if world.redemption(&reserved).await.state_at(world.now()) == RedemptionState::Succeeded {
            assert!(confirmed.is_ok());
        } else {
            check_refused(confirmed, "redemption_expired");
        }
    }
    check_sound(harness).await;
}

pub async fn a_reservation_that_no_coupon_applies_to_is_ended_by_a_sweep_like_any(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let reserved = world.reserve(world.request_for(order(&[(1, 900)]), &[])).await.expect("there is nothing to refuse");
    assert_eq!((reserved.state, reserved.parts.len()), (RedemptionState::Pending, 0));
    world.wait(RESERVE_MS - 1);
    assert_eq!(world.sweep_all().await, 0, "it is not due");
    world.wait(1);
    assert_eq!(world.sweep_all().await, 1);
    assert_eq!(world.redemption(&reserved.id).await.state, RedemptionState::Expired, "it is written down");
    assert_eq!(world.sweep_all().await, 0, "it has ended");
    check_sound(harness).await;
}

pub async fn race_08_a_failed_payment_gives_the_use_back_at_once(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("PAY").stock(1).uses(1).budget(500)).await;
    for _ in 0..5 {
        let reserved = world.reserve_code("PAY").await.expect("it is free");
        check_refused(world.reserve_code("PAY").await, "out_of_stock");
        world.cancel(&reserved.id).await.expect("it is pending");
    }
    world.use_code("PAY").await.expect("it is free");
    assert_eq!(world.figures(coupon).await.redeemed, 1);
    check_sound(harness).await;
}

pub async fn race_10_two_steps_on_one_order_count_once(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("STEPS").uses(5)).await;
    let request = world.request(&["STEPS"]);
    let reserve = |world: World, _| {
        let request = RedeemRequest { id: fresh_redemption(), ..request.clone() };
        async move { world.reserve(request).await }
    };
    let answers = world.all_at_once(20, reserve).await;
    check_tally(&answers, &[("granted", 1), ("order_already_redeemed", 19)]);
    let reserved = granted(answers).remove(0);
    for _ in 0..2 {
        world.confirm(&reserved.id).await.expect("it is pending, or confirmed");
    }
    check_refused(world.redeem(request).await, "order_already_redeemed");
    assert_eq!(world.figures(coupon).await.redeemed, 1);
    let redeem = |world: World, _| async move { world.use_code("STEPS").await };
    check_tally(&world.all_at_once(8, redeem).await, &[("granted", 4), ("redemption_limit", 4)]);
    check_sound(harness).await;
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Second {
    Confirm,
    Cancel,
}

impl Second {
    async fn of(self, world: &World, id: &RedemptionId) -> Told<Redemption> {
        match self {
            Self::Confirm => world.confirm(id).await,
            Self::Cancel => world.cancel(id).await,
        }
    }
}

pub async fn mz_3_ten_confirms_and_ten_cancels_in_any_order_leave_one_end_and_one_event_for_it(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(100)).await;
    let mut dice = Dice::new(3);
    let (mut confirmed, mut rounds) = (0, [false, false]);
    while rounds != [true, true] || confirmed < 8 {
        let voucher = world.claim(world.customer().await, coupon).await.expect("there is a unit");
        let id = world.reserve_voucher(&voucher).await.expect("it is free").id;
        let mut seconds = [[Second::Confirm; 10], [Second::Cancel; 10]].concat();
        dice.shuffle(&mut seconds);
        let second = |world: World, index: usize| {
            let (second, id) = (seconds[index], id.clone());
            async move { second.of(&world, &id).await }
        };
        let answers = world.all_at_once(20, second).await;
        let won = world.redemption(&id).await.state == RedemptionState::Succeeded;
        let refusal = if won { "redemption_succeeded" } else { "redemption_cancelled" };
        check_tally(&answers, &[("granted", 10), (refusal, 10)]);
        assert_eq!(world.events(&id).await, 2, "reserved, and ended once");
        let end = if won { [Claimed, Locked, Redeemed] } else { [Claimed, Locked, Unlocked] };
        assert_eq!(world.steps(&voucher).await, end);
        rounds[usize::from(won)] = true;
        confirmed += i64::from(won);
    }
    assert_eq!(world.figures(coupon).await.redeemed, confirmed);
    check_sound(harness).await;
}

pub async fn mz_3_one_caller_who_repeats_both_in_shuffled_order_gets_what_came_first(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new()).await;
    let mut dice = Dice::new(7);
    for _ in 0..12 {
        let voucher = world.claim(world.customer().await, coupon).await.expect("nothing is in the way");
        let id = world.reserve_voucher(&voucher).await.expect("it is free").id;
        let mut seconds = [[Second::Confirm; 10], [Second::Cancel; 10]].concat();
        dice.shuffle(&mut seconds);
        for second in &seconds {
            let answer = second.of(&world, &id).await;
            assert_eq!(answer.is_ok(), *second == seconds[0]);
        }
        let expected = match seconds[0] {
            Second::Confirm => (RedemptionState::Succeeded, VoucherState::Redeemed),
            Second::Cancel => (RedemptionState::Cancelled, VoucherState::Issued),
        };
        assert_eq!((world.redemption(&id).await.state, world.state_of(&voucher).await), expected);
        assert_eq!(world.events(&id).await, 2);
    }
    check_sound(harness).await;
}

pub async fn mz_3_a_cancel_before_its_reserve_makes_the_late_reserve_fail_and_locks_nothing(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().uses(1)).await;
    let voucher = world.claim(world.customer().await, coupon).await.expect("nothing is in the way");
    let request = world.request(&[&world.code_of(&voucher).await]);
    for _ in 0..3 {
        let mark = world.cancel(&request.id).await.expect("what is not there can be cancelled");
        assert_eq!(mark.state, RedemptionState::Cancelled);
        check_refused(world.reserve(request.clone()).await, "redemption_cancelled");
        check_refused(world.confirm(&request.id).await, "redemption_cancelled");
    }
    assert_eq!(world.events(&request.id).await, 1);
    assert_eq!(world.steps(&voucher).await, [Claimed]);
    world.use_voucher(&voucher).await.expect("nothing was locked or counted");
    check_sound(harness).await;
}

pub async fn mz_3_an_order_that_is_never_confirmed_is_let_go_by_time(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("TIME").uses(2).budget(1_000)).await;
    let voucher = world.issue(coupon, &[world.customer().await]).await.expect("issues are not limited").remove(0);
    let locked = world.reserve_voucher(&voucher).await.expect("it is free");
    let by_code = world.reserve_code("TIME").await.expect("one use is left");
    check_refused(world.use_code("TIME").await, "redemption_limit");
    world.wait(RESERVE_MS - 1);
    check_refused(world.use_code("TIME").await, "redemption_limit");
    world.wait(1);
    check_refused(world.confirm(&locked.id).await, "redemption_expired");
    assert_eq!(world.sweep_all().await, 2);
    for redemption in [&locked, &by_code] {
        let now = world.redemption(&redemption.id).await;
        assert_eq!((now.state, world.events(&redemption.id).await), (RedemptionState::Expired, 2));
        check_refused(world.confirm(&redemption.id).await, "redemption_expired");
        world.cancel(&redemption.id).await.expect("what was wanted has happened");
        assert_eq!(world.events(&redemption.id).await, 2);
    }
    assert_eq!(world.steps(&voucher).await, [Issued, Locked, Unlocked]);
    world.use_voucher(&voucher).await.expect("it is free again");
    world.use_code("TIME").await.expect("it is free again");
    check_sound(harness).await;
}

pub async fn abandoned_reservations_do_not_block_beyond_their_deadline_without_a_sweep(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("LEFT").uses(10).budget(5_000)).await;
    let voucher = world.issue(coupon, &[world.customer().await]).await.expect("issues are not limited").remove(0);
    world.reserve_voucher(&voucher).await.expect("it is free");
    let request = world.request(&["LEFT"]);
    world.reserve(request.clone()).await.expect("it is free");
    let reserve = |world: World, _| async move { world.reserve_code("LEFT").await };
    check_tally(&world.all_at_once(30, reserve).await, &[("granted", 8), ("redemption_limit", 22)]);
    world.wait(RESERVE_MS);
    // The voucher, the order and the limits are free in the same instant.
    world.use_voucher(&voucher).await.expect("its lock is over");
    world.redeem(RedeemRequest { id: fresh_redemption(), ..request }).await.expect("the order is free");
    let redeem = |world: World, _| async move { world.use_code("LEFT").await };
    check_tally(&world.all_at_once(30, redeem).await, &[("granted", 8), ("redemption_limit", 22)]);
    assert_eq!(world.sweep_all().await, 0, "the uses took back what was due");
    assert_eq!(world.figures(coupon).await.redeemed, 10);
    check_sound(harness).await;
}

pub async fn a_voucher_whose_lock_ran_out_is_its_holders_again_by_whichever_code(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("AGAIN").stock(1).each(1)).await;
    let customer = world.customer().await;
    let voucher = world.claim(customer, coupon).await.expect("there is a unit");
    for _ in 0..2 {
        let reserved = world.reserve_code_as(customer, "AGAIN").await.expect("it is free");
        assert_eq!(reserved.parts[0].voucher, Some(voucher.key));
        check_refused(world.use_code_as(customer, "AGAIN").await, "out_of_stock");
        world.wait(RESERVE_MS);
        world.reserve_voucher(&voucher).await.expect("its lock is over");
        world.wait(RESERVE_MS);
    }
    let used = world.use_code_as(customer, "AGAIN").await.expect("its lock is over");
    assert_eq!(used.parts[0].voucher, Some(voucher.key));
    check_sound(harness).await;
}

pub async fn rp_6_a_voucher_is_locked_by_one_order_then_used_or_free_again(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new()).await;
    let voucher = world.issue(coupon, &[world.customer().await]).await.expect("nothing is in the way").remove(0);
    assert_eq!(world.state_of(&voucher).await, VoucherState::Issued);
    for cancelled in [true, false] {
        let reserve = |world: World, _| {
            let voucher = voucher.clone();
            async move { world.reserve_voucher(&voucher).await }
        };
        let answers = world.all_at_once(20, reserve).await;
        check_tally(&answers, &[("granted", 1), ("voucher_locked", 19)]);
        let id = granted(answers).remove(0).id;
        assert_eq!(world.state_of(&voucher).await, VoucherState::Locked);
        check_refused(world.use_voucher(&voucher).await, "voucher_locked");
        if cancelled {
            world.cancel(&id).await.expect("it is pending");
            assert_eq!(world.state_of(&voucher).await, VoucherState::Issued);
        } else {
            world.confirm(&id).await.expect("it is pending");
        }
    }
    assert_eq!(world.state_of(&voucher).await, VoucherState::Redeemed);
    check_refused(world.use_voucher(&voucher).await, "voucher_redeemed");
    check_sound(harness).await;
}
