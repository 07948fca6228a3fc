//! Codes end to end: as they are typed, given by people, and printed by the block.

use std::collections::BTreeSet;

use domain::codes::{Alphabet, Pattern, Shape};
use domain::id::{BlockId, CouponNo, VoucherKey, VoucherKind};
use domain::ledger::{Action, BlockKey, Outcome};
use domain::voucher::{Block, Voucher, VoucherState};

use super::crowd::{check_refused, check_tally};
use super::specs::CouponSpec;
use super::world::{TENANT, World, fresh_uuid, named};
use super::{Harness, check_sound};
use crate::VoucherFilter;

/// `SAVE10` as keyboards, phones, fonts and clipboards write it.
const SPELLINGS: [&str; 8] =
    ["SAVE10", "save10", "Save-10", " s a v e 1 0 ", "SAVE1O", "savelo", "ＳＡＶＥ１０", "SАVЕ10"];

pub async fn race_12_spellings_of_a_code_are_one_code_with_one_limit(harness: &mut dyn Harness) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("SAVE10").uses(5)).await;
    let redeem = |world: World, index: usize| async move { world.use_code(SPELLINGS[index % 8]).await };
    check_tally(&world.all_at_once(80, redeem).await, &[("granted", 5), ("redemption_limit", 75)]);
    for spelling in SPELLINGS {
        check_refused(world.use_code(spelling).await, "redemption_limit");
        check_refused(world.draft(CouponSpec::new().code(spelling)).await, "code_taken");
    }
    check_refused(world.use_code("SAVE11").await, "code_unknown");
    check_sound(harness).await;
}

pub async fn race_12_spellings_given_to_two_coupons_at_once_are_one_coupons(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let draft =
        |world: World, index: usize| async move { world.draft(CouponSpec::new().code(SPELLINGS[index % 8])).await };
    check_tally(&world.all_at_once(24, draft).await, &[("granted", 1), ("code_taken", 23)]);
    let name = |world: World, _| async move { world.customer_called("shop-7").await };
    check_tally(&world.all_at_once(10, name).await, &[("granted", 1), ("identity_taken", 9)]);
    check_sound(harness).await;
}

pub async fn a_unique_code_and_a_voucher_id_read_back_to_their_voucher(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let pattern = Pattern::new("SUMMER-", Alphabet::Base32, 12).expect("a pattern that works");
    let mut own = CouponSpec::new();
    own.definition.pattern = Some(pattern);
    for spec in [own.clone(), CouponSpec::new()] {
        let coupon = world.coupon(spec).await;
        let vouchers = world.issue(coupon, &world.customers(20).await).await.expect("nothing is in the way");
        let codes = world.codes_of(&vouchers).await;
        assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), 20);
        let ring = world.store.codes();
        for (voucher, code) in vouchers.iter().zip(&codes) {
            let reading = ring.read(TENANT, &code.to_lowercase());
            assert_eq!((reading.shape, reading.computed.to_vec()), (Shape::Computed, named(voucher)));
            let id = ring.voucher_id(TENANT, voucher.key, voucher.key_no).expect("the ring has the key");
            let candidates = ring.voucher_candidates(TENANT, &id);
            let found = world.store.voucher(TENANT, &candidates).await.expect("vouchers can be read");
            assert_eq!(found.map(|row| row.key), Some(voucher.key));
        }
        world.use_code(&codes[7].to_lowercase()).await.expect("a code may be typed in lower case");
        check_refused(world.use_code(&codes[7]).await, "voucher_redeemed");
    }
    check_refused(world.draft(own).await, "prefix_taken");
    check_sound(harness).await;
}

pub async fn given_codes_are_found_in_any_spelling_and_shown_as_given(harness: &mut dyn Harness) {
    const TEXTS: [&str; 3] = ["Partner-0001", "Größe 2", "x"];
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(4)).await;
    let entries =
        |texts: &[&str]| Action::IssueGiven { coupon, codes: texts.iter().map(|text| world.given(text)).collect() };
    let vouchers = world.vouchers_by(entries(&TEXTS)).await.expect("they are new");
    assert_eq!(world.codes_of(&vouchers).await, TEXTS);
    // All of a list or none of it: one is known, or there are too many.
    check_refused(world.ask(entries(&["new", "PARTNER 0001"])).await, "code_taken");
    check_refused(world.ask(entries(&["new", "newer"])).await, "out_of_stock");
    check_refused(world.use_code("new").await, "code_unknown");
    check_refused(world.draft(CouponSpec::new().code("partner-OOO1")).await, "code_taken");
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    assert_eq!(world.codes_of(&vouchers).await, TEXTS);
    let redeem = |world: World, _| async move { world.use_code("ｐａｒｔｎｅｒ 0001").await };
    check_tally(&world.all_at_once(10, redeem).await, &[("granted", 1), ("voucher_redeemed", 9)]);
    world.revoke(&vouchers[2]).await.expect("it is issued");
    check_refused(world.use_code("X").await, "voucher_revoked");
    let customer = world.customer().await;
    let action = Action::Assign { voucher: named(&vouchers[1]), customer };
    world.ask(action).await.expect("it has no owner");
    assert_eq!(world.vouchers_of(customer).await.len(), 1);
    check_sound(harness).await;
}

