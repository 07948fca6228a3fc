//! How facts are found: coupons by number, vouchers by the candidates of an id, blocks by an ordinal.

use std::sync::Arc;

use super::facts::Facts;
use super::keys::BlockKey;
use super::{Stop, refuse};
use crate::campaign::Campaign;
use crate::codes::ComputedCode;
use crate::coupon::{Coupon, CouponState};
use crate::id::{CampaignNo, CouponNo, VoucherKey, VoucherKind};
use crate::limit::Limit;
use crate::rejection::{Refusal, Rejection};
use crate::time::{Timestamp, Zone};
use crate::voucher::{Block, Voucher, VoucherState};

/// A voucher that has a row, or could be given one because its code lies in a block.
#[derive(Clone, Debug)]
pub(super) enum Found {
    /// It has a row.
    Row(Voucher),
    /// It has a row from a use that was undone, and nobody owns it: it is revoked with its block.
    Withdrawn(Voucher),
    /// A bearer code without a row.
    Bearer(Block, VoucherKey),
}

impl Found {
    pub(super) fn key(&self) -> VoucherKey {
        match self {
            Self::Row(voucher) | Self::Withdrawn(voucher) => voucher.key,
            Self::Bearer(_, key) => *key,
        }
    }

    /// The row, if there is one.
    pub(super) fn row(&self) -> Option<Voucher> {
        match self {
            Self::Row(voucher) | Self::Withdrawn(voucher) => Some(voucher.clone()),
            Self::Bearer(..) => None,
        }
    }

    /// The voucher as it stands.
    pub(super) fn voucher(&self, coupon: &Coupon, zone: &Zone) -> Voucher {
        match self {
            Self::Row(voucher) => voucher.clone(),
            Self::Withdrawn(voucher) => Voucher { state: VoucherState::Revoked, ..voucher.clone() },
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

    /// Refuses what would be granted now unless the coupon is running, and its campaign too.
    pub(super) fn check_grants(&self, now: Timestamp) -> Result<(), Stop> {
        let state = self.coupon.state_at(now);
        if let Some(rejection) = state.refusal() {
            let detail = format!("coupon {} is {}", self.coupon.no, state.name());
            let starts_at = self.coupon.definition.window.starts_at.filter(|_| state == CouponState::Scheduled);
            return Err(Refusal::new(rejection, detail).retry_at(starts_at).into());
        }
        self.campaign.as_ref().map_or(Ok(()), |campaign| check_campaign_grants(campaign, now))
    }
}

/// Refuses what would be granted of a campaign's coupons now unless it is running.
pub(super) fn check_campaign_grants(campaign: &Campaign, now: Timestamp) -> Result<(), Stop> {
    let state = campaign.state_at(now);
    let Some(rejection) = state.refusal_of_campaign() else { return Ok(()) };
    let detail = format!("campaign {} is {}", campaign.no, state.name());
    let starts_at = campaign.definition.window.starts_at.filter(|_| state == CouponState::Scheduled);
    Err(Refusal::new(rejection, detail).retry_at(starts_at).into())
}

pub(super) fn coupon(facts: &Facts, no: CouponNo) -> Result<Arc<Coupon>, Stop> {
    match facts.coupons.get(&no)? {
        Some(coupon) => Ok(Arc::clone(coupon)),
        None => refuse(Rejection::CouponNotFound, "there is no such coupon"),
    }
}

pub(super) fn campaign(facts: &Facts, no: CampaignNo) -> Result<Arc<Campaign>, Stop> {
    match facts.campaigns.get(&no)? {
        Some(campaign) => Ok(Arc::clone(campaign)),
        None => refuse(Rejection::CampaignNotFound, "there is no such campaign"),
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

/// A coupon whose state, and that of its campaign, lets it grant something new.
pub(super) fn granting_source(facts: &Facts, now: Timestamp, no: CouponNo) -> Result<Source, Stop> {
    let source = source(facts, no)?;
    source.check_grants(now)?;
    Ok(source)
}

/// The voucher one of the candidates stands for: the one whose row, or block, was made under the same ring key.
pub(super) fn voucher(facts: &Facts, candidates: &[ComputedCode]) -> Result<Option<Found>, Stop> {
    ask(facts, candidates);
    for candidate in candidates {
        if let Some(row) = facts.vouchers.get(&candidate.key)? {
            if row.key_no == candidate.key_no {
                return Ok(Some(with_row(facts, candidate, row.clone())?));
            }
        } else if candidate.key.kind == VoucherKind::Bearer
            && let Some(block) = block_of(facts, candidate)?
        {
            return Ok(Some(Found::Bearer(block, candidate.key)));
        }
    }
    Ok(None)
}

fn with_row(facts: &Facts, candidate: &ComputedCode, row: Voucher) -> Result<Found, Stop> {
    let bearer = row.key.kind == VoucherKind::Bearer && row.customer.is_none();
    if bearer && row.state == VoucherState::Issued {
        let revoked = block_of(facts, candidate)?.is_some_and(|block| block.revoked_at.is_some());
        return Ok(if revoked { Found::Withdrawn(row) } else { Found::Row(row) });
    }
    Ok(Found::Row(row))
}

/// Asks for what the candidates may stand for, so that one round of loading brings it.
pub(super) fn ask(facts: &Facts, candidates: &[ComputedCode]) {
    for ComputedCode { key, .. } in candidates {
        facts.vouchers.ask(key);
        facts.coupons.ask(&key.coupon);
        if key.kind == VoucherKind::Bearer {
            facts.covering.ask(&(key.coupon, key.ordinal));
        }
    }
}

fn block_of(facts: &Facts, candidate: &ComputedCode) -> Result<Option<Block>, Stop> {
    let coupon = candidate.key.coupon;
    let block = match facts.covering.get(&(coupon, candidate.key.ordinal))? {
        Some(first) => facts.blocks.get(&BlockKey { coupon, first: *first })?,
        // What covers an ordinal was loaded before this batch made its own blocks.
        None => facts
            .blocks
            .written()
            .find(|(key, block)| key.coupon == coupon && block.covers(candidate.key.ordinal))
            .map(|(_, block)| block),
    };
    Ok(block.filter(|block| block.key_no == candidate.key_no && block.covers(candidate.key.ordinal)).cloned())
}
