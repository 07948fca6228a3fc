//! A busy day: many servers do whatever can be done, to the same things, in an order that chance picks.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use domain::event::{EventKind, Subject};
use domain::id::{BlockId, CouponNo, CustomerNo};
use domain::ledger::{Action, RedeemRequest};
use domain::redemption::{RedemptionId, RedemptionState};
use domain::statistics::Statistics;
use domain::voucher::{Voucher, VoucherState};

use super::crowd::{Dice, Told};
use super::orders::MINUTE_MS;
use super::specs::CouponSpec;
use super::world::{World, fresh_uuid};
use crate::{HistoryEntry, RedemptionFilter};

const SERVERS: usize = 16;
const STEPS_EACH: usize = 60;
/// Which of the coupons has no limits.
const FREE: usize = 3;
/// Codes in a block of that day.
const BLOCK_CODES: u64 = 7;

/// What there was that day.
#[derive(Debug)]
pub(super) struct Day {
    coupons: Vec<CouponNo>,
    customers: Vec<CustomerNo>,
    /// Codes of blocks.
    printed: AtomicI64,
}

/// One server, with what it knows of.
struct Server {
    world: World,
    day: Arc<Day>,
    codes: Arc<Vec<String>>,
    dice: Dice,
    vouchers: Vec<Voucher>,
    redemptions: Vec<RedemptionId>,
}

impl Day {
    /// Lets that day happen.
    pub(super) async fn of(world: &World, seed: u64) -> Self {
        let codes: Vec<String> = ["A", "B", "C", "D"].iter().map(|name| format!("DAY{seed}{name}")).collect();
        let specs = [
            CouponSpec::new().stock(120).each(9).hold("PT5M"),
            CouponSpec::new().uses(80).budget(30_000).percent(1_500),
            CouponSpec::new().a_day(90).each_a_day(6).hold("PT5M").uses(60),
            CouponSpec::new(),
        ];
        let mut coupons = Vec::new();
        for (spec, code) in specs.into_iter().zip(&codes) {
            coupons.push(world.coupon(spec.code(code)).await);
        }
        let day = Arc::new(Self { coupons, customers: world.customers(12).await, printed: AtomicI64::new(0) });
        let codes = Arc::new(codes);
        let serve = |world: World, index: usize| {
            let seed = seed * 1_000 + u64::try_from(index).expect("a small number");
            let (day, codes, dice) = (Arc::clone(&day), Arc::clone(&codes), Dice::new(seed));
            let mut server = Server { world, day, codes, dice, vouchers: Vec::new(), redemptions: Vec::new() };
            async move {
                for _ in 0..STEPS_EACH {
                    server.step().await;
                }
            }
        };
        world.all_at_once(SERVERS, serve).await;
        Arc::into_inner(day).expect("all servers are done")
    }

    pub(super) async fn figures(&self, world: &World) -> Vec<Statistics> {
        let mut figures = Vec::new();
        for coupon in &self.coupons {
            figures.push(world.figures(*coupon).await);
        }
        figures
    }

    /// The figures of every coupon are those of its rows.
    pub(super) async fn check_figures(&self, world: &World) {
        world.sweep_all().await;
        let redemptions = world.redemptions(RedemptionFilter::default()).await;
        for coupon in &self.coupons {
            let mut counted = Statistics::default();
            for row in world.vouchers_from(*coupon).await {
                let bearer = row.key.kind == domain::id::VoucherKind::Bearer;
                let pooled = row.state == VoucherState::Pooled;
                counted.pooled += i64::from(pooled);
                counted.issued += i64::from(!bearer && !pooled);
                counted.held += i64::from(row.state == VoucherState::Held);
                counted.locked += i64::from(row.state == VoucherState::Locked);
                counted.expired += i64::from(row.state == VoucherState::Expired);
                counted.revoked += i64::from(row.state == VoucherState::Revoked);
            }
            if *coupon == self.coupons[FREE] {
                counted.issued += self.printed.load(Ordering::SeqCst);
            }
            for redemption in &redemptions {
                let done = matches!(redemption.state, RedemptionState::Succeeded | RedemptionState::Returned);
                for part in redemption.parts.iter().filter(|part| done && part.coupon == *coupon) {
                    counted.redeemed += 1;
                    counted.returned += i64::from(redemption.state == RedemptionState::Returned);
                    counted.value_given_minor += part.discount_minor - part.returned_minor;
                }
            }
            assert_eq!(world.figures(*coupon).await, counted, "of coupon {coupon}");
        }
    }

    /// The history of everything has no gap, and each event begins where the one before it ended.
    pub(super) async fn check_histories(&self, world: &World) {
        for coupon in &self.coupons {
            let now = world.coupon_now(*coupon).await;
            check_chain(&world.history(Subject::Coupon(*coupon)).await, now.version);
            for row in world.vouchers_from(*coupon).await {
                check_chain(&world.history(Subject::Voucher(row.key)).await, row.version);
            }
        }
        for customer in &self.customers {
            check_chain(&world.history(Subject::Customer(*customer)).await, 1);
        }
        for redemption in world.redemptions(RedemptionFilter::default()).await {
            check_chain(&world.history(Subject::Redemption(redemption.id)).await, redemption.version);
        }
    }
}

