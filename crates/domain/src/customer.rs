//! Who holds and uses vouchers.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::event::JournalNo;
use crate::id::{CustomerId, CustomerNo};
use crate::time::{Timestamp, Zone};

/// What a shop says of a customer. All of it is optional: a customer may be no more than an id.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// When it was made.
    pub created_at: Timestamp,
    /// Where its latest event is.
    pub journal: JournalNo,
}
