//! The symbols of computed codes, and the check character that ends each code.

use serde::{Deserialize, Serialize};

/// The most numerals before the check character: 25 in base 32 are 125 bits.
pub(super) const NUMERALS_MAX: usize = 25;

/// Which symbols a computed code uses. None holds a symbol that the fold would change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Alphabet {
    /// Crockford's base 32: digits and capitals without I, L, O and U.
    #[default]
    Base32,
    /// The ten digits: for keypads and phone lines.
    Digits,
    /// The 22 capitals without I, L, O and U.
    Letters,
}

/// Why a text is not a body of an alphabet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyError {
    /// It has a character outside the alphabet, or too few or too many.
    Foreign,
    /// All characters fit; the check character does not.
    Check,
}

impl Alphabet {
    /// How many symbols it has.
    #[must_use]
    pub fn radix(self) -> u32 {
        match self {
            Self::Base32 => 32,
            Self::Digits => 10,
            Self::Letters => 22,
        }
    }

    /// Its symbols, in the order of their values.
    #[must_use]
    pub fn symbols(self) -> &'static str {
        match self {
            Self::Base32 => "0123456789ABCDEFGHJKMNPQRSTVWXYZ",
            Self::Digits => "0123456789",
            Self::Letters => "ABCDEFGHJKMNPQRSTVWXYZ",
        }
    }

    /// Appends `value`, below `radix^numerals`, in that many symbols, and its check character.
    pub(super) fn append(self, value: u128, numerals: usize, to: &mut String) {
        let digits = match self {
            Self::Base32 => digits::<32>(value),
            Self::Digits => digits::<10>(value),
            Self::Letters => digits::<22>(value),
        };
        let symbols = self.symbols().as_bytes();
        let mut check = Check::new(self.radix());
        for &digit in &digits[NUMERALS_MAX - numerals..] {
            check.add(u32::from(digit));
            to.push(char::from(symbols[usize::from(digit)]));
        }
        to.push(char::from(symbols[check.digit() as usize]));
    }

    /// The value of folded symbols that [`append`](Self::append) wrote.
    pub(super) fn parse(self, body: &str) -> Result<u128, BodyError> {
        if !(2..=NUMERALS_MAX + 1).contains(&body.len()) {
            return Err(BodyError::Foreign);
        }
        let (numerals, last) = body.split_at_checked(body.len() - 1).ok_or(BodyError::Foreign)?;
        let mut check = Check::new(self.radix());
        let mut value = 0;
        for symbol in numerals.bytes() {
            let digit = self.digit(symbol)?;
            check.add(digit);
            value = value * u128::from(self.radix()) + u128::from(digit);
        }
        let last = last.bytes().next().ok_or(BodyError::Foreign)?;
        if self.digit(last)? == check.digit() { Ok(value) } else { Err(BodyError::Check) }
    }

    fn digit(self, symbol: u8) -> Result<u32, BodyError> {
        let position = self.symbols().bytes().position(|known| known == symbol);
        position.map(|at| at as u32).ok_or(BodyError::Foreign)
    }
}

/// The digits of a value, most significant first. The radix is a constant so that the divisions become multiplications.
fn digits<const RADIX: u64>(value: u128) -> [u8; NUMERALS_MAX] {
    // 13 digits of base 32 are 65 bits; 12 of any of the radices fit a word, and words divide far quicker.
    let word = u128::from(RADIX.pow(12));
    let mut digits = [0; NUMERALS_MAX];
    let mut rest = value;
    for chunk in digits.rchunks_mut(12) {
        let mut low = (rest % word) as u64;
        rest /= word;
        for digit in chunk.iter_mut().rev() {
            *digit = (low % RADIX) as u8;
            low /= RADIX;
        }
    }
    digits
}

/// The hybrid system MOD M+1,M of ISO/IEC 7064, for an even alphabet of M symbols.
///
/// It catches every single wrong symbol, as each step permutes the state. Of two different neighbours swapped it misses
/// one in 496 (base 32), 231 (letters) or 45 (digits); the tests count both.
struct Check {
    radix: u32,
    state: u32,
}

