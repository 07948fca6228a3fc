//! Codes and voucher ids at the edge: texts are read into what the ledger understands, and written from it, with the
//! key ring in memory and without a look at the store.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use domain::codes::{
    ComputedCode, CustomerKey, DrawKey, EncodeError, Encoder, IdentityHash, KeyRing, Pattern, Reading, RowPlace,
    SealError, Shape, UnknownKey, decode_id, encode, encode_id, read,
};
use domain::id::{CouponNo, CustomerNo, ImportId, TenantNo, VoucherKey};
use domain::identity::IdentityKey;
use thread_local::ThreadLocal;

/// The patterns of one tenant: those with a prefix, and whose they are.
type Patterns = Arc<Vec<(Pattern, CouponNo)>>;

/// Texts that a thread remembers the readings of.
const LATELY_MAX: usize = 256;

/// The key ring with the patterns of every tenant. A store makes one when it opens and tells it of new patterns.
pub struct Codes {
    ring: KeyRing,
    patterns: RwLock<HashMap<TenantNo, Patterns>>,
    /// Counts their changes.
    changes: AtomicU64,
    lately: ThreadLocal<RefCell<Lately>>,
}

/// What a thread has read lately, but for what looks computed: a shared code is typed by many.
#[derive(Default)]
struct Lately {
    /// How many changes of patterns there had been, at least, when these were read.
    changes: u64,
    readings: HashMap<String, (TenantNo, Reading)>,
}

impl fmt::Debug for Codes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Codes").field("current_key_no", &self.ring.current_no()).finish_non_exhaustive()
    }
}

impl Codes {
    /// With that ring and no patterns yet.
    #[must_use]
    pub fn new(ring: KeyRing) -> Self {
        Self { ring, patterns: RwLock::default(), changes: AtomicU64::new(0), lately: ThreadLocal::new() }
    }

    /// The ring key that new codes are computed with.
    #[must_use]
    pub fn current_key_no(&self) -> u32 {
        self.ring.current_no()
    }

    /// What a batch makes vouchers of a tenant with: the number of the newest key of the ring, and what amounts are drawn with.
    #[must_use]
    pub fn facts_key(&self, tenant: TenantNo) -> (u32, DrawKey) {
        (self.ring.current_no(), self.ring.draw_key(tenant))
    }

    /// The ring keys that codes were ever computed with, oldest first.
    pub fn key_nos(&self) -> impl Iterator<Item = u32> {
        self.ring.nos()
    }

    /// Replaces what is known of a tenant's patterns.
    pub fn set_patterns(&self, tenant: TenantNo, patterns: Vec<(Pattern, CouponNo)>) {
        self.patterns.write().unwrap_or_else(PoisonError::into_inner).insert(tenant, Arc::new(patterns));
        self.changes.fetch_add(1, Ordering::Release);
    }

    /// The patterns with a prefix, all that ever were.
    #[must_use]
    pub fn patterns(&self, tenant: TenantNo) -> Patterns {
        self.patterns.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned().unwrap_or_default()
    }

    /// Reads a code.
    #[must_use]
    pub fn read(&self, tenant: TenantNo, text: &str) -> Reading {
        read(&self.ring, tenant, &self.patterns(tenant), text)
    }

    /// Reads what was typed for an order: the same, sooner if this thread has read it lately.
    #[must_use]
    pub fn read_typed(&self, tenant: TenantNo, text: &str) -> Reading {
        // Before the patterns are looked at: a change meanwhile makes what is read look older than it is, never newer.
        let changes = self.changes.load(Ordering::Acquire);
        let mut lately = self.lately.get_or_default().borrow_mut();
        if lately.changes != changes || lately.readings.len() >= LATELY_MAX {
            *lately = Lately { changes, ..Lately::default() };
        }
        if let Some((of, reading)) = lately.readings.get(text)
            && *of == tenant
        {
            return reading.clone();
        }
        let reading = self.read(tenant, text);
        if reading.shape == Shape::Other {
            lately.readings.insert(text.to_owned(), (tenant, reading.clone()));
        }
        reading
    }

    /// Seals the text of a given code, to be kept beside its hash.
    #[must_use]
    pub fn seal(&self, tenant: TenantNo, reading: &Reading, text: &str) -> Vec<u8> {
        self.ring.seal_text(tenant, &reading.hash, text)
    }

    /// The text of a given code.
    ///
    /// # Errors
    /// It was sealed under another ring, or changed.
    pub fn open(&self, tenant: TenantNo, hash: &[u8; 16], sealed: &[u8]) -> Result<String, SealError> {
        self.ring.open_text(tenant, hash, sealed)
    }

    /// The hash a name of that kind is found by; see [`KeyRing::name_hash`].
    #[must_use]
    pub fn name_hash(&self, kind: &str, tenant: TenantNo, folded: &str) -> [u8; 16] {
        self.ring.name_hash(kind, tenant, folded)
    }

    /// What access tokens are signed with.
    #[must_use]
    pub fn token_key(&self) -> &[u8; 32] {
        self.ring.token_key()
    }

    /// Seals what a row is to keep from whoever reads the file.
    #[must_use]
    pub fn seal_row(&self, place: RowPlace<'_>, bytes: &[u8]) -> Vec<u8> {
        self.ring.seal_row(place, bytes)
    }

