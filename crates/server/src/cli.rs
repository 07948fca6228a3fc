//! What can be asked on the command line.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Parser, Subcommand};
use domain::account::Role;
use domain::money::Currency;
use domain::time::Zone;
use ports::{Scope, Scopes};

use crate::admin::{self, Request};
use crate::config::Config;
use crate::storage::{self, Form};
use crate::{check, replay, serve, staff, store};

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

/// Of which tenant, for commands that concern one.
#[derive(Clone, Debug, Args)]
pub(crate) struct Whose {
    /// The tenant's name; the first one unless given.
    #[arg(long, value_name = "NAME")]
    pub tenant: Option<String>,
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
    /// Accounts of staff.
    #[command(subcommand)]
    Staff(StaffCommand),
    /// Isolated lines of business in one installation.
    #[command(subcommand)]
    Tenant(TenantCommand),
    /// Letters that were given up.
    #[command(subcommand)]
    Mail(MailCommand),
    /// Unique codes.
    #[command(subcommand)]
    Codes(CodesCommand),
    /// The audit log.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Verify every promise on the data; exits with 1 when one is broken.
    Check {
        #[command(flatten)]
        place: Place,
    },
    /// Say how much room each table takes, and what a voucher costs.
    Storage {
        #[command(flatten)]
        place: Place,
        /// As one JSON document.
        #[arg(long)]
        json: bool,
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
    /// Say why a redemption came to what it came to: each coupon with its conditions and what was found.
    Explain {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        whose: Whose,
        /// The redemption.
        id: String,
    },
    /// Print the OpenAPI document.
    Openapi,
    /// Take a shop's past orders through claim, quote and redemption, then verify every promise; or try a draft of a coupon on
    /// recorded orders.
    Replay(replay::Arguments),
}

#[derive(Debug, Subcommand)]
enum KeyCommand {
    /// Make a key and print it, once, as the last line.
    Create {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        whose: Whose,
        /// What to call it.
        #[arg(long)]
        name: String,
        /// What it may do, each with an option of its own; all but `admin` unless given.
        #[arg(long = "scope", value_name = "SCOPE", value_parser = scope)]
        scopes: Vec<Scope>,
    },
    /// List the keys, without their secrets.
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        whose: Whose,
    },
    /// Revoke a key, at once, by its name or id.
    Revoke {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        whose: Whose,
        /// The name or id.
        #[arg(long)]
        name: String,
    },
}

#[derive(Debug, Subcommand)]
enum StaffCommand {
    /// Make an account of staff. Its password is the first line of standard input.
    Create {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        whose: Whose,
        /// What it signs in with.
        #[arg(long)]
        username: String,
        /// admin, operator, merchant or analyst.
        #[arg(long, value_parser = role)]
        role: Role,
        /// Says so: a password on the command line would be seen by others.
        #[arg(long, required = true)]
        password_stdin: bool,
    },
}

#[derive(Debug, Subcommand)]
enum MailCommand {
    /// List them, oldest first: to whom, about what, and why they could not be sent.
    List {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        whose: Whose,
    },
}

#[derive(Debug, Subcommand)]
enum TenantCommand {
    /// Make a tenant.
    Create {
        #[command(flatten)]
        place: Place,
        /// What to call it: a-z 0-9 - _.
        #[arg(long)]
        name: String,
        /// Where its days begin; an IANA time zone.
        #[arg(long, default_value = "UTC")]
        zone: Zone,
        /// What its prices usually are in; ISO 4217.
        #[arg(long, default_value = "EUR")]
        currency: Currency,
        /// A host name at which who is not signed in is its guest; may be given several times.
        #[arg(long = "host", value_name = "HOST")]
        hosts: Vec<String>,
    },
    /// List the tenants.
    List {
        #[command(flatten)]
        place: Place,
    },
}

fn scope(name: &str) -> Result<Scope, String> {
    let names = || Scope::ALL.map(Scope::name).join(", ");
    Scope::named(name).ok_or_else(|| format!("must be one of {}", names()))
}

fn role(name: &str) -> Result<Role, String> {
    let staff = Role::named(name).filter(|role| role.is_staff());
    staff.ok_or_else(|| "must be admin, operator, merchant or analyst".to_owned())
}

#[derive(Debug, Subcommand)]
enum CodesCommand {
    /// Print the codes of a block, one on a line.
    Export {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        whose: Whose,
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
        #[command(flatten)]
        whose: Whose,
        /// The coupon, as `cpn_...`.
        #[arg(long)]
        coupon: String,
        /// The file.
        file: PathBuf,
    },
}

#[derive(Debug, Subcommand)]
enum AuditCommand {
    /// Print the number and hash of the latest entry: kept elsewhere, they show later whether the log was touched.
    Head {
        #[command(flatten)]
        place: Place,
        #[command(flatten)]
        whose: Whose,
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
        Command::Key(command) => manage_keys(command).await?,
        Command::Staff(StaffCommand::Create { place, whose, username, role, password_stdin: _ }) => {
            staff::create(&place, whose.tenant, username, role).await?;
        }
        Command::Tenant(TenantCommand::Create { place, name, zone, currency, hosts }) => {
            admin::run(&place, Request::CreateTenant { name, zone, currency, hosts }).await?;
        }
        Command::Tenant(TenantCommand::List { place }) => admin::run(&place, Request::ListTenants).await?,
        Command::Mail(MailCommand::List { place, whose }) => {
            admin::run(&place, Request::ListDeadMails { tenant: whose.tenant }).await?;
        }
        Command::Codes(CodesCommand::Export { place, whose, block, to }) => {
            admin::export(&place, Request::ExportCodes { tenant: whose.tenant, block }, to.as_deref()).await?;
        }
        Command::Audit(AuditCommand::Head { place, whose }) => {
            admin::run(&place, Request::AuditHead { tenant: whose.tenant }).await?;
        }
        Command::Codes(CodesCommand::Import { place, whose, coupon, file }) => {
            admin::import(&place, (whose.tenant, coupon), &file).await?;
        }
        Command::Backup { place, to } => admin::backup(&place, &to).await?,
        Command::RotateKey { place } => {
            let no = store::rotate_key(&place.data, &Config::load(place.config.as_deref())?)?;
            say(&format!("New codes are computed with key {no} from now on; older codes stay good."));
        }
        Command::Check { place } => return check::check(&place).await,
        Command::Storage { place, json } => {
            storage::storage(&place, if json { Form::Json } else { Form::Text }).await?;
        }
        Command::Explain { place, whose, id } => {
            admin::run(&place, Request::Explain { tenant: whose.tenant, redemption: id }).await?;
        }
        Command::Openapi => say(api::openapi().trim_end()),
        Command::Replay(arguments) => return replay::replay(arguments).await,
    }
    Ok(ExitCode::SUCCESS)
}

async fn manage_keys(command: KeyCommand) -> anyhow::Result<()> {
    match command {
        KeyCommand::Create { place, whose, name, scopes } => {
            let scopes = if scopes.is_empty() { Scopes::SERVER } else { Scopes::of(&scopes) };
            admin::run(&place, Request::CreateKey { tenant: whose.tenant, name, scopes }).await
        }
        KeyCommand::List { place, whose } => admin::run(&place, Request::ListKeys { tenant: whose.tenant }).await,
        KeyCommand::Revoke { place, whose, name } => {
            admin::run(&place, Request::RevokeKey { tenant: whose.tenant, name }).await
        }
    }
}

/// One line for the person at the terminal.
#[expect(clippy::print_stdout, reason = "the command line answers on standard output")]
pub(crate) fn say(line: &str) {
    println!("{line}");
}
