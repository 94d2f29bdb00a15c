//! Addresses of names. What was found once is kept: in an outage, and right after it, a resolver often answers last.

use std::{
    collections::HashMap,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::net::lookup_host;

/// The most addresses of one name that are tried.
const MAX_ADDRESSES: usize = 8;

/// A name or address with a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Host {
    /// The name, or the address without brackets.
    pub(crate) name: String,
    pub(crate) port: u16,
}

impl Host {
    /// Reads `host:port`, with brackets round an IPv6 address.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (name, port) = text.rsplit_once(':')?;
        let bracketed = name.strip_prefix('[').and_then(|name| name.strip_suffix(']'));
        let name = bracketed.unwrap_or(name);
        // An address without brackets could end in what looks like a port.
        let plain = !name.is_empty() && (bracketed.is_some() || !name.contains(':'));
        let clean = !name.chars().any(|c| c.is_whitespace() || c.is_control() || "/@?#[]\\".contains(c));
        (plain && clean).then_some(())?;
        Some(Self { name: name.to_owned(), port: port.parse().ok().filter(|port| *port != 0)? })
    }

    /// As it stands in a request.
    pub(crate) fn authority(&self) -> String {
        if self.name.contains(':') {
            format!("[{}]:{}", self.name, self.port)
        } else {
            format!("{}:{}", self.name, self.port)
        }
    }

    /// The address, where no resolver must be asked.
    fn address(&self) -> Option<IpAddr> {
        is_local(&self.name).then_some(IpAddr::V4(Ipv4Addr::LOCALHOST)).or_else(|| self.name.parse().ok())
    }
}

/// Names under `.localhost` are this computer (RFC 6761), whatever a resolver says.
pub(super) fn is_local(name: &str) -> bool {
    name == "localhost" || name.ends_with(".localhost")
}

/// What is known of names.
#[derive(Debug, Clone, Default)]
pub(super) struct Names(Arc<Mutex<HashMap<String, Known>>>);

#[derive(Debug, Default)]
struct Known {
    addresses: Vec<IpAddr>,
    asking: bool,
}

impl Names {
    /// The addresses to try, in order, with both families taking turns. What is known is taken at once, and asked for
    /// again for the next time.
    pub(super) async fn addresses(&self, host: &Host) -> io::Result<Vec<SocketAddr>> {
        if let Some(address) = host.address() {
            return Ok(vec![(address, host.port).into()]);
        }
        let known = self.lock().get(&host.name).map(|known| known.addresses.clone()).unwrap_or_default();
        let found = if known.is_empty() {
            self.ask(host).await?
        } else {
            self.refresh(host);
            known
        };
        Ok(found.into_iter().map(|address| (address, host.port).into()).collect())
    }

    async fn ask(&self, host: &Host) -> io::Result<Vec<IpAddr>> {
        let found = lookup_host((host.name.as_str(), host.port)).await?;
        let addresses = take_turns(found.map(|address| address.ip()).collect());
        if addresses.is_empty() {
            return Err(io::ErrorKind::AddrNotAvailable.into());
        }
        self.lock().entry(host.name.clone()).or_default().addresses.clone_from(&addresses);
        Ok(addresses)
    }

    fn refresh(&self, host: &Host) {
        // A resolver that hangs holds a thread each time it is asked.
        let asking = self.lock().get_mut(&host.name).is_none_or(|known| std::mem::replace(&mut known.asking, true));
        if asking {
            return;
        }
        let (names, host) = (self.clone(), host.clone());
        tokio::spawn(async move {
            // The old addresses stay if there are no new ones.
            let _ = names.ask(&host).await;
            if let Some(known) = names.lock().get_mut(&host.name) {
                known.asking = false;
            }
        });
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Both families in turn, beginning with the one that the resolver put first (RFC 8305, section 4).
fn take_turns(found: Vec<IpAddr>) -> Vec<IpAddr> {
    let first_is_v6 = found.first().is_some_and(IpAddr::is_ipv6);
    let (first, second): (Vec<IpAddr>, Vec<IpAddr>) =
        found.into_iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut turns = Vec::new();
    loop {
        let before = turns.len();
        turns.extend(first.next());
        turns.extend(second.next());
        if turns.len() == before || turns.len() >= MAX_ADDRESSES {
            turns.truncate(MAX_ADDRESSES);
            return turns;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn addresses(texts: &[&str]) -> Vec<IpAddr> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    #[test]
    fn a_host_has_a_name_and_a_port() {
        let host = Host::parse("fernamt.example.org:2222").unwrap();
        assert_eq!((host.name.as_str(), host.port), ("fernamt.example.org", 2222));
        let host = Host::parse("[2001:db8::1]:2222").unwrap();
        assert_eq!((host.name.as_str(), host.authority().as_str()), ("2001:db8::1", "[2001:db8::1]:2222"));
        for wrong in ["", "a", "a:", ":1", "a:0", "a:65536", "2001:db8::1:2222", "a/b:1", "a b:1", "me@a:1", "[a:1"] {
            assert_eq!(Host::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn both_families_take_turns() {
        let found = addresses(&["2001:db8::1", "2001:db8::2", "192.0.2.1", "192.0.2.2", "2001:db8::3"]);
        let turns = addresses(&["2001:db8::1", "192.0.2.1", "2001:db8::2", "192.0.2.2", "2001:db8::3"]);
        assert_eq!(take_turns(found), turns);
        assert_eq!(take_turns(addresses(&["192.0.2.1"])), addresses(&["192.0.2.1"]));
        assert!(take_turns(Vec::new()).is_empty());
    }

    #[test]
    fn a_name_with_very_many_addresses_costs_no_more_than_others() {
        let many: Vec<IpAddr> = (0..100_u8).map(|n| Ipv4Addr::new(192, 0, 2, n).into()).collect();
        assert_eq!(take_turns(many).len(), MAX_ADDRESSES);
    }

    #[tokio::test]
    async fn local_names_and_addresses_ask_nobody() {
        let names = Names::default();
        for (text, wanted) in
            [("demo.localhost:7", "127.0.0.1:7"), ("192.0.2.1:7", "192.0.2.1:7"), ("[::1]:7", "[::1]:7")]
        {
            let found = names.addresses(&Host::parse(text).unwrap()).await.unwrap();
            assert_eq!(found, [wanted.parse().unwrap()]);
        }
        assert!(names.lock().is_empty());
    }

    #[tokio::test]
    async fn what_was_found_once_is_there_at_once() {
        let names = Names::default();
        let known = Known { addresses: addresses(&["192.0.2.7"]), asking: true };
        names.lock().insert("fernamt.invalid".into(), known);
        let found = names.addresses(&Host::parse("fernamt.invalid:22").unwrap()).await.unwrap();
        assert_eq!(found, ["192.0.2.7:22".parse().unwrap()]);
    }
}
