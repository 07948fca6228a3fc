//! What every crate of the workspace has.

use crate::repository::{Breach, Manifest, Repository};
use crate::source::Source;

/// Every crate takes the workspace's lints and says first what it is.
#[must_use]
pub fn crates(repository: &Repository) -> Vec<Breach> {
    let lints = repository.manifests.iter().filter_map(missing_lints);
    lints.chain(repository.sources.iter().filter_map(missing_introduction)).collect()
}

fn missing_lints(manifest: &Manifest) -> Option<Breach> {
    let inherited = manifest.table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
    (inherited != Some(true)).then(|| Breach {
        file: manifest.path.clone(),
        line: manifest.line_of("[lints"),
        what: "the workspace's lints are not taken: write `[lints]` with `workspace = true`".into(),
    })
}

fn missing_introduction(source: &Source) -> Option<Breach> {
    source.krate()?;
    let is_root = source.path.ends_with("/src/lib.rs") || source.path.ends_with("/src/main.rs");
    (is_root && !source.text.starts_with("//!")).then(|| Breach {
        file: source.path.clone(),
        line: 1,
        what: "begin with `//!`: what the crate is, what it must not know, where to read first".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_crate_without_the_workspaces_lints_is_refused() {
        let refused = |text: &str| missing_lints(&Manifest::new("a", text.to_owned())).is_some();
        assert!(refused("[package]\nname = 'a'"));
        assert!(refused("[lints]\nworkspace = false"));
        assert!(!refused("[lints]\nworkspace = true"));
    }

    #[test]
    fn a_crate_without_an_introduction_is_refused() {
        let refused = |path: &str, text: &str| missing_introduction(&Source::new(path, text.to_owned())).is_some();
        assert!(refused("crates/a/src/lib.rs", "mod b;"));
        assert!(refused("crates/a/src/main.rs", "\n//! Late."));
        assert!(!refused("crates/a/src/lib.rs", "//! What it is."));
        assert!(!refused("crates/a/src/b.rs", "mod c;"));
    }
}
