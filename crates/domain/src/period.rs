//! The calendar periods that limits count by.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::time::{Timestamp, Zone};

const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 3_600_000;

/// How often a limit begins again. Hours to months are those of the local calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    /// Never.
    Ever,
    /// At every full hour. Where clocks go back, the repeated hour is a period of its own.
    Hour,
    /// At midnight.
    Day,
    /// At midnight before Monday.
    Week,
    /// At midnight before the first of the month.
    Month,
}

/// Which period it is: the minutes from the epoch to its local start, 0 for [`Period::Ever`]. Part of the key of a
/// usage row, hence short.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PeriodStart(pub i64);

impl Period {
    /// The period that contains `at` in the zone.
    #[must_use]
    pub fn start(self, at: Timestamp, zone: &Zone) -> PeriodStart {
        let start = match self {
            Self::Ever => return PeriodStart(0),
            Self::Hour => hour_start(at, zone),
            Self::Day | Self::Week | Self::Month => midnight(self.first_date(at, zone), zone),
        };
        PeriodStart(start.as_ms().div_euclid(MINUTE_MS))
    }

    /// When the period that contains `at` ends and the next begins; none for [`Period::Ever`].
    #[must_use]
    pub fn end(self, at: Timestamp, zone: &Zone) -> Option<Timestamp> {
        let first = || self.first_date(at, zone);
        let next = match self {
            Self::Ever => return None,
            Self::Hour => return Some(hour_end(at, zone)),
            Self::Day => first().tomorrow(),
            Self::Week => first().checked_add(jiff::Span::new().days(7)),
            Self::Month => first().checked_add(jiff::Span::new().months(1)),
        };
        Some(next.map_or(Timestamp::MAX, |date| midnight(date, zone)))
    }

    /// The first local day of the day, week or month.
    fn first_date(self, at: Timestamp, zone: &Zone) -> Date {
        let date = zone.as_jiff().to_datetime(at.to_jiff()).date();
        match self {
            Self::Ever | Self::Hour | Self::Day => date,
            Self::Week => {
                let days = i64::from(date.weekday().to_monday_zero_offset());
                date.saturating_sub(jiff::Span::new().days(days))
            }
            Self::Month => date.first_of_month(),
        }
    }
}

/// The first instant of a local day, which is not 00:00 where clocks go forward at midnight.
fn midnight(date: Date, zone: &Zone) -> Timestamp {
    let local = zone.as_jiff().to_ambiguous_timestamp(date.at(0, 0, 0, 0));
    local.compatible().map_or(Timestamp::MAX, Timestamp::from_jiff)
}

/// The last full local hour, or the change of clocks since then: Lord Howe Island moves by half an hour.
fn hour_start(at: Timestamp, zone: &Zone) -> Timestamp {
    let start = at.saturating_add_ms(-at.as_ms().saturating_add(offset_ms(at, zone)).rem_euclid(HOUR_MS));
    if offset_ms(start, zone) == offset_ms(at, zone) {
        return start;
    }
    let after = at.saturating_add_ms(1).to_jiff();
    let change = zone.as_jiff().preceding(after).next();
    change.map_or(start, |change| Timestamp::from_jiff(change.timestamp()))
}

/// The next full local hour, or the change of clocks until then.
fn hour_end(at: Timestamp, zone: &Zone) -> Timestamp {
    let into_ms = at.as_ms().saturating_add(offset_ms(at, zone)).rem_euclid(HOUR_MS);
    let end = at.saturating_add_ms(HOUR_MS - into_ms);
    let change = zone.as_jiff().following(at.to_jiff()).next().map(|change| Timestamp::from_jiff(change.timestamp()));
    change.map_or(end, |change| change.min(end))
}

