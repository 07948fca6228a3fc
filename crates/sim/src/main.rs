//! Runs simulations: one seed, some seeds, or for so many minutes.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use clap::{Parser, Subcommand};
use sim::{Outline, simulate};

/// The real ledger against a model.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// One seed, to repeat what went wrong.
    Seed {
        seed: u64,
        #[arg(long, default_value_t = 60)]
        rounds: usize,
    },
    /// So many seeds.
    Seeds {
        count: u64,
        #[arg(long, default_value_t = 0)]
        first: u64,
        #[arg(long, default_value_t = 60)]
        rounds: usize,
    },
    /// Seeds nobody has tried, for so many minutes.
    Prove {
        #[arg(long, default_value_t = 10)]
        minutes: u64,
    },
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match Arguments::parse().command {
        Command::Seed { seed, rounds } => run(seed..=seed, rounds, None).await,
        Command::Seeds { count, first, rounds } => run(first..=first + count.saturating_sub(1), rounds, None).await,
        Command::Prove { minutes } => {
            let first = u64::from(std::process::id()) << 32;
            run(first..=u64::MAX, 200, Some(Duration::from_secs(minutes * 60))).await
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "it measures how long to go on, nothing is decided on it")]
#[expect(clippy::print_stdout, reason = "it reports to a person")]
async fn run(seeds: std::ops::RangeInclusive<u64>, rounds: usize, time: Option<Duration>) -> ExitCode {
    let start = Instant::now();
    let (mut count, mut sum) = (0_u64, Outline::default());
    for seed in seeds {
        if time.is_some_and(|time| start.elapsed() >= time) {
            break;
        }
        match simulate(seed, rounds).await {
            Ok(outline) => {
                count += 1;
                sum.commands += outline.commands;
                sum.refused += outline.refused;
                sum.vouchers += outline.vouchers;
                sum.redemptions += outline.redemptions;
                sum.automatic += outline.automatic;
                sum.payments += outline.payments;
                sum.drawn += outline.drawn;
                sum.restarts += outline.restarts;
                sum.crashes += outline.crashes;
            }
            Err(error) => {
                println!("seed {seed} failed: {error:#}");
                println!("repeat it: cargo run --package sim -- seed {seed} --rounds {rounds}");
                return ExitCode::FAILURE;
            }
        }
    }
    println!("{count} seeds clean in {} s: {sum:?}", start.elapsed().as_secs());
    ExitCode::SUCCESS
}
