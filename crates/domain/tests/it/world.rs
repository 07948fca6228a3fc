//! A store of plain maps: answers what the facts want, applies what they changed, reads back what it wrote through the
//! formats real stores write, and checks the invariants after every batch.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::sync::Arc;

use domain::access_block::Standing;
use domain::account::{Account, LoginHash, Role};
use domain::audit::{AuditEntry, AuditHead};
use domain::campaign::Campaign;
use domain::codes::{Folded, KeyRing, Pattern, RingKey};
use domain::collection::{Collections, EntryKey};
use domain::coupon::{Coupon, CouponState};
use domain::customer::{Carrier, Customer, Person};
use domain::event::{EVENTS_PER_ROW, Event, JournalNo, ROWS_PER_BATCH};
use domain::gift::{GiftAccount, GiftEntry};
use domain::id::{AccountNo, CampaignNo, CouponNo, CustomerNo, TenantNo, VoucherKey, VoucherKind};
use domain::identity::IdentityKey;
use domain::ledger::{
    Answer, Answered, BlockKey, CARRIERS_MAX, Command, DUE_MAX, DecisionRecord, Due, Facts, GivenCode, History,
    IdempotencyHash, Kept, MOVES_MAX, PoolPage, RESERVATIONS_MAX, RedeemRequest, SIBLINGS_MAX, Sequence, Table, decide,
    quote,
};
use domain::limit::{Usage, UsageKey};
use domain::pricing::{Automatic, AutomaticFacts, Quote};
use domain::redemption::{Redemption, RedemptionId, RedemptionState};
use domain::rejection::Refusal;
use domain::segment::{SegmentNo, Segments};
use domain::settlement::{Settled, SettlementKey};
use domain::statistics::Statistics;
use domain::tenant::{Settings, Tenant};
use domain::time::Timestamp;
use domain::voucher::{Block, Voucher, VoucherState};
use serde::Serialize;
use serde::de::DeserializeOwned;

pub const TENANT: TenantNo = TenantNo(1);
pub type Decided = Result<Answer, Refusal>;

/// No more rounds of loading than this, whatever is asked.
const ROUNDS_MAX: usize = 16;

/// All that is committed.
#[derive(Default)]
pub struct Rows {
    pub coupons: BTreeMap<CouponNo, Arc<Coupon>>,
    pub campaigns: BTreeMap<CampaignNo, Arc<Campaign>>,
    pub accounts: BTreeMap<AccountNo, Account>,
    pub logins: BTreeMap<LoginHash, AccountNo>,
    pub contributions: BTreeMap<(CouponNo, String), i64>,
    pub campaign_versions: BTreeMap<(CampaignNo, u32), Arc<Campaign>>,
    pub customers: BTreeMap<CustomerNo, Customer>,
    pub persons: BTreeMap<CustomerNo, Person>,
    pub memberships: BTreeMap<CustomerNo, Vec<SegmentNo>>,
    pub entries: BTreeSet<EntryKey>,
    pub sequences: BTreeMap<Sequence, u32>,
    pub series: BTreeMap<(CouponNo, VoucherKind), u64>,
    pub usages: BTreeMap<UsageKey, Usage>,
    pub vouchers: BTreeMap<VoucherKey, Voucher>,
    pub blocks: BTreeMap<BlockKey, Block>,
    pub shared_codes: BTreeMap<Folded, CouponNo>,
    pub given_codes: BTreeMap<[u8; 16], GivenCode>,
    pub gifts: BTreeMap<VoucherKey, GiftAccount>,
    pub gift_entries: Vec<GiftEntry>,
    pub redemptions: BTreeMap<RedemptionId, Redemption>,
    pub answers: BTreeMap<IdempotencyHash, Answered>,
    pub audit_head: BTreeMap<(), AuditHead>,
    pub audits: Vec<AuditEntry>,
    pub patterns: Vec<(Pattern, CouponNo)>,
    pub versions: BTreeMap<(CouponNo, u32), Arc<Coupon>>,
    pub decisions: BTreeMap<RedemptionId, DecisionRecord>,
    pub statistics: BTreeMap<CouponNo, Statistics>,
    pub settled: BTreeMap<SettlementKey, Settled>,
    pub events: Vec<(JournalNo, Event)>,
}

