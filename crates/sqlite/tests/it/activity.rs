//! A shop in which everything has happened that can happen to a voucher, a block or a redemption, some of it twice.

use domain::access_block::{BlockReason, BlockTarget};
use domain::benefit::Benefit;
use domain::codes::{Alphabet, ComputedCode, Pattern, Reading};
use domain::coupon::{ClaimsFrom, CouponStep, Definition, LimitDefinition};
use domain::event::Actor;
use domain::gift::GiftChange;
use domain::id::{
    AccessBlockId, BlockId, CampaignNo, CouponId, CouponNo, CustomerNo, FIRST_TENANT, ImportId, VoucherKey, VoucherKind,
};
use domain::identity::IdentityKind;
use domain::ledger::{Action, BlockKey, GivenEntry, Outcome, RedeemRequest, ReturnLine, Start};
use domain::limit::{Counts, GiveBack, Per};
use domain::mail::Mail;
use domain::period::Period;
use domain::redemption::RedemptionId;
use domain::voucher::{Block, Voucher};
use ports::{
    AccessBlocks, Clock, ImportContent, ImportLine, ImportRefusal, Imported, Imports, Ledger, MailFailure, Mails,
    NewAccessBlock, NewImport, Records, TokenKey, TokenPurpose, Tokens,
};

use crate::support::{Shop, claim, held, keyed, limit, new_id, order, ten_percent};

pub struct Busy {
    pub shop: Shop,
    pub customers: Vec<CustomerNo>,
    /// Claimed with a hold, or used by the shared code SAVE10; in a campaign.
    pub tea: CouponNo,
    /// With a pattern of its own; issued, and in blocks.
    pub spring: CouponNo,
    /// For given codes.
    pub partner: CouponNo,
    /// Aborted.
    pub gone: CouponNo,
    pub block: Block,
}

pub fn id(text: &str) -> RedemptionId {
    RedemptionId::parse(text).expect("an id")
}

pub fn candidate(key: VoucherKey) -> ComputedCode {
    ComputedCode { key_no: 1, key }
}

impl Busy {
    /// Closed and opened again.
    pub async fn reopened(self) -> Self {
        Self { shop: self.shop.reopened().await, ..self }
    }

    pub async fn open() -> Self {
        let shop = Shop::open();
        let mut customers = Vec::new();
        for _ in 0..6 {
            customers.push(shop.customer().await);
        }
        let campaign = campaign(&shop).await;
        let tea = shop.coupon_with_code(tea(campaign), "SAVE10").await;
        let spring = shop.coupon(spring()).await;
        let (partner, gone) = (shop.coupon(ten_percent()).await, shop.coupon(ten_percent()).await);
        let block = shop.block(spring, 100).await;
        let busy = Self { shop, customers, tea, spring, partner, gone, block };
        busy.claims().await;
        busy.issues().await;
        busy.bearers().await;
        busy.given().await;
        busy.ends().await;
        busy.people().await;
        busy.letters().await;
        busy.blocks().await;
        busy
    }

    /// Of two, one was given up; and the token that the other one's link holds.
    async fn letters(&self) {
        let store = &self.shop.store;
        let letter =
            |to: &str| Mail { to: to.to_owned(), subject: "tea".to_owned(), text: "tea\n".to_owned(), until: None };
        let given_up = store.enqueue_mail(FIRST_TENANT, letter("nobody@example.com")).await.expect("a letter");
        let failure = MailFailure { reason: "550".to_owned(), retry_at: None };
        store.mail_failed(given_up, failure).await.expect("it is given up");
        let key = TokenKey { tenant: FIRST_TENANT, purpose: TokenPurpose::VerifyAddress, hash: [5; 32] };
        let until = self.shop.clock.now().saturating_add_ms(60_000);
        store.put_token(key, vec![1], until, Some(letter("ann@example.com"))).await.expect("a token");
    }

