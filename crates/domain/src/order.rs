//! What a shop asks a price for: lines of goods in one currency, what comes on top of them, and for whom.

mod attribute;
mod shopper;

use serde::{Deserialize, Serialize};

pub use attribute::{ATTRIBUTES_MAX, Attribute, Attributes};
pub use shopper::Shopper;

use crate::field::FieldError;
use crate::money::{AMOUNT_MINOR_MAX, Currency};

/// The most lines of an order.
pub const LINES_MAX: usize = 2_000;
/// The most units of one line.
pub const QUANTITY_MAX: u32 = 1_000_000;
/// The highest price of one unit, in minor units.
pub const UNIT_PRICE_MINOR_MAX: i64 = 1_000_000_000_000;
/// The most characters of an order's id.
pub const ORDER_ID_CHARS_MAX: usize = 64;
/// The most characters of an SKU, a product, a category, a merchant, a place and the like.
pub const SKU_CHARS_MAX: usize = 128;
/// The most fees of an order.
pub const FEES_MAX: usize = 20;

/// An order as the shop sent it. Amounts are the shop's, with or without tax.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// The shop's own id, 1 to 64 printable characters; needed to reserve.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The currency of every amount.
    pub currency: Currency,
    /// What is bought, 1 to 2 000 lines, in the order in which ties are broken.
    pub lines: Vec<Line>,
    /// What sending it costs, in minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub shipping_minor: i64,
    /// What is left as a security and comes back, in minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub deposit_minor: i64,
    /// What else is charged. No coupon takes anything off it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub fees: Vec<Fee>,
    /// Where it is sold, such as `web` or `store`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// With what it is ordered, such as `ios`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// A city, a branch, or whatever the shop calls a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// How far it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<Node>,
    /// What the shop knows of who buys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer: Option<Shopper>,
    /// What else the shop says of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
}

/// How far an order has come: where a coupon may be used at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// Things are being chosen.
    Cart,
    /// It is being ordered.
    Order,
    /// It is being paid.
    Payment,
}

impl Node {
    /// All there are, in the order in which an order comes to them.
    pub const ALL: [Self; 3] = [Self::Cart, Self::Order, Self::Payment];
}

/// One line of an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    /// What is sold, by the shop's stock-keeping unit, 1 to 128 printable characters. Several lines may name the same.
    pub sku: String,
    /// The product the SKU is a variant of, 1 to 128 printable characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The way to the product's category, from the widest, with slashes: `fashion/shoes/boots`. 1 to 128 printable
    /// characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merchant: Option<String>,
    /// How many units, 1 to 1 000 000.
    pub quantity: u32,
    /// The price of one unit before any discount, in minor units, 0 to 10^12.
    pub unit_price_minor: i64,
    /// What the shop itself has taken off the line already, in minor units.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub reduced_minor: i64,
    /// Each unit is one such period of use; none: the units are things.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<UsePeriod>,
    /// What else the shop says of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    pub attributes: Attributes,
    /// The collections that list it, of those that were asked for, by name. No shop says so: the ledger puts them in before
    /// the order is priced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub collections: Vec<String>,
}

/// For how long a unit of a line is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UsePeriod {
    /// A night.
    Night,
    /// A day.
    Day,
    /// A week.
    Week,
    /// A month.
    Month,
    /// A year.
    Year,
}

impl UsePeriod {
    /// All there are, shortest first.
    pub const ALL: [Self; 5] = [Self::Night, Self::Day, Self::Week, Self::Month, Self::Year];
}

/// Something that is charged beside the goods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fee {
    /// What the shop calls it.
    pub name: String,
    /// In minor units.
    pub amount_minor: i64,
}

impl Line {
    /// So many units of that at that price, and nothing else said.
    #[must_use]
    pub fn new(sku: impl Into<String>, quantity: u32, unit_price_minor: i64) -> Self {
        Self {
            sku: sku.into(),
            product: None,
            category: None,
            merchant: None,
            quantity,
            unit_price_minor,
            reduced_minor: 0,
            period: None,
            attributes: Attributes::default(),
            collections: Vec::new(),
        }
    }

    /// Its price before any coupon, in minor units, less what the shop itself takes off: exact for a line that was
    /// checked, otherwise saturating.
    #[must_use]
    pub fn amount_minor(&self) -> i64 {
        self.full_minor().saturating_sub(self.reduced_minor)
    }

    fn full_minor(&self) -> i64 {
        self.unit_price_minor.saturating_mul(i64::from(self.quantity))
    }

