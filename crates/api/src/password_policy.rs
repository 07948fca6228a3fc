//! What a password may be, after NIST SP 800-63B-4 (section 3.1.1): long enough, not one that everybody tries first, not
//! the name of who signs in. Nothing is asked about which characters it has: that makes passwords worse, not better.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::passwords::Password;
use crate::problem::FieldError;

/// Code points.
const CHARS_MIN: usize = 8;
const CHARS_MAX: usize = 128;

/// A password of fewer different characters is no more than a pattern.
const DISTINCT_CHARS_MIN: usize = 4;

/// What people choose most, from general knowledge; those that are too short come with numbers behind them.
const COMMON: &str = include_str!("common_passwords.txt");

static COMMON_CORES: LazyLock<HashSet<String>> = LazyLock::new(|| COMMON.lines().map(core).collect());

/// Refuses a password that is too short (`too_short`), too long (`too_long`), known to all (`too_common`), or one of the
/// names (`is_your_name`): the account's own, and its address.
///
/// # Errors
/// With the pointer to the password's field.
pub fn check_policy(pointer: &str, password: &Password, names: &[&str]) -> Result<(), FieldError> {
    let (code, detail) = match wrong_with(password.reveal(), names) {
        None => return Ok(()),
        Some("too_short") => ("too_short", format!("must have {CHARS_MIN} characters or more")),
        Some("too_long") => ("too_long", format!("must have {CHARS_MAX} characters or fewer")),
        Some("too_common") => ("too_common", "is one of the first that anybody would try".to_owned()),
        Some(code) => (code, "must not be your name or address".to_owned()),
    };
    Err(FieldError { pointer: pointer.to_owned(), code, detail })
}

fn wrong_with(password: &str, names: &[&str]) -> Option<&'static str> {
    let chars = password.chars().count();
    if chars < CHARS_MIN {
        return Some("too_short");
    }
    if chars > CHARS_MAX {
        return Some("too_long");
    }
    let core = core(password);
    if is_pattern(password) || COMMON_CORES.contains(&core) {
        return Some("too_common");
    }
    let parts = names.iter().flat_map(|name| [Some(*name), name.split_once('@').map(|(local, _)| local)]);
    let is_name = |name: &str| !name.is_empty() && self::core(name) == core;
    parts.flatten().any(is_name).then_some("is_your_name")
}

/// Few different characters, or each one beside the one before: `abababab`, `12345678`, `hgfedcba`.
fn is_pattern(password: &str) -> bool {
    let chars: Vec<u32> = password.to_lowercase().chars().map(u32::from).collect();
    let distinct: HashSet<u32> = chars.iter().copied().collect();
    let runs = |step: i64| chars.windows(2).all(|two| i64::from(two[1]) - i64::from(two[0]) == step);
    // The zero stands behind the nine on a keyboard.
    let is_row = password.ends_with('0') && is_pattern(&password[..password.len() - 1]);
    distinct.len() < DISTINCT_CHARS_MIN || runs(1) || runs(-1) || is_row
}

/// The same for all ways in which people make a well-known word look like a password: letters in any case or as numbers
/// and signs, with numbers and signs before and after it. A text without letters is its own core.
fn core(password: &str) -> String {
    let lower: Vec<char> = password.to_lowercase().chars().collect();
    let is_letter = |c: &char| c.is_alphabetic();
    let (Some(first), Some(last)) = (lower.iter().position(is_letter), lower.iter().rposition(is_letter)) else {
        return lower.into_iter().collect();
    };
    lower[first..=last].iter().map(|c| letter_for(*c)).collect()
}

fn letter_for(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        c => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(password: &str, code: Option<&str>) {
        let checked =
            check_policy("/password", &Password::new(password.to_owned()), &["Wilhelmina", "mina.k@tea.example"]);
        assert_eq!(checked.as_ref().err().map(|error| error.code), code, "{password}");
        if let Err(error) = checked {
            assert_eq!(error.pointer, "/password");
            assert!(!error.detail.contains(password), "a password is repeated nowhere");
        }
    }

    #[test]
    fn length_counts_characters_and_not_bytes() {
        check("kv9$Lq2", Some("too_short"));
        check("kv9$Lq2x", None);
        check("茶杯很好喝也很香", None);
        check("茶杯很好", Some("too_short"));
        check(&"kv9$Lq2x".repeat(16), None);
        check(&("kv9$Lq2x".repeat(16) + "y"), Some("too_long"));
    }

    #[test]
    fn what_everybody_tries_is_refused_however_it_is_dressed() {
        for common in
            ["password", "PassWord", "P@ssw0rd", "password2026!", "123password", "iloveyou", "Qwertyuiop", "1q2w3e4r"]
        {
            check(common, Some("too_common"));
        }
        for pattern in
            ["12345678", "1234567890", "87654321", "abcdefgh", "HGFEDCBA", "aaaaaaaa", "12121212", "abcabcabc"]
        {
            check(pattern, Some("too_common"));
        }
        for good in ["password is a bad idea", "correct horse battery", "27182818", "sunshine over Ulm"] {
            check(good, None);
        }
    }

    #[test]
    fn a_name_is_no_password() {
        for name in ["wilhelmina", "W1lhelmina99", "mina.k@tea.example", "mina.k2026"] {
            check(name, Some("is_your_name"));
        }
        check("wilhelmina drinks tea", None);
    }

    /// Shorter words stand there for what is put behind them.
    #[test]
    fn the_list_is_sorted_without_doubles_and_big_enough_to_matter() {
        let lines: Vec<&str> = COMMON.lines().collect();
        assert!(lines.windows(2).all(|two| two[0] < two[1]), "sort -u it");
        assert!(lines.len() > 400, "{}", lines.len());
    }
}
