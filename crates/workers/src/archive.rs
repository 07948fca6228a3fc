//! Old events leave the store by way of files: what is to be removed is first written to one, which is whole and on stable
//! storage before a row is deleted. A file holds the events of one UTC day, or a part of them, and is named after the
//! journal rows it is made of. So after a crash its name says that it was written, and it is compared, not written again.

mod folder;
mod line;

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use domain::event::JournalNo;
use domain::time::Timestamp;
use ports::{JournalRow, OldEvents, Store, StoreError};

use folder::Folder;
use line::lines;

/// Rows of the journal read at once, each of up to 64 events: some megabytes in memory.
const ROWS_PER_PAGE: usize = 100;
/// Rows of the journal in one file at most: seconds of work, so that a server that is told to end does not wait longer.
const ROWS_PER_FILE: usize = 5_000;
/// Rows deleted in one transaction: short enough that claims do not notice.
const REMOVE_MAX: usize = 500;
const DAY_MS: i64 = 24 * 60 * 60 * 1_000;

const ARCHIVED: &str = "events_archived_total";

/// Why events were not archived. None that is not archived is removed.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The store could not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The folder cannot be written, or holds what does not belong to these data.
    #[error("the archive {folder}: {source}")]
    Folder {
        /// Which.
        folder: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Where old events go, and from where.
#[derive(Clone)]
pub struct Archive {
    /// Where they are.
    pub store: Arc<dyn Store>,
    /// The folder of their files. Made when it is not there.
    pub folder: PathBuf,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Archive {
    /// Moves the oldest events to a file: those of one day at most, and only of days that were over before that instant,
    /// so that a day's events do not lie in a file for every look. Returns how many rows of the journal were removed;
    /// none: no day is old enough.
    ///
    /// # Errors
    /// [`ArchiveError`]. What was removed is in a file that is whole; what is in a file may still be in the store, and is
    /// removed by the next call.
    pub async fn move_oldest(&self, before: Timestamp) -> Result<usize, ArchiveError> {
        let before = start_of_day(before);
        let Some(through) = self.write_oldest(before).await? else { return Ok(0) };
        let mut removed = 0;
        loop {
            let now = self.store.forget_events(before, through, REMOVE_MAX).await?;
            removed += now;
            if now < REMOVE_MAX {
                return Ok(removed);
            }
        }
    }

    /// The first half of it: afterwards all events up to the row that is returned are in files.
    ///
    /// # Errors
    /// [`ArchiveError`]; nothing was removed.
    pub async fn write_oldest(&self, before: Timestamp) -> Result<Option<JournalNo>, ArchiveError> {
        let before = start_of_day(before);
        let mut page = self.store.oldest_events(JournalNo(0), before, ROWS_PER_PAGE).await?;
        let Some((first, at)) = page.rows.first().map(|row| (row.no, row.at)) else { return Ok(None) };
        let day = start_of_day(at);
        let path = self.folder.clone();
        let mut target = self.blocking(move || Folder::open(path)?.target(first)).await?;
        let through = target.through().unwrap_or(JournalNo(i64::MAX));
        let fits = |row: &JournalRow| start_of_day(row.at) == day && row.no <= through;
        let (mut rows, mut events, mut last) = (0, 0, first);
        loop {
            let found = page.rows.len();
            page.rows = page.rows.into_iter().take_while(fits).take(ROWS_PER_FILE - rows).collect();
            let Some(row) = page.rows.last() else { break };
            last = row.no;
            rows += page.rows.len();
            events += page.rows.iter().map(|row| row.events.len() as u64).sum::<u64>();
            let text = self.text(&page);
            target = self.blocking(move || target.take(&text)).await?;
            if page.rows.len() < found || found < ROWS_PER_PAGE {
                break;
            }
            page = self.store.oldest_events(last, before, ROWS_PER_PAGE).await?;
        }
        let is_new = self.blocking(move || target.finish(at, (first, last))).await?;
        if is_new {
            metrics::counter!(ARCHIVED).increment(events);
        }
        Ok(Some(last))
    }

    fn text(&self, page: &OldEvents) -> String {
        lines(page, |no| self.store.tenant(no).map_or_else(|| no.0.to_string(), |tenant| tenant.name.clone()))
    }

    async fn blocking<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> io::Result<T> + Send + 'static,
    ) -> Result<T, ArchiveError> {
        let done = tokio::task::spawn_blocking(work).await;
        let done = done.unwrap_or_else(|error| Err(io::Error::other(error)));
        done.map_err(|source| ArchiveError::Folder { folder: self.folder.clone(), source })
    }
}

fn start_of_day(at: Timestamp) -> Timestamp {
    Timestamp::from_ms(at.as_ms().div_euclid(DAY_MS) * DAY_MS)
}
