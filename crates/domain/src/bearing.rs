//! Who bears what a coupon gives. What nobody else bears, the platform does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::money::{AMOUNT_MINOR_MAX, Rate, split_by};
use crate::order::SKU_CHARS_MAX;

/// The most bearers that a coupon names.
pub const BEARERS_MAX: usize = 20;
const WHOLE_BP: u32 = 10_000;

/// What kind of bearer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BearerKind {
    /// Whoever runs the installation's tenant.
    Platform,
    /// One merchant, by its id.
    Merchant,
    /// The merchant of each line, for what fell on that line; the platform for what fell on lines of no merchant, on shipping
    /// and on the deposit.
    LineMerchant,
}

impl BearerKind {
    /// All there are.
    pub const ALL: [Self; 3] = [Self::Platform, Self::Merchant, Self::LineMerchant];
}

/// Somebody who bears a part of what a coupon gives: a share of it, or an amount of each redemption.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CostBearer {
    /// What kind.
    #[serde(rename = "type")]
    pub kind: BearerKind,
    /// Which merchant, as lines name theirs; only for [`BearerKind::Merchant`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant_id: Option<String>,
    /// A share of what amounts have left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub share_bp: Option<Rate>,
    /// An amount in minor units of the coupon's currency, or what is left where that is less. Amounts come before shares.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub amount_minor: Option<i64>,
}

/// What a merchant bears of a discount.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Borne {
    /// Which merchant.
    pub merchant_id: String,
    /// Minor units, above 0.
    pub amount_minor: i64,
}

/// What a merchant bears of a part of a redemption, and what of it came back. Undo reads only this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MerchantShare {
    /// The place of the part among those of the redemption, from 0.
    pub part: u32,
    /// Which merchant.
    pub merchant_id: String,
    /// Minor units, above 0.
    pub amount_minor: i64,
    /// What of it has been given back.
    pub returned_minor: i64,
}

impl MerchantShare {
    pub(crate) fn of(part: u32, Borne { merchant_id, amount_minor }: Borne) -> Self {
        Self { part, merchant_id, amount_minor, returned_minor: 0 }
    }

    fn left_minor(&self) -> i64 {
        self.amount_minor - self.returned_minor
    }
}

/// Whether a coupon's bearers are within their bounds.
///
/// # Errors
/// The first field that is not, from the list on.
pub fn check(bearers: &[CostBearer]) -> Result<(), FieldError> {
    if bearers.len() > BEARERS_MAX {
        return Err(FieldError::new("", format!("must be at most {BEARERS_MAX} bearers")));
    }
    let mut shares_bp = 0;
    for (index, bearer) in bearers.iter().enumerate() {
        let under = |error: FieldError| error.under(&format!("/{index}"));
        bearer.check().map_err(under)?;
        let is_same = |other: &CostBearer| (other.kind, &other.merchant_id) == (bearer.kind, &bearer.merchant_id);
        if bearers[..index].iter().any(is_same) {
            let pointer = if bearer.merchant_id.is_some() { "/merchant_id" } else { "/type" };
            return Err(under(FieldError::new(pointer, "is named before: a bearer has one share or one amount")));
        }
        shares_bp += bearer.share_bp.map_or(0, Rate::as_bp);
        if shares_bp > WHOLE_BP {
            let detail = format!("all shares together must be at most {WHOLE_BP}; up to here they are {shares_bp}");
            return Err(under(FieldError::new("/share_bp", detail)));
        }
    }
    Ok(())
}

impl CostBearer {
    fn check(&self) -> Result<(), FieldError> {
        match (self.kind, &self.merchant_id) {
            (BearerKind::Merchant, None) => return Err(FieldError::new("/merchant_id", "is needed for a merchant")),
            (BearerKind::Merchant, Some(id)) => check_merchant(id)?,
            (BearerKind::Platform | BearerKind::LineMerchant, Some(_)) => {
                return Err(FieldError::new("/merchant_id", "must be left out unless the type is merchant"));
            }
            (BearerKind::Platform | BearerKind::LineMerchant, None) => {}
        }
        match (self.share_bp, self.amount_minor) {
            (Some(share), None) if share.as_bp() == 0 => Err(FieldError::new("/share_bp", "must be from 1 to 10000")),
            (None, Some(amount)) if !(1..=AMOUNT_MINOR_MAX).contains(&amount) => {
                Err(FieldError::new("/amount_minor", format!("must be from 1 to {AMOUNT_MINOR_MAX}")))
            }
            (Some(_), None) | (None, Some(_)) => Ok(()),
            (None, None) => Err(FieldError::new("/share_bp", "is needed, or amount_minor")),
            (Some(_), Some(_)) => Err(FieldError::new("/amount_minor", "must be left out where there is a share_bp")),
        }
    }
}

