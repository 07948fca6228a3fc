//! Campaigns: what their coupons may do, edits, packages, aborts.

use domain::campaign::{CampaignDefinition, CampaignState, CampaignStep};
use domain::coupon::{CouponState, CouponStep, Definition};
use domain::id::{CampaignId, CampaignNo, CouponNo, CustomerNo};
use domain::ledger::{Action, Outcome, PACKAGE_MAX, SIBLINGS_MAX, Start};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::redemption::RedemptionState;
use domain::rejection::{Refusal, Rejection};
use domain::voucher::Voucher;
use domain::window::{FREEZE_MS, Window};

use crate::asking::{DAY_MS, MINUTE_MS, command, definition, id, limit, refusal, stock, vouchers};
use crate::world::World;

impl World {
    pub fn draft_campaign(&mut self, definition: CampaignDefinition) -> CampaignNo {
        let (id, definition) = (CampaignId(self.name()), Box::new(definition));
        match self.ask(Action::CreateCampaign { id, definition, start: Start::Draft }) {
            Ok(Outcome::Campaign { no, .. }) => no,
            other => panic!("{other:?}"),
        }
    }

    fn step_campaign(&mut self, campaign: CampaignNo, step: CampaignStep) -> Result<Outcome, Refusal> {
        self.ask(Action::MoveCampaign { campaign, step })
    }

    fn coupon_of(&mut self, campaign: CampaignNo, changes: impl FnOnce(&mut Definition)) -> CouponNo {
        let mut definition = Definition { campaign: Some(campaign), ..definition() };
        changes(&mut definition);
        self.coupon(definition)
    }

    fn claim_package(&mut self, customer: CustomerNo, campaign: CampaignNo) -> Result<Vec<Voucher>, Refusal> {
        self.ask(Action::ClaimPackage { customer, campaign }).map(vouchers)
    }

    fn rewrite(
        &mut self,
        campaign: CampaignNo,
        change: impl FnOnce(&mut CampaignDefinition),
    ) -> Result<Outcome, Refusal> {
        let before = &self.rows.campaigns[&campaign];
        let (if_version, mut definition) = (before.version, before.definition.clone());
        change(&mut definition);
        self.ask(Action::UpdateCampaign { campaign, if_version, definition: Box::new(definition) })
    }

    /// A running or scheduled campaign that starts so much later.
    fn starting_after(&mut self, ms: i64) -> CampaignNo {
        let window = Window { starts_at: Some(self.now.saturating_add_ms(ms)), ends_at: None };
        self.start_campaign(CampaignDefinition { window, ..CampaignDefinition::new("a campaign") })
    }
}

/// Everything that grants something new of a coupon with the code SAVE.
fn grants(world: &mut World, coupon: CouponNo, name: &str) -> Vec<Option<Rejection>> {
    let ann = world.customer();
    let given = world.given(&format!("GIFT-{name}"), None);
    let codes = world.quote(&world.request("q", None, &["save"])).refused;
    vec![
        world.claim(ann, coupon).err().map(|refusal| refusal.rejection),
        world.issue(coupon, &[ann]).err().map(|refusal| refusal.rejection),
        world.issue_given(coupon, vec![given]).err().map(|refusal| refusal.rejection),
        world.block(coupon, 1).err().map(|refusal| refusal.rejection),
        world.redeem(&format!("r-{name}"), None, &["save"]).err().map(|refusal| refusal.rejection),
        world.reserve(&format!("s-{name}"), None, &["save"]).err().map(|refusal| refusal.rejection),
        codes.first().map(|refused| refused.refusal.rejection),
    ]
}

