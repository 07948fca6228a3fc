//! Who asks for things all day, and keeps what was answered. What fails is asked for once more.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use domain::codes::{Pattern, Reading};
use domain::id::FIRST_TENANT;
use domain::ledger::{Action, Answer, Command, Outcome};
use domain::redemption::RedemptionId;
use domain::rejection::Refusal;
use domain::voucher::Voucher;
use faults::{Disk, Failure};
use ports::{Clock, Ledger, PageRequest, Records, StoreError, VoucherFilter};
use sqlite::{Options, SqliteStore};
use tempfile::TempDir;

use super::data::Tables;
use super::promises::{Promise, Told};
use crate::support::{StillClock, command, keyed, options};

/// So few that the index takes them in during the day.
const ANSWERS_MAX: usize = 8;

/// A commit may have been lost: the process would end here.
#[derive(Debug)]
pub struct Stopped;

/// What is done about a failure before it is asked again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Remedy {
    AskAgain,
    MakeRoom,
}

/// Commits that may have been lost, of all callers: no test has two at once.
static LOST: AtomicUsize = AtomicUsize::new(0);

fn may_be_lost(_: &str) {
    LOST.fetch_add(1, Ordering::SeqCst);
}

pub struct Caller {
    pub disk: Disk,
    pub clock: Arc<StillClock>,
    /// How often something failed.
    pub refused: usize,
    /// What all files took at most when something was answered.
    pub bytes_max: usize,
    /// At so many pages the log is carried over; never in so short a day unless said.
    pub log_pages: Option<usize>,
    folder: TempDir,
    store: Option<SqliteStore>,
    promises: Vec<Promise>,
    remedy: Remedy,
    keys: u8,
    lost_before: usize,
}

impl Caller {
    pub fn new(failure: Option<Failure>, remedy: Remedy) -> Self {
        let folder = TempDir::new().expect("a folder");
        let disk = Disk::at(folder.path());
        if let Some(failure) = failure {
            disk.fail(failure);
        }
        Self {
            disk,
            clock: StillClock::new(),
            refused: 0,
            bytes_max: 0,
            log_pages: None,
            folder,
            store: None,
            promises: Vec::new(),
            remedy,
            keys: 0,
            lost_before: LOST.load(Ordering::SeqCst),
        }
    }

    /// What was answered, and last what was under way when the process ended, if it did.
    pub fn into_promises(self) -> Vec<Promise> {
        self.disk.forget();
        self.promises
    }

    pub fn store(&self) -> SqliteStore {
        self.store.clone().expect("it is open")
    }

    pub async fn open(&mut self) -> Result<(), Stopped> {
        let options = options(&self.folder, &self.clock);
        let log_pages = self.log_pages.unwrap_or(options.log_pages);
        let options =
            Options { on_lost_commit: may_be_lost, readers: 1, log_pages, answers_max: ANSWERS_MAX, ..options };
        let opened = self.twice("open", async || SqliteStore::open(options.clone()).map_err(|error| error.to_string()));
        self.store = Some(opened.await?);
        self.told(Told::Nothing, true).await;
        Ok(())
    }

    pub async fn close(&mut self) {
        if let Some(store) = self.store.take() {
            store.close().await;
        }
        self.told(Told::Nothing, true).await;
    }

    /// Under a key, so that it can be asked again.
    pub async fn ask(&mut self, action: Action) -> Result<Outcome, Stopped> {
        self.keys += 1;
        self.answered(keyed([self.keys; 16], self.keys, action)).await
    }

    /// Without a key.
    pub async fn ask_once(&mut self, action: Action) -> Result<Outcome, Stopped> {
        self.answered(command(action)).await
    }

    async fn answered(&mut self, command: Command) -> Result<Outcome, Stopped> {
        let what = format!("{:?}", command.action);
        let store = self.store();
        let answer = self.twice(&what, async || submit(&store, command.clone()).await).await?;
        let outcome = not_refused(answer);
        self.told(Told::Outcome(Box::new((command, outcome.clone()))), false).await;
        Ok(outcome)
    }

