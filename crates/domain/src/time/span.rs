//! A duration on the calendar.

use std::fmt;
use std::str::FromStr;

use jiff::fmt::temporal::SpanParser;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{TimeError, Timestamp, Zone};

/// The most years of a [`Span`], counted as 365.2425 days each and a month as a twelfth of that.
pub const SPAN_YEARS_MAX: i64 = 10;

const YEAR_MS: i64 = 31_556_952_000;
const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// A duration such as `P7D`, `P1M` or `PT5M` (ISO 8601): more than nothing, whole milliseconds, at most ten years.
///
/// Years to days follow the calendar of a zone, so `P1D` may be 23 or 25 hours; hours and smaller are exact. Kept as
/// its text; two spans are equal when their units are, so `PT60M` is not `PT1H`.
#[derive(Clone, Copy)]
pub struct Span(jiff::Span);

impl Span {
    /// The instant this long after `at` by the calendar of the zone, at most [`Timestamp::MAX`]. A day that is too
    /// short has its last one instead: 31 January and `P1M` make 28 or 29 February.
    #[must_use]
    pub fn after(self, at: Timestamp, zone: &Zone) -> Timestamp {
        if let Some(ms) = self.exact_ms() {
            return at.saturating_add_ms(ms);
        }
        let local = at.to_jiff().to_zoned(zone.as_jiff().clone());
        local.checked_add(self.0).map_or(Timestamp::MAX, |end| Timestamp::from_jiff(end.timestamp()))
    }

    /// Its length in milliseconds where it has only units of an hour and smaller, which no calendar stretches.
    #[must_use]
    pub fn exact_ms(self) -> Option<i64> {
        (calendar_ms(&self.0) == 0).then(|| clock_ms(&self.0))
    }
}

/// Years to days at their mean lengths; saturating.
fn calendar_ms(span: &jiff::Span) -> i64 {
    let months = i64::from(span.get_years()).saturating_mul(12).saturating_add(i64::from(span.get_months()));
    let days = i64::from(span.get_weeks()).saturating_mul(7).saturating_add(i64::from(span.get_days()));
    months.saturating_mul(YEAR_MS / 12).saturating_add(days.saturating_mul(DAY_MS))
}

/// Hours and smaller; saturating.
fn clock_ms(span: &jiff::Span) -> i64 {
    [
        i64::from(span.get_hours()).saturating_mul(HOUR_MS),
        span.get_minutes().saturating_mul(60_000),
        span.get_seconds().saturating_mul(1_000),
        span.get_milliseconds(),
    ]
    .into_iter()
    .fold(0, i64::saturating_add)
}

impl FromStr for Span {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let span = SpanParser::new().parse_span(text).map_err(|_| TimeError::Span)?;
        if span.get_microseconds() != 0 || span.get_nanoseconds() != 0 {
            return Err(TimeError::Span);
        }
        let ms = calendar_ms(&span).saturating_add(clock_ms(&span));
        if (1..=SPAN_YEARS_MAX * YEAR_MS).contains(&ms) { Ok(Self(span)) } else { Err(TimeError::SpanRange) }
    }
}

impl PartialEq for Span {
    fn eq(&self, other: &Self) -> bool {
        self.0.fieldwise() == other.0.fieldwise()
    }
}

impl Eq for Span {}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl Serialize for Span {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}
