//! What the laws look at: the manifests and the source files of the repository, read once.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::source::Source;

/// Folders of the repository that hold source files of ours.
const ROOTS: [&str; 3] = ["crates", "console", "fuzz"];

/// Folders that hold what was built or fetched, wherever they are.
const NOT_OURS: [&str; 4] = ["target", "node_modules", "dist", "corpus"];

/// A place where a law is broken, and what to do about it.
#[derive(Debug)]
pub struct Breach {
    pub file: String,
    /// From 1.
    pub line: usize,
    pub what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.what)
    }
}

/// The manifest of one crate.
#[derive(Debug)]
pub struct Manifest {
    /// The folder's name, which is the crate's.
    pub krate: String,
    /// Its path from the root of the repository.
    pub path: String,
    pub text: String,
    pub table: toml::Table,
}

impl Manifest {
    /// Reads a manifest's text.
    ///
    /// # Panics
    /// When it is not TOML: Cargo would have refused it before.
    #[must_use]
    pub fn new(krate: &str, text: String) -> Self {
        let path = format!("crates/{krate}/Cargo.toml");
        let table = text.parse().unwrap_or_else(|error| panic!("{path} is not TOML: {error}"));
        Self { krate: krate.to_owned(), path, text, table }
    }

    /// The line that begins with this key, else the first.
    #[must_use]
    pub fn line_of(&self, key: &str) -> usize {
        self.text.lines().position(|line| line.trim_start().starts_with(key)).map_or(1, |at| at + 1)
    }
}

/// All manifests and source files.
#[derive(Debug)]
pub struct Repository {
    pub manifests: Vec<Manifest>,
    pub sources: Vec<Source>,
}

impl Repository {
    /// Reads the repository this crate was built in.
    ///
    /// # Panics
    /// When a file cannot be read: no law can be judged then.
    #[must_use]
    pub fn read() -> Self {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut sources = Vec::new();
        for folder in ROOTS {
            read_sources(&root, Path::new(folder), &mut sources);
        }
        Self { manifests: read_manifests(&root), sources }
    }
}

impl Repository {
    /// The text of a document, by its path from the root of the repository.
    ///
    /// # Panics
    /// When it cannot be read.
    #[must_use]
    pub fn document(path: &str) -> String {
        read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path))
    }

    /// The texts of all files in a folder, by its path from the root of the repository.
    ///
    /// # Panics
    /// When one cannot be read.
    #[must_use]
    pub fn folder(path: &str) -> Vec<String> {
        Self::files(path).into_iter().map(|(_, text)| text).collect()
    }

    /// The same, each with its path from the root of the repository.
    ///
    /// # Panics
    /// When one cannot be read.
    #[must_use]
    pub fn files(path: &str) -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path);
        let named = |file: &PathBuf| {
            let name = file.file_name().expect("an entry of a folder has a name").to_string_lossy();
            (format!("{path}/{name}"), read(file))
        };
        entries(&folder).iter().map(named).collect()
    }
}

fn read_manifests(root: &Path) -> Vec<Manifest> {
    entries(&root.join("crates"))
        .into_iter()
        .map(|folder| {
            let name = folder.file_name().expect("an entry of a folder has a name").to_string_lossy().into_owned();
            Manifest::new(&name, read(&folder.join("Cargo.toml")))
        })
        .collect()
}

fn read_sources(root: &Path, folder: &Path, into: &mut Vec<Source>) {
    for entry in entries(&root.join(folder)) {
        let name = entry.file_name().expect("an entry of a folder has a name").to_string_lossy();
        let path = folder.join(&*name);
        let is_source = path.extension().is_some_and(|end| end == "rs" || end == "ts" || end == "tsx");
        if entry.is_dir() && !NOT_OURS.contains(&&*name) {
            read_sources(root, &path, into);
        } else if entry.is_file() && is_source {
            into.push(Source::new(&path.to_string_lossy(), read(&entry)));
        }
    }
}

/// In the order of their names, so that a failing law reads the same on every machine. An absent folder is empty.
fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder)
        .map(|list| list.map(|entry| entry.expect("the repository can be read").path()).collect())
        .unwrap_or_default();
    paths.sort();
    paths
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
