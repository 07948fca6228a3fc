//! The fields that rules may ask for: those that Scrip knows, and the attributes that a tenant has declared.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::kind::{Kind, Operator};
use crate::field::FieldError;

/// The kinds of a tenant's own attributes, by `order.NAME`, `line.NAME` and `customer.NAME`.
pub type Declared = BTreeMap<String, Kind>;

/// The most characters of the name of an attribute.
const NAME_CHARS_MAX: usize = 128;
/// How far an order has come, as it is written.
pub(super) const NODES: &[&str] = &["cart", "order", "payment"];
/// Periods of use, as they are written.
pub(super) const PERIODS: &[&str] = &["night", "day", "week", "month", "year"];

/// Every field there is, in the order in which they are published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Catalogue(Vec<CatalogueField>);

/// One field of the catalogue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatalogueField {
    /// What rules call it.
    pub name: Cow<'static, str>,
    /// What sort of value it has.
    pub kind: Kind,
    /// What it is, in one line.
    pub about: &'static str,
    /// Whether an order may come without it.
    pub optional: bool,
    /// The only texts it has; empty where they are not known.
    pub choices: &'static [&'static str],
    pub(super) field: Field,
}

/// Of collections only those are looked up that a test names.
const NAMING: &[Operator] = &[Operator::Contains, Operator::ContainsAny, Operator::ContainsAll];

impl CatalogueField {
    /// How it may be compared.
    #[must_use]
    pub fn operators(&self) -> &'static [Operator] {
        match self.field {
            Field::Line(LineField::Collections) => NAMING,
            Field::Order(_) | Field::Customer(_) | Field::Now(_) | Field::Line(_) | Field::Attribute(..) => {
                self.kind.operators()
            }
        }
    }
}

/// A field, as it is looked up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Field {
    Order(OrderField),
    Customer(CustomerField),
    Now(NowField),
    Line(LineField),
    Attribute(Owner, Box<str>),
}

impl Field {
    pub(crate) const SUBTOTAL: Self = Self::Order(OrderField::Subtotal);
    pub(crate) const QUANTITY: Self = Self::Order(OrderField::Quantity);
    pub(crate) const SHIPPING: Self = Self::Order(OrderField::Shipping);
    pub(crate) const DEPOSIT: Self = Self::Order(OrderField::Deposit);
    pub(super) const CURRENCY: Self = Self::Order(OrderField::Currency);
    pub(super) const TODAY: Self = Self::Now(NowField::Date);

    /// Whether it is of a line, and not of the order as a whole.
    pub(super) fn is_of_line(&self) -> bool {
        match self {
            Self::Line(_) | Self::Attribute(Owner::Line, _) => true,
            Self::Order(_) | Self::Customer(_) | Self::Now(_) | Self::Attribute(Owner::Order | Owner::Customer, _) => {
                false
            }
        }
    }
}

/// What an attribute is said of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    Order,
    Line,
    Customer,
}

impl Catalogue {
    /// What Scrip knows, and these attributes.
    ///
    /// # Errors
    /// The first attribute whose name is not `order.`, `line.` or `customer.` and 1 to 128 characters.
    pub fn new(declared: &Declared) -> Result<Self, FieldError> {
        let mut fields =
            [OrderField::listed(), CustomerField::listed(), NowField::listed(), LineField::listed()].concat();
        for (name, kind) in declared {
            fields.push(attribute(name, *kind)?);
        }
        Ok(Self(fields))
    }

    /// All fields.
    #[must_use]
    pub fn fields(&self) -> &[CatalogueField] {
        &self.0
    }

    /// The field that rules call so.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&CatalogueField> {
        self.0.iter().find(|field| field.name == name)
    }
}

