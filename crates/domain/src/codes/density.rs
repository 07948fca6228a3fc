//! How hard the codes of a pattern are to guess: the space of codes against those that are worth something.

use serde::{Deserialize, Serialize};

use super::pattern::Pattern;

/// What a guessed code would be worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Worth {
    /// A benefit on an order, as of most coupons.
    Benefit,
    /// Stored value, as of gift vouchers: a stranger can spend it.
    StoredValue,
}

/// The fewest bits of density for a benefit: one guess in 2^30 hits.
pub const BENEFIT_BITS_MIN: u32 = 30;

/// The fewest bits of density for stored value.
pub const STORED_VALUE_BITS_MIN: u32 = 50;

/// The fewest characters, prefix included, of codes for stored value.
pub const STORED_VALUE_CHARS_MIN: usize = 20;

/// How rare live codes are among all codes of a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Density {
    /// A guess of the right form, check character included, hits with a probability of at most 2^-bits.
    pub bits: u32,
}

/// Why codes would be too easy to guess; the reason is fit for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TooDense {
    /// Too many live codes for the space.
    #[error("one guess in 2^{bits} would hit a live code; at most one in 2^{bits_min} may")]
    Bits {
        /// The density there would be.
        bits: u32,
        /// The density there must be.
        bits_min: u32,
    },
    /// Codes for stored value must be longer.
    #[error("codes for stored value need {length_min} characters, these have {length}")]
    Length {
        /// Characters of the pattern's codes, prefix included.
        length: usize,
        /// [`STORED_VALUE_CHARS_MIN`].
        length_min: usize,
    },
}

/// The density of a pattern with so many live codes, rounded down to whole bits; none count as one. For the default
/// pattern, `live` counts the codes of all coupons of the tenant, as they share its space.
#[must_use]
pub fn density(pattern: &Pattern, live: u64) -> Density {
    let guesses_per_hit = pattern.space() / u128::from(live.max(1));
    Density { bits: guesses_per_hit.checked_ilog2().unwrap_or(0) }
}

/// The density with `live_after` live codes, if it is enough for what they are worth.
///
/// # Errors
/// [`TooDense::Length`] before [`TooDense::Bits`].
pub fn check_density(pattern: &Pattern, live_after: u64, worth: Worth) -> Result<Density, TooDense> {
    let (bits_min, length_min) = match worth {
        Worth::Benefit => (BENEFIT_BITS_MIN, 0),
        Worth::StoredValue => (STORED_VALUE_BITS_MIN, STORED_VALUE_CHARS_MIN),
    };
    let length = pattern.total_length();
    if length < length_min {
        return Err(TooDense::Length { length, length_min });
    }
    let density = density(pattern, live_after);
    if density.bits < bits_min {
        return Err(TooDense::Bits { bits: density.bits, bits_min });
    }
    Ok(density)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::Alphabet;

    #[test]
    fn density_is_the_whole_bits_of_space_per_live_code() {
        let default = Pattern::default();
        for (live, bits) in [(0, 75), (1, 75), (2, 74), (3, 73), (100_000_000, 48), (u64::MAX, 11)] {
            assert_eq!(density(&default, live).bits, bits, "{live}");
        }
        assert_eq!(density(&Pattern::new("A", Alphabet::Digits, 12).unwrap(), u64::MAX).bits, 0);
    }

    #[test]
    fn a_block_that_makes_codes_too_easy_to_guess_is_refused() {
        let eleven_digits = Pattern::new("SPRING", Alphabet::Digits, 12).unwrap();
        assert_eq!(check_density(&eleven_digits, 93, Worth::Benefit), Ok(Density { bits: 30 }));
        let refused = Err(TooDense::Bits { bits: 29, bits_min: 30 });
        assert_eq!(check_density(&eleven_digits, 94, Worth::Benefit), refused);
    }

    #[test]
    fn stored_value_needs_twenty_characters_and_fifty_bits() {
        let short = Err(TooDense::Length { length: 16, length_min: 20 });
        assert_eq!(check_density(&Pattern::default(), 1, Worth::StoredValue), short);
        let gift = Pattern::new("GIFT", Alphabet::Base32, 16).unwrap();
        assert_eq!(check_density(&gift, 1 << 25, Worth::StoredValue), Ok(Density { bits: 50 }));
        let refused = Err(TooDense::Bits { bits: 49, bits_min: 50 });
        assert_eq!(check_density(&gift, (1 << 25) + 1, Worth::StoredValue), refused);
    }
}
