//! What holds of every price, whatever is ordered and offered.

use domain::benefit::{Benefit, Manner, Measure, Pick, Target};
use domain::coupon::Definition;
use domain::money::Rate;
use domain::order::{Line, Order};
use domain::pricing::{Offer, Quote};
use domain::rejection::Rejection;
use domain::scope::{Listing, Scope};
use domain::stacking::{Lane, Mode, Pricing, Stacking};
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::any::{
    SKUS, benefit, definition, definitions, ladder, offer, offers, orders, plain, priced, pricing, rate, scope,
};

/// What an offer comes to alone.
fn alone(order: &Order, definition: &Definition) -> i64 {
    priced(order, &offers(std::slice::from_ref(definition)), &Pricing::default()).discount_minor
}

fn rejections(quote: &Quote) -> Vec<Rejection> {
    quote.refused.iter().map(|refused| refused.refusal.rejection).collect()
}

proptest! {
    #[test]
    fn lines_and_charges_sum_to_the_order(order in orders(), definitions in definitions(0..6), pricing in pricing()) {
        let quote = priced(&order, &offers(&definitions), &pricing);
        let lines: i64 = quote.lines.iter().map(|line| line.total_minor).sum();
        prop_assert_eq!(lines + quote.shipping.total_minor + quote.deposit.total_minor + quote.fees_minor, quote.total_minor);
        prop_assert_eq!(quote.subtotal_minor, order.subtotal_minor());
        let before = quote.subtotal_minor + order.shipping_minor + order.deposit_minor + order.fees_minor();
        prop_assert_eq!(before - quote.discount_minor, quote.total_minor);
        prop_assert_eq!(quote.undiscounted_minor(), before);
    }

    #[test]
    fn what_coupons_take_sums_to_the_discount(order in orders(), definitions in definitions(0..6), pricing in pricing()) {
        let quote = priced(&order, &offers(&definitions), &pricing);
        prop_assert_eq!(quote.applied.iter().map(|one| one.discount_minor).sum::<i64>(), quote.discount_minor);
        for one in &quote.applied {
            let lines: i64 = one.lines.iter().map(|share| share.discount_minor).sum();
            prop_assert_eq!(lines + one.shipping_minor + one.deposit_minor, one.discount_minor);
        }
        for (line, place) in quote.lines.iter().zip(0..) {
            let shares = quote.applied.iter().flat_map(|one| &one.lines).filter(|share| share.line == place);
            prop_assert_eq!(shares.map(|share| share.discount_minor).sum::<i64>(), line.discount_minor);
        }
    }

    #[test]
    fn nothing_is_below_zero(order in orders(), definitions in definitions(0..6), pricing in pricing()) {
        let quote = priced(&order, &offers(&definitions), &pricing);
        for line in quote.lines.iter().chain([&quote.shipping, &quote.deposit]) {
            prop_assert!(line.total_minor >= 0 && line.discount_minor >= 0, "{line:?}");
            prop_assert_eq!(line.total_minor, line.subtotal_minor - line.discount_minor);
        }
        prop_assert!(quote.total_minor >= 0);
    }

    #[test]
    fn what_applies_takes_something_off_or_adds_a_gift(order in orders(), definitions in definitions(1..6), pricing in pricing()) {
        let quote = priced(&order, &offers(&definitions), &pricing);
        for one in &quote.applied {
            prop_assert!(one.discount_minor > 0 || one.gift.is_some());
            prop_assert!(one.lines.iter().all(|share| share.discount_minor > 0));
        }
    }

    #[test]
    fn every_code_applies_or_is_refused_and_never_both(order in orders(), definitions in definitions(0..7), pricing in pricing()) {
        let quote = priced(&order, &offers(&definitions), &pricing);
        let mut codes: Vec<usize> = quote.applied.iter().map(|one| one.code).chain(quote.refused.iter().map(|one| one.code)).collect();
        codes.sort_unstable();
        prop_assert_eq!(codes, (0..definitions.len()).collect::<Vec<_>>());
    }

    #[test]
    fn a_cap_is_kept(order in orders(), rate in rate(), max_minor in 1i64..5_000) {
        let capped = Benefit::PercentOff { rate_bp: rate, max_minor: Some(max_minor), on: Target::Goods };
        prop_assert!(alone(&order, &Definition::new("capped", capped)) <= max_minor);
    }

    #[test]
    fn a_repeated_benefit_repeats_no_more_than_it_may(order in orders(), every in 1i64..5_000, amount in 1i64..500, times in 1u32..4) {
        let benefit = Benefit::EveryOff { every_minor: every, amount_minor: amount, times_max: Some(times) };
        prop_assert!(alone(&order, &Definition::new("every", benefit)) <= amount * i64::from(times));
    }

    #[test]
    fn a_rate_gives_its_share_rounded_half_up(order in orders(), rate in rate()) {
        let goods = i128::from(order.subtotal_minor());
        let exact = (2 * goods * i128::from(rate.as_bp()) + 10_000) / 20_000;
        prop_assert_eq!(i128::from(alone(&order, &Definition::new("rate", Benefit::percent_off(rate)))), exact);
    }

    #[test]
    fn a_line_out_of_scope_keeps_its_price(order in orders(), benefit in benefit(), scope in scope()) {
        prop_assume!(!matches!(benefit, Benefit::UnitsOff { of: Some(_), .. }));
        let definition = Definition { scope: scope.clone(), ..Definition::new("scoped", benefit) };
        let quote = priced(&order, &offers(&[definition]), &Pricing::default());
        for (line, quoted) in order.lines.iter().zip(&quote.lines) {
            prop_assert!(scope.holds(line) || quoted.discount_minor == 0);
        }
    }

    #[test]
    fn what_the_tenant_excludes_keeps_its_price(order in orders(), definitions in definitions(1..6), skus in subsequence(SKUS.to_vec(), 1..=2)) {
        let exclusions = Listing { skus: skus.into_iter().collect(), ..Listing::default() };
        let pricing = Pricing { exclusions: exclusions.clone(), ..Pricing::default() };
        let quote = priced(&order, &offers(&definitions), &pricing);
        for (line, quoted) in order.lines.iter().zip(&quote.lines) {
            prop_assert!(!exclusions.names(line) || quoted.discount_minor == 0);
        }
    }

    #[test]
    fn the_order_in_which_codes_are_typed_changes_no_amount(order in orders(), definitions in definitions(1..6), pricing in pricing()) {
        let typed = offers(&definitions);
        let count = typed.len();
        let reversed: Vec<Offer> = typed.iter().rev().zip(0..).map(|(offer, code)| Offer { code, ..offer.clone() }).collect();
        let (one, other) = (priced(&order, &typed, &pricing), priced(&order, &reversed, &pricing));
        prop_assert_eq!(&one.lines, &other.lines);
        let codes = |quote: &Quote, back: bool| quote.applied.iter().map(|one| if back { count - 1 - one.code } else { one.code }).collect::<Vec<_>>();
        prop_assert_eq!(codes(&one, false), codes(&other, true));
    }

    #[test]
    fn the_order_of_the_offers_handed_in_changes_nothing(order in orders(), definitions in definitions(1..6), pricing in pricing()) {
        let mut handed = offers(&definitions);
        let one = priced(&order, &handed, &pricing);
        handed.reverse();
        prop_assert_eq!(one, priced(&order, &handed, &pricing));
    }

    #[test]
    fn the_order_of_equal_coupons_is_irrelevant(order in orders(), definition in definition(), count in 2usize..4) {
        let definition = Definition { stacking: Stacking::default(), ..definition };
        let same: Vec<Offer> = (0..count).map(|code| offer(code, 7 + code as u32, definition.clone())).collect();
        let other: Vec<Offer> = (0..count).map(|code| offer(code, 7 + (count - 1 - code) as u32, definition.clone())).collect();
        prop_assert_eq!(priced(&order, &same, &Pricing::default()).lines, priced(&order, &other, &Pricing::default()).lines);
    }

    #[test]
    fn the_same_inputs_price_the_same_to_the_last_byte(order in orders(), definitions in definitions(0..6), pricing in pricing()) {
        let bytes = || serde_json::to_string(&priced(&order, &offers(&definitions), &pricing)).unwrap();
        prop_assert_eq!(bytes(), bytes());
    }

    #[test]
    fn a_quote_is_read_back_as_it_was_written(order in orders(), definitions in definitions(0..6), pricing in pricing()) {
        let quote = priced(&order, &offers(&definitions), &pricing);
        let text = serde_json::to_string(&quote).unwrap();
        prop_assert_eq!(serde_json::from_str::<Quote>(&text).unwrap(), quote);
    }

    #[test]
    fn a_definition_is_read_back_as_it_was_written(definition in definition()) {
        let text = serde_json::to_string(&definition).unwrap();
        prop_assert_eq!(serde_json::from_str::<Definition>(&text).unwrap(), definition);
    }

    #[test]
    fn what_is_made_up_here_is_within_bounds(definition in definition(), order in orders(), pricing in pricing()) {
        prop_assert_eq!(definition.benefit.check(), Ok(()));
        prop_assert_eq!(definition.scope.check(), Ok(()));
        prop_assert_eq!(definition.stacking.check(), Ok(()));
        prop_assert_eq!(order.check(), Ok(()));
        prop_assert_eq!(pricing.check(), Ok(()));
    }

    #[test]
    fn no_coupon_gives_more_in_company_than_alone_on_what_was_there(order in orders(), definitions in prop::collection::vec(plain(), 1..6)) {
        let quote = priced(&order, &offers(&definitions), &Pricing::default());
        let most: i64 = definitions.iter().map(|definition| alone(&order, definition)).sum();
        prop_assert!(quote.discount_minor <= most);
    }

    #[test]
    fn an_unrelated_line_lowers_no_others_discount(order in orders(), benefit in benefit(), price_minor in 0i64..20_000) {
        let scope = Scope { exclude: Listing { skus: ["other"].into_iter().collect(), ..Listing::default() }, ..Scope::default() };
        let definition = Definition { scope, ..Definition::new("scoped", benefit) };
        let mut more = order.clone();
        more.lines.push(Line::new("other", 1, price_minor));
        prop_assume!(!matches!(&definition.benefit, Benefit::UnitsOff { of: Some(_), .. }));
        let (one, other) = (priced(&order, &offers(std::slice::from_ref(&definition)), &Pricing::default()), priced(&more, &offers(&[definition]), &Pricing::default()));
        prop_assert_eq!(&one.lines[..], &other.lines[..order.lines.len()]);
    }

    #[test]
    fn the_goods_never_come_to_less_than_the_floor(order in orders(), definitions in definitions(1..6), floor in rate()) {
        let pricing = Pricing { floor_bp: Some(floor), ..Pricing::default() };
        let quote = priced(&order, &offers(&definitions), &pricing);
        let goods: i64 = quote.lines.iter().map(|line| line.total_minor).sum();
        prop_assert!(goods >= floor.of(quote.subtotal_minor));
    }

    #[test]
    fn an_order_has_no_more_coupons_than_it_may(order in orders(), definitions in definitions(1..7), most in 1u32..3) {
        let pricing = Pricing { coupons_max: Some(most), ..Pricing::default() };
        prop_assert!(priced(&order, &offers(&definitions), &pricing).applied.len() <= most as usize);
    }

    #[test]
    fn coupons_that_exclude_each_other_are_never_used_together(order in orders(), definitions in definitions(2..7), pricing in pricing()) {
        let quote = priced(&order, &offers(&definitions), &pricing);
        let used: Vec<&Definition> = quote.applied.iter().map(|one| &definitions[one.code]).collect();
        prop_assert!(used.len() < 2 || used.iter().all(|definition| !definition.stacking.exclusive));
        for one in &quote.applied {
            let excluded = &definitions[one.code].stacking.excludes_coupons;
            prop_assert!(quote.applied.iter().all(|other| other.code == one.code || !excluded.contains(&other.coupon)));
        }
    }

    #[test]
    fn a_lane_of_the_best_or_the_first_uses_one(order in orders(), definitions in definitions(2..7), first in prop::bool::ANY) {
        let mode = if first { Mode::First } else { Mode::Best };
        let pricing = Pricing { lanes: vec![Lane { name: "a".to_owned(), mode, coupons_max: None }], ..Pricing::default() };
        prop_assert!(priced(&order, &offers(&definitions), &pricing).applied.len() <= 1);
    }

    #[test]
    fn the_best_of_a_lane_gives_as_much_as_any_of_it(order in orders(), definitions in prop::collection::vec(plain(), 1..6)) {
        let pricing = Pricing { lanes: vec![Lane { name: "a".to_owned(), mode: Mode::Best, coupons_max: None }], ..Pricing::default() };
        let most = definitions.iter().map(|definition| alone(&order, definition)).max();
        prop_assert_eq!(Some(priced(&order, &offers(&definitions), &pricing).discount_minor), most);
    }

    #[test]
    fn the_best_deal_is_that_of_brute_force(order in orders(), definitions in definitions(1..7), pricing in pricing()) {
        let pricing = Pricing { best_deal: true, ..pricing };
        let all = offers(&definitions);
        let of_mask = |mask: u32| -> Vec<Offer> { all.iter().filter(|offer| mask >> offer.code & 1 == 1).cloned().collect() };
        let greedy = Pricing { best_deal: false, ..pricing.clone() };
        let most = (0..1u32 << all.len()).map(|mask| priced(&order, &of_mask(mask), &greedy).discount_minor).max();
        let quote = priced(&order, &all, &pricing);
        let has_choice = rejections(&priced(&order, &all, &greedy)).iter().any(|why| matches!(why, Rejection::Outbid | Rejection::NotCombinable | Rejection::TooManyCoupons));
        if has_choice {
            prop_assert_eq!(Some(quote.discount_minor), most);
        } else {
            prop_assert_eq!(quote, priced(&order, &all, &greedy));
        }
    }

    #[test]
    fn of_many_coupons_the_deal_is_no_worse_than_in_turn_and_its_gap_holds(order in orders(), benefits in prop::collection::vec(benefit(), 13..15)) {
        let exclusive = |benefit| Definition { stacking: Stacking { exclusive: true, ..Stacking::default() }, ..Definition::new("one", benefit) };
        let definitions: Vec<Definition> = benefits.into_iter().map(exclusive).collect();
        let quote = priced(&order, &offers(&definitions), &Pricing { best_deal: true, ..Pricing::default() });
        let most = definitions.iter().map(|definition| alone(&order, definition)).max().unwrap();
        prop_assert!(quote.discount_minor >= priced(&order, &offers(&definitions), &Pricing::default()).discount_minor);
        prop_assert!(quote.discount_minor + quote.gap_minor.unwrap_or(0) >= most);
    }

    #[test]
    fn units_given_free_are_no_more_than_the_offer_says(quantity in 1u32..40, price_minor in 1i64..1_000, buy in 1u32..5, get in 1u32..4) {
        let order = Order::new("EUR".parse().unwrap(), vec![Line::new("tea", quantity, price_minor)]);
        let benefit = Benefit::UnitsOff { buy, get, rate_bp: Rate::from_bp(10_000).unwrap(), pick: Pick::Cheapest, of: None, times_max: None };
        let naive = (0..quantity).filter(|unit| unit % (buy + get) >= buy).count() as i64;
        prop_assert_eq!(alone(&order, &Definition::new("units", benefit)), naive * price_minor);
    }

    #[test]
    fn one_line_of_units_and_a_line_for_each_are_given_the_same(prices in prop::collection::vec(1i64..500, 1..8), buy in 1u32..4, get in 1u32..3, cheapest in prop::bool::ANY) {
        let pick = if cheapest { Pick::Cheapest } else { Pick::Dearest };
        let benefit = Benefit::UnitsOff { buy, get, rate_bp: Rate::from_bp(10_000).unwrap(), pick, of: None, times_max: None };
        let single = prices.iter().map(|price| Line::new("tea", 1, *price)).collect();
        let mut sorted = prices.clone();
        sorted.sort_unstable();
        let merged = sorted.chunk_by(|one, other| one == other).map(|same| Line::new("tea", same.len() as u32, same[0])).collect();
        let of = |lines| alone(&Order::new("EUR".parse().unwrap(), lines), &Definition::new("units", benefit.clone()));
        prop_assert_eq!(of(single), of(merged));
    }

    #[test]
    fn a_fixed_price_never_raises_one(order in orders(), price_minor in 0i64..20_000, set_of in prop::option::of(1u32..5)) {
        let definition = Definition::new("fixed", Benefit::FixedPrice { price_minor, set_of, times_max: None });
        let quote = priced(&order, &offers(&[definition]), &Pricing::default());
        for (line, quoted) in order.lines.iter().zip(&quote.lines) {
            let at_price = price_minor * i64::from(line.quantity);
            prop_assert!(set_of.is_some() || quoted.total_minor == line.amount_minor().min(at_price));
            prop_assert!(quoted.total_minor <= line.amount_minor());
        }
    }

    #[test]
    fn free_periods_take_as_much_from_first_ones_as_from_all(order in orders(), periods in 1u32..6) {
        let of = |manner| Definition::new("periods", Benefit::FreePeriods { periods, unit: None, manner });
        prop_assert_eq!(alone(&order, &of(Manner::First)), alone(&order, &of(Manner::Spread)));
    }

    #[test]
    fn a_schedule_sums_to_its_line(order in orders(), definitions in definitions(1..6), pricing in pricing()) {
        for one in priced(&order, &offers(&definitions), &pricing).applied {
            for schedule in &one.schedules {
                let share = one.lines.iter().find(|share| share.line == schedule.line).unwrap();
                prop_assert_eq!(schedule.periods_minor.iter().sum::<i64>(), share.discount_minor);
                prop_assert_eq!(schedule.periods_minor.len(), order.lines[schedule.line].quantity as usize);
                prop_assert!(schedule.periods_minor.iter().all(|minor| *minor >= 0));
            }
        }
    }

    #[test]
    fn what_would_help_helps(order in orders(), minimum in 1i64..500_000) {
        let definition = Definition { minimum_order_minor: Some(minimum), ..Definition::new("min", Benefit::amount_off(1)) };
        let quote = priced(&order, &offers(std::slice::from_ref(&definition)), &Pricing::default());
        if let Some(domain::pricing::Help::AddMinor(minor)) = quote.refused.first().and_then(|refused| refused.help) {
            let mut more = order.clone();
            more.lines.push(Line::new("more", 1, minor));
            prop_assert_eq!(alone(&more, &definition), 1);
            more.lines.pop();
            more.lines.push(Line::new("more", 1, minor - 1));
            prop_assert_eq!(alone(&more, &definition), 0);
        }
    }

    #[test]
    fn a_ladder_gives_what_its_highest_step_gives(order in orders(), benefit in ladder()) {
        let Benefit::Ladder { by, steps } = &benefit else { unreachable!("it makes ladders") };
        let measured = match by {
            Measure::Amount => order.subtotal_minor(),
            Measure::Quantity => order.lines.iter().map(|line| i64::from(line.quantity)).sum(),
        };
        let step = steps.iter().rfind(|step| step.from <= measured);
        let goods = order.subtotal_minor();
        let expected = step.map_or(0, |step| step.rate_bp.map_or(step.amount_minor.unwrap_or(0), |rate| rate.of(goods)).min(goods));
        prop_assert_eq!(alone(&order, &Definition::new("ladder", benefit.clone())), expected);
    }

    #[test]
    fn two_codes_of_ten_percent_make_nineteen(euros in 1i64..1_000_000) {
        let order = Order::new("EUR".parse().unwrap(), vec![Line::new("thing", 1, euros * 100)]);
        let ten = || Definition::new("ten", Benefit::percent_off(Rate::from_bp(1_000).unwrap()));
        prop_assert_eq!(priced(&order, &offers(&[ten(), ten()]), &Pricing::default()).discount_minor, euros * 19);
    }

    #[test]
    fn another_currency_is_refused_as_that(order in orders(), definition in definition()) {
        let definition = Definition { currency: Some("USD".parse().unwrap()), ..definition };
        let quote = priced(&order, &offers(&[definition]), &Pricing::default());
        prop_assert_eq!(rejections(&quote), [Rejection::CurrencyMismatch]);
    }

    #[test]
    fn shipping_and_deposit_are_taken_off_only_by_what_is_on_them(order in orders(), definitions in definitions(1..6), pricing in pricing()) {
        let quote = priced(&order, &offers(&definitions), &pricing);
        for one in &quote.applied {
            let on = match &definitions[one.code].benefit {
                Benefit::PercentOff { on, .. } | Benefit::AmountOff { on, .. } => *on,
                Benefit::Ladder { .. } | Benefit::EveryOff { .. } | Benefit::FixedPrice { .. } | Benefit::UnitsOff { .. } | Benefit::Gift { .. } | Benefit::FreePeriods { .. } | Benefit::RandomAmount { .. } | Benefit::GiftValue { .. } => Target::Goods,
            };
            prop_assert!(on == Target::Shipping || one.shipping_minor == 0);
            prop_assert!(on == Target::Deposit || one.deposit_minor == 0);
            prop_assert!(on == Target::Goods || one.lines.is_empty());
        }
    }

    #[test]
    fn fees_are_never_touched(order in orders(), fee in 0i64..5_000, definitions in definitions(1..6), pricing in pricing()) {
        let with = Order { fees: vec![domain::order::Fee { name: "wrap".to_owned(), amount_minor: fee }], ..order.clone() };
        let (one, other) = (priced(&order, &offers(&definitions), &pricing), priced(&with, &offers(&definitions), &pricing));
        prop_assert_eq!(one.total_minor + fee, other.total_minor);
    }
}