pub struct World {
    pub now: Timestamp,
    pub settings: Arc<Settings>,
    pub settings_version: u32,
    pub ring: KeyRing,
    pub rows: Rows,
    /// Who is kept out.
    pub standing: Arc<Standing>,
    pub segments: Arc<Segments>,
    pub collections: Arc<Collections>,
    /// How often the latest batch or quote had to load.
    pub rounds: usize,
    batches: i64,
    pub(crate) names: u128,
}

impl World {
    /// Noon of a winter day in Berlin; nothing in the store.
    pub fn new() -> Self {
        Self {
            now: "2026-01-15T11:00:00Z".parse().unwrap(),
            settings: Arc::new(Settings::new("Europe/Berlin".parse().unwrap(), "EUR".parse().unwrap())),
            settings_version: 1,
            ring: KeyRing::new(vec![RingKey { no: 1, secret: [7; 32] }]).unwrap(),
            rows: Rows::default(),
            standing: Arc::default(),
            segments: Arc::default(),
            collections: Arc::default(),
            rounds: 0,
            batches: 0,
            names: 0,
        }
    }

    pub fn later_ms(&mut self, ms: i64) {
        self.now = self.now.saturating_add_ms(ms);
    }

    /// Decides and commits these commands in one transaction.
    pub fn batch(&mut self, commands: &[Command]) -> Vec<Decided> {
        self.batches += 1;
        let mut facts = self.facts();
        self.rounds = 0;
        let answers = loop {
            match decide(commands, &mut facts, self.now) {
                Ok(answers) => break answers,
                Err(_) => self.load(&mut facts),
            }
        };
        assert_eq!(decide(commands, &mut facts, self.now).as_ref(), Ok(&answers), "deciding again decides the same");
        self.commit(&facts);
        crate::invariants::check(self);
        answers
    }

    pub fn quote(&mut self, request: &RedeemRequest) -> Quote {
        let mut facts = self.facts();
        self.rounds = 0;
        loop {
            match quote(request, &mut facts, self.now) {
                Ok(quote) => {
                    assert!(facts.events().is_empty() && facts.decisions().is_empty(), "a quote changes nothing");
                    assert_eq!(facts.usages.changes().count() + facts.vouchers.changes().count(), 0);
                    return quote;
                }
                Err(_) => self.load(&mut facts),
            }
        }
    }

    /// The versions that decisions name.
    pub fn kept(&self) -> Kept {
        let settings = [(self.settings_version, Arc::clone(&self.settings))].into();
        Kept { coupons: self.rows.versions.clone(), settings }
    }

    fn facts(&self) -> Facts {
        let rows = i64::try_from(ROWS_PER_BATCH).unwrap();
        let tenant = Tenant {
            no: TenantNo(1),
            name: "shop".to_owned(),
            hosts: Vec::new(),
            settings: Arc::clone(&self.settings),
            version: self.settings_version,
        };
        let key = (self.ring.current_no(), self.ring.draw_key(TENANT));
        let mut facts = Facts::new(&tenant, key, JournalNo(self.batches * rows));
        facts.standing = Arc::clone(&self.standing);
        facts.segments = Arc::clone(&self.segments);
        facts.collections = Arc::clone(&self.collections);
        facts
    }

