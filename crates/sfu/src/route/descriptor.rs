//! AV1's dependency descriptor: the header extension that says which frame a packet belongs to and what it builds on.
//!
//! It stands outside of what end-to-end encryption covers, and decoders need it: Chromium decodes no AV1 without it.

use std::sync::Arc;

use str0m::rtp::{Extension, ExtensionSerializer, ExtensionValues};

const URI: &str = "https://aomediacodec.github.io/av1-rtp-spec/#dependency-descriptor-rtp-header-extension";
/// The id we propose; where the client offers, its own counts.
const ID: u8 = 12;
/// Flags and template, and the number of the frame.
const LEAST_BYTES: usize = 3;
/// What the shorter form of header extensions can hold.
const SHORT_FORM_BYTES: usize = 16;

/// A packet's dependency descriptor, as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Descriptor(Arc<[u8]>);

impl Descriptor {
    /// The descriptor, if it is one.
    pub(crate) fn new(bytes: &[u8]) -> Option<Self> {
        (LEAST_BYTES..=usize::from(u8::MAX)).contains(&bytes.len()).then(|| Self(bytes.into()))
    }

    /// The number of the frame, which wraps.
    pub(crate) fn frame(&self) -> u16 {
        match &*self.0 {
            [_, high, low, ..] => u16::from_be_bytes([*high, *low]),
            _ => 0,
        }
    }

    /// The same, of a frame of another number.
    pub(crate) fn renumbered(&self, frame: u16) -> Self {
        let mut bytes: Arc<[u8]> = Arc::from(&*self.0);
        if let Some([_, high, low, ..]) = Arc::get_mut(&mut bytes) {
            [*high, *low] = frame.to_be_bytes();
        }
        Self(bytes)
    }
}

/// The number and name under which connections know the extension.
pub(crate) fn extension() -> (u8, Extension) {
    (ID, Extension::with_serializer(URI, Verbatim))
}

/// Hands the extension through as it is.
#[derive(Debug)]
struct Verbatim;

impl ExtensionSerializer for Verbatim {
    fn write_to(&self, buf: &mut [u8], values: &ExtensionValues) -> usize {
        let Some(Descriptor(bytes)) = values.user_values.get() else { return 0 };
        let Some(room) = buf.get_mut(..bytes.len()) else { return 0 };
        room.copy_from_slice(bytes);
        bytes.len()
    }

    fn parse_value(&self, buf: &[u8], values: &mut ExtensionValues) -> bool {
        let descriptor = Descriptor::new(buf);
        let holds = descriptor.is_some();
        if let Some(descriptor) = descriptor {
            values.user_values.set(descriptor);
        }
        holds
    }

    fn is_video(&self) -> bool {
        true
    }

    fn is_audio(&self) -> bool {
        false
    }

    fn requires_two_byte_form(&self, values: &ExtensionValues) -> bool {
        values.user_values.get().is_some_and(|Descriptor(bytes)| bytes.len() > SHORT_FORM_BYTES)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_frame_is_renumbered_and_the_rest_stays() {
        let descriptor = Descriptor::new(&[0xc1, 0x12, 0x34, 0x80, 7]).unwrap();
        assert_eq!(descriptor.frame(), 0x1234);
        assert_eq!(descriptor.renumbered(0xfffe), Descriptor::new(&[0xc1, 0xff, 0xfe, 0x80, 7]).unwrap());
    }

    proptest! {
        #[test]
        fn what_is_taken_is_written_again(bytes in prop::collection::vec(any::<u8>(), 0..300), room in 0_usize..300) {
            let mut values = ExtensionValues::default();
            let taken = Verbatim.parse_value(&bytes, &mut values);
            prop_assert_eq!(taken, (3..=255).contains(&bytes.len()));
            let mut buf = vec![0; room];
            let written = Verbatim.write_to(&mut buf, &values);
            let fits = taken && bytes.len() <= room;
            prop_assert_eq!(&buf[..written], if fits { &bytes[..] } else { &[] });
            prop_assert_eq!(Verbatim.requires_two_byte_form(&values), taken && bytes.len() > 16);
        }
    }
}
