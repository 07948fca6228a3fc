//! The most that one order gets.

use super::{Opening, Part, Step};
use crate::benefit::{self, Benefit, Measure};

/// The most that the benefit gives to one order, or what leaves that open.
pub(super) fn most(benefit: &Benefit) -> Result<Step, Opening> {
    match benefit {
        Benefit::PercentOff { max_minor: Some(max), .. } => Ok(step("/benefit/max_minor", *max, "its cap")),
        Benefit::PercentOff { max_minor: None, .. } => {
            Err(open("/benefit/max_minor", "a share without a cap grows with the order"))
        }
        Benefit::AmountOff { amount_minor, .. } => Ok(step("/benefit/amount_minor", *amount_minor, "its amount")),
        Benefit::RandomAmount { max_minor, .. } => Ok(step("/benefit/max_minor", *max_minor, "the most that is drawn")),
        Benefit::Ladder { by, steps } => ladder(*by, steps),
        Benefit::EveryOff { amount_minor, times_max: Some(times), .. } => {
            let most = amount_minor.saturating_mul(i64::from(*times));
            Ok(step("/benefit/times_max", most, &format!("{amount_minor}, at most {times} times")))
        }
        Benefit::EveryOff { times_max: None, .. } => {
            Err(open("/benefit/times_max", "an amount for each full amount of goods grows with the order"))
        }
        Benefit::FixedPrice { .. } => Err(open("/benefit", "what goods cost above a fixed price is not known here")),
        Benefit::UnitsOff { .. } => Err(open("/benefit", "what the units that are given cost is not known here")),
        Benefit::FreePeriods { .. } => Err(open("/benefit", "what the periods that are free cost is not known here")),
        Benefit::GiftValue { .. } => {
            Err(open("/benefit", "top-ups add to what a voucher is worth; a budget bounds all of it"))
        }
        Benefit::Gift { .. } => Err(open("/benefit", "what a gift costs is not known here, and no limit counts it")),
    }
}

/// A step that is a share counts up to where the next begins.
fn ladder(by: Measure, steps: &[benefit::Step]) -> Result<Step, Opening> {
    let mut most = step("/benefit/steps", 0, "its highest step");
    for (place, rung) in steps.iter().enumerate() {
        let below = steps.get(place + 1).filter(|_| by == Measure::Amount).map(|next| next.from.saturating_sub(1));
        let gives = match (rung.rate_bp, below) {
            (None, _) => rung.amount_minor.unwrap_or(0),
            (Some(rate), Some(below)) => rate.of(below),
            (Some(_), None) => {
                let pointer = format!("/benefit/steps/{place}/rate_bp");
                return Err(open(&pointer, "a share without an end grows with the order; name an amount"));
            }
        };
        if gives > most.value {
            most = step(&format!("/benefit/steps/{place}"), gives, "its highest step");
        }
    }
    Ok(most)
}

fn step(pointer: &str, value: i64, why: &str) -> Step {
    Step { what: Part::EachUse, pointer: pointer.to_owned(), value, why: format!("one order gets at most {why}") }
}

fn open(pointer: &str, why: &str) -> Opening {
    Opening { pointer: pointer.to_owned(), why: why.to_owned() }
}
