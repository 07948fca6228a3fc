//! The simulation: the same commands to the store and to the model, and every answer compared.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use domain::codes::MasterKey;
use domain::customer::CustomerProfile;
use domain::event::Actor;
use domain::id::{CouponId, CouponNo, CustomerId, CustomerNo, FIRST_TENANT, VoucherKey};
use domain::ledger::{Action, Command, Outcome, Start};
use domain::rejection::Refusal;
use domain::time::Timestamp;
use ports::{Clock as _, Ledger as _, NewSegment, SavedOver, SegmentStore as _, StoreError};
use sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use uuid::Uuid;

use crate::clock::SetClock;
use crate::compare::Told;
use crate::model::{Coupon, Model};
use crate::random::Random;
use crate::script::{self, Ask, CUSTOMERS};
use crate::shop::SEGMENT;
use crate::{recount, shop};

/// 2026-01-05T00:00:00Z, a Monday.
const START_MS: i64 = 1_767_571_200_000;
/// Commands asked at once, at most.
const AT_ONCE_MAX: usize = 8;

/// What a simulation went through.
#[derive(Clone, Copy, Debug, Default)]
pub struct Outline {
    /// Commands asked.
    pub commands: usize,
    /// Of them refused, as they should be.
    pub refused: usize,
    /// Vouchers made.
    pub vouchers: usize,
    /// Redemptions asked for.
    pub redemptions: usize,
    /// What coupons gave that need no code.
    pub automatic: usize,
    /// Payments with gift value.
    pub payments: usize,
    /// Vouchers of a random amount.
    pub drawn: usize,
    /// Times the store was stopped and started again.
    pub restarts: usize,
    /// Times it went on from the files as a crash leaves them.
    pub crashes: usize,
}

/// Simulates so many rounds of up to 8 commands. Everything follows from the seed.
///
/// # Errors
/// The store answered something else than the model, or its data are not what they should be.
pub async fn simulate(seed: u64, rounds: usize) -> anyhow::Result<Outline> {
    let folder = tempfile::tempdir()?;
    let mut driver = Driver::start(seed, folder).await?;
    for round in 0..rounds {
        driver.round().await.with_context(|| format!("in round {round}"))?;
    }
    recount::recount(&driver).await?;
    driver.store.close().await;
    let report = sqlite::check(&driver.folder.path().join("scrip.db"), None)?;
    ensure!(report.is_clean(), "the data are not clean:\n{report}");
    let Driver { model, outline, .. } = driver;
    Ok(model.count(outline))
}

pub(crate) struct Driver {
    random: Random,
    folder: TempDir,
    clock: Arc<SetClock>,
    pub(crate) store: SqliteStore,
    pub(crate) model: Model,
    /// The real vouchers, by their places in the model.
    pub(crate) keys: Vec<Option<(VoucherKey, u32)>>,
    asked: Vec<Ask>,
    pub(crate) outline: Outline,
}

impl Driver {
    async fn start(seed: u64, folder: TempDir) -> anyhow::Result<Self> {
        let clock = Arc::new(SetClock::at(Timestamp::from_ms(START_MS)));
        let store = open(folder.path(), &clock)?;
        let mut driver = Self {
            random: Random::new(seed),
            folder,
            clock,
            store,
            model: Model::default(),
            keys: Vec::new(),
            asked: Vec::new(),
            outline: Outline::default(),
        };
        for _ in 0..CUSTOMERS {
            let profile = Box::new(CustomerProfile::default());
            let id = CustomerId(driver.uuid());
            driver.must(Action::CreateCustomer { id, profile }).await?;
        }
        let segment = NewSegment { name: SEGMENT.to_owned(), rule: None, over: SavedOver::Nothing };
        let saved = driver.store.save_segment((FIRST_TENANT, Actor::Operator), segment).await?;
        ensure!(saved.is_ok(), "the segment was not saved: {saved:?}");
        for definition in shop::definitions(&mut driver.random)? {
            let code = definition.code.as_deref().map(|text| driver.read(text));
            let id = CouponId(driver.uuid());
            let (start, saved) = (Start::Draft, Box::new(definition.clone()));
            driver.must(Action::CreateCoupon { id, definition: saved, code, start }).await?;
            let coupon = driver.model.coupons.len();
            let step = domain::coupon::CouponStep::Activate;
            driver.must(Action::MoveCoupon { coupon: coupon_no(coupon), step }).await?;
            let state = domain::coupon::CouponState::Running;
            driver.model.coupons.push(Coupon { definition, state, version: 2, figures: [0; 4] });
        }
        Ok(driver)
    }

