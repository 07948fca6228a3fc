//! What customers have ordered here, kept in step within a batch: an order that was redeemed before in it counts.

use std::collections::BTreeMap;

use super::decide::Context;
use super::facts::Facts;
use crate::money::Currency;
use crate::redemption::Redemption;

/// How many redemptions of a customer, the newest, are looked at for its orders.
pub const HISTORY_MAX: usize = 2_000;

/// What one customer has ordered: the redemptions that are reserved or succeeded and not wholly returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// How many.
    pub orders: u32,
    /// What they came to, in minor units of each currency.
    pub spent_minor: BTreeMap<Currency, i64>,
}

impl History {
    /// Counts an order in.
    pub fn add(&mut self, currency: Currency, total_minor: i64) {
        self.orders = self.orders.saturating_add(1);
        let spent = self.spent_minor.entry(currency).or_default();
        *spent = spent.saturating_add(total_minor);
    }

    fn take(&mut self, currency: Currency, total_minor: i64) {
        self.orders = self.orders.saturating_sub(1);
        let spent = self.spent_minor.entry(currency).or_default();
        *spent = spent.saturating_sub(total_minor);
    }
}

/// What the batch makes of a redemption counts for the commands after it.
pub(super) fn follow(facts: &mut Facts, context: Context, after: &Redemption) {
    let (Some(customer), Some(currency)) = (after.customer, after.currency) else { return };
    let before = facts.redemptions.known(&after.id).and_then(Option::as_ref);
    let did_count = before.is_some_and(|before| before.is_live_at(context.now));
    match (did_count, after.is_live_at(context.now)) {
        (false, true) => facts.histories.amend(&customer, |history| history.add(currency, after.total_minor)),
        (true, false) => facts.histories.amend(&customer, |history| history.take(currency, after.total_minor)),
        (true, true) | (false, false) => {}
    }
}
