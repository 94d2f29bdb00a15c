//! Ranges of addresses, as rules name them.

use std::{fmt, net::IpAddr, str::FromStr};

use ipnet::IpNet;

/// A range of addresses in CIDR form. A single address is a range of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Network(IpNet);

/// The text is neither an address nor a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotANetwork;

impl Network {
    /// Whether the address lies in the range. IPv4 addresses that came mapped into IPv6 count as IPv4.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl FromStr for Network {
    type Err = NotANetwork;

    fn from_str(text: &str) -> Result<Self, NotANetwork> {
        let text = text.trim();
        let net = match text.parse::<IpAddr>() {
            Ok(address) => IpNet::from(address),
            Err(_) => text.parse::<IpNet>().map_err(|_| NotANetwork)?,
        };
        // Requests carry canonical addresses, so a range of mapped ones would silently never match.
        if net.addr() != net.addr().to_canonical() {
            return Err(NotANetwork);
        }
        Ok(Self(net.trunc()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_addresses_and_ranges() {
        assert_eq!("10.1.2.3".parse::<Network>().unwrap().to_string(), "10.1.2.3/32");
        assert_eq!(" 10.1.2.3/8 ".parse::<Network>().unwrap().to_string(), "10.0.0.0/8");
        assert_eq!("2001:db8::/32".parse::<Network>().unwrap().to_string(), "2001:db8::/32");
        for text in ["", "10.0.0.0/33", "10.0.0", "host", "10.0.0.0/-1", "::ffff:10.0.0.0/104", "10.0.0.0/8/8"] {
            assert_eq!(text.parse::<Network>(), Err(NotANetwork), "{text}");
        }
    }

    #[test]
    fn mapped_addresses_count_as_ipv4() {
        let office: Network = "192.0.2.0/24".parse().unwrap();
        assert!(office.contains("::ffff:192.0.2.7".parse().unwrap()));
        assert!(!office.contains("::ffff:192.0.3.7".parse().unwrap()));
        assert!(!office.contains("2001:db8::1".parse().unwrap()));
    }
}
