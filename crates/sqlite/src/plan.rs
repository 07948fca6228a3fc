//! How SQLite would run a statement, and which statements there are; for the tests that keep them from scanning.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use rusqlite::{Connection, params_from_iter};

/// A database with the schema and nothing in it.
pub(crate) fn schema() -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    for migration in crate::schema::MIGRATIONS {
        connection.execute_batch(migration).unwrap();
    }
    connection
}

/// The steps of a statement, on the schema and these further tables.
pub(crate) fn plan(tables: &str, sql: &str) -> Vec<String> {
    let connection = schema();
    connection.execute_batch(tables).unwrap();
    steps(&connection, sql).unwrap()
}

/// The steps of a statement.
pub(crate) fn steps(connection: &Connection, sql: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare(&format!("explain query plan {sql}"))?;
    let parameters = std::iter::repeat_n(1, statement.parameter_count());
    statement.query_map(params_from_iter(parameters), |row| row.get(3))?.collect()
}

/// A statement as it stands in the source.
#[derive(Debug)]
pub(crate) struct Statement {
    /// The file, from the crate's `src`.
    pub file: String,
    /// Columns that are put in by `format!` read `*`.
    pub sql: String,
}

/// Every statement of the crate: each text in its sources that begins as one, but in its tests.
pub(crate) fn statements() -> Vec<Statement> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    files_in(&root, &mut files);
    files.sort();
    let mut all = Vec::new();
    for path in files {
        let file = path.strip_prefix(&root).unwrap().to_string_lossy().into_owned();
        let text = fs::read_to_string(&path).unwrap();
        let texts = texts_of(text.parse().unwrap());
        let statements = texts.into_iter().filter(|text| is_statement(text));
        all.extend(statements.map(|text| Statement { file: file.clone(), sql: with_columns(&text) }));
    }
    all
}

fn files_in(folder: &Path, into: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        // What only tests are made of.
        let of_tests = path.file_stem().is_some_and(|stem| stem == "plan" || stem == "plans");
        if path.is_dir() {
            files_in(&path, into);
        } else if !of_tests {
            into.push(path);
        }
    }
}

/// All texts of a source, but those in `#[cfg(test)]`.
fn texts_of(source: TokenStream) -> Vec<String> {
    let (mut texts, mut skips) = (Vec::new(), false);
    for token in source {
        match token {
            TokenTree::Group(group) if group.delimiter() == Delimiter::Bracket && is_for_tests(&group.stream()) => {
                skips = true;
            }
            // The body of what was marked, or the end of a mark on something without one.
            TokenTree::Group(group) if skips && group.delimiter() == Delimiter::Brace => skips = false,
            TokenTree::Punct(punct) if punct.as_char() == ';' => skips = false,
            TokenTree::Group(group) if !skips => texts.extend(texts_of(group.stream())),
            TokenTree::Literal(literal) if !skips => {
                texts.extend(syn::parse_str::<syn::LitStr>(&literal.to_string()).map(|text| text.value()));
            }
            TokenTree::Group(_) | TokenTree::Literal(_) | TokenTree::Ident(_) | TokenTree::Punct(_) => {}
        }
    }
    texts
}

fn is_for_tests(attribute: &TokenStream) -> bool {
    attribute.to_string().replace(' ', "") == "cfg(test)"
}

fn is_statement(text: &str) -> bool {
    let begins = ["select ", "insert into ", "insert or ", "replace into ", "update ", "delete from ", "with "];
    begins.iter().any(|word| text.trim_start().starts_with(word))
}

/// With a star for each `{...}`.
fn with_columns(text: &str) -> String {
    let mut parts = text.split('{');
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |sql, part| format!("{sql}*{}", part.split_once('}').map_or(part, |(_, rest)| rest)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_found_wherever_they_stand_but_in_tests() {
        let source = r##"
            const A: &str = "select 1
                from \"t\"";
            fn a() { each(r#"delete from t"#); format!("update t set {}", B); let b = "no statement"; }
            #[cfg(test)]
            mod plans;
            const C: &str = "insert into t values (1)";
            #[cfg(test)]
            mod tests { const D: &str = "select 2"; }
            const E: &str = "select {COLUMNS}, e from t"; // "select 3"
        "##;
        let texts = texts_of(source.parse().unwrap());
        let found: Vec<String> =
            texts.iter().filter(|text| is_statement(text)).map(|text| with_columns(text)).collect();
        let first = "select 1\n                from \"t\"";
        assert_eq!(found, [first, "delete from t", "update t set *", "insert into t values (1)", "select *, e from t"]);
    }
}
