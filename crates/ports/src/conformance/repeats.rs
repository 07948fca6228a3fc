//! The same thing asked again: by a client that lost the answer, by a network that delivers twice.

use domain::ledger::{Action, Answer};
use domain::time::Timestamp;
use domain::voucher::Voucher;

use super::crowd::{Told, begin, check_refused, granted};
use super::specs::CouponSpec;
use super::world::{TENANT, World, command, fresh_key, vouchers_of};
use super::{Harness, check_sound};

/// How long answers are kept, in milliseconds, as far as these tests care.
const A_MONTH_MS: i64 = 30 * 86_400_000;

/// All are the first answer, and exactly one was decided; the others were read back.
#[track_caller]
fn check_one_effect(answers: Vec<Told<Answer>>) -> Answer {
    let count = answers.len();
    let answers = granted(answers);
    assert_eq!(answers.len(), count, "a repetition is not refused");
    let first = answers.iter().find(|answer| !answer.replayed).expect("one of them was decided").clone();
    assert_eq!(answers.iter().filter(|answer| !answer.replayed).count(), 1);
    assert!(answers.iter().all(|answer| answer.outcome == first.outcome));
    first
}

pub async fn tx_3_a_key_sent_many_times_at_once_and_later_gives_one_voucher_for_one_unit(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(8)).await;
    let customers = world.customers(4).await;
    let keys: Vec<_> = customers.iter().map(|_| fresh_key()).collect();
    let send = |world: World, index: usize| {
        let (customer, key) = (customers[index % 4], keys[index % 4]);
        async move { world.ask_under(Some(key), Action::Claim { customer, coupons: vec![coupon] }).await }
    };
    let answers = world.all_at_once(48, send).await;
    for (index, customer) in customers.iter().enumerate() {
        let own = answers.iter().skip(index).step_by(4).cloned().collect();
        let first = check_one_effect(own);
        world.wait(3_600_000);
        let action = Action::Claim { customer: *customer, coupons: vec![coupon] };
        let late = world.ask_under(Some(keys[index]), action).await.expect("it was granted before");
        assert_eq!((late.outcome, late.replayed), (first.outcome, true));
        assert_eq!(world.vouchers_of(*customer).await.len(), 1);
    }
    let rest = world.all_at_once(8, |world, _| async move { world.claim(world.customer().await, coupon).await });
    assert_eq!(granted(rest.await).len(), 4, "four of the eight units were taken");
    check_sound(harness).await;
}

pub async fn tx_3_a_key_is_known_after_a_restart(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let (coupon, customer) = (world.coupon(CouponSpec::new().stock(2)).await, world.customer().await);
    let (key, action) = (Some(fresh_key()), Action::Claim { customer, coupons: vec![coupon] });
    let first = world.ask_under(key, action.clone()).await.expect("there is a unit");
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    let second = world.ask_under(key, action).await.expect("it was granted before");
    assert_eq!((second.outcome, second.replayed), (first.outcome, true));
    assert_eq!(world.vouchers_of(customer).await.len(), 1);
    check_sound(harness).await;
}

pub async fn vv_2_one_request_answers_the_same_and_issues_once(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(100)).await;
    let customers = world.customers(5).await;
    let (key, action) = (Some(fresh_key()), Action::Issue { coupon, customers: customers.clone() });
    let send = |world: World, _| {
        let action = action.clone();
        async move { world.ask_under(key, action).await }
    };
    let first = check_one_effect(world.all_at_once(20, send).await);
    assert_eq!(vouchers_of(first.outcome).len(), 5);
    for customer in &customers {
        assert_eq!(world.vouchers_of(*customer).await.len(), 1);
    }
    world.ask_under(Some(fresh_key()), action).await.expect("another key is another request");
    assert_eq!(world.figures(coupon).await.issued, 10);
    check_sound(harness).await;
}

pub async fn a_key_that_was_used_with_another_body_is_refused(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupons = world.coupons(2, &CouponSpec::new()).await;
    let (customer, key) = (world.customer().await, Some(fresh_key()));
    let claim = |coupon| Action::Claim { customer, coupons: vec![coupon] };
    world.ask_under(key, claim(coupons[0])).await.expect("nothing is in the way");
    check_refused(world.ask_under(key, claim(coupons[1])).await, "idempotency_key_reused");
    assert_eq!(world.vouchers_of(customer).await.len(), 1);
    check_sound(harness).await;
}

