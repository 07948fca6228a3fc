//! The repository's laws, run as tests: what may import what, how long things may grow, which names and calls are not
//! used. Clippy sees one crate at a time and knows nothing of our shape; these laws look at the repository as a whole.
//!
//! Each law is a function from the repository to a list of [`Breach`]es and has a test of its own that shows it can
//! fail. `tests/laws.rs` applies them all. This crate imports nothing of ours. Read `repository`, then any law.

pub mod repository;
pub mod source;

pub mod business;
pub mod calls;
pub mod crates;
pub mod documents;
pub mod imports;
pub mod mutants;
pub mod names;
pub mod processes;
pub mod sizes;

pub use repository::{Breach, Repository};