#[test]
fn a_coupon_grants_only_while_its_campaign_is_running() {
    let mut world = World::new();
    let campaign = world.draft_campaign(CampaignDefinition::new("a campaign"));
    let coupon = world.coupon_of(campaign, |definition| definition.code = Some("SAVE".to_owned()));
    let all = |rejection| vec![rejection; 7];
    assert_eq!(grants(&mut world, coupon, "a"), all(Some(Rejection::CampaignNotActive)));
    for (step, rejection) in [
        (CampaignStep::Activate, None),
        (CampaignStep::Pause, Some(Rejection::CampaignPaused)),
        (CampaignStep::End, Some(Rejection::CampaignEnded)),
        (CampaignStep::Abort, Some(Rejection::CouponAborted)),
    ] {
        world.step_campaign(campaign, step).unwrap();
        assert_eq!(grants(&mut world, coupon, &format!("{step:?}")), all(rejection), "{step:?}");
    }
}

#[test]
fn an_unowned_voucher_is_assigned_only_while_the_campaign_is_running() {
    let mut world = World::new();
    let (campaign, ann) = (world.campaign(vec![]), world.customer());
    let coupon = world.coupon_of(campaign, |_| {});
    let given = world.given("GIFT", None);
    let voucher = world.issue_given(coupon, vec![given]).unwrap().remove(0);
    world.step_campaign(campaign, CampaignStep::Pause).unwrap();
    assert_eq!(refusal(world.assign(voucher.key, ann)), Rejection::CampaignPaused);
}

#[test]
fn the_clock_opens_and_closes_a_campaigns_coupons_without_a_sweep() {
    let mut world = World::new();
    let window = Window {
        starts_at: Some(world.now.saturating_add_ms(DAY_MS)),
        ends_at: Some(world.now.saturating_add_ms(2 * DAY_MS)),
    };
    let campaign = world.start_campaign(CampaignDefinition { window, ..CampaignDefinition::new("a campaign") });
    let (coupon, ann) = (world.coupon_of(campaign, |_| {}), world.customer());
    let early = world.claim(ann, coupon).unwrap_err();
    assert_eq!((early.rejection, early.retry_at), (Rejection::CampaignNotActive, window.starts_at));
    world.later_ms(DAY_MS);
    world.claim(ann, coupon).unwrap();
    world.later_ms(DAY_MS);
    assert_eq!(refusal(world.claim(ann, coupon)), Rejection::CampaignEnded);
}

#[test]
fn a_coupons_own_state_is_told_before_its_campaigns() {
    let mut world = World::new();
    let (campaign, ann) = (world.campaign(vec![]), world.customer());
    let coupon = world.coupon_of(campaign, |_| {});
    for (coupon_step, campaign_step, rejection) in [
        (CouponStep::Pause, CampaignStep::Pause, Rejection::CouponPaused),
        (CouponStep::Activate, CampaignStep::End, Rejection::CampaignEnded),
        (CouponStep::End, CampaignStep::Abort, Rejection::CouponAborted),
    ] {
        world.step(coupon, coupon_step).unwrap();
        world.step_campaign(campaign, campaign_step).unwrap();
        assert_eq!(refusal(world.claim(ann, coupon)), rejection);
    }
}

#[test]
fn the_campaigns_state_is_told_before_eligibility_age_and_limits() {
    let mut world = World::new();
    let (campaign, ann, ben) = (world.campaign(vec![]), world.customer(), world.customer());
    let coupon = world.coupon_of(campaign, |definition| {
        definition.customers = Some(vec![ben]);
        definition.min_age = Some(18);
        definition.limits = vec![stock(0)];
    });
    world.step_campaign(campaign, CampaignStep::Pause).unwrap();
    assert_eq!(refusal(world.claim(ann, coupon)), Rejection::CampaignPaused);
    world.step_campaign(campaign, CampaignStep::Activate).unwrap();
    assert_eq!(refusal(world.claim(ann, coupon)), Rejection::CustomerNotEligible);
    assert_eq!(refusal(world.claim(ben, coupon)), Rejection::UnderAge);
    world.update(coupon, |definition| definition.min_age = None).unwrap();
    assert_eq!(refusal(world.claim(ben, coupon)).code(), "out_of_stock");
}

