//! Framing: TPKT ([RFC 1006]), fast-path ([MS-RDPBCGR] 2.2.8.1.2 and 2.2.9.1.2) and the DER messages of `CredSSP`, and
//! the header of MCS data within a TPKT frame.
//!
//! The rules are stricter than the protocol where its freedom would let two parsers disagree: one MCS message fills one
//! frame exactly, X.224 data are never split, MCS data are never segmented. No known client or server does otherwise.

use super::{FilterError, bytes};

/// The most bytes of one frame: a TPKT frame's length is 16 bits wide.
pub(super) const MAX_FRAME_BYTES: usize = 65_535;

/// Where the MCS message begins in a TPKT frame with X.224 data.
pub(super) const MCS_OFFSET: usize = 7;

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FrameKind {
    /// A `CredSSP` message (DER).
    CredSsp,
    /// The four bytes that end network level authentication with early authorisation.
    EarlyAuthorisation,
    /// TPKT with X.224 data.
    Tpkt,
    /// Fast-path input or output.
    FastPath,
}

/// Collects bytes until a frame is whole. Holds at most one frame and what the caller feeds at once.
#[derive(Debug, Default)]
pub(super) struct Framer {
    pending: Vec<u8>,
    consumed: usize,
}

impl Framer {
    /// Takes bytes in.
    pub(super) fn feed(&mut self, input: &[u8]) {
        if self.consumed > 0 {
            self.pending.drain(..self.consumed);
            self.consumed = 0;
        }
        self.pending.extend_from_slice(input);
    }

    /// The next whole frame, if there is one. `nla` tells whether `CredSSP` may still be spoken.
    pub(super) fn next(&mut self, nla: bool) -> Result<Option<(FrameKind, &mut [u8])>, FilterError> {
        let rest = self.pending.get_mut(self.consumed..).unwrap_or_default();
        let Some((kind, length)) = measure(rest, nla)? else { return Ok(None) };
        let Some(frame) = rest.get_mut(..length) else { return Ok(None) };
        self.consumed += length;
        Ok(Some((kind, frame)))
    }
}

/// The kind and whole length of the frame that `data` begins with; `None` if that needs more bytes.
fn measure(data: &[u8], nla: bool) -> Result<Option<(FrameKind, usize)>, FilterError> {
    let Some(&first) = data.first() else { return Ok(None) };
    if nla {
        match first {
            0x30 => return Ok(der_length(data)?.map(|length| (FrameKind::CredSsp, length))),
            // AUTHZ_SUCCESS and AUTHZ_ACCESS_DENIED ([MS-RDPBCGR] 5.4.2.2.1); no TPKT begins like this.
            0x00 | 0x05 => return Ok(Some((FrameKind::EarlyAuthorisation, 4))),
            _ => {}
        }
    }
    match first & 0b11 {
        0b11 => {
            if first != 3 {
                return Err(FilterError::Malformed("TPKT version"));
            }
            let Some(length) = bytes::u16_be(data, 2) else { return Ok(None) };
            if usize::from(length) <= MCS_OFFSET {
                return Err(FilterError::Malformed("TPKT length"));
            }
            Ok(Some((FrameKind::Tpkt, usize::from(length))))
        }
        0b00 => {
            let Some(&high) = data.get(1) else { return Ok(None) };
            let (length, header) = if high & 0x80 == 0 {
                (usize::from(high), 2)
            } else {
                let Some(&low) = data.get(2) else { return Ok(None) };
                (usize::from(high & 0x7F) << 8 | usize::from(low), 3)
            };
            if length < header {
                return Err(FilterError::Malformed("fast-path length"));
            }
            Ok(Some((FrameKind::FastPath, length)))
        }
        _ => Err(FilterError::Malformed("frame type")),
    }
}

