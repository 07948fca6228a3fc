//! Collections: named groups of goods, which scopes and conditions ask for. A list in a coupon is as long as one request may
//! be; a collection is uploaded in steps, and its entries are looked up where they are stored.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::order::{Line, SKU_CHARS_MAX, check_text};
use crate::scope::ways_to;
use crate::time::Timestamp;

/// The most collections of a tenant: all of them are in memory, without their entries.
pub const COLLECTIONS_MAX: usize = 500;
/// The most entries of a collection.
pub const COLLECTION_ENTRIES_MAX: u64 = 1_000_000;
/// The most entries that one request adds, and the most that it removes.
pub const COLLECTION_CHANGES_MAX: usize = 10_000;

/// A collection's number within its tenant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionNo(pub u32);

/// An entry of a collection: the text that lines are compared with.
pub type EntryKey = (CollectionNo, Box<str>);

/// What a collection lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CollectionOf {
    /// Stock-keeping units.
    Skus,
    /// Products.
    Products,
    /// Categories, each with all that is below it.
    Categories,
    /// Merchants.
    Merchants,
}

impl CollectionOf {
    /// All there are.
    pub const ALL: [Self; 4] = [Self::Skus, Self::Products, Self::Categories, Self::Merchants];

    /// As it is written.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Skus => "skus",
            Self::Products => "products",
            Self::Categories => "categories",
            Self::Merchants => "merchants",
        }
    }

    /// The one that is written so.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|of| of.name() == name)
    }

    /// The entries by any of which a collection lists the line.
    pub fn entries_of(self, line: &Line) -> Vec<&str> {
        match self {
            Self::Skus => vec![&line.sku],
            Self::Products => line.product.as_deref().into_iter().collect(),
            Self::Categories => line.category.as_deref().into_iter().flat_map(ways_to).collect(),
            Self::Merchants => line.merchant.as_deref().into_iter().collect(),
        }
    }
}

/// A group of goods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// Its number.
    pub no: CollectionNo,
    /// What scopes and conditions call it; see [`crate::segment::check_name`].
    pub name: String,
    /// What it lists. It never changes.
    pub of: CollectionOf,
    /// Counts how often it was saved, from 1. Entries do not count.
    pub version: u32,
    /// When it was saved last.
    pub saved_at: Timestamp,
}

/// The collections of a tenant, without their entries: few, and in memory.
#[derive(Clone, Debug, Default)]
pub struct Collections(BTreeMap<String, Arc<Collection>>);

impl Collections {
    /// By name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Arc<Collection>> {
        self.0.get(name)
    }

    /// All of them, by name.
    pub fn all(&self) -> impl ExactSizeIterator<Item = &Arc<Collection>> {
        self.0.values()
    }

    /// Puts one in, in place of the one of its name.
    pub fn put(&mut self, collection: Arc<Collection>) {
        self.0.insert(collection.name.clone(), collection);
    }

    /// Takes one out.
    pub fn remove(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Those of these names that there are, by name.
    pub fn named<'a>(&'a self, names: &'a BTreeSet<&str>) -> impl Iterator<Item = &'a Arc<Collection>> {
        names.iter().filter_map(|name| self.0.get(*name))
    }
}

impl Collection {
    /// The keys of the entries by any of which it lists the line.
    pub fn keys<'a>(&'a self, line: &'a Line) -> impl Iterator<Item = EntryKey> + 'a {
        self.of.entries_of(line).into_iter().map(|entry| (self.no, entry.into()))
    }
}

/// Whether each may be an entry: 1 to 128 printable characters.
///
/// # Errors
/// The first that may not, by its place.
pub fn check_entries(entries: &[String]) -> Result<(), FieldError> {
    if entries.len() > COLLECTION_CHANGES_MAX {
        return Err(FieldError::new("", format!("must be at most {COLLECTION_CHANGES_MAX} entries")));
    }
    let check = |(index, entry): (usize, &String)| check_text(&format!("/{index}"), entry, SKU_CHARS_MAX);
    entries.iter().enumerate().try_for_each(check)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_looked_up_by_what_the_collection_lists_and_by_every_category_it_is_below() {
        let line = Line {
            product: Some("runner".to_owned()),
            category: Some("fashion/shoes/sport".to_owned()),
            ..Line::new("runner-42", 1, 100)
        };
        for (of, entries) in [
            (CollectionOf::Skus, vec!["runner-42"]),
            (CollectionOf::Products, vec!["runner"]),
            (CollectionOf::Categories, vec!["fashion", "fashion/shoes", "fashion/shoes/sport"]),
            (CollectionOf::Merchants, vec![]),
        ] {
            assert_eq!(of.entries_of(&line), entries, "{of:?}");
            assert_eq!(CollectionOf::from_name(of.name()), Some(of));
            assert_eq!(serde_json::to_value(of).unwrap(), of.name());
        }
    }

    #[test]
    fn an_entry_is_a_text_within_bounds_and_a_bad_one_is_named_by_its_place() {
        for (entries, pointer) in [
            (vec!["a".to_owned(), "x".repeat(128)], None),
            (vec![], None),
            (vec!["a".to_owned(), String::new()], Some("/1")),
            (vec!["x".repeat(129)], Some("/0")),
            (vec!["a".to_owned(), "b".to_owned(), "c\nd".to_owned()], Some("/2")),
            (vec!["a".to_owned(); COLLECTION_CHANGES_MAX], None),
            (vec!["a".to_owned(); COLLECTION_CHANGES_MAX + 1], Some("")),
        ] {
            assert_eq!(check_entries(&entries).err().map(|error| error.pointer).as_deref(), pointer);
        }
    }
}
