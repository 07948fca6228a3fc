//! What a batch has to say beside its rows, in order: what was kept, and what the command under decision added.

use std::ops::Deref;

/// A list that a command adds to, if it succeeds.
#[derive(Debug)]
pub(super) struct Log<T> {
    entries: Vec<T>,
    kept: usize,
}

impl<T> Default for Log<T> {
    fn default() -> Self {
        Self { entries: Vec::new(), kept: 0 }
    }
}

impl<T> Deref for Log<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.entries
    }
}

impl<T> Log<T> {
    pub(super) fn push(&mut self, entry: T) {
        self.entries.push(entry);
    }

    pub(super) fn keep(&mut self) {
        self.kept = self.entries.len();
    }

    pub(super) fn discard(&mut self) {
        self.entries.truncate(self.kept);
    }

    pub(super) fn restart(&mut self) {
        self.entries.clear();
        self.kept = 0;
    }
}
