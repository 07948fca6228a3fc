//! Sealing of what is personal: a random key for each customer, itself sealed under the ring, and a keyed hash by which
//! an identity is found. Destroying the key's sealed copy erases what it sealed, wherever that was copied to without it.

use std::fmt;

use aes_gcm_siv::Aes256GcmSiv;
use aes_gcm_siv::aead::KeyInit;
use hmac::Mac;

use super::ring::{KeyRing, derive};
use super::seal::{SealError, open, seal};
use crate::id::{CustomerNo, TenantNo};
use crate::identity::{IDENTITY_FOLD_VERSION, IdentityKey, IdentityKind};

/// What an identity is found by: 16 bytes of a keyed hash. Nothing can be tried against it without the ring.
pub type IdentityHash = [u8; 16];

/// The key of one customer. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct CustomerKey([u8; 32]);

impl CustomerKey {
    /// The key of these 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Seals a customer's profile.
    #[must_use]
    pub fn seal_profile(&self, (tenant, customer): (TenantNo, CustomerNo), text: &str) -> Vec<u8> {
        seal(&self.cipher(b"scrip profile 1"), [0; 12], &place(b"profile", tenant, customer), text.as_bytes())
    }

    /// Opens what [`seal_profile`](Self::seal_profile) sealed for this customer.
    ///
    /// # Errors
    /// [`SealError`]; most often the bytes are another customer's.
    pub fn open_profile(&self, (tenant, customer): (TenantNo, CustomerNo), sealed: &[u8]) -> Result<String, SealError> {
        let cipher = self.cipher(b"scrip profile 1");
        text(open(&cipher, [0; 12], &place(b"profile", tenant, customer), sealed)?)
    }

    /// Seals an identity's value, to be kept beside its hash.
    #[must_use]
    pub fn seal_identity(
        &self,
        (tenant, customer): (TenantNo, CustomerNo),
        (kind, hash): (IdentityKind, &IdentityHash),
        value: &str,
    ) -> Vec<u8> {
        let (nonce, place) = identity_place((tenant, customer), (kind, hash));
        seal(&self.cipher(b"scrip identity 1"), nonce, &place, value.as_bytes())
    }

    /// Opens what [`seal_identity`](Self::seal_identity) sealed for this customer and hash.
    ///
    /// # Errors
    /// [`SealError`]; most often the bytes are another customer's.
    pub fn open_identity(
        &self,
        (tenant, customer): (TenantNo, CustomerNo),
        (kind, hash): (IdentityKind, &IdentityHash),
        sealed: &[u8],
    ) -> Result<String, SealError> {
        let (nonce, place) = identity_place((tenant, customer), (kind, hash));
        text(open(&self.cipher(b"scrip identity 1"), nonce, &place, sealed)?)
    }

    fn cipher(&self, label: &[u8]) -> Aes256GcmSiv {
        Aes256GcmSiv::new(&derive(&self.0, label).into())
    }
}

impl fmt::Debug for CustomerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CustomerKey(..)")
    }
}

impl KeyRing {
    /// The hash under which an identity is stored and looked up. The same in every rotation of the ring.
    #[must_use]
    pub fn identity_hash(&self, tenant: TenantNo, key: &IdentityKey) -> IdentityHash {
        let mac = self.identity.clone().chain_update(tenant.0.to_be_bytes());
        let mac = mac.chain_update([IDENTITY_FOLD_VERSION, key.kind as u8]).chain_update(key.folded());
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        *full.first_chunk().expect("32 bytes begin with 16")
    }

    /// Seals a customer's key: 48 bytes.
    #[must_use]
    pub fn seal_customer_key(&self, tenant: TenantNo, customer: CustomerNo, key: &CustomerKey) -> Vec<u8> {
        seal(&self.seal, key_nonce(tenant, customer), &place(b"customer key", tenant, customer), &key.0)
    }

    /// Opens what [`seal_customer_key`](Self::seal_customer_key) sealed for this customer.
    ///
    /// # Errors
    /// [`SealError`]; most often the bytes are another customer's.
    pub fn open_customer_key(
        &self,
        tenant: TenantNo,
        customer: CustomerNo,
        sealed: &[u8],
    ) -> Result<CustomerKey, SealError> {
        let bytes = open(&self.seal, key_nonce(tenant, customer), &place(b"customer key", tenant, customer), sealed)?;
        bytes.try_into().map(CustomerKey).map_err(|_| SealError)
    }
}

