//! `scrip replay`: a shop's past orders, each at its own time, through claim, quote, redemption and return.

mod orders;
mod plan;
mod purchases;
mod run;
mod tally;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use domain::id::FIRST_TENANT;
use ports::{CouponFilter, PageRequest, Records};

use crate::cli::{Place, say};
use crate::clock::SetClock;
use crate::config::Config;
use crate::{check, store};

/// What the command takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Orders as CSV, or CSV compressed with gzip: order, sku, description, quantity, ordered_at, unit_price, customer,
    /// country.
    file: PathBuf,
    /// The coupons of the replay; a sample is used without it.
    #[arg(long, value_name = "TOML")]
    coupons: Option<PathBuf>,
    /// List every line that makes no sense, not only their number by kind.
    #[arg(long)]
    list_bad: bool,
}

pub(crate) async fn replay(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let plan = plan::Plan::load(arguments.coupons.as_deref())?;
    let history = orders::read(&arguments.file, &plan.shop.zone)
        .with_context(|| format!("the orders in {}", arguments.file.display()))?;
    let Some(first) = history.orders.first() else { bail!("there are no orders in {}", arguments.file.display()) };
    let clock = Arc::new(SetClock::at(first.at));
    let mut config = Config::load(arguments.place.config.as_deref())?;
    config.tenant.zone = plan.shop.zone.clone();
    config.tenant.currency = plan.shop.currency;
    let store = Arc::new(store::open_with(&arguments.place.data, &config, clock.clone(), true)?);
    refuse_used(&store).await?;
    let report = run::run(&store, &clock, &plan, &history).await?;
    store.close().await;
    history.bad.describe(arguments.list_bad).iter().for_each(|line| say(line));
    say(&report.table(&history, &plan));
    check::check_closed(&arguments.place).await
}

/// A replay starts from nothing: its past must not come after somebody's present.
async fn refuse_used(store: &sqlite::SqliteStore) -> anyhow::Result<()> {
    let page = PageRequest { limit: 1, after: None };
    if !store.coupons(FIRST_TENANT, CouponFilter::default(), page).await?.items.is_empty() {
        bail!("the data folder is in use; give the replay one of its own with --data DIR");
    }
    Ok(())
}
