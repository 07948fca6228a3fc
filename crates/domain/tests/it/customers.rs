//! Who is one person, who stands for whom, and what an identity is good for.

use domain::customer::CustomerProfile;
use domain::id::{CouponNo, CustomerId, CustomerNo};
use domain::identity::{IDENTITIES_MAX, IdentityKey, IdentityKind};
use domain::ledger::{Action, MOVES_MAX, Outcome};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::{Refusal, Rejection};
use domain::voucher::VoucherState;

use crate::asking::{command, definition, limit, refusal, stock};
use crate::world::World;

const EMAIL: &str = "ann@x.example";

impl World {
    fn customer_with(&mut self, profile: CustomerProfile) -> Result<CustomerNo, Refusal> {
        let id = CustomerId(self.name());
        match self.ask(Action::CreateCustomer { id, profile: Box::new(profile) })? {
            Outcome::Customer(no) => Ok(no),
            other => panic!("{other:?}"),
        }
    }

    pub fn guest(&mut self, email: &str) -> CustomerNo {
        self.customer_with(CustomerProfile { email: Some(email.to_owned()), ..CustomerProfile::default() }).unwrap()
    }

    /// One that the shop knows.
    pub fn account(&mut self, external_id: &str, email: &str) -> CustomerNo {
        let (external_id, email) = (Some(external_id.to_owned()), Some(email.to_owned()));
        self.customer_with(CustomerProfile { external_id, email, ..CustomerProfile::default() }).unwrap()
    }

    fn ensure(&mut self, kind: IdentityKind, value: &str) -> CustomerNo {
        let id = CustomerId(self.name());
        match self.ask(Action::EnsureCustomer { id, kind, value: value.to_owned() }) {
            Ok(Outcome::Customer(no)) => no,
            other => panic!("{other:?}"),
        }
    }

    fn add(&mut self, customer: CustomerNo, email: &str) -> Result<Outcome, Refusal> {
        self.ask(Action::AddIdentity { customer, kind: IdentityKind::Email, value: email.to_owned() })
    }

    /// Whether it is done.
    pub fn verify(&mut self, customer: CustomerNo, email: &str) -> bool {
        let action = Action::VerifyIdentity { customer, kind: IdentityKind::Email, value: email.to_owned() };
        match self.ask(action) {
            Ok(Outcome::CustomerChanged { is_done, .. }) => is_done,
            other => panic!("{other:?}"),
        }
    }

    fn owned_by(&self, customer: CustomerNo) -> usize {
        self.rows.vouchers.values().filter(|voucher| voucher.customer == Some(customer)).count()
    }

    fn each(&mut self, max: i64) -> CouponNo {
        self.limited(vec![limit(Counts::Claims, Per::Customer, Period::Ever, max)])
    }
}

#[test]
fn who_carries_one_identity_is_one_person_in_limits_from_the_start() {
    let mut world = World::new();
    let coupon = world.each(1);
    let (guest, account) = (world.guest(EMAIL), world.account("shop-1", " ANN@x.example"));
    let stranger = world.guest("bob@x.example");
    world.claim(guest, coupon).unwrap();
    let taken = Rejection::Limit { counts: Counts::Claims, per: Per::Customer, period: Period::Ever };
    assert_eq!(refusal(world.claim(account, coupon)), taken);
    world.claim(stranger, coupon).unwrap();
}

#[test]
fn two_guests_of_one_identity_in_one_batch_are_one_person() {
    let mut world = World::new();
    let coupon = world.each(1);
    let profile = CustomerProfile { email: Some(EMAIL.to_owned()), ..CustomerProfile::default() };
    let make = |name| Action::CreateCustomer { id: CustomerId(name), profile: Box::new(profile.clone()) };
    let claim = |no| Action::Claim { customer: CustomerNo(no), coupons: vec![coupon] };
    let names = [world.name(), world.name()];
    let batch = [make(names[0]), make(names[1]), claim(1), claim(2)].map(command);
    let answers = world.batch(&batch);
    assert!(answers[2].is_ok() && answers[3].is_err(), "{answers:?}");
}

#[test]
fn counters_of_two_become_one_when_they_turn_out_to_be_one_person() {
    let mut world = World::new();
    let coupon = world.each(3);
    let (one, other) = (world.guest(EMAIL), world.guest("bob@x.example"));
    let first = world.claim(one, coupon).unwrap();
    let second = world.claim(other, coupon).unwrap();
    world.add(other, EMAIL).unwrap();
    // Two of three: by whichever of them the third is taken.
    world.claim(other, coupon).unwrap();
    assert!(world.claim(one, coupon).is_err());
    // What was taken before finds its counter.
    world.update(coupon, |definition| definition.name = "renamed".to_owned()).unwrap();
    for voucher in [first, second] {
        world.redeem(&format!("r{}", voucher.key.ordinal), None, &[&world.code(voucher.key)]).unwrap();
    }
}

