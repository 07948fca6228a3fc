//! HTTP, and all that Scrip knows of it. Handlers translate: extract, parse, ask the domain or a port once, answer.
//! Nothing here decides about money or vouchers, knows SQL or reads configuration.
//!
//! Reading order: `routes` (the whole table), then one resource after the other, its types beside its handlers;
//! `app` (what handlers have at hand), `auth` (who calls), `source`, `gate` and `guesses` (who may go on), `idempotency` (what makes a request the same again),
//! `rejections` (every "no" and its status), `openapi` (the reference as data). Below them: `listen` (a socket becomes
//! requests, within limits), `metrics` (each is counted and logged), `extract` (its parts become types), `problem`
//! (every "no" and "could not" as an answer), `docs` (the reference as a page).

mod routes;
mod app;
pub mod auth;
mod idempotency;
mod rejections;

pub mod source;
pub mod gate;
pub mod guesses;

mod customers;
mod coupons;
mod coupon_states;
mod coupon_body;
mod definition_body;
mod definition_parts;
mod issue;
mod claims;
mod vouchers;
mod history;
mod actor_body;
mod voucher_body;
mod code_blocks;
mod access_blocks;
mod access_block_body;
mod quotes;
mod order_body;
mod redemptions;
mod redeem_body;
mod redemption_body;
mod test_clock;
mod health;

mod names;
mod page;
mod reply;
mod schemas;
mod openapi;

pub mod listen;
mod progress;
mod request_body;

pub mod metrics;

pub mod extract;
mod json;
mod strict;
mod wording;

pub mod problem;

pub mod docs;

pub use app::{App, new_id};
pub use idempotency::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED};
pub use openapi::openapi;
pub use rejections::{refused, status_of};
pub use routes::router;