/// Versions from 1 to that one without a gap, times that do not go back, states that follow each other.
#[track_caller]
fn check_chain(history: &[HistoryEntry], version: u32) {
    let versions: Vec<u32> = history.iter().map(|entry| entry.event.version).collect();
    assert_eq!(versions, (1..=version).collect::<Vec<_>>());
    assert!(history.is_sorted_by_key(|entry| entry.at));
    let mut before = None;
    for entry in history {
        let (from, to) = match &entry.event.kind {
            EventKind::Voucher { from, to, .. } => (from.map(|state| state as u8), Some(*to as u8)),
            EventKind::Redemption { from, to, .. } => (from.map(|state| state as u8), Some(*to as u8)),
            EventKind::Coupon { from, to } => (from.map(|state| state as u8), Some(*to as u8)),
            EventKind::Campaign { from, to } => (from.map(|state| state as u8), Some(*to as u8)),
            EventKind::Customer
            | EventKind::BlockMade { .. }
            | EventKind::BlockRevoked
            | EventKind::Account
            | EventKind::CustomerMerged { .. }
            | EventKind::CustomerErased
            | EventKind::Gift { .. } => (None, None),
        };
        assert_eq!(from, before, "an event begins where the one before it ended: {entry:?}");
        before = to;
    }
}

impl Server {
    fn coupon(&mut self) -> CouponNo {
        self.day.coupons[self.dice.below(self.day.coupons.len())]
    }

    fn customer(&mut self) -> CustomerNo {
        self.day.customers[self.dice.below(self.day.customers.len())]
    }

    fn voucher(&mut self) -> Option<Voucher> {
        let place = self.dice.below(self.vouchers.len().max(1));
        self.vouchers.get(place).cloned()
    }

    fn redemption(&mut self) -> Option<RedemptionId> {
        let place = self.dice.below(self.redemptions.len().max(1));
        self.redemptions.get(place).cloned()
    }

    /// One or two codes, of a voucher or shared, mostly for the voucher's owner.
    async fn request(&mut self) -> RedeemRequest {
        let mut codes = vec![self.codes[self.dice.below(self.codes.len())].clone()];
        let mut customer = Some(self.customer());
        if let Some(voucher) = self.voucher().filter(|_| self.dice.below(4) > 0) {
            codes.insert(0, self.world.code_of(&voucher).await);
            customer = voucher.customer.filter(|_| self.dice.below(8) > 0).or(customer);
        }
        codes.truncate(1 + self.dice.below(2));
        let codes: Vec<&str> = codes.iter().map(String::as_str).collect();
        RedeemRequest { customer, ..self.world.request(&codes) }
    }

    async fn step(&mut self) {
        match self.dice.below(16) {
            0..=4 => self.take().await,
            5..=8 => self.begin().await,
            9..=12 => self.finish().await,
            _ => self.rest().await,
        }
    }

    async fn take(&mut self) {
        let (customer, coupon) = (self.customer(), self.coupon());
        let taken = match self.dice.below(4) {
            0 => self.world.issue(coupon, &[customer]).await,
            1 => {
                let coupons = self.dice.some_of(&self.day.coupons, 3);
                self.world.claim_all(customer, &coupons).await
            }
            _ => self.world.claim_all(customer, &[coupon]).await,
        };
        self.vouchers.extend(taken.unwrap_or_default());
    }

    async fn begin(&mut self) {
        let request = self.request().await;
        let begun = match (self.dice.below(4), self.redemption()) {
            (0, Some(id)) => self.world.amend(&id, request).await,
            (1, _) => self.world.redeem(request).await,
            _ => self.world.reserve(request).await,
        };
        self.redemptions.extend(begun.ok().map(|redemption| redemption.id));
    }

    async fn finish(&mut self) {
        let Some(id) = self.redemption() else { return };
        let _: Told<_> = match self.dice.below(9) {
            0..=4 => self.world.confirm(&id).await,
            5 => self.world.cancel(&id).await,
            6 => self.world.give_back(&id).await,
            _ => self.world.give_back_line(&id, self.dice.below(2), 1).await,
        };
    }

    async fn rest(&mut self) {
        let voucher = self.voucher();
        match (self.dice.below(8), voucher) {
            (0 | 1, Some(voucher)) => drop(self.world.release(&voucher).await),
            (2, Some(voucher)) => drop(self.world.revoke(&voucher).await),
            (3, _) => {
                let coupon = self.day.coupons[FREE];
                let action = Action::IssueBlock { coupon, id: BlockId(fresh_uuid()), count: BLOCK_CODES };
                self.world.ask(action).await.expect("it has no limits");
                self.day.printed.fetch_add(BLOCK_CODES.cast_signed(), Ordering::SeqCst);
            }
            (4, _) => self.world.wait(MINUTE_MS),
            (5, _) => drop(self.world.store.sweep(5).await.expect("a sweep can be made")),
            _ => {}
        }
    }
}
