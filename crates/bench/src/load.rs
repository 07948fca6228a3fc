//! How requests are sent and timed. *Saturation*: as many connections as said, each sends its next request when it has
//! its answer. *Fixed rate*: requests are due at their instants whatever became of those before, and each is timed from
//! when it was due, so that a stall counts for all whom it keeps waiting.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::anyhow;
use hdrhistogram::Histogram;
use tokio::sync::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{JoinSet, LocalSet};
use tokio::time::sleep_until;

use crate::connection::{Connection, Response};

/// Before anything is counted: connections are opened and caches fill.
pub const WARM_UP: Duration = Duration::from_millis(1_500);
/// The longest time a histogram holds.
pub const LATENCY_US_MAX: u64 = 120_000_000;

/// Writes the request of that number; `false`: there is none any more.
pub type Requests = Rc<dyn Fn(u64, &mut String) -> bool>;

/// What is sent, how, and for how long.
#[derive(Clone)]
pub struct Load {
    pub address: SocketAddr,
    pub connections: usize,
    /// Before anything is counted.
    pub warm_up: Duration,
    pub time: Duration,
    /// Requests a second; none: as many as go.
    pub rate_per_s: Option<u64>,
    /// The first request's number.
    pub first: u64,
    pub requests: Requests,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Tally {
    /// Of the answers in the counted time that are a success, in microseconds.
    pub latency_us: Histogram<u64>,
    /// Answers of another kind, by status, of the whole run.
    pub errors: BTreeMap<u16, u64>,
    /// Successes of the whole run, warm-up and end included.
    pub successes: u64,
    /// Refusals for now that did not say until when, of the whole run.
    pub unclean: u64,
    /// Successes of each second of the counted time.
    pub per_second: Vec<u64>,
    /// The number after the last request's.
    pub next: u64,
    /// How long was counted.
    pub counted: Duration,
    /// Whether there were no more requests before the time was over.
    pub ran_out: bool,
}

impl Tally {
    pub fn rate_per_s(&self) -> f64 {
        float(self.latency_us.len()) / self.counted.as_secs_f64()
    }

    /// With what a later load of the same requests came to.
    pub fn join(mut self, later: Self) -> anyhow::Result<Self> {
        self.latency_us.add(&later.latency_us)?;
        for (status, count) in later.errors {
            *self.errors.entry(status).or_default() += count;
        }
        self.per_second.extend(later.per_second);
        Ok(Self {
            successes: self.successes + later.successes,
            unclean: self.unclean + later.unclean,
            next: later.next,
            counted: self.counted + later.counted,
            ran_out: self.ran_out || later.ran_out,
            ..self
        })
    }

    pub fn error_count(&self) -> u64 {
        self.errors.values().sum()
    }
}

#[expect(clippy::cast_precision_loss, reason = "what a run counts is far below 2^52")]
pub fn float(value: u64) -> f64 {
    value as f64
}

#[expect(clippy::disallowed_methods, reason = "it measures")]
pub fn now() -> Instant {
    Instant::now()
}

/// A thread that wakes for each of 20,000 requests a second, and wakes another each time, takes a good part of what the server is
/// to have.
const TICK: Duration = Duration::from_micros(250);

/// What the connections of a run share. They are tasks of one thread.
struct Run {
    requests: Requests,
    next: Cell<u64>,
    counted_from: Instant,
    until: Instant,
    tally: RefCell<Tally>,
    /// When requests are due, at a fixed rate.
    due: Option<Mutex<UnboundedReceiver<Instant>>>,
}

/// Sends the load, and calls `mark` when the counted time begins and when it ends.
pub fn send(load: &Load, mark: impl FnMut()) -> anyhow::Result<Tally> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, run(load, mark))
}