/// Added to UTC it gives local time.
fn offset_ms(at: Timestamp, zone: &Zone) -> i64 {
    i64::from(zone.as_jiff().to_offset(at.to_jiff()).seconds()).saturating_mul(1_000)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn check(period: Period, now: &str, zone: &str, start: &str, end: &str) {
        let zone = zone.parse().unwrap();
        let minutes = at(start).as_ms() / MINUTE_MS;
        assert_eq!(period.start(at(now), &zone), PeriodStart(minutes), "start of {period:?} at {now} in {zone}");
        assert_eq!(period.end(at(now), &zone), Some(at(end)), "end of {period:?} at {now} in {zone}");
    }

    #[test]
    fn a_period_follows_the_local_calendar() {
        let check = |period, start, end| check(period, "2026-07-15T23:45:00Z", "Asia/Kolkata", start, end);
        check(Period::Hour, "2026-07-16T05:00:00+05:30", "2026-07-16T06:00:00+05:30");
        check(Period::Day, "2026-07-16T00:00:00+05:30", "2026-07-17T00:00:00+05:30");
        check(Period::Week, "2026-07-13T00:00:00+05:30", "2026-07-20T00:00:00+05:30");
        check(Period::Month, "2026-07-01T00:00:00+05:30", "2026-08-01T00:00:00+05:30");
    }

    #[test]
    fn ever_has_one_period_without_an_end() {
        let now = at("2026-07-15T23:45:00Z");
        assert_eq!(Period::Ever.start(now, &Zone::utc()), PeriodStart(0));
        assert_eq!(Period::Ever.end(now, &Zone::utc()), None);
    }

    #[test]
    fn days_are_as_long_as_the_clocks_make_them() {
        let berlin = "Europe/Berlin";
        check(Period::Day, "2026-03-29T12:00:00Z", berlin, "2026-03-29T00:00:00+01:00", "2026-03-30T00:00:00+02:00");
        check(Period::Day, "2026-10-25T12:00:00Z", berlin, "2026-10-25T00:00:00+02:00", "2026-10-26T00:00:00+01:00");
        check(Period::Month, "2026-10-25T12:00:00Z", berlin, "2026-10-01T00:00:00+02:00", "2026-11-01T00:00:00+01:00");
        // In Beirut midnight of 29 March 2026 does not exist: the day begins at 01:00.
        check(
            Period::Day,
            "2026-03-29T12:00:00Z",
            "Asia/Beirut",
            "2026-03-29T01:00:00+03:00",
            "2026-03-30T00:00:00+03:00",
        );
    }

    #[test]
    fn a_repeated_hour_counts_twice_and_a_skipped_one_not() {
        let berlin = "Europe/Berlin";
        check(
            Period::Hour,
            "2026-10-25T02:30:00+02:00",
            berlin,
            "2026-10-25T02:00:00+02:00",
            "2026-10-25T02:00:00+01:00",
        );
        check(
            Period::Hour,
            "2026-10-25T02:30:00+01:00",
            berlin,
            "2026-10-25T02:00:00+01:00",
            "2026-10-25T03:00:00+01:00",
        );
        check(
            Period::Hour,
            "2026-03-29T01:30:00+01:00",
            berlin,
            "2026-03-29T01:00:00+01:00",
            "2026-03-29T03:00:00+02:00",
        );
        let lord_howe = "Australia/Lord_Howe";
        check(
            Period::Hour,
            "2026-04-05T01:45:00+10:30",
            lord_howe,
            "2026-04-05T01:30:00+10:30",
            "2026-04-05T02:00:00+10:30",
        );
        check(
            Period::Hour,
            "2026-10-04T02:45:00+11:00",
            lord_howe,
            "2026-10-04T02:30:00+11:00",
            "2026-10-04T03:00:00+11:00",
        );
    }

    #[test]
    fn a_period_is_a_word_in_json_and_both_round_trip_in_postcard() {
        assert_eq!(serde_json::to_string(&Period::Week).unwrap(), r#""week""#);
        assert_eq!(postcard::from_bytes::<Period>(&postcard::to_stdvec(&Period::Week).unwrap()).unwrap(), Period::Week);
        let bytes = postcard::to_stdvec(&PeriodStart(-7)).unwrap();
        assert_eq!(postcard::from_bytes::<PeriodStart>(&bytes).unwrap(), PeriodStart(-7));
    }

    proptest! {
        #[test]
        fn periods_follow_each_other_without_a_gap(
            // 2012 to 2100: before, a few zones changed clocks a minute past midnight and had a day in two parts.
            ms in 1_325_376_000_000i64..4_102_444_800_000,
            period in prop::sample::select(vec![Period::Hour, Period::Day, Period::Week, Period::Month]),
            name in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Beirut", "America/Havana", "Asia/Kathmandu"]),
        ) {
            let (now, zone) = (Timestamp::from_ms(ms), name.parse().unwrap());
            let (start, end) = (period.start(now, &zone), period.end(now, &zone).unwrap());
            prop_assert!(start.0 * MINUTE_MS <= ms && now < end);
            prop_assert_eq!(period.start(Timestamp::from_ms(start.0 * MINUTE_MS), &zone), start);
            prop_assert_eq!(period.start(end.saturating_add_ms(-1), &zone), start);
            prop_assert_eq!(period.start(end, &zone).0 * MINUTE_MS, end.as_ms());
        }

        #[test]
        fn no_instant_makes_a_period_panic(ms: i64, name in prop::sample::select(vec!["UTC", "Asia/Tokyo", "America/Adak"])) {
            let (now, zone) = (Timestamp::from_ms(ms), name.parse().unwrap());
            for period in [Period::Ever, Period::Hour, Period::Day, Period::Week, Period::Month] {
                let _ = (period.start(now, &zone), period.end(now, &zone));
            }
        }
    }
}
