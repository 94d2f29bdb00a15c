//! Frames as bytes and back.

use bytes::{Buf as _, BufMut as _, Bytes, BytesMut};

use crate::{Fault, MAX_DATA_BYTES, MAX_POSITION};

/// Type and length.
pub const HEAD_BYTES: usize = 3;
/// What OPEN and ATTACH begin with.
const MAGIC: [u8; 4] = *b"FRSM";
const VERSION: u8 = 1;

const OPEN: u8 = 1;
const ATTACH: u8 = 2;
const ATTACHED: u8 = 3;
const REFUSED: u8 = 4;
const DATA: u8 = 5;
const END: u8 = 6;
const ACK: u8 = 7;
const PING: u8 = 8;
const PONG: u8 = 9;
const BYE: u8 = 10;
const TWIN: u8 = 11;

/// The initiator's proof, on a new line, that the stream is its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attach {
    /// The stream.
    pub id: [u8; 16],
    /// Counts up with every attempt.
    pub epoch: u64,
    /// All before this position has reached the initiator.
    pub received: u64,
    /// The code over all of this.
    pub code: [u8; 32],
}

/// The initiator's proof, on a further line, that it is the twin of the one that the stream runs over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Twin {
    /// The stream.
    pub id: [u8; 16],
    /// The epoch of the stream's line.
    pub epoch: u64,
    /// Counts up with every twin of the stream.
    pub number: u64,
    /// The code over all of this.
    pub code: [u8; 32],
}

/// Why a line is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// There is no such stream, or the proof is wrong: it makes no sense to ask again.
    Gone,
    /// Not now.
    Busy,
}

/// One frame; see the crate's description for each.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the table in the crate's description says it at one place")]
pub enum Frame {
    Open,
    Attach(Attach),
    Attached { epoch: u64, received: u64, from: u64, code: [u8; 32] },
    Refused(Refusal),
    Data { position: u64, bytes: Bytes },
    End { position: u64 },
    Ack { taken: u64, limit: u64 },
    Ping { number: u64, sent: u64 },
    Pong(u64),
    Bye,
    Twin(Twin),
}

impl Frame {
    /// Appends the frame's bytes.
    pub fn write(&self, out: &mut BytesMut) {
        match self {
            Self::Open => {
                head(out, OPEN, 5);
                preface(out);
            }
            Self::Attach(attach) => {
                head(out, ATTACH, 69);
                preface(out);
                out.put_slice(&attach.id);
                out.put_u64(attach.epoch);
                out.put_u64(attach.received);
                out.put_slice(&attach.code);
            }
            Self::Attached { epoch, received, from, code } => {
                head(out, ATTACHED, 56);
                out.put_u64(*epoch);
                out.put_u64(*received);
                out.put_u64(*from);
                out.put_slice(code);
            }
            Self::Refused(refusal) => {
                head(out, REFUSED, 1);
                out.put_u8(match refusal {
                    Refusal::Gone => 1,
                    Refusal::Busy => 2,
                });
            }
            Self::Data { position, bytes } => {
                debug_assert!(bytes.len() <= MAX_DATA_BYTES, "a frame that nobody would take");
                write_data(out, *position, [bytes, &[]]);
            }
            Self::End { position } => {
                head(out, END, 8);
                out.put_u64(*position);
            }
            Self::Ack { taken, limit } => {
                head(out, ACK, 16);
                out.put_u64(*taken);
                out.put_u64(*limit);
            }
            Self::Ping { number, sent } => {
                head(out, PING, 16);
                out.put_u64(*number);
                out.put_u64(*sent);
            }
            Self::Pong(number) => {
                head(out, PONG, 8);
                out.put_u64(*number);
            }
            Self::Bye => head(out, BYE, 0),
            Self::Twin(twin) => {
                head(out, TWIN, 69);
                preface(out);
                out.put_slice(&twin.id);
                out.put_u64(twin.epoch);
                out.put_u64(twin.number);
                out.put_slice(&twin.code);
            }
        }
    }

