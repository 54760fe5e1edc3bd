//! Which addresses may be called: public ones alone, or in a demo those of one's own machine and network too.
//!
//! The registries: <https://www.iana.org/assignments/iana-ipv4-special-registry>,
//! <https://www.iana.org/assignments/iana-ipv6-special-registry>.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use reqwest::Url;
use tradepost_port::EgressError;

/// Characters of an address, at most.
const URL_LEN_MAX: usize = 2_000;

/// Whom the shop may call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// The public internet by https at its usual port.
    Public,
    /// Also this machine and private networks, without encryption and at any port: for demos and development.
    Private,
}

/// Networks of IPv4 that are nobody's to call: first address and length of the prefix.
const CLOSED_V4: [(Ipv4Addr, u32); 10] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 4),
    (Ipv4Addr::new(240, 0, 0, 0), 4),
];

/// Networks of IPv4 that are one's own.
const PRIVATE_V4: [(Ipv4Addr, u32); 5] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// Parts of the global unicast space (`2000::/3`) of IPv6 that are nobody's to call: protocols (with Teredo), examples,
/// 6to4, examples again.
const CLOSED_V6: [(u128, u32); 4] =
    [(0x2001 << 112, 23), (0x2001_0db8 << 96, 32), (0x2002 << 112, 16), (0x3fff << 112, 20)];

fn within_v4(ip: Ipv4Addr, networks: &[(Ipv4Addr, u32)]) -> bool {
    networks.iter().any(|(network, length)| (ip.to_bits() ^ network.to_bits()).leading_zeros() >= *length)
}

fn within_v6(bits: u128, network: u128, length: u32) -> bool {
    (bits ^ network).leading_zeros() >= length
}

/// The IPv4 address that an IPv6 address stands for: `::ffff:a.b.c.d`, and NAT64's `64:ff9b::a.b.c.d` (RFC 6052).
fn embedded_v4(ip: Ipv6Addr) -> Option<Ipv4Addr> {
    let nat64 = || {
        let low = u32::try_from(ip.to_bits() & u128::from(u32::MAX)).ok()?;
        within_v6(ip.to_bits(), 0x0064_ff9b << 96, 96).then(|| Ipv4Addr::from_bits(low))
    };
    ip.to_ipv4_mapped().or_else(nat64)
}

impl Reach {
    /// Whether the shop may connect to an address.
    pub fn allows(self, ip: IpAddr) -> bool {
        match ip {
            IpAddr::V4(ip) if within_v4(ip, &PRIVATE_V4) => self == Self::Private,
            IpAddr::V4(ip) => !within_v4(ip, &CLOSED_V4),
            IpAddr::V6(ip) => match embedded_v4(ip) {
                Some(embedded) => self.allows(IpAddr::V4(embedded)),
                None if ip.is_loopback() || ip.is_unique_local() => self == Self::Private,
                None => {
                    let bits = ip.to_bits();
                    let is_global = within_v6(bits, 0x2000 << 112, 3);
                    is_global && !CLOSED_V6.iter().any(|(network, length)| within_v6(bits, *network, *length))
                }
            },
        }
    }

    /// Reads an address and refuses what can be told without looking its name up.
    pub fn read(self, text: &str) -> Result<Url, EgressError> {
        let refused = |why: &str| EgressError::Refused(why.to_owned());
        if text.len() > URL_LEN_MAX {
            return Err(refused("an address has at most 2,000 characters"));
        }
        let url =
            Url::parse(text).map_err(|_| refused("this is no address such as https://example.com/hook"))?;
        match (url.scheme(), self) {
            ("https", _) | ("http", Self::Private) => {}
            _ => return Err(refused("the address must begin with https://")),
        }
        if !url.username().is_empty() || url.password().is_some() || text.contains('@') && has_user(text) {
            return Err(refused("the address must not hold a user or a password"));
        }
        if url.fragment().is_some() {
            return Err(refused("the address must not have a fragment"));
        }
        if self == Self::Public && url.port_or_known_default() != Some(443) {
            return Err(refused("the address must be at port 443"));
        }
        self.check_host(&url, text)?;
        Ok(url)
    }

