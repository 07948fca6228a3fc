//! Every state and every step, of coupons and of campaigns; and what the clock does by itself.

use domain::campaign::{CampaignDefinition, CampaignState, CampaignStep};
use domain::coupon::{CouponState, CouponStep, Definition};
use domain::event::{Actor, EventKind, Subject};
use domain::id::{CampaignNo, CouponNo};
use domain::ledger::{Action, Outcome};
use domain::rejection::Rejection;
use domain::time::Timestamp;
use domain::window::Window;

use crate::asking::{DAY_MS, MINUTE_MS, definition, refusal};
use crate::world::World;

const STEPS: [CouponStep; 4] = [CouponStep::Activate, CouponStep::Pause, CouponStep::End, CouponStep::Abort];

/// A coupon or a campaign.
#[derive(Clone, Copy, Debug)]
enum Thing {
    Coupon(CouponNo),
    Campaign(CampaignNo),
}

impl World {
    fn coupon_within(&mut self, window: Window) -> Thing {
        Thing::Coupon(self.create(Definition { window, ..definition() }).unwrap())
    }

    fn campaign_within(&mut self, window: Window) -> Thing {
        let no = self.start_campaign(CampaignDefinition { window, ..CampaignDefinition::new("a campaign") });
        Thing::Campaign(no)
    }

    fn take(&mut self, thing: Thing, step: CouponStep) -> Result<Outcome, Rejection> {
        let action = match thing {
            Thing::Coupon(coupon) => Action::MoveCoupon { coupon, step },
            Thing::Campaign(campaign) => Action::MoveCampaign { campaign, step },
        };
        self.ask(action).map_err(|refusal| refusal.rejection)
    }

    fn written(&self, thing: Thing) -> CouponState {
        match thing {
            Thing::Coupon(no) => self.rows.coupons[&no].state,
            Thing::Campaign(no) => self.rows.campaigns[&no].state,
        }
    }

    fn state(&self, thing: Thing) -> CouponState {
        match thing {
            Thing::Coupon(no) => self.rows.coupons[&no].state_at(self.now),
            Thing::Campaign(no) => self.rows.campaigns[&no].state_at(self.now),
        }
    }

    /// What its events say: who, from where, to where.
    fn moves(&self, thing: Thing) -> Vec<(Actor, Option<CouponState>, CouponState)> {
        let subject = match thing {
            Thing::Coupon(no) => Subject::Coupon(no),
            Thing::Campaign(no) => Subject::Campaign(no),
        };
        let events = self.rows.events.iter().filter(|(_, event)| event.subject == subject);
        events
            .map(|(_, event)| match event.kind {
                EventKind::Coupon { from, to } | EventKind::Campaign { from, to } => (event.actor, from, to),
                _ => panic!("{event:?}"),
            })
            .collect()
    }

    fn follow(&mut self, thing: Thing) -> u32 {
        let (coupons, campaigns) = match thing {
            Thing::Coupon(no) => (vec![no], vec![]),
            Thing::Campaign(no) => (vec![], vec![no]),
        };
        match self.ask(Action::FollowClock { coupons, campaigns }) {
            Ok(Outcome::Followed { coupons, campaigns }) => coupons + campaigns,
            other => panic!("{other:?}"),
        }
    }

    fn after(&self, ms: i64) -> Option<Timestamp> {
        Some(self.now.saturating_add_ms(ms))
    }
}

/// From that state by that step; nothing: it is refused.
const TABLE: [(CouponState, [Option<CouponState>; 4]); 6] = {
    use CouponState::{Aborted, Draft, Ended, Paused, Running, Scheduled};
    [
        // activate, pause, end, abort
        (Draft, [Some(Running), None, None, Some(Aborted)]),
        (Scheduled, [None, Some(Paused), Some(Ended), Some(Aborted)]),
        (Running, [None, Some(Paused), Some(Ended), Some(Aborted)]),
        (Paused, [Some(Running), None, Some(Ended), Some(Aborted)]),
        (Ended, [None, None, None, Some(Aborted)]),
        (Aborted, [None, None, None, None]),
    ]
};

