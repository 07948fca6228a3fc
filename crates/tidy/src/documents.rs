//! What the documents name exists: a test that is said to show something is there to show it.

use crate::repository::{Breach, Repository};

/// The documents whose test names are checked.
const DOCUMENTS: [&str; 2] = ["docs/acceptance.md", "docs/guarantees.md"];

/// Every name in backquotes that looks like a test or a check, with at least two underscores, stands in a source. One
/// that ends with a star stands for all that begin so.
#[must_use]
pub fn documents(repository: &Repository) -> Vec<Breach> {
    let exists = |name: &str| repository.sources.iter().any(|source| source.text.contains(name));
    DOCUMENTS.iter().flat_map(|path| missing(path, &Repository::document(path), exists)).collect()
}

fn missing(path: &str, text: &str, exists: impl Fn(&str) -> bool) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (line, text) in text.lines().enumerate() {
        for name in text.split('`').skip(1).step_by(2).filter(|name| is_name(name)) {
            if !exists(name.trim_end_matches('*')) {
                let what = format!("nothing is named {name}: write the test, or mend the name");
                breaches.push(Breach { file: path.to_owned(), line: line + 1, what });
            }
        }
    }
    breaches
}

fn is_name(text: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    text.trim_end_matches('*').bytes().all(letters) && text.matches('_').count() >= 2
}

#[cfg(test)]
mod tests {
    use super::missing;

    #[test]
    fn a_test_that_does_not_exist_is_found_by_its_line() {
        let text = "`a_test_that_is` and `data`\n`a_test_that_is_not` `a_test_*`";
        let breaches = missing("docs/x.md", text, |name| "a_test_that_is(".contains(name));
        assert_eq!(breaches.iter().map(|breach| breach.line).collect::<Vec<_>>(), [2]);
    }
}
