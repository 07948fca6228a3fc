//! The pool: vouchers of codes given by people that wait for an owner, handed out in the order in which they came.
//!
//! A code that was held and never shown goes back. Its voucher does not: that was somebody's, and stays so in lists and
//! histories. The code gets a new voucher at the end of the pool, so that a voucher has one owner in all its life.

use super::command::Action;
use super::decide::Context;
use super::facts::Facts;
use super::keys::{GivenCode, POOL_PAGE_MAX, PoolHead, PoolPage};
use super::{Stop, hold, moves, refuse, sweep};
use crate::coupon::Coupon;
use crate::event::{Actor, JournalNo, VoucherStep};
use crate::id::{CouponNo, ORDINALS_PER_KIND, VoucherKey, VoucherKind};
use crate::redemption::{RedemptionId, RedemptionState};
use crate::rejection::Rejection;
use crate::voucher::{Voucher, VoucherState};

/// How many vouchers it may hand out of a pool.
pub(super) fn hands_out(action: &Action) -> usize {
    match action {
        Action::Claim { .. } | Action::ClaimPackage { .. } | Action::Issue { .. } => action.weight(),
        Action::CreateCustomer { .. }
        | Action::CreateCampaign { .. }
        | Action::CreateCoupon { .. }
        | Action::UpdateCoupon { .. }
        | Action::MoveCoupon { .. }
        | Action::IssueGiven { .. }
        | Action::ImportGiven { .. }
        | Action::IssueBlock { .. }
        | Action::RevokeBlock { .. }
        | Action::Assign { .. }
        | Action::Release { .. }
        | Action::Revoke { .. }
        | Action::ChangeGift { .. }
        | Action::Redeem(_)
        | Action::Confirm { .. }
        | Action::Cancel { .. }
        | Action::Return { .. }
        | Action::Amend { .. }
        | Action::EnsureCustomer { .. }
        | Action::UpdateCustomer { .. }
        | Action::AddIdentity { .. }
        | Action::RemoveIdentity { .. }
        | Action::VerifyIdentity { .. }
        | Action::EraseCustomer { .. }
        | Action::CreateAccount { .. }
        | Action::ChangeAccount { .. }
        | Action::UpdateCampaign { .. }
        | Action::MoveCampaign { .. }
        | Action::Restock { .. }
        | Action::FollowClock { .. }
        | Action::ApproveCoupon { .. }
        | Action::Expire { .. } => 0,
    }
}

/// A code joins the pool, at its end.
pub(super) fn put(facts: &mut Facts, context: Context, coupon: CouponNo, hash: [u8; 16]) -> Result<Voucher, Stop> {
    let kind = VoucherKind::Given;
    let ordinal = facts.series.get(&(coupon, kind))?.copied().unwrap_or(0);
    if ordinal >= ORDINALS_PER_KIND {
        return refuse(Rejection::CodeSpaceExhausted, format!("coupon {coupon} has no room for more codes"));
    }
    facts.series.put((coupon, kind), ordinal + 1);
    let voucher = Voucher {
        key: VoucherKey { coupon, kind, ordinal },
        key_no: facts.key_no,
        version: 0,
        state: VoucherState::Pooled,
        customer: None,
        made_at: context.now,
        // From its hand-out on, as that of any other voucher.
        valid_from: None,
        valid_until: None,
        held_until: None,
        locked_until: None,
        redemption: None,
        takings: Vec::new(),
        journal: JournalNo::default(),
        // Drawn when it is handed out.
        amount_minor: None,
    };
    facts.hashes.put(voucher.key, hash);
    Ok(moves::voucher(facts, context, None, voucher, (VoucherStep::Issued, Vec::new())))
}

/// The one that waits longest. Before the pool counts as empty, what is due is taken back.
pub(super) fn next(facts: &mut Facts, context: Context, coupon: &Coupon) -> Result<Voucher, Stop> {
    if let Some(voucher) = first(facts, coupon.no)? {
        return Ok(voucher);
    }
    if take_back(facts, context, coupon.no)?
        && let Some(voucher) = first(facts, coupon.no)?
    {
        return Ok(voucher);
    }
    refuse(Rejection::PoolEmpty, format!("coupon {} has no code left in its pool", coupon.no))
}

/// The first that still waits: of those loaded, then of those that this batch put in, which stand behind them all.
fn first(facts: &mut Facts, coupon: CouponNo) -> Result<Option<Voucher>, Stop> {
    let mut head = match facts.pool_heads.known(&coupon) {
        Some(Some(head)) => *head,
        Some(None) | None => PoolHead { page: page(facts, coupon, 0), passed: 0, fresh: 0 },
    };
    let found = match first_loaded(facts, &mut head)? {
        None => first_fresh(facts, &mut head)?,
        found => found,
    };
    facts.pool_heads.put(coupon, head);
    Ok(found)
}

fn first_loaded(facts: &Facts, head: &mut PoolHead) -> Result<Option<Voucher>, Stop> {
    loop {
        let ordinals = facts.pool_pages.get(&head.page)?.map_or(&[][..], Vec::as_slice);
        let Some(ordinal) = ordinals.get(head.passed) else {
            match ordinals.last() {
                Some(last) if ordinals.len() == head.page.count => {
                    *head = PoolHead { page: page(facts, head.page.coupon, last + 1), passed: 0, ..*head };
                    continue;
                }
                Some(_) | None => return Ok(None),
            }
        };
        let key = |ordinal| VoucherKey { coupon: head.page.coupon, kind: VoucherKind::Given, ordinal };
        let Ok(voucher) = facts.vouchers.get(&key(*ordinal)) else {
            // All at once, should the store not have brought them.
            ordinals.iter().for_each(|ordinal| facts.vouchers.ask(&key(*ordinal)));
            return Err(Stop::Missing);
        };
        let voucher = voucher.filter(|voucher| waits(voucher)).cloned();
        head.passed += 1;
        if voucher.is_some() {
            return Ok(voucher);
        }
    }
}

