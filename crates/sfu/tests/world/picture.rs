//! How packets of pictures look, codec by codec, as far as anybody but a decoder reads them.

use fernamt_sfu::VideoCodec;
use str0m::{
    format::Codec,
    rtp::{Extension, ExtensionSerializer, ExtensionValues},
};

/// A packet's beginning, as a packetiser writes it.
pub(super) fn head(codec: VideoCodec, picture: u16, first: bool, key: bool) -> Vec<u8> {
    let [high, low] = picture.to_be_bytes();
    match codec {
        VideoCodec::Vp8 => vec![if first { 0x90 } else { 0x80 }, 0xe0, 0x80 | high, low, low, 0x20, u8::from(!key)],
        // A keyframe's parameters, or a slice.
        VideoCodec::H264 => vec![if key && first { 0x67 } else { 0x61 }],
        VideoCodec::Vp9 => {
            vec![0xa0 | if key { 0 } else { 0x40 } | if first { 0x08 } else { 0 }, 0x80 | high, low, 0, low]
        }
        VideoCodec::Av1 => vec![match (first, key) {
            (true, true) => 0x18,
            (true, false) => 0x10,
            (false, _) => 0x90,
        }],
    }
}

/// What a packet tells.
pub(super) struct Told<'a> {
    /// The picture's number, where it has one; 15 bits of it.
    pub(super) picture: Option<u16>,
    /// A keyframe begins.
    pub(super) key: bool,
    pub(super) body: &'a [u8],
}

/// Reads what [`head`] wrote.
pub(super) fn told<'a>(codec: VideoCodec, payload: &'a [u8], values: &ExtensionValues) -> Told<'a> {
    let number = |at: usize| Some(u16::from_be_bytes([payload[at], payload[at + 1]]) & 0x7fff);
    let (picture, key, length) = match codec {
        VideoCodec::Vp8 => (number(2), payload[0] == 0x90 && payload[6] & 1 == 0, 7),
        VideoCodec::H264 => (None, payload[0] == 0x67, 1),
        VideoCodec::Vp9 => (number(1), payload[0] & 0x48 == 0x08, 5),
        VideoCodec::Av1 => {
            let Descriptor(bytes) = values.user_values.get().expect("no AV1 without a descriptor");
            assert_eq!(bytes.len(), descriptor(0, payload[0] == 0x18).0.len(), "as it came");
            (Some(u16::from_be_bytes([bytes[1], bytes[2]]) & 0x7fff), payload[0] == 0x18, 1)
        }
    };
    Told { picture, key, body: &payload[length..] }
}

/// The codec in str0m's words.
pub(super) fn spec(codec: VideoCodec) -> Codec {
    match codec {
        VideoCodec::Vp8 => Codec::Vp8,
        VideoCodec::H264 => Codec::H264,
        VideoCodec::Vp9 => Codec::Vp9,
        VideoCodec::Av1 => Codec::Av1,
    }
}

/// A dependency descriptor; a keyframe's tells all about the layers.
#[derive(Debug)]
pub(super) struct Descriptor(Vec<u8>);

pub(super) fn descriptor(picture: u16, key: bool) -> Descriptor {
    let [high, low] = picture.to_be_bytes();
    let mut bytes = vec![0xc0, high, low];
    bytes.resize(if key { 23 } else { 3 }, 0x80);
    Descriptor(bytes)
}

pub(super) fn extension() -> Extension {
    const URI: &str = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
    Extension::with_serializer(URI, Plain)
}

#[derive(Debug)]
struct Plain;

impl ExtensionSerializer for Plain {
    fn write_to(&self, buf: &mut [u8], values: &ExtensionValues) -> usize {
        let Some(Descriptor(bytes)) = values.user_values.get() else { return 0 };
        buf[..bytes.len()].copy_from_slice(bytes);
        bytes.len()
    }

    fn parse_value(&self, buf: &[u8], values: &mut ExtensionValues) -> bool {
        values.user_values.set(Descriptor(buf.to_vec()));
        true
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }

    fn requires_two_byte_form(&self, values: &ExtensionValues) -> bool {
        values.user_values.get().is_some_and(|Descriptor(bytes)| bytes.len() > 16)
    }
}
