//! The simulation: the same commands to the store and to the model, and every answer compared.

use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail, ensure};
use domain::codes::{ComputedCode, MasterKey, Reading};
use domain::customer::CustomerProfile;
use domain::event::Actor;
use domain::id::{CouponId, CouponNo, CustomerId, CustomerNo, FIRST_TENANT, VoucherKey};
use domain::ledger::{Action, Answer, Command, GivenEntry, Outcome, RedeemRequest, ReturnLine};
use domain::order::{Line, Order};
use domain::redemption::RedemptionId;
use domain::rejection::{Refusal, Rejection};
use domain::time::Timestamp;
use ports::{Clock as _, Ledger as _, Records as _, StoreError};
use sqlite::{Options, SqliteStore};
use uuid::Uuid;

use crate::clock::SetClock;
use crate::model::{Coupon, Model, Reply};
use crate::random::Random;
use crate::script::{self, Ask, CUSTOMERS, Code, Redeem, Step};
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
    /// Times the store was stopped and started again.
    pub restarts: usize,
}

/// Simulates so many rounds of up to 8 commands. Everything follows from the seed.
///
/// # Errors
/// The store answered something else than the model, or its data are not what they should be.
pub async fn simulate(seed: u64, rounds: usize) -> anyhow::Result<Outline> {
    let folder = tempfile::tempdir()?;
    let mut driver = Driver::start(seed, folder.path().to_owned()).await?;
    for round in 0..rounds {
        driver.round().await.with_context(|| format!("in round {round}"))?;
    }
    recount::recount(&driver).await?;
    driver.store.close().await;
    let report = sqlite::check(&folder.path().join("scrip.db"), None)?;
    ensure!(report.is_clean(), "the data are not clean:\n{report}");
    let Driver { model, outline, .. } = driver;
    Ok(Outline { vouchers: model.vouchers.len(), redemptions: model.redemptions.len(), ..outline })
}

pub(crate) struct Driver {
    random: Random,
    folder: PathBuf,
    clock: Arc<SetClock>,
    pub(crate) store: SqliteStore,
    pub(crate) model: Model,
    /// The real vouchers, by their places in the model.
    pub(crate) keys: Vec<Option<(VoucherKey, u32)>>,
    asked: Vec<Ask>,
    outline: Outline,
}

impl Driver {
    async fn start(seed: u64, folder: PathBuf) -> anyhow::Result<Self> {
        let clock = Arc::new(SetClock::at(Timestamp::from_ms(START_MS)));
        let store = open(folder.clone(), &clock)?;
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
        for definition in shop::definitions(&mut driver.random)? {
            let code = definition.code.as_deref().map(|text| driver.read(text));
            let id = CouponId(driver.uuid());
            driver.must(Action::CreateCoupon { id, definition: Box::new(definition.clone()), code }).await?;
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
            self.store = open(self.folder.clone(), &self.clock)?;
            self.outline.restarts += 1;
        }
        Ok(())
    }

