//! New accounts of customers, and the proof that an address is theirs.

use axum::extract::State;
use domain::account::{Account, Credentials, Profile, Role, check_username};
use domain::customer::CustomerProfile;
use domain::id::{AccountId, CustomerId, CustomerNo, TenantNo};
use domain::identity::IdentityKind;
use domain::language::Language;
use domain::ledger::{AccountChange, Action, NewAccount, Outcome};
use domain::rejection::Rejection;
use http::StatusCode;
use ports::TokenPurpose;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::auth::{Caller, Guest};
use crate::customers::check_date;
use crate::definition_body::check_chars;
use crate::extract::Json;
use crate::guesses::Guesser;
use crate::idempotency::Origin;
use crate::letters::{self, Errand};
use crate::logins;
use crate::me::{AccountBody, NAME_CHARS_MAX, show};
use crate::password_policy::check_policy;
use crate::passwords::Password;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::sign_in::{change, own_account};

/// How long the link of a letter that asks for a proof is good: a day.
const VERIFY_MINUTES: u32 = 24 * 60;

/// Who wants an account.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RegisterBody {
    #[schema(min_length = 3, max_length = 64, pattern = "^[A-Za-z0-9._-]+$", example = "ann")]
    username: String,
    /// Signs in too, once it was verified.
    #[schema(max_length = 254, example = "ann@shop.example")]
    email: String,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: Password,
    #[schema(max_length = 100)]
    first_name: Option<String>,
    #[schema(max_length = 100)]
    last_name: Option<String>,
    #[schema(format = Date, example = "1990-02-28")]
    birth_date: Option<String>,
    /// Of letters: a tag such as `en` or `zh-CN`.
    #[schema(example = "en")]
    language: Option<String>,
}

impl RegisterBody {
    fn check(&self) -> Result<(), Problem> {
        check_username("/username", &self.username)?;
        check_email(&self.email)?;
        for (pointer, name) in [("/first_name", &self.first_name), ("/last_name", &self.last_name)] {
            name.as_deref().map_or(Ok(()), |name| check_chars(pointer, name, NAME_CHARS_MAX))?;
        }
        self.birth_date.as_deref().map_or(Ok(()), check_date)?;
        check_language(self.language.as_deref())?;
        check_policy("/password", &self.password, &[&self.username, &self.email])?;
        Ok(())
    }

    fn profile(&self) -> Profile {
        Profile {
            username: self.username.clone(),
            email: Some(self.email.clone()),
            first_name: self.first_name.clone(),
            last_name: self.last_name.clone(),
            language: self.language.clone(),
            ..Profile::default()
        }
    }

    fn customer(&self) -> CustomerProfile {
        let names: Vec<&str> = self.first_name.as_deref().into_iter().chain(self.last_name.as_deref()).collect();
        CustomerProfile {
            email: Some(self.email.clone()),
            name: (!names.is_empty()).then(|| names.join(" ")),
            birth_date: self.birth_date.clone(),
            registered: true,
            ..CustomerProfile::default()
        }
    }
}

pub(crate) fn check_email(email: &str) -> Result<(), Problem> {
    Ok(IdentityKind::Email.check(email).map_err(|error| error.under("/email"))?)
}

pub(crate) fn check_language(tag: Option<&str>) -> Result<(), Problem> {
    match tag.map(Language::of_tag) {
        Some(None) => Err(Problem::invalid_field("/language", "invalid", "must be en or zh, with or without a region")),
        Some(Some(_)) | None => Ok(()),
    }
}

/// Make an account
///
/// With its customer. A letter asks for a proof of the address; whether others have named it is not told.
#[utoipa::path(post, path = "/v1/auth/register", tag = "sign-in", request_body = RegisterBody, security(()),
    responses((status = 201, description = "Made", body = AccountBody)))]
pub(crate) async fn register_account(
    State(app): State<App>,
    Guest { tenant, .. }: Guest,
    Json(body): Json<RegisterBody>,
) -> Answered<AccountBody> {
    body.check()?;
    if logins::find(&app, tenant, &body.username).await?.is_some() {
        return Err(taken());
    }
    let account = create(&app, tenant, body).await?;
    send_verification(&app, tenant, &account).await?;
    Ok(Reply::created(show(&app, tenant, &account).await?))
}

