//! The schema as it is: keys, references, and its drawing.

use std::collections::BTreeSet;
use std::path::Path;

use rusqlite::Connection;

use crate::support::Shop;

/// Tables that refer to no other, and why.
const WITHOUT_REFERENCE: [(&str, &str); 7] = [
    ("meta", "it is about the file"),
    ("tenant", "everything begins with it"),
    ("code_key", "the ring is the installation's"),
    ("wallet", "the same as its voucher's customer, in another order; `scrip check` compares them"),
    ("answer", "in the claim's path, and found by a hash that no other table knows"),
    ("answer_key", "in the claim's path; `scrip check` looks that each leads to its answer"),
    ("answers_indexed", "it is about the index"),
];

fn tables(connection: &Connection) -> Vec<String> {
    texts(
        connection,
        "select name from pragma_table_list where schema = 'main' and name not like 'sqlite_%' order by 1",
    )
}

fn texts(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).expect("it is a statement");
    let rows = statement.query_map([], |row| row.get(0)).expect("it runs");
    rows.collect::<Result<_, _>>().expect("it gives texts")
}

#[tokio::test]
async fn every_table_is_strict_and_has_a_key() {
    let shop = Shop::open();
    let connection = shop.connection();
    for table in tables(&connection) {
        let strict = format!("select strict from pragma_table_list where schema = 'main' and name = '{table}'");
        assert_eq!(shop.number(&strict), 1, "{table} is not strict");
        assert!(shop.number(&format!("select count(*) from pragma_table_info('{table}') where pk > 0")) > 0, "{table}");
    }
}

#[tokio::test]
async fn every_table_refers_to_what_it_belongs_to_or_says_why_not() {
    let shop = Shop::open();
    for table in tables(&shop.connection()) {
        let references = shop.number(&format!("select count(*) from pragma_foreign_key_list('{table}')"));
        let excused = WITHOUT_REFERENCE.iter().any(|(name, _)| *name == table);
        assert_eq!(references == 0, excused, "{table} has {references} references");
    }
}

/// Each table as a box, and each reference as a line, but those to the tenant that every key begins with.
#[tokio::test]
async fn the_schema_is_drawn_as_it_is() {
    let shop = Shop::open();
    let connection = shop.connection();
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ARCHITECTURE.md");
    let page = std::fs::read_to_string(page).expect("the page is there");
    let drawing = page.split("erDiagram").nth(1).and_then(|rest| rest.split("```").next()).expect("there is a drawing");
    let lines: Vec<Vec<&str>> = drawing.lines().map(|line| line.split_whitespace().collect()).collect();
    let boxes: BTreeSet<String> =
        lines.iter().filter(|words| words.get(1) == Some(&"{")).map(|words| words[0].to_lowercase()).collect();
    let tables: BTreeSet<String> = tables(&connection).into_iter().collect();
    assert_eq!(boxes, tables, "the boxes of the drawing, and the tables");
    for table in &tables {
        let parents = format!("select distinct \"table\" from pragma_foreign_key_list('{table}')");
        for parent in texts(&connection, &parents).iter().filter(|parent| *parent != "tenant") {
            let (from, to) = (parent.to_uppercase(), table.to_uppercase());
            let drawn = lines.iter().any(|words| words.len() > 2 && words[0] == from && words[2] == to);
            assert!(drawn, "no line from {from} to {to}");
        }
    }
}
