//! The codecs' own counters go on unbroken when a subscriber's stream changes its source: VP8's picture id, TL0PICIDX and
//! KEYIDX, VP9's picture id and TL0PICIDX, the frame number of AV1's dependency descriptor.
//!
//! They stand in payload descriptors and header extensions, which are written after any end-to-end encryption.

use str0m::{
    format::Codec,
    rtp::{Vp8Descriptor, Vp8Patch},
};

use super::{descriptor::Descriptor, vp9};

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

/// What is changed in a packet on its way to one subscriber.
#[derive(Debug)]
pub(crate) enum Patch {
    /// VP8's descriptor.
    Vp8(Vp8Patch),
    /// The payload.
    Payload(Vec<u8>),
    /// The dependency descriptor, which goes along in any case.
    Descriptor(Descriptor),
}

/// The counters of one subscriber's stream of pictures.
#[derive(Debug, Default)]
pub(crate) struct Pictures {
    picture: Counter,
    tl0: Counter,
    key: Counter,
}

impl Pictures {
    /// The stream goes on with this packet of a new source.
    pub(crate) fn rebase(&mut self, codec: Codec, payload: &[u8], descriptor: Option<&Descriptor>) {
        match codec {
            Codec::Vp8 => self.rebase_vp8(payload),
            Codec::Vp9 => {
                let Some(head) = vp9::Head::parse(payload) else { return };
                if let Some((value, mask)) = head.picture {
                    self.picture.rebase(value, mask);
                }
                if let Some((value, _)) = head.tl0 {
                    self.tl0.rebase(u16::from(value), 0xff);
                }
            }
            Codec::Av1 => {
                if let Some(descriptor) = descriptor {
                    self.picture.rebase(descriptor.frame(), u16::MAX);
                }
            }
            _ => {}
        }
    }

    /// What is to be changed in a packet, if anything.
    pub(crate) fn map(&mut self, codec: Codec, payload: &[u8], descriptor: Option<&Descriptor>) -> Option<Patch> {
        match codec {
            Codec::Vp8 => self.map_vp8(payload).map(Patch::Vp8),
            Codec::Vp9 => self.map_vp9(payload).map(Patch::Payload),
            Codec::Av1 => {
                let descriptor = descriptor?;
                let (frame, out) = (descriptor.frame(), self.picture.map(descriptor.frame(), u16::MAX));
                let same = out == frame;
                Some(Patch::Descriptor(if same { descriptor.clone() } else { descriptor.renumbered(out) }))
            }
            _ => None,
        }
    }

    fn map_vp9(&mut self, payload: &[u8]) -> Option<Vec<u8>> {
        let head = vp9::Head::parse(payload)?;
        let (value, mask) = head.picture.unwrap_or_default();
        let picture = head.picture.map_or(0, |_| self.picture.map(value, mask));
        let old = head.tl0.map_or(0, |(value, _)| value);
        let tl0 = head.tl0.map_or(0, |_| self.tl0.map(u16::from(old), 0xff).to_le_bytes()[0]);
        ((picture, tl0) != (value, old)).then(|| head.renumbered(payload, picture, tl0))
    }

    fn rebase_vp8(&mut self, payload: &[u8]) {
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

    fn map_vp8(&mut self, payload: &[u8]) -> Option<Vp8Patch> {
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
        pictures.map(Codec::Vp8, &payload, None);
        (pictures.picture.highest.unwrap(), pictures.tl0.highest.unwrap().to_le_bytes()[0])
    }

    #[test]
    fn pictures_are_counted_on_over_a_change_of_layer() {
        let mut pictures = Pictures::default();
        pictures.rebase(Codec::Vp8, &packet(0x7ffe, 254), None);
        assert_eq!(mapped(&mut pictures, 0x7ffe, 254), (0x7ffe, 254));
        assert_eq!(mapped(&mut pictures, 0x7fff, 255), (0x7fff, 255));
        pictures.rebase(Codec::Vp8, &packet(17, 3), None);
        assert_eq!(mapped(&mut pictures, 17, 3), (0, 0));
        assert_eq!(mapped(&mut pictures, 18, 4), (1, 1));
    }

    #[test]
    fn an_unchanged_source_needs_no_patch() {
        let mut pictures = Pictures::default();
        pictures.rebase(Codec::Vp8, &packet(5, 5), None);
        assert!(pictures.map(Codec::Vp8, &packet(5, 5), None).is_none());
        pictures.rebase(Codec::Vp8, &packet(90, 5), None);
        assert!(pictures.map(Codec::Vp8, &packet(90, 5), None).is_some());
    }

    #[test]
    fn vp9_counts_on_and_is_copied_only_where_it_changes() {
        let packet = |picture: u8, tl0: u8| vec![0xe8, 0x80, picture, 0x00, tl0, 0xee];
        let mut pictures = Pictures::default();
        pictures.rebase(Codec::Vp9, &packet(5, 9), None);
        assert!(pictures.map(Codec::Vp9, &packet(5, 9), None).is_none());
        pictures.rebase(Codec::Vp9, &packet(80, 1), None);
        let Some(Patch::Payload(copy)) = pictures.map(Codec::Vp9, &packet(80, 1), None) else { panic!("unchanged") };
        assert_eq!(copy, packet(6, 10));
        let Some(Patch::Payload(copy)) = pictures.map(Codec::Vp9, &packet(81, 1), None) else { panic!("unchanged") };
        assert_eq!(copy, packet(7, 10));
    }

    #[test]
    fn av1_frames_are_counted_on_in_the_descriptor_that_always_goes_along() {
        let descriptor = |frame: u16| {
            let [high, low] = frame.to_be_bytes();
            Descriptor::new(&[0xc0, high, low]).unwrap()
        };
        let told = |pictures: &mut Pictures, frame| match pictures.map(Codec::Av1, &[], Some(&descriptor(frame))) {
            Some(Patch::Descriptor(out)) => out.frame(),
            other => panic!("{other:?}"),
        };
        let mut pictures = Pictures::default();
        pictures.rebase(Codec::Av1, &[], Some(&descriptor(0xffff)));
        assert_eq!(told(&mut pictures, 0xffff), 0xffff);
        pictures.rebase(Codec::Av1, &[], Some(&descriptor(700)));
        assert_eq!(told(&mut pictures, 700), 0);
        assert_eq!(told(&mut pictures, 701), 1);
    }

    proptest! {
        #[test]
        fn any_payload_is_taken(payload in prop::collection::vec(any::<u8>(), 0..64), other in prop::collection::vec(any::<u8>(), 0..64)) {
            for codec in [Codec::Vp8, Codec::Vp9, Codec::Av1, Codec::H264] {
                let mut pictures = Pictures::default();
                let (one, two) = (Descriptor::new(&payload), Descriptor::new(&other));
                pictures.rebase(codec, &payload, one.as_ref());
                pictures.map(codec, &payload, one.as_ref());
                pictures.map(codec, &other, two.as_ref());
                pictures.rebase(codec, &other, two.as_ref());
                pictures.map(codec, &other, two.as_ref());
            }
        }
    }
}
