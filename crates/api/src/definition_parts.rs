//! The nested parts of a coupon's definition, as requests bring them and answers show them.

use domain::codes::{Alphabet, Pattern, PatternError};
use domain::coupon::LimitDefinition;
use domain::field::FieldError;
use domain::limit::{Counts, GiveBack, LIMIT_MAX, Limit, Per};
use domain::opening::{HourWindow, LocalTime, Weekdays};
use domain::period::Period;
use domain::time::{Span, Timestamp, Zone};
use domain::validity::Validity;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::schemas::{self, written};

/// When vouchers may be used: between two instants or for a while after the claim, and at which hours of the week.
/// Without any field, always.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = Validity)]
pub(crate) struct ValidityBody {
    /// The first instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    from: Option<Timestamp>,
    /// The instant after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    until: Option<Timestamp>,
    /// How long a voucher is valid from its claim; `from` and `until` bound it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = "duration", example = "P7D")]
    after_claim: Option<Span>,
    /// The zone whose calendar and clocks count; the tenant's without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "Europe/Berlin")]
    zone: Option<Zone>,
    /// On these days; without them, on every day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<schemas::Weekday>>)]
    weekdays: Option<Weekdays>,
    /// In any of these windows; without them, all day.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(min_items = 1, max_items = 24)]
    hours: Option<Vec<HoursBody>>,
}

/// Hours of a day. A window whose end is not after its start runs over midnight and counts to the day it began on.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Hours)]
pub(crate) struct HoursBody {
    #[schema(value_type = String, example = "09:00")]
    from: LocalTime,
    #[schema(value_type = String, example = "17:30")]
    until: LocalTime,
}

impl ValidityBody {
    /// The validity if there is a time at which it holds, or which field is to blame.
    pub(crate) fn parse(self) -> Result<Validity, FieldError> {
        let Self { from, until, after_claim, zone, weekdays, hours } = self;
        let window = |HoursBody { from, until }: HoursBody| HourWindow { from, until };
        let hours = hours.map(|hours| hours.into_iter().map(window).collect());
        let validity = Validity { from, until, after_claim, zone, weekdays, hours };
        validity.check_definition()?;
        Ok(validity)
    }
}

impl From<&Validity> for ValidityBody {
    fn from(validity: &Validity) -> Self {
        let Validity { from, until, after_claim, zone, weekdays, hours } = validity.clone();
        let window = |HourWindow { from, until }: HourWindow| HoursBody { from, until };
        let hours = hours.map(|hours| hours.into_iter().map(window).collect());
        Self { from, until, after_claim, zone, weekdays, hours }
    }
}

/// A rule of how much may be taken: stock, a cap per customer, a cap per day, a budget.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Limit)]
pub(crate) struct LimitBody {
    /// Its name in the coupon, by which later versions mean the same limit; `claims_customer_day` and the like unless
    /// given.
    #[schema(min_length = 1, max_length = 64)]
    id: Option<String>,
    /// What it counts: vouchers taken, uses by orders, or the discount given in minor units.
    #[schema(value_type = schemas::Counts)]
    counts: Counts,
    /// For whom.
    #[schema(value_type = schemas::Per)]
    per: Per,
    /// Per which period of the calendar in the tenant's zone.
    #[schema(value_type = schemas::Period)]
    period: Period,
    /// How much at most.
    #[schema(minimum = 0, maximum = 1_000_000_000_000_000_i64, example = 100)]
    max: i64,
    /// What comes back into it. Unless given: all but what is revoked for limits that count for ever, nothing for
    /// others.
    give_back: Option<GiveBackBody>,
}

/// What comes back into a limit, by cause.
#[derive(Clone, Copy, Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = GiveBack)]
pub(crate) struct GiveBackBody {
    /// A hold ended unused.
    hold_expired: bool,
    /// A reservation was cancelled or ran out.
    reservation_ended: bool,
    /// An order was returned.
    returned: bool,
    /// A voucher was revoked.
    revoked: bool,
}

/// The longest id of a limit.
const LIMIT_ID_CHARS_MAX: usize = 64;

impl LimitBody {
    /// The limit within its bounds, or which field is not.
    pub(crate) fn parse(self) -> Result<LimitDefinition, FieldError> {
        let Self { id, counts, per, period, max, give_back } = self;
        let id = id.unwrap_or_else(|| format!("{}_{}_{}", written(counts), written(per), written(period)));
        let is_plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
        if !is_plain || !(1..=LIMIT_ID_CHARS_MAX).contains(&id.len()) {
            let detail = format!("must be 1 to {LIMIT_ID_CHARS_MAX} of the characters A-Z a-z 0-9 _ - .");
            return Err(FieldError::new("/id", detail));
        }
        if !(0..=LIMIT_MAX).contains(&max) {
            return Err(FieldError::new("/max", format!("must be from 0 to {LIMIT_MAX}")));
        }
        let give_back = give_back.map(GiveBack::from);
        Ok(LimitDefinition { id, counts, per, period, max, give_back })
    }
}

impl From<&Limit> for LimitBody {
    fn from(limit: &Limit) -> Self {
        Self {
            id: Some(limit.id.clone()),
            counts: limit.counts,
            per: limit.per,
            period: limit.period,
            max: limit.max,
            give_back: Some(limit.give_back.into()),
        }
    }
}

impl From<GiveBackBody> for GiveBack {
    fn from(GiveBackBody { hold_expired, reservation_ended, returned, revoked }: GiveBackBody) -> Self {
        Self { hold_expired, reservation_ended, returned, revoked }
    }
}

impl From<GiveBack> for GiveBackBody {
    fn from(GiveBack { hold_expired, reservation_ended, returned, revoked }: GiveBack) -> Self {
        Self { hold_expired, reservation_ended, returned, revoked }
    }
}

/// How a coupon's unique codes look. Its prefix must not begin, or be begun by, one that is or was in use.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Pattern)]
pub(crate) struct PatternBody {
    /// What codes begin with; only the pattern that every coupon has, of 16 `base32` characters, has none.
    #[schema(max_length = 32, example = "SUMMER-")]
    prefix: String,
    #[schema(value_type = schemas::Alphabet)]
    alphabet: Alphabet,
    /// Characters after the prefix, one of them a check character.
    #[schema(maximum = 26, example = 12)]
    length: u8,
}

impl PatternBody {
    /// The pattern, unless it is the one that every coupon has; or which field is to blame.
    pub(crate) fn parse(&self) -> Result<Option<Pattern>, FieldError> {
        let pattern = Pattern::new(&self.prefix, self.alphabet, self.length).map_err(|error| {
            let pointer = match error {
                PatternError::PrefixMissing | PatternError::PrefixTooLong | PatternError::PrefixCharacters => "/prefix",
                PatternError::Length { .. } => "/length",
            };
            FieldError::new(pointer, error.to_string())
        })?;
        Ok(Some(pattern).filter(|pattern| !pattern.is_default()))
    }
}

impl From<&Pattern> for PatternBody {
    fn from(pattern: &Pattern) -> Self {
        Self { prefix: pattern.prefix().to_owned(), alphabet: pattern.alphabet(), length: pattern.length() }
    }
}
