//! The patches in `mutants/`, each of which removes a guard: they still apply, each names a test that exists, and no
//! race is without one. That the tests notice, `make mutants` shows; this is quick, and tells whoever moved a guard.

use std::collections::BTreeSet;

use crate::repository::{Breach, Repository};

const FOLDER: &str = "mutants";

/// Where the races are that every store passes.
const CONFORMANCE: &str = "crates/ports/src/conformance/";

/// What the head of a patch says.
const SAID: [&str; 3] = ["Guard: ", "Red: ", "Why: "];

/// Every patch applies in one place only, says what it removes, why and which test must fail, and every race has one.
#[must_use]
pub fn mutants(repository: &Repository) -> Vec<Breach> {
    let patches = Repository::files(FOLDER).into_iter().filter(|(path, _)| path.ends_with(".patch"));
    let patches: Vec<Patch> = patches.map(|(path, text)| Patch { path, text }).collect();
    let races = repository.sources.iter().filter(|source| source.path.starts_with(CONFORMANCE));
    let races: BTreeSet<&str> = races.flat_map(|source| races_in(&source.text)).collect();
    let mut breaches = races_without(&races, &patches);
    for patch in &patches {
        breaches.extend(patch.misfits(Repository::document));
        breaches.extend(patch.says_too_little());
        breaches.extend(patch.names_no_test(|package, test| has_test(repository, package, test)));
    }
    breaches
}

struct Patch {
    path: String,
    text: String,
}

/// A run of lines of one file that is replaced.
struct Hunk<'a> {
    line: usize,
    file: &'a str,
    /// What has to stand there.
    old: Vec<&'a str>,
}

impl Patch {
    fn breach(&self, line: usize, what: impl Into<String>) -> Breach {
        Breach { file: self.path.clone(), line, what: what.into() }
    }

    fn said(&self, what: &str) -> Option<(usize, &str)> {
        self.text.lines().enumerate().find_map(|(at, line)| Some((at + 1, line.strip_prefix(what)?)))
    }

    fn says_too_little(&self) -> Vec<Breach> {
        let unsaid = SAID.iter().filter(|what| self.said(what).is_none());
        unsaid.map(|what| self.breach(1, format!("a line of its head begins with `{what}`"))).collect()
    }

    /// The package and the test that `Red: package(sqlite) and test(a_name)` names.
    fn red(&self) -> Option<(usize, &str, &str)> {
        let (line, filter) = self.said(SAID[1])?;
        let (package, test) = filter.strip_prefix("package(")?.strip_suffix(')')?.split_once(") and test(")?;
        Some((line, package, test))
    }

    fn names_no_test(&self, exists: impl Fn(&str, &str) -> bool) -> Option<Breach> {
        match self.red() {
            Some((_, package, test)) if exists(package, test) => None,
            Some((line, _, test)) => Some(self.breach(line, format!("there is no test {test} in that package"))),
            None => Some(self.breach(1, "`Red: package(NAME) and test(NAME)` says which test must fail")),
        }
    }

    fn hunks(&self) -> Vec<Hunk<'_>> {
        let (mut hunks, mut file) = (Vec::<Hunk>::new(), "");
        for (at, text) in self.text.lines().enumerate() {
            if let Some(path) = text.strip_prefix("--- a/") {
                file = path;
            } else if text.starts_with("@@ ") {
                hunks.push(Hunk { line: at + 1, file, old: Vec::new() });
            } else if let Some(hunk) = hunks.last_mut().filter(|hunk| hunk.file == file)
                && let Some(old) = text.strip_prefix([' ', '-'])
            {
                hunk.old.push(old);
            }
        }
        hunks
    }

    /// Hunks that have no place, or several: they would land where nobody meant them to.
    fn misfits(&self, read: impl Fn(&str) -> String) -> Vec<Breach> {
        let hunks = self.hunks();
        if hunks.is_empty() {
            return vec![self.breach(1, "it changes nothing")];
        }
        let misfit = |hunk: &Hunk| {
            let text = read(hunk.file);
            let lines: Vec<&str> = text.lines().collect();
            let places = lines.windows(hunk.old.len().max(1)).filter(|window| *window == hunk.old).count();
            let what = match places {
                1 => return None,
                0 => format!("{} has changed here: make the patch anew, where the guard is now", hunk.file),
                _ => format!("these lines stand in {places} places of {}: give it more of them", hunk.file),
            };
            Some(self.breach(hunk.line, what))
        };
        hunks.iter().filter_map(misfit).collect()
    }
}

