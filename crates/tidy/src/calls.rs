//! What is not called or written, in the domain and anywhere.

use crate::repository::{Breach, Repository};
use crate::source::{Source, line_at, words};

/// The domain gets time and random bytes as arguments and never counts money in floats: the same arguments give the
/// same answer, today, in a replay and in a simulation.
const NOT_IN_DOMAIN: [(&str, &str); 15] = [
    ("SystemTime", "take the time as an argument"),
    ("Instant::now", "take the time as an argument"),
    ("Timestamp::now", "take the time as an argument"),
    ("Zoned::now", "take the time as an argument"),
    ("now_v7", "take the id as an argument"),
    ("new_v4", "take the id as an argument"),
    ("thread_rng", "take random bytes as an argument"),
    ("getrandom", "take random bytes as an argument"),
    ("std::env", "take the setting as an argument"),
    ("std::fs", "take the content as an argument"),
    ("std::net", "the domain does not know the network"),
    ("std::thread", "the domain does not know threads"),
    ("async", "the domain does not wait"),
    ("f32", "count in integers: minor units, basis points"),
    ("f64", "count in integers: minor units, basis points"),
];

const NOT_ANYWHERE: [(&str, &str); 5] = [
    ("todo!", "finish it, or leave it out and say so in the documentation"),
    ("unimplemented!", "finish it, or leave it out and say so in the documentation"),
    ("unsafe", "find a safe way; the workspace forbids it"),
    ("#[allow(", "write #[expect(lint, reason = \"...\")]: it reports itself once it is not needed"),
    ("#![allow(", "write #![expect(lint, reason = \"...\")]: it reports itself once it is not needed"),
];

/// The one file that may be unsafe: between SQLite and a disk that fails, in tests.
const UNSAFE: &str = "crates/faults/src/vfs.rs";

/// The domain is pure, and nothing unfinished, unsafe or silenced is committed.
#[must_use]
pub fn calls(repository: &Repository) -> Vec<Breach> {
    repository.sources.iter().filter(|source| source.is_rust()).flat_map(calls_in).collect()
}

fn calls_in(source: &Source) -> Vec<Breach> {
    let in_domain: &[_] = if source.krate() == Some("domain") { &NOT_IN_DOMAIN } else { &[] };
    let may = |call: &str| call == "unsafe" && source.path == UNSAFE;
    let banned = in_domain.iter().chain(&NOT_ANYWHERE).filter(|(call, _)| !may(call));
    banned.flat_map(|(call, instead)| found(source, call, instead)).collect()
}

fn found(source: &Source, call: &str, instead: &str) -> Vec<Breach> {
    let breach = |at| Breach {
        file: source.path.clone(),
        line: line_at(&source.code, at),
        what: format!("`{call}` is not used here: {instead}"),
    };
    words(&source.code, call).map(breach).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, lines: &[usize]) {
        let breaches = calls_in(&Source::new(path, text.to_owned()));
        assert_eq!(breaches.iter().map(|breach| breach.line).collect::<Vec<_>>(), lines, "{text}");
    }

    #[test]
    fn clocks_and_floats_are_refused_in_the_domain_only() {
        let text = "fn a() -> f64 {\nstd::time::Instant::now();\nrand::thread_rng()\n}";
        check("crates/domain/src/a.rs", text, &[2, 3, 1]);
        check("crates/server/src/a.rs", text, &[]);
        check("crates/domain/tests/a.rs", text, &[]);
    }

    #[test]
    fn unfinished_unsafe_and_silenced_code_is_refused_everywhere() {
        check("crates/sim/tests/a.rs", "fn a() { todo!() }\nunsafe {}\n#[allow(b)]\n#[expect(b)]", &[1, 2, 3]);
    }

    #[test]
    fn one_file_may_be_unsafe() {
        check("crates/faults/src/vfs.rs", "unsafe {}\n#[allow(b)]", &[2]);
        check("crates/faults/src/disk.rs", "unsafe {}", &[1]);
    }

    #[test]
    fn what_is_only_written_about_is_not_refused() {
        check("crates/domain/src/a.rs", "// todo! f64\nconst A: &str = \"unsafe\";", &[]);
    }
}