#[test]
fn what_both_took_is_counted_though_it_is_more_than_one_may_take() {
    let mut world = World::new();
    let hold = Some("PT5M".parse().unwrap());
    let limits = vec![limit(Counts::Claims, Per::Customer, Period::Ever, 1)];
    let coupon = world.coupon(domain::coupon::Definition { hold, limits, ..definition() });
    let (one, other) = (world.guest(EMAIL), world.guest("bob@x.example"));
    let (first, second) = (world.claim(one, coupon).unwrap(), world.claim(other, coupon).unwrap());
    world.add(one, "bob@x.example").unwrap();
    assert!(world.claim(one, coupon).is_err());
    world.release(first.key).unwrap();
    assert!(world.claim(other, coupon).is_err(), "one is still taken");
    world.release(second.key).unwrap();
    world.claim(other, coupon).unwrap();
}

#[test]
fn an_unproven_identity_shows_and_spends_nothing_of_anothers() {
    let mut world = World::new();
    let coupon = world.coupon(domain::coupon::Definition { code: Some("OWN".to_owned()), ..definition() });
    let (holder, liar) = (world.account("shop-1", EMAIL), world.guest("bob@x.example"));
    let voucher = world.claim(holder, coupon).unwrap();
    world.add(liar, EMAIL).unwrap();
    let code = world.code(voucher.key);
    assert_eq!(refusal(world.redeem("r1", Some(liar), &[&code])), Rejection::VoucherForeign);
    // The shared code uses what the liar holds, which is nothing.
    let used = world.redeem("r2", Some(liar), &["OWN"]).unwrap();
    assert_eq!(used.parts[0].voucher, None);
    assert_eq!((world.owned_by(holder), world.owned_by(liar)), (1, 0));
}

#[test]
fn nobody_elses_account_is_had_by_saying_its_unproven_identity() {
    let mut world = World::new();
    let account = world.account("shop-1", EMAIL);
    let guest = world.ensure(IdentityKind::Email, EMAIL);
    assert_ne!(account, guest);
    assert_eq!(world.ensure(IdentityKind::Email, "Ann@X.example"), guest, "the guest is found again");
    assert!(world.verify(account, EMAIL));
    assert_eq!(world.ensure(IdentityKind::Email, EMAIL), account, "now it is proven to be the account's");
    assert_eq!(world.ensure(IdentityKind::ExternalId, "shop-1"), account);
}

#[test]
fn a_proof_merges_guests_and_leaves_accounts_that_only_say_so() {
    let mut world = World::new();
    let coupon = world.limited(vec![stock(10)]);
    let (guest, clumsy) = (world.guest(EMAIL), world.account("shop-1", EMAIL));
    let holder = world.account("shop-2", EMAIL);
    for customer in [guest, clumsy, holder] {
        world.claim(customer, coupon).unwrap();
    }
    assert!(world.verify(holder, EMAIL));
    assert_eq!([guest, clumsy, holder].map(|no| world.owned_by(no)), [0, 1, 2]);
    // The guest's number stands for the holder from now on, and not for who carries it unproven.
    assert_eq!(world.claim(guest, coupon).unwrap().customer, Some(holder));
    assert_eq!(world.claim(clumsy, coupon).unwrap().customer, Some(clumsy));
}

#[test]
fn the_later_proof_wins_and_merges_the_earlier() {
    let mut world = World::new();
    let coupon = world.each(5);
    let (guest, first, second) = (world.guest(EMAIL), world.account("shop-1", EMAIL), world.account("shop-2", EMAIL));
    world.claim(guest, coupon).unwrap();
    assert!(world.verify(first, EMAIL));
    world.claim(first, coupon).unwrap();
    assert!(world.verify(second, EMAIL));
    // Both stand for the last of them, the guest at once and not by way of the first.
    for named in [guest, first, second] {
        assert_eq!(world.claim(named, coupon).unwrap().customer, Some(second));
    }
    assert!(world.claim(guest, coupon).is_err(), "they are one person, who has five");
    let holder = &world.rows.customers[&second];
    let key = |value| IdentityKey::of(IdentityKind::ExternalId, value);
    assert!(holder.identity(&key("shop-1")).is_some() && holder.identity(&key("shop-2")).is_some());
}

#[test]
fn a_merge_and_a_claim_by_the_old_number_share_a_batch() {
    let mut world = World::new();
    let coupon = world.each(2);
    let (guest, holder) = (world.guest(EMAIL), world.account("shop-2", EMAIL));
    let claim = Action::Claim { customer: guest, coupons: vec![coupon] };
    let verify = Action::VerifyIdentity { customer: holder, kind: IdentityKind::Email, value: EMAIL.to_owned() };
    let answers = world.batch(&[claim.clone(), verify, claim.clone(), claim].map(command));
    assert!(answers[2].is_ok() && answers[3].is_err(), "{answers:?}");
    assert_eq!((world.owned_by(guest), world.owned_by(holder)), (0, 2));
}

