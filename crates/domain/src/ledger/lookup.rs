//! How facts are found: coupons by number, vouchers by the candidates of an id, blocks by an ordinal.

use std::sync::Arc;

use super::facts::{BlockKey, Facts};
use super::{Stop, refuse};
use crate::codes::ComputedCode;
use crate::coupon::{Campaign, Coupon};
use crate::id::{CouponNo, VoucherKey, VoucherKind};
use crate::limit::Limit;
use crate::rejection::Rejection;
use crate::time::{Timestamp, Zone};
use crate::voucher::{Block, Voucher};

/// A voucher that has a row, or could be given one because its code lies in a block.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// It has a row.
    Row(Voucher),
    /// A bearer code without a row.
    Bearer(Block, VoucherKey),
}

impl Found {
    pub(super) fn key(&self) -> VoucherKey {
        match self {
            Self::Row(voucher) => voucher.key,
            Self::Bearer(_, key) => *key,
        }
    }

    /// The row, if there is one.
    pub(super) fn row(&self) -> Option<Voucher> {
        match self {
            Self::Row(voucher) => Some(voucher.clone()),
            Self::Bearer(..) => None,
        }
    }

    /// The voucher as it stands.
    pub(super) fn voucher(&self, coupon: &Coupon, zone: &Zone) -> Voucher {
        match self {
            Self::Row(voucher) => voucher.clone(),
            Self::Bearer(block, key) => block.voucher(*key, &coupon.definition.validity, zone),
        }
    }
}

/// A coupon with its campaign, whose limits are obeyed together.
#[derive(Clone, Debug)]
pub(super) struct Source {
    pub coupon: Arc<Coupon>,
    pub campaign: Option<Arc<Campaign>>,
}

impl Source {
    pub(super) fn limits(&self) -> impl Iterator<Item = &Limit> {
        self.coupon.limits.iter().chain(self.campaign.iter().flat_map(|campaign| &campaign.limits))
    }
}

pub(super) fn coupon(facts: &Facts, no: CouponNo) -> Result<Arc<Coupon>, Stop> {
    match facts.coupons.get(&no)? {
        Some(coupon) => Ok(Arc::clone(coupon)),
        None => refuse(Rejection::CouponNotFound, "there is no such coupon"),
    }
}

pub(super) fn source(facts: &Facts, no: CouponNo) -> Result<Source, Stop> {
    let coupon = coupon(facts, no)?;
    let campaign = match coupon.definition.campaign {
        Some(no) => facts.campaigns.get(&no)?.cloned(),
        None => None,
    };
    Ok(Source { coupon, campaign })
}

/// A coupon that grants something new at this instant.
pub(super) fn granting_source(facts: &Facts, no: CouponNo, now: Timestamp) -> Result<Source, Stop> {
    let source = source(facts, no)?;
    if let Some(rejection) = source.coupon.state.refusal() {
        return refuse(rejection, format!("coupon {no} is {}", source.coupon.state.name()));
    }
    if source.coupon.definition.validity.until.is_some_and(|until| until <= now) {
        return refuse(Rejection::Expired, format!("the validity of coupon {no} is over"));
    }
    Ok(source)
}

/// The voucher one of the candidates stands for: the one whose row, or block, was made under the same ring key.
pub(super) fn voucher(facts: &Facts, candidates: &[ComputedCode]) -> Result<Option<Found>, Stop> {
    for candidate in candidates {
        facts.vouchers.ask(&candidate.key);
    }
    for candidate in candidates {
        if let Some(row) = facts.vouchers.get(&candidate.key)? {
            if row.key_no == candidate.key_no {
                return Ok(Some(Found::Row(row.clone())));
            }
        } else if candidate.key.kind == VoucherKind::Bearer
            && let Some(block) = block_of(facts, candidate)?
        {
            return Ok(Some(Found::Bearer(block, candidate.key)));
        }
    }
    Ok(None)
}

fn block_of(facts: &Facts, candidate: &ComputedCode) -> Result<Option<Block>, Stop> {
    let coupon = candidate.key.coupon;
    let Some(first) = facts.covering.get(&(coupon, candidate.key.ordinal))? else { return Ok(None) };
    let block = facts.blocks.get(&BlockKey { coupon, first: *first })?;
    Ok(block.filter(|block| block.key_no == candidate.key_no && block.covers(candidate.key.ordinal)).cloned())
}
