//! Verifies on a back-up what is promised of the data. Every row is read once and events are looked up again, so the
//! time grows with the data and the memory does not: sums per counter stand in temporary tables on disk. Only who is one
//! person with others is kept in memory, as a running store keeps it.
//!
//! Read in this order: `report` (what is promised), `journal` (events, counted), `histories` (from a row back through
//! its events), `usage`, then one kind of row after the other.

mod report;
mod file;
mod journal;
mod histories;
mod usage;
mod statistics;
mod settlements;
mod definitions;
mod accounts;
mod customers;
mod vouchers;
mod redemptions;
mod gifts;
mod decisions;
mod codes;
mod access_blocks;
mod sealed;
mod audit;
mod statements;
mod names;
#[cfg(test)]
mod plans;

use std::collections::BTreeMap;
use std::path::Path;

use domain::id::{TenantNo, VoucherKey};
use ports::{Codes, StoreError};
use rusqlite::{Connection, OpenFlags};

pub use report::{Finding, Report, checks};
#[cfg(test)]
pub(crate) use usage::TABLES;

use crate::error::store_error;
use crate::persons::Persons;
use codes::CodeRows;
use journal::Journal;
use names::Owner;
use report::{Findings, Promise};
use settlements::Settlements;
use statistics::Figures;
use usage::Sums;

/// Checks the database in that file, a back-up that nothing writes to. With `codes`, a sample of codes and ids is read
/// back too. Damage is told in the report.
///
/// # Errors
/// The file is not there, is no database of ours, or cannot be read.
pub fn check(db: &Path, codes: Option<&Codes>) -> Result<Report, StoreError> {
    let connection = open(db).map_err(store_error)?;
    // One snapshot for all passes, and one transaction for what they write down beside it.
    let snapshot = connection.unchecked_transaction().map_err(store_error)?;
    let mut run = Run::new(&snapshot, codes)?;
    if codes.is_none() {
        run.findings.skip(Promise::CodeRoundtrip, "no key ring was given: only the numbers of its keys were looked at");
        run.findings.skip(Promise::SealedRowsOpen, "no key ring was given");
        run.findings
            .skip(Promise::PersonalFieldsOpen, "no key ring was given: only whether there are keys was looked at");
    }
    for (what, pass) in PASSES {
        match pass(&mut run) {
            Ok(()) => {}
            // The rest may still read.
            Err(StoreError::Corrupt(why)) => run.findings.add(Promise::RowsReadable, || format!("{what}: {why}")),
            Err(error) => return Err(error),
        }
    }
    Ok(run.findings.report())
}

type Pass = fn(&mut Run<'_>) -> Result<(), StoreError>;

/// The journal comes before what is compared with it, and rows before what is compared with their sums.
const PASSES: &[(&str, Pass)] = &[
    ("the file", file::integrity),
    ("foreign keys", file::foreign_keys),
    ("the ring", codes::load),
    ("the journal", journal::count),
    ("the audit log", audit::walk),
    ("coupons", definitions::coupons),
    ("campaigns", definitions::campaigns),
    ("customers", customers::walk),
    ("accounts", accounts::walk),
    ("blocks", definitions::blocks),
    ("vouchers", vouchers::walk),
    ("redemptions", redemptions::walk),
    ("gift value", gifts::walk),
    ("histories", histories::find_strays),
    ("reservations", redemptions::listed),
    ("decisions", decisions::walk),
    ("answers", file::answers),
    ("answer_keys", file::answer_keys),
    ("access blocks", access_blocks::walk),
    ("tokens", sealed::tokens),
    ("mails", sealed::mails),
    ("usages", usage::compare),
    ("figures", statistics::compare),
    ("settlements", settlements::compare),
    ("all tables", statements::run_all),
];

/// What the passes share.
struct Run<'a> {
    connection: &'a Connection,
    codes: Option<&'a Codes>,
    findings: Findings,
    journal: Journal<'a>,
    code_rows: CodeRows,
    persons: Persons,
    usage_of_events: Sums<'a>,
    usage_of_takings: Sums<'a>,
    figures_of_events: Figures,
    figures_of_rows: Figures,
    /// What pending redemptions will pay with gift value.
    held_of_gifts: BTreeMap<(TenantNo, VoucherKey), i64>,
    settled_of_rows: Settlements,
    /// Events less changes of rows: nothing, once all rows were followed.
    strays: BTreeMap<(TenantNo, Owner), i64>,
    /// The first row of the journal whose changes are in the audit log.
    audited_from: i64,
}

impl<'a> Run<'a> {
    fn new(connection: &'a Connection, codes: Option<&'a Codes>) -> Result<Self, StoreError> {
        usage::prepare(connection)?;
        Ok(Self {
            connection,
            codes,
            findings: Findings::default(),
            journal: Journal::new(connection)?,
            code_rows: CodeRows::default(),
            persons: Persons::load(connection).map_err(store_error)?,
            usage_of_events: Sums::of_events(connection),
            usage_of_takings: Sums::of_takings(connection),
            figures_of_events: Figures::new(),
            figures_of_rows: Figures::new(),
            held_of_gifts: BTreeMap::new(),
            settled_of_rows: Settlements::default(),
            strays: BTreeMap::new(),
            audited_from: audit::begins(connection)?,
        })
    }
}

/// Pages kept in memory, in KiB.
const CACHE_KIB: i64 = 64 * 1024;

fn open(db: &Path) -> rusqlite::Result<Connection> {
    let connection =
        Connection::open_with_flags(db, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    connection.set_prepared_statement_cache_capacity(64);
    Ok(connection)
}
