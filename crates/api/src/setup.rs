//! The first password of an account: of one that was invited, or of the first administrator, by the link that a server
//! prints while there is none.

use axum::extract::State;
use domain::account::{Credentials, Profile, Role, check_username};
use domain::id::TenantNo;
use domain::ledger::{AccountChange, NewAccount};
use ports::TokenPurpose;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::accounts::create_staff;
use crate::app::{App, unexpected};
use crate::auth::Guest;
use crate::extract::Json;
use crate::guesses::Guesser;
use crate::idempotency::Origin;
use crate::letters::{self, Errand};
use crate::logins;
use crate::password_policy::check_policy;
use crate::passwords::Password;
use crate::problem::Problem;
use crate::reply::Answered;
use crate::sign_in::{TokenPair, change, hash_new, open};
use crate::source::Source;

/// How long the link is good that a server prints: a day.
const MINUTES: u32 = 24 * 60;

/// What the link holds, and what is chosen.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SetUpBody {
    token: String,
    /// Of the first administrator; who was invited has one.
    #[schema(min_length = 3, max_length = 64, example = "root")]
    username: Option<String>,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: Password,
}

/// Choose the first password
///
/// With the link of an invitation, or with the one that a server without an administrator prints. Answers as a sign-in.
#[utoipa::path(post, path = "/v1/auth/setup", tag = "sign-in", request_body = SetUpBody, security(()),
    responses((status = 200, description = "Signed in", body = TokenPair)))]
pub(crate) async fn set_up_account(
    State(app): State<App>,
    Guest { tenant, .. }: Guest,
    source: Source,
    Json(body): Json<SetUpBody>,
) -> Answered<TokenPair> {
    // Before the token is used up for nothing.
    body.username.as_deref().map_or(Ok(()), |name| check_username("/username", name))?;
    check_policy("/password", &body.password, &body.username.as_deref().into_iter().collect::<Vec<_>>())?;
    let errand = letters::take(&app, Guesser::of(tenant, source, None), TokenPurpose::SetUp, &body.token).await?;
    match errand.account {
        Some(_) => accept_invitation(&app, tenant, errand, body.password).await,
        None => make_first(&app, tenant, body).await,
    }
}

async fn accept_invitation(app: &App, tenant: TenantNo, errand: Errand, password: Password) -> Answered<TokenPair> {
    let no = errand.account.ok_or_else(letters::unknown)?;
    let account = app.store.account(tenant, no).await?.ok_or_else(unexpected)?;
    if !account.active {
        return Err(letters::unknown());
    }
    let hash = hash_new(app, "/password", password, &account).await?;
    change(app, tenant, &account, AccountChange::Password { hash }).await?;
    // Who has the link reads what is sent there.
    if let Some(email) = errand.email.filter(|email| account.profile.email.as_ref() == Some(email)) {
        let login = logins::hash(app, tenant, &email);
        change(app, tenant, &account, AccountChange::EmailVerified { email, login }).await?;
    }
    let account = app.store.account(tenant, no).await?.ok_or_else(unexpected)?;
    open(app, tenant, &account).await
}

async fn make_first(app: &App, tenant: TenantNo, body: SetUpBody) -> Answered<TokenPair> {
    let username = body.username.unwrap_or_else(|| "admin".to_owned());
    if app.store.has_admin(tenant).await? {
        return Err(letters::unknown());
    }
    let new = NewAccount {
        login: logins::hash(app, tenant, &username),
        email_login: None,
        role: Role::Admin,
        profile: Profile { username, ..Profile::default() },
        credentials: Credentials { password: Some(app.passwords.hash(body.password).await?), totp: None },
    };
    let account = create_staff(app, &Origin::of_system(tenant), new).await?;
    open(app, tenant, &account).await
}

/// Makes the link by which the first administrator is made; none if there is one.
///
/// # Errors
/// The store could not answer.
pub async fn first_link(app: &App, tenant: TenantNo) -> Result<Option<String>, Problem> {
    if app.store.has_admin(tenant).await? {
        return Ok(None);
    }
    let nobody = Errand { account: None, email: None };
    letters::keep_only(app, tenant, (TokenPurpose::SetUp, MINUTES), &nobody).await.map(Some)
}
