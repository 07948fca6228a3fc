//! A day of a calendar, as people settle by.

use std::fmt;
use std::str::FromStr;

use jiff::Unit;
use jiff::civil::{Date, date};

use super::{TimeError, Timestamp, Zone};

const EPOCH: Date = date(1970, 1, 1);

/// A day without a zone, such as `2026-11-28`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The first and the last there are.
    pub const BOUNDS: (Self, Self) = (Self(Date::MIN), Self(Date::MAX));

    /// The day that it is in the zone.
    #[must_use]
    pub fn of(at: Timestamp, zone: &Zone) -> Self {
        Self(zone.as_jiff().to_datetime(at.to_jiff()).date())
    }

    /// The first of its month.
    #[must_use]
    pub fn first_of_month(self) -> Self {
        Self(self.0.first_of_month())
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0.since((Unit::Day, EPOCH)).map_or(0, |span| span.get_days())
    }

    /// The day so many days after 1970-01-01, if there is one.
    #[must_use]
    pub fn from_number(number: i32) -> Option<Self> {
        let span = jiff::Span::new().try_days(number).ok()?;
        EPOCH.checked_add(span).ok().map(Self)
    }
}

impl FromStr for Day {
    type Err = TimeError;

    /// Ten characters, `YYYY-MM-DD`, and nothing else.
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let day = text.parse().map(Self).map_err(|_| TimeError::Day)?;
        if day.to_string() == text { Ok(day) } else { Err(TimeError::Day) }
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_is_read_as_it_is_written_and_counted_from_the_epoch() {
        for (text, number) in [("1970-01-01", 0), ("2026-11-28", 20_785), ("1969-12-31", -1), ("9999-12-31", 2_932_896)]
        {
            let day: Day = text.parse().unwrap();
            assert_eq!((day.to_string().as_str(), day.number()), (text, number));
            assert_eq!(Day::from_number(number), Some(day));
        }
        for text in
            ["", "2026-11-31", "2026-1-1", "20261128", "2026-11-28T00:00:00", "2026-11-28[UTC]", "+002026-11-28"]
        {
            assert_eq!(text.parse::<Day>().ok(), None, "{text}");
        }
        assert_eq!(Day::from_number(i32::MAX), None);
    }

    #[test]
    fn the_day_is_that_of_the_zone() {
        let at = "2026-11-30T23:30:00Z".parse().unwrap();
        let in_zone = |zone: &str| Day::of(at, &zone.parse().unwrap());
        assert_eq!(in_zone("UTC").to_string(), "2026-11-30");
        assert_eq!(in_zone("Europe/Berlin").to_string(), "2026-12-01");
        assert_eq!(in_zone("UTC").first_of_month().to_string(), "2026-11-01");
    }
}