    fn check(&self) -> Result<(), FieldError> {
        check_text("/sku", &self.sku, SKU_CHARS_MAX)?;
        for (pointer, text) in
            [("/product", &self.product), ("/category", &self.category), ("/merchant", &self.merchant)]
        {
            check_given(pointer, text.as_ref(), SKU_CHARS_MAX)?;
        }
        if !(1..=QUANTITY_MAX).contains(&self.quantity) {
            return Err(FieldError::new("/quantity", format!("must be from 1 to {QUANTITY_MAX}")));
        }
        if !(0..=UNIT_PRICE_MINOR_MAX).contains(&self.unit_price_minor) {
            return Err(FieldError::new("/unit_price_minor", format!("must be from 0 to {UNIT_PRICE_MINOR_MAX}")));
        }
        if !(0..=self.full_minor()).contains(&self.reduced_minor) {
            return Err(FieldError::new("/reduced_minor", "must be from 0 to what the units cost together"));
        }
        attribute::check(&self.attributes).map_err(|error| error.under("/attributes"))
    }
}

impl Order {
    /// Of these lines in that currency, and nothing else said.
    #[must_use]
    pub fn new(currency: Currency, lines: Vec<Line>) -> Self {
        Self {
            id: None,
            currency,
            lines,
            shipping_minor: 0,
            deposit_minor: 0,
            fees: Vec::new(),
            channel: None,
            platform: None,
            place: None,
            node: None,
            customer: None,
            attributes: Attributes::default(),
        }
    }

    /// Whether every field is within its bounds; what computes on an order takes one that passed.
    ///
    /// # Errors
    /// The first field that is not, in the order in which they are declared.
    pub fn check(&self) -> Result<(), FieldError> {
        check_given("/id", self.id.as_ref(), ORDER_ID_CHARS_MAX)?;
        if !(1..=LINES_MAX).contains(&self.lines.len()) {
            return Err(FieldError::new("/lines", format!("must be 1 to {LINES_MAX} lines")));
        }
        for (index, line) in self.lines.iter().enumerate() {
            line.check().map_err(|error| error.under(&format!("/lines/{index}")))?;
        }
        if self.subtotal_minor() > AMOUNT_MINOR_MAX {
            return Err(FieldError::new("/lines", format!("must not add up to more than {AMOUNT_MINOR_MAX}")));
        }
        self.check_charges()?;
        for (pointer, text) in [("/channel", &self.channel), ("/platform", &self.platform), ("/place", &self.place)] {
            check_given(pointer, text.as_ref(), SKU_CHARS_MAX)?;
        }
        self.customer.as_ref().map_or(Ok(()), Shopper::check).map_err(|error| error.under("/customer"))?;
        attribute::check(&self.attributes).map_err(|error| error.under("/attributes"))
    }

    fn check_charges(&self) -> Result<(), FieldError> {
        check_charge("/shipping_minor", self.shipping_minor)?;
        check_charge("/deposit_minor", self.deposit_minor)?;
        if self.fees.len() > FEES_MAX {
            return Err(FieldError::new("/fees", format!("must be at most {FEES_MAX} fees")));
        }
        for (index, fee) in self.fees.iter().enumerate() {
            let under = |error: FieldError| error.under(&format!("/fees/{index}"));
            check_text("/name", &fee.name, SKU_CHARS_MAX).map_err(under)?;
            check_charge("/amount_minor", fee.amount_minor).map_err(under)?;
        }
        Ok(())
    }

    /// The sum of all lines before any coupon, in minor units; saturating for an order that was not checked.
    #[must_use]
    pub fn subtotal_minor(&self) -> i64 {
        self.lines.iter().fold(0, |sum, line| sum.saturating_add(line.amount_minor()))
    }

    /// The sum of all fees, in minor units.
    #[must_use]
    pub fn fees_minor(&self) -> i64 {
        self.fees.iter().fold(0, |sum, fee| sum.saturating_add(fee.amount_minor))
    }