async fn run(load: &Load, mut mark: impl FnMut()) -> anyhow::Result<Tally> {
    let mut connections = Vec::with_capacity(load.connections);
    for _ in 0..load.connections {
        connections.push(Connection::open(load.address).await?);
    }
    let counted_from = now() + load.warm_up;
    let until = counted_from + load.time;
    let (ticks, due) = unbounded_channel();
    let pacer = load.rate_per_s.map(|rate_per_s| thread::spawn(move || pace(rate_per_s, until, &ticks)));
    let run = Rc::new(Run {
        requests: Rc::clone(&load.requests),
        next: Cell::new(load.first),
        counted_from,
        until,
        tally: RefCell::new(Tally::of(load)?),
        due: pacer.as_ref().map(|_| Mutex::new(due)),
    });
    let mut tasks = JoinSet::new();
    for connection in connections {
        tasks.spawn_local(Rc::clone(&run).go_on(connection));
    }
    sleep_until(counted_from.into()).await;
    mark();
    sleep_until(until.into()).await;
    mark();
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    pacer.map(thread::JoinHandle::join).transpose().map_err(|_| anyhow!("the pacer panicked"))?;
    let mut tally = run.tally.borrow().clone();
    tally.next = run.next.get();
    Ok(tally)
}

impl Tally {
    fn of(load: &Load) -> anyhow::Result<Self> {
        let latency_us = Histogram::new_with_bounds(1, LATENCY_US_MAX, 3)?;
        Ok(Self {
            latency_us,
            errors: BTreeMap::new(),
            successes: 0,
            unclean: 0,
            per_second: Vec::new(),
            next: load.first,
            counted: load.time,
            ran_out: false,
        })
    }

    fn add(&mut self, response: Response<'_>, latency: Option<Duration>, second: usize) {
        if !response.is_success() {
            *self.errors.entry(response.status).or_default() += 1;
            self.unclean += u64::from(response.is_unclean());
            return;
        }
        self.successes += 1;
        if let Some(latency) = latency {
            let micros = u64::try_from(latency.as_micros()).unwrap_or(LATENCY_US_MAX);
            self.latency_us.saturating_record(micros.max(1));
            if self.per_second.len() <= second {
                self.per_second.resize(second + 1, 0);
            }
            self.per_second[second] += 1;
        }
    }
}

impl Run {
    /// One connection, until the time is over or there are no more requests.
    async fn go_on(self: Rc<Self>, mut connection: Connection) -> anyhow::Result<()> {
        let mut request = String::new();
        while let Some(begun) = self.begin().await {
            let number = self.next.replace(self.next.get() + 1);
            request.clear();
            if !(self.requests)(number, &mut request) {
                self.tally.borrow_mut().ran_out = true;
                break;
            }
            let response = connection.send(request.as_bytes()).await?;
            let ended = now();
            let counts = ended >= self.counted_from && ended < self.until;
            let second = usize::try_from(ended.saturating_duration_since(self.counted_from).as_secs())?;
            self.tally.borrow_mut().add(response, counts.then(|| ended - begun), second);
        }
        Ok(())
    }

    /// When the next request begins: now, or when it was due. `None`: the time is over.
    async fn begin(&self) -> Option<Instant> {
        match &self.due {
            Some(due) => due.lock().await.recv().await,
            None => Some(now()).filter(|now| *now < self.until),
        }
    }
}

/// Says when requests are due. A thread of its own, as the runtime's timer is good to a millisecond only. What is due within a
/// tick is told together, and counts from when it was due.
#[expect(clippy::disallowed_methods, reason = "a rate is a matter of time")]
fn pace(rate_per_s: u64, until: Instant, ticks: &UnboundedSender<Instant>) {
    let start = now();
    for number in 0_u64.. {
        let due = start + Duration::from_nanos(number * 1_000_000_000 / rate_per_s);
        if due >= until {
            return;
        }
        let early = due.saturating_duration_since(now());
        if !early.is_zero() {
            thread::sleep(early.max(TICK));
        }
        if ticks.send(due).is_err() {
            return;
        }
    }
}
