//! The egress guard: whatever the server fetches or connects to on somebody's behalf passes here. A name is resolved
//! once, the address is judged, and the caller connects to exactly that address.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    time::Duration,
};

use ipnet::IpNet;
use tokio::{net::TcpStream, time::timeout};

use crate::{
    addresses::{is_of_own_site, is_public},
    lookups::Lookups,
};

/// How long a name may take to resolve.
pub const RESOLVE_TIMEOUT: Duration = Duration::from_secs(3);

/// How long a connection may take to open.
pub const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// Why a destination was refused or not reached.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EgressError {
    /// The name does not resolve.
    #[error("the name `{0}` does not resolve")]
    Unresolved(String),
    /// The address must not be connected to.
    #[error("the address {0} belongs to this server itself or to its link")]
    Refused(IpAddr),
    /// The address lies outside the networks that are allowed here.
    #[error("the address {0} lies outside the networks that are allowed for this")]
    Outside(IpAddr),
    /// The port is one of our own.
    #[error("{0} is a port of this server")]
    OwnPort(SocketAddr),
    /// Nobody answered.
    #[error("{0} does not answer: {1}")]
    Unreachable(SocketAddr, String),
}

/// Judges destinations.
#[derive(Debug, Clone, Default)]
pub struct EgressGuard {
    own_ports: BTreeSet<u16>,
    allowed_loopback: BTreeSet<u16>,
    /// Only these, if set.
    within: Option<Vec<IpNet>>,
    except: Vec<IpNet>,
    public_only: bool,
    lookups: Lookups,
}

impl EgressGuard {
    /// A guard that refuses the loopback, link-local and unspecified addresses, multicast, and these own ports on any
    /// address of this machine.
    pub fn new(own_ports: impl IntoIterator<Item = u16>) -> Self {
        Self { own_ports: own_ports.into_iter().collect(), ..Self::default() }
    }

    /// Lets these loopback ports pass: the demo's targets run on the same machine.
    #[must_use]
    pub fn allow_loopback(mut self, ports: impl IntoIterator<Item = u16>) -> Self {
        self.allowed_loopback.extend(ports);
        self
    }

    /// Lets pass only what lies in these networks, of what passes anyway.
    #[must_use]
    pub fn within(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.within = Some(networks.into_iter().collect());
        self
    }

    /// Lets nothing pass that lies in these networks.
    #[must_use]
    pub fn except(mut self, networks: impl IntoIterator<Item = IpNet>) -> Self {
        self.except.extend(networks);
        self
    }

    /// Lets pass only what anybody on the internet reaches, of what passes anyway, nothing of this machine, and no IPv6 of its
    /// own site: for addresses that strangers wrote. Other machines of the house that have such addresses are known to nobody
    /// here but by [`EgressGuard::except`].
    #[must_use]
    pub fn public_only(mut self) -> Self {
        self.public_only = true;
        self
    }

    /// Resolves a name once and returns an address that may be connected to.
    pub async fn resolve(&self, host: &str, port: u16) -> Result<SocketAddr, EgressError> {
        let unresolved = || EgressError::Unresolved(host.to_owned());
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        let addresses: Vec<SocketAddr> = match bare.parse::<IpAddr>() {
            Ok(address) => vec![SocketAddr::new(address, port)],
            Err(_) => {
                let name = (host.to_owned(), port);
                let lookup = async move { tokio::net::lookup_host(name).await.map(Iterator::collect::<Vec<_>>) };
                let found = timeout(RESOLVE_TIMEOUT, self.lookups.to_the_end(lookup)).await;
                found.map_err(|_| unresolved())?.map_err(|_| unresolved())?
            }
        };
        let mut fault = unresolved();
        for address in addresses {
            match self.judge(address) {
                Ok(()) => return Ok(address),
                Err(refused) => fault = refused,
            }
        }
        Err(fault)
    }

