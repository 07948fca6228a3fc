//! Money is an integer in minor units with a currency; a percentage is an integer in basis points.
//!
//! Products are taken in `i128`, so no function here overflows or panics, whatever it is given.

use std::cmp::Reverse;
use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The largest amount accepted from outside, in minor units: 10^15, ten million million in a currency of
/// two decimals. A thousand such amounts still add up within an `i64`.
pub const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000_000;

/// Why a text or a number is not money.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    /// Not three letters `A` to `Z`.
    #[error("must be a currency of three upper-case letters, such as EUR (ISO 4217)")]
    Currency,
    /// More than the whole.
    #[error("must be a rate in basis points from 0 to 10000 (10000 is 100 %)")]
    Rate,
}

/// A currency by its ISO 4217 letters. Only the shape is checked: the list of currencies changes, and a shop may keep
/// points under a code of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// The currency of these three letters.
    ///
    /// # Errors
    /// [`MoneyError::Currency`] unless all three are `A` to `Z`.
    pub fn from_letters(letters: [u8; 3]) -> Result<Self, MoneyError> {
        if letters.iter().all(u8::is_ascii_uppercase) { Ok(Self(letters)) } else { Err(MoneyError::Currency) }
    }

    /// How many decimals people write its amounts with (ISO 4217): one of 100 minor units has two. What the list does
    /// not know has two.
    #[must_use]
    pub fn decimals(self) -> u32 {
        match &self.0 {
            b"BIF" | b"CLP" | b"DJF" | b"GNF" | b"ISK" | b"JPY" | b"KMF" | b"KRW" | b"PYG" | b"RWF" | b"UGX"
            | b"UYI" | b"VND" | b"VUV" | b"XAF" | b"XOF" | b"XPF" => 0,
            b"BHD" | b"IQD" | b"JOD" | b"KWD" | b"LYD" | b"OMR" | b"TND" => 3,
            b"CLF" | b"UYW" => 4,
            _ => 2,
        }
    }

    /// Its three letters in ASCII.
    #[must_use]
    pub fn letters(self) -> [u8; 3] {
        self.0
    }
}

impl FromStr for Currency {
    type Err = MoneyError;

    fn from_str(text: &str) -> Result<Self, MoneyError> {
        let letters = text.as_bytes().try_into().map_err(|_| MoneyError::Currency)?;
        Self::from_letters(letters)
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|letter| fmt::Write::write_char(f, char::from(*letter)))
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Currency {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { self.0.serialize(to) }
    }
}

impl<'de> Deserialize<'de> for Currency {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
        } else {
            Self::from_letters(<[u8; 3]>::deserialize(from)?).map_err(serde::de::Error::custom)
        }
    }
}

/// A share of an amount in basis points: 0 is nothing, 10 000 the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct Rate {
    rate_bp: u32,
}

impl Rate {
    /// The rate of so many basis points.
    ///
    /// # Errors
    /// [`MoneyError::Rate`] above 10 000.
    pub fn from_bp(rate_bp: u32) -> Result<Self, MoneyError> {
        if rate_bp <= 10_000 { Ok(Self { rate_bp }) } else { Err(MoneyError::Rate) }
    }

    /// Its basis points, 0 to 10 000.
    #[must_use]
    pub fn as_bp(self) -> u32 {
        self.rate_bp
    }

    /// This share of the amount in minor units, rounded half up. Between nothing and the amount.
    #[must_use]
    pub fn of(self, amount_minor: i64) -> i64 {
        cumulative_share(amount_minor, i64::from(self.rate_bp), 10_000)
    }
}

impl TryFrom<u32> for Rate {
    type Error = MoneyError;

    fn try_from(rate_bp: u32) -> Result<Self, MoneyError> {
        Self::from_bp(rate_bp)
    }
}

impl From<Rate> for u32 {
    fn from(rate: Rate) -> Self {
        rate.rate_bp
    }
}

