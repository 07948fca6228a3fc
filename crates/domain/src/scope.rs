//! On which lines of an order a coupon works.

use std::fmt;

use rustc_hash::FxHashSet;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::field::FieldError;
use crate::order::{Line, SKU_CHARS_MAX};

/// The most entries of one list.
pub const ENTRIES_MAX: usize = 1_000_000;
/// The most collections of one list: each is looked up for every line of an order.
pub const COLLECTIONS_NAMED_MAX: usize = 20;

/// The lines that a coupon is for: what is included and not excluded. Kept as JSON:
/// `{"include":{"categories":["fashion/shoes"]},"exclude":{"skus":["A1"]}}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scope {
    /// Lines that any of these lists names; empty: every line.
    #[serde(skip_serializing_if = "Listing::is_empty")]
    pub include: Listing,
    /// Lines that are out, whatever includes them.
    #[serde(skip_serializing_if = "Listing::is_empty")]
    pub exclude: Listing,
}

impl Scope {
    /// Whether it is every line.
    #[must_use]
    pub fn is_all(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    /// Whether the line is one of them.
    #[must_use]
    pub fn holds(&self, line: &Line) -> bool {
        (self.include.is_empty() || self.include.names(line)) && !self.exclude.names(line)
    }

    /// Whether its lists are within their bounds.
    ///
    /// # Errors
    /// The first entry that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        self.include.check().map_err(|error| error.under("/include"))?;
        self.exclude.check().map_err(|error| error.under("/exclude"))
    }
}

/// Lines by what they are. Whichever list names a line, it is named.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Listing {
    /// By product.
    #[serde(skip_serializing_if = "Names::is_empty")]
    pub products: Names,
    /// By stock-keeping unit.
    #[serde(skip_serializing_if = "Names::is_empty")]
    pub skus: Names,
    /// By category, with all that is below it: `fashion` names `fashion/shoes` too.
    #[serde(skip_serializing_if = "Names::is_empty")]
    pub categories: Names,
    /// By merchant.
    #[serde(skip_serializing_if = "Names::is_empty")]
    pub merchants: Names,
    /// By collections that list the line, named; see [`crate::collection`].
    #[serde(skip_serializing_if = "Names::is_empty")]
    pub collections: Names,
}

impl Listing {
    /// Whether it names nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let lists = [&self.products, &self.skus, &self.categories, &self.merchants, &self.collections];
        lists.iter().all(|names| names.is_empty())
    }

    /// Whether any of its lists names the line.
    #[must_use]
    pub fn names(&self, line: &Line) -> bool {
        let given = |names: &Names, text: &Option<String>| text.as_ref().is_some_and(|text| names.has(text));
        self.skus.has(&line.sku)
            || given(&self.products, &line.product)
            || given(&self.merchants, &line.merchant)
            || line.category.as_ref().is_some_and(|path| self.categories.has_way_to(path))
            || line.collections.iter().any(|name| self.collections.has(name))
    }

    /// Whether each of its entries is named by the same list of one of these, or leads through what that names.
    pub(crate) fn is_within(&self, others: &[&Self]) -> bool {
        let same =
            |of: fn(&Self) -> &Names| of(self).0.iter().all(|entry| others.iter().any(|other| of(other).has(entry)));
        let below = |path: &str| others.iter().any(|other| other.categories.has_way_to(path));
        same(|listing| &listing.products)
            && same(|listing| &listing.skus)
            && same(|listing| &listing.merchants)
            && same(|listing| &listing.collections)
            && self.categories.0.iter().all(|path| below(path))
    }

    /// Whether its lists are within their bounds.
    ///
    /// # Errors
    /// The first entry that is not.
    pub fn check(&self) -> Result<(), FieldError> {
        for (pointer, names) in [
            ("/products", &self.products),
            ("/skus", &self.skus),
            ("/categories", &self.categories),
            ("/merchants", &self.merchants),
            ("/collections", &self.collections),
        ] {
            names.check().map_err(|error| error.under(pointer))?;
        }
        if self.collections.len() > COLLECTIONS_NAMED_MAX {
            let detail = format!("must be at most {COLLECTIONS_NAMED_MAX} collections");
            return Err(FieldError::new("/collections", detail));
        }
        Ok(())
    }
}

/// Texts, each once, in no order: a look-up takes as long among a million as among ten. Written in rising order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Names(FxHashSet<Box<str>>);

impl Names {
    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether the text is one of them.
    #[must_use]
    pub fn has(&self, text: &str) -> bool {
        self.0.contains(text)
    }

    /// Whether the path, or one that it leads through, is one of them.
    fn has_way_to(&self, path: &str) -> bool {
        !self.0.is_empty() && ways_to(path).any(|way| self.has(way))
    }

    fn check(&self) -> Result<(), FieldError> {
        if self.len() > ENTRIES_MAX {
            return Err(FieldError::new("", format!("must be at most {ENTRIES_MAX} entries")));
        }
        let fits =
            |text: &str| (1..=SKU_CHARS_MAX).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if self.0.iter().all(|text| fits(text)) {
            Ok(())
        } else {
            Err(FieldError::new("", format!("each must be 1 to {SKU_CHARS_MAX} printable characters")))
        }
    }

