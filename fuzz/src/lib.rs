//! Every parser of foreign bytes, as a function of bytes. libFuzzer calls them with what it invents
//! (`fuzz_targets/`), the tests with the committed corpora (`tests/main.rs`).
//!
//! A target must not panic. Beyond that each asserts what must hold for anything the parser accepts.

// The binary's own module: a binary cannot be depended upon.
#[expect(dead_code, reason = "the binary uses all of it")]
#[path = "../../crates/server/src/config/mod.rs"]
mod config;

pub mod administration;
mod resume;
mod stick;

use std::{net::Ipv4Addr, path::Path, sync::Arc};

use axum::http::{HeaderMap, HeaderValue, Request, header};
use data_encoding::BASE64URL_NOPAD;
use fernamt_access::{
    desktop::{
        filter::{ChannelPolicy, Filter, fuzzing::channels},
        handshake, rdcleanpath as clean_path,
    },
    proxy::fuzzing::proxy_headers as proxy,
    ssh::{Answers, Destination, Login, MAX_HOST_BYTES, MAX_TENANT_BYTES},
};
use fernamt_domain::{Clock as _, Rng, Sealer, TenantId, rng::random_bytes, target::RdpSettings};
use fernamt_http::{cookie, origin, site};
use fernamt_identity::{
    challenge::Challenges, device_key::DeviceKey, passkey::Passkeys, session_secret::SessionSecret,
    ssh_key::SshPublicKey, token_file as tokens,
};
use fernamt_testkit::{SeededRng, TestClock};
use ironrdp_pdu::nego::SecurityProtocol;
use uuid::Uuid;

const ORIGIN: &str = "http://fernamt.localhost:8080";

pub use fernamt_mail::fuzzing::{
    composing as mail_composing, lmtp as mail_lmtp, message as mail_message, pictures as mail_pictures,
    request as mail_request, socket as mail_socket,
};
pub use fernamt_mailhost::fuzzing::{
    imap_answer as mailhost_imap, sieve_answer as mailhost_sieve, submission as mailhost_submission,
};
pub use fernamt_media::fuzzing::{
    signalling as media_signalling, tickets as media_tickets, webhooks as media_webhooks,
};
pub use fernamt_sfu::fuzzing::{datagrams as media_datagrams, payloads as media_payloads};
pub use resume::resume_frames;
pub use stick::{stick_activation, stick_config, stick_container, stick_lines};

/// A target's name and function.
pub type Target = (&'static str, fn(&[u8]));

/// All targets; `tests/main.rs` checks that each has a file in `fuzz_targets/` and a corpus.
pub const TARGETS: &[Target] = &[
    ("certificate", administration::certificate),
    ("configuration", configuration),
    ("cookies", cookies),
    ("device_key", device_key),
    ("directory_entry", administration::directory_entry),
    ("host", host),
    ("journal", administration::journal),
    ("mail_composing", mail_composing),
    ("mail_lmtp", mail_lmtp),
    ("mail_message", mail_message),
    ("mail_pictures", mail_pictures),
    ("mail_request", mail_request),
    ("mail_socket", mail_socket),
    ("mailhost_imap", mailhost_imap),
    ("mailhost_sieve", mailhost_sieve),
    ("mailhost_submission", mailhost_submission),
    ("media_datagrams", media_datagrams),
    ("media_payloads", media_payloads),
    ("media_signalling", media_signalling),
    ("media_tickets", media_tickets),
    ("media_webhooks", media_webhooks),
    ("passkey", passkey),
    ("proxy_headers", proxy_headers),
    ("rdcleanpath", rdcleanpath),
    ("rdp_channels", rdp_channels),
    ("rdp_filter", rdp_filter),
    ("rdp_handshake", rdp_handshake),
    ("resume_frames", resume_frames),
    ("rule_form", administration::rule_form),
    ("rule_text", administration::rule_text),
    ("sealed_token", sealed_token),
    ("signed_head", administration::signed_head),
    ("ssh_input", ssh_input),
    ("ssh_key", ssh_key),
    ("stick_activation", stick_activation),
    ("stick_config", stick_config),
    ("stick_container", stick_container),
    ("stick_lines", stick_lines),
    ("target_table", administration::target_table),
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

/// Messages on the channels of a desktop that runs: clipboard, dynamic channels, a broker's redirection.
pub fn rdp_channels(data: &[u8]) {
    channels(data);
}

/// Where a request says that it wants to go and that it comes from: `Host` and `Origin`, a line each.
pub fn host(data: &[u8]) {
    let mut request = Request::new(());
    for (index, line) in data.split(|byte| *byte == b'\n').enumerate() {
        let name = if index % 2 == 0 { header::HOST } else { header::ORIGIN };
        let Ok(value) = HeaderValue::from_bytes(line) else { return };
        let _ = request.headers_mut().try_append(name, value);
    }
    if let Some(host) = site::host_of(&request) {
        assert!(
            !host.ends_with('.') && !host.bytes().any(|b| b.is_ascii_uppercase()),
            "two names for one host: {host}"
        );
        assert_eq!(request.headers().get_all(header::HOST).iter().count(), 1, "two hosts are none");
    }
    if origin::is_own(request.headers(), ORIGIN) {
        let said: Vec<_> = request.headers().get_all(header::ORIGIN).iter().collect();
        assert_eq!(said, [ORIGIN], "a foreign page counts as ours");
    }
}

/// A passkey's answer: once as the whole JSON, once as the attestation in an answer to our own challenge.
pub fn passkey(data: &[u8]) {
    let passkeys = Passkeys::new("fernamt.localhost", ORIGIN, "Amt").expect("the site can have passkeys");
    if let Ok(answer) = serde_json::from_slice(data) {
        let _ = passkeys.identify(answer);
    }
    let (options, state) =
        passkeys.begin_registration(Uuid::nil(), "a.meier", "Anna", Vec::new()).expect("nothing of it is foreign");
    let said = serde_json::json!({ "type": "webauthn.create", "challenge": options["challenge"], "origin": ORIGIN });
    let answer = serde_json::json!({
        "id": "AAAA",
        "rawId": "AAAA",
        "type": "public-key",
        "response": {
            "attestationObject": BASE64URL_NOPAD.encode(data),
            "clientDataJSON": BASE64URL_NOPAD.encode(said.to_string().as_bytes()),
        },
    });
    if let Ok((credential, _)) = passkeys.finish_registration(answer, &state) {
        assert!(!credential.is_empty(), "a passkey without an id");
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
        assert!(login.activation().is_none() || login.name().starts_with('+'), "a person's name activates a stick");
        assert!(login.tenant().is_none_or(|tenant| tenant.len() <= MAX_TENANT_BYTES), "a tenant's name is too long");
    }
    if let Some(Ok(place)) = lines.next().map(str::from_utf8) {
        let (host, port) = place.rsplit_once(' ').unwrap_or((place, "22"));
        if let Ok(destination) = Destination::parse(host, port.parse().unwrap_or(0)) {
            assert!(!destination.host().is_empty() && destination.host().len() <= MAX_HOST_BYTES, "no host");
            assert!(destination.target().is_none() || destination.host().ends_with(".target"), "a host is an id");
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
