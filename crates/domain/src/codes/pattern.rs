//! What computed codes look like: a prefix, an alphabet and a length.

use serde::{Deserialize, Serialize};

use super::alphabet::{Alphabet, NUMERALS_MAX};
use super::fold::{Folded, fold};
use super::space::OWNED_BITS;

/// The longest prefix, in characters, as shown and as folded.
pub const PREFIX_CHARS_MAX: usize = 32;

/// The longest body: what follows the prefix, in characters, with its check character.
pub const BODY_CHARS_MAX: u8 = NUMERALS_MAX as u8 + 1;

/// What the computed codes of a tenant or of one coupon look like.
///
/// The default pattern (no prefix, base 32, 16 characters) serves all coupons of a tenant that have none of their own.
/// A pattern with a prefix belongs to exactly one coupon; that prefixes are apart is the tenant's to keep, with
/// [`prefixes_clash`].
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "RawPattern", into = "RawPattern")]
pub struct Pattern {
    prefix: String,
    folded_prefix: Folded,
    alphabet: Alphabet,
    length: u8,
}

/// Why there can be no such pattern; the reason is fit for a caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Only the default pattern has no prefix.
    #[error("needs a prefix, as only the default pattern has none")]
    PrefixMissing,
    /// More than [`PREFIX_CHARS_MAX`] characters, as written or as folded.
    #[error("prefix is longer than {PREFIX_CHARS_MAX} characters")]
    PrefixTooLong,
    /// A character that is no letter, digit, hyphen, underscore or dot, or a prefix of separators only.
    #[error("prefix must be letters and digits, with hyphens, underscores or dots between them")]
    PrefixCharacters,
    /// Too few codes for every voucher a coupon can have, or more than can be computed.
    #[error("length must be {min} to {max} characters after the prefix in this alphabet")]
    Length {
        /// The shortest length in this alphabet, with the check character.
        min: u8,
        /// The longest, [`BODY_CHARS_MAX`].
        max: u8,
    },
}

impl Pattern {
    /// A pattern with this prefix as shown (`SUMMER-`), alphabet, and number of characters after the prefix, one of
    /// them the check character. An empty prefix is accepted with base 32 and 16 only: that is the default pattern.
    ///
    /// # Errors
    /// [`PatternError`] names what is wrong.
    pub fn new(prefix: &str, alphabet: Alphabet, length: u8) -> Result<Self, PatternError> {
        let default = Self::default();
        if prefix.is_empty() {
            let same = alphabet == default.alphabet && length == default.length;
            return if same { Ok(default) } else { Err(PatternError::PrefixMissing) };
        }
        let folded_prefix = check_prefix(prefix)?;
        let min = length_min(alphabet);
        if !(min..=BODY_CHARS_MAX).contains(&length) {
            return Err(PatternError::Length { min, max: BODY_CHARS_MAX });
        }
        Ok(Self { prefix: prefix.to_owned(), folded_prefix, alphabet, length })
    }

    /// The prefix as shown, with its separators; empty for the default pattern.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The prefix as compared. Folding a code of this pattern gives this and then the body.
    #[must_use]
    pub fn folded_prefix(&self) -> &Folded {
        &self.folded_prefix
    }

    /// The symbols after the prefix.
    #[must_use]
    pub fn alphabet(&self) -> Alphabet {
        self.alphabet
    }

    /// Characters after the prefix, with the check character.
    #[must_use]
    pub fn length(&self) -> u8 {
        self.length
    }

    /// Characters of a whole folded code: prefix and body.
    #[must_use]
    pub fn total_length(&self) -> usize {
        self.folded_prefix.as_str().chars().count() + usize::from(self.length)
    }

    /// The pattern of every coupon that has none of its own.
    #[must_use]
    pub fn is_default(&self) -> bool {
        self.prefix.is_empty()
    }

    /// How many codes there can be. The check character adds none: the default pattern has 2^75.
    #[must_use]
    pub fn space(&self) -> u128 {
        space(self.alphabet, self.length)
    }

    /// Characters before the check character.
    pub(super) fn numerals(&self) -> u32 {
        u32::from(self.length - 1)
    }
}

impl Default for Pattern {
    fn default() -> Self {
        Self { prefix: String::new(), folded_prefix: Folded::default(), alphabet: Alphabet::Base32, length: 16 }
    }
}

/// One of two folded prefixes begins with the other, so a text could belong to both. The empty prefix clashes with
/// none: codes of the default pattern are told apart by decoding.
#[must_use]
pub fn prefixes_clash(a: &Folded, b: &Folded) -> bool {
    let (a, b) = (a.as_str(), b.as_str());
    !a.is_empty() && !b.is_empty() && (a.starts_with(b) || b.starts_with(a))
}

