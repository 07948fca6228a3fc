//! What a part found: figures, and demands that hold or are broken.

use std::collections::BTreeMap;
use std::fmt::Display;

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::load::float;
use crate::scenario::Latency;

/// What a part found. Each line is shown at once.
#[derive(Debug, Serialize)]
pub struct Part {
    part: &'static str,
    figures: Vec<Figure>,
    demands: Vec<Demand>,
    /// Whether it is large enough to say how fast something is.
    #[serde(skip)]
    judges_speed: bool,
}

#[derive(Debug, Serialize)]
struct Figure {
    what: String,
    found: f64,
    unit: &'static str,
}

#[derive(Debug, Serialize)]
struct Demand {
    what: String,
    holds: bool,
    found: String,
}

impl Part {
    pub fn new(part: &'static str, judges_speed: bool) -> Self {
        Self { part, figures: Vec::new(), demands: Vec::new(), judges_speed }
    }

    pub fn holds(&self) -> bool {
        self.demands.iter().all(|demand| demand.holds)
    }

    pub fn figure(&mut self, what: impl Into<String>, found: f64, unit: &'static str) {
        let what = what.into();
        println!("{} | {what} | {found:.1} {unit}", self.part);
        self.figures.push(Figure { what, found, unit });
    }

    pub fn count(&mut self, what: impl Into<String>, found: u64) {
        self.figure(what, float(found), "");
    }

    pub fn latency(&mut self, what: &str, us: &Histogram<u64>) {
        let Latency { p50_ms, p99_ms, max_ms, .. } = Latency::of(us);
        for (name, ms) in [("p50", p50_ms), ("p99", p99_ms), ("longest", max_ms)] {
            self.figure(format!("{what}: {name}"), ms, "ms");
        }
    }

    pub fn demand(&mut self, what: impl Into<String>, holds: bool, found: impl Display) {
        let (what, found) = (what.into(), found.to_string());
        println!("{} | {what} | {found} | {}", self.part, if holds { "pass" } else { "BROKEN" });
        self.demands.push(Demand { what, holds, found });
    }

    pub fn equal(&mut self, what: impl Into<String>, found: u64, expected: u64) {
        self.demand(what, found == expected, format!("{found} of {expected}"));
    }

    pub fn none(&mut self, what: impl Into<String>, found: u64) {
        self.demand(what, found == 0, found);
    }

    /// How fast it is: a figure only, in a part that is too small to judge.
    pub fn at_least(&mut self, what: &str, found: f64, least: f64, unit: &'static str) {
        if self.judges_speed {
            self.demand(format!("{what}: at least {least} {unit}"), found >= least, format!("{found:.1} {unit}"));
        } else {
            self.figure(what, found, unit);
        }
    }

    pub fn at_most(&mut self, what: &str, found: f64, most: f64, unit: &'static str) {
        if self.judges_speed {
            self.demand(format!("{what}: at most {most} {unit}"), found <= most, format!("{found:.1} {unit}"));
        } else {
            self.figure(what, found, unit);
        }
    }

    /// No answer is of another kind than these, and whoever is to come again is told when.
    pub fn only(&mut self, what: &str, statuses: &BTreeMap<u16, u64>, expected: &[u16], unclean: u64) {
        let others = statuses.iter().filter(|(status, _)| !expected.contains(status)).map(|(_, count)| count).sum();
        for (status, count) in statuses.iter().filter(|(status, _)| expected.contains(status)) {
            self.count(format!("{what}: answered {status}"), *count);
        }
        self.none(format!("{what}: answers other than {expected:?}"), others);
        self.none(format!("{what}: refusals for now that do not say until when"), unclean);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_broken_demand_breaks_the_part_and_speed_is_judged_in_full_only() {
        let mut part = Part::new("test", false);
        part.at_least("rate", 1.0, 2.0, "a second");
        part.only("answers", &BTreeMap::from([(201, 5)]), &[201], 0);
        assert!(part.holds());
        for broken in [
            |part: &mut Part| part.only("answers", &BTreeMap::from([(201, 5), (500, 1)]), &[201], 0),
            |part: &mut Part| part.only("answers", &BTreeMap::new(), &[], 1),
            |part: &mut Part| part.equal("issued", 2, 1),
        ] {
            let mut part = Part::new("test", false);
            broken(&mut part);
            assert!(!part.holds());
        }
        let mut full = Part::new("test", true);
        full.at_least("rate", 1.0, 2.0, "a second");
        assert!(!full.holds());
    }
}
