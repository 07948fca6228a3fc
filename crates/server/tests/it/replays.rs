//! `scrip replay` on a small history.

use crate::scrip::{folder, run, write};

const ORDERS: &str = "order,sku,description,quantity,ordered_at,unit_price,customer,country\n\
    1,A,Lamp,10,2011-01-03T09:00:00,6.00,7,UK\n\
    1,B,Vase,2,2011-01-03T09:00:00,2.50,7,UK\n\
    2,A,Lamp,4,2011-01-03T10:00:00,6.00,,UK\n\
    3,A,Lamp,1,2011-01-04T10:00:00,6.00,8,UK\n\
    3,A,Lamp,-1,2011-01-04T10:00:00,6.00,8,UK\n\
    3,A,Lamp,1,2011-01-04T10:00:00,free,8,UK\n\
    C4,A,Lamp,-3,2011-01-05T10:00:00,6.00,7,UK\n\
    C5,Z,Ghost,-3,2011-01-05T11:00:00,6.00,7,UK\n";

#[test]
fn a_replay_counts_orders_returns_and_bad_lines_and_its_check_is_clean() {
    let folder = folder();
    let file = write(folder.path(), "orders.csv", ORDERS);
    let output = run(&folder.path().join("data"), &["replay", file.to_str().unwrap()]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    for (name, count) in [
        ("lines", 8),
        ("bad lines", 2),
        ("orders", 3),
        ("cancellations", 2),
        ("customers", 3),
        ("returns", 1),
        ("units returned unmatched", 3),
    ] {
        let row = said.lines().find(|line| line.trim_start().starts_with(name) && line.ends_with(&format!(" {count}")));
        assert!(row.is_some(), "{name} should be {count}:\n{said}");
    }
}

#[test]
fn a_replay_is_refused_on_data_in_use() {
    let folder = folder();
    let file = write(folder.path(), "orders.csv", ORDERS);
    let data = folder.path().join("data");
    assert!(run(&data, &["replay", file.to_str().unwrap()]).status.success());
    let again = run(&data, &["replay", file.to_str().unwrap()]);
    assert!(!again.status.success());
    assert!(String::from_utf8_lossy(&again.stderr).contains("--data"), "it says what to do");
}
