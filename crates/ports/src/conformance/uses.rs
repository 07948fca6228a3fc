//! Uses of codes under limits and budgets.

use domain::event::Subject;
use domain::ledger::RedeemRequest;
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::statistics::Statistics;
use domain::voucher::{Voucher, VoucherState};

use super::crowd::{check_refused, check_tally, granted};
use super::orders::order;
use super::specs::{CouponSpec, limit};
use super::world::{TENANT, World};
use super::{Harness, check_sound};

pub async fn race_01_concurrent_redeems_of_a_code_with_a_limit_succeed_exactly_that_often(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("SAVE10").uses(30)).await;
    let redeem = |world: World, _| async move { world.use_code("SAVE10").await };
    check_tally(&world.all_at_once(12, redeem).await, &[("granted", 12)]);
    check_tally(&world.all_at_once(100, redeem).await, &[("granted", 18), ("redemption_limit", 82)]);
    let figures = world.figures(coupon).await;
    assert_eq!((figures.redeemed, figures.value_given_minor), (30, 30 * 500));
    check_sound(harness).await;
}

pub async fn race_02_two_coupons_under_one_campaign_limit_share_it_exactly(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let limits = vec![
        limit(Counts::Redemptions, Per::Everyone, Period::Ever, 25),
        limit(Counts::Claims, Per::Customer, Period::Ever, 3),
    ];
    let campaign = world.campaign(limits).await;
    let mut coupons = Vec::new();
    for code in ["SPRING", "SUMMER"] {
        coupons.push(world.coupon(CouponSpec::new().code(code).uses(20).of_campaign(campaign)).await);
    }
    let customers = world.customers(40).await;
    let redeem = |world: World, index: usize| {
        let (customer, code) = (customers[index / 2], ["SPRING", "SUMMER"][index % 2]);
        async move { world.use_code_as(customer, code).await }
    };
    check_tally(&world.all_at_once(80, redeem).await, &[("granted", 25), ("redemption_limit", 55)]);
    let (spring, summer) = (world.figures(coupons[0]).await, world.figures(coupons[1]).await);
    assert_eq!(spring.redeemed + summer.redeemed, 25);
    assert!(spring.redeemed <= 20 && summer.redeemed <= 20);
    // A customer's limit over the whole campaign.
    let customer = world.customer().await;
    let claim = |world: World, index: usize| {
        let coupon = coupons[index % 2];
        async move { world.claim(customer, coupon).await }
    };
    check_tally(&world.all_at_once(20, claim).await, &[("granted", 3), ("customer_limit", 17)]);
    check_sound(harness).await;
}

pub async fn race_03_a_budget_is_never_exceeded_by_one_minor_unit_under_unequal_amounts(harness: &mut dyn Harness) {
    const BUDGET_MINOR: i64 = 20_011;
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("BUDGET").percent(10_000).budget(BUDGET_MINOR)).await;
    let amount_minor = |index: usize| 137 * i64::try_from(index % 11 + 1).expect("a small number");
    let redeem = |world: World, index: usize| async move { world.use_code_on("BUDGET", amount_minor(index)).await };
    let answers = world.all_at_once(90, redeem).await;
    let refused = answers.iter().enumerate().filter(|(_, answer)| answer.is_err());
    let refused: Vec<i64> = refused.map(|(index, _)| amount_minor(index)).collect();
    let taken: i64 = granted(answers).iter().map(|redemption| redemption.discount_minor).sum();
    let rest_minor = BUDGET_MINOR - taken;
    assert!(rest_minor >= 0, "the budget was exceeded by {}", -rest_minor);
    assert!(refused.iter().all(|amount_minor| *amount_minor > rest_minor), "what fits is granted");
    assert_eq!(world.figures(coupon).await.value_given_minor, taken);
    // A budget too small refuses, it does not shrink the benefit; what is left can be used to the last cent.
    check_refused(world.use_code_on("BUDGET", rest_minor + 1).await, "budget_exhausted");
    if rest_minor > 0 {
        world.use_code_on("BUDGET", rest_minor).await.expect("exactly this is left");
    }
    check_refused(world.use_code_on("BUDGET", 1).await, "budget_exhausted");
    assert_eq!(world.figures(coupon).await.value_given_minor, BUDGET_MINOR);
    check_sound(harness).await;
}