    /// Each, in no order.
    pub(crate) fn each(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(AsRef::as_ref)
    }

    /// In rising order.
    #[must_use]
    pub fn sorted(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.0.iter().map(AsRef::as_ref).collect();
        all.sort_unstable();
        all
    }
}

/// Each path that a path leads through, from the widest, and itself.
pub(crate) fn ways_to(path: &str) -> impl Iterator<Item = &str> {
    let through = path.match_indices('/').map(|(end, _)| &path[..end]);
    through.chain([path])
}

impl<T: Into<Box<str>>> FromIterator<T> for Names {
    fn from_iter<I: IntoIterator<Item = T>>(texts: I) -> Self {
        Self(texts.into_iter().map(Into::into).collect())
    }
}

/// A long list would fill a log.
impl fmt::Debug for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_MAX: usize = 20;
        if self.0.len() > SHOWN_MAX {
            write!(f, "{} names", self.0.len())
        } else {
            f.debug_set().entries(self.sorted()).finish()
        }
    }
}

impl Serialize for Names {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_seq(self.sorted())
    }
}

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Vec::<Box<str>>::deserialize(from).map(|texts| texts.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(text: &str) -> Scope {
        serde_json::from_str(text).unwrap()
    }

    fn shoe() -> Line {
        Line {
            product: Some("runner".into()),
            category: Some("fashion/shoes/sport".into()),
            merchant: Some("m1".into()),
            collections: vec!["outlet".into(), "sale".into()],
            ..Line::new("runner-42", 1, 100)
        }
    }

    #[test]
    fn a_line_is_in_scope_if_it_is_included_and_not_excluded() {
        for (text, holds) in [
            ("{}", true),
            (r#"{"include":{"skus":["runner-42"]}}"#, true),
            (r#"{"include":{"skus":["runner"]}}"#, false),
            (r#"{"include":{"products":["runner"]}}"#, true),
            (r#"{"include":{"merchants":["m1","m2"]}}"#, true),
            (r#"{"include":{"merchants":["m2"],"skus":["runner-42"]}}"#, true),
            (r#"{"include":{"merchants":["m2"]}}"#, false),
            (r#"{"exclude":{"merchants":["m1"]}}"#, false),
            (r#"{"include":{"skus":["runner-42"]},"exclude":{"products":["runner"]}}"#, false),
            (r#"{"include":{"collections":["new","sale"]}}"#, true),
            (r#"{"include":{"collections":["new"]}}"#, false),
            (r#"{"include":{"skus":["runner-42"]},"exclude":{"collections":["outlet"]}}"#, false),
        ] {
            assert_eq!(scope(text).holds(&shoe()), holds, "{text}");
        }
    }

    #[test]
    fn a_category_has_all_that_is_below_it_and_nothing_beside_it() {
        for (category, holds) in [
            ("fashion", true),
            ("fashion/shoes", true),
            ("fashion/shoes/sport", true),
            ("fashion/shoes/sport/run", false),
            ("fash", false),
            ("shoes", false),
            ("fashion/", false),
        ] {
            let scope = scope(&format!(r#"{{"include":{{"categories":["{category}"]}}}}"#));
            assert_eq!(scope.holds(&shoe()), holds, "{category}");
        }
        assert!(!scope(r#"{"include":{"categories":["fashion"]}}"#).holds(&Line::new("runner-42", 1, 1)));
    }

    #[test]
    fn lists_are_written_in_rising_order_and_each_entry_once() {
        let text = r#"{"include":{"skus":["b","a","b"]},"exclude":{}}"#;
        assert_eq!(serde_json::to_string(&scope(text)).unwrap(), r#"{"include":{"skus":["a","b"]}}"#);
        assert!(serde_json::from_str::<Scope>(r#"{"include":{"sku":["a"]}}"#).is_err());
    }

    #[test]
    fn entries_are_texts_within_bounds() {
        let long = "x".repeat(129);
        let many = |count: usize| {
            let names: Vec<String> = (0..count).map(|no| no.to_string()).collect();
            format!(r#"{{"include":{{"collections":{}}}}}"#, serde_json::to_string(&names).unwrap())
        };
        for (text, pointer) in [
            (r#"{"include":{"skus":["a"]}}"#.to_owned(), None),
            (r#"{"include":{"skus":[""]}}"#.to_owned(), Some("/include/skus")),
            (format!(r#"{{"exclude":{{"categories":["{long}"]}}}}"#), Some("/exclude/categories")),
            (many(COLLECTIONS_NAMED_MAX), None),
            (many(COLLECTIONS_NAMED_MAX + 1), Some("/include/collections")),
        ] {
            assert_eq!(scope(&text).check().err().map(|error| error.pointer).as_deref(), pointer, "{text}");
        }
    }
}
