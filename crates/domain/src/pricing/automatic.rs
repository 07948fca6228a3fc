//! The coupons of a tenant that need no code, kept so that an order meets only those that may suit it: of some hundred
//! coupons, mostly each is for another channel, place or part of the goods.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;
use serde_json::Value;

use crate::coupon::Coupon;
use crate::id::CouponNo;
use crate::order::{Line, Order};
use crate::rule::{FieldTest, Operator, Rule};
use crate::scope::Listing;

/// How many coupons without a code an order is priced with: the first ones by number.
pub const AUTOMATIC_MAX: usize = 1_000;

/// A coupon that asks for more texts than this is met by every order.
const TEXTS_MAX: usize = 1_000;

/// What a coupon cannot do without: one of some texts, of which an order has this one or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Asked {
    Channel,
    Platform,
    Place,
    Product,
    Sku,
    Category,
    Merchant,
}

/// Coupons that need no code, scheduled or running.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Automatic {
    coupons: BTreeMap<CouponNo, Arc<Coupon>>,
    /// Those that any order meets, rising.
    open: Vec<CouponNo>,
    /// Those that only orders with that text meet.
    asking: FxHashMap<Asked, FxHashMap<Box<str>, Vec<CouponNo>>>,
}

impl Automatic {
    /// Of these coupons, those that need no code and may be used.
    pub fn new(coupons: impl IntoIterator<Item = Arc<Coupon>>) -> Self {
        let automatic = coupons.into_iter().filter(|coupon| coupon.is_automatic());
        let coupons: BTreeMap<_, _> = automatic.map(|coupon| (coupon.no, coupon)).collect();
        let mut made = Self::default();
        for coupon in coupons.values().take(AUTOMATIC_MAX) {
            match asked(coupon) {
                Some(texts) => {
                    for (asked, text) in texts {
                        made.asking.entry(asked).or_default().entry(text).or_default().push(coupon.no);
                    }
                }
                None => made.open.push(coupon.no),
            }
        }
        Self { coupons, ..made }
    }

    /// With the coupon as it is now.
    #[must_use]
    pub fn with(&self, coupon: &Arc<Coupon>) -> Self {
        let others = self.coupons.values().filter(|other| other.no != coupon.no);
        Self::new(others.chain([coupon]).cloned())
    }

    /// A copy that has no coupon in common with this one.
    #[must_use]
    pub fn apart(&self) -> Self {
        let coupons = self.coupons.iter().map(|(no, coupon)| (*no, Arc::new(Coupon::clone(coupon)))).collect();
        Self { coupons, ..self.clone() }
    }

    /// Whether the coupon is among them.
    #[must_use]
    pub fn has(&self, no: CouponNo) -> bool {
        self.coupons.contains_key(&no)
    }

    /// Those that may suit the order, rising. Of the first [`AUTOMATIC_MAX`] by number, all others would be refused
    /// with nothing to tell that would help.
    pub fn for_order<'a>(&'a self, order: &'a Order) -> impl Iterator<Item = &'a Arc<Coupon>> + use<'a> {
        let mut numbers = self.open.clone();
        let before = numbers.len();
        for (asked, by_text) in &self.asking {
            asked.each(order, |text| numbers.extend(by_text.get(text).into_iter().flatten()));
        }
        if numbers.len() > before {
            numbers.sort_unstable();
            numbers.dedup();
        }
        numbers.into_iter().filter_map(|no| self.coupons.get(&no))
    }
}

/// The coupons without a code as a batch sees them: as they are stored, and those that it has changed.
#[derive(Clone, Debug, Default)]
pub struct AutomaticFacts {
    /// As they are stored.
    pub stored: Arc<Automatic>,
    /// Changed since; any order meets them.
    pub changed: BTreeSet<CouponNo>,
}