fn first_fresh(facts: &Facts, head: &mut PoolHead) -> Result<Option<Voucher>, Stop> {
    let (coupon, kind) = (head.page.coupon, VoucherKind::Given);
    let end = facts.series.get(&(coupon, kind))?.copied().unwrap_or(0);
    let loaded = facts.series.loaded(&(coupon, kind)).copied().unwrap_or(0);
    head.fresh = head.fresh.max(loaded);
    while head.fresh < end {
        let voucher = facts.vouchers.get(&VoucherKey { coupon, kind, ordinal: head.fresh })?;
        head.fresh += 1;
        if let Some(voucher) = voucher.filter(|voucher| waits(voucher)) {
            return Ok(Some(voucher.clone()));
        }
    }
    Ok(None)
}

/// Staff may have taken it by its id, in this batch too.
fn waits(voucher: &Voucher) -> bool {
    voucher.state == VoucherState::Pooled
}

/// As much as this batch may need.
fn page(facts: &Facts, coupon: CouponNo, from: u64) -> PoolPage {
    PoolPage { coupon, from, count: facts.handed_out_max.clamp(1, POOL_PAGE_MAX) }
}

/// Ends one hold, or one reservation with its holds, of this coupon whose time is over. Returns whether there was one.
fn take_back(facts: &mut Facts, context: Context, coupon: CouponNo) -> Result<bool, Stop> {
    let context = Context { actor: Actor::System, ..context };
    if let Some(voucher) = due_hold(facts, context, coupon)? {
        hold::end_hold(facts, context, &voucher, VoucherStep::Expired)?;
        return Ok(true);
    }
    match due_reservation(facts, context, coupon)? {
        Some(redemption) => sweep::expire_reservation(facts, context, &redemption),
        None => Ok(false),
    }
}

fn due_hold(facts: &Facts, context: Context, coupon: CouponNo) -> Result<Option<Voucher>, Stop> {
    let Some(due) = facts.due.get(&coupon)? else { return Ok(None) };
    due.vouchers.iter().for_each(|key| facts.vouchers.ask(key));
    for key in due.vouchers.iter().filter(|key| key.coupon == coupon && key.kind == VoucherKind::Given) {
        let voucher = facts.vouchers.get(key)?;
        if let Some(voucher) = voucher.filter(|one| one.state == VoucherState::Held && one.hold_is_over(context.now)) {
            return Ok(Some(voucher.clone()));
        }
    }
    Ok(None)
}

/// One that locks a voucher of the pool whose hold has run out meanwhile.
fn due_reservation(facts: &Facts, context: Context, coupon: CouponNo) -> Result<Option<RedemptionId>, Stop> {
    let Some(due) = facts.due.get(&coupon)? else { return Ok(None) };
    due.redemptions.iter().for_each(|id| facts.redemptions.ask(id));
    for id in &due.redemptions {
        let Some(redemption) = facts.redemptions.get(id)? else { continue };
        if redemption.state != RedemptionState::Pending || redemption.state_at(context.now) != RedemptionState::Expired
        {
            continue;
        }
        for key in redemption.parts.iter().filter(|part| part.coupon == coupon).filter_map(|part| part.voucher) {
            if facts.vouchers.get(&key)?.is_some_and(|one| one.hides_code() && one.hold_is_over(context.now)) {
                return Ok(Some(id.clone()));
            }
        }
    }
    Ok(None)
}

/// What goes back to the pool when the hold of a voucher ends: its code, if nobody has seen it.
#[derive(Debug)]
pub(super) struct Unseen {
    hash: [u8; 16],
    given: GivenCode,
}

/// Loads it, so that nothing of a hold's end is done before all of it can be.
pub(super) fn unseen(facts: &Facts, voucher: &Voucher) -> Result<Option<Unseen>, Stop> {
    if !voucher.hides_code() {
        return Ok(None);
    }
    facts.series.ask(&(voucher.key.coupon, VoucherKind::Given));
    let Some(hash) = facts.hashes.get(&voucher.key)?.copied() else { return Ok(None) };
    let given = facts.given_codes.get(&hash)?.cloned();
    facts.series.get(&(voucher.key.coupon, VoucherKind::Given))?;
    Ok(given.map(|given| Unseen { hash, given }))
}

/// The code gets a new voucher at the end of the pool.
pub(super) fn put_back(facts: &mut Facts, context: Context, unseen: Option<Unseen>) -> Result<(), Stop> {
    let Some(Unseen { hash, given }) = unseen else { return Ok(()) };
    let was = given.voucher;
    let voucher = match put(facts, context, was.coupon, hash) {
        Ok(voucher) => voucher,
        // An end must not fail: the code stays where it is, and is good for nothing.
        Err(Stop::Refused(_)) => return Ok(()),
        Err(Stop::Missing) => return Err(Stop::Missing),
    };
    facts.hashes.delete(was);
    facts.given_codes.put(hash, GivenCode { voucher: voucher.key, ..given });
    Ok(())
}
