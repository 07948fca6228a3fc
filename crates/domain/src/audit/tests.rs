use serde_json::json;

use super::*;
use crate::id::CouponId;

fn entries() -> Vec<AuditEntry> {
    let subject = AuditSubject::new(AuditKind::Coupon, CouponId(uuid::Uuid::from_u128(7)));
    let change = |action, before, after| AuditChange {
        actor: Actor::Staff(AccountNo(3)),
        action,
        subject: subject.clone(),
        before,
        after: Some(after),
    };
    let at = Timestamp::from_ms(1_800_000_000_000);
    let first = AuditHead::default().next(at, change("coupon.create", None, json!({"version": 1})));
    let before = Some(json!({"version": 1}));
    let second = first.head().next(at, change("coupon.update", before, json!({"version": 2})));
    let third = second.head().next(at, change("coupon.pause", None, json!({"version": 3})));
    vec![first, second, third]
}

fn holds(entries: &[AuditEntry]) -> bool {
    let mut head = AuditHead::default();
    entries.iter().all(|entry| {
        let follows = entry.follows(&head);
        head = entry.head();
        follows
    })
}

#[test]
fn a_chain_breaks_when_anything_of_an_entry_is_changed() {
    assert!(holds(&entries()));
    let changes: [fn(&mut AuditEntry); 9] = [
        |entry| entry.number += 1,
        |entry| entry.at = entry.at.saturating_add_ms(1),
        |entry| entry.actor = Actor::Staff(AccountNo(4)),
        |entry| entry.actor = Actor::Key(3),
        |entry| entry.action.push('d'),
        |entry| entry.subject.kind = AuditKind::Campaign,
        |entry| entry.subject.id.push('0'),
        |entry| entry.before = None,
        |entry| entry.after = entry.before.take(),
    ];
    for (place, change) in changes.into_iter().enumerate() {
        let mut entries = entries();
        change(&mut entries[1]);
        assert!(!holds(&entries), "change {place}");
    }
}

#[test]
fn a_chain_breaks_when_entries_are_left_out_or_change_places() {
    let all = entries();
    assert!(!holds(&[all[0].clone(), all[2].clone()]));
    assert!(!holds(&[all[1].clone(), all[0].clone(), all[2].clone()]));
    assert!(!holds(&all[1..]));
    // Only its head tells that a chain once was longer.
    assert!(holds(&all[..2]));
}

/// What is moved from one text to the next must not leave the bytes the same.
#[test]
fn no_two_entries_have_the_same_bytes() {
    let mut entry = entries().remove(0);
    let hash = entry.hash_after(&AuditHash::default());
    entry.action.push_str("cou");
    entry.subject.id.insert(0, 'x');
    assert_ne!(entry.hash_after(&AuditHash::default()), hash);
}

/// Hashes that are kept outside stay good: the encoding is never changed under its name.
#[test]
fn the_encoding_is_the_published_one() {
    let head = "2 4eaabfd9c03bd1591a119e8905653d56190fe93efc6ca9a83154da1e017c4d2b";
    assert_eq!(entries()[1].head().to_string(), head);
}

#[test]
fn actors_and_vouchers_read_back() {
    for actor in
        [Actor::System, Actor::Operator, Actor::Key(9), Actor::Customer(CustomerNo(9)), Actor::Staff(AccountNo(9))]
    {
        let (kind, no) = actor_numbers(actor);
        assert_eq!(actor_of_numbers(kind, no), Some(actor));
    }
    for (kind, no) in [(0, 1), (1, 9), (5, 0)] {
        assert_eq!(actor_of_numbers(kind, no), None);
    }
    let key = VoucherKey { coupon: CouponNo(12), kind: VoucherKind::Given, ordinal: 1 << 33 };
    let subject = AuditSubject::voucher(ComputedCode { key_no: 3, key });
    assert_eq!(
        (subject.id.as_str(), subject.as_voucher()),
        ("3:12/2/8589934592", Some(ComputedCode { key_no: 3, key }))
    );
    assert_eq!(AuditSubject::new(AuditKind::Voucher, "3:12/9/1").as_voucher(), None);
}
