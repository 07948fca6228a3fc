//! One person with several identities: counted once, and nothing more than counted until it is proven.

use domain::customer::CustomerProfile;
use domain::id::{CustomerId, CustomerNo};
use domain::identity::{IdentityKey, IdentityKind};
use domain::ledger::{Action, Outcome};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::Rejection;

use super::crowd::{Told, granted};
use super::specs::CouponSpec;
use super::world::{TENANT, World, fresh_uuid};
use super::{Harness, check_sound};

const EACH_USED_UP: Rejection = Rejection::Limit { counts: Counts::Claims, per: Per::Customer, period: Period::Ever };

impl World {
    pub(super) async fn customer_with(&self, profile: CustomerProfile) -> Told<CustomerNo> {
        let action = Action::CreateCustomer { id: CustomerId(fresh_uuid()), profile: Box::new(profile) };
        match self.ask(action).await? {
            Outcome::Customer(no) => Ok(no),
            other => panic!("a customer is made: {other:?}"),
        }
    }

    /// Somebody of whom no more is known than an e-mail address.
    pub(super) async fn guest(&self, email: &str) -> CustomerNo {
        let profile = CustomerProfile { email: Some(email.to_owned()), ..CustomerProfile::default() };
        self.customer_with(profile).await.expect("it can be made")
    }

    /// Somebody whom the shop knows, and who says to have that address.
    pub(super) async fn account(&self, external_id: &str, email: &str) -> CustomerNo {
        let (external_id, email) = (Some(external_id.to_owned()), Some(email.to_owned()));
        let profile = CustomerProfile { external_id, email, ..CustomerProfile::default() };
        self.customer_with(profile).await.expect("it can be made")
    }

    pub(super) async fn ensure(&self, kind: IdentityKind, value: &str) -> CustomerNo {
        let id = CustomerId(fresh_uuid());
        match self.ask(Action::EnsureCustomer { id, kind, value: value.to_owned() }).await {
            Ok(Outcome::Customer(no)) => no,
            other => panic!("there is one, or one is made: {other:?}"),
        }
    }

    pub(super) async fn add_identity(&self, customer: CustomerNo, kind: IdentityKind, value: &str) -> Told<Outcome> {
        self.ask(Action::AddIdentity { customer, kind, value: value.to_owned() }).await
    }

    /// Proves an identity and merges, to the end. Returns in how many steps.
    pub(super) async fn verify(&self, customer: CustomerNo, kind: IdentityKind, value: &str) -> usize {
        for steps in 1.. {
            let action = Action::VerifyIdentity { customer, kind, value: value.to_owned() };
            match self.ask(action).await {
                Ok(Outcome::CustomerChanged { is_done: true, .. }) => return steps,
                Ok(Outcome::CustomerChanged { .. }) => {}
                other => panic!("it can be proven: {other:?}"),
            }
        }
        unreachable!("a merge ends");
    }

    pub(super) async fn found_by(&self, kind: IdentityKind, value: &str) -> Vec<CustomerNo> {
        let found = self.store.customers_by_identity(TENANT, IdentityKey::of(kind, value)).await;
        found.expect("customers can be read").iter().map(|customer| customer.no).collect()
    }
}

pub async fn race_11_a_guest_and_an_account_of_one_email_are_one_person_for_limits(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let claimed = world.coupon(CouponSpec::new().each(1)).await;
    let typed = CouponSpec::new().code("ONCE").limit(Counts::Redemptions, Per::Customer, Period::Ever, 1);
    world.coupon(typed).await;
    let guest = world.guest("ann@x.example").await;
    world.claim(guest, claimed).await.expect("the first");
    world.use_code_as(guest, "ONCE").await.expect("the first");
    let account = world.account("shop-1", " Ann@X.example").await;
    assert_eq!(world.claim(account, claimed).await.err(), Some(EACH_USED_UP));
    let refused = world.use_code_as(account, "ONCE").await.err();
    let used_up = Rejection::Limit { counts: Counts::Redemptions, per: Per::Customer, period: Period::Ever };
    assert_eq!(refused, Some(used_up));
    check_sound(harness).await;
}

pub async fn race_11_two_guest_orders_of_one_email_at_the_same_instant_are_one_person(harness: &mut dyn Harness) {
    let world = World::of(harness);
    for round in 0..10 {
        let code = format!("FIRST{round}");
        world.coupon(CouponSpec::new().code(&code).each(1)).await;
        let email = format!("guest-{round}@x.example");
        let order = |world: World, _| {
            let (email, code) = (email.clone(), code.clone());
            async move { world.use_code_as(world.guest(&email).await, &code).await }
        };
        let told = world.all_at_once(8, order).await;
        assert_eq!(told.iter().filter(|told| told.is_ok()).count(), 1, "{told:?}");
        assert!(told.iter().all(|told| told.is_ok() || told.as_ref().err() == Some(&EACH_USED_UP)), "{told:?}");
    }
    check_sound(harness).await;
}

