use serde_json::{Value, json};

use super::*;
use crate::campaign::CampaignDefinition;
use crate::coupon::{Compiled, CouponState, Definition, LimitDefinition, Vetting};
use crate::event::JournalNo;
use crate::id::{CampaignId, CampaignNo, CouponId, CouponNo, LimitNo};
use crate::limit::GiveBack;
use crate::time::Timestamp;

fn numbered(wanted: &[LimitDefinition]) -> Vec<Limit> {
    let limit = |(place, limit): (usize, &LimitDefinition)| Limit {
        no: LimitNo(u32::try_from(place).unwrap() + 1),
        id: limit.id.clone(),
        counts: limit.counts,
        per: limit.per,
        period: limit.period,
        max: limit.max,
        give_back: GiveBack::default_for(limit.period),
    };
    wanted.iter().enumerate().map(limit).collect()
}

fn made() -> Timestamp {
    "2026-01-15T11:00:00Z".parse().unwrap()
}

fn coupon(body: Value) -> Coupon {
    let definition: Definition = serde_json::from_value(body).unwrap();
    Coupon {
        no: CouponNo(1),
        id: CouponId(uuid::Uuid::nil()),
        version: 1,
        state: CouponState::Draft,
        limits: numbered(&definition.limits),
        definition,
        limits_retired: Vec::new(),
        vetting: Vetting::default(),
        created_at: made(),
        changed_at: made(),
        journal: JournalNo::default(),
        compiled: Compiled::default(),
    }
}

fn campaign(limits: Value) -> Campaign {
    let definition: CampaignDefinition =
        serde_json::from_value(json!({ "name": "spring", "currency": "EUR", "limits": limits })).unwrap();
    Campaign {
        no: CampaignNo(1),
        id: CampaignId(uuid::Uuid::nil()),
        version: 1,
        state: CouponState::Running,
        limits: numbered(&definition.limits),
        definition,
        limits_retired: Vec::new(),
        created_at: made(),
        changed_at: made(),
        journal: JournalNo::default(),
    }
}

fn limit(counts: &str, per: &str, period: &str, max: i64) -> Value {
    json!({ "id": format!("{counts}_{per}_{period}"), "counts": counts, "per": per, "period": period, "max": max })
}

fn zone() -> Zone {
    "Europe/Berlin".parse().unwrap()
}

/// The figure, or the pointers of what would give one.
fn check(coupon: &Coupon, campaign: Option<&Campaign>, expected: Result<i64, &[&str]>) {
    let found = liability(coupon, campaign, &zone());
    let pointers: Vec<_> = found.openings.iter().map(|opening| opening.pointer.as_str()).collect();
    match (found.bound, expected) {
        (Bound::Minor(minor), Ok(expected)) => {
            assert_eq!(minor, expected, "{found:?}");
            let total = found.steps.last().expect("there is the whole");
            assert_eq!((total.what, total.value), (Part::Total, minor));
            assert!(pointers.is_empty(), "{found:?}");
        }
        (Bound::Unbounded, Err(expected)) => assert_eq!(pointers, expected, "{found:?}"),
        (_, expected) => panic!("{expected:?}: {found:?}"),
    }
}

fn with(benefit: &Value, limits: &[Value]) -> Coupon {
    coupon(json!({ "name": "a", "currency": "EUR", "benefit": benefit, "limits": limits }))
}

#[test]
fn a_coupon_costs_at_most_each_use_as_often_as_it_may_be_used_or_its_smallest_budget() {
    let five = json!({ "type": "amount_off", "amount_minor": 500 });
    let uses = limit("redemptions", "everyone", "ever", 100);
    check(&with(&five, std::slice::from_ref(&uses)), None, Ok(50_000));
    check(&with(&five, &[limit("claims", "everyone", "ever", 30), uses.clone()]), None, Ok(15_000));
    check(&with(&five, &[limit("value", "everyone", "ever", 9_999), uses.clone()]), None, Ok(9_999));
    check(&with(&five, &[limit("value", "everyone", "ever", 99_999), uses.clone()]), None, Ok(50_000));
    check(&with(&five, &[]), None, Err(&["/limits", "/limits"]));
    let each = limit("redemptions", "customer", "ever", 2);
    check(&with(&five, std::slice::from_ref(&each)), None, Err(&["/customer_ids", "/limits", "/limits"]));
    let named = Coupon {
        definition: Definition {
            customers: Some(vec![1, 2, 3].into_iter().map(crate::id::CustomerNo).collect()),
            ..with(&five, std::slice::from_ref(&each)).definition
        },
        ..with(&five, &[each])
    };
    check(&named, None, Ok(3_000));
}

