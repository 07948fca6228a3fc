//! How SQLite would run a statement; for the tests that keep statements from scanning.

use rusqlite::{Connection, params_from_iter};

/// The steps of a statement, on the schema and these further tables.
pub(crate) fn plan(tables: &str, sql: &str) -> Vec<String> {
    let connection = Connection::open_in_memory().unwrap();
    for migration in crate::schema::MIGRATIONS {
        connection.execute_batch(migration).unwrap();
    }
    connection.execute_batch(tables).unwrap();
    let mut statement = connection.prepare(&format!("explain query plan {sql}")).unwrap();
    let parameters = std::iter::repeat_n(1, statement.parameter_count());
    let steps = statement.query_map(params_from_iter(parameters), |row| row.get(3)).unwrap();
    steps.collect::<Result<_, _>>().unwrap()
}
