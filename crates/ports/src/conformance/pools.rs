//! Codes in bulk: own ones by the block, a partner's into a pool, and who is handed them.

use std::collections::BTreeSet;

use domain::codes::Pattern;
use domain::coupon::ClaimsFrom;
use domain::id::{BlockId, CouponNo, CustomerNo, VoucherKey, VoucherKind};
use domain::ledger::{Action, GivenEntry, NotImported, Outcome, RedeemRequest};
use domain::voucher::{Voucher, VoucherState};

use super::crowd::{check_refused, check_tally, granted};
use super::orders::MINUTE_MS;
use super::specs::CouponSpec;
use super::world::{TENANT, World, fresh_uuid};
use super::{Harness, check_sound};

impl CouponSpec {
    /// Its claims are handed out of a pool.
    pub(super) fn pool(mut self) -> Self {
        self.definition.claims_from = ClaimsFrom::Pool;
        self
    }
}

impl World {
    pub(super) fn given(&self, text: &str) -> GivenEntry {
        let ring = self.store.codes();
        let reading = ring.read(TENANT, text);
        let sealed = ring.seal(TENANT, &reading, text);
        GivenEntry { reading, sealed, customer: None }
    }

    /// How many were taken in, and which were not.
    async fn import(&self, coupon: CouponNo, texts: &[String]) -> (usize, Vec<NotImported>) {
        let codes = texts.iter().map(|text| Ok(self.given(text))).collect();
        match self.ask(Action::ImportGiven { coupon, codes }).await {
            Ok(Outcome::Imported { accepted, refused }) => (accepted.try_into().expect("a small number"), refused),
            other => panic!("an import is answered: {other:?}"),
        }
    }

    fn id_of(&self, voucher: &Voucher) -> String {
        self.store.codes().voucher_id(TENANT, voucher.key, voucher.key_no).expect("the ring has the key")
    }
}

fn partner(numbers: std::ops::Range<usize>) -> Vec<String> {
    numbers.map(|no| format!("PARTNER-{no:05}")).collect()
}

pub async fn re_3_own_codes_made_in_bulk_are_unique(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let ring = world.store.codes();
    let mut codes = BTreeSet::new();
    for _ in 0..2 {
        let coupon = world.coupon(CouponSpec::new()).await;
        for count in [4_000, 6_000] {
            let action = Action::IssueBlock { coupon, id: BlockId(fresh_uuid()), count };
            let Ok(Outcome::Block { block, .. }) = world.ask(action).await else { panic!("a block is made") };
            let pattern = Pattern::default();
            let encoder = ring.encoder(TENANT, &pattern, block.key_no).expect("the ring has the key");
            for ordinal in block.first..block.first + block.count {
                let mut code = String::new();
                let key = VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal };
                encoder.append(key, &mut code).expect("it has a computed code");
                codes.insert(code);
            }
        }
    }
    assert_eq!(codes.len(), 20_000);
    check_sound(harness).await;
}

pub async fn re_3_duplicates_within_and_across_imports_are_refused_and_named_and_the_rest_goes_in(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    world.coupon(CouponSpec::new().code("SAVE10")).await;
    for spec in [CouponSpec::new().pool(), CouponSpec::new()] {
        let (coupon, label) = (world.coupon(spec).await, fresh_uuid().simple());
        let texts = |names: &[&str]| names.iter().map(|name| format!("{name}{label}")).collect::<Vec<_>>();
        let first = world.import(coupon, &[texts(&["a-", "B", "A ", "C"]), vec!["save 1O".to_owned()]].concat()).await;
        check_import(&first, 3, &[(2, "code_taken"), (4, "code_taken")]);
        let again = world.import(coupon, &texts(&["D", "c-", "E"])).await;
        check_import(&again, 2, &[(1, "code_taken")]);
        let other = world.coupon(CouponSpec::new().pool()).await;
        check_import(&world.import(other, &texts(&["E", "F"])).await, 1, &[(0, "code_taken")]);
        assert_eq!(world.vouchers_from(coupon).await.len(), 5);
    }
    check_sound(harness).await;
}

#[track_caller]
fn check_import((accepted, refused): &(usize, Vec<NotImported>), expected: usize, reasons: &[(u32, &str)]) {
    let found: Vec<(u32, &str)> = refused.iter().map(|one| (one.place, one.reason.as_str())).collect();
    assert_eq!((*accepted, &found[..]), (expected, reasons));
}

