//! What holds of every price.

use std::sync::Arc;

use domain::benefit::Benefit;
use domain::coupon::{Coupon, CouponState, Definition};
use domain::event::JournalNo;
use domain::id::{CouponId, CouponNo};
use domain::money::Rate;
use domain::order::{Line, Order};
use domain::pricing::{Offer, Quote, price};
use domain::time::{Timestamp, Zone};
use proptest::prelude::*;
use uuid::Uuid;

use crate::asking::{definition, order};

fn offer(code: usize, no: u32, benefit: Benefit) -> Offer {
    let coupon = Coupon {
        no: CouponNo(no),
        id: CouponId(Uuid::from_u128(no.into())),
        version: 1,
        state: CouponState::Running,
        definition: Definition { benefit, ..definition() },
        limits: Vec::new(),
        limits_retired: Vec::new(),
        created_at: Timestamp::from_ms(0),
        changed_at: Timestamp::from_ms(0),
        journal: JournalNo(1),
    };
    Offer { code, coupon: Arc::new(coupon), voucher: None, refused: None }
}

fn benefit() -> impl Strategy<Value = Benefit> {
    let percent = (1u32..=10_000, prop::option::of(1i64..100_000))
        .prop_map(|(rate_bp, max_minor)| Benefit::PercentOff { rate_bp: Rate::from_bp(rate_bp).unwrap(), max_minor });
    prop_oneof![percent, (1i64..1_000_000).prop_map(|amount_minor| Benefit::AmountOff { amount_minor })]
}

fn orders() -> impl Strategy<Value = Order> {
    let line = (1u32..100, 0i64..1_000_000);
    prop::collection::vec(line, 1..12).prop_map(|lines| {
        let empty = order("o", &[0]).lines.remove(0);
        let lines =
            lines.into_iter().map(|(quantity, unit_price_minor)| Line { quantity, unit_price_minor, ..empty.clone() });
        Order { lines: lines.collect(), ..order("o", &[]) }
    })
}

fn check_sums(order: &Order, offers: &[Offer], quote: &Quote) {
    assert_eq!(quote.subtotal_minor, order.subtotal_minor());
    assert_eq!(quote.total_minor, quote.subtotal_minor - quote.discount_minor);
    assert_eq!(quote.discount_minor, quote.applied.iter().map(|one| one.discount_minor).sum::<i64>());
    assert_eq!(quote.applied.len() + quote.refused.len(), offers.len());
    for (line, place) in quote.lines.iter().zip(0..) {
        assert!(line.total_minor >= 0 && line.total_minor == line.subtotal_minor - line.discount_minor);
        let shares = quote.applied.iter().flat_map(|one| &one.lines).filter(|share| share.line == place);
        assert_eq!(line.discount_minor, shares.map(|share| share.discount_minor).sum::<i64>());
    }
    for one in &quote.applied {
        assert!(one.discount_minor > 0 && one.lines.iter().all(|share| share.discount_minor > 0));
        assert_eq!(one.discount_minor, one.lines.iter().map(|share| share.discount_minor).sum::<i64>());
    }
}

fn check_caps(offers: &[Offer], quote: &Quote) {
    for one in &quote.applied {
        let cap = match &offers[one.code].coupon.definition.benefit {
            Benefit::PercentOff { max_minor, .. } => max_minor.unwrap_or(i64::MAX),
            Benefit::AmountOff { amount_minor } => *amount_minor,
        };
        assert!(one.discount_minor <= cap, "{one:?} is over {cap}");
    }
}

proptest! {
    #[test]
    fn amounts_sum_up_no_line_falls_below_zero_and_caps_are_kept(order in orders(), benefits in prop::collection::vec(benefit(), 0..6)) {
        let offers: Vec<Offer> = benefits.into_iter().zip(1..).map(|(benefit, no)| offer(no as usize - 1, no, benefit)).collect();
        let quote = price(&order, &offers, &Zone::utc(), Timestamp::from_ms(0));
        check_sums(&order, &offers, &quote);
        check_caps(&offers, &quote);
    }

    #[test]
    fn the_order_in_which_codes_are_typed_changes_no_amount(order in orders(), benefits in prop::collection::vec(benefit(), 1..6)) {
        let count = benefits.len();
        let price_of = |place: &dyn Fn(usize) -> usize| {
            let offers: Vec<Offer> = (0..count).map(|code| offer(code, place(code) as u32 + 1, benefits[place(code)].clone())).collect();
            price(&order, &offers, &Zone::utc(), Timestamp::from_ms(0)).lines
        };
        prop_assert_eq!(price_of(&|code| code), price_of(&|code| count - 1 - code));
    }

    #[test]
    fn two_codes_of_ten_percent_make_nineteen(euros in 1i64..1_000_000) {
        let ten = || Benefit::PercentOff { rate_bp: Rate::from_bp(1_000).unwrap(), max_minor: None };
        let quote = price(&order("o", &[euros * 100]), &[offer(0, 1, ten()), offer(1, 2, ten())], &Zone::utc(), Timestamp::from_ms(0));
        prop_assert_eq!(quote.discount_minor, euros * 19);
    }
}
