//! Why an order came to what it came to.

use std::collections::BTreeMap;

use axum::extract::State;
use domain::id::{CouponId, TenantNo, VoucherKey};
use domain::ledger::{Difference, Explanation, LineStanding, OfferOutcome, OfferTrace, Replay};
use domain::rule::Asked;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::extract::Path;
use crate::problem::Problem;
use crate::quote_body::{AppliedBody, RefusalBody};
use crate::recall;
use crate::redemptions::{Decision, gone, parse_id, show_decision};
use crate::reply::{Answered, Reply};
use crate::voucher_body::voucher_ids;

/// Why an order came to what it came to: what was recorded, how each offer came out, and whether deciding again says the same.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedDecision {
    /// As recorded.
    decision: Decision,
    /// Each coupon that was priced, in the order of the codes; those that need no code come last, and only those that were
    /// applied were recorded. Empty where `replay` is `gone`.
    offers: Vec<ExplainedOffer>,
    /// `same`: deciding again with what was recorded gives the same bytes. `differs`: it does not, as another revision of the
    /// pricing decided. `gone`: a version that the decision names is not kept any more.
    #[schema(example = "same")]
    replay: &'static str,
    /// With `differs`: where, at most 100 places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    differences: Vec<ReplayDifference>,
}

/// A place of the result that comes out otherwise now.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReplayDifference {
    /// A JSON pointer (RFC 6901) into the result as it is kept.
    #[schema(example = "/total_minor")]
    pointer: String,
    /// `null` for nothing.
    #[schema(value_type = Object, nullable)]
    recorded: Value,
    /// `null` for nothing.
    #[schema(value_type = Object, nullable)]
    replayed: Value,
}

/// How one coupon came out, in the order in which it was asked.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedOffer {
    /// The place of its code among those typed, from 0.
    code: usize,
    #[schema(value_type = String)]
    coupon_id: CouponId,
    coupon_version: u32,
    /// What staff called it then.
    coupon_name: String,
    /// The voucher; left out for a shared code and for what needs no code.
    #[serde(skip_serializing_if = "Option::is_none")]
    voucher_id: Option<String>,
    /// Why it was not the time for it; left out if it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    time: Option<RefusalBody>,
    /// Its conditions, with what was found; left out if it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<ExplainedCondition>,
    /// How it stands to each line, in their order.
    scope: Vec<ExplainedLine>,
    /// The goods in its scope before any coupon: its minimum and its steps are measured by it.
    goods_minor: i64,
    /// Its minimum, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    minimum: Option<ExplainedMinimum>,
    /// Its lane, where the tenant has lanes.
    #[serde(skip_serializing_if = "Option::is_none")]
    lane: Option<String>,
    priority: i32,
    /// `applied`, `paid` or `refused`; `unsaid` if the record is silent.
    #[schema(example = "applied")]
    outcome: &'static str,
    /// With `applied`: as which of the order's coupons, from 1. Each sees what the one before left.
    #[serde(skip_serializing_if = "Option::is_none")]
    step: Option<usize>,
    /// With `applied`: what it gave.
    #[serde(skip_serializing_if = "Option::is_none")]
    gave: Option<AppliedBody>,
    /// With `paid`: how much of the order was paid with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    paid_minor: Option<i64>,
    /// With `refused`: why.
    #[serde(skip_serializing_if = "Option::is_none")]
    why: Option<RefusalBody>,
}

/// A minimum, and whether it was reached.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedMinimum {
    minor: i64,
    reached: bool,
}

/// How a coupon stands to a line.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedLine {
    /// The line's place in the order, from 0.
    line: usize,
    /// `in_scope`; `not_named` by its scope; `excluded`, as no coupon works on it.
    #[schema(example = "in_scope")]
    standing: &'static str,
}

/// A rule of a condition, and how it came out.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ExplainedCondition {
    /// A JSON pointer (RFC 6901) to it, from the root of the condition.
    #[schema(example = "/all/0")]
    pointer: String,
    /// What it asks, or the word that joins others.
    #[schema(example = "order.subtotal gte 1000")]
    asks: String,
    holds: bool,
    /// The value of the field, the count or the sum; left out for what is not set, and for what joins others.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "3000")]
    found: Option<String>,
    /// What it joins. Below a rule over lines stands the one line that shows why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(no_recursion)]
    parts: Vec<Self>,
}

