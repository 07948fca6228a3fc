//! Ranges of network addresses, as values: those of `core`, which knows no socket.

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::fmt;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Addresses with a common prefix, such as `203.0.113.0/24`, or one address. Whatever stands behind the prefix is
/// cleared, and an IPv4 address written as IPv6 (`::ffff:203.0.113.7`) is the IPv4 address, so that equal ranges are
/// equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AddressRange(IpNet);

/// A text is not a range of addresses; the reason is fit for a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be an address or a range such as 203.0.113.0/24 or 2001:db8::/32")]
pub struct AddressRangeError;

/// The bits of an IPv6 address that say that the rest of it is an IPv4 address (RFC 4291, section 2.5.5.2).
const MAPPED_PREFIX: u8 = 96;

impl AddressRange {
    /// The range of that length which the address is in; a length beyond the address's own is all of it.
    #[must_use]
    pub fn around(address: IpAddr, prefix: u8) -> Self {
        Self(match address.to_canonical() {
            IpAddr::V4(address) => IpNet::V4(Ipv4Net::new_assert(address, prefix.min(32)).trunc()),
            IpAddr::V6(address) => IpNet::V6(Ipv6Net::new_assert(address, prefix.min(128)).trunc()),
        })
    }

    /// How many leading bits its addresses have in common.
    #[must_use]
    pub fn prefix(self) -> u8 {
        self.0.prefix_len()
    }

    /// Whether its addresses are IPv4.
    #[must_use]
    pub fn is_ipv4(self) -> bool {
        matches!(self.0, IpNet::V4(_))
    }

    /// Whether the address is in it.
    #[must_use]
    pub fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for AddressRange {
    type Err = AddressRangeError;

    fn from_str(text: &str) -> Result<Self, AddressRangeError> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| AddressRangeError)?;
        let bits = bits_of(address);
        let prefix = match prefix {
            Some(prefix) => prefix.parse().ok().filter(|prefix| *prefix <= bits).ok_or(AddressRangeError)?,
            None => bits,
        };
        match (address, address.to_canonical()) {
            (IpAddr::V6(_), IpAddr::V4(mapped)) => {
                let prefix = prefix.checked_sub(MAPPED_PREFIX).ok_or(AddressRangeError)?;
                Ok(Self::around(mapped.into(), prefix))
            }
            _ => Ok(Self::around(address, prefix)),
        }
    }
}

fn bits_of(address: IpAddr) -> u8 {
    let bits = if address.is_ipv4() { Ipv4Addr::BITS } else { Ipv6Addr::BITS };
    u8::try_from(bits).expect("128 at most")
}

impl fmt::Display for AddressRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Serialize for AddressRange {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for AddressRange {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, written: Option<&str>) {
        let parsed = text.parse::<AddressRange>();
        assert_eq!(parsed.map(|range| range.to_string()).ok().as_deref(), written, "{text}");
    }

    #[test]
    fn a_range_is_written_in_one_way() {
        check("203.0.113.7", Some("203.0.113.7/32"));
        check("203.0.113.7/24", Some("203.0.113.0/24"));
        check("2001:DB8:0::1/32", Some("2001:db8::/32"));
        check("2001:db8::1", Some("2001:db8::1/128"));
        check("::ffff:203.0.113.7", Some("203.0.113.7/32"));
        check("::ffff:203.0.113.7/120", Some("203.0.113.0/24"));
        check("0.0.0.0/0", Some("0.0.0.0/0"));
    }

    #[test]
    fn what_is_no_range_is_refused() {
        for text in ["", "203.0.113", "203.0.113.7/33", "203.0.113.7/", "203.0.113.7/-1", "::/129", "a/8"] {
            check(text, None);
        }
        // Half of it would be no IPv4 address.
        check("::ffff:203.0.113.7/64", None);
    }

    #[test]
    fn an_address_is_in_a_range_however_it_is_written() {
        let range: AddressRange = "203.0.113.0/24".parse().unwrap();
        for (address, inside) in
            [("203.0.113.255", true), ("::ffff:203.0.113.1", true), ("203.0.114.0", false), ("2001:db8::1", false)]
        {
            assert_eq!(range.contains(address.parse().unwrap()), inside, "{address}");
        }
    }
}
