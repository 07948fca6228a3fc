//! `scrip replay`: a shop's past orders, each at its own time, through claim, quote, redemption and return. And with a draft
//! of a coupon, what it would have done to recorded orders.

mod orders;
mod plan;
mod purchases;
mod run;
mod tally;
pub(crate) mod draft;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use domain::id::FIRST_TENANT;
use ports::{CouponFilter, PageRequest, Records};
use run::Keep;
use serde_json::Value;

use crate::cli::{Place, Whose, say};
use crate::clock::SetClock;
use crate::config::Config;
use crate::{check, store};

/// What the command takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    place: Place,
    /// Orders as CSV, or CSV compressed with gzip: order, sku, description, quantity, ordered_at, unit_price, customer,
    /// country. Without them, a draft is tried on the orders that the data have on record.
    #[arg(required_unless_present = "draft")]
    file: Option<PathBuf>,
    /// The coupons of the replay; a sample is used without it.
    #[arg(long, value_name = "TOML")]
    coupons: Option<PathBuf>,
    /// A coupon that is not there yet, as `POST /v1/coupons` takes it: say what it would have done to the orders, and change
    /// nothing.
    #[arg(long, value_name = "JSON or TOML")]
    draft: Option<PathBuf>,
    #[command(flatten)]
    whose: Whose,
    /// List every line that makes no sense, not only their number by kind.
    #[arg(long)]
    list_bad: bool,
}

pub(crate) async fn replay(arguments: Arguments) -> anyhow::Result<ExitCode> {
    let draft = arguments.draft.as_deref().map(draft::read).transpose()?;
    match (&arguments.file, draft) {
        (Some(file), draft) => replay_file(&arguments, file, draft).await,
        (None, Some(draft)) => {
            draft::on_recorded(&arguments.place, arguments.whose.tenant, draft).await?;
            Ok(ExitCode::SUCCESS)
        }
        (None, None) => bail!("name a file of orders, or a draft"),
    }
}

async fn replay_file(arguments: &Arguments, file: &Path, draft: Option<Value>) -> anyhow::Result<ExitCode> {
    let plan = plan::Plan::load(arguments.coupons.as_deref())?;
    let history = orders::read(file, &plan.shop.zone).with_context(|| format!("the orders in {}", file.display()))?;
    let Some(first) = history.orders.first() else { bail!("there are no orders in {}", file.display()) };
    let clock = Arc::new(SetClock::at(first.at));
    let mut config = Config::load(arguments.place.config.as_deref())?;
    config.tenant.zone = plan.shop.zone.clone();
    config.tenant.currency = plan.shop.currency;
    let store = Arc::new(store::open_with(&arguments.place.data, &config, clock.clone(), true)?);
    refuse_used(&store).await?;
    let keep = if draft.is_some() { Keep::All } else { Keep::Discounted };
    let report = run::run(&store, &clock, (&plan, keep), &history).await?;
    history.bad.describe(arguments.list_bad).iter().for_each(|line| say(line));
    say(&report.table(&history, &plan));
    if let Some(draft) = draft {
        draft::on_store(&store, draft).await?;
    }
    store.close().await;
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
