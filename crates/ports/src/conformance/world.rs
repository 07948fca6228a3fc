//! What a test does, in few words. Everything goes through the port; a caller who is told to come again does so.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use domain::campaign::CampaignDefinition;
use domain::coupon::{CouponStep, LimitDefinition};
use domain::customer::CustomerProfile;
use domain::event::Actor;
use domain::id::{CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, FIRST_TENANT, TenantNo};
use domain::ledger::{Action, Answer, Command, Fingerprint, IdempotencyHash, Outcome, Start, VoucherCandidates};
use domain::rejection::Refusal;
use domain::time::Timestamp;
use domain::voucher::Voucher;
use uuid::Uuid;

use super::Harness;
use super::crowd::{Told, all_at_once};
use super::specs::CouponSpec;
use crate::{Clock, Store, StoreError};

/// How often a caller comes again before the store counts as stuck.
const TRIES_MAX: usize = 1_000;

/// The tenant of all tests.
pub(super) const TENANT: TenantNo = FIRST_TENANT;

/// A server at the store under test.
#[derive(Clone)]
pub(super) struct World {
    pub(super) store: Arc<dyn Store>,
    clock: Arc<dyn Clock>,
}

/// An id that was not there before in this process: the stores are empty at the start of every test.
pub(super) fn fresh_uuid() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let mut bytes = [0; 10];
    bytes[2..].copy_from_slice(&NEXT.fetch_add(1, Ordering::Relaxed).to_be_bytes());
    uuid::Builder::from_unix_timestamp_millis(1_772_438_400_000, &bytes).into_uuid()
}

/// An idempotency key that was not there before.
pub(super) fn fresh_key() -> IdempotencyHash {
    *fresh_uuid().as_bytes()
}

/// Of the body: two actions have the same if they would be written the same.
fn fingerprint_of(action: &Action) -> Fingerprint {
    let half = |salt: u8| {
        let mut hasher = DefaultHasher::new();
        (salt, format!("{action:?}")).hash(&mut hasher);
        hasher.finish().to_be_bytes()
    };
    let mut fingerprint = [0; 16];
    fingerprint[..8].copy_from_slice(&half(0));
    fingerprint[8..].copy_from_slice(&half(1));
    fingerprint
}

/// A command of a server with an API key.
pub(super) fn command(key: Option<IdempotencyHash>, action: Action) -> Command {
    Command { actor: Actor::Key(1), key, fingerprint: fingerprint_of(&action), action }
}

/// Makes a campaign that begins as its window says.
pub(super) fn start_campaign(definition: CampaignDefinition) -> Action {
    Action::CreateCampaign { id: CampaignId(fresh_uuid()), definition: Box::new(definition), start: Start::Active }
}

/// The candidates of one voucher that is known.
pub(super) fn named(voucher: &Voucher) -> VoucherCandidates {
    vec![domain::codes::ComputedCode { key_no: voucher.key_no, key: voucher.key }]
}

