//! What a redemption takes from the limits of the coupons that it uses.

use super::Stop;
use super::decide::Context;
use super::facts::Facts;
use super::requests::RedeemRequest;
use super::takings::{self, Taken, Want, Whose, take, undo};
use super::typed::Typed;
use crate::limit::Counts;
use crate::pricing::Quote;
use crate::rejection::Refusal;

/// A code that a limit refuses, by its place among those typed.
pub(super) type Unfit = (usize, Refusal);

/// Takes for every applied coupon, or tells which codes a limit refuses. What was taken for the others is put back. Whatever
/// is refused now is refused too when others are left out: what it gives can only grow.
pub(super) fn take_for(
    facts: &mut Facts,
    context: Context,
    request: &RedeemRequest,
    (typed, quote): (&[Typed], &Quote),
) -> Result<Result<Vec<Taken>, Vec<Unfit>>, Stop> {
    let (mut all, mut refusals, mut missing) = (Vec::with_capacity(quote.applied.len()), Vec::new(), false);
    let applied = quote.applied.iter().map(|applied| (applied.code, Some(applied.discount_minor)));
    for (code, discount_minor) in applied.chain(quote.payments.iter().map(|payment| (payment.code, None))) {
        match take_one(facts, context, request, (&typed[code], discount_minor)) {
            Ok(taken) => all.push(taken),
            Err(Stop::Missing) => missing = true,
            Err(Stop::Refused(refusal)) => refusals.push((code, refusal)),
        }
    }
    if missing {
        return Err(Stop::Missing);
    }
    if refusals.is_empty() {
        return Ok(Ok(all));
    }
    put_back(facts, &all)?;
    Ok(Err(refusals))
}

/// As if it had not been taken.
fn put_back(facts: &mut Facts, taken: &[Taken]) -> Result<(), Stop> {
    taken.iter().flat_map(|taken| &taken.deltas).try_for_each(|delta| undo(facts, delta))
}

/// Takes for one coupon, from all its limits or from none. Gift value gives no discount, and pays.
fn take_one(
    facts: &mut Facts,
    context: Context,
    request: &RedeemRequest,
    (typed, discount_minor): (&Typed, Option<i64>),
) -> Result<Taken, Stop> {
    let source = typed.source().expect("an applied code has a coupon");
    let wants = wants(request, typed, discount_minor).into_iter().flatten();
    // Most coupons have few limits, many none.
    let wants = wants.filter(|want| source.limits().any(|limit| limit.counts == want.counts)).collect::<Vec<_>>();
    wants.iter().for_each(|want| takings::ask(facts, context.now, source, *want));
    if let Some(held) = typed.voucher().filter(|voucher| voucher.held_until.is_some()) {
        // What is missing is asked for by this.
        let _ = takings::need(facts, &held.takings);
    }
    let mut taken = Taken::default();
    for want in wants {
        match take(facts, context, source, want) {
            Ok(more) => taken.extend(more),
            Err(stop) => {
                put_back(facts, &[taken])?;
                return Err(stop);
            }
        }
    }
    Ok(taken)
}

/// What a use takes: a shared code is claimed and used in one step; a voucher without an owner counts for whoever uses
/// it. To pay is no claim, and the value was counted when it was issued.
fn wants(request: &RedeemRequest, typed: &Typed, discount_minor: Option<i64>) -> [Option<Want>; 3] {
    let claim = Want {
        counts: Counts::Claims,
        whose: Whose::All,
        customer: typed.customer(request.customer),
        amount: 1,
        held: request.reserve_ms.is_some(),
    };
    let used = Want { counts: Counts::Redemptions, ..claim };
    let Some(discount_minor) = discount_minor else { return [Some(used), None, None] };
    let claimed = match typed.voucher() {
        None => Some(claim),
        Some(voucher) if voucher.customer.is_none() => Some(Want { whose: Whose::Customers, ..claim }),
        Some(_) => None,
    };
    let value = Want { counts: Counts::Value, amount: discount_minor, ..claim };
    let value = match typed.voucher() {
        // What was drawn was counted then: for everyone, and for the owner if there was one.
        Some(voucher) if voucher.amount_minor.is_some() => {
            voucher.customer.is_none().then_some(Want { whose: Whose::Customers, ..value })
        }
        Some(_) | None => Some(value),
    };
    [claimed, Some(used), value]
}
