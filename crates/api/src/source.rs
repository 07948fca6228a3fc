//! Where a request comes from: the peer's address, or what proxies that are trusted say of it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::ConnectInfo;
use domain::address::AddressRange;
use http::request::Parts;
use http::{HeaderMap, HeaderName, HeaderValue, header};

/// `X-Forwarded-For`, which is no standard and what most proxies send.
const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How much of an IPv6 address is one customer's: the rest is what his devices choose.
const IPV6_NETWORK_BITS: u32 = 64;

/// Where a request comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Source(IpAddr);

impl Source {
    /// The address; one that is IPv4 in IPv6 is IPv4.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self(address.to_canonical())
    }

    /// Which blocks are looked up by.
    #[must_use]
    pub fn address(self) -> IpAddr {
        self.0
    }

    /// Which requests and guesses are counted by: an IPv4 address, or the network of an IPv6 address.
    #[must_use]
    pub fn network(self) -> IpAddr {
        match self.0 {
            IpAddr::V4(_) => self.0,
            IpAddr::V6(address) => {
                let host_bits = u128::BITS - IPV6_NETWORK_BITS;
                Ipv6Addr::from_bits(address.to_bits() >> host_bits << host_bits).into()
            }
        }
    }
}

/// Who may say where a request comes from. Others may say it too, and are not believed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    /// The addresses of the proxies.
    pub trusted: Vec<AddressRange>,
    /// In which header they say it. One only: a proxy hands on what it does not set, so that the other is the caller's.
    pub header: ForwardedIn,
}

/// The header in which proxies say for whom they ask.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ForwardedIn {
    /// `X-Forwarded-For`.
    #[default]
    XForwardedFor,
    /// `Forwarded` (RFC 7239).
    Forwarded,
}

impl Proxies {
    /// Of a request.
    #[must_use]
    pub fn source(&self, parts: &Parts) -> Source {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
        // Without a socket, as in a test of the router, all are one stranger.
        let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip());
        self.source_behind(peer, &parts.headers)
    }

    /// Each proxy adds at the right end whom it was asked by. So it is read from the right, as long as who said it is
    /// trusted. What cannot be read leaves the request with the last one that is known.
    fn source_behind(&self, peer: IpAddr, headers: &HeaderMap) -> Source {
        let mut last = Source::of(peer);
        if !self.trusts(last) {
            return last;
        }
        let hops: Vec<&str> = match self.header {
            ForwardedIn::XForwardedFor => texts(headers, &X_FORWARDED_FOR).flat_map(|text| text.split(',')).collect(),
            ForwardedIn::Forwarded => texts(headers, &header::FORWARDED).flat_map(elements).collect(),
        };
        for hop in hops.into_iter().rev() {
            let hop = match self.header {
                ForwardedIn::XForwardedFor => Some(hop),
                ForwardedIn::Forwarded => forwarded_for(hop),
            };
            let Some(address) = hop.and_then(|hop| address(hop.trim())) else { return last };
            last = Source::of(address);
            if !self.trusts(last) {
                return last;
            }
        }
        last
    }

    fn trusts(&self, source: Source) -> bool {
        self.trusted.iter().any(|range| range.contains(source.address()))
    }
}

/// Several headers of a name are one list. A value that is no text stands as one that cannot be read.
fn texts<'h>(headers: &'h HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'h str> {
    headers.get_all(name).into_iter().map(|value: &HeaderValue| value.to_str().unwrap_or_default())
}