/// Brings something new there.
fn brought_to(world: &mut World, state: CouponState, make: fn(&mut World, Window) -> Thing) -> Thing {
    let starts_at = if state == CouponState::Scheduled { world.after(DAY_MS) } else { None };
    let thing = make(world, Window { starts_at, ends_at: None });
    if world.written(thing) == CouponState::Draft && state != CouponState::Draft {
        world.take(thing, CouponStep::Activate).unwrap();
    }
    let step = match state {
        CouponState::Draft | CouponState::Running | CouponState::Scheduled => None,
        CouponState::Paused => Some(CouponStep::Pause),
        CouponState::Ended => Some(CouponStep::End),
        CouponState::Aborted => Some(CouponStep::Abort),
    };
    step.into_iter().for_each(|step| drop(world.take(thing, step).unwrap()));
    assert_eq!(world.written(thing), state);
    thing
}

fn check_table(make: fn(&mut World, Window) -> Thing) {
    for (from, row) in TABLE {
        for (step, to) in STEPS.into_iter().zip(row) {
            let mut world = World::new();
            let thing = brought_to(&mut world, from, make);
            let before = world.moves(thing);
            let answer = world.take(thing, step);
            let events = world.moves(thing).split_off(before.len());
            match to {
                Some(to) => {
                    assert!(answer.is_ok(), "{from:?} {step:?}: {answer:?}");
                    assert_eq!(events, [(Actor::Operator, Some(from), to)], "{from:?} {step:?}");
                    assert_eq!(world.written(thing), to);
                }
                None => {
                    assert_eq!(answer.unwrap_err(), Rejection::TransitionIllegal, "{from:?} {step:?}");
                    assert_eq!((events.len(), world.written(thing)), (0, from));
                }
            }
        }
    }
}

fn draft_campaign(world: &mut World, window: Window) -> Thing {
    let definition = CampaignDefinition { window, ..CampaignDefinition::new("a campaign") };
    Thing::Campaign(world.draft_campaign(definition))
}

#[test]
fn rp_2_every_step_of_a_coupon_leads_where_the_table_says_with_one_event_or_is_refused() {
    check_table(World::coupon_within);
}

#[test]
fn rp_2_every_step_of_a_campaign_leads_where_the_table_says_with_one_event_or_is_refused() {
    check_table(draft_campaign);
}

#[test]
fn states_may_become_what_steps_and_the_clock_lead_to_and_nothing_else() {
    for (from, row) in TABLE {
        let by_clock: &[CouponState] = match from {
            CouponState::Draft => &[CouponState::Scheduled],
            CouponState::Scheduled => &[CouponState::Running],
            CouponState::Running => &[CouponState::Ended],
            // Activated again before its start.
            CouponState::Paused => &[CouponState::Ended, CouponState::Scheduled],
            CouponState::Ended | CouponState::Aborted => &[],
        };
        for to in CouponState::ALL {
            let same = from == to && from != CouponState::Aborted;
            let expected = same || row.contains(&Some(to)) || by_clock.contains(&to);
            assert_eq!(CouponState::may_become(Some(from), to), expected, "{from:?} to {to:?}");
        }
    }
    let first = CouponState::ALL.into_iter().filter(|state| CouponState::may_become(None, *state));
    assert_eq!(first.collect::<Vec<_>>(), [CouponState::Draft, CouponState::Running, CouponState::Scheduled]);
}

fn check_clock(make: fn(&mut World, Window) -> Thing) {
    use CouponState::{Draft, Ended, Running, Scheduled};
    let mut world = World::new();
    let window = Window { starts_at: world.after(DAY_MS), ends_at: world.after(2 * DAY_MS) };
    let thing = make(&mut world, window);
    if world.written(thing) == Draft {
        world.take(thing, CouponStep::Activate).unwrap();
    }
    let begun = world.moves(thing).len();
    world.later_ms(DAY_MS - 1);
    assert_eq!((world.state(thing), world.follow(thing)), (Scheduled, 0));
    world.later_ms(1);
    assert_eq!((world.state(thing), world.written(thing)), (Running, Scheduled), "it acts before it is written down");
    assert_eq!((world.follow(thing), world.follow(thing)), (1, 0));
    world.later_ms(DAY_MS - 1);
    assert_eq!((world.state(thing), world.follow(thing)), (Running, 0));
    world.later_ms(1);
    assert_eq!(world.state(thing), Ended);
    assert_eq!((world.follow(thing), world.follow(thing)), (1, 0));
    let moves = world.moves(thing).split_off(begun);
    let expected = [(Actor::System, Some(Scheduled), Running), (Actor::System, Some(Running), Ended)];
    assert_eq!(moves, expected, "one event for each");
}

