//! An order as requests bring it and decision records show it.

use domain::money::Currency;
use domain::order::{Line, Order};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a shop asks a price for: lines of goods in one currency. Amounts are the shop's, with or without tax.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Order)]
pub(crate) struct OrderBody {
    /// The shop's own id; needed to reserve. An order has at most one live redemption.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 64, example = "A-1001")]
    id: Option<String>,
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", example = "USD")]
    currency: Currency,
    #[schema(min_items = 1, max_items = 2_000)]
    lines: Vec<LineBody>,
}

/// One line of an order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OrderLine)]
pub(crate) struct LineBody {
    /// What is sold. Several lines may name the same.
    #[schema(min_length = 1, max_length = 128, example = "A1")]
    sku: String,
    /// The product that the SKU is a variant of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    product: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    category: Option<String>,
    #[schema(minimum = 1, maximum = 1_000_000, example = 2)]
    quantity: u32,
    /// The price of one unit before any discount.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 1250)]
    unit_price_minor: i64,
}

impl From<OrderBody> for Order {
    fn from(OrderBody { id, currency, lines }: OrderBody) -> Self {
        Self { id, currency, lines: lines.into_iter().map(Line::from).collect() }
    }
}

impl From<Order> for OrderBody {
    fn from(Order { id, currency, lines }: Order) -> Self {
        Self { id, currency, lines: lines.into_iter().map(LineBody::from).collect() }
    }
}

impl From<LineBody> for Line {
    fn from(LineBody { sku, product, category, quantity, unit_price_minor }: LineBody) -> Self {
        Self { sku, product, category, quantity, unit_price_minor }
    }
}

impl From<Line> for LineBody {
    fn from(Line { sku, product, category, quantity, unit_price_minor }: Line) -> Self {
        Self { sku, product, category, quantity, unit_price_minor }
    }
}
