//! Answers to idempotency keys that are too old to be asked for. The table is in the order of hashes, so old ones lie
//! anywhere: a reader walks it in bounded steps from where the last call left off, the writer removes what was found.

use std::sync::{Mutex, PoisonError};

use domain::id::TenantNo;
use domain::time::Timestamp;
use ports::StoreError;
use rusqlite::{Connection, params};

use crate::SqliteStore;
use crate::error::store_error;
use crate::rows;
use crate::writer::Writer;

/// Rows looked at in one read.
const LOOK_MAX: usize = 20_000;
/// Rows removed in one transaction.
const REMOVE_MAX: usize = 500;

/// A place in the table; the default is before its first row.
type Place = (TenantNo, Vec<u8>);

/// Where the walk is.
#[derive(Debug)]
pub(crate) struct Walk(Mutex<Place>);

impl Walk {
    pub fn new() -> Self {
        Self(Mutex::new(start()))
    }

    fn take(&self) -> Place {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn put(&self, place: Place) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }
}

fn start() -> Place {
    (TenantNo(0), Vec::new())
}

impl SqliteStore {
    /// Removes at most `max` answers made before that instant. Returns how many. Ends early only when it has been
    /// through the whole table.
    pub(crate) async fn forget_old_answers(&self, before: Timestamp, max: usize) -> Result<usize, StoreError> {
        let mut removed = 0;
        let mut place = self.shared.forgetting.take();
        let mut wraps_left = 1;
        while removed < max {
            let (from, find_max) = (place.clone(), (max - removed).min(LOOK_MAX));
            let look = move |connection: &Connection| look(connection, &from, before, find_max).map_err(store_error);
            let (found, end) = self.shared.readers.run(look).await?;
            for chunk in found.chunks(REMOVE_MAX) {
                let chunk = chunk.to_vec();
                removed += self.queue.run(move |writer| writer.forget(&chunk, before)).await?;
            }
            match end {
                Some(end) => place = end,
                None if wraps_left == 0 => break,
                None => {
                    wraps_left -= 1;
                    place = start();
                }
            }
            self.shared.forgetting.put(place.clone());
        }
        Ok(removed)
    }
}

const ANSWERS: &str = "select tenant, hash, at from answer
    where (tenant, hash) > (?1, ?2)
    order by tenant, hash
    limit ?3";

/// Old answers after a place, and where the look ended; `None`: at the end of the table.
fn look(
    connection: &Connection,
    (tenant, hash): &Place,
    before: Timestamp,
    find_max: usize,
) -> rusqlite::Result<(Vec<Place>, Option<Place>)> {
    let mut statement = connection.prepare_cached(ANSWERS)?;
    let mut rows = statement.query(params![tenant.0, hash, LOOK_MAX as i64])?;
    let (mut found, mut seen) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        seen += 1;
        let is_old = rows::instant(row, 2)? < before;
        if is_old || seen == LOOK_MAX {
            let place = (TenantNo(row.get(0)?), row.get(1)?);
            if is_old {
                found.push(place.clone());
            }
            if seen == LOOK_MAX || found.len() == find_max {
                return Ok((found, Some(place)));
            }
        }
    }
    Ok((found, None))
}

const DELETE_ANSWER: &str = "delete from answer where tenant = ?1 and hash = ?2 and at < ?3";

impl Writer<'_> {
    fn forget(&mut self, answers: &[Place], before: Timestamp) -> Result<usize, StoreError> {
        let forget = || {
            let transaction = self.connection.unchecked_transaction()?;
            let mut statement = transaction.prepare_cached(DELETE_ANSWER)?;
            let mut removed = 0;
            for (tenant, hash) in answers {
                removed += statement.execute(params![tenant.0, hash, before.as_ms()])?;
            }
            drop(statement);
            transaction.commit()?;
            Ok(removed)
        };
        forget().map_err(store_error)
    }
}
