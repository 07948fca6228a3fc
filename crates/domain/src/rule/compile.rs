//! A rule becomes a condition: names are looked up, values read, and whatever is wrong is found now and not when somebody
//! buys.

use super::asks::Asks;
use super::catalogue::{Catalogue, Field};
use super::kind::{Kind, Operand, Operator};
use super::tree::{FieldTest, LinesSum, Rule};
use super::value::{Compared, NumberTest, Test};
use crate::field::FieldError;

/// The most rules in one tree, counted with those that hold others.
pub const RULE_NODES_MAX: usize = 200;
/// The most rules one in another.
pub const RULE_DEPTH_MAX: usize = 10;

/// A rule that was checked and can be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Condition(pub(super) Part, Asks);

/// A part of a condition, as the rule it was made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Part {
    All(Box<[Self]>),
    Any(Box<[Self]>),
    Not(Box<Self>),
    AnyLine(Box<Self>),
    AllLines(Box<Self>),
    CountLines { filter: Option<Box<Self>>, test: NumberTest },
    SumLines { of: LinesSum, filter: Option<Box<Self>>, test: NumberTest },
    Field { field: Field, kind: Kind, test: Test },
}

impl Rule {
    /// Whether it can be asked with these fields: every field is there, every operator and value is of its kind, and
    /// nothing is out of bounds.
    ///
    /// # Errors
    /// What [`Condition::compile`] finds.
    pub fn check(&self, catalogue: &Catalogue) -> Result<(), FieldError> {
        Condition::compile(self, catalogue).map(drop)
    }
}

impl Condition {
    /// The rule, checked.
    ///
    /// # Errors
    /// The first thing that is wrong, in the order in which the rule is written.
    pub fn compile(rule: &Rule, catalogue: &Catalogue) -> Result<Self, FieldError> {
        let mut compiler = Compiler { catalogue, nodes: 0, asks: Asks::default() };
        let part = compiler.part(rule, Place { depth: 1, in_lines: false })?;
        Ok(Self(part, compiler.asks))
    }

    /// What it asks for that Scrip may know itself.
    #[must_use]
    pub fn asks(&self) -> &Asks {
        &self.1
    }
}

struct Compiler<'a> {
    catalogue: &'a Catalogue,
    nodes: usize,
    asks: Asks,
}

/// Where in the tree a rule is.
#[derive(Clone, Copy)]
struct Place {
    depth: usize,
    in_lines: bool,
}

impl Place {
    fn below(self) -> Self {
        Self { depth: self.depth + 1, ..self }
    }

    /// Of one line, below the rule named so. An order has lines, but a line has none.
    fn in_line(self, name: &str) -> Result<Self, FieldError> {
        if self.in_lines {
            return Err(FieldError::new(format!("/{name}"), "must not be in another rule over lines"));
        }
        Ok(Self { depth: self.depth + 1, in_lines: true })
    }
}

impl Compiler<'_> {
    fn part(&mut self, rule: &Rule, place: Place) -> Result<Part, FieldError> {
        if place.depth > RULE_DEPTH_MAX {
            return Err(FieldError::new("", format!("must be at most {RULE_DEPTH_MAX} rules one in another")));
        }
        self.nodes += 1;
        if self.nodes > RULE_NODES_MAX {
            return Err(FieldError::new("", format!("must be at most {RULE_NODES_MAX} rules altogether")));
        }
        match rule {
            Rule::All(rules) => self.parts("all", rules, place).map(Part::All),
            Rule::Any(rules) => self.parts("any", rules, place).map(Part::Any),
            Rule::Not(rule) => self.boxed("/not", rule, place.below()).map(Part::Not),
            Rule::AnyLine(rule) => self.boxed("/any_line", rule, place.in_line("any_line")?).map(Part::AnyLine),
            Rule::AllLines(rule) => self.boxed("/all_lines", rule, place.in_line("all_lines")?).map(Part::AllLines),
            Rule::CountLines(count) => {
                let within = place.in_line("count_lines")?;
                let filter = self.filter("/count_lines/where", count.filter.as_deref(), within)?;
                let test = counted(Kind::Number, count.op, &count.value);
                Ok(Part::CountLines { filter, test: test.map_err(|error| error.under("/count_lines"))? })
            }
            Rule::SumLines(sum) => {
                let within = place.in_line("sum_lines")?;
                let filter = self.filter("/sum_lines/where", sum.filter.as_deref(), within)?;
                let test = counted(kind_of(sum.of), sum.op, &sum.value);
                Ok(Part::SumLines { of: sum.of, filter, test: test.map_err(|error| error.under("/sum_lines"))? })
            }
            Rule::Field(test) => self.field(test, place),
        }
    }

    fn parts(&mut self, name: &str, rules: &[Rule], place: Place) -> Result<Box<[Part]>, FieldError> {
        if rules.is_empty() {
            return Err(FieldError::new(format!("/{name}"), "must have at least one rule"));
        }
        let part = |(index, rule)| {
            self.part(rule, place.below()).map_err(|error: FieldError| error.under(&format!("/{name}/{index}")))
        };
        rules.iter().enumerate().map(part).collect()
    }

    fn boxed(&mut self, pointer: &str, rule: &Rule, place: Place) -> Result<Box<Part>, FieldError> {
        self.part(rule, place).map(Box::new).map_err(|error| error.under(pointer))
    }

    fn filter(&mut self, pointer: &str, rule: Option<&Rule>, place: Place) -> Result<Option<Box<Part>>, FieldError> {
        rule.map(|rule| self.boxed(pointer, rule, place)).transpose()
    }

    fn field(&mut self, test: &FieldTest, place: Place) -> Result<Part, FieldError> {
        let Some(listed) = self.catalogue.find(&test.field) else {
            return Err(FieldError::new("/field", "must be a field of the catalogue"));
        };
        if listed.field.is_of_line() && !place.in_lines {
            let detail = "must not be of a line here: only a rule over lines, such as `any_line`, may ask for it";
            return Err(FieldError::new("/field", detail));
        }
        let compared = Compared { kind: listed.kind, choices: listed.choices, operators: listed.operators() };
        let test = compared.test(test.op, test.value.as_ref())?;
        self.asks = std::mem::take(&mut self.asks).or(&Asks::of(&listed.field, &test));
        Ok(Part::Field { field: listed.field.clone(), kind: listed.kind, test })
    }
}

/// A count and a sum are always there, so nobody has to ask whether they are.
fn counted(kind: Kind, op: Operator, value: &serde_json::Value) -> Result<NumberTest, FieldError> {
    if op.operand() == Operand::Nothing {
        return Err(FieldError::new("/op", format!("`{}` is of no use here: it is always set", op.name())));
    }
    Compared { kind, choices: &[], operators: kind.operators() }.number_test(op, value)
}

fn kind_of(sum: LinesSum) -> Kind {
    match sum {
        LinesSum::Quantity => Kind::Number,
        LinesSum::Amount => Kind::Money,
    }
}