fn check_prefix(prefix: &str) -> Result<Folded, PatternError> {
    if prefix.chars().count() > PREFIX_CHARS_MAX {
        return Err(PatternError::PrefixTooLong);
    }
    if !prefix.chars().all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '.')) {
        return Err(PatternError::PrefixCharacters);
    }
    let folded = fold(prefix);
    // Some letters fold to several, or to marks that would join what follows.
    if folded.as_str().chars().count() > PREFIX_CHARS_MAX {
        return Err(PatternError::PrefixTooLong);
    }
    if folded.is_empty() || !folded.as_str().chars().all(char::is_alphanumeric) {
        return Err(PatternError::PrefixCharacters);
    }
    Ok(folded)
}

fn space(alphabet: Alphabet, length: u8) -> u128 {
    u128::from(alphabet.radix()).pow(u32::from(length - 1))
}

fn length_min(alphabet: Alphabet) -> u8 {
    let holds_all = |&length: &u8| space(alphabet, length) >= 1 << OWNED_BITS;
    (2..=BODY_CHARS_MAX).find(holds_all).expect("26 characters of the smallest alphabet hold 10^25 codes")
}

/// A pattern as written in definitions.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPattern {
    prefix: String,
    alphabet: Alphabet,
    length: u8,
}

impl TryFrom<RawPattern> for Pattern {
    type Error = PatternError;

    fn try_from(raw: RawPattern) -> Result<Self, PatternError> {
        Self::new(&raw.prefix, raw.alphabet, raw.length)
    }
}

impl From<Pattern> for RawPattern {
    fn from(pattern: Pattern) -> Self {
        Self { prefix: pattern.prefix, alphabet: pattern.alphabet, length: pattern.length }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_default_pattern_has_two_to_the_75_codes() {
        let default = Pattern::default();
        assert_eq!((default.space(), default.total_length()), (1 << 75, 16));
        assert_eq!(Pattern::new("", Alphabet::Base32, 16), Ok(default));
    }

    #[test]
    fn a_pattern_that_cannot_work_is_refused_with_its_reason() {
        use Alphabet::{Base32, Digits, Letters};
        use PatternError::{Length, PrefixCharacters, PrefixMissing, PrefixTooLong};
        for (prefix, alphabet, length, reason) in [
            ("", Base32, 15, PrefixMissing),
            ("", Digits, 16, PrefixMissing),
            ("--", Base32, 16, PrefixCharacters),
            ("A B", Base32, 16, PrefixCharacters),
            ("A\n", Base32, 16, PrefixCharacters),
            ("A%", Base32, 16, PrefixCharacters),
            (&"A".repeat(33), Base32, 16, PrefixTooLong),
            (&"\u{FDFA}".repeat(4), Base32, 16, PrefixTooLong),
            ("A", Base32, 8, Length { min: 9, max: 26 }),
            ("A", Digits, 11, Length { min: 12, max: 26 }),
            ("A", Letters, 9, Length { min: 10, max: 26 }),
            ("A", Base32, 27, Length { min: 9, max: 26 }),
            ("A", Base32, 0, Length { min: 9, max: 26 }),
        ] {
            assert_eq!(Pattern::new(prefix, alphabet, length), Err(reason), "{prefix:?} {alphabet:?} {length}");
        }
    }

    #[test]
    fn prefixes_clash_when_one_begins_the_other() {
        let clash = |a, b| prefixes_clash(&fold(a), &fold(b));
        assert!(clash("SUM-MER", "summer"));
        assert!(clash("SUM", "SUMMER") && clash("SUMMER", "SUM"));
        assert!(!clash("SUMMER", "SUNNY") && !clash("", "SUMMER"));
    }

    #[test]
    fn a_pattern_reads_back_from_its_definition_and_a_bad_one_does_not() {
        let text = r#"{"prefix":"SUMMER-","alphabet":"letters","length":12}"#;
        let pattern: Pattern = serde_json::from_str(text).unwrap();
        assert_eq!(pattern, Pattern::new("SUMMER-", Alphabet::Letters, 12).unwrap());
        assert_eq!(pattern.folded_prefix().as_str(), "SUMMER");
        assert_eq!(serde_json::to_string(&pattern).unwrap(), text);
        assert!(serde_json::from_str::<Pattern>(&text.replace("12", "3")).is_err());
    }

    proptest! {
        #[test]
        fn folding_a_code_gives_the_folded_prefix_and_the_body(prefix in "[\\PC]{1,6}", length: u8) {
            if let Ok(pattern) = Pattern::new(&prefix, Alphabet::Base32, length) {
                let body = "0".repeat(pattern.length().into());
                let expected = format!("{}{body}", pattern.folded_prefix());
                prop_assert_eq!(fold(&format!("{prefix}{body}")).to_string(), expected);
            }
        }
    }
}
