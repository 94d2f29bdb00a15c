//! Every parser of foreign bytes, as a function of bytes. libFuzzer calls them with what it invents
//! (`fuzz_targets/`), the tests with the committed corpora (`tests/main.rs`).
//!
//! A target must not panic. Beyond that each asserts what must hold for anything the parser accepts.

// The binary's own module: a binary cannot be depended upon.
#[expect(dead_code, reason = "the binary uses all of it")]
#[path = "../../crates/server/src/config/mod.rs"]
mod config;

use std::{net::Ipv4Addr, path::Path, sync::Arc};

use axum::http::{HeaderMap, HeaderValue, header};
use fernamt_access::{
    desktop::{
        filter::{ChannelPolicy, Filter},
        handshake, rdcleanpath as clean_path,
    },
    proxy::fuzzing::proxy_headers as proxy,
    ssh::{Answers, Destination, Login, MAX_HOST_BYTES, MAX_TENANT_BYTES},
};
use fernamt_domain::{Clock as _, Rng, Sealer, TenantId, rng::random_bytes, target::RdpSettings};
use fernamt_http::cookie;
use fernamt_identity::{
    challenge::Challenges, device_key::DeviceKey, session_secret::SessionSecret, ssh_key::SshPublicKey,
    token_file as tokens,
};
use fernamt_testkit::{SeededRng, TestClock};
use ironrdp_pdu::nego::SecurityProtocol;

/// A target's name and function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets; `tests/main.rs` checks that each has a file in `fuzz_targets/` and a corpus.
pub const TARGETS: &[Target] = &[
    ("configuration", configuration),
    ("cookies", cookies),
    ("device_key", device_key),
    ("proxy_headers", proxy_headers),
    ("rdcleanpath", rdcleanpath),
    ("rdp_filter", rdp_filter),
    ("rdp_handshake", rdp_handshake),
    ("sealed_token", sealed_token),
    ("ssh_input", ssh_input),
    ("ssh_key", ssh_key),
    ("token_file", token_file),
];

/// The configuration file. Every fault found has a place and a remedy, so all are written out.
pub fn configuration(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    match config::Config::parse(text, Path::new("/etc/fernamt")) {
        Ok(config) => assert!(!config.listener.is_empty(), "nobody could reach this server"),
        Err(faults) => {
            assert!(!faults.is_empty(), "refused without a reason");
            let _: Vec<_> = faults.iter().map(ToString::to_string).collect();
        }
    }
}

/// Headers of requests to proxied applications, and of their answers.
pub fn proxy_headers(data: &[u8]) {
    proxy(Fixture::new().tenant, TestClock::new().now(), data);
}

/// The first message on a desktop's WebSocket.
pub fn rdcleanpath(data: &[u8]) {
    if let Ok(Some((_, used))) = clean_path::parse(data) {
        assert!(used <= data.len() && used <= clean_path::MAX_REQUEST_BYTES, "more was taken than there is");
    }
}

/// The X.224 messages of client and desktop. The first byte chooses the target's settings.
pub fn rdp_handshake(data: &[u8]) {
    let Some((choice, data)) = data.split_first() else { return };
    let settings = RdpSettings { nla: choice & 1 != 0, ..RdpSettings::default() };
    let routing_token = (choice & 2 != 0).then_some("Cookie: msts=3640205228.15629.0000");
    let _ = handshake::connection_request(data, &settings, routing_token);
    if let Ok(protocol) = handshake::connection_confirm(data, &settings) {
        assert!(!protocol.is_standard_rdp_security(), "RDP's own weak security was agreed on");
    }
}

