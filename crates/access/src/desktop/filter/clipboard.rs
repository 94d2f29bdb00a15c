//! The clipboard channel ([MS-RDPECLIP]) when text may pass and files may not: file transfer is taken out of the
//! capabilities and its messages are dropped, and whoever asks for anything but text gets "not available".

use super::{FilterError, Verdict, bytes};

const FORMAT_DATA_REQUEST: u16 = 4;
const CAPABILITIES: u16 = 7;
const FILE_CONTENTS_REQUEST: u16 = 8;
const FILE_CONTENTS_RESPONSE: u16 = 9;

/// `CF_TEXT`, `CF_OEMTEXT`, `CF_UNICODETEXT` and `CF_LOCALE`, which goes with text.
const TEXT_FORMATS: [u32; 4] = [1, 7, 13, 16];

/// A format that nobody offers: ids from 0xC000 to 0xFFFF are registered ones, larger ones do not exist.
const NO_FORMAT: u32 = 0x7FFF_FFFF;

/// `CB_USE_LONG_FORMAT_NAMES`, the one general flag that has nothing to do with files.
const LONG_FORMAT_NAMES: u32 = 0x0000_0002;

const HEADER_BYTES: usize = 8;

/// Looks at, and where needed patches, the beginning of a message in either direction.
pub(super) fn text_only(message: &mut [u8], whole: bool) -> Result<Verdict, FilterError> {
    let fault = FilterError::Malformed("clipboard message");
    match bytes::u16_le(message, 0).ok_or(fault)? {
        FILE_CONTENTS_REQUEST | FILE_CONTENTS_RESPONSE => return Ok(Verdict::Drop),
        FORMAT_DATA_REQUEST => {
            let format = bytes::u32_le(message, HEADER_BYTES).ok_or(fault)?;
            if !TEXT_FORMATS.contains(&format) {
                bytes::patch_u32_le(message, HEADER_BYTES, NO_FORMAT).ok_or(fault)?;
            }
        }
        CAPABILITIES => {
            if !whole {
                return Err(fault);
            }
            let sets = bytes::u16_le(message, HEADER_BYTES).ok_or(fault)?;
            let mut at = HEADER_BYTES + 4;
            for _ in 0..sets {
                let kind = bytes::u16_le(message, at).ok_or(fault)?;
                let length = usize::from(bytes::u16_le(message, at + 2).ok_or(fault)?);
                if length < 4 {
                    return Err(fault);
                }
                if kind == 1 {
                    let flags = bytes::u32_le(message, at + 8).ok_or(fault)?;
                    bytes::patch_u32_le(message, at + 8, flags & LONG_FORMAT_NAMES).ok_or(fault)?;
                }
                at += length;
            }
        }
        _ => {}
    }
    Ok(Verdict::Pass)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(kind: u16, body: &[u8]) -> Vec<u8> {
        let length = u32::try_from(body.len()).unwrap();
        [&kind.to_le_bytes()[..], &[0, 0], &length.to_le_bytes(), body].concat()
    }

    #[test]
    fn files_do_not_pass() {
        assert_eq!(text_only(&mut message(8, &[0; 24]), true), Ok(Verdict::Drop));
        assert_eq!(text_only(&mut message(9, &[0; 24])[..12], false), Ok(Verdict::Drop));
        let mut capabilities = message(7, &[1, 0, 0, 0, 1, 0, 12, 0, 2, 0, 0, 0, 0x3E, 0, 0, 0]);
        assert_eq!(text_only(&mut capabilities, true), Ok(Verdict::Pass));
        assert_eq!(bytes::u32_le(&capabilities, 20), Some(LONG_FORMAT_NAMES));
    }

    #[test]
    fn only_text_is_handed_out() {
        let mut text = message(4, &13_u32.to_le_bytes());
        let mut picture = message(4, &8_u32.to_le_bytes());
        text_only(&mut text, true).unwrap();
        text_only(&mut picture, true).unwrap();
        assert_eq!(bytes::u32_le(&text, 8), Some(13));
        assert_eq!(bytes::u32_le(&picture, 8), Some(NO_FORMAT));
    }

    #[test]
    fn malformed_messages_are_refused() {
        assert!(text_only(&mut [4], true).is_err());
        assert!(text_only(&mut message(4, &[1, 2]), true).is_err());
        assert!(text_only(&mut message(7, &[9, 0, 0, 0, 1, 0, 0, 0]), true).is_err());
        assert!(text_only(&mut message(7, &[1, 0, 0, 0]), false).is_err());
    }
}