#[test]
fn a_reservation_is_honoured_though_its_campaign_was_paused_or_ended() {
    let mut world = World::new();
    let campaign = world.campaign(vec![stock(9)]);
    world.coupon_of(campaign, |definition| definition.code = Some("SAVE".to_owned()));
    for (name, step) in [("r", CampaignStep::Pause), ("s", CampaignStep::End)] {
        world.reserve(name, None, &["save"]).unwrap();
        world.step_campaign(campaign, step).unwrap();
        world.confirm(name).unwrap();
        if step == CampaignStep::Pause {
            world.step_campaign(campaign, CampaignStep::Activate).unwrap();
        }
    }
}

#[test]
fn an_abort_of_a_campaign_aborts_its_coupons_and_cancels_what_is_reserved() {
    let mut world = World::new();
    let campaign = world.campaign(vec![stock(9)]);
    let one = world.coupon_of(campaign, |definition| definition.code = Some("SAVE".to_owned()));
    let two = world.coupon_of(campaign, |definition| definition.code = Some("MORE".to_owned()));
    world.reserve("both", None, &["save", "more"]).unwrap();
    world.reserve("one", None, &["more"]).unwrap();
    world.step(two, CouponStep::End).unwrap();
    world.step_campaign(campaign, CampaignStep::Abort).unwrap();
    assert_eq!(world.rows.campaigns[&campaign].state, CampaignState::Aborted);
    assert!([one, two].iter().all(|no| world.rows.coupons[no].state == CouponState::Aborted));
    for name in ["both", "one"] {
        assert_eq!(world.rows.redemptions[&id(name)].state, RedemptionState::Cancelled);
    }
    assert_eq!(world.usage(one, &stock(0)), (0, 0));
}

#[test]
fn an_abort_of_more_coupons_than_one_step_takes_pauses_the_campaign_and_goes_on_when_asked_again() {
    let mut world = World::new();
    let campaign = world.campaign(vec![]);
    let coupons: Vec<CouponNo> = (0..25).map(|_| world.coupon_of(campaign, |_| {})).collect();
    let ann = world.customer();
    let mut steps = 0;
    while world.rows.campaigns[&campaign].state != CampaignState::Aborted {
        world.step_campaign(campaign, CampaignStep::Abort).unwrap();
        steps += 1;
        assert!(steps <= 3 && world.claim(ann, coupons[24]).is_err(), "nothing new is granted meanwhile");
    }
    assert!(coupons.iter().all(|no| world.rows.coupons[no].state == CouponState::Aborted));
}

#[test]
fn a_campaign_that_is_over_takes_no_more_coupons() {
    for (step, rejection) in
        [(CampaignStep::End, Rejection::CampaignEnded), (CampaignStep::Abort, Rejection::CampaignAborted)]
    {
        let mut world = World::new();
        let campaign = world.campaign(vec![]);
        world.step_campaign(campaign, step).unwrap();
        let late = world.create(Definition { campaign: Some(campaign), ..definition() });
        assert_eq!(refusal(late), rejection);
    }
}

#[test]
fn coupons_of_a_campaign_with_a_currency_give_in_it() {
    let mut world = World::new();
    let budget = limit(Counts::Value, Per::Everyone, Period::Ever, 900);
    let currency = Some("EUR".parse().unwrap());
    let campaign = CampaignDefinition { limits: vec![budget.clone()], currency, ..CampaignDefinition::new("euros") };
    let campaign = world.start_campaign(campaign);
    let coupon = world.coupon_of(campaign, |definition| definition.code = Some("SAVE".to_owned()));
    for other in [None, Some("USD".parse().unwrap())] {
        let made = world.create(Definition { campaign: Some(campaign), currency: other, ..definition() });
        assert_eq!(refusal(made), Rejection::CurrencyMismatch);
    }
    assert_eq!(refusal(world.rewrite(campaign, |definition| definition.currency = None)), Rejection::TransitionIllegal);
    world.redeem("r", None, &["save"]).unwrap();
    assert_eq!(refusal(world.redeem("s", None, &["save"])).code(), "budget_exhausted");
    assert_eq!(world.usage(coupon, &budget), (500, 0));
}

