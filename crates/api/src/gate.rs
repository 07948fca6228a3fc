//! Who may go on. Every request passes here before its body is read: where it comes from, who sends it, whether that one
//! is kept out, and whether it comes too often. This says "no" early; a "yes" is worth nothing by itself.

use std::fmt;

use axum::body::HttpBody as _;
use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use domain::access_block::{Bar, BlockTarget};
use domain::event::Actor;
use domain::id::{CustomerNo, FIRST_TENANT, TenantNo};
use http::StatusCode;
use http::request::Parts;
use ports::{Allowance, Counted, Limiter, Wait};

use crate::app::App;
use crate::auth::{Caller, tenant_of_host};
use crate::guesses::GuessRates;
use crate::problem::Problem;
use crate::source::{Proxies, Source};
use crate::unsent::{Shared, Unsent};

/// What decides who may go on.
pub struct Gate {
    /// Who may say where a request comes from.
    pub proxies: Proxies,
    /// Counts.
    pub limiter: Box<dyn Limiter>,
    /// How often requests may come.
    pub rates: Rates,
    /// How often guesses may fail.
    pub guesses: GuessRates,
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("rates", &self.rates).field("guesses", &self.guesses).finish_non_exhaustive()
    }
}

/// How often requests may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rates {
    /// From an address, of strangers.
    pub address: Allowance,
    /// With an API key.
    pub key: Allowance,
    /// Of a customer or a member of staff who has signed in.
    pub account: Allowance,
}

/// A request that was let in: where it comes from, and who sends it if that is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    pub source: Source,
    pub caller: Option<Caller>,
}

/// When to come again while too much of others' answers is unsent: those who take nothing are cut by then.
const RETRY_AFTER_S: u32 = 2;

/// Lets in, or answers 403, 429 or 503.
pub(crate) async fn admit(app: &App, request: Request, next: Next) -> Response {
    if is_upkeep(&request) {
        return next.run(request).await;
    }
    let (mut parts, body) = request.into_parts();
    // Of what changes nothing, and may have a long answer.
    let unsent = parts.extensions.get::<Unsent>().filter(|_| !is_short(parts.uri.path())).cloned();
    let turn = match &unsent {
        Some(unsent) => Some(unsent.turn().await),
        None => None,
    };
    let busy = || Problem::busy(RETRY_AFTER_S).into_response();
    if unsent.as_ref().is_some_and(Unsent::is_crowded) {
        return busy();
    }
    let response = match visit(app, &mut parts).await {
        Ok(visit) => {
            parts.extensions.insert(visit);
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => return problem.into_response(),
    };
    drop(turn);
    // Many may have been let in at once, while there was room for each.
    let is_shared = response.extensions().get::<Shared>().is_some();
    let is_refused = unsent.as_ref().is_some_and(|unsent| unsent.refuses(response.body().size_hint().lower()));
    if is_refused && !is_shared { busy() } else { response }
}

/// Who looks after the server is neither counted nor kept out, nor is who asks for what is not there.
fn is_upkeep(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>().map(MatchedPath::as_str);
    route.is_none_or(|route| matches!(route, "/healthz" | "/readyz" | "/metrics"))
}

/// What is asked for with `GET`, has a short answer and may wait for others: for a provider of identities, or for a body. It
/// must not hold a turn meanwhile.
fn is_short(path: &str) -> bool {
    path.starts_with("/v1/auth/") || path == "/api/v1/coupon"
}

/// Whoever shows no key, or none that is valid, is a stranger; whether strangers may is for the route to say.
async fn visit(app: &App, parts: &mut Parts) -> Result<Visit, Problem> {
    let source = app.gate.proxies.source(parts);
    let caller = Caller::from_request_parts(parts, app).await.ok();
    // A stranger is the guest of the tenant whose host he asks.
    let guest = || tenant_of_host(parts, app).unwrap_or(FIRST_TENANT);
    refuse_blocked(app, source, caller, caller.map_or_else(guest, |caller| caller.tenant))?;
    let (counted, allowance) = match caller {
        None => (Counted::Requests(source.network()), app.gate.rates.address),
        Some(Caller { tenant, actor, .. }) => (Counted::RequestsOf(tenant, actor), app.gate.rate_of(actor)),
    };
    app.gate.limiter.take(counted, allowance, 1).map_err(rate_limited)?;
    Ok(Visit { source, caller })
}

impl Gate {
    fn rate_of(&self, actor: Actor) -> Allowance {
        match actor {
            Actor::Customer(_) | Actor::Staff(_) => self.rates.account,
            Actor::Key(_) | Actor::System | Actor::Operator => self.rates.key,
        }
    }
}

fn rate_limited(wait: Wait) -> Problem {
    let detail = "You ask too often. Wait as long as `Retry-After` says.";
    Problem::too_many("rate_limited", detail, wait_s(wait))
}

/// Whole seconds that are not too short, at least one.
pub(crate) fn wait_s(Wait { ms }: Wait) -> u32 {
    u32::try_from(ms.div_ceil(1_000).max(1)).unwrap_or(u32::MAX)
}

/// A block is a tenant's own.
fn refuse_blocked(app: &App, source: Source, caller: Option<Caller>, tenant: TenantNo) -> Result<(), Problem> {
    let standing = app.store.standing_blocks(tenant);
    if standing.is_empty() {
        return Ok(());
    }
    let now = app.now();
    let target = caller.and_then(|caller| target_of(caller.actor));
    let bar = target.and_then(|target| standing.bar(target, now));
    bar.or_else(|| standing.bar_of_address(source.address(), now)).map_or(Ok(()), |bar| Err(blocked(bar)))
}

fn target_of(actor: Actor) -> Option<BlockTarget> {
    match actor {
        Actor::Key(no) => Some(BlockTarget::Key(no)),
        Actor::Customer(no) => Some(BlockTarget::Customer(no)),
        Actor::System | Actor::Operator | Actor::Staff(_) => None,
    }
}

/// 403 if this customer is kept out, for what no ledger is asked.
pub(crate) fn refuse_blocked_customer(
    app: &App,
    tenant: TenantNo,
    customer: Option<CustomerNo>,
) -> Result<(), Problem> {
    let (target, standing) = (customer.map(BlockTarget::Customer), app.store.standing_blocks(tenant));
    if standing.is_empty() {
        return Ok(());
    }
    let bar = target.and_then(|target| standing.bar(target, app.now()));
    bar.map_or(Ok(()), |bar| Err(blocked(bar)))
}

fn blocked(Bar { reason, .. }: Bar) -> Problem {
    let detail = format!("You are blocked ({}).", reason.name());
    Problem::new(StatusCode::FORBIDDEN, "blocked", detail).reason(reason.name())
}

impl FromRequestParts<App> for Source {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Self::Rejection> {
        let visit = parts.extensions.get::<Visit>();
        Ok(visit.map_or_else(|| app.gate.proxies.source(parts), |visit| visit.source))
    }
}