/// A customer has one key, so its numbers name one text.
fn key_nonce(tenant: TenantNo, customer: CustomerNo) -> [u8; 12] {
    let mut nonce = [0; 12];
    nonce[..4].copy_from_slice(&tenant.0.to_be_bytes());
    nonce[4..8].copy_from_slice(&customer.0.to_be_bytes());
    nonce
}

fn place(what: &[u8], tenant: TenantNo, customer: CustomerNo) -> Vec<u8> {
    [what, &tenant.0.to_be_bytes(), &customer.0.to_be_bytes()].concat()
}

fn identity_place(
    (tenant, customer): (TenantNo, CustomerNo),
    (kind, hash): (IdentityKind, &IdentityHash),
) -> ([u8; 12], Vec<u8>) {
    let nonce = hash.first_chunk().expect("16 bytes begin with 12");
    let place = [place(b"identity", tenant, customer).as_slice(), &[kind as u8], hash].concat();
    (*nonce, place)
}

fn text(bytes: Vec<u8>) -> Result<String, SealError> {
    String::from_utf8(bytes).map_err(|_| SealError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::ring::test_ring;

    const HERE: (TenantNo, CustomerNo) = (TenantNo(1), CustomerNo(7));
    const NEXT: (TenantNo, CustomerNo) = (TenantNo(1), CustomerNo(8));

    #[test]
    fn what_is_a_customers_opens_under_its_key_and_in_its_place_only() {
        let (key, other) = (CustomerKey::new([5; 32]), CustomerKey::new([6; 32]));
        let sealed = key.seal_profile(HERE, "Ann");
        assert_eq!(key.open_profile(HERE, &sealed).as_deref(), Ok("Ann"));
        assert_eq!(key.open_profile(NEXT, &sealed), Err(SealError));
        assert_eq!(other.open_profile(HERE, &sealed), Err(SealError));
        let sealed = key.seal_identity(HERE, (IdentityKind::Email, &[1; 16]), "a@b");
        assert_eq!(key.open_identity(HERE, (IdentityKind::Email, &[1; 16]), &sealed).as_deref(), Ok("a@b"));
        assert_eq!(key.open_identity(HERE, (IdentityKind::Phone, &[1; 16]), &sealed), Err(SealError));
        assert_eq!(key.open_identity(HERE, (IdentityKind::Email, &[2; 16]), &sealed), Err(SealError));
        assert_eq!(key.open_identity(NEXT, (IdentityKind::Email, &[1; 16]), &sealed), Err(SealError));
    }

    #[test]
    fn a_customers_key_opens_under_every_rotation_of_its_ring_and_for_that_customer() {
        let key = CustomerKey::new([5; 32]);
        let sealed = test_ring(&[1]).seal_customer_key(HERE.0, HERE.1, &key);
        assert_eq!(sealed.len(), 48);
        assert_eq!(test_ring(&[1, 2]).open_customer_key(HERE.0, HERE.1, &sealed), Ok(key));
        assert_eq!(test_ring(&[1]).open_customer_key(NEXT.0, NEXT.1, &sealed), Err(SealError));
        assert_eq!(test_ring(&[2]).open_customer_key(HERE.0, HERE.1, &sealed), Err(SealError));
    }

    /// A change of this loses every identity ever stored.
    #[test]
    fn hashes_stay_as_they_are_and_differ_by_tenant_kind_and_value() {
        let hash = |tenant, kind, value| test_ring(&[1]).identity_hash(TenantNo(tenant), &IdentityKey::of(kind, value));
        let email = hash(1, IdentityKind::Email, "ann@x.example");
        assert_eq!(email, hash(1, IdentityKind::Email, " Ann@X.example"));
        for other in [
            hash(2, IdentityKind::Email, "ann@x.example"),
            hash(1, IdentityKind::OpenId, "ann@x.example"),
            hash(1, IdentityKind::Email, "bob@x.example"),
        ] {
            assert_ne!(email, other);
        }
        assert_eq!(u128::from_be_bytes(email), 166_436_286_963_620_338_082_211_798_901_737_435_697);
    }

    #[test]
    fn debug_hides_the_key() {
        assert_eq!(format!("{:?}", CustomerKey::new([7; 32])), "CustomerKey(..)");
    }
}
