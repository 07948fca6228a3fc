//! The file itself, as SQLite sees it.

use std::collections::HashSet;

use domain::ledger::{IdempotencyHash, Outcome};
use ports::StoreError;

use super::Run;
use super::report::Promise;
use crate::error::store_error;
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

/// Each answer, with whether the index has its key, and how many other answers it has for it.
const ANSWERS: &str = "
    select answer.answer, answer.tenant, answer.hash, answer.at, answer.outcome,
        exists (
            select 1 from answer_key
            where answer_key.hash_start = substr(answer.hash, 1, 8) and answer_key.answer = answer.answer
        ),
        (
            select count(*)
            from answer_key join answer as other on other.answer = answer_key.answer
            where answer_key.hash_start = substr(answer.hash, 1, 8) and other.answer <> answer.answer
                and other.tenant = answer.tenant and other.hash = answer.hash
        )
    from answer";
const INDEXED: &str = "select up_to from answers_indexed where id = 1";

pub(super) fn answers(run: &mut Run<'_>) -> Result<(), StoreError> {
    let indexed: i64 = run.connection.query_row(INDEXED, [], |row| row.get(0)).map_err(store_error)?;
    let (mut number, mut later) = (0, HashSet::new());
    each(run.connection, ANSWERS, [], |row| {
        number += 1;
        let (answer, at): (i64, i64) = (row.get(0)?, row.get(3)?);
        if let Err(error) = unpack::<Outcome>(row.get_ref(4)?.as_blob()?) {
            run.findings.add(Promise::AnswersReadable, || format!("an answer given at {at} ms: {error}"));
        }
        let (is_indexed, others): (bool, i64) = (row.get(5)?, row.get(6)?);
        if answer <= indexed && !is_indexed {
            run.findings.add(Promise::AnswersFound, || format!("answer {answer} is not found by its key"));
        }
        let key: (i64, IdempotencyHash) = (row.get(1)?, row.get(2)?);
        if others > 0 || answer > indexed && !later.insert(key) {
            run.findings.add(Promise::AnswersFound, || format!("answer {answer} is not the only one to its key"));
        }
        Ok(())
    })?;
    run.findings.counted("answers", number);
    Ok(())
}

const KEYS_OF_NOTHING: &str = "
    select answer_key.answer
    from answer_key left join answer on answer.answer = answer_key.answer
    where answer.answer is null or substr(answer.hash, 1, 8) <> answer_key.hash_start";

pub(super) fn answer_keys(run: &mut Run<'_>) -> Result<(), StoreError> {
    each(run.connection, KEYS_OF_NOTHING, [], |row| {
        let answer: i64 = row.get(0)?;
        run.findings.add(Promise::AnswersFound, || format!("a key names answer {answer}, which is not the one to it"));
        Ok(())
    })
}
