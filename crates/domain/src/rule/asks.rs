//! What a condition asks for that a store may know better than the order.

use std::collections::BTreeSet;

use super::catalogue::{CustomerField, Field, LineField};
use super::value::{Test, TextsTest};

/// What of who buys and of what is bought a condition asks for and Scrip may know itself, so that nothing is looked up that
/// nobody asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// `customer.age`.
    pub age: bool,
    /// `customer.segments`.
    pub segments: bool,
    /// `customer.orders` or `customer.order_number`.
    pub orders: bool,
    /// `customer.spent`.
    pub spent: bool,
    /// The names that `line.collections` is compared with.
    pub collections: BTreeSet<Box<str>>,
}

impl Asks {
    /// What either asks for.
    #[must_use]
    pub fn or(self, other: &Self) -> Self {
        let mut collections = self.collections;
        collections.extend(other.collections.iter().cloned());
        Self {
            age: self.age || other.age,
            segments: self.segments || other.segments,
            orders: self.orders || other.orders,
            spent: self.spent || other.spent,
            collections,
        }
    }

    /// Whether it asks for anything of who buys.
    #[must_use]
    pub fn of_customer(&self) -> bool {
        self.age || self.segments || self.orders || self.spent
    }

    pub(super) fn of(field: &Field, test: &Test) -> Self {
        match field {
            Field::Customer(CustomerField::Age) => Self { age: true, ..Self::default() },
            Field::Customer(CustomerField::Segments) => Self { segments: true, ..Self::default() },
            Field::Customer(CustomerField::Orders | CustomerField::OrderNumber) => {
                Self { orders: true, ..Self::default() }
            }
            Field::Customer(CustomerField::Spent) => Self { spent: true, ..Self::default() },
            Field::Line(LineField::Collections) => Self { collections: named(test), ..Self::default() },
            Field::Customer(CustomerField::Known | CustomerField::Tags)
            | Field::Order(_)
            | Field::Now(_)
            | Field::Line(_)
            | Field::Attribute(..) => Self::default(),
        }
    }
}

fn named(test: &Test) -> BTreeSet<Box<str>> {
    match test {
        Test::Texts(TextsTest::Contains(name)) => [name.clone()].into(),
        Test::Texts(TextsTest::Any(names) | TextsTest::All(names)) => names.iter().cloned().collect(),
        Test::Set | Test::Unset | Test::Number(_) | Test::Text(_) | Test::Flag(_) => BTreeSet::new(),
    }
}
