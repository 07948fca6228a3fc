//! Load over HTTP, as a stranger would send it, and what people use instead, side by side in one run. It knows nothing of
//! ours: it starts the binary, speaks to its API, and reads what the system says of the process.
//!
//! Read in this order: `table` (what is measured), `claims` and its siblings (the scenarios), `scenario` (one load and its
//! figures), `rounds` (beside what it is compared with), `load` (how requests are sent and timed), `shop` (what is set up
//! over the API), `peer` (what we are compared with), `budgets` and `report` (ratios, rows, files), `proofs` (demands that
//! must hold under load).

#![expect(clippy::print_stdout, reason = "its tables are for a person")]
#![expect(clippy::float_arithmetic, reason = "figures and ratios, no money")]

mod table;
mod proofs;
mod claims;
mod redemptions;
mod quotes;
mod codes;
mod peers;
mod scenario;
mod rounds;
mod load;
mod connection;
mod request;
mod orders;
mod shop;
mod caller;
mod process;
mod peer;
mod redis_server;
mod budgets;
mod report;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// The same allocator as the server's, so that the peer is served as well.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Load over HTTP, side by side with what people use instead.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Measure, print one table, and write it as JSON.
    Table(table::Options),
    /// Put load on it that must be borne, print what was found, and write it as JSON. Fails if a demand is broken.
    Prove(proofs::Options),
    /// Serve what Scrip is compared with: an echo, and one Redis script per claim. Used by `table`.
    Peer {
        /// Where Redis listens; without it there is only the echo.
        #[arg(long)]
        redis: Option<String>,
        /// Connections to Redis, each with many requests under way.
        #[arg(long, default_value_t = 1)]
        connections: usize,
    },
}

/// Where things are, for every measurement.
#[derive(Clone, Debug, clap::Args)]
struct Place {
    /// The binary that is measured.
    #[arg(long, default_value = "target/release/scrip")]
    scrip: PathBuf,
    /// Where data are made and removed; on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    folder: PathBuf,
}

fn main() -> ExitCode {
    let ended = match Arguments::parse().command {
        Command::Table(options) => table::run(&options),
        Command::Prove(options) => proofs::run(&options),
        Command::Peer { redis, connections } => peer::serve(redis.as_deref(), connections),
    };
    match ended {
        Ok(code) => code,
        Err(error) => {
            eprintln!("bench: {error:#}");
            ExitCode::FAILURE
        }
    }
}
