//! The replay itself: one order after the other, each at its own time.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::{Context, bail};
use domain::codes::Reading;
use domain::customer::CustomerProfile;
use domain::event::Actor;
use domain::id::{CouponId, CouponNo, CustomerId, CustomerNo, FIRST_TENANT};
use domain::ledger::{Action, Command, Outcome, RedeemRequest, Start};
use domain::order::{Line, Order};
use domain::redemption::RedemptionId;
use domain::rejection::Refusal;
use domain::tenant::{Settings, Tenant};
use domain::time::Timestamp;
use indicatif::{ProgressBar, ProgressStyle};
use ports::{Ledger, Records, Tenants};
use sqlite::SqliteStore;

use super::orders::{History, PastOrder};
use super::plan::{By, Plan};
use super::purchases::Purchases;
use super::tally::Tally;
use crate::clock::SetClock;
use crate::stopwatch::Stopwatch;

/// Deadlines written down between two orders at most.
const SWEEP_MAX: usize = 1_000;

/// Which orders are redeemed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keep {
    /// Those that a coupon makes cheaper.
    Discounted,
    /// All, so that all are on record.
    All,
}

/// A voucher a customer has and has not used.
struct Kept {
    code: String,
    held_until: Option<Timestamp>,
}

struct Run<'a> {
    store: &'a Arc<SqliteStore>,
    plan: &'a Plan,
    keep: Keep,
    coupons: Vec<CouponNo>,
    customers: HashMap<String, CustomerNo>,
    kept: HashMap<(CustomerNo, usize), Kept>,
    purchases: Purchases,
    tally: Tally,
}

pub(super) async fn run(
    store: &Arc<SqliteStore>,
    clock: &Arc<SetClock>,
    (plan, keep): (&Plan, Keep),
    history: &History,
) -> anyhow::Result<Tally> {
    let watch = Stopwatch::start();
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} orders, {elapsed} gone, {eta} to go")?;
    let bar = ProgressBar::new(history.orders.len() as u64).with_style(style);
    let mut run = Run {
        store,
        plan,
        keep,
        coupons: Vec::new(),
        customers: HashMap::new(),
        kept: HashMap::new(),
        purchases: Purchases::default(),
        tally: Tally::default(),
    };
    run.set_pricing().await?;
    run.make_coupons().await?;
    for order in &history.orders {
        clock.set(order.at);
        store.sweep(SWEEP_MAX).await?;
        run.take(order).await.with_context(|| format!("order {}", order.number))?;
        bar.inc(1);
    }
    bar.finish_and_clear();
    for coupon in &run.coupons {
        let figures = store.figures(FIRST_TENANT, *coupon).await?.statistics;
        run.tally.value.push((figures.redeemed, figures.value_given_minor));
    }
    run.tally.took = watch.elapsed();
    Ok(run.tally)
}