#[test]
fn a_campaigns_limit_keeps_its_count_through_its_versions() {
    let mut world = World::new();
    let (campaign, ann) = (world.campaign(vec![stock(2)]), world.customer());
    let coupon = world.coupon_of(campaign, |_| {});
    world.claim(ann, coupon).unwrap();
    world.rewrite(campaign, |definition| definition.limits.clear()).unwrap();
    world.claim(ann, coupon).unwrap();
    world.rewrite(campaign, |definition| definition.limits = vec![stock(2)]).unwrap();
    world.claim(ann, coupon).unwrap();
    assert_eq!(refusal(world.claim(ann, coupon)).code(), "out_of_stock");
    let stale = Action::UpdateCampaign { campaign, if_version: 1, definition: Box::new(CampaignDefinition::new("x")) };
    assert_eq!(refusal(world.ask(stale)), Rejection::VersionStale);
    assert_eq!((world.rows.campaigns[&campaign].version, world.rows.campaign_versions.len()), (3, 3));
}

#[test]
fn rp_4_a_campaign_and_its_coupons_cannot_be_edited_from_five_minutes_before_its_start() {
    let mut world = World::new();
    let campaign = world.starting_after(DAY_MS);
    let coupon = world.coupon_of(campaign, |_| {});
    world.later_ms(DAY_MS - FREEZE_MS - 1);
    world.rewrite(campaign, |definition| definition.name = "early enough".to_owned()).unwrap();
    world.update(coupon, |definition| definition.name = "early enough".to_owned()).unwrap();
    world.later_ms(1);
    for ms in [0, FREEZE_MS - 1] {
        world.later_ms(ms);
        let late = world.rewrite(campaign, |_| {}).unwrap_err();
        let starts_at = world.rows.campaigns[&campaign].definition.window.starts_at;
        assert_eq!((late.rejection, late.retry_at), (Rejection::EditTooLate, starts_at));
        assert_eq!(refusal(world.update(coupon, |_| {})), Rejection::EditTooLate);
    }
    world.later_ms(1);
    world.rewrite(campaign, |definition| definition.name = "it has started".to_owned()).unwrap();
    world.update(coupon, |definition| definition.name = "it has started".to_owned()).unwrap();
}

#[test]
fn rp_4_a_coupon_cannot_be_edited_from_five_minutes_before_its_own_start() {
    let mut world = World::new();
    let window = Window { starts_at: Some(world.now.saturating_add_ms(FREEZE_MS + 1)), ends_at: None };
    let coupon = world.coupon(Definition { window, ..definition() });
    world.update(coupon, |definition| definition.name = "early enough".to_owned()).unwrap();
    world.later_ms(1);
    assert_eq!(refusal(world.update(coupon, |_| {})), Rejection::EditTooLate);
    world.step(coupon, CouponStep::Pause).unwrap();
    world.update(coupon, |definition| definition.name = "it does not start".to_owned()).unwrap();
    world.step(coupon, CouponStep::Activate).unwrap();
    world.later_ms(FREEZE_MS);
    let moved = world.update(coupon, |definition| definition.window.starts_at = None);
    assert_eq!(refusal(moved), Rejection::TransitionIllegal, "it has started when it did");
}

#[test]
fn a_start_moved_to_now_starts_and_an_end_moved_to_now_ends() {
    let mut world = World::new();
    let (campaign, ann) = (world.starting_after(DAY_MS), world.customer());
    let coupon = world.coupon_of(campaign, |_| {});
    world.rewrite(campaign, |definition| definition.window.starts_at = None).unwrap();
    assert_eq!(world.rows.campaigns[&campaign].state, CampaignState::Running);
    world.claim(ann, coupon).unwrap();
    let now = world.now;
    world.rewrite(campaign, |definition| definition.window.ends_at = Some(now)).unwrap();
    assert_eq!(world.rows.campaigns[&campaign].state, CampaignState::Ended);
    assert_eq!(refusal(world.rewrite(campaign, |_| {})), Rejection::TransitionIllegal);
}

