//! When a voucher may be used.

use serde::{Deserialize, Serialize};

use crate::field::FieldError;
use crate::opening::{HourWindow, Opening, Weekdays};
use crate::time::{Span, Timestamp, Zone};

/// The most windows of [`Validity::hours`].
pub const HOUR_WINDOWS_MAX: usize = 24;

/// When the vouchers of a coupon may be used: between two instants or for a while after the claim, and at which hours
/// of the week. Every field is optional; without any, always. Kept as JSON.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Validity {
    /// The first instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The instant after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// How long a voucher is valid from its claim; `from` and `until` bound it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after_claim: Option<Span>,
    /// The zone whose calendar and clocks count; the tenant's without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub zone: Option<Zone>,
    /// On these days; without them, on every day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weekdays: Option<Weekdays>,
    /// In any of these windows, 1 to 24; without them, all day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<Vec<HourWindow>>,
}

impl Validity {
    /// Whether there is a time at which it is valid.
    ///
    /// # Errors
    /// `until` is not after `from`; no weekday; no window of hours or too many.
    pub fn check_definition(&self) -> Result<(), FieldError> {
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until <= from
        {
            return Err(FieldError::new("/until", "must be after `from`"));
        }
        if self.weekdays.is_some_and(Weekdays::is_empty) {
            return Err(FieldError::new("/weekdays", "must name at least one day; leave it out for every day"));
        }
        if self.hours.as_ref().is_some_and(|hours| !(1..=HOUR_WINDOWS_MAX).contains(&hours.len())) {
            let detail = format!("must be 1 to {HOUR_WINDOWS_MAX} windows; leave it out for all day");
            return Err(FieldError::new("/hours", detail));
        }
        Ok(())
    }

    /// The first instant and the instant after the last of a voucher made at `claimed_at`; none is no bound.
    ///
    /// With `after_claim` the while begins with the claim, or with `from` if that is later, so that who claims early
    /// loses nothing; it ends at `until` at the latest. Recorded with the voucher: a later change of the definition
    /// does not move it.
    #[must_use]
    pub fn of_voucher(&self, claimed_at: Timestamp, tenant_zone: &Zone) -> (Option<Timestamp>, Option<Timestamp>) {
        let Some(span) = self.after_claim else { return (self.from, self.until) };
        let start = self.from.map_or(claimed_at, |from| from.max(claimed_at));
        let end = span.after(start, self.zone_or(tenant_zone));
        (Some(start), Some(self.until.map_or(end, |until| until.min(end))))
    }

    /// Whether `now` is on one of the weekdays and in one of the windows; `from` and `until` are not asked.
    #[must_use]
    pub fn open_at(&self, now: Timestamp, tenant_zone: &Zone) -> bool {
        self.opening(tenant_zone).is_open(now)
    }

    /// The first instant from `now` for which [`Validity::open_at`] holds: `now` itself if it is open, none if that is
    /// more than eight days ahead.
    #[must_use]
    pub fn next_opening(&self, now: Timestamp, tenant_zone: &Zone) -> Option<Timestamp> {
        self.opening(tenant_zone).next(now)
    }

    fn opening<'a>(&'a self, tenant_zone: &'a Zone) -> Opening<'a> {
        Opening {
            weekdays: self.weekdays.unwrap_or(Weekdays::ALL),
            hours: self.hours.as_deref().unwrap_or(&[HourWindow::ALL_DAY]),
            zone: self.zone_or(tenant_zone),
        }
    }

