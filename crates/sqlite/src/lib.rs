//! The store on SQLite.

mod rows;
mod error;
mod readers;