pub async fn race_14_a_coupon_without_limits_keeps_no_counter_and_holds_up_nobody(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let free = world.coupon(CouponSpec::new().code("FREE")).await;
    let hot = world.coupon(CouponSpec::new().stock(50)).await;
    let customers = world.customers(100).await;
    let claim = |world: World, index: usize| {
        let (customer, coupon) = (customers[index / 2], [free, hot][index % 2]);
        async move { world.claim(customer, coupon).await }
    };
    let answers = world.all_at_once(200, claim).await;
    check_tally(&answers, &[("granted", 150), ("out_of_stock", 50)]);
    for voucher in granted(answers) {
        let (row, counted) = (world.voucher(&voucher).await, voucher.key.coupon == hot);
        assert_eq!(row.takings.len(), usize::from(counted));
        let history = world.history(Subject::Voucher(voucher.key)).await;
        assert!(history.iter().all(|entry| entry.event.usage.len() == usize::from(counted)));
    }
    let redemption = world.use_code("FREE").await.expect("nothing is in the way");
    assert!(redemption.parts.iter().all(|part| part.takings.is_empty()));
    assert_eq!((world.figures(free).await.issued, world.figures(hot).await.issued), (100, 50));
    check_sound(harness).await;
}

pub async fn rp_6_a_use_beyond_the_total_is_refused_even_if_too_many_vouchers_are_out(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().uses(7)).await;
    let customers = world.customers(30).await;
    let vouchers = world.issue(coupon, &customers).await.expect("issues are not limited");
    let codes = world.codes_of(&vouchers).await;
    let redeem = |world: World, index: usize| {
        let code = codes[index].clone();
        async move { world.use_code(&code).await }
    };
    let answers = world.all_at_once(codes.len(), redeem).await;
    check_tally(&answers, &[("granted", 7), ("redemption_limit", 23)]);
    let mut used = 0;
    for voucher in &vouchers {
        let state = world.state_of(voucher).await;
        assert!(matches!(state, VoucherState::Redeemed | VoucherState::Issued));
        used += usize::from(state == VoucherState::Redeemed);
    }
    assert_eq!(used, 7);
    check_sound(harness).await;
}

pub async fn re_5_a_voucher_is_verified_once_however_many_orders_try(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new()).await;
    for _ in 0..10 {
        let voucher = world.claim(world.customer().await, coupon).await.expect("nothing is in the way");
        let code = world.code_of(&voucher).await;
        let redeem = |world: World, _| {
            let code = code.clone();
            async move { world.use_code(&code).await }
        };
        check_tally(&world.all_at_once(20, redeem).await, &[("granted", 1), ("voucher_redeemed", 19)]);
    }
    assert_eq!(world.figures(coupon).await.redeemed, 10);
    check_sound(harness).await;
}

pub async fn re_5_a_redemption_repeated_under_its_id_is_the_same_redemption(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(5)).await;
    let voucher = world.claim(world.customer().await, coupon).await.expect("there is a unit");
    let request = world.request(&[&world.code_of(&voucher).await]);
    let redeem = |world: World, _| {
        let request = request.clone();
        async move { world.redeem(request).await }
    };
    let answers = granted(world.all_at_once(20, redeem).await);
    assert_eq!(answers.len(), 20, "a repetition is not refused");
    assert!(answers.iter().all(|answer| *answer == answers[0]));
    let late = world.redeem(request.clone()).await.expect("a repetition is not refused");
    assert_eq!((late, world.events(&request.id).await), (answers[0].clone(), 1));
    let other = RedeemRequest { order: order(&[(1, 2_000)]), ..request };
    check_refused(world.redeem(other).await, "redemption_id_reused");
    assert_eq!(world.figures(coupon).await.redeemed, 1);
    check_sound(harness).await;
}

