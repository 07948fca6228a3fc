//! Any order, and whatever may be offered for it.

use std::sync::Arc;

use domain::benefit::{Benefit, Manner, Measure, Pick, Step, Target};
use domain::coupon::{Compiled, Coupon, CouponState, Definition};
use domain::event::JournalNo;
use domain::id::{CouponId, CouponNo};
use domain::money::Rate;
use domain::order::{Line, Order, UsePeriod};
use domain::pricing::{Offer, Quote, Terms, price};
use domain::rule::Declared;
use domain::scope::{Listing, Scope};
use domain::stacking::{Lane, Mode, Pricing, Stacking};
use domain::time::{Timestamp, Zone};
use proptest::prelude::*;
use proptest::sample::subsequence;
use uuid::Uuid;

pub const SKUS: [&str; 4] = ["tea", "cup", "pot", "bed"];

pub fn coupon(no: u32, definition: Definition) -> Coupon {
    Coupon {
        no: CouponNo(no),
        id: CouponId(Uuid::from_u128(u128::from(no))),
        version: 1,
        state: CouponState::Running,
        definition,
        limits: Vec::new(),
        limits_retired: Vec::new(),
        created_at: Timestamp::from_ms(0),
        changed_at: Timestamp::from_ms(0),
        journal: JournalNo(1),
        vetting: domain::coupon::Vetting::default(),
        compiled: Compiled::default(),
    }
}

pub fn offer(code: usize, no: u32, definition: Definition) -> Offer {
    Offer { code, coupon: Arc::new(coupon(no, definition)), voucher: None, refused: None }
}

pub fn offers(definitions: &[Definition]) -> Vec<Offer> {
    definitions.iter().zip(0..).map(|(definition, code)| offer(code, code as u32 + 1, definition.clone())).collect()
}

pub fn priced(order: &Order, offers: &[Offer], pricing: &Pricing) -> Quote {
    price(
        order,
        offers,
        Terms { zone: &Zone::utc(), pricing, attributes: &Declared::new(), customer_known: false },
        Timestamp::from_ms(0),
    )
}

pub fn rate() -> impl Strategy<Value = Rate> {
    (1u32..=10_000).prop_map(|rate_bp| Rate::from_bp(rate_bp).unwrap())
}

pub fn target() -> impl Strategy<Value = Target> {
    prop::sample::select(Target::ALL.to_vec())
}

pub fn ladder() -> impl Strategy<Value = Benefit> {
    let gives = prop_oneof![rate().prop_map(Ok), (1i64..10_000).prop_map(Err)];
    let steps = prop::collection::btree_map(1i64..100_000, gives, 1..5);
    (prop::bool::ANY, steps).prop_map(|(by_amount, steps)| Benefit::Ladder {
        by: if by_amount { Measure::Amount } else { Measure::Quantity },
        steps: steps
            .into_iter()
            .map(|(from, gives)| Step { from, rate_bp: gives.ok(), amount_minor: gives.err() })
            .collect(),
    })
}

pub fn units_off() -> impl Strategy<Value = Benefit> {
    let of = prop::option::of(scope().prop_map(Box::new));
    (1u32..4, 1u32..3, rate(), prop::bool::ANY, of, prop::option::of(1u32..4)).prop_map(
        |(buy, get, rate_bp, cheapest, of, times_max)| Benefit::UnitsOff {
            buy,
            get,
            rate_bp,
            pick: if cheapest { Pick::Cheapest } else { Pick::Dearest },
            of,
            times_max,
        },
    )
}

