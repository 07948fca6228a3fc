//! Gift value: balances that are spent in parts, by many at once.

use domain::benefit::Benefit;
use domain::codes::{Alphabet, Pattern};
use domain::gift::{GiftChange, GiftEntry, GiftStep};
use domain::id::CustomerNo;
use domain::ledger::{Action, Outcome, RedeemRequest};
use domain::redemption::Redemption;
use domain::rejection::Rejection;
use domain::voucher::Voucher;

use super::crowd::Told;
use super::orders::{RESERVE_MS, order};
use super::specs::CouponSpec;
use super::world::{TENANT, World, fresh_key, named};
use super::{Harness, check_sound};
use crate::PageRequest;

/// A voucher of gift value with its code.
struct Card {
    voucher: Voucher,
    code: String,
}

impl Card {
    /// A card of so much.
    async fn of(world: &World, amount_minor: i64) -> Self {
        let mut spec = CouponSpec::new();
        let number = world.now().as_ms().unsigned_abs();
        let prefix = format!("GIFT{number}-{amount_minor}");
        spec.definition.pattern = Some(Pattern::new(&prefix, Alphabet::Base32, 16).expect("a pattern"));
        spec.definition.benefit = Benefit::GiftValue { amount_minor };
        let (coupon, customer): (_, CustomerNo) = (world.coupon(spec).await, world.customer().await);
        let voucher = world.issue(coupon, &[customer]).await.expect("a card is issued").remove(0);
        let code = world.code_of(&voucher).await;
        Self { voucher, code }
    }

    fn request(&self, world: &World, amount_minor: i64) -> RedeemRequest {
        world.request_for(order(&[(1, amount_minor)]), &[&self.code])
    }

    async fn balance(&self, world: &World) -> (i64, i64) {
        let accounts = world.store.gift_accounts(TENANT, &[self.voucher.key]).await.expect("balances can be read");
        let account = accounts[0].as_ref().expect("it has an account");
        (account.balance_minor, account.held_minor)
    }

    /// All entries, page by page, the oldest first.
    async fn entries(&self, world: &World) -> Vec<GiftEntry> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let page = PageRequest { limit: 7, after };
            let page = world.store.gift_entries(TENANT, self.voucher.key, page).await.expect("entries can be read");
            all.extend(page.items);
            after = page.next;
            if after.is_none() {
                all.reverse();
                return all;
            }
        }
    }

    fn top_up(&self, amount_minor: i64) -> Action {
        let change = GiftChange { is_top_up: true, amount_minor, reason: None };
        Action::ChangeGift { voucher: named(&self.voucher), change }
    }
}

fn paid_minor(redemptions: &[Told<Redemption>]) -> i64 {
    let done = redemptions.iter().filter_map(|told| told.as_ref().ok());
    done.flat_map(|redemption| &redemption.payments).map(|paid| paid.amount_minor).sum()
}

/// Two tills, and then forty, at once, some in two steps: what is paid and what is left come to what there was.
pub async fn race_20_a_gift_balance_spent_from_two_tills_at_once_is_never_below_zero_and_nothing_is_lost(
    harness: &mut dyn Harness,
) {
    let world = World::of(harness);
    for (tills, each_minor) in [(2, 4_000), (40, 300)] {
        let card = Card::of(&world, 5_000 + i64::from(each_minor == 300)).await;
        let whole_minor = card.balance(&world).await.0;
        let pay = |world: World, index: usize| {
            let reserve_ms = (index % 2 == 1).then_some(RESERVE_MS);
            let request = RedeemRequest { reserve_ms, ..card.request(&world, each_minor) };
            async move { world.redeem(request).await }
        };
        let told = world.all_at_once(tills, pay).await;
        let refusals = told.iter().filter_map(|told| told.as_ref().err());
        assert!(refusals.copied().all(|refusal| refusal == Rejection::BalanceEmpty), "{told:?}");
        assert_eq!(paid_minor(&told), whole_minor, "all of it was spent, and no more");
        for pending in told.iter().flatten().filter(|one| one.deadline.is_some()) {
            world.confirm(&pending.id).await.expect("what is held is there");
        }
        assert_eq!(card.balance(&world).await, (0, 0));
        let entries = card.entries(&world).await;
        assert_eq!(entries.iter().map(|entry| entry.amount_minor).sum::<i64>(), 0);
        assert!(entries.iter().all(|entry| entry.balance_minor >= 0));
    }
    check_sound(harness).await;
}

