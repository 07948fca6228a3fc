//! Who is who: addresses that customers say to have, or have proven to have.

use std::collections::{BTreeMap, BTreeSet};

use super::{Model, Reply};

/// Customers by their places; who is not named anywhere is somebody of its own.
#[derive(Clone, Debug, Default)]
pub(crate) struct People {
    addresses: BTreeSet<(usize, usize)>,
    proven: BTreeMap<usize, usize>,
    persons: BTreeMap<usize, usize>,
    standing: BTreeMap<usize, usize>,
    /// Whom the segment lists.
    listed: BTreeSet<usize>,
}

impl People {
    /// Who stands for a customer.
    pub(crate) fn standing(&self, customer: usize) -> usize {
        self.standing.get(&customer).copied().unwrap_or(customer)
    }

    /// As whom a customer is counted.
    pub(super) fn person(&self, customer: usize) -> usize {
        self.persons.get(&customer).copied().unwrap_or(customer)
    }

    pub(crate) fn is_listed(&self, customer: usize) -> bool {
        self.listed.contains(&customer)
    }

    fn carriers(&self, address: usize, but: usize) -> Vec<usize> {
        let of = self.addresses.iter().filter(|(at, customer)| *at == address && *customer != but);
        of.map(|(_, customer)| *customer).collect()
    }

    fn has_proven_something(&self, customer: usize) -> bool {
        self.proven.values().any(|holder| *holder == customer)
    }
}

impl Model {
    pub(super) fn list(&mut self, customer: usize, is_listed: bool) -> Reply {
        let customer = self.people.standing(customer);
        let listed = &mut self.people.listed;
        let has_changed = if is_listed { listed.insert(customer) } else { listed.remove(&customer) };
        Reply::Listed { changed: usize::from(has_changed) }
    }

    pub(super) fn share(&mut self, customer: usize, address: usize) -> Reply {
        let customer = self.people.standing(customer);
        self.people.addresses.insert((address, customer));
        for other in self.people.carriers(address, customer) {
            self.join(customer, other);
        }
        Reply::Customer { customer }
    }

    pub(super) fn prove(&mut self, customer: usize, address: usize) -> Reply {
        let customer = self.people.standing(customer);
        for other in self.people.carriers(address, customer) {
            let had_proven = self.people.proven.get(&address) == Some(&other);
            if had_proven || !self.people.has_proven_something(other) {
                self.merge(customer, other);
            }
        }
        let reply = self.share(customer, address);
        self.people.proven.insert(address, customer);
        reply
    }

    /// Two become one person, the one of the lower number.
    fn join(&mut self, one: usize, other: usize) {
        let (one, other) = (self.people.person(one), self.people.person(other));
        let (to, from) = (one.min(other), one.max(other));
        self.people.persons.values_mut().filter(|person| **person == from).for_each(|person| *person = to);
        if to != from {
            self.people.persons.insert(from, to);
            self.takings.count_as(from, to);
        }
    }

    fn merge(&mut self, into: usize, other: usize) {
        self.join(into, other);
        for voucher in self.vouchers.iter_mut().filter(|voucher| voucher.customer == Some(other)) {
            voucher.customer = Some(into);
        }
        let people = &mut self.people;
        if people.listed.remove(&other) {
            people.listed.insert(into);
        }
        let addresses = std::mem::take(&mut people.addresses);
        let moved = |(address, customer)| (address, if customer == other { into } else { customer });
        people.addresses = addresses.into_iter().map(moved).collect();
        people.proven.values_mut().filter(|holder| **holder == other).for_each(|holder| *holder = into);
        people.standing.values_mut().filter(|stands| **stands == other).for_each(|stands| *stands = into);
        people.standing.insert(other, into);
    }
}
