//! Redemption: an order uses vouchers and shared codes, at once or reserved; and its quote, which is the same decision
//! without the writing.

use std::borrow::Cow;

use super::command::Fingerprint;
use super::decide::Context;
use super::decision::{DecisionRecord, OfferRecord};
use super::facts::Facts;
use super::moves::{self, RedemptionMove};
use super::outcome::Outcome;
use super::persons::standing;
use super::requests::RedeemRequest;
use super::settle::{amounts, redeem_voucher};
use super::takings::{Taken, summed};
use super::typed::{Typed, resolve};
use super::uses::take_for;
use super::{Stop, gifts, goods, refuse, shopper, sweep};
use crate::bearing::{Borne, MerchantShare};
use crate::event::{JournalNo, VoucherStep};
use crate::id::CustomerNo;
use crate::order::Order;
use crate::pricing::{Applied, Offer, PRICING_REVISION, Payment, Quote, Refused, Terms, price};
use crate::redemption::{Paid, Part, RedeemedLine, Redemption, RedemptionState};
use crate::rejection::{Refusal, Rejection};
use crate::rule::{Asks, Declared};
use crate::stacking::Pricing;
use crate::tenant::Settings;
use crate::time::Timestamp;
use crate::voucher::{Voucher, VoucherState};

/// Redeems or reserves. Every code must be good: one refusal refuses the whole.
pub(super) fn redeem(
    facts: &mut Facts,
    context: Context,
    request: &RedeemRequest,
    fingerprint: Fingerprint,
) -> Result<Outcome, Stop> {
    let request = &*by_standing(facts, context, request)?;
    match prepare(facts, context, request, fingerprint) {
        Ok(None) => {}
        Ok(Some(known)) => return Ok(Outcome::Redemption(Box::new(known))),
        Err(Stop::Refused(refusal)) => return Err(refusal.into()),
        // The rest is decided all the same, for what else it wants.
        Err(Stop::Missing) => {
            let _ = evaluate(facts, context, request);
            return Err(Stop::Missing);
        }
    }
    let priced = evaluate(facts, context, request)?;
    let typed = priced.quote.refused.iter().filter(|refused| !priced.typed[refused.code].is_automatic());
    if let Some(first) = typed.min_by_key(|refused| refused.refusal.rejection) {
        return Err(Stop::Refused(named(first)));
    }
    if request.expected_total_minor.is_some_and(|expected| expected != priced.quote.total_minor) {
        let total = priced.quote.total_minor;
        let detail = format!("the order comes to a total of {total} minor units");
        return Err(Refusal::new(Rejection::TotalDiffers, detail).with_quote(priced.quote).into());
    }
    Ok(Outcome::Redemption(Box::new(write(facts, context, request, fingerprint, priced)?)))
}

/// What the order would come to; codes that are refused, by their limits too, are listed with the reason.
pub(super) fn quote(facts: &mut Facts, context: Context, request: &RedeemRequest) -> Result<Quote, Stop> {
    let request = by_standing(facts, context, request)?;
    Ok(evaluate(facts, context, &request)?.quote)
}

/// The request of whoever stands for the customer it names.
fn by_standing<'r>(
    facts: &mut Facts,
    context: Context,
    request: &'r RedeemRequest,
) -> Result<Cow<'r, RedeemRequest>, Stop> {
    let Some(named) = request.customer else { return Ok(Cow::Borrowed(request)) };
    match standing(facts, named) {
        Ok(no) if no == named => Ok(Cow::Borrowed(request)),
        Ok(no) => Ok(Cow::Owned(RedeemRequest { customer: Some(no), ..request.clone() })),
        // The rest is decided all the same, for what else it wants.
        Err(stop) => {
            let _ = evaluate(facts, context, request);
            Err(stop)
        }
    }
}

fn named(refused: &Refused) -> Refusal {
    let detail = Cow::Owned(format!("code {}: {}", refused.code, refused.refusal.detail));
    Refusal { detail, ..refused.refusal.clone() }.of_item(refused.code)
}

/// The redemption of this id, if the request is its repetition; else the order is made free for it.
fn prepare(
    facts: &mut Facts,
    context: Context,
    request: &RedeemRequest,
    fingerprint: Fingerprint,
) -> Result<Option<Redemption>, Stop> {
    let known = repeated(facts, context, request, fingerprint)?;
    if known.is_none() {
        free_order(facts, context, request)?;
    }
    Ok(known)
}

/// The redemption of this id, if the request is its repetition.
fn repeated(
    facts: &mut Facts,
    context: Context,
    request: &RedeemRequest,
    fingerprint: Fingerprint,
) -> Result<Option<Redemption>, Stop> {
    if let Some(order) = &request.order.id {
        facts.orders.ask(order);
    }
    let Some(known) = facts.redemptions.get(&request.id)? else { return Ok(None) };
    match known.state_at(context.now) {
        RedemptionState::Cancelled => refuse(Rejection::RedemptionCancelled, "this redemption was cancelled"),
        _ if known.fingerprint != fingerprint => {
            refuse(Rejection::RedemptionIdReused, "this redemption id was used before with another body")
        }
        RedemptionState::Expired => refuse(Rejection::RedemptionExpired, "the reservation's deadline has passed"),
        RedemptionState::Pending | RedemptionState::Succeeded | RedemptionState::Returned => Ok(Some(known.clone())),
    }
}