    /// Resolves a name once and connects to the address that was judged.
    pub async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, EgressError> {
        let address = self.resolve(host, port).await?;
        let stream = timeout(CONNECT_TIMEOUT, TcpStream::connect(address))
            .await
            .map_err(|_| EgressError::Unreachable(address, "no answer in time".into()))?
            .map_err(|error| EgressError::Unreachable(address, error.kind().to_string()))?;
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "Nodelay could not be set");
        }
        Ok(stream)
    }

    /// Whether a destination may be connected to, as far as that can be told from how it is written: nobody is asked
    /// who answers to a name. For what people type; each connection is judged by its address again.
    pub fn judge_written(&self, host: &str, port: u16) -> Result<(), EgressError> {
        let host = host.trim_start_matches('[').trim_end_matches(']').trim_end_matches('.');
        if let Ok(address) = host.parse::<IpAddr>() {
            return self.judge(SocketAddr::new(address, port));
        }
        let host = host.to_ascii_lowercase();
        // Every name below `localhost` is the loopback (RFC 6761, section 6.3).
        if host == "localhost" || host.ends_with(".localhost") {
            return self.judge(SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port));
        }
        Ok(())
    }

    /// Whether an address may be connected to.
    pub fn judge(&self, address: SocketAddr) -> Result<(), EgressError> {
        let written = address.ip().to_canonical();
        let ip = translated(written);
        let lies_in = |networks: &[IpNet]| networks.iter().any(|net| net.contains(&ip) || net.contains(&written));
        if self.within.as_deref().is_some_and(|networks| !lies_in(networks)) || lies_in(&self.except) {
            return Err(EgressError::Outside(ip));
        }
        if written.is_loopback() && self.allowed_loopback.contains(&address.port()) {
            return Ok(());
        }
        let refused = ip.is_loopback()
            || ip.is_unspecified()
            || ip.is_multicast()
            || match ip {
                IpAddr::V4(ip) => ip.is_link_local() || ip.is_broadcast() || ip.octets()[0] == 0,
                IpAddr::V6(ip) => ip.is_unicast_link_local() || embeds_refused(ip),
            };
        if refused {
            return Err(EgressError::Refused(ip));
        }
        if self.own_ports.contains(&address.port()) && is_own_address(ip) {
            return Err(EgressError::OwnPort(address));
        }
        if self.public_only && (!is_public(ip) || is_own_address(ip) || is_of_own_site(ip)) {
            return Err(EgressError::Outside(ip));
        }
        Ok(())
    }
}

/// The address that is reached by a translator with the well-known prefix (RFC 6052), or the same one. Prefixes of a house's
/// own are not known.
fn translated(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V6(v6) => match v6.segments() {
            [0x64, 0xff9b, 0, 0, 0, 0, high, low] => Ipv4Addr::from((u32::from(high) << 16) | u32::from(low)).into(),
            _ => ip,
        },
        IpAddr::V4(_) => ip,
    }
}

/// Whether an IPv6 address smuggles an IPv4 address of the loopback or link (NAT64, RFC 6052 and RFC 8215; 6to4, RFC 3056).
fn embeds_refused(ip: Ipv6Addr) -> bool {
    let octets = ip.octets();
    let embedded = match octets {
        [0x00, 0x64, 0xff, 0x9b, .., w, x, y, z] | [0x20, 0x02, w, x, y, z, ..] => Ipv4Addr::new(w, x, y, z),
        _ => return false,
    };
    embedded.is_loopback() || embedded.is_link_local() || embedded.octets()[0] == 0
}

