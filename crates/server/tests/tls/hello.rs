//! One TLS handshake as far as it goes in the clear: what we offer, what the server makes of it (RFC 5246, RFC 8446).
//!
//! Written by hand, because a TLS library refuses to offer what a server must refuse to take.

use std::{
    io::{Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::Duration,
};

/// A server that says nothing by then will not.
const ANSWER_LIMIT: Duration = Duration::from_secs(20);

/// The random of a `ServerHello` that is a `HelloRetryRequest` (RFC 8446, section 4.1.3).
const RETRY: [u8; 32] = [
    0xCF, 0x21, 0xAD, 0x74, 0xE5, 0x9A, 0x61, 0x11, 0xBE, 0x1D, 0x8C, 0x02, 0x1E, 0x65, 0xB8, 0x91, 0xC2, 0xA2, 0x11,
    0x16, 0x7A, 0xBB, 0x8C, 0x5E, 0x07, 0x9E, 0x09, 0xE2, 0xC8, 0xA8, 0x33, 0x9C,
];

pub(crate) const SSL3: u16 = 0x0300;
pub(crate) const TLS10: u16 = 0x0301;
pub(crate) const TLS11: u16 = 0x0302;
pub(crate) const TLS12: u16 = 0x0303;
pub(crate) const TLS13: u16 = 0x0304;

const SERVER_NAME: u16 = 0;
const SUPPORTED_GROUPS: u16 = 10;
const POINT_FORMATS: u16 = 11;
const SIGNATURE_ALGORITHMS: u16 = 13;
const EXTENDED_MASTER_SECRET: u16 = 23;
const SUPPORTED_VERSIONS: u16 = 43;
const KEY_SHARE: u16 = 51;
const RENEGOTIATION: u16 = 0xFF01;

/// What a client offers.
#[derive(Debug, Clone)]
pub(crate) struct Offer {
    pub(crate) version: u16,
    pub(crate) suites: Vec<u16>,
    pub(crate) groups: Vec<u16>,
    pub(crate) signatures: Vec<u16>,
    pub(crate) compression: Vec<u8>,
}

impl Offer {
    /// Offers one version with these suites, and everything else in the widest choice.
    pub(crate) fn new(version: u16, suites: impl IntoIterator<Item = u16>) -> Self {
        Self {
            version,
            suites: suites.into_iter().collect(),
            groups: (1..=30).chain([256, 257, 258, 259, 260, 0x11EB, 0x11EC, 0x11ED]).collect(),
            signatures: [0x04, 0x05, 0x06, 0x02, 0x03, 0x01]
                .into_iter()
                .flat_map(|hash| [1, 2, 3].map(|key| hash << 8 | key))
                .chain(0x0804..=0x080B)
                .collect(),
            compression: vec![0],
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let mut hello = self.version.min(TLS12).to_be_bytes().to_vec();
        hello.extend([7; 32]);
        hello.push(0);
        hello.extend(counted(2, &words(&self.suites)));
        hello.extend(counted(1, &self.compression));
        if self.version > SSL3 {
            hello.extend(counted(2, &self.extensions()));
        }
        let message = [&[1_u8][..], &counted(3, &hello)].concat();
        // A hello of every suite is longer than one record may be.
        let version = self.version.min(TLS10).to_be_bytes();
        message.chunks(16_000).flat_map(|part| [&[22_u8][..], &version, &counted(2, part)].concat()).collect()
    }

    fn extensions(&self) -> Vec<u8> {
        let name = [&[0_u8][..], &counted(2, b"fernamt.localhost")].concat();
        let mut all = vec![
            (SERVER_NAME, counted(2, &name)),
            (POINT_FORMATS, counted(1, &[0])),
            (RENEGOTIATION, counted(1, &[])),
            (EXTENDED_MASTER_SECRET, Vec::new()),
        ];
        if !self.groups.is_empty() {
            all.push((SUPPORTED_GROUPS, counted(2, &words(&self.groups))));
        }
        if self.version >= TLS12 {
            all.push((SIGNATURE_ALGORITHMS, counted(2, &words(&self.signatures))));
        }
        if self.version >= TLS13 {
            all.push((SUPPORTED_VERSIONS, counted(1, &words(&[TLS13]))));
            // No share at all: the server asks for one by naming the group it wants.
            all.push((KEY_SHARE, counted(2, &[])));
        }
        all.into_iter().flat_map(|(kind, body)| [&kind.to_be_bytes()[..], &counted(2, &body)].concat()).collect()
    }
}

/// What the server chose.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Choice {
    pub(crate) version: u16,
    pub(crate) suite: u16,
    pub(crate) compression: u8,
    /// The group of the key exchange, where the server named one.
    pub(crate) group: Option<u16>,
    pub(crate) secure_renegotiation: bool,
    pub(crate) extended_master_secret: bool,
    /// The last bytes of its random, which warn of a downgrade.
    pub(crate) sentinel: [u8; 8],
}

/// How a server answers an offer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Answer {
    Taken(Choice),
    /// An alert with its description, or none where the server just closed.
    Refused(Option<u8>),
}