#[test]
fn a_benefit_has_a_figure_where_it_names_its_most() {
    let uses = [limit("redemptions", "everyone", "ever", 10)];
    let budget = [limit("value", "everyone", "ever", 700)];
    for (benefit, most, open) in [
        (json!({ "type": "percent_off", "rate_bp": 1_000, "max_minor": 300 }), Some(300), ""),
        (json!({ "type": "percent_off", "rate_bp": 1_000 }), None, "/benefit/max_minor"),
        (json!({ "type": "every_off", "every_minor": 100, "amount_minor": 5, "times_max": 4 }), Some(20), ""),
        (json!({ "type": "every_off", "every_minor": 100, "amount_minor": 5 }), None, "/benefit/times_max"),
        (
            json!({ "type": "ladder", "steps": [{ "from": 100, "rate_bp": 5_000 }, { "from": 201, "amount_minor": 60 }] }),
            Some(100),
            "",
        ),
        (
            json!({ "type": "ladder", "steps": [{ "from": 100, "amount_minor": 50 }, { "from": 200, "rate_bp": 100 }] }),
            None,
            "/benefit/steps/1/rate_bp",
        ),
        (json!({ "type": "fixed_price", "price_minor": 100 }), None, "/benefit"),
        (json!({ "type": "units_off", "buy": 1, "get": 1, "rate_bp": 10_000 }), None, "/benefit"),
        (json!({ "type": "free_periods", "periods": 1 }), None, "/benefit"),
    ] {
        let figure = most.map(|most: i64| most * 10);
        check(&with(&benefit, &uses), None, figure.ok_or(&[open, "/limits"]));
        check(&with(&benefit, &budget), None, Ok(700));
    }
    let gift = json!({ "type": "gift", "sku": "cap", "quantity": 1 });
    check(&with(&gift, &budget), None, Err(&["/benefit"]));
}

#[test]
fn a_limit_per_period_counts_once_for_each_until_the_end() {
    let five = json!({ "type": "amount_off", "amount_minor": 500 });
    let daily = with(&five, &[limit("redemptions", "everyone", "day", 2)]);
    check(&daily, None, Err(&["/ends_at", "/limits", "/limits"]));
    let until = |end: &str| {
        let mut coupon = daily.clone();
        coupon.definition.window.ends_at = Some(end.parse().unwrap());
        coupon
    };
    // Made at noon of the 15th in Berlin: that day counts, and so does one that has only begun.
    check(&until("2026-01-15T23:00:00Z"), None, Ok(1_000));
    check(&until("2026-01-15T23:00:00.001Z"), None, Ok(2_000));
    check(&until("2026-01-31T23:00:00Z"), None, Ok(17 * 1_000));
    check(&until("2126-01-31T23:00:00Z"), None, Err(&["/ends_at", "/limits", "/limits"]));
}

#[test]
fn a_campaign_bounds_its_coupons_by_budgets_and_uses() {
    let five = json!({ "type": "amount_off", "amount_minor": 500 });
    let free = with(&five, &[]);
    check(&free, Some(&campaign(json!([limit("value", "everyone", "ever", 4_000)]))), Ok(4_000));
    check(&free, Some(&campaign(json!([limit("redemptions", "everyone", "ever", 3)]))), Ok(1_500));
    let claims = campaign(json!([limit("claims", "everyone", "ever", 3)]));
    check(&free, Some(&claims), Err(&["/limits", "/limits"]));
}

#[test]
fn what_limits_cannot_see_is_not_left_out() {
    let five = json!({ "type": "amount_off", "amount_minor": 500 });
    let mut coupon = with(&five, &[limit("claims", "everyone", "ever", 10)]);
    check(&coupon, None, Ok(5_000));
    coupon.vetting.before_minor = 700;
    check(&coupon, None, Ok(5_700));
    coupon.vetting.late = vec![LimitNo(1)];
    check(&coupon, None, Err(&["/limits", "/limits"]));
}

#[test]
fn no_figure_overflows() {
    let much = json!({ "type": "amount_off", "amount_minor": 1_000_000_000_000_000_i64 });
    let coupon = with(&much, &[limit("redemptions", "everyone", "ever", 1_000_000_000_000_000)]);
    check(&coupon, None, Ok(i64::MAX));
}
