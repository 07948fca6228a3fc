//! An order as requests bring it and decision records show it.

use domain::field::FieldError;
use domain::money::Currency;
use domain::order::{Attributes, Fee, Line, Node, Order, Shopper, UsePeriod};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schemas;

/// What a shop asks a price for: lines of goods in one currency, what comes on top of them, and for whom. Amounts are the
/// shop's, with or without tax.
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
    /// What sending it costs.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    shipping_minor: i64,
    /// What is left as a security and comes back.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    deposit_minor: i64,
    /// What else is charged. No coupon takes anything off it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 20)]
    fees: Vec<FeeBody>,
    /// Where it is sold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128, example = "web")]
    channel: Option<String>,
    /// With what it is ordered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128, example = "ios")]
    platform: Option<String>,
    /// A city, a branch, or whatever the shop calls a place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    place: Option<String>,
    /// How far it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::Node>)]
    node: Option<Node>,
    /// What the shop knows of who buys. It is kept with the decision.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer: Option<ShopperBody>,
    /// What else the shop says of it, by names of its own: yes or no, whole numbers, texts, lists of texts.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[schema(value_type = Object)]
    attributes: Attributes,
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
    /// The way to the product's category, from the widest, with slashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128, example = "fashion/shoes")]
    category: Option<String>,
    /// Whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(min_length = 1, max_length = 128)]
    merchant: Option<String>,
    #[schema(minimum = 1, maximum = 1_000_000, example = 2)]
    quantity: u32,
    /// The price of one unit before any discount.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64, example = 1250)]
    unit_price_minor: i64,
    /// What the shop itself has taken off the line already.
    #[serde(default, skip_serializing_if = "is_zero")]
    #[schema(minimum = 0)]
    reduced_minor: i64,
    /// Each unit is one such period of use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<schemas::UsePeriod>)]
    period: Option<UsePeriod>,
    /// What else the shop says of it.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[schema(value_type = Object)]
    attributes: Attributes,
    /// The collections that listed it, of those that coupons asked for. Scrip looks them up: decisions show them, and no
    /// request says them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(read_only)]
    collections: Vec<String>,
}

/// Something that is charged beside the goods.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Fee)]
pub(crate) struct FeeBody {
    #[schema(min_length = 1, max_length = 128, example = "gift wrap")]
    name: String,
    #[schema(minimum = 0, maximum = 1_000_000_000_000_i64)]
    amount_minor: i64,
}

/// Who buys, as the shop says with the order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Shopper)]
pub(crate) struct ShopperBody {
    /// In years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 150)]
    age: Option<u8>,
    /// Words that the shop has put on the customer.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    tags: Vec<String>,
    /// Groups that the shop counts the customer to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 100)]
    segments: Vec<String>,
    /// Orders before this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(maximum = 100_000_000)]
    orders: Option<u32>,
    /// What those came to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(minimum = 0)]
    spent_minor: Option<i64>,
    /// What else the shop says.
    #[serde(default, skip_serializing_if = "Attributes::is_empty")]
    #[schema(value_type = Object)]
    attributes: Attributes,
}

impl OrderBody {
    /// The order, unless it says what is not for a shop to say.
    pub(crate) fn parse(self) -> Result<Order, FieldError> {
        let order = Order::from(self);
        if let Some(index) = order.lines.iter().position(|line| !line.collections.is_empty()) {
            let detail = "must be left out: what lists the line is looked up";
            return Err(FieldError::new(format!("/lines/{index}/collections"), detail));
        }
        order.check()?;
        Ok(order)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(minor: &i64) -> bool {
    *minor == 0
}

/// A body and what it stands for have the same fields; both ways are written from one list of them.
macro_rules! same_fields {
    ($body:ident, $kind:ident, [$($plain:ident),*], [$($nested:ident),*], [$($list:ident),*]) => {
        impl From<$body> for $kind {
            fn from(from: $body) -> Self {
                Self {
                    $($plain: from.$plain,)*
                    $($nested: from.$nested.map(Into::into),)*
                    $($list: from.$list.into_iter().map(Into::into).collect(),)*
                }
            }
        }

        impl From<$kind> for $body {
            fn from(from: $kind) -> Self {
                Self {
                    $($plain: from.$plain,)*
                    $($nested: from.$nested.map(Into::into),)*
                    $($list: from.$list.into_iter().map(Into::into).collect(),)*
                }
            }
        }
    };
}

same_fields!(
    OrderBody,
    Order,
    [id, currency, shipping_minor, deposit_minor, channel, platform, place, node, attributes],
    [customer],
    [lines, fees]
);
same_fields!(
    LineBody,
    Line,
    [sku, product, category, merchant, quantity, unit_price_minor, reduced_minor, period, attributes, collections],
    [],
    []
);
same_fields!(FeeBody, Fee, [name, amount_minor], [], []);
same_fields!(ShopperBody, Shopper, [age, tags, segments, orders, spent_minor, attributes], [], []);
