use serde_json::{Value, json};

use super::*;

fn parse(changes: Value) -> Result<Definition, FieldError> {
    let mut body = json!({"name": "Ten", "benefit": {"type": "percent_off", "rate_bp": 1000}});
    let (Some(body_fields), Value::Object(changes)) = (body.as_object_mut(), changes) else {
        unreachable!("both are objects")
    };
    body_fields.extend(changes);
    let body: DefinitionBody = serde_json::from_value(body).expect("it has the shape");
    body.check_named()?;
    body.parse(Named::default())
}

fn check(changes: Value, pointer: Option<&str>) {
    let found = parse(changes.clone()).err().map(|error| error.pointer);
    assert_eq!(found.as_deref(), pointer, "{changes}");
}

#[test]
fn a_definition_is_within_its_bounds_or_the_field_is_named() {
    check(json!({}), None);
    check(json!({"name": ""}), Some("/name"));
    check(json!({"name": "é".repeat(200)}), None);
    check(json!({"name": "é".repeat(201)}), Some("/name"));
    check(json!({"code": "SAVE10"}), None);
    check(json!({"claims_from": "pool"}), None);
    check(json!({"claims_from": "pool", "code": "SAVE10"}), Some("/code"));
    check(json!({"code": "- -"}), Some("/code"));
    check(json!({"code": "A".repeat(65)}), Some("/code"));
    assert!(
        serde_json::from_value::<DefinitionBody>(
            json!({"name": "Ten", "benefit": {"type": "percent_off", "rate_bp": 10_001}})
        )
        .is_err()
    );
    check(json!({"benefit": {"type": "percent_off", "rate_bp": 0}}), Some("/benefit/rate_bp"));
    check(json!({"validity": {"hours": []}}), Some("/validity/hours"));
    check(json!({"pattern": {"prefix": "A-", "alphabet": "digits", "length": 2}}), Some("/pattern/length"));
    check(json!({"pattern": {"prefix": "!", "alphabet": "digits", "length": 2}}), Some("/pattern/prefix"));
    check(json!({"currency": "USD", "minimum_order_minor": -1}), Some("/minimum_order_minor"));
    let window = |starts_at: &str, ends_at: &str| json!({"starts_at": starts_at, "ends_at": ends_at});
    check(window("2026-03-01T00:00:00Z", "2026-03-01T00:00:01Z"), None);
    check(window("2026-03-01T00:00:00Z", "2026-03-01T01:00:00+01:00"), Some("/ends_at"));
    check(json!({"min_age": 18}), None);
    check(json!({"min_age": 0}), Some("/min_age"));
    check(json!({"min_age": 121}), Some("/min_age"));
}

#[test]
fn gift_value_is_on_vouchers_with_codes_that_are_hard_to_guess() {
    let gift = |changes: Value| {
        let mut all = json!({
            "benefit": {"type": "gift_value", "amount_minor": 5000}, "currency": "EUR",
            "pattern": {"prefix": "GIFT", "alphabet": "base32", "length": 16},
        });
        all.as_object_mut().expect("an object").extend(changes.as_object().expect("an object").clone());
        all
    };
    check(gift(json!({})), None);
    check(gift(json!({"code": "GIFT50"})), Some("/code"));
    check(gift(json!({"automatic": true})), Some("/automatic"));
    check(gift(json!({"hold": "PT5M"})), Some("/hold"));
    check(gift(json!({"stacking": {"exclusive": true}})), Some("/stacking"));
    check(gift(json!({"pattern": null})), Some("/pattern"));
    check(gift(json!({"pattern": {"prefix": "GFT", "alphabet": "base32", "length": 16}})), Some("/pattern"));
    check(gift(json!({"currency": null})), Some("/currency"));
    check(gift(json!({"benefit": {"type": "gift_value", "amount_minor": 0}})), Some("/benefit/amount_minor"));
}

#[test]
fn who_bears_a_cost_is_named_once_and_all_shares_are_at_most_the_whole() {
    let merchant = |id: &str, bp: u32| json!({"type": "merchant", "merchant_id": id, "share_bp": bp});
    for (bearers, pointer) in [
        (json!([]), None),
        (json!([merchant("m1", 6_000), {"type": "line_merchant", "share_bp": 4_000}]), None),
        (json!([{"type": "merchant", "share_bp": 1}]), Some("/0/merchant_id")),
        (json!([merchant("", 1)]), Some("/0/merchant_id")),
        (json!([{"type": "platform", "merchant_id": "m1", "share_bp": 1}]), Some("/0/merchant_id")),
        (json!([merchant("m1", 6_000), merchant("m2", 4_001)]), Some("/1/share_bp")),
        (json!([merchant("m1", 1), merchant("m1", 1)]), Some("/1/merchant_id")),
        (json!([{"type": "platform", "share_bp": 1}, {"type": "platform", "share_bp": 1}]), Some("/1/type")),
        (json!([merchant("m1", 0)]), Some("/0/share_bp")),
        (json!([{"type": "platform"}]), Some("/0/share_bp")),
        (json!([{"type": "platform", "share_bp": 1, "amount_minor": 1}]), Some("/0/amount_minor")),
        (json!([{"type": "platform", "amount_minor": 0}]), Some("/0/amount_minor")),
        (json!((0..21).map(|no| merchant(&no.to_string(), 1)).collect::<Vec<_>>()), Some("")),
    ] {
        let pointer = pointer.map(|pointer| format!("/cost_bearers{pointer}"));
        check(json!({"cost_bearers": bearers, "currency": "USD"}), pointer.as_deref());
    }
    check(json!({"cost_bearers": [{"type": "platform", "amount_minor": 5}]}), Some("/currency"));
}

