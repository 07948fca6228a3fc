//! HTTP, and all that Scrip knows of it. Handlers translate: extract, parse, ask the domain or a port once, answer.
//! Nothing here decides about money or vouchers, knows SQL or reads configuration.
//!
//! Reading order: `routes` (the whole table), then one resource after the other, its types beside its handlers;
//! `app` (what handlers have at hand), `auth` (who calls) with `passwords` and `password_policy`, `source`, `gate` and
//! `guesses` (who may go on), `idempotency` (what makes a request the same again), `rejections` (every "no" and its
//! status), `short_form` (a few of the calls with flat bodies), `openapi` (the reference as data). Below them: `listen` (a
//! socket becomes requests, within limits) with `body_room` and `unsent` (what all of them take together), `metrics` (each
//! is counted and logged), `extract` (its parts become types), `problem` (every "no" and "could not" as an answer), `docs`
//! (the reference as a page).

mod routes;
mod app;
pub mod auth;
mod permissions;
mod tokens;
pub mod passwords;
mod password_policy;
mod logins;
mod letters;
mod sign_in;
mod registration;
mod recovery;
mod me;
mod accounts;
mod api_keys;
mod wallet;
mod second_factor;
mod setup;
mod oidc;
mod idempotency;
mod rejections;

pub mod source;
pub mod gate;
pub mod guesses;

mod customers;
mod customer_patch;
mod customer_by;
mod identities;
mod customer_history;
mod export;
mod streamed;
mod coupons;
mod coupon_states;
mod condition_fields;
mod coupon_body;
mod definition_body;
mod benefit_body;
mod scope_body;
mod stacking_body;
mod cost_bearer_body;
mod definition_parts;
mod restock;
mod approvals;
mod warnings;
mod campaigns;
mod campaign_states;
mod campaign_body;
mod issue;
mod claims;
mod vouchers;
mod history;
mod audit;
mod actor_body;
mod voucher_body;
mod gifts;
mod payment_body;
mod code_blocks;
mod access_blocks;
mod segments;
mod collections;
mod access_block_body;
mod imports;
pub mod import_file;
mod import_lines;
mod quote_body;
mod quotes;
mod wallet_quotes;
mod order_body;
mod redemptions;
mod decisions;
mod simulations;
pub mod recall;
mod redeem_body;
mod redemption_body;
mod settlements;
mod test_clock;
mod health;

mod names;
mod if_match;
mod page;
mod reply;
mod schemas;
mod tenant_settings;
mod openapi;

pub mod listen;
mod progress;
mod request_body;
mod body_room;
mod unsent;

mod short_form;
pub mod metrics;

pub mod extract;
mod json;
mod strict;
mod wording;

pub mod problem;

mod links;
pub mod docs;

pub use app::{App, Parts, new_id};
pub use idempotency::{IDEMPOTENCY_KEY, IDEMPOTENCY_REPLAYED};
pub use logins::login_hash;
pub use openapi::openapi;
pub use password_policy::check_policy as check_password;
pub use password_policy::check_policy;
pub use rejections::{refused, status_of};
pub use routes::router;
pub use setup::first_link;
