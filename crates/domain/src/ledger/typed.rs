//! What the typed codes of a redemption stand for. A code that cannot be used is carried along with its refusal.

use super::claim::{barred, check_eligible};
use super::decide::Context;
use super::facts::Facts;
use super::hold::usable;
use super::lookup::{self, Found, Source};
use super::requests::RedeemRequest;
use super::{Stop, gifts, sweep};
use crate::codes::{Pattern, Reading, Shape};
use crate::id::{CouponNo, CustomerNo, VoucherKey, VoucherKind};
use crate::pricing::{Offer, Refused, VoucherWindow};
use crate::rejection::{Refusal, Rejection};
use crate::voucher::{Voucher, VoucherState};

/// One typed code.
#[derive(Debug)]
pub(super) struct Typed {
    code: usize,
    target: Option<Target>,
    refused: Option<Refusal>,
    /// Nobody typed it: its coupon needs no code.
    automatic: bool,
}

/// What it stands for.
#[derive(Debug)]
struct Target {
    source: Source,
    /// The row before, and the voucher as it stands; none for a shared code. Large, and moved several times.
    voucher: Option<Box<(Option<Voucher>, Voucher)>>,
    /// It was named by its id instead of its code.
    by_id: bool,
    /// Of gift value: what can be paid with it.
    balance_minor: Option<i64>,
}

/// What one order names once: a coupon, or of gift value a voucher, as an order may be paid with several.
type Named = (CouponNo, Option<VoucherKey>);

impl Target {
    fn named(&self) -> Named {
        let voucher = self.voucher.as_ref().map(|both| both.1.key);
        (self.source.coupon.no, voucher.filter(|_| gifts::value_of(&self.source.coupon).is_some()))
    }
}

fn with_balance(facts: &mut Facts, context: Context, target: Target) -> Result<Target, Stop> {
    let Some(both) = &target.voucher else { return Ok(target) };
    let account = gifts::account(facts, context, &target.source.coupon, both.1.key)?;
    Ok(Target { balance_minor: account.map(|account| account.available_minor()), ..target })
}

impl Typed {
    pub(super) fn source(&self) -> Option<&Source> {
        self.target.as_ref().map(|target| &target.source)
    }

    pub(super) fn voucher(&self) -> Option<&Voucher> {
        self.target.as_ref()?.voucher.as_ref().map(|both| &both.1)
    }

    pub(super) fn row(&self) -> Option<&Voucher> {
        self.target.as_ref()?.voucher.as_ref()?.0.as_ref()
    }

    /// Whose limits count: who redeems, else the voucher's owner.
    pub(super) fn customer(&self, redeems: Option<CustomerNo>) -> Option<CustomerNo> {
        redeems.or_else(|| self.voucher().and_then(|voucher| voucher.customer))
    }

    pub(super) fn is_automatic(&self) -> bool {
        self.automatic
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.refused = Some(refusal);
    }

    /// To be priced, if it stands for a coupon.
    pub(super) fn offer(&self) -> Option<Offer> {
        let balance_minor = self.target.as_ref().and_then(|target| target.balance_minor);
        let window = |voucher: &Voucher| VoucherWindow { balance_minor, ..VoucherWindow::of(voucher) };
        Some(Offer {
            code: self.code,
            coupon: std::sync::Arc::clone(&self.source()?.coupon),
            voucher: self.voucher().map(window),
            refused: self.refused.clone(),
        })
    }

    /// Its refusal, if it stands for nothing.
    pub(super) fn unknown(&self) -> Option<Refused> {
        let refusal = self.refused.clone().filter(|_| self.target.is_none())?;
        Some(Refused { code: self.code, coupon: None, voucher: None, refusal, help: None })
    }
}

