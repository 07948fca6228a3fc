//! Files of codes given by people, on their way in: kept in chunks until the ledger has decided each of them.
//!
//! A chunk is one command, under an idempotency key of its own, so what is written down late is decided again the same.

use std::fmt;

use async_trait::async_trait;
use domain::event::Actor;
use domain::id::{CouponNo, CustomerId, ImportId, TenantNo};
use domain::identity::IdentityKind;
use domain::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Page, PageRequest, StoreError};

/// Where an import stands. The numbers are what the stores keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum ImportState {
    /// The file is still arriving.
    Receiving = 0,
    /// The file is there; its lines are taken in.
    Running = 1,
    /// Every line was taken in or refused.
    Done = 2,
}

impl ImportState {
    /// All states, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Receiving, Self::Running, Self::Done];

    /// The state of that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        Self::ALL.get(usize::from(number)).copied()
    }
}

/// An import as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// Its public id.
    pub id: ImportId,
    /// Of which coupon the codes are to be.
    pub coupon: CouponNo,
    /// Who asked for it; stands in the events.
    pub actor: Actor,
    /// Where it stands.
    pub state: ImportState,
    /// Lines with a code, or what was to be one, that have arrived.
    pub lines: u64,
    /// Lines that became vouchers.
    pub accepted: u64,
    /// Lines that did not.
    pub refused: u64,
    /// When it began.
    pub created_at: Timestamp,
    /// When its last line was taken in or refused.
    pub ended_at: Option<Timestamp>,
}

/// An import to begin.
#[derive(Clone, Copy, Debug)]
pub struct NewImport {
    /// Its new id.
    pub id: ImportId,
    /// Of which coupon the codes are to be.
    pub coupon: CouponNo,
    /// Who asks.
    pub actor: Actor,
}

/// Whose an imported code is to be, as the file names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportOwner {
    /// By our id.
    Id(CustomerId),
    /// By what is known of them elsewhere: whoever has proven it, else the guest that carries it.
    By(IdentityKind, String),
}

/// What a line says. Kept, so variants are only ever appended.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ImportContent {
    /// A code, perhaps somebody's.
    Code {
        /// As written.
        text: String,
        /// Whose it is to be.
        owner: Option<ImportOwner>,
    },
    /// Nothing that can be taken in, for that reason.
    Unreadable(String),
}

impl fmt::Debug for ImportContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code { .. } => f.write_str("Code(..)"),
            Self::Unreadable(reason) => f.debug_tuple("Unreadable").field(reason).finish(),
        }
    }
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImportLine {
    /// Its number in the file, from 1, the header included.
    pub line: u64,
    /// What it says.
    pub content: ImportContent,
}

/// Lines that are decided together.
pub type ImportChunk = Vec<ImportLine>;

/// A line that did not become a voucher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportRefusal {
    /// Its number in the file.
    pub line: u64,
    /// The code of a rejection, or of what is wrong with the line.
    pub reason: String,
}

/// What is to be done next.
#[derive(Clone, Debug)]
pub struct ImportWork {
    /// Whose it is.
    pub tenant: TenantNo,
    /// Of which import.
    pub import: Import,
    /// The next chunks with their numbers, rising and without a gap.
    pub chunks: Vec<(u32, ImportChunk)>,
}

/// What a chunk came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its number.
    pub chunk: u32,
    /// Lines that became vouchers.
    pub accepted: u64,
    /// Lines that did not.
    pub refused: Vec<ImportRefusal>,
}

/// Keeps imports. None of this is of value: what a chunk comes to is decided by the ledger. Codes are kept sealed, and
/// only until their chunk was decided. An import whose file did not arrive whole is forgotten, at the latest when the
/// store is opened again.
#[async_trait]
pub trait Imports: Send + Sync {
    /// Begins to receive a file.
    ///
    /// # Errors
    /// The store could not answer.
    async fn begin_import(&self, tenant: TenantNo, import: NewImport) -> Result<(), StoreError>;

    /// Keeps further chunks of a file that is being received, all or none; they follow those kept before.
    ///
    /// # Errors
    /// The import is not being received, or the store could not answer.
    async fn keep_chunks(&self, tenant: TenantNo, id: ImportId, chunks: Vec<ImportChunk>) -> Result<(), StoreError>;

    /// The file is whole: its lines may be taken in. Returns the import; one without lines is done.
    ///
    /// # Errors
    /// The import is not being received, or the store could not answer.
    async fn run_import(&self, tenant: TenantNo, id: ImportId) -> Result<Import, StoreError>;

    /// Forgets an import whose file did not arrive whole. What is not being received is left alone.
    ///
    /// # Errors
    /// The store could not answer.
    async fn forget_import(&self, tenant: TenantNo, id: ImportId) -> Result<(), StoreError>;

    /// An import.
    ///
    /// # Errors
    /// The store could not answer.
    async fn import(&self, tenant: TenantNo, id: ImportId) -> Result<Option<Import>, StoreError>;

    /// A page of imports, newest first.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn imports(&self, tenant: TenantNo, page: PageRequest) -> Result<Page<Import>, StoreError>;

    /// A page of the lines of an import that were refused, by line. Empty if there is no such import.
    ///
    /// # Errors
    /// [`StoreError::Cursor`] for a cursor of another list; else the store could not answer.
    async fn import_refusals(
        &self,
        tenant: TenantNo,
        id: ImportId,
        page: PageRequest,
    ) -> Result<Page<ImportRefusal>, StoreError>;

    /// At most `max` chunks of one running import: of the one after `after`, in the order in which they began, or of
    /// the first again. None: nothing is to be done.
    ///
    /// # Errors
    /// The store could not answer; a chunk that does not open is damage.
    async fn next_chunks(&self, after: Option<ImportId>, max: usize) -> Result<Option<ImportWork>, StoreError>;

    /// Writes down what these chunks came to, all or none, and forgets their codes; with the last one the import is
    /// done. One that was written down before is passed over. Returns the import.
    ///
    /// # Errors
    /// There is no such import, or the store could not answer.
    async fn record_chunks(&self, tenant: TenantNo, id: ImportId, done: Vec<Imported>) -> Result<Import, StoreError>;
}