impl AutomaticFacts {
    /// Those that may suit the order, rising.
    #[must_use]
    pub fn for_order(&self, order: &Order) -> Vec<CouponNo> {
        let stored = self.stored.for_order(order).map(|coupon| coupon.no);
        if self.changed.is_empty() {
            return stored.collect();
        }
        let all: BTreeSet<CouponNo> = stored.chain(self.changed.iter().copied()).collect();
        all.into_iter().collect()
    }
}

impl Asked {
    /// What the order has of it.
    fn each<'a>(self, order: &'a Order, mut found: impl FnMut(&'a str)) {
        let mut of_lines = |text: fn(&Line) -> Option<&str>| {
            let mut last = None;
            for text in order.lines.iter().filter_map(text) {
                // Lines of one kind mostly stand together.
                if last.replace(text) != Some(text) {
                    found(text);
                }
            }
        };
        match self {
            Self::Channel => order.channel.as_deref().into_iter().for_each(found),
            Self::Platform => order.platform.as_deref().into_iter().for_each(found),
            Self::Place => order.place.as_deref().into_iter().for_each(found),
            Self::Product => of_lines(|line| line.product.as_deref()),
            Self::Sku => of_lines(|line| Some(&line.sku)),
            Self::Merchant => of_lines(|line| line.merchant.as_deref()),
            Self::Category => {
                for path in order.lines.iter().filter_map(|line| line.category.as_deref()) {
                    // With all that it is below.
                    path.match_indices('/').for_each(|(end, _)| found(&path[..end]));
                    found(path);
                }
            }
        }
    }

    fn of_field(name: &str) -> Option<Self> {
        match name {
            "order.channel" => Some(Self::Channel),
            "order.platform" => Some(Self::Platform),
            "order.place" => Some(Self::Place),
            _ => None,
        }
    }
}

/// Some texts without any of which the coupon is refused, and nothing that would help is told; none: no such are known.
fn asked(coupon: &Coupon) -> Option<Vec<(Asked, Box<str>)>> {
    let definition = &coupon.definition;
    let by_condition = definition.conditions.as_ref().and_then(asked_by_rule);
    // Who has nothing in scope is told how much would reach a minimum.
    let by_scope = || definition.minimum_order_minor.is_none().then(|| asked_by_scope(&definition.scope.include))?;
    by_condition.or_else(by_scope).filter(|texts| texts.len() <= TEXTS_MAX)
}

fn asked_by_rule(rule: &Rule) -> Option<Vec<(Asked, Box<str>)>> {
    match rule {
        Rule::All(rules) => rules.iter().filter_map(asked_by_rule).min_by_key(Vec::len),
        Rule::Field(test) => asked_by_test(test),
        Rule::Any(_)
        | Rule::Not(_)
        | Rule::AnyLine(_)
        | Rule::AllLines(_)
        | Rule::CountLines(_)
        | Rule::SumLines(_) => None,
    }
}

fn asked_by_test(test: &FieldTest) -> Option<Vec<(Asked, Box<str>)>> {
    let asked = Asked::of_field(&test.field)?;
    let texts = match (test.op, test.value.as_ref()?) {
        (Operator::Eq, text) => std::slice::from_ref(text),
        (Operator::In, Value::Array(texts)) => texts,
        _ => return None,
    };
    // A value that is no text is refused when the coupon is saved.
    texts.iter().map(|text| Some((asked, text.as_str()?.into()))).collect()
}

fn asked_by_scope(include: &Listing) -> Option<Vec<(Asked, Box<str>)>> {
    // What a collection lists is not known here.
    if !include.collections.is_empty() {
        return None;
    }
    let lists = [
        (Asked::Product, &include.products),
        (Asked::Sku, &include.skus),
        (Asked::Category, &include.categories),
        (Asked::Merchant, &include.merchants),
    ];
    let count: usize = lists.iter().map(|(_, names)| names.len()).sum();
    let each = || {
        lists.into_iter().flat_map(|(asked, names)| names.sorted().into_iter().map(move |name| (asked, name.into())))
    };
    (1..=TEXTS_MAX).contains(&count).then(|| each().collect())
}
