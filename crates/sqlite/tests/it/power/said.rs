//! How much is tried, and what is repeated: said from outside.

use std::fmt::Display;

/// Set by `make prove` to more.
const IMAGES: (&str, usize) = ("SCRIP_POWER_CUTS", 400);
/// For each so many images one failure of each kind, and one full disk.
const IMAGES_PER_FAILURE: usize = 20;

#[expect(clippy::disallowed_methods, reason = "how long to try is said from outside")]
fn said(variable: &str) -> Option<String> {
    std::env::var(variable).ok()
}

/// How many images of power cuts are tried, about.
pub fn images() -> usize {
    said(IMAGES.0).and_then(|text| text.parse().ok()).unwrap_or(IMAGES.1)
}

/// How many failures of one kind.
pub fn failures() -> usize {
    images() / IMAGES_PER_FAILURE
}

/// What can be repeated, named by two things with a colon between.
#[derive(Clone, Copy)]
pub enum Repeat {
    /// The number of the cut, and a seed.
    Cut,
    /// The kind, and the how many-th fails.
    Failure,
    /// A word, and the pages that there is room for.
    Room,
}

impl Repeat {
    fn variable_and_test(self) -> (&'static str, &'static str) {
        match self {
            Self::Cut => ("SCRIP_POWER_CUT", "what_was_answered_survives"),
            Self::Failure => ("SCRIP_POWER_FAILURE", "whatever_the_disk_refuses"),
            Self::Room => ("SCRIP_POWER_ROOM", "a_full_disk_refuses"),
        }
    }

    /// The only one that is wanted, if one is.
    pub fn said(self) -> Option<(String, u64)> {
        let text = said(self.variable_and_test().0)?;
        let (first, second) = text.split_once(':').expect("two things with a colon between");
        Some((first.to_owned(), second.parse().expect("a number after the colon")))
    }

    /// What repeats this one.
    pub fn command(self, first: impl Display, second: impl Display) -> String {
        let (variable, test) = self.variable_and_test();
        format!("{variable}={first}:{second} cargo nextest run --package sqlite --no-capture {test}")
    }
}