    fn load(&mut self, facts: &mut Facts) {
        self.rounds += 1;
        assert!(self.rounds <= ROUNDS_MAX, "still not all loaded after {ROUNDS_MAX} rounds");
        let (rows, now) = (&self.rows, self.now);
        bring(&mut facts.coupons, |key| rows.coupons.get(key).cloned());
        bring(&mut facts.campaigns, |key| rows.campaigns.get(key).cloned());
        bring(&mut facts.accounts, |key| rows.accounts.get(key).cloned());
        bring(&mut facts.logins, |key| rows.logins.get(key).copied());
        bring(&mut facts.admins, |()| {
            let is_admin = |account: &&Account| account.active && account.role == Role::Admin;
            Some(rows.accounts.values().filter(is_admin).map(|account| account.no).collect())
        });
        bring(&mut facts.siblings, |key| some_of(rows.siblings(*key)));
        bring(&mut facts.automatic, |()| {
            let stored = Arc::new(Automatic::new(rows.coupons.values().cloned()));
            Some(AutomaticFacts { stored, ..AutomaticFacts::default() })
        });
        bring(&mut facts.contributions, |key| rows.contributions.get(key).copied());
        bring(&mut facts.customers, |key| rows.customers.get(key).cloned());
        bring(&mut facts.carriers, |key| some_of(rows.carriers(key)));
        bring(&mut facts.persons, |key| rows.persons.get(key).copied());
        bring(&mut facts.members, |no| some_of(rows.linked(|other, person| person.person == *no && other != *no)));
        bring(&mut facts.merged, |no| some_of(rows.linked(|_, person| person.merged_into == Some(*no))));
        bring(&mut facts.wallets, |no| some_of(rows.wallet(*no)));
        bring(&mut facts.memberships, |no| some_of(rows.memberships.get(no).cloned().unwrap_or_default()));
        bring(&mut facts.entries, |key| rows.entries.contains(key).then_some(()));
        bring(&mut facts.histories, |no| Some(rows.history(*no, now)));
        bring(&mut facts.counters, |of| {
            some_of(rows.usages.keys().filter(|key| key.subject == *of).copied().collect())
        });
        bring(&mut facts.sequences, |key| rows.sequences.get(key).copied());
        bring(&mut facts.series, |key| rows.series.get(key).copied());
        bring(&mut facts.usages, |key| rows.usages.get(key).copied());
        bring(&mut facts.vouchers, |key| rows.vouchers.get(key).cloned());
        bring(&mut facts.gifts, |key| rows.gifts.get(key).cloned());
        bring(&mut facts.blocks, |key| rows.blocks.get(key).cloned());
        bring(&mut facts.shared_codes, |key| rows.shared_codes.get(key).copied());
        bring(&mut facts.given_codes, |key| rows.given_codes.get(key).cloned());
        bring(&mut facts.redemptions, |key| rows.redemptions.get(key).cloned());
        bring(&mut facts.answers, |key| rows.answers.get(key).cloned());
        bring(&mut facts.audit_head, |()| rows.audit_head.get(&()).copied());
        bring(&mut facts.hashes, |key| rows.hash_of(*key));
        bring(&mut facts.pool_pages, |page| some_of(rows.pool(*page)));
        bring(&mut facts.patterns, |()| some_of(rows.patterns.clone()));
        bring(&mut facts.covering, |(coupon, ordinal)| rows.covering(*coupon, *ordinal));
        bring(&mut facts.holdings, |(customer, coupon)| some_of(rows.holdings(*customer, *coupon)));
        bring(&mut facts.orders, |order| rows.live_of(order));
        bring(&mut facts.reservations, |coupon| some_of(rows.reservations(*coupon)));
        bring(&mut facts.due, |coupon| rows.due(*coupon, now));
    }

