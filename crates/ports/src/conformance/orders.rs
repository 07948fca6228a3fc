//! Orders and what becomes of them, in the words of a test.

use domain::id::CustomerNo;
use domain::ledger::{Action, Outcome, RedeemRequest, ReturnLine};
use domain::order::{Line, Order};
use domain::redemption::{Redemption, RedemptionId};
use domain::voucher::Voucher;

use super::crowd::Told;
use super::specs::euro;
use super::world::{TENANT, World, fresh_uuid};

/// A minute, in the milliseconds that clocks count.
pub(super) const MINUTE_MS: i64 = 60_000;
/// How long reservations last in these tests.
pub(super) const RESERVE_MS: i64 = 15 * MINUTE_MS;

/// A fresh order with a line for each pair of quantity and price of one.
pub(super) fn order(lines: &[(u32, i64)]) -> Order {
    let line = |(index, (quantity, price)): (usize, &(u32, i64))| Line::new(format!("sku-{index}"), *quantity, *price);
    let id = Some(format!("order-{}", fresh_uuid().simple()));
    Order { id, ..Order::new(euro(), lines.iter().enumerate().map(line).collect()) }
}

/// A redemption's id that was not there before.
pub(super) fn fresh_redemption() -> RedemptionId {
    RedemptionId::parse(format!("red-{}", fresh_uuid().simple())).expect("letters, digits and hyphens")
}

/// The redemption of an outcome that has one.
#[track_caller]
fn redemption_of(outcome: Outcome) -> Redemption {
    match outcome {
        Outcome::Redemption(redemption) => *redemption,
        other => panic!("a redemption is answered: {other:?}"),
    }
}

impl World {
    /// The use of codes by a fresh order of two lines over 20.00, by nobody in particular.
    pub(super) fn request(&self, codes: &[&str]) -> RedeemRequest {
        self.request_for(order(&[(1, 1_500), (1, 500)]), codes)
    }

    pub(super) fn request_for(&self, order: Order, codes: &[&str]) -> RedeemRequest {
        let ring = self.store.codes();
        RedeemRequest {
            id: fresh_redemption(),
            customer: None,
            order,
            codes: codes.iter().map(|text| ring.read(TENANT, text)).collect(),
            expected_total_minor: None,
            reserve_ms: None,
        }
    }

    pub(super) async fn redeem(&self, request: RedeemRequest) -> Told<Redemption> {
        Ok(redemption_of(self.ask(Action::Redeem(Box::new(request))).await?))
    }

    pub(super) async fn reserve(&self, request: RedeemRequest) -> Told<Redemption> {
        self.redeem(RedeemRequest { reserve_ms: Some(RESERVE_MS), ..request }).await
    }

    /// Redeems one code with a fresh order.
    pub(super) async fn use_code(&self, code: &str) -> Told<Redemption> {
        self.redeem(self.request(&[code])).await
    }

    pub(super) async fn use_code_as(&self, customer: CustomerNo, code: &str) -> Told<Redemption> {
        self.redeem(RedeemRequest { customer: Some(customer), ..self.request(&[code]) }).await
    }

    /// Redeems with an order over that amount.
    pub(super) async fn use_code_on(&self, code: &str, amount_minor: i64) -> Told<Redemption> {
        self.redeem(self.request_for(order(&[(1, amount_minor)]), &[code])).await
    }

    pub(super) async fn use_voucher(&self, voucher: &Voucher) -> Told<Redemption> {
        self.use_code(&self.code_of(voucher).await).await
    }

    pub(super) async fn reserve_code(&self, code: &str) -> Told<Redemption> {
        self.reserve(self.request(&[code])).await
    }

    pub(super) async fn reserve_code_as(&self, customer: CustomerNo, code: &str) -> Told<Redemption> {
        self.reserve(RedeemRequest { customer: Some(customer), ..self.request(&[code]) }).await
    }

    pub(super) async fn reserve_voucher(&self, voucher: &Voucher) -> Told<Redemption> {
        self.reserve_code(&self.code_of(voucher).await).await
    }

    pub(super) async fn confirm(&self, redemption: &RedemptionId) -> Told<Redemption> {
        Ok(redemption_of(self.ask(Action::Confirm { redemption: redemption.clone() }).await?))
    }

    pub(super) async fn cancel(&self, redemption: &RedemptionId) -> Told<Redemption> {
        Ok(redemption_of(self.ask(Action::Cancel { redemption: redemption.clone() }).await?))
    }

    /// Returns all that is left.
    pub(super) async fn give_back(&self, redemption: &RedemptionId) -> Told<Redemption> {
        Ok(redemption_of(self.ask(Action::Return { redemption: redemption.clone(), lines: None }).await?))
    }

    /// Returns so many of a line.
    pub(super) async fn give_back_line(
        &self,
        redemption: &RedemptionId,
        line: usize,
        quantity: u32,
    ) -> Told<Redemption> {
        let lines = Some(vec![ReturnLine { line, quantity }]);
        Ok(redemption_of(self.ask(Action::Return { redemption: redemption.clone(), lines }).await?))
    }

    pub(super) async fn amend(&self, redemption: &RedemptionId, request: RedeemRequest) -> Told<Redemption> {
        let action = Action::Amend { redemption: redemption.clone(), request: Box::new(request) };
        Ok(redemption_of(self.ask(action).await?))
    }
}
