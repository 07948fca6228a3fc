//! Dates, instants, days of the week and times of day as numbers in the same order, so that one comparison serves all.

use jiff::civil::{Date, DateTime};

use super::kind::Kind;
use crate::opening::LocalTime;
use crate::time::Timestamp;

/// The days of the week as they are written, from Monday.
pub(super) const WEEKDAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The number of a text of that kind; none if it is not one, or if the kind has no such texts.
pub(super) fn number_of(kind: Kind, text: &str) -> Option<i64> {
    match kind {
        Kind::Date => date_number(text),
        Kind::Instant => text.parse().ok().map(Timestamp::as_ms),
        Kind::Weekday => WEEKDAYS.iter().position(|day| *day == text).and_then(|index| i64::try_from(index).ok()),
        Kind::Time => time_number(text),
        Kind::Number | Kind::Money | Kind::Text | Kind::Path | Kind::TextSet | Kind::Flag => None,
    }
}

/// The text of a number of that kind.
pub(super) fn text_of(kind: Kind, number: i64) -> String {
    match kind {
        Kind::Date => format!("{:04}-{:02}-{:02}", number / 10_000, number / 100 % 100, number % 100),
        Kind::Instant => Timestamp::from_ms(number).to_string(),
        Kind::Weekday => {
            let day = usize::try_from(number).ok().and_then(|index| WEEKDAYS.get(index));
            day.map_or_else(String::new, ToString::to_string)
        }
        Kind::Time => format!("{:02}:{:02}", number / 60, number % 60),
        Kind::Number | Kind::Money | Kind::Text | Kind::Path | Kind::TextSet | Kind::Flag => number.to_string(),
    }
}

/// The day of a local time as the number of its kind.
pub(super) fn date_of(local: DateTime) -> i64 {
    packed(i64::from(local.year()), i64::from(local.month()), i64::from(local.day()))
}

/// The day of the week of a local time as the number of its kind.
pub(super) fn weekday_of(local: DateTime) -> i64 {
    i64::from(local.date().weekday().to_monday_zero_offset())
}

/// The time of day of a local time as the number of its kind.
pub(super) fn time_of(local: DateTime) -> i64 {
    i64::from(local.hour()) * 60 + i64::from(local.minute())
}

/// Read by hand: jiff reads more ways to write a date, and its errors allocate.
fn date_number(text: &str) -> Option<i64> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text.as_bytes() else { return None };
    let (year, month, day) = (digits(&[y1, y2, y3, y4])?, digits(&[m1, m2])?, digits(&[d1, d2])?);
    if !(1..=12).contains(&month) {
        return None;
    }
    let first = Date::new(i16::try_from(year).ok()?, i8::try_from(month).ok()?, 1).ok()?;
    (1..=i64::from(first.days_in_month())).contains(&day).then(|| packed(year, month, day))
}

fn time_number(text: &str) -> Option<i64> {
    text.parse::<LocalTime>().ok()?;
    let (hour, minute) = text.split_once(':')?;
    Some(digits(hour.as_bytes())? * 60 + digits(minute.as_bytes())?)
}

fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |number, byte| byte.is_ascii_digit().then(|| number * 10 + i64::from(byte - b'0')))
}

fn packed(year: i64, month: i64, day: i64) -> i64 {
    year * 10_000 + month * 100 + day
}
