//! The one place where a "no" of the domain and a "could not" of a store become answers. The table is published.

use domain::period::Period;
use domain::rejection::{Refusal, Rejection};
use domain::time::Timestamp;
use http::StatusCode;
use ports::StoreError;

use crate::problem::Problem;

const SECOND_MS: u64 = 1_000;

/// The status of a rejection:
///
/// | status | when |
/// |---|---|
/// | 403 | somebody is kept out |
/// | 404 | what the path names is not there |
/// | 409 | the state, a code or a limit that counts for ever does not allow it |
/// | 412 | the definition has another version than the one that was edited |
/// | 422 | a key or an id was used before with another body |
/// | 429 | a limit per period is used up; `Retry-After` says for how long |
#[must_use]
pub fn status_of(rejection: Rejection) -> StatusCode {
    match rejection {
        Rejection::CouponNotFound
        | Rejection::CampaignNotFound
        | Rejection::CustomerNotFound
        | Rejection::VoucherNotFound
        | Rejection::RedemptionNotFound
        | Rejection::BlockNotFound
        | Rejection::AccountNotFound
        | Rejection::TenantNotFound
        | Rejection::IdentityNotFound => StatusCode::NOT_FOUND,
        Rejection::Blocked { .. } => StatusCode::FORBIDDEN,
        Rejection::VersionStale => StatusCode::PRECONDITION_FAILED,
        Rejection::IdempotencyKeyReused | Rejection::RedemptionIdReused => StatusCode::UNPROCESSABLE_ENTITY,
        Rejection::Limit { period, .. } => status_of_limit(period),
        // All others: a state, a code, an order, or a limit that counts for ever does not allow it.
        _ => StatusCode::CONFLICT,
    }
}

fn status_of_limit(period: Period) -> StatusCode {
    match period {
        Period::Ever => StatusCode::CONFLICT,
        Period::Hour | Period::Day | Period::Week | Period::Month => StatusCode::TOO_MANY_REQUESTS,
    }
}

/// A refusal as an answer. With 429, `Retry-After` counts from `now`, at least one second.
#[must_use]
pub fn refused(refusal: Refusal, now: Timestamp) -> Problem {
    let Refusal { rejection, detail, retry_at, item: _, quote: _ } = refusal;
    let status = status_of(rejection);
    let problem = Problem::new(status, rejection.code(), detail).retry_at(retry_at);
    if let Rejection::Blocked { reason } = rejection {
        return problem.reason(reason.name());
    }
    if status != StatusCode::TOO_MANY_REQUESTS {
        return problem;
    }
    let wait_ms = retry_at.map_or(0, |at| at.as_ms().saturating_sub(now.as_ms()));
    problem.retry_after(seconds(u64::try_from(wait_ms).unwrap_or(0)))
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Busy { retry_after_ms } => Self::busy(seconds(*retry_after_ms)),
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "a request was not answered");
                let detail = "The answer is not known. Ask again with the same Idempotency-Key or redemption id.";
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", detail).retry_after(1)
            }
            StoreError::Corrupt(_) => Self::internal(&error),
            StoreError::Cursor => Self::invalid_field("?cursor", "invalid", error.to_string()),
        }
    }
}

