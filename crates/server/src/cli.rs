//! What can be asked on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};

use crate::admin::{self, Request};
use crate::config::Config;
use crate::{check, replay, serve, store};

/// Coupons and vouchers: claims, codes, prices, redemptions.
#[derive(Debug, Parser)]
#[command(name = "scrip", version, about)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

/// Where the data are, for every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct Place {
    /// The data folder.
    #[arg(long, value_name = "DIR", default_value = "./data")]
    pub data: PathBuf,
    /// Settings; config.default.toml shows them all.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API. The first start makes the data folder and the keys.
    Serve {
        #[command(flatten)]
        place: Place,
        /// Where to listen; 127.0.0.1:8080 unless set otherwise.
        #[arg(long, value_name = "ADDR")]
        listen: Option<SocketAddr>,
        /// Fill an empty data folder with a demonstration shop, and print what to try.
        #[arg(long)]
        demo: bool,
        /// Let an API key move the clock forward. Only on data made with it.
        #[arg(long)]
        test_clock: bool,
    },
    /// Bring the data folder to this version's schema.
    Migrate {
        #[command(flatten)]
        place: Place,
    },
    /// API keys.
    #[command(subcommand)]
    Key(KeyCommand),
    /// Unique codes.
    #[command(subcommand)]
    Codes(CodesCommand),
    /// Verify every promise on the data; exits with 1 when one is broken.
    Check {
        #[command(flatten)]
        place: Place,
    },
    /// Write a consistent copy of the data while the server runs. The master key is left out.
    Backup {
        #[command(flatten)]
        place: Place,
        /// The file to write; it must not exist.
        to: PathBuf,
    },
    /// Compute new codes with a new key: after a restore or a clone, so that codes given out since do not come again.
    RotateKey {
        #[command(flatten)]
        place: Place,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Take a shop's past orders through claim, quote and redemption, then verify every promise.
    Replay(replay::Arguments),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key and print it, once, as the last line.
    Create {
        #[command(flatten)]
        place: Place,
        /// What to call it.
        #[arg(long)]
        name: String,
    },
    /// List the keys, without their secrets.
    List {
        #[command(flatten)]
        place: Place,
    },
    /// Revoke a key, at once, by its name or id.
    Revoke {
        #[command(flatten)]
        place: Place,
        /// The name or id.
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum CodesCommand {
    /// Print the codes of a block, one on a line.
    Export {
        #[command(flatten)]
        place: Place,
        /// The block, as `blk_...`.
        #[arg(long)]
        block: String,
        /// Write to this file instead; it must not exist.
        #[arg(long, value_name = "FILE")]
        to: Option<PathBuf>,
    },
    /// Take in codes given by people, from a CSV file with the column `code`.
    Import {
        #[command(flatten)]
        place: Place,
        /// The coupon, as `cpn_...`.
        #[arg(long)]
        coupon: String,
        /// The file.
        file: PathBuf,
    },
}

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().context("the runtime could not be started")?;
    runtime.block_on(dispatch(arguments.command))
}

async fn dispatch(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve { place, listen, demo, test_clock } => {
            let config = Config::load(place.config.as_deref())?;
            let options = serve::Options { listen: listen.unwrap_or(config.listen), demo, test_clock };
            serve::serve(&place.data, &config, options).await?;
        }
        Command::Migrate { place } => {
            store::open(&place.data, &Config::load(place.config.as_deref())?)?.close().await;
            say("The data folder has this version's schema.");
        }
        Command::Key(KeyCommand::Create { place, name }) => {
            admin::run(&place, Request::CreateKey { name }).await?;
        }
        Command::Key(KeyCommand::List { place }) => admin::run(&place, Request::ListKeys).await?,
        Command::Key(KeyCommand::Revoke { place, name }) => {
            admin::run(&place, Request::RevokeKey { name }).await?;
        }
        Command::Codes(CodesCommand::Export { place, block, to }) => {
            admin::export(&place, block, to.as_deref()).await?;
        }
        Command::Codes(CodesCommand::Import { place, coupon, file }) => admin::import(&place, coupon, &file).await?,
        Command::Backup { place, to } => admin::backup(&place, &to).await?,
        Command::RotateKey { place } => {
            let no = store::rotate_key(&place.data, &Config::load(place.config.as_deref())?)?;
            say(&format!("New codes are computed with key {no} from now on; older codes stay good."));
        }
        Command::Check { place } => return check::check(&place).await,
        Command::Openapi => say(api::openapi().trim_end()),
        Command::Replay(arguments) => return replay::replay(arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// One line for the person at the terminal.
#[expect(clippy::print_stdout, reason = "the command line answers on standard output")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
