//! Names of raw bytes: a whole message or upload, or one part of a message.

use std::{fmt, str::FromStr};

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use fernamt_store::BlobPrint;

/// How deep messages may lie within each other that have names: deeper ones can be opened from the message that holds them,
/// once that is a blob of its own.
const MAX_NESTING: usize = 10;

/// A blob's id (RFC 8620, section 6): the SHA-256 of bytes, and which part of the message that they are, if it is not
/// all of it. A part of a message within it is named by both numbers, and so on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BlobId {
    pub(crate) print: BlobPrint,
    pub(crate) parts: Vec<u32>,
}

/// A text that names no bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct MalformedBlobId;

/// The SHA-256 of bytes.
pub(crate) fn print_of(bytes: &[u8]) -> BlobPrint {
    let digest = digest::digest(&digest::SHA256, bytes);
    let mut print = [0; 32];
    print.copy_from_slice(digest.as_ref());
    print
}

impl From<BlobPrint> for BlobId {
    fn from(print: BlobPrint) -> Self {
        Self { print, parts: Vec::new() }
    }
}

impl BlobId {
    /// A part of the message that these bytes are; none where it lies too deep.
    pub(crate) fn part(&self, number: u32) -> Option<Self> {
        let parts = self.parts.iter().copied().chain([number]).collect();
        (self.parts.len() < MAX_NESTING).then_some(Self { print: self.print, parts })
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A letter first, as RFC 8620, section 1.2 recommends.
        write!(f, "B{}", HEXLOWER.encode(&self.print))?;
        self.parts.iter().try_for_each(|part| write!(f, "-{part}"))
    }
}

impl FromStr for BlobId {
    type Err = MalformedBlobId;

    fn from_str(text: &str) -> Result<Self, MalformedBlobId> {
        let mut words = text.strip_prefix('B').ok_or(MalformedBlobId)?.split('-');
        let bytes = HEXLOWER.decode(words.next().unwrap_or_default().as_bytes()).map_err(|_| MalformedBlobId)?;
        let mut id = Self::from(BlobPrint::try_from(bytes).map_err(|_| MalformedBlobId)?);
        for word in words {
            id = id.part(word.parse().map_err(|_| MalformedBlobId)?).ok_or(MalformedBlobId)?;
        }
        Ok(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back() {
        for parts in [vec![], vec![7], vec![2, 0, 1]] {
            let id = BlobId { print: print_of(b"x"), parts };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        let whole = BlobId::from(print_of(b"x")).to_string();
        assert!(format!("{whole}{}", "-1".repeat(MAX_NESTING)).parse::<BlobId>().unwrap().part(1).is_none());
        assert!(format!("{whole}{}", "-1".repeat(MAX_NESTING + 1)).parse::<BlobId>().is_err());
        for bad in [
            "",
            "B",
            "Bzz",
            "B00",
            &format!("B{}-x", "0".repeat(64)),
            &format!("B{}-1-", "0".repeat(64)),
            &"0".repeat(64),
        ] {
            assert_eq!(bad.parse::<BlobId>(), Err(MalformedBlobId), "{bad}");
        }
    }
}