impl World {
    pub(super) fn of(harness: &dyn Harness) -> Self {
        Self { store: harness.store(), clock: harness.clock() }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Lets time pass.
    pub(super) fn wait(&self, ms: i64) {
        self.clock.advance(ms).expect("a harness has a clock that can be moved");
    }

    /// Lets time pass until that instant.
    pub(super) fn wait_until(&self, at: Timestamp) {
        self.wait(at.as_ms() - self.now().as_ms());
    }

    /// Many servers at once.
    pub(super) async fn all_at_once<T, F>(&self, count: usize, task: impl Fn(Self, usize) -> F) -> Vec<T>
    where
        T: Send + 'static,
        F: Future<Output = T> + Send + 'static,
    {
        all_at_once(count, |index| task(self.clone(), index)).await
    }

    pub(super) async fn submit(&self, command: Command) -> Result<Answer, Refusal> {
        for _ in 0..TRIES_MAX {
            match self.store.submit(TENANT, command.clone()).await {
                Ok(answer) => return answer,
                Err(StoreError::Busy { retry_after_ms }) => {
                    tokio::time::sleep(Duration::from_millis(retry_after_ms)).await;
                }
                Err(error) => panic!("the store could not: {error}"),
            }
        }
        panic!("the store was busy {TRIES_MAX} times in a row");
    }

    pub(super) async fn ask(&self, action: Action) -> Told<Outcome> {
        self.ask_under(None, action).await.map(|answer| answer.outcome)
    }

    pub(super) async fn ask_under(&self, key: Option<IdempotencyHash>, action: Action) -> Told<Answer> {
        self.submit(command(key, action)).await.map_err(|refusal| refusal.rejection)
    }

    pub(super) async fn customers(&self, count: usize) -> Vec<CustomerNo> {
        let create = |world: Self, _| async move {
            let action = Action::CreateCustomer { id: CustomerId(fresh_uuid()), profile: Box::default() };
            match world.ask(action).await {
                Ok(Outcome::Customer(no)) => no,
                other => panic!("a customer is made: {other:?}"),
            }
        };
        self.all_at_once(count, create).await
    }

    pub(super) async fn customer(&self) -> CustomerNo {
        self.customers(1).await[0]
    }

    pub(super) async fn customer_called(&self, external_id: &str) -> Told<CustomerNo> {
        let profile = CustomerProfile { external_id: Some(external_id.to_owned()), ..CustomerProfile::default() };
        let action = Action::CreateCustomer { id: CustomerId(fresh_uuid()), profile: Box::new(profile) };
        match self.ask(action).await? {
            Outcome::Customer(no) => Ok(no),
            other => panic!("a customer is made: {other:?}"),
        }
    }

    pub(super) async fn campaign(&self, limits: Vec<LimitDefinition>) -> CampaignNo {
        let definition = CampaignDefinition { limits, ..CampaignDefinition::new("conformance") };
        match self.ask(start_campaign(definition)).await {
            Ok(Outcome::Campaign { no, .. }) => no,
            other => panic!("a campaign is made: {other:?}"),
        }
    }

    /// A coupon that is still a draft.
    pub(super) async fn draft(&self, spec: CouponSpec) -> Told<CouponNo> {
        let id = CouponId(fresh_uuid());
        let code = spec.definition.code.as_ref().map(|text| self.store.codes().read(TENANT, text));
        match self
            .ask(Action::CreateCoupon { id, definition: Box::new(spec.definition), code, start: Start::Draft })
            .await?
        {
            Outcome::Coupon { no, .. } => Ok(no),
            other => panic!("a coupon is made: {other:?}"),
        }
    }

    /// A coupon that is running.
    pub(super) async fn coupon(&self, spec: CouponSpec) -> CouponNo {
        let no = self.draft(spec).await.expect("it can be made");
        self.step(no, CouponStep::Activate).await.expect("a draft can be activated");
        no
    }

    pub(super) async fn coupons(&self, count: usize, spec: &CouponSpec) -> Vec<CouponNo> {
        let make = |world: Self, _| {
            let spec = spec.clone();
            async move { world.coupon(spec).await }
        };
        self.all_at_once(count, make).await
    }

    pub(super) async fn step(&self, coupon: CouponNo, step: CouponStep) -> Told<Outcome> {
        self.ask(Action::MoveCoupon { coupon, step }).await
    }

    /// Writes a running coupon anew.
    pub(super) async fn rewrite(&self, coupon: CouponNo, spec: CouponSpec) -> Told<Outcome> {
        let code = spec.definition.code.as_ref().map(|text| self.store.codes().read(TENANT, text));
        let if_version = self.coupon_now(coupon).await.version;
        self.ask(Action::UpdateCoupon { coupon, if_version, definition: Box::new(spec.definition), code }).await
    }

    pub(super) async fn claim(&self, customer: CustomerNo, coupon: CouponNo) -> Told<Voucher> {
        self.claim_all(customer, &[coupon]).await.map(|vouchers| vouchers[0].clone())
    }

    pub(super) async fn claim_all(&self, customer: CustomerNo, coupons: &[CouponNo]) -> Told<Vec<Voucher>> {
        self.vouchers_by(Action::Claim { customer, coupons: coupons.to_vec() }).await
    }

    pub(super) async fn issue(&self, coupon: CouponNo, customers: &[CustomerNo]) -> Told<Vec<Voucher>> {
        self.vouchers_by(Action::Issue { coupon, customers: customers.to_vec() }).await
    }

    pub(super) async fn release(&self, voucher: &Voucher) -> Told<Vec<Voucher>> {
        self.vouchers_by(Action::Release { voucher: named(voucher) }).await
    }

    pub(super) async fn revoke(&self, voucher: &Voucher) -> Told<Vec<Voucher>> {
        self.vouchers_by(Action::Revoke { voucher: named(voucher) }).await
    }

    pub(super) async fn vouchers_by(&self, action: Action) -> Told<Vec<Voucher>> {
        Ok(vouchers_of(self.ask(action).await?))
    }
}

/// The vouchers of an outcome that has some.
#[track_caller]
pub(super) fn vouchers_of(outcome: Outcome) -> Vec<Voucher> {
    match outcome {
        Outcome::Vouchers(vouchers) => vouchers,
        other => panic!("vouchers are answered: {other:?}"),
    }
}