    fn check_host(self, url: &Url, text: &str) -> Result<(), EgressError> {
        let refused = |why: &str| EgressError::Refused(why.to_owned());
        let host = url.host_str().unwrap_or_default();
        let literal = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
        let Ok(ip) = literal else {
            let name = host.trim_end_matches('.');
            let local = name == "localhost" || name.ends_with(".localhost") || !name.contains('.');
            return if local && self == Self::Public {
                Err(refused("the address must be a public name"))
            } else {
                Ok(())
            };
        };
        // `0x7f.1`, `2130706433` and the like are read as what they mean, and refused as what they are: disguises.
        let written = text.split_once("//").map_or("", |(_, rest)| rest).to_ascii_lowercase();
        if !written.starts_with(host) {
            return Err(refused("an IP address is written in the usual way"));
        }
        if self.allows(ip) { Ok(()) } else { Err(refused("the address is not public")) }
    }
}

/// Whether there is something before an `@` in what names the host.
fn has_user(text: &str) -> bool {
    let rest = text.split_once("//").map_or(text, |(_, rest)| rest);
    rest.split(['/', '?', '#', '\\']).next().is_some_and(|authority| authority.contains('@'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn the_public_internet_may_be_called_and_nothing_else() {
        for text in
            ["8.8.8.8", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "64:ff9b::808:808"]
        {
            assert!(Reach::Public.allows(ip(text)) && Reach::Private.allows(ip(text)), "{text}");
        }
        for text in [
            "127.0.0.1",
            "127.255.255.255",
            "::1",
            "::ffff:127.0.0.1",
            "10.0.0.1",
            "172.16.0.1",
            "172.31.255.255",
            "192.168.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "fc00::1",
            "fdff::1",
            "64:ff9b::7f00:1",
        ] {
            assert!(!Reach::Public.allows(ip(text)) && Reach::Private.allows(ip(text)), "{text}");
        }
        for text in [
            "0.0.0.0",
            "0.1.2.3",
            "169.254.169.254",
            "::ffff:169.254.169.254",
            "fe80::1",
            "febf::1",
            "::",
            "::2",
            "224.0.0.1",
            "255.255.255.255",
            "192.0.2.1",
            "198.18.0.1",
            "203.0.113.9",
            "2001:db8::1",
            "2001::1",
            "2002:7f00:1::",
            "ff02::1",
            "64:ff9b::a9fe:a9fe",
            "::127.0.0.1",
            "3fff::1",
            "4000::1",
        ] {
            assert!(!Reach::Public.allows(ip(text)) && !Reach::Private.allows(ip(text)), "{text}");
        }
    }

    #[test]
    fn addresses_in_disguise_are_refused() {
        for text in [
            "",
            "example.com",
            "file:///etc/passwd",
            "gopher://example.com/",
            "ftp://example.com/",
            "http://example.com/",
            "https://",
            "https://user@example.com/",
            "https://user:word@example.com/",
            "https://:word@example.com/",
            "https://@example.com/",
            "https://example.com:8443/",
            "https://example.com:80/",
            "https://localhost/",
            "https://localhost./",
            "https://a.localhost/",
            "https://intranet/",
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://[::ffff:127.0.0.1]/",
            "https://0.0.0.0/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://0x8.8.8.8/",
            "https://134744072/",
            "https://example.com/#part",
            "https:\\\\user@example.com\\",
            "https://exa mple.com/",
            "https://①②⑦.0.0.1/",
        ] {
            assert!(matches!(Reach::Public.read(text), Err(EgressError::Refused(_))), "{text}");
        }
        assert!(Reach::Public.read(&format!("https://example.com/{}", "a".repeat(2_000))).is_err());
    }

    #[test]
    fn usual_addresses_are_taken() {
        for text in [
            "https://example.com/hook",
            "https://example.com:443/a?b=c@d",
            "https://8.8.8.8/",
            "https://EXAMPLE.com/@me",
            "https://[2606:4700::1111]/",
            "https://müller.example/",
        ] {
            assert!(Reach::Public.read(text).is_ok(), "{text}");
        }
        for text in
            ["http://127.0.0.1:9000/hook", "http://localhost:9000/", "http://[::1]:9000/", "http://hook:80/"]
        {
            assert!(Reach::Private.read(text).is_ok(), "{text}");
        }
        for text in
            ["http://169.254.169.254/", "http://u@127.0.0.1/", "http://2130706433/", "ftp://127.0.0.1/"]
        {
            assert!(Reach::Private.read(text).is_err(), "{text}");
        }
    }
}
