//! Each thread's own copies of what all threads look at.
//!
//! Whoever is handed a shared `Arc`, or takes a lock only to read, writes to a count beside it, and takes that piece of memory
//! away from the other cores, which want it for the next request: the more cores, the longer each waits. A copy is handed out by
//! one thread alone, and all that it looks at before is a number that changes with what is copied.

use std::cell::RefCell;
use std::hash::Hash;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rustc_hash::FxHashMap;
use thread_local::ThreadLocal;

/// Copies that a thread keeps of each kind: mostly a megabyte of coupons. Of more it hands out what all share.
const COPIES_MAX: usize = 512;

/// The copies of one kind, of all threads.
#[derive(Debug)]
pub(crate) struct Near<K: Send, T: Send + Sync> {
    /// Counts the changes of what is copied.
    changes: AtomicU64,
    copies: ThreadLocal<RefCell<Copies<K, T>>>,
    copy: fn(&T) -> T,
}

/// Those of one thread.
#[derive(Debug)]
struct Copies<K, T> {
    by_key: FxHashMap<K, Copied<T>>,
    /// How many changes there had been when room was last made: until the next there is none to be made.
    cleared: u64,
}

impl<K, T> Default for Copies<K, T> {
    fn default() -> Self {
        Self { by_key: FxHashMap::default(), cleared: 0 }
    }
}

#[derive(Debug)]
struct Copied<T> {
    /// How many changes there had been, at least, when it was looked at.
    changes: u64,
    shared: Arc<T>,
    own: Arc<T>,
}

impl<K: Eq + Hash + Clone + Send, T: Send + Sync> Near<K, T> {
    /// `copy` makes one that has no count in common with what it is of.
    pub fn new(copy: fn(&T) -> T) -> Self {
        Self { changes: AtomicU64::new(0), copies: ThreadLocal::new(), copy }
    }

    /// This thread's copy; `shared` finds what all have, which is copied if it is another than before.
    pub fn get(&self, key: &K, shared: impl FnOnce() -> Option<Arc<T>>) -> Option<Arc<T>> {
        // Before what is shared is looked at: a change meanwhile makes the copy look older than it is, never newer.
        let changes = self.changes.load(Ordering::Acquire);
        let mut copies = self.copies.get_or_default().borrow_mut();
        let Copies { by_key, cleared } = &mut *copies;
        if let Some(copied) = by_key.get(key)
            && copied.changes == changes
        {
            return Some(Arc::clone(&copied.own));
        }
        let before = by_key.remove(key);
        let shared = shared()?;
        if by_key.len() >= COPIES_MAX && *cleared != changes {
            by_key.retain(|_, copied| copied.changes == changes);
            *cleared = changes;
        }
        if by_key.len() >= COPIES_MAX {
            return Some(shared);
        }
        let same = before.filter(|before| Arc::ptr_eq(&before.shared, &shared));
        let own = same.map_or_else(|| Arc::new((self.copy)(&shared)), |before| before.own);
        by_key.insert(key.clone(), Copied { changes, shared, own: Arc::clone(&own) });
        Some(own)
    }

    /// What is shared was changed, and who looks finds it so.
    pub fn changed(&self) {
        self.changes.fetch_add(1, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::thread;

    use super::*;

    #[test]
    fn a_copy_is_the_threads_own_and_made_anew_only_for_what_is_another() {
        let (near, shared) = (Near::new(String::clone), Mutex::new(Arc::new("old".to_owned())));
        let get = || near.get(&7, || Some(Arc::clone(&shared.lock().unwrap()))).unwrap();
        let first = get();
        assert!(Arc::ptr_eq(&first, &get()));
        assert!(!Arc::ptr_eq(&first, &shared.lock().unwrap()));
        assert!(!Arc::ptr_eq(&first, &thread::scope(|scope| scope.spawn(get).join().unwrap())));
        near.changed();
        assert!(Arc::ptr_eq(&first, &get()), "something else changed");
        *shared.lock().unwrap() = Arc::new("new".to_owned());
        near.changed();
        assert_eq!(*get(), "new");
        near.changed();
        assert_eq!(near.get(&7, || None), None);
    }

    #[test]
    fn what_was_changed_before_a_look_is_seen_by_every_thread() {
        let (near, shared) = (Near::new(u64::clone), Mutex::new(Arc::new(0)));
        thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for number in 1..=2_000 {
                        let at_least = {
                            let mut shared = shared.lock().unwrap();
                            let next = **shared + number % 2;
                            *shared = Arc::new(next);
                            next
                        };
                        near.changed();
                        assert!(*near.get(&(), || Some(Arc::clone(&shared.lock().unwrap()))).unwrap() >= at_least);
                    }
                });
            }
        });
    }

    #[test]
    fn a_thread_keeps_a_bounded_number_of_copies() {
        let near = Near::new(usize::clone);
        let get = |number| near.get(&number, || Some(Arc::new(number))).as_deref().copied();
        assert!((0..3 * COPIES_MAX).all(|number| get(number) == Some(number)));
        let kept = || near.copies.get_or_default().borrow().by_key.len();
        assert_eq!(kept(), COPIES_MAX);
        near.changed();
        assert_eq!((get(3 * COPIES_MAX), kept()), (Some(3 * COPIES_MAX), 1), "what was copied before makes room");
    }
}
