//! Codes and voucher ids at the edge: texts are read into what the ledger understands, and written from it, with the
//! key ring in memory and without a look at the store.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use domain::codes::{
    ComputedCode, CustomerKey, DrawKey, EncodeError, Encoder, IdentityHash, KeyRing, Pattern, Reading, RowPlace,
    SealError, UnknownKey, decode_id, encode, encode_id, read,
};
use domain::id::{CouponNo, CustomerNo, ImportId, TenantNo, VoucherKey};
use domain::identity::IdentityKey;

/// The patterns of one tenant: those with a prefix, and whose they are.
type Patterns = Arc<Vec<(Pattern, CouponNo)>>;

/// The key ring with the patterns of every tenant. A store makes one when it opens and tells it of new patterns.
pub struct Codes {
    ring: KeyRing,
    patterns: RwLock<HashMap<TenantNo, Patterns>>,
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
        Self { ring, patterns: RwLock::default() }
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
    }

    /// The patterns with a prefix, all that ever were.
    #[must_use]
    pub fn patterns(&self, tenant: TenantNo) -> Patterns {
        self.patterns.read().unwrap_or_else(PoisonError::into_inner).get(&tenant).cloned().unwrap_or_default()
    }

    /// Reads a typed code.
    #[must_use]
    pub fn read(&self, tenant: TenantNo, text: &str) -> Reading {
        read(&self.ring, tenant, &self.patterns(tenant), text)
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
