//! Accounts: made, with their customer where they are one's, and changed. What signs in is looked up by a keyed hash; a
//! hash points to the account that bears the name now, and one whose account goes by another name is free.

use super::decide::Context;
use super::define::next;
use super::facts::{Entry, Facts};
use super::keys::Sequence;
use super::outcome::Outcome;
use super::requests::{AccountChange, NewAccount};
use super::{Stop, customers, refuse};
use crate::account::{Account, LoginHash, Profile, Totp};
use crate::customer::CustomerProfile;
use crate::event::{EventKind, JournalNo, Subject};
use crate::id::{AccountId, AccountNo, CustomerId};
use crate::rejection::Rejection;

/// Makes an account and, with a customer's profile, its customer: both or neither.
pub(super) fn create_account(
    facts: &mut Facts,
    context: Context,
    id: AccountId,
    new: &NewAccount,
    customer: Option<&(CustomerId, Box<CustomerProfile>)>,
) -> Result<Outcome, Stop> {
    facts.sequences.ask(&Sequence::Account);
    if facts.logins.get(&new.login)?.is_some() {
        return refuse(Rejection::UsernameTaken, "another account has this username");
    }
    let customer = match customer {
        Some((id, profile)) => match customers::create(facts, context, *id, profile)? {
            Outcome::Customer(no) => Some(no),
            _ => unreachable!("a customer was asked for"),
        },
        None => None,
    };
    let no = AccountNo(next(facts, Sequence::Account)?);
    facts.logins.put(new.login, no);
    if let Some(login) = new.email_login {
        facts.logins.put(login, no);
    }
    let account = Account {
        no,
        id,
        version: 0,
        epoch: 1,
        role: new.role,
        active: true,
        customer,
        profile: new.profile.clone(),
        credentials: new.credentials.clone(),
        created_at: context.now,
        changed_at: context.now,
        journal: JournalNo::default(),
    };
    Ok(write(facts, context, account))
}

/// Changes an account. A change of what it may do, or of how it proves who it is, ends its sessions.
pub(super) fn change_account(
    facts: &mut Facts,
    context: Context,
    no: AccountNo,
    change: &AccountChange,
) -> Result<Outcome, Stop> {
    let Some(before) = facts.accounts.get(&no)?.cloned() else {
        return refuse(Rejection::AccountNotFound, "there is no such account");
    };
    let epoch = before.epoch + u32::from(change.ends_sessions());
    let mut account = Account { epoch, ..before };
    match change {
        AccountChange::Profile(profile) => {
            // A new address has yet to be proved.
            let email_verified = account.profile.email_verified && account.profile.email == profile.email;
            let username = account.profile.username;
            account.profile = Profile { username, email_verified, ..(**profile).clone() };
        }
        AccountChange::EmailVerified { email, login } => {
            if account.profile.email.as_ref() != Some(email) {
                return refuse(Rejection::TokenUnknown, "the account has another address by now");
            }
            take_login(facts, *login, no);
            account.profile.email_verified = true;
        }
        AccountChange::Password { hash } => account.credentials.password = Some(hash.clone()),
        AccountChange::Rehashed { hash } => account.credentials.password = Some(hash.clone()),
        AccountChange::Totp(totp) => put_totp(&mut account, totp.as_deref())?,
        AccountChange::TotpUsed { step } => use_step(&mut account, *step)?,
        AccountChange::RecoveryUsed { hash } => use_recovery(&mut account, hash)?,
        AccountChange::Role(role) => {
            keep_an_admin(facts, &account)?;
            account.role = *role;
        }
        AccountChange::Active(active) => {
            keep_an_admin(facts, &account)?;
            account.active = *active;
        }
    }
    Ok(write(facts, context, account))
}

/// The proof of reading an address is stronger than having claimed it before: the later proof has it.
fn take_login(facts: &mut Facts, login: LoginHash, no: AccountNo) {
    facts.logins.put(login, no);
}

/// One in force is taken away before another takes its place: of two who confirm at once one is told recovery codes.
fn put_totp(account: &mut Account, totp: Option<&Totp>) -> Result<(), Stop> {
    if totp.is_some() && account.has_second_factor() {
        return refuse(Rejection::TransitionIllegal, "a second factor is in force");
    }
    account.credentials.totp = totp.cloned();
    Ok(())
}

/// A code is good once, even for two who send it at the same instant.
fn use_step(account: &mut Account, step: u64) -> Result<(), Stop> {
    match &mut account.credentials.totp {
        Some(totp) if totp.confirmed && step > totp.step_used => {
            totp.step_used = step;
            Ok(())
        }
        Some(_) | None => refuse(Rejection::TokenUnknown, "the code was used before"),
    }
}

fn use_recovery(account: &mut Account, hash: &[u8; 32]) -> Result<(), Stop> {
    let codes = account.credentials.totp.as_mut().map(|totp| &mut totp.recovery);
    let place = codes.as_ref().and_then(|codes| codes.iter().position(|code| code == hash));
    match (codes, place) {
        (Some(codes), Some(place)) => {
            codes.swap_remove(place);
            Ok(())
        }
        _ => refuse(Rejection::TokenUnknown, "there is no such recovery code left"),
    }
}

/// Nobody could undo it.
fn keep_an_admin(facts: &Facts, account: &Account) -> Result<(), Stop> {
    let is_last = facts.admins.get(&())?.is_some_and(|admins| *admins == [account.no]);
    if is_last && account.active {
        return refuse(Rejection::LastAdmin, "it is the only administrator; make another first");
    }
    Ok(())
}

fn write(facts: &mut Facts, context: Context, account: Account) -> Outcome {
    let previous = account.journal;
    let account =
        Account { version: account.version + 1, changed_at: context.now, journal: facts.next_journal(), ..account };
    let (no, version) = (account.no, account.version);
    let entry = Entry { subject: Subject::Account(no), version, previous, actor: context.actor };
    facts.record(entry, EventKind::Account, Vec::new());
    hold_in_list(facts, &account);
    facts.accounts.put(no, account);
    Outcome::Account { no, version }
}

/// The list of administrators, if it is loaded, follows the row.
fn hold_in_list(facts: &mut Facts, account: &Account) {
    let is_admin = account.active && account.role == crate::account::Role::Admin;
    let no = account.no;
    facts.admins.amend(&(), |list| {
        list.retain(|other| *other != no);
        if is_admin {
            list.push(no);
        }
    });
}
