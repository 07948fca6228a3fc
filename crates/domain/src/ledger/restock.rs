//! Restock: more is put into a limit, and who put it there is counted.

use super::decide::Context;
use super::facts::Facts;
use super::outcome::Outcome;
use super::states::{catch_up, write};
use super::{Stop, refuse, second_person};
use crate::coupon::{Coupon, CouponState};
use crate::id::CouponNo;
use crate::limit::{LIMIT_MAX, Limit, Per, UsageKey, UsageSubject};
use crate::rejection::Rejection;

/// Raises a limit's maximum. It is no edit of the definition: whoever restocks need not know it, two who restock at once
/// both do, and the freeze before a start does not hold it up.
pub(super) fn restock(
    facts: &mut Facts,
    context: Context,
    no: CouponNo,
    (id, by): (&str, i64),
    contributor: Option<&str>,
) -> Result<Outcome, Stop> {
    let contributed = contributor.map(|contributor| (no, contributor.to_owned()));
    contributed.iter().for_each(|key| facts.contributions.ask(key));
    let before = catch_up(facts, context, no)?;
    if matches!(before.state, CouponState::Ended | CouponState::Aborted) {
        return refuse(Rejection::TransitionIllegal, format!("the coupon is {}", before.state.name()));
    }
    let limit = limit_for_everyone(&before, id)?;
    let key = UsageKey {
        limit: limit.no,
        subject: UsageSubject::EVERYONE,
        period: limit.period.start(context.now, &facts.settings.zone),
    };
    let usage = facts.usages.get(&key)?.copied().unwrap_or_default();
    let Some(max) = limit.max.checked_add(by).filter(|max| *max <= LIMIT_MAX) else {
        return refuse(Rejection::TransitionIllegal, format!("a maximum is at most {LIMIT_MAX}"));
    };
    if let Some(key) = contributed {
        let units = facts.contributions.get(&key)?.copied().unwrap_or(0);
        facts.contributions.put(key, units.saturating_add(by));
    }
    let vetting = before.vetting.changed(context.actor);
    let raised = Coupon { vetting, changed_at: context.now, ..with_max(&before, id, max) };
    second_person::check_change(facts, &before, &raised, context.now)?;
    let coupon = write(facts, context, Some(before.state), raised);
    Ok(Outcome::Restocked { no, version: coupon.version, limit: id.to_owned(), max, usage })
}

fn limit_for_everyone<'c>(coupon: &'c Coupon, id: &str) -> Result<&'c Limit, Stop> {
    match coupon.limits.iter().find(|limit| limit.id == id) {
        Some(limit) if limit.per == Per::Everyone => Ok(limit),
        Some(_) => refuse(Rejection::LimitNotFound, format!("limit {id} counts per customer; it holds no stock")),
        None => refuse(Rejection::LimitNotFound, format!("the coupon has no limit {id}")),
    }
}

fn with_max(coupon: &Coupon, id: &str, max: i64) -> Coupon {
    let mut coupon = coupon.clone();
    coupon.definition.limits.iter_mut().filter(|limit| limit.id == id).for_each(|limit| limit.max = max);
    coupon.limits.iter_mut().filter(|limit| limit.id == id).for_each(|limit| limit.max = max);
    coupon
}
