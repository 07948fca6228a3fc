//! What tests ask of a world, in few words.

use domain::benefit::Benefit;
use domain::campaign::CampaignDefinition;
use domain::codes::{ComputedCode, Pattern, Reading, encode, encode_id, read};
use domain::coupon::{CouponStep, Definition, LimitDefinition, Visibility};
use domain::event::Actor;
use domain::id::{BlockId, CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo, VoucherKey};
use domain::ledger::{Action, Command, GivenEntry, Outcome, RedeemRequest, ReturnLine, Start};
use domain::limit::{Counts, Per, Usage};
use domain::order::{Line, Order};
use domain::period::Period;
use domain::redemption::{Redemption, RedemptionId};
use domain::rejection::{Refusal, Rejection};
use domain::voucher::Voucher;
use uuid::Uuid;

use crate::world::{TENANT, World};

pub const MINUTE_MS: i64 = 60_000;
pub const DAY_MS: i64 = 86_400_000;

/// Five euros off, for everybody, without a limit.
pub fn definition() -> Definition {
    Definition {
        currency: Some("EUR".parse().unwrap()),
        visibility: Visibility::Public,
        ..Definition::new("a coupon", Benefit::amount_off(500))
    }
}

pub fn limit(counts: Counts, per: Per, period: Period, max: i64) -> LimitDefinition {
    let id = format!("{counts:?}-{per:?}-{period:?}");
    LimitDefinition { id, counts, per, period, max, give_back: None }
}

pub fn stock(max: i64) -> LimitDefinition {
    limit(Counts::Claims, Per::Everyone, Period::Ever, max)
}

pub fn command(action: Action) -> Command {
    Command { actor: Actor::Operator, key: None, fingerprint: [0; 16], action }
}

pub fn id(text: &str) -> RedemptionId {
    RedemptionId::parse(text).unwrap()
}

pub fn refusal<T: std::fmt::Debug>(decided: Result<T, Refusal>) -> Rejection {
    decided.unwrap_err().rejection
}

/// An order of that id with lines of one unit each.
pub fn order(id: &str, prices_minor: &[i64]) -> Order {
    let lines = prices_minor.iter().map(|price| Line::new("thing", 1, *price));
    Order { id: Some(id.to_owned()), ..Order::new("EUR".parse().unwrap(), lines.collect()) }
}

impl World {
    pub fn ask(&mut self, action: Action) -> Result<Outcome, Refusal> {
        self.batch(&[command(action)]).remove(0).map(|answer| answer.outcome)
    }

    pub fn name(&mut self) -> Uuid {
        self.names += 1;
        Uuid::from_u128(self.names)
    }

    pub fn customer(&mut self) -> CustomerNo {
        let id = CustomerId(self.name());
        match self.ask(Action::CreateCustomer { id, profile: Box::default() }) {
            Ok(Outcome::Customer(no)) => no,
            other => panic!("{other:?}"),
        }
    }

    pub fn campaign(&mut self, limits: Vec<LimitDefinition>) -> CampaignNo {
        self.start_campaign(CampaignDefinition { limits, ..CampaignDefinition::new("a campaign") })
    }

    /// A campaign that begins as its window says.
    pub fn start_campaign(&mut self, definition: CampaignDefinition) -> CampaignNo {
        let (id, definition) = (CampaignId(self.name()), Box::new(definition));
        match self.ask(Action::CreateCampaign { id, definition, start: Start::Active }) {
            Ok(Outcome::Campaign { no, .. }) => no,
            other => panic!("{other:?}"),
        }
    }

    pub fn create(&mut self, definition: Definition) -> Result<CouponNo, Refusal> {
        self.create_as(Start::Draft, definition)
    }

    pub fn create_active(&mut self, definition: Definition) -> Result<CouponNo, Refusal> {
        self.create_as(Start::Active, definition)
    }

