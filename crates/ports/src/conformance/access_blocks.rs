//! Who is kept out.

use domain::access_block::{AccessBlock, BlockReason, BlockState, BlockTarget, Removal};
use domain::event::Actor;
use domain::id::{AccessBlockId, ApiKeyId, CustomerNo};
use domain::ledger::RedeemRequest;
use domain::rejection::Rejection;
use domain::time::Timestamp;

use super::orders::{MINUTE_MS, fresh_redemption};
use super::specs::CouponSpec;
use super::world::{TENANT, World, fresh_uuid};
use super::{Harness, check_sound};
use crate::{AccessBlockFilter, NewAccessBlock, NotBlocked, PageRequest, Scopes};

const BLOCKED: Rejection = Rejection::Blocked { reason: BlockReason::Fraud };
const STAFF: Actor = Actor::Key(1);

fn addresses(range: &str) -> BlockTarget {
    BlockTarget::Addresses(range.parse().expect("a range"))
}

impl World {
    async fn block(&self, target: BlockTarget, until: Option<Timestamp>) -> Result<AccessBlock, NotBlocked> {
        let block = NewAccessBlock {
            id: AccessBlockId(fresh_uuid()),
            target,
            reason: BlockReason::Fraud,
            note: Some("chargebacks".to_owned()),
            made_by: STAFF,
            until,
        };
        self.store.create_access_block(TENANT, block).await.expect("blocks can be made")
    }

    async fn block_customer(&self, customer: CustomerNo) -> AccessBlockId {
        self.block(BlockTarget::Customer(customer), None).await.expect("nobody was kept out before").id
    }

    async fn unblock(&self, id: AccessBlockId) -> AccessBlock {
        let removed = self.store.remove_access_block(TENANT, id, STAFF).await;
        removed.expect("blocks can be removed").expect("it is there")
    }

    fn is_kept_out(&self, address: &str) -> bool {
        let address = address.parse().expect("an address");
        self.store.standing_blocks(TENANT).bar_of_address(address, self.now()).is_some()
    }

    fn is_blocked(&self, target: BlockTarget) -> bool {
        self.store.standing_blocks(TENANT).bar(target, self.now()).is_some()
    }

    async fn states(&self, state: Option<BlockState>) -> Vec<BlockState> {
        let (mut states, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: 2, after };
            let page = self.store.access_blocks(TENANT, AccessBlockFilter { state }, page).await;
            let page = page.expect("blocks can be listed");
            states.extend(page.items.iter().map(|block| block.state_at(self.now())));
            after = page.next;
            if after.is_none() {
                return states;
            }
        }
    }
}

pub async fn a_block_keeps_its_target_out_at_once_and_over_a_restart_until_its_end_or_its_removal(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    let customer = BlockTarget::Customer(world.customer().await);
    let key = ApiKeyId(fresh_uuid());
    let named = ("till".to_owned(), Scopes::SERVER);
    let key = world.store.create_api_key((TENANT, STAFF), key, named, [7; 32]).await.expect("keys can be made");
    let key = BlockTarget::Key(key.no);
    let until = world.now().saturating_add_ms(MINUTE_MS);
    for target in [customer, key, addresses("203.0.113.0/24")] {
        assert!(!world.is_blocked(target));
        let made = world.block(target, Some(until)).await.expect("nobody was kept out before");
        assert_eq!((made.target, made.made_at, made.made_by, made.until), (target, world.now(), STAFF, Some(until)));
        assert_eq!(world.block(target, None).await, Err(NotBlocked::Already(made.id)), "one of a target stands");
        assert_eq!(world.store.access_block(TENANT, made.id).await, Ok(Some(made)));
    }
    let wide = world.block(addresses("2001:db8::/32"), None).await.expect("another range").id;
    drop(world);
    harness.crash().await;
    let world = World::of(harness);
    assert!([customer, key].into_iter().all(|target| world.is_blocked(target)));
    assert!(world.is_kept_out("203.0.113.9") && world.is_kept_out("2001:db8::1") && !world.is_kept_out("203.0.114.9"));
    let removed = world.unblock(wide).await;
    assert_eq!(removed.removed, Some(Removal { at: world.now(), by: STAFF }));
    assert!(!world.is_kept_out("2001:db8::1"));
    world.wait(MINUTE_MS - 1);
    assert_eq!(world.unblock(wide).await, removed, "a removal is not repeated");
    assert!(world.is_blocked(customer), "until the last millisecond");
    world.wait(1);
    assert!(![customer, key].into_iter().any(|target| world.is_blocked(target)) && !world.is_kept_out("203.0.113.9"));
    let again = world.block(customer, None).await.expect("the one before has ended");
    assert!(world.is_blocked(customer));
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    assert!(world.is_blocked(customer) && !world.is_blocked(key) && !world.is_kept_out("2001:db8::1"));
    assert_eq!(world.unblock(again.id).await.state_at(world.now()), BlockState::Removed);
    let unknown = AccessBlockId(fresh_uuid());
    assert_eq!(world.store.remove_access_block(TENANT, unknown, STAFF).await, Ok(None));
    assert_eq!(world.store.access_block(TENANT, unknown).await, Ok(None));
    check_sound(harness).await;
}

