//! Who calls. Servers show an API key, people an access token; both become a caller, if the table of permissions lets
//! them.

use axum::extract::{FromRequestParts, MatchedPath};
use domain::event::Actor;
use domain::id::{AccountNo, CustomerNo, FIRST_TENANT, SessionId, TenantNo};
use http::header;
use http::request::Parts;

use crate::app::App;
use crate::gate::Visit;
use crate::permissions::{self, Far, Rule};
use crate::problem::Problem;
use crate::tokens::{self, hash_token};

/// What the secret of an API key begins with, so that a person and a scanner for leaked secrets know it at sight.
pub const SECRET_PREFIX: &str = "scrip_";

/// Longer than any key or token; what is longer is not hashed.
const TOKEN_BYTES_MAX: usize = 4_096;

/// Who calls, and for which tenant. As an extractor: 401 without a valid `Authorization: Bearer TOKEN`, 403 if the caller
/// may not ask for this at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    /// All that is read and changed is this tenant's.
    pub tenant: TenantNo,
    /// Stands in the events of what is changed.
    pub actor: Actor,
    /// How much of the tenant's it sees.
    pub reach: Reach,
    /// Who is signed in; none for a server's key.
    pub signed_in: Option<SignedIn>,
}

/// How much a caller sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All that is the tenant's.
    All,
    /// What is this customer's. What is another's is not there.
    Own(CustomerNo),
}

/// A person behind a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SignedIn {
    /// Which account.
    pub account: AccountNo,
    /// Which of its sessions.
    pub session: SessionId,
}

impl Caller {
    /// The customer whose things alone it sees, if it does not see all.
    #[must_use]
    pub fn own(&self) -> Option<CustomerNo> {
        match self.reach {
            Reach::Own(no) => Some(no),
            Reach::All => None,
        }
    }

    /// Whether it sees what belongs to this customer, or to nobody.
    #[must_use]
    pub fn sees(&self, customer: Option<CustomerNo>) -> bool {
        self.own().is_none_or(|own| customer == Some(own))
    }
}

impl FromRequestParts<App> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        if let Some(Visit { caller: Some(caller), .. }) = parts.extensions.get::<Visit>() {
            return Ok(*caller);
        }
        let value = parts.headers.get(header::AUTHORIZATION).ok_or_else(|| {
            Problem::unauthorized("Send an API key or an access token as `Authorization: Bearer TOKEN`.")
        })?;
        let token = value.to_str().ok().and_then(bearer).unwrap_or_default();
        let route = parts.extensions.get::<MatchedPath>().map_or("", MatchedPath::as_str);
        let rule = permissions::rule(&parts.method, route);
        let caller = if token.starts_with(SECRET_PREFIX) {
            of_key(app, token, rule)?
        } else {
            of_token(app, token, rule).await?
        };
        at_home(caller, parts, app)
    }
}

fn of_key(app: &App, token: &str, rule: Option<Rule>) -> Result<Caller, Problem> {
    let key = app.store.api_key(&hash_token(token)).filter(|key| key.revoked_at.is_none());
    let key = key.ok_or_else(|| Problem::unauthorized("The API key is not known, or was revoked."))?;
    let scope = rule.and_then(|rule| rule.scope).ok_or_else(|| Problem::forbidden("This is for people only."))?;
    if !key.scopes.has(scope) {
        return Err(Problem::forbidden(format!("The API key lacks the scope `{}`.", scope.name())));
    }
    Ok(Caller { tenant: key.tenant, actor: Actor::Key(key.no), reach: Reach::All, signed_in: None })
}

async fn of_token(app: &App, token: &str, rule: Option<Rule>) -> Result<Caller, Problem> {
    let now = app.now();
    let over = || Problem::unauthorized("The token is not known, or its time is over.");
    let access = tokens::verify(app.store.codes().token_key(), token, now).ok_or_else(over)?;
    let tokens::Access { tenant, account: no, session } = access;
    let known = app.store.session(tenant, session).await?.filter(|known| known.account == no);
    let known = known.filter(|known| known.expires_at > now).ok_or_else(over)?;
    let account = app.store.account(tenant, no).await?.ok_or_else(over)?;
    if !account.active || account.epoch != known.epoch {
        return Err(over());
    }
    let far = rule.and_then(|rule| rule.reach(account.role));
    let far = far.ok_or_else(|| Problem::forbidden("Your role does not allow this."))?;
    let signed_in = Some(SignedIn { account: no, session });
    Ok(match (far, account.customer) {
        (_, Some(customer)) => {
            let customer = app.store.standing(tenant, customer);
            Caller { tenant, actor: Actor::Customer(customer), reach: Reach::Own(customer), signed_in }
        }
        (Far::All | Far::Own, None) => Caller { tenant, actor: Actor::Staff(no), reach: Reach::All, signed_in },
    })
}

/// Somebody who is not signed in: at whose host name the call came, that tenant's guest; else the first tenant's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Guest {
    /// Whose guest.
    pub tenant: TenantNo,
}

impl FromRequestParts<App> for Guest {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        Ok(Self { tenant: tenant_of_host(parts, app).unwrap_or(FIRST_TENANT) })
    }
}

/// The tenant that the host name of a request belongs to, if it is anybody's.
pub(crate) fn tenant_of_host(parts: &Parts, app: &App) -> Option<TenantNo> {
    let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok())?;
    let name = host.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit()));
    app.store.tenant_of_host(&name.map_or(host, |(name, _)| name).to_ascii_lowercase())
}

/// What belongs to one tenant is not known at the host of another.
fn at_home(caller: Caller, parts: &Parts, app: &App) -> Result<Caller, Problem> {
    match tenant_of_host(parts, app) {
        Some(tenant) if tenant != caller.tenant => {
            Err(Problem::unauthorized("What was sent to sign in with is not known at this host."))
        }
        Some(_) | None => Ok(caller),
    }
}

/// The secret of an API key made of these random bytes: `scrip_` and 43 characters of base64url.
#[must_use]
pub fn new_secret(random: [u8; 32]) -> String {
    format!("{SECRET_PREFIX}{}", tokens::base64url(&random))
}

/// What is kept of a secret. It is found by this hash, so a comparison tells nothing about the secret by its time.
#[must_use]
pub fn hash_secret(secret: &str) -> [u8; 32] {
    hash_token(secret)
}

/// The token of `Bearer TOKEN`; the scheme in any case (RFC 9110, section 11.1).
fn bearer(value: &str) -> Option<&str> {
    let (scheme, token) = value.split_once(' ')?;
    let token = token.trim();
    (scheme.eq_ignore_ascii_case("bearer") && token.len() <= TOKEN_BYTES_MAX).then_some(token)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_a_prefix_and_43_characters_that_need_no_escape() {
        assert_eq!(new_secret([0; 32]), format!("scrip_{}", "A".repeat(43)));
        assert_eq!(new_secret([0xff; 32]), format!("scrip_{}8", "_".repeat(42)));
        let counted: Vec<u8> = (0..32).collect();
        let counted = new_secret(counted.try_into().expect("they are 32"));
        assert_eq!(counted, "scrip_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
    }

    #[test]
    fn a_hash_is_sha_256() {
        let hex: String = hash_secret("abc").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }

    #[test]
    fn only_a_bearer_has_a_token() {
        for (value, token) in [
            ("Bearer abc", Some("abc")),
            ("bearer  abc ", Some("abc")),
            ("Bearer", None),
            ("Basic abc", None),
            ("abc", None),
        ] {
            assert_eq!(bearer(value), token, "{value}");
        }
    }
}