/// Whether this machine holds an address: the operating system lets only own addresses be bound.
fn is_own_address(ip: IpAddr) -> bool {
    std::net::UdpSocket::bind(SocketAddr::new(ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(address: &str) -> Result<(), EgressError> {
        EgressGuard::new([443]).allow_loopback([8080]).judge(address.parse().unwrap())
    }

    #[test]
    fn refuses_what_belongs_to_the_server_or_its_link() {
        for address in [
            "127.0.0.1:22",
            "127.8.8.8:80",
            "[::1]:80",
            "0.0.0.0:80",
            "169.254.169.254:80",
            "[fe80::1]:80",
            "[::ffff:127.0.0.1]:80",
            "[64:ff9b::7f00:1]:80",
            "[2002:7f00:1::]:80",
            "224.0.0.1:80",
        ] {
            assert!(matches!(judge(address), Err(EgressError::Refused(_))), "{address}");
        }
    }

    #[test]
    fn lets_the_house_pass_and_the_demos_loopback_ports() {
        assert_eq!(judge("10.0.0.5:3389"), Ok(()));
        assert_eq!(judge("[fd00::5]:3389"), Ok(()));
        assert_eq!(judge("127.0.0.1:8080"), Ok(()));
        assert_eq!(judge("192.0.2.7:443"), Ok(()), "another machine's port 443 is not ours");
    }

    #[test]
    fn what_is_written_is_judged_without_asking_for_names() {
        let guard = EgressGuard::new([443]).allow_loopback([8080]);
        for (host, port) in [
            ("127.0.0.1", 22),
            ("::1", 22),
            ("[::1]", 22),
            ("localhost", 22),
            ("Akte.LOCALHOST.", 22),
            ("0.0.0.0", 8081),
            ("169.254.169.254", 80),
        ] {
            assert!(matches!(guard.judge_written(host, port), Err(EgressError::Refused(_))), "{host}");
        }
        for (host, port) in
            [("127.0.0.1", 8080), ("localhost", 8080), ("10.0.0.5", 22), ("ts1.amt.test", 22), ("no-such.invalid", 1)]
        {
            assert_eq!(guard.judge_written(host, port), Ok(()), "{host}");
        }
    }

    #[test]
    fn what_strangers_wrote_does_not_lead_into_the_house() {
        let guard = EgressGuard::new([443]).allow_loopback([8080]).public_only();
        let judge = |address: &str| guard.judge(address.parse().unwrap());
        for inside in [
            "10.0.0.5:443",
            "172.16.0.1:80",
            "172.31.255.255:80",
            "192.168.1.1:80",
            "100.64.0.1:80",
            "100.127.255.254:80",
            "192.0.0.8:80",
            "192.0.2.7:443",
            "198.19.0.1:80",
            "198.51.100.1:80",
            "203.0.113.1:80",
            "240.0.0.1:80",
            "100.100.100.200:80",
            "168.63.129.16:80",
            "[::ffff:168.63.129.16]:80",
            "[64:ff9b::a83f:8110]:80",
            "[fd00:ec2::254]:80",
            "[fd20:ce::254]:80",
            "[::ffff:10.0.0.1]:80",
            "[::10.0.0.1]:80",
            "[fd00::5]:80",
            "[fec0::1]:80",
            "[64:ff9b::a00:1]:80",
            "[64:ff9b:1::a00:1]:80",
            "[2001::1]:80",
            "[2001:db8::1]:80",
            "[2002:a00:1::]:80",
            "[2002:808:808::]:80",
            "[3fff::1]:80",
            "[4000::1]:80",
        ] {
            assert!(matches!(judge(inside), Err(EgressError::Outside(_))), "{inside}");
        }
        for own in ["127.0.0.1:80", "[::1]:80", "169.254.169.254:80", "[::ffff:127.0.0.1]:80", "[fe80::1]:80"] {
            assert!(matches!(judge(own), Err(EgressError::Refused(_))), "{own}");
        }
        for outside in [
            "9.9.9.9:443",
            "172.15.0.1:80",
            "172.32.0.1:80",
            "100.63.0.1:80",
            "100.128.0.1:80",
            "223.255.255.1:80",
            "168.63.129.17:80",
            "[2620:fe::fe]:443",
            "[2001:4860::1]:80",
            "[64:ff9b::909:909]:443",
            "127.0.0.1:8080",
        ] {
            assert_eq!(judge(outside), Ok(()), "{outside}");
        }
    }

    #[test]
    fn networks_that_are_named_are_refused_also_behind_a_translator() {
        let networks = ["9.9.9.0/24", "2620:fe::/48", "64:ff9b::101:0/112"].map(|network| network.parse().unwrap());
        let guard = EgressGuard::default().public_only().allow_loopback([8080]).except(networks);
        let judge = |address: &str| guard.judge(address.parse().unwrap());
        for named in [
            "9.9.9.9:443",
            "[::ffff:9.9.9.9]:443",
            "[64:ff9b::909:909]:443",
            "[2620:fe::fe]:443",
            "[64:ff9b::101:101]:443",
        ] {
            assert!(matches!(judge(named), Err(EgressError::Outside(_))), "{named}");
        }
        for other in ["9.9.10.9:443", "[64:ff9b::909:a09]:443", "[2620:fe:1::fe]:443", "127.0.0.1:8080"] {
            assert_eq!(judge(other), Ok(()), "{other}");
        }
        let loopback = EgressGuard::default().allow_loopback([8080]).except(["127.0.0.0/8".parse().unwrap()]);
        assert!(matches!(loopback.judge("127.0.0.1:8080".parse().unwrap()), Err(EgressError::Outside(_))));
    }

    #[test]
    fn a_translated_address_is_judged_as_the_one_that_it_leads_to() {
        let office = || ["10.0.0.0/8".parse().unwrap()];
        let guard = EgressGuard::new([443]).allow_loopback([8080]);
        for (guard, address, expected) in [
            (guard.clone(), "[64:ff9b::7f00:1]:8080", Err(EgressError::Refused(Ipv4Addr::LOCALHOST.into()))),
            (guard.clone(), "[64:ff9b::a9fe:a9fe]:80", Err(EgressError::Refused([169, 254, 169, 254].into()))),
            (guard.clone(), "[64:ff9b::e000:1]:80", Err(EgressError::Refused([224, 0, 0, 1].into()))),
            (guard.clone().within(office()), "[64:ff9b::a00:1]:80", Ok(())),
            (guard.clone().within(office()), "[64:ff9b::909:909]:80", Err(EgressError::Outside([9, 9, 9, 9].into()))),
            (guard.clone().within(["64:ff9b::/96".parse().unwrap()]), "[64:ff9b::909:909]:80", Ok(())),
        ] {
            assert_eq!(guard.judge(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[tokio::test]
    async fn an_unknown_name_is_named() {
        let error = EgressGuard::default().resolve("no-such-name.invalid", 80).await.unwrap_err();
        assert_eq!(error, EgressError::Unresolved("no-such-name.invalid".into()));
    }
}
