//! What a condition asks for that a store may know better than the order.

use super::catalogue::{CustomerField, Field};

/// What of who buys a condition asks for and Scrip may know itself, so that nothing is looked up that nobody asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Asks {
    /// `customer.age`.
    pub age: bool,
    /// `customer.segments`.
    pub segments: bool,
    /// `customer.orders` or `customer.order_number`.
    pub orders: bool,
    /// `customer.spent`.
    pub spent: bool,
}

impl Asks {
    /// What either asks for.
    #[must_use]
    pub fn or(self, other: Self) -> Self {
        Self {
            age: self.age || other.age,
            segments: self.segments || other.segments,
            orders: self.orders || other.orders,
            spent: self.spent || other.spent,
        }
    }

    pub(super) fn of(field: &Field) -> Self {
        match field {
            Field::Customer(CustomerField::Age) => Self { age: true, ..Self::default() },
            Field::Customer(CustomerField::Segments) => Self { segments: true, ..Self::default() },
            Field::Customer(CustomerField::Orders | CustomerField::OrderNumber) => {
                Self { orders: true, ..Self::default() }
            }
            Field::Customer(CustomerField::Spent) => Self { spent: true, ..Self::default() },
            Field::Customer(CustomerField::Known | CustomerField::Tags)
            | Field::Order(_)
            | Field::Now(_)
            | Field::Line(_)
            | Field::Attribute(..) => Self::default(),
        }
    }
}
