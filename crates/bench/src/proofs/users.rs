//! Users who claim and redeem, one after the other for as long as is said, all of them at once.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use tokio::task::{JoinSet, LocalSet};

use super::crowd::histogram;
use crate::connection::Connection;
use crate::load::{float, now};
use crate::orders::order_of;
use crate::request::Request;

/// Every so many vouchers one is redeemed by two orders at once.
const CONTESTED_EVERY: u64 = 10;
/// Orders of one user.
const ORDERS_MAX: u64 = 1 << 32;
const LINES: usize = 2;

/// Who has signed in.
#[derive(Clone, Debug)]
pub struct User {
    pub number: usize,
    pub token: String,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Found {
    pub claims: u64,
    pub redemptions: u64,
    pub contested: u64,
    /// Vouchers that two orders got.
    pub doubles: u64,
    /// Answers that should have been others, by status.
    pub errors: BTreeMap<u16, u64>,
    pub claim_us: Histogram<u64>,
    pub redeem_us: Histogram<u64>,
    /// Claims and redemptions of each whole second.
    pub per_second: Vec<u64>,
}

impl Found {
    pub fn rate_per_s(&self, time: Duration) -> f64 {
        float(self.per_second.iter().sum()) / time.as_secs_f64()
    }
}

/// All of them at once.
pub struct Crowding {
    /// Where one claims.
    path: String,
    begun: Instant,
    until: Instant,
    found: RefCell<Found>,
}

impl Crowding {
    pub fn run(address: SocketAddr, path: String, users: Vec<User>, time: Duration) -> anyhow::Result<Found> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, async {
            let mut open = Vec::with_capacity(users.len());
            for user in users {
                open.push((user, Connection::open(address).await?, Connection::open(address).await?));
            }
            let begun = now();
            let found = RefCell::new(Found::new(time)?);
            let crowding = Rc::new(Self { path, begun, until: begun + time, found });
            let mut tasks = JoinSet::new();
            for (user, one, other) in open {
                tasks.spawn_local(Rc::clone(&crowding).go_on(user, one, other));
            }
            while let Some(ended) = tasks.join_next().await {
                ended??;
            }
            Ok(crowding.found.borrow().clone())
        })
    }

    async fn go_on(self: Rc<Self>, user: User, mut one: Connection, mut other: Connection) -> anyhow::Result<()> {
        let mut orders = u64::try_from(user.number)? * ORDERS_MAX;
        for turn in 0_u64.. {
            if now() >= self.until {
                break;
            }
            let Some(code) = self.claim(&user, &mut one).await? else { continue };
            // Not all users in the same turn.
            if (turn + u64::try_from(user.number)?).is_multiple_of(CONTESTED_EVERY) {
                let first = self.redeem(&user, &code, orders, &mut one);
                let second = self.redeem(&user, &code, orders + 1, &mut other);
                let (first, second) = tokio::join!(first, second);
                self.contested([first?, second?]);
            } else {
                let status = self.redeem(&user, &code, orders, &mut one).await?;
                if status != 201 {
                    self.error(status);
                }
            }
            orders += 2;
        }
        Ok(())
    }

    /// The code that was claimed.
    async fn claim(&self, user: &User, connection: &mut Connection) -> anyhow::Result<Option<String>> {
        let mut request = String::new();
        Request::new("POST", &self.path, &user.token, "{}").write(&mut request);
        let begun = now();
        let answer = connection.send(request.as_bytes()).await?;
        if !answer.is_success() {
            self.error(answer.status);
            return Ok(None);
        }
        let us = self.done(begun);
        let body: Value = serde_json::from_slice(answer.body)?;
        let mut found = self.found.borrow_mut();
        found.claims += 1;
        found.claim_us.saturating_record(us);
        Ok(Some(body["voucher"]["code"].as_str().context("a claim without a code")?.to_owned()))
    }

    /// The status of a redemption.
    async fn redeem(&self, user: &User, code: &str, id: u64, connection: &mut Connection) -> anyhow::Result<u16> {
        let body = json!({ "codes": [code], "order": order_of(id, LINES) }).to_string();
        let mut request = String::new();
        Request::new("POST", "/v1/redemptions", &user.token, &body).write(&mut request);
        let begun = now();
        let answer = connection.send(request.as_bytes()).await?;
        if answer.is_success() {
            let us = self.done(begun);
            let mut found = self.found.borrow_mut();
            found.redemptions += 1;
            found.redeem_us.saturating_record(us);
        }
        Ok(answer.status)
    }

    /// One of two got it, and the other was told that it is used.
    fn contested(&self, statuses: [u16; 2]) {
        let mut sorted = statuses;
        sorted.sort_unstable();
        let mut found = self.found.borrow_mut();
        found.contested += 1;
        match sorted {
            [201, 409] => {}
            [201, 201] => found.doubles += 1,
            [one, other] => {
                for status in [one, other].into_iter().filter(|status| *status != 201) {
                    *found.errors.entry(status).or_default() += 1;
                }
            }
        }
    }

    fn error(&self, status: u16) {
        *self.found.borrow_mut().errors.entry(status).or_default() += 1;
    }

    /// Counts a transaction, and says how long it took in microseconds.
    fn done(&self, begun: Instant) -> u64 {
        let ended = now();
        let second = usize::try_from((ended - self.begun).as_secs()).unwrap_or(usize::MAX);
        if let Some(count) = self.found.borrow_mut().per_second.get_mut(second) {
            *count += 1;
        }
        u64::try_from((ended - begun).as_micros()).unwrap_or(u64::MAX).max(1)
    }
}

impl Found {
    fn new(time: Duration) -> anyhow::Result<Self> {
        Ok(Self {
            claims: 0,
            redemptions: 0,
            contested: 0,
            doubles: 0,
            errors: BTreeMap::new(),
            claim_us: histogram()?,
            redeem_us: histogram()?,
            per_second: vec![0; usize::try_from(time.as_secs())?],
        })
    }
}
