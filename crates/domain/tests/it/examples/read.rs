//! An example as it is written.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use domain::benefit::Benefit;
use domain::money::Currency;
use domain::order::{Attributes, Fee, Line, Node, Order, Shopper, UsePeriod};
use domain::rule::{Declared, Rule};
use domain::scope::Scope;
use domain::stacking::{Pricing, Stacking};
use domain::time::{Timestamp, Zone};
use domain::validity::Validity;
use serde::Deserialize;
use serde::de::{DeserializeOwned, Error};
use toml::{Table, Value};

use super::amounts;

/// A file of examples, by its name without the ending.
pub struct File {
    pub name: String,
    /// What each says, and the example, or why it cannot be read.
    pub examples: Vec<(String, Result<Example, String>)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub says: String,
    /// Which case of its benefit it is.
    pub case: Option<String>,
    #[serde(default = "euros")]
    pub currency: Currency,
    order: Vec<String>,
    shipping: Option<String>,
    deposit: Option<String>,
    #[serde(default)]
    fees: BTreeMap<String, String>,
    channel: Option<String>,
    platform: Option<String>,
    place: Option<String>,
    node: Option<Node>,
    customer: Option<Shopper>,
    /// What the shop says of the order in words of its own.
    #[serde(default)]
    attributes: Attributes,
    /// The same of each line, for as many as are written.
    #[serde(default)]
    line_attributes: Vec<Attributes>,
    /// The collections that list each line, likewise.
    #[serde(default)]
    line_collections: Vec<Vec<String>>,
    /// The kinds of these words.
    #[serde(default)]
    pub declared: Declared,
    #[serde(default = "yes")]
    pub customer_known: bool,
    pub at: Option<Timestamp>,
    /// The tenant's.
    pub zone: Option<Zone>,
    #[serde(default)]
    pub pricing: Pricing,
    pub coupons: BTreeMap<String, Offered>,
    /// Of those that are vouchers: when they were claimed.
    #[serde(default)]
    pub claimed: BTreeMap<String, Timestamp>,
    /// Of those that are vouchers with a random amount: what was drawn.
    #[serde(default)]
    pub drawn: BTreeMap<String, String>,
    pub gives: BTreeMap<String, Gives>,
    /// In which order those that apply do.
    pub turn: Option<Vec<String>>,
    pub total: String,
    /// Of gift value: what is left on each voucher before the order.
    #[serde(default)]
    pub balances: BTreeMap<String, String>,
    /// What is left to be paid after gift value, where that is another.
    pub payable: Option<String>,
}

/// What of a coupon's definition prices.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Offered {
    pub benefit: Benefit,
    /// The order's where amounts need one and none is named.
    pub currency: Option<Currency>,
    #[serde(default)]
    pub scope: Scope,
    pub minimum_order_minor: Option<i64>,
    pub conditions: Option<Rule>,
    #[serde(default)]
    pub stacking: Stacking,
    pub merchant: Option<String>,
    #[serde(default)]
    pub validity: Validity,
}

/// What a coupon gives, or why nothing; a list alone is what it takes off each line.
#[derive(Default, Deserialize)]
#[serde(try_from = "Value")]
pub struct Gives(pub Given);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Given {
    pub lines: Vec<String>,
    pub shipping: Option<String>,
    pub deposit: Option<String>,
    pub gift: Option<String>,
    pub pays: Option<String>,
    /// Off each period of each line; nothing for a line without.
    pub periods: Vec<Vec<String>>,
    pub rejection: Option<String>,
    /// What of its conditions would have to come out otherwise, and what was found.
    pub unmet: Vec<String>,
    pub add: Option<String>,
    pub add_units: Option<u64>,
    pub retry_at: Option<Timestamp>,
}

impl TryFrom<Value> for Gives {
    type Error = toml::de::Error;

    fn try_from(value: Value) -> Result<Self, Self::Error> {
        match value {
            Value::Array(_) => Ok(Self(Given { lines: value.try_into()?, ..Given::default() })),
            Value::Table(_) => value.try_into().map(Self),
            _ => Err(Self::Error::custom("is a list of amounts or a table")),
        }
    }
}

fn yes() -> bool {
    true
}

