//! What may cost too much begins to grant only when two persons agree.

use std::sync::Arc;

use domain::benefit::Benefit;
use domain::campaign::CampaignDefinition;
use domain::coupon::{CouponStep, Definition, LimitDefinition};
use domain::event::Actor;
use domain::id::{AccountNo, CampaignNo, CouponId, CouponNo};
use domain::ledger::{Action, Command, Outcome, Start};
use domain::limit::{Counts, Per};
use domain::period::Period;
use domain::rejection::{Refusal, Rejection};
use domain::tenant::Settings;

use crate::asking::{command, definition, limit, refusal};
use crate::world::World;

const ANN: Actor = Actor::Staff(AccountNo(1));
const BEN: Actor = Actor::Staff(AccountNo(2));
const CAT: Actor = Actor::Staff(AccountNo(3));
const SERVER: Actor = Actor::Key(1);

/// A shop in which nobody alone lets a coupon cost more than 100.00.
fn shop() -> World {
    let mut world = World::new();
    world.settings = Arc::new(Settings { liability_ceiling_minor: Some(10_000), ..(*world.settings).clone() });
    world
}

fn uses(max: i64) -> LimitDefinition {
    limit(Counts::Redemptions, Per::Everyone, Period::Ever, max)
}

/// 5.00 off so many times.
fn five_off(times: i64) -> Definition {
    Definition { limits: vec![uses(times)], ..definition() }
}

impl World {
    fn by(&mut self, actor: Actor, action: Action) -> Result<Outcome, Refusal> {
        let asked = Command { actor, ..command(action) };
        self.batch(&[asked]).remove(0).map(|answer| answer.outcome)
    }

    fn made_by(&mut self, actor: Actor, definition: Definition) -> CouponNo {
        let id = CouponId(self.name());
        let create = Action::CreateCoupon { id, definition: Box::new(definition), code: None, start: Start::Draft };
        match self.by(actor, create) {
            Ok(Outcome::Coupon { no, .. }) => no,
            other => panic!("{other:?}"),
        }
    }

    fn saved_by(&mut self, actor: Actor, coupon: CouponNo, definition: Definition) -> Result<Outcome, Refusal> {
        let if_version = self.version(coupon);
        self.by(actor, Action::UpdateCoupon { coupon, if_version, definition: Box::new(definition), code: None })
    }

    fn approved_by(&mut self, actor: Actor, coupon: CouponNo) -> Result<Outcome, Refusal> {
        let version = self.version(coupon);
        self.by(actor, Action::ApproveCoupon { coupon, version })
    }

    fn moved_by(&mut self, actor: Actor, coupon: CouponNo, step: CouponStep) -> Result<Outcome, Refusal> {
        self.by(actor, Action::MoveCoupon { coupon, step })
    }

    fn started_by(&mut self, actor: Actor, coupon: CouponNo) -> Result<Outcome, Refusal> {
        self.moved_by(actor, coupon, CouponStep::Activate)
    }

    fn version(&self, coupon: CouponNo) -> u32 {
        self.rows.coupons[&coupon].version
    }
}

#[test]
fn a_coupon_up_to_the_ceiling_needs_one_person_and_one_above_it_two() {
    let mut world = shop();
    let small = world.made_by(ANN, five_off(20));
    world.started_by(ANN, small).unwrap();
    let large = world.made_by(ANN, five_off(21));
    let refused = world.started_by(ANN, large).unwrap_err();
    assert_eq!(refused.rejection, Rejection::SecondPersonNeeded);
    assert!(refused.detail.contains("10500 minor units of EUR"), "{}", refused.detail);
    assert_eq!(refusal(world.approved_by(ANN, large)), Rejection::ApproverInvolved);
    assert_eq!(refusal(world.approved_by(SERVER, large)), Rejection::ApproverInvolved);
    assert_eq!(refusal(world.approved_by(Actor::Operator, large)), Rejection::ApproverInvolved);
    assert_eq!(refusal(world.started_by(ANN, large)), Rejection::SecondPersonNeeded);
    world.approved_by(BEN, large).unwrap();
    world.started_by(ANN, large).unwrap();
}

#[test]
fn what_has_no_figure_is_above_every_ceiling_and_nothing_begins_to_grant_past_the_check() {
    let mut world = shop();
    let id = CouponId(world.name());
    let open = Box::new(definition());
    let create = Action::CreateCoupon { id, definition: open, code: None, start: Start::Active };
    assert_eq!(refusal(world.by(ANN, create)), Rejection::SecondPersonNeeded);
    let later = world.now.saturating_add_ms(86_400_000);
    let mut scheduled = definition();
    scheduled.window.starts_at = Some(later);
    let scheduled = world.made_by(ANN, scheduled);
    assert_eq!(refusal(world.started_by(ANN, scheduled)), Rejection::SecondPersonNeeded);
}

