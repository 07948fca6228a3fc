//! What is read back: lists, histories, figures and decisions.

use std::collections::BTreeSet;

use domain::coupon::{CouponState, CouponStep};
use domain::event::{JournalNo, Subject};
use domain::id::{CouponNo, VoucherKey};
use domain::ledger::Kept;
use domain::voucher::VoucherState;

use super::crowd::granted;
use super::day::Day;
use super::orders::MINUTE_MS;
use super::specs::CouponSpec;
use super::world::{TENANT, World};
use super::{Harness, check_sound};
use crate::{CouponFilter, PageRequest, RedemptionFilter, StoreError, VoucherFilter};

pub async fn a_busy_day_leaves_figures_that_equal_the_rows_and_histories_without_gaps(harness: &mut dyn Harness) {
    for seed in [1, 2, 3] {
        let world = World::of(harness);
        let day = Day::of(&world, seed).await;
        day.check_figures(&world).await;
        day.check_histories(&world).await;
    }
    check_sound(harness).await;
}

pub async fn refusals_are_counted_for_their_coupon_by_their_code(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(3).each(1)).await;
    let customers = world.customers(9).await;
    let claim = |world: World, index: usize| {
        let customer = customers[index];
        async move { world.claim(customer, coupon).await }
    };
    world.all_at_once(9, claim).await;
    world.step(coupon, CouponStep::Pause).await.expect("it is running");
    world.claim(customers[0], coupon).await.expect_err("it is paused");
    drop(world);
    harness.restart().await;
    let figures = World::of(harness).store.figures(TENANT, coupon).await.expect("figures can be read");
    let counted: Vec<_> = figures.refusals.iter().map(|(code, count)| (code.as_str(), *count)).collect();
    assert_eq!(counted, [("coupon_paused", 1), ("out_of_stock", 6)]);
    check_sound(harness).await;
}

pub async fn a_list_read_page_by_page_shows_every_voucher_once_while_claims_go_on(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupons = world.coupons(2, &CouponSpec::new()).await;
    let customers = world.customers(30).await;
    let claim = |world: World, index: usize| {
        let (customer, coupon) = (customers[index % 30], coupons[index % 2]);
        async move { world.claim(customer, coupon).await }
    };
    let there: BTreeSet<VoucherKey> =
        granted(world.all_at_once(300, claim).await).iter().map(|voucher| voucher.key).collect();
    let claim_or_read = |world: World, index: usize| {
        let (customer, coupon) = (customers[index % 30], coupons[index % 2]);
        async move {
            if !index.is_multiple_of(10) {
                for _ in 0..10 {
                    world.claim(customer, coupon).await.expect("nothing is in the way");
                }
                return Vec::new();
            }
            world.vouchers(VoucherFilter::default()).await.iter().map(|voucher| voucher.key).collect()
        }
    };
    for keys in world.all_at_once(40, claim_or_read).await.into_iter().filter(|keys| !keys.is_empty()) {
        let once: BTreeSet<VoucherKey> = keys.iter().copied().collect();
        assert_eq!(once.len(), keys.len(), "none is shown twice");
        assert!(once.is_superset(&there), "none that was there before is left out");
    }
    let (mut by_customer, mut by_coupon) = (0, 0);
    for customer in customers {
        by_customer += world.vouchers_of(customer).await.len();
    }
    for coupon in coupons {
        by_coupon += world.vouchers_from(coupon).await.len();
    }
    assert_eq!((by_customer, by_coupon), (660, 660));
    check_sound(harness).await;
}

pub async fn a_list_of_vouchers_knows_their_states_at_the_instant_of_reading(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().hold("PT5M")).await;
    let customer = world.customer().await;
    let mut vouchers = Vec::new();
    for _ in 0..4 {
        vouchers.push(world.claim(customer, coupon).await.expect("nothing is in the way"));
    }
    world.use_voucher(&vouchers[0]).await.expect("it is held");
    world.reserve_voucher(&vouchers[1]).await.expect("it is held");
    world.wait(5 * MINUTE_MS);
    // Two holds are over though nobody has written it down.
    for (state, count) in [
        (VoucherState::Held, 0),
        (VoucherState::Expired, 2),
        (VoucherState::Locked, 1),
        (VoucherState::Redeemed, 1),
        (VoucherState::Issued, 0),
    ] {
        for (customer, coupon) in [(Some(customer), None), (None, Some(coupon)), (Some(customer), Some(coupon))] {
            let found = world.vouchers(VoucherFilter { customer, coupon, state: Some(state) }).await;
            assert_eq!(found.len(), count, "{state:?}");
        }
    }
    check_sound(harness).await;
}

