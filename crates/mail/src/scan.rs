//! Malware in what people attach and open, as the house's own scanner sees it (clamd's `INSTREAM`).
//!
//! Spoken here and not by a library: those that there are write all of a file before they read, and so never hear that it
//! was too large for the scanner.

use std::{io, path::PathBuf, time::Duration};

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, split},
    net::{TcpStream, UnixStream},
    sync::Semaphore,
    time::timeout,
};

/// How many files are looked at side by side. Others wait for their turn.
const MAX_SCANS: usize = 8;
/// How long a file may take, waiting for its turn included.
const LONGEST_SCAN: Duration = Duration::from_mins(1);
/// The bytes that are handed over at once.
const CHUNK_BYTES: usize = 64 << 10;
/// The most bytes of an answer that are read.
const MAX_ANSWER_BYTES: u64 = 1 << 10;
/// The most letters of a name of malware that are told.
const MAX_NAME_LETTERS: usize = 100;

/// Where the scanner listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScannerAddress {
    /// At a socket on this machine.
    Socket(PathBuf),
    /// At a host and port of the house's network. What is scanned goes there in clear.
    Tcp(String),
}

/// A scanner for malware.
#[derive(Debug)]
pub struct Scanner {
    address: ScannerAddress,
    turns: Semaphore,
}

/// What the scanner says of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scanned {
    /// It knows nothing bad of it.
    Clean,
    /// It is malware of this name.
    Malware(String),
    /// The scanner takes no file of this size.
    TooLarge,
    /// It said nothing of use; the log has the reason. What was not looked at goes nowhere.
    Unknown,
}

impl Scanner {
    /// A scanner that is asked when there is something to scan.
    pub fn new(address: ScannerAddress) -> Self {
        Self { address, turns: Semaphore::new(MAX_SCANS) }
    }

    /// Has bytes looked at.
    pub(crate) async fn scan(&self, bytes: &[u8]) -> Scanned {
        match timeout(LONGEST_SCAN, self.ask(bytes)).await {
            Ok(Ok(answer)) => read(&answer),
            Ok(Err(error)) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "The malware scanner cannot be asked");
                Scanned::Unknown
            }
            Err(_) => {
                tracing::warn!(seconds = LONGEST_SCAN.as_secs(), "The malware scanner takes too long");
                Scanned::Unknown
            }
        }
    }

    async fn ask(&self, bytes: &[u8]) -> io::Result<Vec<u8>> {
        let _turn = self.turns.acquire().await.map_err(io::Error::other)?;
        match &self.address {
            ScannerAddress::Socket(path) => exchange(UnixStream::connect(path).await?, bytes).await,
            ScannerAddress::Tcp(address) => exchange(TcpStream::connect(address).await?, bytes).await,
        }
    }
}

/// Hands bytes over and reads the answer, which may come before all of them are there.
async fn exchange(line: impl AsyncRead + AsyncWrite, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let (mut from, mut to) = split(Box::pin(line));
    let send = async {
        to.write_all(b"zINSTREAM\0").await?;
        for chunk in bytes.chunks(CHUNK_BYTES) {
            to.write_u32(u32::try_from(chunk.len()).unwrap_or_default()).await?;
            to.write_all(chunk).await?;
        }
        to.write_u32(0).await?;
        to.flush().await
    };
    let hear = async {
        let mut answer = Vec::new();
        match (&mut from).take(MAX_ANSWER_BYTES).read_to_end(&mut answer).await {
            // Whoever refuses leaves what was sent unread, which breaks the line behind the answer.
            Err(error) if answer.is_empty() => Err(error),
            _ => Ok(answer),
        }
    };
    tokio::pin!(send, hear);
    tokio::select! {
        heard = &mut hear => heard,
        // Then the answer says why and not the line that broke.
        sent = &mut send => match (hear.await, sent) {
            (Ok(answer), Err(error)) if answer.is_empty() => Err(error),
            (heard, _) => heard,
        },
    }
}

/// Reads an answer of clamd: `stream: OK`, `stream: NAME FOUND` or a word of its own with `ERROR`.
fn read(answer: &[u8]) -> Scanned {
    let text = String::from_utf8_lossy(answer);
    let text = text.trim_end_matches(['\0', '\n', '\r']);
    if text == "stream: OK" {
        return Scanned::Clean;
    }
    if let Some(name) = text.strip_prefix("stream: ").and_then(|rest| rest.strip_suffix(" FOUND")) {
        let name: String = name.chars().filter(char::is_ascii_graphic).take(MAX_NAME_LETTERS).collect();
        return Scanned::Malware(name);
    }
    if text.contains("size limit exceeded") {
        return Scanned::TooLarge;
    }
    let said: String = text.chars().take(MAX_NAME_LETTERS).collect();
    tracing::warn!(%said, "The malware scanner failed");
    Scanned::Unknown
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    #[test]
    fn answers_are_taken_by_their_form_alone() {
        assert_eq!(read(b"stream: OK\0"), Scanned::Clean);
        assert_eq!(read(b"stream: Eicar-Test-Signature FOUND\0"), Scanned::Malware("Eicar-Test-Signature".into()));
        assert_eq!(read(b"stream: a\x1b[2J\xffb FOUND\0"), Scanned::Malware("a[2Jb".into()), "nothing but its letters");
        assert_eq!(read(b"INSTREAM size limit exceeded. ERROR\0"), Scanned::TooLarge);
        for unclear in
            [&b""[..], b"OK", b"stream: OK FOUN", b"stream: OK and more\0", b"UNKNOWN COMMAND\0", &[0xff; 2000]]
        {
            assert_eq!(read(unclear), Scanned::Unknown, "{unclear:?}");
        }
    }

    #[tokio::test]
    async fn a_refusal_is_heard_before_all_is_sent_and_an_endless_answer_ends() {
        let file = vec![7; 1 << 20];
        for (said, heard) in [(&b"INSTREAM size limit exceeded. ERROR\0"[..], 36), (&[b'x'; 5_000], 1_024)] {
            let (line, mut scanner) = duplex(64);
            let talk = async move {
                let mut command = [0; 10];
                scanner.read_exact(&mut command).await.unwrap();
                assert_eq!(&command, b"zINSTREAM\0");
                // Nothing more is read: what was said stays the only thing to hear.
                let _ = scanner.write_all(said).await;
            };
            let (answer, ()) = tokio::join!(exchange(line, &file), talk);
            assert_eq!(answer.unwrap().len(), heard);
        }
    }

    #[tokio::test]
    async fn without_a_scanner_nothing_is_clean() {
        let nowhere = tempfile::tempdir().unwrap().path().join("clamd");
        assert_eq!(Scanner::new(ScannerAddress::Socket(nowhere)).scan(b"x").await, Scanned::Unknown);
    }
}