pub fn benefit() -> impl Strategy<Value = Benefit> {
    let times = || prop::option::of(1u32..5);
    prop_oneof![
        (rate(), prop::option::of(1i64..100_000), target()).prop_map(|(rate_bp, max_minor, on)| Benefit::PercentOff {
            rate_bp,
            max_minor,
            on
        }),
        (1i64..1_000_000, target()).prop_map(|(amount_minor, on)| Benefit::AmountOff { amount_minor, on }),
        ladder(),
        (1i64..50_000, 1i64..10_000, times()).prop_map(|(every_minor, amount_minor, times_max)| Benefit::EveryOff {
            every_minor,
            amount_minor,
            times_max
        }),
        (0i64..20_000, prop::option::of((1u32..5, times()))).prop_map(|(price_minor, sets)| Benefit::FixedPrice {
            price_minor,
            set_of: sets.map(|(units, _)| units),
            times_max: sets.and_then(|(_, times)| times),
        }),
        units_off(),
        Just(Benefit::Gift { sku: "cap".to_owned(), quantity: 1 }),
        (1u32..6, prop::bool::ANY).prop_map(|(periods, first)| Benefit::FreePeriods {
            periods,
            unit: None,
            manner: if first { Manner::First } else { Manner::Spread },
        }),
    ]
}

pub fn scope() -> impl Strategy<Value = Scope> {
    let listing = |skus: Vec<&str>| Listing { skus: skus.into_iter().collect(), ..Listing::default() };
    (subsequence(SKUS.to_vec(), 0..=3), subsequence(SKUS.to_vec(), 0..=1))
        .prop_map(move |(include, exclude)| Scope { include: listing(include), exclude: listing(exclude) })
}

pub fn stacking() -> impl Strategy<Value = Stacking> {
    let excludes = subsequence((1..=6).map(CouponNo).collect::<Vec<_>>(), 0..=2);
    (prop::sample::select(vec![None, Some("a"), Some("b")]), -2i32..3, prop::bool::weighted(0.2), excludes).prop_map(
        |(lane, priority, exclusive, excludes_coupons)| Stacking {
            lane: lane.map(str::to_owned),
            priority,
            exclusive,
            excludes_coupons,
            excludes_merchants: Vec::new(),
        },
    )
}

pub fn definition() -> impl Strategy<Value = Definition> {
    (benefit(), scope(), stacking(), prop::option::of(1i64..50_000)).prop_map(|(benefit, scope, stacking, minimum)| {
        Definition { scope, stacking, minimum_order_minor: minimum, ..Definition::new("any", benefit) }
    })
}

/// On all goods, with every other coupon.
pub fn plain() -> impl Strategy<Value = Definition> {
    benefit().prop_map(|benefit| Definition::new("plain", benefit))
}

pub fn pricing() -> impl Strategy<Value = Pricing> {
    let mode = || prop::sample::select(Mode::ALL.to_vec());
    let most = || prop::option::weighted(0.3, 1u32..4);
    let floor = prop::option::weighted(0.3, rate());
    (mode(), mode(), most(), most(), floor, prop::bool::ANY).prop_map(
        |(a, b, lane_max, coupons_max, floor_bp, best)| {
            let lane = |name: &str, mode| Lane { name: name.to_owned(), mode, coupons_max: lane_max };
            Pricing {
                lanes: vec![lane("a", a), lane("b", b)],
                coupons_max,
                floor_bp,
                best_deal: best,
                ..Pricing::default()
            }
        },
    )
}

pub fn line() -> impl Strategy<Value = Line> {
    let period = prop::option::weighted(0.3, Just(UsePeriod::Night));
    (prop::sample::select(SKUS.to_vec()), 1u32..8, 0i64..20_000, period, 0i64..100).prop_map(
        |(sku, quantity, unit_price_minor, period, reduced)| Line {
            period,
            reduced_minor: reduced.min(unit_price_minor),
            ..Line::new(sku, quantity, unit_price_minor)
        },
    )
}

pub fn orders() -> impl Strategy<Value = Order> {
    (prop::collection::vec(line(), 1..8), 0i64..1_000, 0i64..5_000).prop_map(
        |(lines, shipping_minor, deposit_minor)| Order {
            shipping_minor,
            deposit_minor,
            ..Order::new("EUR".parse().unwrap(), lines)
        },
    )
}

pub fn definitions(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Definition>> {
    prop::collection::vec(definition(), count)
}