pub async fn who_types_a_shared_code_uses_the_oldest_voucher_that_is_free_then_the_code_itself(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("MINE").each(5)).await;
    let (customer, other) = (world.customer().await, world.customer().await);
    let mut keys = Vec::new();
    for _ in 0..4 {
        let voucher = world.claim(customer, coupon).await.expect("there is room");
        keys.push(voucher.key);
        world.claim(other, coupon).await.expect("there is room");
        world.wait(1);
    }
    world.reserve_code_as(customer, "MINE").await.expect("the first is free");
    let redeem = |world: World, _| async move { world.use_code_as(customer, "MINE").await };
    let answers = granted(world.all_at_once(5, redeem).await);
    let mut used: Vec<_> = answers.iter().map(|redemption| redemption.parts[0].voucher).collect();
    used.sort_unstable();
    // The fifth is claimed and used in one step; then the customer has had his share.
    assert_eq!(used, [&[None], &keys[1..].iter().copied().map(Some).collect::<Vec<_>>()[..]].concat());
    check_refused(world.use_code_as(customer, "MINE").await, "customer_limit");
    check_sound(harness).await;
}

pub async fn several_codes_of_one_order_are_used_all_or_none(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupons = world.coupons(3, &CouponSpec::new().amount(100)).await;
    let scarce = world.coupon(CouponSpec::new().code("SCARCE").amount(100).uses(4)).await;
    let customers = world.customers(16).await;
    let mut sets: Vec<Vec<Voucher>> = Vec::new();
    for customer in customers {
        sets.push(world.claim_all(customer, &coupons).await.expect("nothing is in the way"));
    }
    let redeem = |world: World, index: usize| {
        let set = sets[index].clone();
        async move {
            let codes = [world.codes_of(&set).await, vec!["SCARCE".to_owned()]].concat();
            let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
            world.redeem(world.request(&codes)).await
        }
    };
    let answers = world.all_at_once(sets.len(), redeem).await;
    check_tally(&answers, &[("granted", 4), ("redemption_limit", 12)]);
    for (set, answer) in sets.iter().zip(&answers) {
        let expected = if answer.is_ok() { VoucherState::Redeemed } else { VoucherState::Issued };
        for voucher in set {
            assert_eq!(world.state_of(voucher).await, expected);
        }
    }
    assert_eq!(world.figures(scarce).await.redeemed, 4);
    check_sound(harness).await;
}

pub async fn a_quote_says_what_a_redemption_comes_to_and_takes_nothing(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("ONCE").uses(1)).await;
    world.coupon(CouponSpec::new().code("GONE").uses(0)).await;
    let quote = |world: World, _| async move {
        let request = world.request(&["ONCE", "NONSENSE", "GONE"]);
        world.store.quote(TENANT, request).await.expect("quotes can be made")
    };
    for quote in world.all_at_once(20, quote).await {
        assert_eq!((quote.discount_minor, quote.total_minor), (500, 1_500));
        let refused: Vec<_> = quote.refused.iter().map(|one| (one.code, one.refusal.rejection.code())).collect();
        assert_eq!(refused, [(1, "code_unknown".into()), (2, "redemption_limit".into())]);
    }
    assert_eq!(world.figures(coupon).await, Statistics::default());
    let other = RedeemRequest { expected_total_minor: Some(1_499), ..world.request(&["ONCE"]) };
    check_refused(world.redeem(other).await, "total_differs");
    let redemption = world.use_code("ONCE").await.expect("quotes took nothing");
    assert_eq!(redemption.total_minor, 1_500);
    check_sound(harness).await;
}
