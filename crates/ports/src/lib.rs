//! What the outside must do for Scrip, and what every adapter is tested against.
//!
//! It knows the domain and nothing of SQL, HTTP or configuration. Read in this order: `ledger` (how value changes),
//! `records` (what is read back), `access` (who may call), `access_blocks` (who is kept out), `limiter` (how often one may
//! go on), `codes` (texts and ids at the edge), `clock`, `error`. What the words of these traits promise is said once more
//! as tests in `conformance`.

mod ledger;
mod records;
mod access;
mod access_blocks;
mod limiter;
mod codes;
mod clock;
mod error;
#[cfg(feature = "conformance")]
pub mod conformance;

pub use access::{Access, ApiKey};
pub use access_blocks::{AccessBlockFilter, AccessBlocks, NewAccessBlock, NotBlocked};
pub use clock::Clock;
pub use codes::Codes;
pub use error::StoreError;
pub use ledger::Ledger;
pub use limiter::{Allowance, Counted, Limiter, Wait};
pub use records::{
    BlockRecord, CouponFilter, Figures, HistoryEntry, Page, PageRequest, Records, RedemptionFilter, VoucherFilter,
};

/// Everything a store does, as one object.
pub trait Store: Ledger + Records + Access + AccessBlocks {}

impl<T: Ledger + Records + Access + AccessBlocks> Store for T {}
