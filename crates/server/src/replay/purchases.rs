//! What customers bought and still have, so that a cancellation finds what it gives back.

use std::collections::{BTreeMap, HashMap};

use domain::ledger::ReturnLine;
use domain::redemption::RedemptionId;

use super::orders::PastOrder;

/// A line of a past order with what is left of it.
#[derive(Debug)]
struct Bought {
    /// The order's redemption, if coupons were used.
    redemption: Option<RedemptionId>,
    line: usize,
    left: u32,
}

/// By customer and sku, the latest last.
#[derive(Debug, Default)]
pub(super) struct Purchases {
    bought: HashMap<(String, String), Vec<Bought>>,
}

/// What a cancellation gives back.
#[derive(Debug, Default)]
pub(super) struct Returns {
    /// By redemption, the lines and quantities.
    pub lines: BTreeMap<RedemptionId, Vec<ReturnLine>>,
    /// Units of orders without a redemption.
    pub without_redemption: u64,
    /// Units that no earlier order explains.
    pub unmatched: u64,
}

impl Purchases {
    pub(super) fn add(&mut self, order: &PastOrder, redemption: Option<&RedemptionId>) {
        for (line, item) in order.lines.iter().enumerate() {
            let bought = Bought { redemption: redemption.cloned(), line, left: item.quantity };
            self.bought.entry((order.customer.clone(), item.sku.clone())).or_default().push(bought);
        }
    }

    /// Takes what a cancellation gives back from the customer's latest earlier orders with that sku.
    pub(super) fn give_back(&mut self, cancellation: &PastOrder) -> Returns {
        let mut returns = Returns::default();
        for item in &cancellation.lines {
            let mut wanted = item.quantity;
            let key = (cancellation.customer.clone(), item.sku.clone());
            // A guest's other orders are not known to be his.
            let stack = self.bought.get_mut(&key).filter(|_| !cancellation.customer.is_empty());
            for bought in stack.into_iter().flatten().rev() {
                let quantity = wanted.min(bought.left);
                if quantity == 0 {
                    continue;
                }
                bought.left -= quantity;
                wanted -= quantity;
                match &bought.redemption {
                    Some(id) => add(returns.lines.entry(id.clone()).or_default(), bought.line, quantity),
                    None => returns.without_redemption += u64::from(quantity),
                }
            }
            returns.unmatched += u64::from(wanted);
        }
        returns
    }
}

fn add(lines: &mut Vec<ReturnLine>, line: usize, quantity: u32) {
    match lines.iter_mut().find(|other| other.line == line) {
        Some(other) => other.quantity += quantity,
        None => lines.push(ReturnLine { line, quantity }),
    }
}

#[cfg(test)]
mod tests {
    use super::Purchases;
    use crate::replay::orders::{PastLine, PastOrder};
    use domain::redemption::RedemptionId;
    use domain::time::Timestamp;

    fn order(number: &str, customer: &str, quantity: u32) -> PastOrder {
        let line = PastLine { sku: "A".to_owned(), quantity, unit_price_minor: 100 };
        PastOrder {
            number: number.to_owned(),
            at: Timestamp::from_ms(0),
            customer: customer.to_owned(),
            lines: vec![line],
        }
    }

    #[test]
    fn a_cancellation_takes_from_the_latest_earlier_order_first() {
        let mut purchases = Purchases::default();
        let (first, second) = (RedemptionId::parse("first").unwrap(), RedemptionId::parse("second").unwrap());
        purchases.add(&order("1", "7", 3), Some(&first));
        purchases.add(&order("2", "7", 2), Some(&second));
        let returns = purchases.give_back(&order("C3", "7", 4));
        assert_eq!(returns.lines[&second][0].quantity, 2);
        assert_eq!(returns.lines[&first][0].quantity, 2);
        assert_eq!(returns.unmatched, 0);
        assert_eq!(purchases.give_back(&order("C4", "7", 4)).unmatched, 3, "one was left");
    }

    #[test]
    fn what_no_earlier_order_explains_is_unmatched() {
        let mut purchases = Purchases::default();
        purchases.add(&order("1", "", 3), None);
        assert_eq!(purchases.give_back(&order("C2", "", 2)).unmatched, 2, "a guest");
        assert_eq!(purchases.give_back(&order("C2", "8", 2)).unmatched, 2, "another customer");
    }
}