/// An order has at most one live redemption; one whose time is over makes room.
fn free_order(facts: &mut Facts, context: Context, request: &RedeemRequest) -> Result<(), Stop> {
    let Some(order) = &request.order.id else { return Ok(()) };
    let Some(other) = facts.orders.get(order)?.cloned() else { return Ok(()) };
    if sweep::expire_reservation(facts, context, &other)? {
        return Ok(());
    }
    refuse(Rejection::OrderAlreadyRedeemed, format!("the order has the live redemption {other}"))
}

/// A priced request with what it took from the limits, in the order of the quote's applied coupons, then of its payments.
struct Priced<'r> {
    /// The order with what was looked up of who buys and of what is bought.
    order: Cow<'r, Order>,
    quote: Quote,
    typed: Vec<Typed>,
    taken: Vec<Taken>,
}

/// Prices the codes, then takes from the limits of those that apply. A code that a limit refuses is left out and the
/// rest priced again, as each step sees what the step before left.
fn evaluate<'r>(facts: &mut Facts, context: Context, request: &'r RedeemRequest) -> Result<Priced<'r>, Stop> {
    let mut typed = resolve(facts, context, request)?;
    let customer = known_customer(request, &typed);
    let asks = asked(facts, &typed);
    // Both are asked for at once.
    let listed = goods::listed(facts, &request.order, (&typed, &asks));
    let order = shopper::order_of(facts, context, (&request.order, customer), asks)?;
    let order = goods::order_of(order, listed?);
    loop {
        let offers: Vec<Offer> = typed.iter().filter_map(Typed::offer).collect();
        let mut quote = price(&order, &offers, terms(&facts.settings, customer.is_some()), context.now);
        quote.refused.extend(typed.iter().filter_map(Typed::unknown));
        quote.refused.sort_by_key(|refused| refused.code);
        keep_helpful(&mut quote, &typed);
        match take_for(facts, context, request, (&typed, &quote))? {
            Ok(taken) => return Ok(Priced { order, quote, typed, taken }),
            Err(refusals) => refusals.into_iter().for_each(|(code, refusal)| typed[code].refuse(refusal)),
        }
    }
}

/// What the conditions of the coupons in play ask for.
fn asked(facts: &Facts, typed: &[Typed]) -> Asks {
    let coupons = typed.iter().filter_map(Typed::source).map(|source| &source.coupon);
    let conditions = coupons.filter_map(|coupon| coupon.condition(&facts.settings.attributes).ok().flatten());
    conditions.fold(Asks::default(), |asks, condition| asks.or(condition.asks()))
}

/// Coupons that nobody typed the code of and that do not apply: of those only what would help is worth telling.
const HELPFUL_MAX: usize = 10;

fn keep_helpful(quote: &mut Quote, typed: &[Typed]) {
    let mut helpful = 0;
    quote.refused.retain(|refused| {
        let is_automatic = typed[refused.code].is_automatic();
        helpful += usize::from(is_automatic && refused.help.is_some());
        !is_automatic || (refused.help.is_some() && helpful <= HELPFUL_MAX)
    });
}

fn terms(settings: &Settings, customer_known: bool) -> Terms<'_> {
    Terms { zone: &settings.zone, pricing: &settings.pricing, attributes: &settings.attributes, customer_known }
}

/// Who buys: who is named, else the owner of a voucher that is used.
fn known_customer(request: &RedeemRequest, typed: &[Typed]) -> Option<CustomerNo> {
    request.customer.or_else(|| typed.iter().find_map(|one| one.customer(None)))
}

fn write(
    facts: &mut Facts,
    context: Context,
    request: &RedeemRequest,
    fingerprint: Fingerprint,
    priced: Priced<'_>,
) -> Result<Redemption, Stop> {
    let Priced { order, quote, typed, taken } = priced;
    let customer = known_customer(request, &typed);
    let deltas = taken.iter().flat_map(|taken| taken.deltas.iter().copied()).collect::<Vec<_>>();
    let parts = parts_of(&quote, &typed, taken, request.order.lines.len());
    for part in &parts {
        let Some(key) = part.voucher else { continue };
        let one = typed.iter().find(|one| one.voucher().is_some_and(|voucher| voucher.key == key));
        let one = one.expect("an applied voucher was typed");
        use_or_lock(facts, context, request, (one.row(), one.voucher().expect("it is a voucher").clone()))?;
    }
    let state = if request.reserve_ms.is_some() { RedemptionState::Pending } else { RedemptionState::Succeeded };
    let payments = pay(facts, context, (request, state), (&typed, &quote))?;
    facts.record_decision(record_of(facts, context, (request, customer), (&order, &typed, &quote)));
    let redemption = Redemption {
        id: request.id.clone(),
        version: 0,
        state,
        fingerprint,
        customer,
        order: request.order.id.clone(),
        currency: Some(quote.currency),
        subtotal_minor: quote.undiscounted_minor(),
        discount_minor: quote.discount_minor,
        total_minor: quote.total_minor,
        lines: request.order.lines.iter().map(|line| RedeemedLine { quantity: line.quantity, returned: 0 }).collect(),
        made_at: context.now,
        deadline: deadline(context, request),
        journal: JournalNo::default(),
        shares: Some(shares_of(&quote)),
        parts,
        payments,
    };
    let moved = RedemptionMove { from: None, amounts: amounts(&redemption.parts), usage: summed(deltas) };
    Ok(moves::redemption(facts, context, redemption, moved))
}

