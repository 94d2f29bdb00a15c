//! Where a client wants to go: the host and port it typed, and which targets they mean.

use fernamt_domain::{TargetId, target::alias};

/// The longest host that a client may ask for, in bytes (a DNS name has at most 253).
pub const MAX_HOST_BYTES: usize = 255;

/// A host and port as the client typed them, brought into one form. Nothing is resolved here.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Destination {
    host: String,
    port: u16,
}

/// Why a destination was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DestinationError {
    /// The host is empty, too long, or has characters that no host has.
    #[error("the host is not a host name")]
    Host,
    /// The port is 0 or above 65535.
    #[error("the port is out of range")]
    Port,
}

impl Destination {
    /// Reads the host and port of a `direct-tcpip` request. Case, a trailing dot and brackets around an IPv6 address
    /// do not matter.
    pub fn parse(host: &str, port: u32) -> Result<Self, DestinationError> {
        let port = u16::try_from(port).ok().filter(|port| *port != 0).ok_or(DestinationError::Port)?;
        if host.len() > MAX_HOST_BYTES || host.chars().any(|c| c.is_control() || c.is_whitespace()) {
            return Err(DestinationError::Host);
        }
        let host = normal_host(host);
        // Lower case can be longer: `İ` has two bytes, its small letter three.
        let fits = (1..=MAX_HOST_BYTES).contains(&host.len());
        if fits { Ok(Self { host, port }) } else { Err(DestinationError::Host) }
    }

    /// The host, in lower case.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The target that a stick asks for by its id.
    pub fn target(&self) -> Option<TargetId> {
        self.host.strip_suffix(".target")?.parse().ok()
    }

    /// Whether a target with this name, host and port is meant: by its host as it is configured, or by its name.
    pub fn means(&self, name: &str, host: &str, port: u16) -> bool {
        self.port == port && (self.host == normal_host(host) || self.host == alias(name))
    }
}

fn normal_host(host: &str) -> String {
    let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    host.strip_suffix('.').unwrap_or(host).to_lowercase()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_target_is_meant_by_host_or_by_name() {
        let means =
            |host: &str, port| Destination::parse(host, port).unwrap().means("Büro-PC 12", "pc12.amt.test", 3389);
        assert!(means("pc12.amt.test", 3389));
        assert!(means("PC12.Amt.Test.", 3389));
        assert!(means("buero-pc-12", 3389));
        assert!(!means("pc12.amt.test", 3390));
        assert!(!means("pc13.amt.test", 3389));
        assert!(Destination::parse("[FD00::1]", 22).unwrap().means("x", "fd00::1", 22));
    }

    #[test]
    fn a_stick_asks_by_id() {
        let id = TargetId::new(&fernamt_domain::SystemClock, &fernamt_domain::SystemRng);
        let asked = Destination::parse(&fernamt_api::stick::target_host(id), 3389).unwrap();
        assert_eq!((asked.target(), asked.port()), (Some(id), 3389));
        assert_eq!(Destination::parse("buero.target", 3389).unwrap().target(), None);
        assert_eq!(Destination::parse(&id.to_string(), 3389).unwrap().target(), None);
    }

    #[test]
    fn what_is_no_host_or_port_is_refused() {
        assert_eq!(Destination::parse("", 22), Err(DestinationError::Host));
        assert_eq!(Destination::parse("a b", 22), Err(DestinationError::Host));
        assert_eq!(Destination::parse(&"a".repeat(MAX_HOST_BYTES + 1), 22), Err(DestinationError::Host));
        assert_eq!(Destination::parse(&"İ".repeat(MAX_HOST_BYTES / 2), 22), Err(DestinationError::Host));
        assert_eq!(Destination::parse("a", 0), Err(DestinationError::Port));
        assert_eq!(Destination::parse("a", 65536), Err(DestinationError::Port));
    }

    proptest! {
        #[test]
        fn any_alias_can_be_typed_as_a_host(name in "\\PC{1,40}") {
            let alias = alias(&name);
            if !alias.is_empty() && !alias.ends_with('.') && alias.len() <= MAX_HOST_BYTES {
                prop_assert!(Destination::parse(&alias, 22).unwrap().means(&name, "elsewhere.test", 22));
            }
        }
    }
}
