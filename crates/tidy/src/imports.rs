//! Which crate may import which: the architecture, checked against the manifests.

use crate::repository::{Breach, Manifest, Repository};

struct Allowed {
    krate: &'static str,
    /// Crates of ours that it may import.
    ours: &'static [&'static str],
    /// Further crates of ours that its tests may import.
    in_tests: &'static [&'static str],
}

const fn allow(krate: &'static str, ours: &'static [&'static str], in_tests: &'static [&'static str]) -> Allowed {
    Allowed { krate, ours, in_tests }
}

/// From what decides to what wires. There are no mocks of our own ports: SQLite in a temporary folder is the double in
/// the tests of those who use a store.
const TABLE: [Allowed; 12] = [
    allow("domain", &[], &[]),
    allow("ports", &["domain"], &[]),
    allow("sqlite", &["domain", "ports"], &["faults"]),
    allow("postgres", &["domain", "ports"], &[]),
    allow("cluster", &["domain", "ports"], &[]),
    allow("api", &["domain", "ports"], &["sqlite"]),
    allow("workers", &["domain", "ports"], &["sqlite"]),
    allow("server", &["domain", "ports", "sqlite", "postgres", "cluster", "api", "workers"], &["sim", "bench"]),
    allow("sim", &["domain", "ports", "sqlite", "postgres"], &[]),
    allow("bench", &[], &[]),
    // Unsafe, and for tests only: no other crate may have it, nor may the store itself.
    allow("faults", &[], &[]),
    allow("tidy", &[], &[]),
];

const HTTP: &[&str] = &["api", "server", "bench"];

/// Libraries that carry knowledge which only some crates may have; whoever is not listed may not name them. `workers`
/// sends mails and webhooks and `bench` is a stranger with an HTTP client. Tests are free in this, except the domain's.
const LIBRARIES: [(&str, &[&str]); 21] = [
    ("axum", HTTP),
    ("http", HTTP),
    ("http-body", HTTP),
    ("http-body-util", HTTP),
    ("hyper", HTTP),
    ("hyper-util", HTTP),
    ("tower", HTTP),
    ("tower-http", HTTP),
    ("utoipa", HTTP),
    ("reqwest", &["workers", "server", "bench"]),
    ("lettre", &["workers"]),
    ("argon2", &["api"]),
    ("jsonwebtoken", &["api", "server"]),
    ("rusqlite", &["sqlite", "faults"]),
    ("tokio-postgres", &["postgres"]),
    ("redis", &["cluster", "bench"]),
    ("async-nats", &["cluster"]),
    ("tokio", &["ports", "sqlite", "postgres", "cluster", "api", "workers", "server", "sim", "bench"]),
    ("getrandom", &["ports", "sqlite", "postgres", "api", "workers", "server"]),
    ("rand", &["sim", "bench"]),
    ("clap", &["server", "sim", "bench"]),
];

/// The manifests import what the architecture allows, and nothing else.
#[must_use]
pub fn imports(repository: &Repository) -> Vec<Breach> {
    repository.manifests.iter().flat_map(imports_of).collect()
}

fn imports_of(manifest: &Manifest) -> Vec<Breach> {
    let breach = |key: &str, what| Breach { file: manifest.path.clone(), line: manifest.line_of(key), what };
    let Some(allowed) = TABLE.iter().find(|row| row.krate == manifest.krate) else {
        let what = format!("crate `{}` has no place in the architecture: add it to tidy's table", manifest.krate);
        return vec![breach("name", what)];
    };
    let named = named_in(&manifest.table);
    named.filter_map(|(key, package, kind)| Some(breach(key, refusal(allowed, package, kind)?))).collect()
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Normal,
    Test,
}

fn refusal(allowed: &Allowed, package: &str, kind: Kind) -> Option<String> {
    let Allowed { krate, ours, in_tests } = allowed;
    let is_ours = TABLE.iter().any(|row| row.krate == package);
    let may = ours.contains(&package) || kind == Kind::Test && in_tests.contains(&package);
    if is_ours && !may {
        return Some(format!("`{krate}` may not import `{package}`: move what is needed to where both may reach it"));
    }
    let bound = kind == Kind::Normal || *krate == "domain";
    let (_, holders) = LIBRARIES.iter().find(|(library, _)| bound && *library == package)?;
    (!holders.contains(krate)).then(|| {
        format!("`{krate}` may not know `{package}`, only {} may: put a port or an adapter between", holders.join(", "))
    })
}

/// The key, the package (which a `package = "..."` may tell from its key) and the kind of every dependency.
fn named_in(table: &toml::Table) -> impl Iterator<Item = (&str, &str, Kind)> {
    let targets = table.get("target").and_then(toml::Value::as_table).into_iter().flat_map(toml::Table::values);
    let tables = std::iter::once(table).chain(targets.filter_map(toml::Value::as_table));
    let kinds =
        [("dependencies", Kind::Normal), ("build-dependencies", Kind::Normal), ("dev-dependencies", Kind::Test)];
    tables.flat_map(move |table| {
        kinds.into_iter().flat_map(move |(name, kind)| {
            let listed = table.get(name).and_then(toml::Value::as_table).into_iter().flatten();
            listed.map(move |(key, value)| {
                (key.as_str(), value.get("package").and_then(toml::Value::as_str).unwrap_or(key), kind)
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(krate: &str, text: &str, lines: &[usize]) {
        let breaches = imports_of(&Manifest::new(krate, text.to_owned()));
        assert_eq!(breaches.iter().map(|breach| breach.line).collect::<Vec<_>>(), lines, "{krate}: {text}");
    }

    #[test]
    fn an_import_against_the_table_is_refused() {
        check("domain", "[dependencies]\nports.workspace = true", &[2]);
        check("ports", "[dependencies]\nserde = '1'\nsqlite = { path = '../sqlite' }", &[3]);
        check("api", "[dependencies]\ndomain.workspace = true\n[target.'cfg(unix)'.dependencies]\nsqlite = '*'", &[4]);
        check("bench", "[dependencies]\nstore = { package = 'domain', path = '../domain' }", &[2]);
    }

    #[test]
    fn tests_may_use_what_the_table_lists_for_them() {
        check("api", "[dev-dependencies]\nsqlite.workspace = true\nrusqlite = '*'", &[]);
        check("api", "[dev-dependencies]\nserver.workspace = true", &[2]);
    }

    #[test]
    fn the_disk_that_fails_is_for_the_tests_of_the_store_on_it() {
        check("sqlite", "[dev-dependencies]\nfaults.workspace = true", &[]);
        check("sqlite", "[dependencies]\nfaults.workspace = true", &[2]);
        check("server", "[dev-dependencies]\nfaults.workspace = true", &[2]);
    }

    #[test]
    fn a_library_that_carries_knowledge_is_refused_outside_its_crates() {
        check("domain", "[dependencies]\ntokio = '1'\nrand = '*'\n[dev-dependencies]\nreqwest = '*'", &[3, 2, 5]);
        check("workers", "[dependencies]\naxum = '*'\nreqwest = '*'", &[2]);
        check("server", "[dependencies]\nrusqlite = '*'\naxum = '*'", &[2]);
    }

    #[test]
    fn a_crate_that_is_not_in_the_table_is_refused() {
        check("core", "[package]\nname = 'core'", &[2]);
    }
}
