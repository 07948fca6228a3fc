//! Why a condition holds or not, for the trace of a decision.

use super::compile::{Condition, Part};
use super::found::Inputs;
use super::holds::{count, sum};
use crate::order::Line;

/// One rule of the tree, and how it came out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// RFC 6901 pointer to it, from the root of the tree, e.g. `/all/1`.
    pub pointer: String,
    /// Whether it holds.
    pub holds: bool,
    /// What the field has, or the count or the sum; none for what is not set and for rules that only join others.
    pub found: Option<String>,
}

impl Condition {
    /// How every rule of the tree came out, in the order in which it is written; the first is the whole.
    ///
    /// What is below a rule over lines is told of one line, the one that shows why: the first that makes `any_line` true
    /// or `all_lines` false, the first that is counted. Where there is none, the first line of the order.
    #[must_use]
    pub fn explain(&self, inputs: &Inputs<'_>) -> Vec<Held> {
        let mut trace = Trace { inputs: *inputs, told: Vec::new() };
        trace.tell(&self.0, None, String::new());
        trace.told
    }
}

struct Trace<'a> {
    inputs: Inputs<'a>,
    told: Vec<Held>,
}

impl<'a> Trace<'a> {
    fn tell(&mut self, part: &Part, line: Option<&'a Line>, pointer: String) {
        let inputs = self.inputs;
        let found = match part {
            Part::Field { field, kind, .. } => field.find(*kind, &inputs, line).map(|found| found.written(*kind)),
            Part::CountLines { filter, .. } => Some(count(filter.as_deref(), &inputs).to_string()),
            Part::SumLines { of, filter, .. } => Some(sum(*of, filter.as_deref(), &inputs).to_string()),
            Part::All(_) | Part::Any(_) | Part::Not(_) | Part::AnyLine(_) | Part::AllLines(_) => None,
        };
        self.told.push(Held { pointer: pointer.clone(), holds: part.holds(&inputs, line), found });
        match part {
            Part::All(parts) => self.tell_each(parts, line, &format!("{pointer}/all")),
            Part::Any(parts) => self.tell_each(parts, line, &format!("{pointer}/any")),
            Part::Not(part) => self.tell(part, line, format!("{pointer}/not")),
            Part::AnyLine(part) => self.tell(part, self.witness(part, true), format!("{pointer}/any_line")),
            Part::AllLines(part) => self.tell(part, self.witness(part, false), format!("{pointer}/all_lines")),
            Part::CountLines { filter: Some(filter), .. } => {
                self.tell(filter, self.witness(filter, true), format!("{pointer}/count_lines/where"));
            }
            Part::SumLines { filter: Some(filter), .. } => {
                self.tell(filter, self.witness(filter, true), format!("{pointer}/sum_lines/where"));
            }
            Part::CountLines { filter: None, .. } | Part::SumLines { filter: None, .. } | Part::Field { .. } => {}
        }
    }

    fn tell_each(&mut self, parts: &[Part], line: Option<&'a Line>, pointer: &str) {
        for (index, part) in parts.iter().enumerate() {
            self.tell(part, line, format!("{pointer}/{index}"));
        }
    }

    /// The first line of which the part comes out so, else the first of the order.
    fn witness(&self, part: &Part, holds: bool) -> Option<&'a Line> {
        let lines = &self.inputs.order.lines;
        lines.iter().find(|line| part.holds(&self.inputs, Some(line)) == holds).or_else(|| lines.first())
    }
}
