//! What a replay came to.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use super::orders::History;
use super::plan::Plan;

/// Counted while it runs.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub customers: u64,
    pub products: BTreeSet<String>,
    pub claims: u64,
    pub quotes: u64,
    pub redemptions: u64,
    pub returns: u64,
    pub cancellations: u64,
    /// Units given back of orders that used no coupon.
    pub without_redemption: u64,
    /// Units given back that no earlier order explains.
    pub unmatched: u64,
    pub refusals: BTreeMap<String, u64>,
    /// By coupon of the plan: uses, and minor units given less given back.
    pub value: Vec<(i64, i64)>,
    pub took: Duration,
}

impl Tally {
    pub(super) fn refused(&mut self, code: &str) {
        *self.refusals.entry(code.to_owned()).or_default() += 1;
    }

    pub(super) fn table(&self, history: &History, plan: &Plan) -> String {
        let mut out = String::from("\nReplay\n");
        let orders = history.orders.iter().filter(|order| !order.is_cancellation()).count();
        let rows: [(&str, u64); 13] = [
            ("lines", history.lines),
            ("bad lines", history.bad.count() as u64),
            ("orders", orders as u64),
            ("cancellations", self.cancellations),
            ("customers", self.customers),
            ("products", self.products.len() as u64),
            ("claims", self.claims),
            ("quotes", self.quotes),
            ("redemptions", self.redemptions),
            ("returns", self.returns),
            ("units returned without a redemption", self.without_redemption),
            ("units returned unmatched", self.unmatched),
            ("seconds", self.took.as_secs()),
        ];
        for (name, count) in rows {
            row(&mut out, name, &count.to_string());
        }
        out.push_str("\nValue given\n");
        for (coupon, (uses, minor)) in plan.coupons.iter().zip(&self.value) {
            let amount = format!("{}.{:02} {} in {uses} uses", minor / 100, minor % 100, plan.shop.currency);
            row(&mut out, &coupon.definition.name, &amount);
        }
        out.push_str("\nRefusals\n");
        for (code, count) in &self.refusals {
            row(&mut out, code, &count.to_string());
        }
        out
    }
}

fn row(out: &mut String, name: &str, value: &str) {
    writeln!(out, "  {name:<36} {value:>12}").expect("a string takes all");
}
