//! A load in alternation with those it is compared with. A virtual machine's speed drifts by a quarter within minutes, so that
//! a ratio of two rates that were measured minutes apart says more of the machine than of them. Slices that lie beside each
//! other share what the machine has, and the drift falls out of their ratio.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::Duration;

use anyhow::Context;

use crate::claims::Sale;
use crate::load::{Load, Requests, Tally, WARM_UP, send};
use crate::peers::Stack;
use crate::scenario::Effort;
use crate::shop::Shop;

/// Slices that a load is cut into, if it is compared with another.
const ROUNDS: u32 = 4;
/// The shortest slice. What is shorter says more of how it begins and ends.
const SLICE_MIN: Duration = Duration::from_secs(1);
/// Before a slice after the first is counted, of either side: each slice opens its connections anew, but caches are full.
/// In this time also falls what the one before has left to write.
const WARM_UP_AGAIN: Duration = Duration::from_millis(500);

/// Requests to one server. Their numbers go on from one load to the next.
pub struct Traffic {
    pub address: SocketAddr,
    requests: Requests,
    next: u64,
    /// Answers with a success so far, those included that are not counted in a rate.
    pub successes: u64,
}

/// What a scenario is compared with, open beside it.
pub struct Peer {
    /// The scenario that it is.
    pub name: &'static str,
    pub traffic: Traffic,
    pub open: Open,
}

/// What a peer keeps open.
pub enum Open {
    Stack(Stack),
    Shop(Shop),
    /// In a shop that stays open for the next scenario.
    Sale(Sale),
}

/// A scenario's figures over all its slices, and the rates of its peers beside it, by name.
pub struct Measured {
    pub tally: Tally,
    pub against: BTreeMap<&'static str, f64>,
}

/// Sends all of the load; or a slice of it after a slice of each peer, in each round. Calls `mark` when a counted time of the
/// scenario begins and when it ends.
pub fn alternate(
    own: &mut Traffic,
    peers: &mut [Peer],
    effort: Effort,
    mut mark: impl FnMut(),
) -> anyhow::Result<Measured> {
    if peers.is_empty() {
        return Ok(Measured { tally: own.send(effort, WARM_UP, mark)?, against: BTreeMap::new() });
    }
    let slice = Effort { time: (effort.time / ROUNDS).max(SLICE_MIN), ..effort };
    let mut beside = BTreeMap::new();
    let mut all = None;
    for round in 0..ROUNDS {
        let warm_up = if round == 0 { WARM_UP } else { WARM_UP_AGAIN };
        for peer in &mut *peers {
            let tally = peer.traffic.send(slice, warm_up, || {}).with_context(|| format!("beside: {}", peer.name))?;
            let before = beside.remove(peer.name);
            beside.insert(peer.name, joined(before, tally)?);
        }
        all = Some(joined(all, own.send(slice, warm_up, &mut mark)?)?);
    }
    beside.iter().for_each(|(name, peer)| tell(name, peer));
    let tally = all.expect("there is a round");
    // Who had no more requests was idle for some of the time: no rate of it is one to compare with.
    let whole = beside.into_iter().filter(|(_, peer)| !peer.ran_out && !tally.ran_out);
    let against = whole.map(|(name, peer)| (name, peer.rate_per_s())).collect();
    Ok(Measured { tally, against })
}

/// A peer has no row that would show it.
fn tell(name: &str, tally: &Tally) {
    if !tally.errors.is_empty() {
        eprintln!("beside: {name}: answers by status {:?}", tally.errors);
    }
    if tally.ran_out {
        eprintln!("beside: {name}: no more requests before the time was over");
    }
}

fn joined(before: Option<Tally>, tally: Tally) -> anyhow::Result<Tally> {
    match before {
        Some(before) => before.join(tally),
        None => Ok(tally),
    }
}

impl Traffic {
    pub fn new(address: SocketAddr, requests: Requests) -> Self {
        Self { address, requests, next: 0, successes: 0 }
    }

    fn send(&mut self, effort: Effort, warm_up: Duration, mark: impl FnMut()) -> anyhow::Result<Tally> {
        let Effort { connections, time, rate_per_s } = effort;
        let requests = Rc::clone(&self.requests);
        let load = Load { address: self.address, connections, warm_up, time, rate_per_s, first: self.next, requests };
        let tally = send(&load, mark)?;
        self.next = tally.next;
        self.successes += tally.successes;
        Ok(tally)
    }
}

impl Peer {
    /// Ends it. What it claimed must be there, as of a scenario.
    pub fn end(self) -> anyhow::Result<()> {
        match self.open {
            Open::Stack(stack) => {
                drop(stack);
                Ok(())
            }
            Open::Shop(mut shop) => shop.server.process.stop(),
            Open::Sale(sale) => sale.account(self.traffic.successes),
        }
    }
}
