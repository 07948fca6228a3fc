//! The real ledger on a real SQLite file against a model that is small enough to be believed: random commands, several at
//! once, repeated, with answers lost, the clock jumping and the store stopped and started again. Every answer is
//! compared, and in the end every voucher, redemption, balance, list and figure.
//!
//! A seed decides all that is asked, so a seed is the bug report. How what is asked at once falls into batches is up to the
//! threads: what depends on that may need its seed several times. Read in this order: `model` (what should happen), `script`
//! (what is asked), `commands`, `driver` and `compare` (what happens, and whether it should), `recount` (the end).

mod random;
mod clock;
mod model;
mod takings;
mod shop;
mod script;
mod commands;
mod compare;
mod driver;
mod recount;

pub use driver::{Outline, simulate};
