//! Claims of what there is only so much of.

use std::collections::BTreeSet;

use domain::coupon::CouponStep;
use domain::id::CouponNo;
use domain::ledger::Action;
use domain::voucher::VoucherState;

use super::crowd::{check_refused, check_tally, granted, one_after_another};
use super::specs::CouponSpec;
use super::world::{World, fresh_key, vouchers_of};
use super::{Harness, check_sound};

pub async fn jc_2_ten_times_as_many_customers_as_units_hold_one_each_and_no_code_is_held_twice(
    harness: &mut dyn Harness,
) {
    const UNITS: usize = 60;
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(60).hold("PT5M")).await;
    let customers = world.customers(10 * UNITS).await;
    let claim = |world: World, index: usize| {
        let customer = customers[index];
        async move { world.claim(customer, coupon).await }
    };
    let answers = world.all_at_once(customers.len(), claim).await;
    check_tally(&answers, &[("granted", UNITS), ("out_of_stock", 9 * UNITS)]);
    let held = granted(answers);
    assert!(held.iter().all(|voucher| voucher.state == VoucherState::Held));
    let holders: BTreeSet<_> = held.iter().map(|voucher| voucher.customer).collect();
    let codes: BTreeSet<String> = world.codes_of(&held).await.into_iter().collect();
    assert_eq!((holders.len(), codes.len()), (UNITS, UNITS));
    assert_eq!(world.vouchers_from(coupon).await.len(), UNITS);
    check_sound(harness).await;
}

pub async fn jc_2_a_unit_that_comes_back_has_a_code_nobody_has_seen(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(1).hold("PT5M")).await;
    let customers = world.customers(3).await;
    let mut codes = BTreeSet::new();
    for customer in customers {
        let voucher = world.claim(customer, coupon).await.expect("the unit is free again");
        codes.insert(world.code_of(&voucher).await);
        world.wait(5 * super::orders::MINUTE_MS);
    }
    assert_eq!(codes.len(), 3);
    for code in codes {
        check_refused(world.use_code(&code).await, "voucher_expired");
    }
    check_sound(harness).await;
}

pub async fn tx_1_a_stock_is_given_out_to_the_last_unit_and_not_one_more_in_ten_runs(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let customers = world.customers(200).await;
    for _ in 0..10 {
        let coupon = world.coupon(CouponSpec::new().stock(37).each(1)).await;
        let claim = |world: World, index: usize| {
            let customer = customers[index];
            async move { world.claim(customer, coupon).await }
        };
        let answers = world.all_at_once(customers.len(), claim).await;
        check_tally(&answers, &[("granted", 37), ("out_of_stock", 163)]);
        assert_eq!(world.vouchers_from(coupon).await.len(), 37);
        assert_eq!(world.figures(coupon).await.issued, 37);
    }
    check_sound(harness).await;
}

pub async fn tx_1_every_refused_claim_is_told_its_own_reason(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let customer = world.customer().await;
    let caps = [
        ("out_of_stock", CouponSpec::new().stock(1)),
        ("day_limit", CouponSpec::new().a_day(1)),
        ("customer_limit", CouponSpec::new().each(1)),
        ("customer_day_limit", CouponSpec::new().each_a_day(1)),
        // Where several have no room, the one that holds for more people and longer is told.
        ("out_of_stock", CouponSpec::new().each_a_day(1).each(1).a_day(1).stock(1)),
        ("day_limit", CouponSpec::new().each_a_day(1).each(1).a_day(1).stock(2)),
        ("customer_limit", CouponSpec::new().each_a_day(1).each(1).a_day(2).stock(2)),
    ];
    for (code, spec) in caps {
        let coupon = world.coupon(spec).await;
        world.claim(customer, coupon).await.expect("the first has room");
        check_refused(world.claim(customer, coupon).await, code);
    }
    check_refused(world.claim(customer, CouponNo(4_000)).await, "coupon_not_found");
    let draft = world.draft(CouponSpec::new()).await.expect("it can be made");
    check_refused(world.claim(customer, draft).await, "coupon_not_active");
    let states = [
        (CouponStep::Pause, "coupon_paused"),
        (CouponStep::End, "coupon_ended"),
        (CouponStep::Abort, "coupon_aborted"),
    ];
    for (step, code) in states {
        let coupon = world.coupon(CouponSpec::new()).await;
        world.step(coupon, step).await.expect("a running coupon can take any step");
        check_refused(world.claim(customer, coupon).await, code);
    }
    let over = world.coupon(CouponSpec::new().valid(None, Some(world.now()))).await;
    check_refused(world.claim(customer, over).await, "expired");
    let other = world.customer().await;
    let foreign = world.coupon(CouponSpec::new().only_for(vec![other])).await;
    check_refused(world.claim(customer, foreign).await, "customer_not_eligible");
    check_sound(harness).await;
}

pub async fn tx_1_a_repeated_request_is_told_that_it_is_one(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let (customer, key) = (world.customer().await, Some(fresh_key()));
    let coupon = world.coupon(CouponSpec::new().stock(1)).await;
    let claim = || Action::Claim { customer, coupons: vec![coupon] };
    let first = world.ask_under(key, claim()).await.expect("there is a unit");
    let second = world.ask_under(key, claim()).await.expect("it was granted before");
    assert_eq!((first.replayed, second.replayed), (false, true));
    assert_eq!(first.outcome, second.outcome);
    check_refused(world.ask_under(Some(fresh_key()), claim()).await, "out_of_stock");
    check_sound(harness).await;
}

pub async fn mz_5_a_customer_who_claims_fifty_times_at_once_gets_one(harness: &mut dyn Harness) {
    let world = World::of(harness);
    for spec in [CouponSpec::new().each(1), CouponSpec::new().stock(500).each(1).hold("PT5M")] {
        let (customer, coupon) = (world.customer().await, world.coupon(spec).await);
        let answers = world.all_at_once(50, |world, _| async move { world.claim(customer, coupon).await }).await;
        check_tally(&answers, &[("granted", 1), ("customer_limit", 49)]);
        assert_eq!(world.vouchers_of(customer).await.len(), 1);
    }
    check_sound(harness).await;
}

pub async fn first_come_is_first_served_among_claims_of_one_caller(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(20)).await;
    let customers = world.customers(60).await;
    let answers = one_after_another(customers.iter().map(|customer| world.claim(*customer, coupon))).await;
    let firsts: Vec<bool> = answers.iter().map(Result::is_ok).collect();
    assert_eq!(firsts, [vec![true; 20], vec![false; 40]].concat());
    let ordinals: Vec<u64> = granted(answers).iter().map(|voucher| voucher.key.ordinal).collect();
    assert!(ordinals.is_sorted(), "{ordinals:?}");
    check_sound(harness).await;
}

pub async fn an_issue_to_many_takes_for_all_of_them_or_for_none(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(25).each(3)).await;
    let customers = world.customers(10).await;
    let issue = |world: World, _| {
        let customers = customers.clone();
        async move { world.issue(coupon, &customers).await }
    };
    let answers = world.all_at_once(8, issue).await;
    check_tally(&answers, &[("granted", 2), ("out_of_stock", 6)]);
    for customer in &customers {
        assert_eq!(world.vouchers_of(*customer).await.len(), 2);
    }
    let twice = Action::Issue { coupon, customers: vec![world.customer().await; 2] };
    let twice = vouchers_of(world.ask(twice).await.expect("who stands twice gets two"));
    assert_ne!(twice[0].key, twice[1].key);
    assert_eq!(world.figures(coupon).await.issued, 22);
    check_sound(harness).await;
}
