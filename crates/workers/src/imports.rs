//! Files of codes: one chunk after the other becomes a command. Imports take turns, so that a small one does not wait for
//! a large one.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use domain::customer::Customer;
use domain::id::{CustomerNo, ImportId, TenantNo};
use domain::identity::{IdentityKey, IdentityKind};
use domain::ledger::{Action, Answer, Command, Fingerprint, GivenEntry, IdempotencyHash, NotImported, Outcome};
use domain::rejection::Rejection;
use ports::{Import, ImportChunk, ImportContent, ImportOwner, ImportRefusal, ImportWork, Imported, Store, StoreError};
use tokio::sync::watch;

use crate::{Schedule, pause};

/// Chunks decided before their progress is written down: a crash between decides so many again, to the same end.
const CHUNKS_MAX: usize = 4;

pub(crate) async fn run(store: Arc<dyn Store>, schedule: Schedule, mut stopped: watch::Receiver<bool>) {
    let mut turn = None;
    let mut wait = schedule.imports_every;
    while pause(wait, &mut stopped).await {
        wait = match step(&store, turn).await {
            Ok(Some(id)) => {
                turn = Some(id);
                Duration::ZERO
            }
            Ok(None) => schedule.imports_every,
            Err(StoreError::Busy { retry_after_ms }) => Duration::from_millis(retry_after_ms),
            Err(error) => {
                tracing::warn!(%error, "imports could not go on; they go on from here");
                schedule.imports_every
            }
        };
    }
}

/// Takes in some chunks of the import whose turn it is after that one. Returns which it was.
async fn step(store: &Arc<dyn Store>, after: Option<ImportId>) -> Result<Option<ImportId>, StoreError> {
    let Some(ImportWork { tenant, import, chunks }) = store.next_chunks(after, CHUNKS_MAX).await? else {
        return Ok(None);
    };
    let mut done = Vec::with_capacity(chunks.len());
    for (chunk, lines) in chunks {
        let numbers: Vec<u64> = lines.iter().map(|line| line.line).collect();
        let codes = read(store, tenant, lines).await?;
        let (accepted, refused) = submit(store, tenant, (&import, chunk), codes).await?;
        let refused = refused.into_iter().filter_map(|NotImported { place, reason }| {
            Some(ImportRefusal { line: *numbers.get(place as usize)?, reason })
        });
        done.push(Imported { chunk, accepted, refused: refused.collect() });
    }
    store.record_chunks(tenant, import.id, done).await?;
    Ok(Some(import.id))
}

/// Has the ledger decide a chunk. Returns how many lines became vouchers, and which did not.
async fn submit(
    store: &Arc<dyn Store>,
    tenant: TenantNo,
    (import, chunk): (&Import, u32),
    codes: Vec<Result<GivenEntry, String>>,
) -> Result<(u64, Vec<NotImported>), StoreError> {
    let reasons: Vec<Option<String>> = codes.iter().map(|code| code.as_ref().err().cloned()).collect();
    let refuse_all = |reason: &str| {
        let refuse = |(place, own): (u32, Option<String>)| NotImported {
            place,
            reason: own.unwrap_or_else(|| reason.to_owned()),
        };
        (0, (0..).zip(reasons).map(refuse).collect())
    };
    let (key, fingerprint) = name_of(import.id, chunk);
    let action = Action::ImportGiven { coupon: import.coupon, codes };
    let command = Command { actor: import.actor, key: Some(key), fingerprint, action };
    match store.submit(tenant, command).await {
        Ok(Ok(Answer { outcome: Outcome::Imported { accepted, refused }, .. })) => Ok((accepted.into(), refused)),
        Ok(Ok(_)) => Err(StoreError::Corrupt(format!("chunk {chunk} of {} came to something else", import.id))),
        // The coupon ended, or was paused, meanwhile.
        Ok(Err(refusal)) => Ok(refuse_all(&refusal.rejection.code())),
        // It would fail again, and keep all that comes after it from its turn.
        Err(StoreError::Corrupt(error)) => {
            tracing::error!(error, import = %import.id, chunk, "a chunk of an import failed");
            Ok(refuse_all("internal"))
        }
        Err(error) => Err(error),
    }
}

/// Under which idempotency key a chunk is decided. The key and the rest of the id are never another command's: clients'
/// keys are hashes.
fn name_of(import: ImportId, chunk: u32) -> (IdempotencyHash, Fingerprint) {
    let (mut key, fingerprint) = (*import.0.as_bytes(), *import.0.as_bytes());
    for (byte, of_chunk) in key.iter_mut().zip(chunk.to_be_bytes()) {
        *byte ^= of_chunk;
    }
    (key, fingerprint)
}

/// Reads the codes of a chunk, in its order; or why a line has none.
async fn read(
    store: &Arc<dyn Store>,
    tenant: TenantNo,
    chunk: ImportChunk,
) -> Result<Vec<Result<GivenEntry, String>>, StoreError> {
    let mut known = Known::new();
    let mut texts: Vec<Result<(String, Option<CustomerNo>), String>> = Vec::with_capacity(chunk.len());
    for line in chunk {
        texts.push(match line.content {
            ImportContent::Unreadable(reason) => Err(reason),
            ImportContent::Code { text, owner: None } => Ok((text, None)),
            ImportContent::Code { text, owner: Some(owner) } => match owner_no(store, tenant, owner, &mut known).await?
            {
                Some(no) => Ok((text, Some(no))),
                None => Err(Rejection::CustomerNotFound.code().into_owned()),
            },
        });
    }
    // Hashing and sealing is work without waiting: it has a thread of its own.
    let codes = Arc::clone(store.codes());
    let read = tokio::task::spawn_blocking(move || {
        let entry = |(text, customer): (String, Option<CustomerNo>)| {
            let reading = codes.read(tenant, &text);
            let sealed = codes.seal(tenant, &reading, &text);
            GivenEntry { reading, sealed, customer }
        };
        texts.into_iter().map(|text| text.map(entry)).collect()
    });
    read.await.map_err(|error| StoreError::Unavailable(format!("codes were not read: {error}")))
}

/// Customers of a chunk that were looked up.
type Known = HashMap<IdentityKey, Option<CustomerNo>>;

/// The customer a line names. Every way of naming one is answered here.
async fn owner_no(
    store: &Arc<dyn Store>,
    tenant: TenantNo,
    owner: ImportOwner,
    known: &mut Known,
) -> Result<Option<CustomerNo>, StoreError> {
    match owner {
        // Answered from memory when asked again.
        ImportOwner::Id(id) => store.customer_no(tenant, id).await,
        ImportOwner::By(kind, value) => {
            let key = IdentityKey::of(kind, &value);
            if let Some(no) = known.get(&key) {
                return Ok(*no);
            }
            let carriers = store.customers_by_identity(tenant, key.clone()).await?;
            let named = Customer::named_by(&key, &carriers);
            // The shop's own id is the shop's to give, so that an account has it as well.
            let shops_own = carriers.first().filter(|_| kind == IdentityKind::ExternalId);
            let no = named.or(shops_own).map(|customer| customer.no);
            known.insert(key, no);
            Ok(no)
        }
    }
}
