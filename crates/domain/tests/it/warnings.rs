//! Every warning with an example that has it, and one beside it that has not. `docs/reference/warnings.md` tells the same.

use std::sync::Arc;

use domain::coupon::{Coupon, Definition};
use domain::review::{Beside, Warning, WarningCode, review, review_settings};
use domain::tenant::Settings;
use serde_json::{Value, json};

use crate::any;
use crate::world::World;

fn coupon(no: u32, changes: &Value) -> Arc<Coupon> {
    let mut body = json!({ "name": "a", "currency": "EUR", "benefit": { "type": "percent_off", "rate_bp": 1000 } });
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    let definition: Definition = serde_json::from_value(body).unwrap();
    let created = any::coupon(no, definition);
    Arc::new(created)
}

fn settings(changes: &Value) -> Settings {
    let mut body = serde_json::to_value(&*World::new().settings).unwrap();
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    serde_json::from_value(body).unwrap()
}

fn found(changes: &Value, set: &Value, others: &[Value]) -> Vec<Warning> {
    let others: Vec<_> = (2..).zip(others).map(|(no, other)| coupon(no, other)).collect();
    let beside = Beside { settings: &settings(set), others: &others, now: World::new().now };
    review(&coupon(1, changes), beside)
}

#[track_caller]
fn check(code: WarningCode, pointer: &str, with: &Value, without: &Value) {
    check_beside(code, pointer, (with, without), &json!({}), &[]);
}

#[track_caller]
fn check_beside(code: WarningCode, pointer: &str, (with, without): (&Value, &Value), set: &Value, others: &[Value]) {
    let has = |warnings: &[Warning]| warnings.iter().any(|one| one.code == code && one.pointer == pointer);
    let all = found(with, set, others);
    assert!(has(&all), "{with}: {all:?}");
    let all = found(without, set, others);
    assert!(all.iter().all(|one| one.code != code), "{without}: {all:?}");
}

fn subtotal(op: &str, value: i64) -> Value {
    json!({ "field": "order.subtotal", "op": op, "value": value })
}

#[test]
fn conditions_that_decide_nothing_are_told_with_their_place() {
    let on = |rule: Value| json!({ "conditions": rule });
    let age = |value: i64| json!({ "field": "customer.age", "op": "lt", "value": value });
    let fine = on(json!({ "all": [subtotal("gte", 500), age(18)] }));
    check(
        WarningCode::ConditionsNeverHold,
        "/conditions",
        &on(json!({ "all": [subtotal("gte", 500), subtotal("lt", 500)] })),
        &fine,
    );
    check(
        WarningCode::ConditionsNeverHold,
        "/conditions",
        &json!({ "conditions": subtotal("lt", 500), "minimum_order_minor": 500 }),
        &json!({ "conditions": subtotal("lt", 501), "minimum_order_minor": 500 }),
    );
    let with = on(json!({ "any": [subtotal("gte", 500), age(0)] }));
    check(WarningCode::ConditionNever, "/conditions/any/1", &with, &fine);
    let with = on(json!({ "all": [age(18), subtotal("gte", 0)] }));
    check(WarningCode::ConditionAlways, "/conditions/all/1", &with, &fine);
    let with = on(json!({ "all": [subtotal("gte", 500), age(18), subtotal("gte", 900)] }));
    check(WarningCode::ConditionIdle, "/conditions/all/0", &with, &fine);
}

#[test]
fn benefits_that_give_nothing_or_all_are_told() {
    let fixed = |price: i64| json!({ "benefit": { "type": "fixed_price", "price_minor": price } });
    check(WarningCode::BenefitNever, "/benefit", &fixed(1_000_000_000_000), &fixed(999_999_999_999));
    let sent = |op: &str| {
        json!({
            "benefit": { "type": "percent_off", "rate_bp": 10_000, "on": "shipping" },
            "conditions": { "field": "order.shipping", "op": op, "value": 0 },
        })
    };
    check(WarningCode::BenefitNever, "/benefit", &sent("lte"), &sent("gte"));
    let gives =
        |of: Value| json!({ "benefit": { "type": "units_off", "buy": 1, "get": 1, "rate_bp": 10_000, "of": of } });
    let cups = json!({ "include": { "skus": ["cup"] } });
    check(WarningCode::BenefitNever, "/benefit/of", &gives(json!({})), &gives(cups));
    let ladder = |minimum: i64| {
        let steps = json!([{ "from": 1_000, "amount_minor": 100 }, { "from": 2_000, "amount_minor": 300 }]);
        json!({ "benefit": { "type": "ladder", "steps": steps }, "minimum_order_minor": minimum })
    };
    check(WarningCode::StepNever, "/benefit/steps/0", &ladder(2_000), &ladder(1_999));
    let amount = |minimum: i64| json!({ "benefit": { "type": "amount_off", "amount_minor": 500 }, "minimum_order_minor": minimum });
    check(WarningCode::PriceZero, "/benefit", &amount(500), &amount(501));
    let floor = json!({ "pricing": { "floor_bp": 100 } });
    assert!(found(&amount(0), &floor, &[]).iter().all(|one| one.code != WarningCode::PriceZero));
    let budget = |max: i64| {
        let limit = json!({ "id": "b", "counts": "value", "per": "everyone", "period": "ever", "max": max });
        json!({ "benefit": { "type": "amount_off", "amount_minor": 500 }, "limits": [limit] })
    };
    check(WarningCode::LimitZero, "/limits/0/max", &budget(0), &budget(1));
    check(WarningCode::LimitBelowBenefit, "/limits/0/max", &budget(499), &budget(500));
}