pub async fn a_blocked_customer_neither_claims_nor_redeems_not_even_by_the_code_of_a_voucher_alone(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("SAVE10").stock(10)).await;
    let customers = world.customers(2).await;
    let [eve, ann] = [customers[0], customers[1]];
    let (used, kept) = (world.claim(eve, coupon).await, world.claim(eve, coupon).await);
    let (used, kept) = (used.expect("she may still"), kept.expect("she may still"));
    let code = world.code_of(&kept).await;
    let used = world.code_of(&used).await;
    let reserved = world.reserve_code(&used).await.expect("she may still");
    let block = world.block_customer(eve).await;
    assert_eq!(world.claim(eve, coupon).await, Err(BLOCKED));
    assert_eq!(world.use_code_as(eve, &code).await, Err(BLOCKED));
    assert_eq!(world.use_code_as(eve, "SAVE10").await, Err(BLOCKED));
    assert_eq!(world.use_code_as(eve, "NONSENSE").await, Err(BLOCKED), "she is not told what is a code");
    assert_eq!(world.use_code(&code).await, Err(BLOCKED), "the owner stands in for who is not named");
    let amended = RedeemRequest { id: fresh_redemption(), ..world.request(&[&code]) };
    let quote = world.store.quote(TENANT, amended).await.expect("quotes are answered");
    assert_eq!(quote.refused.iter().map(|refused| refused.refusal.rejection).collect::<Vec<_>>(), [BLOCKED]);
    assert_eq!(world.figures(coupon).await.redeemed, 0);
    world.claim(ann, coupon).await.expect("others are not concerned");
    world.confirm(&reserved.id).await.expect("a reservation is a grant");
    world.unblock(block).await;
    world.use_code(&code).await.expect("she may again");
    world.claim(eve, coupon).await.expect("she may again");
    check_sound(harness).await;
}

pub async fn blocks_are_listed_newest_first_and_by_state(harness: &mut dyn Harness) {
    use BlockState::{Ended, Removed, Standing};
    let world = World::of(harness);
    let ends = Some(world.now().saturating_add_ms(MINUTE_MS));
    world.block(addresses("203.0.113.1"), ends).await.expect("free");
    let removed = world.block(addresses("203.0.113.2"), ends).await.expect("free").id;
    world.unblock(removed).await;
    for last in 3..6 {
        world.block(addresses(&format!("203.0.113.{last}")), None).await.expect("free");
    }
    world.wait(MINUTE_MS);
    assert_eq!(world.states(None).await, [Standing, Standing, Standing, Removed, Ended]);
    assert_eq!(world.states(Some(Standing)).await, [Standing; 3]);
    assert_eq!(world.states(Some(Removed)).await, [Removed]);
    assert_eq!(world.states(Some(Ended)).await, [Ended]);
    check_sound(harness).await;
}
