//! A store in a folder of its own, and what tests ask of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use domain::benefit::Benefit;
use domain::campaign::CampaignDefinition;
use domain::codes::MasterKey;
use domain::coupon::{CouponStep, Definition, LimitDefinition, Visibility};
use domain::customer::CustomerProfile;
use domain::event::Actor;
use domain::id::{CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, FIRST_TENANT};
use domain::ledger::{Action, Answer, Command, IdempotencyHash, Outcome, Start};
use domain::limit::{Counts, Per};
use domain::order::{Line, Order};
use domain::period::Period;
use domain::rejection::{Refusal, Rejection};
use domain::time::{Span, Timestamp};
use domain::voucher::Voucher;
use ports::{Clock, Ledger, StoreError};
use sqlite::{Options, SqliteStore};
use tempfile::TempDir;
use uuid::Uuid;

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct StillClock(AtomicI64);

impl StillClock {
    pub fn new() -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(1_800_000_000_000)))
    }

    pub fn set(&self, ms: i64) {
        self.0.store(ms, Ordering::Relaxed);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.0.load(Ordering::Relaxed))
    }

    fn advance(&self, by_ms: i64) -> Option<Timestamp> {
        self.0.fetch_add(by_ms, Ordering::Relaxed);
        Some(self.now())
    }
}

/// A store, its folder and its clock.
pub struct Shop {
    pub store: SqliteStore,
    pub clock: Arc<StillClock>,
    pub folder: TempDir,
}

pub fn options(folder: &TempDir, clock: &Arc<StillClock>) -> Options {
    let clock = Arc::clone(clock);
    Options::new(folder.path().join("data"), MasterKey::new([7; 32]), clock)
}

impl Shop {
    pub fn open() -> Self {
        Self::open_with(|options| options)
    }

    pub fn open_with(change: impl FnOnce(Options) -> Options) -> Self {
        let (folder, clock) = (TempDir::new().expect("a folder"), StillClock::new());
        let store = SqliteStore::open(change(options(&folder, &clock))).expect("a new folder opens");
        Self { store, clock, folder }
    }

    /// Closed and opened again.
    pub async fn reopened(self) -> Self {
        self.store.close().await;
        let store = SqliteStore::open(options(&self.folder, &self.clock)).expect("the folder opens again");
        Self { store, ..self }
    }

    pub fn path(&self) -> PathBuf {
        self.folder.path().join("data/scrip.db")
    }

    /// A connection of somebody else. What is written by it, the store may read only when it is opened again: it keeps its
    /// snapshots until its own next commit.
    pub fn connection(&self) -> rusqlite::Connection {
        rusqlite::Connection::open(self.path()).expect("the file is there")
    }

    /// A number that a statement gives.
    pub fn number(&self, sql: &str) -> i64 {
        number(&self.connection(), sql)
    }

    pub async fn submit(&self, action: Action) -> Result<Result<Answer, Refusal>, StoreError> {
        self.store.submit(FIRST_TENANT, command(action)).await
    }

    /// The outcome of a command that is expected to succeed.
    pub async fn done(&self, action: Action) -> Outcome {
        self.submit(action).await.expect("the store answers").expect("not refused").outcome
    }

    /// The reason of a command that is expected to be refused.
    pub async fn refused(&self, action: Action) -> Rejection {
        self.submit(action).await.expect("the store answers").expect_err("refused").rejection
    }

    pub async fn customer(&self) -> CustomerNo {
        self.customer_with(None, None).await
    }

    pub async fn customer_with(&self, external_id: Option<&str>, email: Option<&str>) -> CustomerNo {
        let id = CustomerId(new_id());
        let (external_id, email) = (external_id.map(str::to_owned), email.map(str::to_owned));
        let profile = CustomerProfile { external_id, email, ..CustomerProfile::default() };
        let made = self.done(Action::CreateCustomer { id, profile: Box::new(profile) }).await;
        let Outcome::Customer(no) = made else { panic!("not a customer: {made:?}") };
        no
    }

    /// A coupon that is running.
    pub async fn coupon(&self, definition: Definition) -> CouponNo {
        let id = CouponId(new_id());
        let (definition, start) = (Box::new(definition), Start::Draft);
        let made = self.done(Action::CreateCoupon { id, definition, code: None, start }).await;
        let Outcome::Coupon { no, .. } = made else { panic!("not a coupon: {made:?}") };
        self.step(no, CouponStep::Activate).await;
        no
    }

    /// A campaign that is running.
    pub async fn campaign(&self, limits: Vec<LimitDefinition>) -> CampaignNo {
        let definition = Box::new(CampaignDefinition { limits, ..CampaignDefinition::new("spring") });
        let id = CampaignId(new_id());
        let made = self.done(Action::CreateCampaign { id, definition, start: Start::Active }).await;
        let Outcome::Campaign { no, .. } = made else { panic!("not a campaign: {made:?}") };
        no
    }

    pub async fn step(&self, coupon: CouponNo, step: CouponStep) {
        self.done(Action::MoveCoupon { coupon, step }).await;
    }

    pub async fn claim(&self, customer: CustomerNo, coupon: CouponNo) -> Voucher {
        let claimed = self.done(claim(customer, coupon)).await;
        let Outcome::Vouchers(vouchers) = claimed else { panic!("not vouchers: {claimed:?}") };
        vouchers.into_iter().next().expect("one")
    }
}

pub fn number(connection: &rusqlite::Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).expect("the statement gives a number")
}

/// The same ids in every run.
pub fn new_id() -> Uuid {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    Uuid::from_u128(u128::from(NEXT.fetch_add(1, Ordering::Relaxed)))
}

pub fn command(action: Action) -> Command {
    Command { actor: Actor::Operator, key: None, fingerprint: [0; 16], action }
}

pub fn keyed(key: IdempotencyHash, fingerprint: u8, action: Action) -> Command {
    Command { key: Some(key), fingerprint: [fingerprint; 16], ..command(action) }
}

pub fn claim(customer: CustomerNo, coupon: CouponNo) -> Action {
    Action::Claim { customer, coupons: vec![coupon] }
}

/// Ten percent off without a limit.
pub fn ten_percent() -> Definition {
    let benefit = serde_json::from_str::<Benefit>(r#"{"type":"percent_off","rate_bp":1000}"#).expect("a benefit");
    Definition { visibility: Visibility::Public, ..Definition::new("ten percent", benefit) }
}

pub fn limit(id: &str, per: Per, max: i64) -> LimitDefinition {
    LimitDefinition { id: id.to_owned(), counts: Counts::Claims, per, period: Period::Ever, max, give_back: None }
}

/// So many in all, one for each customer.
pub fn stocked(stock: i64) -> Definition {
    let limits = vec![limit("stock", Per::Everyone, stock), limit("each", Per::Customer, 1)];
    Definition { limits, ..ten_percent() }
}

/// Claims are held for a minute.
pub fn held(definition: Definition) -> Definition {
    let hold: Span = serde_json::from_str(r#""PT1M""#).expect("a span");
    Definition { hold: Some(hold), ..definition }
}

pub fn order(id: &str) -> Order {
    let order = Order::new("EUR".parse().expect("a currency"), vec![Line::new("tea", 2, 500)]);
    Order { id: Some(id.to_owned()), ..order }
}
