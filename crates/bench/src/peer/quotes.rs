//! A quote without a price: the order of a long quote is read into types and answered with what has the shape and length of
//! Scrip's quote of it, by the libraries that Scrip reads and writes JSON with. What it takes off is always the same. No
//! server that speaks this JSON through them is faster.

use axum::body::Bytes;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

/// What each coupon takes off each line.
const SHARE_MINOR: i64 = 284;
/// As long as the ids of coupons.
const COUPON: &str = "cpn_00000000000000000000000000000000";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is read as one reads it who prices it")]
struct Asked {
    customer_id: Option<String>,
    codes: Vec<String>,
    order: Order,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Order {
    currency: String,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[expect(dead_code, reason = "it is read as one reads it who prices it")]
struct Line {
    sku: String,
    product: Option<String>,
    category: Option<String>,
    quantity: u32,
    unit_price_minor: i64,
}

#[derive(Serialize)]
struct Quote {
    currency: String,
    subtotal_minor: i64,
    discount_minor: i64,
    total_minor: i64,
    payable_minor: i64,
    applied: Vec<Applied>,
    refused: Vec<String>,
    lines: Vec<QuoteLine>,
}

#[derive(Serialize)]
struct Applied {
    coupon_id: String,
    discount_minor: i64,
    lines_minor: Vec<i64>,
}

#[derive(Serialize)]
struct QuoteLine {
    subtotal_minor: i64,
    discount_minor: i64,
    total_minor: i64,
}

pub async fn json_quote(body: Bytes) -> Response {
    let answer = serde_json::from_slice(&body).and_then(|asked| serde_json::to_vec(&quote(asked)));
    match answer {
        Ok(answer) => (StatusCode::OK, [(header::CONTENT_TYPE, "application/json")], answer).into_response(),
        Err(error) => (StatusCode::UNPROCESSABLE_ENTITY, error.to_string()).into_response(),
    }
}

fn quote(asked: Asked) -> Quote {
    let Asked { codes, order: Order { currency, lines }, .. } = asked;
    let applied = |_: &String| Applied {
        coupon_id: COUPON.to_owned(),
        discount_minor: times(lines.len(), SHARE_MINOR),
        lines_minor: vec![SHARE_MINOR; lines.len()],
    };
    let discount_minor = times(codes.len(), SHARE_MINOR);
    let line = |line: &Line| {
        let subtotal_minor = line.unit_price_minor * i64::from(line.quantity);
        QuoteLine { subtotal_minor, discount_minor, total_minor: subtotal_minor - discount_minor }
    };
    let subtotal_minor = lines.iter().map(|line| line.unit_price_minor * i64::from(line.quantity)).sum();
    let discount_minor = times(lines.len(), discount_minor);
    Quote {
        currency,
        subtotal_minor,
        discount_minor,
        total_minor: subtotal_minor - discount_minor,
        payable_minor: subtotal_minor - discount_minor,
        applied: codes.iter().map(applied).collect(),
        refused: Vec::new(),
        lines: lines.iter().map(line).collect(),
    }
}

fn times(count: usize, minor: i64) -> i64 {
    i64::try_from(count).expect("a body is not that long") * minor
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peers::LONG_ANSWER_BYTES;
    use crate::quotes::long_quotes;

    #[test]
    fn the_answer_is_as_long_as_scrips() {
        let mut request = String::new();
        assert!(long_quotes("/json_quotes")(0, &mut request));
        let (_, body) = request.split_once("\r\n\r\n").expect("a head and a body");
        let asked = serde_json::from_str(body).expect("it is what is asked for");
        let answer = serde_json::to_vec(&quote(asked)).expect("it is JSON");
        assert!(answer.len().abs_diff(LONG_ANSWER_BYTES) < 10, "{} bytes", answer.len());
    }
}