/// Before a password is hashed for nothing; the ledger decides.
fn taken() -> Problem {
    Problem::conflict(Rejection::UsernameTaken.code(), "another account has this username").and_error(
        "/username",
        "refused",
        "another account has this username",
    )
}

async fn create(app: &App, tenant: TenantNo, body: RegisterBody) -> Result<Account, Problem> {
    let (profile, customer) = (body.profile(), body.customer());
    let password = Some(app.passwords.hash(body.password).await?);
    let new = NewAccount {
        login: logins::hash(app, tenant, &profile.username),
        email_login: None,
        role: Role::Customer,
        profile,
        credentials: Credentials { password, totp: None },
    };
    let customer = Some((CustomerId((app.new_id)()), Box::new(customer)));
    let action = Action::CreateAccount { id: AccountId((app.new_id)()), new: Box::new(new), customer };
    let answer = app.submit(&Origin::of_system(tenant), action).await?;
    let Outcome::Account { no, .. } = answer.outcome else { return Err(unexpected()) };
    let account = app.store.account(tenant, no).await?.ok_or_else(unexpected)?;
    Ok((*account).clone())
}

/// Writes to the address of an account that has yet to be proved.
pub(crate) async fn send_verification(app: &App, tenant: TenantNo, account: &Account) -> Result<(), Problem> {
    let Some(email) = account.profile.email.clone().filter(|_| !account.profile.email_verified) else { return Ok(()) };
    let errand = Errand { account: Some(account.no), email: Some(email.clone()) };
    let to = (email.as_str(), account.profile.language.as_deref());
    let purpose = (TokenPurpose::VerifyAddress, VERIFY_MINUTES);
    letters::send(app, tenant, purpose, &errand, to).await
}

/// Ask for the letter again that proves the address
#[utoipa::path(post, path = "/v1/auth/verification", tag = "sign-in",
    responses((status = 202, description = "It is on its way, unless the address was verified before")))]
pub(crate) async fn create_verification(State(app): State<App>, caller: Caller) -> Result<StatusCode, Problem> {
    let account = own_account(&app, caller).await?;
    send_verification(&app, caller.tenant, &account).await?;
    Ok(StatusCode::ACCEPTED)
}

/// What the link of a letter holds.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyBody {
    token: String,
}

/// Prove the address
///
/// Only for who is signed in to the account that named it: that somebody reads the letter does not make the account
/// theirs. From now on the address signs in, and what guests did under it is the account's.
#[utoipa::path(post, path = "/v1/auth/verify", tag = "sign-in", request_body = VerifyBody,
    responses((status = 204, description = "Verified")))]
pub(crate) async fn verify_address(
    State(app): State<App>,
    caller: Caller,
    guesser: Guesser,
    Json(VerifyBody { token }): Json<VerifyBody>,
) -> Result<StatusCode, Problem> {
    let account = own_account(&app, caller).await?;
    let errand = letters::take(&app, guesser, TokenPurpose::VerifyAddress, &token).await?;
    let Errand { account: Some(no), email: Some(email) } = errand else { return Err(letters::unknown()) };
    if no != account.no {
        return Err(letters::unknown());
    }
    if let Some(customer) = account.customer {
        merge_guests(&app, caller.tenant, (&account, customer), &email).await?;
    }
    let login = logins::hash(&app, caller.tenant, &email);
    change(&app, caller.tenant, &account, AccountChange::EmailVerified { email, login }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// How many steps one request may take; each moves some hundreds of vouchers.
const MERGE_STEPS_MAX: usize = 200;

/// What guests hold and did under the address becomes the account's customer's.
async fn merge_guests(
    app: &App,
    tenant: TenantNo,
    (account, customer): (&Account, CustomerNo),
    email: &str,
) -> Result<(), Problem> {
    let origin = Origin::of_account(tenant, account);
    for _ in 0..MERGE_STEPS_MAX {
        let (kind, value) = (IdentityKind::Email, email.to_owned());
        let answer = app.submit(&origin, Action::VerifyIdentity { customer, kind, value }).await?;
        match answer.outcome {
            Outcome::CustomerChanged { is_done: true, .. } => return Ok(()),
            Outcome::CustomerChanged { .. } => {}
            _ => return Err(unexpected()),
        }
    }
    Err(Problem::busy(1))
}