    fn commit(&mut self, facts: &Facts) {
        let rows = &mut self.rows;
        for coupon in facts.coupon_versions() {
            rows.versions.insert((coupon.no, coupon.version), Arc::new(through_json(coupon.as_ref())));
        }
        for campaign in facts.campaign_versions() {
            let kept = Arc::new(through_json(campaign.as_ref()));
            rows.campaign_versions.insert((campaign.no, campaign.version), kept);
        }
        for change in facts.coupons.changes() {
            if let (None, Some(pattern)) = (change.before, &change.after.unwrap().definition.pattern) {
                rows.patterns.push((through_json(pattern), *change.key));
            }
        }
        write(&mut rows.coupons, &facts.coupons, |coupon| Arc::new(through_json(coupon.as_ref())));
        write(&mut rows.accounts, &facts.accounts, Account::clone);
        write(&mut rows.logins, &facts.logins, |no| *no);
        write(&mut rows.campaigns, &facts.campaigns, |campaign| Arc::new(through_json(campaign.as_ref())));
        write(&mut rows.contributions, &facts.contributions, Clone::clone);
        write(&mut rows.customers, &facts.customers, through_postcard);
        write(&mut rows.persons, &facts.persons, Clone::clone);
        write(&mut rows.sequences, &facts.sequences, Clone::clone);
        write(&mut rows.series, &facts.series, Clone::clone);
        write(&mut rows.usages, &facts.usages, through_postcard);
        write(&mut rows.vouchers, &facts.vouchers, |voucher| Voucher {
            amount_minor: voucher.amount_minor,
            ..through_postcard(&Voucher { amount_minor: None, ..voucher.clone() })
        });
        write(&mut rows.gifts, &facts.gifts, through_postcard);
        rows.gift_entries.extend(facts.gift_entries().iter().map(through_postcard));
        write(&mut rows.blocks, &facts.blocks, through_postcard);
        write(&mut rows.shared_codes, &facts.shared_codes, Clone::clone);
        write(&mut rows.given_codes, &facts.given_codes, Clone::clone);
        write(&mut rows.redemptions, &facts.redemptions, |redemption| {
            let payments = redemption.payments.clone();
            let rest = through_postcard(&Redemption { payments: Vec::new(), ..redemption.clone() });
            Redemption { payments: through_postcard(&payments), ..rest }
        });
        write(&mut rows.answers, &facts.answers, |kept| Answered {
            outcome: through_postcard(&kept.outcome),
            ..kept.clone()
        });
        write(&mut rows.audit_head, &facts.audit_head, Clone::clone);
        rows.audits.extend(facts.audits().iter().cloned());
        for record in facts.decisions() {
            let twice = rows.decisions.insert(record.redemption.clone(), through_json(record));
            assert!(twice.is_none(), "a redemption is decided once");
        }
        for (coupon, figures) in facts.statistics() {
            rows.statistics.entry(coupon).or_default().add(&figures);
        }
        for (key, settled) in facts.settled() {
            rows.settled.entry(key).or_default().add(&settled);
        }
        assert!(facts.events().len() <= EVENTS_PER_ROW * ROWS_PER_BATCH, "the batch's rows of the journal suffice");
        for (place, event) in facts.events().iter().enumerate() {
            let row = i64::try_from(place / EVENTS_PER_ROW).unwrap();
            rows.events.push((JournalNo(facts.journal.0 + row), through_postcard(event)));
        }
    }
}

impl Rows {
    fn covering(&self, coupon: CouponNo, ordinal: u64) -> Option<u64> {
        self.blocks.iter().find(|(key, block)| key.coupon == coupon && block.covers(ordinal)).map(|(key, _)| key.first)
    }

    fn hash_of(&self, key: VoucherKey) -> Option<[u8; 16]> {
        self.given_codes.iter().find(|(_, given)| given.voucher == key).map(|(hash, _)| *hash)
    }

    fn pool(&self, page: PoolPage) -> Vec<u64> {
        let from = VoucherKey { coupon: page.coupon, kind: VoucherKind::Given, ordinal: page.from };
        let waiting = |(key, voucher): &(&VoucherKey, &Voucher)| {
            key.coupon == page.coupon && voucher.state == VoucherState::Pooled
        };
        self.vouchers.range(from..).filter(waiting).map(|(key, _)| key.ordinal).take(page.count).collect()
    }

    fn holdings(&self, customer: CustomerNo, coupon: CouponNo) -> Vec<VoucherKey> {
        let live = |voucher: &&Voucher| {
            let state = matches!(voucher.state, VoucherState::Held | VoucherState::Issued | VoucherState::Locked);
            state && voucher.customer == Some(customer) && voucher.key.coupon == coupon
        };
        self.vouchers.values().filter(live).map(|voucher| voucher.key).take(16).collect()
    }

    fn carriers(&self, key: &IdentityKey) -> Vec<Carrier> {
        let of = |customer: &Customer| {
            let identity = customer.identity(key)?;
            Some(Carrier { customer: customer.no, is_verified: identity.verified_at.is_some() })
        };
        let mut all: Vec<Carrier> = self.customers.values().filter_map(of).collect();
        all.sort_unstable_by_key(|carrier| (!carrier.is_verified, carrier.customer));
        all.truncate(CARRIERS_MAX);
        all
    }

    fn linked(&self, by: impl Fn(CustomerNo, &Person) -> bool) -> Vec<CustomerNo> {
        self.persons.iter().filter(|(no, person)| by(**no, person)).map(|(no, _)| *no).collect()
    }