pub async fn a_refusal_is_not_kept_so_the_same_key_may_succeed_later(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(0)).await;
    let (customer, key) = (world.customer().await, Some(fresh_key()));
    let claim = || Action::Claim { customer, coupons: vec![coupon] };
    check_refused(world.ask_under(key, claim()).await, "out_of_stock");
    world.rewrite(coupon, CouponSpec::new().stock(1)).await.expect("a maximum may be raised");
    let answer = world.ask_under(key, claim()).await.expect("there is a unit now");
    assert!(!answer.replayed);
    check_sound(harness).await;
}

pub async fn answers_are_forgotten_in_bounded_steps_and_only_old_ones(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new()).await;
    let customer = world.customer().await;
    let claim = || Action::Claim { customer, coupons: vec![coupon] };
    let (old, young): (Vec<_>, _) = ((0..5).map(|_| fresh_key()).collect(), fresh_key());
    for key in &old {
        world.ask_under(Some(*key), claim()).await.expect("nothing is in the way");
    }
    world.wait(A_MONTH_MS);
    let before = world.now();
    world.ask_under(Some(young), claim()).await.expect("nothing is in the way");
    assert_eq!(forget(&world, before).await, [2, 2, 1]);
    assert!(!world.ask_under(Some(old[0]), claim()).await.expect("nothing is in the way").replayed);
    assert!(world.ask_under(Some(young), claim()).await.expect("it was granted before").replayed);
    check_sound(harness).await;
}

/// Two at a time, until fewer than that were left.
async fn forget(world: &World, before: Timestamp) -> Vec<usize> {
    let mut removed = Vec::new();
    while removed.last().is_none_or(|count| *count == 2) && removed.len() < 9 {
        removed.push(world.store.forget_answers(before, 2).await.expect("answers can be removed"));
    }
    removed
}

pub async fn race_15_a_caller_who_went_away_and_comes_again_gets_the_first_answer(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(100).each(5)).await;
    let customers = world.customers(40).await;
    let lose_and_repeat = |world: World, index: usize| {
        let (customer, key) = (customers[index], Some(fresh_key()));
        async move {
            let claim = || command(key, Action::Claim { customer, coupons: vec![coupon] });
            // The store has the command, as it did not say it was busy, and nobody is there when its answer comes.
            let mut lost = Box::pin(world.store.submit(TENANT, claim()));
            assert!(begin(lost.as_mut()).await.is_none(), "no answer is there at once");
            drop(lost);
            let second = world.submit(claim()).await.expect("there are units for all");
            let third = world.submit(claim()).await.expect("it was granted before");
            (second, third)
        }
    };
    let answers = world.all_at_once(customers.len(), lose_and_repeat).await;
    let replayed = answers.iter().filter(|(second, _)| second.replayed).count();
    assert_eq!(replayed, customers.len(), "a caller that stops waiting does not stop the command");
    for ((second, third), customer) in answers.into_iter().zip(&customers) {
        assert_eq!((&third.outcome, third.replayed), (&second.outcome, true));
        let owned: Vec<_> = world.vouchers_of(*customer).await.iter().map(|voucher| voucher.key).collect();
        let told: Vec<_> = vouchers_of(second.outcome).iter().map(|voucher: &Voucher| voucher.key).collect();
        assert_eq!(owned, told);
    }
    assert_eq!(world.figures(coupon).await.issued, 40);
    check_sound(harness).await;
}

pub async fn race_15_what_was_handed_in_is_done_before_a_restart_though_nobody_waits(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(100)).await;
    for customer in world.customers(60).await {
        let claim = command(None, Action::Claim { customer, coupons: vec![coupon] });
        let mut lost = Box::pin(world.store.submit(TENANT, claim));
        assert!(begin(lost.as_mut()).await.is_none(), "no answer is there at once");
    }
    drop(world);
    harness.restart().await;
    assert_eq!(World::of(harness).figures(coupon).await.issued, 60);
    check_sound(harness).await;
}
