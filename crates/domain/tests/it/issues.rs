use std::collections::HashSet;

use domain::codes::{Alphabet, Pattern};
use domain::coupon::Definition;
use domain::id::{CouponNo, VoucherKey, VoucherKind};
use domain::ledger::{Action, BlockKey};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::Rejection;
use domain::voucher::{Block, VoucherState};

use crate::asking::{definition, limit, refusal, stock};
use crate::world::World;

const OUT_OF_STOCK: Rejection = Rejection::Limit { counts: Counts::Claims, per: Per::Everyone, period: Period::Ever };

fn bearer(coupon: CouponNo, ordinal: u64) -> VoucherKey {
    VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal }
}

fn revoke_block(world: &mut World, coupon: CouponNo, block: &Block) -> Result<(), Rejection> {
    let block = BlockKey { coupon, first: block.first };
    world.ask(Action::RevokeBlock { block }).map(drop).map_err(|refusal| refusal.rejection)
}

#[test]
fn vouchers_are_issued_to_all_customers_or_none() {
    let mut world = World::new();
    let (ann, bob) = (world.customer(), world.customer());
    let coupon = world.limited(vec![stock(3)]);
    let issued = world.issue(coupon, &[ann, bob, ann]).unwrap();
    assert!(issued.iter().all(|voucher| voucher.state == VoucherState::Issued && voucher.takings.is_empty()));
    assert_eq!(refusal(world.issue(coupon, &[ann])), OUT_OF_STOCK);
    let two = world.limited(vec![stock(2)]);
    assert_eq!(refusal(world.issue(two, &[ann, bob, ann])), OUT_OF_STOCK);
    assert!(!world.rows.series.contains_key(&(two, VoucherKind::Row)));
}

#[test]
fn an_issue_to_many_customers_loads_their_counters_at_once() {
    let mut world = World::new();
    let customers: Vec<_> = (0..20).map(|_| world.customer()).collect();
    let coupon = world.limited(vec![limit(Counts::Claims, Per::Customer, Period::Day, 1), stock(100)]);
    world.issue(coupon, &customers).unwrap();
    assert_eq!(world.rounds, 2);
}

#[test]
fn a_given_code_becomes_a_voucher_once() {
    let mut world = World::new();
    let coupon = world.coupon(definition());
    let twins = vec![world.given("Voucher-123", None), world.given("VOUCHER 123", None)];
    assert_eq!(refusal(world.issue_given(coupon, twins)), Rejection::CodeTaken);
    let code = world.given("VOUCHER123", None);
    world.issue_given(coupon, vec![code.clone()]).unwrap();
    assert_eq!(refusal(world.issue_given(coupon, vec![code])), Rejection::CodeTaken);
    world.redeem("r", None, &["voucher 123"]).unwrap();
    assert_eq!(refusal(world.redeem("s", None, &["voucher 123"])), Rejection::VoucherRedeemed);
}

#[test]
fn a_given_text_that_is_a_shared_code_is_refused_and_the_other_way_round() {
    let mut world = World::new();
    let coupon = world.coupon(Definition { code: Some("SAVE10".to_owned()), ..definition() });
    let codes = vec![world.given("save-1O", None)];
    assert_eq!(refusal(world.issue_given(coupon, codes)), Rejection::CodeTaken);
    let codes = vec![world.given("SPRING", None)];
    world.issue_given(coupon, codes).unwrap();
    for code in ["spring", "SAVE-10"] {
        let taken = world.create(Definition { code: Some(code.to_owned()), ..definition() });
        assert_eq!(refusal(taken), Rejection::CodeTaken);
    }
}

#[test]
fn a_given_text_that_reads_as_a_live_computed_code_is_refused() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    let voucher = world.claim(ann, coupon).unwrap();
    world.block(coupon, 10).unwrap();
    for key in [voucher.key, bearer(coupon, 9)] {
        let codes = vec![world.given(&world.code(key), None)];
        assert_eq!(refusal(world.issue_given(coupon, codes)), Rejection::CodeTaken);
    }
    let dead = vec![world.given(&world.code(bearer(coupon, 10)), None)];
    world.issue_given(coupon, dead).unwrap();
}

#[test]
fn a_code_given_to_one_customer_is_foreign_to_another() {
    let mut world = World::new();
    let (ann, bob, coupon) = (world.customer(), world.customer(), world.coupon(definition()));
    let codes = vec![world.given("FOR-ANN", Some(ann))];
    world.issue_given(coupon, codes).unwrap();
    assert_eq!(refusal(world.redeem("r", Some(bob), &["FOR-ANN"])), Rejection::VoucherForeign);
    world.redeem("r", Some(ann), &["FOR-ANN"]).unwrap();
}