pub async fn redemptions_are_listed_newest_first_and_each_once(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("LIST")).await;
    let customers = world.customers(2).await;
    let mut made = Vec::new();
    for index in 0..230 {
        made.push(world.use_code_as(customers[index % 2], "LIST").await.expect("nothing is in the way").id);
    }
    made.reverse();
    let ids = |list: Vec<domain::redemption::Redemption>| list.into_iter().map(|one| one.id).collect::<Vec<_>>();
    assert_eq!(ids(world.redemptions(RedemptionFilter::default()).await), made);
    let own = world.redemptions(RedemptionFilter { customer: Some(customers[1]) }).await;
    assert_eq!(ids(own), made.iter().step_by(2).cloned().collect::<Vec<_>>());
    check_sound(harness).await;
}

pub async fn coupons_are_listed_by_number_and_state(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupons = world.coupons(7, &CouponSpec::new()).await;
    world.step(coupons[2], CouponStep::Pause).await.expect("it is running");
    let (mut listed, mut after) = (Vec::new(), None);
    loop {
        let filter = CouponFilter { state: Some(CouponState::Running), ..CouponFilter::default() };
        let page = world.store.coupons(TENANT, filter, PageRequest { limit: 2, after }).await;
        let page = page.expect("coupons can be listed");
        listed.extend(page.items.iter().map(|coupon| coupon.no));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    let mut running: Vec<CouponNo> = coupons.iter().copied().filter(|no| *no != coupons[2]).collect();
    running.sort_unstable();
    assert_eq!(listed, running);
    let id = world.coupon_now(coupons[2]).await.id;
    assert_eq!(world.store.coupon_no(TENANT, id).await, Ok(Some(coupons[2])));
    check_sound(harness).await;
}

pub async fn a_cursor_of_another_list_or_of_none_is_refused(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let (coupon, customer) = (world.coupon(CouponSpec::new().code("CUR")).await, world.customer().await);
    for _ in 0..3 {
        world.claim(customer, coupon).await.expect("nothing is in the way");
        world.use_code("CUR").await.expect("nothing is in the way");
    }
    let page = |after| PageRequest { limit: 1, after };
    let vouchers = world.store.vouchers(TENANT, VoucherFilter::default(), page(None)).await;
    let redemptions = world.store.redemptions(TENANT, RedemptionFilter::default(), page(None)).await;
    let of_vouchers = vouchers.expect("they can be listed").next.expect("there are three");
    let of_redemptions = redemptions.expect("they can be listed").next.expect("there are three");
    for cursor in ["", "nonsense", of_redemptions.as_str()] {
        let answer = world.store.vouchers(TENANT, VoucherFilter::default(), page(Some(cursor.to_owned()))).await;
        assert_eq!(answer, Err(StoreError::Cursor), "{cursor}");
    }
    let answer = world.store.redemptions(TENANT, RedemptionFilter::default(), page(Some(of_vouchers))).await;
    assert_eq!(answer, Err(StoreError::Cursor));
    check_sound(harness).await;
}

pub async fn a_history_can_be_asked_for_its_latest_events(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new()).await;
    for step in [CouponStep::Pause, CouponStep::Activate, CouponStep::Pause, CouponStep::Activate] {
        world.step(coupon, step).await.expect("a coupon can be paused and go on");
    }
    let latest = world.store.history(TENANT, Subject::Coupon(coupon), 2).await.expect("histories can be read");
    assert_eq!(latest.iter().map(|entry| entry.event.version).collect::<Vec<_>>(), [5, 6]);
    assert_eq!(world.history(Subject::Coupon(CouponNo(4_000))).await, []);
    check_sound(harness).await;
}