pub(super) fn resolve(facts: &mut Facts, context: Context, request: &RedeemRequest) -> Result<Vec<Typed>, Stop> {
    facts.automatic.ask(&());
    for reading in &request.codes {
        if let Ok(Some(_)) = facts.shared_codes.get(&reading.folded) {
            continue;
        }
        facts.given_codes.ask(&reading.hash);
        lookup::ask(facts, &reading.computed);
    }
    let targets: Vec<_> = request.codes.iter().map(|reading| target_now(facts, context, request, reading)).collect();
    let mut all: Vec<Typed> = Vec::with_capacity(request.codes.len());
    for (code, target) in targets.into_iter().enumerate() {
        let target = target?.map(|target| with_balance(facts, context, target)).transpose()?;
        // A code that is refused does not stand in the way of another of its coupon.
        let good = all.iter().filter(|one| one.refused.is_none());
        let before: Vec<Named> = good.filter_map(|one| Some(one.target.as_ref()?.named())).collect();
        let owner = target.as_ref().and_then(|target| target.voucher.as_ref()?.1.customer);
        let barred = request.customer.or(owner).and_then(|customer| barred(facts, context, customer));
        let refused = match (barred, &target) {
            (Some(refusal), _) => Some(refusal),
            (None, None) => Some(unknown(&request.codes[code])),
            (None, Some(target)) => judge(facts, context, request.customer, (target, &before))?,
        };
        all.push(Typed { code, target, refused, automatic: false });
    }
    add_automatic(facts, context, request, &mut all)?;
    Ok(all)
}

/// Those that need no code come after the typed ones. Whoever typed the code of one has it already, or is told why not.
fn add_automatic(
    facts: &mut Facts,
    context: Context,
    request: &RedeemRequest,
    all: &mut Vec<Typed>,
) -> Result<(), Stop> {
    let Some(automatic) = facts.automatic.get(&())?.map(|all| all.for_order(&request.order)) else { return Ok(()) };
    automatic.iter().for_each(|no| facts.coupons.ask(no));
    let typed = all.len();
    for no in automatic {
        let source = lookup::source(facts, no)?;
        let is_typed = |one: &Typed| one.source().is_some_and(|source| source.coupon.no == no);
        if !source.coupon.is_automatic() || all[..typed].iter().any(is_typed) {
            continue;
        }
        let target = Target { source, voucher: None, by_id: false, balance_minor: None };
        let barred = request.customer.and_then(|customer| barred(facts, context, customer));
        let refused = match barred {
            Some(refusal) => Some(refusal),
            None => judge(facts, context, request.customer, (&target, &[]))?,
        };
        all.push(Typed { code: all.len(), target: Some(target), refused, automatic: true });
    }
    Ok(())
}

fn unknown(reading: &Reading) -> Refusal {
    let detail = match reading.shape {
        Shape::Typo => "this is not a code; it looks mistyped",
        Shape::Other | Shape::Guess | Shape::Computed | Shape::VoucherId => "this is not a code",
    };
    Refusal::new(Rejection::CodeUnknown, detail)
}

/// What a text stands for, deadlines acting.
fn target_now(
    facts: &mut Facts,
    context: Context,
    request: &RedeemRequest,
    reading: &Reading,
) -> Result<Option<Target>, Stop> {
    unlock_own(facts, context, request, reading)?;
    let target = target_of(facts, context, request.customer, reading)?;
    let row = target.as_ref().and_then(|target| target.voucher.as_ref()?.0.clone());
    match row {
        Some(row) if sweep::unlock_due(facts, context, &row)? => target_of(facts, context, request.customer, reading),
        Some(_) | None => Ok(target),
    }
}

/// What the customer holds of a shared code's coupon is his again when the reservation that locked it has run out.
fn unlock_own(facts: &mut Facts, context: Context, request: &RedeemRequest, reading: &Reading) -> Result<(), Stop> {
    let Some(customer) = request.customer else { return Ok(()) };
    let Ok(Some(coupon)) = facts.shared_codes.get(&reading.folded).map(Option::<&_>::copied) else { return Ok(()) };
    let Ok(Some(keys)) = facts.holdings.get(&(customer, coupon)).map(Option::<&_>::cloned) else { return Ok(()) };
    for key in keys {
        // What is not loaded yet is asked for when the code is looked up.
        if let Ok(Some(voucher)) = facts.vouchers.get(&key).map(Option::<&_>::cloned) {
            sweep::unlock_due(facts, context, &voucher)?;
        }
    }
    Ok(())
}

