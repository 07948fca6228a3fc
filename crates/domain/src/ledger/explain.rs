//! Why a redemption came to what it came to: for each offer what was asked and found, from what was recorded.

use std::sync::Arc;

use serde_json::Value;

use super::decision::{DecisionRecord, Recalled, Versions};
use crate::coupon::Coupon;
use crate::id::VoucherKey;
use crate::pricing::{Applied, Offer, Quote, Refused, judge_time};
use crate::rejection::Refusal;
use crate::rule::{Asked, Inputs};

/// The most differences that are told one by one.
const DIFFERENCES_MAX: usize = 100;

/// A decision, explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was recorded.
    pub record: DecisionRecord,
    /// Each offer of the record, in its order; empty if a version that it names is gone.
    pub offers: Vec<OfferTrace>,
    /// Whether deciding again says the same.
    pub replay: Replay,
}

/// What deciding again comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Replay {
    /// The same, byte for byte.
    Same,
    /// Something else, as another revision of the pricing may.
    Differs {
        /// Where, at most 100 places.
        differences: Vec<Difference>,
    },
    /// A version of a coupon or of the settings is gone.
    Gone,
}

/// A place of the result that came out otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// RFC 6901 pointer into the result as it is recorded.
    pub pointer: String,
    /// What was recorded there; null for nothing.
    pub recorded: Value,
    /// What comes out now; null for nothing.
    pub replayed: Value,
}

/// How one offer came out, step by step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferTrace {
    /// The place of its code among those typed, from 0; those that need no code come after these.
    pub code: usize,
    /// The coupon, in the version that was priced.
    pub coupon: Arc<Coupon>,
    /// The voucher, if it was one.
    pub voucher: Option<VoucherKey>,
    /// Why it was not the time for it, if so.
    pub time: Option<Refusal>,
    /// How each of its conditions came out; none if it has none.
    pub condition: Option<Asked>,
    /// How it stands to each line of the order.
    pub scope: Vec<LineStanding>,
    /// The goods in its scope before any coupon, in minor units: what its minimum is compared with.
    pub goods_minor: i64,
    /// The name of its lane; none where the tenant has no lanes.
    pub lane: Option<String>,
    /// What came of it, as recorded.
    pub outcome: OfferOutcome,
}

/// How an offer stands to a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineStanding {
    /// It works on it.
    InScope,
    /// Its scope does not name it.
    NotNamed,
    /// No coupon works on it.
    Excluded,
}

impl LineStanding {
    /// Its stable name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::InScope => "in_scope",
            Self::NotNamed => "not_named",
            Self::Excluded => "excluded",
        }
    }
}

/// What came of an offer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OfferOutcome {
    /// It was applied.
    Applied {
        /// As which, from 1: each sees what the one before left.
        step: usize,
        /// What it gave.
        applied: Applied,
    },
    /// It paid, after all that takes something off.
    Paid {
        /// So many minor units.
        amount_minor: i64,
    },
    /// It was not, and why.
    Refused(Refused),
    /// The record does not say.
    Unsaid,
}

impl DecisionRecord {
    /// Explains the decision from what it names.
    pub fn explain(&self, versions: &impl Versions) -> Explanation {
        let record = self.clone();
        let Some(recalled) = self.recall(versions) else {
            return Explanation { record, offers: Vec::new(), replay: Replay::Gone };
        };
        let offers = recalled.offers.iter().map(|offer| recalled.trace(offer)).collect();
        Explanation { record, offers, replay: compare(&self.quote, &recalled.price()) }
    }
}

impl Recalled<'_> {
    fn trace(&self, offer: &Offer) -> OfferTrace {
        let (order, at, terms) = (&self.record.order, self.record.at, self.terms());
        let definition = &offer.coupon.definition;
        let standing = |line| match definition.scope.holds(line) {
            false => LineStanding::NotNamed,
            true if terms.pricing.exclusions.names(line) => LineStanding::Excluded,
            true => LineStanding::InScope,
        };
        let scope: Vec<LineStanding> = order.lines.iter().map(standing).collect();
        let in_scope = order.lines.iter().zip(&scope).filter(|(_, standing)| **standing == LineStanding::InScope);
        let lane = terms.pricing.lanes.get(terms.pricing.lane_of(&definition.stacking));
        OfferTrace {
            code: offer.code,
            coupon: Arc::clone(&offer.coupon),
            voucher: offer.voucher.map(|voucher| voucher.key),
            time: judge_time(&definition.validity, offer.voucher, terms.zone, at),
            condition: self.asked(&offer.coupon),
            goods_minor: in_scope.map(|(line, _)| line.amount_minor()).sum(),
            scope,
            lane: lane.map(|lane| lane.name.clone()),
            outcome: self.outcome(offer.code),
        }
    }

    fn asked(&self, coupon: &Coupon) -> Option<Asked> {
        let (terms, rule) = (self.terms(), coupon.definition.conditions.as_ref()?);
        let inputs = Inputs {
            order: &self.record.order,
            customer_known: terms.customer_known,
            now: self.record.at,
            zone: terms.zone,
        };
        Some(match coupon.condition(terms.attributes) {
            Ok(Some(condition)) => Asked::of(rule, condition.explain(&inputs)),
            Ok(None) | Err(_) => Asked::without_meaning(),
        })
    }

    fn outcome(&self, code: usize) -> OfferOutcome {
        let quote = &self.record.quote;
        let applied = quote.applied.iter().enumerate().find(|(_, applied)| applied.code == code);
        let refused = quote.refused.iter().find(|refused| refused.code == code);
        if let Some(payment) = quote.payments.iter().find(|payment| payment.code == code) {
            return OfferOutcome::Paid { amount_minor: payment.amount_minor };
        }
        match (applied, refused) {
            (Some((place, applied)), _) => OfferOutcome::Applied { step: place + 1, applied: applied.clone() },
            (None, Some(refused)) => OfferOutcome::Refused(refused.clone()),
            (None, None) => OfferOutcome::Unsaid,
        }
    }
}

fn compare(recorded: &Quote, replayed: &Quote) -> Replay {
    let value = |quote| serde_json::to_value::<&Quote>(quote).expect("domain values serialise");
    let mut differences = Vec::new();
    differ(String::new(), &value(recorded), &value(replayed), &mut differences);
    if differences.is_empty() { Replay::Same } else { Replay::Differs { differences } }
}

/// Lists where both are not the same. A value as JSON has one form, so that two without a difference are the same bytes.
fn differ(pointer: String, recorded: &Value, replayed: &Value, found: &mut Vec<Difference>) {
    if recorded == replayed || found.len() == DIFFERENCES_MAX {
        return;
    }
    match (recorded, replayed) {
        (Value::Object(old), Value::Object(new)) => {
            let added = new.keys().filter(|key| !old.contains_key(*key));
            for key in old.keys().chain(added) {
                let of = |object: &serde_json::Map<String, Value>| object.get(key).cloned().unwrap_or_default();
                differ(format!("{pointer}/{key}"), &of(old), &of(new), found);
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for place in 0..old.len().max(new.len()) {
                let of = |list: &[Value]| list.get(place).cloned().unwrap_or_default();
                differ(format!("{pointer}/{place}"), &of(old), &of(new), found);
            }
        }
        _ => found.push(Difference { pointer, recorded: recorded.clone(), replayed: replayed.clone() }),
    }
}
