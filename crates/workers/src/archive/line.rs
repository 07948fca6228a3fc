//! An event as a line of JSON, to be understood without the store: public ids beside numbers, no codes, nothing personal.
//! docs/reference/storage.md describes it.

use domain::campaign::CampaignState;
use domain::coupon::CouponState;
use domain::event::{Actor, Event, EventKind, JournalNo, Subject, VoucherStep};
use domain::gift::GiftStep;
use domain::id::{
    AccountId, AccountNo, ApiKeyId, BlockId, CampaignId, CampaignNo, CouponId, CouponNo, CustomerId, CustomerNo,
    TenantNo, VoucherKey, VoucherKind,
};
use domain::limit::UsageDelta;
use domain::redemption::{RedemptionId, RedemptionState};
use domain::time::Timestamp;
use domain::voucher::VoucherState;
use ports::{EventNames, JournalRow, OldEvents};
use serde::{Deserialize, Serialize};

#[derive(Debug, Serialize)]
struct Line<'a> {
    tenant: &'a str,
    journal: i64,
    at: Timestamp,
    subject: SubjectBody<'a>,
    version: u32,
    actor: ActorBody,
    event: KindBody<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    usage: Vec<UsageBody>,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum SubjectBody<'a> {
    Voucher { id: Option<&'a str>, coupon: Coupon, kind: &'static str, ordinal: u64 },
    Redemption { id: &'a RedemptionId },
    Coupon(Coupon),
    Customer(Customer),
    Block { id: BlockId, coupon: Coupon },
    Campaign { id: Option<CampaignId>, number: CampaignNo },
    Account { id: Option<AccountId>, number: AccountNo },
    Gift { id: Option<&'a str>, coupon: Coupon, kind: &'static str, ordinal: u64 },
}

#[derive(Debug, Serialize)]
struct Coupon {
    id: Option<CouponId>,
    number: CouponNo,
}

#[derive(Debug, Serialize)]
struct Customer {
    id: Option<CustomerId>,
    number: CustomerNo,
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ActorBody {
    System,
    Operator,
    Key { id: Option<ApiKeyId>, number: u32 },
    Customer(Customer),
    Staff { id: Option<AccountId>, number: AccountNo },
}

#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum KindBody<'a> {
    Voucher {
        step: VoucherStep,
        from: Option<VoucherState>,
        to: VoucherState,
        customer: Option<Customer>,
        redemption_id: Option<&'a RedemptionId>,
    },
    Redemption {
        from: Option<RedemptionState>,
        to: RedemptionState,
        customer: Option<Customer>,
        amounts: Vec<AmountBody>,
    },
    Coupon {
        from: Option<CouponState>,
        to: CouponState,
    },
    Customer,
    Campaign {
        from: Option<CampaignState>,
        to: CampaignState,
    },
    BlockMade {
        count: u64,
    },
    BlockRevoked,
    Account,
    CustomerMerged {
        into: Customer,
    },
    CustomerErased,
    Gift {
        step: GiftStep,
        amount_minor: i64,
        balance_minor: i64,
        held_minor: i64,
        redemption_id: Option<&'a RedemptionId>,
    },
}

#[derive(Debug, Serialize)]
struct AmountBody {
    coupon: Coupon,
    amount_minor: i64,
}

/// The counter is that of a limit, for everyone or for a customer, in the period that began at that minute since 1970.
#[derive(Debug, Serialize)]
struct UsageBody {
    limit: u32,
    customer: Option<Customer>,
    period_minute: i64,
    used: i64,
    held: i64,
}

/// One line for each event, in their order.
pub(super) fn lines(page: &OldEvents, tenant_name: impl Fn(TenantNo) -> String) -> String {
    let mut text = Vec::new();
    for JournalRow { no, tenant, at, events } in &page.rows {
        let name = tenant_name(*tenant);
        let naming = Naming { tenant: *tenant, names: &page.names };
        for event in events {
            serde_json::to_writer(&mut text, &naming.line(&name, (*no, *at), event)).expect("an event is JSON");
            text.push(b'\n');
        }
    }
    String::from_utf8(text).expect("JSON is text")
}

struct Naming<'a> {
    tenant: TenantNo,
    names: &'a EventNames,
}

