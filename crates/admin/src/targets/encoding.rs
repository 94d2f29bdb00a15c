//! The text of a table as office programs save it: UTF-8, or Windows-1252 as Excel writes "CSV" in Germany.

use std::borrow::Cow;

/// The table is in an encoding that cannot be told apart safely, such as UTF-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct UnknownEncoding;

/// What the bytes 0x80 to 0x9F stand for in Windows-1252. Five of them stand for nothing.
const UPPER: [Option<char>; 32] = [
    Some('€'),
    None,
    Some('‚'),
    Some('ƒ'),
    Some('„'),
    Some('…'),
    Some('†'),
    Some('‡'),
    Some('ˆ'),
    Some('‰'),
    Some('Š'),
    Some('‹'),
    Some('Œ'),
    None,
    Some('Ž'),
    None,
    None,
    Some('‘'),
    Some('’'),
    Some('“'),
    Some('”'),
    Some('•'),
    Some('–'),
    Some('—'),
    Some('˜'),
    Some('™'),
    Some('š'),
    Some('›'),
    Some('œ'),
    None,
    Some('ž'),
    Some('Ÿ'),
];

/// Decodes a table. Bytes that are valid UTF-8 are taken as such; text in Windows-1252 with an umlaut never is.
pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, UnknownEncoding> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if bytes.starts_with(b"\xFF\xFE") || bytes.starts_with(b"\xFE\xFF") || bytes.contains(&0) {
        return Err(UnknownEncoding);
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    let decoded: Option<String> = bytes
        .iter()
        .map(|byte| match byte {
            0x80..=0x9F => UPPER.get(usize::from(byte - 0x80)).copied().flatten(),
            other => Some(char::from(*other)),
        })
        .collect();
    decoded.map(Cow::Owned).ok_or(UnknownEncoding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_office_programs_write() {
        assert_eq!(decode("\u{feff}Straßenbau €".as_bytes()).unwrap(), "Straßenbau €");
        assert_eq!(decode(b"Stra\xDFenbau \x80 \x96").unwrap(), "Straßenbau € –");
        assert_eq!(decode(b"\xFF\xFEN\0a\0"), Err(UnknownEncoding));
        assert_eq!(decode(b"\x81"), Err(UnknownEncoding));
    }
}
