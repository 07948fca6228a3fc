//! Signing in and out: sessions, each with an access token that is short and a refresh token that is used once.

use std::sync::Arc;

use axum::extract::State;
use domain::account::Account;
use domain::id::{SessionId, TenantNo};
use domain::ledger::{AccountChange, Action};
use http::StatusCode;
use ports::{Renewal, Session};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::auth::{Caller, Guest, SignedIn};
use crate::extract::Json;
use crate::guesses::{Guess, Guesser};
use crate::idempotency::Origin;
use crate::logins;
use crate::passwords::{Password, Verdict};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::second_factor;
use crate::source::Source;
use crate::tokens::{self, ACCESS_MS, SESSION_MS};

const SIGN_IN_FAILED: &str = "sign_in_failed";

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LoginBody {
    /// The username, or an e-mail address that was verified.
    #[schema(example = "ann")]
    username: String,
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// Of the second factor, where one is in force: six digits of the app, or a recovery code.
    #[schema(example = "123456")]
    code: Option<String>,
}

/// What signs further requests.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TokenPair {
    /// As `Authorization: Bearer ...`.
    access_token: String,
    /// Good once, for the next pair.
    refresh_token: String,
    #[schema(example = "Bearer")]
    token_type: &'static str,
    /// Seconds until the access token is over.
    #[schema(example = 900)]
    expires_in: i64,
}

/// Sign in
///
/// 401 says neither which of name and password is wrong, nor whether there is such an account; with the code
/// `second_factor_required` both are right, and `code` is to be sent too.
#[utoipa::path(post, path = "/v1/auth/login", tag = "sign-in", request_body = LoginBody, security(()),
    responses((status = 200, description = "Signed in", body = TokenPair)))]
pub(crate) async fn create_session(
    State(app): State<App>,
    Guest { tenant, .. }: Guest,
    source: Source,
    Json(body): Json<LoginBody>,
) -> Answered<TokenPair> {
    let guesser = Guesser::of(tenant, source, None);
    guesser.check(&app)?;
    match sign_in(&app, tenant, body).await {
        Err(problem) if problem.code() == SIGN_IN_FAILED => {
            guesser.failed(&app, Guess::Wrong);
            Err(problem)
        }
        answer => answer,
    }
}

async fn sign_in(app: &App, tenant: TenantNo, body: LoginBody) -> Answered<TokenPair> {
    let account = logins::find(app, tenant, &body.username).await?;
    let account = check_password(app, tenant, account, body.password).await?;
    second_factor::check_code(app, tenant, &account, body.code.as_deref()).await?;
    open(app, tenant, &account).await
}

/// The account, if the password is its own. Takes as long if there is none.
pub(crate) async fn check_password(
    app: &App,
    tenant: TenantNo,
    account: Option<Arc<Account>>,
    password: Password,
) -> Result<Arc<Account>, Problem> {
    let kept = account.as_ref().and_then(|account| account.credentials.password.clone());
    let verdict = app.passwords.verify(password.clone(), kept).await?;
    let account = account.filter(|account| account.active && verdict != Verdict::Wrong).ok_or_else(wrong)?;
    if verdict == Verdict::RightButOutdated {
        let hash = app.passwords.hash(password).await?;
        change(app, tenant, &account, AccountChange::Rehashed { hash }).await?;
    }
    Ok(account)
}

pub(crate) fn wrong() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, SIGN_IN_FAILED, "The name or the password is wrong.")
}

/// A change that follows from a sign-in, made by the account itself.
pub(crate) async fn change(
    app: &App,
    tenant: TenantNo,
    account: &Account,
    change: AccountChange,
) -> Result<(), Problem> {
    let origin = Origin::of_account(tenant, account);
    app.submit(&origin, Action::ChangeAccount { account: account.no, change }).await.map(drop)
}

/// A new session.
pub(crate) async fn open(app: &App, tenant: TenantNo, account: &Account) -> Answered<TokenPair> {
    let refresh_token = tokens::random_token()?;
    let session = Session {
        id: SessionId((app.new_id)()),
        account: account.no,
        epoch: account.epoch,
        expires_at: app.now().saturating_add_ms(SESSION_MS),
    };
    app.store.open_session(tenant, session, tokens::hash_token(&refresh_token)).await?;
    pair(app, tenant, &session, refresh_token)
}

