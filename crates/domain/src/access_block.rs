//! Who is kept out: a customer, an API key or a range of addresses, for a reason and until an end.
//!
//! It keeps callers away and counts nothing, so it is no limit; and it is told from a block of codes by its name.

use core::net::IpAddr;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::address::AddressRange;
use crate::event::Actor;
use crate::id::{AccessBlockId, CustomerNo};
use crate::time::Timestamp;

/// The most of a tenant that stand at the same time: all of them are in memory.
pub const STANDING_MAX: usize = 10_000;

/// Somebody is kept out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AccessBlock {
    /// Its public id.
    pub id: AccessBlockId,
    /// Who.
    pub target: BlockTarget,
    /// Why, as a word that may be told to who is kept out.
    pub reason: BlockReason,
    /// What staff notes; nobody else is told.
    pub note: Option<String>,
    /// When it was made; it acts at once.
    pub made_at: Timestamp,
    /// Who made it.
    pub made_by: Actor,
    /// From when on it does not act any more; without one, until it is removed.
    pub until: Option<Timestamp>,
    /// Its removal, if that was before its end.
    pub removed: Option<Removal>,
}

/// When a block was removed, and by whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Removal {
    /// From when on it did not act any more.
    pub at: Timestamp,
    /// Who removed it.
    pub by: Actor,
}

/// Where a block stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockState {
    /// It keeps its target out.
    Standing,
    /// Its end has come.
    Ended,
    /// It was removed before its end.
    Removed,
}

impl BlockState {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Standing, Self::Ended, Self::Removed];
}

impl AccessBlock {
    /// Where it stands then.
    #[must_use]
    pub fn state_at(&self, now: Timestamp) -> BlockState {
        match (self.removed, self.until) {
            (Some(_), _) => BlockState::Removed,
            (None, Some(until)) if until <= now => BlockState::Ended,
            (None, _) => BlockState::Standing,
        }
    }
}

/// Who is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum BlockTarget {
    /// A customer: neither claims nor redeems, whoever asks for it.
    Customer(CustomerNo),
    /// An API key, by its number: no call of it is answered.
    Key(u32),
    /// Whoever calls from these addresses.
    Addresses(AddressRange),
}

/// Why somebody is kept out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BlockReason {
    /// Takes more than is meant for one, such as by many accounts.
    Abuse,
    /// Does not pay, or returns what was never bought.
    Fraud,
    /// Tries codes.
    Guessing,
    /// Sells what was given.
    Resale,
    /// None of these; the note says.
    Other,
}

impl BlockReason {
    /// All of them, by their numbers in rows.
    pub const ALL: [Self; 5] = [Self::Abuse, Self::Fraud, Self::Guessing, Self::Resale, Self::Other];

    /// The stable word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Abuse => "abuse",
            Self::Fraud => "fraud",
            Self::Guessing => "guessing",
            Self::Resale => "resale",
            Self::Other => "other",
        }
    }

    /// The number it is kept under.
    #[must_use]
    pub fn number(self) -> u8 {
        self as u8
    }

    /// The reason of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// All blocks of a tenant that stand, by whom they keep out. Their ends act when they are looked up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    targets: BTreeMap<BlockTarget, Bar>,
    /// The lengths of the ranges' prefixes, IPv4 told from IPv6: an address is looked up once for each of them.
    prefixes: BTreeSet<(bool, u8)>,
}

/// What of a block acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bar {
    /// The block's id.
    pub id: AccessBlockId,
    /// Why.
    pub reason: BlockReason,
    /// From when on it does not act any more.
    pub until: Option<Timestamp>,
}

