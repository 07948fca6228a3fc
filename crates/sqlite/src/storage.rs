//! How much room each table and index takes: counted page by page on a back-up, which nobody waits for.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use ports::StoreError;
use rusqlite::{Connection, OpenFlags, Row};
use serde::{Serialize, Serializer};

use crate::error::store_error;
use crate::query::{each, one};

/// What a claim writes: the voucher with whose it is, the counters it takes from, its event, its answer and where it lies.
const OF_A_CLAIM: [&str; 6] = ["voucher", "wallet", "usage", "journal", "answer", "answer_key"];
/// What is the voucher itself: its row, whose it is, and their indexes.
const OF_A_VOUCHER: [&str; 2] = ["voucher", "wallet"];

/// The room a database takes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Storage {
    /// All pages of the file.
    pub file_bytes: u64,
    /// Of them, those that hold nothing: what was removed left them, and what comes takes them.
    pub free_bytes: u64,
    /// Every table, each followed by its indexes.
    pub trees: Vec<Tree>,
    /// What a voucher costs.
    pub per_voucher: PerVoucher,
}

/// A table or an index.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tree {
    /// Its name.
    pub name: String,
    /// The table, if it is an index.
    pub index_of: Option<String>,
    /// How many rows it holds; of an index only those it lists.
    pub rows: u64,
    /// All its pages.
    pub bytes: u64,
    /// Of them, what its pages have left over.
    pub unused_bytes: u64,
    /// On the average.
    pub bytes_per_row: Tenths,
}

/// What is written with a claim, divided by how many vouchers there are. What else wrote to the same tables (issues,
/// redemptions, their events and answers) is in it, and what was removed is not.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PerVoucher {
    /// How many there are.
    pub vouchers: u64,
    /// Each table and index.
    pub bytes: BTreeMap<String, Tenths>,
    /// The voucher's row, the wallet and their indexes.
    pub row_and_indexes: Tenths,
    /// Everything.
    pub all: Tenths,
}

/// Tenths of a byte.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tenths(pub u64);

impl Tenths {
    fn of(bytes: u64, count: u64) -> Self {
        Self((bytes * 10 + count / 2).checked_div(count).unwrap_or_default())
    }
}

impl fmt::Display for Tenths {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&format!("{}.{}", self.0 / 10, self.0 % 10))
    }
}

impl Serialize for Tenths {
    /// A number, as others divide by it.
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_f64(self.to_string().parse().expect("digits around a point"))
    }
}

/// Measures the database in that file, a back-up that nothing writes to.
///
/// # Errors
/// The file is not there, is no database, or cannot be read.
pub fn storage(db: &Path) -> Result<Storage, StoreError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(db, flags).map_err(store_error)?;
    measure(&connection)
}

const PAGE_BYTES: &str = "select page_size from pragma_page_size";
const PAGES: &str = "select page_count from pragma_page_count";
const FREE_PAGES: &str = "select freelist_count from pragma_freelist_count";

fn measure(connection: &Connection) -> Result<Storage, StoreError> {
    let number = |sql| one(connection, sql, [], |row| count(row, 0)).map(Option::unwrap_or_default);
    let page_bytes = number(PAGE_BYTES)?;
    let trees = trees(connection)?;
    Ok(Storage {
        file_bytes: page_bytes * number(PAGES)?,
        free_bytes: page_bytes * number(FREE_PAGES)?,
        per_voucher: per_voucher(&trees),
        trees,
    })
}

/// Tables and indexes with a tree of their own; whether the rows of one lie in its leaves only.
const TREES: &str = "
    select tree.name, tree.tbl_name, tree.type = 'index', tree.type = 'table' and not listed.wr
    from sqlite_schema as tree
    left join pragma_table_list as listed on listed.schema = 'main' and listed.name = tree.name
    where tree.rootpage > 0
    order by tree.tbl_name, tree.type desc, tree.name";

fn trees(connection: &Connection) -> Result<Vec<Tree>, StoreError> {
    let mut counted = pages(connection)?;
    let mut trees = Vec::new();
    each(connection, TREES, [], |row| {
        let name: String = row.get(0)?;
        let Pages { bytes, unused_bytes, rows_in_leaves, rows_within } = counted.remove(&name).unwrap_or_default();
        // Where rows have numbers, the pages above the leaves hold numbers only; elsewhere they hold rows.
        let rows = if row.get(3)? { rows_in_leaves } else { rows_in_leaves + rows_within };
        let index_of = row.get::<_, bool>(2)?.then(|| row.get(1)).transpose()?;
        trees.push(Tree { name, index_of, rows, bytes, unused_bytes, bytes_per_row: Tenths::of(bytes, rows) });
        Ok(())
    })?;
    Ok(trees)
}

#[derive(Default)]
struct Pages {
    bytes: u64,
    unused_bytes: u64,
    rows_in_leaves: u64,
    rows_within: u64,
}

/// Every page that is in use, in no order, so that nothing has to be sorted or kept.
const IN_USE: &str = "
    select name, pgsize, unused, ncell, pagetype = 'leaf'
    from dbstat";

fn pages(connection: &Connection) -> Result<BTreeMap<String, Pages>, StoreError> {
    let mut all: BTreeMap<String, Pages> = BTreeMap::new();
    each(connection, IN_USE, [], |row| {
        let name = row.get_ref(0)?.as_str()?;
        if !all.contains_key(name) {
            all.insert(name.to_owned(), Pages::default());
        }
        let tree = all.get_mut(name).expect("it was put there");
        tree.bytes += count(row, 1)?;
        tree.unused_bytes += count(row, 2)?;
        let cells = count(row, 3)?;
        if row.get(4)? {
            tree.rows_in_leaves += cells;
        } else {
            tree.rows_within += cells;
        }
        Ok(())
    })?;
    Ok(all)
}

