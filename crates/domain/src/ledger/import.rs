//! Vouchers for codes given by people, such as a partner's: a few, all or none; or as many of a file as are free.

use super::claim::{Making, Origin, all, check_not_over, make};
use super::decide::Context;
use super::facts::Facts;
use super::keys::GivenCode;
use super::lookup::{self, Source};
use super::outcome::{NotImported, Outcome};
use super::persons::standing;
use super::requests::GivenEntry;
use super::{Stop, pool, refuse};
use crate::codes::Reading;
use crate::event::VoucherStep;
use crate::id::{CouponNo, ORDINALS_PER_KIND, VoucherKind};
use crate::rejection::Rejection;
use crate::time::Timestamp;
use crate::voucher::Voucher;

/// All or none.
pub(super) fn issue_given(
    facts: &mut Facts,
    context: Context,
    coupon: CouponNo,
    codes: &[GivenEntry],
) -> Result<Outcome, Stop> {
    let source = importing_source(facts, context.now, coupon, codes.iter())?;
    all(codes
        .iter()
        .enumerate()
        .map(|(index, entry)| take_in(facts, context, &source, (&format!("code {index}"), entry))))
}

/// Those that are free; for each other one, why not. What refuses one code leaves nothing of it behind.
pub(super) fn import_given(
    facts: &mut Facts,
    context: Context,
    coupon: CouponNo,
    codes: &[Result<GivenEntry, String>],
) -> Result<Outcome, Stop> {
    let source = importing_source(facts, context.now, coupon, codes.iter().flatten())?;
    let count = u64::try_from(codes.len()).expect("a list has few codes");
    let next = facts.series.get(&(coupon, VoucherKind::Given))?.copied().unwrap_or(0);
    // For all of them before the first: a code that took from limits must not be refused for this.
    if count > ORDINALS_PER_KIND - next {
        return refuse(Rejection::CodeSpaceExhausted, format!("coupon {coupon} has no room for {count} more codes"));
    }
    let (mut accepted, mut refused, mut missing) = (0, Vec::new(), false);
    for (place, entry) in (0_u32..).zip(codes) {
        let taken = entry.as_ref().map(|entry| take_in(facts, context, &source, ("the code", entry)));
        let reason = match taken {
            Ok(Ok(_)) => {
                accepted += 1;
                continue;
            }
            Ok(Err(Stop::Missing)) => {
                missing = true;
                continue;
            }
            Ok(Err(Stop::Refused(refusal))) => refusal.rejection.code().into_owned(),
            Err(reason) => reason.clone(),
        };
        refused.push(NotImported { place, reason });
    }
    if missing { Err(Stop::Missing) } else { Ok(Outcome::Imported { accepted, refused }) }
}

/// The coupon, if its state lets it take codes; what the codes may be is asked for.
fn importing_source<'a>(
    facts: &Facts,
    now: Timestamp,
    coupon: CouponNo,
    codes: impl Iterator<Item = &'a GivenEntry>,
) -> Result<Source, Stop> {
    facts.series.ask(&(coupon, VoucherKind::Given));
    for entry in codes {
        facts.given_codes.ask(&entry.reading.hash);
        facts.shared_codes.ask(&entry.reading.folded);
        entry.customer.iter().for_each(|no| facts.persons.ask(no));
    }
    let source = lookup::source(facts, coupon)?;
    match source.coupon.import_refusal(now) {
        Some(rejection) => refuse(rejection, format!("coupon {coupon} is {}", source.coupon.state_at(now).name())),
        None => Ok(source),
    }
}

/// One code becomes its owner's voucher, a bearer's, or one that waits in the pool.
fn take_in(
    facts: &mut Facts,
    context: Context,
    source: &Source,
    (what, entry): (&str, &GivenEntry),
) -> Result<Voucher, Stop> {
    check_free(facts, &entry.reading, what)?;
    let coupon = &source.coupon;
    let waits = coupon.has_pool() && entry.customer.is_none();
    let voucher = if waits {
        check_not_over(coupon, context.now)?;
        pool::put(facts, context, coupon.no, entry.reading.hash)?
    } else {
        source.check_grants(context.now)?;
        let customer = entry.customer.map(|no| standing(facts, no)).transpose()?;
        let origin = Origin::New(VoucherKind::Given);
        make(facts, context, source, Making { origin, customer, held_until: None, step: VoucherStep::Issued })?
    };
    let given = GivenCode { voucher: voucher.key, sealed: entry.sealed.clone() };
    facts.given_codes.put(entry.reading.hash, given);
    Ok(voucher)
}

/// Refuses a text that is a code already: shared, given, or one that reads as a live computed code.
pub(super) fn check_free(facts: &Facts, reading: &Reading, what: &str) -> Result<(), Stop> {
    if facts.shared_codes.get(&reading.folded)?.is_some() {
        return refuse(Rejection::CodeTaken, format!("{what} is the shared code of a coupon"));
    }
    if facts.given_codes.get(&reading.hash)?.is_some() {
        return refuse(Rejection::CodeTaken, format!("{what} was given before"));
    }
    if lookup::voucher(facts, &reading.computed)?.is_some() {
        return refuse(Rejection::CodeTaken, format!("{what} reads as a computed code that is in use"));
    }
    Ok(())
}
