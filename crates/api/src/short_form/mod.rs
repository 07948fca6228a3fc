//! The short form: a few calls with flat bodies, decimal amounts and `{"error": "..."}`, for shops that speak no more.
//! Each is told to the ledger as its longer counterpart is; nothing is decided here.

pub(crate) mod admin;
pub(crate) mod coupons;
pub(crate) mod issue;
pub(crate) mod pool;
pub(crate) mod redeem;
pub(crate) mod vouchers;
mod coupon_fields;
mod scalar;
mod users;

use axum::body::to_bytes;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::extract::Json;

/// Far longer than any problem.
const PROBLEM_BYTES_MAX: usize = 64 * 1_024;

/// Every answer of the short form that is not a success.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ShortError)]
pub(crate) struct ErrorBody {
    /// For people.
    #[schema(example = "Voucher not found")]
    error: String,
}

/// Whether a path, or the template of one, is of the short form.
pub(crate) fn is_short(path: &str) -> bool {
    matches!(path, "/coupons" | "/vouchers" | "/redeem" | "/api/v1/coupon")
        || path.strip_prefix("/admin/coupons").is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// Turns problems into `{"error": "..."}`, on the paths of the short form. To be done around all else, so that it sees also
/// what was refused before a handler was reached.
pub(crate) async fn plain_errors(response: Response) -> Response {
    let is_problem =
        response.headers().get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes() == b"application/problem+json");
    // Seldom, so it takes no room in what every request waits with.
    if is_problem { Box::pin(plain(response)).await } else { response }
}

/// Status and headers stay, such as `Retry-After`.
async fn plain(response: Response) -> Response {
    let (head, body) = response.into_parts();
    let body = to_bytes(body, PROBLEM_BYTES_MAX).await.unwrap_or_default();
    let problem = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let (mut plain, body) = Json(ErrorBody { error: said(head.status, &problem) }).into_response().into_parts();
    let kind = plain.headers.remove(header::CONTENT_TYPE);
    plain.status = head.status;
    plain.headers.extend(head.headers);
    plain.headers.remove(header::CONTENT_LENGTH);
    kind.into_iter().for_each(|kind| drop(plain.headers.insert(header::CONTENT_TYPE, kind)));
    Response::from_parts(plain, body)
}

/// What a problem says, in one line that names the field which is to blame.
fn said(status: StatusCode, problem: &Value) -> String {
    match status {
        StatusCode::UNAUTHORIZED => return "Unauthorized".to_owned(),
        StatusCode::FORBIDDEN => return "Forbidden".to_owned(),
        _ => {}
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    match problem["errors"].get(0) {
        Some(error) => {
            let place = text(&error["pointer"]);
            let (place, detail) = (place.trim_start_matches(['/', '?']), text(&error["detail"]));
            if place.is_empty() { detail } else { format!("{place}: {detail}") }
        }
        None => text(&problem["detail"]),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn only_its_own_paths_are_of_the_short_form() {
        for path in
            ["/coupons", "/vouchers", "/redeem", "/admin/coupons", "/admin/coupons/1/vouchers", "/api/v1/coupon"]
        {
            assert!(is_short(path), "{path}");
        }
        for path in ["/v1/coupons", "/coupons/1", "/admin/couponsx", "/api/v1/coupons", "/"] {
            assert!(!is_short(path), "{path}");
        }
    }

    #[test]
    fn an_error_is_one_line_that_names_the_field() {
        let check = |status: u16, problem: Value, error: &str| {
            assert_eq!(said(StatusCode::from_u16(status).expect("a status"), &problem), error);
        };
        check(401, json!({"detail": "Send a key."}), "Unauthorized");
        check(403, json!({"detail": "Not you."}), "Forbidden");
        check(404, json!({"detail": "Voucher not found"}), "Voucher not found");
        check(
            422,
            json!({"detail": "x", "errors": [{"pointer": "/code", "detail": "is missing"}]}),
            "code: is missing",
        );
        check(422, json!({"detail": "x", "errors": [{"pointer": "", "detail": "one of two"}]}), "one of two");
        check(500, Value::Null, "");
    }
}
