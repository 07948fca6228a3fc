//! What is in a database, table by table, to be compared.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};

/// The rows of each table as text, sorted. Not the counts of refusals, which a crash may lose.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tables(BTreeMap<String, Vec<String>>);

const NAMES: &str = "select name from sqlite_schema
    where type = 'table' and name not like 'sqlite_%' and name <> 'refusal_count'";

impl Tables {
    /// Reads them. A layer other than the default goes past the record of a disk.
    pub fn read(path: &Path, layer: Option<&str>) -> rusqlite::Result<Self> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
        let connection = match layer {
            Some(layer) => Connection::open_with_flags_and_vfs(path, flags, layer)?,
            None => Connection::open_with_flags(path, flags)?,
        };
        let mut names = connection.prepare(NAMES)?;
        let names: Vec<String> = names.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
        let tables = names.into_iter().map(|name| {
            let rows = rows(&connection, &name)?;
            Ok((name, rows))
        });
        Ok(Self(tables.collect::<rusqlite::Result<_>>()?))
    }

    /// The names of those that differ.
    pub fn differing<'a>(&'a self, other: &'a Self) -> Vec<&'a str> {
        let names = self.0.keys().chain(other.0.keys().filter(|name| !self.0.contains_key(*name)));
        names.filter(|name| self.0.get(*name) != other.0.get(*name)).map(String::as_str).collect()
    }
}

fn rows(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("select * from {table}"))?;
    let columns = statement.column_count();
    let rows = statement.query_map([], |row| {
        let values = (0..columns).map(|column| row.get::<_, Value>(column));
        Ok(format!("{:?}", values.collect::<rusqlite::Result<Vec<_>>>()?))
    });
    let mut rows: Vec<String> = rows?.collect::<rusqlite::Result<_>>()?;
    rows.sort_unstable();
    Ok(rows)
}
