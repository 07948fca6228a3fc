//! A forgotten password: a letter with a link, good once and for half an hour.

use axum::extract::State;
use domain::ledger::AccountChange;
use http::StatusCode;
use ports::TokenPurpose;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::{App, unexpected};
use crate::auth::Guest;
use crate::extract::Json;
use crate::guesses::{Guess, Guesser};
use crate::letters::{self, Errand};
use crate::logins;
use crate::password_policy::check_policy;
use crate::passwords::Password;
use crate::problem::Problem;
use crate::registration::check_email;
use crate::sign_in::{change, hash_new};
use crate::source::Source;

/// How long the link is good.
const MINUTES: u32 = 30;

/// Whose password is forgotten.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RecoverBody {
    /// An address that was verified.
    #[schema(max_length = 254, example = "ann@shop.example")]
    email: String,
}

/// Ask for a new password
///
/// The answer is always the same, and takes as long: whether there is an account is told by the letter alone.
#[utoipa::path(post, path = "/v1/auth/recover", tag = "sign-in", request_body = RecoverBody, security(()),
    responses((status = 202, description = "If an account has this address, a letter is on its way")))]
pub(crate) async fn recover_password(
    State(app): State<App>,
    Guest { tenant, .. }: Guest,
    source: Source,
    Json(RecoverBody { email }): Json<RecoverBody>,
) -> Result<StatusCode, Problem> {
    check_email(&email)?;
    let guesser = Guesser::of(tenant, source, None);
    guesser.check(&app)?;
    // Every one counts: were it only those that lead nowhere, the count would tell which do.
    guesser.failed(&app, Guess::Wrong);
    let purpose = (TokenPurpose::RecoverPassword, MINUTES);
    let account = logins::find(&app, tenant, &email).await?.filter(|account| account.active && email.contains('@'));
    match account {
        Some(account) => {
            let errand = Errand { account: Some(account.no), email: Some(email.clone()) };
            let to = (email.as_str(), account.profile.language.as_deref());
            letters::send(&app, tenant, purpose, &errand, to).await?;
        }
        // The same write, which leads nowhere, so that the time tells nothing.
        None => {
            let nowhere = Errand { account: None, email: None };
            letters::keep_only(&app, tenant, purpose, &nowhere).await?;
        }
    }
    Ok(StatusCode::ACCEPTED)
}

/// What the link holds, and the new password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ResetBody {
    token: String,
    #[schema(value_type = String, format = Password, min_length = 8, max_length = 128)]
    password: Password,
}

/// Choose a new password
///
/// Once. Every session of the account ends.
#[utoipa::path(post, path = "/v1/auth/reset", tag = "sign-in", request_body = ResetBody, security(()),
    responses((status = 204, description = "Changed")))]
pub(crate) async fn reset_password(
    State(app): State<App>,
    Guest { tenant, .. }: Guest,
    source: Source,
    Json(ResetBody { token, password }): Json<ResetBody>,
) -> Result<StatusCode, Problem> {
    // Before the token is used up for nothing.
    check_policy("/password", &password, &[])?;
    let errand = letters::take(&app, Guesser::of(tenant, source, None), TokenPurpose::RecoverPassword, &token).await?;
    let no = errand.account.ok_or_else(letters::unknown)?;
    let account = app.store.account(tenant, no).await?.ok_or_else(unexpected)?;
    if !account.active {
        return Err(letters::unknown());
    }
    let hash = hash_new(&app, "/password", password, &account).await?;
    change(&app, tenant, &account, AccountChange::Password { hash }).await?;
    Ok(StatusCode::NO_CONTENT)
}
