//! The keys of an installation, and what is derived from them.

use std::fmt;

use aes::Aes256Enc;
use aes_gcm_siv::Aes256GcmSiv;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::draw::DrawKey;
use super::fold::Folded;
use crate::id::TenantNo;

/// One key of a ring, as unsealed. Its `Debug` hides the secret.
#[derive(Clone, PartialEq, Eq)]
pub struct RingKey {
    /// Its number; a new key gets a higher one than all before it.
    pub no: u32,
    /// 32 random bytes.
    pub secret: [u8; 32],
}

impl fmt::Debug for RingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RingKey").field("no", &self.no).finish_non_exhaustive()
    }
}

/// Why keys make no ring.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RingError {
    /// There is no key at all.
    #[error("a key ring needs at least one key")]
    Empty,
    /// Two keys have one number.
    #[error("key number {no} is there twice")]
    Twice {
        /// The number.
        no: u32,
    },
}

/// There is no key of this number in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no key number {no} in the ring")]
pub struct UnknownKey {
    /// The number that was asked for.
    pub no: u32,
}

/// All keys of an installation. The newest makes codes and ids; every one reads them.
///
/// The keys for hashes and sealed copies of given codes and of what is personal come from the oldest, lowest-numbered key, so that a rotation
/// leaves stored hashes findable. Hence the oldest key is never taken out of a ring.
pub struct KeyRing {
    /// Newest first: the likeliest to have made what is read.
    entries: Vec<Entry>,
    lookup: Hmac<Sha256>,
    pub(super) identity: Hmac<Sha256>,
    pub(super) seal: Aes256GcmSiv,
    token: [u8; 32],
}

/// The ciphers of one key.
pub(super) struct Entry {
    pub(super) no: u32,
    pub(super) code: Aes256Enc,
    pub(super) id: Aes256Enc,
    draw: Hmac<Sha256>,
}

impl KeyRing {
    /// A ring of these keys, in any order.
    ///
    /// # Errors
    /// [`RingError`] if there is none or two share a number.
    pub fn new(mut keys: Vec<RingKey>) -> Result<Self, RingError> {
        keys.sort_by_key(|key| std::cmp::Reverse(key.no));
        if let Some(twice) = keys.windows(2).find(|pair| pair[0].no == pair[1].no) {
            return Err(RingError::Twice { no: twice[0].no });
        }
        let oldest = keys.last().ok_or(RingError::Empty)?;
        Ok(Self {
            lookup: keyed(&derive(&oldest.secret, b"scrip lookup 1")),
            identity: keyed(&derive(&oldest.secret, b"scrip identity lookup 1")),
            seal: Aes256GcmSiv::new(&derive(&oldest.secret, b"scrip seal 1").into()),
            token: derive(&oldest.secret, b"scrip token 1"),
            entries: keys.iter().map(Entry::new).collect(),
        })
    }

    /// The number of the key that makes new codes and ids: the highest.
    #[must_use]
    pub fn current_no(&self) -> u32 {
        self.entries.first().expect("a ring is never empty").no
    }

    /// The numbers of all its keys, oldest first.
    pub fn nos(&self) -> impl Iterator<Item = u32> {
        self.entries.iter().rev().map(|entry| entry.no)
    }

    /// The hash under which a given code is stored and looked up: HMAC-SHA256 of tenant and folded text, its first 16
    /// bytes. The same in every rotation of the ring; without the ring, codes cannot be tried against it.
    #[must_use]
    pub fn lookup_hash(&self, tenant: TenantNo, folded: &Folded) -> [u8; 16] {
        let mac = self.lookup.clone().chain_update(tenant.0.to_be_bytes()).chain_update(folded.as_str());
        let full: [u8; 32] = mac.finalize().into_bytes().into();
        let (hash, _) = full.split_first_chunk().expect("32 bytes begin with 16");
        *hash
    }

