//! Any commands in any order: the invariants hold after each batch, and it makes no difference which commands share one.

use domain::bearing::{BearerKind, CostBearer};
use domain::benefit::{Benefit, Target};
use domain::coupon::{ClaimsFrom, CouponStep, Definition};
use domain::event::Actor;
use domain::id::{BlockId, CouponNo, CustomerId, CustomerNo, VoucherKey, VoucherKind};
use domain::identity::{IdentityKey, IdentityKind};
use domain::ledger::{Action, BlockKey, Command, GivenEntry, RedeemRequest, ReturnLine};
use domain::limit::{Counts, Per};
use domain::money::Rate;
use domain::order::Line;
use domain::period::Period;
use domain::voucher::VoucherState;
use proptest::prelude::*;
use uuid::Uuid;

use crate::asking::{DAY_MS, MINUTE_MS, definition, id, limit, order, stock};
use crate::world::World;

/// Three customers; three coupons under one campaign with holds, shared codes and limits of every sort, and one with a
/// pool.
fn small_world() -> World {
    let mut world = World::new();
    (0..3).for_each(|_| assert_ne!(world.customer().0, 0));
    let campaign = Some(world.campaign(vec![
        limit(Counts::Claims, Per::Everyone, Period::Ever, 6),
        limit(Counts::Value, Per::Customer, Period::Day, 1_500),
    ]));
    let per_day = limit(Counts::Claims, Per::Customer, Period::Day, 2);
    world.coupon(Definition {
        code: Some("HELD".to_owned()),
        hold: Some("PT5M".parse().unwrap()),
        limits: vec![stock(3), per_day],
        campaign,
        ..definition()
    });
    let uses = limit(Counts::Redemptions, Per::Everyone, Period::Ever, 3);
    let budget = limit(Counts::Value, Per::Everyone, Period::Ever, 1_900);
    world.coupon(Definition {
        code: Some("SHARED".to_owned()),
        benefit: Benefit::PercentOff {
            rate_bp: Rate::from_bp(1_250).unwrap(),
            max_minor: Some(900),
            on: Target::Goods,
        },
        limits: vec![uses, budget],
        cost_bearers: vec![merchant("a", 2_500), merchant("b", 3_333)],
        campaign,
        ..definition()
    });
    world.coupon(Definition { code: Some("FREE".to_owned()), hold: Some("P1D".parse().unwrap()), ..definition() });
    let pool = world.coupon(Definition {
        hold: Some("PT5M".parse().unwrap()),
        claims_from: ClaimsFrom::Pool,
        limits: vec![limit(Counts::Claims, Per::Customer, Period::Day, 3)],
        campaign,
        ..definition()
    });
    let codes = ["given0", "given1"].map(|text| world.given(text, None)).to_vec();
    world.issue_given(pool, codes).unwrap();
    world
}

fn merchant(id: &str, bp: u32) -> CostBearer {
    let share_bp = Some(Rate::from_bp(bp).unwrap());
    CostBearer { kind: BearerKind::Merchant, merchant_id: Some(id.to_owned()), share_bp, amount_minor: None }
}

/// What is asked, as small numbers, so that a failure shrinks to few and small ones.
#[derive(Clone, Debug)]
struct Step {
    what: u8,
    a: u8,
    b: u8,
    c: u8,
    keyed: bool,
}

fn step() -> impl Strategy<Value = Step> {
    (0u8..23, 0u8..6, 0u8..6, 0u8..8, prop::bool::weighted(0.2)).prop_map(|(what, a, b, c, keyed)| Step {
        what,
        a,
        b,
        c,
        keyed,
    })
}

impl Step {
    fn jump_ms(&self) -> Option<i64> {
        (self.what == 20).then(|| [MINUTE_MS, 5 * MINUTE_MS, DAY_MS / 2, 5 * MINUTE_MS - 1][usize::from(self.a % 4)])
    }

    fn customer(&self) -> CustomerNo {
        CustomerNo(u32::from(self.a % 3) + 1)
    }

    fn coupon(&self) -> CouponNo {
        CouponNo(u32::from(self.b % 4) + 1)
    }

