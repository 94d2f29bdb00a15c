//! What reads foreign bytes, as functions of bytes, for the fuzz targets.

use bytes::Bytes;

use crate::{imap, sieve, submission, words::Word};

/// Reads any bytes as an answer of an IMAP server, in every way that answers are read.
///
/// # Panics
/// When a set of messages does not read back as it is written: a fuzzer looks for panics.
pub fn imap_answer(data: &[u8]) {
    let _ = imap::decode(&String::from_utf8_lossy(data));
    imap::read_any_folder(Bytes::copy_from_slice(data));
    match imap::Answer::read(Bytes::copy_from_slice(data)) {
        Ok(imap::Answer::Numbered { words, .. } | imap::Answer::Data { words, .. }) => {
            let _ = imap::described(&words);
            let _ = imap::listed_rights(&words);
            for text in words.iter().filter_map(Word::text) {
                if let Ok(set) = imap::UidSet::read(&text) {
                    assert_eq!(imap::UidSet::read(&set.to_string()).ok(), Some(set));
                }
            }
        }
        Ok(imap::Answer::Said(said) | imap::Answer::Done { said, .. }) => {
            let _ = imap::copied(&said);
        }
        _ => {}
    }
}

/// Reads any bytes as an answer of a `ManageSieve` server.
pub fn sieve_answer(data: &[u8]) {
    let _ = sieve::Answer::read(Bytes::copy_from_slice(data));
}

/// Reads any bytes as an answer of a submission server, and sends them as a message.
///
/// # Panics
/// When a message could end before its end: a fuzzer looks for panics.
pub fn submission(data: &[u8]) {
    let _ = submission::Reply::read(data);
    let sent = submission::dotted(data);
    assert!(!sent[..sent.len() - 3].windows(5).any(|part| part == b"\r\n.\r\n"));
}
