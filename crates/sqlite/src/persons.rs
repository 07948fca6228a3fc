//! Who is one with whom, in memory: of the customers that share nothing, which are most, nothing is kept and nothing is
//! asked of the file. The writer puts in what it committed before it answers.

use std::sync::{PoisonError, RwLock};

use domain::customer::Person;
use domain::id::{CustomerNo, TenantNo};
use rusqlite::{Connection, Row};
use rustc_hash::FxHashMap;

type Links = FxHashMap<(TenantNo, CustomerNo), Person>;

/// The rows of `person`: some 30 bytes each.
#[derive(Debug)]
pub(crate) struct Persons(RwLock<Links>);

const SELECT: &str = "select tenant, customer, person, merged_into from person";

impl Persons {
    pub fn load(connection: &Connection) -> rusqlite::Result<Self> {
        let mut statement = connection.prepare(SELECT)?;
        let rows =
            statement.query_map([], |row| Ok(((TenantNo(row.get(0)?), CustomerNo(row.get(1)?)), person(row, 2)?)))?;
        Ok(Self(RwLock::new(rows.collect::<rusqlite::Result<_>>()?)))
    }

    pub fn get(&self, tenant: TenantNo, no: CustomerNo) -> Option<Person> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(&(tenant, no)).copied()
    }

    /// The customer that stands for this one.
    pub fn standing(&self, tenant: TenantNo, no: CustomerNo) -> CustomerNo {
        self.get(tenant, no).and_then(|person| person.merged_into).unwrap_or(no)
    }

    /// Keeps what was just committed. Only for the writer.
    pub fn put(&self, tenant: TenantNo, links: impl Iterator<Item = (CustomerNo, Person)>) {
        let mut links = links.peekable();
        if links.peek().is_some() {
            let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
            known.extend(links.map(|(no, person)| ((tenant, no), person)));
        }
    }
}

/// From the columns `person, merged_into`, which begin there.
pub(crate) fn person(row: &Row<'_>, first: usize) -> rusqlite::Result<Person> {
    let merged_into = row.get::<_, Option<u32>>(first + 1)?.map(CustomerNo);
    Ok(Person { person: CustomerNo(row.get(first)?), merged_into })
}
