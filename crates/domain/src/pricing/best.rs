//! Of coupons that do not go together, the combination that gives most.

use std::cmp::Reverse;

use super::quote::Quote;
use super::stack::{Candidate, outbid, stack};
use crate::order::Order;
use crate::rejection::Rejection;
use crate::stacking::Pricing;

/// Up to so many coupons every combination is tried.
const EXACT_MAX: usize = 12;
/// With more of them, so many combinations.
const TRIES_MAX: usize = 10_000;

/// The quote of those that go together; the best one, if the tenant wants that.
pub(super) fn combine(order: &Order, candidates: &[Candidate], pricing: &Pricing) -> Quote {
    let all: Vec<&Candidate> = candidates.iter().collect();
    let plain = stack(order, &all, pricing);
    let has_choice = plain.refused.iter().any(|refused| is_of_company(refused.refusal.rejection));
    if !pricing.best_deal || !has_choice {
        return plain;
    }
    let search = Search { order, candidates, pricing };
    if candidates.len() <= EXACT_MAX { search.of_all() } else { search.of_some(&plain) }
}

/// Whether another combination might do without that refusal.
fn is_of_company(rejection: Rejection) -> bool {
    matches!(rejection, Rejection::Outbid | Rejection::NotCombinable | Rejection::TooManyCoupons)
}

struct Search<'a, 'o> {
    order: &'a Order,
    candidates: &'a [Candidate<'o>],
    pricing: &'a Pricing,
}

/// How good a combination is: most discount, then most gifts, then fewest vouchers, then what ends soonest, then the lowest
/// numbers.
type Worth<P> = (Reverse<i64>, Reverse<usize>, usize, Vec<P>);

impl Search<'_, '_> {
    /// Every combination.
    fn of_all(&self) -> Quote {
        let count = self.candidates.len();
        let picked = |mask: u32| (0..count).map(|place| mask >> place & 1 == 1).collect::<Vec<bool>>();
        let best = (0..1u32 << count).map(picked).map(|chosen| (self.worth(&chosen), chosen)).min();
        let (_, chosen) = best.expect("the empty one is among them");
        self.with_the_rest(&chosen)
    }

    /// From what is found going through the lanes, whatever change of one coupon is better, until none is.
    fn of_some(&self, plain: &Quote) -> Quote {
        let is_applied = |candidate: &Candidate| plain.applied.iter().any(|one| one.code == candidate.offer.code);
        let mut chosen: Vec<bool> = self.candidates.iter().map(is_applied).collect();
        let (mut worth, mut tries) = (self.worth(&chosen), 0);
        let mut better = true;
        while better {
            better = false;
            for changed in self.neighbours(&chosen) {
                tries += 1;
                let other = self.worth(&changed);
                if other < worth {
                    (chosen, worth, better) = (changed, other, true);
                    break;
                }
                if tries == TRIES_MAX {
                    better = false;
                    break;
                }
            }
        }
        let mut quote = self.with_the_rest(&chosen);
        quote.gap_minor = Some(self.most_minor() - quote.discount_minor);
        quote
    }

    /// One more, one less, or one for another.
    fn neighbours(&self, chosen: &[bool]) -> Vec<Vec<bool>> {
        let count = self.candidates.len();
        let flipped = |places: &[usize]| {
            let mut changed = chosen.to_vec();
            places.iter().for_each(|&place| changed[place] = !changed[place]);
            changed
        };
        let ones = (0..count).map(|one| flipped(&[one]));
        let pairs = (0..count).flat_map(|one| (one + 1..count).map(move |other| [one, other]));
        let swaps = pairs.filter(|[one, other]| chosen[*one] != chosen[*other]).map(|pair| flipped(&pair));
        ones.chain(swaps).collect()
    }

    fn worth(&self, chosen: &[bool]) -> Worth<impl Ord + use<>> {
        let picked = self.picked(chosen);
        let quote = stack(self.order, &picked, self.pricing);
        let used = picked.iter().filter(|one| quote.applied.iter().any(|applied| applied.code == one.offer.code));
        let used: Vec<_> = used.collect();
        let vouchers = used.iter().filter(|one| one.offer.voucher.is_some()).count();
        let mut preferences: Vec<_> = used.iter().map(|one| one.preference()).collect();
        preferences.sort();
        let gifts = quote.applied.iter().filter(|applied| applied.gift.is_some()).count();
        (Reverse(quote.discount_minor), Reverse(gifts), vouchers, preferences)
    }

    fn picked(&self, chosen: &[bool]) -> Vec<&Candidate<'_>> {
        self.candidates.iter().zip(chosen).filter(|(_, is_chosen)| **is_chosen).map(|(one, _)| one).collect()
    }

    /// The quote of the chosen ones; the others are refused with what stands against them.
    fn with_the_rest(&self, chosen: &[bool]) -> Quote {
        let mut quote = stack(self.order, &self.picked(chosen), self.pricing);
        for (candidate, _) in self.candidates.iter().zip(chosen).filter(|(_, is_chosen)| !**is_chosen) {
            quote.refused.push(candidate.offer.refused_for(outbid("other coupons give more together")));
        }
        quote
    }

    /// No combination gives more than each by itself, added up, or than there is.
    fn most_minor(&self) -> i64 {
        let alone = self.candidates.iter().map(|one| stack(self.order, &[one], self.pricing).discount_minor);
        alone.sum::<i64>().min(Quote::undiscounted(self.order).total_minor)
    }
}
