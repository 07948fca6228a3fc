//! Random amounts beside fixed ones, under budgets.

use domain::benefit::Benefit;
use domain::ledger::RedeemRequest;
use domain::limit::GiveBack;
use domain::voucher::{Voucher, VoucherState};

use super::crowd::{Told, check_refused, check_tally, granted};
use super::orders::{MINUTE_MS, order};
use super::specs::CouponSpec;
use super::world::{World, command, fresh_key, vouchers_of};
use super::{Harness, check_sound};

/// From 1.00 to 20.00.
fn random() -> CouponSpec {
    let mut spec = CouponSpec::new();
    spec.definition.benefit = Benefit::RandomAmount { min_minor: 100, max_minor: 2_000 };
    spec
}

fn amount_minor(voucher: &Voucher) -> i64 {
    voucher.amount_minor.expect("it was drawn")
}

fn sum_minor(vouchers: &[Voucher]) -> i64 {
    vouchers.iter().map(amount_minor).sum()
}

/// Amounts of the vouchers that are live.
async fn live_minor(world: &World, coupon: domain::id::CouponNo) -> i64 {
    let vouchers = world.vouchers_from(coupon).await;
    let live = |voucher: &&Voucher| matches!(voucher.state, VoucherState::Held | VoucherState::Issued);
    vouchers.iter().filter(live).map(amount_minor).sum()
}

pub async fn re_1_random_amounts_stay_within_bounds_and_the_budget_beside_fixed_ones_under_concurrency(
    harness: &mut dyn Harness,
) {
    const UNITS: i64 = 50;
    const BUDGET_MINOR: i64 = 12_345;
    let world = World::of(harness);
    let fixed = world.coupon(CouponSpec::new().stock(UNITS).each(1)).await;
    let lucky = world.coupon(random().stock(UNITS).each(1).budget(BUDGET_MINOR)).await;
    let customers = world.customers(80).await;
    // Each claims both twice, all at once.
    let claim = |world: World, index: usize| {
        let (customer, coupon) = (customers[index % 80], [fixed, lucky][index / 80 % 2]);
        async move { (coupon, world.claim(customer, coupon).await) }
    };
    let answers = world.all_at_once(320, claim).await;
    let of = |coupon| answers.iter().filter(move |(no, _)| *no == coupon).map(|(_, answer)| answer.clone());
    for coupon in [fixed, lucky] {
        let told: Vec<Told<Voucher>> = of(coupon).collect();
        assert_eq!(granted(told).len(), 50, "the last unit too finds its least in the budget");
        assert_eq!(world.figures(coupon).await.issued, UNITS);
    }
    let drawn: Vec<Voucher> = granted(of(lucky).collect());
    assert!(drawn.iter().all(|voucher| (100..=2_000).contains(&amount_minor(voucher))), "{drawn:?}");
    assert!(sum_minor(&drawn) <= BUDGET_MINOR, "{} of {BUDGET_MINOR}", sum_minor(&drawn));
    assert!(drawn.iter().any(|one| amount_minor(one) != amount_minor(&drawn[0])), "chance has many faces");
    let mut owners: Vec<_> = drawn.iter().map(|voucher| voucher.customer).collect();
    owners.sort_unstable();
    owners.dedup();
    assert_eq!(owners.len(), 50, "each has one at most");
    assert!(granted(of(fixed).collect()).iter().all(|voucher| voucher.amount_minor.is_none()));
    for voucher in &drawn[..5] {
        assert_eq!(world.voucher(voucher).await.amount_minor, voucher.amount_minor, "it is written down");
        let request = world.request_for(order(&[(1, 100_000)]), &[&world.code_of(voucher).await]);
        let redeemed = world.redeem(request).await.expect("it can be used");
        assert_eq!(redeemed.discount_minor, amount_minor(voucher));
    }
    check_sound(harness).await;
}

pub async fn re_1_without_a_stock_a_budget_of_random_amounts_is_given_out_until_the_least_is_not_left(
    harness: &mut dyn Harness,
) {
    const BUDGET_MINOR: i64 = 30_050;
    let world = World::of(harness);
    let lucky = world.coupon(random().each_a_day(2).budget(BUDGET_MINOR)).await;
    let customers = world.customers(200).await;
    let claim = |world: World, index: usize| {
        let customer = customers[index % 200];
        async move { world.claim(customer, lucky).await }
    };
    let answers = world.all_at_once(600, claim).await;
    let known = |told: &Told<Voucher>| match told {
        Ok(_) => true,
        Err(rejection) => ["budget_exhausted", "customer_day_limit"].contains(&rejection.code().as_ref()),
    };
    assert!(answers.iter().all(known), "{answers:?}");
    let drawn = granted(answers);
    let rest_minor = BUDGET_MINOR - sum_minor(&drawn);
    assert!((0..100).contains(&rest_minor), "{rest_minor} minor units are left, less than the least");
    assert!(drawn.iter().all(|voucher| (100..=2_000).contains(&amount_minor(voucher))));
    check_refused(world.claim(world.customer().await, lucky).await, "budget_exhausted");
    check_sound(harness).await;
}

pub async fn re_1_what_was_drawn_comes_back_as_the_budget_says_and_is_drawn_once_for_a_key(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let back = GiveBack { hold_expired: true, reservation_ended: true, returned: true, revoked: false };
    let lucky = world.coupon(random().hold("PT5M").budget(2_000).gives_back(back)).await;
    let customer = world.customer().await;
    // All of the budget is held, then free again without a sweep.
    for _ in 0..3 {
        let claim = |world: World, _| async move { world.claim(customer, lucky).await };
        let all = granted(world.all_at_once(30, claim).await);
        assert!((1_901..=2_000).contains(&sum_minor(&all)), "{}", sum_minor(&all));
        assert_eq!(live_minor(&world, lucky).await, sum_minor(&all));
        world.wait(5 * MINUTE_MS);
    }
    // Used in full or in part it stays counted; so does what is revoked.
    let (key, action) = (fresh_key(), domain::ledger::Action::Claim { customer, coupons: vec![lucky] });
    let mut told = Vec::new();
    for _ in 0..2 {
        let answer = world.submit(command(Some(key), action.clone())).await.expect("there is room");
        told.push(vouchers_of(answer.outcome));
    }
    assert_eq!(told[0], told[1], "the same amount for the same key");
    let voucher = &told[0][0];
    let code = world.code_of(voucher).await;
    let redeemed = world.redeem(world.request_for(order(&[(1, 60)]), &[&code])).await.expect("it can be used");
    assert_eq!(redeemed.discount_minor, 60);
    world.give_back(&redeemed.id).await.expect("it can be returned");
    let request = RedeemRequest { customer: Some(customer), ..world.request_for(order(&[(1, 9_000)]), &[&code]) };
    let again = world.redeem(request).await.expect("it is the holder's again");
    assert_eq!(again.discount_minor, amount_minor(voucher), "whole, as it was drawn");
    let claim = |world: World, _| async move { world.claim(customer, lucky).await };
    let rest = granted(world.all_at_once(30, claim).await);
    assert!((1_901..=2_000).contains(&(amount_minor(voucher) + sum_minor(&rest))));
    for one in &rest {
        world.revoke(one).await.expect("it can be revoked");
    }
    check_tally(&[world.claim(customer, lucky).await], &[("budget_exhausted", 1)]);
    check_sound(harness).await;
}
