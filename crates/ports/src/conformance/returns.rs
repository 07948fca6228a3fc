//! Orders that come back, wholly or in part, or change.

use domain::event::VoucherStep::{Issued, Redeemed, Returned};
use domain::limit::GiveBack;
use domain::redemption::RedemptionState;
use domain::voucher::VoucherState;

use super::crowd::{check_refused, check_tally};
use super::orders::order;
use super::specs::CouponSpec;
use super::world::World;
use super::{Harness, check_sound};

const NOTHING: GiveBack = GiveBack { hold_expired: false, reservation_ended: false, returned: false, revoked: false };

pub async fn race_09_a_return_gives_the_use_back_exactly_if_the_definition_said_so(harness: &mut dyn Harness) {
    let world = World::of(harness);
    for (code, spec, comes_back) in
        [("BACK", CouponSpec::new().uses(1), true), ("KEPT", CouponSpec::new().uses(1).gives_back(NOTHING), false)]
    {
        let coupon = world.coupon(spec.code(code)).await;
        let used = world.use_code(code).await.expect("it is free");
        check_refused(world.cancel(&used.id).await, "redemption_succeeded");
        check_refused(world.use_code(code).await, "redemption_limit");
        for _ in 0..3 {
            let returned = world.give_back(&used.id).await.expect("what is returned stays returned");
            assert_eq!(returned.state, RedemptionState::Returned);
        }
        assert_eq!((world.figures(coupon).await.returned, world.events(&used.id).await), (1, 2));
        let again = world.use_code(code).await;
        assert_eq!(again.is_ok(), comes_back, "{code}: {again:?}");
        check_refused(world.use_code(code).await, "redemption_limit");
    }
    check_sound(harness).await;
}

pub async fn race_09_what_comes_back_is_what_was_recorded_not_what_is_defined_today(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let kept = CouponSpec::new().code("THEN").uses(2).gives_back(NOTHING);
    let back = CouponSpec::new().code("THEN").uses(2);
    let coupon = world.coupon(kept).await;
    let used = world.use_code("THEN").await.expect("it is free");
    world.rewrite(coupon, back).await.expect("the give-back may change");
    world.give_back(&used.id).await.expect("it was used");
    let used = world.use_code("THEN").await.expect("one use is left");
    check_refused(world.use_code("THEN").await, "redemption_limit");
    world.give_back(&used.id).await.expect("it was used");
    world.use_code("THEN").await.expect("this use came back");
    check_refused(world.use_code("THEN").await, "redemption_limit");
    check_sound(harness).await;
}

pub async fn race_04_uses_that_come_back_while_others_are_made_are_counted_once_each(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("TURN").uses(30).budget(15_000)).await;
    let mut used = Vec::new();
    for _ in 0..30 {
        used.push(world.use_code("TURN").await.expect("it is free").id);
    }
    let turn = |world: World, index: usize| {
        let id = used[index / 2].clone();
        async move {
            match index % 2 {
                0 => world.give_back(&id).await,
                _ => world.use_code("TURN").await,
            }
        }
    };
    let answers = world.all_at_once(60, turn).await;
    assert!(answers.iter().step_by(2).all(Result::is_ok), "every order can come back");
    let used_again = answers.iter().skip(1).step_by(2).filter(|answer| answer.is_ok()).count();
    let redeem = |world: World, _| async move { world.use_code("TURN").await };
    let rest = world.all_at_once(40, redeem).await;
    check_tally(&rest, &[("granted", 30 - used_again), ("redemption_limit", 10 + used_again)]);
    let figures = world.figures(coupon).await;
    assert_eq!((figures.redeemed, figures.returned, figures.value_given_minor), (60, 30, 15_000));
    check_sound(harness).await;
}

pub async fn re_5_an_order_that_is_cancelled_or_returned_restores_its_voucher(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().uses(1)).await;
    let voucher = world.issue(coupon, &[world.customer().await]).await.expect("nothing is in the way").remove(0);
    let reserved = world.reserve_voucher(&voucher).await.expect("it is free");
    world.cancel(&reserved.id).await.expect("it is pending");
    let used = world.use_voucher(&voucher).await.expect("it is free");
    let give_back = |world: World, _| {
        let id = used.id.clone();
        async move { world.give_back(&id).await }
    };
    check_tally(&world.all_at_once(10, give_back).await, &[("granted", 10)]);
    assert_eq!(world.events(&used.id).await, 2);
    assert_eq!(world.state_of(&voucher).await, VoucherState::Issued);
    world.use_voucher(&voucher).await.expect("it is free");
    let steps = world.steps(&voucher).await;
    assert_eq!(steps[steps.len() - 3..], [Redeemed, Returned, Redeemed]);
    assert_eq!(steps[0], Issued);
    check_refused(world.use_voucher(&voucher).await, "voucher_redeemed");
    check_sound(harness).await;
}