    /// Some commands at once, then perhaps time passes, a sweep is made or the store starts anew.
    async fn round(&mut self) -> anyhow::Result<()> {
        let count = 1 + self.random.below(AT_ONCE_MAX);
        let asks: Vec<Ask> = (0..count).map(|_| script::next(&mut self.random, &self.model, &self.asked)).collect();
        self.ask(&asks).await?;
        self.asked.extend(asks);
        if self.random.percent(30) {
            let by_ms = if self.random.percent(5) { 24 * 60 * 60 * 1000 } else { self.random.below(400_000) };
            self.clock.advance(i64::try_from(by_ms)?);
        }
        if self.random.percent(10) {
            self.store.sweep(1 + self.random.below(50)).await?;
        }
        if self.random.percent(2) {
            self.store.close().await;
            self.store = open(self.folder.path(), &self.clock)?;
            self.outline.restarts += 1;
        }
        if self.random.percent(2) {
            self.crash().await?;
        }
        Ok(())
    }

    /// Goes on from what is on disk at this moment: the database and its log as they are while the store is open, as a
    /// power cut leaves them.
    async fn crash(&mut self) -> anyhow::Result<()> {
        let after = tempfile::tempdir()?;
        for file in ["scrip.db", "scrip.db-wal"] {
            let from = self.folder.path().join(file);
            if from.exists() {
                std::fs::copy(&from, after.path().join(file))?;
            }
        }
        self.store.close().await;
        self.store = open(after.path(), &self.clock)?;
        self.folder = after;
        self.outline.crashes += 1;
        Ok(())
    }

    /// Sends them in this order without waiting between, so that they meet in batches; the model does one by one.
    async fn ask(&mut self, asks: &[Ask]) -> anyhow::Result<()> {
        let mut answers = Vec::new();
        for ask in asks {
            let mut sent = Box::pin(self.send(ask).await?);
            let lost = ask.key.is_some() && self.random.percent(10);
            // One poll puts the command into the queue.
            let first = std::future::poll_fn(|context| std::task::Poll::Ready(sent.as_mut().poll(context))).await;
            // A caller that goes away does not stop its command; asking again with the key tells what came of it.
            answers.push(match (lost, first) {
                (true, _) => Sent::Lost,
                (false, std::task::Poll::Ready(answer)) => Sent::Answered(answer),
                (false, std::task::Poll::Pending) => Sent::Waiting(sent),
            });
        }
        let mut lost = Vec::new();
        for (ask, sent) in asks.iter().zip(answers) {
            let expected = self.model.act(ask, self.now_ms());
            let answer = match sent {
                Sent::Answered(answer) => answer?,
                Sent::Waiting(sent) => sent.await?,
                // What was done is told when it is asked again, at once: what was drawn counts for what comes next.
                Sent::Lost if expected.is_ok() => self.send(ask).await?.await?,
                Sent::Lost => {
                    lost.push(ask);
                    continue;
                }
            };
            self.compare(ask, expected, answer)?;
        }
        // Asked again with the same key: what was refused is decided anew.
        for ask in lost {
            let expected = self.model.act(ask, self.now_ms());
            let answer = self.send(ask).await?.await?;
            self.compare(ask, expected, answer)?;
        }
        Ok(())
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_u64_pair(self.random.next(), self.random.next())
    }

    pub(crate) fn now_ms(&self) -> i64 {
        self.clock.now().as_ms()
    }

    async fn must(&self, action: Action) -> anyhow::Result<Outcome> {
        let command = Command { actor: Actor::Operator, key: None, fingerprint: [0; 16], action };
        match self.store.submit(FIRST_TENANT, command).await? {
            Ok(answer) => Ok(answer.outcome),
            Err(refusal) => bail!("refused: {refusal:?}"),
        }
    }
}

pub(crate) type Answered = Result<Result<Told, Refusal>, StoreError>;

/// What has become of a command that was sent.
enum Sent {
    Answered(Answered),
    Waiting(std::pin::Pin<Box<dyn Future<Output = Answered>>>),
    Lost,
}

fn open(folder: &Path, clock: &Arc<SetClock>) -> anyhow::Result<SqliteStore> {
    let options = Options {
        test_clock: true,
        // So few that the index takes them in meanwhile.
        answers_max: 16,
        ..Options::new(folder.to_owned(), MasterKey::new([7; 32]), clock.clone())
    };
    Ok(SqliteStore::open(options)?)
}

/// The first customer and the first coupon have number 1.
pub(crate) fn customer_no(place: usize) -> CustomerNo {
    CustomerNo(u32::try_from(place + 1).expect("a small world"))
}

pub(crate) fn coupon_no(place: usize) -> CouponNo {
    CouponNo(u32::try_from(place + 1).expect("a small world"))
}
