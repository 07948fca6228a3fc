//! The binary `scrip`. It alone knows configuration and which parts are wired together.
//!
//! Read in this order: `cli` (what can be asked), `config` (what can be set), `serve` (the wiring), `admin` (what is done
//! beside a running server, through its socket), then one command after the other.

mod cli;
mod config;
mod clock;
mod stopwatch;
mod secrets;
mod mail;
mod oidc;
mod store;
mod limiter;
mod gate;
mod figures;
mod cores;
mod serve;
mod demo;
mod admin;
mod staff;
mod import;
mod socket;
mod copy;
mod check;
mod storage;
mod replay;
mod explain;

use std::process::ExitCode;

use clap::Parser;

/// Requests make many small short-lived allocations; this allocator serves them with less locking than the system's.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments = cli::Arguments::parse();
    match cli::run(arguments) {
        Ok(code) => code,
        // Whoever reads what is printed has seen enough, as `head` has.
        Err(error) if error.chain().any(is_broken_pipe) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("scrip: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn is_broken_pipe(cause: &(dyn std::error::Error + 'static)) -> bool {
    cause.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
}