    /// Customers 7 and 8 have one address: 7 is merged into 8, who has proven it. 9 and 10 have another, unproven. 11 is
    /// erased.
    async fn people(&self) {
        let shop = &self.shop;
        let guest = shop.customer_with(None, Some("ann@x.example")).await;
        let holder = shop.customer_with(Some("shop-8"), Some("ann@x.example")).await;
        shop.claim(guest, self.partner).await;
        let (kind, value) = (IdentityKind::Email, "ann@x.example".to_owned());
        shop.done(Action::VerifyIdentity { customer: holder, kind, value }).await;
        for external_id in [None, Some("shop-10")] {
            shop.customer_with(external_id, Some("bob@x.example")).await;
        }
        let customer = shop.customer_with(Some("shop-11"), Some("cid@x.example")).await;
        shop.done(Action::EraseCustomer { customer }).await;
    }

    async fn claims(&self) {
        let (shop, tea) = (&self.shop, self.tea);
        let mut vouchers = Vec::new();
        for (key, customer) in (0..).zip(&self.customers) {
            let answer = shop.store.submit(FIRST_TENANT, keyed([key; 16], key, claim(*customer, tea))).await;
            let answer = answer.expect("the store answers").expect("not refused");
            let Outcome::Vouchers(claimed) = answer.outcome else { panic!("not vouchers") };
            vouchers.extend(claimed);
        }
        shop.done(Action::Release { voucher: vec![candidate(vouchers[0].key)] }).await;
        self.reserve("t-pending", 1, &vouchers[1], 600_000).await;
        self.redeem("t-part", 2, &vouchers[2]).await;
        let lines = Some(vec![ReturnLine { line: 0, quantity: 1 }]);
        shop.done(Action::Return { redemption: id("t-part"), lines }).await;
        self.reserve("t-confirmed", 4, &vouchers[4], 30_000).await;
        shop.done(Action::Confirm { redemption: id("t-confirmed") }).await;
        self.reserve("t-cancelled", 5, &vouchers[5], 30_000).await;
        shop.done(Action::Cancel { redemption: id("t-cancelled") }).await;
        let request = self.request("t-shared", Some(0), vec![shop.read("save-10")]);
        shop.done(Action::Redeem(Box::new(request))).await;
        shop.done(Action::Return { redemption: id("t-shared"), lines: None }).await;
        // Two holds are left to run out.
        shop.clock.advance(60_000);
        assert_eq!(shop.store.sweep(10).await, Ok(2));
        let definition = Definition { limits: vec![limit("stock", Per::Everyone, 40)], ..tea_of(CampaignNo(1)) };
        let definition = Box::new(definition);
        shop.done(Action::UpdateCoupon { coupon: tea, if_version: 2, definition, code: None }).await;
    }

    async fn issues(&self) {
        let (shop, c) = (&self.shop, &self.customers);
        let issued = shop.done(Action::Issue { coupon: self.spring, customers: vec![c[0], c[0], c[1], c[2]] }).await;
        let Outcome::Vouchers(vouchers) = issued else { panic!("not vouchers: {issued:?}") };
        shop.done(Action::Revoke { voucher: vec![candidate(vouchers[1].key)] }).await;
        self.redeem("s-returned", 1, &vouchers[2]).await;
        shop.done(Action::Return { redemption: id("s-returned"), lines: None }).await;
        let both = vec![shop.code_of(&vouchers[3]).await, shop.read("SAVE10")];
        shop.done(Action::Redeem(Box::new(self.request("s-two", Some(2), both)))).await;
        self.reserve("s-expired", 0, &vouchers[0], 20_000).await;
        shop.clock.advance(20_000);
        assert_eq!(shop.store.sweep(10).await, Ok(1));
    }