fn euros() -> Currency {
    "EUR".parse().expect("three letters")
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/examples")
}

/// Every file of examples, by name.
pub fn files() -> Vec<File> {
    let entries = fs::read_dir(folder()).expect("the examples are in docs/examples");
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder can be listed").path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "toml"));
    paths.sort();
    paths.iter().map(|path| file(path)).collect()
}

fn file(path: &Path) -> File {
    let name = path.file_stem().expect("it has an ending").to_string_lossy().into_owned();
    let text = fs::read_to_string(path).expect("a file can be read");
    let mut table: Table = text.parse().unwrap_or_else(|error| panic!("{name}.toml: {error}"));
    let examples = table.remove("example");
    assert!(table.is_empty(), "{name}.toml: beside examples there is {table}");
    let examples: Vec<Value> = read(examples.unwrap_or(Value::Array(Vec::new()))).expect("[[example]] makes a list");
    let example = |value: Value| {
        let says = value.get("says").and_then(Value::as_str).unwrap_or("(says nothing)").to_owned();
        (says, read(value))
    };
    File { name, examples: examples.into_iter().map(example).collect() }
}

fn read<T: DeserializeOwned>(value: Value) -> Result<T, String> {
    value.try_into().map_err(|error: toml::de::Error| error.to_string().trim().replace('\n', " "))
}

impl Example {
    pub fn order(&self) -> Result<Order, String> {
        let amount = |text: &String| amounts::read(text, self.currency);
        let lines = self.order.iter().map(|text| line(text, self.currency)).collect::<Result<_, _>>()?;
        let mut order = Order {
            channel: self.channel.clone(),
            platform: self.platform.clone(),
            place: self.place.clone(),
            node: self.node,
            customer: self.customer.clone(),
            attributes: self.attributes.clone(),
            ..Order::new(self.currency, lines)
        };
        if self.line_attributes.len().max(self.line_collections.len()) > order.lines.len() {
            return Err("it says more of lines than it has".to_owned());
        }
        for (line, attributes) in order.lines.iter_mut().zip(&self.line_attributes) {
            line.attributes.clone_from(attributes);
        }
        for (line, collections) in order.lines.iter_mut().zip(&self.line_collections) {
            line.collections.clone_from(collections);
        }
        order.shipping_minor = self.shipping.as_ref().map_or(Ok(0), amount)?;
        order.deposit_minor = self.deposit.as_ref().map_or(Ok(0), amount)?;
        for (name, text) in &self.fees {
            order.fees.push(Fee { name: name.clone(), amount_minor: amount(text)? });
        }
        order.check().map_err(|error| format!("the order: {} {}", error.pointer, error.detail))?;
        Ok(order)
    }
}

/// `3 nights suite at 80.00 in rooms/sea of Anna product room reduced by 10.00`.
fn line(text: &str, currency: Currency) -> Result<Line, String> {
    let wrong = || format!("the line `{text}` is not QUANTITY [nights] SKU at PRICE ...");
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let period = words.get(1).and_then(|word| use_period(word));
    if period.is_some() {
        words.remove(1);
    }
    let [quantity, sku, "at", price, rest @ ..] = &words[..] else { return Err(wrong()) };
    let quantity = quantity.parse().map_err(|_| wrong())?;
    let mut line = Line { period, ..Line::new(*sku, quantity, amounts::read(price, currency)?) };
    let mut rest = rest;
    while !rest.is_empty() {
        rest = match rest {
            ["in", category, rest @ ..] => (line.category = Some((*category).into()), rest).1,
            ["of", merchant, rest @ ..] => (line.merchant = Some((*merchant).into()), rest).1,
            ["product", product, rest @ ..] => (line.product = Some((*product).into()), rest).1,
            ["reduced", "by", amount, rest @ ..] => (line.reduced_minor = amounts::read(amount, currency)?, rest).1,
            _ => return Err(wrong()),
        };
    }
    Ok(line)
}

fn use_period(word: &str) -> Option<UsePeriod> {
    let name = |period: UsePeriod| format!("{period:?}").to_lowercase();
    UsePeriod::ALL.into_iter().find(|period| word.strip_suffix('s').unwrap_or(word) == name(*period))
}