pub async fn race_20_a_spend_racing_a_return_and_a_top_up_loses_neither(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let card = Card::of(&world, 10_000).await;
    let mut spent = Vec::new();
    for _ in 0..10 {
        spent.push(world.redeem(card.request(&world, 500)).await.expect("there is enough").id);
    }
    let act = |world: World, index: usize| {
        let (request, top_up, id) = (card.request(&world, 400), card.top_up(50), spent[index / 3].clone());
        async move {
            match index % 3 {
                0 => drop(world.redeem(request).await.expect("there is enough")),
                1 => drop(world.give_back(&id).await.expect("it can be returned")),
                _ => drop(world.ask(top_up).await.expect("it can be topped up")),
            }
        }
    };
    world.all_at_once(30, act).await;
    // 100.00 less ten times 5.00, which came back, less ten times 4.00, and ten times 0.50.
    assert_eq!(card.balance(&world).await, (10_000 - 4_000 + 500, 0));
    let steps = card.entries(&world).await;
    for (step, count) in [(GiftStep::Spent, 20), (GiftStep::GivenBack, 10), (GiftStep::ToppedUp, 10)] {
        assert_eq!(steps.iter().filter(|entry| entry.step == step).count(), count, "{step:?}");
    }
    check_sound(harness).await;
}

pub async fn race_20_a_repeated_key_spends_and_tops_up_once_also_over_a_crash(harness: &mut dyn Harness) {
    let (card, spend, top_up, keys) = {
        let world = World::of(harness);
        let card = Card::of(&world, 5_000).await;
        let (spend, top_up) = (Action::Redeem(Box::new(card.request(&world, 1_000))), card.top_up(300));
        (card, spend, top_up, [fresh_key(), fresh_key()])
    };
    let mut answers = Vec::new();
    for _ in 0..2 {
        let world = World::of(harness);
        let ask = |world: World, index: usize| {
            let action = [&spend, &top_up][index % 2].clone();
            let key = keys[index % 2];
            async move { (index % 2, world.ask_under(Some(key), action).await.expect("it is done").outcome) }
        };
        answers.extend(world.all_at_once(10, ask).await);
        drop(world);
        harness.crash().await;
    }
    let world = World::of(harness);
    assert_eq!(card.balance(&world).await, (4_300, 0));
    for which in [0, 1] {
        let mut of = answers.iter().filter(|(index, _)| *index == which).map(|(_, outcome)| outcome);
        let first = of.next().expect("it was asked");
        assert!(of.all(|outcome| outcome == first), "the same answer");
    }
    let paid = answers.iter().find_map(|(_, outcome)| match outcome {
        Outcome::Redemption(redemption) => Some(redemption.payments.clone()),
        _ => None,
    });
    assert_eq!(paid.expect("one was a redemption").len(), 1, "a kept answer says what was paid");
    check_sound(harness).await;
}

pub async fn a_reservation_that_runs_out_lets_go_of_what_it_held_without_a_sweep(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let card = Card::of(&world, 5_000).await;
    world.reserve(card.request(&world, 5_000)).await.expect("there is enough");
    assert_eq!(world.redeem(card.request(&world, 100)).await, Err(Rejection::BalanceEmpty));
    world.wait(RESERVE_MS);
    world.redeem(card.request(&world, 100)).await.expect("it is free again");
    assert_eq!(card.balance(&world).await, (4_900, 0));
    check_sound(harness).await;
}
