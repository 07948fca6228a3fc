//! The HTTP foundation over real sockets, as a stranger meets it.

mod wire;

mod docs;
mod extract;
mod listen;
mod metrics;
mod problem;
