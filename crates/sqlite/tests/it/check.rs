//! A check of a back-up is clean, and names what was damaged.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use ports::{Records, StoreError};
use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlite::{Report, check, checks};

use crate::activity::Busy;
use crate::damages::{Damage, damages};
use crate::support::Shop;

async fn backed_up() -> (Busy, PathBuf) {
    let busy = Busy::open().await;
    busy.imports().await;
    busy.gifts().await;
    let path = busy.shop.folder.path().join("copy.db");
    busy.shop.store.backup(path.clone()).await.expect("a back-up");
    (busy, path)
}

fn checked(busy: &Busy, path: &Path) -> Report {
    check(path, Some(busy.shop.store.codes())).expect("the file is read")
}

/// The report on a copy that was damaged.
fn damaged(busy: &Busy, path: &Path, damage: &Damage) -> Report {
    let copy = path.with_extension("damaged");
    std::fs::copy(path, &copy).expect("a copy");
    let connection = Connection::open(&copy).expect("it opens");
    connection.execute_batch("pragma foreign_keys = off; pragma ignore_check_constraints = on;").expect("pragmas");
    match damage {
        Damage::Sql(sql) => connection.execute_batch(sql).expect("the damage is done"),
        Damage::Events(place, change) => edit(&connection, ("journal", "events"), place, *change),
        Damage::Parts(place, change) => edit(&connection, ("redemption", "parts"), place, *change),
    }
    drop(connection);
    checked(busy, &copy)
}

/// Changes the value in a blob.
fn edit<T: Serialize + DeserializeOwned>(
    connection: &Connection,
    (table, column): (&str, &str),
    place: &str,
    change: fn(&mut T),
) {
    let read = format!("select {table}, {column} from {table} where {table} = ({place})");
    let (row, blob): (i64, Vec<u8>) =
        connection.query_row(&read, [], |row| Ok((row.get(0)?, row.get(1)?))).expect("the row is there");
    let mut value: T = postcard::from_bytes(&blob[1..]).expect("it reads");
    change(&mut value);
    let blob = postcard::to_extend(&value, vec![blob[0]]).expect("it is written");
    connection.execute(&format!("update {table} set {column} = ?2 where {table} = ?1"), (row, blob)).expect("updated");
}

#[tokio::test]
async fn every_damage_is_named() {
    let (busy, path) = backed_up().await;
    let (mut named, mut wrong) = (BTreeSet::new(), Vec::new());
    for (what, damage, expected) in damages() {
        let report = damaged(&busy, &path, damage);
        let found: Vec<&str> = report.findings.iter().map(|finding| finding.check).collect();
        if &found != expected {
            wrong.push(format!("{what}: found {found:?}, expected {expected:?}\n{report}"));
        }
        assert!(report.findings.iter().all(|finding| finding.count > 0 && !finding.examples.is_empty()), "{report}");
        named.extend(found);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    let untested: Vec<&str> = checks().map(|(name, _)| name).filter(|name| !named.contains(name)).collect();
    assert_eq!(untested, Vec::<&str>::new(), "no damage shows that these find anything");
}

#[tokio::test]
async fn what_a_busy_shop_left_is_as_promised() {
    let (busy, path) = backed_up().await;
    let report = checked(&busy, &path);
    assert!(report.is_clean() && report.skipped.is_empty(), "{report}");
    let without_codes = check(&path, None).expect("the file is read");
    assert!(without_codes.is_clean(), "{without_codes}");
    let skipped: Vec<&str> = without_codes.skipped.iter().map(|(check, _)| *check).collect();
    assert_eq!(skipped, ["personal_fields_open", "code_roundtrip", "sealed_rows_open"]);
}

#[tokio::test]
async fn a_store_in_which_nothing_happened_is_as_promised() {
    let shop = Shop::open();
    let path = shop.folder.path().join("copy.db");
    shop.store.backup(path.clone()).await.expect("a back-up");
    let report = check(&path, Some(shop.store.codes())).expect("the file is read");
    assert!(report.is_clean() && report.skipped.is_empty(), "{report}");
}

#[tokio::test]
async fn after_old_events_were_removed_the_rest_is_checked() {
    let (busy, path) = backed_up().await;
    let report = damaged(&busy, &path, &Damage::Sql("delete from journal where journal < 30"));
    assert!(report.is_clean(), "{report}");
    let skipped: Vec<&str> = report.skipped.iter().map(|(check, _)| *check).collect();
    assert_eq!(skipped, ["usage_equals_events", "statistics_equal_events"]);
    let report = damaged(&busy, &path, &Damage::Sql("delete from journal where journal < 30 or journal = 50"));
    assert!(!report.is_clean());
}

#[tokio::test]
async fn a_report_is_a_table_that_says_what_is_wrong() {
    let (busy, path) = backed_up().await;
    let report = damaged(&busy, &path, &Damage::Sql("update usage set used = used + 1")).to_string();
    assert!(report.contains("usage_equals_events                  16 found"), "{report}");
    assert!(report.contains("\n    limit 1 of tenant 1, subject 0, period 0: "), "{report}");
    assert!(report.contains("wallet_matches_owner                 ok"), "{report}");
    assert!(
        report.ends_with("28 vouchers, 19 redemptions, 3 gift accounts, 6 answers, 3 access blocks, 1 tokens, 2 mails"),
        "{report}"
    );
}

#[tokio::test]
async fn what_is_no_database_of_ours_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("nothing.db");
    assert!(matches!(check(&path, None), Err(StoreError::Unavailable(_))));
    std::fs::write(&path, "this is not a database, however long it may be".repeat(100)).expect("a file");
    assert!(matches!(check(&path, None), Err(StoreError::Corrupt(_))));
}

/// Most places hold something that a check tells; none may break it off. The seed is in the message of a failure.
#[tokio::test]
async fn no_changed_byte_breaks_a_check_off() {
    let (busy, path) = backed_up().await;
    let whole = std::fs::read(&path).expect("the copy reads");
    let changed = path.with_extension("changed");
    let mut told = 0;
    for seed in 0..200_u64 {
        let place = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) % whole.len() as u64;
        let mut bytes = whole.clone();
        bytes[usize::try_from(place).expect("it is in the file")] ^= 0x55;
        std::fs::write(&changed, bytes).expect("it is written");
        let (path, codes) = (changed.clone(), busy.shop.store.codes());
        let result = std::panic::catch_unwind(move || check(&path, Some(codes)).is_ok_and(|report| report.is_clean()));
        told += u32::from(!result.unwrap_or_else(|_| panic!("seed {seed} breaks it off")));
    }
    assert!(told > 20, "{told} of 200 were told of");
}
