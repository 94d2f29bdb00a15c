//! The front: what kind of datagram this is, and for whom, before anybody spends anything on it.
//!
//! The ICE name of every connection tells shard, seat and side, so the first packet of a client finds its way without
//! any table. Everything else is recognised by the address it comes from, and addresses are learnt only from
//! checks whose integrity holds.

use aws_lc_rs::hmac;
use str0m::ice::StunMessage;

use crate::{
    ids::{SeatId, Side},
    limits::MAX_DATAGRAM_BYTES,
};

/// Bytes of random text at the end of an ICE name.
const RANDOM_CHARS: usize = 8;
/// An ICE name: side, shard (4), seat (8), random text.
const UFRAG_CHARS: usize = 1 + 4 + 8 + RANDOM_CHARS;

/// The number of a shard within its server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ShardNo(pub u16);

/// An ICE name (ufrag) taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IceName {
    /// Which shard.
    pub shard: ShardNo,
    /// Which seat.
    pub seat: SeatId,
    /// Which of its connections.
    pub side: Side,
}

impl IceName {
    /// The name on the wire; `random` keeps an old one from fitting a new seat.
    pub(crate) fn write(&self, random: &[u8]) -> String {
        let side = match self.side {
            Side::Publisher => 'p',
            Side::Subscriber => 's',
        };
        let tail: String = random.iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]).take(RANDOM_CHARS).collect();
        format!("{side}{:04x}{:08x}{tail}", self.shard.0, self.seat.0)
    }

    /// The name, if it is one of ours.
    pub fn parse(text: &str) -> Option<Self> {
        if text.len() != UFRAG_CHARS || !text.is_ascii() {
            return None;
        }
        let side = match text.as_bytes().first()? {
            b'p' => Side::Publisher,
            b's' => Side::Subscriber,
            _ => return None,
        };
        let digits = text.get(1..)?;
        if !digits.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            return None;
        }
        Some(Self {
            shard: ShardNo(u16::from_str_radix(digits.get(..4)?, 16).ok()?),
            seat: SeatId(u32::from_str_radix(digits.get(4..12)?, 16).ok()?),
            side,
        })
    }
}

/// What a datagram is, by its first bytes (RFC 7983).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Datagram {
    /// A connectivity check for one of our connections. Its integrity is not checked yet.
    Check(IceName),
    /// DTLS, RTP, RTCP or the answer to a check: known only by its address.
    ByAddress,
    /// Nothing of ours: to be dropped.
    Foreign,
}

/// Looks at a datagram. Never panics, allocates nothing that stays.
pub fn classify(bytes: &[u8]) -> Datagram {
    if bytes.len() > MAX_DATAGRAM_BYTES {
        return Datagram::Foreign;
    }
    match bytes.first() {
        Some(0..2) if bytes.len() >= 20 => match StunMessage::parse(bytes) {
            Ok(stun) if stun.is_binding_request() => {
                match stun.split_username().and_then(|(ours, _)| IceName::parse(ours)) {
                    Some(name) => Datagram::Check(name),
                    None => Datagram::Foreign,
                }
            }
            Ok(stun) if stun.is_successful_binding_response() || stun.is_failed_binding_response() => {
                Datagram::ByAddress
            }
            _ => Datagram::Foreign,
        },
        Some(20..64 | 128..192) if bytes.len() > 12 => Datagram::ByAddress,
        _ => Datagram::Foreign,
    }
}

/// Whether a check was made with the password of the connection it names, and names it in full.
pub(crate) fn check_holds(bytes: &[u8], ufrag: &str, password: &str) -> bool {
    let Ok(stun) = StunMessage::parse(bytes) else { return false };
    stun.split_username().is_some_and(|(ours, _)| ours == ufrag) && stun.verify(password.as_bytes(), sha1_hmac)
}

/// The ICE name and password that 24 random bytes make.
pub(crate) fn credentials(name: &IceName, secret: &[u8; 24]) -> (String, String) {
    let (random, password) = secret.split_at(4);
    let password = password.iter().flat_map(|byte| [hex(byte >> 4), hex(byte & 15)]).collect();
    (name.write(random), password)
}

pub(crate) fn sha1_hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 20] {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key);
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    let mut tag = [0; 20];
    tag.copy_from_slice(context.sign().as_ref());
    tag
}

fn hex(nibble: u8) -> char {
    char::from_digit(u32::from(nibble & 15), 16).unwrap_or('0')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ice_name_carries_shard_seat_and_side() {
        for side in [Side::Publisher, Side::Subscriber] {
            let name = IceName { shard: ShardNo(0xfffe), seat: SeatId(0x1234_5678), side };
            assert_eq!(IceName::parse(&name.write(&[0xab; 4])), Some(name));
        }
    }

    #[test]
    fn foreign_names_are_none_of_ours() {
        for text in
            ["", "p", "x00010000000200000000", "p0001000000020000000", "p00010000000G00000000", "p0001+000000200000000"]
        {
            assert_eq!(IceName::parse(text), None, "{text}");
        }
    }

    #[test]
    fn noise_and_giants_are_foreign() {
        assert_eq!(classify(b""), Datagram::Foreign);
        assert_eq!(classify(b"GET / HTTP/1.1\r\n\r\n"), Datagram::Foreign);
        assert_eq!(classify(&[0x80; MAX_DATAGRAM_BYTES + 1]), Datagram::Foreign);
        assert_eq!(classify(&[0x80; 100]), Datagram::ByAddress);
        assert_eq!(classify(&[0; 100]), Datagram::Foreign);
    }
}
