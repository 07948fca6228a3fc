//! The file itself, as SQLite sees it.

use domain::ledger::Outcome;
use ports::StoreError;

use super::Run;
use super::report::Promise;
use crate::query::each;
use crate::rows::unpack;

/// A file that is opened to read only is not asked for its `check` constraints: what they say is checked elsewhere.
const INTEGRITY: &str = "
    select integrity_check
    from pragma_integrity_check";

pub(super) fn integrity(run: &mut Run<'_>) -> Result<(), StoreError> {
    each(run.connection, INTEGRITY, [], |row| {
        let message: String = row.get(0)?;
        if message != "ok" {
            run.findings.add(Promise::Integrity, || message);
        }
        Ok(())
    })
}

const FOREIGN_KEYS: &str = "
    select \"table\", parent
    from pragma_foreign_key_check";

pub(super) fn foreign_keys(run: &mut Run<'_>) -> Result<(), StoreError> {
    each(run.connection, FOREIGN_KEYS, [], |row| {
        let (table, parent): (String, String) = (row.get(0)?, row.get(1)?);
        run.findings.add(Promise::ForeignKeys, || format!("a row of {table} names a {parent} that is not there"));
        Ok(())
    })
}

const ANSWERS: &str = "
    select at, outcome
    from answer";

pub(super) fn answers(run: &mut Run<'_>) -> Result<(), StoreError> {
    let mut number = 0;
    each(run.connection, ANSWERS, [], |row| {
        number += 1;
        let at: i64 = row.get(0)?;
        if let Err(error) = unpack::<Outcome>(row.get_ref(1)?.as_blob()?) {
            run.findings.add(Promise::AnswersReadable, || format!("an answer given at {at} ms: {error}"));
        }
        Ok(())
    })?;
    run.findings.counted("answers", number);
    Ok(())
}
