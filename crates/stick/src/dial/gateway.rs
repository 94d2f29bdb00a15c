//! The gateway's address, as people type it.

use std::net::{IpAddr, Ipv4Addr};

use url::{Host as UrlHost, Url};

use super::names::{Host, is_local};
use crate::StickError;

/// Where the WebSocket is on every gateway.
const TUNNEL_PATH: &str = "/api/v1/tunnel";

/// A gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gateway {
    /// As the certificate and the request name it.
    pub(crate) host: Host,
    pub(crate) tls: bool,
    /// What the request is for.
    pub(crate) url: String,
}

impl Gateway {
    /// Reads it as people write it.
    pub fn parse(text: &str) -> Result<Self, StickError> {
        let wrong = |why: &str| StickError::Address(format!("{text} ({why})"));
        let url = Url::parse(text).map_err(|error| wrong(&error.to_string()))?;
        let tls = match url.scheme() {
            "wss" => true,
            "ws" => false,
            _ => return Err(wrong("it begins with wss://")),
        };
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() || !url.username().is_empty() {
            return Err(wrong("nothing comes after the host and its port"));
        }
        let (name, address) = match url.host() {
            Some(UrlHost::Domain(name)) => (name.to_owned(), is_local(name).then_some(IpAddr::V4(Ipv4Addr::LOCALHOST))),
            Some(UrlHost::Ipv4(address)) => (address.to_string(), Some(address.into())),
            Some(UrlHost::Ipv6(address)) => (address.to_string(), Some(address.into())),
            None => return Err(wrong("there is no host")),
        };
        if !tls && !address.is_some_and(|address| address.is_loopback()) {
            return Err(wrong("without TLS only on this computer itself"));
        }
        let port = url.port_or_known_default().ok_or_else(|| wrong("there is no port"))?;
        let authority = url.authority();
        let url = format!("{}://{authority}{TUNNEL_PATH}", url.scheme());
        Ok(Self { host: Host { name, port }, tls, url })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gateway_is_a_host_with_perhaps_a_port() {
        let gateway = Gateway::parse("wss://fernamt.example.org").unwrap();
        assert_eq!((gateway.host.authority().as_str(), gateway.tls), ("fernamt.example.org:443", true));
        assert_eq!(gateway.url, "wss://fernamt.example.org/api/v1/tunnel");
        let gateway = Gateway::parse("wss://[2001:db8::1]:8443/").unwrap();
        assert_eq!((gateway.host.name.as_str(), gateway.host.port), ("2001:db8::1", 8443));
        assert_eq!(gateway.url, "wss://[2001:db8::1]:8443/api/v1/tunnel");
    }

    #[test]
    fn without_tls_it_is_this_computer() {
        for local in ["ws://fernamt.localhost:8080", "ws://localhost", "ws://127.0.0.1:80", "ws://[::1]:80"] {
            assert!(Gateway::parse(local).is_ok(), "{local}");
        }
        for far in ["ws://fernamt.example.org", "ws://192.0.2.1", "ws://localhost.example.org"] {
            assert!(Gateway::parse(far).is_err(), "{far}");
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for wrong in [
            "",
            "fernamt.example.org",
            "https://a.example",
            "wss://a.example/x",
            "wss://a.example?x",
            "wss://me@a.example",
        ] {
            assert!(Gateway::parse(wrong).is_err(), "{wrong}");
        }
    }
}