    fn zone_or<'a>(&'a self, tenant_zone: &'a Zone) -> &'a Zone {
        self.zone.as_ref().unwrap_or(tenant_zone)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn validity(json: &str) -> Validity {
        serde_json::from_str(json).unwrap()
    }

    fn berlin() -> Zone {
        "Europe/Berlin".parse().unwrap()
    }

    #[test]
    fn a_validity_reads_back_what_it_writes_and_refuses_unknown_fields() {
        for text in [
            "{}",
            r#"{"after_claim":"P7D"}"#,
            r#"{"from":"2026-01-01T00:00:00.000Z","until":"2026-02-01T00:00:00.000Z","zone":"Asia/Tokyo","weekdays":["mon","sun"],"hours":[{"from":"09:00","until":"17:30"}]}"#,
        ] {
            assert_eq!(serde_json::to_string(&validity(text)).unwrap(), text);
        }
        for text in [
            r#"{"untill":"2026-02-01T00:00:00Z"}"#,
            r#"{"weekdays":["monday"]}"#,
            r#"{"hours":[{"from":"24:00","until":"01:00"}]}"#,
            r#"{"hours":[{"from":"9:00","until":"10:00"}]}"#,
            r#"{"zone":"Europe/Entenhausen"}"#,
        ] {
            assert!(serde_json::from_str::<Validity>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_definition_must_leave_a_time_at_which_it_is_valid() {
        for (text, pointer) in [
            ("{}", None),
            (r#"{"from":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:00.001Z"}"#, None),
            (r#"{"from":"2026-01-01T00:00:00Z","until":"2026-01-01T00:00:00Z"}"#, Some("/until")),
            (r#"{"weekdays":[]}"#, Some("/weekdays")),
            (r#"{"hours":[]}"#, Some("/hours")),
        ] {
            let found = validity(text).check_definition().err().map(|error| error.pointer);
            assert_eq!(found.as_deref(), pointer, "{text}");
        }
    }

    #[test]
    fn a_voucher_is_valid_between_the_instants_or_for_a_while_after_its_claim() {
        let (january, march) = ("2026-01-01T00:00:00Z", "2026-03-31T00:00:00Z");
        for (text, claimed, start, end) in [
            ("{}", january, None, None),
            (r#"{"from":"2026-03-31T00:00:00Z"}"#, january, Some(march), None),
            (r#"{"after_claim":"PT5M"}"#, january, Some(january), Some("2026-01-01T00:05:00Z")),
            (
                r#"{"after_claim":"P7D","from":"2026-03-31T00:00:00Z"}"#,
                january,
                Some(march),
                Some("2026-04-07T00:00:00Z"),
            ),
            (r#"{"after_claim":"P1Y","until":"2026-03-31T00:00:00Z"}"#, january, Some(january), Some(march)),
            // The clocks of Berlin, the tenant's, go forward in between; those of Tokyo do not.
            (
                r#"{"after_claim":"P1D"}"#,
                "2026-03-28T12:00:00Z",
                Some("2026-03-28T12:00:00Z"),
                Some("2026-03-29T11:00:00Z"),
            ),
            (
                r#"{"after_claim":"P1D","zone":"Asia/Tokyo"}"#,
                "2026-03-28T12:00:00Z",
                Some("2026-03-28T12:00:00Z"),
                Some("2026-03-29T12:00:00Z"),
            ),
        ] {
            assert_eq!(validity(text).of_voucher(at(claimed), &berlin()), (start.map(at), end.map(at)), "{text}");
        }
    }

    /// Open at `now` exactly if `next` is `now`; in Berlin.
    fn check_opening(text: &str, now: &str, next: &str) {
        let (validity, now, next) = (validity(text), at(now), at(next));
        assert_eq!(validity.open_at(now, &berlin()), now == next, "{text} at {now}");
        assert_eq!(validity.next_opening(now, &berlin()), Some(next), "{text} at {now}");
    }

    #[test]
    fn it_opens_on_its_days_at_its_hours() {
        let office =
            r#"{"weekdays":["mon","fri"],"hours":[{"from":"09:00","until":"12:00"},{"from":"13:00","until":"17:30"}]}"#;
        // 2026-06-05 is a Friday.
        check_opening("{}", "2026-06-05T03:00:00+02:00", "2026-06-05T03:00:00+02:00");
        check_opening(office, "2026-06-05T09:00:00+02:00", "2026-06-05T09:00:00+02:00");
        check_opening(office, "2026-06-05T12:00:00+02:00", "2026-06-05T13:00:00+02:00");
        check_opening(office, "2026-06-05T17:30:00+02:00", "2026-06-08T09:00:00+02:00");
        check_opening(office, "2026-06-08T17:30:00+02:00", "2026-06-12T09:00:00+02:00");
        check_opening(r#"{"weekdays":["fri"]}"#, "2026-06-06T00:00:00+02:00", "2026-06-12T00:00:00+02:00");
        check_opening(
            r#"{"zone":"Asia/Tokyo","hours":[{"from":"09:00","until":"10:00"}]}"#,
            "2026-06-05T02:00:00Z",
            "2026-06-06T00:00:00Z",
        );
    }

    #[test]
    fn a_window_over_midnight_counts_to_the_day_it_began() {
        let night = r#"{"weekdays":["fri"],"hours":[{"from":"22:00","until":"02:00"}]}"#;
        check_opening(night, "2026-06-05T01:00:00+02:00", "2026-06-05T22:00:00+02:00");
        check_opening(night, "2026-06-06T01:59:59+02:00", "2026-06-06T01:59:59+02:00");
        check_opening(night, "2026-06-06T02:00:00+02:00", "2026-06-12T22:00:00+02:00");
    }

    #[test]
    fn it_opens_by_the_clocks_on_the_wall_when_they_change() {
        let night = r#"{"hours":[{"from":"02:30","until":"03:30"}]}"#;
        // 02:00 to 03:00 is skipped: it opens when the clocks jump into the window.
        check_opening(night, "2026-03-29T01:59:00+01:00", "2026-03-29T03:00:00+02:00");
        // 02:00 to 03:00 comes twice, and so does the start of the window.
        check_opening(night, "2026-10-25T02:29:00+02:00", "2026-10-25T02:30:00+02:00");
        check_opening(night, "2026-10-25T02:29:00+01:00", "2026-10-25T02:30:00+01:00");
        // A window that ended is entered again when the clocks go back into it.
        check_opening(
            r#"{"hours":[{"from":"01:00","until":"02:30"}]}"#,
            "2026-10-25T02:45:00+02:00",
            "2026-10-25T02:00:00+01:00",
        );
    }

    proptest! {
        #[test]
        fn nothing_opens_before_the_next_opening(
            ms in 1_700_000_000_000i64..1_900_000_000_000, days in 1u8..128, from in 0u16..1440, until in 0u16..1440, probe in 0i64..1_000,
        ) {
            let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
            let days: Vec<_> = (0..7).filter(|day| days & (1 << day) != 0).map(|day| names[day]).collect();
            let time = |minutes: u16| format!("{:02}:{:02}", minutes / 60, minutes % 60);
            let json = serde_json::json!({"weekdays": days, "hours": [{"from": time(from), "until": time(until)}]});
            let validity: Validity = serde_json::from_value(json).unwrap();
            let now = Timestamp::from_ms(ms);
            let next = validity.next_opening(now, &berlin()).unwrap();
            prop_assert!(validity.open_at(next, &berlin()));
            let between = now.saturating_add_ms((next.as_ms() - ms) / 1_000 * probe);
            prop_assert!(between == next || !validity.open_at(between, &berlin()));
        }

        #[test]
        fn no_instant_makes_a_validity_panic(ms: i64) {
            let validity = validity(r#"{"after_claim":"P10Y","weekdays":["sun"],"hours":[{"from":"23:00","until":"01:00"}]}"#);
            let now = Timestamp::from_ms(ms);
            let _ = (validity.open_at(now, &berlin()), validity.next_opening(now, &berlin()), validity.of_voucher(now, &berlin()));
        }
    }
}