    /// The frame as bytes of its own.
    pub fn to_bytes(&self) -> Bytes {
        let mut out = BytesMut::new();
        self.write(&mut out);
        out.freeze()
    }
}

/// Appends a DATA frame whose bytes lie in two places; together at most [`MAX_DATA_BYTES`].
pub(crate) fn write_data(out: &mut BytesMut, position: u64, parts: [&[u8]; 2]) {
    let bytes = parts.iter().map(|part| part.len()).sum::<usize>();
    head(out, DATA, u16::try_from(8 + bytes).unwrap_or(u16::MAX));
    out.put_u64(position);
    for part in parts {
        out.put_slice(part);
    }
}

fn head(out: &mut BytesMut, kind: u8, length: u16) {
    out.put_u8(kind);
    out.put_u16(length);
}

fn preface(out: &mut BytesMut) {
    out.put_slice(&MAGIC);
    out.put_u8(VERSION);
}

/// Whether a line whose first byte this is may begin with OPEN, ATTACH or TWIN, rather than with words of another protocol.
pub fn starts_a_line(first: u8) -> bool {
    matches!(first, OPEN | ATTACH | TWIN)
}

/// Takes bytes as they come and yields frames. Holds at most one frame that is not complete.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: BytesMut,
}

impl Decoder {
    /// Takes more bytes. Ask for frames until there is none before pushing again, or they pile up.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// The next complete frame. After a fault the decoder is of no further use.
    pub fn next_frame(&mut self) -> Result<Option<Frame>, Fault> {
        let Some((kind, length)) = self.peek_head() else { return Ok(None) };
        if !is_length(kind, length)? {
            return Err(Fault::Length { kind, bytes: length });
        }
        if self.bytes.len() < HEAD_BYTES + length {
            return Ok(None);
        }
        self.bytes.advance(HEAD_BYTES);
        let rest = self.bytes.split_to(length).freeze();
        if self.bytes.is_empty() {
            // An idle line holds no buffer.
            self.bytes = BytesMut::new();
        }
        parse(kind, rest).map(Some)
    }

    /// Bytes that wait for the rest of their frame.
    pub fn waiting_bytes(&self) -> usize {
        self.bytes.len()
    }

    fn peek_head(&self) -> Option<(u8, usize)> {
        match *self.bytes.get(..HEAD_BYTES)? {
            [kind, high, low] => Some((kind, usize::from(u16::from_be_bytes([high, low])))),
            _ => None,
        }
    }
}

/// Which lengths a type allows.
fn is_length(kind: u8, length: usize) -> Result<bool, Fault> {
    Ok(match kind {
        OPEN => length == 5,
        ATTACH | TWIN => length == 69,
        ATTACHED => length == 56,
        REFUSED => length == 1,
        DATA => (9..=8 + MAX_DATA_BYTES).contains(&length),
        END | PONG => length == 8,
        ACK | PING => length == 16,
        BYE => length == 0,
        unknown => return Err(Fault::UnknownType(unknown)),
    })
}

fn parse(kind: u8, rest: Bytes) -> Result<Frame, Fault> {
    let length = rest.len();
    let mut fields = Fields(rest);
    read(kind, &mut fields)?.ok_or(Fault::Length { kind, bytes: length })
}

