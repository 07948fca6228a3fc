//! Campaigns, and what the clock does to definitions: with many at once, over restarts, and read back.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use domain::campaign::{Campaign, CampaignDefinition, CampaignState, CampaignStep};
use domain::coupon::CouponState;
use domain::event::{Actor, EventKind, Subject};
use domain::id::{CampaignNo, CouponNo, CustomerNo};
use domain::ledger::{Action, Outcome};
use domain::redemption::RedemptionState;
use domain::time::Timestamp;
use domain::voucher::Voucher;
use domain::window::Window;

use super::crowd::{Told, check_refused, check_tally, granted};
use super::orders::MINUTE_MS;
use super::specs::{CouponSpec, euro};
use super::world::{TENANT, World, start_campaign};
use super::{Harness, check_sound};
use crate::{CampaignFilter, CouponFilter, PageRequest};

const HOUR_MS: i64 = 60 * MINUTE_MS;

impl World {
    async fn campaign_as(&self, definition: CampaignDefinition) -> CampaignNo {
        match self.ask(start_campaign(definition)).await {
            Ok(Outcome::Campaign { no, .. }) => no,
            other => panic!("a campaign is made: {other:?}"),
        }
    }

    async fn campaign_now(&self, no: CampaignNo) -> Arc<Campaign> {
        self.store.campaign(TENANT, no).await.expect("campaigns can be read").expect("it is there")
    }

    async fn step_campaign(&self, campaign: CampaignNo, step: CampaignStep) -> Told<Outcome> {
        self.ask(Action::MoveCampaign { campaign, step }).await
    }

    async fn claim_package(&self, customer: CustomerNo, campaign: CampaignNo) -> Told<Vec<Voucher>> {
        self.vouchers_by(Action::ClaimPackage { customer, campaign }).await
    }

    /// From an hour from now until two hours from now.
    fn next_hour(&self) -> Window {
        let at = |hours: i64| Some(self.now().saturating_add_ms(hours * HOUR_MS));
        Window { starts_at: at(1), ends_at: at(2) }
    }

    /// When which moves happened, and by whom.
    async fn moves(&self, subject: Subject) -> Vec<(Timestamp, Actor, CouponState)> {
        let history = self.history(subject).await;
        let moved = history.into_iter().filter_map(|entry| match entry.event.kind {
            EventKind::Coupon { to, .. } | EventKind::Campaign { to, .. } => Some((entry.at, entry.event.actor, to)),
            _ => None,
        });
        moved.collect()
    }
}

pub async fn hm_4_packages_claimed_at_once_come_to_the_last_unit_and_are_whole(harness: &mut dyn Harness) {
    const STOCK: usize = 23;
    let world = World::of(harness);
    let campaign = world.campaign(vec![]).await;
    // The scarce coupon is neither the first nor the last that is taken.
    let (scarce, plenty) = (STOCK.try_into().expect("few"), 1_000_000);
    let mut coupons = Vec::new();
    for max in [plenty, scarce, plenty] {
        coupons.push(world.coupon(CouponSpec::new().stock(max).of_campaign(campaign)).await);
    }
    let customers = world.customers(STOCK * 4).await;
    let claim = |world: World, index: usize| {
        let customer = customers[index];
        async move { world.claim_package(customer, campaign).await }
    };
    let answers = world.all_at_once(customers.len(), claim).await;
    check_tally(&answers, &[("granted", STOCK), ("out_of_stock", 3 * STOCK)]);
    for package in granted(answers) {
        let of: Vec<CouponNo> = package.iter().map(|voucher| voucher.key.coupon).collect();
        assert_eq!(of, coupons, "one voucher of each");
        assert!(package.iter().all(|voucher| voucher.customer == package[0].customer));
    }
    for coupon in coupons {
        assert_eq!(world.figures(coupon).await.issued, scarce, "nobody got a part");
    }
    check_sound(harness).await;
}

pub async fn race_17_after_a_campaigns_pause_is_acknowledged_nothing_new_succeeds(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let campaign = world.campaign(vec![]).await;
    let coupon = world.coupon(CouponSpec::new().code("PAUSE").of_campaign(campaign)).await;
    let (of, paused) = ((world.customer().await, coupon, campaign), Arc::new(AtomicBool::new(false)));
    let run = |world: World, index: usize| {
        let paused = Arc::clone(&paused);
        async move {
            if index == 20 {
                world.step_campaign(campaign, CampaignStep::Pause).await.expect("a running campaign can be paused");
                paused.store(true, Ordering::SeqCst);
                return;
            }
            for _ in 0..6 {
                let after = paused.load(Ordering::SeqCst);
                let answer = anything_new(&world, index, of).await;
                assert!(!(after && answer.is_ok()), "something was granted after the pause");
            }
        }
    };
    world.all_at_once(60, run).await;
    for index in 0..4 {
        check_refused(anything_new(&world, index, of).await, "campaign_paused");
    }
    world.step_campaign(campaign, CampaignStep::Activate).await.expect("a paused campaign can go on");
    for index in 0..4 {
        anything_new(&world, index, of).await.expect("it is running");
    }
    check_sound(harness).await;
}