    /// One that has ended, one that was removed, one that stands.
    async fn blocks(&self) {
        let Shop { store, clock, .. } = &self.shop;
        let block = |target, until| NewAccessBlock {
            id: AccessBlockId(new_id()),
            target,
            reason: BlockReason::Abuse,
            note: Some("many accounts".to_owned()),
            made_by: Actor::Operator,
            until,
        };
        let customer = BlockTarget::Customer(self.customers[5]);
        let ends = clock.now().saturating_add_ms(1_000);
        let range = BlockTarget::Addresses("203.0.113.0/24".parse().expect("a range"));
        let mut made = Vec::new();
        for block in [block(customer, Some(ends)), block(range, None)] {
            made.push(store.create_access_block(FIRST_TENANT, block).await.expect("the store answers"));
        }
        clock.advance(1_000);
        let removed = made[1].as_ref().expect("nobody was kept out before").id;
        store.remove_access_block(FIRST_TENANT, removed, Actor::Operator).await.expect("the store answers");
        store
            .create_access_block(FIRST_TENANT, block(range, None))
            .await
            .expect("the store answers")
            .expect("as above");
    }

    async fn bearers(&self) {
        let (shop, spring) = (&self.shop, self.spring);
        let code = |ordinal| {
            shop.computed(spring_pattern(), VoucherKey { coupon: spring, kind: VoucherKind::Bearer, ordinal })
        };
        let bearer = |ordinal| vec![candidate(VoucherKey { coupon: spring, kind: VoucherKind::Bearer, ordinal })];
        shop.done(Action::Redeem(Box::new(self.request("b-used", Some(3), vec![code(5)])))).await;
        shop.done(Action::Assign { voucher: bearer(6), customer: self.customers[4] }).await;
        shop.done(Action::Revoke { voucher: bearer(7) }).await;
        let reserve = |id, ordinal| {
            let request = self.request(id, Some(3), vec![code(ordinal)]);
            Action::Redeem(Box::new(RedeemRequest { reserve_ms: Some(600_000), ..request }))
        };
        shop.done(reserve("b-cancelled", 8)).await;
        shop.done(Action::Cancel { redemption: id("b-cancelled") }).await;
        shop.done(reserve("b-pending", 9)).await;
        let other = shop.block(spring, 50).await;
        shop.done(Action::RevokeBlock { block: BlockKey { coupon: spring, first: other.first } }).await;
    }

    async fn given(&self) {
        let (shop, coupon) = (&self.shop, self.partner);
        let entry = |text: &str, customer: Option<usize>| {
            let reading = shop.read(text);
            let sealed = shop.store.codes().seal(FIRST_TENANT, &reading, text);
            GivenEntry { reading, sealed, customer: customer.map(|index| self.customers[index]) }
        };
        let codes = vec![entry("VOUCHER123", None), entry("FRIEND-7", Some(2)), entry("SPARE", None)];
        shop.done(Action::IssueGiven { coupon, codes }).await;
        let request = self.request("g-used", Some(5), vec![shop.read("voucher 123")]);
        shop.done(Action::Redeem(Box::new(request))).await;
        let amended =
            |id| RedeemRequest { order: order("g"), ..self.request(id, Some(2), vec![shop.read("FRIEND-7")]) };
        shop.done(Action::Redeem(Box::new(amended("g-before")))).await;
        shop.done(Action::Amend { redemption: id("g-before"), request: Box::new(amended("g-after")) }).await;
    }

