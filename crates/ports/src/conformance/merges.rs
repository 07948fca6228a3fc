//! Guests that turn out to be somebody: their vouchers, their history and their limits become one customer's.

use domain::event::Subject;
use domain::identity::IdentityKind;
use domain::ledger::{Action, MOVES_MAX};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::Rejection;

use super::crowd::granted;
use super::specs::CouponSpec;
use super::world::{TENANT, World};
use super::{Harness, check_sound};
use crate::RedemptionFilter;

const PHONE: &str = "+49 30 901820";

pub async fn re_2_a_claim_by_phone_and_one_by_open_id_are_one_holders_after_the_merge(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new()).await;
    let by_phone = world.ensure(IdentityKind::Phone, PHONE).await;
    let by_open_id = world.ensure(IdentityKind::OpenId, "oAbc-1").await;
    assert_ne!(by_phone, by_open_id);
    assert_eq!(world.ensure(IdentityKind::Phone, "+4930901820").await, by_phone, "however it is written");
    let mut claimed = vec![world.claim(by_phone, coupon).await.expect("nothing is in the way").key];
    claimed.push(world.claim(by_open_id, coupon).await.expect("nothing is in the way").key);
    let user = world.customer_called("user-7").await.expect("it is new");
    world.verify(user, IdentityKind::Phone, PHONE).await;
    world.verify(user, IdentityKind::OpenId, "oAbc-1").await;
    let held: Vec<_> = world.vouchers_of(user).await.iter().map(|voucher| voucher.key).collect();
    assert_eq!(held, claimed, "each of them once");
    for number in [by_phone, by_open_id, user] {
        assert_eq!(world.vouchers_of(number).await.len(), 2, "whichever number is asked for");
    }
    for (kind, value) in [(IdentityKind::Phone, PHONE), (IdentityKind::OpenId, "oAbc-1")] {
        assert_eq!(world.ensure(kind, value).await, user);
    }
    check_sound(harness).await;
}

pub async fn re_2_the_holder_sees_claims_of_a_guest_once_and_limits_count_one_person(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let spec = CouponSpec::new().each(3).each_a_day(9).hold("PT30M").code("MERGE");
    let coupon = world.coupon(spec).await;
    let (guest, user) = (world.ensure(IdentityKind::Phone, PHONE).await, world.customer().await);
    let by_guest = [world.claim(guest, coupon).await, world.claim(guest, coupon).await].map(Result::unwrap);
    let by_user = world.claim(user, coupon).await.expect("it took none");
    let used = world.use_code_as(guest, &world.code_of(&by_guest[0]).await).await.expect("it is the guest's");
    world.verify(user, IdentityKind::Phone, PHONE).await;
    let refused = Rejection::Limit { counts: Counts::Claims, per: Per::Customer, period: Period::Ever };
    for number in [guest, user] {
        assert_eq!(world.claim(number, coupon).await.err(), Some(refused), "three of three are taken");
    }
    let of_user = world.redemptions(RedemptionFilter { customer: Some(user) }).await;
    assert_eq!(of_user.iter().map(|one| (&one.id, one.customer)).collect::<Vec<_>>(), [(&used.id, Some(guest))]);
    // The guest's hold is the holder's now, and its unit comes back to the one person they are.
    world.release(&by_guest[1]).await.expect("it is held");
    let third = world.claim(guest, coupon).await.expect("one came back");
    assert_eq!(third.customer, Some(user));
    let typed = world.use_code_as(user, "MERGE").await.expect("it holds some");
    assert_eq!(typed.parts[0].voucher, Some(by_user.key), "the oldest of what it holds");
    world.give_back(&used.id).await.expect("it was used");
    check_sound(harness).await;
}

pub async fn re_2_one_who_claims_by_phone_at_many_places_at_once_is_one_guest(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().each(1)).await;
    let claim = |world: World, _| async move {
        let guest = world.ensure(IdentityKind::Phone, PHONE).await;
        world.claim(guest, coupon).await
    };
    let told = world.all_at_once(40, claim).await;
    assert_eq!(granted(told).len(), 1);
    assert_eq!(world.found_by(IdentityKind::Phone, PHONE).await.len(), 1);
    check_sound(harness).await;
}

pub async fn re_2_the_later_of_two_proofs_wins_and_merges_the_earlier(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().each(4)).await;
    let guest = world.guest("ann@x.example").await;
    let (first, second) =
        (world.account("shop-1", "ann@x.example").await, world.account("shop-2", "ann@x.example").await);
    for number in [guest, first, second] {
        world.claim(number, coupon).await.expect("one of four");
    }
    let verify = |world: World, index: usize| async move {
        world.verify([first, second][index % 2], IdentityKind::Email, "ann@x.example").await
    };
    world.all_at_once(10, verify).await;
    let holder = world.found_by(IdentityKind::Email, "ann@x.example").await;
    assert_eq!(holder.len(), 1, "one has it all");
    assert_eq!(world.vouchers_of(holder[0]).await.len(), 3);
    for number in [guest, first, second] {
        assert_eq!(world.store.customer(TENANT, number).await.expect("it reads").map(|one| one.no), Some(holder[0]));
    }
    assert!(world.claim(first, coupon).await.is_ok() && world.claim(second, coupon).await.is_err());
    check_sound(harness).await;
}