#[test]
fn the_codes_of_a_block_can_be_used_without_rows_and_no_others() {
    let mut world = World::new();
    let coupon = world.coupon(definition());
    let block = world.block(coupon, 3).unwrap();
    assert_eq!((block.first, block.count), (0, 3));
    let next = world.block(coupon, 2).unwrap();
    assert_eq!(next.first, 3);
    assert!(world.rows.vouchers.is_empty());
    let code = world.code(bearer(coupon, 4));
    world.redeem("r", None, &[&code]).unwrap();
    assert_eq!(refusal(world.redeem("s", None, &[&code])), Rejection::VoucherRedeemed);
    for unknown in [bearer(coupon, 5), VoucherKey { kind: VoucherKind::Row, ..bearer(coupon, 0) }] {
        assert_eq!(refusal(world.redeem("s", None, &[&world.code(unknown)])), Rejection::CodeUnknown);
    }
}

#[test]
fn a_revoked_block_refuses_its_unused_codes() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    let block = world.block(coupon, 3).unwrap();
    world.assign(bearer(coupon, 0), ann).unwrap();
    revoke_block(&mut world, coupon, &block).unwrap();
    assert_eq!(revoke_block(&mut world, coupon, &block), Err(Rejection::VoucherRevoked));
    world.redeem("r", Some(ann), &[&world.code(bearer(coupon, 0))]).unwrap();
    assert_eq!(refusal(world.redeem("s", None, &[&world.code(bearer(coupon, 1))])), Rejection::VoucherRevoked);
    assert_eq!(refusal(world.assign(bearer(coupon, 1), ann)), Rejection::VoucherRevoked);
    let nowhere = BlockKey { coupon, first: 1 };
    assert_eq!(refusal(world.ask(Action::RevokeBlock { block: nowhere })), Rejection::BlockNotFound);
}

#[test]
fn a_revoked_block_takes_back_codes_that_an_order_gave_back_or_never_confirmed() {
    let mut world = World::new();
    let coupon = world.coupon(definition());
    let block = world.block(coupon, 4).unwrap();
    let codes: Vec<String> = (0..4).map(|ordinal| world.code(bearer(coupon, ordinal))).collect();
    world.redeem("returned", None, &[&codes[0]]).unwrap();
    world.give_back("returned", None).unwrap();
    world.reserve("cancelled", None, &[&codes[1]]).unwrap();
    world.cancel("cancelled").unwrap();
    world.reserve("confirmed", None, &[&codes[2]]).unwrap();
    world.reserve("expired", None, &[&codes[3]]).unwrap();
    revoke_block(&mut world, coupon, &block).unwrap();
    world.confirm("confirmed").unwrap();
    world.later_ms(crate::asking::DAY_MS);
    let rejections = [0, 1, 2, 3].map(|code: usize| refusal(world.redeem("r", None, &[&codes[code]])));
    let revoked = Rejection::VoucherRevoked;
    assert_eq!(rejections, [revoked, revoked, Rejection::VoucherRedeemed, revoked]);
    assert_eq!(refusal(world.revoke(bearer(coupon, 3))), revoked);
}

#[test]
fn a_block_counts_against_the_stock_and_its_use_only_per_customer() {
    let mut world = World::new();
    let (ann, each) = (world.customer(), limit(Counts::Claims, Per::Customer, Period::Ever, 1));
    let coupon = world.limited(vec![stock(3), each.clone()]);
    assert_eq!(refusal(world.block(coupon, 4)), OUT_OF_STOCK);
    world.block(coupon, 3).unwrap();
    assert_eq!((world.usage(coupon, &stock(0)), world.usage(coupon, &each)), ((3, 0), (0, 0)));
    let codes: Vec<String> = (0..3).map(|ordinal| world.code(bearer(coupon, ordinal))).collect();
    assert_eq!(refusal(world.redeem("r", None, &[&codes[0]])), Rejection::CustomerRequired);
    world.redeem("r", Some(ann), &[&codes[0]]).unwrap();
    assert_eq!(world.redeem("s", Some(ann), &[&codes[1]]).unwrap_err().rejection.code(), "customer_limit");
    assert_eq!((world.usage(coupon, &stock(0)), world.usage(coupon, &each)), ((3, 0), (1, 0)));
}

#[test]
fn a_block_without_codes_is_refused() {
    let mut world = World::new();
    let coupon = world.coupon(definition());
    world.block(coupon, 0).unwrap_err();
    world.block(coupon, 1).unwrap();
    assert_eq!(world.rows.blocks.len(), 1);
}

#[test]
fn a_block_beyond_the_code_space_or_too_dense_is_refused_after_the_limits() {
    let mut world = World::new();
    let coupon = world.coupon(definition());
    for count in [domain::id::ORDINALS_PER_KIND + 1, u64::MAX] {
        assert_eq!(refusal(world.block(coupon, count)), Rejection::CodeSpaceExhausted);
    }
    world.block(coupon, 100_000_000).unwrap();
    assert_eq!(refusal(world.block(coupon, u64::MAX)), Rejection::CodeSpaceExhausted);
    let pattern = Some(Pattern::new("SPRING", Alphabet::Digits, 12).unwrap());
    let short = world.coupon(Definition { pattern, limits: vec![stock(1_000)], ..definition() });
    assert_eq!(refusal(world.block(short, 94)), Rejection::CodeSpaceExhausted);
    world.block(short, 93).unwrap();
    assert_eq!(refusal(world.block(short, 1_000)), OUT_OF_STOCK);
}

