//! Codes: computed by keyed permutations, not stored.
//!
//! Reading order: `fold` (how typed text is compared), `alphabet` and `pattern` (what codes look like), `ff1` (the
//! permutation), `ring` (the keys), `space` (voucher key to code), `reading` (typed text to voucher key).

mod alphabet;
mod ff1;
mod fold;
mod pattern;
mod reading;
mod ring;
mod space;

pub use alphabet::Alphabet;
pub use fold::{FOLD_BYTES_MAX, FOLD_VERSION, Folded, fold};
pub use pattern::{BODY_CHARS_MAX, PREFIX_CHARS_MAX, Pattern, PatternError, prefixes_clash};
pub use reading::{Reading, Shape, read};
pub use ring::{KeyRing, RingError, RingKey, UnknownKey};
pub use space::{ComputedCode, EncodeError, Encoder, encode};
