//! Sealing: the secrets of a ring under the master key; the texts of given codes, and what rows keep from a reader of the
//! file, under the ring.
//!
//! AES-256-GCM-SIV (RFC 8452) because it needs no random nonce: a nonce used twice tells only whether two sealed texts
//! are equal. `domain` makes no randomness, and what a nonce is taken from here names one text.

use std::fmt;

use aes_gcm_siv::Aes256GcmSiv;
use aes_gcm_siv::aead::{Aead, KeyInit, Payload};
use sha2::{Digest as _, Sha256};

use super::ring::{KeyRing, derive};
use crate::id::{ImportId, TenantNo};

/// The key that seals the secrets of a ring. It is kept outside the database; without it no code can be computed or
/// read. Its `Debug` hides it.
#[derive(Clone, PartialEq, Eq)]
pub struct MasterKey([u8; 32]);

/// Sealed bytes do not open: another key, another place than they were sealed for, or changed bytes. Which of them is
/// not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("does not open: sealed under another key or for another place, or changed since")]
pub struct SealError;

impl MasterKey {
    /// The master key of these 32 random bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Seals the secret of the ring key of this number: 48 bytes, the same every time.
    #[must_use]
    pub fn seal_secret(&self, no: u32, secret: &[u8; 32]) -> Vec<u8> {
        let (nonce, place) = secret_place(no);
        seal(&self.cipher(), nonce, &place, secret)
    }

    /// Opens what [`seal_secret`](Self::seal_secret) sealed for this number.
    ///
    /// # Errors
    /// [`SealError`]; most often the master key is that of another installation.
    pub fn open_secret(&self, no: u32, sealed: &[u8]) -> Result<[u8; 32], SealError> {
        let (nonce, place) = secret_place(no);
        open(&self.cipher(), nonce, &place, sealed)?.try_into().map_err(|_| SealError)
    }

    fn cipher(&self) -> Aes256GcmSiv {
        Aes256GcmSiv::new(&derive(&self.0, b"scrip ring seal 1").into())
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl KeyRing {
    /// Seals a given code as it is to be shown, to be stored beside its [`lookup_hash`](Self::lookup_hash): 16 bytes
    /// longer than the text, the same every time.
    #[must_use]
    pub fn seal_text(&self, tenant: TenantNo, hash: &[u8; 16], text: &str) -> Vec<u8> {
        let (nonce, place) = text_place(tenant, hash);
        seal(&self.seal, nonce, &place, text.as_bytes())
    }

    /// Seals a part of a file of codes that waits to be imported: 16 bytes longer than it.
    #[must_use]
    pub fn seal_chunk(&self, tenant: TenantNo, (import, chunk): (ImportId, u32), bytes: &[u8]) -> Vec<u8> {
        let (nonce, place) = chunk_place(tenant, import, chunk);
        seal(&self.seal, nonce, &place, bytes)
    }

    /// Opens what [`seal_chunk`](Self::seal_chunk) sealed for this place.
    ///
    /// # Errors
    /// [`SealError`]; most often the bytes were moved to another row.
    pub fn open_chunk(
        &self,
        tenant: TenantNo,
        (import, chunk): (ImportId, u32),
        sealed: &[u8],
    ) -> Result<Vec<u8>, SealError> {
        let (nonce, place) = chunk_place(tenant, import, chunk);
        open(&self.seal, nonce, &place, sealed)
    }

    /// Opens what [`seal_text`](Self::seal_text) sealed for this tenant and hash.
    ///
    /// # Errors
    /// [`SealError`]; most often the bytes were moved to another row.
    pub fn open_text(&self, tenant: TenantNo, hash: &[u8; 16], sealed: &[u8]) -> Result<String, SealError> {
        let (nonce, place) = text_place(tenant, hash);
        String::from_utf8(open(&self.seal, nonce, &place, sealed)?).map_err(|_| SealError)
    }
}

/// Which row sealed bytes belong to: they open for no other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowPlace<'a> {
    /// The table, and the column where one has several.
    pub table: &'static str,
    /// Whose row.
    pub tenant: TenantNo,
    /// The rest of the row's key.
    pub key: &'a [u8],
}

impl KeyRing {
    /// Seals what a row is to keep from whoever reads the file: 16 bytes longer than what is sealed, the same every time.
    #[must_use]
    pub fn seal_row(&self, place: RowPlace<'_>, bytes: &[u8]) -> Vec<u8> {
        let (nonce, place) = place.bytes();
        seal(&self.seal, nonce, &place, bytes)
    }

    /// Opens what [`seal_row`](Self::seal_row) sealed for this place.
    ///
    /// # Errors
    /// [`SealError`]; most often the bytes were moved to another row.
    pub fn open_row(&self, place: RowPlace<'_>, sealed: &[u8]) -> Result<Vec<u8>, SealError> {
        let (nonce, place) = place.bytes();
        open(&self.seal, nonce, &place, sealed)
    }
}

impl RowPlace<'_> {
    /// The zero ends the name of the table, so that no two places read the same.
    fn bytes(self) -> ([u8; 12], Vec<u8>) {
        let place = [b"row ".as_slice(), self.table.as_bytes(), &[0], &self.tenant.0.to_be_bytes(), self.key].concat();
        let digest: [u8; 32] = Sha256::digest(&place).into();
        let (nonce, _) = digest.split_first_chunk().expect("32 bytes begin with 12");
        (*nonce, place)
    }
}

