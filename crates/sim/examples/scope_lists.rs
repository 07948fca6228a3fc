//! What a look-up costs in a list of a million entries against one of ten: `cargo run -p sim --example scope_lists`.
//!
//! In the development profile, as only the ratio is of interest. Both lists are asked for the same names, half of which they
//! have, often enough for a fraction of a second each; the best of several turns counts, so that whatever else runs on the
//! machine matters little.

use std::hint::black_box;
use std::time::{Duration, Instant};

use domain::order::Line;
use domain::scope::{ENTRIES_MAX, Listing, Scope};

const TURNS: usize = 7;
const LOOK_UPS: usize = 200_000;

/// A scope that names so many SKUs.
fn scope(entries: usize) -> Scope {
    let names: Vec<String> = (0..entries).map(sku).collect();
    let skus = names.iter().map(String::as_str).collect();
    Scope { include: Listing { skus, ..Listing::default() }, exclude: Listing::default() }
}

fn sku(no: usize) -> String {
    format!("sku-{no:08}")
}

/// The best of the turns, and how many lines were in scope.
#[expect(clippy::disallowed_methods, reason = "it measures, and decides nothing")]
fn time(scope: &Scope, lines: &[Line]) -> (Duration, usize) {
    let turn = |_| {
        let begun = Instant::now();
        let held = (0..LOOK_UPS).filter(|no| black_box(scope).holds(&lines[no % lines.len()])).count();
        (begun.elapsed(), held)
    };
    (0..TURNS).map(turn).min().unwrap_or_default()
}

#[expect(clippy::print_stdout, reason = "it is run to be read")]
fn main() {
    let (few, many) = (scope(10), scope(ENTRIES_MAX));
    // Ten that both have and ten that neither has; then ten spread over all of the large list.
    let near: Vec<Line> = (0..10).flat_map(|no| [no, ENTRIES_MAX + no]).map(|no| Line::new(sku(no), 1, 100)).collect();
    let far: Vec<Line> =
        (0..1_000).flat_map(|no| [no * 1_000, ENTRIES_MAX + no]).map(|no| Line::new(sku(no), 1, 100)).collect();
    let (of_few, held_few) = time(&few, &near);
    let (of_many, held_many) = time(&many, &near);
    let (of_far, _) = time(&many, &far);
    assert_eq!(held_few, held_many, "both have the same of these");
    println!("{LOOK_UPS} look-ups among 10 entries: {of_few:?}");
    println!("the same among {ENTRIES_MAX}: {of_many:?}, {} of that", ratio(of_many, of_few));
    println!("spread over all {ENTRIES_MAX}: {of_far:?}, {} of that", ratio(of_far, of_few));
}

fn ratio(one: Duration, other: Duration) -> String {
    let percent = one.as_nanos() * 100 / other.as_nanos().max(1);
    format!("{}.{:02}", percent / 100, percent % 100)
}
