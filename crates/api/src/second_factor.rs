//! A second factor of staff: begun, confirmed with a first code, asked for at every sign-in, and given up again. A code
//! is used up by the ledger, so that of many who send it at once one gets in.

use axum::extract::State;
use domain::account::{Account, Totp};
use domain::id::TenantNo;
use domain::ledger::AccountChange;
use domain::rejection::Rejection;
use domain::totp::{
    RECOVERY_BYTES, RECOVERY_CODES, SECRET_BYTES, accepted_step, app_link, recovery_codes, recovery_hash, typed_secret,
};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::extract::Json;
use crate::guesses::{Guess, Guesser};
use crate::passwords::{Password, Verdict};
use crate::problem::Problem;
use crate::reply::{Answered, Reply};
use crate::sign_in::{change, own_account, wrong};

/// What an authenticator app needs.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TotpSecret {
    /// To be typed into the app.
    #[schema(example = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP")]
    secret: String,
    /// To be shown as a picture.
    #[schema(example = "otpauth://totp/shop:olga?secret=JBSWY3DPEHPK3PXP")]
    url: String,
}

/// Begin a second factor
///
/// It is not asked for until a code of it was confirmed. Beginning again makes another secret.
#[utoipa::path(post, path = "/v1/auth/totp", tag = "sign-in",
    responses((status = 200, description = "The secret, which is shown this once", body = TotpSecret)))]
pub(crate) async fn begin_totp(State(app): State<App>, caller: Caller) -> Answered<TotpSecret> {
    let account = own_account(&app, caller).await?;
    if account.has_second_factor() {
        return Err(in_force());
    }
    if account.credentials.password.is_none() {
        let detail = "This account has no password; the provider it signs in at asks for its own second factor.";
        return Err(Problem::conflict("no_password", detail));
    }
    let secret: [u8; SECRET_BYTES] = random()?;
    let pending = Totp { secret: secret.to_vec(), confirmed: false, step_used: 0, recovery: Vec::new() };
    put(&app, caller.tenant, &account, pending).await?;
    let tenant = app.store.tenant(caller.tenant).map(|tenant| tenant.name.clone()).unwrap_or_default();
    let url = app_link(&secret, &tenant, &account.profile.username);
    Ok(Reply::ok(TotpSecret { secret: typed_secret(&secret), url }).unstored())
}

/// A code that the app shows.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TotpCode {
    #[schema(example = "123456")]
    code: String,
}

/// For whoever loses the app.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct RecoveryCodes {
    /// Each signs in once, instead of a code of the app.
    #[schema(example = json!(["000G-40R4-0M30-E209"]))]
    recovery_codes: Vec<String>,
}

/// Confirm a second factor
///
/// From now on every sign-in asks for it. The recovery codes are shown this once.
#[utoipa::path(post, path = "/v1/auth/totp/confirm", tag = "sign-in", request_body = TotpCode,
    responses((status = 200, description = "It is in force", body = RecoveryCodes)))]
pub(crate) async fn confirm_totp(
    State(app): State<App>,
    caller: Caller,
    Json(TotpCode { code }): Json<TotpCode>,
) -> Answered<RecoveryCodes> {
    let account = own_account(&app, caller).await?;
    let Some(pending) = account.credentials.totp.clone() else {
        return Err(Problem::conflict("second_factor_off", "Begin a second factor first."));
    };
    if pending.confirmed {
        return Err(in_force());
    }
    let step = accepted_step(&pending.secret, &code, app.now(), pending.step_used).ok_or_else(not_the_code)?;
    let mut bytes = [[0; RECOVERY_BYTES]; RECOVERY_CODES];
    for each in &mut bytes {
        *each = random()?;
    }
    let codes = recovery_codes(&bytes);
    let recovery = codes.iter().map(|code| recovery_hash(code)).collect();
    put(&app, caller.tenant, &account, Totp { confirmed: true, step_used: step, recovery, ..pending }).await?;
    Ok(Reply::ok(RecoveryCodes { recovery_codes: codes.into() }).unstored())
}

/// What proves once more who gives up a second factor.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct GiveUpBody {
    #[schema(value_type = String, format = Password)]
    password: Password,
    /// Of the app, or a recovery code.
    #[schema(example = "123456")]
    code: String,
}

/// Give up the second factor
#[utoipa::path(delete, path = "/v1/auth/totp", tag = "sign-in", request_body = GiveUpBody,
    responses((status = 204, description = "It is no longer asked for")))]
pub(crate) async fn delete_totp(
    State(app): State<App>,
    caller: Caller,
    guesser: Guesser,
    Json(GiveUpBody { password, code }): Json<GiveUpBody>,
) -> Result<StatusCode, Problem> {
    let account = own_account(&app, caller).await?;
    if !account.has_second_factor() {
        return Err(Problem::conflict("second_factor_off", "There is none in force."));
    }
    guesser.check(&app)?;
    // Who holds a session that was left open guesses here as at a sign-in.
    let failed = |problem| {
        guesser.failed(&app, Guess::Wrong);
        problem
    };
    if app.passwords.verify(password, account.credentials.password.clone()).await? == Verdict::Wrong {
        return Err(failed(Problem::invalid_field("/password", "invalid", "is not the password")));
    }
    if !use_up(&app, caller.tenant, &account, &code).await? {
        return Err(failed(not_the_code()));
    }
    change(&app, caller.tenant, &account, AccountChange::Totp(None)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Asks for the second factor, if one is in force: after the password, so that nobody learns whose account has one.
pub(crate) async fn check_code(
    app: &App,
    tenant: TenantNo,
    account: &Account,
    code: Option<&str>,
) -> Result<(), Problem> {
    if !account.has_second_factor() {
        return Ok(());
    }
    let Some(code) = code else {
        let detail = "Sign in again with the code that the authenticator app shows, or a recovery code, as `code`.";
        return Err(Problem::new(StatusCode::UNAUTHORIZED, "second_factor_required", detail));
    };
    if use_up(app, tenant, account, code).await? { Ok(()) } else { Err(wrong()) }
}

/// Whether it is a code of the app or a recovery code, and was not used before. It is used up.
async fn use_up(app: &App, tenant: TenantNo, account: &Account, typed: &str) -> Result<bool, Problem> {
    let Some(totp) = &account.credentials.totp else { return Ok(false) };
    let used = match accepted_step(&totp.secret, typed, app.now(), totp.step_used) {
        Some(step) => AccountChange::TotpUsed { step },
        None => AccountChange::RecoveryUsed { hash: recovery_hash(typed) },
    };
    match change(app, tenant, account, used).await {
        Ok(()) => Ok(true),
        Err(problem) if problem.code() == Rejection::TokenUnknown.code() => Ok(false),
        Err(problem) => Err(problem),
    }
}

async fn put(app: &App, tenant: TenantNo, account: &Account, totp: Totp) -> Result<(), Problem> {
    match change(app, tenant, account, AccountChange::Totp(Some(Box::new(totp)))).await {
        Err(problem) if problem.code() == Rejection::TransitionIllegal.code() => Err(in_force()),
        done => done,
    }
}

fn in_force() -> Problem {
    Problem::conflict("second_factor_on", "One is in force. Give it up first.")
}

fn not_the_code() -> Problem {
    Problem::invalid_field("/code", "invalid", "is not the code of this moment, or was used before")
}

fn random<const N: usize>() -> Result<[u8; N], Problem> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| Problem::internal(&error))?;
    Ok(bytes)
}