pub async fn re_3_the_same_codes_imported_many_times_at_once_are_taken_once(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupons = world.coupons(4, &CouponSpec::new().pool()).await;
    let import = |world: World, index: usize| {
        let coupon = coupons[index % 4];
        async move { world.import(coupon, &partner(0..100)).await.0 }
    };
    let accepted: usize = world.all_at_once(16, import).await.into_iter().sum();
    assert_eq!(accepted, 100);
    check_sound(harness).await;
}

pub async fn re_3_each_code_of_a_pool_is_handed_to_at_most_one_of_a_crowd(harness: &mut dyn Harness) {
    const CODES: usize = 300;
    let world = World::of(harness);
    for spec in [CouponSpec::new().pool().hold("PT5M"), CouponSpec::new().pool()] {
        let coupon = world.coupon(spec).await;
        let texts: Vec<String> = partner(0..CODES).iter().map(|text| format!("{text}-{coupon}")).collect();
        assert_eq!(world.import(coupon, &texts).await.0, CODES);
        let customers = world.customers(2 * CODES).await;
        let claim = |world: World, index: usize| {
            let customer = customers[index];
            async move { world.claim(customer, coupon).await }
        };
        let answers = world.all_at_once(customers.len(), claim).await;
        check_tally(&answers, &[("granted", CODES), ("pool_empty", CODES)]);
        let handed = granted(answers);
        let owners: BTreeSet<Option<CustomerNo>> = handed.iter().map(|voucher| voucher.customer).collect();
        let codes: BTreeSet<String> = world.codes_of(&handed).await.into_iter().collect();
        assert_eq!((owners.len(), codes.len()), (CODES, CODES));
        assert_eq!(codes, texts.into_iter().collect());
        let figures = world.figures(coupon).await;
        assert_eq!((figures.pooled, figures.issued), (0, 300));
    }
    check_sound(harness).await;
}

pub async fn a_code_that_was_held_unseen_goes_to_the_next_and_its_voucher_stays_the_firsts(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().pool().hold("PT5M")).await;
    world.import(coupon, &partner(0..1)).await;
    let customers = world.customers(3).await;
    let mut held: Vec<Voucher> = Vec::new();
    for customer in &customers {
        let voucher = world.claim(*customer, coupon).await.expect("the code is free again");
        assert!(voucher.hides_code());
        check_refused(world.claim(*customer, coupon).await, "pool_empty");
        held.push(voucher);
        world.wait(5 * MINUTE_MS);
    }
    for (customer, voucher) in customers.iter().zip(&held) {
        assert_eq!(world.state_of(voucher).await, VoucherState::Expired);
        assert_eq!(world.vouchers_of(*customer).await.len(), 1);
        let named = RedeemRequest { customer: Some(*customer), ..world.request(&[&world.id_of(voucher)]) };
        check_refused(world.redeem(named).await, "voucher_expired");
    }
    world.sweep_all().await;
    assert_eq!(world.figures(coupon).await.pooled, 1);
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    let last = world.claim(customers[0], coupon).await.expect("the code is free again");
    assert_eq!(world.code_of(&last).await, "PARTNER-00000");
    check_sound(harness).await;
}

pub async fn a_hidden_code_is_used_by_the_id_of_its_voucher_with_its_owner_named(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().pool().hold("PT5M")).await;
    world.import(coupon, &partner(0..2)).await;
    let (customer, other) = (world.customer().await, world.customer().await);
    let held = world.claim(customer, coupon).await.expect("there are two");
    let id = world.id_of(&held);
    check_refused(world.use_code(&id).await, "customer_required");
    check_refused(world.use_code_as(other, &id).await, "voucher_foreign");
    check_refused(world.use_code("PARTNER-00001").await, "code_unknown");
    let reserved = world.reserve_code_as(customer, &id).await.expect("it is the holder's");
    assert!(world.voucher(&held).await.hides_code());
    world.confirm(&reserved.id).await.expect("it is pending");
    let used = world.voucher(&held).await;
    assert_eq!((used.state, used.hides_code()), (VoucherState::Redeemed, false));
    check_refused(world.use_code_as(customer, &id).await, "voucher_redeemed");
    check_sound(harness).await;
}