impl Check {
    fn new(radix: u32) -> Self {
        Self { radix, state: radix }
    }

    fn add(&mut self, digit: u32) {
        let sum = (self.state + digit) % self.radix;
        self.state = 2 * (if sum == 0 { self.radix } else { sum }) % (self.radix + 1);
    }

    /// The digit that brings the sum to 1.
    fn digit(&self) -> u32 {
        (self.radix + 1 - self.state) % self.radix
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::fold;

    const ALL: [Alphabet; 3] = [Alphabet::Base32, Alphabet::Digits, Alphabet::Letters];

    fn body(alphabet: Alphabet, value: u128, numerals: usize) -> String {
        let mut text = String::new();
        alphabet.append(value, numerals, &mut text);
        text
    }

    #[test]
    fn the_fold_keeps_every_symbol() {
        for alphabet in ALL {
            assert_eq!(fold(alphabet.symbols()).as_str(), alphabet.symbols());
            assert_eq!(alphabet.symbols().len(), alphabet.radix() as usize);
        }
    }

    #[test]
    fn the_check_digit_is_that_of_the_standard() {
        // The example of ISO/IEC 7064 for MOD 11,10.
        assert_eq!(body(Alphabet::Digits, 794, 4), "07945");
    }

    #[test]
    fn values_of_every_length_read_back() {
        for alphabet in ALL {
            for numerals in 1..=NUMERALS_MAX {
                let bound = u128::from(alphabet.radix()).pow(numerals as u32);
                for value in [0, 1, bound / 3, bound - 1] {
                    let text = body(alphabet, value, numerals);
                    assert_eq!((text.len(), alphabet.parse(&text)), (numerals + 1, Ok(value)));
                }
            }
        }
    }

    #[test]
    fn every_single_wrong_symbol_is_caught() {
        for alphabet in ALL {
            let text = body(alphabet, 0x0123_4567_89AB, 15);
            for at in 0..text.len() {
                for symbol in alphabet.symbols().chars().filter(|&symbol| !text[at..].starts_with(symbol)) {
                    let typo = format!("{}{symbol}{}", &text[..at], &text[at + 1..]);
                    assert_eq!(alphabet.parse(&typo), Err(BodyError::Check), "{text} {typo}");
                }
            }
        }
    }

    /// Swaps of two different neighbours, over every state before them: `[all, unseen]` among the numerals, then of the
    /// last numeral with the check character.
    fn swaps(radix: u32) -> [[usize; 2]; 2] {
        let after = |state, digit| {
            let mut check = Check { radix, state };
            check.add(digit);
            check
        };
        let states = 1..=radix;
        let pairs = states.flat_map(|state| (0..radix * radix).map(move |pair| (state, pair / radix, pair % radix)));
        let inner: Vec<_> = pairs.filter(|&(_, a, b)| a != b).collect();
        let last: Vec<_> = inner.iter().copied().filter(|&(state, a, b)| after(state, a).digit() == b).collect();
        let unseen =
            inner.iter().filter(|&&(s, a, b)| after(after(s, a).state, b).state == after(after(s, b).state, a).state);
        let unseen_last = last.iter().filter(|&&(s, a, b)| after(s, b).digit() == a);
        [[inner.len(), unseen.count()], [last.len(), unseen_last.count()]]
    }

    #[test]
    fn of_swapped_neighbours_all_but_few_are_caught() {
        assert_eq!(swaps(32), [[31_744, 64], [992, 2]]);
        assert_eq!(swaps(10), [[900, 20], [90, 2]]);
        assert_eq!(swaps(22), [[10_164, 44], [462, 2]]);
    }

    #[test]
    fn foreign_texts_are_refused_without_a_panic() {
        for text in ["", "7", "é", "1é", "7945U", "７９４５", &"0".repeat(27)] {
            assert_eq!(Alphabet::Base32.parse(text), Err(BodyError::Foreign), "{text}");
        }
    }
}