fn secret_place(no: u32) -> ([u8; 12], Vec<u8>) {
    let mut nonce = [0; 12];
    nonce[8..].copy_from_slice(&no.to_be_bytes());
    (nonce, [b"ring key".as_slice(), &no.to_be_bytes()].concat())
}

fn text_place(tenant: TenantNo, hash: &[u8; 16]) -> ([u8; 12], Vec<u8>) {
    let (nonce, _) = hash.split_first_chunk().expect("16 bytes begin with 12");
    (*nonce, [b"given code".as_slice(), &tenant.0.to_be_bytes(), hash].concat())
}

/// The last half of an import's id is random.
fn chunk_place(tenant: TenantNo, import: ImportId, chunk: u32) -> ([u8; 12], Vec<u8>) {
    let (id, mut nonce) = (import.0.as_bytes(), [0; 12]);
    nonce[..8].copy_from_slice(&id[8..]);
    nonce[8..].copy_from_slice(&chunk.to_be_bytes());
    (nonce, [b"import chunk".as_slice(), &tenant.0.to_be_bytes(), id, &chunk.to_be_bytes()].concat())
}

/// `place` is authenticated, not stored: sealed bytes open only where they belong.
pub(super) fn seal(cipher: &Aes256GcmSiv, nonce: [u8; 12], place: &[u8], msg: &[u8]) -> Vec<u8> {
    cipher.encrypt(&nonce.into(), Payload { msg, aad: place }).expect("no text here reaches the cipher's 64 GiB")
}

pub(super) fn open(cipher: &Aes256GcmSiv, nonce: [u8; 12], place: &[u8], msg: &[u8]) -> Result<Vec<u8>, SealError> {
    cipher.decrypt(&nonce.into(), Payload { msg, aad: place }).map_err(|_| SealError)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codes::fold;
    use crate::codes::ring::test_ring;

    #[test]
    fn a_sealed_secret_opens_under_its_master_key_and_number_only() {
        let master = MasterKey::new([9; 32]);
        let sealed = master.seal_secret(3, &[5; 32]);
        assert_eq!(sealed.len(), 48);
        assert_eq!(master.open_secret(3, &sealed), Ok([5; 32]));
        assert_eq!(master.open_secret(4, &sealed), Err(SealError));
        assert_eq!(MasterKey::new([8; 32]).open_secret(3, &sealed), Err(SealError));
        assert_eq!(master.open_secret(3, &sealed[..47]), Err(SealError));
        assert_eq!(master.open_secret(3, &[]), Err(SealError));
    }

    #[test]
    fn a_sealed_text_keeps_its_form_and_opens_in_its_place_only() {
        let (ring, tenant) = (test_ring(&[1]), TenantNo(1));
        let hash = ring.lookup_hash(tenant, &fold("Partner-0815 é"));
        let sealed = ring.seal_text(tenant, &hash, "Partner-0815 é");
        assert_eq!(ring.open_text(tenant, &hash, &sealed).as_deref(), Ok("Partner-0815 é"));
        assert_eq!(test_ring(&[1, 2]).open_text(tenant, &hash, &sealed).as_deref(), Ok("Partner-0815 é"));
        assert_eq!(test_ring(&[2]).open_text(tenant, &hash, &sealed), Err(SealError));
        assert_eq!(ring.open_text(TenantNo(2), &hash, &sealed), Err(SealError));
        assert_eq!(ring.open_text(tenant, &[0; 16], &sealed), Err(SealError));
    }

    #[test]
    fn a_sealed_chunk_opens_in_its_place_only() {
        let (ring, tenant, import) = (test_ring(&[1]), TenantNo(1), ImportId(uuid::Uuid::from_u128(7)));
        let sealed = ring.seal_chunk(tenant, (import, 3), b"code\nA");
        assert_eq!(ring.open_chunk(tenant, (import, 3), &sealed).as_deref(), Ok(&b"code\nA"[..]));
        assert_eq!(ring.open_chunk(tenant, (import, 4), &sealed), Err(SealError));
        assert_eq!(ring.open_chunk(TenantNo(2), (import, 3), &sealed), Err(SealError));
        assert_eq!(ring.open_chunk(tenant, (ImportId(uuid::Uuid::from_u128(8)), 3), &sealed), Err(SealError));
    }

    #[test]
    fn a_changed_byte_anywhere_does_not_open() {
        let (ring, tenant, hash) = (test_ring(&[1]), TenantNo(1), [7; 16]);
        let sealed = ring.seal_text(tenant, &hash, "SAVE10");
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert_eq!(ring.open_text(tenant, &hash, &changed), Err(SealError));
        }
    }

    #[test]
    fn what_a_row_keeps_opens_in_its_row_only() {
        let (ring, key) = (test_ring(&[1]), [7; 32]);
        let place = RowPlace { table: "token", tenant: TenantNo(1), key: &key };
        let sealed = ring.seal_row(place, b"what it stands for");
        assert_eq!(test_ring(&[1, 2]).open_row(place, &sealed).as_deref(), Ok(b"what it stands for".as_slice()));
        let others = [
            RowPlace { table: "mail", ..place },
            RowPlace { tenant: TenantNo(2), ..place },
            RowPlace { key: &key[1..], ..place },
        ];
        for other in others {
            assert_eq!(ring.open_row(other, &sealed), Err(SealError), "{other:?}");
        }
        assert_eq!(test_ring(&[2]).open_row(place, &sealed), Err(SealError));
    }

    #[test]
    fn debug_hides_the_master_key() {
        assert_eq!(format!("{:?}", MasterKey::new([7; 32])), "MasterKey(..)");
    }
}