pub async fn a_large_wallet_is_merged_step_by_step_while_claims_go_on(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new()).await;
    let (guest, user) = (world.ensure(IdentityKind::Phone, PHONE).await, world.customer().await);
    world.issue(coupon, &vec![guest; 2 * MOVES_MAX]).await.expect("nothing is in the way");
    let work = |world: World, index: usize| async move {
        if index == 0 {
            world.verify(user, IdentityKind::Phone, PHONE).await
        } else {
            for _ in 0..20 {
                world.claim(guest, coupon).await.expect("nothing is in the way");
            }
            0
        }
    };
    let steps = world.all_at_once(5, work).await[0];
    assert!(steps > 2, "a bounded number in each step: {steps}");
    assert_eq!(world.vouchers_of(user).await.len(), 2 * MOVES_MAX + 80);
    check_sound(harness).await;
}

pub async fn who_was_merged_is_known_by_both_ids_also_after_a_restart(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new()).await;
    let (guest, user) = (world.ensure(IdentityKind::Phone, PHONE).await, world.customer().await);
    let id_of = async |world: &World, no| {
        world.store.customer_id(TENANT, no).await.expect("ids can be read").expect("it is there")
    };
    let (guest_id, user_id) = (id_of(&world, guest).await, id_of(&world, user).await);
    assert_eq!(world.store.customer_no(TENANT, guest_id).await, Ok(Some(guest)));
    world.verify(user, IdentityKind::Phone, PHONE).await;
    assert_eq!(world.store.customer_no(TENANT, guest_id).await, Ok(Some(user)));
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    for id in [guest_id, user_id] {
        assert_eq!(world.store.customer_no(TENANT, id).await, Ok(Some(user)));
    }
    assert_eq!(id_of(&world, guest).await, guest_id, "what was recorded is shown as recorded");
    let quote = domain::ledger::RedeemRequest { customer: Some(guest), ..world.request(&[]) };
    world.store.quote(TENANT, quote).await.expect("a quote can be made");
    assert_eq!(world.claim(guest, coupon).await.expect("nothing is in the way").customer, Some(user));
    let issued = world.vouchers_by(Action::Issue { coupon, customers: vec![guest] }).await.expect("it runs");
    assert_eq!(issued[0].customer, Some(user));
    check_sound(harness).await;
}

pub async fn a_customers_history_lists_what_happened_to_all_that_is_its_newest_first(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().hold("PT5M").code("SEEN")).await;
    let (guest, user) = (world.ensure(IdentityKind::Phone, PHONE).await, world.customer().await);
    let stranger = world.customer().await;
    world.claim(stranger, coupon).await.expect("nothing is in the way");
    let expires = world.claim(guest, coupon).await.expect("nothing is in the way");
    world.wait(6 * 60_000);
    world.sweep_all().await;
    let released = world.claim(guest, coupon).await.expect("nothing is in the way");
    world.release(&released).await.expect("it is held");
    let used = world.claim(user, coupon).await.expect("nothing is in the way");
    world.use_code_as(user, &world.code_of(&used).await).await.expect("it is held");
    world.verify(user, IdentityKind::Phone, PHONE).await;
    let history = world.store.customer_history(TENANT, guest, 1_000).await.expect("histories can be read");
    let told: Vec<_> = history.iter().map(|entry| (&entry.event.subject, entry.event.version)).collect();
    let voucher = |voucher: &domain::voucher::Voucher| Subject::Voucher(voucher.key);
    let (expires, released, used) = (voucher(&expires), voucher(&released), voucher(&used));
    let order = history.iter().find(|entry| matches!(entry.event.subject, Subject::Redemption(_)));
    let order = &order.expect("it was used by an order").event.subject;
    let by_merge = [(&released, 3), (&expires, 3)];
    assert_eq!(told.len(), 9, "{told:?}");
    assert!(by_merge.iter().all(|moved| told[..2].contains(moved)), "{told:?}");
    let before = [(order, 1), (&used, 2), (&used, 1), (&released, 2), (&released, 1), (&expires, 2), (&expires, 1)];
    assert_eq!(told[2..], before);
    assert!(history.is_sorted_by_key(|entry| std::cmp::Reverse(entry.at)));
    let latest = world.store.customer_history(TENANT, user, 3).await.expect("histories can be read");
    assert_eq!(latest, history[..3]);
    check_sound(harness).await;
}