/// `None` where a field is missing, which [`is_length`] has ruled out.
fn read(kind: u8, fields: &mut Fields) -> Result<Option<Frame>, Fault> {
    if matches!(kind, OPEN | ATTACH | TWIN) {
        let Some([a, b, c, d, version]) = fields.array() else { return Ok(None) };
        if [a, b, c, d] != MAGIC {
            return Err(Fault::Foreign);
        }
        if version != VERSION {
            return Err(Fault::Version(version));
        }
    }
    let frame = match kind {
        OPEN => Some(Frame::Open),
        ATTACH => {
            let id = fields.array();
            let epoch = fields.number();
            let received = fields.position()?;
            match (id, epoch, received, fields.array()) {
                (Some(id), Some(epoch), Some(received), Some(code)) => {
                    Some(Frame::Attach(Attach { id, epoch, received, code }))
                }
                _ => None,
            }
        }
        ATTACHED => {
            let epoch = fields.number();
            let received = fields.position()?;
            let from = fields.position()?;
            match (epoch, received, from, fields.array()) {
                (Some(epoch), Some(received), Some(from), Some(code)) => {
                    Some(Frame::Attached { epoch, received, from, code })
                }
                _ => None,
            }
        }
        REFUSED => match fields.array() {
            Some([1]) => Some(Frame::Refused(Refusal::Gone)),
            Some([2]) => Some(Frame::Refused(Refusal::Busy)),
            Some([other]) => return Err(Fault::Reason(other)),
            None => None,
        },
        DATA => {
            let Some(position) = fields.position()? else { return Ok(None) };
            let bytes = std::mem::take(&mut fields.0);
            Some(Frame::Data { position, bytes })
        }
        END => fields.position()?.map(|position| Frame::End { position }),
        ACK => fields.position()?.zip(fields.position()?).map(|(taken, limit)| Frame::Ack { taken, limit }),
        PING => fields.number().zip(fields.position()?).map(|(number, sent)| Frame::Ping { number, sent }),
        PONG => fields.number().map(Frame::Pong),
        BYE => Some(Frame::Bye),
        TWIN => match (fields.array(), fields.number(), fields.number(), fields.array()) {
            (Some(id), Some(epoch), Some(number), Some(code)) => Some(Frame::Twin(Twin { id, epoch, number, code })),
            _ => None,
        },
        unknown => return Err(Fault::UnknownType(unknown)),
    };
    Ok(frame)
}

struct Fields(Bytes);

impl Fields {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let array = self.0.get(..N)?.try_into().ok()?;
        self.0.advance(N);
        Some(array)
    }

    fn number(&mut self) -> Option<u64> {
        self.array().map(u64::from_be_bytes)
    }

    fn position(&mut self) -> Result<Option<u64>, Fault> {
        match self.number() {
            Some(position) if position > MAX_POSITION => Err(Fault::Position),
            position => Ok(position),
        }
    }
}

/// How a line begins, at the acceptor: decides whether it is a new stream's or an older one's, or another line's twin.
#[derive(Debug, Default)]
pub struct Greeting {
    decoder: Decoder,
}

/// What a line begins with, and what came right after it.
#[derive(Debug)]
pub enum First {
    /// A new stream.
    Open(Decoder),
    /// An older stream comes back.
    Attach(Attach, Decoder),
    /// A twin for the line of a stream.
    Twin(Twin, Decoder),
}