fn parts_of(quote: &Quote, typed: &[Typed], taken: Vec<Taken>, lines: usize) -> Vec<Part> {
    let part = |(applied, taken): (&Applied, Taken)| {
        let mut lines_minor = vec![0; lines];
        for share in &applied.lines {
            lines_minor[share.line] = share.discount_minor;
        }
        Part {
            coupon: applied.coupon,
            voucher: typed[applied.code].voucher().map(|voucher| voucher.key),
            discount_minor: applied.discount_minor,
            lines_minor,
            takings: taken.takings,
            returned_minor: 0,
        }
    };
    let of_payment = |(payment, taken): (&Payment, Taken)| Part {
        coupon: payment.coupon,
        voucher: None,
        discount_minor: 0,
        lines_minor: vec![0; lines],
        takings: taken.takings,
        returned_minor: 0,
    };
    let mut taken = taken.into_iter();
    let mut parts: Vec<Part> = quote.applied.iter().zip(taken.by_ref()).map(part).collect();
    parts.extend(quote.payments.iter().zip(taken).map(of_payment));
    parts
}

/// Takes the payments from the vouchers' accounts, or holds them.
fn pay(
    facts: &mut Facts,
    context: Context,
    (request, state): (&RedeemRequest, RedemptionState),
    (typed, quote): (&[Typed], &Quote),
) -> Result<Vec<Paid>, Stop> {
    let mut payments = Vec::with_capacity(quote.payments.len());
    for Payment { code, voucher, amount_minor, lines_minor, .. } in &quote.payments {
        let paid = Paid {
            voucher: *voucher,
            amount_minor: *amount_minor,
            lines_minor: lines_minor.clone(),
            returned_minor: 0,
        };
        let one = &typed[*code];
        let coupon = &one.source().expect("what pays has a coupon").coupon;
        let voucher = (&**coupon, one.row(), one.voucher().expect("what pays is a voucher"));
        gifts::pay(facts, context, voucher, (&paid, &request.id, state))?;
        payments.push(paid);
    }
    Ok(payments)
}

/// Parts and what is applied are in the same order.
fn shares_of(quote: &Quote) -> Vec<MerchantShare> {
    let share = |(part, borne): (u32, &Borne)| MerchantShare::of(part, borne.clone());
    let by_part = (0..).zip(&quote.applied);
    by_part.flat_map(|(part, applied)| applied.borne_by.iter().map(move |borne| share((part, borne)))).collect()
}

fn deadline(context: Context, request: &RedeemRequest) -> Option<Timestamp> {
    request.reserve_ms.map(|ms| context.now.saturating_add_ms(ms))
}

fn use_or_lock(
    facts: &mut Facts,
    context: Context,
    request: &RedeemRequest,
    (before, voucher): (Option<&Voucher>, Voucher),
) -> Result<(), Stop> {
    if request.reserve_ms.is_none() {
        return redeem_voucher(facts, context, (before, voucher), &request.id);
    }
    let after = Voucher {
        state: VoucherState::Locked,
        locked_until: deadline(context, request),
        redemption: Some(request.id.clone()),
        ..voucher
    };
    moves::voucher(facts, context, before, after, (VoucherStep::Locked, Vec::new()));
    Ok(())
}

fn record_of(
    facts: &Facts,
    context: Context,
    (request, customer): (&RedeemRequest, Option<CustomerNo>),
    (order, typed, quote): (&Order, &[Typed], &Quote),
) -> DecisionRecord {
    // Of those that nobody typed, the ones that a limit refused are unknown to pricing; without all that were not applied it
    // comes to the same.
    let is_used = |code: usize| quote.applied.iter().any(|applied| applied.code == code);
    let offers =
        typed.iter().filter_map(Typed::offer).filter(|offer| !typed[offer.code].is_automatic() || is_used(offer.code));
    let mut quote = quote.clone();
    quote.refused.retain(|refused| !typed[refused.code].is_automatic());
    let offer = |offer: Offer| OfferRecord {
        code: offer.code,
        coupon: offer.coupon.no,
        version: offer.coupon.version,
        voucher: offer.voucher,
    };
    DecisionRecord {
        redemption: request.id.clone(),
        revision: PRICING_REVISION,
        at: context.now,
        zone: facts.settings.zone.clone(),
        settings_version: Some(facts.settings_version),
        pricing: Pricing::default(),
        attributes: Declared::default(),
        customer,
        order: order.clone(),
        offers: offers.map(offer).collect(),
        quote,
    }
}