impl Standing {
    /// How many there are, those included whose end has come and was not taken out yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.targets.len()
    }

    /// Whether nobody is kept out.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.targets.is_empty()
    }

    /// Keeps a target out, instead of what kept it out before.
    pub fn put(&mut self, target: BlockTarget, bar: Bar) {
        self.targets.insert(target, bar);
        self.note_prefixes();
    }

    /// Lets whom this block keeps out in again.
    pub fn remove(&mut self, id: AccessBlockId) {
        self.targets.retain(|_, bar| bar.id != id);
        self.note_prefixes();
    }

    /// Takes out those whose end has come.
    pub fn remove_ended(&mut self, now: Timestamp) {
        self.targets.retain(|_, bar| bar.acts_at(now));
        self.note_prefixes();
    }

    /// What keeps exactly this target out then.
    #[must_use]
    pub fn bar(&self, target: BlockTarget, now: Timestamp) -> Option<Bar> {
        self.targets.get(&target).copied().filter(|bar| bar.acts_at(now))
    }

    /// What keeps out whoever calls from this address then: the narrowest range.
    #[must_use]
    pub fn bar_of_address(&self, address: IpAddr, now: Timestamp) -> Option<Bar> {
        let address = address.to_canonical();
        let own = self.prefixes.iter().rev().filter(|(is_ipv4, _)| *is_ipv4 == address.is_ipv4());
        own.map(|(_, prefix)| BlockTarget::Addresses(AddressRange::around(address, *prefix)))
            .find_map(|target| self.bar(target, now))
    }

    fn note_prefixes(&mut self) {
        self.prefixes = self
            .targets
            .keys()
            .filter_map(|target| match target {
                BlockTarget::Addresses(range) => Some((range.is_ipv4(), range.prefix())),
                BlockTarget::Customer(_) | BlockTarget::Key(_) => None,
            })
            .collect();
    }
}

impl Bar {
    fn acts_at(self, now: Timestamp) -> bool {
        self.until.is_none_or(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_stands_until_its_end_or_its_removal() {
        let at = Timestamp::from_ms;
        let block = |until: Option<i64>, removed_at: Option<i64>| AccessBlock {
            id: AccessBlockId(uuid::Uuid::nil()),
            target: BlockTarget::Key(1),
            reason: BlockReason::Abuse,
            note: None,
            made_at: at(0),
            made_by: Actor::Operator,
            until: until.map(at),
            removed: removed_at.map(|ms| Removal { at: at(ms), by: Actor::Operator }),
        };
        for (until, removed_at, now, state) in [
            (None, None, i64::MAX / 2, BlockState::Standing),
            (Some(10), None, 9, BlockState::Standing),
            (Some(10), None, 10, BlockState::Ended),
            (Some(10), Some(5), 7, BlockState::Removed),
            (Some(10), Some(5), 70, BlockState::Removed),
        ] {
            assert_eq!(block(until, removed_at).state_at(at(now)), state, "{until:?} {removed_at:?} {now}");
        }
    }

    #[test]
    fn a_reason_has_a_number_and_a_word_of_its_own() {
        for (number, reason) in (0..).zip(BlockReason::ALL) {
            assert_eq!((reason.number(), BlockReason::from_number(number)), (number, Some(reason)));
            assert_eq!(serde_json::to_value(reason).unwrap(), reason.name());
        }
        assert_eq!(BlockReason::from_number(5), None);
    }

    #[test]
    fn an_address_is_kept_out_by_any_range_it_is_in_until_that_ends() {
        let bar = |number: u128, until: Option<i64>| Bar {
            id: AccessBlockId(uuid::Uuid::from_u128(number)),
            reason: BlockReason::Abuse,
            until: until.map(Timestamp::from_ms),
        };
        let mut standing = Standing::default();
        for (number, range, until) in
            [(1, "203.0.0.0/16", None), (2, "203.0.113.7", Some(10)), (3, "2001:db8::/32", None)]
        {
            standing.put(BlockTarget::Addresses(range.parse().unwrap()), bar(number, until));
        }
        let found = |standing: &Standing, address: &str, now: i64| {
            let bar = standing.bar_of_address(address.parse().unwrap(), Timestamp::from_ms(now));
            bar.map(|bar| bar.id.0.as_u128())
        };
        for (address, now, expected) in [
            ("203.0.113.7", 9, Some(2)),
            ("203.0.113.7", 10, Some(1)),
            ("::ffff:203.0.113.8", 9, Some(1)),
            ("203.1.0.1", 9, None),
            ("2001:db8::5", 9, Some(3)),
            ("2001:db9::5", 9, None),
        ] {
            assert_eq!(found(&standing, address, now), expected, "{address} at {now}");
        }
        standing.remove(bar(1, None).id);
        assert_eq!(found(&standing, "203.0.0.1", 0), None);
        standing.remove_ended(Timestamp::from_ms(10));
        assert_eq!(standing.len(), 1);
    }
}