    fn create_as(&mut self, start: Start, definition: Definition) -> Result<CouponNo, Refusal> {
        let id = CouponId(self.name());
        let code = definition.code.as_ref().map(|code| self.read(code));
        match self.ask(Action::CreateCoupon { id, definition: Box::new(definition), code, start })? {
            Outcome::Coupon { no, .. } => Ok(no),
            other => panic!("{other:?}"),
        }
    }

    /// A running coupon.
    pub fn coupon(&mut self, definition: Definition) -> CouponNo {
        let no = self.create(definition).unwrap();
        self.step(no, CouponStep::Activate).unwrap();
        no
    }

    pub fn limited(&mut self, limits: Vec<LimitDefinition>) -> CouponNo {
        self.coupon(Definition { limits, ..definition() })
    }

    pub fn step(&mut self, coupon: CouponNo, step: CouponStep) -> Result<Outcome, Refusal> {
        self.ask(Action::MoveCoupon { coupon, step })
    }

    pub fn update(&mut self, coupon: CouponNo, change: impl FnOnce(&mut Definition)) -> Result<Outcome, Refusal> {
        let before = &self.rows.coupons[&coupon];
        let (if_version, mut definition) = (before.version, before.definition.clone());
        change(&mut definition);
        let code = definition.code.as_ref().map(|code| self.read(code));
        self.ask(Action::UpdateCoupon { coupon, if_version, definition: Box::new(definition), code })
    }

    pub fn claim(&mut self, customer: CustomerNo, coupon: CouponNo) -> Result<Voucher, Refusal> {
        self.ask(Action::Claim { customer, coupons: vec![coupon] }).map(|outcome| vouchers(outcome).remove(0))
    }

    pub fn issue(&mut self, coupon: CouponNo, customers: &[CustomerNo]) -> Result<Vec<Voucher>, Refusal> {
        self.ask(Action::Issue { coupon, customers: customers.to_vec() }).map(vouchers)
    }

    pub fn given(&self, text: &str, customer: Option<CustomerNo>) -> GivenEntry {
        let reading = self.read(text);
        let sealed = self.ring.seal_text(TENANT, &reading.hash, text);
        GivenEntry { reading, sealed, customer }
    }

    pub fn issue_given(&mut self, coupon: CouponNo, codes: Vec<GivenEntry>) -> Result<Vec<Voucher>, Refusal> {
        self.ask(Action::IssueGiven { coupon, codes }).map(vouchers)
    }

    pub fn block(&mut self, coupon: CouponNo, count: u64) -> Result<domain::voucher::Block, Refusal> {
        let id = BlockId(self.name());
        match self.ask(Action::IssueBlock { coupon, id, count })? {
            Outcome::Block { block, .. } => Ok(block),
            other => panic!("{other:?}"),
        }
    }

    pub fn read(&self, text: &str) -> Reading {
        read(&self.ring, TENANT, &self.rows.patterns, text)
    }

    pub fn code(&self, key: VoucherKey) -> String {
        let pattern = self.rows.coupons[&key.coupon].definition.pattern.clone().unwrap_or_default();
        self.code_in(&pattern, key)
    }

    pub fn code_in(&self, pattern: &Pattern, key: VoucherKey) -> String {
        encode(&self.ring, self.ring.current_no(), TENANT, pattern, key).unwrap()
    }

    pub fn id(&self, key: VoucherKey) -> String {
        encode_id(&self.ring, self.ring.current_no(), TENANT, key).unwrap()
    }

    pub fn candidates(&self, key: VoucherKey) -> Vec<ComputedCode> {
        vec![ComputedCode { key_no: self.ring.current_no(), key }]
    }

    pub fn assign(&mut self, key: VoucherKey, customer: CustomerNo) -> Result<Outcome, Refusal> {
        self.ask(Action::Assign { voucher: self.candidates(key), customer })
    }

    pub fn release(&mut self, key: VoucherKey) -> Result<Outcome, Refusal> {
        self.ask(Action::Release { voucher: self.candidates(key) })
    }