impl<'a> Naming<'a> {
    fn line(&self, tenant: &'a str, (journal, at): (JournalNo, Timestamp), event: &'a Event) -> Line<'a> {
        Line {
            tenant,
            journal: journal.0,
            at,
            subject: self.subject(&event.subject),
            version: event.version,
            actor: self.actor(event.actor),
            event: self.kind(&event.kind),
            usage: event.usage.iter().map(|delta| self.usage(delta)).collect(),
        }
    }

    fn subject(&self, subject: &'a Subject) -> SubjectBody<'a> {
        match subject {
            Subject::Voucher(key) => {
                let id = self.names.vouchers.get(&(self.tenant, *key)).map(String::as_str);
                let VoucherKey { coupon, kind, ordinal } = *key;
                SubjectBody::Voucher { id, coupon: self.coupon(coupon), kind: kind_name(kind), ordinal }
            }
            Subject::Redemption(id) => SubjectBody::Redemption { id },
            Subject::Coupon(no) => SubjectBody::Coupon(self.coupon(*no)),
            Subject::Customer(no) => SubjectBody::Customer(self.customer(*no)),
            Subject::Block(no, id) => SubjectBody::Block { id: *id, coupon: self.coupon(*no) },
            Subject::Campaign(no) => {
                let id = self.names.campaigns.get(&(self.tenant, *no)).copied();
                SubjectBody::Campaign { id, number: *no }
            }
            Subject::Gift(key) => {
                let id = self.names.vouchers.get(&(self.tenant, *key)).map(String::as_str);
                let VoucherKey { coupon, kind, ordinal } = *key;
                SubjectBody::Gift { id, coupon: self.coupon(coupon), kind: kind_name(kind), ordinal }
            }
            Subject::Account(no) => SubjectBody::Account { id: self.account(*no), number: *no },
        }
    }

    fn actor(&self, actor: Actor) -> ActorBody {
        match actor {
            Actor::System => ActorBody::System,
            Actor::Operator => ActorBody::Operator,
            Actor::Key(number) => ActorBody::Key { id: self.names.keys.get(&number).copied(), number },
            Actor::Customer(no) => ActorBody::Customer(self.customer(no)),
            Actor::Staff(no) => ActorBody::Staff { id: self.account(no), number: no },
        }
    }

    fn kind(&self, kind: &'a EventKind) -> KindBody<'a> {
        match kind {
            EventKind::Voucher { step, from, to, customer, redemption } => {
                let customer = customer.map(|no| self.customer(no));
                KindBody::Voucher { step: *step, from: *from, to: *to, customer, redemption_id: redemption.as_ref() }
            }
            EventKind::Redemption { from, to, customer, amounts } => {
                let amount = |coupon, amount_minor| AmountBody { coupon: self.coupon(coupon), amount_minor };
                KindBody::Redemption {
                    from: *from,
                    to: *to,
                    customer: customer.map(|no| self.customer(no)),
                    amounts: amounts.iter().map(|given| amount(given.coupon, given.amount_minor)).collect(),
                }
            }
            EventKind::Coupon { from, to } => KindBody::Coupon { from: *from, to: *to },
            EventKind::Customer => KindBody::Customer,
            EventKind::Campaign { from, to } => KindBody::Campaign { from: *from, to: *to },
            EventKind::BlockMade { count } => KindBody::BlockMade { count: *count },
            EventKind::BlockRevoked => KindBody::BlockRevoked,
            EventKind::Account => KindBody::Account,
            EventKind::CustomerMerged { into } => KindBody::CustomerMerged { into: self.customer(*into) },
            EventKind::CustomerErased => KindBody::CustomerErased,
            EventKind::Gift { step, amount_minor, balance_minor, held_minor, redemption } => KindBody::Gift {
                step: *step,
                amount_minor: *amount_minor,
                balance_minor: *balance_minor,
                held_minor: *held_minor,
                redemption_id: redemption.as_ref(),
            },
        }
    }

    fn usage(&self, UsageDelta { key, used, held }: &UsageDelta) -> UsageBody {
        let customer = key.subject.person().map(|no| self.customer(no));
        UsageBody { limit: key.limit.0, customer, period_minute: key.period.0, used: *used, held: *held }
    }

    fn coupon(&self, no: CouponNo) -> Coupon {
        Coupon { id: self.names.coupons.get(&(self.tenant, no)).copied(), number: no }
    }

    fn customer(&self, no: CustomerNo) -> Customer {
        Customer { id: self.names.customers.get(&(self.tenant, no)).copied(), number: no }
    }

    fn account(&self, no: AccountNo) -> Option<AccountId> {
        self.names.accounts.get(&(self.tenant, no)).copied()
    }
}

fn kind_name(kind: VoucherKind) -> &'static str {
    match kind {
        VoucherKind::Row => "row",
        VoucherKind::Bearer => "bearer",
        VoucherKind::Given => "given",
    }
}

/// The journal row of a line; `None` if it is no line of ours.
pub(super) fn place(line: &str) -> Option<JournalNo> {
    #[derive(Deserialize)]
    struct Place {
        journal: i64,
    }
    serde_json::from_str::<Place>(line).ok().map(|place| JournalNo(place.journal))
}

/// Whether two lines tell of one event. The tenant may have got another name in between.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let event = |line: &str| {
        let mut fields: serde_json::Map<String, serde_json::Value> = serde_json::from_str(line).ok()?;
        fields.remove("tenant").map(|_| fields)
    };
    event(one).is_some() && event(one) == event(other)
}
