//! What is known of addresses of the internet without asking anybody: which are public, and which belong to the site that this
//! machine is in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

/// A port to ask routes by; nothing goes there.
const ANY_PORT: u16 = 9;

/// Whether an address is anybody's on the internet, and not one for private use, for documentation or for a purpose of its
/// own (IANA's registries of special addresses, RFC 6890).
pub(crate) fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => match ip.segments() {
            // Assignments to protocols, Teredo among them; documentation; 6to4.
            [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x2002, ..] => false,
            [first, ..] => (0x2000..=0x3ffe).contains(&first),
        },
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = match ip.octets() {
        [0 | 10 | 127, ..] => true,
        [100, second, ..] => second & 0xc0 == 64,
        [169, 254, ..] | [192, 168, ..] | [192, 0, 0 | 2, _] | [192, 88, 99, _] => true,
        [172, second, ..] => second & 0xf0 == 16,
        [198, 18 | 19, ..] | [198, 51, 100, _] | [203, 0, 113, _] => true,
        // Azure's host answers its own machines at this public address, and nobody else.
        [168, 63, 129, 16] => true,
        [first, ..] => first >= 224,
    };
    !special
}

/// Whether an address is an IPv6 of the site that this machine is in, as far as its own address tells: with IPv6 every
/// machine of a house has a public one.
pub(crate) fn is_of_own_site(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V6(ip) => sent_from(ip).is_some_and(|own| is_one_site(own, ip)),
        IpAddr::V4(_) => false,
    }
}

/// The address that this machine would send from. Nothing is sent: the operating system looks at its routes alone.
fn sent_from(to: Ipv6Addr) -> Option<Ipv6Addr> {
    let socket = UdpSocket::bind((Ipv6Addr::UNSPECIFIED, 0)).ok()?;
    socket.connect((to, ANY_PORT)).ok()?;
    match socket.local_addr().ok()?.ip() {
        IpAddr::V6(own) => Some(own),
        IpAddr::V4(_) => None,
    }
}

/// Whether two addresses have the same first 48 bits, the most that one site is given (RFC 6177).
fn is_one_site(one: Ipv6Addr, other: Ipv6Addr) -> bool {
    one.segments()[..3] == other.segments()[..3]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_told_by_the_first_48_bits() {
        let is_one_site = |one: &str, other: &str| is_one_site(one.parse().unwrap(), other.parse().unwrap());
        assert!(is_one_site("2003:a:b:1::20", "2003:a:b:ff00::1"));
        assert!(!is_one_site("2003:a:b:1::20", "2003:a:c:1::20"));
        let own = sent_from(Ipv6Addr::LOCALHOST);
        assert!(own.is_none_or(|own| own == Ipv6Addr::LOCALHOST), "{own:?}");
        assert_eq!(is_of_own_site(Ipv6Addr::LOCALHOST.into()), own.is_some());
        assert!(!is_of_own_site(Ipv4Addr::LOCALHOST.into()));
    }
}
