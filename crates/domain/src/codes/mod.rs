//! Codes and voucher ids: computed by keyed permutations, not stored.
//!
//! Reading order: `fold` (how typed text is compared), `alphabet` and `pattern` (what codes look like), `ff1` (the
//! permutation), `ring` (the keys), `space` (voucher key to code), `voucher_id`, `reading` (typed text to voucher key),
//! `density` (how hard codes are to guess), `draw` (amounts by chance), `seal` (copies of codes that cannot be computed, and what else is kept
//! sealed), `personal` (the same for what is personal).

mod alphabet;
mod density;
mod draw;
mod ff1;
mod fold;
mod pattern;
mod personal;
mod reading;
mod ring;
mod seal;
mod space;
mod voucher_id;

pub use alphabet::Alphabet;
pub use density::{
    BENEFIT_BITS_MIN, Density, STORED_VALUE_BITS_MIN, STORED_VALUE_CHARS_MIN, TooDense, Worth, check_density, density,
};
pub use draw::DrawKey;
pub use fold::{FOLD_BYTES_MAX, FOLD_VERSION, Folded, fold};
pub use pattern::{BODY_CHARS_MAX, PREFIX_CHARS_MAX, Pattern, PatternError, prefixes_clash};
pub use personal::{CustomerKey, IdentityHash};
pub use reading::{Reading, Shape, read};
pub use ring::{KeyRing, RingError, RingKey, UnknownKey};
pub use seal::{MasterKey, RowPlace, SealError};
pub use space::{ComputedCode, EncodeError, Encoder, encode};
pub use voucher_id::{VOUCHER_ID_PREFIX, decode_id, encode_id};
