//! Accounts of staff, made from the command line.

use anyhow::{Context, bail};
use api::passwords::{Password, PasswordCosts, Passwords};
use domain::account::{Credentials, Profile, Role, check_username};
use domain::event::Actor;
use domain::id::{AccountId, TenantNo};
use domain::ledger::{Action, Command, NewAccount};
use ports::{Ledger, Records};
use sqlite::SqliteStore;

use crate::admin::{self, Request};
use crate::cli::Place;

/// The longest password with its line end; what is longer is refused by the policy.
const LINE_BYTES_MAX: u64 = 4096;

/// Reads the password, and has the account made. The password itself goes no further: only its hash does.
pub(crate) async fn create(place: &Place, tenant: Option<String>, username: String, role: Role) -> anyhow::Result<()> {
    check_username("--username", &username).map_err(|error| anyhow::anyhow!("{error}"))?;
    let password = read_password()?;
    api::check_password("", &password, &[&username])
        .map_err(|error| anyhow::anyhow!("the password {}", error.detail))?;
    let password_hash = hash(password).await?;
    admin::run(place, Request::CreateStaff { tenant, username, role, password_hash }).await
}

fn read_password() -> anyhow::Result<Password> {
    use std::io::{BufRead as _, Read as _};
    let mut line = String::new();
    std::io::stdin().lock().take(LINE_BYTES_MAX).read_line(&mut line).context("the password cannot be read")?;
    Ok(Password::new(line.trim_end_matches(['\r', '\n']).to_owned()))
}

/// The hash of a password at today's costs.
pub(crate) async fn hash(password: Password) -> anyhow::Result<String> {
    let passwords = Passwords::new(PasswordCosts::recommended(1));
    passwords.hash(password).await.map_err(|problem| anyhow::anyhow!("{}", problem.code().to_owned()))
}

/// Makes the account, and says so.
pub(crate) async fn made(
    store: &SqliteStore,
    tenant: TenantNo,
    (username, role): (String, Role),
    password_hash: String,
) -> anyhow::Result<String> {
    let said = format!("The account {username} is made, with the role {}.", role.name());
    let new = NewAccount {
        login: api::login_hash(store.codes(), tenant, &username),
        email_login: None,
        role,
        profile: Profile { username, ..Profile::default() },
        credentials: Credentials { password: Some(password_hash), totp: None },
    };
    let action = Action::CreateAccount { id: AccountId(api::new_id()), new: Box::new(new), customer: None };
    let command = Command { actor: Actor::Operator, key: None, fingerprint: [0; 16], action };
    match store.submit(tenant, command).await? {
        Ok(_) => Ok(said),
        Err(refusal) => bail!("{}", refusal.detail),
    }
}