    /// All at the same time. Nothing else is asked before all are answered: it could be in a batch with one that fails.
    pub async fn ask_all(&mut self, actions: Vec<Action>) -> Result<(), Stopped> {
        let (mut asked, first) = (Vec::new(), self.keys + 1);
        for (key, action) in (first..).zip(actions) {
            let (store, command) = (self.store(), keyed([key; 16], key, action));
            asked.push((command.clone(), tokio::spawn(async move { submit(&store, command).await })));
            self.keys = key;
        }
        let mut answers = Vec::new();
        for (command, answer) in asked {
            answers.push((command, answer.await.expect("no panic")));
        }
        for (command, answer) in answers {
            // Whoever is told that it failed asks again.
            let (store, mut answer) = (self.store(), Some(answer));
            let again = async || match answer.take() {
                Some(answer) => answer,
                None => submit(&store, command.clone()).await,
            };
            let outcome = not_refused(self.twice("one of several", again).await?);
            self.told(Told::Outcome(Box::new((command, outcome))), true).await;
        }
        Ok(())
    }

    /// Does something that takes several commits, or none.
    pub async fn task<T>(
        &mut self,
        told: Told,
        ask: impl AsyncFn(&SqliteStore) -> Result<T, StoreError>,
    ) -> Result<T, Stopped> {
        let store = self.store();
        let done = self.twice("a task", async || ask(&store).await.map_err(|error| error.to_string())).await?;
        self.told(told, true).await;
        Ok(done)
    }

    async fn twice<T>(&mut self, what: &str, mut ask: impl AsyncFnMut() -> Result<T, String>) -> Result<T, Stopped> {
        let first = ask().await;
        let why = match first {
            Ok(done) => return Ok(done),
            Err(why) => why,
        };
        self.refused += 1;
        if LOST.load(Ordering::SeqCst) > self.lost_before {
            self.promises.push(Promise::under_way());
            return Err(Stopped);
        }
        if self.remedy == Remedy::MakeRoom {
            self.reads_go_on().await;
            // What failed may have freed what it had taken.
            if let Ok(done) = ask().await {
                return Ok(done);
            }
            self.disk.make_room(None);
        }
        Ok(ask().await.unwrap_or_else(|again| panic!("{what} failed for {why}, and again for {again}")))
    }

    /// A full disk is no reason not to answer what is only asked.
    async fn reads_go_on(&self) {
        if let Some(store) = &self.store {
            let page = PageRequest { limit: 9, after: None };
            store.vouchers(FIRST_TENANT, VoucherFilter::default(), page).await.expect("a full disk is read");
        }
    }

    async fn told(&mut self, told: Told, is_in_parts: bool) {
        self.disk.answered();
        self.settled().await;
        let data = match (&self.store, self.promises.last()) {
            (None, Some(last)) => last.data.clone(),
            _ => Tables::read(&self.path("data/scrip.db"), Some("unix")).expect("the data are read"),
        };
        self.promises.push(Promise { told, data, at: self.clock.now(), is_in_parts });
        self.bytes_max = self.bytes_max.max(self.disk.bytes());
    }

    /// Waits for what the store does after an answer, so that every day has the same record: who reads the data then
    /// would hinder its checkpoint. The next command is answered after that; this one is refused and writes nothing.
    async fn settled(&self) {
        if let Some(store) = &self.store {
            let unknown = RedemptionId::parse("unknown").expect("an id");
            let refused = submit(store, command(Action::Confirm { redemption: unknown })).await;
            assert!(matches!(refused, Ok(Err(_))), "{refused:?}");
        }
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The voucher's code, as typed.
    pub fn reading(&self, voucher: &Voucher) -> Reading {
        let codes = Arc::clone(self.store().codes());
        let code = codes.code(FIRST_TENANT, &Pattern::default(), voucher.key, voucher.key_no);
        codes.read(FIRST_TENANT, &code.expect("a computed code"))
    }
}

type Answered = Result<Result<Answer, Refusal>, String>;

async fn submit(store: &SqliteStore, command: Command) -> Answered {
    store.submit(FIRST_TENANT, command).await.map_err(|error| error.to_string())
}

fn not_refused(answer: Result<Answer, Refusal>) -> Outcome {
    answer.expect("nothing of the day is refused").outcome
}