fn der_length(data: &[u8]) -> Result<Option<usize>, FilterError> {
    let Some(&first) = data.get(1) else { return Ok(None) };
    let (body, header) = match first {
        0..=0x7F => (usize::from(first), 2),
        0x81 => {
            let Some(&length) = data.get(2) else { return Ok(None) };
            (usize::from(length), 3)
        }
        0x82 => {
            let Some(length) = bytes::u16_be(data, 2) else { return Ok(None) };
            (usize::from(length), 4)
        }
        _ => return Err(FilterError::Malformed("CredSSP length")),
    };
    let length = body + header;
    if length > MAX_FRAME_BYTES {
        return Err(FilterError::Malformed("CredSSP length"));
    }
    Ok(Some(length))
}

/// The MCS message in a TPKT frame.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Mcs<'a> {
    /// Connect-Initial or Connect-Response, which are BER encoded.
    Connect,
    /// Data on a channel.
    Data {
        /// The channel's id.
        channel: u16,
        /// The data, in place.
        data: &'a mut [u8],
    },
    /// Another message of the domain, by its number.
    Other(u8),
}

/// Looks into a TPKT frame.
pub(super) fn mcs(frame: &mut [u8]) -> Result<Mcs<'_>, FilterError> {
    const DATA_REQUEST: u8 = 25;
    const DATA_INDICATION: u8 = 26;
    if frame.get(4..MCS_OFFSET) != Some(&[2, 0xF0, 0x80]) {
        return Err(FilterError::Malformed("X.224 header"));
    }
    let choice = *frame.get(MCS_OFFSET).ok_or(FilterError::Malformed("MCS message"))?;
    if choice == 0x7F {
        return Ok(Mcs::Connect);
    }
    let number = choice >> 2;
    if number != DATA_REQUEST && number != DATA_INDICATION {
        return Ok(Mcs::Other(number));
    }
    let fault = FilterError::Malformed("MCS data header");
    let channel = bytes::u16_be(frame, 10).ok_or(fault)?;
    let flags = *frame.get(12).ok_or(fault)?;
    if choice & 0b11 != 0 || flags & 0b0011_1111 != 0b0011_0000 {
        return Err(fault);
    }
    let first = *frame.get(13).ok_or(fault)?;
    let (length, start) = match first {
        0..=0x7F => (usize::from(first), 14),
        0x80..=0xBF => (usize::from(first & 0x3F) << 8 | usize::from(*frame.get(14).ok_or(fault)?), 15),
        _ => return Err(fault),
    };
    let data = frame.get_mut(start..).ok_or(fault)?;
    if data.len() != length {
        return Err(fault);
    }
    Ok(Mcs::Data { channel, data })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_cut_wherever_the_network_cuts() {
        let stream =
            [&[0x30, 3, 1, 2, 3][..], &[0, 0, 0, 0], &[3, 0, 0, 8, 2, 0xF0, 0x80, 0x28], &[0x04, 3, 9]].concat();
        for chunk in 1..stream.len() {
            let mut framer = Framer::default();
            let mut kinds = Vec::new();
            let mut nla = true;
            for part in stream.chunks(chunk) {
                framer.feed(part);
                while let Some((kind, _)) = framer.next(nla).unwrap() {
                    nla &= kind != FrameKind::EarlyAuthorisation;
                    kinds.push(kind);
                }
            }
            let expected = [FrameKind::CredSsp, FrameKind::EarlyAuthorisation, FrameKind::Tpkt, FrameKind::FastPath];
            assert_eq!(kinds, expected, "chunks of {chunk}");
        }
    }

    #[test]
    fn data_must_fill_the_frame_exactly() {
        let mut good = *b"\x03\0\0\x10\x02\xF0\x80\x64\0\x01\x03\xEB\x70\x02ab";
        assert!(matches!(mcs(&mut good).unwrap(), Mcs::Data { channel: 1003, data } if data == b"ab"));
        for (at, value) in [(4, 3), (6, 0), (7, 0x65), (12, 0x60), (13, 1), (13, 3), (13, 0xC1)] {
            let mut bad = good;
            bad[at] = value;
            assert!(mcs(&mut bad).is_err(), "byte {at} as {value}");
        }
    }
}
