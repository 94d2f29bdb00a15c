//! Which HTTP proxy this computer is told to use: by its environment, on Windows also by its settings.

use fernamt_domain::Secret;
use url::{Host as UrlHost, Url};

use super::{
    http_proxy::{Proxy, ProxyCredentials},
    names::{Host, is_local},
};

/// The port of a proxy that names none.
const DEFAULT_PORT: u16 = 8080;
/// Where a proxy is named. What we carry is a tunnel, as for HTTPS; `http_proxy` is better than nothing.
const VARIABLES: [&str; 3] = ["https_proxy", "all_proxy", "http_proxy"];
const EXCEPTIONS: &str = "no_proxy";

/// What this computer says about proxies.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Surroundings {
    proxy: Option<Proxy>,
    /// Hosts that are reached without it: suffixes of names, or addresses; `*` is all of them.
    exceptions: Vec<String>,
    /// This computer itself is reached by it too.
    for_local: bool,
}

impl Surroundings {
    /// Looks at the environment, and at the system's settings where that says nothing.
    pub fn detect() -> Self {
        let found = Self::from_variables(|name| std::env::var(name).ok());
        #[cfg(windows)]
        if found.proxy.is_none() {
            return Self::from_settings().unwrap_or_default();
        }
        found
    }

    /// No proxy.
    pub fn none() -> Self {
        Self::default()
    }

    /// This proxy, such as `http://proxy.example:3128`, for every host; `None` if it is none that we can use.
    pub fn by_proxy(text: &str) -> Option<Self> {
        Some(Self { proxy: Some(parse_proxy(text)?), for_local: true, ..Self::default() })
    }

    fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Self {
        let look = |name: &str| {
            variable(name).or_else(|| variable(&name.to_uppercase())).filter(|value| !value.trim().is_empty())
        };
        let proxy = VARIABLES.iter().find_map(|name| look(name)).and_then(|text| parse_proxy(&text));
        let exceptions = look(EXCEPTIONS).map(|list| parse_exceptions(&list, ',')).unwrap_or_default();
        Self { proxy, exceptions, for_local: false }
    }

    /// The proxy that people set by hand in the system's settings. Scripts that choose one are not run.
    #[cfg(windows)]
    fn from_settings() -> Option<Self> {
        const KEY: &str = r"Software\Microsoft\Windows\CurrentVersion\Internet Settings";
        let key = windows_registry::CURRENT_USER.open(KEY).ok()?;
        (key.get_u32("ProxyEnable").ok()? != 0).then_some(())?;
        let exceptions = key.get_string("ProxyOverride").unwrap_or_default();
        Some(Self::from_server(&key.get_string("ProxyServer").ok()?, &exceptions))
    }

    /// Reads the form of Windows: `host:port` for everything, or `http=host:port;https=host:port`.
    #[cfg(any(windows, test))]
    fn from_server(server: &str, exceptions: &str) -> Self {
        let named = |kind: &str| server.split(';').find_map(|part| part.trim().strip_prefix(kind)?.strip_prefix('='));
        let all = Some(server).filter(|server| !server.contains('='));
        let proxy = named("https").or_else(|| named("http")).or(all).and_then(parse_proxy);
        Self { proxy, exceptions: parse_exceptions(exceptions, ';'), for_local: false }
    }

    /// The proxy for a host, if there is one.
    pub(super) fn proxy_for(&self, host: &Host) -> Option<&Proxy> {
        self.proxy.as_ref().filter(|_| !self.excepts(&host.name))
    }

    /// Name and password for the proxy, from the person.
    pub(super) fn set_credentials(&mut self, credentials: ProxyCredentials) {
        if let Some(proxy) = &mut self.proxy {
            proxy.credentials = Some(credentials);
        }
    }

    fn excepts(&self, name: &str) -> bool {
        let name = name.to_ascii_lowercase();
        let local = is_local(&name) || name.parse().is_ok_and(|address: std::net::IpAddr| address.is_loopback());
        (local && !self.for_local)
            || self.exceptions.iter().any(|exception| match exception.as_str() {
                "*" => true,
                "<local>" => !name.contains(['.', ':']),
                exception => name
                    .strip_suffix(exception.trim_start_matches('*').trim_start_matches('.'))
                    .is_some_and(|rest| rest.is_empty() || rest.ends_with('.')),
            })
    }
}

fn parse_exceptions(list: &str, separator: char) -> Vec<String> {
    list.split(separator).map(|entry| entry.trim().to_ascii_lowercase()).filter(|entry| !entry.is_empty()).collect()
}

