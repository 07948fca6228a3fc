//! Ids and numbers. An id is what the outside sees (UUIDv7 with a type prefix, or a permuted voucher key); a number is
//! the small per-tenant integer that keys rows, so that a claimed voucher costs few bytes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;
use uuid::fmt::Simple;

/// An isolated line of business. The first tenant of an installation is number 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TenantNo(pub u32);

/// The tenant every fresh installation begins with.
pub const FIRST_TENANT: TenantNo = TenantNo(1);

/// A text is not an id of the wanted type; the reason is fit for a caller.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an id that begins with `{prefix}_` and a UUID")]
pub struct IdError {
    prefix: &'static str,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $id(pub Uuid);

        impl $id {
            /// What its text begins with, before the underscore.
            pub const PREFIX: &'static str = $prefix;
        }

        impl fmt::Display for $id {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.simple())
            }
        }

        impl FromStr for $id {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then(|rest| Uuid::try_parse(rest).ok())
                    .map(Self)
                    .ok_or(IdError { prefix: $prefix })
            }
        }

        impl Serialize for $id {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                if !to.is_human_readable() {
                    return self.0.serialize(to);
                }
                // Answers have many, and formatting takes five times as long.
                const PREFIX: &[u8] = concat!($prefix, "_").as_bytes();
                let mut text = [0; PREFIX.len() + Simple::LENGTH];
                let (prefix, digits) = text.split_at_mut(PREFIX.len());
                prefix.copy_from_slice(PREFIX);
                self.0.simple().encode_lower(digits);
                to.serialize_str(str::from_utf8(&text).expect("letters and digits"))
            }
        }

        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                if from.is_human_readable() {
                    let text = String::deserialize(from)?;
                    text.parse().map_err(serde::de::Error::custom)
                } else {
                    Uuid::deserialize(from).map(Self)
                }
            }
        }
    )*};
}

ids! {
    /// A coupon's public id, `cpn_...`.
    CouponId, "cpn";
    /// A customer's public id, `cus_...`.
    CustomerId, "cus";
    /// A campaign's public id, `cmp_...`.
    CampaignId, "cmp";
    /// A block of bearer codes, `blk_...`.
    BlockId, "blk";
    /// An API key's public id, `key_...`; it is not the secret.
    ApiKeyId, "key";
    /// The public id of what keeps somebody out, `ban_...`; `blk_` are codes.
    AccessBlockId, "ban";
    /// The public id of an account, `acc_...`.
    AccountId, "acc";
    /// Somebody signed in somewhere, `ses_...`.
    SessionId, "ses";
    /// An import of given codes, `imp_...`.
    ImportId, "imp";
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $no:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $no(pub u32);

        impl fmt::Display for $no {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

numbers! {
    /// A coupon's number in its tenant, from 1; at most 2^26 - 1, as it is part of every computed code.
    CouponNo;
    /// A customer's number in its tenant, from 1.
    CustomerNo;
    /// A campaign's number in its tenant, from 1.
    CampaignNo;
    /// A limit's number in its tenant, from 1. It survives the versions of its coupon.
    LimitNo;
    /// An account's number in its tenant, from 1.
    AccountNo;
}

impl CustomerNo {
    /// Whoever is not known yet, for a look at what would be: a number that no customer gets, with nothing counted.
    pub const NOBODY_YET: Self = Self(u32::MAX);
}

/// How a voucher came to be, which decides when its code is worth something. Two bits of every computed code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[repr(u8)]
pub enum VoucherKind {
    /// Worth something only once a row says so: it was claimed, issued or assigned.
    Row = 0,
    /// Worth something without a row while its ordinal lies in an active block.
    Bearer = 1,
    /// Its code was given by people and is stored (hashed and sealed), not computed.
    Given = 2,
}

impl VoucherKind {
    /// The kind of these two bits; 3 is reserved.
    #[must_use]
    pub fn from_bits(bits: u8) -> Option<Self> {
        match bits {
            0 => Some(Self::Row),
            1 => Some(Self::Bearer),
            2 => Some(Self::Given),
            _ => None,
        }
    }

    /// Its two bits.
    #[must_use]
    pub fn bits(self) -> u8 {
        self as u8
    }
}

/// What identifies a voucher in its tenant: the coupon it was made from, its kind and its ordinal within both.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct VoucherKey {
    /// The coupon it was made from, below 2^26.
    pub coupon: CouponNo,
    /// How it came to be.
    pub kind: VoucherKind,
    /// From 0, below [`ORDINALS_PER_KIND`].
    pub ordinal: u64,
}

/// How many vouchers of one kind a coupon can have: 34 bits of ordinal.
pub const ORDINALS_PER_KIND: u64 = 1 << 34;

/// One more than the highest coupon number: 26 bits.
pub const COUPONS_MAX: u32 = 1 << 26;
