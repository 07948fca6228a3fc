//! The audit log: what staff, API keys and the operator changed, by hand and one entry for each change. Entries of a
//! tenant are numbered from 1 without gaps and chained: the hash of each covers the one before it, so that whoever knows
//! the latest hash can tell whether anything before it was changed, left out or put in another order.

use std::fmt;

use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::codes::ComputedCode;
use crate::event::Actor;
use crate::id::{AccountNo, CouponNo, CustomerNo, VoucherKey, VoucherKind};
use crate::time::Timestamp;

/// A SHA-256.
pub type AuditHash = [u8; 32];

/// What the hashed bytes begin with; another encoding of entries gets another.
const ENCODING: &[u8] = b"scrip audit 1";

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident, $name:literal;)*) => {
        /// What kind of thing was changed.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum AuditKind { $($(#[$doc])* $kind,)* }

        impl AuditKind {
            /// All kinds.
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            /// Its published name, under which it is kept too.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    /// A coupon, by its public id.
    Coupon, "coupon";
    /// A campaign, by its public id.
    Campaign, "campaign";
    /// A customer, by its public id.
    Customer, "customer";
    /// An account, by its public id.
    Account, "account";
    /// A tenant, by its name.
    Tenant, "tenant";
    /// A voucher, by [`AuditSubject::voucher`].
    Voucher, "voucher";
    /// A block of bearer codes, by its public id.
    Block, "block";
    /// A block of somebody who is kept out, by its public id.
    AccessBlock, "access_block";
    /// A segment of customers, by its name.
    Segment, "segment";
    /// A collection of goods, by its name.
    Collection, "collection";
    /// An API key, by its public id.
    Key, "key";
    /// A key of the ring that codes are computed with, as `code_key_` and its number.
    CodeKey, "code_key";
}

impl AuditKind {
    /// The kind of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|kind| kind.name() == name)
    }
}

/// What was changed. Kept by public id where there is one, so that the log reads by itself and outlives what it names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AuditSubject {
    /// Of which kind.
    pub kind: AuditKind,
    /// Which one. No two kinds have ids that look alike.
    pub id: String,
}

impl AuditSubject {
    /// Something with a public id.
    pub fn new(kind: AuditKind, id: impl ToString) -> Self {
        Self { kind, id: id.to_string() }
    }

    /// A voucher. Its public id is computed with the key ring, which is not known here: what the id stands for is kept,
    /// as `KEY_NO:COUPON/KIND/ORDINAL`.
    #[must_use]
    pub fn voucher(ComputedCode { key_no, key }: ComputedCode) -> Self {
        let VoucherKey { coupon, kind, ordinal } = key;
        Self::new(AuditKind::Voucher, format_args!("{key_no}:{coupon}/{}/{ordinal}", kind.bits()))
    }

    /// The voucher it is, if it is one.
    #[must_use]
    pub fn as_voucher(&self) -> Option<ComputedCode> {
        let (key_no, key) = self.id.split_once(':').filter(|_| self.kind == AuditKind::Voucher)?;
        let mut parts = key.split('/');
        let coupon = CouponNo(parts.next()?.parse().ok()?);
        let kind = VoucherKind::from_bits(parts.next()?.parse().ok()?)?;
        let ordinal = parts.next()?.parse().ok()?;
        Some(ComputedCode { key_no: key_no.parse().ok()?, key: VoucherKey { coupon, kind, ordinal } })
    }
}

/// A change that is to be written down.
#[derive(Clone, Debug)]
pub struct AuditChange {
    /// By whom.
    pub actor: Actor,
    /// What was done, a stable word such as `coupon.update`.
    pub action: &'static str,
    /// To what.
    pub subject: AuditSubject,
    /// What was otherwise before; none where nothing was. Without codes, secrets and personal data.
    pub before: Option<Value>,
    /// What is otherwise now; none where nothing is left. Without codes, secrets and personal data.
    pub after: Option<Value>,
}

/// A change that was written down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Its place in the tenant's log, from 1 without gaps.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub actor: Actor,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: AuditSubject,
    /// JSON, as it was hashed.
    pub before: Option<String>,
    /// JSON, as it was hashed.
    pub after: Option<String>,
    /// Of the entry before it and of this one.
    pub hash: AuditHash,
}

