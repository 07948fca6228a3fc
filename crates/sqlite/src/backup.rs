//! A copy of the whole store while it is at work. It is made on the write connection, in steps with commands between
//! them: SQLite carries what this connection writes over to pages that are copied already, so the copy never starts
//! anew and is, when done, the state as of its last step.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ports::StoreError;
use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::SqliteStore;
use crate::error::store_error;
use crate::open::private;
use crate::writer::Writer;

/// Pages copied between two looks at the queue: a megabyte.
const STEP_PAGES: i32 = 256;
/// The removal of the copy's journal commits it. With `full` the folder is not synced after that: power that fails then
/// brings the journal back, and whoever opens the copy next finds it undone, an empty file.
const SYNCHRONOUS: &str = "extra";

impl SqliteStore {
    /// Copies the store into a new file while commands go on. Returns when the copy is whole and on stable storage.
    ///
    /// # Errors
    /// The file is there already or cannot be written; another backup is under way; the store could not answer. What
    /// was begun of the file is removed.
    pub async fn backup(&self, to: PathBuf) -> Result<(), StoreError> {
        self.queue.run(move |writer| writer.back_up(&to)).await
    }
}

impl Writer<'_> {
    fn back_up(&mut self, to: &Path) -> Result<(), StoreError> {
        if self.backing_up {
            return Err(StoreError::Unavailable("another backup is under way".to_owned()));
        }
        let file = private().create_new(true).open(to).map_err(|error| failed(to, &error))?;
        self.backing_up = true;
        let copied = self.copy(to).and_then(|()| file.sync_all().map_err(|error| failed(to, &error)));
        self.backing_up = false;
        if copied.is_err() {
            // Nobody could tell it from a whole one.
            let _ = fs::remove_file(to);
        }
        copied
    }

    fn copy(&mut self, to: &Path) -> Result<(), StoreError> {
        let mut copy = Connection::open(to).map_err(store_error)?;
        copy.pragma_update(None, "synchronous", SYNCHRONOUS).map_err(store_error)?;
        let backup = Backup::new(self.connection, &mut copy).map_err(store_error)?;
        loop {
            match backup.step(STEP_PAGES).map_err(store_error)? {
                StepResult::Done => return Ok(()),
                StepResult::More => {}
                other => return Err(StoreError::Unavailable(format!("the backup stopped: {other:?}"))),
            }
            self.serve_waiting();
        }
    }
}

fn failed(path: &Path, error: &io::Error) -> StoreError {
    StoreError::Unavailable(format!("{}: {error}", path.display()))
}
