//! A day of a shop: everything that writes, some of it under a key, some together.

use domain::coupon::{CouponStep, Definition};
use domain::customer::CustomerProfile;
use domain::event::Actor;
use domain::id::{ApiKeyId, CouponId, CouponNo, CustomerId, CustomerNo, FIRST_TENANT};
use domain::ledger::{Action, Outcome, RedeemRequest, Start};
use domain::limit::Per;
use domain::redemption::RedemptionId;
use domain::voucher::Voucher;
use ports::{Access, Clock, Ledger, Scopes};

use super::caller::{Caller, Stopped};
use super::promises::{COPY, SECRET, Told};
use crate::support::{claim, held, limit, new_id, order, ten_percent};

/// The first coupon, of which there are so many.
pub const TEA: CouponNo = CouponNo(1);
pub const STOCK: i64 = 8;

pub async fn day(caller: &mut Caller) -> Result<(), Stopped> {
    caller.open().await?;
    let customers = [customer(caller).await?, customer(caller).await?, customer(caller).await?];
    let tea =
        coupon(caller, Definition { limits: vec![limit("stock", Per::Everyone, STOCK)], ..ten_percent() }).await?;
    let cake = held(Definition { limits: vec![limit("stock", Per::Everyone, 20)], ..ten_percent() });
    let cake = coupon(caller, cake).await?;
    let vouchers = claims(caller, customers, (tea, cake)).await?;
    redemptions(caller, &vouchers).await?;
    erasure(caller).await?;
    caller.ask(claim(customers[0], tea)).await?;
    deadlines(caller).await?;
    key(caller).await?;
    let copy = caller.path(COPY);
    caller.task(Told::Backup, async |store| store.backup(copy.clone()).await).await?;
    caller.ask(claim(customers[1], tea)).await?;
    caller.close().await;
    caller.open().await?;
    caller.ask(claim(customers[2], tea)).await?;
    // In how many batches is chance, so this comes last.
    caller.ask_all(customers.map(|customer| claim(customer, cake)).to_vec()).await?;
    caller.close().await;
    Ok(())
}

async fn customer(caller: &mut Caller) -> Result<CustomerNo, Stopped> {
    let profile = CustomerProfile { email: Some("ann@example.com".to_owned()), ..CustomerProfile::default() };
    let made = caller.ask(Action::CreateCustomer { id: CustomerId(new_id()), profile: Box::new(profile) }).await?;
    let Outcome::Customer(no) = made else { panic!("not a customer: {made:?}") };
    Ok(no)
}

async fn coupon(caller: &mut Caller, definition: Definition) -> Result<CouponNo, Stopped> {
    let (id, definition, start) = (CouponId(new_id()), Box::new(definition), Start::Draft);
    let made = caller.ask(Action::CreateCoupon { id, definition, code: None, start }).await?;
    let Outcome::Coupon { no, .. } = made else { panic!("not a coupon: {made:?}") };
    caller.ask_once(Action::MoveCoupon { coupon: no, step: CouponStep::Activate }).await?;
    Ok(no)
}

/// Three vouchers of the first coupon, and some of the second that are held.
async fn claims(
    caller: &mut Caller,
    customers: [CustomerNo; 3],
    (tea, cake): (CouponNo, CouponNo),
) -> Result<Vec<Voucher>, Stopped> {
    let mut vouchers = Vec::new();
    for (customer, has_key) in customers.into_iter().zip([true, false, true]) {
        let action = claim(customer, tea);
        let claimed = if has_key { caller.ask(action).await? } else { caller.ask_once(action).await? };
        let Outcome::Vouchers(claimed) = claimed else { panic!("not vouchers: {claimed:?}") };
        vouchers.extend(claimed);
    }
    caller.ask(claim(customers[0], cake)).await?;
    caller.ask_once(claim(customers[1], cake)).await?;
    Ok(vouchers)
}

fn id(text: &str) -> RedemptionId {
    RedemptionId::parse(text).expect("an id")
}

/// Used at once and returned, reserved and confirmed, reserved and cancelled, and reserved for a minute.
async fn redemptions(caller: &mut Caller, vouchers: &[Voucher]) -> Result<(), Stopped> {
    let request = |caller: &Caller, name: &str, voucher: &Voucher, reserve_ms| {
        let codes = vec![caller.reading(voucher)];
        let (order, customer) = (order(&format!("order of {name}")), voucher.customer);
        let request = RedeemRequest { id: id(name), customer, order, codes, expected_total_minor: None, reserve_ms };
        Action::Redeem(Box::new(request))
    };
    let used = request(caller, "used", &vouchers[0], None);
    caller.ask_once(used).await?;
    caller.ask(Action::Return { redemption: id("used"), lines: None }).await?;
    let confirmed = request(caller, "confirmed", &vouchers[1], Some(30_000));
    caller.ask(confirmed).await?;
    caller.ask_once(Action::Confirm { redemption: id("confirmed") }).await?;
    let cancelled = request(caller, "cancelled", &vouchers[0], Some(30_000));
    caller.ask_once(cancelled).await?;
    caller.ask(Action::Cancel { redemption: id("cancelled") }).await?;
    let left = request(caller, "left", &vouchers[2], Some(30_000));
    caller.ask_once(left).await?;
    Ok(())
}

/// What is erased is gone from the log, too: a checkpoint that empties it.
async fn erasure(caller: &mut Caller) -> Result<(), Stopped> {
    let customer = customer(caller).await?;
    caller.ask(Action::EraseCustomer { customer }).await?;
    Ok(())
}

/// Two holds and a reservation run out.
async fn deadlines(caller: &mut Caller) -> Result<(), Stopped> {
    caller.clock.advance(60_000);
    let left = caller.task(Told::Nothing, async |store| {
        store.sweep(10).await?;
        store.sweep(10).await
    });
    assert_eq!(left.await?, 0, "everything that is due was written down");
    Ok(())
}

async fn key(caller: &mut Caller) -> Result<(), Stopped> {
    let id = ApiKeyId(new_id());
    let named = ("till".to_owned(), Scopes::SERVER);
    let make = async |store: &sqlite::SqliteStore| {
        store.create_api_key((FIRST_TENANT, Actor::Operator), id, named.clone(), SECRET).await
    };
    caller.task(Told::ApiKey, make).await?;
    Ok(())
}