#[test]
fn a_coupon_for_one_who_was_merged_is_for_who_stands_for_it() {
    let mut world = World::new();
    let (guest, holder) = (world.guest(EMAIL), world.account("shop-2", EMAIL));
    let coupon = world.coupon(domain::coupon::Definition { customers: Some(vec![guest]), ..definition() });
    assert_eq!(refusal(world.claim(holder, coupon)), Rejection::CustomerNotEligible);
    assert!(world.verify(holder, EMAIL));
    world.claim(holder, coupon).unwrap();
    world.claim(guest, coupon).unwrap();
}

#[test]
fn a_large_wallet_moves_step_by_step_and_merges_with_the_last() {
    let mut world = World::new();
    let coupon = world.limited(vec![]);
    let (guest, holder) = (world.guest(EMAIL), world.account("shop-2", EMAIL));
    world.issue(coupon, &vec![guest; MOVES_MAX + 2]).unwrap();
    assert!(!world.verify(holder, EMAIL));
    assert_eq!(world.claim(guest, coupon).unwrap().customer, Some(guest), "not merged yet");
    assert!(world.verify(holder, EMAIL));
    assert_eq!((world.owned_by(guest), world.owned_by(holder)), (0, MOVES_MAX + 3));
}

#[test]
fn a_voucher_that_is_locked_moves_and_is_used_by_its_order() {
    let mut world = World::new();
    let coupon = world.each(1);
    let (guest, holder) = (world.guest(EMAIL), world.account("shop-2", EMAIL));
    let voucher = world.claim(guest, coupon).unwrap();
    world.reserve("r", Some(guest), &[&world.code(voucher.key)]).unwrap();
    assert!(world.verify(holder, EMAIL));
    world.confirm("r").unwrap();
    let row = &world.rows.vouchers[&voucher.key];
    assert_eq!((row.state, row.customer), (VoucherState::Redeemed, Some(holder)));
    assert_eq!(world.rows.redemptions[&crate::asking::id("r")].customer, Some(guest), "who redeemed is history");
}

#[test]
fn erased_is_what_is_personal_and_nothing_else() {
    let mut world = World::new();
    let coupon = world.each(1);
    let customer = world.account("shop-1", EMAIL);
    let voucher = world.claim(customer, coupon).unwrap();
    world.ask(Action::EraseCustomer { customer }).unwrap();
    assert!(world.rows.customers[&customer].is_nameless());
    assert!(world.claim(customer, coupon).is_err(), "what it took is still counted");
    world.redeem("r", None, &[&world.code(voucher.key)]).unwrap();
    assert_eq!(refusal(world.add(customer, EMAIL)), Rejection::CustomerErased);
    // The identity is free for somebody new, who is a person of its own.
    let anew = world.account("shop-1", EMAIL);
    world.claim(anew, coupon).unwrap();
}

#[test]
fn a_profile_is_edited_in_the_version_that_was_read_and_its_identities_follow() {
    let mut world = World::new();
    let customer = world.account("shop-1", EMAIL);
    let profile = |email: &str| {
        let (external_id, email) = (Some("shop-1".to_owned()), Some(email.to_owned()));
        Box::new(CustomerProfile { external_id, email, ..CustomerProfile::default() })
    };
    let update = |if_version, email| Action::UpdateCustomer { customer, if_version, profile: profile(email) };
    world.ask(update(1, "new@x.example")).unwrap();
    assert_eq!(refusal(world.ask(update(1, "late@x.example"))), Rejection::VersionStale);
    let row = &world.rows.customers[&customer];
    let of = |email| row.identity(&IdentityKey::of(IdentityKind::Email, email)).is_some();
    assert_eq!((of("new@x.example"), of(EMAIL), row.identities.len()), (true, false, 2));
}

#[test]
fn identities_are_bounded_and_an_external_id_is_one_customers() {
    let mut world = World::new();
    let (one, other) = (world.account("shop-1", EMAIL), world.guest(EMAIL));
    let external = Action::AddIdentity { customer: other, kind: IdentityKind::ExternalId, value: "shop-1".to_owned() };
    assert_eq!(refusal(world.ask(external)), Rejection::IdentityTaken);
    for index in 2..IDENTITIES_MAX {
        world.add(one, &format!("{index}@x.example")).unwrap();
    }
    assert_eq!(refusal(world.add(one, "more@x.example")), Rejection::IdentitiesFull);
    let identity = IdentityKey::of(IdentityKind::Email, EMAIL);
    let remove = Action::RemoveIdentity { customer: one, identity };
    world.ask(remove.clone()).unwrap();
    assert_eq!(refusal(world.ask(remove)), Rejection::IdentityNotFound);
}
