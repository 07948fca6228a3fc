//! Who holds and uses vouchers.

use serde::{Deserialize, Serialize};

use crate::event::JournalNo;
use crate::id::{CustomerId, CustomerNo};
use crate::time::Timestamp;

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
