//! Events and decisions that are too old to be kept. Both lie in the order in which they were made, so the oldest are
//! at hand, and a cut is told from a loss: what is older than the oldest that is left was removed.

use domain::event::JournalNo;
use domain::time::Timestamp;
use ports::StoreError;
use rusqlite::{OptionalExtension, params};

use crate::SqliteStore;
use crate::error::store_error;
use crate::rows;
use crate::writer::Writer;

impl SqliteStore {
    pub(crate) async fn cut_events(
        &self,
        before: Timestamp,
        through: JournalNo,
        max: usize,
    ) -> Result<usize, StoreError> {
        self.queue.run(move |writer| writer.cut_events(before, through, max).map_err(store_error)).await
    }

    pub(crate) async fn cut_decisions(&self, before: Timestamp, max: usize) -> Result<usize, StoreError> {
        self.queue.run(move |writer| writer.cut_decisions(before, max).map_err(store_error)).await
    }
}

/// The last row stays: the next start goes on from its number and its time.
const NEXT_ROWS: &str = "select journal, at from journal
    where journal < (select max(journal) from journal) and journal <= ?1
    order by journal
    limit ?2";
const DELETE_ROW: &str = "delete from journal where journal = ?1";

/// Up to which redemption decisions were removed.
const FORGOTTEN: &str = "select cast(value as integer) from meta where name = 'decisions_forgotten'";
const PUT_FORGOTTEN: &str = "insert into meta (name, value) values ('decisions_forgotten', ?1)
    on conflict do update set value = excluded.value";
const NEXT_REDEMPTIONS: &str = "select redemption, made_at from redemption
    where redemption > ?1
    order by redemption
    limit ?2";
const DELETE_DECISION: &str = "delete from decision where redemption = ?1";

impl Writer<'_> {
    fn cut_events(&self, before: Timestamp, through: JournalNo, max: usize) -> rusqlite::Result<usize> {
        let transaction = self.connection.unchecked_transaction()?;
        let limit = i64::try_from(max).unwrap_or(i64::MAX);
        let mut statement = transaction.prepare_cached(NEXT_ROWS)?;
        let mut delete = transaction.prepare_cached(DELETE_ROW)?;
        let (mut next, mut removed) = (statement.query(params![through.0, limit])?, 0);
        while let Some(row) = next.next()? {
            if rows::instant(row, 1)? >= before {
                break;
            }
            removed += delete.execute([row.get::<_, i64>(0)?])?;
        }
        drop(next);
        drop((statement, delete));
        transaction.commit()?;
        Ok(removed)
    }

    fn cut_decisions(&self, before: Timestamp, max: usize) -> rusqlite::Result<usize> {
        let transaction = self.connection.unchecked_transaction()?;
        let mut reached: i64 = transaction.query_row(FORGOTTEN, [], |row| row.get(0)).optional()?.unwrap_or(0);
        let limit = i64::try_from(max).unwrap_or(i64::MAX);
        let mut statement = transaction.prepare_cached(NEXT_REDEMPTIONS)?;
        let mut delete = transaction.prepare_cached(DELETE_DECISION)?;
        let (mut next, mut passed) = (statement.query(params![reached, limit])?, 0);
        while let Some(row) = next.next()? {
            if rows::instant(row, 1)? >= before {
                break;
            }
            reached = row.get(0)?;
            delete.execute([reached])?;
            passed += 1;
        }
        drop(next);
        drop((statement, delete));
        if passed > 0 {
            transaction.execute(PUT_FORGOTTEN, [reached.to_string()])?;
        }
        transaction.commit()?;
        Ok(passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::plan;

    #[test]
    fn the_oldest_are_found_without_a_look_at_the_rest() {
        for sql in [NEXT_ROWS, NEXT_REDEMPTIONS, FORGOTTEN] {
            let plan = plan("", sql);
            assert!(plan.iter().all(|step| !step.starts_with("SCAN") && !step.contains("TEMP")), "{sql}: {plan:?}");
        }
    }
}
