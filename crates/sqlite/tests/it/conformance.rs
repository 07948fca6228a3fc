//! The suite that every store passes, on real files.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use domain::codes::MasterKey;
use ports::conformance::{Harness, TestClock, settings};
use ports::{Clock, Records, Store};
use sqlite::{Options, SqliteStore};
use tempfile::TempDir;

/// A store in a folder of its own.
struct Files {
    folder: TempDir,
    clock: Arc<TestClock>,
    store: SqliteStore,
}

impl Files {
    fn open(folder: TempDir, clock: Arc<TestClock>) -> Self {
        let settings = settings();
        let options = Options {
            test_clock: true,
            zone: settings.zone,
            currency: settings.currency,
            // So few that the index takes them in meanwhile.
            answers_max: 16,
            ..Options::new(folder.path().to_owned(), MasterKey::new([9; 32]), clock.clone())
        };
        let store = SqliteStore::open(options).expect("the folder opens");
        Self { folder, clock, store }
    }

    fn open_on(&mut self, folder: TempDir) {
        *self = Self::open(folder, Arc::clone(&self.clock));
    }
}

async fn files() -> Files {
    Files::open(TempDir::new().expect("a folder"), Arc::new(TestClock::new()))
}

#[async_trait]
impl Harness for Files {
    fn store(&self) -> Arc<dyn Store> {
        Arc::new(self.store.clone())
    }

    fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock) as Arc<dyn Clock>
    }

    async fn restart(&mut self) {
        self.store.close().await;
        let folder = std::mem::replace(&mut self.folder, TempDir::new().expect("a folder"));
        self.open_on(folder);
    }

    /// Goes on with a copy of the files as a process that ends here leaves them: the log not carried over, and perhaps
    /// torn at its end. The database first, which only a checkpoint writes to, and there is none after so few pages.
    async fn crash(&mut self) {
        let copy = TempDir::new().expect("a folder");
        for name in ["scrip.db", "scrip.db-wal"] {
            copy_file(&self.folder.path().join(name), &copy.path().join(name));
        }
        self.store.close().await;
        self.open_on(copy);
    }

    async fn check(&self) -> Vec<String> {
        let copy = TempDir::new().expect("a folder");
        let file = copy.path().join("backup.db");
        self.store.backup(file.clone()).await.expect("a backup can be made");
        let report = sqlite::check(&file, Some(self.store.codes())).expect("a backup can be checked");
        report.findings.iter().map(|finding| format!("{finding:?}")).collect()
    }

    fn multi_claims(&self) -> usize {
        10_000
    }
}

fn copy_file(from: &Path, to: &Path) {
    fs::copy(from, to).expect("the file can be copied");
}

ports::conformance_suite!(files);
