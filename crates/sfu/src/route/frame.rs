//! Where a picture can be entered, read from what stays in the clear.
//!
//! The packetiser's descriptors (VP8's and VP9's, AV1's aggregation header, H.264's NAL headers) are written after
//! end-to-end encryption, and LiveKit's frame encryption leaves the first bytes of a frame as they are: 10 of a VP8
//! keyframe, 3 of another, for H.264 everything up to the slice; of VP9 nothing, and AV1 it does not know. So all codecs
//! on offer say whether a keyframe begins, encrypted or not. Where nothing can be read, [`Entry::Unknown`] makes the
//! layer choice wait for the first frame that follows a keyframe request.

use str0m::{format::Codec, rtp::Vp8Descriptor};

use super::vp9;

/// AV1: the packet begins with a part of what began before, and the packet is the first of a coded sequence.
const AV1_CONTINUES: u8 = 0x80;
const AV1_NEW_SEQUENCE: u8 = 0x08;

/// H.264: a slice of a keyframe, and the parameters that come before it.
const NAL_IDR: u8 = 5;
const NAL_SPS: u8 = 7;
/// H.264: several units in one packet, and one in several.
const NAL_SEVERAL: u8 = 24;
const NAL_PART: u8 = 28;

/// Whether a decoder can begin with a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Entry {
    /// A keyframe begins.
    Key,
    /// It does not.
    Inside,
    /// Nothing can be read.
    Unknown,
}

/// Reads a packet's payload. Never panics.
pub(crate) fn entry(codec: Codec, payload: &[u8]) -> Entry {
    let key = match codec {
        Codec::Vp8 => match Vp8Descriptor::parse(payload) {
            Ok(descriptor) => descriptor.starts_keyframe(payload),
            Err(_) => return Entry::Unknown,
        },
        Codec::H264 => match payload.split_first() {
            Some((header, rest)) => h264_key(header & 0x1f, rest),
            None => return Entry::Unknown,
        },
        Codec::Vp9 => match vp9::Head::parse(payload) {
            Some(head) => head.starts_keyframe(),
            None => return Entry::Unknown,
        },
        Codec::Av1 => match payload.first() {
            Some(header) => header & (AV1_CONTINUES | AV1_NEW_SEQUENCE) == AV1_NEW_SEQUENCE,
            None => return Entry::Unknown,
        },
        _ => return Entry::Unknown,
    };
    if key { Entry::Key } else { Entry::Inside }
}

/// Whether a keyframe begins in an H.264 packet of a type.
fn h264_key(kind: u8, mut rest: &[u8]) -> bool {
    match kind {
        NAL_IDR | NAL_SPS => true,
        NAL_PART => rest.first().is_some_and(|header| header & 0x80 != 0 && matches!(header & 0x1f, NAL_IDR | NAL_SPS)),
        NAL_SEVERAL => {
            while let [high, low, unit @ ..] = rest {
                let size = usize::from(u16::from_be_bytes([*high, *low]));
                if unit.first().is_some_and(|header| size > 0 && matches!(header & 0x1f, NAL_IDR | NAL_SPS)) {
                    return true;
                }
                rest = unit.get(size..).unwrap_or_default();
            }
            false
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_vp8_keyframe_is_seen_at_its_first_packet_only() {
        assert_eq!(entry(Codec::Vp8, &[0x90, 0x80, 0x01, 0x00, 0, 0]), Entry::Key);
        assert_eq!(entry(Codec::Vp8, &[0x90, 0x80, 0x01, 0x01, 0, 0]), Entry::Inside);
        assert_eq!(entry(Codec::Vp8, &[0x80, 0x80, 0x01, 0x00, 0, 0]), Entry::Inside);
    }

    #[test]
    fn an_encrypted_vp8_keyframe_is_seen_too() {
        // Ten clear bytes of the frame, then ciphertext.
        let frame = [0x10, 0x02, 0x00, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01, 0xee, 0x41, 0x17];
        let packet: Vec<u8> = [0x90, 0x80, 0x05].into_iter().chain(frame).collect();
        assert_eq!(entry(Codec::Vp8, &packet), Entry::Key);
    }

    #[test]
    fn an_h264_keyframe_begins_with_its_parameters() {
        assert_eq!(entry(Codec::H264, &[0x67, 0x42, 0xe0, 0x1f]), Entry::Key);
        assert_eq!(entry(Codec::H264, &[0x78, 0x00, 0x02, 0x67, 0x42, 0x00, 0x01, 0x68]), Entry::Key);
        assert_eq!(entry(Codec::H264, &[0x7c, 0x85, 0x11]), Entry::Key);
        assert_eq!(entry(Codec::H264, &[0x7c, 0x45, 0x11]), Entry::Inside);
        assert_eq!(entry(Codec::H264, &[0x41, 0x9a]), Entry::Inside);
    }

    #[test]
    fn a_vp9_keyframe_begins_with_its_lowest_layer() {
        assert_eq!(entry(Codec::Vp9, &[0xaa, 0x81, 0x02, 0x00, 0x07, 0x18, 0xee]), Entry::Key);
        assert_eq!(entry(Codec::Vp9, &[0xa8, 0x81, 0x02, 0x03, 0x07, 0xee]), Entry::Inside);
        assert_eq!(entry(Codec::Vp9, &[0xe8, 0x81, 0x02, 0x00, 0x07, 0xee]), Entry::Inside);
        assert_eq!(entry(Codec::Vp9, &[0xa8, 0x81]), Entry::Unknown);
    }

    #[test]
    fn an_av1_keyframe_begins_a_sequence() {
        assert_eq!(entry(Codec::Av1, &[0x18, 0x0a, 0x0b]), Entry::Key);
        assert_eq!(entry(Codec::Av1, &[0x50, 0x0a, 0x0b]), Entry::Inside);
        assert_eq!(entry(Codec::Av1, &[0x98, 0x0a, 0x0b]), Entry::Inside);
    }

    proptest! {
        #[test]
        fn any_payload_is_read(payload in prop::collection::vec(any::<u8>(), 0..64)) {
            for codec in [Codec::Vp8, Codec::H264, Codec::Vp9, Codec::Av1, Codec::Opus] {
                entry(codec, &payload);
            }
        }
    }
}