/// Looks a text up: shared, given, computed; an id is of its voucher only.
fn target_of(
    facts: &Facts,
    context: Context,
    customer: Option<CustomerNo>,
    reading: &Reading,
) -> Result<Option<Target>, Stop> {
    let by_id = reading.shape == Shape::VoucherId;
    if let Some(no) = facts.shared_codes.get(&reading.folded)?.copied().filter(|_| !by_id) {
        if let Some(customer) = customer {
            facts.holdings.ask(&(customer, no));
        }
        // A code that was replaced stays its coupon's, so that nobody else is given it, and is good for nothing.
        if lookup::coupon(facts, no)?.folded_code() != Some(&reading.folded) {
            return Ok(None);
        }
        let source = lookup::source(facts, no)?;
        let own = customer.map(|customer| own_voucher(facts, context, customer, no)).transpose()?.flatten();
        let voucher = own.map(|voucher| Box::new((Some(voucher.clone()), voucher)));
        return Ok(Some(Target { source, voucher, by_id, balance_minor: None }));
    }
    let found = match facts.given_codes.get(&reading.hash)? {
        _ if by_id => lookup::voucher(facts, &reading.computed)?,
        Some(given) => facts.vouchers.get(&given.voucher)?.cloned().map(Found::Row),
        None => lookup::voucher(facts, &reading.computed)?,
    };
    let Some(found) = found else { return Ok(None) };
    let source = lookup::source(facts, found.key().coupon)?;
    if !by_id && found.key().kind != VoucherKind::Given && !is_in_form(&source, reading) {
        return Ok(None);
    }
    let voucher = (found.row(), found.voucher(&source.coupon, &facts.settings.zone));
    Ok(Some(Target { source, voucher: Some(Box::new(voucher)), by_id, balance_minor: None }))
}

/// A voucher has one code: the one in its coupon's pattern, not what its numbers would be in another.
fn is_in_form(source: &Source, reading: &Reading) -> bool {
    let text = reading.folded.as_str();
    match &source.coupon.definition.pattern {
        None => text.chars().count() == Pattern::default().total_length(),
        Some(pattern) => {
            text.chars().count() == pattern.total_length() && text.starts_with(pattern.folded_prefix().as_str())
        }
    }
}

/// The oldest voucher of the coupon that the customer can use: a holder who types the shared code uses what he holds.
fn own_voucher(
    facts: &Facts,
    context: Context,
    customer: CustomerNo,
    coupon: CouponNo,
) -> Result<Option<Voucher>, Stop> {
    let Some(keys) = facts.holdings.get(&(customer, coupon))? else { return Ok(None) };
    keys.iter().for_each(|key| facts.vouchers.ask(key));
    for key in keys {
        let voucher = facts.vouchers.get(key)?;
        if let Some(voucher) = voucher.filter(|voucher| usable(voucher, context.now).is_ok()) {
            return Ok(Some(voucher.clone()));
        }
    }
    Ok(None)
}

/// Everything that refuses a code before it is priced, in the order of precedence.
fn judge(
    facts: &Facts,
    context: Context,
    customer: Option<CustomerNo>,
    (target, before): (&Target, &[Named]),
) -> Result<Option<Refusal>, Stop> {
    let coupon = &target.source.coupon;
    let owner = target.voucher.as_ref().and_then(|both| both.1.customer);
    let checks = || -> Result<(), Stop> {
        if let Some((_, voucher)) = target.voucher.as_deref() {
            if owner.is_some() && customer.is_some() && owner != customer {
                return super::refuse(Rejection::VoucherForeign, "the voucher belongs to somebody else");
            }
            // A code that nobody was given is as good as one that does not exist.
            if voucher.state == VoucherState::Pooled {
                return super::refuse(Rejection::CodeUnknown, "this is not a code");
            }
            if target.by_id {
                check_named(customer, owner)?;
            }
            usable(voucher, context.now)?;
        }
        target.source.check_grants(context.now)?;
        check_eligible(facts, context.now, coupon, customer.or(owner))?;
        if before.contains(&target.named()) {
            return super::refuse(Rejection::CouponRepeated, "the coupon was named before for this order");
        }
        Ok(())
    };
    match checks() {
        Ok(()) => Ok(None),
        Err(Stop::Refused(refusal)) => Ok(Some(refusal)),
        Err(Stop::Missing) => Err(Stop::Missing),
    }
}

/// A code is proof by itself. An id is no secret: it is in lists, links and mails.
fn check_named(customer: Option<CustomerNo>, owner: Option<CustomerNo>) -> Result<(), Stop> {
    if customer.is_none() {
        return super::refuse(Rejection::CustomerRequired, "a voucher's id is good only with its owner named");
    }
    if owner != customer {
        return super::refuse(Rejection::VoucherForeign, "the voucher is not this customer's; use its code");
    }
    Ok(())
}
