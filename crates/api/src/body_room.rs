//! How much of all bodies together is in memory. Each is bounded by itself, but ten thousand connections with one each are
//! more than a machine has. Small ones are let in whatever else is there: who fills the room with large ones holds up
//! nobody's claim.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::problem::Problem;

/// Of each body so much is taken without asking for room: more than a claim or a small order needs.
pub(crate) const FREE_BYTES: usize = 8 << 10;

/// When to come again: a body that holds room is there or given up by then, mostly.
const RETRY_AFTER_S: u32 = 1;

/// What is left for the bodies of all requests.
#[derive(Clone, Debug)]
pub(crate) struct Room(Arc<AtomicUsize>);

impl Room {
    pub(crate) fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// For one request.
    pub(crate) fn place(&self) -> Place {
        Place(Arc::new(Held { room: self.clone(), bytes: AtomicUsize::new(0) }))
    }
}

/// What one request holds of the room until it is answered, or given up.
#[derive(Clone, Debug)]
pub(crate) struct Place(Arc<Held>);

#[derive(Debug)]
struct Held {
    room: Room,
    bytes: AtomicUsize,
}

impl Place {
    /// Makes room for a body that has grown from so many bytes to so many; 503 if there is none.
    pub(crate) fn grow(&self, from_bytes: usize, to_bytes: usize) -> Result<(), Problem> {
        let more = to_bytes.max(FREE_BYTES) - from_bytes.max(FREE_BYTES);
        let Held { room, bytes } = &*self.0;
        // The counts guard nothing but themselves.
        let taken = room.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(more));
        taken.map_err(|_| Problem::busy(RETRY_AFTER_S))?;
        bytes.fetch_add(more, Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.room.0.fetch_add(*self.bytes.get_mut(), Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn room_is_taken_beyond_what_is_free_and_comes_back_with_the_answer() {
        let room = Room::new(1_000);
        let (first, second) = (room.place(), room.place());
        first.grow(0, FREE_BYTES + 600).expect("there is room");
        first.grow(FREE_BYTES + 600, FREE_BYTES + 900).expect("there is room");
        assert_eq!(second.grow(0, FREE_BYTES + 101).expect_err("there is none").status(), 503);
        second.grow(0, FREE_BYTES).expect("a small one needs none");
        second.grow(FREE_BYTES, FREE_BYTES + 100).expect("it fits");
        let same = first.clone();
        drop(first);
        assert!(second.grow(FREE_BYTES + 100, FREE_BYTES + 101).is_err(), "some of the request still runs");
        drop(same);
        second.grow(FREE_BYTES + 100, FREE_BYTES + 1_000).expect("it came back");
    }
}
