//! What the types of the configuration cannot say: addresses that clash, files that are missing, settings that would
//! be unsafe.

use std::{collections::BTreeSet, net::SocketAddr};

use tracing_subscriber::{EnvFilter, filter::LevelFilter};

use super::{Config, Fault, Mail, Smtp, Tls, TlsWord};

/// Longer than this, a stick that lies on a train goes on with what its owner has forgotten.
const MAX_RESUME_MINUTES: u8 = 60;

/// Clients try every address; more than these cost them time.
const MAX_PUBLIC_ADDRESSES: usize = 4;

/// More processors than this no machine of ours has.
const MAX_MEDIA_THREADS: u16 = 64;

/// Every fault of a configuration that parsed.
pub(super) fn validate(config: &Config, text: &str) -> Vec<Fault> {
    let mut faults = Vec::new();
    let mut fault = |line: Option<usize>, message: String| faults.push(Fault::at(line, message));
    let nth = |key: &str, n: usize| line_of(text, key, n);

    check_public_url(config, nth("public_url", 0), &mut fault);
    if config.listener.is_empty() {
        fault(None, "no [[listener]] is set, so nobody could reach the server; add one".into());
    } else if !config.listener.iter().any(|listener| listener.administration) {
        fault(None, "no [[listener]] has `administration = true`, so nobody could administer; set it for the zone of your office network".into());
    }
    check_addresses(config, text, &mut fault);
    for (n, listener) in config.listener.iter().enumerate() {
        if !is_zone(&listener.zone) {
            fault(
                nth("zone", n),
                format!("`{}` is no zone name; use lower-case letters, digits and hyphens", listener.zone),
            );
        }
        match &listener.tls {
            Tls::Word(TlsWord::Off) if !listener.address.ip().is_loopback() => fault(
                nth("tls", n),
                format!(
                    "without TLS only the loopback may be listened on, not {}; set certificate and key",
                    listener.address.ip()
                ),
            ),
            Tls::Files(files) => {
                for path in [&files.certificate, &files.key] {
                    if let Err(error) = std::fs::File::open(path) {
                        fault(nth("tls", n), format!("{} cannot be read: {error}", path.display()));
                    }
                }
            }
            Tls::Word(_) => {}
        }
    }
    if let Some(ssh) = config.ssh.as_ref().filter(|ssh| ssh.resume_minutes > MAX_RESUME_MINUTES) {
        fault(None, format!("sticks may be away for {MAX_RESUME_MINUTES} minutes at most, not {}", ssh.resume_minutes));
    }
    if let Some(ssh) = config.ssh.as_ref().filter(|ssh| !is_zone(&ssh.zone)) {
        fault(None, format!("`{}` is no zone name; use lower-case letters, digits and hyphens", ssh.zone));
    }
    if !is_filter(&config.log.filter) {
        let message = format!(
            "`{}` is no log filter; use error, warn, info or debug, or a list such as info,fernamt_access=debug",
            config.log.filter
        );
        fault(nth("filter", 0), message);
    }
    if config.backup.hour > 23 {
        fault(nth("hour", 0), format!("{} is no hour of the day; use 0 to 23", config.backup.hour));
    }
    if config.backup.keep == 0 {
        fault(nth("keep", 0), "at least one backup must be kept; to make none set `enabled = false`".into());
    }
    if let Some(path) = &config.database.url_file
        && let Err(error) = std::fs::File::open(path)
    {
        fault(nth("url_file", 0), format!("{} cannot be read: {error}", path.display()));
    }
    if let Some(address) = config.stick.ssh_address.as_ref().filter(|address| !is_host_and_port(address)) {
        let message = format!("`{address}` is no address that sticks could use; write it as host:port");
        fault(nth("ssh_address", 0), message);
    }
    check_media(config, text, &mut fault);
    for (key, message) in config.smtp.iter().flat_map(Smtp::faults) {
        fault(line_in(text, "[smtp]", key, 0), message);
    }
    for (section, key, message) in config.mail.iter().flat_map(Mail::faults) {
        fault(line_in(text, section, key, 0), message);
    }
    check_tenants(config, &nth, &mut fault);
    faults
}

fn check_media(config: &Config, text: &str, fault: &mut impl FnMut(Option<usize>, String)) {
    const SECTION: &str = "[media]";
    let media = &config.media;
    if media.public_addresses.len() > MAX_PUBLIC_ADDRESSES {
        let message = format!("clients are told {MAX_PUBLIC_ADDRESSES} addresses at most; name fewer");
        fault(line_in(text, SECTION, "public_addresses", 0), message);
    }
    if let Some(useless) = media.public_addresses.iter().find(|ip| ip.is_unspecified() || ip.is_multicast()) {
        let message = format!("{useless} is no address that clients could send to");
        fault(line_in(text, SECTION, "public_addresses", 0), message);
    }
    if media.threads.is_some_and(|threads| threads.get() > MAX_MEDIA_THREADS) {
        let message = format!("{MAX_MEDIA_THREADS} threads can forward at most");
        fault(line_in(text, SECTION, "threads", 0), message);
    }
    let Some(livekit) = &media.livekit else { return };
    let mut check_url = |key: &str, raw: &str, safe: &str, plain: &str| {
        let url = url::Url::parse(raw).ok().filter(|url| url.host().is_some());
        let local =
            url.as_ref().and_then(url::Url::host_str).is_some_and(|host| host == "localhost" || host == "127.0.0.1");
        let good = url.is_some_and(|url| url.scheme() == safe || (local && url.scheme() == plain));
        if !good {
            let message = format!("`{raw}` is no address of a LiveKit; write it like {safe}://livekit.example.org");
            fault(line_in(text, "[media.livekit]", key, 0), message);
        }
    };
    check_url("url", &livekit.url, "wss", "ws");
    if let Some(api_url) = &livekit.api_url {
        check_url("api_url", api_url, "https", "http");
    }
    if let Err(error) = std::fs::File::open(&livekit.secret_file) {
        let message = format!("{} cannot be read: {error}", livekit.secret_file.display());
        fault(line_in(text, "[media.livekit]", "secret_file", 0), message);
    }
}