/// SQLite counts nothing below zero.
fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, i64>(column)?.unsigned_abs())
}

fn per_voucher(trees: &[Tree]) -> PerVoucher {
    let vouchers = trees.iter().find(|tree| tree.name == "voucher").map_or(0, |tree| tree.rows);
    let of = |tables: &'static [&str]| {
        let table = |tree: &Tree| tree.index_of.clone().unwrap_or_else(|| tree.name.clone());
        trees.iter().filter(move |tree| tables.contains(&&*table(tree)))
    };
    let all_of = |tables| Tenths::of(of(tables).map(|tree| tree.bytes).sum(), vouchers);
    PerVoucher {
        vouchers,
        bytes: of(&OF_A_CLAIM).map(|tree| (tree.name.clone(), Tenths::of(tree.bytes, vouchers))).collect(),
        row_and_indexes: all_of(&OF_A_VOUCHER),
        all: all_of(&OF_A_CLAIM),
    }
}

impl fmt::Display for Storage {
    /// Tables for a terminal.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<42} {:>12} {:>15} {:>13}", "table, its indexes", "rows", "bytes", "bytes a row")?;
        for Tree { name, index_of, rows, bytes, bytes_per_row, .. } in &self.trees {
            let indent = if index_of.is_some() { "  " } else { "" };
            writeln!(f, "{:<42} {rows:>12} {bytes:>15} {bytes_per_row:>13}", format!("{indent}{name}"))?;
        }
        writeln!(f, "{:<42} {:>12} {:>15}", "free, taken by what comes next", "", self.free_bytes)?;
        writeln!(f, "{:<42} {:>12} {:>15}", "the file", "", self.file_bytes)?;
        let PerVoucher { vouchers, bytes, row_and_indexes, all } = &self.per_voucher;
        writeln!(f, "\nbytes a voucher, of {vouchers}")?;
        for (name, bytes) in bytes {
            writeln!(f, "  {name:<40} {bytes:>8}")?;
        }
        writeln!(f, "{:<42} {row_and_indexes:>8}", "its row and indexes (voucher, wallet)")?;
        write!(f, "{:<42} {all:>8}", "all that is written with a claim")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLES: &str = "
        create table voucher (a integer not null, b blob not null, primary key (a)) strict, without rowid;
        create index voucher_due on voucher (b) where a % 2 = 0;
        create table journal (journal integer not null primary key, events blob not null) strict;
        with recursive n (i) as (select 1 union all select i + 1 from n where i < 5000)
            insert into voucher select i, randomblob(100) from n;
        insert into journal select a, randomblob(20 + a % 9000) from voucher;";

    /// Deep trees of both kinds, an index of a part, and rows that reach over several pages.
    #[test]
    fn rows_and_bytes_are_those_of_the_file() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES).unwrap();
        let storage = measure(&connection).unwrap();
        let rows: Vec<(&str, u64)> = storage.trees.iter().map(|tree| (&*tree.name, tree.rows)).collect();
        assert_eq!(rows, [("journal", 5_000), ("voucher", 5_000), ("voucher_due", 2_500)]);
        let in_trees: u64 = storage.trees.iter().map(|tree| tree.bytes).sum();
        let page_bytes = 4_096;
        assert_eq!(storage.file_bytes, in_trees + page_bytes, "but for the page of the schema");
        assert_eq!(storage.free_bytes, 0);
    }

    #[test]
    fn what_was_removed_is_free_and_counted_as_such() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(TABLES).unwrap();
        let before = measure(&connection).unwrap();
        connection.execute_batch("delete from journal").unwrap();
        let after = measure(&connection).unwrap();
        assert_eq!(after.file_bytes, before.file_bytes);
        let left: u64 = after.trees.iter().map(|tree| tree.bytes).sum();
        assert_eq!(after.free_bytes, after.file_bytes - left - 4_096);
        assert!(after.free_bytes > before.file_bytes / 2, "{after}");
    }

    #[test]
    fn a_voucher_costs_its_share_of_what_claims_write() {
        let tree = |name: &str, index_of: Option<&str>, rows, bytes| Tree {
            name: name.to_owned(),
            index_of: index_of.map(str::to_owned),
            rows,
            bytes,
            unused_bytes: 0,
            bytes_per_row: Tenths::of(bytes, rows),
        };
        let trees = [
            tree("voucher", None, 30, 1_000),
            tree("voucher_due", Some("voucher"), 10, 200),
            tree("wallet", None, 30, 300),
            tree("answer", None, 20, 2_000),
            tree("decision", None, 20, 9_999),
        ];
        let PerVoucher { vouchers, bytes, row_and_indexes, all } = per_voucher(&trees);
        assert_eq!((vouchers, row_and_indexes, all), (30, Tenths(500), Tenths(1_167)));
        assert_eq!(bytes["voucher_due"], Tenths(67));
        assert!(!bytes.contains_key("decision"));
        assert_eq!(per_voucher(&[]).all, Tenths(0), "of none there is no share");
        assert_eq!(serde_json::to_string(&Tenths(1_167)).unwrap(), "116.7");
    }
}
