//! Claim: a customer takes a voucher of each coupon, or of none.

use super::command::Outcome;
use super::decide::Context;
use super::facts::Facts;
use super::lookup::{Source, granting_source};
use super::takings::{Taken, Want, Whose, take};
use super::{Stop, moves, refuse};
use crate::access_block::{Bar, BlockTarget};
use crate::codes::{Worth, check_density};
use crate::coupon::Coupon;
use crate::event::VoucherStep;
use crate::id::{CouponNo, CustomerNo, ORDINALS_PER_KIND, VoucherKey, VoucherKind};
use crate::limit::Counts;
use crate::rejection::{Refusal, Rejection};
use crate::time::Timestamp;
use crate::voucher::{Voucher, VoucherState};

pub(super) fn claim(
    facts: &mut Facts,
    context: Context,
    customer: CustomerNo,
    coupons: &[CouponNo],
) -> Result<Outcome, Stop> {
    if let Some(refusal) = barred(facts, context, customer) {
        return Err(refusal.into());
    }
    for no in coupons {
        facts.coupons.ask(no);
        facts.series.ask(&(*no, VoucherKind::Row));
    }
    all(coupons.iter().map(|no| claim_one(facts, context, customer, *no)))
}

fn claim_one(facts: &mut Facts, context: Context, customer: CustomerNo, no: CouponNo) -> Result<Voucher, Stop> {
    let source = granting_source(facts, no)?;
    let hold = source.coupon.definition.hold;
    let held_until = hold.map(|span| span.after(context.now, &facts.settings.zone));
    let made = Making { kind: VoucherKind::Row, customer: Some(customer), held_until, step: VoucherStep::Claimed };
    make(facts, context, &source, made)
}

/// All vouchers, or the refusal that comes first. A missing fact does not keep the others from asking for theirs.
pub(super) fn all(vouchers: impl Iterator<Item = Result<Voucher, Stop>>) -> Result<Outcome, Stop> {
    let (mut made, mut first, mut missing) = (Vec::new(), None::<Refusal>, false);
    for (place, voucher) in vouchers.enumerate() {
        match voucher {
            Ok(voucher) => made.push(voucher),
            Err(Stop::Missing) => missing = true,
            Err(Stop::Refused(refusal)) => match &first {
                Some(other) if other.rejection <= refusal.rejection => {}
                Some(_) | None => first = Some(refusal.of_item(place)),
            },
        }
    }
    match first {
        _ if missing => Err(Stop::Missing),
        Some(refusal) => Err(refusal.into()),
        None => Ok(Outcome::Vouchers(made)),
    }
}

/// How a voucher is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Making {
    pub kind: VoucherKind,
    pub customer: Option<CustomerNo>,
    pub held_until: Option<Timestamp>,
    pub step: VoucherStep,
}

/// Makes one voucher of a coupon that grants: takes from the limits, then the next ordinal. Returned without takings,
/// as an answer shows it.
pub(super) fn make(facts: &mut Facts, context: Context, source: &Source, making: Making) -> Result<Voucher, Stop> {
    let coupon = &source.coupon;
    if let Some(customer) = making.customer {
        check_eligible(coupon, Some(customer))?;
    }
    check_not_over(coupon, context.now)?;
    let want = Want {
        counts: Counts::Claims,
        // Without an owner there is nobody whose limits could be asked; assignment or use will ask.
        whose: if making.customer.is_some() { Whose::All } else { Whose::Everyone },
        customer: making.customer,
        amount: 1,
        held: making.held_until.is_some(),
    };
    let Taken { takings, deltas } = take(facts, context, source, want)?;
    let ordinal = take_ordinals(facts, coupon, making.kind, 1)?;
    let (valid_from, valid_until) = coupon.definition.validity.of_voucher(context.now, &facts.settings.zone);
    // The hold never outlives the validity, so that one deadline is all a held voucher has.
    let held_until = making.held_until.map(|hold| valid_until.map_or(hold, |end| hold.min(end)));
    let voucher = Voucher {
        key: VoucherKey { coupon: coupon.no, kind: making.kind, ordinal },
        key_no: facts.key_no,
        version: 0,
        state: if held_until.is_some() { VoucherState::Held } else { VoucherState::Issued },
        customer: making.customer,
        made_at: context.now,
        valid_from,
        valid_until,
        held_until,
        locked_until: None,
        redemption: None,
        takings,
        journal: crate::event::JournalNo::default(),
    };
    Ok(face(moves::voucher(facts, context, None, voucher, (making.step, deltas))))
}

/// The voucher as an answer shows it.
pub(super) fn face(voucher: Voucher) -> Voucher {
    Voucher { takings: Vec::new(), ..voucher }
}

/// Whoever is kept out takes and uses nothing, whoever asks for it.
pub(super) fn barred(facts: &Facts, context: Context, customer: CustomerNo) -> Option<Refusal> {
    let Bar { reason, .. } = facts.standing.bar(BlockTarget::Customer(customer), context.now)?;
    Some(Refusal::new(Rejection::Blocked { reason }, format!("the customer is blocked ({})", reason.name())))
}

pub(super) fn check_eligible(coupon: &Coupon, customer: Option<CustomerNo>) -> Result<(), Stop> {
    if coupon.is_for(customer) {
        return Ok(());
    }
    if customer.is_none() {
        return refuse(Rejection::CustomerRequired, format!("coupon {} is for given customers; name one", coupon.no));
    }
    refuse(Rejection::CustomerNotEligible, format!("coupon {} is for other customers", coupon.no))
}

/// Nothing is made that could never be used.
pub(super) fn check_not_over(coupon: &Coupon, now: Timestamp) -> Result<(), Stop> {
    if coupon.definition.validity.until.is_some_and(|until| until <= now) {
        return refuse(Rejection::Expired, format!("the validity of coupon {} is over", coupon.no));
    }
    Ok(())
}

/// Takes that many ordinals in a row and returns the first.
pub(super) fn take_ordinals(facts: &mut Facts, coupon: &Coupon, kind: VoucherKind, count: u64) -> Result<u64, Stop> {
    let next = facts.series.get(&(coupon.no, kind))?.copied().unwrap_or(0);
    if count > ORDINALS_PER_KIND - next {
        return refuse(
            Rejection::CodeSpaceExhausted,
            format!("coupon {} has {} codes left", coupon.no, ORDINALS_PER_KIND - next),
        );
    }
    check_space(coupon, kind, next + count)?;
    facts.series.put((coupon.no, kind), next + count);
    Ok(next)
}

/// Refuses codes that would be too easy to guess. The default pattern has room for all ordinals of all coupons, and a
/// given code is what people made it.
fn check_space(coupon: &Coupon, kind: VoucherKind, live: u64) -> Result<(), Stop> {
    let Some(pattern) = coupon.definition.pattern.as_ref().filter(|_| kind != VoucherKind::Given) else {
        return Ok(());
    };
    match check_density(pattern, live, Worth::Benefit) {
        Ok(_) => Ok(()),
        Err(dense) => refuse(Rejection::CodeSpaceExhausted, dense.to_string()),
    }
}
