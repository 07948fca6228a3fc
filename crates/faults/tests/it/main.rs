//! SQLite on a disk that fails.

use std::path::Path;

use faults::{Disk, Failure, Image, Kind, Platter, Survival};
use rusqlite::{Connection, ErrorCode};
use tempfile::TempDir;

fn open(folder: &Path, journal: &str, synchronous: &str) -> Connection {
    let connection = Connection::open(folder.join("db")).expect("it opens");
    connection.pragma_update(None, "journal_mode", journal).expect("a mode");
    connection.pragma_update(None, "synchronous", synchronous).expect("a mode");
    connection
}

fn disk() -> (TempDir, Disk) {
    let folder = TempDir::new().expect("a folder");
    let disk = Disk::at(folder.path());
    (folder, disk)
}

/// How many rows are in the database of an image, on an ordinary disk; `None`: no such table.
fn rows(image: &Image) -> Option<i64> {
    let folder = TempDir::new().expect("a folder");
    for (name, bytes) in image {
        std::fs::write(folder.path().join(name), bytes).expect("it is written");
    }
    let connection = Connection::open(folder.path().join("db")).expect("it opens");
    let sound: String = connection.query_row("pragma integrity_check", [], |row| row.get(0)).expect("it is read");
    assert_eq!(sound, "ok");
    connection.query_row("select count(*) from t", [], |row| row.get(0)).ok()
}

/// Inserts rows, power failing at every moment with some luck each; returns how many rows that were promised are lost,
/// over all cuts.
fn lost(journal: &str, synchronous: &str) -> i64 {
    let (folder, disk) = disk();
    let connection = open(folder.path(), journal, synchronous);
    connection.execute_batch("create table t (a)").expect("a table");
    disk.answered();
    for n in 0..20 {
        connection.execute("insert into t values (?1 || zeroblob(3000))", [n]).expect("a row");
        disk.answered();
    }
    let (trace, mut platter, mut done) = (disk.trace(), Platter::default(), 0);
    let mut lost = 0;
    for cut in trace.cuts() {
        trace.advance((&mut platter, &mut done), &cut);
        for seed in 0..6 {
            let there = rows(&platter.after_power_cut(Survival::of(seed))).unwrap_or(-1);
            lost += (i64::try_from(cut.answered).expect("few") - 1 - there).max(0);
        }
    }
    lost
}

#[test]
fn a_log_that_is_synced_with_every_commit_loses_nothing() {
    assert_eq!(lost("wal", "full"), 0);
}

#[test]
fn a_log_that_is_not_synced_loses_commits() {
    assert!(lost("wal", "normal") > 0);
}

/// The removal of the journal is what commits, and only `extra` syncs the folder after it.
#[test]
fn a_journal_whose_removal_is_not_synced_comes_back_and_undoes_the_commit() {
    assert!(lost("delete", "full") > 0);
    assert_eq!(lost("delete", "extra"), 0);
}

#[test]
fn the_nth_sync_fails_and_the_next_succeeds() {
    let (folder, disk) = disk();
    let connection = open(folder.path(), "wal", "full");
    connection.execute_batch("create table t (a)").expect("a table");
    let failure = Failure { kind: Kind::Sync, nth: disk.count(Kind::Sync) + 1 };
    disk.fail(failure);
    let insert = || connection.execute("insert into t values (1)", []);
    assert_eq!(insert().expect_err("no sync").sqlite_error_code(), Some(ErrorCode::SystemIoFailure));
    assert_eq!(insert(), Ok(1));
    assert_eq!(connection.query_row("select count(*) from t", [], |row| row.get(0)), Ok(1));
}

#[test]
fn a_full_disk_refuses_until_there_is_room() {
    let (folder, disk) = disk();
    let connection = open(folder.path(), "wal", "full");
    connection.execute_batch("create table t (a)").expect("a table");
    disk.make_room(Some(disk.bytes() + 1000));
    let insert = || connection.execute("insert into t values (1)", []);
    assert_eq!(insert().expect_err("no room").sqlite_error_code(), Some(ErrorCode::DiskFull));
    disk.make_room(None);
    assert_eq!(insert(), Ok(1));
}

#[test]
fn another_folder_is_an_ordinary_disk() {
    let (_folder, disk) = disk();
    let elsewhere = TempDir::new().expect("a folder");
    open(elsewhere.path(), "wal", "full").execute_batch("create table t (a)").expect("a table");
    assert!(disk.trace().cuts().is_empty());
}
