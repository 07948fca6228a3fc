//! A clock that an API key moves, for those who try out deadlines. Only on data made with it; else not there.

use axum::extract::State;
use domain::time::{Span, Timestamp, Zone};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::auth::Caller;
use crate::extract::Json;
use crate::problem::Problem;
use crate::reply::{Answered, Reply};

/// What time it is.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(crate) struct TestClock {
    #[schema(value_type = String, format = DateTime)]
    now: Timestamp,
}

/// How far to move the clock.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AdvanceBody {
    #[schema(value_type = String, format = "duration", example = "PT5M")]
    advance: Span,
}

/// Show the test clock
#[utoipa::path(get, path = "/v1/test-clock", tag = "test clock",
    responses((status = 200, description = "The present time", body = TestClock)))]
pub(crate) async fn get_test_clock(State(app): State<App>, _: Caller) -> Answered<TestClock> {
    if !app.test_clock {
        return Err(Problem::not_found());
    }
    Ok(Reply::ok(TestClock { now: app.now() }))
}

/// Move the test clock forward
#[utoipa::path(post, path = "/v1/test-clock", tag = "test clock", request_body = AdvanceBody,
    responses((status = 200, description = "The time from now on", body = TestClock)))]
pub(crate) async fn advance_test_clock(
    State(app): State<App>,
    _: Caller,
    Json(body): Json<AdvanceBody>,
) -> Answered<TestClock> {
    if !app.test_clock {
        return Err(Problem::not_found());
    }
    let from = app.now();
    let by_ms = body.advance.after(from, &Zone::utc()).as_ms() - from.as_ms();
    let now = app.clock.advance(by_ms).ok_or_else(Problem::not_found)?;
    Ok(Reply::ok(TestClock { now }))
}
