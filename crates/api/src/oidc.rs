//! Sign-in of staff at a provider of identities. The browser leaves with a state that is kept here and in a cookie, and
//! comes back with it; what it brings is exchanged for what the provider signed. An account is found by who the provider
//! says the person is, never by an address: addresses change hands.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use domain::account::{Account, Credentials, Profile, Role};
use domain::id::{FIRST_TENANT, TenantNo};
use domain::ledger::{AccountChange, Action, NewAccount};
use domain::rejection::Rejection;
use http::{HeaderMap, HeaderValue, StatusCode, header};
use ports::{Arrival, Departure, OpenId, OpenIdError, TokenKey, TokenPurpose, Vouched};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::accounts::create_staff;
use crate::app::{App, unexpected};
use crate::auth::Guest;
use crate::extract::{Json, Query};
use crate::guesses::Guesser;
use crate::idempotency::Origin;
use crate::letters::{self, Errand};
use crate::problem::Problem;
use crate::reply::Answered;
use crate::sign_in::{TokenPair, open};
use crate::source::Source;
use crate::tokens::{base64url, hash_token, random_token};

/// Holds the state while the browser is away, so that it comes back to whom it left.
const COOKIE: &str = "scrip_oidc";
/// Below the path of the public URL.
const COOKIE_PATH: &str = "/v1/auth/oidc";
/// How long a person may take at the provider.
const AWAY_MINUTES: u32 = 10;
/// How long the page that the browser is sent to may take to sign in.
const HANDOVER_MINUTES: u32 = 1;
/// When to come again to a provider that is away.
const RETRY_AFTER_S: u32 = 10;

/// What is kept while the browser is away.
#[derive(Serialize, Deserialize)]
struct Kept {
    nonce: String,
    verifier: String,
}

/// Leave to sign in at the provider
///
/// For staff, by a browser. 404 if there is no provider.
#[utoipa::path(get, path = "/v1/auth/oidc/start", tag = "sign-in", security(()),
    responses((status = 303, description = "The provider",
        headers(("Location", description = "Where to go on"), ("Set-Cookie", description = "Knows the browser that comes back")))))]
pub(crate) async fn start_oidc(State(app): State<App>, Guest { tenant, .. }: Guest) -> Result<Response, Problem> {
    let provider = provider(&app, tenant)?;
    let (state, nonce, verifier) = (random_token()?, random_token()?, random_token()?);
    let challenge = base64url(&hash_token(&verifier));
    let departure = Departure { state: &state, nonce: &nonce, challenge: &challenge };
    let url = provider.authorization_url(departure).await.map_err(not_vouched)?;
    let kept = serde_json::to_vec(&Kept { nonce, verifier }).map_err(|error| Problem::internal(&error))?;
    let until = app.now().saturating_add_ms(i64::from(AWAY_MINUTES) * 60_000);
    app.store.put_token(departed(tenant, &state), kept, until, None).await?;
    see_other(&url, &cookie(&app.public_url, &state, AWAY_MINUTES * 60))
}

/// What the provider sends a browser back with; more than this is of no interest.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ReturnQuery {
    /// As it left.
    state: String,
    /// What is exchanged for the identity.
    code: Option<String>,
}

/// Come back from the provider
///
/// Sends the browser to the page `/sign-in#token=...`; the token signs in once within a minute.
#[utoipa::path(get, path = "/v1/auth/oidc/callback", tag = "sign-in", params(ReturnQuery), security(()),
    responses((status = 303, description = "The page that signs in",
        headers(("Location", description = "Where to go on"), ("Set-Cookie", description = "Forgets the browser")))))]
pub(crate) async fn finish_oidc(
    State(app): State<App>,
    Guest { tenant, .. }: Guest,
    headers: HeaderMap,
    Query(query): Query<ReturnQuery>,
) -> Result<Response, Problem> {
    let provider = provider(&app, tenant)?;
    let Kept { nonce, verifier } = come_back(&app, tenant, &headers, &query.state).await?;
    let code = query.code.ok_or_else(refused)?;
    let arrival = Arrival { code: &code, nonce: &nonce, verifier: &verifier };
    let vouched = provider.exchange(arrival).await.map_err(not_vouched)?;
    let account = account_of(&app, tenant, vouched).await?;
    let errand = Errand { account: Some(account.no), email: None };
    let token = letters::keep_only(&app, tenant, (TokenPurpose::SignIn, HANDOVER_MINUTES), &errand).await?;
    see_other(&format!("{}/sign-in#token={token}", app.public_url), &cookie(&app.public_url, "", 0))
}

/// What the page was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct HandoverBody {
    token: String,
}

/// Sign in after coming back from the provider
#[utoipa::path(post, path = "/v1/auth/oidc", tag = "sign-in", request_body = HandoverBody, security(()),
    responses((status = 200, description = "Signed in", body = TokenPair)))]
pub(crate) async fn create_oidc_session(
    State(app): State<App>,
    Guest { tenant, .. }: Guest,
    source: Source,
    Json(HandoverBody { token }): Json<HandoverBody>,
) -> Answered<TokenPair> {
    let errand = letters::take(&app, Guesser::of(tenant, source, None), TokenPurpose::SignIn, &token).await?;
    let no = errand.account.ok_or_else(letters::unknown)?;
    let account = app.store.account(tenant, no).await?.ok_or_else(unexpected)?;
    if !account.active {
        return Err(letters::unknown());
    }
    open(&app, tenant, &account).await
}

/// The provider speaks for the staff of the first tenant: its groups say nothing about other tenants.
fn provider(app: &App, tenant: TenantNo) -> Result<&Arc<dyn OpenId>, Problem> {
    app.open_id.as_ref().filter(|_| tenant == FIRST_TENANT).ok_or_else(Problem::not_found)
}