/// Reads `http://user:password@host:port`, or less. Proxies that are reached by TLS or speak SOCKS are none for us.
fn parse_proxy(text: &str) -> Option<Proxy> {
    let text = text.trim();
    let url = if text.contains("://") { Url::parse(text) } else { Url::parse(&format!("http://{text}")) }.ok()?;
    (url.scheme() == "http").then_some(())?;
    let name = match url.host()? {
        UrlHost::Domain(name) => name.to_owned(),
        UrlHost::Ipv4(address) => address.to_string(),
        UrlHost::Ipv6(address) => address.to_string(),
    };
    // The URL's own default is the web's, which no proxy listens on; a written port 80 is dropped by the parser.
    let port = url.port().unwrap_or(if text.trim_end_matches('/').ends_with(":80") { 80 } else { DEFAULT_PORT });
    let credentials = (!url.username().is_empty()).then(|| ProxyCredentials {
        user: unescape(url.username()),
        password: Secret::new(unescape(url.password().unwrap_or_default())),
    });
    Some(Proxy { host: Host { name, port }, credentials })
}

/// Undoes `%xx`; what is not that stays.
fn unescape(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, more)) = rest.split_first() {
        let digits = more.get(..2).filter(|_| *first == b'%').and_then(|two| std::str::from_utf8(two).ok());
        match digits.and_then(|two| u8::from_str_radix(two, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = more.get(2..).unwrap_or_default();
            }
            None => {
                bytes.push(*first);
                rest = more;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
        Surroundings::from_variables(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn host(name: &str) -> Host {
        Host { name: name.into(), port: 443 }
    }

    #[test]
    fn the_environment_names_a_proxy() {
        for (variables, authority) in [
            (&[("https_proxy", "http://proxy.amt:3128/")][..], "proxy.amt:3128"),
            (&[("HTTPS_PROXY", "proxy.amt")], "proxy.amt:8080"),
            (&[("http_proxy", "http://a:80"), ("all_proxy", "http://[2001:db8::1]:1")], "[2001:db8::1]:1"),
            (&[("https_proxy", " "), ("http_proxy", "http://a:80")], "a:80"),
        ] {
            let found = surroundings(variables);
            let proxy = found.proxy_for(&host("fernamt.example.org"));
            assert_eq!(proxy.map(|proxy| proxy.host.authority()).as_deref(), Some(authority), "{variables:?}");
        }
        for none in [&[][..], &[("https_proxy", "socks5://a:1")], &[("all_proxy", "https://a:1")]] {
            assert_eq!(surroundings(none).proxy, None, "{none:?}");
        }
    }

    #[test]
    fn credentials_stand_in_the_address() {
        let found = surroundings(&[("https_proxy", "http://er%69ka:p%40ss@proxy:1")]);
        let credentials = found.proxy.and_then(|proxy| proxy.credentials).unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.expose().as_str()), ("erika", "p@ss"));
        assert_eq!(unescape("100%"), "100%");
        assert_eq!(unescape("%zz%4"), "%zz%4");
    }

    #[test]
    fn exceptions_are_reached_without_it() {
        let found = surroundings(&[("all_proxy", "p:1"), ("no_proxy", "example.org, .amt ,192.0.2.1")]);
        for (name, direct) in [
            ("example.org", true),
            ("Fernamt.Example.ORG", true),
            ("notexample.org", false),
            ("haus.amt", true),
            ("192.0.2.1", true),
            ("192.0.2.11", false),
            ("demo.localhost", true),
            ("127.0.0.1", true),
        ] {
            assert_eq!(found.proxy_for(&host(name)).is_none(), direct, "{name}");
        }
        assert!(surroundings(&[("all_proxy", "p:1"), ("no_proxy", "*")]).proxy_for(&host("a.b")).is_none());
    }

    #[test]
    fn windows_writes_it_in_its_own_way() {
        let found = Surroundings::from_server("http=a:1;https=b:2", "*.amt;<local>");
        assert_eq!(found.proxy_for(&host("x.org")).map(|proxy| proxy.host.authority()).as_deref(), Some("b:2"));
        assert!(found.proxy_for(&host("haus.amt")).is_none());
        assert!(found.proxy_for(&host("intranet")).is_none());
        let found = Surroundings::from_server("proxy:8081", "");
        assert_eq!(found.proxy_for(&host("x.org")).map(|proxy| proxy.host.authority()).as_deref(), Some("proxy:8081"));
        assert_eq!(Surroundings::from_server("ftp=a:1", "").proxy, None);
    }
}
