//! The algorithms that the stick speaks: those of the gateway, and nothing beside them.

use std::{borrow::Cow, time::Duration};

use russh::{Limits, Preferred, SshId, cipher, client, compression, kex, keys::Algorithm, mac};

/// Post-quantum first.
const KEX: &[kex::Name] = &[
    kex::MLKEM768X25519_SHA256,
    kex::CURVE25519,
    kex::CURVE25519_PRE_RFC_8731,
    kex::EXTENSION_SUPPORT_AS_CLIENT,
    kex::EXTENSION_OPENSSH_STRICT_KEX_AS_CLIENT,
];
/// Authenticated encryption only.
const CIPHERS: &[cipher::Name] = &[cipher::AES_256_GCM, cipher::CHACHA20_POLY1305];
/// Unused with [`CIPHERS`], but the protocol wants the two sides to agree on one.
const MACS: &[mac::Name] = &[mac::HMAC_SHA512_ETM, mac::HMAC_SHA256_ETM];
/// What a gateway's host key is.
const KEYS: &[Algorithm] = &[Algorithm::Ed25519];
const COMPRESSION: &[compression::Name] = &[compression::NONE];

/// New keys after this many bytes in one direction (RFC 4253, section 9), and after this time.
const REKEY_BYTES: usize = 1 << 30;
const REKEY_AFTER: Duration = Duration::from_hours(1);

/// The rate that a window must not hold back.
const FULL_BYTES_PER_SECOND: u128 = 25_000_000;
/// What one channel and the stream below may have under way, at the least and at the most.
const MIN_WINDOW_BYTES: u32 = 2 * 1024 * 1024;
const MAX_WINDOW_BYTES: u32 = 8 * 1024 * 1024;
const MAX_PACKET_BYTES: u32 = 32 * 1024;
/// Data come to the handler; of the other messages of a channel there are few.
const QUEUED_CHANNEL_MESSAGES: usize = 16;

/// What may be under way each way, for a line with this delay: 200 Mbit/s.
pub(super) fn window_bytes(round_trip: Duration) -> u32 {
    let full = round_trip.as_micros().saturating_mul(FULL_BYTES_PER_SECOND) / 1_000_000;
    u32::try_from(full).unwrap_or(u32::MAX).clamp(MIN_WINDOW_BYTES, MAX_WINDOW_BYTES)
}

/// The configuration of the SSH protocol. It knows no deadlines: the stream below knows better than SSH whether somebody is
/// still there, and an outage must not end what lies above.
pub(super) fn russh_config(window_bytes: u32) -> client::Config {
    client::Config {
        client_id: SshId::Standard(Cow::Borrowed("SSH-2.0-FernamtStick")),
        limits: Limits::new(REKEY_BYTES, REKEY_BYTES, REKEY_AFTER),
        window_size: window_bytes,
        maximum_packet_size: MAX_PACKET_BYTES,
        channel_buffer_size: QUEUED_CHANNEL_MESSAGES,
        preferred: Preferred {
            kex: Cow::Borrowed(KEX),
            host_key_certificates: Cow::Borrowed(&[]),
            key: Cow::Borrowed(KEYS),
            cipher: Cow::Borrowed(CIPHERS),
            mac: Cow::Borrowed(MACS),
            compression: Cow::Borrowed(COMPRESSION),
        },
        inactivity_timeout: None,
        keepalive_interval: None,
        anonymous: false,
        nodelay: true,
        ..client::Config::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_window_grows_with_the_delay_within_bounds() {
        assert_eq!(window_bytes(Duration::ZERO), MIN_WINDOW_BYTES);
        assert_eq!(window_bytes(Duration::from_millis(80)), MIN_WINDOW_BYTES);
        assert_eq!(window_bytes(Duration::from_millis(200)), 5_000_000);
        assert_eq!(window_bytes(Duration::from_secs(60)), MAX_WINDOW_BYTES);
    }

    #[test]
    fn ssh_itself_waits_for_ever() {
        let config = russh_config(MIN_WINDOW_BYTES);
        assert_eq!((config.inactivity_timeout, config.keepalive_interval), (None, None));
        assert_eq!(config.preferred.kex.first(), Some(&kex::MLKEM768X25519_SHA256));
    }
}