fn attribute(declared: &str, kind: Kind) -> Result<CatalogueField, FieldError> {
    let owners = [
        ("order", Owner::Order, "What the shop says of the order."),
        ("line", Owner::Line, "What the shop says of the line."),
        ("customer", Owner::Customer, "What the shop says of who buys."),
    ];
    let parts = declared.split_once('.').filter(|(_, name)| (1..=NAME_CHARS_MAX).contains(&name.chars().count()));
    let found = parts.and_then(|(of, name)| owners.into_iter().find(|owner| owner.0 == of).map(|owner| (owner, name)));
    let Some(((of, owner, about), name)) = found else {
        let pointer = format!("/{}", declared.replace('~', "~0").replace('/', "~1"));
        let detail = format!("must be `order.`, `line.` or `customer.` and a name of 1 to {NAME_CHARS_MAX} characters");
        return Err(FieldError::new(pointer, detail));
    };
    Ok(CatalogueField {
        name: format!("{of}.attributes.{name}").into(),
        kind,
        about,
        optional: true,
        choices: &[],
        field: Field::Attribute(owner, name.into()),
    })
}

macro_rules! fields {
    ($group:ident in $of:ident { $($field:ident, $name:literal, $kind:ident, optional: $optional:literal, $choices:expr, $about:literal;)* }) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum $group { $($field,)* }

        impl $group {
            fn listed() -> Vec<CatalogueField> {
                vec![$(CatalogueField {
                    name: Cow::Borrowed($name),
                    kind: Kind::$kind,
                    about: $about,
                    optional: $optional,
                    choices: $choices,
                    field: Field::$of(Self::$field),
                },)*]
            }
        }
    };
}

fields! {
    OrderField in Order {
        Subtotal, "order.subtotal", Money, optional: false, &[], "What all lines come to before any coupon.";
        Quantity, "order.quantity", Number, optional: false, &[], "How many units are bought on all lines.";
        Lines, "order.lines", Number, optional: false, &[], "How many lines the order has.";
        Shipping, "order.shipping", Money, optional: false, &[], "What sending it costs.";
        Deposit, "order.deposit", Money, optional: false, &[], "What is left as a security and comes back.";
        Total, "order.total", Money, optional: false, &[], "Lines, shipping, deposit and fees together.";
        Currency, "order.currency", Text, optional: false, &[], "The currency, such as EUR.";
        Channel, "order.channel", Text, optional: true, &[], "Where it is sold, such as web or store.";
        Platform, "order.platform", Text, optional: true, &[], "With what it is ordered, such as ios.";
        Place, "order.place", Text, optional: true, &[], "A city, a branch, or what the shop calls a place.";
        Node, "order.node", Text, optional: true, NODES, "How far the order has come: cart, order or payment.";
    }
}

fields! {
    CustomerField in Customer {
        Known, "customer.known", Flag, optional: false, &[], "Whether it is known who buys.";
        Age, "customer.age", Number, optional: true, &[], "In years.";
        Tags, "customer.tags", TextSet, optional: true, &[], "Words that the shop has put on who buys.";
        Segments, "customer.segments", TextSet, optional: true, &[], "Groups that the shop counts who buys to.";
        Orders, "customer.orders", Number, optional: true, &[], "How many orders there were before this one.";
        OrderNumber, "customer.order_number", Number, optional: true, &[], "Which order it is: 1 is the first.";
        Spent, "customer.spent", Money, optional: true, &[], "What the orders before came to.";
    }
}

fields! {
    NowField in Now {
        Date, "now.date", Date, optional: false, &[], "The day, in the tenant's zone.";
        Weekday, "now.weekday", Weekday, optional: false, &[], "The day of the week, mon to sun, in the tenant's zone.";
        Time, "now.time", Time, optional: false, &[], "The time of day to the minute, in the tenant's zone.";
    }
}

fields! {
    LineField in Line {
        Sku, "line.sku", Text, optional: false, &[], "What is sold, by its stock-keeping unit.";
        Product, "line.product", Text, optional: true, &[], "The product that the SKU is a variant of.";
        Category, "line.category", Path, optional: true, &[], "The way to the category, such as fashion/shoes.";
        Merchant, "line.merchant", Text, optional: true, &[], "Whose it is.";
        Quantity, "line.quantity", Number, optional: false, &[], "How many units.";
        UnitPrice, "line.unit_price", Money, optional: false, &[], "The price of one unit before any discount.";
        Amount, "line.amount", Money, optional: false, &[], "What the line comes to before any coupon.";
        Period, "line.period", Text, optional: true, PERIODS, "The period of use of a unit: night, day, week, month or year.";
        Collections, "line.collections", TextSet, optional: true, &[], "The collections that list what is sold.";
    }
}
