//! The audit log: what is in it, that it is a chain, and how it is read.

use domain::audit::{AuditEntry, AuditHead};
use domain::coupon::CouponStep;
use domain::event::Actor;
use domain::id::{AccountNo, ApiKeyId};
use domain::ledger::{Action, Command};
use domain::time::Timestamp;

use super::specs::CouponSpec;
use super::world::{TENANT, World, command, fresh_uuid, named};
use super::{Harness, check_sound};
use crate::{AuditFilter, AuditOf, PageRequest, Scopes, StoreError};

const STAFF: Actor = Actor::Staff(AccountNo(3));

/// All of a list, asked for by threes.
async fn all(world: &World, filter: &AuditFilter) -> Vec<AuditEntry> {
    let (mut entries, mut after) = (Vec::new(), None);
    loop {
        let request = PageRequest { limit: 3, after };
        let page = world.store.audit(TENANT, filter.clone(), request).await.expect("it can be read");
        entries.extend(page.items);
        after = page.next;
        if after.is_none() {
            return entries;
        }
    }
}

async fn actions(
    world: &World,
    of: Option<AuditOf>,
    (from, until): (Option<Timestamp>, Option<Timestamp>),
) -> Vec<String> {
    let entries = all(world, &AuditFilter { of, from, until }).await;
    entries.into_iter().map(|entry| entry.action).collect()
}

/// The log is a chain that ends where the store says.
async fn check_chain(world: &World) {
    let mut head = AuditHead::default();
    for entry in all(world, &AuditFilter::default()).await.iter().rev() {
        assert!(entry.follows(&head), "{entry:?} comes after {head:?}");
        head = entry.head();
    }
    assert_eq!(world.store.audit_head(TENANT).await, Ok(head));
}

pub async fn what_is_changed_by_hand_is_in_the_audit_log_and_business_is_not(harness: &mut dyn Harness) {
    let world = World::of(harness);
    assert_eq!(world.store.audit_head(TENANT).await, Ok(AuditHead::default()));
    let customer = world.customer().await;
    let coupon = world.coupon(CouponSpec::new()).await;
    let claimed = world.claim(customer, coupon).await.expect("it can be claimed");
    world.issue(coupon, &[customer]).await.expect("it can be issued");
    world.revoke(&claimed).await.expect("it can be revoked");
    let expected = ["voucher.revoke", "voucher.issue", "coupon.activate", "coupon.create", "customer.create"];
    assert_eq!(actions(&world, None, (None, None)).await, expected);
    let entry = &all(&world, &AuditFilter::default()).await[0];
    assert_eq!((entry.number, entry.at, entry.actor), (5, world.now(), Actor::Key(1)));
    assert_eq!(entry.subject.as_voucher().as_ref(), named(&claimed).first());
    assert_eq!(entry.after.as_deref(), Some(r#"{"state":"revoked","version":2}"#));
    check_chain(&world).await;
    check_sound(harness).await;
}

pub async fn keys_are_made_and_revoked_with_their_entry_also_over_a_restart(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let id = ApiKeyId(fresh_uuid());
    world.customer().await;
    world
        .store
        .create_api_key((TENANT, STAFF), id, ("till".to_owned(), Scopes::SERVER), [7; 32])
        .await
        .expect("keys can be made");
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    assert_eq!(world.store.revoke_api_key((TENANT, Actor::Operator), "nobody".to_owned()).await, Ok(0));
    assert_eq!(world.store.revoke_api_key((TENANT, Actor::Operator), "till".to_owned()).await, Ok(1));
    world.customer().await;
    let entries = all(&world, &AuditFilter::default()).await;
    let told: Vec<_> = entries.iter().map(|entry| (entry.action.as_str(), entry.actor)).collect();
    let by_server = ("customer.create", Actor::Key(1));
    assert_eq!(told, [by_server, ("key.revoke", Actor::Operator), ("key.create", STAFF), by_server]);
    assert_eq!(entries[1].subject.id, id.to_string());
    assert!(
        entries.iter().flat_map(|entry| [&entry.before, &entry.after]).flatten().all(|text| !text.contains("0707"))
    );
    check_chain(&world).await;
    check_sound(harness).await;
}

pub async fn the_audit_log_is_read_by_subject_actor_and_time_newest_first(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let began = world.now();
    let (one, other) = (world.coupon(CouponSpec::new()).await, world.coupon(CouponSpec::new()).await);
    world.wait(1_000);
    let paused = world.now();
    for coupon in [one, other] {
        let pause = command(None, Action::MoveCoupon { coupon, step: CouponStep::Pause });
        world.submit(Command { actor: STAFF, ..pause }).await.expect("it runs");
    }
    world.wait(1_000);
    world.step(one, CouponStep::End).await.expect("it is paused");
    let id = world.coupon_now(one).await.id.to_string();
    let subject = || Some(AuditOf::Subject(id.clone()));
    let staff = || Some(AuditOf::Actor(STAFF));
    let key = || Some(AuditOf::Actor(Actor::Key(1)));
    let made = ["coupon.activate", "coupon.create"];
    let both = ["coupon.pause", "coupon.pause"];
    let now = world.now();
    for (of, times, expected) in [
        (subject(), (None, None), vec!["coupon.end", "coupon.pause", "coupon.activate", "coupon.create"]),
        (subject(), (Some(paused), None), vec!["coupon.end", "coupon.pause"]),
        (subject(), (None, Some(paused)), made.to_vec()),
        (staff(), (None, None), both.to_vec()),
        (staff(), (Some(began), Some(paused)), vec![]),
        (key(), (Some(paused), None), vec!["coupon.end"]),
        (None, (Some(paused), Some(now)), both.to_vec()),
        (None, (Some(now), None), vec!["coupon.end"]),
        (None, (Some(now.saturating_add_ms(1)), None), vec![]),
        (None, (None, Some(began)), vec![]),
        (Some(AuditOf::Subject("cpn_of_nobody".to_owned())), (None, None), vec![]),
        (Some(AuditOf::Actor(Actor::Operator)), (None, None), vec![]),
    ] {
        assert_eq!(actions(&world, of.clone(), times).await, expected, "{of:?} {times:?}");
    }
    let page = PageRequest { limit: 3, after: Some("c1".to_owned()) };
    assert_eq!(world.store.audit(TENANT, AuditFilter::default(), page).await, Err(StoreError::Cursor));
    check_chain(&world).await;
    check_sound(harness).await;
}

pub async fn changes_made_at_once_are_one_chain_without_gaps_also_over_a_crash(harness: &mut dyn Harness) {
    let mut entries = 0;
    for _ in 0..3 {
        let world = World::of(harness);
        world.customers(40).await;
        entries += 40;
        assert_eq!(world.store.audit_head(TENANT).await.map(|head| head.number), Ok(entries));
        check_chain(&world).await;
        drop(world);
        harness.crash().await;
    }
    check_chain(&World::of(harness)).await;
    check_sound(harness).await;
}