    /// Gift cards: one in print that pays, one whose order is pending, one that was topped up and came back in part.
    pub async fn gifts(&self) {
        let shop = &self.shop;
        let pattern = Pattern::new("GIFT-", Alphabet::Base32, 16).expect("a pattern");
        let benefit = Benefit::GiftValue { amount_minor: 700 };
        let currency = Some("EUR".parse().expect("a currency"));
        let coupon = shop
            .coupon(Definition { benefit, currency, pattern: Some(pattern), limits: vec![], ..ten_percent() })
            .await;
        let customers = vec![self.customers[1], self.customers[2]];
        let issued = shop.done(Action::Issue { coupon, customers }).await;
        let Outcome::Vouchers(cards) = issued else { panic!("not vouchers: {issued:?}") };
        shop.block(coupon, 5).await;
        let printed = VoucherKey { coupon, kind: VoucherKind::Bearer, ordinal: 0 };
        for (name, key, reserve_ms) in [
            ("gift-part", cards[0].key, None),
            ("gift-pending", cards[1].key, Some(3_600_000)),
            ("gift-printed", printed, None),
        ] {
            let codes = shop.store.voucher_codes(FIRST_TENANT, &[(key, 1)]).await.expect("codes can be read");
            let code = shop.read(codes[0].as_deref().expect("it has a code"));
            let request = RedeemRequest { reserve_ms, ..self.request(name, None, vec![code]) };
            shop.done(Action::Redeem(Box::new(RedeemRequest { order: order(name), ..request }))).await;
        }
        let lines = Some(vec![ReturnLine { line: 0, quantity: 1 }]);
        shop.done(Action::Return { redemption: id("gift-part"), lines }).await;
        let change = GiftChange { is_top_up: true, amount_minor: 100, reason: Some("a test".to_owned()) };
        shop.done(Action::ChangeGift { voucher: vec![candidate(cards[0].key)], change }).await;
    }

    /// A coupon with a pool, which two files were imported into, one of them not to its end.
    pub async fn imports(&self) {
        let (shop, store) = (&self.shop, &self.shop.store);
        let coupon = shop.coupon(held(Definition { claims_from: ClaimsFrom::Pool, ..ten_percent() })).await;
        let line = |(line, text): (u64, &str)| ImportLine {
            line,
            content: ImportContent::Code { text: text.to_owned(), owner: None },
        };
        let lines = |texts: &[&str]| (2..).zip(texts.iter().copied()).map(line).collect::<Vec<_>>();
        let texts = ["P-1", "P-2", "p1", "P-3", "P-4"];
        for chunks in [vec![lines(&texts)], vec![lines(&["Q-1"]), lines(&["Q-2"])]] {
            let import = NewImport { id: ImportId(new_id()), coupon, actor: Actor::Operator };
            store.begin_import(FIRST_TENANT, import).await.expect("it begins");
            store.keep_chunks(FIRST_TENANT, import.id, chunks).await.expect("they are kept");
            store.run_import(FIRST_TENANT, import.id).await.expect("it is whole");
        }
        let work = store.next_chunks(None, 1).await.expect("they open").expect("something waits");
        let codes = texts.iter().map(|text| {
            let reading = shop.read(text);
            let sealed = store.codes().seal(FIRST_TENANT, &reading, text);
            Ok(GivenEntry { reading, sealed, customer: None })
        });
        let outcome = shop.done(Action::ImportGiven { coupon, codes: codes.collect() }).await;
        let Outcome::Imported { accepted, refused } = outcome else { panic!("not imported: {outcome:?}") };
        let refused =
            refused.into_iter().map(|one| ImportRefusal { line: 2 + u64::from(one.place), reason: one.reason });
        let done = Imported { chunk: 0, accepted: accepted.into(), refused: refused.collect() };
        store.record_chunks(FIRST_TENANT, work.import.id, vec![done]).await.expect("it is written down");
        let back = shop.claim(self.customers[0], coupon).await;
        shop.done(Action::Release { voucher: vec![candidate(back.key)] }).await;
        shop.claim(self.customers[1], coupon).await;
    }

    async fn ends(&self) {
        let voucher = self.shop.claim(self.customers[1], self.gone).await;
        self.reserve("x-aborted", 1, &voucher, 600_000).await;
        self.shop.step(self.gone, CouponStep::Abort).await;
        self.shop.done(Action::Cancel { redemption: id("x-never") }).await;
    }

