//! The store on SQLite.

mod rows;