#[test]
fn hm_4_a_package_is_all_running_coupons_of_the_campaign_or_none() {
    let mut world = World::new();
    let (campaign, ann) = (world.campaign(vec![stock(4)]), world.customer());
    let one = world.coupon_of(campaign, |definition| definition.limits = vec![stock(2)]);
    let two = world.coupon_of(campaign, |_| {});
    world.create(Definition { campaign: Some(campaign), ..definition() }).unwrap();
    let paused = world.coupon_of(campaign, |_| {});
    world.step(paused, CouponStep::Pause).unwrap();
    let window = Window { starts_at: Some(world.now.saturating_add_ms(MINUTE_MS)), ends_at: None };
    let later = world.coupon_of(campaign, |definition| definition.window = window);
    let coupons = |made: Vec<Voucher>| made.iter().map(|voucher| voucher.key.coupon).collect::<Vec<_>>();
    assert_eq!(coupons(world.claim_package(ann, campaign).unwrap()), [one, two]);
    world.later_ms(MINUTE_MS);
    // Two of the campaign's four are left, and the package is three now.
    assert_eq!(refusal(world.claim_package(ann, campaign)).code(), "out_of_stock");
    assert_eq!((world.rows.vouchers.len(), world.usage(one, &stock(0))), (2, (1, 0)));
    world.step(later, CouponStep::End).unwrap();
    assert_eq!(coupons(world.claim_package(ann, campaign).unwrap()), [one, two]);
    world.step_campaign(campaign, CampaignStep::Pause).unwrap();
    assert_eq!(refusal(world.claim_package(ann, campaign)), Rejection::CampaignPaused);
}

#[test]
fn hm_4_a_package_sees_what_the_same_batch_made_of_its_campaign() {
    let mut world = World::new();
    let (campaign, ann) = (world.campaign(vec![]), world.customer());
    let coupon = world.create(Definition { campaign: Some(campaign), ..definition() }).unwrap();
    let other = world.coupon_of(campaign, |_| {});
    let package = command(Action::ClaimPackage { customer: ann, campaign });
    let step = |coupon, step| command(Action::MoveCoupon { coupon, step });
    let batch = [package.clone(), step(coupon, CouponStep::Activate), step(other, CouponStep::Abort), package];
    let answers = world.batch(&batch);
    let of = |place: usize| vouchers(answers[place].clone().unwrap().outcome);
    assert_eq!((of(0)[0].key.coupon, of(0).len()), (other, 1));
    assert_eq!((of(3)[0].key.coupon, of(3).len()), (coupon, 1));
}

#[test]
fn a_package_without_coupons_or_with_too_many_is_refused() {
    let mut world = World::new();
    let (campaign, ann) = (world.campaign(vec![]), world.customer());
    assert_eq!(refusal(world.claim_package(ann, campaign)), Rejection::CouponNotActive);
    let coupons: Vec<_> = (0..=PACKAGE_MAX).map(|_| world.coupon_of(campaign, |_| {})).collect();
    assert_eq!(refusal(world.claim_package(ann, campaign)), Rejection::PackageTooLarge);
    world.step(coupons[0], CouponStep::Pause).unwrap();
    assert_eq!(world.claim_package(ann, campaign).unwrap().len(), PACKAGE_MAX);
    for _ in PACKAGE_MAX..SIBLINGS_MAX {
        world.create(Definition { campaign: Some(campaign), ..definition() }).unwrap();
    }
    assert_eq!(refusal(world.claim_package(ann, campaign)), Rejection::PackageTooLarge, "not all were looked at");
    assert_eq!(refusal(world.claim_package(ann, CampaignNo(99))), Rejection::CampaignNotFound);
}