    /// Opens what was sealed for this place.
    ///
    /// # Errors
    /// It was sealed under another ring or for another row, or changed.
    pub fn open_row(&self, place: RowPlace<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.ring.open_row(place, sealed)
    }

    /// What an identity is found by.
    #[must_use]
    pub fn identity_hash(&self, tenant: TenantNo, key: &IdentityKey) -> IdentityHash {
        self.ring.identity_hash(tenant, key)
    }

    /// Seals what a customer's personal fields are sealed with.
    #[must_use]
    pub fn seal_customer_key(&self, tenant: TenantNo, customer: CustomerNo, key: &CustomerKey) -> Vec<u8> {
        self.ring.seal_customer_key(tenant, customer, key)
    }

    /// What a customer's personal fields are sealed with.
    ///
    /// # Errors
    /// It was sealed under another ring or for another customer, or changed.
    pub fn open_customer_key(
        &self,
        tenant: TenantNo,
        customer: CustomerNo,
        sealed: &[u8],
    ) -> Result<CustomerKey, SealError> {
        self.ring.open_customer_key(tenant, customer, sealed)
    }

    /// Seals a part of a file of codes that waits to be imported.
    #[must_use]
    pub fn seal_chunk(&self, tenant: TenantNo, place: (ImportId, u32), bytes: &[u8]) -> Vec<u8> {
        self.ring.seal_chunk(tenant, place, bytes)
    }

    /// The part of a file of codes that waits there.
    ///
    /// # Errors
    /// It was sealed under another ring, or changed.
    pub fn open_chunk(&self, tenant: TenantNo, place: (ImportId, u32), sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        self.ring.open_chunk(tenant, place, sealed)
    }

    /// The computed code of a voucher that was not given.
    ///
    /// # Errors
    /// The ring has no such key, or the voucher no computed code.
    pub fn code(
        &self,
        tenant: TenantNo,
        pattern: &Pattern,
        key: VoucherKey,
        key_no: u32,
    ) -> Result<String, EncodeError> {
        encode(&self.ring, key_no, tenant, pattern, key)
    }

    /// Writes many codes of one coupon.
    ///
    /// # Errors
    /// The ring has no such key.
    pub fn encoder<'a>(
        &'a self,
        tenant: TenantNo,
        pattern: &'a Pattern,
        key_no: u32,
    ) -> Result<Encoder<'a>, UnknownKey> {
        Encoder::new(&self.ring, key_no, tenant, pattern)
    }

    /// The public id of a voucher, `vch_...`.
    ///
    /// # Errors
    /// The ring has no such key.
    pub fn voucher_id(&self, tenant: TenantNo, key: VoucherKey, key_no: u32) -> Result<String, EncodeError> {
        encode_id(&self.ring, key_no, tenant, key)
    }

    /// What a voucher's id stands for under each key of the ring; nothing if it is no id of this tenant.
    #[must_use]
    pub fn voucher_candidates(&self, tenant: TenantNo, id: &str) -> Vec<ComputedCode> {
        decode_id(&self.ring, tenant, id)
    }
}

#[cfg(test)]
mod tests {
    use domain::codes::{Alphabet, RingKey};

    use super::*;

    const ANN: TenantNo = TenantNo(1);
    const BEN: TenantNo = TenantNo(2);

    fn codes() -> Codes {
        Codes::new(KeyRing::new(vec![RingKey { no: 1, secret: [7; 32] }]).unwrap())
    }

    #[test]
    fn what_is_read_again_is_read_the_same_by_each_tenant_and_after_its_patterns_have_changed() {
        let codes = codes();
        let pattern = Pattern::new("SUMMER-", Alphabet::Base32, 12).unwrap();
        let key = VoucherKey { coupon: CouponNo(7), kind: domain::id::VoucherKind::Bearer, ordinal: 4_711 };
        let computed = codes.code(ANN, &pattern, key, 1).unwrap();
        let texts = ["SAVE10", "save-1O", "", &computed];
        let check = || {
            for (text, tenant) in texts.iter().flat_map(|text| [(text, ANN), (text, BEN), (text, ANN)]) {
                assert_eq!(codes.read_typed(tenant, text), codes.read(tenant, text), "{text}");
            }
        };
        check();
        assert_eq!(codes.read_typed(ANN, &computed).shape, Shape::Other);
        codes.set_patterns(ANN, vec![(pattern.clone(), CouponNo(7))]);
        check();
        assert_eq!(codes.read_typed(ANN, &computed).shape, Shape::Computed);
    }

    #[test]
    fn a_thread_remembers_few_readings_and_none_of_what_looks_computed() {
        let codes = codes();
        let key = VoucherKey { coupon: CouponNo(7), kind: domain::id::VoucherKind::Bearer, ordinal: 4_711 };
        let _ = codes.read_typed(ANN, &codes.code(ANN, &Pattern::default(), key, 1).unwrap());
        let remembered = || codes.lately.get_or_default().borrow().readings.len();
        assert_eq!(remembered(), 0);
        for number in 0..3 * LATELY_MAX {
            let _ = codes.read_typed(ANN, &format!("SAVE{number}"));
            assert!(remembered() <= LATELY_MAX);
        }
    }
}