impl Run<'_> {
    async fn set_pricing(&self) -> anyhow::Result<()> {
        let pricing = self.plan.pricing.clone();
        if pricing.is_default() {
            return Ok(());
        }
        pricing.check().context("the pricing of the plan")?;
        let tenant = self.store.tenant(FIRST_TENANT).context("the first tenant is there")?;
        let settings = Arc::new(Settings { pricing, ..Settings::clone(&tenant.settings) });
        let saved = self.store.update_tenant(Actor::Operator, Tenant { settings, ..Tenant::clone(&tenant) }).await?;
        saved.map(drop).map_err(|refusal| anyhow::anyhow!("the pricing of the plan: {}", refusal.detail))
    }

    async fn make_coupons(&mut self) -> anyhow::Result<()> {
        for planned in &self.plan.coupons {
            let definition = planned.definition.clone();
            let code = definition.code.as_deref().map(|text| self.read(text));
            if (planned.by == By::Code) != code.is_some() || (planned.by == By::Automatic) != definition.automatic {
                bail!(
                    "coupon {}: by code needs a code, and only that has one; automatic is what comes automatically",
                    definition.name
                );
            }
            let (id, definition, start) = (CouponId(api::new_id()), Box::new(definition), Start::Active);
            let create = Action::CreateCoupon { id, definition, code, start };
            let Outcome::Coupon { no, .. } = self.must(create).await? else { bail!("a coupon was asked for") };
            self.coupons.push(no);
        }
        Ok(())
    }

    async fn take(&mut self, order: &PastOrder) -> anyhow::Result<()> {
        if order.is_cancellation() {
            return self.cancel(order).await;
        }
        self.tally.products.extend(order.lines.iter().map(|line| line.sku.clone()));
        let customer = self.customer(order).await?;
        let codes = self.codes(order, customer).await?;
        let readings: Vec<Reading> = codes.iter().map(|(_, text)| self.read(text)).collect();
        let mut request = self.request(order, customer, readings)?;
        let quote = self.store.quote(FIRST_TENANT, request.clone()).await?;
        self.tally.quotes += 1;
        for refused in &quote.refused {
            self.tally.refused(&refused.refusal.rejection.code());
        }
        let mut redeemed = None;
        if !quote.applied.is_empty() || self.keep == Keep::All {
            // Those that need no code come after the typed ones.
            let used = quote.applied.iter().map(|applied| applied.code).filter(|place| *place < codes.len());
            let used: Vec<usize> = used.collect();
            request.codes = used.iter().map(|place| request.codes[*place].clone()).collect();
            request.expected_total_minor = Some(quote.total_minor);
            if self.redeem(request.clone()).await? {
                redeemed = Some(request.id);
                used.iter().for_each(|place| drop(self.kept.remove(&(customer, codes[*place].0))));
            }
        }
        self.purchases.add(order, redeemed.as_ref());
        Ok(())
    }

    async fn customer(&mut self, order: &PastOrder) -> anyhow::Result<CustomerNo> {
        // A guest is the customer of its own order.
        let external_id = match order.customer.as_str() {
            "" => format!("guest-{}", order.number),
            known => known.to_owned(),
        };
        if let Some(no) = self.customers.get(&external_id) {
            return Ok(*no);
        }
        let profile = CustomerProfile { external_id: Some(external_id.clone()), ..CustomerProfile::default() };
        let create = Action::CreateCustomer { id: CustomerId(api::new_id()), profile: Box::new(profile) };
        let Outcome::Customer(no) = self.must(create).await? else { bail!("a customer was asked for") };
        self.tally.customers += 1;
        self.customers.insert(external_id, no);
        Ok(no)
    }

    /// The codes the customer types, each with its coupon's place in the plan: those everybody knows, and those of
    /// vouchers he has or claims now.
    async fn codes(&mut self, order: &PastOrder, customer: CustomerNo) -> anyhow::Result<Vec<(usize, String)>> {
        let mut codes = Vec::new();
        for (place, planned) in self.plan.coupons.iter().enumerate() {
            match (planned.by, &planned.definition.code) {
                (By::Code, Some(code)) => codes.push((place, code.clone())),
                (By::Automatic, _) => {}
                (By::Code, None) | (By::Claim, _) => {
                    if let Some(code) = self.voucher(order, customer, place).await? {
                        codes.push((place, code));
                    }
                }
            }
        }
        Ok(codes)
    }

    async fn voucher(
        &mut self,
        order: &PastOrder,
        customer: CustomerNo,
        place: usize,
    ) -> anyhow::Result<Option<String>> {
        let fresh = |kept: &&Kept| kept.held_until.is_none_or(|until| order.at < until);
        if let Some(kept) = self.kept.get(&(customer, place)).filter(fresh) {
            return Ok(Some(kept.code.clone()));
        }
        let claim = Action::Claim { customer, coupons: vec![self.coupons[place]] };
        let voucher = match self.submit(claim).await? {
            Ok(Outcome::Vouchers(mut vouchers)) => vouchers.pop().context("a claim gives a voucher")?,
            Ok(_) => bail!("a voucher was asked for"),
            Err(refusal) => {
                self.tally.refused(&refusal.rejection.code());
                return Ok(None);
            }
        };
        self.tally.claims += 1;
        let codes = self.store.voucher_codes(FIRST_TENANT, &[(voucher.key, voucher.key_no)]).await?;
        let code = codes.into_iter().next().flatten().context("a voucher has a code")?;
        self.kept.insert((customer, place), Kept { code: code.clone(), held_until: voucher.held_until });
        Ok(Some(code))
    }

    fn request(&self, order: &PastOrder, customer: CustomerNo, codes: Vec<Reading>) -> anyhow::Result<RedeemRequest> {
        let lines = order.lines.iter().map(|line| Line::new(&line.sku, line.quantity, line.unit_price_minor));
        let priced = Order::new(self.plan.shop.currency, lines.collect());
        let priced = Order { id: Some(order.number.clone()), ..priced };
        priced.check()?;
        Ok(RedeemRequest {
            id: RedemptionId::parse(format!("order-{}", order.number))?,
            customer: Some(customer),
            order: priced,
            codes,
            expected_total_minor: None,
            reserve_ms: None,
        })
    }

    async fn redeem(&mut self, request: RedeemRequest) -> anyhow::Result<bool> {
        match self.submit(Action::Redeem(Box::new(request))).await? {
            Ok(_) => self.tally.redemptions += 1,
            Err(refusal) => {
                self.tally.refused(&refusal.rejection.code());
                return Ok(false);
            }
        }
        Ok(true)
    }

    async fn cancel(&mut self, order: &PastOrder) -> anyhow::Result<()> {
        self.tally.cancellations += 1;
        let returns = self.purchases.give_back(order);
        self.tally.without_redemption += returns.without_redemption;
        self.tally.unmatched += returns.unmatched;
        for (redemption, lines) in returns.lines {
            self.must(Action::Return { redemption, lines: Some(lines) }).await?;
            self.tally.returns += 1;
        }
        Ok(())
    }

    fn read(&self, text: &str) -> Reading {
        self.store.codes().read(FIRST_TENANT, text)
    }

    async fn submit(&self, action: Action) -> anyhow::Result<Result<Outcome, Refusal>> {
        let command = Command { actor: Actor::Operator, key: None, fingerprint: [0; 16], action };
        Ok(self.store.submit(FIRST_TENANT, command).await?.map(|answer| answer.outcome))
    }

    async fn must(&self, action: Action) -> anyhow::Result<Outcome> {
        self.submit(action)
            .await?
            .map_err(|refusal| anyhow::anyhow!("refused with {}: {}", refusal.rejection.code(), refusal.detail))
    }
}
