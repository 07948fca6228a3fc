//! What is asked: a random script over a small world, so that customers, coupons and orders meet often.

use domain::coupon::CouponStep;

use crate::model::{self, Model};
use crate::random::Random;

/// Customers of the simulated shop.
pub(crate) const CUSTOMERS: usize = 4;
/// Addresses they may have.
const ADDRESSES: usize = 3;

/// One command, with what makes it repeatable.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub step: Step,
    /// Its idempotency key.
    pub key: Option<u64>,
    /// Of its body.
    pub fingerprint: u64,
}

/// A typed code.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Code {
    Shared(usize),
    Voucher(usize),
}

/// A redemption that is asked for.
#[derive(Clone, Debug)]
pub(crate) struct Redeem {
    pub id: String,
    pub customer: usize,
    pub order: String,
    /// Quantities and unit prices.
    pub lines: Vec<(u32, i64)>,
    pub codes: Vec<Code>,
    pub reserve_ms: Option<i64>,
}

impl Redeem {
    pub(crate) fn subtotal_minor(&self) -> i64 {
        self.lines.iter().map(|(quantity, price)| i64::from(*quantity) * price).sum()
    }
}

/// What is asked. Vouchers, coupons and customers by their places in the model.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    Claim {
        customer: usize,
        coupons: Vec<usize>,
    },
    Issue {
        coupon: usize,
        customers: Vec<usize>,
    },
    Give {
        coupon: usize,
    },
    Release {
        voucher: usize,
    },
    Revoke {
        voucher: usize,
    },
    Assign {
        voucher: usize,
        customer: usize,
    },
    TopUp {
        voucher: usize,
        amount_minor: i64,
    },
    Adjust {
        voucher: usize,
        amount_minor: i64,
    },
    Redeem(Redeem),
    Confirm {
        id: String,
    },
    Cancel {
        id: String,
    },
    Return {
        id: String,
        lines: Option<Vec<(usize, u32)>>,
    },
    Move {
        coupon: usize,
        step: CouponStep,
    },
    SetMax {
        coupon: usize,
        if_version: u32,
        limit: usize,
        max: i64,
    },
    Share {
        customer: usize,
        address: usize,
    },
    Prove {
        customer: usize,
        address: usize,
    },
    /// Whether the segment lists the customer from now on.
    List {
        customer: usize,
        is_listed: bool,
    },
}

/// Makes the next command. Now and then it is one that was asked before.
pub(crate) fn next(random: &mut Random, model: &Model, asked: &[Ask]) -> Ask {
    if random.percent(8)
        && let Some(again) = random.pick(asked)
    {
        return again.clone();
    }
    let step = step(random, model);
    // A list is told how it should be, as often as one likes.
    let has_key = !matches!(step, Step::List { .. }) && random.percent(50);
    let key = has_key.then(|| random.next());
    let fingerprint = random.next();
    if has_key
        && random.percent(2)
        && let Some(other) = random.pick(asked).and_then(|ask| ask.key)
    {
        // The key of another command, used by mistake.
        return Ask { step, key: Some(other), fingerprint };
    }
    Ask { step, key, fingerprint }
}

fn step(random: &mut Random, model: &Model) -> Step {
    let (coupons, vouchers) = (model.coupons.len(), model.vouchers.len());
    let customer = random.below(CUSTOMERS);
    let coupon = random.below(coupons);
    // Recent vouchers are the ones that something still happens to.
    let voucher = vouchers.checked_sub(1).map(|last| last - random.below(vouchers.min(20)));
    match (random.below(100), voucher) {
        (21..23, _) => Step::List { customer, is_listed: random.percent(50) },
        (23..25, _) => people(random, customer),
        (0..25, _) => Step::Claim { customer, coupons: some_coupons(random, coupons) },
        // What the first is drawn decides what is left for the second, and only the answer tells it.
        (25..30, _) if model.draws(coupon).is_some() => Step::Issue { coupon, customers: vec![customer] },
        (25..30, _) => Step::Issue { coupon, customers: vec![customer, random.below(CUSTOMERS)] },
        (30..33, _) => Step::Give { coupon },
        (33..38, Some(voucher)) => Step::Release { voucher },
        (38..40, Some(voucher)) => Step::Revoke { voucher },
        (40..42, Some(voucher)) => Step::Assign { voucher, customer },
        (42..46, Some(voucher)) => change_gift(random, model, voucher),
        (46..68, _) => Step::Redeem(redeem(random, model, customer)),
        (68..78, _) => Step::Confirm { id: redemption(random, model) },
        (78..86, _) => Step::Cancel { id: redemption(random, model) },
        (86..94, _) => give_back(random, model),
        (94..97, _) => Step::Move { coupon, step: coupon_step(random) },
        (_, _) => match random.below(model.coupons[coupon].definition.limits.len().max(1)) {
            _ if model.coupons[coupon].definition.limits.is_empty() => Step::Give { coupon },
            limit => {
                let if_version = model.coupons[coupon].version;
                Step::SetMax { coupon, if_version, limit, max: i64::try_from(random.below(60)).expect("small") }
            }
        },
    }
}

