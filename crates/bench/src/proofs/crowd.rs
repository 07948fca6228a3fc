//! So many requests, as fast as they go, whatever is answered.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use hdrhistogram::Histogram;
use tokio::task::{JoinSet, LocalSet};

use crate::connection::{Connection, Response};
use crate::load::{Requests, now};

/// Who asks: at which server, over how many connections.
#[derive(Clone, Copy, Debug)]
pub struct Crowd {
    pub address: SocketAddr,
    pub connections: usize,
}

/// What was answered.
#[derive(Debug, Default)]
pub struct Answers {
    pub by_status: BTreeMap<u16, u64>,
    /// Refusals for now that did not say until when.
    pub unclean: u64,
    pub took: Duration,
}

impl Answers {
    pub fn successes(&self) -> u64 {
        self.by_status.range(200..300).map(|(_, count)| count).sum()
    }

    pub fn add(&mut self, other: &Self) {
        for (status, count) in &other.by_status {
            *self.by_status.entry(*status).or_default() += count;
        }
        self.unclean += other.unclean;
        self.took += other.took;
    }

    pub fn count(&mut self, response: Response<'_>) {
        *self.by_status.entry(response.status).or_default() += 1;
        self.unclean += u64::from(response.is_unclean());
    }
}

/// Looks at the answer of that number.
type See = Box<dyn FnMut(u64, Response<'_>)>;

/// What the connections share. They are tasks of one thread.
struct Asking {
    requests: Requests,
    next: Cell<u64>,
    end: u64,
    see: RefCell<See>,
    answers: RefCell<Answers>,
}

impl Crowd {
    /// Sends the requests of these numbers and shows each answer to `see`.
    pub fn ask(
        self,
        (first, end): (u64, u64),
        requests: Requests,
        see: impl FnMut(u64, Response<'_>) + 'static,
    ) -> anyhow::Result<Answers> {
        let asking = Asking {
            requests,
            next: Cell::new(first),
            end,
            see: RefCell::new(Box::new(see)),
            answers: RefCell::default(),
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, self.all(Rc::new(asking)))
    }

    async fn all(self, asking: Rc<Asking>) -> anyhow::Result<Answers> {
        let begun = now();
        let mut tasks = JoinSet::new();
        for _ in 0..self.connections {
            tasks.spawn_local(Rc::clone(&asking).go_on(Connection::open(self.address).await?));
        }
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        let mut answers = asking.answers.take();
        answers.took = begun.elapsed();
        Ok(answers)
    }
}

impl Asking {
    async fn go_on(self: Rc<Self>, mut connection: Connection) -> anyhow::Result<()> {
        let mut request = String::new();
        loop {
            let number = self.next.replace(self.next.get() + 1);
            request.clear();
            if number >= self.end || !(self.requests)(number, &mut request) {
                return Ok(());
            }
            let response = connection.send(request.as_bytes()).await?;
            self.answers.borrow_mut().count(response);
            (self.see.borrow_mut())(number, response);
        }
    }
}

/// A histogram as `load` makes it.
pub fn histogram() -> anyhow::Result<Histogram<u64>> {
    Ok(Histogram::new_with_bounds(1, crate::load::LATENCY_US_MAX, 3)?)
}
