//! What every handler has at hand.

use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use domain::id::TenantNo;
use domain::ledger::{Action, Answer, Command};
use domain::pricing::Quote;
use domain::rejection::Refusal;
use domain::time::Timestamp;
use ports::{Clock, OpenId, Store};
use uuid::{ContextV7, Uuid};

use crate::gate::Gate;
use crate::guesses::Attempt;
use crate::idempotency::Origin;
use crate::passwords::Passwords;
use crate::problem::Problem;
use crate::quote_body::show_quote;
use crate::rejections::refused;

/// What every handler has at hand: its [`Parts`]. Each request clones it some times, so that is one count.
#[derive(Clone, Debug)]
pub struct App(Arc<Parts>);

impl From<Parts> for App {
    fn from(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }
}

impl Deref for App {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// What an [`App`] is made of.
#[derive(Clone)]
pub struct Parts {
    /// Where everything is kept and decided.
    pub store: Arc<dyn Store>,
    /// The time that reads are answered for.
    pub clock: Arc<dyn Clock>,
    /// Whether an API key may move the clock.
    pub test_clock: bool,
    /// Makes ids: UUIDv7, usually [`new_id`].
    pub new_id: fn() -> Uuid,
    /// Hashes and verifies passwords.
    pub passwords: Passwords,
    /// Where the pages are that letters link to, such as `https://shop.example`, without a slash at the end.
    pub public_url: Arc<str>,
    /// Where staff may sign in too, if anywhere.
    pub open_id: Option<Arc<dyn OpenId>>,
    /// Who may go on.
    pub gate: Arc<Gate>,
    /// What `/metrics` answers, in the text format of Prometheus.
    pub metrics: Arc<dyn Fn() -> String + Send + Sync>,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts").field("test_clock", &self.test_clock).finish_non_exhaustive()
    }
}

thread_local! {
    /// Those of one thread rise, and no thread waits for another.
    static IDS: ContextV7 = const { ContextV7::new() };
}

/// A UUIDv7 of the present moment.
#[must_use]
pub fn new_id() -> Uuid {
    IDS.with(|ids| Uuid::new_v7(uuid::Timestamp::now(ids)))
}

impl App {
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Has the ledger decide and commit; its "no" and its "could not" are problems. What is answered stands as of
    /// `at`, long ago if it is replayed.
    pub(crate) async fn submit(&self, origin: &Origin, action: Action) -> Result<Answer, Problem> {
        let Origin { caller, key, fingerprint, .. } = *origin;
        let items = items_of(&action);
        let attempt = Attempt::of(&action);
        let command = Command { actor: caller.actor, key, fingerprint, action };
        let answer = self.store.submit(caller.tenant, command).await?;
        let answer = match answer {
            Ok(answer) => answer,
            Err(mut refusal) => {
                attempt.failed(self, origin.guesser(), &refusal);
                let quote = refusal.quote.take();
                let problem = self.refused(refusal, items);
                return Err(self.with_quote(caller.tenant, problem, quote).await?);
            }
        };
        // The same answer again: no deadline that has passed since acts on what is only remembered.
        Ok(if answer.replayed { Answer { at: Timestamp::MIN, ..answer } } else { answer })
    }

    /// The problem, with what the order comes to now where that is the cause.
    async fn with_quote(
        &self,
        tenant: TenantNo,
        problem: Problem,
        quote: Option<Box<Quote>>,
    ) -> Result<Problem, Problem> {
        let Some(quote) = quote else { return Ok(problem) };
        Ok(problem.quote(&show_quote(self, tenant, *quote, &[]).await?))
    }

    fn refused(&self, refusal: Refusal, items: Option<(&str, &str)>) -> Problem {
        let pointer = items.zip(refusal.item).map(|((before, after), place)| format!("{before}{place}{after}"));
        let detail = refusal.detail.clone();
        let problem = refused(refusal, self.now());
        match pointer {
            Some(pointer) => problem.and_error(pointer, "refused", detail),
            None => problem,
        }
    }
}

/// Where the body of a request holds the things of which one may be refused: what stands before and after its place.
fn items_of(action: &Action) -> Option<(&'static str, &'static str)> {
    match action {
        Action::Claim { coupons, .. } if coupons.len() > 1 => Some(("/coupon_ids/", "")),
        Action::Issue { .. } => Some(("/customer_ids/", "")),
        Action::IssueGiven { .. } => Some(("/vouchers/", "/code")),
        Action::Redeem(_) | Action::Amend { .. } => Some(("/codes/", "")),
        _ => None,
    }
}

/// 500: the ledger answered to another question than was asked.
pub(crate) fn unexpected() -> Problem {
    Problem::internal(&"the ledger answered with another kind of outcome")
}
