//! `scrip replay --draft`: what a coupon that is not there yet would have done to recorded orders.

use std::fmt::Write as _;
use std::path::Path;

use anyhow::Context;
use api::recall::{self, Orders};
use domain::id::{FIRST_TENANT, TenantNo};
use domain::ledger::{Draft, Figures, Simulation};
use indicatif::{ProgressBar, ProgressStyle};
use ports::DecisionFilter;
use serde_json::Value;
use sqlite::SqliteStore;
use tokio::sync::mpsc;

use crate::admin::{self, Request};
use crate::cli::{Place, say};

/// The definition of a draft as `POST /v1/coupons` takes it, in JSON or TOML.
pub(super) fn read(file: &Path) -> anyhow::Result<Value> {
    let text = std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))?;
    let is_json = file.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("json"));
    let value = if is_json { serde_json::from_str(&text).map_err(Into::into) } else { parse_toml(&text) };
    value.with_context(|| format!("the draft in {} is not understood", file.display()))
}

fn parse_toml(text: &str) -> anyhow::Result<Value> {
    Ok(toml::from_str(text)?)
}

/// Tries it on the orders that the data have on record, and prints what it came to.
pub(super) async fn on_recorded(place: &Place, tenant: Option<String>, draft: Value) -> anyhow::Result<()> {
    let bar = bar()?;
    let mut last = Figures::default();
    admin::run_with(place, Request::Simulate { tenant, draft }, |line| {
        last = serde_json::from_str(&line)?;
        show(&bar, &last);
        Ok(())
    })
    .await?;
    bar.finish_and_clear();
    say(&table(&last));
    Ok(())
}

/// The same on an open store of one's own.
pub(super) async fn on_store(store: &SqliteStore, draft: Value) -> anyhow::Result<()> {
    let (bar, mut trial) = (bar()?, Trial::begin(store, FIRST_TENANT, draft).await?);
    while trial.step(store).await? {
        show(&bar, trial.simulation.figures());
    }
    bar.finish_and_clear();
    say(&table(trial.simulation.figures()));
    Ok(())
}

/// Tries it on all recorded orders of a tenant; each line of the answer has the figures so far, as JSON.
pub(crate) async fn answer(
    store: &SqliteStore,
    tenant: TenantNo,
    draft: Value,
    lines: mpsc::Sender<String>,
) -> anyhow::Result<()> {
    let mut trial = Trial::begin(store, tenant, draft).await?;
    loop {
        let is_more = trial.step(store).await?;
        lines.send(serde_json::to_string(trial.simulation.figures())?).await?;
        if !is_more {
            return Ok(());
        }
    }
}

/// Orders between two tellings of how far it is.
const STEP: usize = 500;

/// A draft on its way through all recorded orders.
struct Trial {
    tenant: TenantNo,
    simulation: Simulation,
    after: Option<String>,
}

impl Trial {
    async fn begin(store: &SqliteStore, tenant: TenantNo, draft: Value) -> anyhow::Result<Self> {
        let definition = recall::draft(store, tenant, draft).await;
        let definition =
            definition.map_err(|error| anyhow::anyhow!("the draft, at {:?}: {}", error.pointer, error.detail))?;
        let needs_code = !definition.automatic;
        Ok(Self { tenant, simulation: Simulation::new(Draft::new(definition, needs_code)), after: None })
    }

    /// Some orders more; whether there are others after them.
    async fn step(&mut self, store: &SqliteStore) -> anyhow::Result<bool> {
        let (filter, after) = (DecisionFilter::default(), self.after.take());
        let orders = Orders { tenant: self.tenant, filter, max: STEP, after };
        self.after = recall::simulate(store, orders, &mut self.simulation).await?;
        Ok(self.after.is_some())
    }
}

fn bar() -> anyhow::Result<ProgressBar> {
    let style = ProgressStyle::with_template("{spinner} {pos} orders decided again, {elapsed} gone {msg}")?;
    Ok(ProgressBar::new_spinner().with_style(style))
}

fn show(bar: &ProgressBar, figures: &Figures) {
    bar.set_position(figures.replayed + figures.skipped);
    bar.set_message(figures.through.map_or(String::new(), |at| format!("through {at}")));
}

fn table(figures: &Figures) -> String {
    let mut out = String::from("\nDraft, without demand effect: the same orders, decided again with it\n");
    let rows = [
        ("orders decided again", figures.replayed),
        ("orders that could not be", figures.skipped),
        ("orders touched", figures.touched),
        ("winners: orders that pay less", figures.winners),
        ("losers: orders that pay more", figures.losers),
        ("kept out by its limits", figures.limited),
    ];
    for (name, count) in rows {
        row(&mut out, name, &count.to_string());
    }
    for (currency, amounts) in &figures.amounts {
        let amount = |minor: i64| {
            let sign = if minor < 0 { "-" } else { "" };
            format!("{sign}{}.{:02} {currency}", minor.unsigned_abs() / 100, minor.unsigned_abs() % 100)
        };
        row(&mut out, "discount before", &amount(amounts.discount_before_minor));
        row(&mut out, "discount after", &amount(amounts.discount_after_minor));
        row(&mut out, "cost", &amount(amounts.cost_minor()));
        row(&mut out, "given by the draft", &amount(amounts.given_minor));
    }
    out
}

fn row(out: &mut String, name: &str, value: &str) {
    writeln!(out, "  {name:<36} {value:>12}").expect("a string takes all");
}