async fn anything_new(
    world: &World,
    index: usize,
    (customer, coupon, campaign): (CustomerNo, CouponNo, CampaignNo),
) -> Told<()> {
    match index % 4 {
        0 => world.claim(customer, coupon).await.map(|_| ()),
        1 => world.use_code("PAUSE").await.map(|_| ()),
        2 => world.reserve_code("PAUSE").await.map(|_| ()),
        _ => world.claim_package(customer, campaign).await.map(|_| ()),
    }
}

pub async fn rp_2_definitions_start_and_end_by_the_clock_with_one_event_each(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let window = world.next_hour();
    let campaign = world.campaign_as(CampaignDefinition { window, ..CampaignDefinition::new("an hour") }).await;
    let mut spec = CouponSpec::new();
    spec.definition.window = window;
    let (coupon, other) = (world.coupon(spec).await, world.coupon(CouponSpec::new().of_campaign(campaign)).await);
    let customer = world.customer().await;
    check_refused(world.claim(customer, coupon).await, "coupon_not_active");
    check_refused(world.claim(customer, other).await, "campaign_not_active");
    assert_eq!(world.sweep_all().await, 0, "nothing is due");
    world.wait_until(window.starts_at.expect("it has a start"));
    let (starts, ends) = (window.starts_at, window.ends_at);
    world.claim(customer, coupon).await.expect("it acts at its instant");
    world.claim(customer, other).await.expect("it acts at its instant");
    check_listed(&world, CouponState::Running, (coupon, campaign)).await;
    // Many who sweep write it down once.
    world.all_at_once(8, |world, _| async move { world.sweep_all().await }).await;
    check_listed(&world, CouponState::Running, (coupon, campaign)).await;
    world.wait_until(window.ends_at.expect("it has an end"));
    check_refused(world.claim(customer, coupon).await, "coupon_ended");
    check_refused(world.claim(customer, other).await, "campaign_ended");
    check_listed(&world, CouponState::Ended, (coupon, campaign)).await;
    assert_eq!(world.sweep_all().await, 2);
    for subject in [Subject::Coupon(coupon), Subject::Campaign(campaign)] {
        let moves = world.moves(subject.clone()).await;
        let by_clock: Vec<_> = moves.into_iter().filter(|(_, actor, _)| *actor == Actor::System).collect();
        let expected = [(starts, CouponState::Running), (ends, CouponState::Ended)]
            .map(|(at, to)| (at.expect("it has one"), Actor::System, to));
        assert_eq!(by_clock, expected, "{subject:?}");
    }
    check_sound(harness).await;
}

/// Lists show what the clock has done, written down or not.
async fn check_listed(world: &World, state: CouponState, (coupon, campaign): (CouponNo, CampaignNo)) {
    let page = PageRequest { limit: 100, after: None };
    for wanted in CouponState::ALL {
        let filter = CouponFilter { state: Some(wanted), campaign: None };
        let coupons = world.store.coupons(TENANT, filter, page.clone()).await.expect("coupons can be listed").items;
        assert_eq!(coupons.iter().any(|one| one.no == coupon), wanted == state, "{wanted:?}");
        let filter = CampaignFilter { state: Some(wanted) };
        let campaigns = world.store.campaigns(TENANT, filter, page.clone()).await.expect("campaigns can be listed");
        assert_eq!(campaigns.items.iter().any(|one| one.no == campaign), wanted == state, "{wanted:?}");
    }
}

pub async fn rp_2_a_start_during_a_restart_is_written_down_afterwards(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let window = world.next_hour();
    let campaign = world.campaign_as(CampaignDefinition { window, ..CampaignDefinition::new("an hour") }).await;
    let coupon = world.coupon(CouponSpec::new().of_campaign(campaign)).await;
    world.wait(3 * HOUR_MS);
    drop(world);
    harness.crash().await;
    let world = World::of(harness);
    check_refused(world.claim(world.customer().await, coupon).await, "campaign_ended");
    assert_eq!(world.sweep_all().await, 1);
    let states: Vec<_> = world.moves(Subject::Campaign(campaign)).await.into_iter().map(|(_, _, to)| to).collect();
    assert_eq!(states, [CampaignState::Scheduled, CampaignState::Running, CampaignState::Ended]);
    drop(world);
    check_sound(harness).await;
}