#[test]
fn an_approval_ends_with_any_change_and_whoever_changed_it_cannot_approve() {
    let mut world = shop();
    let coupon = world.made_by(ANN, five_off(100));
    world.approved_by(BEN, coupon).unwrap();
    world.saved_by(BEN, coupon, five_off(100)).unwrap();
    assert_eq!(refusal(world.started_by(ANN, coupon)), Rejection::SecondPersonNeeded, "it was saved anew");
    assert_eq!(refusal(world.approved_by(BEN, coupon)), Rejection::ApproverInvolved);
    world.approved_by(ANN, coupon).unwrap();
    let more = Action::Restock { coupon, limit: uses(0).id, by: 1, contributor: None };
    world.by(CAT, more).unwrap();
    assert_eq!(refusal(world.started_by(ANN, coupon)), Rejection::SecondPersonNeeded, "it was restocked");
}

#[test]
fn a_small_change_by_another_does_not_let_the_first_approve_their_own() {
    let mut world = shop();
    let coupon = world.made_by(ANN, five_off(100));
    world.by(CAT, Action::Restock { coupon, limit: uses(0).id, by: 1, contributor: None }).unwrap();
    assert_eq!(refusal(world.approved_by(ANN, coupon)), Rejection::ApproverInvolved);
    assert_eq!(refusal(world.approved_by(CAT, coupon)), Rejection::ApproverInvolved);
    world.approved_by(BEN, coupon).unwrap();
    world.started_by(CAT, coupon).unwrap();
}

#[test]
fn a_running_coupon_is_raised_above_the_ceiling_by_no_way_but_a_pause_and_an_approval() {
    let mut world = shop();
    let coupon = world.made_by(ANN, five_off(20));
    world.started_by(ANN, coupon).unwrap();
    assert_eq!(refusal(world.saved_by(ANN, coupon, five_off(21))), Rejection::SecondPersonNeeded);
    assert_eq!(refusal(world.saved_by(ANN, coupon, definition())), Rejection::SecondPersonNeeded, "without a limit");
    let restock = Action::Restock { coupon, limit: uses(0).id, by: 1, contributor: None };
    assert_eq!(refusal(world.by(ANN, restock)), Rejection::SecondPersonNeeded);
    // Counted anew under another name, the same again could be given.
    let renamed = Definition { limits: vec![LimitDefinition { id: "anew".into(), ..uses(20) }], ..definition() };
    assert_eq!(refusal(world.saved_by(ANN, coupon, renamed)), Rejection::SecondPersonNeeded);
    world.saved_by(ANN, coupon, Definition { name: "another".into(), ..five_off(20) }).unwrap();
    world.moved_by(ANN, coupon, CouponStep::Pause).unwrap();
    world.saved_by(ANN, coupon, five_off(30)).unwrap();
    assert_eq!(refusal(world.started_by(ANN, coupon)), Rejection::SecondPersonNeeded);
    world.approved_by(BEN, coupon).unwrap();
    world.started_by(ANN, coupon).unwrap();
    // It may cost so much and no more; what costs no more needs nobody.
    assert_eq!(refusal(world.saved_by(ANN, coupon, five_off(31))), Rejection::SecondPersonNeeded);
    world.saved_by(ANN, coupon, five_off(29)).unwrap();
}

#[test]
fn one_without_a_figure_that_was_approved_is_changed_only_in_name() {
    let mut world = shop();
    let coupon = world.made_by(ANN, definition());
    world.approved_by(BEN, coupon).unwrap();
    world.started_by(ANN, coupon).unwrap();
    let tenfold = Definition { benefit: Benefit::amount_off(5_000), ..definition() };
    assert_eq!(refusal(world.saved_by(ANN, coupon, tenfold)), Rejection::SecondPersonNeeded);
    world.saved_by(ANN, coupon, Definition { name: "another".into(), ..definition() }).unwrap();
}