async fn print(world: &World, coupon: CouponNo, count: u64) -> Result<Block, domain::rejection::Rejection> {
    match world.ask(Action::IssueBlock { coupon, id: BlockId(fresh_uuid()), count }).await? {
        Outcome::Block { block, .. } => Ok(block),
        other => panic!("a block is answered: {other:?}"),
    }
}

/// The code of a block at that place.
fn printed(world: &World, coupon: CouponNo, block: &Block, place: u64) -> String {
    let key = VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal: block.first + place };
    world.store.codes().code(TENANT, &Pattern::default(), key, block.key_no).expect("the ring has the key")
}

pub async fn codes_of_a_block_are_worth_something_once_each_until_it_is_revoked(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(1_500)).await;
    let block = print(&world, coupon, 1_000).await.expect("there is stock");
    check_refused(print(&world, coupon, 501).await, "out_of_stock");
    let found = world.store.block(TENANT, block.id).await.expect("blocks can be read").expect("it is there");
    assert_eq!((found.coupon, found.block), (coupon, block.clone()));
    assert_eq!(world.figures(coupon).await.issued, 1_000);
    check_listed(&world, coupon, [1_000, 0]).await;
    let redeem = |world: World, index: usize| {
        let code = printed(&world, coupon, &block, u64::try_from(index % 10).expect("a small number"));
        async move { world.use_code(&code).await }
    };
    check_tally(&world.all_at_once(50, redeem).await, &[("granted", 10), ("voucher_redeemed", 40)]);
    check_listed(&world, coupon, [990, 10]).await;
    check_refused(world.use_code(&printed(&world, coupon, &block, 1_000)).await, "code_unknown");
    let reserved = world.reserve_code(&printed(&world, coupon, &block, 998)).await.expect("it is free");
    check_bearer_states(&world, coupon, &block).await;
    world.ask(Action::RevokeBlock { block: BlockKey { coupon, first: block.first } }).await.expect("it is active");
    check_refused(world.use_code(&printed(&world, coupon, &block, 11)).await, "voucher_revoked");
    check_refused(world.use_code(&printed(&world, coupon, &block, 1)).await, "voucher_redeemed");
    let used = world.confirm(&reserved.id).await.expect("a reservation is a grant");
    world.give_back(&used.id).await.expect("it was used");
    check_refused(world.use_code(&printed(&world, coupon, &block, 998)).await, "voucher_revoked");
    check_sound(harness).await;
}

/// All codes of the block are listed with their coupon, issued or redeemed; only those that were used have rows.
async fn check_listed(world: &World, coupon: CouponNo, [issued, redeemed]: [usize; 2]) {
    assert_eq!(world.vouchers_from(coupon).await.len(), issued + redeemed);
    assert_eq!(world.vouchers(VoucherFilter::default()).await.len(), redeemed);
    for (state, count) in [(VoucherState::Issued, issued), (VoucherState::Redeemed, redeemed)] {
        let filter = VoucherFilter { customer: None, coupon: Some(coupon), state: Some(state) };
        assert_eq!(world.vouchers(filter).await.len(), count, "{state:?}");
    }
}

/// One code is used, one is locked, one has an owner and one is as printed.
async fn check_bearer_states(world: &World, coupon: CouponNo, block: &Block) {
    let customer = world.customer().await;
    let candidates = |place| {
        let reading = world.store.codes().read(TENANT, &printed(world, coupon, block, place));
        reading.computed.to_vec()
    };
    world.ask(Action::Assign { voucher: candidates(997), customer }).await.expect("it has no owner");
    for (place, state, owner) in [
        (3, VoucherState::Redeemed, None),
        (998, VoucherState::Locked, None),
        (997, VoucherState::Issued, Some(customer)),
        (500, VoucherState::Issued, None),
    ] {
        let found = world.store.voucher(TENANT, &candidates(place)).await.expect("vouchers can be read");
        let found: Voucher = found.expect("it lies in the block");
        assert_eq!((found.state, found.customer), (state, owner), "at {place}");
    }
    let outside = world.store.voucher(TENANT, &candidates(1_000)).await.expect("vouchers can be read");
    assert_eq!(outside, None);
}

pub async fn blocks_made_at_once_do_not_overlap(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new()).await;
    let blocks = world.all_at_once(12, |world, index| async move {
        print(&world, coupon, 10 + u64::try_from(index).expect("a small number")).await.expect("nothing is in the way")
    });
    let mut blocks = blocks.await;
    blocks.sort_by_key(|block| block.first);
    for pair in blocks.windows(2) {
        assert_eq!(pair[0].first + pair[0].count, pair[1].first);
    }
    check_sound(harness).await;
}
