//! Issue: vouchers for customers, and blocks of bearer codes; and their assignment.

use super::claim::{self, Making, Origin, check_eligible, check_not_over, face, make, take_ordinals};
use super::decide::Context;
use super::facts::{Entry, Facts};
use super::hold::usable;
use super::keys::BlockKey;
use super::lookup::{granting_source, source};
use super::outcome::Outcome;
use super::persons::{all, standing};
use super::takings::{Taken, Want, Whose, take_all, take_together};
use super::{Stop, gifts, moves, refuse, sweep};
use crate::codes::ComputedCode;
use crate::event::{EventKind, JournalNo, Subject, VoucherStep};
use crate::id::{BlockId, CouponNo, CustomerNo, ORDINALS_PER_KIND, VoucherKind};
use crate::limit::Counts;
use crate::rejection::Rejection;
use crate::voucher::{Block, Voucher, VoucherState};

pub(super) fn issue(
    facts: &mut Facts,
    context: Context,
    coupon: CouponNo,
    customers: &[CustomerNo],
) -> Result<Outcome, Stop> {
    facts.series.ask(&(coupon, VoucherKind::Row));
    customers.iter().for_each(|no| facts.persons.ask(no));
    let source = granting_source(facts, context.now, coupon)?;
    let customers = all(customers.iter().map(|no| standing(facts, *no)))?;
    let making = |customer: &CustomerNo| Making {
        origin: Origin::of_claim(&source),
        customer: Some(*customer),
        held_until: None,
        step: VoucherStep::Issued,
    };
    claim::all(customers.iter().map(|customer| make(facts, context, &source, making(customer))))
}

pub(super) fn issue_block(
    facts: &mut Facts,
    context: Context,
    coupon: CouponNo,
    id: BlockId,
    count: u64,
) -> Result<Outcome, Stop> {
    facts.series.ask(&(coupon, VoucherKind::Bearer));
    // It would share its first ordinal, which keys it, with the block after it.
    if count == 0 {
        return refuse(Rejection::TransitionIllegal, "a block has at least one code");
    }
    let source = granting_source(facts, context.now, coupon)?;
    // Its codes have no rows that could say what was drawn for them.
    if source.coupon.definition.is_drawn() {
        return refuse(Rejection::TransitionIllegal, "codes in print have no random amount; issue vouchers instead");
    }
    check_not_over(&source.coupon, context.now)?;
    // Counted by limits only as far as ordinals go, which refuse what is beyond.
    let amount = i64::try_from(count.min(ORDINALS_PER_KIND)).expect("ordinals fit 34 bits");
    let want = Want { counts: Counts::Claims, whose: Whose::Everyone, customer: None, amount, held: false };
    let wants = [Some(want), gifts::issued_value(&source, want)];
    let Taken { takings, deltas } = take_all(facts, context, &source, wants)?;
    let first = take_ordinals(facts, &source.coupon, VoucherKind::Bearer, count)?;
    let block = Block {
        id,
        first,
        count,
        key_no: facts.key_no,
        made_at: context.now,
        takings,
        version: 1,
        revoked_at: None,
        journal: facts.next_journal(),
    };
    let entry = entry(context, coupon, &block, JournalNo::default());
    facts.record(entry, EventKind::BlockMade { count }, deltas);
    facts.blocks.put(BlockKey { coupon, first }, block.clone());
    Ok(Outcome::Block { coupon, block })
}

fn entry(context: Context, coupon: CouponNo, block: &Block, previous: JournalNo) -> Entry {
    let subject = Subject::Block(coupon, block.id);
    Entry { subject, version: block.version, previous, actor: context.actor }
}

/// Revokes what of a block is unused; it gives nothing back to the limits, as its codes may be anywhere in print.
pub(super) fn revoke_block(facts: &mut Facts, context: Context, key: BlockKey) -> Result<Outcome, Stop> {
    let Some(block) = facts.blocks.get(&key)?.cloned() else {
        return refuse(Rejection::BlockNotFound, "there is no such block of codes");
    };
    if block.revoked_at.is_some() {
        return refuse(Rejection::VoucherRevoked, "the block was revoked before");
    }
    let previous = block.journal;
    let block =
        Block { version: block.version + 1, revoked_at: Some(context.now), journal: facts.next_journal(), ..block };
    let entry = entry(context, key.coupon, &block, previous);
    facts.record(entry, EventKind::BlockRevoked, Vec::new());
    facts.blocks.put(key, block.clone());
    Ok(Outcome::Block { coupon: key.coupon, block })
}

/// Gives an unowned voucher its owner, who is counted from then on.
pub(super) fn assign(
    facts: &mut Facts,
    context: Context,
    candidates: &[ComputedCode],
    customer: CustomerNo,
) -> Result<Outcome, Stop> {
    let Some(found) = sweep::find(facts, context, candidates)? else {
        return refuse(Rejection::VoucherNotFound, "there is no such voucher");
    };
    let source = source(facts, found.key().coupon)?;
    let (before, voucher) = (found.row(), found.voucher(&source.coupon, &facts.settings.zone));
    if voucher.customer.is_some() {
        return refuse(Rejection::VoucherForeign, "the voucher has an owner");
    }
    let pooled = voucher.state == VoucherState::Pooled;
    if !pooled {
        usable(&voucher, context.now)?;
    }
    let customer = standing(facts, customer)?;
    source.check_grants(context.now)?;
    if pooled {
        // It took from no limit yet.
        let origin = Origin::Pooled(voucher);
        let making = Making { origin, customer: Some(customer), held_until: None, step: VoucherStep::Assigned };
        return Ok(Outcome::Vouchers(vec![make(facts, context, &source, making)?]));
    }
    check_eligible(facts, context.now, &source.coupon, Some(customer))?;
    let want =
        Want { counts: Counts::Claims, whose: Whose::Customers, customer: Some(customer), amount: 1, held: false };
    let drawn = voucher.amount_minor.map(|amount| Want { counts: Counts::Value, amount, ..want });
    let wants: Vec<Want> = [want].into_iter().chain(drawn).collect();
    let taken = take_together(facts, context, &source, &wants)?;
    let mut after = Voucher { customer: Some(customer), state: VoucherState::Issued, ..voucher };
    after.takings.extend(taken.takings);
    let written = moves::voucher(facts, context, before.as_ref(), after, (VoucherStep::Assigned, taken.deltas));
    Ok(Outcome::Vouchers(vec![face(written)]))
}