fn pair(app: &App, tenant: TenantNo, session: &Session, refresh_token: String) -> Answered<TokenPair> {
    let access = tokens::Access { tenant, account: session.account, session: session.id };
    let access_token = tokens::sign(app.store.codes().token_key(), access, app.now())?;
    let pair = TokenPair { access_token, refresh_token, token_type: "Bearer", expires_in: ACCESS_MS / 1_000 };
    Ok(Reply::ok(pair).unstored())
}

/// The refresh token of the latest pair.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RefreshBody {
    refresh_token: String,
}

/// Go on with a session
///
/// The refresh token is good once. Its second use ends the session: somebody has a copy.
#[utoipa::path(post, path = "/v1/auth/refresh", tag = "sign-in", request_body = RefreshBody, security(()),
    responses((status = 200, description = "A new pair", body = TokenPair)))]
pub(crate) async fn renew_session(
    State(app): State<App>,
    Guest { tenant, .. }: Guest,
    Json(RefreshBody { refresh_token }): Json<RefreshBody>,
) -> Answered<TokenPair> {
    let over = || Problem::unauthorized("The session is over. Sign in again.");
    let next = tokens::random_token()?;
    let (used, kept) = (tokens::hash_token(&refresh_token), tokens::hash_token(&next));
    let until = app.now().saturating_add_ms(SESSION_MS);
    let Renewal::Renewed(session) = app.store.renew_session(tenant, used, kept, until).await? else {
        return Err(over());
    };
    let account = app.store.account(tenant, session.account).await?.ok_or_else(unexpected)?;
    if !account.active || account.epoch != session.epoch {
        app.store.end_session(tenant, session.id).await?;
        return Err(over());
    }
    pair(&app, tenant, &session, next)
}

/// Sign out
///
/// Both tokens of the session are over at once.
#[utoipa::path(post, path = "/v1/auth/logout", tag = "sign-in",
    responses((status = 204, description = "Signed out")))]
pub(crate) async fn delete_session(State(app): State<App>, caller: Caller) -> Result<StatusCode, Problem> {
    let SignedIn { session, .. } = signed_in(caller)?;
    app.store.end_session(caller.tenant, session).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The person behind a call; the table of permissions lets no server's key get here.
pub(crate) fn signed_in(caller: Caller) -> Result<SignedIn, Problem> {
    caller.signed_in.ok_or_else(|| Problem::forbidden("This is for people only."))
}

/// The account behind a call.
pub(crate) async fn own_account(app: &App, caller: Caller) -> Result<Arc<Account>, Problem> {
    let SignedIn { account, .. } = signed_in(caller)?;
    app.store.account(caller.tenant, account).await?.ok_or_else(unexpected)
}

/// The old password and the new one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PasswordBody {
    #[schema(value_type = String, format = Password)]
    old: Password,
    #[schema(value_type = String, format = Password)]
    new: Password,
}

/// Change the password
///
/// Every session of the account ends, this one too.
#[utoipa::path(post, path = "/v1/auth/password", tag = "sign-in", request_body = PasswordBody,
    responses((status = 204, description = "Changed")))]
pub(crate) async fn update_password(
    State(app): State<App>,
    caller: Caller,
    Json(body): Json<PasswordBody>,
) -> Result<StatusCode, Problem> {
    let account = own_account(&app, caller).await?;
    let kept = account.credentials.password.clone();
    if app.passwords.verify(body.old, kept).await? == Verdict::Wrong {
        return Err(Problem::invalid_field("/old", "invalid", "is not the password"));
    }
    let hash = hash_new(&app, "/new", body.new, &account).await?;
    change(&app, caller.tenant, &account, AccountChange::Password { hash }).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// The hash of a password that may be one.
pub(crate) async fn hash_new(
    app: &App,
    pointer: &str,
    password: Password,
    account: &Account,
) -> Result<String, Problem> {
    let names = [Some(account.profile.username.as_str()), account.profile.email.as_deref()];
    crate::password_policy::check_policy(pointer, &password, &names.into_iter().flatten().collect::<Vec<_>>())?;
    app.passwords.hash(password).await
}
