//! Demands that must hold under load: each part starts a Scrip on an empty folder, puts the load on it, compares what
//! was answered with its statistics, and lets `scrip check` verify the data beside the running server.

mod gfg_7;
mod tx_6;
mod jc_6;
mod jd_3;
mod users;
mod crowd;
mod finding;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::ValueEnum;
use serde::Serialize;

use crate::Place;
use crate::load::{float, now};
use crate::process::machine;
use crate::shop::Shop;
use crate::table::whole;
use finding::Part;

/// What to prove.
#[derive(Debug, clap::Args)]
pub struct Options {
    #[command(flatten)]
    pub place: Place,
    /// Only these parts.
    #[arg(long)]
    pub part: Vec<Which>,
    /// A share of each count and time, to try it out; how fast it is is judged at 1 only.
    #[arg(long, default_value_t = 1.0)]
    pub scale: f64,
    /// Where the report goes.
    #[arg(long, default_value = "target/prove.json")]
    pub out: PathBuf,
}

/// A part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Which {
    /// A thousand users who have signed in claim and redeem at once, on a million records.
    Gfg7,
    /// One hot coupon for a minute, and ten times as much for seconds.
    Tx6,
    /// A day of a pool: coupons posted, a million requests for them.
    Jc6,
    /// A million holds that are over at one instant.
    Jd3,
}

/// What puts the load on and says what it found.
type Prove = fn(&Options, &mut Part) -> anyhow::Result<()>;

const PARTS: [(Which, &str, Prove); 4] = [
    (Which::Gfg7, "gfg7", gfg_7::prove),
    (Which::Tx6, "tx6", tx_6::prove),
    (Which::Jc6, "jc6", jc_6::prove),
    (Which::Jd3, "jd3", jd_3::prove),
];

/// All that was found.
#[derive(Debug, Serialize)]
struct Proof {
    machine: String,
    scale: f64,
    parts: Vec<Part>,
}

/// Proves, prints and writes.
pub fn run(options: &Options) -> anyhow::Result<ExitCode> {
    let mut proof = Proof { machine: machine(), scale: options.scale, parts: Vec::new() };
    println!("{}", proof.machine);
    for (which, name, prove) in PARTS {
        if !options.part.is_empty() && !options.part.contains(&which) {
            continue;
        }
        let mut part = Part::new(name, options.scale >= 1.0);
        let begun = now();
        prove(options, &mut part)?;
        part.figure("all of it took", begun.elapsed().as_secs_f64(), "s");
        proof.parts.push(part);
    }
    if let Some(folder) = options.out.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(&options.out, serde_json::to_vec_pretty(&proof)?)?;
    println!("All of it is in {}.", options.out.display());
    Ok(if proof.parts.iter().all(Part::holds) { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

impl Options {
    fn scaled(&self, full: u64) -> u64 {
        whole(float(full) * self.scale).max(1)
    }

    /// At least a second.
    fn time(&self, full_s: u64) -> Duration {
        Duration::from_secs(self.scaled(full_s))
    }
}

/// Verifies every promise on the data, while the server goes on.
fn check(shop: &Shop, part: &mut Part) -> anyhow::Result<()> {
    let begun = now();
    let said = shop.command(&["check"]).output()?;
    part.figure("scrip check beside the server took", begun.elapsed().as_secs_f64(), "s");
    if !said.status.success() {
        eprintln!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    }
    part.demand("scrip check finds nothing", said.status.success(), said.status);
    Ok(())
}
