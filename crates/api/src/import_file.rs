//! Receives a file of codes, wherever it comes from: what has arrived is kept in chunks, so that none of it need fit in
//! memory.

use std::sync::Arc;
use std::time::Duration;

use domain::id::{ImportId, TenantNo};
use ports::{Import, ImportChunk, NewImport, Store, StoreError};

use crate::import_lines::Lines;
pub use crate::import_lines::{HeaderError, LINE_BYTES_MAX};

/// Lines that are decided together: many share a commit, and others' commands do not wait long behind them.
const CHUNK_LINES: usize = 1_000;
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

/// A file that is being received.
pub struct Receiving {
    store: Arc<dyn Store>,
    tenant: TenantNo,
    id: ImportId,
    lines: Lines,
    chunks: Vec<ImportChunk>,
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
        Ok(Self { store, tenant, id: import.id, lines: Lines::new(), chunks: Vec::new() })
    }

    /// What has arrived.
    ///
    /// # Errors
    /// The header cannot be understood, or the store could not.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), ReceiveError> {
        self.lines.push(bytes)?;
        while self.lines.ready().len() >= CHUNK_LINES {
            let rest = self.lines.ready().split_off(CHUNK_LINES);
            self.chunks.push(std::mem::replace(self.lines.ready(), rest));
            if self.chunks.len() == CHUNKS_MAX {
                self.keep().await?;
            }
        }
        Ok(())
    }

    /// Nothing more arrives: from now on the lines are taken in.
    ///
    /// # Errors
    /// There was no header, or the store could not.
    pub async fn finish(&mut self) -> Result<Import, ReceiveError> {
        self.lines.finish()?;
        let rest = std::mem::take(self.lines.ready());
        if !rest.is_empty() {
            self.chunks.push(rest);
        }
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
        let chunks = std::mem::take(&mut self.chunks);
        if !chunks.is_empty() {
            patiently(|| self.store.keep_chunks(self.tenant, self.id, chunks.clone())).await?;
        }
        Ok(())
    }
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
