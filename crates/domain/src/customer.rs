//! Who holds and uses vouchers.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::event::JournalNo;
use crate::id::{CustomerId, CustomerNo};
use crate::identity::{Identity, IdentityKey, IdentityKind};
use crate::time::{Timestamp, Zone};

/// What a shop says of a customer. All of it is optional: a customer may be no more than an id. Its external id, e-mail
/// address and phone number become identities. Its `Debug` hides it all.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomerProfile {
    /// The shop's own id, unique in the tenant.
    pub external_id: Option<String>,
    /// An e-mail address, as given.
    pub email: Option<String>,
    /// A phone number, as given.
    pub phone: Option<String>,
    /// A name.
    pub name: Option<String>,
    /// Date of birth as `YYYY-MM-DD`.
    pub birth_date: Option<String>,
    /// What else the shop wants to keep, a JSON object as text.
    pub attributes: Option<String>,
    /// Somebody signs in as this customer.
    #[serde(default)]
    pub registered: bool,
}

impl CustomerProfile {
    /// What of it names the customer, by kind.
    pub fn identities(&self) -> impl Iterator<Item = (IdentityKind, &str)> {
        let all = [
            (IdentityKind::ExternalId, &self.external_id),
            (IdentityKind::Email, &self.email),
            (IdentityKind::Phone, &self.phone),
        ];
        all.into_iter().filter_map(|(kind, value)| Some((kind, value.as_deref()?)))
    }

    /// The place of the value of that kind, if the profile has one for it.
    pub(crate) fn place(&mut self, kind: IdentityKind) -> Option<&mut Option<String>> {
        match kind {
            IdentityKind::ExternalId => Some(&mut self.external_id),
            IdentityKind::Email => Some(&mut self.email),
            IdentityKind::Phone => Some(&mut self.phone),
            IdentityKind::OpenId => None,
        }
    }

    /// This, with what the other has and it has not.
    #[must_use]
    pub(crate) fn or(self, other: Self) -> Self {
        Self {
            external_id: self.external_id.or(other.external_id),
            email: self.email.or(other.email),
            phone: self.phone.or(other.phone),
            name: self.name.or(other.name),
            birth_date: self.birth_date.or(other.birth_date),
            attributes: self.attributes.or(other.attributes),
            registered: self.registered || other.registered,
        }
    }
}

impl fmt::Debug for CustomerProfile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CustomerProfile").finish_non_exhaustive()
    }
}

impl CustomerProfile {
    /// How many birthdays have come by the day that it is in the zone; nothing if no date of birth is known. Who was born
    /// on a 29 February has the birthday of other years on 1 March.
    #[must_use]
    pub fn age_at(&self, now: Timestamp, zone: &Zone) -> Option<i16> {
        let born: Date = self.birth_date.as_deref()?.parse().ok()?;
        let today = zone.as_jiff().to_datetime(now.to_jiff()).date();
        let is_to_come = (today.month(), today.day()) < (born.month(), born.day());
        Some(today.year() - born.year() - i16::from(is_to_come))
    }
}

/// A customer as its row says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Customer {
    /// Keys its rows.
    pub no: CustomerNo,
    /// Its public id.
    pub id: CustomerId,
    /// Counts its changes, from 1.
    pub version: u32,
    /// What the shop says.
    pub profile: CustomerProfile,
    /// Nobody signs in as it and no shop knows it by an id: it is whoever carries its identities.
    pub guest: bool,
    /// What it is known by, each once, in the order in which it got them.
    pub identities: Vec<Identity>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When everything personal was erased.
    pub erased_at: Option<Timestamp>,
    /// Where its latest event is.
    pub journal: JournalNo,
}

impl Customer {
    /// Its identity of that key.
    #[must_use]
    pub fn identity(&self, key: &IdentityKey) -> Option<&Identity> {
        self.identities.iter().find(|identity| identity.key == *key)
    }

    /// Whether whoever proves one of its identities may have it all: a guest of whom nothing is proven yet. Somebody
    /// else's account, or what is proven to be somebody's, is never had that way.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.guest && self.identities.iter().all(|identity| identity.verified_at.is_none())
    }

    /// Whom an identity names, of those who carry it: who has proven it, else the first guest whom nobody has. An account
    /// that merely says to have it is not named so.
    #[must_use]
    pub fn named_by<'c>(key: &IdentityKey, carriers: &'c [Self]) -> Option<&'c Self> {
        let has_proven =
            |customer: &&Self| customer.identity(key).is_some_and(|identity| identity.verified_at.is_some());
        carriers.iter().find(has_proven).or_else(|| carriers.iter().find(|customer| customer.is_open()))
    }

    /// Whether anything is kept that is about a person.
    #[must_use]
    pub fn is_nameless(&self) -> bool {
        self.identities.is_empty() && self.profile == CustomerProfile::default()
    }
}

/// Who carries an identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Carrier {
    /// The customer.
    pub customer: CustomerNo,
    /// It has proven to be who the identity names. At most one carrier of an identity has.
    pub is_verified: bool,
}

/// What a customer is one with. A customer that shares nothing with another has none: it is a person of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// As whom it counts in limits per customer: the number of the first of them.
    pub person: CustomerNo,
    /// The customer that stands for it since they were merged; never one that is merged itself.
    pub merged_into: Option<CustomerNo>,
}
