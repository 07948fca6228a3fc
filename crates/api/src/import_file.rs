//! Receives a file of codes, wherever it comes from: what has arrived is kept in chunks, so that none of it need fit in
//! memory.

use std::sync::Arc;
use std::time::Duration;

use domain::id::{ImportId, TenantNo};
use ports::{Codes, Import, ImportChunk, ImportContent, ImportLine, NewImport, Store, StoreError};

use crate::import_lines::Lines;
pub use crate::import_lines::{HeaderError, LINE_BYTES_MAX};

/// Lines that are decided together: many share a commit, and others' commands do not wait long behind them.
const CHUNK_LINES: usize = 2_000;
/// Lines that are sorted before they are cut into chunks, and bytes of text in them.
///
/// Given codes are kept by hash. In the order of a file each code changes a page of its own; 2,000 of 100,000 that are
/// neighbours by hash share their pages. The order of lines within a file means nothing.
const WINDOW_LINES: usize = 131_072;
const WINDOW_BYTES: usize = 8 << 20;
/// Chunks that are kept at once.
const CHUNKS_MAX: usize = 8;
/// How often a busy store is asked again.
const TRIES_MAX: usize = 100;

/// Why a file was not received. Nothing of it is kept.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReceiveError {
    /// Its header cannot be understood.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// The store could not.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// All lines of a file that arrives in these portions, as they are read before anything is kept.
///
/// # Errors
/// The header cannot be understood.
pub fn read_lines<'a>(portions: impl IntoIterator<Item = &'a [u8]>) -> Result<Vec<ImportLine>, HeaderError> {
    let mut lines = Lines::new();
    portions.into_iter().try_for_each(|portion| lines.push(portion))?;
    lines.finish()?;
    Ok(std::mem::take(lines.ready()))
}

/// A file that is being received.
pub struct Receiving {
    store: Arc<dyn Store>,
    tenant: TenantNo,
    id: ImportId,
    lines: Lines,
    window: Vec<ImportLine>,
    window_bytes: usize,
}

impl std::fmt::Debug for Receiving {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Receiving").field("id", &self.id).finish_non_exhaustive()
    }
}

impl Receiving {
    /// Begins.
    ///
    /// # Errors
    /// The store could not.
    pub async fn begin(store: Arc<dyn Store>, tenant: TenantNo, import: NewImport) -> Result<Self, ReceiveError> {
        patiently(|| store.begin_import(tenant, import)).await?;
        let (lines, window) = (Lines::new(), Vec::new());
        Ok(Self { store, tenant, id: import.id, lines, window, window_bytes: 0 })
    }

    /// What has arrived.
    ///
    /// # Errors
    /// The header cannot be understood, or the store could not.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), ReceiveError> {
        self.lines.push(bytes)?;
        self.window_bytes += bytes.len();
        self.window.append(self.lines.ready());
        if self.window.len() >= WINDOW_LINES || self.window_bytes >= WINDOW_BYTES {
            self.keep().await?;
        }
        Ok(())
    }

    /// Nothing more arrives: from now on the lines are taken in.
    ///
    /// # Errors
    /// There was no header, or the store could not.
    pub async fn finish(&mut self) -> Result<Import, ReceiveError> {
        self.lines.finish()?;
        self.window.append(self.lines.ready());
        self.keep().await?;
        Ok(patiently(|| self.store.run_import(self.tenant, self.id)).await?)
    }

    /// Forgets what has arrived.
    pub async fn give_up(self) {
        if let Err(error) = patiently(|| self.store.forget_import(self.tenant, self.id)).await {
            tracing::warn!(%error, import = %self.id, "part of a file is left; the next start removes it");
        }
    }

    async fn keep(&mut self) -> Result<(), ReceiveError> {
        let (window, codes, tenant) = (std::mem::take(&mut self.window), Arc::clone(self.store.codes()), self.tenant);
        self.window_bytes = 0;
        // Hashing is work without waiting: it has a thread of its own.
        let sorted = tokio::task::spawn_blocking(move || sorted(&codes, tenant, window)).await;
        let sorted = sorted.map_err(|error| StoreError::Unavailable(format!("lines were not sorted: {error}")))?;
        let chunks: Vec<ImportChunk> = sorted.chunks(CHUNK_LINES).map(<[_]>::to_vec).collect();
        for chunks in chunks.chunks(CHUNKS_MAX) {
            patiently(|| self.store.keep_chunks(self.tenant, self.id, chunks.to_vec())).await?;
        }
        Ok(())
    }
}

/// By the hash of their codes; of one code, the line that comes first.
fn sorted(codes: &Codes, tenant: TenantNo, window: Vec<ImportLine>) -> Vec<ImportLine> {
    let hash = |content: &ImportContent| match content {
        ImportContent::Code { text, .. } => codes.read(tenant, text).hash,
        ImportContent::Unreadable(_) => [0; 16],
    };
    let mut hashed: Vec<([u8; 16], ImportLine)> = window.into_iter().map(|line| (hash(&line.content), line)).collect();
    hashed.sort_unstable_by_key(|(hash, line)| (*hash, line.line));
    hashed.into_iter().map(|(_, line)| line).collect()
}

/// Asks again while the store is busy: a file that has half arrived is worth some waiting.
async fn patiently<T, F: Future<Output = Result<T, StoreError>>>(ask: impl Fn() -> F) -> Result<T, StoreError> {
    for _ in 1..TRIES_MAX {
        match ask().await {
            Err(StoreError::Busy { retry_after_ms }) => tokio::time::sleep(Duration::from_millis(retry_after_ms)).await,
            answer => return answer,
        }
    }
    ask().await
}
