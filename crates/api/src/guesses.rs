//! Who tries codes, ids or passwords. Failed attempts are counted by their source and for the whole tenant, and over
//! either budget the next attempt is refused before anything is looked up. They are never counted by what was tried:
//! else anybody could lock the code of somebody else.

use std::net::IpAddr;

use axum::extract::FromRequestParts;
use domain::codes::{Reading, Shape};
use domain::event::Actor;
use domain::id::TenantNo;
use domain::ledger::Action;
use domain::rejection::{Refusal, Rejection};
use http::request::Parts;
use ports::{Allowance, Counted};

use crate::app::App;
use crate::auth::Caller;
use crate::gate::wait_s;
use crate::problem::Problem;
use crate::source::Source;

/// How many guesses may fail in an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuessRates {
    /// From an address.
    pub address_per_hour: u32,
    /// With an API key, through which a shop's customers type.
    pub key_per_hour: u32,
    /// Of a tenant.
    pub tenant_per_hour: u32,
}

/// What a failed attempt counts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Guess {
    /// The check character is wrong: who has the code in his hand mistypes it so, and who makes it up seldom.
    Typo,
    /// Anything else.
    Wrong,
}

/// Budgets are counted in quarters of a guess.
const QUARTERS: u32 = 4;

impl Guess {
    /// A typo is a quarter of a guess.
    fn quarters(self) -> u32 {
        match self {
            Self::Typo => 1,
            Self::Wrong => QUARTERS,
        }
    }

    pub(crate) fn of(shape: Shape) -> Self {
        match shape {
            Shape::Typo => Self::Typo,
            Shape::Other | Shape::Guess | Shape::Computed | Shape::VoucherId => Self::Wrong,
        }
    }
}

/// Whose attempts are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guesser {
    tenant: TenantNo,
    by: By,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    Address(IpAddr),
    Key(Actor),
}

impl Guesser {
    /// Servers are counted by their key, everybody else by the address: who signs in may have many accounts.
    pub(crate) fn of(tenant: TenantNo, source: Source, actor: Option<Actor>) -> Self {
        let by = match actor {
            Some(key @ Actor::Key(_)) => By::Key(key),
            Some(Actor::System | Actor::Operator | Actor::Customer(_) | Actor::Staff(_)) | None => {
                By::Address(source.network())
            }
        };
        Self { tenant, by }
    }

    pub(crate) fn tenant(self) -> TenantNo {
        self.tenant
    }

    /// Before an attempt.
    ///
    /// While the tenant's budget is used up, only those are refused who have failed within the hour: a crowd of
    /// guessers is left one guess each, and cannot keep out the customer who types what is on his voucher.
    ///
    /// # Errors
    /// 429, with `Retry-After`.
    pub(crate) fn check(self, app: &App) -> Result<(), Problem> {
        let budgets = self.budgets(app);
        let ask = |(counted, allowance)| app.gate.limiter.ask(counted, allowance, QUARTERS);
        let all = || ask(budgets.all).or_else(|wait| ask(budgets.lately).map_err(|_| wait));
        let Err(used_up) = ask(budgets.own).and_then(|()| all()) else { return Ok(()) };
        let detail = "Too many attempts have failed. Wait as long as `Retry-After` says.";
        Err(Problem::too_many("too_many_guesses", detail, wait_s(used_up)))
    }

    /// After an attempt that failed. What would exceed a budget uses it up no further.
    pub(crate) fn failed(self, app: &App, guess: Guess) {
        let Budgets { own, all, lately } = self.budgets(app);
        for ((counted, allowance), cost) in [(own, guess.quarters()), (all, guess.quarters()), (lately, lately.1.burst)]
        {
            // Who is over it is refused by the next check; there is nobody to tell now.
            let _ = app.gate.limiter.take(counted, allowance, cost);
        }
    }

    fn budgets(self, app: &App) -> Budgets {
        let GuessRates { address_per_hour, key_per_hour, tenant_per_hour } = app.gate.guesses;
        let Self { tenant, by } = self;
        let (own, lately, per_hour) = match by {
            By::Address(address) => {
                (Counted::Guesses(tenant, address), Counted::GuessedLately(tenant, address), address_per_hour)
            }
            By::Key(key) => (Counted::GuessesOf(tenant, key), Counted::GuessedLatelyOf(tenant, key), key_per_hour),
        };
        Budgets {
            own: (own, quarters_of(per_hour)),
            all: (Counted::GuessesOfAll(tenant), quarters_of(tenant_per_hour)),
            lately: (lately, quarters_of(1)),
        }
    }
}

/// What of a command may have been made up.
#[derive(Clone, Debug)]
pub(crate) struct Attempt(Vec<Shape>);

impl Attempt {
    pub(crate) fn of(action: &Action) -> Self {
        Self(match action {
            Action::Redeem(request) | Action::Amend { request, .. } => shapes(&request.codes),
            _ => Vec::new(),
        })
    }

    /// Counts the refusal, if it is one that says that something is not there.
    pub(crate) fn failed(&self, app: &App, guesser: Guesser, refusal: &Refusal) {
        match refusal.rejection {
            Rejection::CodeUnknown => {
                let shape = refusal.item.and_then(|place| self.0.get(place));
                guesser.failed(app, shape.map_or(Guess::Wrong, |shape| Guess::of(*shape)));
            }
            Rejection::VoucherNotFound => guesser.failed(app, Guess::Wrong),
            _ => {}
        }
    }
}

/// What codes look like, for when they are not found.
pub(crate) fn shapes(codes: &[Reading]) -> Vec<Shape> {
    codes.iter().map(|reading| reading.shape).collect()
}

type Budget = (Counted, Allowance);

#[derive(Clone, Copy, Debug)]
struct Budgets {
    own: Budget,
    all: Budget,
    /// One guess an hour, used up by the first that fails.
    lately: Budget,
}

fn quarters_of(per_hour: u32) -> Allowance {
    Allowance::per_hour(per_hour.saturating_mul(QUARTERS))
}

impl FromRequestParts<App> for Guesser {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Caller { tenant, actor, .. } = Caller::from_request_parts(parts, app).await?;
        let Ok(source) = Source::from_request_parts(parts, app).await;
        Ok(Self::of(tenant, source, Some(actor)))
    }
}