    fn wallet(&self, customer: CustomerNo) -> Vec<VoucherKey> {
        let own = self.vouchers.values().filter(|voucher| voucher.customer == Some(customer));
        own.map(|voucher| voucher.key).take(MOVES_MAX).collect()
    }

    fn history(&self, customer: CustomerNo, now: Timestamp) -> History {
        let mut history = History::default();
        let own = self.redemptions.values().filter(|redemption| redemption.customer == Some(customer));
        for redemption in own.filter(|redemption| redemption.is_live_at(now)) {
            history.add(redemption.currency.expect("it was priced"), redemption.total_minor);
        }
        history
    }

    fn live_of(&self, order: &str) -> Option<RedemptionId> {
        let live = |redemption: &&Redemption| {
            let state = matches!(redemption.state, RedemptionState::Pending | RedemptionState::Succeeded);
            state && redemption.order.as_deref() == Some(order)
        };
        self.redemptions.values().find(live).map(|redemption| redemption.id.clone())
    }

    fn pending(&self) -> impl Iterator<Item = &Redemption> {
        self.redemptions.values().filter(|redemption| redemption.state == RedemptionState::Pending)
    }

    fn siblings(&self, campaign: CampaignNo) -> Vec<CouponNo> {
        let is_one = |coupon: &&Arc<Coupon>| {
            coupon.definition.campaign == Some(campaign) && coupon.state != CouponState::Aborted
        };
        self.coupons.values().filter(is_one).map(|coupon| coupon.no).take(SIBLINGS_MAX).collect()
    }

    fn reservations(&self, coupon: CouponNo) -> Vec<RedemptionId> {
        let uses = |redemption: &&Redemption| redemption.parts.iter().any(|part| part.coupon == coupon);
        self.pending().filter(uses).map(|redemption| redemption.id.clone()).take(RESERVATIONS_MAX).collect()
    }

    fn due(&self, coupon: CouponNo, now: Timestamp) -> Option<Due> {
        let campaign = self.coupons[&coupon].definition.campaign;
        let siblings: BTreeSet<CouponNo> = self
            .coupons
            .values()
            .filter(|other| other.no == coupon || campaign.is_some() && other.definition.campaign == campaign)
            .map(|other| other.no)
            .collect();
        let holds = self.vouchers.values().filter(|voucher| {
            voucher.state == VoucherState::Held && voucher.hold_is_over(now) && siblings.contains(&voucher.key.coupon)
        });
        let reservations = self.pending().filter(|redemption| {
            redemption.deadline.is_some_and(|deadline| deadline <= now)
                && redemption.parts.iter().any(|part| siblings.contains(&part.coupon))
        });
        let due = Due {
            vouchers: holds.map(|voucher| voucher.key).take(DUE_MAX).collect(),
            redemptions: reservations.map(|redemption| redemption.id.clone()).take(DUE_MAX).collect(),
        };
        (due != Due::default()).then_some(due)
    }
}

/// A list that is empty is loaded as absent: stores may do either.
fn some_of<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

fn bring<K: Ord + std::hash::Hash + Clone, V>(table: &mut Table<K, V>, row: impl Fn(&K) -> Option<V>) {
    for key in table.take_wanted() {
        let row = row(&key);
        table.load(key, row);
    }
}

/// Writes as a store does: an insert must find nothing, an update what was loaded.
fn write<K, V>(rows: &mut BTreeMap<K, V>, table: &Table<K, V>, stored: impl Fn(&V) -> V)
where
    K: Ord + std::hash::Hash + Clone + Debug,
    V: PartialEq + Debug,
{
    for change in table.changes() {
        assert_eq!(rows.get(change.key), change.before, "the row is as it was loaded: {:?}", change.key);
        match change.after {
            Some(row) => rows.insert(change.key.clone(), stored(row)),
            None => rows.remove(change.key),
        };
    }
}

pub fn through_postcard<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> T {
    let read: T = postcard::from_bytes(&postcard::to_stdvec(value).unwrap()).unwrap();
    assert_eq!(&read, value);
    read
}

pub fn through_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> T {
    let read: T = serde_json::from_str(&serde_json::to_string(value).unwrap()).unwrap();
    assert_eq!(&read, value);
    read
}