#[test]
fn a_random_amount_needs_a_voucher_it_is_drawn_for() {
    let drawn = |more: Value| {
        let mut all = json!({
            "benefit": {"type": "random_amount", "min_minor": 100, "max_minor": 900}, "currency": "EUR",
        });
        all.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        all
    };
    check(drawn(json!({})), None);
    check(drawn(json!({"claims_from": "pool", "hold": "PT5M"})), None);
    check(drawn(json!({"code": "LUCK"})), Some("/code"));
    check(drawn(json!({"automatic": true})), Some("/automatic"));
    check(drawn(json!({"currency": null})), Some("/currency"));
    check(
        drawn(json!({"benefit": {"type": "random_amount", "min_minor": 2, "max_minor": 1}})),
        Some("/benefit/max_minor"),
    );
}

#[test]
fn what_is_misread_in_a_nested_part_is_named() {
    for (part, expected) in [
        (r#""benefit":{"type":"percent_off","rate_bp":"x"}"#, "/benefit/rate_bp invalid"),
        (r#""benefit":{"type":"percent_off","rate_bp":-1}"#, "/benefit/rate_bp invalid"),
        (r#""benefit":{"type":"percent_off"}"#, "/benefit/rate_bp missing"),
        (r#""benefit":{"type":"percent_off","rate_bp":1,"amount_minor":5}"#, "/benefit/amount_minor unknown"),
        (r#""benefit":{"amount_minor":1.5,"type":"amount_off"}"#, "/benefit/amount_minor invalid"),
        (r#""benefit":{"type":"amount_off"}"#, "/benefit/amount_minor missing"),
        (r#""benefit":{"type":"amount_off","amount_minor":5,"max_minor":5}"#, "/benefit/max_minor unknown"),
        (r#""benefit":{"type":"gift"}"#, "/benefit/sku missing"),
        (r#""benefit":{"type":"cashback"}"#, "/benefit/type invalid"),
        (r#""benefit":{"type":"percent_off","rate_bp":10001}"#, "/benefit/rate_bp invalid"),
        (r#""benefit":{"rate_bp":1}"#, "/benefit/type missing"),
        (r#""benefit":["amount_off",5]"#, "/benefit invalid"),
        (r#""validity":[]"#, "/validity invalid"),
        (r#""validity":{"weekdays":[1]}"#, "/validity/weekdays/0 invalid"),
        (r#""visibility":null"#, "/visibility invalid"),
        (r#""limits":[["a","claims","customer","day",1,null]]"#, "/limits/0 invalid"),
    ] {
        let problem = crate::json::read::<DefinitionBody>(format!("{{\"name\":\"Ten\",{part}}}").as_bytes());
        let error = problem.expect_err(part).errors()[0].clone();
        assert_eq!(format!("{} {}", error.pointer, error.code), expected, "{part}: {}", error.detail);
        assert!(!error.detail.contains("u32") && !error.detail.contains("struct"), "{}", error.detail);
    }
}

#[test]
fn an_amount_needs_a_currency() {
    let amount = json!({"type": "amount_off", "amount_minor": 500});
    let capped = json!({"type": "percent_off", "rate_bp": 1, "max_minor": 5});
    let budget = json!([{"counts": "value", "per": "everyone", "period": "ever", "max": 5}]);
    for changes in [
        json!({"benefit": amount}),
        json!({"benefit": capped}),
        json!({"limits": budget}),
        json!({"minimum_order_minor": 5}),
    ] {
        check(changes.clone(), Some("/currency"));
        let mut with_currency = changes;
        with_currency["currency"] = json!("USD");
        check(with_currency, None);
    }
}

#[test]
fn a_hold_is_exact_and_at_most_30_days() {
    for (hold, pointer) in [("PT5M", None), ("PT720H", None), ("PT720H1S", Some("/hold")), ("P1D", Some("/hold"))] {
        check(json!({"hold": hold}), pointer);
    }
}

#[test]
fn limits_have_names_of_their_own() {
    let limit = |id: Option<&str>, period: &str, max: i64| json!({"id": id, "counts": "claims", "per": "customer", "period": period, "max": max});
    let named = parse(json!({"limits": [limit(None, "day", 1), limit(Some("own"), "day", 0)]}));
    let ids: Vec<_> = named.expect("it is fine").limits.into_iter().map(|limit| limit.id).collect();
    assert_eq!(ids, ["claims_customer_day", "own"]);
    check(json!({"limits": [limit(None, "day", 1), limit(None, "day", 2)]}), Some("/limits/1/id"));
    check(json!({"limits": [limit(Some("a b"), "day", 1)]}), Some("/limits/0/id"));
    check(json!({"limits": [limit(None, "ever", -1)]}), Some("/limits/0/max"));
    check(json!({"limits": [limit(None, "ever", 1_000_000_000_000_001)]}), Some("/limits/0/max"));
    let many: Vec<_> = (0..21).map(|no| limit(Some(&format!("l{no}")), "day", 1)).collect();
    check(json!({"limits": many}), Some("/limits"));
}

#[test]
fn the_pattern_that_every_coupon_has_is_none_of_its_own() {
    let pattern = json!({"pattern": {"prefix": "", "alphabet": "base32", "length": 16}});
    assert_eq!(parse(pattern).expect("it is fine").pattern, None);
}
