//! Which commands are written into the audit log, and what is said of them: changes that staff, an API key or the operator
//! makes by hand. What customers and their shops do with vouchers in the course of business has its events.

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::Stop;
use super::command::{Action, Command};
use super::facts::Facts;
use super::keys::BlockKey;
use super::outcome::Outcome;
use super::requests::AccountChange;
use crate::account::Account;
use crate::audit::{AuditChange, AuditKind, AuditSubject, is_audited};
use crate::campaign::Campaign;
use crate::codes::ComputedCode;
use crate::coupon::{Coupon, CouponStep};
use crate::customer::Customer;
use crate::gift::GiftEntry;
use crate::id::{AccountNo, CampaignNo, CouponNo, CustomerNo};
use crate::time::Timestamp;
use crate::voucher::{Block, Voucher};

/// A longer list of customers is told by its length; the coupon's versions keep it whole.
const CUSTOMERS_TOLD_MAX: usize = 100;

/// Asks for what [`record`] will need, so that one round of loading brings it. Nothing for a command that is not
/// audited: it costs claims and redemptions not even a look.
pub(super) fn ask(facts: &Facts, command: &Command) {
    if word(command).is_some() {
        facts.audit_head.ask(&());
    }
}

/// Writes the entry of a command that has just succeeded, while what it changed is still staged.
pub(super) fn record(facts: &mut Facts, command: &Command, outcome: &Outcome, now: Timestamp) -> Result<(), Stop> {
    let Some(action) = word(command) else { return Ok(()) };
    let head = facts.audit_head.get(&())?.copied().unwrap_or_default();
    let Changed { subject, before, after } = changed(facts, &command.action, outcome)?;
    let (before, after) = difference(before, after);
    let entry = head.next(now, AuditChange { actor: command.actor, action, subject, before, after });
    facts.audit_head.put((), entry.head());
    facts.record_audit(entry);
    Ok(())
}

/// The word that stands for an audited command. A new command that staff may give is one more arm.
fn word(command: &Command) -> Option<&'static str> {
    if !is_audited(command.actor) {
        return None;
    }
    match &command.action {
        Action::CreateCustomer { .. } => Some("customer.create"),
        Action::UpdateCustomer { .. } => Some("customer.update"),
        Action::AddIdentity { .. } => Some("customer.identify"),
        Action::RemoveIdentity { .. } => Some("customer.unidentify"),
        Action::VerifyIdentity { .. } => Some("customer.verify"),
        Action::EraseCustomer { .. } => Some("customer.erase"),
        Action::CreateAccount { .. } => Some("account.create"),
        Action::ChangeAccount { change, .. } => word_of(change),
        Action::CreateCampaign { .. } => Some("campaign.create"),
        Action::UpdateCampaign { .. } => Some("campaign.update"),
        Action::MoveCampaign { step, .. } => Some(match step {
            CouponStep::Activate => "campaign.activate",
            CouponStep::Pause => "campaign.pause",
            CouponStep::End => "campaign.end",
            CouponStep::Abort => "campaign.abort",
        }),
        Action::Restock { .. } => Some("coupon.restock"),
        Action::ApproveCoupon { .. } => Some("coupon.approve"),
        Action::CreateCoupon { .. } => Some("coupon.create"),
        Action::UpdateCoupon { .. } => Some("coupon.update"),
        Action::MoveCoupon { step, .. } => Some(match step {
            CouponStep::Activate => "coupon.activate",
            CouponStep::Pause => "coupon.pause",
            CouponStep::End => "coupon.end",
            CouponStep::Abort => "coupon.abort",
        }),
        Action::Issue { .. } => Some("voucher.issue"),
        Action::IssueGiven { .. } => Some("voucher.issue_given"),
        Action::ImportGiven { .. } => Some("voucher.import"),
        Action::Assign { .. } => Some("voucher.assign"),
        Action::Release { .. } => Some("voucher.release"),
        Action::Revoke { .. } => Some("voucher.revoke"),
        Action::ChangeGift { change, .. } => Some(if change.is_top_up { "voucher.top_up" } else { "voucher.adjust" }),
        Action::IssueBlock { .. } => Some("block.create"),
        Action::RevokeBlock { .. } => Some("block.revoke"),
        Action::Claim { .. }
        | Action::ClaimPackage { .. }
        | Action::FollowClock { .. }
        | Action::EnsureCustomer { .. }
        | Action::Redeem(_)
        | Action::Confirm { .. }
        | Action::Cancel { .. }
        | Action::Return { .. }
        | Action::Amend { .. }
        | Action::Expire { .. } => None,
    }
}