/// Both directions of a running desktop. The first byte chooses policy and protocol; then each chunk begins with a byte
/// of direction and length.
pub fn rdp_filter(data: &[u8]) {
    let Some((choice, mut data)) = data.split_first() else { return };
    let policy = ChannelPolicy { clipboard: choice & 1 != 0, drives: choice & 2 != 0, printers: choice & 4 != 0 };
    let protocol = if choice & 8 != 0 { SecurityProtocol::HYBRID } else { SecurityProtocol::SSL };
    let mut filter = Filter::new(policy, protocol, None);
    while let Some((head, rest)) = data.split_first() {
        let (chunk, rest) = rest.split_at(rest.len().min(usize::from(head & 0x7f)));
        data = rest;
        let mut out = Vec::new();
        let failed = if head & 0x80 == 0 {
            filter.from_client(chunk, &mut out).is_err()
        } else {
            filter.from_server(chunk, &mut out).is_err()
        };
        if failed {
            return;
        }
    }
}

/// The `Cookie` header, as sent by anybody.
pub fn cookies(data: &[u8]) {
    let headers: HeaderMap = data
        .split(|byte| *byte == b'\n')
        .filter_map(|line| Some((header::COOKIE, HeaderValue::from_bytes(line).ok()?)))
        .collect();
    let fixture = Fixture::new();
    for name in [cookie::SESSION, cookie::HANDOVER, cookie::APP_SESSION] {
        if let Some(value) = cookie::get(&headers, name) {
            let _ = SessionSecret::parse(&fixture.sealer, fixture.tenant, &value);
        }
    }
}

/// A sealed token that comes back. Nobody but us can make one that opens.
pub fn sealed_token(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else { return };
    let fixture = Fixture::new();
    let challenges = Challenges::new(Arc::new(fixture.sealer), Arc::new(TestClock::new()), Arc::new(SeededRng::new(2)));
    assert!(challenges.open::<String>(fixture.tenant, "fuzz", text).is_err(), "a forged token opened");
}

/// What an SSH client says: its name, where it wants to go, its answers to prompts; one a line.
pub fn ssh_input(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    if let Some(Ok(name)) = lines.next().map(str::from_utf8)
        && let Ok(login) = Login::parse(name)
    {
        assert!(!login.name().is_empty(), "an empty name belongs to nobody");
        assert!(login.tenant().is_none_or(|tenant| tenant.len() <= MAX_TENANT_BYTES), "a tenant's name is too long");
    }
    if let Some(Ok(place)) = lines.next().map(str::from_utf8) {
        let (host, port) = place.rsplit_once(' ').unwrap_or((place, "22"));
        if let Ok(destination) = Destination::parse(host, port.parse().unwrap_or(0)) {
            assert!(!destination.host().is_empty() && destination.host().len() <= MAX_HOST_BYTES, "no host");
            let _ = destination.means(host, &Ipv4Addr::LOCALHOST.to_string(), destination.port());
        }
    }
    let answers: Vec<_> = lines.collect();
    let _ = Answers::parse(true, &answers);
    let _ = Answers::parse(false, &answers);
}

/// A public key that a person pastes.
pub fn ssh_key(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data)
        && let Ok(key) = SshPublicKey::parse(text)
    {
        assert!(SshPublicKey::from_blob(key.blob().to_vec()).is_ok(), "a key does not survive its own encoding");
    }
    let _ = SshPublicKey::from_blob(data.to_vec());
}

/// A browser's device key.
pub fn device_key(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        let _ = DeviceKey::parse(text);
    }
    if let Ok(key) = DeviceKey::from_spki(data.to_vec()) {
        assert_eq!(key.spki(), data, "a key is kept as it came");
    }
}

/// A vendor's file of hardware tokens.
pub fn token_file(data: &[u8]) {
    let _ = tokens::parse(data);
}

struct Fixture {
    sealer: Sealer,
    tenant: TenantId,
}

impl Fixture {
    fn new() -> Self {
        let rng = SeededRng::new(1);
        Self { sealer: Sealer::new(&random_bytes(&rng as &dyn Rng)), tenant: TenantId::new(&TestClock::new(), &rng) }
    }
}
