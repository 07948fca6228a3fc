//! What becomes of an order, as it was worked out and as it is priced: rows of text that are compared.

use std::sync::Arc;

use domain::coupon::Definition;
use domain::id::{CouponNo, VoucherKey, VoucherKind};
use domain::money::Currency;
use domain::order::Order;
use domain::pricing::{Applied, Help, Offer, Payment, Quote, Refused, Terms, VoucherWindow, price};
use domain::rejection::Rejection;
use domain::review::{Beside, Warning, WarningCode, review};
use domain::rule::Catalogue;
use domain::tenant::Settings;
use domain::time::{Timestamp, Zone};

use super::amounts::{self, write, write_all};
use super::conditions::{asked, unmet};
use super::read::{Example, Given, Offered};
use crate::any::coupon;

/// What is looked at, and what it comes to.
pub type Rows = Vec<(String, String)>;

/// What becomes of one coupon.
#[derive(Default)]
struct Outcome {
    lines: Vec<i64>,
    shipping_minor: i64,
    deposit_minor: i64,
    gift: Option<String>,
    pays_minor: i64,
    periods: Vec<Vec<i64>>,
    rejection: Option<String>,
    unmet: Vec<String>,
    help: Option<Help>,
    retry_at: Option<Timestamp>,
}

/// As it was worked out, and as it is priced.
pub fn both(example: &Example) -> Result<(Rows, Rows), String> {
    let order = example.order()?;
    let offers = offers(example)?;
    let utc = Zone::utc();
    let terms = Terms {
        zone: example.zone.as_ref().unwrap_or(&utc),
        pricing: &example.pricing,
        attributes: &example.declared,
        customer_known: example.customer_known,
    };
    example.pricing.check().map_err(|error| format!("pricing: {} {}", error.pointer, error.detail))?;
    let quote = price(&order, &offers, terms, example.at.unwrap_or(Timestamp::from_ms(0)));
    let mut expected = expected(example, &order)?;
    let mut found = found(example, &order, (&offers, &quote));
    if let Some(turn) = &example.turn {
        let names: Vec<&String> = example.coupons.keys().collect();
        let applied: Vec<&str> = quote.applied.iter().map(|one| names[one.code].as_str()).collect();
        expected.push(("turn".to_owned(), turn.join(", ")));
        found.push(("turn".to_owned(), applied.join(", ")));
    }
    if let Some(payable) = &example.payable {
        expected.push(("payable".to_owned(), payable.clone()));
        found.push(("payable".to_owned(), write(quote.payable_minor(), example.currency)));
    }
    Ok((expected, found))
}

/// What is said to be impossible of coupons that gave something in the example.
pub fn denied(example: &Example) -> Result<Vec<Warning>, String> {
    let (order, offers) = (example.order()?, offers(example)?);
    let zone = example.zone.clone().unwrap_or(Zone::utc());
    let now = example.at.unwrap_or(Timestamp::from_ms(0));
    let (pricing, attributes) = (example.pricing.clone(), example.declared.clone());
    let settings = Settings { pricing, attributes, ..Settings::new(zone, example.currency) };
    let terms = Terms {
        zone: &settings.zone,
        pricing: &settings.pricing,
        attributes: &settings.attributes,
        customer_known: example.customer_known,
    };
    let quote = price(&order, &offers, terms, now);
    let beside = Beside { settings: &settings, others: &[], now };
    let of_applied = quote.applied.iter().flat_map(|one| review(&offers[one.code].coupon, beside));
    let denies = [WarningCode::ConditionsNeverHold, WarningCode::BenefitNever, WarningCode::ScopeEmpty];
    Ok(of_applied.filter(|warning| denies.contains(&warning.code)).collect())
}