#[test]
fn rp_2_a_coupon_starts_and_ends_at_its_instants_with_one_event_each() {
    check_clock(World::coupon_within);
}

#[test]
fn rp_2_a_campaign_starts_and_ends_at_its_instants_with_one_event_each() {
    check_clock(World::campaign_within);
}

#[test]
fn who_was_away_over_start_and_end_finds_both_written_down_in_their_order() {
    use CouponState::{Ended, Running, Scheduled};
    let mut world = World::new();
    let window = Window { starts_at: world.after(DAY_MS), ends_at: world.after(2 * DAY_MS) };
    let thing = world.campaign_within(window);
    world.later_ms(3 * DAY_MS);
    assert_eq!(world.follow(thing), 1);
    let moves: Vec<_> = world.moves(thing).into_iter().map(|(_, from, to)| (from, to)).collect();
    assert_eq!(moves, [(None, Scheduled), (Some(Scheduled), Running), (Some(Running), Ended)]);
}

#[test]
fn a_step_after_a_start_nobody_wrote_down_comes_after_it() {
    use CouponState::{Draft, Paused, Running, Scheduled};
    let mut world = World::new();
    let window = Window { starts_at: world.after(DAY_MS), ends_at: None };
    let thing = world.coupon_within(window);
    world.take(thing, CouponStep::Activate).unwrap();
    world.later_ms(DAY_MS);
    world.take(thing, CouponStep::Pause).unwrap();
    let expected = [
        (Actor::Operator, None, Draft),
        (Actor::Operator, Some(Draft), Scheduled),
        (Actor::System, Some(Scheduled), Running),
        (Actor::Operator, Some(Running), Paused),
    ];
    assert_eq!(world.moves(thing), expected);
}

#[test]
fn what_is_paused_before_its_start_is_scheduled_again_and_ends_all_the_same() {
    let mut world = World::new();
    let window = Window { starts_at: world.after(DAY_MS), ends_at: world.after(2 * DAY_MS) };
    let thing = world.campaign_within(window);
    world.take(thing, CampaignStep::Pause).unwrap();
    world.take(thing, CampaignStep::Activate).unwrap();
    assert_eq!(world.written(thing), CampaignState::Scheduled);
    world.take(thing, CampaignStep::Pause).unwrap();
    world.later_ms(DAY_MS);
    assert_eq!(world.state(thing), CampaignState::Paused, "a start does not undo a pause");
    world.later_ms(DAY_MS);
    assert_eq!(world.state(thing), CampaignState::Ended);
    assert_eq!(world.take(thing, CampaignStep::Activate), Err(Rejection::TransitionIllegal));
}

#[test]
fn a_draft_whose_window_is_over_cannot_be_activated() {
    let mut world = World::new();
    let window = Window { starts_at: None, ends_at: world.after(MINUTE_MS) };
    let thing = world.coupon_within(window);
    world.later_ms(MINUTE_MS);
    assert_eq!(world.state(thing), CouponState::Draft);
    assert_eq!(world.take(thing, CouponStep::Activate), Err(Rejection::TransitionIllegal));
    let over = Definition { window, ..definition() };
    assert_eq!(refusal(world.create_active(over)), Rejection::TransitionIllegal);
}

#[test]
fn a_coupon_that_is_created_active_is_made_with_one_event() {
    let mut world = World::new();
    let running = world.create_active(definition()).unwrap();
    let window = Window { starts_at: world.after(DAY_MS), ends_at: None };
    let scheduled = world.create_active(Definition { window, ..definition() }).unwrap();
    for (no, state) in [(running, CouponState::Running), (scheduled, CouponState::Scheduled)] {
        assert_eq!(world.moves(Thing::Coupon(no)), [(Actor::Operator, None, state)]);
    }
    let ann = world.customer();
    world.claim(ann, running).unwrap();
    assert_eq!(refusal(world.claim(ann, scheduled)), Rejection::CouponNotActive);
}