fn has_test(repository: &Repository, package: &str, test: &str) -> bool {
    let own = format!("crates/{package}/");
    let in_package = |path: &str| path.starts_with(&own) || package == "sqlite" && path.starts_with(CONFORMANCE);
    let definition = format!("fn {test}(");
    repository.sources.iter().any(|source| in_package(&source.path) && source.code.contains(&definition))
}

/// The races that tests of this text are named after: `race_07`.
fn races_in(text: &str) -> impl Iterator<Item = &str> {
    let tests = text.split("fn race_").skip(1).filter_map(|rest| rest.get(..2));
    tests.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn races_without(races: &BTreeSet<&str>, patches: &[Patch]) -> Vec<Breach> {
    let has = |race: &&&str| patches.iter().any(|patch| patch.red().is_some_and(|(_, _, test)| is_of(test, race)));
    let without = races.iter().filter(|race| !has(race));
    let what = |race| format!("race {race} has no patch that removes its guard");
    without.map(|race| Breach { file: FOLDER.to_owned(), line: 1, what: what(race) }).collect()
}

fn is_of(test: &str, race: &str) -> bool {
    test.strip_prefix("race_").is_some_and(|rest| rest.starts_with(race))
}

#[cfg(test)]
mod tests {
    use super::*;

    const FILE: &str = "a\nb\nc\na\nb\nd\n";

    fn patch(head: &str, hunks: &str) -> Patch {
        let text = format!("{head}\n--- a/x.rs\n+++ b/x.rs\n{hunks}");
        Patch { path: "mutants/x.patch".to_owned(), text }
    }

    fn misfits(hunks: &str) -> Vec<usize> {
        patch("", hunks).misfits(|_| FILE.to_owned()).iter().map(|breach| breach.line).collect()
    }

    #[test]
    fn a_patch_whose_lines_are_gone_or_stand_twice_is_found_by_its_hunk() {
        assert_eq!(misfits("@@ -2,2 +2,1 @@\n b\n-c\n"), []);
        assert_eq!(misfits("@@ -2,2 +2,1 @@\n b\n-e\n"), [4]);
        assert_eq!(misfits("@@ -1,2 +1,1 @@\n a\n-b\n"), [4]);
        assert_eq!(misfits("@@ -2,2 +2,1 @@\n b\n-c\n@@ -5,2 +4,1 @@\n b\n-x\n"), [7]);
        assert_eq!(misfits(""), [1]);
    }

    #[test]
    fn a_patch_says_what_it_removes_and_names_a_test_that_exists() {
        let exists = |package: &str, test: &str| (package, test) == ("sqlite", "race_01_a");
        let good = patch("Guard: g\nRed: package(sqlite) and test(race_01_a)\nWhy: w", "");
        assert!(good.says_too_little().is_empty() && good.names_no_test(exists).is_none());
        let other = patch("Guard: g\nRed: package(domain) and test(race_01_a)", "");
        assert_eq!(other.says_too_little().len(), 1);
        assert_eq!(other.names_no_test(exists).map(|breach| breach.line), Some(2));
        assert!(patch("Red: test(race_01_a)", "").names_no_test(exists).is_some());
    }

    #[test]
    fn a_race_without_a_patch_is_named() {
        let races: BTreeSet<&str> = races_in("pub async fn race_01_a(\nfn race_02_b(\nfn race_day(").collect();
        assert_eq!(races, ["01", "02"].into());
        let one = [patch("Red: package(sqlite) and test(race_01_a)", "")];
        let breaches = races_without(&races, &one);
        assert_eq!(breaches.len(), 1);
        assert!(breaches[0].what.contains("race 02"));
    }
}
