use proptest::prelude::*;

use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    name.parse().unwrap()
}

#[test]
fn a_timestamp_is_read_with_any_offset_and_written_in_utc() {
    for (text, written) in [
        ("2026-11-21T02:08:24.123Z", "2026-11-21T02:08:24.123Z"),
        ("2026-11-21T02:08:24+05:30", "2026-11-20T20:38:24.000Z"),
        ("2026-11-21t02:08:24.1239z", "2026-11-21T02:08:24.123Z"),
        ("1969-12-31T23:59:59.9999Z", "1969-12-31T23:59:59.999Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00.000Z"),
        ("9999-12-30T22:00:00Z", "9999-12-30T22:00:00.000Z"),
    ] {
        assert_eq!(at(text).to_string(), written, "{text}");
    }
}

#[test]
fn what_is_not_rfc_3339_or_out_of_range_is_refused() {
    for (text, error) in [
        ("2026-11-21", TimeError::Timestamp),
        ("2026-11-21T02:08Z", TimeError::Timestamp),
        ("2026-11-21T02:08:24", TimeError::Timestamp),
        ("2026-11-21T02:08:24+05", TimeError::Timestamp),
        ("2026-11-21T02:08:24.Z", TimeError::Timestamp),
        ("2026-11-21T02:08:24Z[UTC]", TimeError::Timestamp),
        ("2026-02-30T02:08:24Z", TimeError::Timestamp),
        ("2026-11-21T02:08:2\u{e9}Z", TimeError::Timestamp),
        ("0001-01-01T00:00:00+01:00", TimeError::Range),
    ] {
        assert_eq!(text.parse::<Timestamp>(), Err(error), "{text}");
    }
    assert!("9999-12-31T23:59:59Z".parse::<Timestamp>().is_err());
}

#[test]
fn a_timestamp_is_text_in_json_and_an_integer_in_postcard() {
    let at = at("2026-11-21T02:08:24.123Z");
    assert_eq!(serde_json::to_string(&at).unwrap(), r#""2026-11-21T02:08:24.123Z""#);
    assert_eq!(serde_json::from_str::<Timestamp>(r#""2026-11-21T02:08:24.123Z""#).unwrap(), at);
    assert_eq!(postcard::from_bytes::<Timestamp>(&postcard::to_stdvec(&at).unwrap()).unwrap(), at);
    assert!(postcard::from_bytes::<Timestamp>(&postcard::to_stdvec(&i64::MAX).unwrap()).is_err());
}

#[test]
fn a_zone_is_known_by_its_name() {
    assert_eq!(zone("europe/berlin").name(), "Europe/Berlin");
    assert_eq!(zone("UTC"), Zone::utc());
    assert_ne!(zone("Europe/Berlin"), zone("Europe/Vienna"));
    assert_eq!(serde_json::to_string(&zone("Asia/Kolkata")).unwrap(), r#""Asia/Kolkata""#);
    for name in ["Europe/Entenhausen", "", "Etc/Unknown", "../etc"] {
        assert_eq!(name.parse::<Zone>(), Err(TimeError::Zone(name.into())));
    }
    assert!(TimeError::Zone("Europe/Entenhausen".into()).to_string().contains("Entenhausen"));
}

#[test]
fn a_span_is_more_than_nothing_and_at_most_ten_years() {
    for (text, error) in [
        ("P7D", None),
        ("PT5M", None),
        ("PT0.5S", None),
        ("P10Y", None),
        ("P120M", None),
        ("P3652D", None),
        ("P3653D", Some(TimeError::SpanRange)),
        ("P10YT1S", Some(TimeError::SpanRange)),
        ("P0D", Some(TimeError::SpanRange)),
        ("-P1D", Some(TimeError::SpanRange)),
        ("P1DT0.0001S", Some(TimeError::Span)),
        ("7 days", Some(TimeError::Span)),
        ("P99999999999999999999D", Some(TimeError::Span)),
        ("", Some(TimeError::Span)),
    ] {
        assert_eq!(text.parse::<Span>().err(), error, "{text}");
    }
}

#[test]
fn a_span_follows_the_calendar_of_the_zone() {
    for (start, span, name, end) in [
        // Clocks in Berlin go forward on 29 March 2026: the day has 23 hours.
        ("2026-03-28T12:00:00+01:00", "P1D", "Europe/Berlin", "2026-03-29T12:00:00+02:00"),
        ("2026-03-28T12:00:00+01:00", "PT24H", "Europe/Berlin", "2026-03-29T13:00:00+02:00"),
        ("2026-03-28T12:00:00+01:00", "P1D", "UTC", "2026-03-29T13:00:00+02:00"),
        ("2026-01-31T10:00:00Z", "P1M", "UTC", "2026-02-28T10:00:00Z"),
        ("2028-02-29T10:00:00Z", "P1Y", "UTC", "2029-02-28T10:00:00Z"),
        ("9999-12-01T00:00:00Z", "P1Y", "UTC", "9999-12-30T22:00:00Z"),
        ("9999-12-30T21:59:59Z", "PT5M", "UTC", "9999-12-30T22:00:00Z"),
    ] {
        let span: Span = span.parse().unwrap();
        assert_eq!(span.after(at(start), &zone(name)), at(end), "{start} and {span} in {name}");
    }
}

#[test]
fn only_a_span_of_hours_and_smaller_has_an_exact_length() {
    for (text, ms) in [("PT1H30M", Some(5_400_000)), ("PT0.25S", Some(250)), ("P1D", None), ("P1DT1S", None)] {
        assert_eq!(text.parse::<Span>().unwrap().exact_ms(), ms, "{text}");
    }
}

#[test]
fn a_span_is_kept_as_its_text_and_equal_by_it() {
    let span = |text: &str| text.parse::<Span>().unwrap();
    assert_eq!(serde_json::to_string(&span("P1M2DT3H")).unwrap(), r#""P1M2DT3H""#);
    assert_eq!(serde_json::from_str::<Span>(r#""p07d""#).unwrap(), span("P7D"));
    assert_ne!(span("PT60M"), span("PT1H"));
    assert_ne!(span("P1W"), span("P7D"));
}

proptest! {
    #[test]
    fn every_timestamp_reads_back_what_it_writes(ms in Timestamp::MIN.as_ms()..=Timestamp::MAX.as_ms()) {
        let at = Timestamp::from_ms(ms);
        prop_assert_eq!(at.as_ms(), ms);
        prop_assert_eq!(at.to_string().parse(), Ok(at));
    }

    #[test]
    fn no_text_makes_a_time_panic(text in "\\PC{0,40}|[-+PTZYMWDHS0-9.:]{0,30}") {
        let _ = (text.parse::<Timestamp>(), text.parse::<Zone>());
        if let Ok(span) = text.parse::<Span>() {
            prop_assert_eq!(span.to_string().parse(), Ok(span));
        }
    }

    #[test]
    fn a_span_ends_after_it_starts(ms: i64, days in 1u32..3_000, hours in 0u32..50) {
        let start = Timestamp::from_ms(ms);
        let end = format!("P{days}DT{hours}H").parse::<Span>().unwrap().after(start, &zone("America/New_York"));
        prop_assert!(end > start || start == Timestamp::MAX);
    }
}
