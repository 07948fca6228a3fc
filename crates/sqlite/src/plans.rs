//! Every statement finds its rows by an index, whatever has become of the data. New statements are looked at by
//! themselves; one that should go through a table all the same is listed here with its reason.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::plan::{Statement, schema, statements, steps};

/// What may go through a table or a tenant's part of it: how the statement begins, and why that is all right.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("select key_no, sealed from code_key", "the ring has a few keys, read at the start"),
    ("select secret_hash, key_no, api_key_id", "API keys are few, and read at the start"),
    ("update api_key set revoked_at", "API keys are few"),
    ("select tenant, name, settings, version from tenant", "tenants are few, and read at the start"),
    ("select host, tenant from tenant_host", "a few for each tenant, read at the start"),
    ("select exists (select 1 from coupon where tenant = ?1)", "stops at the tenant's first row"),
    ("delete from tenant_host where tenant", "a tenant has a few, and all are written anew"),
    ("select journal, at from journal order by journal desc limit 1", "reads the last row and no other"),
    ("select at from audit where tenant = ?1 order by audit desc limit 1", "reads the tenant's last row and no other"),
    ("select document, coupon from code_pattern", "one row for each coupon with a prefix of its own, kept in memory"),
    ("select tenant, access_block_id, customer, key_no", "staff made each by hand; read once, at the start"),
    ("select tenant, segment, version, name, rule", "a tenant has some hundred; read once, at the start"),
    ("select ifnull(max(segment), 0) + 1 from segment", "reads the tenant's last row and no other"),
    ("select tenant, collection, version, name, lists", "a tenant has some hundred; read once, at the start"),
    ("select ifnull(max(collection), 0) + 1 from collection", "reads the tenant's last row and no other"),
    ("insert into access_block", "reads the tenant's last row and no other"),
    ("select account from account where tenant = ?1 and role = 0", "an index of administrators alone, up to a limit"),
    ("select tenant, customer, person, merged_into from person", "kept in memory, read at the start"),
    ("select usage.usage_limit, usage.period from usage_limit", "a few limits per customer; to join persons"),
    ("select import from import where state = 0", "an index of files that did not arrive whole; read at the start"),
    ("select tenant, document from coupon where automatic = 1", "an index of those without a code, read at the start"),
    ("select 1 from sqlite_schema", "as long as the schema, read at the start"),
    ("select tenant, customer, external_id, email", "what an update put aside, at the first start after it"),
    ("select * from account order by tenant, account", "a check goes through everything"),
    ("select answer, tenant, hash, at from answer order by answer limit ?1", "reads the first rows and no other"),
    ("select page_size from", "one number of the file"),
    ("select page_count from", "one number of the file"),
    ("select freelist_count from", "one number of the file"),
    ("select tree.name, tree.tbl_name", "as long as the schema, read when the room of tables is measured"),
    ("select name, pgsize, unused, ncell", "a measure of all pages goes through them, in a back-up"),
];

/// Whether a step looks at more rows than its key names: all of a table, all that a tenant has, or all it has to sort.
fn goes_through(step: &str) -> bool {
    let scans = step.starts_with("SCAN ") && !step.starts_with("SCAN CONSTANT ROW") && !step.contains("(subquery");
    let all_of_tenant = step.starts_with("SEARCH ") && step.ends_with("(tenant=?)");
    let sorts = step.contains("TEMP B-TREE") && step.contains("ORDER BY");
    scans || all_of_tenant || sorts || step.contains("AUTOMATIC")
}

/// Whether a step goes along a range and looks at each row for something the statement names and the index does not have:
/// the rows of one subject, picked from those of all. Where a key names one row, what else is asked of it is a guard.
fn picks_from_a_range(sql: &str, step: &str) -> bool {
    let Some((_, key)) = step.split_once('(').filter(|_| step.starts_with("SEARCH ")) else { return false };
    let (_, conditions) = sql.split_once(" where ").unwrap_or_default();
    let equals = conditions.split(" and ").filter_map(|condition| condition.trim().split_once(" = ?"));
    let columns = equals.map(|(column, _)| column.rsplit('.').next().unwrap_or(column));
    key.contains(['<', '>']) && columns.into_iter().any(|column| !key.contains(&format!("{column}=?")))
}

