//! Names that say nothing. They collect what has no better place, and then grow.

use crate::repository::{Breach, Repository};
use crate::source::{Source, line_at, name_at, words};

/// Endings of types that say nothing about what the type is.
const TYPE_ENDINGS: [&str; 8] = ["Manager", "Helper", "Helpers", "Util", "Utils", "Service", "Info", "Data"];

/// Modules, files and folders that would hold anything.
const MODULES: [&str; 8] = ["common", "util", "utils", "helper", "helpers", "misc", "manager", "shared"];

const TYPE_KEYWORDS: [&str; 7] = ["struct", "enum", "union", "trait", "type", "class", "interface"];

/// No type, module, file or folder has a name that says nothing.
#[must_use]
pub fn names(repository: &Repository) -> Vec<Breach> {
    repository.sources.iter().flat_map(names_in).collect()
}

fn names_in(source: &Source) -> Vec<Breach> {
    let breach = |line, name: &str| Breach {
        file: source.path.clone(),
        line,
        what: format!("`{name}` says nothing: name it after what it does or is"),
    };
    let parts = source.path.split('/').map(|part| part.split('.').next().unwrap_or(part));
    let files = parts.filter(|part| MODULES.contains(part)).map(|part| breach(1, part));

    let types = TYPE_KEYWORDS.iter().flat_map(|keyword| defined(source, keyword)).filter(|(_, keyword, name)| {
        // An implementation of somebody else's trait has to say `type Service = ...`.
        let is_associated = *keyword == "type" && *name == "Service";
        !is_associated && TYPE_ENDINGS.iter().any(|ending| name.ends_with(ending))
    });
    let modules = defined(source, "mod").filter(|(_, _, name)| MODULES.contains(name));
    let named = types.chain(modules).map(|(line, _, name)| breach(line, name));
    files.chain(named).collect()
}

/// The line, keyword and name of what is defined with this keyword.
fn defined<'a>(source: &'a Source, keyword: &'a str) -> impl Iterator<Item = (usize, &'a str, &'a str)> {
    let code = &source.code;
    words(code, keyword).map(move |at| (line_at(code, at), keyword, name_at(&code[at + keyword.len()..])))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, text: &str, lines: &[usize]) {
        let breaches = names_in(&Source::new(path, text.to_owned()));
        assert_eq!(breaches.iter().map(|breach| breach.line).collect::<Vec<_>>(), lines, "{text}");
    }

    #[test]
    fn types_with_empty_names_are_refused() {
        check("a.rs", "use a;\nstruct ClaimManager;\nenum UserInfo {}\ntrait A {}", &[2, 3]);
        check("a.tsx", "interface CouponData {}\nclass PriceUtils {}", &[2, 1]);
    }

    #[test]
    fn modules_and_files_with_empty_names_are_refused() {
        check("a.rs", "mod utils;\nmod tests {}", &[1]);
        check("crates/a/src/common/mod.rs", "", &[1]);
        check("console/src/helpers.ts", "", &[1]);
    }

    #[test]
    fn names_of_others_may_be_used() {
        check("a.rs", "use std::marker::PhantomData;\nimpl A { type Service = B; }\nstruct Database;", &[]);
    }
}