/// The share of a recorded total, in minor units, that falls on the first `part` units of `whole`, rounded half up.
///
/// A return of some units gives back the share after it less the share before it. Whatever the sizes of the returns,
/// they sum to the total exactly, because each begins where the one before it ended. `part` counts as within 0 and
/// `whole`; of nothing (`whole` <= 0) the share is the total.
#[must_use]
pub fn cumulative_share(total_minor: i64, part: i64, whole: i64) -> i64 {
    if part >= whole {
        return total_minor;
    }
    let (total, part, whole) = (i128::from(total_minor), i128::from(part.max(0)), i128::from(whole.max(1)));
    narrow(div_rem(2 * total * part + whole, 2 * whole).0)
}

/// Splits an amount in minor units by weights with the largest-remainder method, ties in the order of the weights.
///
/// The shares sum to the amount exactly, and none is more than its weight while the amount is at most the sum of the
/// weights: a discount split over lines by what is left of them takes no line below zero. A negative weight counts
/// as 0; where no weight is positive there is nothing to put a share on, and every share is 0.
#[must_use]
pub fn split_by(amount_minor: i64, weights: &[i64]) -> Vec<i64> {
    let weights = || weights.iter().map(|weight| (*weight).max(0));
    let whole: i128 = weights().map(i128::from).sum();
    if whole == 0 {
        return vec![0; weights().len()];
    }
    // In 64 bits where they suffice for every product, which is much sooner done.
    let most = weights().max().unwrap_or(0);
    match (i64::try_from(whole), amount_minor.checked_mul(most)) {
        (Ok(whole), Some(_)) => {
            let share = |weight: i64| (amount_minor * weight).div_euclid(whole);
            // The remainder without a second division: whatever wraps, what comes out is below `whole`.
            let rest = |weight: i64, share: i64| (amount_minor * weight).wrapping_sub(share.wrapping_mul(whole));
            with_the_left(amount_minor, weights(), share, rest)
        }
        (Err(_), _) | (_, None) => {
            let product = |weight: i64| i128::from(amount_minor) * i128::from(weight);
            let share = |weight| narrow(product(weight).div_euclid(whole));
            with_the_left(amount_minor, weights(), share, |weight, _| product(weight).rem_euclid(whole))
        }
    }
}

/// The shares, where `share` is each rounded down and `rest` what is left of it: the largest of those have one more.
fn with_the_left<R: Ord>(
    amount_minor: i64,
    weights: impl Iterator<Item = i64> + Clone,
    share: impl Fn(i64) -> i64,
    rest: impl Fn(i64, i64) -> R,
) -> Vec<i64> {
    let mut shares: Vec<i64> = weights.clone().map(share).collect();
    let given: i128 = shares.iter().copied().map(i128::from).sum();
    // Fewer units are left than there are shares with a remainder.
    let left = usize::try_from(i128::from(amount_minor) - given).unwrap_or(0);
    if left == 0 {
        return shares;
    }
    let rests = weights.zip(&shares).map(|(weight, share)| Reverse(rest(weight, *share)));
    let mut rests: Vec<(Reverse<R>, usize)> = rests.zip(0..).collect();
    if left < rests.len() {
        rests.select_nth_unstable(left);
    }
    for (_, index) in rests.into_iter().take(left) {
        let share: &mut i64 = &mut shares[index];
        *share = share.saturating_add(1);
    }
    shares
}

/// Both parts of a division, rounded down; `whole` is above 0. In 64 bits where they suffice, which is much sooner done.
fn div_rem(amount: i128, whole: i128) -> (i128, i128) {
    match (i64::try_from(amount), i64::try_from(whole)) {
        (Ok(amount), Ok(whole)) => (amount.div_euclid(whole).into(), amount.rem_euclid(whole).into()),
        (Err(_), _) | (_, Err(_)) => (amount.div_euclid(whole), amount.rem_euclid(whole)),
    }
}

