//! What the outside must do for Scrip, and what every adapter is tested against.
//!
//! It knows the domain and nothing of SQL, HTTP or configuration. Read in this order: `ledger` (how value changes),
//! `records` (what is read back), `imports` (files of codes on their way in), `access` (who may call), `codes` (texts and ids at the edge), `clock`, `error`. What
//! the words of these traits promise is said once more as tests in `conformance`.

mod ledger;
mod records;
mod imports;
mod access;
mod codes;
mod clock;
mod error;
#[cfg(feature = "conformance")]
pub mod conformance;

pub use access::{Access, ApiKey};
pub use clock::Clock;
pub use codes::Codes;
pub use error::StoreError;
pub use imports::{
    Import, ImportChunk, ImportContent, ImportLine, ImportOwner, ImportRefusal, ImportState, ImportWork, Imported,
    Imports, NewImport,
};
pub use ledger::Ledger;
pub use records::{
    BlockRecord, CouponFilter, Figures, HistoryEntry, Page, PageRequest, Records, RedemptionFilter, VoucherFilter,
};

/// Everything a store does, as one object.
pub trait Store: Ledger + Records + Imports + Access {}

impl<T: Ledger + Records + Imports + Access> Store for T {}