/// What signing in leaves behind is not done by hand.
fn word_of(change: &AccountChange) -> Option<&'static str> {
    match change {
        AccountChange::Profile(_) => Some("account.update"),
        AccountChange::EmailVerified { .. } => Some("account.verify"),
        AccountChange::Password { .. } => Some("account.password"),
        AccountChange::Totp(_) => Some("account.second_factor"),
        AccountChange::Role(_) => Some("account.role"),
        AccountChange::Active(true) => Some("account.let_in"),
        AccountChange::Active(false) => Some("account.keep_out"),
        AccountChange::Rehashed { .. } | AccountChange::TotpUsed { .. } | AccountChange::RecoveryUsed { .. } => None,
    }
}

/// What there is to say of something.
type Document = Map<String, Value>;

struct Changed {
    subject: AuditSubject,
    before: Option<Document>,
    after: Document,
}

fn changed(facts: &Facts, action: &Action, outcome: &Outcome) -> Result<Changed, Stop> {
    match (action, outcome) {
        (Action::Issue { coupon, .. } | Action::IssueGiven { coupon, .. }, Outcome::Vouchers(vouchers)) => {
            issued(facts, *coupon, vouchers)
        }
        (Action::ImportGiven { coupon, .. }, Outcome::Imported { accepted, refused }) => {
            imported(facts, *coupon, (*accepted, refused.len()))
        }
        (_, Outcome::Vouchers(vouchers)) => voucher(facts, &vouchers[0]),
        (_, Outcome::Coupon { no, .. } | Outcome::Restocked { no, .. }) => coupon(facts, *no),
        (_, Outcome::Campaign { no, .. }) => campaign(facts, *no),
        (_, Outcome::Customer(no) | Outcome::CustomerChanged { no, .. }) => customer(facts, *no),
        (_, Outcome::Account { no, .. }) => account(facts, *no),
        (_, Outcome::Block { coupon, block }) => Ok(block_of(facts, *coupon, block)),
        (_, Outcome::Gift { key_no, entry, .. }) => Ok(balance(*key_no, entry)),
        (
            _,
            Outcome::Redemption(_)
            | Outcome::Paid(..)
            | Outcome::Expired { .. }
            | Outcome::Followed { .. }
            | Outcome::Imported { .. }
            | Outcome::Drawn(..),
        ) => {
            unreachable!("what comes to {outcome:?} is not audited")
        }
    }
}

fn coupon(facts: &Facts, no: CouponNo) -> Result<Changed, Stop> {
    let after = facts.coupons.get(&no)?.expect("it was written just now");
    let told = |coupon: &Coupon| {
        let mut told = document(&coupon.definition, &[]);
        let Coupon { state, version, vetting, .. } = coupon;
        told.extend(document(&json!({ "state": state, "version": version, "approval": vetting.approval }), &[]));
        told
    };
    let before = facts.coupons.before(&no).map(|coupon| told(coupon));
    Ok(Changed { subject: AuditSubject::new(AuditKind::Coupon, after.id), before, after: told(after) })
}

fn campaign(facts: &Facts, no: CampaignNo) -> Result<Changed, Stop> {
    let after = facts.campaigns.get(&no)?.expect("it was written just now");
    let told = |campaign: &Campaign| document(campaign, &["no", "id", "created_at", "journal"]);
    let before = facts.campaigns.before(&no).map(|campaign| told(campaign));
    Ok(Changed { subject: AuditSubject::new(AuditKind::Campaign, after.id), before, after: told(after) })
}

/// Says which of the personal fields are otherwise, and nothing of what is in them.
fn customer(facts: &Facts, no: CustomerNo) -> Result<Changed, Stop> {
    let after = facts.customers.get(&no)?.expect("it was written just now");
    let before = facts.customers.before(&no);
    let profile = |customer: &Customer| document(&customer.profile, &[]);
    let (was, is) = (before.map(profile).unwrap_or_default(), profile(after));
    let mut told = version_of(after);
    for field in was.keys().chain(is.keys()).filter(|field| was.get(*field) != is.get(*field)) {
        let how = match (was.contains_key(field), is.contains_key(field)) {
            (false, _) => "set",
            (true, true) => "changed",
            (true, false) => "removed",
        };
        told.insert(field.clone(), how.into());
    }
    let before = before.map(version_of);
    Ok(Changed { subject: AuditSubject::new(AuditKind::Customer, after.id), before, after: told })
}

