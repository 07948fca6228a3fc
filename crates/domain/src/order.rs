//! What a shop asks a price for: lines of goods in one currency.

use serde::{Deserialize, Serialize};

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
/// The most characters of an SKU, a product or a category.
pub const SKU_CHARS_MAX: usize = 128;

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
    /// The category of the product, 1 to 128 printable characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub category: Option<String>,
    /// How many units, 1 to 1 000 000.
    pub quantity: u32,
    /// The price of one unit before any discount, in minor units, 0 to 10^12.
    pub unit_price_minor: i64,
}

impl Line {
    /// Its price before any discount, in minor units: exact for a line that was checked, otherwise saturating.
    #[must_use]
    pub fn amount_minor(&self) -> i64 {
        self.unit_price_minor.saturating_mul(i64::from(self.quantity))
    }

    fn check(&self) -> Result<(), FieldError> {
        check_text("/sku", &self.sku, SKU_CHARS_MAX)?;
        for (pointer, text) in [("/product", &self.product), ("/category", &self.category)] {
            text.as_ref().map_or(Ok(()), |text| check_text(pointer, text, SKU_CHARS_MAX))?;
        }
        if !(1..=QUANTITY_MAX).contains(&self.quantity) {
            return Err(FieldError::new("/quantity", format!("must be from 1 to {QUANTITY_MAX}")));
        }
        if !(0..=UNIT_PRICE_MINOR_MAX).contains(&self.unit_price_minor) {
            return Err(FieldError::new("/unit_price_minor", format!("must be from 0 to {UNIT_PRICE_MINOR_MAX}")));
        }
        Ok(())
    }
}

impl Order {
    /// Whether every field is within its bounds; what computes on an order takes one that passed.
    ///
    /// # Errors
    /// The first field that is not, in the order in which they are declared.
    pub fn check(&self) -> Result<(), FieldError> {
        self.id.as_ref().map_or(Ok(()), |id| check_text("/id", id, ORDER_ID_CHARS_MAX))?;
        if !(1..=LINES_MAX).contains(&self.lines.len()) {
            return Err(FieldError::new("/lines", format!("must be 1 to {LINES_MAX} lines")));
        }
        for (index, line) in self.lines.iter().enumerate() {
            line.check().map_err(|error| error.under(&format!("/lines/{index}")))?;
        }
        if self.subtotal_minor() > AMOUNT_MINOR_MAX {
            return Err(FieldError::new("/lines", format!("must not add up to more than {AMOUNT_MINOR_MAX}")));
        }
        Ok(())
    }

    /// The sum of all lines before any discount, in minor units; saturating for an order that was not checked.
    #[must_use]
    pub fn subtotal_minor(&self) -> i64 {
        self.lines.iter().fold(0, |sum, line| sum.saturating_add(line.amount_minor()))
    }

    /// What [`Line::amount_minor`] says of the line at `index`; 0 where there is none.
    #[must_use]
    pub fn line_minor(&self, index: usize) -> i64 {
        self.lines.get(index).map_or(0, Line::amount_minor)
    }
}

/// Control characters are refused: these texts end up in logs, exports and terminals.
fn check_text(pointer: &str, text: &str, chars_max: usize) -> Result<(), FieldError> {
    let printable = !text.chars().any(char::is_control);
    if printable && (1..=chars_max).contains(&text.chars().count()) {
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
        Line { sku: "shoe".into(), product: None, category: None, quantity, unit_price_minor }
    }

    fn order(lines: Vec<Line>) -> Order {
        Order { id: None, currency: "EUR".parse().unwrap(), lines }
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