    /// What [`Line::amount_minor`] says of the line at `index`; 0 where there is none.
    #[must_use]
    pub fn line_minor(&self, index: usize) -> i64 {
        self.lines.get(index).map_or(0, Line::amount_minor)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(minor: &i64) -> bool {
    *minor == 0
}

fn check_charge(pointer: &str, amount_minor: i64) -> Result<(), FieldError> {
    if (0..=UNIT_PRICE_MINOR_MAX).contains(&amount_minor) {
        Ok(())
    } else {
        Err(FieldError::new(pointer, format!("must be from 0 to {UNIT_PRICE_MINOR_MAX}")))
    }
}

fn check_given(pointer: &str, text: Option<&String>, chars_max: usize) -> Result<(), FieldError> {
    text.map_or(Ok(()), |text| check_text(pointer, text, chars_max))
}

/// Control characters are refused: these texts end up in logs, exports and terminals.
pub(crate) fn check_text(pointer: &str, text: &str, chars_max: usize) -> Result<(), FieldError> {
    let is_plain = || text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) && (1..=chars_max).contains(&text.len());
    let is_printable = || !text.chars().any(char::is_control) && (1..=chars_max).contains(&text.chars().count());
    // Most texts are plain, and there are thousands in an order.
    if is_plain() || is_printable() {
        Ok(())
    } else {
        Err(FieldError::new(pointer, format!("must be 1 to {chars_max} printable characters")))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(quantity: u32, unit_price_minor: i64) -> Line {
        Line::new("shoe", quantity, unit_price_minor)
    }

    fn order(lines: Vec<Line>) -> Order {
        Order::new("EUR".parse().unwrap(), lines)
    }

    fn check(order: &Order, pointer: Option<&str>) {
        let found = order.check().err().map(|error| error.pointer);
        assert_eq!(found.as_deref(), pointer, "{order:?}");
    }

    #[test]
    fn an_order_within_its_bounds_adds_up() {
        let order = order(vec![line(2, 1_999), line(1, 0), line(QUANTITY_MAX, 1)]);
        check(&order, None);
        assert_eq!((order.line_minor(0), order.line_minor(3), order.subtotal_minor()), (3_998, 0, 1_003_998));
    }

    #[test]
    fn the_pointer_names_the_field_that_is_out_of_bounds() {
        check(&order(vec![]), Some("/lines"));
        check(&order(vec![line(1, 1); LINES_MAX + 1]), Some("/lines"));
        check(&order(vec![line(1, 1), line(0, 1)]), Some("/lines/1/quantity"));
        check(&order(vec![line(QUANTITY_MAX + 1, 1)]), Some("/lines/0/quantity"));
        check(&order(vec![line(1, -1)]), Some("/lines/0/unit_price_minor"));
        check(&order(vec![line(1, UNIT_PRICE_MINOR_MAX + 1)]), Some("/lines/0/unit_price_minor"));
        check(&order(vec![line(1_001, UNIT_PRICE_MINOR_MAX)]), Some("/lines"));
        check(&order(vec![Line { sku: String::new(), ..line(1, 1) }]), Some("/lines/0/sku"));
        check(&order(vec![Line { category: Some("a\nb".into()), ..line(1, 1) }]), Some("/lines/0/category"));
        check(&Order { id: Some("é".repeat(64)), ..order(vec![line(1, 1)]) }, None);
        check(&Order { id: Some("x".repeat(65)), ..order(vec![line(1, 1)]) }, Some("/id"));
        check(&order(vec![Line { reduced_minor: 2, ..line(1, 1) }]), Some("/lines/0/reduced_minor"));
        check(&order(vec![Line { reduced_minor: -1, ..line(1, 1) }]), Some("/lines/0/reduced_minor"));
        check(&Order { shipping_minor: -1, ..order(vec![line(1, 1)]) }, Some("/shipping_minor"));
        check(&Order { deposit_minor: UNIT_PRICE_MINOR_MAX + 1, ..order(vec![line(1, 1)]) }, Some("/deposit_minor"));
        let fee = |name: &str, amount_minor| Fee { name: name.into(), amount_minor };
        check(&Order { fees: vec![fee("gift wrap", 5), fee("", 5)], ..order(vec![line(1, 1)]) }, Some("/fees/1/name"));
        check(&Order { fees: vec![fee("a", -5)], ..order(vec![line(1, 1)]) }, Some("/fees/0/amount_minor"));
        check(&Order { place: Some(String::new()), ..order(vec![line(1, 1)]) }, Some("/place"));
    }

    #[test]
    fn an_unknown_field_is_refused() {
        let text = r#"{"currency":"EUR","lines":[{"sku":"a","quantity":1,"unit_price_minor":5}]}"#;
        let order: Order = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&order).unwrap(), text);
        assert!(serde_json::from_str::<Order>(&text.replace("sku", "sku_")).is_err());
    }

    proptest! {
        #[test]
        fn an_order_of_any_numbers_is_checked_without_a_panic(lines in prop::collection::vec((any::<u32>(), any::<i64>()), 0..9)) {
            let order = order(lines.into_iter().map(|(quantity, price)| line(quantity, price)).collect());
            if order.check().is_ok() {
                prop_assert!((0..=AMOUNT_MINOR_MAX).contains(&order.subtotal_minor()));
            }
        }
    }
}