fn check_merchant(id: &str) -> Result<(), FieldError> {
    let is_printable = !id.chars().any(char::is_control);
    if is_printable && (1..=SKU_CHARS_MAX).contains(&id.chars().count()) {
        return Ok(());
    }
    Err(FieldError::new("/merchant_id", format!("must be 1 to {SKU_CHARS_MAX} printable characters")))
}

/// What merchants bear of a discount, each once and by their ids; the platform bears the rest, which is never below 0.
///
/// `by_merchant` says whose the lines are on which the discount fell, and how much on each; it sums to the discount. Amounts are
/// taken first, in the order of the bearers, as far as there is something left. What they leave is split by the shares with the
/// largest remainder, ties in the order of the bearers, the platform's rest last. What the merchants of the lines bear is split
/// the same way by what fell on each line.
#[must_use]
pub fn split(bearers: &[CostBearer], discount_minor: i64, by_merchant: &[(Option<&str>, i64)]) -> Vec<Borne> {
    let mut of_merchants: BTreeMap<&str, i64> = BTreeMap::new();
    for (bearer, minor) in bearers.iter().zip(by_bearer(bearers, discount_minor)) {
        match (bearer.kind, bearer.merchant_id.as_deref()) {
            (BearerKind::Merchant, Some(id)) => *of_merchants.entry(id).or_default() += minor,
            (BearerKind::LineMerchant, _) => {
                let weights: Vec<i64> = by_merchant.iter().map(|(_, fell)| *fell).collect();
                for ((merchant, _), share) in by_merchant.iter().zip(split_by(minor, &weights)) {
                    if let Some(id) = merchant {
                        *of_merchants.entry(id).or_default() += share;
                    }
                }
            }
            (BearerKind::Platform, _) | (BearerKind::Merchant, None) => {}
        }
    }
    let borne = |(id, amount_minor): (&str, i64)| Borne { merchant_id: id.to_owned(), amount_minor };
    of_merchants.into_iter().filter(|(_, minor)| *minor > 0).map(borne).collect()
}

/// What each bearer bears, in their order.
fn by_bearer(bearers: &[CostBearer], discount_minor: i64) -> Vec<i64> {
    let mut left_minor = discount_minor;
    let mut borne = vec![0; bearers.len()];
    for (bearer, minor) in bearers.iter().zip(&mut borne) {
        *minor = bearer.amount_minor.unwrap_or(0).min(left_minor);
        left_minor -= *minor;
    }
    let mut weights: Vec<i64> =
        bearers.iter().map(|bearer| bearer.share_bp.map_or(0, |bp| bp.as_bp().into())).collect();
    weights.push(i64::from(WHOLE_BP) - weights.iter().sum::<i64>());
    for (minor, share) in borne.iter_mut().zip(split_by(left_minor, &weights)) {
        *minor += share;
    }
    borne
}

/// Gives back of a part's shares what falls on each of `now_minor`: by what is left of each, with the largest remainder, ties
/// by merchant, the platform last. `left_minor` is what of the part's whole discount has not come back before.
///
/// So what comes back at once sums to `now_minor`, nobody gets back more than it bore, and when all has come back everybody has
/// all, in whatever steps.
pub(crate) fn give_back(shares: &mut [MerchantShare], part: u32, left_minor: i64, now_minor: i64) {
    let mut of_part: Vec<&mut MerchantShare> = shares.iter_mut().filter(|share| share.part == part).collect();
    if of_part.is_empty() {
        return;
    }
    let mut weights: Vec<i64> = of_part.iter().map(|share| share.left_minor()).collect();
    weights.push(left_minor - weights.iter().sum::<i64>());
    for (share, minor) in of_part.iter_mut().zip(split_by(now_minor, &weights)) {
        share.returned_minor += minor;
    }
}