    pub fn revoke(&mut self, key: VoucherKey) -> Result<Outcome, Refusal> {
        self.ask(Action::Revoke { voucher: self.candidates(key) })
    }

    /// To redeem these codes under the name `name`, for an order of that id, worth 100.00.
    pub fn request(&self, name: &str, customer: Option<CustomerNo>, codes: &[&str]) -> RedeemRequest {
        RedeemRequest {
            id: id(name),
            customer,
            order: order(name, &[10_000]),
            codes: codes.iter().map(|code| self.read(code)).collect(),
            expected_total_minor: None,
            reserve_ms: None,
        }
    }

    pub fn redeem_by(&mut self, request: RedeemRequest) -> Result<Redemption, Refusal> {
        self.ask(Action::Redeem(Box::new(request))).map(redemption)
    }

    pub fn redeem(&mut self, name: &str, customer: Option<CustomerNo>, codes: &[&str]) -> Result<Redemption, Refusal> {
        self.redeem_by(self.request(name, customer, codes))
    }

    /// Reserves for five minutes.
    pub fn reserve(&mut self, name: &str, customer: Option<CustomerNo>, codes: &[&str]) -> Result<Redemption, Refusal> {
        let request = self.request(name, customer, codes);
        self.redeem_by(RedeemRequest { reserve_ms: Some(5 * MINUTE_MS), ..request })
    }

    pub fn confirm(&mut self, name: &str) -> Result<Redemption, Refusal> {
        self.ask(Action::Confirm { redemption: id(name) }).map(redemption)
    }

    pub fn cancel(&mut self, name: &str) -> Result<Redemption, Refusal> {
        self.ask(Action::Cancel { redemption: id(name) }).map(redemption)
    }

    pub fn give_back(&mut self, name: &str, lines: Option<&[(usize, u32)]>) -> Result<Redemption, Refusal> {
        let line = |(line, quantity): &(usize, u32)| ReturnLine { line: *line, quantity: *quantity };
        let lines = lines.map(|lines| lines.iter().map(line).collect());
        self.ask(Action::Return { redemption: id(name), lines }).map(redemption)
    }

    /// Writes down all that is due.
    pub fn sweep(&mut self) -> (u32, u32) {
        let vouchers = self.rows.vouchers.keys().copied().collect();
        let redemptions = self.rows.redemptions.keys().cloned().collect();
        match self.ask(Action::Expire { vouchers, redemptions }) {
            Ok(Outcome::Expired { vouchers, redemptions }) => (vouchers, redemptions),
            other => panic!("{other:?}"),
        }
    }

    /// Used and held of all counters of the coupon's (or its campaign's) limits, by the limit's id.
    pub fn usage(&self, coupon: CouponNo, limit: &LimitDefinition) -> (i64, i64) {
        let coupon = &self.rows.coupons[&coupon];
        let campaign = coupon.definition.campaign.map(|no| self.rows.campaigns[&no].limits.clone());
        let all = coupon.limits.iter().chain(&coupon.limits_retired).chain(campaign.iter().flatten());
        let no = all.clone().find(|known| known.id == limit.id).unwrap().no;
        let of = |(_, usage): (&domain::limit::UsageKey, &Usage)| (usage.used, usage.held);
        let rows = self.rows.usages.iter().filter(|(key, _)| key.limit == no).map(of);
        rows.fold((0, 0), |sum, usage| (sum.0 + usage.0, sum.1 + usage.1))
    }
}

pub fn vouchers(outcome: Outcome) -> Vec<Voucher> {
    match outcome {
        Outcome::Vouchers(vouchers) => vouchers,
        other => panic!("{other:?}"),
    }
}

pub fn redemption(outcome: Outcome) -> Redemption {
    match outcome {
        Outcome::Redemption(redemption) => *redemption,
        other => panic!("{other:?}"),
    }
}
