//! Gift value: balances that orders are paid with.

use domain::benefit::Benefit;
use domain::codes::{Alphabet, Pattern};
use domain::coupon::{CouponStep, Definition};
use domain::gift::{GiftAccount, GiftChange, GiftStep};
use domain::id::{CouponNo, CustomerNo, VoucherKey, VoucherKind};
use domain::ledger::{Action, Command, Outcome, RedeemRequest};
use domain::limit::{Counts, Per};
use domain::order::{Line, Order};
use domain::period::Period;
use domain::redemption::{Redemption, RedemptionState};
use domain::rejection::{Refusal, Rejection};
use domain::voucher::{Voucher, VoucherState};

use crate::asking::{MINUTE_MS, command, definition, id, limit, refusal};
use crate::world::World;

/// A gift card of 50.00.
fn card() -> Definition {
    Definition {
        pattern: Some(Pattern::new("GIFT", Alphabet::Base32, 16).unwrap()),
        ..Definition { benefit: Benefit::GiftValue { amount_minor: 5_000 }, ..definition() }
    }
}

impl World {
    /// A gift card of a customer, and its code.
    fn card(&mut self, coupon: CouponNo, customer: CustomerNo) -> (Voucher, String) {
        let voucher = self.issue(coupon, &[customer]).unwrap().remove(0);
        let code = self.code(voucher.key);
        (voucher, code)
    }

    /// An order of that id over so much, paid with these.
    fn pay(&mut self, name: &str, minor: i64, codes: &[&str]) -> Result<Redemption, Refusal> {
        let request = self.order_over(name, &[(1, minor)], codes);
        self.redeem_by(request)
    }

    fn hold(&mut self, name: &str, minor: i64, codes: &[&str]) -> Result<Redemption, Refusal> {
        let request = self.order_over(name, &[(1, minor)], codes);
        self.redeem_by(RedeemRequest { reserve_ms: Some(5 * MINUTE_MS), ..request })
    }

    fn order_over(&self, name: &str, lines: &[(u32, i64)], codes: &[&str]) -> RedeemRequest {
        let lines = lines.iter().map(|(quantity, price)| Line::new("thing", *quantity, *price)).collect();
        let order = Order { id: Some(name.to_owned()), ..Order::new("EUR".parse().unwrap(), lines) };
        RedeemRequest { order, ..self.request(name, None, codes) }
    }

    fn balance(&self, key: VoucherKey) -> (i64, i64) {
        let GiftAccount { balance_minor, held_minor, .. } = self.rows.gifts[&key];
        (balance_minor, held_minor)
    }

    fn steps(&self, key: VoucherKey) -> Vec<(GiftStep, i64)> {
        let entries = self.rows.gift_entries.iter().filter(|entry| entry.voucher == key);
        entries.map(|entry| (entry.step, entry.amount_minor)).collect()
    }

