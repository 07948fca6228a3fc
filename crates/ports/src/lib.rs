//! What the outside must do for Scrip, and what every adapter is tested against.
//!
//! It knows the domain and nothing of SQL, HTTP or configuration. Read in this order: `ledger` (how value changes),
//! `records` (what is read back), `imports` (files of codes on their way in), `access` (which servers may call), `accounts`
//! (who signs in), `tokens` (what is good once), `mails` (what people are written), `open_id` (who vouches for people),
//! `tenants`, `access_blocks` (who is kept out), `segments` (who is counted to which group), `collections` (which goods are), `limiter` (how often one may go on), `codes` (texts and ids at the edge),
//! `clock`, `error`. What the words of these traits promise is said once more as tests in `conformance`.

mod ledger;
mod lists;
mod records;
mod imports;
mod access;
mod accounts;
mod tokens;
mod mails;
mod open_id;
mod tenants;
mod access_blocks;
mod segments;
mod collections;
mod limiter;
mod codes;
mod clock;
mod error;
#[cfg(feature = "conformance")]
pub mod conformance;

pub use access::{Access, ApiKey, Scope, Scopes};
pub use access_blocks::{AccessBlockFilter, AccessBlocks, NewAccessBlock, NotBlocked};
pub use accounts::{Accounts, Renewal, Session, TokenHash};
pub use clock::Clock;
pub use codes::Codes;
pub use collections::{CollectionStore, EntriesChanged, EntryChanges, NewCollection, NoEntries};
pub use error::StoreError;
pub use imports::{
    Import, ImportChunk, ImportContent, ImportLine, ImportOwner, ImportRefusal, ImportState, ImportWork, Imported,
    Imports, NewImport,
};
pub use ledger::Ledger;
pub use limiter::{Allowance, Counted, Limiter, Wait};
pub use lists::{
    AuditFilter, AuditOf, BlockRecord, CampaignFigures, CampaignFilter, Contribution, CouponFilter, DecisionFilter,
    EventNames, Figures, HistoryEntry, JournalRow, OldEvents, Page, PageRequest, RedemptionFilter, Settlement,
    SettlementFilter, VoucherFilter, WALLET_COUNTED_MAX, WalletCounts,
};
pub use mails::{DeadMail, MailFailure, MailNo, Mails, Post, PostError, QueuedMail};
pub use open_id::{Arrival, Departure, OpenId, OpenIdError, Vouched};
pub use records::Records;
pub use segments::{MemberChanges, MembersChanged, NewSegment, NoMembers, NotSaved, SavedOver, SegmentStore};
pub use tenants::Tenants;
pub use tokens::{TokenKey, TokenPurpose, Tokens};

/// Everything a store does, as one object.
pub trait Store:
    Ledger
    + Records
    + Imports
    + Access
    + Accounts
    + AccessBlocks
    + SegmentStore
    + CollectionStore
    + Tokens
    + Mails
    + Tenants
{
}

impl<T> Store for T where
    T: Ledger
        + Records
        + Imports
        + Access
        + Accounts
        + AccessBlocks
        + SegmentStore
        + CollectionStore
        + Tokens
        + Mails
        + Tenants
{
}
