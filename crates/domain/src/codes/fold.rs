//! The fold: the one form in which typed texts are compared, whatever keyboard, font or clipboard they came through.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// The version of [`fold`]. Hashes of folded texts are stored, so a change of the fold needs a new version beside this
/// one, never a change in place.
pub const FOLD_VERSION: u8 = 1;

/// The longest text that folds to something, in bytes, before and after folding.
pub const FOLD_BYTES_MAX: usize = 256;

/// Two passes settle all but contrived texts; see [`fold`].
const PASSES_MAX: usize = 8;

/// A folded text. Cheap to clone; its `Debug` shows nothing, as most folded texts are codes.
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Folded(Arc<str>);

impl Folded {
    /// The folded text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Nothing is left: the text had only separators, or was too long. It stands for no code.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Folded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Folded(..)")
    }
}

/// Folds a typed text: NFKC, upper case, Greek and Cyrillic capitals that look Latin made Latin, separators and
/// invisible characters dropped, O to 0, I and L to 1. Letters of other scripts stay.
///
/// Folding twice is folding once. Upper-casing and dropping can leave something NFKC would compose again, so passes
/// repeat until nothing changes; a text that does not settle, or is longer than [`FOLD_BYTES_MAX`], folds to nothing.
#[must_use]
pub fn fold(text: &str) -> Folded {
    if text.len() > FOLD_BYTES_MAX {
        return Folded::default();
    }
    if text.is_ascii() {
        let mut folded = String::with_capacity(text.len());
        folded.extend(text.bytes().filter_map(simple_ascii));
        return Folded(folded.into());
    }
    let mut text = text.to_owned();
    for _ in 0..PASSES_MAX {
        let next = simplify(text.nfkc().flat_map(char::to_uppercase));
        if next.len() > FOLD_BYTES_MAX {
            break;
        }
        if next == text {
            return Folded(next.into());
        }
        text = next;
    }
    Folded::default()
}

fn simplify(capitals: impl Iterator<Item = char>) -> String {
    capitals.filter(|&c| !is_separator(c) && !is_invisible(c)).map(|c| misread(latin(c))).collect()
}

/// [`simplify`] for what most codes are made of, without a look at the rest of Unicode.
fn simple_ascii(byte: u8) -> Option<char> {
    match byte.to_ascii_uppercase() {
        b' ' | b'-' | b'_' | b'.' => None,
        control if control.is_ascii_control() => None,
        capital => Some(misread(char::from(capital))),
    }
}

/// The symbol people mean when they read or type this one, after Crockford's base 32.
fn misread(c: char) -> char {
    match c {
        'O' => '0',
        'I' | 'L' => '1',
        other => other,
    }
}

/// The Latin capital this Greek or Cyrillic capital is drawn like (Unicode's confusables, capitals only).
fn latin(c: char) -> char {
    match c {
        'Α' | 'А' => 'A',
        'Β' | 'В' => 'B',
        'С' => 'C',
        'Ε' | 'Е' => 'E',
        'Η' | 'Н' => 'H',
        'Ι' | 'І' | 'Ӏ' => 'I',
        'Ϳ' | 'Ј' => 'J',
        'Κ' | 'К' => 'K',
        'Μ' | 'М' => 'M',
        'Ν' => 'N',
        'Ο' | 'О' => 'O',
        'Ρ' | 'Р' => 'P',
        'Ԛ' => 'Q',
        'Ѕ' => 'S',
        'Τ' | 'Т' => 'T',
        'Ԝ' => 'W',
        'Χ' | 'Х' => 'X',
        'Υ' | 'У' | 'Ү' => 'Y',
        'Ζ' => 'Z',
        other => other,
    }
}