/// Mostly said, now and then proven: four customers are soon one.
fn people(random: &mut Random, customer: usize) -> Step {
    let address = random.below(ADDRESSES);
    if random.percent(30) { Step::Prove { customer, address } } else { Step::Share { customer, address } }
}

fn some_coupons(random: &mut Random, count: usize) -> Vec<usize> {
    let first = random.below(count);
    let mut coupons = vec![first];
    for place in 0..count {
        if place != first && random.percent(20) {
            coupons.push(place);
        }
    }
    coupons
}

/// Mostly of a card, now and then of a voucher that is none.
fn change_gift(random: &mut Random, model: &Model, other: usize) -> Step {
    let any = |_: &model::Voucher| true;
    let voucher = cards(random, model, any).filter(|_| random.percent(90)).unwrap_or(other);
    let amount_minor = i64::try_from(1 + random.below(1_200)).expect("small");
    match random.below(4) {
        0..2 => Step::TopUp { voucher, amount_minor },
        2 => Step::Adjust { voucher, amount_minor },
        _ => Step::Adjust { voucher, amount_minor: -amount_minor },
    }
}

/// One of the latest vouchers of gift value that is so.
fn cards(random: &mut Random, model: &Model, is_so: impl Fn(&model::Voucher) -> bool) -> Option<usize> {
    let is_card = |place: &usize| {
        let voucher = &model.vouchers[*place];
        model.value_of(voucher.coupon).is_some() && is_so(voucher)
    };
    let cards: Vec<usize> = (0..model.vouchers.len()).rev().filter(is_card).take(6).collect();
    random.pick(&cards).copied()
}

fn redeem(random: &mut Random, model: &Model, customer: usize) -> Redeem {
    let number = random.below(4 + model.redemptions.len());
    let lines = (0..=random.below(3))
        .map(|_| {
            (u32::try_from(random.below(4) + 1).expect("small"), i64::try_from(random.below(2_000)).expect("small"))
        })
        .collect();
    let mut codes = Vec::new();
    // None, one, two or three.
    for chance in [85, 50, 30] {
        if random.percent(chance) {
            codes.push(code(random, model, customer));
        }
    }
    let reserve_ms = random.percent(60).then(|| 1_000 + i64::try_from(random.below(600_000)).expect("small"));
    Redeem {
        id: format!("r{}", random.below(4 + 2 * model.redemptions.len())),
        customer,
        order: format!("o{number}"),
        lines,
        codes,
        reserve_ms,
    }
}

fn code(random: &mut Random, model: &Model, customer: usize) -> Code {
    let shared: Vec<usize> =
        (0..model.coupons.len()).filter(|place| model.coupons[*place].definition.code.is_some()).collect();
    let own: Vec<usize> = (0..model.vouchers.len())
        .rev()
        .filter(|place| model.vouchers[*place].customer.is_none_or(|owner| owner == customer))
        .take(10)
        .collect();
    let any = model.vouchers.len();
    if random.percent(30)
        && let Some(card) = cards(random, model, |card| card.customer.is_none_or(|owner| owner == customer))
    {
        return Code::Voucher(card);
    }
    match (random.below(10), random.pick(&own)) {
        (0..3, _) => random.pick(&shared).map(|place| Code::Shared(*place)),
        (3..9, Some(place)) => Some(Code::Voucher(*place)),
        (_, _) if any > 0 => Some(Code::Voucher(random.below(any))),
        (_, _) => None,
    }
    .unwrap_or(Code::Shared(shared[0]))
}

fn redemption(random: &mut Random, model: &Model) -> String {
    let ids: Vec<&String> = model.redemptions.keys().collect();
    match random.pick(&ids) {
        Some(id) if random.percent(90) => (*id).clone(),
        Some(_) | None => format!("r{}", random.below(4 + 2 * model.redemptions.len())),
    }
}

fn give_back(random: &mut Random, model: &Model) -> Step {
    let id = redemption(random, model);
    let count = model.redemptions.get(&id).map_or(1, |one| one.lines.len().max(1));
    let lines = random.percent(60).then(|| {
        let beyond = usize::from(random.percent(5));
        let line = random.below(count + beyond);
        vec![(line, u32::try_from(random.below(3) + 1).expect("small"))]
    });
    Step::Return { id, lines }
}

fn coupon_step(random: &mut Random) -> CouponStep {
    match random.below(40) {
        0..22 => CouponStep::Activate,
        22..38 => CouponStep::Pause,
        38 => CouponStep::End,
        _ => CouponStep::Abort,
    }
}
