//! The end of a simulation: every voucher, redemption and figure of the store against the model.

use anyhow::ensure;
use domain::id::FIRST_TENANT;
use domain::redemption::RedemptionId;
use domain::time::Timestamp;
use domain::voucher::VoucherState;
use ports::{Ledger as _, PageRequest, Records as _, VoucherFilter};

use crate::driver::{Driver, coupon_no, customer_no};

pub(crate) async fn recount(driver: &Driver) -> anyhow::Result<()> {
    while driver.store.sweep(100).await? == 100 {}
    let mut model = driver.model.clone();
    model.end_what_is_due(driver.now_ms());
    vouchers(driver, &model).await?;
    redemptions(driver, &model).await?;
    figures(driver, &model).await
}

async fn vouchers(driver: &Driver, model: &crate::model::Model) -> anyhow::Result<()> {
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

async fn redemptions(driver: &Driver, model: &crate::model::Model) -> anyhow::Result<()> {
    for (id, expected) in &model.redemptions {
        let real = driver.store.redemption(FIRST_TENANT, &RedemptionId::parse(id.as_str())?).await?;
        let Some(real) = real else { anyhow::bail!("redemption {id} is missing") };
        let returned: i64 = expected.parts.iter().map(|part| part.returned_minor).sum();
        ensure!(
            real.state == expected.state
                && real.discount_minor == expected.discount_minor
                && real.returned_minor() == returned,
            "redemption {id} should be {expected:?}, is {real:?}"
        );
    }
    Ok(())
}

async fn figures(driver: &Driver, model: &crate::model::Model) -> anyhow::Result<()> {
    for (place, coupon) in model.coupons.iter().enumerate() {
        let count = |state| {
            let count = model.vouchers.iter().filter(|one| one.coupon == place && one.state == state).count();
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
