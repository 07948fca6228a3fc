//! A store of plain maps: answers what the facts want, applies what they changed, reads back what it wrote through the
//! formats real stores write, and checks the invariants after every batch.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use domain::access_block::Standing;
use domain::account::{Account, Role};
use domain::codes::{KeyRing, RingKey};
use domain::collection::Collections;
use domain::event::{EVENTS_PER_ROW, JournalNo, ROWS_PER_BATCH};
use domain::id::TenantNo;
use domain::ledger::{Answer, Answered, Command, Facts, Kept, RedeemRequest, Table, decide, quote};
use domain::pricing::{Automatic, AutomaticFacts, Quote};
use domain::redemption::Redemption;
use domain::rejection::Refusal;
use domain::segment::Segments;
use domain::tenant::{Settings, Tenant};
use domain::time::Timestamp;
use domain::voucher::Voucher;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::rows::Rows;

pub const TENANT: TenantNo = TenantNo(1);
pub type Decided = Result<Answer, Refusal>;

/// No more rounds of loading than this, whatever is asked.
const ROUNDS_MAX: usize = 16;

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
