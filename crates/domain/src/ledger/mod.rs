//! How anything of value changes. A store runs this cycle for every batch of commands of a tenant, one transaction each:
//!
//! ```text
//! loop { decide(commands, facts, now); if facts are missing, load what is wanted; else stop }
//! write what the facts say changed, with its events and answers; commit; answer every caller
//! ```
//!
//! A command names the facts it needs by asking for them, so the rules that decide and the rules that load are the
//! same lines and cannot drift apart. A store that locks rows runs the cycle once without locks to learn the keys, locks
//! them in their order, loads them again, reads the clock and decides.
//!
//! Read in this order: `command`, `requests`, `outcome`, `facts`, `decide`, then one capability after the other.

mod command;
mod requests;
mod outcome;
mod keys;
mod facts;
mod table;
mod log;
mod decision;
mod explain;
mod simulate;
mod decide;
mod lookup;
mod persons;
mod history;
mod takings;
mod room;
mod moves;
mod claim;
mod draw;
mod pool;
mod issue;
mod import;
mod hold;
mod typed;
mod uses;
mod shopper;
mod goods;
mod redeem;
mod gifts;
mod settle;
mod give_back;
mod sweep;
mod define;
mod states;
mod campaigns;
mod restock;
mod second_person;
mod customers;
mod merge;
mod accounts;
mod audit;

pub use campaigns::PACKAGE_MAX;
pub use command::{Action, Command, Fingerprint, IdempotencyHash};
pub use decide::{Missing, decide, quote, quote_each};
pub use decision::{DecisionRecord, Kept, OfferRecord, Recalled, Versions};
pub use explain::{Difference, Explanation, LineStanding, OfferOutcome, OfferTrace, Replay};
pub use facts::Facts;
pub use history::{HISTORY_MAX, History};
pub use keys::{
    BlockKey, CARRIERS_MAX, COUNTERS_MAX, DUE_MAX, Due, GivenCode, MEMBERS_MAX, MOVES_MAX, POOL_PAGE_MAX, PoolPage,
    RESERVATIONS_MAX, SIBLINGS_MAX, Sequence,
};
pub use outcome::{Answer, Answered, NotImported, Outcome};
pub use requests::{AccountChange, GivenEntry, NewAccount, RedeemRequest, ReturnLine, Start, VoucherCandidates};
pub use simulate::{Draft, Figures, Simulation, add_listed};
pub use table::{Change, Table};

use crate::rejection::{Refusal, Rejection};

/// Why the decision of a command stopped.
#[derive(Debug)]
pub enum Stop {
    /// A fact was never loaded; the table it belongs to knows which.
    Missing,
    /// The answer is no.
    Refused(Refusal),
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// A "no" with its sentence.
fn refuse<T>(rejection: Rejection, detail: impl Into<std::borrow::Cow<'static, str>>) -> Result<T, Stop> {
    Err(Stop::Refused(Refusal::new(rejection, detail)))
}