fn departed(tenant: TenantNo, state: &str) -> TokenKey {
    TokenKey { tenant, purpose: TokenPurpose::OpenId, hash: hash_token(state) }
}

/// What was kept for this browser. A state that another browser left with is not taken: else somebody could send a
/// person back with a code of their own, and have them work in an account that is not theirs (RFC 6749, section 10.12).
async fn come_back(app: &App, tenant: TenantNo, headers: &HeaderMap, state: &str) -> Result<Kept, Problem> {
    let unknown = || Problem::invalid_field("?state", "token_unknown", "is not that of a sign-in under way here");
    let own = cookies(headers).any(|own| hash_token(own) == hash_token(state));
    let kept = if own { app.store.take_token(departed(tenant, state)).await? } else { None };
    serde_json::from_slice(&kept.ok_or_else(unknown)?).map_err(|error| Problem::internal(&error))
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let texts = headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
    let pairs = texts.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.filter(|(name, _)| *name == COOKIE).map(|(_, value)| value)
}

/// `Lax`: it has to come along when the provider sends the browser back.
fn cookie(public_url: &str, state: &str, age_s: u32) -> String {
    let (scheme, rest) = public_url.split_once("://").unwrap_or_default();
    let path = rest.split_once('/').map_or(String::new(), |(_, path)| format!("/{path}"));
    let secure = if scheme == "https" { "; Secure" } else { "" };
    format!("{COOKIE}={state}; Max-Age={age_s}; Path={path}{COOKIE_PATH}; HttpOnly; SameSite=Lax{secure}")
}

fn see_other(url: &str, cookie: &str) -> Result<Response, Problem> {
    let value = |text: &str| HeaderValue::try_from(text).map_err(|error| Problem::internal(&error));
    let headers = [
        (header::LOCATION, value(url)?),
        (header::SET_COOKIE, value(cookie)?),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((StatusCode::SEE_OTHER, headers).into_response())
}

/// The account of a person, made with the first sign-in; with the role that the person's groups give today.
async fn account_of(app: &App, tenant: TenantNo, vouched: Vouched) -> Result<Arc<Account>, Problem> {
    let role = vouched.role.ok_or_else(|| Problem::forbidden("None of your groups at the provider may sign in."))?;
    let name = format!("{} {}", vouched.issuer, vouched.subject);
    let login = app.store.codes().name_hash("open id", tenant, &name);
    let account = match app.store.account_by_login(tenant, login).await? {
        Some(account) => account,
        None => match make(app, tenant, role, vouched, login).await {
            // Made by another browser of the same person meanwhile.
            Err(problem) if problem.code() == Rejection::UsernameTaken.code() => {
                app.store.account_by_login(tenant, login).await?.ok_or_else(unexpected)?
            }
            made => made?,
        },
    };
    if !account.active {
        return Err(refused());
    }
    keep_role(app, tenant, account, role).await
}

async fn make(
    app: &App,
    tenant: TenantNo,
    role: Role,
    vouched: Vouched,
    login: [u8; 16],
) -> Result<Arc<Account>, Problem> {
    let profile = Profile {
        // Nobody types it: the account has no password.
        username: format!("sso-{:016x}", u128::from_be_bytes(login) >> 64),
        email: vouched.email.filter(|_| vouched.email_verified),
        first_name: vouched.given_name,
        last_name: vouched.family_name,
        ..Profile::default()
    };
    let new = NewAccount { login, email_login: None, role, profile, credentials: Credentials::default() };
    create_staff(app, &Origin::of_system(tenant), new).await
}

async fn keep_role(app: &App, tenant: TenantNo, account: Arc<Account>, role: Role) -> Result<Arc<Account>, Problem> {
    if account.role == role {
        return Ok(account);
    }
    let action = Action::ChangeAccount { account: account.no, change: AccountChange::Role(role) };
    app.submit(&Origin::of_system(tenant), action).await?;
    app.store.account(tenant, account.no).await?.ok_or_else(unexpected)
}

fn refused() -> Problem {
    Problem::new(StatusCode::UNAUTHORIZED, "sign_in_failed", "The provider does not vouch for you here.")
}

/// Why is for the log: it helps who set it up, or who attacks.
fn not_vouched(error: OpenIdError) -> Problem {
    tracing::warn!(%error, "a sign-in at the provider failed");
    match error {
        OpenIdError::Refused(_) => refused(),
        OpenIdError::Away(_) => {
            let detail = "The provider of identities cannot be reached. Try again a little later.";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "provider_away", detail).retry_after(RETRY_AFTER_S)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_kept_to_the_sign_in_and_to_https_where_that_is_spoken() {
        let state = "abc";
        assert_eq!(
            cookie("https://shop.example/scrip", state, 600),
            "scrip_oidc=abc; Max-Age=600; Path=/scrip/v1/auth/oidc; HttpOnly; SameSite=Lax; Secure"
        );
        assert_eq!(
            cookie("http://127.0.0.1:8080", state, 600),
            "scrip_oidc=abc; Max-Age=600; Path=/v1/auth/oidc; HttpOnly; SameSite=Lax"
        );
    }

    #[test]
    fn the_state_is_found_among_other_cookies() {
        let mut headers = HeaderMap::new();
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; scrip_oidc=one;x"));
        headers.append(header::COOKIE, HeaderValue::from_static("scrip_oidcx=no; scrip_oidc=two"));
        assert_eq!(cookies(&headers).collect::<Vec<_>>(), ["one", "two"]);
    }
}
