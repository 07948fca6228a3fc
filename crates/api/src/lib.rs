//! HTTP, and all that Scrip knows of it. Handlers translate: extract, parse, ask the domain or a port once, answer.
//! Nothing here decides about money or vouchers, knows SQL or reads configuration.
//!
//! Reading order: `listen` (a socket becomes requests, within limits), `metrics` (each is counted and logged),
//! `extract` (its parts become types), `problem` (every "no" and "could not" as an answer), `docs` (the reference).

pub mod listen;
mod progress;
mod request_body;

pub mod metrics;

pub mod extract;
mod json;

pub mod problem;
mod rejections;

pub mod docs;

pub use rejections::{refused, status_of};
