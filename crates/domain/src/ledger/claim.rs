//! Claim: a customer takes a voucher of each coupon, or of none.

use super::decide::Context;
use super::facts::Facts;
use super::lookup::{Source, granting_source};
use super::outcome::Outcome;
use super::persons::standing;
use super::takings::{Taken, Want, Whose, take_all};
use super::{Stop, draw, gifts, moves, pool, refuse};
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
    let customer = standing(facts, customer)?;
    // Also under the number of whoever was merged into one that is blocked.
    if let Some(refusal) = barred(facts, context, customer) {
        return Err(refusal.into());
    }
    all(coupons.iter().map(|no| claim_one(facts, context, customer, *no)))
}

fn claim_one(facts: &mut Facts, context: Context, customer: CustomerNo, no: CouponNo) -> Result<Voucher, Stop> {
    let source = granting_source(facts, context.now, no)?;
    let hold = source.coupon.definition.hold;
    let held_until = hold.map(|span| span.after(context.now, &facts.settings.zone));
    let made =
        Making { origin: Origin::of_claim(&source), customer: Some(customer), held_until, step: VoucherStep::Claimed };
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

/// Where a voucher comes from.
#[derive(Clone, Debug)]
pub(super) enum Origin {
    /// It is made.
    New(VoucherKind),
    /// It is the next of the coupon's pool.
    Pool,
    /// It is this one of the coupon's pool.
    Pooled(Voucher),
}

impl Origin {
    /// Of what a customer takes or is given of that coupon.
    pub(super) fn of_claim(source: &Source) -> Self {
        if source.coupon.has_pool() { Self::Pool } else { Self::New(VoucherKind::Row) }
    }
}

/// How a voucher gets its owner, or begins without one.
#[derive(Clone, Debug)]
pub(super) struct Making {
    pub origin: Origin,
    pub customer: Option<CustomerNo>,
    pub held_until: Option<Timestamp>,
    pub step: VoucherStep,
}

/// Makes one voucher of a coupon that grants, or hands one out of its pool: takes from the limits, then the next ordinal
/// or code. Returned without takings, as an answer shows it.
pub(super) fn make(facts: &mut Facts, context: Context, source: &Source, making: Making) -> Result<Voucher, Stop> {
    let coupon = &source.coupon;
    if let Some(customer) = making.customer {
        check_eligible(facts, context.now, coupon, Some(customer))?;
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
    draw::check_room(facts, context, source, want)?;
    let mut taken = take_all(facts, context, source, [Some(want), gifts::issued_value(source, want)])?;
    let (before, key, key_no) = match making.origin {
        Origin::New(kind) => {
            let ordinal = take_ordinals(facts, coupon, kind, 1)?;
            (None, VoucherKey { coupon: coupon.no, kind, ordinal }, facts.key_no)
        }
        Origin::Pool => of_pool(pool::next(facts, context, coupon)?),
        Origin::Pooled(voucher) => of_pool(voucher),
    };
    let (amount_minor, value) = draw::draw(facts, context, source, (want, key))?;
    taken.extend(value);
    let Taken { takings, deltas } = taken;
    let (valid_from, valid_until) = coupon.definition.validity.of_voucher(context.now, &facts.settings.zone);
    // The hold never outlives the validity, so that one deadline is all a held voucher has.
    let held_until = making.held_until.map(|hold| valid_until.map_or(hold, |end| hold.min(end)));
    let voucher = Voucher {
        key,
        key_no,
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
        amount_minor,
    };
    let written = moves::voucher(facts, context, before.as_ref(), voucher, (making.step, deltas));
    gifts::open(facts, context, coupon, &written);
    Ok(face(written))
}

/// It keeps its key, and the key of the ring that its id is made with.
fn of_pool(voucher: Voucher) -> (Option<Voucher>, VoucherKey, u32) {
    let (key, key_no) = (voucher.key, voucher.key_no);
    (Some(voucher), key, key_no)
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

/// Refuses a customer whom the coupon is not for.
pub(super) fn check_eligible(
    facts: &Facts,
    now: Timestamp,
    coupon: &Coupon,
    customer: Option<CustomerNo>,
) -> Result<(), Stop> {
    if coupon.is_for(customer) {
        return check_age(facts, now, coupon, customer);
    }
    // It stands for those that were merged into it; the coupon may name one of them.
    if let Some(no) = customer
        && let Some(merged) = facts.merged.get(&no)?
        && merged.iter().any(|no| coupon.is_for(Some(*no)))
    {
        return check_age(facts, now, coupon, customer);
    }
    if customer.is_none() {
        return refuse(Rejection::CustomerRequired, format!("coupon {} is for given customers; name one", coupon.no));
    }
    refuse(Rejection::CustomerNotEligible, format!("coupon {} is for other customers", coupon.no))
}

/// The customer is loaded only for a coupon that asks for an age.
fn check_age(facts: &Facts, now: Timestamp, coupon: &Coupon, customer: Option<CustomerNo>) -> Result<(), Stop> {
    let (no, Some(min_age)) = (coupon.no, coupon.definition.min_age) else { return Ok(()) };
    let Some(customer) = customer else {
        let detail = format!("coupon {no} is for customers of at least {min_age} years; name one");
        return refuse(Rejection::CustomerRequired, detail);
    };
    let customer = facts.customers.get(&customer)?;
    match customer.and_then(|customer| customer.profile.age_at(now, &facts.settings.zone)) {
        Some(age) if age >= i16::from(min_age) => Ok(()),
        Some(_) => refuse(Rejection::UnderAge, format!("coupon {no} is for customers of at least {min_age} years")),
        None => {
            let detail = format!("coupon {no} is for customers of at least {min_age} years; no date of birth is known");
            refuse(Rejection::UnderAge, detail)
        }
    }
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
/// given code is what people made it. Stored value needs a longer one than the default.
fn check_space(coupon: &Coupon, kind: VoucherKind, live: u64) -> Result<(), Stop> {
    let is_value = gifts::value_of(coupon).is_some();
    let pattern = match &coupon.definition.pattern {
        _ if kind == VoucherKind::Given => return Ok(()),
        None if !is_value => return Ok(()),
        pattern => pattern.clone().unwrap_or_default(),
    };
    let worth = if is_value { Worth::StoredValue } else { Worth::Benefit };
    match check_density(&pattern, live, worth) {
        Ok(_) => Ok(()),
        Err(dense) => refuse(Rejection::CodeSpaceExhausted, dense.to_string()),
    }
}
