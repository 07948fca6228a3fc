//! Claims of several coupons: of all of them or of none.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::id::{CouponNo, CustomerNo};
use domain::voucher::Voucher;

use super::crowd::{Dice, Told, check_refused};
use super::specs::CouponSpec;
use super::world::World;
use super::{Harness, check_sound};

/// Servers that claim at once.
const SERVERS: usize = 32;

pub async fn vv_1_a_claim_of_four_beside_a_claim_of_one_of_them_gives_that_one_once(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let once = world.coupon(CouponSpec::new().each(1)).await;
    let mut four = world.coupons(3, &CouponSpec::new().stock(1_000)).await;
    four.insert(0, once);
    let customers = world.customers(40).await;
    let claim = |world: World, index: usize| {
        let (customer, four) = (customers[index / 2], four.clone());
        async move {
            let wanted = if index.is_multiple_of(2) { &four[..] } else { &four[..1] };
            world.claim_all(customer, wanted).await
        }
    };
    let answers = world.all_at_once(2 * customers.len(), claim).await;
    for (customer, pair) in customers.iter().zip(answers.chunks(2)) {
        let expected = match pair {
            [Ok(four), Err(_)] => four.len(),
            [Err(_), Ok(one)] => one.len(),
            other => panic!("one of the two claims is granted: {other:?}"),
        };
        let owned = world.vouchers_of(*customer).await;
        assert_eq!(owned.len(), expected, "all of a claim or nothing");
        assert_eq!(owned.iter().filter(|voucher| voucher.key.coupon == once).count(), 1);
        check_refused(world.claim(*customer, once).await, "customer_limit");
    }
    check_sound(harness).await;
}

/// What one server asked for, in its order, and was told.
type Asked = (CustomerNo, Vec<CouponNo>, Told<Vec<Voucher>>);

pub async fn vv_1_claims_that_overlap_at_random_neither_lock_up_nor_take_in_part(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let each_server = harness.multi_claims() / SERVERS;
    let stock = i64::try_from(harness.multi_claims() / 8).expect("a modest number");
    let coupons = Arc::new(world.coupons(8, &CouponSpec::new().stock(stock).each(3)).await);
    let customers = Arc::new(world.customers(harness.multi_claims() / 16).await);
    let serve = |world: World, index: usize| {
        let (coupons, customers) = (Arc::clone(&coupons), Arc::clone(&customers));
        async move {
            let mut dice = Dice::new(u64::try_from(index).expect("a small number"));
            let mut asked: Vec<Asked> = Vec::new();
            for _ in 0..each_server {
                let customer = customers[dice.below(customers.len())];
                let wanted = dice.some_of(&coupons, 5);
                let told = world.claim_all(customer, &wanted).await;
                asked.push((customer, wanted, told));
            }
            asked
        }
    };
    let asked: Vec<Asked> = world.all_at_once(SERVERS, serve).await.concat();
    check_all_or_none(&world, &asked, &coupons, stock).await;
    check_sound(harness).await;
}

async fn check_all_or_none(world: &World, asked: &[Asked], coupons: &[CouponNo], stock: i64) {
    let mut owned: BTreeMap<(CustomerNo, CouponNo), BTreeSet<u64>> = BTreeMap::new();
    let mut given: BTreeMap<CouponNo, i64> = BTreeMap::new();
    for (customer, wanted, told) in asked {
        let Ok(vouchers) = told else { continue };
        let got: Vec<CouponNo> = vouchers.iter().map(|voucher| voucher.key.coupon).collect();
        assert_eq!(&got, wanted, "all that was asked for, in its order");
        for voucher in vouchers {
            let ordinals = owned.entry((*customer, voucher.key.coupon)).or_default();
            assert!(ordinals.insert(voucher.key.ordinal), "a voucher was given twice");
            *given.entry(voucher.key.coupon).or_default() += 1;
        }
    }
    assert!(owned.values().all(|ordinals| ordinals.len() <= 3), "nobody has more than three of a coupon");
    for coupon in coupons {
        let given = given.get(coupon).copied().unwrap_or_default();
        assert!(given <= stock, "{given} of {stock}");
        assert_eq!(world.figures(*coupon).await.issued, given, "nothing was taken for a claim that was refused");
        let rows = world.vouchers_from(*coupon).await;
        assert_eq!(i64::try_from(rows.len()).expect("a modest number"), given);
        for row in rows {
            let customer = row.customer.expect("a claim has a customer");
            assert!(owned[&(customer, *coupon)].contains(&row.key.ordinal));
        }
    }
}
