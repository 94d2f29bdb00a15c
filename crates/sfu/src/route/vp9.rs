//! What stands before a VP9 packet's frame: the payload descriptor, which the packetiser writes after any end-to-end
//! encryption.

const HAS_PICTURE: u8 = 0x80;
const INTER_PICTURE: u8 = 0x40;
const HAS_LAYER: u8 = 0x20;
const FLEXIBLE: u8 = 0x10;
const BEGINS: u8 = 0x08;
/// The first bit of the picture's number: whether it has 15 bits.
const LONG: u8 = 0x80;

/// A packet's place among pictures and layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// A frame of a layer begins.
    pub(crate) begins: bool,
    /// The frame builds on earlier pictures.
    pub(crate) inter: bool,
    /// The layer, the smallest picture first.
    pub(crate) spatial: u8,
    /// The picture's number, and the bits it has.
    pub(crate) picture: Option<(u16, u16)>,
    /// The number of the picture of the lowest frame rate, and where it stands.
    pub(crate) tl0: Option<(u8, usize)>,
}

impl Head {
    /// Reads it. Never panics.
    pub(crate) fn parse(payload: &[u8]) -> Option<Self> {
        let flags = *payload.first()?;
        let mut at = 1;
        let mut picture = None;
        if flags & HAS_PICTURE != 0 {
            let high = *payload.get(at)?;
            at += 1;
            if high & LONG == 0 {
                picture = Some((u16::from(high), 0x7f));
            } else {
                picture = Some((u16::from_be_bytes([high & !LONG, *payload.get(at)?]), 0x7fff));
                at += 1;
            }
        }
        let (mut spatial, mut tl0) = (0, None);
        if flags & HAS_LAYER != 0 {
            spatial = payload.get(at)? >> 1 & 7;
            at += 1;
            if flags & FLEXIBLE == 0 {
                tl0 = Some((*payload.get(at)?, at));
            }
        }
        Some(Self { begins: flags & BEGINS != 0, inter: flags & INTER_PICTURE != 0, spatial, picture, tl0 })
    }

    /// Whether a keyframe begins.
    pub(crate) fn starts_keyframe(self) -> bool {
        self.begins && !self.inter && self.spatial == 0
    }

    /// A copy of the packet under other numbers.
    pub(crate) fn renumbered(self, payload: &[u8], picture: u16, tl0: u8) -> Vec<u8> {
        let mut copy = payload.to_vec();
        let [high, low] = picture.to_be_bytes();
        match (self.picture, copy.as_mut_slice()) {
            (Some((_, 0x7f)), [_, short, ..]) => *short = low & !LONG,
            (Some(_), [_, first, second, ..]) => (*first, *second) = (high | LONG, low),
            _ => {}
        }
        if let Some(place) = self.tl0.and_then(|(_, at)| copy.get_mut(at)) {
            *place = tl0;
        }
        copy
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_descriptors_of_a_layered_stream_are_read() {
        let key = Head::parse(&[0xaa, 0x81, 0x02, 0x00, 0x07, 0x18]).unwrap();
        assert_eq!((key.spatial, key.picture, key.tl0), (0, Some((0x102, 0x7fff)), Some((7, 4))));
        assert!(key.starts_keyframe());
        let upper = Head::parse(&[0xac, 0x81, 0x02, 0x05, 0x07]).unwrap();
        assert!(upper.spatial == 2 && !upper.starts_keyframe());
        assert!(!Head::parse(&[0xec, 0x81, 0x02, 0x00, 0x07]).unwrap().starts_keyframe());
        assert!(!Head::parse(&[0xa4, 0x81, 0x02, 0x00, 0x07]).unwrap().starts_keyframe(), "amid a frame");
    }

    #[test]
    fn other_numbers_stand_where_the_numbers_stood() {
        let long = [0xaa, 0x81, 0x02, 0x00, 0x07, 0x18];
        let copy = Head::parse(&long).unwrap().renumbered(&long, 0x7ffe, 9);
        assert_eq!(copy, [0xaa, 0xff, 0xfe, 0x00, 0x09, 0x18]);
        let short = [0x88, 0x12, 0x18];
        assert_eq!(Head::parse(&short).unwrap().renumbered(&short, 0x7e, 9), [0x88, 0x7e, 0x18]);
    }

    proptest! {
        #[test]
        fn any_payload_is_read(payload in prop::collection::vec(any::<u8>(), 0..12), picture: u16, tl0: u8) {
            if let Some(head) = Head::parse(&payload) {
                let copy = head.renumbered(&payload, picture, tl0);
                prop_assert_eq!(copy.len(), payload.len());
                let again = Head::parse(&copy).unwrap();
                prop_assert_eq!((again.spatial, again.begins, again.inter), (head.spatial, head.begins, head.inter));
                prop_assert_eq!(again.picture, head.picture.map(|(_, mask)| (picture & mask, mask)));
            }
        }
    }
}