/// Where a log ends. The default is where every log begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct AuditHead {
    /// Of the latest entry; 0: there is none.
    pub number: u64,
    /// Of the latest entry.
    pub hash: AuditHash,
}

/// Its number and hash, as they are printed to be kept elsewhere.
impl fmt::Display for AuditHead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.number, hexadecimal(&self.hash))
    }
}

impl AuditHead {
    /// The entry of a change that comes next.
    #[must_use]
    pub fn next(&self, at: Timestamp, change: AuditChange) -> AuditEntry {
        let AuditChange { actor, action, subject, before, after } = change;
        let mut entry = AuditEntry {
            number: self.number + 1,
            at,
            actor,
            action: action.to_owned(),
            subject,
            before: before.map(|before| before.to_string()),
            after: after.map(|after| after.to_string()),
            hash: AuditHash::default(),
        };
        entry.hash = entry.hash_after(&self.hash);
        entry
    }
}

impl AuditEntry {
    /// Where the log ends when this entry is its last.
    #[must_use]
    pub fn head(&self) -> AuditHead {
        AuditHead { number: self.number, hash: self.hash }
    }

    /// Whether this is the entry that came next.
    #[must_use]
    pub fn follows(&self, head: &AuditHead) -> bool {
        self.number == head.number + 1 && self.hash == self.hash_after(&head.hash)
    }

    /// SHA-256 of: [`ENCODING`], the hash before, the number (8 bytes), the instant in milliseconds since 1970 (8), the
    /// kind of actor (1) with its number (4), then the texts, each with its length (4) before it. What may be absent
    /// has a byte before that: 0 absent, 1 there. Numbers are big-endian.
    fn hash_after(&self, before: &AuditHash) -> AuditHash {
        let mut hasher = Sha256::new();
        let (kind, no) = actor_numbers(self.actor);
        hasher.update(ENCODING);
        hasher.update(before);
        hasher.update(self.number.to_be_bytes());
        hasher.update(self.at.as_ms().to_be_bytes());
        hasher.update([kind]);
        hasher.update(no.to_be_bytes());
        for text in [&self.action, self.subject.kind.name(), &self.subject.id] {
            hash_text(&mut hasher, text);
        }
        for text in [&self.before, &self.after] {
            hasher.update([u8::from(text.is_some())]);
            if let Some(text) = text {
                hash_text(&mut hasher, text);
            }
        }
        hasher.finalize().into()
    }
}

fn hash_text(hasher: &mut Sha256, text: &str) {
    let length = u32::try_from(text.len()).expect("what is changed is bounded far below this");
    hasher.update(length.to_be_bytes());
    hasher.update(text);
}

/// A hash as it is shown.
#[must_use]
pub fn hexadecimal(hash: &AuditHash) -> String {
    hash.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Whether what this actor changes by hand is written into the log. What customers do and what time does has its events.
#[must_use]
pub fn is_audited(actor: Actor) -> bool {
    match actor {
        Actor::Operator | Actor::Key(_) | Actor::Staff(_) => true,
        Actor::System | Actor::Customer(_) => false,
    }
}

/// An actor as two numbers: how it is kept, found and hashed. The second is 0 where there is only one of the kind.
#[must_use]
pub fn actor_numbers(actor: Actor) -> (u8, u32) {
    match actor {
        Actor::System => (0, 0),
        Actor::Operator => (1, 0),
        Actor::Key(no) => (2, no),
        Actor::Customer(no) => (3, no.0),
        Actor::Staff(no) => (4, no.0),
    }
}

/// The actor of these two numbers, which are the only two that mean it: else a row could be changed and hash the same.
#[must_use]
pub fn actor_of_numbers(kind: u8, no: u32) -> Option<Actor> {
    match (kind, no) {
        (0, 0) => Some(Actor::System),
        (1, 0) => Some(Actor::Operator),
        (2, no) => Some(Actor::Key(no)),
        (3, no) => Some(Actor::Customer(CustomerNo(no))),
        (4, no) => Some(Actor::Staff(AccountNo(no))),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