pub async fn race_18_an_order_that_is_edited_moves_budget_and_use_by_the_difference(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("EDIT").percent(10_000).uses(2).budget(3_000)).await;
    let first = world.use_code_on("EDIT", 2_000).await.expect("it is within the budget");
    let larger = world.request_for(order(&[(1, 2_600)]), &["EDIT"]);
    let second = world.amend(&first.id, larger.clone()).await.expect("the old share counts no more");
    assert_eq!(world.redemption(&first.id).await.state, RedemptionState::Returned);
    // A repetition is the same edit.
    assert_eq!(world.amend(&first.id, larger).await.expect("it was made"), second);
    // An edit that does not fit changes nothing.
    let too_large = world.request_for(order(&[(1, 3_001)]), &["EDIT"]);
    check_refused(world.amend(&second.id, too_large).await, "budget_exhausted");
    assert_eq!(world.redemption(&second.id).await.state, RedemptionState::Succeeded);
    check_refused(world.use_code_on("EDIT", 401).await, "budget_exhausted");
    world.use_code_on("EDIT", 400).await.expect("exactly this is left");
    check_refused(world.use_code_on("EDIT", 1).await, "redemption_limit");
    let figures = world.figures(coupon).await;
    assert_eq!((figures.redeemed - figures.returned, figures.value_given_minor), (2, 3_000));
    check_sound(harness).await;
}

pub async fn race_18_edits_of_one_order_at_once_leave_one_live_redemption(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("EDITS").percent(5_000).uses(1)).await;
    let basket = world.request(&["EDITS"]);
    let first = world.redeem(basket.clone()).await.expect("it is free");
    let amend = |world: World, _| {
        let (id, order) = (first.id.clone(), basket.order.clone());
        async move { world.amend(&id, world.request_for(order, &["EDITS"])).await }
    };
    check_tally(&world.all_at_once(20, amend).await, &[("granted", 1), ("redemption_returned", 19)]);
    let figures = world.figures(coupon).await;
    assert_eq!((figures.redeemed - figures.returned, figures.value_given_minor), (1, 1_000));
    check_refused(world.use_code("EDITS").await, "redemption_limit");
    check_sound(harness).await;
}

pub async fn race_18_parts_that_come_back_sum_to_the_whole_and_the_use_follows_the_last(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("PARTS").amount(1_000).uses(1).budget(1_000)).await;
    // 1000 over lines that do not divide it evenly.
    let request = world.request_for(order(&[(3, 700), (7, 100)]), &["PARTS"]);
    let used = world.redeem(request).await.expect("it is free");
    let give_back = |world: World, index: usize| {
        let id = used.id.clone();
        async move { world.give_back_line(&id, index % 2, 1).await }
    };
    let answers = world.all_at_once(18, give_back).await;
    // Nine of each line were tried: 3 and 7 could come back, and then nothing was left.
    let returned = answers.iter().filter(|answer| answer.is_ok()).count();
    assert_eq!(returned, 10);
    let after = world.redemption(&used.id).await;
    assert_eq!((after.state, after.returned_minor()), (RedemptionState::Returned, 1_000));
    assert_eq!(world.events(&used.id).await, 11);
    let figures = world.figures(coupon).await;
    assert_eq!((figures.returned, figures.value_given_minor), (1, 0));
    world.use_code_on("PARTS", 1_000).await.expect("budget and use are whole again");
    check_sound(harness).await;
}

pub async fn race_18_a_part_that_comes_back_frees_its_share_of_the_budget_and_no_use(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("SHARE").percent(10_000).uses(2).budget(1_000)).await;
    let used = world.redeem(world.request_for(order(&[(4, 200), (1, 200)]), &["SHARE"])).await.expect("it fits");
    world.give_back_line(&used.id, 0, 3).await.expect("four are there");
    check_refused(world.give_back_line(&used.id, 0, 2).await, "return_exceeds_rest");
    assert_eq!(world.figures(coupon).await.value_given_minor, 400);
    check_refused(world.use_code_on("SHARE", 601).await, "budget_exhausted");
    world.use_code_on("SHARE", 600).await.expect("exactly this came back");
    check_refused(world.use_code_on("SHARE", 1).await, "redemption_limit");
    check_sound(harness).await;
}
