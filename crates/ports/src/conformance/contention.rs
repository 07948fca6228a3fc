//! Everybody at the same thing: answered, or told to come again, and never an error.

use domain::coupon::CouponStep;
use domain::id::{CouponNo, CustomerNo};
use domain::ledger::{Action, RedeemRequest};
use domain::order::Order;
use domain::redemption::RedemptionId;
use domain::voucher::Voucher;

use super::orders::{fresh_redemption, order};
use super::specs::CouponSpec;
use super::world::{TENANT, World, command, fresh_key, named};
use super::{Harness, check_sound};
use crate::StoreError;

/// More than any queue holds.
const CROWD: usize = 12_000;

/// What everybody wants something of.
struct Bone {
    spec: CouponSpec,
    coupon: CouponNo,
    customer: CustomerNo,
    voucher: Voucher,
    code: String,
    shared: String,
    order: Order,
    redemption: RedemptionId,
}

impl Bone {
    async fn of(world: &World, shared: String) -> Self {
        let spec = CouponSpec::new().code(&shared).stock(40).each(30).uses(20).budget(6_000).hold("PT5M");
        let (coupon, customer) = (world.coupon(spec.clone()).await, world.customer().await);
        let voucher = world.claim(customer, coupon).await.expect("there is a unit");
        let code = world.code_of(&voucher).await;
        Self {
            spec,
            coupon,
            customer,
            voucher,
            code,
            shared,
            order: order(&[(2, 700)]),
            redemption: fresh_redemption(),
        }
    }

    /// The use of its voucher or of its shared code by its order, at once or reserved.
    fn request(&self, world: &World, index: usize) -> RedeemRequest {
        let code = [&self.code, &self.shared][index % 5 % 2];
        let reserve_ms = index.is_multiple_of(2).then_some(60_000);
        RedeemRequest { reserve_ms, ..world.request_for(self.order.clone(), &[code]) }
    }

    fn action(&self, world: &World, index: usize) -> Action {
        let (coupon, customer, redemption) = (self.coupon, self.customer, self.redemption.clone());
        match index % 12 {
            0 => Action::Claim { customer, coupons: vec![coupon] },
            1 => Action::Issue { coupon, customers: vec![customer; 2] },
            2 => Action::Release { voucher: named(&self.voucher) },
            3 => Action::Revoke { voucher: named(&self.voucher) },
            4 => Action::Confirm { redemption },
            5 => Action::Cancel { redemption },
            6 => Action::Return { redemption, lines: None },
            7 => Action::MoveCoupon { coupon, step: [CouponStep::Pause, CouponStep::Activate][index / 12 % 2] },
            8 => Action::Amend { redemption, request: Box::new(self.request(world, index)) },
            9 => Action::Expire { vouchers: vec![self.voucher.key], redemptions: vec![redemption] },
            10 => Action::UpdateCoupon {
                coupon,
                if_version: 2,
                definition: Box::new(self.spec.definition.clone()),
                code: Some(world.store.codes().read(TENANT, &self.shared)),
            },
            _ => Action::Redeem(Box::new(RedeemRequest { id: redemption, ..self.request(world, index / 12) })),
        }
    }
}

pub async fn contention_for_one_thing_is_answered_and_never_an_error(harness: &mut dyn Harness) {
    let world = World::of(harness);
    for round in 0..5 {
        let (bone, key) = (Bone::of(&world, format!("HOT{round}")).await, fresh_key());
        let ask = |world: World, index: usize| {
            let command = command(index.is_multiple_of(5).then_some(key), bone.action(&world, index));
            async move { world.store.submit(TENANT, command).await }
        };
        for answer in world.all_at_once(600, ask).await {
            assert!(matches!(answer, Ok(_) | Err(StoreError::Busy { .. })), "{answer:?}");
        }
    }
    check_sound(harness).await;
}

pub async fn a_crowd_larger_than_the_queue_is_told_to_come_again_and_loses_nothing(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().stock(100)).await;
    let customers = world.customers(10).await;
    let claim = |world: World, index: usize| {
        let customer = customers[index % 10];
        let command = command(None, Action::Claim { customer, coupons: vec![coupon] });
        async move { world.store.submit(TENANT, command).await }
    };
    let (mut granted, mut refused, mut busy) = (0, 0, 0);
    for answer in world.all_at_once(CROWD, claim).await {
        match answer {
            Ok(Ok(_)) => granted += 1,
            Ok(Err(refusal)) => {
                assert_eq!(refusal.rejection.code(), "out_of_stock");
                refused += 1;
            }
            Err(StoreError::Busy { retry_after_ms }) => {
                assert!(retry_after_ms > 0);
                busy += 1;
            }
            Err(error) => panic!("the store could not: {error}"),
        }
    }
    assert_eq!((granted, granted + refused + busy), (100, CROWD));
    assert_eq!(world.vouchers_from(coupon).await.len(), 100);
    check_sound(harness).await;
}
