//! Opening hours: at which times of the week something may be used, by the clocks on the wall.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize};

use crate::time::{Timestamp, Zone};

/// How far ahead [`Opening::next`] looks: a week always shows the pattern, the eighth day is for changes of clocks.
const LOOK_AHEAD_DAYS: usize = 8;
const LOOK_AHEAD_MS: i64 = 8 * 86_400_000;

/// A day of the week.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the days are their names")]
pub enum Weekday {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Weekday {
    /// Every day, from Monday.
    pub const ALL: [Self; 7] = [Self::Mon, Self::Tue, Self::Wed, Self::Thu, Self::Fri, Self::Sat, Self::Sun];

    fn of(date: Date) -> Self {
        match date.weekday() {
            jiff::civil::Weekday::Monday => Self::Mon,
            jiff::civil::Weekday::Tuesday => Self::Tue,
            jiff::civil::Weekday::Wednesday => Self::Wed,
            jiff::civil::Weekday::Thursday => Self::Thu,
            jiff::civil::Weekday::Friday => Self::Fri,
            jiff::civil::Weekday::Saturday => Self::Sat,
            jiff::civil::Weekday::Sunday => Self::Sun,
        }
    }

    fn bit(self) -> u8 {
        1 << (self as u8)
    }
}

/// A set of days of the week; in JSON a list such as `["mon","tue"]`, written from Monday.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<Weekday>", into = "Vec<Weekday>")]
pub struct Weekdays(u8);

impl Weekdays {
    /// The whole week.
    pub const ALL: Self = Self(0b111_1111);

    /// Whether the day is in the set.
    #[must_use]
    pub fn contains(self, day: Weekday) -> bool {
        self.0 & day.bit() != 0
    }

    /// Whether no day is in the set.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

impl FromIterator<Weekday> for Weekdays {
    fn from_iter<I: IntoIterator<Item = Weekday>>(days: I) -> Self {
        Self(days.into_iter().fold(0, |bits, day| bits | day.bit()))
    }
}

impl From<Vec<Weekday>> for Weekdays {
    fn from(days: Vec<Weekday>) -> Self {
        days.into_iter().collect()
    }
}

impl From<Weekdays> for Vec<Weekday> {
    fn from(days: Weekdays) -> Self {
        Weekday::ALL.into_iter().filter(|day| days.contains(*day)).collect()
    }
}

/// A text is not a time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be a time of day from 00:00 to 23:59")]
pub struct LocalTimeError;

/// A time of day to the minute, `00:00` to `23:59`; in JSON that text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LocalTime {
    hour: i8,
    minute: i8,
}

impl LocalTime {
    const MIDNIGHT: Self = Self { hour: 0, minute: 0 };

    fn of(local: DateTime) -> Self {
        Self { hour: local.hour(), minute: local.minute() }
    }
}

impl FromStr for LocalTime {
    type Err = LocalTimeError;

    fn from_str(text: &str) -> Result<Self, LocalTimeError> {
        let &[h1, h2, b':', m1, m2] = text.as_bytes() else { return Err(LocalTimeError) };
        let number = |tens: u8, ones: u8, max: i8| match (tens, ones) {
            (b'0'..=b'9', b'0'..=b'9') => i8::try_from((tens - b'0') * 10 + ones - b'0').ok().filter(|n| *n <= max),
            _ => None,
        };
        match (number(h1, h2, 23), number(m1, m2, 59)) {
            (Some(hour), Some(minute)) => Ok(Self { hour, minute }),
            _ => Err(LocalTimeError),
        }
    }
}

impl fmt::Display for LocalTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.hour, self.minute)
    }
}

impl TryFrom<String> for LocalTime {
    type Error = LocalTimeError;

    fn try_from(text: String) -> Result<Self, LocalTimeError> {
        text.parse()
    }
}

impl From<LocalTime> for String {
    fn from(time: LocalTime) -> Self {
        time.to_string()
    }
}

/// Hours of a day, `{"from":"09:00","until":"17:30"}`. A window whose end is not after its start runs over midnight and
/// counts to the day on which it began; `00:00` to `00:00` is the whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HourWindow {
    /// The first minute.
    pub from: LocalTime,
    /// The minute after the last.
    pub until: LocalTime,
}

impl HourWindow {
    /// From midnight to midnight.
    pub const ALL_DAY: Self = Self { from: LocalTime::MIDNIGHT, until: LocalTime::MIDNIGHT };

    fn over_midnight(self) -> bool {
        self.until <= self.from
    }

    fn contains_on_its_day(self, time: LocalTime) -> bool {
        self.from <= time && (self.over_midnight() || time < self.until)
    }

    fn contains_on_the_next_day(self, time: LocalTime) -> bool {
        self.over_midnight() && time < self.until
    }
}

/// The weekly pattern: open in any of the windows of any of the days.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Opening<'a> {
    pub weekdays: Weekdays,
    pub hours: &'a [HourWindow],
    pub zone: &'a Zone,
}

impl Opening<'_> {
    /// Whether the clocks show a time within the pattern.
    pub fn is_open(&self, at: Timestamp) -> bool {
        let local = self.zone.as_jiff().to_datetime(at.to_jiff());
        let time = LocalTime::of(local);
        let today = self.weekdays.contains(Weekday::of(local.date()));
        let yesterday = local.date().yesterday().is_ok_and(|date| self.weekdays.contains(Weekday::of(date)));
        self.hours.iter().any(|window| {
            today && window.contains_on_its_day(time) || yesterday && window.contains_on_the_next_day(time)
        })
    }

    /// `now` if open, else the next instant at which it opens, if that is within eight days.
    ///
    /// What is closed opens only at the start of a window or at a change of clocks, so only those are tried.
    pub fn next(&self, now: Timestamp) -> Option<Timestamp> {
        if self.is_open(now) {
            return Some(now);
        }
        let today = self.zone.as_jiff().to_datetime(now.to_jiff()).date();
        let days = today.series(jiff::Span::new().days(1)).take(LOOK_AHEAD_DAYS + 1);
        let starts = days.flat_map(|date| self.hours.iter().flat_map(move |window| self.instants(date, window.from)));
        let last = now.saturating_add_ms(LOOK_AHEAD_MS);
        let changes = self.zone.as_jiff().following(now.to_jiff()).map(|change| change.timestamp());
        let changes = changes.take_while(|at| *at <= last.to_jiff());
        starts
            .chain(changes)
            .map(Timestamp::from_jiff)
            .filter(|at| (now..=last).contains(at) && self.is_open(*at))
            .min()
    }

    /// When the clocks show this time on this day: twice where they go back.
    fn instants(&self, date: Date, time: LocalTime) -> impl Iterator<Item = jiff::Timestamp> + use<> {
        let local = self.zone.as_jiff().to_ambiguous_timestamp(date.at(time.hour, time.minute, 0, 0));
        [local.earlier(), local.later()].into_iter().flatten()
    }
}
