//! The table, the ratios that matter, and both as a file.

use std::fs;
use std::path::Path;

use anyhow::Context;
use serde::Serialize;

use crate::process::machine;
use crate::scenario::Row;

/// What a ratio of two rows, or a figure of one, must be.
#[derive(Clone, Debug, Serialize)]
pub struct Budget {
    pub what: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub must: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goal: Option<f64>,
    pub found: f64,
    pub unit: &'static str,
    /// Whether less is better.
    pub at_most: bool,
}

impl Budget {
    fn verdict(&self) -> &'static str {
        let holds = |bound: f64| if self.at_most { self.found <= bound } else { self.found >= bound };
        match (self.must.map(holds), self.goal.map(holds)) {
            (Some(false), _) => "MISSED",
            (_, Some(true)) => "goal",
            (Some(true), _) => "must",
            (None, _) => "",
        }
    }
}

/// All that was measured.
#[derive(Debug, Serialize)]
pub struct Report {
    pub machine: String,
    pub rows: Vec<Row>,
    pub budgets: Vec<Budget>,
}

impl Report {
    pub fn new() -> Self {
        Self { machine: machine(), rows: Vec::new(), budgets: Vec::new() }
    }

    /// Shows a row at once, as a run takes minutes.
    pub fn add(&mut self, row: Row) {
        if self.rows.is_empty() {
            println!("{}\n\n{}\n{}", self.machine, HEAD, RULE);
        }
        println!("{}", line(&row));
        self.rows.push(row);
    }

    /// Of its numbers of connections the one with which the most went.
    pub fn best(&self, scenario: &str) -> Option<&Row> {
        let rows = self.rows.iter().filter(|row| row.scenario == scenario && row.mode == "saturation");
        rows.max_by(|one, other| one.rate_per_s.total_cmp(&other.rate_per_s))
    }

    pub fn finish(&self, out: &Path) -> anyhow::Result<()> {
        println!("\n| budget | must | goal | found | |\n|---|---|---|---|---|");
        for budget in &self.budgets {
            let Budget { what, found, unit, .. } = budget;
            let bound = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value} {unit}"));
            let (must, goal) = (bound(budget.must), bound(budget.goal));
            println!("| {what} | {must} | {goal} | {found:.2} {unit} | {} |", budget.verdict());
        }
        if let Some(folder) = out.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(out, serde_json::to_vec_pretty(self)?).with_context(|| format!("{}", out.display()))?;
        println!("\nAll of it is in {}.", out.display());
        Ok(())
    }
}

const HEAD: &str = "| scenario | store | mode | conn. | per s | p50 ms | p90 ms | p99 ms | p99.9 ms | max ms | errors | cpu us | MiB | |";
const RULE: &str = "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|";

fn line(row: &Row) -> String {
    let figure = |value: Option<f64>| value.map_or_else(|| "-".to_owned(), |value| format!("{value:.1}"));
    let times = row.latency.map_or([None; 5], |latency| {
        [latency.p50_ms, latency.p90_ms, latency.p99_ms, latency.p999_ms, latency.max_ms].map(Some)
    });
    format!(
        "| {} | {} | {} | {} | {:.0} | {} | {} | {} | {} | {} |",
        row.scenario,
        row.store,
        row.mode,
        row.connections,
        row.rate_per_s,
        times.map(figure).join(" | "),
        row.errors,
        figure(row.cpu_us_per_request),
        figure(row.server_rss_mb),
        row.note.as_deref().unwrap_or_default(),
    )
}
