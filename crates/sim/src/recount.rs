//! The end of a simulation: every voucher, redemption, balance, list and figure of the store against the model.

use anyhow::ensure;
use domain::gift::GiftStep;
use domain::id::FIRST_TENANT;
use domain::redemption::RedemptionId;
use domain::time::Timestamp;
use domain::voucher::VoucherState;
use ports::{Ledger as _, PageRequest, Records as _, SegmentStore as _, VoucherFilter};

use crate::driver::{Driver, coupon_no, customer_no};
use crate::model::{Model, Voucher};
use crate::script::CUSTOMERS;

pub(crate) async fn recount(driver: &Driver) -> anyhow::Result<()> {
    while driver.store.sweep(100).await? == 100 {}
    let mut model = driver.model.clone();
    model.end_what_is_due(driver.now_ms());
    vouchers(driver, &model).await?;
    redemptions(driver, &model).await?;
    balances(driver, &model).await?;
    lists(driver, &model).await?;
    figures(driver, &model).await
}

async fn vouchers(driver: &Driver, model: &Model) -> anyhow::Result<()> {
    let now = Timestamp::from_ms(driver.now_ms());
    let (mut after, mut seen) = (None, 0);
    loop {
        let page = PageRequest { limit: 7, after };
        let page = driver.store.vouchers(FIRST_TENANT, VoucherFilter::default(), page).await?;
        for voucher in page.items {
            seen += 1;
            let place = driver.keys.iter().position(|key| key.is_some_and(|(key, _)| key == voucher.key));
            let Some(place) = place else { anyhow::bail!("a voucher nobody asked for: {voucher:?}") };
            let expected = &model.vouchers[place];
            ensure!(
                voucher.state_at(now) == expected.state
                    && voucher.amount_minor == expected.drawn_minor
                    && voucher.customer == expected.customer.map(customer_no)
                    && voucher.key.coupon == coupon_no(expected.coupon),
                "voucher {place} should be {expected:?}, is {voucher:?}"
            );
        }
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    ensure!(seen == model.vouchers.len(), "{seen} vouchers in the store, {} expected", model.vouchers.len());
    Ok(())
}

async fn redemptions(driver: &Driver, model: &Model) -> anyhow::Result<()> {
    for (id, expected) in &model.redemptions {
        let real = driver.store.redemption(FIRST_TENANT, &RedemptionId::parse(id.as_str())?).await?;
        let Some(real) = real else { anyhow::bail!("redemption {id} is missing") };
        ensure!(
            real.state == expected.state
                && real.discount_minor == expected.discount_minor
                && real.returned_minor() == expected.returned_minor()
                && driver.are_same(&expected.payments(), &real.payments),
            "redemption {id} should be {expected:?}, is {real:?}"
        );
    }
    Ok(())
}

/// Every balance and every entry of it, also as they are by themselves: the sum of what came before, never below zero, and no
/// more paid than was put in.
async fn balances(driver: &Driver, model: &Model) -> anyhow::Result<()> {
    for place in (0..model.vouchers.len()).filter(|place| model.value_of(model.vouchers[*place].coupon).is_some()) {
        let Some((key, _)) = driver.keys[place] else { anyhow::bail!("card {place} was not told of") };
        let page = PageRequest { limit: 1_000, after: None };
        let mut entries = driver.store.gift_entries(FIRST_TENANT, key, page).await?.items;
        entries.reverse();
        let (mut sum, mut put_in, mut paid) = (0, 0, 0);
        for entry in &entries {
            sum += entry.amount_minor;
            match entry.step {
                GiftStep::Spent | GiftStep::GivenBack => paid -= entry.amount_minor,
                GiftStep::Issued | GiftStep::ToppedUp | GiftStep::Adjusted => put_in += entry.amount_minor,
                GiftStep::Revoked | GiftStep::Held | GiftStep::Released => {}
            }
            let is_sound = entry.balance_minor == sum && sum >= 0 && (0..=put_in).contains(&paid);
            ensure!(is_sound, "card {place} has an unsound entry {entry:?} among {entries:?}");
        }
        let account = driver.store.gift_accounts(FIRST_TENANT, &[key]).await?.remove(0);
        let real = account.map(|account| (account.balance_minor, account.held_minor));
        let written: Vec<_> = entries.iter().map(|entry| (entry.step, entry.amount_minor)).collect();
        let expected = &model.vouchers[place].entries;
        ensure!(
            written == *expected && real == Some((sum, model.held_minor(place))),
            "card {place} should have {expected:?}, has {written:?} and {real:?}"
        );
    }
    Ok(())
}

async fn lists(driver: &Driver, model: &Model) -> anyhow::Result<()> {
    for customer in 0..CUSTOMERS {
        let standing = model.people.standing(customer);
        let real = driver.store.memberships(FIRST_TENANT, customer_no(customer)).await?;
        let expected = model.people.is_listed(standing);
        ensure!(real.len() == usize::from(expected), "customer {customer} is listed: {expected}, and in {real:?}");
    }
    Ok(())
}

async fn figures(driver: &Driver, model: &Model) -> anyhow::Result<()> {
    for (place, coupon) in model.coupons.iter().enumerate() {
        let count = |state| {
            // What ends by its validity ends by itself, and is not counted.
            let ended_by_hand = |one: &&Voucher| state != VoucherState::Expired || one.held_until_ms.is_some();
            let is_so = |one: &&Voucher| one.coupon == place && one.state == state && ended_by_hand(one);
            let count = model.vouchers.iter().filter(is_so).count();
            i64::try_from(count).expect("a small world")
        };
        let real = driver.store.figures(FIRST_TENANT, coupon_no(place)).await?.statistics;
        let [issued, redeemed, returned, value] = coupon.figures;
        let expected = [
            issued,
            redeemed,
            returned,
            value,
            count(VoucherState::Held),
            count(VoucherState::Locked),
            count(VoucherState::Expired),
            count(VoucherState::Revoked),
        ];
        let real = [
            real.issued,
            real.redeemed,
            real.returned,
            real.value_given_minor,
            real.held,
            real.locked,
            real.expired,
            real.revoked,
        ];
        ensure!(real == expected, "figures of coupon {place} should be {expected:?}, are {real:?}");
    }
    Ok(())
}
