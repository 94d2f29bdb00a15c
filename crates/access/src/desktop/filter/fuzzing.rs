//! Speaks on the channels of a running desktop, for the fuzz targets: a fuzzer hardly ever gets through the connection
//! sequence by itself.

use ironrdp_pdu::nego::SecurityProtocol;

use super::{Channel, ChannelPolicy, Filter, FromServer, Phase, Role, bytes, frame::MCS_OFFSET};
use crate::desktop::broker;

const IO_CHANNEL: u16 = 1003;
const DYNAMIC_CHANNEL: u16 = 1004;
const CLIPBOARD_CHANNEL: u16 = 1005;
const CLOSED_CHANNEL: u16 = 1006;

const FROM_SERVER: u8 = 0x80;
const FIRST: u8 = 0x10;
const LAST: u8 = 0x08;

/// The first byte chooses the policy. Then each message begins with a byte that tells side, channel and which part of
/// a message it is, and one for its length.
///
/// # Panics
/// When a frame grows, a closed channel carries something, or a file passes a clipboard that is for text only: a
/// fuzzer looks for panics.
pub fn channels(data: &[u8]) {
    let Some((choice, mut data)) = data.split_first() else { return };
    let policy = ChannelPolicy { clipboard: true, drives: choice & 2 != 0, printers: choice & 4 != 0 };
    let mut filter = running(policy);
    while let [head, length, rest @ ..] = data {
        let (message, rest) = rest.split_at(rest.len().min(usize::from(*length)));
        data = rest;
        let (channel, message) = match head & 0x60 {
            0 => (IO_CHANNEL, message.to_vec()),
            0x20 => (DYNAMIC_CHANNEL, chunk(*head, message)),
            0x40 => (CLIPBOARD_CHANNEL, chunk(*head, message)),
            _ => (CLOSED_CHANNEL, chunk(*head, message)),
        };
        let from_server = head & FROM_SERVER != 0;
        let frame = frame(from_server, channel, &message);
        let mut out = Vec::new();
        let passed = if from_server {
            match filter.from_server(&frame, &mut out) {
                Ok(FromServer::Redirected(redirection)) => {
                    let _ = (broker::hosts(&redirection), broker::redirected(&redirection));
                    return;
                }
                Ok(FromServer::Continue) => true,
                Err(_) => false,
            }
        } else {
            filter.from_client(&frame, &mut out).is_ok()
        };
        if !passed {
            return;
        }
        assert!(out.is_empty() || out.len() == frame.len(), "a frame has another length after the filter");
        assert!(channel != CLOSED_CHANNEL || out.is_empty(), "something passes on a closed channel");
        if channel == CLIPBOARD_CHANNEL && head & FIRST != 0 {
            assert!(carries_text_only(out.get(frame.len() - message.len() + 8..).unwrap_or_default()), "a file passes");
        }
    }
}

fn running(policy: ChannelPolicy) -> Filter {
    let mut filter = Filter::new(policy, SecurityProtocol::SSL, None);
    filter.phase = Phase::Running;
    filter.io_channel = IO_CHANNEL;
    for (id, role) in
        [(DYNAMIC_CHANNEL, Role::Dynamic), (CLIPBOARD_CHANNEL, Role::ClipboardText), (CLOSED_CHANNEL, Role::Closed)]
    {
        filter.channels.insert(id, Channel { role, from_client: None, from_server: None });
    }
    filter
}

fn chunk(head: u8, message: &[u8]) -> Vec<u8> {
    let flags = u32::from(head & FIRST != 0) | u32::from(head & LAST != 0) << 1;
    let length = u32::try_from(message.len()).unwrap_or(u32::MAX);
    [&length.to_le_bytes()[..], &flags.to_le_bytes(), message].concat()
}

fn frame(from_server: bool, channel: u16, data: &[u8]) -> Vec<u8> {
    const HEADER_BYTES: usize = MCS_OFFSET + 8;
    let choice = if from_server { 26 << 2 } else { 25 << 2 };
    let [id_high, id_low] = channel.to_be_bytes();
    let inner = u16::try_from(data.len()).unwrap_or(u16::MAX) | 0x8000;
    let whole = u16::try_from(HEADER_BYTES + data.len()).unwrap_or(u16::MAX);
    let ([inner_high, inner_low], [high, low]) = (inner.to_be_bytes(), whole.to_be_bytes());
    let header = [3, 0, high, low, 2, 0xF0, 0x80, choice, 0, 1, id_high, id_low, 0x70, inner_high, inner_low];
    [&header[..], data].concat()
}

fn carries_text_only(message: &[u8]) -> bool {
    match bytes::u16_le(message, 0) {
        Some(8 | 9) => false,
        Some(4) => bytes::u32_le(message, 8).is_some_and(|format| matches!(format, 1 | 7 | 13 | 16 | 0x7FFF_FFFF)),
        _ => true,
    }
}
