//! What holds of shares of a cost, whatever is ordered, who bears it, and how it comes back.

use domain::bearing::{BearerKind, CostBearer, check, split};
use domain::benefit::Benefit;
use domain::coupon::Definition;
use domain::ledger::RedeemRequest;
use domain::money::Rate;
use domain::order::{Line, Order};
use domain::redemption::Redemption;
use domain::settlement::{Bearer, Settled, settled};
use domain::stacking::Pricing;
use proptest::prelude::*;
use proptest::sample::select;

use crate::any::{benefit, offers, orders, priced};
use crate::world::World;

fn bearer() -> impl Strategy<Value = CostBearer> {
    let kind = select(BearerKind::ALL.to_vec());
    (kind, select(vec!["a", "b", "c"]), 1u32..4_000, prop::option::weighted(0.3, 1i64..600)).prop_map(
        |(kind, merchant, bp, amount_minor)| CostBearer {
            kind,
            merchant_id: (kind == BearerKind::Merchant).then(|| merchant.to_owned()),
            share_bp: amount_minor.is_none().then(|| Rate::from_bp(bp).unwrap()),
            amount_minor,
        },
    )
}

/// Those that may be saved.
fn bearers() -> impl Strategy<Value = Vec<CostBearer>> {
    prop::collection::vec(bearer(), 0..5).prop_map(|all| {
        let mut kept: Vec<CostBearer> = Vec::new();
        for one in all {
            kept.push(one);
            if check(&kept).is_err() {
                kept.pop();
            }
        }
        kept
    })
}

proptest! {
    #[test]
    fn shares_of_a_discount_are_never_negative_and_leave_the_platform_something_or_nothing(
        bearers in bearers(),
        fell in prop::collection::vec((prop::option::of(select(vec!["a", "b", "z"])), 0i64..5_000), 1..6),
    ) {
        let discount: i64 = fell.iter().map(|(_, minor)| minor).sum();
        let borne = split(&bearers, discount, &fell);
        prop_assert!(borne.iter().all(|one| one.amount_minor > 0));
        prop_assert!(borne.windows(2).all(|two| two[0].merchant_id < two[1].merchant_id), "each once, by their ids");
        let merchants: i64 = borne.iter().map(|one| one.amount_minor).sum();
        prop_assert!(merchants <= discount);
        let whole: u32 = bearers.iter().filter_map(|one| one.share_bp).map(Rate::as_bp).sum();
        let is_of_merchants = bearers.iter().all(|one| one.kind == BearerKind::Merchant);
        prop_assert!(!(whole == 10_000 && is_of_merchants) || merchants == discount, "nothing is left for the platform");
    }

    #[test]
    fn shares_of_every_applied_coupon_sum_to_its_discount(order in orders(), benefit in benefit(), bearers in bearers()) {
        let without = Definition::new("x", benefit);
        let definition = Definition { cost_bearers: bearers, ..without.clone() };
        let quote = priced(&order, &offers(&[definition]), &Pricing::default());
        for one in &quote.applied {
            prop_assert!(one.borne_by.iter().map(|borne| borne.amount_minor).sum::<i64>() <= one.discount_minor);
        }
        let plain = priced(&order, &offers(&[without]), &Pricing::default());
        prop_assert_eq!((quote.discount_minor, quote.lines), (plain.discount_minor, plain.lines), "who bears it decides nothing");
    }

    #[test]
    fn returns_in_any_order_of_parts_give_everybody_back_what_it_bore_and_no_more_on_the_way(
        bearers in bearers(),
        order in (0i64..3_000, 0i64..3_000, 1u32..5, 1u32..5),
        returns in prop::collection::vec((0usize..2, 1u32..3), 0..6),
    ) {
        let (mut world, made) = redeemed(bearers, order);
        let mut last = made.clone();
        for (line, quantity) in returns {
            // More than is left is refused.
            if let Ok(after) = world.give_back("r", Some(&[(line, quantity)])) {
                prop_assert!(is_between(&last, &after), "{last:?} {after:?}");
                last = after;
            }
        }
        let whole = world.give_back("r", None).unwrap();
        prop_assert!(is_between(&last, &whole));
        let shares = whole.shares.as_ref().unwrap();
        prop_assert!(shares.iter().all(|share| share.returned_minor == share.amount_minor), "{shares:?}");
        let sums = settled(&whole);
        prop_assert!(sums.values().all(|one| one.borne_minor == one.given_back_minor));
        prop_assert_eq!(sums.values().map(|one| one.borne_minor).sum::<i64>(), made.discount_minor);
    }
}

/// A third off, of two lines; the first is a's.
fn redeemed(bearers: Vec<CostBearer>, (one, other, of_one, of_other): (i64, i64, u32, u32)) -> (World, Redemption) {
    let mut world = World::new();
    let benefit = Benefit::percent_off(Rate::from_bp(3_333).unwrap());
    let currency = "EUR".parse().unwrap();
    world.coupon(Definition {
        code: Some("SAVE".to_owned()),
        currency: Some(currency),
        cost_bearers: bearers,
        ..Definition::new("save", benefit)
    });
    let first = Line { merchant: Some("a".to_owned()), ..Line::new("tea", of_one, one + 1) };
    let order = Order::new(currency, vec![first, Line::new("cup", of_other, other)]);
    let request = world.request("r", None, &["save"]);
    let made = world.redeem_by(RedeemRequest { order, ..request }).unwrap();
    (world, made)
}

/// Nobody loses what it has got back, nobody gets back more than it bore, and all together it is what came back.
fn is_between(before: &Redemption, after: &Redemption) -> bool {
    let (was, is) = (before.shares.as_ref().unwrap(), after.shares.as_ref().unwrap());
    let grows = was.iter().zip(is).all(|(was, is)| {
        was.returned_minor <= is.returned_minor && is.returned_minor <= is.amount_minor && was.part == is.part
    });
    let of_platform = |one: &Redemption| {
        let all = settled(one);
        let of = all.iter().find(|(key, _)| key.bearer == Bearer::Platform).map(|(_, settled)| *settled);
        of.unwrap_or_else(Settled::default)
    };
    let (was, is) = (of_platform(before), of_platform(after));
    grows && was.given_back_minor <= is.given_back_minor && (0..=is.borne_minor).contains(&is.given_back_minor)
}