/// No two may listen on the same port of the same address, nor of one that means all addresses.
fn check_addresses(config: &Config, text: &str, fault: &mut impl FnMut(Option<usize>, String)) {
    let listeners = config.listener.iter().map(|listener| ("a listener", "[[listener]]", listener.address));
    let ssh = config.ssh.iter().map(|ssh| ("the SSH gateway", "[ssh]", ssh.address));
    let lmtp = config.mail.iter().flat_map(|mail| &mail.lmtp).filter_map(|lmtp| lmtp.address);
    let lmtp = lmtp.map(|address| ("LMTP", "[mail.lmtp]", address));
    let metrics = config.metrics.iter().map(|metrics| ("the metrics", "[metrics]", metrics.address));
    let mut seen: Vec<(&str, SocketAddr)> = Vec::new();
    for (n, (who, section, address)) in listeners.chain(ssh).chain(lmtp).chain(metrics).enumerate() {
        if let Some((other, taken)) = seen.iter().find(|(_, taken)| overlap(*taken, address)) {
            let n = if section == "[[listener]]" { n } else { 0 };
            let message =
                format!("{who} cannot listen on {address}: {other} listens on {taken} already; choose another port");
            fault(line_in(text, section, "address", n), message);
        }
        seen.push((who, address));
    }
}

/// Whether the system would refuse to listen on both. `[::]` takes the IPv4 addresses too.
fn overlap(a: SocketAddr, b: SocketAddr) -> bool {
    let (first, second) = (a.ip().to_canonical(), b.ip().to_canonical());
    let covers =
        |all: std::net::IpAddr, one: std::net::IpAddr| all.is_unspecified() && (all.is_ipv6() || one.is_ipv4());
    a.port() == b.port() && a.port() != 0 && (first == second || covers(first, second) || covers(second, first))
}

/// A bare word that is no level would be taken for the name of a part, and nothing be logged.
fn is_filter(filter: &str) -> bool {
    let is_part = |part: &str| part.contains('=') || part.contains('[') || part.parse::<LevelFilter>().is_ok();
    EnvFilter::try_new(filter).is_ok() && filter.split(',').all(|part| is_part(part.trim()))
}

fn check_public_url(config: &Config, line: Option<usize>, fault: &mut impl FnMut(Option<usize>, String)) {
    let raw = &config.server.public_url;
    match url::Url::parse(raw) {
        Err(error) => {
            fault(line, format!("`{raw}` is no address ({error}); write it like https://fernamt.example.org"));
        }
        Ok(url) => {
            let host = url.host_str().unwrap_or_default();
            let local = host == "localhost" || host.ends_with(".localhost");
            if url.scheme() != "https" && !(url.scheme() == "http" && local) {
                fault(line, format!("`{raw}` must begin with https://; only names under .localhost may go without"));
            }
            if url.host().is_none_or(|host| !matches!(host, url::Host::Domain(_))) {
                fault(line, format!("`{raw}` names no host; applications and passkeys need a name, not a number"));
            }
            if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
                fault(line, format!("`{raw}` must end after the host and port"));
            }
        }
    }
}

fn check_tenants(
    config: &Config,
    nth: &impl Fn(&str, usize) -> Option<usize>,
    fault: &mut impl FnMut(Option<usize>, String),
) {
    let mut hosts = BTreeSet::from([config.public_host().0]);
    for (n, tenant) in config.tenant.iter().enumerate() {
        if tenant.host != tenant.host.to_ascii_lowercase() || url::Host::parse(&tenant.host).is_err() {
            fault(nth("host", n), format!("`{}` is no host name in lower case", tenant.host));
        }
        if !hosts.insert(tenant.host.clone()) {
            fault(
                nth("host", n),
                format!("`{}` is used twice; each administration needs a host name of its own", tenant.host),
            );
        }
    }
}

pub(super) fn is_host_and_port(address: &str) -> bool {
    let Some((host, port)) = address.rsplit_once(':') else { return false };
    url::Host::parse(host).is_ok() && port.parse::<u16>().is_ok_and(|port| port != 0)
}

fn is_zone(zone: &str) -> bool {
    !zone.is_empty()
        && zone.len() <= 32
        && zone.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
}

/// The line of a key in the n-th section of a name.
fn line_in(text: &str, section: &str, key: &str, n: usize) -> Option<usize> {
    let begin = text.lines().enumerate().filter(|(_, line)| line.trim() == section).nth(n)?.0 + 1;
    let inside = text.lines().enumerate().skip(begin).take_while(|(_, line)| !line.trim_start().starts_with('['));
    let mut found = inside.filter(|(_, line)| is_key(line, key));
    found.next().map(|(index, _)| index + 1)
}

fn is_key(line: &str, key: &str) -> bool {
    line.trim_start().strip_prefix(key).is_some_and(|rest| rest.trim_start().starts_with('='))
}

/// The line of the n-th occurrence of a key, counted from 1.
fn line_of(text: &str, key: &str, n: usize) -> Option<usize> {
    text.lines().enumerate().filter(|(_, line)| is_key(line, key)).nth(n).map(|(index, _)| index + 1)
}
