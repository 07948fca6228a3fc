//! What the ratios and figures of a run must be.

use crate::report::{Budget, Report};
use crate::scenario::Row;

/// A ratio of two rates: of which scenarios, what it must be and should be, if anything.
type Ratio = (&'static str, &'static str, Option<(f64, f64)>);

const RATIOS: [Ratio; 11] = [
    ("claim_hot", "redis_lua_always", Some((0.6, 1.25))),
    ("claim_hot_nokey", "redis_lua_always", Some((0.8, 1.5))),
    ("claim_hot", "echo", Some((0.3, 0.6))),
    ("quote", "echo", Some((0.5, 0.7))),
    ("quote_500", "echo", Some((0.5, 0.7))),
    // Of a body this long the reading and writing alone is more than an echo (ADR 27).
    ("quote_200_lines", "json_200_lines", Some((0.5, 0.7))),
    ("quote_200_lines", "echo_200_lines", None),
    ("quote_collection_1m", "quote_collection_10", Some((0.5, 0.8))),
    ("redeem", "claim_hot", Some((0.5, 0.7))),
    ("claim_hot_10m", "claim_hot", Some((0.8, 0.95))),
    ("claim_spread", "claim_hot", Some((0.5, 0.8))),
];

/// What runs in alternation with a scenario, as their rates are divided.
pub fn peers_of(scenario: &str) -> impl Iterator<Item = &'static str> {
    RATIOS.iter().filter(move |(one, ..)| *one == scenario).map(|(_, peer, _)| *peer)
}

/// Of the rows that there are.
pub fn budgets(report: &Report) -> Vec<Budget> {
    let ratio = |(scenario, peer, bounds): &Ratio| {
        let row = report.best(scenario)?;
        let found = row.rate_per_s / row.against.get(peer)?;
        let (must, goal) = bounds.unzip();
        Some(Budget { what: format!("{scenario} / {peer}"), must, goal, found, unit: "x", at_most: false })
    };
    let least = |(scenario, mode, must, goal, unit): &(&str, &str, f64, f64, &'static str)| {
        let found = find(report, scenario, mode)?.rate_per_s / thousands(unit);
        Some(Budget { what: (*scenario).to_owned(), must: Some(*must), goal: Some(*goal), found, unit, at_most: false })
    };
    let most = |(scenario, mode, of, must, goal): &(&str, &str, Of, f64, f64)| {
        let row = find(report, scenario, mode)?;
        let (found, unit, name) = match of {
            Of::P99 => (row.latency?.p99_ms, "ms", "p99 at half load"),
            Of::Time => (row.latency?.p50_ms, "ms", "time"),
            Of::Memory => (row.server_rss_mb?, "MiB", "memory"),
        };
        Some(Budget {
            what: format!("{scenario}: {name}"),
            must: Some(*must),
            goal: Some(*goal),
            found,
            unit,
            at_most: true,
        })
    };
    let ratios = RATIOS.iter().filter_map(ratio);
    ratios.chain(RATES.iter().filter_map(least)).chain(FIGURES.iter().filter_map(most)).collect()
}

/// What a figure is of.
#[derive(Clone, Copy)]
enum Of {
    P99,
    Time,
    Memory,
}

const RATES: [(&str, &str, f64, f64, &str); 2] =
    [("export", "command", 500.0, 1_000.0, "k/s"), ("import", "command", 100.0, 200.0, "k/s")];

const FIGURES: [(&str, &str, Of, f64, f64); 7] = [
    ("quote", "fixed_rate", Of::P99, 5.0, 2.0),
    ("quote_500", "fixed_rate", Of::P99, 5.0, 2.0),
    ("quote_200_lines", "fixed_rate", Of::P99, 5.0, 2.0),
    ("block_100m", "command", Of::Time, 1_000.0, 1_000.0),
    ("start_claim_hot_1m", "command", Of::Time, 1_000.0, 300.0),
    ("start_claim_hot_1m", "command", Of::Memory, 150.0, 80.0),
    ("claim_hot_1m", "saturation", Of::Memory, 150.0, 80.0),
];

fn thousands(unit: &str) -> f64 {
    if unit == "k/s" { 1_000.0 } else { 1.0 }
}

fn find<'r>(report: &'r Report, scenario: &str, mode: &str) -> Option<&'r Row> {
    report.rows.iter().find(|row| row.scenario == scenario && row.mode == mode)
}
