//! Instants, zones and durations. An instant is UTC; a zone joins it only where a calendar matters.

mod span;
mod day;

use std::fmt;
use std::str::FromStr;

use jiff::tz::{TimeZone, TimeZoneDatabase};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub use day::Day;
pub use span::{SPAN_YEARS_MAX, Span};

/// Why a text or a number is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not RFC 3339.
    #[error("must be a date and time with an offset, such as 2026-11-21T02:08:24Z (RFC 3339)")]
    Timestamp,
    /// Not a day of the calendar.
    #[error("must be a day such as 2026-11-28")]
    Day,
    /// Outside [`Timestamp::MIN`] and [`Timestamp::MAX`].
    #[error("must be a time in the years 0001 to 9999")]
    Range,
    /// No such zone in the bundled database.
    #[error("`{0}` is not a time zone such as Europe/Berlin (IANA)")]
    Zone(String),
    /// Not an ISO 8601 duration, or one of less than whole milliseconds.
    #[error("must be a duration such as P7D, P1M or PT5M (ISO 8601)")]
    Span,
    /// A duration of nothing, a negative one or one of more than ten years.
    #[error("must be a duration of more than nothing and at most {SPAN_YEARS_MAX} years")]
    SpanRange,
}

/// An instant: milliseconds since the Unix epoch, UTC, within [`Timestamp::MIN`] and [`Timestamp::MAX`].
///
/// Its text is RFC 3339 in UTC with milliseconds, `2026-11-21T02:08:24.123Z`; any offset is read, and what is finer
/// than a millisecond is cut off. Text in JSON, an integer in binary formats.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 0001-01-01T00:00:00.000Z.
    pub const MIN: Self = Self(-62_135_596_800_000);
    /// 9999-12-30T22:00:00.000Z: some hours before the end of that year, so that it has a local time in every zone.
    pub const MAX: Self = Self(253_402_207_200_000);

    /// The instant so many milliseconds after the epoch; the nearer bound for what lies outside. For numbers of our
    /// own making, such as a clock's; [`Timestamp::try_from_ms`] is for numbers from outside.
    #[must_use]
    pub const fn from_ms(ms: i64) -> Self {
        if ms < Self::MIN.0 {
            Self::MIN
        } else if ms > Self::MAX.0 {
            Self::MAX
        } else {
            Self(ms)
        }
    }

    /// The instant so many milliseconds after the epoch.
    ///
    /// # Errors
    /// [`TimeError::Range`] outside [`Timestamp::MIN`] and [`Timestamp::MAX`].
    pub const fn try_from_ms(ms: i64) -> Result<Self, TimeError> {
        if ms < Self::MIN.0 || ms > Self::MAX.0 { Err(TimeError::Range) } else { Ok(Self(ms)) }
    }

    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn as_ms(self) -> i64 {
        self.0
    }

    /// The instant so many milliseconds later (earlier if negative), at most a bound.
    #[must_use]
    pub const fn saturating_add_ms(self, ms: i64) -> Self {
        Self::from_ms(self.0.saturating_add(ms))
    }

    pub(crate) fn to_jiff(self) -> jiff::Timestamp {
        jiff::Timestamp::from_millisecond(self.0).expect("jiff's range contains that of a Timestamp")
    }

    /// Cut to the millisecond before it, also before the epoch.
    pub(crate) fn from_jiff(at: jiff::Timestamp) -> Self {
        let ms = at.as_nanosecond().div_euclid(1_000_000);
        Self::from_ms(i64::try_from(ms).unwrap_or(i64::MAX))
    }
}

impl FromStr for Timestamp {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        if !is_rfc_3339_shape(text.as_bytes()) {
            return Err(TimeError::Timestamp);
        }
        let at: jiff::Timestamp = text.parse().map_err(|_| TimeError::Timestamp)?;
        let ms = at.as_nanosecond().div_euclid(1_000_000);
        Self::try_from_ms(i64::try_from(ms).map_err(|_| TimeError::Range)?)
    }
}

/// jiff reads more than RFC 3339 (no seconds, hours alone as an offset, zone names in brackets): the rest is refused
/// so that a client's mistake is not a guess of ours.
fn is_rfc_3339_shape(text: &[u8]) -> bool {
    let has_shape = |text: &[u8], shape: &[u8]| {
        text.len() == shape.len()
            && text.iter().zip(shape).all(|(byte, shape)| match shape {
                b'0' => byte.is_ascii_digit(),
                b'T' => matches!(byte, b'T' | b't' | b' '),
                b'+' => matches!(byte, b'+' | b'-'),
                _ => byte == shape,
            })
    };
    let Some((date_time, rest)) = text.split_at_checked(19) else { return false };
    let fraction = rest.strip_prefix(b".").map_or(0, |rest| 1 + rest.iter().take_while(|b| b.is_ascii_digit()).count());
    let offset = &rest[fraction..];
    has_shape(date_time, b"0000-00-00T00:00:00") && (matches!(offset, b"Z" | b"z") || has_shape(offset, b"+00:00"))
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.to_jiff())
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { to.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
        } else {
            Self::try_from_ms(i64::deserialize(from)?).map_err(serde::de::Error::custom)
        }
    }
}

/// A time zone of the IANA database that is bundled with the program, so that every server and every replay agrees.
/// Cheap to clone; two zones are equal when their names are. Kept by name.
#[derive(Clone)]
pub struct Zone(TimeZone);

impl Zone {
    /// The zone in which no calendar is special.
    #[must_use]
    pub fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// Its IANA name, spelled as in the database.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// The instant of a local time such as `2010-12-01T08:26:00`. A time that the clocks skip is read as if they had not;
    /// of one that comes twice, the first is meant.
    ///
    /// # Errors
    /// The text is no local time, or out of range.
    pub fn instant_of(&self, local: &str) -> Result<Timestamp, TimeError> {
        let local: jiff::civil::DateTime = local.parse().map_err(|_| TimeError::Timestamp)?;
        let zoned = local.to_zoned(self.0.clone()).map_err(|_| TimeError::Range)?;
        Timestamp::try_from_ms(zoned.timestamp().as_millisecond())
    }

    pub(crate) fn as_jiff(&self) -> &TimeZone {
        &self.0
    }
}

impl FromStr for Zone {
    type Err = TimeError;

    /// Upper and lower case are the same.
    fn from_str(name: &str) -> Result<Self, TimeError> {
        match TimeZoneDatabase::bundled().get(name) {
            Ok(zone) if zone.iana_name().is_some() && !zone.is_unknown() => Ok(Self(zone)),
            Ok(_) | Err(_) => Err(TimeError::Zone(name.to_owned())),
        }
    }
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Zone {}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for Zone {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests;