    /// The hash under which a name of some kind, such as what an account signs in by, is stored and looked up: HMAC-SHA256
    /// of kind, tenant and folded name, its first 16 bytes. The same in every rotation of the ring.
    #[must_use]
    pub fn name_hash(&self, kind: &str, tenant: TenantNo, folded: &str) -> [u8; 16] {
        // No folded code holds a zero byte, so that no name hashes as a code does.
        let mac = self.lookup.clone().chain_update(kind).chain_update([0]).chain_update(tenant.0.to_be_bytes());
        let full: [u8; 32] = mac.chain_update(folded).finalize().into_bytes().into();
        *full.first_chunk().expect("32 bytes begin with 16")
    }

    /// What access tokens are signed with. The same in every rotation of the ring.
    #[must_use]
    pub fn token_key(&self) -> &[u8; 32] {
        &self.token
    }

    /// What amounts of this tenant's vouchers are drawn with.
    #[must_use]
    pub fn draw_key(&self, tenant: TenantNo) -> DrawKey {
        let newest = self.entries.first().expect("a ring is never empty");
        DrawKey(newest.draw.clone().chain_update(tenant.0.to_be_bytes()))
    }

    /// Newest first.
    pub(super) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub(super) fn entry(&self, no: u32) -> Result<&Entry, UnknownKey> {
        self.entries.iter().find(|entry| entry.no == no).ok_or(UnknownKey { no })
    }
}

impl fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| entry.no)).finish()
    }
}

impl Entry {
    fn new(key: &RingKey) -> Self {
        let cipher = |label| Aes256Enc::new(&derive(&key.secret, label).into());
        let draw = keyed(&derive(&key.secret, b"scrip draw 1"));
        Self { no: key.no, code: cipher(b"scrip code 1"), id: cipher(b"scrip id 1"), draw }
    }
}

/// A key for one purpose: the first block of HKDF-Expand (RFC 5869) with SHA-256. The secrets are uniform, so nothing
/// has to be extracted first.
pub(super) fn derive(secret: &[u8; 32], label: &[u8]) -> [u8; 32] {
    keyed(secret).chain_update(label).chain_update([1]).finalize().into_bytes().into()
}

fn keyed(secret: &[u8; 32]) -> Hmac<Sha256> {
    Hmac::new_from_slice(secret).expect("HMAC takes a key of any length")
}

#[cfg(test)]
pub(super) fn test_ring(numbers: &[u32]) -> KeyRing {
    let key = |&no: &u32| RingKey { no, secret: [no as u8; 32] };
    KeyRing::new(numbers.iter().map(key).collect()).unwrap()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::fold;

    #[test]
    fn a_ring_needs_keys_with_distinct_numbers() {
        let key = RingKey { no: 4, secret: [1; 32] };
        assert_eq!(KeyRing::new(vec![]).unwrap_err(), RingError::Empty);
        assert_eq!(KeyRing::new(vec![key.clone(), key]).unwrap_err(), RingError::Twice { no: 4 });
    }

    #[test]
    fn the_highest_number_is_current_whatever_the_order() {
        assert_eq!(test_ring(&[2, 7, 3]).current_no(), 7);
    }

    #[test]
    fn hashes_survive_a_rotation_and_differ_by_tenant_and_text() {
        let hash = |numbers: &[u32], tenant, text| test_ring(numbers).lookup_hash(TenantNo(tenant), &fold(text));
        assert_eq!(hash(&[1], 1, "SAVE10"), hash(&[1, 2], 1, "save-10"));
        assert_ne!(hash(&[1], 1, "SAVE10"), hash(&[1], 2, "SAVE10"));
        assert_ne!(hash(&[1], 1, "SAVE10"), hash(&[1], 1, "SAVE11"));
        assert_ne!(hash(&[1], 1, "SAVE10"), hash(&[2], 1, "SAVE10"));
    }

    /// A change of this loses every given code ever stored.
    #[test]
    fn hashes_stay_as_they_are_from_release_to_release() {
        let hash = test_ring(&[1]).lookup_hash(TenantNo(1), &fold("SAVE10"));
        assert_eq!(u128::from_be_bytes(hash), 96_555_557_573_970_112_912_460_910_158_540_125_649);
    }

    #[test]
    fn debug_shows_numbers_and_no_secrets() {
        assert_eq!(format!("{:?}", test_ring(&[1, 2])), "[2, 1]");
        assert_eq!(format!("{:?}", RingKey { no: 1, secret: [7; 32] }), "RingKey { no: 1, .. }");
    }
}
