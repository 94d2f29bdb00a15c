//! The algorithms the gateway speaks, and nothing beside them.

use std::{borrow::Cow, time::Duration};

use russh::{
    Limits as RekeyLimits, MethodKind, MethodSet, Preferred, SshId, cipher, compression, kex,
    keys::{Algorithm, EcdsaCurve},
    mac, server,
};

use super::{HostKeys, Limits};

/// Post-quantum first. Curve25519 alone stays for clients that do not know it yet, such as Debian 12's OpenSSH 9.2. NIST
/// curves and finite-field groups are left out: no client in use needs them.
const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::EXTENSION_SUPPORT_AS_SERVER,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_SERVER,
];

/// Authenticated encryption only.
const CIPHERS: &[cipher::Name] = &[cipher::AES_256_GCM, cipher::CHACHA20_POLY1305];

/// Unused with [`CIPHERS`], but the protocol wants the two sides to agree on one.
const MACS: &[mac::Name] = &[mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM];

/// What people's own keys may be; the host key is Ed25519. No RSA: the only implementation at hand leaks by timing
/// (RUSTSEC-2023-0071), and everybody who can type a code can make an Ed25519 key.
const KEYS: &[Algorithm] = &[
    Algorithm::Ed25519,
    Algorithm::SkEd25519,
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP256 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP384 },
    Algorithm::Ecdsa { curve: EcdsaCurve::NistP521 },
    Algorithm::SkEcdsaSha2NistP256,
];

/// No compression: with secrets and chosen text in one stream it tells lengths, and pixels are compressed already.
const COMPRESSION: &[compression::Name] = &[compression::NONE];

/// New keys after this many bytes in one direction (RFC 4253, section 9).
const REKEY_BYTES: usize = 1 << 30;
/// New keys after this time.
const REKEY_AFTER: Duration = Duration::from_hours(1);

/// What a client may send on one channel before we acknowledge: 168 Mbit/s at 100 ms, more than people have upwards at
/// home. OpenSSH's client takes in as much as the window allows and moves it about in its memory: with 16 MiB it sent
/// at a quarter of the speed.
const WINDOW_BYTES: u32 = 2 * 1024 * 1024;
/// The largest packet a client may send us. OpenSSH sends 32 KiB at most, whatever we say.
const MAX_PACKET_BYTES: u32 = 32 * 1024;
/// Messages under way from the tunnels of one connection to its SSH session: as many as go out in one write.
const QUEUED_MESSAGES: usize = 16;
/// Incoming data do not go through russh's own channel queue, only the few other messages do.
const QUEUED_CHANNEL_MESSAGES: usize = 4;

/// A wrong answer takes at least this long.
const REJECTION_TIME: Duration = Duration::from_secs(1);
/// A silent client is asked whether it is still there.
const KEEPALIVE_EVERY: Duration = Duration::from_mins(1);
/// It is gone after this many unanswered questions.
const KEEPALIVES_UNANSWERED: usize = 3;
/// A client that takes nothing more from its socket is gone after this time; one that lives answers keepalives.
const STUCK_AFTER: Duration = Duration::from_mins(5);

/// The same over resumable streams. They know better than SSH whether somebody is still there, and an outage must not end
/// what lies above.
pub(super) fn resumable_russh_config(keys: &HostKeys, limits: &Limits) -> server::Config {
    server::Config { inactivity_timeout: None, keepalive_interval: None, ..russh_config(keys, limits) }
}

/// The configuration of the SSH protocol for every connection.
pub(super) fn russh_config(keys: &HostKeys, limits: &Limits) -> server::Config {
    server::Config {
        server_id: SshId::Standard(Cow::Borrowed("SSH-2.0-Fernamt")),
        methods: MethodSet::from(&[MethodKind::PublicKey, MethodKind::KeyboardInteractive][..]),
        auth_rejection_time: REJECTION_TIME,
        // The first request, `none`, only asks for the methods.
        auth_rejection_time_initial: Some(Duration::ZERO),
        keys: keys.private(),
        certificates: Vec::new(),
        limits: RekeyLimits::new(REKEY_BYTES, REKEY_BYTES, REKEY_AFTER),
        window_size: WINDOW_BYTES,
        maximum_packet_size: MAX_PACKET_BYTES,
        channel_buffer_size: QUEUED_CHANNEL_MESSAGES,
        event_buffer_size: QUEUED_MESSAGES,
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            host_key_certificates: Cow::Borrowed(&[]),
            key: Cow::Borrowed(KEYS),
            cipher: Cow::Borrowed(CIPHERS),
            mac: Cow::Borrowed(MACS),
            compression: Cow::Borrowed(COMPRESSION),
        },
        max_auth_attempts: limits.sign_in_attempts,
        inactivity_timeout: Some(STUCK_AFTER),
        keepalive_interval: Some(KEEPALIVE_EVERY),
        keepalive_max: KEEPALIVES_UNANSWERED,
        nodelay: true,
    }
}
