//! The decision of a batch: one command after the other, each seeing what those before it changed.

use super::command::{Action, Command};
use super::facts::Facts;
use super::outcome::{Answer, Answered, Outcome};
use super::requests::RedeemRequest;
use super::{
    Stop, accounts, audit, campaigns, claim, customers, define, gifts, give_back, hold, import, issue, merge, pool,
    redeem, refuse, restock, second_person, settle, states, sweep,
};
use crate::codes::Reading;
use crate::event::Actor;
use crate::pricing::Quote;
use crate::rejection::{Refusal, Rejection};
use crate::time::Timestamp;

/// Some facts were never loaded. Load what the tables want and decide again; what was loaded is kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Missing;

/// Who decides what, and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Context {
    pub actor: Actor,
    pub now: Timestamp,
}

/// Decides the commands of one batch, in order. On success the facts hold all changes of the commands that were not
/// refused; a refused command leaves none.
///
/// # Errors
/// [`Missing`] when any command needs a fact that is not loaded. Nothing is changed then.
pub fn decide(
    commands: &[Command],
    facts: &mut Facts,
    now: Timestamp,
) -> Result<Vec<Result<Answer, Refusal>>, Missing> {
    facts.restart();
    facts.handed_out_max = commands.iter().map(|command| pool::hands_out(&command.action)).sum();
    let mut answers = Vec::with_capacity(commands.len());
    let mut missing = false;
    for command in commands {
        match decide_one(command, facts, now) {
            Ok(answer) => {
                facts.keep();
                answers.push(Ok(answer));
            }
            Err(Stop::Refused(refusal)) => {
                facts.discard();
                answers.push(Err(refusal));
            }
            // Go on, so that one round of loading serves the whole batch.
            Err(Stop::Missing) => {
                facts.discard();
                missing = true;
            }
        }
    }
    if missing {
        facts.restart();
        return Err(Missing);
    }
    Ok(answers)
}

/// What the redemption would come to, refusals listed instead of refused. Changes nothing.
///
/// # Errors
/// [`Missing`] when a fact is not loaded.
pub fn quote(request: &RedeemRequest, facts: &mut Facts, now: Timestamp) -> Result<Quote, Missing> {
    facts.restart();
    let answer = redeem::quote(facts, Context { actor: Actor::System, now }, request);
    facts.restart();
    match answer {
        Ok(quote) => Ok(quote),
        Err(Stop::Missing) => Err(Missing),
        Err(Stop::Refused(refusal)) => unreachable!("a quote lists its refusals: {refusal:?}"),
    }
}

/// A quote for each of the request's codes, as if it alone had been typed.
///
/// # Errors
/// [`Missing`] when a fact is not loaded.
pub fn quote_each(request: &RedeemRequest, facts: &mut Facts, now: Timestamp) -> Result<Vec<Quote>, Missing> {
    let alone = |code: &Reading| RedeemRequest { codes: vec![code.clone()], ..request.clone() };
    // All of them, so that one round of loading serves all.
    let quotes: Vec<_> = request.codes.iter().map(|code| quote(&alone(code), facts, now)).collect();
    quotes.into_iter().collect()
}

fn decide_one(command: &Command, facts: &mut Facts, now: Timestamp) -> Result<Answer, Stop> {
    if let Some(key) = &command.key {
        match facts.answers.get(key) {
            Ok(Some(answered)) => return replay(command, answered, now),
            Ok(None) => {}
            // The rest is decided all the same, for what else it wants.
            Err(_) => {
                let _ = act(command, facts, now);
                return Err(Stop::Missing);
            }
        }
    }
    let outcome = act(command, facts, now)?;
    audit::record(facts, command, &outcome, now)?;
    if let Some(key) = command.key {
        let answered = Answered { fingerprint: command.fingerprint, outcome: outcome.clone().kept(), at: now };
        facts.answers.put(key, answered);
    }
    Ok(Answer { outcome, replayed: false, at: now })
}

fn replay(command: &Command, answered: &Answered, now: Timestamp) -> Result<Answer, Stop> {
    if answered.fingerprint != command.fingerprint {
        return refuse(
            Rejection::IdempotencyKeyReused,
            "this Idempotency-Key was used before with another body; use a new key",
        );
    }
    Ok(Answer { outcome: answered.outcome.clone().told(), replayed: true, at: now })
}