/// Explain a decision
///
/// Why an order came to what it came to: for each coupon the tree of its conditions with what was found, its scope, its
/// minimum, and what came of it, from what was recorded then. And whether deciding again says the same.
#[utoipa::path(get, path = "/v1/decisions/{id}", tag = "redemptions",
    params(("id" = String, Path, description = "The redemption")),
    responses((status = 200, description = "From what was recorded", body = ExplainedDecision)))]
pub(crate) async fn get_decision(
    State(app): State<App>,
    Caller { tenant, .. }: Caller,
    Path(id): Path<String>,
) -> Answered<ExplainedDecision> {
    let explanation = recall::explain(&*app.store, tenant, &parse_id(id)?).await?.ok_or_else(gone)?;
    Ok(Reply::ok(show(&app, tenant, explanation).await?))
}

async fn show(app: &App, tenant: TenantNo, explanation: Explanation) -> Result<ExplainedDecision, Problem> {
    let Explanation { record, offers, replay } = explanation;
    let vouchers = voucher_ids(app, tenant, offers.iter().filter_map(|offer| offer.voucher)).await?;
    let lines = record.order.lines.len();
    let (replay, differences) = match replay {
        Replay::Same => ("same", Vec::new()),
        Replay::Differs { differences } => ("differs", differences),
        Replay::Gone => ("gone", Vec::new()),
    };
    Ok(ExplainedDecision {
        decision: show_decision(app, tenant, record).await?,
        offers: offers.into_iter().map(|offer| ExplainedOffer::of(offer, &vouchers, lines)).collect(),
        replay,
        differences: differences.into_iter().map(ReplayDifference::from).collect(),
    })
}

impl ExplainedOffer {
    fn of(offer: OfferTrace, vouchers: &BTreeMap<VoucherKey, String>, lines: usize) -> Self {
        let OfferTrace { code, coupon, voucher, time, condition, scope, goods_minor, lane, outcome } = offer;
        let (definition, voucher_id) = (&coupon.definition, voucher.and_then(|key| vouchers.get(&key).cloned()));
        let mut paid_minor = None;
        let (outcome, step, gave, why) = match outcome {
            OfferOutcome::Applied { step, applied } => {
                let gave = AppliedBody::of(coupon.id, voucher_id.clone(), applied, lines);
                ("applied", Some(step), Some(gave), None)
            }
            OfferOutcome::Paid { amount_minor } => {
                paid_minor = Some(amount_minor);
                ("paid", None, None, None)
            }
            OfferOutcome::Refused(refused) => {
                ("refused", None, None, Some(RefusalBody::of(refused.refusal, refused.help)))
            }
            OfferOutcome::Unsaid => ("unsaid", None, None, None),
        };
        let minimum = |minor| ExplainedMinimum { minor, reached: goods_minor >= minor };
        Self {
            code,
            coupon_id: coupon.id,
            coupon_version: coupon.version,
            coupon_name: definition.name.clone(),
            voucher_id,
            time: time.map(|refusal| RefusalBody::of(refusal, None)),
            condition: condition.map(ExplainedCondition::from),
            scope: scope.into_iter().enumerate().map(ExplainedLine::from).collect(),
            goods_minor,
            minimum: definition.minimum_order_minor.map(minimum),
            lane,
            priority: definition.stacking.priority,
            outcome,
            step,
            gave,
            paid_minor,
            why,
        }
    }
}

impl From<Asked> for ExplainedCondition {
    fn from(Asked { pointer, asks, holds, found, parts }: Asked) -> Self {
        Self { pointer, asks, holds, found, parts: parts.into_iter().map(Self::from).collect() }
    }
}

impl From<(usize, LineStanding)> for ExplainedLine {
    fn from((line, standing): (usize, LineStanding)) -> Self {
        Self { line, standing: standing.name() }
    }
}

impl From<Difference> for ReplayDifference {
    fn from(Difference { pointer, recorded, replayed }: Difference) -> Self {
        Self { pointer, recorded, replayed }
    }
}
