//! One-time links: kept as hashes with what they are good for, and sent by letter.

use domain::id::{AccountNo, TenantNo};
use domain::language::Language;
use domain::mail::{Letter, Link, Sender};
use ports::{TokenKey, TokenPurpose};
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::guesses::{Guess, Guesser};
use crate::problem::Problem;
use crate::tokens;

/// What a link is good for. Sealed where it is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Errand {
    /// Whose account; none: a first one is to be made, or the link leads nowhere.
    pub account: Option<AccountNo>,
    /// The address it was sent to.
    pub email: Option<String>,
}

/// Keeps a link for so many minutes and writes it to an address, in one commit.
pub(crate) async fn send(
    app: &App,
    tenant: TenantNo,
    (purpose, minutes): (TokenPurpose, u32),
    errand: &Errand,
    (to, language): (&str, Option<&str>),
) -> Result<(), Problem> {
    let token = tokens::random_token()?;
    let name = app.store.tenant(tenant).map(|tenant| tenant.name.clone()).unwrap_or_default();
    let sender = Sender { name: &name, public_url: &app.public_url };
    let language = language.and_then(Language::of_tag).unwrap_or_default();
    let mail = letter(purpose, Link { token: &token, minutes }).write(language, sender, to, app.now());
    keep(app, tenant, (purpose, minutes), errand, (&token, Some(mail))).await
}

fn letter(purpose: TokenPurpose, link: Link<'_>) -> Letter<'_> {
    match purpose {
        TokenPurpose::VerifyAddress => Letter::VerifyAddress(link),
        TokenPurpose::RecoverPassword => Letter::RecoverPassword(link),
        TokenPurpose::SetUp => Letter::Invitation(link),
        TokenPurpose::OpenId | TokenPurpose::SecondFactor | TokenPurpose::SignIn => {
            unreachable!("{purpose:?} is not sent by letter")
        }
    }
}

/// Keeps a link that is not sent by letter, and returns its token.
pub(crate) async fn keep_only(
    app: &App,
    tenant: TenantNo,
    (purpose, minutes): (TokenPurpose, u32),
    errand: &Errand,
) -> Result<String, Problem> {
    let token = tokens::random_token()?;
    keep(app, tenant, (purpose, minutes), errand, (&token, None)).await?;
    Ok(token)
}

async fn keep(
    app: &App,
    tenant: TenantNo,
    (purpose, minutes): (TokenPurpose, u32),
    errand: &Errand,
    (token, mail): (&str, Option<domain::mail::Mail>),
) -> Result<(), Problem> {
    let key = TokenKey { tenant, purpose, hash: tokens::hash_token(token) };
    let payload = serde_json::to_vec(errand).map_err(|error| Problem::internal(&error))?;
    let until = app.now().saturating_add_ms(i64::from(minutes) * 60_000);
    Ok(app.store.put_token(key, payload, until, mail).await?)
}

/// Takes a link: it is good for nothing afterwards. One that is not there counts as a guess.
pub(crate) async fn take(app: &App, guesser: Guesser, purpose: TokenPurpose, token: &str) -> Result<Errand, Problem> {
    guesser.check(app)?;
    let key = TokenKey { tenant: guesser.tenant(), purpose, hash: tokens::hash_token(token) };
    let Some(payload) = app.store.take_token(key).await? else {
        guesser.failed(app, Guess::Wrong);
        return Err(unknown());
    };
    serde_json::from_slice(&payload).map_err(|error| Problem::internal(&error))
}

/// Never given, used, or over: which of them is not told.
pub(crate) fn unknown() -> Problem {
    Problem::invalid_field("/token", "token_unknown", "was never given, was used, or its time is over")
}