/// Whole seconds that are not too short, at least one.
fn seconds(ms: u64) -> u32 {
    u32::try_from(ms.div_ceil(SECOND_MS).max(1)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use domain::access_block::BlockReason;
    use domain::limit::{Counts, Per};

    use super::*;

    const ALL: &[(Rejection, u16)] = &[
        (Rejection::IdempotencyKeyReused, 422),
        (Rejection::RedemptionIdReused, 422),
        (Rejection::Blocked { reason: BlockReason::Fraud }, 403),
        (Rejection::CouponNotFound, 404),
        (Rejection::CampaignNotFound, 404),
        (Rejection::CustomerNotFound, 404),
        (Rejection::VoucherNotFound, 404),
        (Rejection::RedemptionNotFound, 404),
        (Rejection::BlockNotFound, 404),
        (Rejection::AccountNotFound, 404),
        (Rejection::TenantNotFound, 404),
        (Rejection::TokenUnknown, 409),
        (Rejection::IdentityNotFound, 404),
        (Rejection::CodeUnknown, 409),
        (Rejection::VersionStale, 412),
        (Rejection::CodeTaken, 409),
        (Rejection::PrefixTaken, 409),
        (Rejection::IdentityTaken, 409),
        (Rejection::UsernameTaken, 409),
        (Rejection::LastAdmin, 409),
        (Rejection::ZoneFixed, 409),
        (Rejection::QuotaExceeded, 409),
        (Rejection::CeilingExceeded, 409),
        (Rejection::SecondPersonNeeded, 409),
        (Rejection::ApproverInvolved, 409),
        (Rejection::IdentitiesFull, 409),
        (Rejection::PersonTooLarge, 409),
        (Rejection::CustomerErased, 409),
        (Rejection::LimitChanged, 409),
        (Rejection::LimitNotFound, 409),
        (Rejection::TransitionIllegal, 409),
        (Rejection::EditTooLate, 409),
        (Rejection::PackageTooLarge, 409),
        (Rejection::VoucherForeign, 409),
        (Rejection::VoucherRevoked, 409),
        (Rejection::VoucherRedeemed, 409),
        (Rejection::VoucherLocked, 409),
        (Rejection::VoucherExpired, 409),
        (Rejection::VoucherNotHeld, 409),
        (Rejection::CouponNotActive, 409),
        (Rejection::CouponPaused, 409),
        (Rejection::CouponEnded, 409),
        (Rejection::CouponAborted, 409),
        (Rejection::CampaignNotActive, 409),
        (Rejection::CampaignPaused, 409),
        (Rejection::CampaignEnded, 409),
        (Rejection::CampaignAborted, 409),
        (Rejection::CustomerRequired, 409),
        (Rejection::CustomerNotEligible, 409),
        (Rejection::UnderAge, 409),
        (Rejection::NotYetValid, 409),
        (Rejection::Expired, 409),
        (Rejection::OutsideHours, 409),
        (Rejection::CurrencyMismatch, 409),
        (Rejection::BelowMinimum, 409),
        (Rejection::NoStoredValue, 409),
        (Rejection::BalanceEmpty, 409),
        (Rejection::BalanceOutOfBounds, 409),
        (Rejection::NothingToDiscount, 409),
        (Rejection::CouponRepeated, 409),
        (Rejection::PoolEmpty, 409),
        (Rejection::CodeSpaceExhausted, 409),
        (Rejection::OrderAlreadyRedeemed, 409),
        (Rejection::TotalDiffers, 409),
        (Rejection::RedemptionCancelled, 409),
        (Rejection::RedemptionExpired, 409),
        (Rejection::RedemptionSucceeded, 409),
        (Rejection::RedemptionPending, 409),
        (Rejection::RedemptionReturned, 409),
        (Rejection::ReturnExceedsRest, 409),
        (limit(Period::Ever), 409),
    ];

    const fn limit(period: Period) -> Rejection {
        Rejection::Limit { counts: Counts::Claims, per: Per::Customer, period }
    }

    fn at(ms: i64) -> Timestamp {
        Timestamp::from_ms(ms)
    }

    #[test]
    fn every_rejection_has_its_published_status() {
        for &(rejection, status) in ALL {
            let problem = refused(Refusal::new(rejection, "because"), at(0));
            assert_eq!((problem.status().as_u16(), problem.code()), (status, &*rejection.code()), "{rejection:?}");
        }
        for period in [Period::Hour, Period::Day, Period::Week, Period::Month] {
            assert_eq!(status_of(limit(period)), StatusCode::TOO_MANY_REQUESTS, "{period:?}");
        }
    }

    #[test]
    fn a_limit_per_period_says_when_to_come_again() {
        for (now_ms, seconds) in [(0, 60), (1, 60), (59_000, 1), (59_999, 1), (60_000, 1), (61_000, 1)] {
            let refusal = Refusal::new(limit(Period::Day), "one a day").retry_at(Some(at(60_000)));
            let expected = Problem::too_many("customer_day_limit", "one a day", seconds).retry_at(Some(at(60_000)));
            assert_eq!(refused(refusal, at(now_ms)), expected, "{now_ms}");
        }
    }

    #[test]
    fn what_a_store_could_not_do_is_never_a_refusal() {
        for (error, expected) in [
            (StoreError::Busy { retry_after_ms: 20 }, "503 busy"),
            (StoreError::Unavailable("it is shutting down".into()), "503 unavailable"),
            (StoreError::Corrupt("a row is missing".into()), "500 internal"),
            (StoreError::Cursor, "422 invalid_field"),
        ] {
            let problem = Problem::from(error);
            assert_eq!(format!("{} {}", problem.status().as_u16(), problem.code()), expected);
        }
    }
}
