//! The page on the business names only what exists: types of the domain, commands, tables, files and requests.

use crate::repository::{Breach, Repository};
use crate::source::words;

const PAGE: &str = "docs/business.md";
const COMMANDS: &str = "crates/domain/src/ledger/command.rs";
const MIGRATIONS: &str = "crates/sqlite/migrations";

/// What the names are looked up in.
struct Known<'a> {
    repository: &'a Repository,
    schema: String,
    openapi: String,
}

/// Every name in backquotes on the page exists, and its drawing of relations has the elements of its table.
#[must_use]
pub fn business(repository: &Repository) -> Vec<Breach> {
    let page = Repository::document(PAGE);
    let known = Known {
        repository,
        schema: Repository::folder(MIGRATIONS).concat(),
        openapi: Repository::document("openapi.json"),
    };
    missing(&page, |name| known.has(name)).into_iter().chain(undrawn(&page)).collect()
}

fn missing(page: &str, exists: impl Fn(&str) -> bool) -> Vec<Breach> {
    let mut breaches = Vec::new();
    for (line, text) in page.lines().enumerate() {
        // A fence has three backquotes and no name.
        for name in text.split('`').skip(1).step_by(2).filter(|name| !name.is_empty() && !text.starts_with("```")) {
            if !exists(name) {
                let what = format!("there is no `{name}`: build it, or say what there is");
                breaches.push(Breach { file: PAGE.to_owned(), line: line + 1, what });
            }
        }
    }
    breaches
}

impl Known<'_> {
    /// By its look: a request, a file, a type of a module, a command, else a table.
    fn has(&self, name: &str) -> bool {
        if let Some((method, path)) = name.split_once(" /") {
            return self.has_request(method, path);
        }
        if name.ends_with(".rs") {
            return self
                .repository
                .sources
                .iter()
                .any(|source| source.path == name || source.path.strip_prefix("crates/domain/src/") == Some(name));
        }
        if let Some((module, kind)) = name.split_once("::") {
            return self.has_type(module, kind);
        }
        if name.starts_with(|first: char| first.is_ascii_uppercase()) {
            return self.has_command(name);
        }
        self.schema.contains(&format!("create table {name} ("))
    }

    fn has_request(&self, method: &str, path: &str) -> bool {
        let Some(after) = self.openapi.split(&format!("    \"/{path}\": {{\n")).nth(1) else { return false };
        let item = after.split("\n    }").next().unwrap_or_default();
        item.contains(&format!("      \"{}\": {{", method.to_lowercase()))
    }

    /// Of a module of the domain, or of another crate.
    fn has_type(&self, module: &str, kind: &str) -> bool {
        let file = format!("crates/domain/src/{module}.rs");
        let folders = [format!("crates/domain/src/{module}/"), format!("crates/{module}/src/")];
        let mut sources = self.repository.sources.iter();
        sources.any(|source| {
            let is_there = |what: &str| words(&source.code, &format!("pub {what} {kind}")).next().is_some();
            let is_meant = source.path == file || folders.iter().any(|folder| source.path.starts_with(folder));
            is_meant && (is_there("struct") || is_there("enum"))
        })
    }

    fn has_command(&self, name: &str) -> bool {
        let source = self.repository.sources.iter().find(|source| source.path == COMMANDS);
        let action = source.and_then(|source| source.code.split("pub enum Action {").nth(1)).unwrap_or_default();
        let variants = action.split("\n}").next().unwrap_or_default();
        variants.lines().any(|line| {
            let rest = line.strip_prefix("    ").and_then(|line| line.strip_prefix(name));
            rest.is_some_and(|rest| rest.starts_with([' ', '(', ',']))
        })
    }
}

/// Elements of the drawing that the table lacks, and the reverse.
fn undrawn(page: &str) -> Vec<Breach> {
    let table = page.split("## Elements").nth(1).and_then(|rest| rest.split("## ").next()).unwrap_or_default();
    let elements: Vec<&str> =
        table.lines().filter_map(|line| line.strip_prefix("| ")?.split(" |").next()).skip(1).collect();
    let drawing = page.split("erDiagram").nth(1).and_then(|rest| rest.split("```").next()).unwrap_or_default();
    let drawn: Vec<&str> = drawing.lines().flat_map(ends).collect();
    let breach = |what: String| Breach { file: PAGE.to_owned(), line: 1, what };
    let unlisted = drawn.iter().filter(|name| !elements.contains(name));
    let unlisted = unlisted.map(|name| breach(format!("`{name}` is drawn and not in the table of elements")));
    let alone = elements.iter().filter(|name| !drawn.contains(name));
    unlisted.chain(alone.map(|name| breach(format!("`{name}` is in the table of elements and not drawn")))).collect()
}

/// What a line of the drawing relates.
fn ends(line: &str) -> Vec<&str> {
    let Some((line, _)) = line.split_once(" : ") else { return Vec::new() };
    let line = line.trim();
    let relation = line.split(' ').find(|word| word.contains("--")).unwrap_or_default();
    line.split(relation).map(|name| name.trim().trim_matches('"')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn known(repository: &Repository) -> Known<'_> {
        Known {
            repository,
            schema: "create table coupon (\n".to_owned(),
            openapi: "{\n  \"paths\": {\n    \"/v1/a\": {\n      \"get\": {\n      }\n    },\n    \"/v1/b\": {\n      \
                      \"post\": {\n      }\n    }\n"
                .to_owned(),
        }
    }

    #[test]
    fn a_name_is_looked_up_by_its_look() {
        let command = "pub enum Action {\n    /// Two.\n    Claim {\n        a: u8,\n    },\n    Redeem(Box<u8>),\n}\n";
        let sources = vec![
            Source::new(COMMANDS, command.to_owned()),
            Source::new("crates/domain/src/coupon.rs", "pub struct Coupon;\nenum Hidden {}".to_owned()),
            Source::new("crates/domain/src/codes/a.rs", "pub enum Reading {}".to_owned()),
            Source::new("crates/ports/src/access.rs", "pub struct ApiKey {}".to_owned()),
        ];
        let repository = Repository { manifests: Vec::new(), sources };
        let known = known(&repository);
        for name in [
            "GET /v1/a",
            "POST /v1/b",
            "coupon.rs",
            "coupon::Coupon",
            "codes::Reading",
            "ports::ApiKey",
            "Claim",
            "Redeem",
            "coupon",
        ] {
            assert!(known.has(name), "{name}");
        }
        for name in
            ["POST /v1/a", "GET /v1/c", "b.rs", "coupon::Hidden", "coupon::Coup", "Cla", "Two", "voucher", "anything"]
        {
            assert!(!known.has(name), "{name}");
        }
    }

    #[test]
    fn a_name_that_is_not_there_is_found_by_its_line() {
        let breaches = missing("`a`\n```mermaid\n| b | `b` | `a` |", |name| name == "a");
        assert_eq!(breaches.iter().map(|breach| breach.line).collect::<Vec<_>>(), [3]);
    }

    #[test]
    fn the_drawing_and_the_table_have_the_same_elements() {
        let page = |drawn: &str| {
            format!(
                "## Elements\n\n| element | is |\n|---|---|\n| a | |\n| b c | |\n## R\n```mermaid\nerDiagram\n{drawn}```"
            )
        };
        assert!(undrawn(&page("    a ||--o{ \"b c\" : has\n")).is_empty());
        assert_eq!(undrawn(&page("    a ||--o{ d : has\n")).len(), 2);
    }
}