fn act(command: &Command, facts: &mut Facts, now: Timestamp) -> Result<Outcome, Stop> {
    let context = Context { actor: command.actor, now };
    audit::ask(facts, command);
    match &command.action {
        Action::CreateCustomer { id, profile } => customers::create(facts, context, *id, profile),
        Action::EnsureCustomer { id, kind, value } => customers::ensure(facts, context, *id, (*kind, value)),
        Action::UpdateCustomer { customer, if_version, profile } => {
            customers::update(facts, context, (*customer, *if_version), profile)
        }
        Action::AddIdentity { customer, kind, value } => customers::add(facts, context, *customer, (*kind, value)),
        Action::RemoveIdentity { customer, identity } => customers::remove(facts, context, *customer, identity),
        Action::VerifyIdentity { customer, kind, value } => merge::verify(facts, context, *customer, (*kind, value)),
        Action::EraseCustomer { customer } => customers::erase(facts, context, *customer),
        Action::CreateCampaign { id, definition, start } => {
            campaigns::create_campaign(facts, context, *id, definition, *start)
        }
        Action::CreateCoupon { id, definition, code, start } => {
            define::create_coupon(facts, context, *id, (definition, *start), code.as_ref())
        }
        Action::UpdateCoupon { coupon, if_version, definition, code } => {
            define::update_coupon(facts, context, (*coupon, *if_version), definition, code.as_ref())
        }
        Action::MoveCoupon { coupon, step } => states::move_coupon(facts, context, *coupon, *step),
        Action::Claim { customer, coupons } => claim::claim(facts, context, *customer, coupons),
        Action::Issue { coupon, customers } => issue::issue(facts, context, *coupon, customers),
        Action::IssueGiven { coupon, codes } => import::issue_given(facts, context, *coupon, codes),
        Action::ImportGiven { coupon, codes } => import::import_given(facts, context, *coupon, codes),
        Action::IssueBlock { coupon, id, count } => issue::issue_block(facts, context, *coupon, *id, *count),
        Action::RevokeBlock { block } => issue::revoke_block(facts, context, *block),
        Action::Assign { voucher, customer } => issue::assign(facts, context, voucher, *customer),
        Action::Release { voucher } => hold::release(facts, context, voucher),
        Action::Revoke { voucher } => hold::revoke(facts, context, voucher),
        Action::ChangeGift { voucher, change } => gifts::change(facts, context, voucher, change),
        Action::Redeem(request) => redeem::redeem(facts, context, request, command.fingerprint),
        Action::Confirm { redemption } => settle::confirm(facts, context, redemption),
        Action::Cancel { redemption } => settle::cancel(facts, context, redemption),
        Action::Return { redemption, lines } => give_back::give_back(facts, context, redemption, lines.as_deref()),
        Action::Amend { redemption, request } => {
            give_back::amend(facts, context, redemption, request, command.fingerprint)
        }
        Action::CreateAccount { id, new, customer } => {
            accounts::create_account(facts, context, *id, new, customer.as_ref())
        }
        Action::ChangeAccount { account, change } => accounts::change_account(facts, context, *account, change),
        Action::Expire { vouchers, redemptions } => sweep::expire(facts, context, vouchers, redemptions),
        Action::UpdateCampaign { campaign, if_version, definition } => {
            campaigns::update_campaign(facts, context, (*campaign, *if_version), definition)
        }
        Action::MoveCampaign { campaign, step } => campaigns::move_campaign(facts, context, *campaign, *step),
        Action::ClaimPackage { customer, campaign } => campaigns::claim_package(facts, context, *customer, *campaign),
        Action::Restock { coupon, limit, by, contributor } => {
            restock::restock(facts, context, *coupon, (limit, *by), contributor.as_deref())
        }
        Action::ApproveCoupon { coupon, version } => second_person::approve(facts, context, *coupon, *version),
        Action::FollowClock { coupons, campaigns } => states::follow_clock(facts, context, coupons, campaigns),
    }
}