pub async fn a_decision_is_kept_and_decides_the_same_again(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("WHY").percent(1_234)).await;
    let used = world.use_code("WHY").await.expect("nothing is in the way");
    world.rewrite(coupon, CouponSpec::new().code("WHY").amount(1)).await.expect("it may be changed");
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    let decision = world.store.decision(TENANT, &used.id).await.expect("decisions can be read").expect("it is kept");
    assert_eq!((decision.quote.total_minor, decision.at), (used.total_minor, used.made_at));
    let version = decision.offers[0].version;
    let then = world.store.coupon_version(TENANT, coupon, version).await.expect("versions can be read");
    let then = then.expect("every version is kept");
    let settings_version = decision.settings_version.expect("it names the settings");
    let settings = world.store.settings_version(TENANT, settings_version).await.expect("versions can be read");
    let kept = Kept {
        coupons: [((coupon, version), then)].into(),
        settings: [(settings_version, settings.expect("every version is kept"))].into(),
    };
    let replayed = decision.replay(&kept);
    assert_eq!(replayed, Some(decision.quote));
    check_sound(harness).await;
}

pub async fn old_events_and_decisions_are_removed_in_bounded_steps_and_the_rest_is_sound(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("AGED").uses(9)).await;
    let customer = world.customer().await;
    let mut old = Vec::new();
    for _ in 0..3 {
        old.push(world.use_code_as(customer, "AGED").await.expect("nothing is in the way"));
    }
    world.wait(60 * MINUTE_MS);
    let before = world.now();
    let young = world.use_code_as(customer, "AGED").await.expect("nothing is in the way");
    assert_eq!(world.store.forget_decisions(before, 2).await, Ok(2));
    assert_eq!(world.store.forget_decisions(before, 2).await, Ok(1));
    assert_eq!(world.store.forget_decisions(before, 2).await, Ok(0));
    assert_eq!(world.store.decision(TENANT, &old[2].id).await, Ok(None));
    assert!(world.store.decision(TENANT, &young.id).await.expect("decisions can be read").is_some());
    check_sound(harness).await;
    let listed = world.store.oldest_events(JournalNo(0), before, 1_000).await.expect("they can be read");
    assert!(listed.rows.iter().all(|row| row.at < before) && listed.rows.iter().is_sorted_by_key(|row| row.no));
    assert!(listed.names.coupons.contains_key(&(TENANT, coupon)), "what they name has its id");
    assert_eq!(
        listed.names.customers[&(TENANT, customer)],
        world.store.customer_id(TENANT, customer).await.expect("it reads").expect("it is there")
    );
    let first = listed.rows[0].no;
    let rest = world.store.oldest_events(first, before, 2).await.expect("they can be read");
    assert_eq!(rest.rows, listed.rows[1..3]);
    assert_eq!(world.store.forget_events(before, first, 1_000).await, Ok(1), "no more than was named");
    let mut rows = 1;
    loop {
        let removed = world.store.forget_events(before, JournalNo(i64::MAX), 2).await.expect("events can be removed");
        rows += removed;
        if removed < 2 {
            break;
        }
    }
    assert_eq!(rows, listed.rows.len(), "what was listed is what was removed");
    assert!(world.history(Subject::Redemption(old[0].id.clone())).await.is_empty());
    assert_eq!(world.history(Subject::Redemption(young.id.clone())).await.len(), 1);
    // What was removed is not needed to give back.
    world.give_back(&old[0].id).await.expect("it was used");
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    assert_eq!(world.history(Subject::Redemption(old[0].id.clone())).await.len(), 1, "its later events");
    world.step(coupon, CouponStep::Pause).await.expect("it is running");
    let all = world.store.forget_events(world.now().saturating_add_ms(1), JournalNo(i64::MAX), 1_000);
    assert_eq!(all.await.map(|rows| rows > 0), Ok(true));
    drop(world);
    harness.restart().await;
    World::of(harness).step(coupon, CouponStep::Activate).await.expect("work goes on");
    check_sound(harness).await;
}

pub async fn customers_are_found_by_number_and_id(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let no = world.customer_called("shop-42").await.expect("it is new");
    let customer = world.store.customer(TENANT, no).await.expect("customers can be read").expect("it is there");
    assert_eq!((customer.no, customer.profile.external_id.as_deref()), (no, Some("shop-42")));
    for _ in 0..2 {
        assert_eq!(world.store.customer_no(TENANT, customer.id).await, Ok(Some(no)));
        assert_eq!(world.store.customer_id(TENANT, no).await, Ok(Some(customer.id)));
    }
    let nobody = domain::id::CustomerNo(no.0 + 1);
    assert_eq!(world.store.customer(TENANT, nobody).await, Ok(None));
    assert_eq!(world.store.customer_id(TENANT, nobody).await, Ok(None));
    check_sound(harness).await;
}