    fn change(&mut self, key: VoucherKey, is_top_up: bool, amount_minor: i64) -> Result<i64, Refusal> {
        let change = GiftChange { is_top_up, amount_minor, reason: Some("a test".to_owned()) };
        match self.ask(Action::ChangeGift { voucher: self.candidates(key), change })? {
            Outcome::Gift { account, .. } => Ok(account.balance_minor),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_card_is_used_in_parts_until_nothing_is_left_of_it() {
    let mut world = World::new();
    let (customer, coupon) = (world.customer(), world.coupon(card()));
    let (voucher, code) = world.card(coupon, customer);
    let first = world.pay("a", 3_000, &[&code]).unwrap();
    assert_eq!((first.discount_minor, first.total_minor, first.payable_minor()), (0, 3_000, 0));
    assert_eq!(world.rows.vouchers[&voucher.key].state, VoucherState::Issued, "it stays usable");
    let second = world.pay("b", 3_000, &[&code]).unwrap();
    assert_eq!((second.payments[0].amount_minor, second.payable_minor()), (2_000, 1_000));
    assert_eq!(refusal(world.pay("c", 3_000, &[&code])), Rejection::BalanceEmpty);
    assert_eq!(
        world.steps(voucher.key),
        [(GiftStep::Issued, 5_000), (GiftStep::Spent, -3_000), (GiftStep::Spent, -2_000)]
    );
    assert_eq!(world.rows.statistics[&coupon].redeemed, 2);
    assert_eq!(world.rows.statistics[&coupon].value_given_minor, 0, "it is no discount");
}

#[test]
fn it_pays_after_every_discount_with_the_card_that_ends_first_and_the_expected_total_is_before_it() {
    let mut world = World::new();
    let customer = world.customer();
    let until = |text: &str| Definition {
        validity: domain::validity::Validity { until: Some(text.parse().unwrap()), ..Default::default() },
        pattern: Some(Pattern::new(&format!("G{}", &text[..4]), Alphabet::Base32, 15).unwrap()),
        ..card()
    };
    let late = world.coupon(until("2031-01-01T00:00:00Z"));
    let soon = world.coupon(until("2030-01-01T00:00:00Z"));
    world.coupon(Definition { code: Some("FIVE".to_owned()), ..definition() });
    let ((late, late_code), (soon, soon_code)) = (world.card(late, customer), world.card(soon, customer));
    let request = world.order_over("a", &[(1, 8_500)], &[&late_code, &soon_code, "FIVE"]);
    let other = RedeemRequest { expected_total_minor: Some(0), ..request.clone() };
    assert_eq!(refusal(world.redeem_by(other)), Rejection::TotalDiffers);
    let quote = world.quote(&request);
    let paid: Vec<_> = quote.payments.iter().map(|one| (one.voucher, one.amount_minor, one.left_minor)).collect();
    assert_eq!(paid, [(soon.key, 5_000, 0), (late.key, 3_000, 2_000)]);
    let done = world.redeem_by(RedeemRequest { expected_total_minor: Some(8_000), ..request }).unwrap();
    assert_eq!((done.total_minor, done.payable_minor()), (8_000, 0));
    assert_eq!((world.balance(soon.key), world.balance(late.key)), ((0, 0), (2_000, 0)));
}

#[test]
fn two_cards_of_one_coupon_pay_together_and_the_same_card_does_not_pay_twice() {
    let mut world = World::new();
    let (customer, coupon) = (world.customer(), world.coupon(card()));
    let ((_, one), (_, other)) = (world.card(coupon, customer), world.card(coupon, customer));
    assert_eq!(refusal(world.pay("a", 9_000, &[&one, &one])), Rejection::CouponRepeated);
    assert_eq!(world.pay("b", 9_000, &[&one, &other]).unwrap().payments.len(), 2);
    assert_eq!(refusal(world.pay("c", 9_000, &[&other, &one])), Rejection::BalanceEmpty);
}

#[test]
fn a_reservation_holds_the_amount_and_confirm_spends_it_and_cancel_and_time_let_it_go() {
    let mut world = World::new();
    let (customer, coupon) = (world.customer(), world.coupon(card()));
    let (voucher, code) = world.card(coupon, customer);
    world.hold("a", 3_000, &[&code]).unwrap();
    assert_eq!(world.balance(voucher.key), (5_000, 3_000));
    assert_eq!(world.pay("b", 3_000, &[&code]).unwrap().payments[0].amount_minor, 2_000, "only what is not held");
    assert_eq!(refusal(world.revoke(voucher.key)), Rejection::VoucherLocked);
    world.confirm("a").unwrap();
    assert_eq!(world.balance(voucher.key), (0, 0));
    world.change(voucher.key, true, 1_000).unwrap();
    world.hold("c", 500, &[&code]).unwrap();
    world.cancel("c").unwrap();
    world.hold("d", 1_000, &[&code]).unwrap();
    assert_eq!(refusal(world.pay("e", 1_000, &[&code])), Rejection::BalanceEmpty);
    world.later_ms(5 * MINUTE_MS);
    assert_eq!(world.pay("f", 1_000, &[&code]).unwrap().payable_minor(), 0, "without a sweep");
    assert_eq!(refusal(world.confirm("d")), Rejection::RedemptionExpired);
    assert_eq!(world.balance(voucher.key), (0, 0));
}

#[test]
fn parts_that_are_returned_give_back_their_share_and_all_of_it_exactly_what_was_paid() {
    let mut world = World::new();
    let (customer, coupon) = (world.customer(), world.coupon(card()));
    let (voucher, code) = world.card(coupon, customer);
    let mut request = world.order_over("a", &[(3, 1_000), (1, 5_000)], &[&code]);
    request.order.shipping_minor = 2_000;
    // Of 50.00 on 30.00, 50.00 and 20.00 fall 15.00, 25.00 and 10.00.
    let paid = world.redeem_by(request).unwrap();
    assert_eq!(paid.payments[0].lines_minor, [1_500, 2_500]);
    for (lines, balance_minor) in [(&[(0, 1)][..], 500), (&[(0, 2)], 1_500)] {
        world.give_back("a", Some(lines)).unwrap();
        assert_eq!(world.balance(voucher.key).0, balance_minor);
    }
    let whole = world.give_back("a", None).unwrap();
    assert_eq!((whole.state, whole.payments[0].returned_minor), (RedemptionState::Returned, 5_000));
    assert_eq!(world.balance(voucher.key), (5_000, 0), "shipping comes back with the last line");
    world.give_back("a", None).unwrap();
    assert_eq!(world.balance(voucher.key), (5_000, 0), "once");
}

#[test]
fn an_amended_order_pays_anew_with_what_came_back() {
    let mut world = World::new();
    let (customer, coupon) = (world.customer(), world.coupon(card()));
    let (voucher, code) = world.card(coupon, customer);
    world.pay("a", 5_000, &[&code]).unwrap();
    let request = Box::new(RedeemRequest { id: id("b"), ..world.order_over("a", &[(1, 2_000)], &[&code]) });
    let amended = world.ask(Action::Amend { redemption: id("a"), request }).unwrap();
    assert!(matches!(amended, Outcome::Redemption(one) if one.payments[0].amount_minor == 2_000));
    assert_eq!(world.balance(voucher.key), (3_000, 0));
}

#[test]
fn a_balance_is_changed_by_hand_within_what_is_not_held_and_of_gift_value_only() {
    let mut world = World::new();
    let (customer, coupon) = (world.customer(), world.coupon(card()));
    let (voucher, code) = world.card(coupon, customer);
    world.hold("a", 1_000, &[&code]).unwrap();
    assert_eq!(refusal(world.change(voucher.key, false, -4_001)), Rejection::BalanceOutOfBounds);
    assert_eq!(world.change(voucher.key, false, -4_000).unwrap(), 1_000);
    assert_eq!(world.change(voucher.key, true, 250).unwrap(), 1_250);
    let most = domain::money::AMOUNT_MINOR_MAX;
    assert_eq!(refusal(world.change(voucher.key, true, most)), Rejection::BalanceOutOfBounds);
    let other = world.coupon(definition());
    let other = world.claim(customer, other).unwrap();
    assert_eq!(refusal(world.change(other.key, true, 1)), Rejection::NoStoredValue);
    let audited: Vec<_> = world.rows.audits.iter().map(|entry| entry.action.as_str()).collect();
    assert!(audited.ends_with(&["voucher.adjust", "voucher.top_up"]) || audited.contains(&"voucher.adjust"));
}

#[test]
fn what_is_issued_and_topped_up_counts_against_a_budget_and_what_is_spent_does_not() {
    let mut world = World::new();
    let budget = limit(Counts::Value, Per::Everyone, Period::Ever, 12_000);
    let (customer, coupon) = (world.customer(), world.coupon(Definition { limits: vec![budget.clone()], ..card() }));
    let (voucher, code) = world.card(coupon, customer);
    world.pay("a", 5_000, &[&code]).unwrap();
    assert_eq!(world.usage(coupon, &budget), (5_000, 0));
    world.change(voucher.key, true, 2_000).unwrap();
    world.change(voucher.key, false, 100).unwrap();
    assert_eq!(world.usage(coupon, &budget), (7_000, 0));
    let full = Rejection::Limit { counts: Counts::Value, per: Per::Everyone, period: Period::Ever };
    assert_eq!(refusal(world.change(voucher.key, true, 5_001)), full);
    assert_eq!(refusal(world.block(coupon, 2)), full);
    world.block(coupon, 1).unwrap();
    assert_eq!(world.usage(coupon, &budget), (12_000, 0));
    assert_eq!(refusal(world.issue(coupon, &[customer])), full);
    world.revoke(voucher.key).unwrap();
    assert_eq!(world.usage(coupon, &budget), (12_000, 0), "what was sold stays counted");
}

#[test]
fn a_card_in_print_is_worth_its_amount_once_and_ends_with_its_block() {
    let mut world = World::new();
    let coupon = world.coupon(card());
    let block = world.block(coupon, 5).unwrap();
    let key = VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal: 0 };
    let code = world.code(key);
    assert_eq!(world.quote(&world.order_over("q", &[(1, 800)], &[&code])).payments[0].left_minor, 4_200);
    assert!(world.rows.gifts.is_empty() && world.rows.vouchers.is_empty(), "a quote writes nothing");
    world.hold("a", 800, &[&code]).unwrap();
    world.cancel("a").unwrap();
    world.pay("b", 800, &[&code]).unwrap();
    assert_eq!(world.steps(key), [(GiftStep::Issued, 5_000), (GiftStep::Spent, -800)]);
    let block = domain::ledger::BlockKey { coupon, first: block.first };
    world.ask(Action::RevokeBlock { block }).unwrap();
    assert_eq!(refusal(world.pay("c", 800, &[&code])), Rejection::VoucherRevoked);
}

#[test]
fn a_card_that_is_taken_away_loses_what_is_left_and_its_coupon_cannot_change_its_value() {
    let mut world = World::new();
    let (customer, coupon) = (world.customer(), world.coupon(card()));
    let (voucher, code) = world.card(coupon, customer);
    world.pay("a", 2_000, &[&code]).unwrap();
    world.revoke(voucher.key).unwrap();
    assert_eq!(world.steps(voucher.key).last(), Some(&(GiftStep::Revoked, -3_000)));
    assert_eq!(refusal(world.change(voucher.key, true, 1)), Rejection::VoucherRevoked);
    world.give_back("a", None).unwrap();
    assert_eq!(world.balance(voucher.key), (2_000, 0), "what is recorded comes back");
    assert_eq!(refusal(world.pay("b", 1_000, &[&code])), Rejection::VoucherRevoked);
    let other = world.update(coupon, |definition| definition.benefit = Benefit::GiftValue { amount_minor: 9_000 });
    assert_eq!(refusal(other), Rejection::TransitionIllegal);
    let (_, second) = world.card(coupon, customer);
    world.step(coupon, CouponStep::Abort).unwrap();
    assert_eq!(refusal(world.pay("c", 1_000, &[&second])), Rejection::CouponAborted);
}

#[test]
fn a_repeated_key_pays_and_tops_up_once_and_answers_the_same() {
    let mut world = World::new();
    let (customer, coupon) = (world.customer(), world.coupon(card()));
    let (voucher, code) = world.card(coupon, customer);
    let request = world.order_over("a", &[(1, 3_000)], &[&code]);
    let change = GiftChange { is_top_up: true, amount_minor: 700, reason: None };
    let top_up = Action::ChangeGift { voucher: world.candidates(voucher.key), change };
    for (key, action) in [(1, Action::Redeem(Box::new(request))), (2, top_up)] {
        let command = Command { key: Some([key; 16]), ..command(action) };
        let first = world.batch(std::slice::from_ref(&command)).remove(0).unwrap();
        let again = world.batch(&[command.clone(), command]);
        for again in again {
            let again = again.unwrap();
            assert!(again.replayed);
            assert_eq!(again.outcome, first.outcome);
        }
    }
    assert_eq!(world.balance(voucher.key), (2_700, 0));
}

#[test]
fn gift_value_pays_what_no_discount_may_touch_and_is_judged_by_minimum_and_currency() {
    let mut world = World::new();
    let customer = world.customer();
    let mut settings = domain::tenant::Settings::clone(&world.settings);
    settings.pricing.exclusions = serde_json::from_str(r#"{"skus":["thing"]}"#).unwrap();
    world.settings = settings.into();
    let coupon = world.coupon(Definition { minimum_order_minor: Some(1_000), ..card() });
    let (_, code) = world.card(coupon, customer);
    assert_eq!(refusal(world.pay("a", 999, &[&code])), Rejection::BelowMinimum);
    let mut dollars = world.order_over("b", &[(1, 2_000)], &[&code]);
    dollars.order.currency = "USD".parse().unwrap();
    assert_eq!(refusal(world.redeem_by(dollars)), Rejection::CurrencyMismatch);
    assert_eq!(world.pay("c", 1_000, &[&code]).unwrap().payable_minor(), 0);
}
