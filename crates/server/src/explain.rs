//! A decision as a tree, for the person at the terminal.

use anyhow::Context;
use domain::id::TenantNo;
use domain::language::Language;
use domain::ledger::{Explanation, LineStanding, OfferOutcome, OfferTrace, Replay};
use domain::pricing::{Applied, Help, Refused};
use domain::redemption::RedemptionId;
use domain::rejection::Refusal;
use domain::rule::Asked;
use sqlite::SqliteStore;
use tokio::sync::mpsc;

/// Says why a redemption came to what it came to.
pub(crate) async fn explain(
    store: &SqliteStore,
    tenant: TenantNo,
    id: String,
    lines: mpsc::Sender<String>,
) -> anyhow::Result<()> {
    let id = RedemptionId::parse(id).map_err(|error| anyhow::anyhow!("the redemption: {error}"))?;
    let explanation = api::recall::explain(store, tenant, &id).await?;
    let explanation = explanation.context("there is no such redemption, or its decision is not kept any more")?;
    for line in tree(&explanation) {
        lines.send(line).await?;
    }
    Ok(())
}

fn tree(explanation: &Explanation) -> Vec<String> {
    let (record, mut out) = (&explanation.record, Vec::new());
    let quote = &record.quote;
    let settings =
        record.settings_version.map_or("kept in the record".to_owned(), |version| format!("version {version}"));
    out.push(format!("redemption {} of {}", record.redemption, record.at));
    out.push(format!("  pricing revision {}, settings {settings}", record.revision));
    let (before, off, total) = (quote.undiscounted_minor(), quote.discount_minor, quote.total_minor);
    out.push(format!("  {before} - {off} = {total}, in minor units of {}", quote.currency));
    match &explanation.replay {
        Replay::Same => out.push("  decided again: the same".to_owned()),
        Replay::Gone => out.push("  decided again: not possible, a version that it names is gone".to_owned()),
        Replay::Differs { differences } => {
            out.push("  decided again: differs".to_owned());
            let line = |one: &domain::ledger::Difference| {
                format!("    {} was {}, comes out as {}", one.pointer, one.recorded, one.replayed)
            };
            out.extend(differences.iter().map(line));
        }
    }
    explanation.offers.iter().for_each(|offer| tell_offer(offer, &mut out));
    out
}

fn tell_offer(offer: &OfferTrace, out: &mut Vec<String>) {
    let coupon = &offer.coupon;
    let name = &coupon.definition.name;
    out.push(format!("code {}: {name} ({}, version {})", offer.code, coupon.id, coupon.version));
    match &offer.time {
        None => out.push("  [x] time".to_owned()),
        Some(refusal) => out.push(format!("  [ ] time: {}", refusal.detail)),
    }
    match &offer.condition {
        None => out.push("  [x] no conditions".to_owned()),
        Some(asked) => tell_asked(asked, 1, out),
    }
    let in_scope = places(offer, LineStanding::InScope);
    let others = [(LineStanding::NotNamed, "not named"), (LineStanding::Excluded, "excluded")];
    let others = others.map(|(standing, name)| (name, places(offer, standing)));
    let others: Vec<String> = others
        .iter()
        .filter(|(_, lines)| !lines.is_empty())
        .map(|(name, lines)| format!("; {name}: {lines}"))
        .collect();
    let none = if in_scope.is_empty() { "none" } else { &in_scope };
    out.push(format!("  {} scope: lines {none}{}", mark(!in_scope.is_empty()), others.concat()));
    match coupon.definition.minimum_order_minor {
        None => out.push(format!("  [x] no minimum; goods in scope for {}", offer.goods_minor)),
        Some(minor) => {
            let goods = offer.goods_minor;
            out.push(format!("  {} minimum {minor}: goods in scope for {goods}", mark(goods >= minor)));
        }
    }
    let lane = offer.lane.as_ref().map_or(String::new(), |lane| format!("lane {lane}, "));
    out.push(format!("  {lane}priority {}", coupon.definition.stacking.priority));
    tell_outcome(&offer.outcome, out);
}

fn tell_asked(asked: &Asked, depth: usize, out: &mut Vec<String>) {
    let Asked { asks, holds, found, parts, pointer: _ } = asked;
    let found = match found {
        Some(found) => format!("  found {found}"),
        None if parts.is_empty() => "  found nothing".to_owned(),
        None => String::new(),
    };
    out.push(format!("{}{} {asks}{found}", "  ".repeat(depth), mark(*holds)));
    parts.iter().for_each(|part| tell_asked(part, depth + 1, out));
}

fn tell_outcome(outcome: &OfferOutcome, out: &mut Vec<String>) {
    match outcome {
        OfferOutcome::Applied { step, applied } => {
            out.push(format!("  applied as number {step}: gave {}", applied.discount_minor));
            tell_gave(applied, out);
        }
        OfferOutcome::Paid { amount_minor } => out.push(format!("  paid {amount_minor}")),
        OfferOutcome::Refused(Refused { refusal, help, .. }) => tell_refused(refusal, *help, out),
        OfferOutcome::Unsaid => out.push("  the record does not say what came of it".to_owned()),
    }
}

fn tell_gave(applied: &Applied, out: &mut Vec<String>) {
    out.extend(applied.lines.iter().map(|share| format!("    line {}: {}", share.line, share.discount_minor)));
    for (what, minor) in [("shipping", applied.shipping_minor), ("deposit", applied.deposit_minor)] {
        if minor != 0 {
            out.push(format!("    {what}: {minor}"));
        }
    }
    out.extend(applied.gift.iter().map(|gift| format!("    gift: {} x {}", gift.quantity, gift.sku)));
}

fn tell_refused(refusal: &Refusal, help: Option<Help>, out: &mut Vec<String>) {
    out.push(format!("  refused, {}: {}", refusal.rejection.code(), refusal.detail));
    for (name, language) in [("en", Language::English), ("zh", Language::Chinese)] {
        out.push(format!("    {name}: {}", refusal.rejection.reason(language)));
    }
    match help {
        Some(Help::AddMinor(minor)) => out.push(format!("    goods for {minor} more would help")),
        Some(Help::AddUnits(units)) => out.push(format!("    {units} more units would help")),
        None => {}
    }
}

fn places(offer: &OfferTrace, standing: LineStanding) -> String {
    let places = offer.scope.iter().enumerate().filter(|(_, one)| **one == standing);
    places.map(|(place, _)| place.to_string()).collect::<Vec<_>>().join(", ")
}

fn mark(holds: bool) -> &'static str {
    if holds { "[x]" } else { "[ ]" }
}
