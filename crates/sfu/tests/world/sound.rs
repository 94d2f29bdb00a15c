//! Sound that repeats itself (RFC 2198), as browsers send it: the packet before stands in each packet.

use super::track::Layer;

/// At 48 kHz, how much earlier the packet before was.
const EARLIER: u16 = 960;

impl Layer {
    /// A packet with the one before in it.
    pub(super) fn repeating(&mut self, now: Vec<u8>, opus: u8) -> Vec<u8> {
        let before = std::mem::replace(&mut self.before, now.clone());
        let mut packet = Vec::new();
        if !before.is_empty() {
            let [high, low] = (EARLIER << 2 | u16::try_from(before.len()).unwrap() >> 8).to_be_bytes();
            packet.extend([0x80 | opus, high, low, before.len().to_le_bytes()[0]]);
        }
        packet.push(opus);
        [packet, before, now].concat()
    }
}

/// The blocks of a packet, the newest last.
pub(super) fn blocks(mut packet: &[u8]) -> Vec<&[u8]> {
    let mut sizes = Vec::new();
    while packet[0] & 0x80 != 0 {
        sizes.push(usize::from(u16::from_be_bytes([packet[2] & 3, packet[3]])));
        packet = &packet[4..];
    }
    packet = &packet[1..];
    let mut blocks = Vec::new();
    for size in sizes {
        let (block, rest) = packet.split_at(size);
        blocks.push(block);
        packet = rest;
    }
    blocks.push(packet);
    blocks
}