#[test]
fn an_approval_is_of_one_version_so_a_change_that_comes_between_is_not_approved() {
    let mut world = shop();
    let coupon = world.made_by(ANN, five_off(100));
    let seen = world.version(coupon);
    let save = |times: i64| Action::UpdateCoupon {
        coupon,
        if_version: seen,
        definition: Box::new(five_off(times)),
        code: None,
    };
    let approve = || Action::ApproveCoupon { coupon, version: seen };
    let by = |actor: Actor, action: Action| Command { actor, ..command(action) };
    let start = || by(ANN, Action::MoveCoupon { coupon, step: CouponStep::Activate });
    let decided = world.batch(&[by(ANN, save(900)), by(BEN, approve()), start()]);
    let said: Vec<_> = decided.into_iter().map(|one| one.map(drop).map_err(|refusal| refusal.rejection)).collect();
    assert_eq!(said, [Ok(()), Err(Rejection::VersionStale), Err(Rejection::SecondPersonNeeded)]);
    let seen = world.version(coupon);
    let save = Action::UpdateCoupon { coupon, if_version: seen, definition: Box::new(five_off(901)), code: None };
    let approve = Action::ApproveCoupon { coupon, version: seen };
    let decided = world.batch(&[by(BEN, approve), by(ANN, save), start()]);
    let said: Vec<_> = decided.into_iter().map(|one| one.map(drop).map_err(|refusal| refusal.rejection)).collect();
    assert_eq!(said, [Ok(()), Err(Rejection::VersionStale), Ok(())], "what was approved is what is running");
    assert_eq!(world.rows.coupons[&coupon].definition.limits[0].max, 900);
}

#[test]
fn a_campaign_does_not_raise_what_its_running_coupons_may_cost() {
    let mut world = shop();
    let budget = |max: i64| limit(Counts::Value, Per::Everyone, Period::Ever, max);
    let spring = |limits: Vec<LimitDefinition>| CampaignDefinition {
        limits,
        currency: Some("EUR".parse().unwrap()),
        ..CampaignDefinition::new("spring")
    };
    let campaign = world.start_campaign(spring(vec![budget(10_000)]));
    let coupon = world.made_by(ANN, Definition { campaign: Some(campaign), ..definition() });
    world.started_by(ANN, coupon).unwrap();
    let save = |world: &mut World, no: CampaignNo, limits: Vec<LimitDefinition>| {
        let if_version = world.rows.campaigns[&no].version;
        world.by(ANN, Action::UpdateCampaign { campaign: no, if_version, definition: Box::new(spring(limits)) })
    };
    assert_eq!(refusal(save(&mut world, campaign, vec![budget(10_001)])), Rejection::SecondPersonNeeded);
    assert_eq!(refusal(save(&mut world, campaign, vec![])), Rejection::SecondPersonNeeded);
    save(&mut world, campaign, vec![budget(9_000)]).unwrap();
    world.moved_by(ANN, coupon, CouponStep::Pause).unwrap();
    save(&mut world, campaign, vec![budget(50_000)]).unwrap();
    assert_eq!(refusal(world.started_by(ANN, coupon)), Rejection::SecondPersonNeeded);
}

#[test]
fn an_approval_is_an_event_and_an_audit_entry_and_the_version_after_says_whose_it_is() {
    let mut world = shop();
    let coupon = world.made_by(ANN, five_off(100));
    let (events, version) = (world.rows.events.len(), world.version(coupon));
    world.approved_by(BEN, coupon).unwrap();
    assert_eq!(world.rows.events.len(), events + 1);
    let entry = world.rows.audits.last().unwrap();
    assert_eq!((entry.action.as_str(), entry.actor), ("coupon.approve", BEN));
    assert!(entry.after.as_ref().unwrap().contains("\"minor\":50000"), "{:?}", entry.after);
    let approval = world.rows.coupons[&coupon].vetting.approval.clone().unwrap();
    assert_eq!((approval.by, approval.version), (AccountNo(2), version));
}

#[test]
fn a_coupon_of_before_this_was_kept_is_saved_anew_before_somebody_approves_it() {
    let mut world = shop();
    let coupon = world.made_by(ANN, five_off(100));
    let mut old = (*world.rows.coupons[&coupon]).clone();
    let mut json = serde_json::to_value(&old).unwrap();
    json.as_object_mut().unwrap().remove("vetting").unwrap();
    old = serde_json::from_value(json).unwrap();
    world.rows.coupons.insert(coupon, Arc::new(old));
    assert_eq!(refusal(world.approved_by(BEN, coupon)), Rejection::ApproverInvolved);
    world.saved_by(ANN, coupon, five_off(100)).unwrap();
    world.approved_by(BEN, coupon).unwrap();
}

#[test]
fn whoever_is_above_a_ceiling_that_came_later_goes_on_until_it_is_started_again() {
    let mut world = World::new();
    let coupon = world.made_by(ANN, five_off(100));
    world.started_by(ANN, coupon).unwrap();
    world.settings = Arc::clone(&shop().settings);
    world.saved_by(ANN, coupon, five_off(99)).unwrap();
    world.moved_by(ANN, coupon, CouponStep::Pause).unwrap();
    assert_eq!(refusal(world.started_by(ANN, coupon)), Rejection::SecondPersonNeeded);
}