pub async fn race_11_what_two_took_before_they_were_known_to_be_one_is_counted_together(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().each(3).hold("PT5M")).await;
    let (one, other) = (world.guest("ann@x.example").await, world.guest("bob@x.example").await);
    let first = world.claim(one, coupon).await.expect("there is room");
    let second = world.claim(other, coupon).await.expect("there is room");
    // Claims go on while the two become one.
    let racing = |world: World, index: usize| async move {
        match index % 4 {
            0 => world.claim(one, coupon).await.map(Some),
            1 => world.claim(other, coupon).await.map(Some),
            _ => world.add_identity(other, IdentityKind::Email, "ann@x.example").await.map(|_| None),
        }
    };
    let told = world.all_at_once(32, racing).await;
    let taken = 2 + granted(
        told.into_iter()
            .filter(|told| !matches!(told, Ok(None)))
            .map(|told| told.map(|v| v.expect("a voucher")))
            .collect(),
    )
    .len();
    assert!((3..=6).contains(&taken), "three each until they are one, none beyond three from then on: {taken}");
    assert_eq!(world.claim(one, coupon).await.err(), Some(EACH_USED_UP));
    // What each took comes back to what they are now.
    world.release(&first).await.expect("it is held");
    world.use_voucher(&second).await.expect("it is held");
    world.wait(6 * 60_000);
    world.sweep_all().await;
    let claims = [one, other, one, other];
    let mut again = 0;
    for customer in claims {
        again += usize::from(world.claim(customer, coupon).await.is_ok());
    }
    assert_eq!(again, 2, "one of three was used");
    check_sound(harness).await;
}

pub async fn race_11_customers_who_share_nothing_stay_apart(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().each(1)).await;
    let mut all = vec![world.customer().await, world.customer().await];
    all.push(world.guest("ann@x.example").await);
    all.push(world.guest("ann@y.example").await);
    all.push(world.account("ann@x.example", "bob@x.example").await);
    all.push(world.ensure(IdentityKind::OpenId, "ann@y.example").await);
    for customer in all {
        world.claim(customer, coupon).await.expect("nobody took its one");
        assert_eq!(world.claim(customer, coupon).await.err(), Some(EACH_USED_UP));
    }
    check_sound(harness).await;
}

pub async fn an_identity_that_is_not_proven_shows_and_spends_nothing_of_anothers(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().code("MINE")).await;
    let holder = world.account("shop-1", "ann@x.example").await;
    let voucher = world.claim(holder, coupon).await.expect("nothing is in the way");
    let liar = world.guest("liar@x.example").await;
    world.add_identity(liar, IdentityKind::Email, "ann@x.example").await.expect("anybody may say so");
    assert_eq!(world.vouchers_of(liar).await, []);
    let code = world.code_of(&voucher).await;
    assert_eq!(world.use_code_as(liar, &code).await.err(), Some(Rejection::VoucherForeign));
    let used = world.use_code_as(liar, "MINE").await.expect("the shared code is for everybody");
    assert_eq!(used.parts[0].voucher, None, "it is not the holder's voucher that was used");
    // Nor is the account handed out to who claims by the address.
    let guest = world.ensure(IdentityKind::Email, "ann@x.example").await;
    assert_ne!(guest, holder);
    assert_eq!(world.vouchers_of(holder).await.len(), 1);
    check_sound(harness).await;
}

pub async fn customers_are_found_by_what_they_carry_the_one_who_has_proven_it_first(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let first = world.account("shop-1", "ann@x.example").await;
    let second = world.account("shop-2", "ann@x.example").await;
    assert_eq!(world.found_by(IdentityKind::Email, "ANN@x.example").await, [first, second]);
    world.verify(second, IdentityKind::Email, "ann@x.example").await;
    assert_eq!(world.found_by(IdentityKind::Email, "ann@x.example").await, [second, first]);
    assert_eq!(world.found_by(IdentityKind::ExternalId, "shop-1").await, [first]);
    let identity = IdentityKey::of(IdentityKind::Email, "ann@x.example");
    world.ask(Action::RemoveIdentity { customer: second, identity }).await.expect("it carries it");
    assert_eq!(world.found_by(IdentityKind::Email, "ann@x.example").await, [first]);
    assert_eq!(world.found_by(IdentityKind::Phone, "ann@x.example").await, []);
    let row = world.store.customer(TENANT, first).await.expect("customers can be read").expect("it is there");
    let carried: Vec<&str> = row.identities.iter().map(|identity| identity.value.as_str()).collect();
    assert_eq!((carried.len(), row.profile.email.as_deref()), (2, Some("ann@x.example")));
    check_sound(harness).await;
}

pub async fn what_is_erased_is_gone_and_what_was_counted_stays(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let coupon = world.coupon(CouponSpec::new().each(1)).await;
    let customer = world.account("shop-1", "ann@x.example").await;
    let voucher = world.claim(customer, coupon).await.expect("nothing is in the way");
    world.ask(Action::EraseCustomer { customer }).await.expect("it can be erased");
    drop(world);
    harness.restart().await;
    let world = World::of(harness);
    let row = world.store.customer(TENANT, customer).await.expect("customers can be read").expect("it is there");
    assert!(row.is_nameless() && row.erased_at.is_some());
    assert_eq!(world.found_by(IdentityKind::Email, "ann@x.example").await, []);
    assert_eq!(world.vouchers_of(customer).await.len(), 1);
    assert_eq!(world.claim(customer, coupon).await.err(), Some(EACH_USED_UP));
    world.use_voucher(&voucher).await.expect("who has its code uses it");
    check_sound(harness).await;
}