/// A value that by construction lies between 0 and an `i64`; saturating, so that a mistake cannot panic.
fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(if value < 0 { i64::MIN } else { i64::MAX })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_currency_is_three_upper_case_letters() {
        for (text, valid) in
            [("EUR", true), ("XTS", true), ("eur", false), ("EU", false), ("EURO", false), ("E1R", false)]
        {
            assert_eq!(text.parse::<Currency>().is_ok(), valid, "{text}");
        }
    }

    #[test]
    fn a_currency_is_text_in_json_and_three_bytes_in_postcard() {
        let eur: Currency = "EUR".parse().unwrap();
        assert_eq!(serde_json::to_string(&eur).unwrap(), r#""EUR""#);
        assert_eq!(serde_json::from_str::<Currency>(r#""EUR""#).unwrap(), eur);
        assert_eq!(postcard::to_stdvec(&eur).unwrap(), b"EUR");
        assert_eq!(postcard::from_bytes::<Currency>(b"EUR").unwrap(), eur);
        assert!(postcard::from_bytes::<Currency>(b"eur").is_err());
    }

    #[test]
    fn a_rate_rounds_half_up() {
        for (rate_bp, amount_minor, share) in [
            (1_000, 1_004, 100),
            (1_000, 1_005, 101),
            (3_333, 100, 33),
            (10_000, 999, 999),
            (0, 999, 0),
            (1, 4_999, 0),
            (1, 5_000, 1),
        ] {
            assert_eq!(Rate::from_bp(rate_bp).unwrap().of(amount_minor), share, "{rate_bp} bp of {amount_minor}");
        }
        assert_eq!(Rate::from_bp(10_001), Err(MoneyError::Rate));
        assert!(serde_json::from_str::<Rate>("10001").is_err());
    }

    #[test]
    fn a_split_gives_what_is_left_to_the_largest_remainders_then_in_order() {
        for (amount_minor, weights, shares) in [
            (10, &[1, 1, 1][..], &[4, 3, 3][..]),
            (100, &[50, 30, 20], &[50, 30, 20]),
            (5, &[1, 2, 3], &[1, 2, 2]),
            (7, &[0, 10, -5], &[0, 7, 0]),
            (3, &[0, 0], &[0, 0]),
            (3, &[], &[]),
            (-10, &[1, 1, 1], &[-3, -3, -4]),
        ] {
            assert_eq!(split_by(amount_minor, weights), shares, "{amount_minor} by {weights:?}");
        }
    }

    proptest! {
        #[test]
        fn a_split_sums_to_the_amount_and_takes_no_line_below_zero(
            weights in prop::collection::vec(0..=AMOUNT_MINOR_MAX, 1..50), part_bp in 0u32..=10_000,
        ) {
            let amount_minor = Rate::from_bp(part_bp).unwrap().of(weights.iter().sum());
            let shares = split_by(amount_minor, &weights);
            prop_assert_eq!(shares.iter().sum::<i64>(), amount_minor);
            prop_assert!(shares.iter().zip(&weights).all(|(share, weight)| (0..=*weight).contains(share)));
        }

        #[test]
        fn no_numbers_make_money_panic(amount: i64, part: i64, whole: i64, weights: Vec<i64>, rate_bp in 0u32..=10_000) {
            let _ = cumulative_share(amount, part, whole);
            let _ = Rate::from_bp(rate_bp).unwrap().of(amount);
            let shares = split_by(amount, &weights);
            let sum: i128 = shares.iter().copied().map(i128::from).sum();
            prop_assert!(sum == i128::from(amount) || weights.iter().all(|weight| *weight <= 0));
        }

        #[test]
        fn returns_of_any_sizes_sum_to_the_recorded_total(
            total_minor in 0..=AMOUNT_MINOR_MAX, returns in prop::collection::vec(1i64..1_000, 1..20),
        ) {
            let whole: i64 = returns.iter().sum();
            let (mut returned, mut given_back_minor) = (0, 0);
            for units in returns {
                let before_minor = cumulative_share(total_minor, returned, whole);
                returned += units;
                let share_minor = cumulative_share(total_minor, returned, whole) - before_minor;
                prop_assert!(share_minor >= 0);
                given_back_minor += share_minor;
            }
            prop_assert_eq!(given_back_minor, total_minor);
        }
    }
}