/// White space, controls, dashes (Unicode category Pd and the minus sign), underscore and dot.
fn is_separator(c: char) -> bool {
    c.is_whitespace()
        || c.is_control()
        || matches!(
            c,
            '-' | '_' | '.' | '\u{58A}' | '\u{5BE}' | '\u{1400}' | '\u{1806}' | '\u{2010}'
                ..='\u{2015}'
                    | '\u{2212}'
                    | '\u{2E17}'
                    | '\u{2E1A}'
                    | '\u{2E3A}'
                    | '\u{2E3B}'
                    | '\u{2E40}'
                    | '\u{2E5D}'
                    | '\u{301C}'
                    | '\u{3030}'
                    | '\u{30A0}'
                    | '\u{10D6E}'
                    | '\u{10EAD}'
        )
}

/// Soft hyphens, zero-width and other format characters: Unicode's `Default_Ignorable_Code_Point`, and U+FFF9 to FFFB.
fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{AD}' | '\u{34F}' | '\u{61C}' | '\u{115F}' | '\u{1160}' | '\u{17B4}' | '\u{17B5}' | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF0}'..='\u{FFFB}' | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}' | '\u{E0000}'..='\u{E0FFF}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(typed: &str, folded: &str) {
        assert_eq!(fold(typed).as_str(), folded, "{typed:?}");
    }

    #[test]
    fn typed_variants_of_one_code_fold_to_one_text() {
        for typed in ["save10", "SAVE-10", " s a v e\u{a0}1\u{200b}0 ", "SAVE1O", "saveio", "ＳＡＶＥ１０", "Save_l.o"]
        {
            check(typed, "SAVE10");
        }
        check("sa\u{ad}ve\u{2011}10\u{2212}\u{feff}", "SAVE10");
    }

    #[test]
    fn capitals_that_look_latin_become_latin() {
        check("АВЕКМНОРСТХУІЅЈ", "ABEKMH0PCTXY1SJ");
        check("ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZH1KMN0PTYX");
        check("саве10", fold("CABE10").as_str());
    }

    #[test]
    fn letters_of_other_scripts_stay() {
        check("新年 快乐-88", "新年快乐88");
        check("Ñandú", "ÑANDÚ");
        check("скидка", "CКИДКA".replace('К', "K").as_str());
    }

    #[test]
    fn a_text_that_is_too_long_folds_to_nothing() {
        assert_eq!(fold(&"A".repeat(FOLD_BYTES_MAX)).as_str().len(), FOLD_BYTES_MAX);
        check(&"A".repeat(FOLD_BYTES_MAX + 1), "");
        check(&"\u{FDFA}".repeat(85), "");
        check(" -._\u{0}\n", "");
    }

    #[test]
    fn every_character_settles_beside_letters_and_marks() {
        for c in '\0'..=char::MAX {
            for text in [format!("A{c}"), format!("Е{c}\u{308}")] {
                let folded = fold(&text);
                assert!(!folded.is_empty() && fold(folded.as_str()) == folded, "{text:?}");
            }
        }
    }

    #[test]
    fn ascii_folds_alone_as_it_does_beside_other_letters() {
        for c in 0..=127_u8 {
            let alone = fold(&char::from(c).to_string());
            assert_eq!(fold(&format!("{}券", char::from(c))).as_str(), format!("{alone}券"), "{c}");
        }
    }

    #[test]
    fn debug_shows_nothing_of_the_text() {
        assert_eq!(format!("{:?}", fold("SECRET")), "Folded(..)");
    }

    proptest! {
        #[test]
        fn folding_twice_is_folding_once(text in any::<String>()) {
            let folded = fold(&text);
            prop_assert_eq!(&fold(folded.as_str()), &folded);
        }

        #[test]
        fn marks_and_look_alikes_settle(text in "[А-яΑ-ωa-z\u{300}-\u{345}\u{200b} .\u{AC00}-\u{AC20}\u{1100}-\u{11FF}-]{0,40}") {
            let folded = fold(&text);
            prop_assert_eq!(&fold(folded.as_str()), &folded);
        }
    }
}