pub async fn rp_4_edits_of_a_campaign_at_once_are_versions_and_none_comes_late(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let window = world.next_hour();
    let campaign = world.campaign_as(CampaignDefinition { window, ..CampaignDefinition::new("an hour") }).await;
    let write = |world: World, index: usize| async move {
        let definition = CampaignDefinition { window, ..CampaignDefinition::new(format!("by {index}")) };
        let if_version = world.campaign_now(campaign).await.version;
        world.ask(Action::UpdateCampaign { campaign, if_version, definition: Box::new(definition) }).await
    };
    let answers = world.all_at_once(10, write).await;
    let written = answers.iter().filter(|answer| answer.is_ok()).count();
    check_tally(&answers, &[("granted", written), ("version_stale", 10 - written)]);
    world.wait(55 * MINUTE_MS);
    check_refused(write(world.clone(), 0).await, "edit_too_late");
    let now = world.campaign_now(campaign).await;
    assert_eq!(usize::try_from(now.version), Ok(1 + written), "made, then written");
    for version in 1..=now.version {
        let kept = world.store.campaign_version(TENANT, campaign, version).await;
        let kept = kept.expect("versions can be read").expect("every version is kept");
        assert_eq!((kept.no, kept.version), (campaign, version));
    }
    assert_eq!(world.store.campaign_version(TENANT, campaign, now.version + 1).await, Ok(None));
    assert_eq!(world.store.campaign_no(TENANT, now.id).await, Ok(Some(campaign)));
    check_sound(harness).await;
}

pub async fn an_abort_of_a_campaign_cancels_what_is_reserved_of_all_its_coupons(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let campaign = world.campaign(vec![]).await;
    for index in 0..12 {
        world.coupon(CouponSpec::new().code(&format!("ABORT{index}")).of_campaign(campaign)).await;
    }
    let reserve = |world: World, index: usize| async move {
        world.reserve_code(&format!("ABORT{}", index % 12)).await.map(|redemption| redemption.id)
    };
    let reserved = granted(world.all_at_once(60, reserve).await);
    assert_eq!(reserved.len(), 60);
    let mut steps = 0;
    while world.campaign_now(campaign).await.state != CampaignState::Aborted {
        world.step_campaign(campaign, CampaignStep::Abort).await.expect("it can be aborted from any state before");
        steps += 1;
        assert!(steps < 9, "an abort comes to an end");
        assert!(world.reserve_code("ABORT11").await.is_err(), "nothing new is reserved meanwhile");
    }
    for id in &reserved {
        assert_eq!(world.redemption(id).await.state, RedemptionState::Cancelled);
    }
    check_sound(harness).await;
}

pub async fn a_campaigns_figures_are_the_sums_over_its_coupons_by_currency(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let campaign = world.campaign(vec![]).await;
    for code in ["ONE", "TWO"] {
        world.coupon(CouponSpec::new().code(code).of_campaign(campaign)).await;
        world.use_code(code).await.expect("it is running");
    }
    let mut any = CouponSpec::new().percent(1_000).code("ANY").of_campaign(campaign);
    any.definition.currency = None;
    let any = world.coupon(any).await;
    world.claim(world.customer().await, any).await.expect("it is running");
    world.coupon(CouponSpec::new().code("ELSE").of_campaign(world.campaign(vec![]).await)).await;
    world.use_code("ELSE").await.expect("it is running");
    let figures = world.store.campaign_figures(TENANT, campaign).await.expect("figures can be read");
    let statistics = figures.statistics;
    assert_eq!((figures.coupons, statistics.issued, statistics.redeemed), (3, 1, 2));
    assert_eq!(figures.value_given_minor, [(None, 0), (Some(euro()), 1_000)].into());
    let filter = CouponFilter { state: None, campaign: Some(campaign) };
    let (mut after, mut listed) = (None, Vec::new());
    loop {
        let page = PageRequest { limit: 2, after };
        let page = world.store.coupons(TENANT, filter, page).await.expect("coupons can be listed");
        listed.extend(page.items.iter().map(|coupon| coupon.definition.campaign));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(listed, [Some(campaign); 3]);
    check_sound(harness).await;
}

pub async fn restocks_at_once_all_count_and_so_do_their_contributors(harness: &mut dyn Harness) {
    let world = World::of(harness);
    let spec = CouponSpec::new().stock(0);
    let limit = spec.definition.limits[0].id.clone();
    let coupon = world.coupon(spec).await;
    let restock = |world: World, index: usize| {
        let (limit, contributor) = (limit.clone(), Some(format!("emp-{}", index % 3)));
        async move { world.ask(Action::Restock { coupon, limit, by: 2, contributor }).await }
    };
    assert!(world.all_at_once(30, restock).await.iter().all(Result::is_ok));
    let customers = world.customers(80).await;
    let claim = |world: World, index: usize| {
        let customer = customers[index];
        async move { world.claim(customer, coupon).await }
    };
    check_tally(&world.all_at_once(80, claim).await, &[("granted", 60), ("out_of_stock", 20)]);
    let (mut after, mut units) = (None, Vec::new());
    loop {
        let page = world.store.contributions(TENANT, coupon, PageRequest { limit: 2, after }).await;
        let page = page.expect("contributions can be listed");
        units.extend(page.items.into_iter().map(|one| (one.contributor, one.units)));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(units, ["emp-0", "emp-1", "emp-2"].map(|who| (who.to_owned(), 20)));
    check_sound(harness).await;
}