#[test]
fn codes_made_one_by_one_under_a_short_pattern_are_refused_when_they_become_easy_to_guess() {
    let mut world = World::new();
    let ann = world.customer();
    let pattern = Some(Pattern::new("SHORT", Alphabet::Digits, 12).unwrap());
    let short = world.coupon(Definition { pattern, ..definition() });
    world.issue(short, &[ann; 93]).unwrap();
    assert_eq!(refusal(world.claim(ann, short)), Rejection::CodeSpaceExhausted);
    assert_eq!(refusal(world.issue(short, &[ann])), Rejection::CodeSpaceExhausted);
    let given = world.given("SHORT-AND-GIVEN", None);
    world.issue_given(short, vec![given]).unwrap();
}

#[test]
fn a_bearer_code_that_nobody_holds_cannot_be_released() {
    let mut world = World::new();
    let coupon = world.coupon(definition());
    world.block(coupon, 1).unwrap();
    assert_eq!(refusal(world.release(bearer(coupon, 0))), Rejection::VoucherNotHeld);
}

#[test]
fn an_unowned_voucher_gets_its_owner_once_who_is_counted_from_then_on() {
    let mut world = World::new();
    let (ann, bob) = (world.customer(), world.customer());
    let each = limit(Counts::Claims, Per::Customer, Period::Ever, 1);
    let coupon = world.limited(vec![stock(5), each.clone()]);
    world.block(coupon, 2).unwrap();
    let codes = vec![world.given("GIVEN", None)];
    let given = world.issue_given(coupon, codes).unwrap().remove(0);
    world.assign(bearer(coupon, 0), ann).unwrap();
    assert_eq!(refusal(world.assign(bearer(coupon, 0), bob)), Rejection::VoucherForeign);
    assert_eq!(world.assign(bearer(coupon, 1), ann).unwrap_err().rejection.code(), "customer_limit");
    world.assign(given.key, bob).unwrap();
    assert_eq!((world.usage(coupon, &stock(0)), world.usage(coupon, &each)), ((3, 0), (2, 0)));
    assert_eq!(refusal(world.assign(bearer(coupon, 9), bob)), Rejection::VoucherNotFound);
    assert_eq!(refusal(world.redeem("r", Some(bob), &[&world.code(bearer(coupon, 0))])), Rejection::VoucherForeign);
    world.redeem("r", Some(ann), &[&world.code(bearer(coupon, 0))]).unwrap();
    assert_eq!(world.usage(coupon, &each), (2, 0));
}

#[test]
fn a_voucher_is_revoked_with_or_without_a_row() {
    let mut world = World::new();
    let (ann, coupon) = (world.customer(), world.coupon(definition()));
    let voucher = world.claim(ann, coupon).unwrap();
    world.block(coupon, 1).unwrap();
    for key in [voucher.key, bearer(coupon, 0)] {
        world.revoke(key).unwrap();
        assert_eq!(refusal(world.revoke(key)), Rejection::VoucherRevoked);
        assert_eq!(refusal(world.redeem("r", None, &[&world.code(key)])), Rejection::VoucherRevoked);
    }
    assert_eq!(refusal(world.revoke(bearer(coupon, 1))), Rejection::VoucherNotFound);
}

#[test]
fn a_voucher_has_one_code_the_one_of_its_coupons_pattern() {
    let mut world = World::new();
    let pattern = Pattern::new("SPRING-", Alphabet::Base32, 12).unwrap();
    let coupon = world.coupon(Definition { pattern: Some(pattern), ..definition() });
    world.block(coupon, 1).unwrap();
    let plain = world.code_in(&Pattern::default(), bearer(coupon, 0));
    assert_eq!(refusal(world.redeem("r", None, &[&plain])), Rejection::CodeUnknown);
    world.redeem("r", None, &[&world.code(bearer(coupon, 0))]).unwrap();
}

/// Codes are computed from numbers that the ledger gives once, so that neither workers nor clocks can meet.
#[test]
fn jc_5_a_million_codes_from_several_threads_have_no_duplicate() {
    const THREADS: u64 = 4;
    const EACH: u64 = 250_000;
    let world = World::new();
    let pattern = Pattern::default();
    let make = |thread: u64| {
        let ordinals = (0..EACH).map(move |place| place * THREADS + thread);
        ordinals
            .map(|ordinal| world.code_in(&pattern, VoucherKey { coupon: CouponNo(1), kind: VoucherKind::Row, ordinal }))
    };
    let codes: HashSet<String> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..THREADS).map(|thread| scope.spawn(move || make(thread).collect::<Vec<_>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().expect("it ends")).collect()
    });
    assert_eq!(codes.len() as u64, THREADS * EACH);
}
