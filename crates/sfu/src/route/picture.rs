//! VP8's own counters (picture id, TL0PICIDX, KEYIDX) go on unbroken when a subscriber's stream changes its source.
//!
//! They stand in the payload descriptor, which the packetiser writes after any end-to-end encryption.

use str0m::rtp::{Vp8Descriptor, Vp8Patch};

/// A counter of some bits that is moved by a fixed distance.
#[derive(Clone, Copy, Debug, Default)]
struct Counter {
    distance: u16,
    highest: Option<u16>,
}

impl Counter {
    fn rebase(&mut self, value: u16, mask: u16) {
        let next = self.highest.map_or(value, |highest| highest.wrapping_add(1));
        self.distance = next.wrapping_sub(value) & mask;
    }

    fn map(&mut self, value: u16, mask: u16) -> u16 {
        let out = value.wrapping_add(self.distance) & mask;
        let ahead = self.highest.is_none_or(|highest| out.wrapping_sub(highest) & mask <= mask / 2);
        if ahead {
            self.highest = Some(out);
        }
        out
    }
}

/// The counters of one subscriber's VP8 stream.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    picture: Counter,
    tl0: Counter,
    key: Counter,
}

impl Pictures {
    /// The stream goes on with this packet of a new source.
    pub(crate) fn rebase(&mut self, payload: &[u8]) {
        let Ok(descriptor) = Vp8Descriptor::parse(payload) else { return };
        if let Some(value) = descriptor.picture_id() {
            self.picture.rebase(value, picture_mask(payload));
        }
        if let Some(value) = descriptor.tl0_pic_idx() {
            self.tl0.rebase(u16::from(value), 0xff);
        }
        if let Some(value) = descriptor.key_idx() {
            self.key.rebase(u16::from(value), 0x1f);
        }
    }

    /// What is to be changed in a packet, if anything.
    pub(crate) fn map(&mut self, payload: &[u8]) -> Option<Vp8Patch> {
        let descriptor = Vp8Descriptor::parse(payload).ok()?;
        let mut patch = descriptor.patch();
        let mut changed = false;
        if let Some(value) = descriptor.picture_id() {
            let out = self.picture.map(value, picture_mask(payload));
            changed |= out != value;
            patch = patch.picture_id(out);
        }
        if let Some(value) = descriptor.tl0_pic_idx() {
            let out = self.tl0.map(u16::from(value), 0xff).to_le_bytes()[0];
            changed |= out != value;
            patch = patch.tl0_pic_idx(out);
        }
        if let Some(value) = descriptor.key_idx() {
            let out = self.key.map(u16::from(value), 0x1f).to_le_bytes()[0];
            changed |= out != value;
            patch = patch.key_idx(out);
        }
        if changed { patch.build().ok() } else { None }
    }
}

/// 7 or 15 bits: the first bit of the picture id says which. The descriptor was parsed before, so the byte is there.
fn picture_mask(payload: &[u8]) -> u16 {
    if payload.get(2).is_some_and(|byte| byte & 0x80 != 0) { 0x7fff } else { 0x7f }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A VP8 packet with a 15-bit picture id and TL0PICIDX.
    fn packet(picture: u16, tl0: u8) -> Vec<u8> {
        let [high, low] = picture.to_be_bytes();
        vec![0x90, 0xe0, 0x80 | high, low, tl0, 0x20, 0x00, 1, 2, 3]
    }

    fn mapped(pictures: &mut Pictures, picture: u16, tl0: u8) -> (u16, u8) {
        let payload = packet(picture, tl0);
        pictures.map(&payload);
        (pictures.picture.highest.unwrap(), pictures.tl0.highest.unwrap().to_le_bytes()[0])
    }

    #[test]
    fn pictures_are_counted_on_over_a_change_of_layer() {
        let mut pictures = Pictures::default();
        pictures.rebase(&packet(0x7ffe, 254));
        assert_eq!(mapped(&mut pictures, 0x7ffe, 254), (0x7ffe, 254));
        assert_eq!(mapped(&mut pictures, 0x7fff, 255), (0x7fff, 255));
        pictures.rebase(&packet(17, 3));
        assert_eq!(mapped(&mut pictures, 17, 3), (0, 0));
        assert_eq!(mapped(&mut pictures, 18, 4), (1, 1));
    }

    #[test]
    fn an_unchanged_source_needs_no_patch() {
        let mut pictures = Pictures::default();
        pictures.rebase(&packet(5, 5));
        assert_eq!(pictures.map(&packet(5, 5)), None);
        pictures.rebase(&packet(90, 5));
        assert!(pictures.map(&packet(90, 5)).is_some());
    }

    proptest! {
        #[test]
        fn any_payload_is_taken(payload in prop::collection::vec(any::<u8>(), 0..64), other in prop::collection::vec(any::<u8>(), 0..64)) {
            let mut pictures = Pictures::default();
            pictures.rebase(&payload);
            pictures.map(&payload);
            pictures.map(&other);
            pictures.rebase(&other);
            pictures.map(&other);
        }
    }
}