    fn key(&self) -> VoucherKey {
        let kind = VoucherKind::from_bits(self.a.saturating_sub(3)).unwrap();
        VoucherKey { coupon: self.coupon(), kind, ordinal: u64::from(self.c % 4) }
    }

    fn name(&self) -> String {
        format!("r{}", (self.a + self.c) % 8)
    }

    fn code(&self, world: &World) -> String {
        match self.c {
            0 => "held".to_owned(),
            1 => "shared".to_owned(),
            2 => "free".to_owned(),
            3 => format!("given{}", self.a % 4),
            6 => world.id(VoucherKey { kind: VoucherKind::Given, ordinal: u64::from(self.a % 4), ..self.key() }),
            _ => {
                let kind = if self.c.is_multiple_of(2) { VoucherKind::Row } else { VoucherKind::Bearer };
                world.code(VoucherKey { coupon: self.coupon(), kind, ordinal: u64::from(self.a % 4) })
            }
        }
    }

    fn request(&self, world: &World, reserve_ms: Option<i64>) -> Box<RedeemRequest> {
        let codes = [self.code(world), if self.b.is_multiple_of(2) { "shared".to_owned() } else { "free".to_owned() }];
        let codes: Vec<&str> = codes.iter().take(1 + usize::from(self.c % 2)).map(String::as_str).collect();
        let name = format!("r{}", (self.a + self.b + self.c) % 8);
        let customer = (self.c != 7).then(|| self.customer());
        let mut order = order(if self.c == 6 { "o" } else { &name }, &[1_999, 777]);
        order.lines.push(Line { quantity: 3, ..order.lines[0].clone() });
        Box::new(RedeemRequest { order, reserve_ms, ..world.request(&name, customer, &codes) })
    }

    fn action(&self, world: &World, name: Uuid) -> Action {
        let (voucher, redemption) = (world.candidates(self.key()), id(&self.name()));
        match self.what {
            0..=2 => Action::Claim { customer: self.customer(), coupons: vec![self.coupon()] },
            3 => Action::Claim { customer: self.customer(), coupons: vec![CouponNo(1), self.coupon()] },
            4 => Action::Issue { coupon: self.coupon(), customers: vec![self.customer(); usize::from(self.c % 3)] },
            5 => Action::IssueBlock { coupon: self.coupon(), id: BlockId(name), count: 2 },
            6 => {
                let customer = (self.c.is_multiple_of(2)).then(|| self.customer());
                Action::IssueGiven { coupon: self.coupon(), codes: self.given(world, customer) }
            }
            7 => Action::Assign { voucher, customer: self.customer() },
            8 => Action::Release { voucher },
            9 => Action::Revoke { voucher },
            10 | 11 => Action::Redeem(self.request(world, None)),
            12 | 13 => Action::Redeem(self.request(world, Some(i64::from(self.a) * 2 * MINUTE_MS + 1))),
            14 | 15 if self.c < 2 => Action::Cancel { redemption },
            14 | 15 => Action::Confirm { redemption },
            16 => {
                let some = vec![ReturnLine { line: usize::from(self.b % 3), quantity: 1 }];
                Action::Return { redemption, lines: (self.c.is_multiple_of(2)).then_some(some) }
            }
            20 | 21 => self.identity(name),
            22 => Action::ImportGiven {
                coupon: CouponNo(4),
                codes: self.given(world, None).into_iter().map(Ok).collect(),
            },
            17 => Action::Amend { redemption, request: self.request(world, None) },
            _ => self.rare(),
        }
    }

    fn given(&self, world: &World, customer: Option<CustomerNo>) -> Vec<GivenEntry> {
        [self.a % 4, self.c % 4].map(|no| world.given(&format!("GIVEN{no}"), customer)).to_vec()
    }

    fn rare(&self) -> Action {
        let coupon = self.coupon();
        match self.c {
            0 => Action::MoveCoupon { coupon, step: CouponStep::Pause },
            1 | 2 => Action::MoveCoupon { coupon, step: CouponStep::Activate },
            3 if self.a == 0 => Action::MoveCoupon { coupon, step: CouponStep::Abort },
            4 => Action::RevokeBlock { block: BlockKey { coupon, first: 0 } },
            _ => Action::Expire { vouchers: vec![self.key()], redemptions: vec![id(&self.name())] },
        }
    }