    fn request(&self, redemption: &str, customer: Option<usize>, codes: Vec<Reading>) -> RedeemRequest {
        RedeemRequest {
            id: id(redemption),
            customer: customer.map(|index| self.customers[index]),
            order: order(&format!("order of {redemption}")),
            codes,
            expected_total_minor: None,
            reserve_ms: None,
        }
    }

    async fn redeem(&self, redemption: &str, customer: usize, voucher: &Voucher) {
        let code = self.shop.code_of(voucher).await;
        self.shop.done(Action::Redeem(Box::new(self.request(redemption, Some(customer), vec![code])))).await;
    }

    async fn reserve(&self, redemption: &str, customer: usize, voucher: &Voucher, ms: i64) {
        let request = self.request(redemption, Some(customer), vec![self.shop.code_of(voucher).await]);
        self.shop.done(Action::Redeem(Box::new(RedeemRequest { reserve_ms: Some(ms), ..request }))).await;
    }
}

impl Shop {
    async fn coupon_with_code(&self, definition: Definition, code: &str) -> CouponNo {
        let (id, code) = (CouponId(new_id()), Some(self.read(code)));
        let (definition, start) = (Box::new(definition), Start::Draft);
        let made = self.done(Action::CreateCoupon { id, definition, code, start }).await;
        let Outcome::Coupon { no, .. } = made else { panic!("not a coupon: {made:?}") };
        self.step(no, CouponStep::Activate).await;
        no
    }

    async fn block(&self, coupon: CouponNo, count: u64) -> Block {
        let made = self.done(Action::IssueBlock { coupon, id: BlockId(new_id()), count }).await;
        let Outcome::Block { block, .. } = made else { panic!("not a block: {made:?}") };
        block
    }

    /// What a typed text reads as.
    fn read(&self, text: &str) -> Reading {
        self.store.codes().read(FIRST_TENANT, text)
    }

    fn computed(&self, pattern: Pattern, key: VoucherKey) -> Reading {
        let code = self.store.codes().code(FIRST_TENANT, &pattern, key, 1).expect("a computed code");
        self.read(&code)
    }

    async fn code_of(&self, voucher: &Voucher) -> Reading {
        let codes = self.store.voucher_codes(FIRST_TENANT, &[(voucher.key, voucher.key_no)]).await;
        self.read(codes.expect("the store answers")[0].as_deref().expect("it has a code"))
    }
}

async fn campaign(shop: &Shop) -> CampaignNo {
    let budget = LimitDefinition { counts: Counts::Value, ..limit("budget", Per::Everyone, 100_000) };
    shop.campaign(vec![budget]).await
}

fn tea(campaign: CampaignNo) -> Definition {
    let daily = LimitDefinition { period: Period::Day, ..limit("each day", Per::Customer, 5) };
    let uses = LimitDefinition { counts: Counts::Redemptions, ..limit("uses", Per::Everyone, 100) };
    Definition { limits: vec![limit("stock", Per::Everyone, 50), daily, uses], ..tea_of(campaign) }
}

fn tea_of(campaign: CampaignNo) -> Definition {
    Definition { code: Some("SAVE10".to_owned()), campaign: Some(campaign), ..held(ten_percent()) }
}

pub fn spring_pattern() -> Pattern {
    Pattern::new("SPRING-", Alphabet::Base32, 20).expect("a pattern")
}

/// Its budget keeps what was given, also when an order comes back.
fn spring() -> Definition {
    let keeps = GiveBack { hold_expired: false, reservation_ended: true, returned: false, revoked: false };
    let budget =
        LimitDefinition { counts: Counts::Value, give_back: Some(keeps), ..limit("budget", Per::Everyone, 100_000) };
    let limits = vec![limit("stock", Per::Everyone, 1_000), limit("each", Per::Customer, 10), budget];
    Definition { pattern: Some(spring_pattern()), limits, ..ten_percent() }
}
