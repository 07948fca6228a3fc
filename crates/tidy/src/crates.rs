//! What every crate of the workspace has.

use crate::repository::{Breach, Manifest, Repository};
use crate::source::Source;

/// The crate that has lints of its own, as one of its modules is unsafe: SQLite's disk is a table of C functions.
const OWN_LINTS: &str = "faults";
/// In them, the level of `unsafe_code`: a module has to say that it is, which `forbid` would not let it.
const OWN_UNSAFE: &str = "deny";

/// Every crate takes the workspace's lints and says first what it is. One has its own, which are the same and more but
/// for the one on unsafe code.
#[must_use]
pub fn crates(repository: &Repository) -> Vec<Breach> {
    let workspace: toml::Table = Repository::document("Cargo.toml").parse().expect("Cargo has read it");
    let lints = repository.manifests.iter().filter_map(|manifest| wrong_lints(manifest, &workspace));
    lints.chain(repository.sources.iter().filter_map(missing_introduction)).collect()
}

fn wrong_lints(manifest: &Manifest, workspace: &toml::Table) -> Option<Breach> {
    let breach = |what: String| Breach { file: manifest.path.clone(), line: manifest.line_of("[lints"), what };
    if manifest.krate == OWN_LINTS {
        let missing = missing_of_workspace(manifest, workspace);
        let what = format!("not the workspace's lints: {}", missing.join(", "));
        return (!missing.is_empty()).then(|| breach(what));
    }
    let inherited = manifest.table.get("lints").and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool);
    let what = "the workspace's lints are not taken: write `[lints]` with `workspace = true`";
    (inherited != Some(true)).then(|| breach(what.to_owned()))
}

/// The lints of the workspace that a crate with its own does not have at the same level.
fn missing_of_workspace(manifest: &Manifest, workspace: &toml::Table) -> Vec<String> {
    let own = manifest.table.get("lints");
    let wanted =
        workspace.get("workspace").and_then(|workspace| workspace.get("lints")).and_then(toml::Value::as_table);
    let of_tool = |(tool, lints): (&String, &toml::Value)| {
        let own = own.and_then(|own| own.get(tool)).cloned();
        let differs = move |name: &str, level: &toml::Value| {
            let level = if name == "unsafe_code" { &OWN_UNSAFE.into() } else { level };
            own.as_ref().and_then(|own| own.get(name)) != Some(level)
        };
        let lints = lints.as_table().into_iter().flatten();
        lints.filter(|(name, level)| differs(name, level)).map(|(name, _)| name.clone()).collect::<Vec<_>>()
    };
    wanted.into_iter().flatten().flat_map(of_tool).collect()
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

    fn refused(krate: &str, text: &str) -> bool {
        let workspace = "[workspace.lints.rust]\nunsafe_code = 'forbid'\n[workspace.lints.clippy]\ntodo = 'warn'";
        let workspace = workspace.parse().expect("it is TOML");
        wrong_lints(&Manifest::new(krate, text.to_owned()), &workspace).is_some()
    }

    #[test]
    fn a_crate_without_the_workspaces_lints_is_refused() {
        assert!(refused("a", "[package]\nname = 'a'"));
        assert!(refused("a", "[lints]\nworkspace = false"));
        assert!(refused("a", "[lints.rust]\nunsafe_code = 'deny'\n[lints.clippy]\ntodo = 'warn'"));
        assert!(!refused("a", "[lints]\nworkspace = true"));
    }

    #[test]
    fn the_one_crate_with_lints_of_its_own_has_the_workspaces_but_for_unsafe_code() {
        assert!(!refused("faults", "[lints.rust]\nunsafe_code = 'deny'\n[lints.clippy]\ntodo = 'warn'\nmore = 'deny'"));
        assert!(refused("faults", "[lints.rust]\nunsafe_code = 'allow'\n[lints.clippy]\ntodo = 'warn'"));
        assert!(refused("faults", "[lints.rust]\nunsafe_code = 'deny'"));
        assert!(refused("faults", "[package]\nname = 'faults'"));
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