impl Greeting {
    /// Takes more bytes; `Some` once the first frame is complete. Give it no more than a line yields in one read.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Option<First>, Fault> {
        self.decoder.push(bytes);
        match self.decoder.peek_head() {
            Some((OPEN | ATTACH | TWIN, _)) => {}
            Some(_) => return Err(Fault::Foreign),
            None => return Ok(None),
        }
        match self.decoder.next_frame()? {
            Some(Frame::Open) => Ok(Some(First::Open(std::mem::take(&mut self.decoder)))),
            Some(Frame::Attach(attach)) => Ok(Some(First::Attach(attach, std::mem::take(&mut self.decoder)))),
            Some(Frame::Twin(twin)) => Ok(Some(First::Twin(twin, std::mem::take(&mut self.decoder)))),
            Some(_) => Err(Fault::Unexpected),
            None => Ok(None),
        }
    }

    /// Bytes that wait for the rest of the first frame.
    pub fn waiting_bytes(&self) -> usize {
        self.decoder.waiting_bytes()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn position() -> impl Strategy<Value = u64> {
        0..=MAX_POSITION
    }

    fn any_frame() -> impl Strategy<Value = Frame> {
        let code = any::<[u8; 32]>;
        prop_oneof![
            Just(Frame::Open),
            (any::<[u8; 16]>(), any::<u64>(), position(), code())
                .prop_map(|(id, epoch, received, code)| { Frame::Attach(Attach { id, epoch, received, code }) }),
            (any::<u64>(), position(), position(), code())
                .prop_map(|(epoch, received, from, code)| { Frame::Attached { epoch, received, from, code } }),
            prop_oneof![Just(Refusal::Gone), Just(Refusal::Busy)].prop_map(Frame::Refused),
            (position(), proptest::collection::vec(any::<u8>(), 1..300))
                .prop_map(|(position, bytes)| Frame::Data { position, bytes: bytes.into() }),
            position().prop_map(|position| Frame::End { position }),
            (position(), position()).prop_map(|(taken, limit)| Frame::Ack { taken, limit }),
            (any::<u64>(), position()).prop_map(|(number, sent)| Frame::Ping { number, sent }),
            any::<u64>().prop_map(Frame::Pong),
            Just(Frame::Bye),
            (any::<[u8; 16]>(), any::<u64>(), any::<u64>(), code())
                .prop_map(|(id, epoch, number, code)| Frame::Twin(Twin { id, epoch, number, code })),
        ]
    }

    proptest! {
        #[test]
        fn frames_come_out_as_they_went_in_however_they_are_cut(
            frames in proptest::collection::vec(any_frame(), 0..8),
            cut in 1_usize..40,
        ) {
            let mut wire = BytesMut::new();
            for frame in &frames {
                frame.write(&mut wire);
            }
            let mut decoder = Decoder::default();
            let mut seen = Vec::new();
            for part in wire.chunks(cut) {
                decoder.push(part);
                while let Some(frame) = decoder.next_frame().unwrap() {
                    seen.push(frame);
                }
            }
            prop_assert_eq!(seen, frames);
            prop_assert_eq!(decoder.waiting_bytes(), 0);
        }
    }

    fn fault(bytes: &[u8]) -> Fault {
        let mut decoder = Decoder::default();
        decoder.push(bytes);
        decoder.next_frame().unwrap_err()
    }

    #[test]
    fn a_wrong_length_is_refused_by_the_head_alone() {
        assert_eq!(fault(&[DATA, 0xff, 0xff]), Fault::Length { kind: DATA, bytes: 0xffff });
        assert_eq!(fault(&[DATA, 0, 8]), Fault::Length { kind: DATA, bytes: 8 });
        assert_eq!(fault(&[ACK, 0, 8]), Fault::Length { kind: ACK, bytes: 8 });
        assert_eq!(fault(&[BYE, 0, 1]), Fault::Length { kind: BYE, bytes: 1 });
        assert_eq!(fault(&[0, 0, 0]), Fault::UnknownType(0));
        assert_eq!(fault(b"SSH-2.0-"), Fault::UnknownType(b'S'));
    }

    #[test]
    fn foreign_words_are_refused() {
        assert_eq!(fault(b"\x01\0\x05FRSL\x01"), Fault::Foreign);
        assert_eq!(fault(b"\x01\0\x05FRSM\x02"), Fault::Version(2));
        assert_eq!(fault(b"\x04\0\x01\x09"), Fault::Reason(9));
        assert_eq!(fault(b"\x06\0\x08\x40\0\0\0\0\0\0\x01"), Fault::Position);
    }

    #[test]
    fn a_greeting_takes_nothing_but_what_begins_a_line() {
        assert_eq!(Greeting::default().push(b"GET / HTTP/1.1\r\n").unwrap_err(), Fault::Foreign);
        assert_eq!(Greeting::default().push(&Frame::Bye.to_bytes()).unwrap_err(), Fault::Foreign);
        let mut greeting = Greeting::default();
        let mut wire = BytesMut::from(&Frame::Open.to_bytes()[..]);
        let ping = Frame::Ping { number: 7, sent: 0 };
        ping.write(&mut wire);
        assert!(greeting.push(&wire[..2]).unwrap().is_none());
        let Some(First::Open(mut rest)) = greeting.push(&wire[2..]).unwrap() else { panic!("no greeting") };
        assert_eq!(rest.next_frame().unwrap(), Some(ping));
    }
}
