//! How much of all answers waits for peers who do not take it. A peer that never reads costs little by itself; a thousand
//! that each ask for a long list cost more than a machine has. So few are read at once; and beyond a bound those who take
//! nothing are cut soon, and nothing is read until there is room again. What changes something has a short answer and goes on.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use tokio::sync::{Semaphore, SemaphorePermit};

/// A shorter answer is not counted: the connection itself costs as much.
const COUNTED_BYTES_MIN: usize = 8 << 10;

/// How many requests that change nothing are worked on at once for each core; others wait. What they become on its way from
/// the store takes more than the answer, and is counted nowhere.
const READ_AT_ONCE_PER_CORE: usize = 4;

/// What of all answers is not sent yet.
#[derive(Clone, Debug)]
pub(crate) struct Unsent {
    bytes: Arc<AtomicUsize>,
    bytes_max: usize,
    turns: Arc<Semaphore>,
}

/// On an answer that is one for all: it costs no more, however many wait for it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shared;

impl Unsent {
    pub(crate) fn new(bytes_max: usize) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self { bytes: Arc::default(), bytes_max, turns: Arc::new(Semaphore::new(cores * READ_AT_ONCE_PER_CORE)) }
    }

    /// Once it is the turn of one more that changes nothing.
    pub(crate) async fn turn(&self) -> SemaphorePermit<'_> {
        self.turns.acquire().await.expect("it is never closed")
    }

    pub(crate) fn is_crowded(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.bytes_max
    }

    /// Whether an answer that changed nothing, and has so many bytes, is better given up.
    pub(crate) fn refuses(&self, bytes: u64) -> bool {
        self.is_crowded() && bytes >= COUNTED_BYTES_MIN as u64
    }

    /// The same bytes, counted until they are sent or given up.
    pub(crate) fn counted(&self, part: Bytes) -> Bytes {
        if part.len() < COUNTED_BYTES_MIN {
            return part;
        }
        // The count guards nothing but itself.
        self.bytes.fetch_add(part.len(), Ordering::Relaxed);
        Bytes::from_owner(Counted { part, unsent: Arc::clone(&self.bytes) })
    }
}

/// A part of an answer, in the hands of the connection.
struct Counted {
    part: Bytes,
    unsent: Arc<AtomicUsize>,
}

impl AsRef<[u8]> for Counted {
    fn as_ref(&self) -> &[u8] {
        &self.part
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.unsent.fetch_sub(self.part.len(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_counts_until_the_last_of_it_is_gone() {
        let unsent = Unsent::new(COUNTED_BYTES_MIN);
        let short = unsent.counted(Bytes::from(vec![b'a'; COUNTED_BYTES_MIN - 1]));
        let mut long = unsent.counted(Bytes::from(vec![b'a'; COUNTED_BYTES_MIN + 1]));
        assert_eq!((short.len(), long.len()), (COUNTED_BYTES_MIN - 1, COUNTED_BYTES_MIN + 1));
        assert!(unsent.is_crowded());
        let rest = long.split_off(COUNTED_BYTES_MIN);
        drop(long);
        assert!(unsent.is_crowded(), "a part of it is left");
        drop(rest);
        assert!(!unsent.is_crowded());
    }
}
