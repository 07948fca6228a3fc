//! Who buys, as far as conditions ask and the order does not say: the age, the segments that are stored here, and the orders
//! that were redeemed here. It is put into the order before the price, so that it is recorded and replays as it counted.

use std::borrow::Cow;

use super::Stop;
use super::decide::Context;
use super::facts::Facts;
use super::persons::{all, person_of, standing};
use crate::id::CustomerNo;
use crate::money::Currency;
use crate::order::{Order, Shopper};
use crate::rule::{Asks, Inputs};

/// The order with what the conditions of the coupons in play ask for. What the order itself says of age, orders and spending
/// counts as it is; its segments are joined by those stored here.
pub(super) fn order_of<'o>(
    facts: &Facts,
    context: Context,
    (order, customer): (&'o Order, Option<CustomerNo>),
    mut asks: Asks,
) -> Result<Cow<'o, Order>, Stop> {
    let Some(customer) = customer else { return Ok(Cow::Borrowed(order)) };
    if !asks.of_customer() {
        return Ok(Cow::Borrowed(order));
    }
    let customer = standing(facts, customer)?;
    if asks.segments {
        facts.memberships.ask(&customer);
        asks = asks.or(&facts.segments.asks(&facts.settings.attributes));
    }
    let mut order = order.clone();
    let mut shopper = order.customer.take().unwrap_or_default();
    if asks.age && shopper.age.is_none() {
        shopper.age = age_of(facts, context, customer)?;
    }
    fill_history(facts, customer, (&asks, order.currency), &mut shopper)?;
    order.customer = Some(shopper);
    if asks.segments {
        let names = segments_of(facts, context, customer, &order)?;
        let segments = &mut order.customer.get_or_insert_default().segments;
        segments.extend(names);
        segments.sort_unstable();
        segments.dedup();
    }
    // Nothing known is as if nothing was said.
    order.customer = order.customer.filter(|shopper| *shopper != Shopper::default());
    Ok(Cow::Owned(order))
}

/// Of whom a date of birth is known.
fn age_of(facts: &Facts, context: Context, customer: CustomerNo) -> Result<Option<u8>, Stop> {
    let customer = facts.customers.get(&customer)?;
    let years = customer.and_then(|customer| customer.profile.age_at(context.now, &facts.settings.zone));
    Ok(years.and_then(|years| u8::try_from(years).ok()))
}

fn fill_history(
    facts: &Facts,
    customer: CustomerNo,
    (asks, currency): (&Asks, Currency),
    shopper: &mut Shopper,
) -> Result<(), Stop> {
    let (orders, spent) = (asks.orders && shopper.orders.is_none(), asks.spent && shopper.spent_minor.is_none());
    if !orders && !spent {
        return Ok(());
    }
    let person = person_of(facts, customer)?;
    let others = facts.members.get(&person)?.cloned().unwrap_or_default();
    let members = [person].into_iter().chain(others);
    let histories = all(members.map(|member| facts.histories.get(&member)))?;
    if orders {
        let sum = histories.iter().flatten().fold(0, |sum: u32, history| sum.saturating_add(history.orders));
        shopper.orders = Some(sum);
    }
    if spent {
        let of_each = histories.iter().flatten().filter_map(|history| history.spent_minor.get(&currency));
        shopper.spent_minor = Some(of_each.fold(0, |sum: i64, minor| sum.saturating_add(*minor)));
    }
    Ok(())
}

fn segments_of(facts: &Facts, context: Context, customer: CustomerNo, order: &Order) -> Result<Vec<String>, Stop> {
    let numbers = facts.memberships.get(&customer)?.map_or(&[][..], Vec::as_slice);
    let settings = &facts.settings;
    let inputs = Inputs { order, customer_known: true, now: context.now, zone: &settings.zone };
    let by_rule = facts.segments.by_rule(&inputs, &settings.attributes);
    Ok(facts.segments.listed(numbers).chain(by_rule).map(str::to_owned).collect())
}