    /// Four identities among all that there are, so that most are shared.
    fn identity(&self, name: Uuid) -> Action {
        let customer = CustomerNo(u32::from(self.a) + 1);
        let (kind, value) = [
            (IdentityKind::Email, "ann@x.example"),
            (IdentityKind::Email, "bob@x.example"),
            (IdentityKind::Phone, "+4930901820"),
            (IdentityKind::ExternalId, "shop-7"),
        ][usize::from(self.b % 4)];
        let value = value.to_owned();
        match self.c {
            0 | 1 => Action::EnsureCustomer { id: CustomerId(name), kind, value },
            2 | 3 => Action::AddIdentity { customer, kind, value },
            4 => Action::RemoveIdentity { customer, identity: IdentityKey::of(kind, &value) },
            5 if self.a == 5 => Action::EraseCustomer { customer },
            _ => Action::VerifyIdentity { customer, kind, value },
        }
    }

    fn command(&self, world: &mut World) -> Command {
        let name = world.name();
        let body = [self.what, self.a, self.b, self.c].repeat(4).try_into().unwrap();
        let key = self.keyed.then_some([self.what; 16]);
        Command { actor: Actor::Key(1), key, fingerprint: body, action: self.action(world, name) }
    }
}

/// What is there in the end, without where it is written.
fn summary(world: &World) -> Vec<String> {
    let rows = &world.rows;
    let usages = rows.usages.iter().map(|row| format!("{row:?}"));
    let vouchers =
        rows.vouchers.values().map(|one| format!("{:?} {} {:?} {:?}", one.key, one.version, one.state, one.customer));
    let redemptions = rows.redemptions.values().map(|one| format!("{} {} {:?}", one.id, one.version, one.state));
    let coupons = rows.coupons.values().map(|one| format!("{} {} {:?}", one.no, one.version, one.state));
    let customers = rows.customers.values().map(|one| format!("{} {} {:?}", one.no, one.version, one.identities));
    let persons = rows.persons.iter().map(|row| format!("{row:?}"));
    usages.chain(vouchers).chain(redemptions).chain(coupons).chain(customers).chain(persons).collect()
}

fn run(steps: &[Step], together: bool) -> World {
    let mut world = small_world();
    let mut batch = Vec::new();
    for step in steps {
        if let Some(ms) = step.jump_ms() {
            world.batch(&std::mem::take(&mut batch));
            world.later_ms(ms);
        } else if together {
            batch.push(step.command(&mut world));
        } else {
            let command = step.command(&mut world);
            world.batch(&[command]);
        }
    }
    world.batch(&batch);
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn any_commands_keep_the_invariants_and_end_the_same_however_they_are_batched(steps in prop::collection::vec(step(), 1..60)) {
        prop_assert_eq!(summary(&run(&steps, false)), summary(&run(&steps, true)));
    }

    #[test]
    fn when_everything_is_over_nothing_is_held(steps in prop::collection::vec(step(), 1..40)) {
        let mut world = run(&steps, true);
        world.later_ms(3 * DAY_MS);
        world.sweep();
        prop_assert_eq!(world.sweep(), (0, 0));
        let held: i64 = world.rows.usages.values().map(|usage| usage.held).sum();
        let open = world.rows.vouchers.values().filter(|one| matches!(one.state, VoucherState::Held | VoucherState::Locked));
        prop_assert_eq!((held, open.count()), (0, 0));
    }

    #[test]
    fn a_quote_comes_to_what_a_redemption_comes_to(steps in prop::collection::vec(step(), 1..30), last in step()) {
        let mut world = run(&steps, true);
        let request = RedeemRequest { id: id("last"), order: order("last", &[2_000, 1_234]), ..*last.request(&world, None) };
        let (before, quote) = (summary(&world), world.quote(&request));
        prop_assert_eq!(before, summary(&world));
        match world.redeem_by(request) {
            Ok(done) => prop_assert_eq!(&world.rows.decisions[&done.id].quote, &quote),
            Err(refusal) => prop_assert!(quote.refused.iter().any(|one| one.refusal.rejection == refusal.rejection)),
        }
    }
}
