//! What a field has in an order.

use jiff::civil::DateTime;

use super::catalogue::{CustomerField, Field, LineField, NowField, OrderField, Owner};
use super::kind::Kind;
use super::scale::{date_of, number_of, text_of, time_of, weekday_of};
use crate::order::{Attribute, Line, Node, Order, Shopper, UsePeriod};
use crate::time::{Timestamp, Zone};

/// Everything that a condition may ask for.
#[derive(Clone, Copy, Debug)]
pub struct Inputs<'a> {
    /// What is bought.
    pub order: &'a Order,
    /// Whether it is known who buys: what the shop says of them is in the order.
    pub customer_known: bool,
    /// When.
    pub now: Timestamp,
    /// The tenant's zone, whose calendar and clocks count.
    pub zone: &'a Zone,
}

/// The day on which something is looked at, as conditions compare it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NowOf {
    pub(super) date: i64,
}

impl NowOf {
    /// The day of that instant in that zone.
    #[must_use]
    pub fn new(now: Timestamp, zone: &Zone) -> Self {
        Self { date: date_of(zone.as_jiff().to_datetime(now.to_jiff())) }
    }
}

/// What a field has, borrowed from the order. Days and times are numbers, see `scale`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Found<'a> {
    Number(i64),
    Text(&'a str),
    /// A currency, whose text is nowhere to borrow.
    Letters([u8; 3]),
    Texts(&'a [String]),
    Flag(bool),
}

impl Found<'_> {
    /// The text, if it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Letters(letters) => std::str::from_utf8(letters).ok(),
            Self::Number(_) | Self::Texts(_) | Self::Flag(_) => None,
        }
    }

    /// For people, of a field of that kind.
    pub(super) fn written(&self, kind: Kind) -> String {
        match self {
            Self::Number(number) => text_of(kind, *number),
            Self::Text(text) => (*text).to_owned(),
            Self::Letters(letters) => String::from_utf8_lossy(letters).into_owned(),
            Self::Texts(texts) => texts.join(", "),
            Self::Flag(flag) => flag.to_string(),
        }
    }
}

impl Field {
    /// What it has; none if it is not set. A field of a line has something only with a line.
    pub(super) fn find<'a>(&self, kind: Kind, inputs: &Inputs<'a>, line: Option<&'a Line>) -> Option<Found<'a>> {
        let customer = inputs.order.customer.as_ref();
        match self {
            Self::Order(field) => field.find(inputs.order),
            Self::Customer(CustomerField::Known) => Some(Found::Flag(inputs.customer_known)),
            Self::Customer(field) => customer.and_then(|customer| field.find(customer)),
            Self::Now(field) => Some(Found::Number(field.number(inputs))),
            Self::Line(field) => line.and_then(|line| field.find(line)),
            Self::Attribute(owner, name) => {
                let attributes = match owner {
                    Owner::Order => Some(&inputs.order.attributes),
                    Owner::Line => line.map(|line| &line.attributes),
                    Owner::Customer => customer.map(|customer| &customer.attributes),
                };
                attributes.and_then(|attributes| attributes.get(&**name)).and_then(|value| of_attribute(kind, value))
            }
        }
    }
}

impl OrderField {
    fn find(self, order: &Order) -> Option<Found<'_>> {
        let number = |number| Some(Found::Number(number));
        match self {
            Self::Subtotal => number(order.subtotal_minor()),
            Self::Quantity => number(quantity(&order.lines)),
            Self::Lines => number(i64::try_from(order.lines.len()).unwrap_or(i64::MAX)),
            Self::Shipping => number(order.shipping_minor),
            Self::Deposit => number(order.deposit_minor),
            Self::Total => number(total_minor(order)),
            Self::Currency => Some(Found::Letters(order.currency.letters())),
            Self::Channel => order.channel.as_deref().map(Found::Text),
            Self::Platform => order.platform.as_deref().map(Found::Text),
            Self::Place => order.place.as_deref().map(Found::Text),
            Self::Node => order.node.map(|node| Found::Text(node_name(node))),
        }
    }
}

fn quantity(lines: &[Line]) -> i64 {
    lines.iter().fold(0, |sum: i64, line| sum.saturating_add(i64::from(line.quantity)))
}

fn total_minor(order: &Order) -> i64 {
    let charges = [order.shipping_minor, order.deposit_minor, order.fees_minor()];
    charges.into_iter().fold(order.subtotal_minor(), i64::saturating_add)
}

fn node_name(node: Node) -> &'static str {
    match node {
        Node::Cart => "cart",
        Node::Order => "order",
        Node::Payment => "payment",
    }
}

impl CustomerField {
    fn find(self, customer: &Shopper) -> Option<Found<'_>> {
        match self {
            Self::Known => None,
            Self::Age => customer.age.map(|age| Found::Number(i64::from(age))),
            Self::Tags => of_texts(&customer.tags),
            Self::Segments => of_texts(&customer.segments),
            Self::Orders => customer.orders.map(|orders| Found::Number(i64::from(orders))),
            Self::OrderNumber => customer.orders.map(|orders| Found::Number(i64::from(orders) + 1)),
            Self::Spent => customer.spent_minor.map(Found::Number),
        }
    }
}

/// None of them and nothing said is the same: a shop that sends an empty list means no more than one that sends none.
fn of_texts(texts: &[String]) -> Option<Found<'_>> {
    (!texts.is_empty()).then_some(Found::Texts(texts))
}

impl NowField {
    fn number(self, inputs: &Inputs<'_>) -> i64 {
        let local: DateTime = inputs.zone.as_jiff().to_datetime(inputs.now.to_jiff());
        match self {
            Self::Date => date_of(local),
            Self::Weekday => weekday_of(local),
            Self::Time => time_of(local),
        }
    }
}

impl LineField {
    fn find(self, line: &Line) -> Option<Found<'_>> {
        match self {
            Self::Sku => Some(Found::Text(&line.sku)),
            Self::Product => line.product.as_deref().map(Found::Text),
            Self::Category => line.category.as_deref().map(Found::Text),
            Self::Merchant => line.merchant.as_deref().map(Found::Text),
            Self::Quantity => Some(Found::Number(i64::from(line.quantity))),
            Self::UnitPrice => Some(Found::Number(line.unit_price_minor)),
            Self::Amount => Some(Found::Number(line.amount_minor())),
            Self::Period => line.period.map(|period| Found::Text(period_name(period))),
            Self::Collections => of_texts(&line.collections),
        }
    }
}

fn period_name(period: UsePeriod) -> &'static str {
    match period {
        UsePeriod::Night => "night",
        UsePeriod::Day => "day",
        UsePeriod::Week => "week",
        UsePeriod::Month => "month",
        UsePeriod::Year => "year",
    }
}

/// What is not of the declared kind counts as not set: the shop said something, but nothing that can be compared.
fn of_attribute(kind: Kind, value: &Attribute) -> Option<Found<'_>> {
    match value {
        Attribute::Flag(flag) => (kind == Kind::Flag).then_some(Found::Flag(*flag)),
        Attribute::Number(number) => matches!(kind, Kind::Number | Kind::Money).then_some(Found::Number(*number)),
        Attribute::Texts(texts) => of_texts(texts).filter(|_| kind == Kind::TextSet),
        Attribute::Text(text) => match kind {
            Kind::Text | Kind::Path => Some(Found::Text(text)),
            Kind::Date | Kind::Instant | Kind::Weekday | Kind::Time => number_of(kind, text).map(Found::Number),
            Kind::Number | Kind::Money | Kind::TextSet | Kind::Flag => None,
        },
    }
}