    /// Sends them in this order without waiting between, so that they meet in batches; the model does one by one.
    async fn ask(&mut self, asks: &[Ask]) -> anyhow::Result<()> {
        let mut answers = Vec::new();
        for ask in asks {
            let command = self.command(ask).await?;
            let store = self.store.clone();
            let lost = ask.key.is_some() && self.random.percent(10);
            let mut sent = Box::pin(async move { store.submit(FIRST_TENANT, command).await });
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
                Sent::Lost => {
                    lost.push(ask);
                    continue;
                }
            };
            self.compare(ask, expected, answer)?;
        }
        // Asked again with the same key: what was done is told, what was refused is decided anew.
        for ask in lost {
            let expected = self.model.act(ask, self.now_ms());
            let answer = self.store.submit(FIRST_TENANT, self.command(ask).await?).await?;
            self.compare(ask, expected, answer)?;
        }
        Ok(())
    }

    fn compare(
        &mut self,
        ask: &Ask,
        expected: Result<Reply, Rejection>,
        answer: Result<Answer, Refusal>,
    ) -> anyhow::Result<()> {
        self.outline.commands += 1;
        let same = match (&expected, &answer) {
            (Err(rejection), Err(refusal)) => {
                self.outline.refused += 1;
                *rejection == refusal.rejection
            }
            (Ok(reply), Ok(answer)) => self.is_same(reply, &answer.outcome),
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
        };
        if !same {
            bail!("{ask:?}\nshould have been answered {expected:?}\nwas answered {answer:?}");
        }
        Ok(())
    }

    fn is_same(&mut self, reply: &Reply, outcome: &Outcome) -> bool {
        match (reply, outcome) {
            (Reply::Vouchers(expected), Outcome::Vouchers(vouchers)) => {
                self.keys.resize(self.model.vouchers.len(), None);
                expected.len() == vouchers.len()
                    && expected.iter().zip(vouchers).all(|((place, state), voucher)| {
                        let key = (voucher.key, voucher.key_no);
                        *self.keys[*place].get_or_insert(key) == key && voucher.state == *state
                    })
            }
            (
                Reply::Redemption { state, discount_minor, total_minor, returned_minor },
                Outcome::Redemption(redemption),
            ) => {
                *state == redemption.state
                    && *discount_minor == redemption.discount_minor
                    && *total_minor == redemption.total_minor
                    && *returned_minor == redemption.returned_minor()
            }
            (Reply::Coupon { version }, Outcome::Coupon { version: real, .. }) => version == real,
            (Reply::Vouchers(_) | Reply::Redemption { .. } | Reply::Coupon { .. }, _) => false,
        }
    }

    async fn command(&self, ask: &Ask) -> anyhow::Result<Command> {
        let key = ask.key.map(sixteen);
        Ok(Command {
            actor: Actor::Operator,
            key,
            fingerprint: sixteen(ask.fingerprint),
            action: self.action(ask).await?,
        })
    }

    async fn action(&self, ask: &Ask) -> anyhow::Result<Action> {
        Ok(match &ask.step {
            Step::Claim { customer, coupons } => Action::Claim {
                customer: customer_no(*customer),
                coupons: coupons.iter().copied().map(coupon_no).collect(),
            },
            Step::Issue { coupon, customers } => Action::Issue {
                coupon: coupon_no(*coupon),
                customers: customers.iter().copied().map(customer_no).collect(),
            },
            Step::Give { coupon } => Action::IssueGiven { coupon: coupon_no(*coupon), codes: vec![self.gift(ask)] },
            Step::Release { voucher } => Action::Release { voucher: self.candidates(*voucher)? },
            Step::Revoke { voucher } => Action::Revoke { voucher: self.candidates(*voucher)? },
            Step::Assign { voucher, customer } => {
                Action::Assign { voucher: self.candidates(*voucher)?, customer: customer_no(*customer) }
            }
            Step::Redeem(redeem) => Action::Redeem(Box::new(self.request(redeem).await?)),
            Step::Confirm { id } => Action::Confirm { redemption: RedemptionId::parse(id.as_str())? },
            Step::Cancel { id } => Action::Cancel { redemption: RedemptionId::parse(id.as_str())? },
            Step::Return { id, lines } => {
                let line = |(line, quantity): &(usize, u32)| ReturnLine { line: *line, quantity: *quantity };
                let lines = lines.as_ref().map(|lines| lines.iter().map(line).collect());
                Action::Return { redemption: RedemptionId::parse(id.as_str())?, lines }
            }
            Step::Move { coupon, step } => Action::MoveCoupon { coupon: coupon_no(*coupon), step: *step },
            Step::SetMax { coupon, if_version, limit, max } => {
                let mut definition = self.model.coupons[*coupon].definition.clone();
                definition.limits[*limit].max = *max;
                let code = definition.code.as_deref().map(|text| self.read(text));
                let (coupon, if_version) = (coupon_no(*coupon), *if_version);
                Action::UpdateCoupon { coupon, if_version, definition: Box::new(definition), code }
            }
        })
    }

    /// A given code of its own for every command; a repetition gives the same.
    fn gift(&self, ask: &Ask) -> GivenEntry {
        let text = format!("GIFT-{:016X}", ask.fingerprint);
        let reading = self.read(&text);
        let sealed = self.store.codes().seal(FIRST_TENANT, &reading, &text);
        GivenEntry { reading, sealed, customer: None }
    }

    async fn request(&self, redeem: &Redeem) -> anyhow::Result<RedeemRequest> {
        let mut codes = Vec::new();
        for code in &redeem.codes {
            let text = match code {
                Code::Shared(coupon) => self.model.coupons[*coupon].definition.code.clone().context("a shared code")?,
                Code::Voucher(place) => {
                    let key = self.keys[*place].context("a voucher that was made")?;
                    let codes = self.store.voucher_codes(FIRST_TENANT, &[key]).await?;
                    codes.into_iter().next().context("a voucher has a code")?
                }
            };
            codes.push(self.read(&text));
        }
        let line = |(place, (quantity, price)): (usize, &(u32, i64))| Line {
            sku: format!("S{place}"),
            product: None,
            category: None,
            quantity: *quantity,
            unit_price_minor: *price,
        };
        let lines = redeem.lines.iter().enumerate().map(line).collect();
        Ok(RedeemRequest {
            id: RedemptionId::parse(redeem.id.as_str())?,
            customer: Some(customer_no(redeem.customer)),
            order: Order { id: Some(redeem.order.clone()), currency: "EUR".parse()?, lines },
            codes,
            expected_total_minor: None,
            reserve_ms: redeem.reserve_ms,
        })
    }

    fn candidates(&self, place: usize) -> anyhow::Result<Vec<ComputedCode>> {
        let (key, key_no) = self.keys[place].context("a voucher that was made")?;
        Ok(vec![ComputedCode { key_no, key }])
    }

    fn read(&self, text: &str) -> Reading {
        self.store.codes().read(FIRST_TENANT, text)
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

type Answered = Result<Result<Answer, Refusal>, StoreError>;

/// What has become of a command that was sent.
enum Sent {
    Answered(Answered),
    Waiting(std::pin::Pin<Box<dyn Future<Output = Answered>>>),
    Lost,
}

fn open(folder: PathBuf, clock: &Arc<SetClock>) -> anyhow::Result<SqliteStore> {
    let options = Options { test_clock: true, ..Options::new(folder, MasterKey::new([7; 32]), clock.clone()) };
    Ok(SqliteStore::open(options)?)
}

fn sixteen(number: u64) -> [u8; 16] {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    bytes
}

/// The first customer and the first coupon have number 1.
pub(crate) fn customer_no(place: usize) -> CustomerNo {
    CustomerNo(u32::try_from(place + 1).expect("a small world"))
}

pub(crate) fn coupon_no(place: usize) -> CouponNo {
    CouponNo(u32::try_from(place + 1).expect("a small world"))
}
