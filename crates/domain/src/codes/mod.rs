//! Codes: computed by keyed permutations, not stored. `fold` is how typed text is compared.

mod fold;

pub use fold::{FOLD_BYTES_MAX, FOLD_VERSION, Folded, fold};