/// What it may do, and nothing of whom it is or how it proves that.
fn account(facts: &Facts, no: AccountNo) -> Result<Changed, Stop> {
    let after = facts.accounts.get(&no)?.expect("it was written just now");
    let told = |account: &Account| {
        let Account { version, epoch, role, active, customer, .. } = account;
        let second_factor = account.has_second_factor();
        let told = json!({
            "version": version, "epoch": epoch, "role": role, "active": active, "customer": customer,
            "second_factor": second_factor,
        });
        document(&told, &[])
    };
    let before = facts.accounts.before(&no).map(told);
    Ok(Changed { subject: AuditSubject::new(AuditKind::Account, after.id), before, after: told(after) })
}

fn version_of(customer: &Customer) -> Document {
    document(&json!({ "version": customer.version }), &[])
}

/// Vouchers made by one command have ordinals in a row.
fn issued(facts: &Facts, no: CouponNo, vouchers: &[Voucher]) -> Result<Changed, Stop> {
    let coupon = facts.coupons.get(&no)?.expect("it made the vouchers");
    let customers: Option<Vec<CustomerNo>> = vouchers.iter().map(|voucher| voucher.customer).collect();
    let first = vouchers.first().map(|voucher| voucher.key.ordinal);
    let after = document(&json!({ "first": first, "count": vouchers.len(), "customers": customers }), &[]);
    Ok(Changed { subject: AuditSubject::new(AuditKind::Coupon, coupon.id), before: None, after })
}

fn imported(facts: &Facts, no: CouponNo, (accepted, refused): (u32, usize)) -> Result<Changed, Stop> {
    let coupon = facts.coupons.get(&no)?.expect("it took the codes in");
    let after = document(&json!({ "accepted": accepted, "refused": refused }), &[]);
    Ok(Changed { subject: AuditSubject::new(AuditKind::Coupon, coupon.id), before: None, after })
}

fn voucher(facts: &Facts, voucher: &Voucher) -> Result<Changed, Stop> {
    let told = |voucher: &Voucher| {
        let Voucher { state, customer, version, .. } = voucher;
        document(&json!({ "state": state, "customer": customer, "version": version }), &[])
    };
    let before = facts.vouchers.before(&voucher.key).map(told);
    let subject = AuditSubject::voucher(ComputedCode { key_no: voucher.key_no, key: voucher.key });
    Ok(Changed { subject, before, after: told(voucher) })
}

fn balance(key_no: u32, entry: &GiftEntry) -> Changed {
    let told = |balance_minor: i64, reason: Option<&String>| {
        document(&json!({ "balance_minor": balance_minor, "reason": reason }), &[])
    };
    let subject = AuditSubject::voucher(ComputedCode { key_no, key: entry.voucher });
    let before = told(entry.balance_minor - entry.amount_minor, None);
    Changed { subject, before: Some(before), after: told(entry.balance_minor, entry.reason.as_ref()) }
}

fn block_of(facts: &Facts, coupon: CouponNo, block: &Block) -> Changed {
    let told = |block: &Block| {
        let Block { first, count, version, revoked_at, .. } = block;
        let told = json!({
            "coupon": coupon, "first": first, "count": count, "version": version, "revoked_at": revoked_at
        });
        document(&told, &[])
    };
    let before = facts.blocks.before(&BlockKey { coupon, first: block.first }).map(told);
    Changed { subject: AuditSubject::new(AuditKind::Block, block.id), before, after: told(block) }
}

/// The fields of something but these, without those that say nothing.
fn document(value: &impl Serialize, but: &[&str]) -> Document {
    match serde_json::to_value(value).expect("domain values serialise") {
        Value::Object(fields) => {
            fields.into_iter().filter(|(name, value)| !value.is_null() && !but.contains(&name.as_str())).collect()
        }
        other => unreachable!("what is audited has fields: {other}"),
    }
}

/// Leaves only what is otherwise.
fn difference(before: Option<Document>, mut after: Document) -> (Option<Value>, Option<Value>) {
    let before = before.map(|mut before| {
        before.retain(|field, value| match after.get(field) {
            Some(same) if same == value => {
                after.remove(field);
                false
            }
            Some(_) | None => true,
        });
        Value::Object(told_in_short(before))
    });
    (before, Some(Value::Object(told_in_short(after))))
}

fn told_in_short(mut fields: Document) -> Document {
    if let Some(Value::Array(customers)) = fields.get("customers")
        && customers.len() > CUSTOMERS_TOLD_MAX
    {
        let length = customers.len();
        fields.insert("customers".to_owned(), format!("{length} of them").into());
    }
    fields
}