/// The coupons were made, and their codes are typed, in the order of their names.
pub fn offers(example: &Example) -> Result<Vec<Offer>, String> {
    if let Some(name) =
        example.claimed.keys().chain(example.drawn.keys()).find(|name| !example.coupons.contains_key(*name))
    {
        return Err(format!("`{name}` is claimed and no coupon"));
    }
    let offer = |((name, offered), code): ((&String, &Offered), usize)| {
        let definition = definition(name, offered, example)?;
        let coupon = coupon(code as u32 + 1, definition);
        let voucher = example.claimed.get(name).map(|claimed_at| {
            let zone = example.zone.clone().unwrap_or(Zone::utc());
            let (valid_from, valid_until) = coupon.definition.validity.of_voucher(*claimed_at, &zone);
            let key = VoucherKey { coupon: coupon.no, kind: VoucherKind::Row, ordinal: 0 };
            VoucherWindow { key, valid_from, valid_until, balance_minor: None, amount_minor: None }
        });
        let voucher = match example.balances.get(name) {
            Some(text) => Some(with_balance(voucher, coupon.no, amounts::read(text, example.currency)?)),
            None => voucher,
        };
        let voucher = match example.drawn.get(name) {
            None => voucher,
            Some(amount) => {
                let key = VoucherKey { coupon: coupon.no, kind: VoucherKind::Row, ordinal: 0 };
                let claimed =
                    VoucherWindow { key, valid_from: None, valid_until: None, balance_minor: None, amount_minor: None };
                let amount_minor = Some(amounts::read(amount, example.currency)?);
                Some(VoucherWindow { amount_minor, ..voucher.unwrap_or(claimed) })
            }
        };
        Ok(Offer { code, coupon: Arc::new(coupon), voucher, refused: None })
    };
    example.coupons.iter().zip(0..).map(offer).collect()
}

/// Gift value is a voucher, whenever it was claimed.
fn with_balance(voucher: Option<VoucherWindow>, coupon: CouponNo, balance_minor: i64) -> VoucherWindow {
    let key = VoucherKey { coupon, kind: VoucherKind::Row, ordinal: 0 };
    let window = voucher.unwrap_or(VoucherWindow {
        key,
        valid_from: None,
        valid_until: None,
        balance_minor: None,
        amount_minor: None,
    });
    VoucherWindow { balance_minor: Some(balance_minor), ..window }
}

fn definition(name: &str, offered: &Offered, example: &Example) -> Result<Definition, String> {
    let names_amounts = offered.benefit.needs_currency() || offered.minimum_order_minor.is_some();
    let definition = Definition {
        currency: offered.currency.or(names_amounts.then_some(example.currency)),
        scope: offered.scope.clone(),
        minimum_order_minor: offered.minimum_order_minor,
        conditions: offered.conditions.clone(),
        stacking: offered.stacking.clone(),
        merchant: offered.merchant.clone(),
        validity: offered.validity.clone(),
        ..Definition::new(name, offered.benefit.clone())
    };
    let catalogue = Catalogue::new(&example.declared);
    let checks = [
        catalogue.and_then(|known| offered.conditions.as_ref().map_or(Ok(()), |rule| rule.check(&known))),
        definition.benefit.check(),
        definition.scope.check(),
        definition.stacking.check(),
        definition.validity.check_definition(),
    ];
    let wrong = checks.into_iter().find_map(Result::err);
    wrong.map_or(Ok(definition), |error| Err(format!("{name}: {} {}", error.pointer, error.detail)))
}

/// The lines, shipping and the deposit come to what the coupons leave of them.
fn expected(example: &Example, order: &Order) -> Result<Rows, String> {
    let mut left: Vec<i64> = order.lines.iter().map(domain::order::Line::amount_minor).collect();
    let (mut shipping_left, mut deposit_left) = (order.shipping_minor, order.deposit_minor);
    let mut rows = Rows::new();
    for (name, gives) in &example.gives {
        let outcome = Outcome::read(&gives.0, example.currency).map_err(|error| format!("{name}: {error}"))?;
        left.iter_mut().zip(&outcome.lines).for_each(|(left, minor)| *left -= minor);
        shipping_left -= outcome.shipping_minor;
        deposit_left -= outcome.deposit_minor;
        rows.push((name.clone(), outcome.write(example.currency)));
    }
    let total_minor = amounts::read(&example.total, example.currency)?;
    rows.extend(sums(example.currency, &left, [shipping_left, deposit_left, total_minor]));
    Ok(rows)
}

