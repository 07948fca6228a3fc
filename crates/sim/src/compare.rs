//! Whether an answer is the one that the model gives.

use anyhow::bail;
use domain::ledger::{Answer, Outcome};
use domain::redemption::Paid;
use domain::rejection::{Refusal, Rejection};

use crate::driver::{Driver, customer_no};
use crate::model::Reply;
use crate::script::Ask;

/// What the store told.
#[derive(Debug)]
pub(crate) enum Told {
    Answer(Answer),
    /// How many were listed that had not been, or no more.
    Listed(usize),
}

impl Driver {
    pub(crate) fn compare(
        &mut self,
        ask: &Ask,
        expected: Result<Reply, Rejection>,
        answer: Result<Told, Refusal>,
    ) -> anyhow::Result<()> {
        self.outline.commands += 1;
        let same = match (&expected, &answer) {
            (Err(rejection), Err(refusal)) => {
                self.outline.refused += 1;
                *rejection == refusal.rejection
            }
            (Ok(reply), Ok(Told::Answer(answer))) => self.is_same(reply, &answer.outcome),
            (Ok(reply), Ok(Told::Listed(changed))) => *reply == Reply::Listed { changed: *changed },
            (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
        };
        if !same {
            bail!("{ask:?}\nshould have been answered {expected:?}\nwas answered {answer:?}");
        }
        Ok(())
    }

    fn is_same(&mut self, reply: &Reply, outcome: &Outcome) -> bool {
        match (reply, outcome) {
            (Reply::Vouchers(expected), Outcome::Vouchers(vouchers)) => {
                self.keys.resize(self.model.vouchers.len(), None);
                let now_ms = self.now_ms();
                expected.len() == vouchers.len()
                    && expected.iter().zip(vouchers).all(|((place, state), voucher)| {
                        let key = (voucher.key, voucher.key_no);
                        *self.keys[*place].get_or_insert(key) == key
                            && voucher.state == *state
                            && self.model.can_be_drawn(*place, voucher.amount_minor, now_ms)
                    })
            }
            (
                Reply::Redemption { state, discount_minor, total_minor, returned_minor, payments },
                Outcome::Redemption(redemption),
            ) => {
                *state == redemption.state
                    && *discount_minor == redemption.discount_minor
                    && *total_minor == redemption.total_minor
                    && *returned_minor == redemption.returned_minor()
                    && self.are_same(payments, &redemption.payments)
            }
            (Reply::Gift { balance_minor, held_minor }, Outcome::Gift { account, entry, .. }) => {
                (*balance_minor, *held_minor) == (account.balance_minor, account.held_minor)
                    && *balance_minor == entry.balance_minor
            }
            (Reply::Coupon { version }, Outcome::Coupon { version: real, .. }) => version == real,
            (Reply::Customer { customer }, Outcome::CustomerChanged { no, is_done, .. }) => {
                customer_no(*customer) == *no && *is_done
            }
            (
                Reply::Vouchers(_)
                | Reply::Redemption { .. }
                | Reply::Gift { .. }
                | Reply::Coupon { .. }
                | Reply::Customer { .. }
                | Reply::Listed { .. },
                _,
            ) => false,
        }
    }

    /// Whether the same cards paid as much, in the same order, and got as much back.
    pub(crate) fn are_same(&self, expected: &[(usize, i64, i64)], payments: &[Paid]) -> bool {
        let same = |((card, amount_minor, returned_minor), paid): (&(usize, i64, i64), &Paid)| {
            self.keys[*card].is_some_and(|(key, _)| key == paid.voucher)
                && (*amount_minor, *returned_minor) == (paid.amount_minor, paid.returned_minor)
        };
        expected.len() == payments.len() && expected.iter().zip(payments).all(same)
    }
}