/// The elements of a `Forwarded` header: at commas, but not at those in quotes, where a caller may have put some.
fn elements(text: &str) -> Vec<&str> {
    let (mut elements, mut begin, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                elements.push(&text[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    elements.push(&text[begin..]);
    elements
}

/// The node of `for=` in one element. Names that hide the address are none.
fn forwarded_for(element: &str) -> Option<&str> {
    let pairs = element.split(';').filter_map(|pair| pair.split_once('='));
    let node = pairs.filter(|(name, _)| name.trim().eq_ignore_ascii_case("for")).map(|(_, node)| node.trim()).next()?;
    Some(node.strip_prefix('"').and_then(|node| node.strip_suffix('"')).unwrap_or(node))
}

/// An address with or without a port; IPv6 with or without brackets.
fn address(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxies(header: ForwardedIn) -> Proxies {
        let trusted = ["10.0.0.0/8", "2001:db8:aaaa::/48"].map(|range| range.parse().expect("a range"));
        Proxies { trusted: trusted.into(), header }
    }

    fn source(proxies: &Proxies, peer: &str, lines: &[(&'static str, &str)]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, HeaderValue::from_str(value).expect("a value"));
        }
        proxies.source_behind(peer.parse().expect("an address"), &headers).address().to_string()
    }

    fn check(peer: &str, forwarded_for: &[&str], expected: &str) {
        let lines: Vec<_> = forwarded_for.iter().map(|value| ("x-forwarded-for", *value)).collect();
        assert_eq!(source(&proxies(ForwardedIn::XForwardedFor), peer, &lines), expected, "{peer} {forwarded_for:?}");
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        check("203.0.113.7", &[], "203.0.113.7");
        check("203.0.113.7", &["198.51.100.1"], "203.0.113.7");
        check("203.0.113.7", &["10.0.0.1"], "203.0.113.7");
        check("10.0.0.1", &[], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1"], "198.51.100.1");
        check("::ffff:10.0.0.1", &["::ffff:198.51.100.1"], "198.51.100.1");
        check("2001:db8:aaaa::1", &["2001:db8::5"], "2001:db8::5");
    }

    #[test]
    fn a_list_is_read_from_the_right_until_somebody_is_not_trusted() {
        check("10.0.0.1", &["198.51.100.1, 203.0.113.7"], "203.0.113.7");
        check("10.0.0.1", &["198.51.100.1", "203.0.113.7"], "203.0.113.7");
        check("10.0.0.1", &["198.51.100.1, 203.0.113.7,10.0.0.9"], "203.0.113.7");
        // A chain of our own all the way: it began at the first of them.
        check("10.0.0.1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3");
    }

    #[test]
    fn what_cannot_be_read_leaves_the_last_that_is_known() {
        check("10.0.0.1", &["198.51.100.1, unknown"], "10.0.0.1");
        check("10.0.0.1", &["198.51.100.1, , 10.0.0.2"], "10.0.0.2");
        check("10.0.0.1", &[""], "10.0.0.1");
    }

    #[test]
    fn a_port_and_brackets_are_no_part_of_an_address() {
        check("10.0.0.1", &["203.0.113.7:4711"], "203.0.113.7");
        check("10.0.0.1", &["[2001:db8::5]:4711"], "2001:db8::5");
        check("10.0.0.1", &["[2001:db8::5]"], "2001:db8::5");
    }

    #[test]
    fn the_standard_header_is_read_where_it_is_set_and_the_other_is_not() {
        for (value, expected) in [
            ("for=203.0.113.7;proto=https;by=10.0.0.1", "203.0.113.7"),
            ("proto=https; For=\"[2001:db8::5]:4711\"", "2001:db8::5"),
            ("for=198.51.100.1, for=203.0.113.7", "203.0.113.7"),
            ("for=198.51.100.1, for=_hidden", "10.0.0.1"),
            ("for=203.0.113.7;host=\"a,for=198.51.100.1;x=b\"", "203.0.113.7"),
            ("for=203.0.113.7;host=\"a\\\",for=198.51.100.1;x=b\"", "203.0.113.7"),
        ] {
            let lines = [("forwarded", value), ("x-forwarded-for", "192.0.2.1")];
            assert_eq!(source(&proxies(ForwardedIn::Forwarded), "10.0.0.1", &lines), expected, "{value}");
            assert_eq!(source(&proxies(ForwardedIn::XForwardedFor), "10.0.0.1", &lines), "192.0.2.1", "{value}");
        }
    }

    #[test]
    fn a_network_of_ipv6_is_one_customer() {
        for (address, network) in [
            ("203.0.113.7", "203.0.113.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
            ("::ffff:203.0.113.7", "203.0.113.7"),
        ] {
            let source = Source::of(address.parse().expect("an address"));
            assert_eq!(source.network().to_string(), network, "{address}");
        }
    }
}