fn found(example: &Example, order: &Order, (offers, quote): (&[Offer], &Quote)) -> Rows {
    let why = |refused: &Refused| {
        let is_unmet = refused.refusal.rejection == Rejection::ConditionUnmet;
        let asked = is_unmet.then(|| asked(example, order, &offers[refused.code].coupon)).flatten();
        Outcome { unmet: asked.as_ref().map(unmet).unwrap_or_default(), ..Outcome::refused(refused) }
    };
    let outcome = |code: usize| {
        let applied = quote.applied.iter().find(|one| one.code == code).map(|one| Outcome::applied(one, order));
        let pays = || quote.payments.iter().find(|one| one.code == code).map(Outcome::paid);
        applied.or_else(pays).or_else(|| quote.refused.iter().find(|one| one.code == code).map(why)).unwrap_or_default()
    };
    let row = |(name, code): (&String, usize)| (name.clone(), outcome(code).write(example.currency));
    let mut rows: Rows = example.coupons.keys().zip(0..).map(row).collect();
    let left: Vec<i64> = quote.lines.iter().map(|line| line.total_minor).collect();
    let charges = [quote.shipping.total_minor, quote.deposit.total_minor, quote.total_minor];
    rows.extend(sums(example.currency, &left, charges));
    rows
}

fn sums(currency: Currency, lines: &[i64], [shipping, deposit, total]: [i64; 3]) -> Rows {
    let row = |name: &str, minors: &[i64]| (name.to_owned(), write_all(minors, currency));
    vec![row("lines", lines), row("shipping", &[shipping]), row("deposit", &[deposit]), row("total", &[total])]
}

impl Outcome {
    fn read(given: &Given, currency: Currency) -> Result<Self, String> {
        let amount = |text: &String| amounts::read(text, currency);
        let add = given.add.as_ref().map(amount).transpose()?.map(Help::AddMinor);
        let all = |texts: &Vec<String>| texts.iter().map(amount).collect::<Result<Vec<i64>, String>>();
        Ok(Self {
            lines: all(&given.lines)?,
            shipping_minor: given.shipping.as_ref().map_or(Ok(0), amount)?,
            deposit_minor: given.deposit.as_ref().map_or(Ok(0), amount)?,
            gift: given.gift.clone(),
            pays_minor: given.pays.as_ref().map_or(Ok(0), amount)?,
            periods: given.periods.iter().map(all).collect::<Result<_, _>>()?,
            rejection: given.rejection.clone(),
            unmet: given.unmet.clone(),
            help: add.or(given.add_units.map(Help::AddUnits)),
            retry_at: given.retry_at,
        })
    }

    fn applied(applied: &Applied, order: &Order) -> Self {
        let share = |place: usize| applied.lines.iter().find(|share| share.line == place);
        let periods = |place: usize| applied.schedules.iter().find(|schedule| schedule.line == place);
        let places = || 0..order.lines.len();
        let lines = places().map(|place| share(place).map_or(0, |share| share.discount_minor)).collect();
        let periods =
            places().map(|place| periods(place).map_or(Vec::new(), |one| one.periods_minor.clone())).collect();
        Self {
            lines: if applied.lines.is_empty() { Vec::new() } else { lines },
            shipping_minor: applied.shipping_minor,
            deposit_minor: applied.deposit_minor,
            gift: applied.gift.as_ref().map(|gift| format!("{} {}", gift.quantity, gift.sku)),
            periods: if applied.schedules.is_empty() { Vec::new() } else { periods },
            ..Self::default()
        }
    }

    fn paid(payment: &Payment) -> Self {
        Self { pays_minor: payment.amount_minor, ..Self::default() }
    }

    fn refused(refused: &Refused) -> Self {
        let rejection = Some(refused.refusal.rejection.code().into_owned());
        Self { rejection, help: refused.help, retry_at: refused.refusal.retry_at, ..Self::default() }
    }

    fn write(&self, currency: Currency) -> String {
        let charges = [("shipping", self.shipping_minor), ("deposit", self.deposit_minor), ("pays", self.pays_minor)];
        let charges = charges.into_iter();
        let taken = charges.filter(|(_, minor)| *minor != 0);
        let mut parts: Vec<String> = taken.map(|(name, minor)| format!("{name} {}", write(minor, currency))).collect();
        if !self.lines.is_empty() {
            parts.push(write_all(&self.lines, currency));
        }
        parts.extend(self.gift.iter().map(|gift| format!("gift {gift}")));
        parts.extend(self.periods.iter().map(|periods| format!("periods [{}]", write_all(periods, currency))));
        parts.extend(self.rejection.iter().chain(&self.unmet).cloned());
        parts.extend(self.help.map(|help| match help {
            Help::AddMinor(minor) => format!("add {}", write(minor, currency)),
            Help::AddUnits(count) => format!("add {count} units"),
        }));
        parts.extend(self.retry_at.map(|at| format!("again at {at}")));
        parts.join("; ")
    }
}
