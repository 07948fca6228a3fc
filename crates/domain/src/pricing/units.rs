//! Units by their original price. They are never listed one by one: a line of a million units is one run.

use crate::benefit::{Pick, TIMES_MAX};

/// Units of one line, which all cost the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Run {
    pub price_minor: i64,
    pub units: u64,
}

/// How many units of each run are among the first `count`. Of units that cost the same, those of the earlier line go first.
pub(super) fn pick(runs: &[Run], count: u64, first: Pick) -> Vec<u64> {
    let mut order: Vec<usize> = (0..runs.len()).collect();
    order.sort_by_key(|&place| match first {
        Pick::Cheapest => runs[place].price_minor,
        Pick::Dearest => -runs[place].price_minor,
    });
    let (mut left, mut picked) = (count, vec![0; runs.len()]);
    for place in order {
        picked[place] = left.min(runs[place].units);
        left -= picked[place];
    }
    picked
}

/// Sets, and how many units of each run they are made of.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Sets {
    pub count: u32,
    pub units: Vec<u64>,
}

/// As many full sets of the dearest units as are worth more than the price of a set, at most so many; `worth` says what so many
/// units of each run are worth together.
pub(super) fn dearest_sets(
    runs: &[Run],
    (size, price_minor): (u32, i64),
    times_max: Option<u32>,
    worth: impl Fn(&[u64]) -> i64,
) -> Sets {
    let units: u64 = runs.iter().map(|run| run.units).sum();
    let full = u32::try_from(units / u64::from(size)).unwrap_or(u32::MAX);
    let possible = full.min(times_max.unwrap_or(TIMES_MAX)).min(TIMES_MAX);
    let of = |count: u32| worth(&pick(runs, u64::from(count) * u64::from(size), Pick::Dearest));
    // Each further set is of cheaper units, so that there is a last one that is worth it.
    let (mut count, mut not) = (0, possible + 1);
    while count + 1 < not {
        let middle = count + (not - count) / 2;
        if of(middle) - of(middle - 1) > price_minor { count = middle } else { not = middle }
    }
    Sets { count, units: pick(runs, u64::from(count) * u64::from(size), Pick::Dearest) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(of: &[(i64, u64)]) -> Vec<Run> {
        of.iter().map(|&(price_minor, units)| Run { price_minor, units }).collect()
    }

    #[test]
    fn units_are_picked_by_price_and_ties_by_line() {
        let runs = runs(&[(30, 2), (10, 1), (20, 2), (10, 4)]);
        for (count, first, picked) in [
            (0, Pick::Cheapest, [0, 0, 0, 0]),
            (2, Pick::Cheapest, [0, 1, 0, 1]),
            (6, Pick::Cheapest, [0, 1, 1, 4]),
            (3, Pick::Dearest, [2, 0, 1, 0]),
            (100, Pick::Dearest, [2, 1, 2, 4]),
        ] {
            assert_eq!(pick(&runs, count, first), picked, "{count} {first:?}");
        }
    }

    #[test]
    fn a_set_is_made_only_where_it_costs_less_than_its_units() {
        let runs = runs(&[(50, 3), (20, 3)]);
        for (set, times_max, count, units) in [
            ((2, 60), None, 2, [3, 1]),
            ((2, 60), Some(1), 1, [2, 0]),
            ((2, 100), None, 0, [0, 0]),
            ((2, 99), None, 1, [2, 0]),
            ((7, 1), None, 0, [0, 0]),
            ((6, 209), None, 1, [3, 3]),
        ] {
            let worth = |units: &[u64]| 50 * units[0] as i64 + 20 * units[1] as i64;
            assert_eq!(dearest_sets(&runs, set, times_max, worth), Sets { count, units: units.to_vec() }, "{set:?}");
        }
    }
}