impl Answer {
    pub(crate) fn taken(self) -> Option<Choice> {
        match self {
            Self::Taken(choice) => Some(choice),
            Self::Refused(_) => None,
        }
    }
}

/// Makes an offer.
pub(crate) fn offer(server: SocketAddr, offer: &Offer) -> Answer {
    let mut stream = TcpStream::connect(server).unwrap();
    stream.set_read_timeout(Some(ANSWER_LIMIT)).unwrap();
    stream.write_all(&offer.bytes()).unwrap();
    let mut handshake = Vec::new();
    let mut choice: Option<Choice> = None;
    loop {
        let mut head = [0; 5];
        if stream.read_exact(&mut head).is_err() {
            return choice.map_or(Answer::Refused(None), Answer::Taken);
        }
        let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        if stream.read_exact(&mut body).is_err() {
            return Answer::Refused(None);
        }
        match head[0] {
            21 => return Answer::Refused(body.get(1).copied()),
            22 => handshake.extend(body),
            other => panic!("a record of kind {other} instead of an answer"),
        }
        while let Some((kind, message)) = next_message(&mut handshake) {
            match (kind, &mut choice) {
                (2, None) => {
                    let read = server_hello(&message).expect("a ServerHello of the standard");
                    if read.version == TLS13 {
                        return Answer::Taken(read);
                    }
                    choice = Some(read);
                }
                // ServerKeyExchange on a named curve.
                (12, Some(choice)) if message.first() == Some(&3) => {
                    choice.group = Some(u16::from_be_bytes([message[1], message[2]]));
                }
                (14, Some(choice)) => return Answer::Taken(choice.clone()),
                _ => {}
            }
        }
    }
}

fn next_message(pending: &mut Vec<u8>) -> Option<(u8, Vec<u8>)> {
    let [kind, a, b, c, ..] = pending[..] else { return None };
    let length = u32::from_be_bytes([0, a, b, c]) as usize;
    if pending.len() < 4 + length {
        return None;
    }
    let rest = pending.split_off(4 + length);
    let message = std::mem::replace(pending, rest).split_off(4);
    Some((kind, message))
}

fn server_hello(message: &[u8]) -> Option<Choice> {
    let word = |at: usize| Some(u16::from_be_bytes([*message.get(at)?, *message.get(at + 1)?]));
    let random = message.get(2..34)?;
    let after_id = 35 + usize::from(*message.get(34)?);
    let mut choice = Choice {
        version: word(0)?,
        suite: word(after_id)?,
        compression: *message.get(after_id + 2)?,
        sentinel: random.get(24..)?.try_into().ok()?,
        ..Choice::default()
    };
    let mut at = after_id + 5;
    while at + 4 <= message.len() {
        let (kind, length) = (word(at)?, usize::from(word(at + 2)?));
        match kind {
            SUPPORTED_VERSIONS => choice.version = word(at + 4)?,
            KEY_SHARE => choice.group = word(at + 4),
            RENEGOTIATION => choice.secure_renegotiation = true,
            EXTENDED_MASTER_SECRET => choice.extended_master_secret = true,
            _ => {}
        }
        at += 4 + length;
    }
    if choice.version == TLS13 {
        assert_eq!(random, RETRY, "without a share there is nothing to go on with");
    }
    Some(choice)
}

fn words(words: &[u16]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// Bytes behind their length in so many bytes.
fn counted(width: usize, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&length[4 - width..], body].concat()
}