/// One line, so that it does not matter how it is wrapped.
fn unwrapped(sql: &str) -> String {
    sql.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A check goes through everything, on a copy; its own tests look at how.
fn of_check(statement: &Statement) -> bool {
    statement.file.starts_with("check/")
}

#[test]
fn no_statement_goes_through_a_table_that_grows() {
    let connection = schema();
    let mut wrong = Vec::new();
    for Statement { file, sql } in statements().iter().filter(|statement| !of_check(statement)) {
        let line = unwrapped(sql);
        if EXCEPTIONS.iter().any(|(begins, _)| line.starts_with(begins)) {
            continue;
        }
        match steps(&connection, sql) {
            Ok(plan) if !plan.iter().any(|step| goes_through(step) || picks_from_a_range(&line, step)) => {}
            Ok(plan) => wrong.push(format!("{file}: {line}\n    {}", plan.join("\n    "))),
            Err(error) => wrong.push(format!("{file}: {line}\n    cannot be explained: {error}")),
        }
    }
    assert!(wrong.is_empty(), "add an index, or list the reason above:\n{}", wrong.join("\n"));
}

#[test]
fn a_statement_of_a_check_goes_through_one_table_and_finds_the_rest_by_an_index() {
    let connection = schema();
    connection.execute_batch(crate::check::TABLES).unwrap();
    for Statement { file, sql } in statements().iter().filter(|statement| of_check(statement)) {
        let plan = steps(&connection, sql).unwrap_or_else(|error| panic!("{file}: {sql}: {error}"));
        // All of a tenant is all there is where there is one; the latest is at its end.
        let all_of_tenant = |step: &String| step.ends_with(" (tenant=?)") && !sql.contains("limit 1");
        let is_scan = |step: &String| step.starts_with("SCAN ") || all_of_tenant(step);
        let scans = plan.iter().filter(|step| is_scan(step) && !step.contains("(subquery")).count();
        // What is asked for each of something by its key goes through nothing.
        let scans_max = if sql.contains("?2") { 0 } else { 1 + sql.matches("union all").count() };
        assert!(scans <= scans_max, "{file}: {sql}: {plan:?}");
        assert!(plan.iter().all(|step| !step.contains("AUTOMATIC")), "{file}: {sql}: {plan:?}");
    }
}

#[test]
fn one_subject_picked_from_the_range_of_all_is_found() {
    let sql = "select a from t where tenant = ?1 and t.subject = ?2 and audit < ?3 order by audit desc";
    for (step, picks) in [
        ("SEARCH t USING PRIMARY KEY (tenant=? AND audit<?)", true),
        ("SEARCH t USING INDEX t_of_subject (tenant=? AND subject=? AND audit<?)", false),
        ("SEARCH t USING PRIMARY KEY (tenant=? AND audit=?)", false),
    ] {
        assert_eq!(picks_from_a_range(sql, step), picks, "{step}");
    }
}

/// A reason is not kept for longer than what it is for.
#[test]
fn every_exception_is_one() {
    let connection = schema();
    for (begins, why) in EXCEPTIONS {
        let all = statements();
        let mut meant = all.iter().filter(|statement| unwrapped(&statement.sql).starts_with(begins));
        let statement = meant.next().unwrap_or_else(|| panic!("no statement begins so any more: {begins}"));
        let plan = steps(&connection, &statement.sql).unwrap();
        assert!(plan.iter().any(|step| goes_through(step)), "{begins} needs no reason such as `{why}`: {plan:?}");
    }
}

/// A search that finds nothing would look at nothing.
#[test]
fn the_statements_are_found() {
    let all = statements();
    for file in ["write/vouchers.rs", "load.rs", "load/derived.rs", "records/vouchers.rs", "sweep.rs", "check/usage.rs"]
    {
        assert!(all.iter().any(|statement| statement.file == file), "{file}");
    }
    assert!(all.len() > 100, "{}", all.len());
}

/// A row that is deleted is looked for in every table that may name it, which no plan shows.
#[test]
fn what_may_name_a_deleted_row_is_found_by_an_index() {
    let connection = schema();
    for Statement { file, sql } in statements().iter().filter(|statement| !of_check(statement)) {
        let line = unwrapped(sql);
        let Some(table) = line.strip_prefix("delete from ").and_then(|rest| rest.split(' ').next()) else { continue };
        for (child, columns) in children_of(&connection, table) {
            let wanted: Vec<String> = columns.iter().map(|column| format!("{column} = ?")).collect();
            let look = format!("select 1 from {child} where {}", wanted.join(" and "));
            let plan = steps(&connection, &look).unwrap();
            assert!(!plan.iter().any(|step| goes_through(step)), "{file}: {line}: {child} names it: {plan:?}");
        }
    }
}

/// Tables that refer to that one, with the columns that do.
fn children_of(connection: &Connection, parent: &str) -> Vec<(String, Vec<String>)> {
    let sql = "select child.name, reference.id, reference.\"from\"
        from pragma_table_list as child, pragma_foreign_key_list(child.name) as reference
        where reference.\"table\" = ?1
        order by child.name, reference.id, reference.seq";
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([parent], |row| Ok(((row.get(0)?, row.get(1)?), row.get(2)?))).unwrap();
    let mut children: BTreeMap<(String, i64), Vec<String>> = BTreeMap::new();
    for row in rows {
        let (reference, column) = row.unwrap();
        children.entry(reference).or_default().push(column);
    }
    children.into_iter().map(|((child, _), columns)| (child, columns)).collect()
}

#[test]
fn references_are_read_from_the_schema() {
    let children = children_of(&schema(), "redemption");
    let by_id = vec!["tenant".to_owned(), "redemption_id".to_owned()];
    let by_number = vec!["redemption".to_owned()];
    assert_eq!(children, [("decision".to_owned(), by_number), ("reservation".to_owned(), by_id)]);
}
