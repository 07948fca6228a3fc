//! What becomes of redemptions in the model: confirmed, ended, given back.

use domain::gift::GiftStep;
use domain::money::cumulative_share;
use domain::redemption::RedemptionState;
use domain::rejection::Rejection;
use domain::voucher::VoucherState;

use super::redeem::reply;
use super::{Model, Redemption, Reply};
use crate::takings::Taker;

impl Model {
    pub(super) fn confirm(&mut self, id: &str) -> Result<Reply, Rejection> {
        let redemption = self.redemptions.get_mut(id).ok_or(Rejection::RedemptionNotFound)?;
        match redemption.state {
            RedemptionState::Cancelled => return Err(Rejection::RedemptionCancelled),
            RedemptionState::Expired => return Err(Rejection::RedemptionExpired),
            RedemptionState::Succeeded | RedemptionState::Returned => return Ok(reply(redemption)),
            RedemptionState::Pending => redemption.state = RedemptionState::Succeeded,
        }
        let confirmed = redemption.clone();
        self.move_vouchers(&confirmed, VoucherState::Redeemed);
        self.count_uses(&confirmed);
        Ok(reply(&confirmed))
    }

    pub(super) fn cancel(&mut self, id: &str) -> Result<Reply, Rejection> {
        match self.redemptions.get(id).map(|one| one.state) {
            None => {
                let mark = Redemption {
                    state: RedemptionState::Cancelled,
                    fingerprint: 0,
                    order: None,
                    discount_minor: 0,
                    total_minor: 0,
                    deadline_ms: None,
                    parts: Vec::new(),
                    lines: Vec::new(),
                };
                self.redemptions.insert(id.to_owned(), mark);
            }
            Some(RedemptionState::Pending) => self.end_reservation(id, RedemptionState::Cancelled),
            Some(RedemptionState::Cancelled | RedemptionState::Expired) => {}
            Some(RedemptionState::Succeeded | RedemptionState::Returned) => {
                return Err(Rejection::RedemptionSucceeded);
            }
        }
        Ok(reply(&self.redemptions[id]))
    }

    pub(super) fn end_reservation(&mut self, id: &str, to: RedemptionState) {
        let redemption = self.redemptions.get_mut(id).expect("it is known");
        redemption.state = to;
        let ended = redemption.clone();
        for (place, part) in ended.parts.iter().enumerate() {
            self.takings.give_back(&Taker::Redemption(id.to_owned(), place));
            if let Some(voucher) = part.voucher.filter(|_| !part.pays) {
                // Whether the hold is over is seen with the other holds.
                let held = self.vouchers[voucher].held_until_ms.is_some();
                self.vouchers[voucher].state = if held { VoucherState::Held } else { VoucherState::Issued };
            }
        }
    }

    pub(super) fn give_back(&mut self, id: &str, lines: Option<&[(usize, u32)]>) -> Result<Reply, Rejection> {
        let mut redemption = self.redemptions.get(id).cloned().ok_or(Rejection::RedemptionNotFound)?;
        match (redemption.state, lines) {
            (RedemptionState::Pending, _) => return Err(Rejection::RedemptionPending),
            (RedemptionState::Cancelled, _) => return Err(Rejection::RedemptionCancelled),
            (RedemptionState::Expired, _) => return Err(Rejection::RedemptionExpired),
            (RedemptionState::Returned, None) => return Ok(reply(&redemption)),
            (RedemptionState::Returned, Some(_)) => return Err(Rejection::RedemptionReturned),
            (RedemptionState::Succeeded, None) => redemption.lines.iter_mut().for_each(|line| line.1 = line.0),
            (RedemptionState::Succeeded, Some(lines)) => {
                for (place, quantity) in lines {
                    let line = redemption.lines.get_mut(*place).ok_or(Rejection::ReturnExceedsRest)?;
                    line.1 += quantity;
                    if line.1 > line.0 {
                        return Err(Rejection::ReturnExceedsRest);
                    }
                }
            }
        }
        let whole = redemption.lines.iter().all(|(quantity, returned)| quantity == returned);
        for place in 0..redemption.parts.len() {
            self.give_back_part(id, &mut redemption, place, whole);
        }
        if whole {
            redemption.state = RedemptionState::Returned;
            self.move_vouchers(&redemption, VoucherState::Issued);
        }
        let answer = reply(&redemption);
        self.redemptions.insert(id.to_owned(), redemption);
        Ok(answer)
    }

    fn give_back_part(&mut self, id: &str, redemption: &mut Redemption, place: usize, whole: bool) {
        let lines = redemption.lines.clone();
        let part = &mut redemption.parts[place];
        let share = |(minor, (quantity, returned)): (&i64, &(u32, u32))| {
            cumulative_share(*minor, i64::from(*returned), i64::from(*quantity))
        };
        let returned: i64 = part.lines_minor.iter().zip(&lines).map(share).sum();
        let now_minor = returned - part.returned_minor;
        part.returned_minor = returned;
        let by = Taker::Redemption(id.to_owned(), place);
        let (coupon, card) = (part.coupon, part.voucher.filter(|_| part.pays));
        match card {
            Some(card) => self.enter(card, GiftStep::GivenBack, now_minor),
            None => {
                self.takings.give_back_value(&by, now_minor);
                self.coupons[coupon].figures[3] -= now_minor;
            }
        }
        if whole {
            self.coupons[coupon].figures[2] += 1;
            self.takings.give_back(&by);
        }
    }
}
