//! Names of raw bytes: a whole message or upload, or one part of a message.

use std::{fmt, str::FromStr};

use aws_lc_rs::digest;
use data_encoding::HEXLOWER;
use fernamt_store::BlobPrint;

/// A blob's id (RFC 8620, section 6): the SHA-256 of bytes, and which part of the message that they are, if it is not
/// all of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlobId {
    pub(crate) print: BlobPrint,
    pub(crate) part: Option<usize>,
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
        Self { print, part: None }
    }
}

impl fmt::Display for BlobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A letter first, as RFC 8620, section 1.2 recommends.
        write!(f, "B{}", HEXLOWER.encode(&self.print))?;
        match self.part {
            Some(part) => write!(f, "-{part}"),
            None => Ok(()),
        }
    }
}

impl FromStr for BlobId {
    type Err = MalformedBlobId;

    fn from_str(text: &str) -> Result<Self, MalformedBlobId> {
        let text = text.strip_prefix('B').ok_or(MalformedBlobId)?;
        let (print, part) = match text.split_once('-') {
            Some((print, part)) => (print, Some(part.parse().map_err(|_| MalformedBlobId)?)),
            None => (text, None),
        };
        let bytes = HEXLOWER.decode(print.as_bytes()).map_err(|_| MalformedBlobId)?;
        Ok(Self { print: bytes.try_into().map_err(|_| MalformedBlobId)?, part })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_reads_back() {
        for part in [None, Some(7)] {
            let id = BlobId { print: print_of(b"x"), part };
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        for bad in ["", "B", "Bzz", "B00", &format!("B{}-x", "0".repeat(64)), &"0".repeat(64)] {
            assert_eq!(bad.parse::<BlobId>(), Err(MalformedBlobId), "{bad}");
        }
    }
}