#[test]
fn scopes_times_and_currencies_that_leave_nothing_are_told() {
    let scope = |exclude: &str| json!({ "scope": { "include": { "categories": ["fashion/shoes"] }, "exclude": { "categories": [exclude] } } });
    check(WarningCode::ScopeEmpty, "/scope/include", &scope("fashion"), &scope("fashion/shoes/boots"));
    let set = json!({ "pricing": { "exclusions": { "skus": ["book"] } } });
    let only = |sku: &str| json!({ "scope": { "include": { "skus": [sku] } } });
    check_beside(WarningCode::ScopeEmpty, "/scope/include", (&only("book"), &only("cup")), &set, &[]);
    let set = json!({ "pricing": { "exclusions": { "collections": ["sale"], "skus": ["outlet"] } } });
    let only = |name: &str| json!({ "scope": { "include": { "collections": [name] } } });
    check_beside(WarningCode::ScopeEmpty, "/scope/include", (&only("sale"), &only("outlet")), &set, &[]);
    let until = |end: &str| json!({ "validity": { "until": end } });
    check(WarningCode::Over, "/validity/until", &until("2026-01-15T11:00:00Z"), &until("2026-01-15T11:00:01Z"));
    let both = |from: &str| json!({ "validity": { "from": from }, "window": { "ends_at": "2026-02-01T00:00:00Z" } });
    check(
        WarningCode::ValidityOutsideWindow,
        "/validity/from",
        &both("2026-02-01T00:00:00Z"),
        &both("2026-01-31T23:59:59Z"),
    );
    check(WarningCode::CurrencyForeign, "/currency", &json!({ "currency": "USD" }), &json!({}));
}

#[test]
fn coupons_that_meet_others_are_told() {
    let exclusive = json!({ "stacking": { "exclusive": true } });
    let at_night = json!({
        "stacking": { "exclusive": true },
        "conditions": { "field": "now.time", "op": "gte", "value": "20:00" },
    });
    let others = [exclusive.clone()];
    let pair = (&exclusive, &at_night);
    check_beside(WarningCode::ExclusiveClash, "/stacking/exclusive", pair, &json!({}), &others);
    let share = |rate: i64| json!({ "benefit": { "type": "percent_off", "rate_bp": rate } });
    // 30 % and 30 % make 51 %.
    let pair = (&share(3_000), &share(2_800));
    check_beside(WarningCode::StacksAbove, "/stacking", pair, &json!({}), &[share(3_000)]);
    for set in [
        json!({ "warn_above_bp": 5_100 }),
        json!({ "pricing": { "lanes": [{ "name": "a", "mode": "best" }] } }),
        json!({ "pricing": { "coupons_max": 1 } }),
        json!({ "pricing": { "floor_bp": 5_000 } }),
    ] {
        assert!(found(&share(3_000), &set, &[share(3_000)]).is_empty(), "{set}");
    }
}

#[test]
fn settings_under_which_running_coupons_give_nothing_or_much_are_told() {
    let told = |set: &Value, others: &[Value]| {
        let others: Vec<_> = (1..).zip(others).map(|(no, other)| coupon(no, other)).collect();
        let beside = Beside { settings: &settings(set), others: &others, now: World::new().now };
        let warnings = review_settings(beside);
        warnings.into_iter().map(|one| (one.code, one.pointer)).collect::<Vec<_>>()
    };
    assert_eq!(
        told(&json!({ "pricing": { "floor_bp": 10_000 } }), &[]),
        [(WarningCode::FloorWhole, "/pricing/floor_bp".to_owned())]
    );
    let books = json!({ "scope": { "include": { "skus": ["book"] } } });
    let set = json!({ "pricing": { "exclusions": { "skus": ["book"] } } });
    assert_eq!(told(&set, &[books]), [(WarningCode::ScopeEmpty, "/pricing/exclusions".to_owned())]);
    let half = json!({ "benefit": { "type": "percent_off", "rate_bp": 4_000 } });
    assert_eq!(told(&json!({}), &[half.clone(), half.clone()]), [(WarningCode::StacksAbove, "/pricing".to_owned())]);
    assert!(told(&json!({}), &[half]).is_empty());
}

#[test]
fn every_warning_is_documented() {
    let page = include_str!("../../../../docs/reference/warnings.md");
    for code in WarningCode::ALL {
        assert!(page.contains(&format!("`{}`", code.name())), "{}", code.name());
    }
}
