//! The store on SQLite: one thread owns the write connection and commits whatever waits as one transaction; read-only
//! connections answer the rest.
//!
//! It knows rows, SQL and durability, and no rule: what a command does is decided by `domain::ledger` on facts that are
//! loaded here, and written here as it says. It must not know HTTP or configuration, and reads no clock but the port's.
//!
//! Read in this order: `open` (from a folder to a store) with `schema` and `installation`; `queue` and `writer` (the
//! thread); `batch` and `commit` (one transaction) with `load`, `write` and `answers` (what was answered to idempotency keys); `checkpoints` (the log into the file); `definitions` (what is kept in memory), `kept` and `near` (how it is
//! looked at by many threads) and `persons` (who is one with whom); `ledger`, `sweep`, `cut`, `imports`, `access`, `access_blocks`, `segments` and `collections` (both by `named`), `accounts`,
//! `tokens`, `mails` and `tenants` (the ports); `backup`; `readers` and `reading` with `records` (what is read back); `check` (the
//! promises, verified on a back-up) and `storage` (the room that tables take, measured on one).

mod open;
mod schema;
mod installation;
mod plain;
mod memory;
mod queue;
mod writer;
mod batch;
mod commit;
mod checkpoints;
mod load;
mod write;
mod answers;
mod refusals;
mod definitions;
mod ids;
mod persons;
mod ledger;
mod sweep;
mod cut;
mod imports;
mod access;
mod access_blocks;
mod near;
mod kept;
mod named;
mod segments;
mod collections;
mod accounts;
mod tokens;
mod mails;
mod tenants;
mod backup;
mod readers;
mod reading;
mod records;
mod check;
mod storage;
mod query;
#[cfg(test)]
mod plan;
#[cfg(test)]
mod plans;
mod rows;
mod error;

pub use check::{Finding, Report, check, checks};
pub use open::{OpenError, Options};
pub use storage::{PerVoucher, Storage, Tenths, Tree, storage};

use std::sync::Arc;

use memory::Shared;
use queue::Queue;

/// The store. Cheap to clone; every clone is the same store. Call [`SqliteStore::close`] before the program ends.
#[derive(Clone)]
pub struct SqliteStore {
    pub(crate) shared: Arc<Shared>,
    pub(crate) queue: Queue,
}

impl std::fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteStore").finish_non_exhaustive()
    }
}

impl SqliteStore {
    /// The store's time: the clock's, but never before what was decided last.
    #[must_use]
    pub fn now(&self) -> domain::time::Timestamp {
        self.shared.now()
    }

    /// Does what waits, writes the log back into the file and ends the writer. Commands that come later are refused.
    pub async fn close(&self) {
        self.queue.close().await;
    }
}
