//! A line to a mail server: bytes with limits in size and time, in clear until TLS begins.

use std::{fmt, io, time::Duration};

use fernamt_domain::Secret;
use rustls::pki_types::ServerName;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use crate::{Error, Trust};

/// How long a connection, TLS included, may take to come about.
const CONNECT_LIMIT: Duration = Duration::from_secs(15);
/// How long a server may be silent while we wait for it.
const SILENCE_LIMIT: Duration = Duration::from_secs(60);
/// How long a server may take to accept what we send without taking any of it.
const SEND_LIMIT: Duration = Duration::from_secs(60);
/// What is read in one go.
const READ_BYTES: usize = 16 * 1024;
/// What is handed over in one go, so that a slow line is told from a dead one.
const SEND_BYTES: usize = 64 * 1024;

/// How the way to a service is kept. There is none without TLS.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// By TLS from the first byte.
    Tls,
    /// By TLS after `STARTTLS`; without it nothing is said.
    StartTls,
}

/// One service of the configured mail server.
#[derive(Debug, Clone)]
pub struct Server {
    /// The name that its certificate is for.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the way there is kept.
    pub security: Security,
    /// Who it is trusted by.
    pub trust: Trust,
}

/// With what one signs in (SASL PLAIN, RFC 4616).
#[derive(Debug, Clone)]
pub struct Login {
    /// Whose password it is.
    pub user: String,
    /// The password.
    pub password: Secret<String>,
    /// For whom to act, where that is somebody else: a server lets those do so whom it knows as proxies.
    pub on_behalf_of: Option<String>,
}

impl Login {
    /// The answer of the mechanism PLAIN in base64.
    pub(crate) fn plain(&self) -> Result<Secret<String>, Error> {
        let on_behalf_of = self.on_behalf_of.as_deref().unwrap_or_default();
        let parts = [on_behalf_of, &self.user, self.password.expose()];
        if self.user.is_empty() || parts.iter().any(|part| part.contains('\0')) {
            return Err(Error::Unsayable("a name or password that is empty or holds a zero byte"));
        }
        let joined = Secret::new(parts.join("\0"));
        Ok(Secret::new(data_encoding::BASE64.encode(joined.expose().as_bytes())))
    }
}

/// A stream of bytes in both directions.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// A line to a mail server.
pub(crate) struct Line {
    wire: Box<dyn Wire>,
    read: Vec<u8>,
    at: usize,
    /// Where bytes arrive first, so that whoever stops waiting loses none.
    part: Box<[u8]>,
    silence_limit: Duration,
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Line(…)")
    }
}

impl Line {
    /// Connects; where TLS begins with the first byte it has begun.
    pub(crate) async fn connect(server: &Server) -> Result<Self, Error> {
        let connected = timeout(CONNECT_LIMIT, TcpStream::connect((server.host.as_str(), server.port))).await;
        let stream = connected.map_err(|_| Error::Silent)?.map_err(Error::Unreachable)?;
        // Commands are small and wait for their answer.
        stream.set_nodelay(true).map_err(Error::Unreachable)?;
        let line = Self::over(stream);
        match server.security {
            Security::Tls => line.with_tls(server).await,
            Security::StartTls => Ok(line),
        }
    }

    /// A line over any stream.
    pub(crate) fn over(wire: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        Self {
            wire: Box::new(wire),
            read: Vec::new(),
            at: 0,
            part: vec![0; READ_BYTES].into(),
            silence_limit: SILENCE_LIMIT,
        }
    }

    /// Begins TLS.
    pub(crate) async fn with_tls(self, server: &Server) -> Result<Self, Error> {
        // What somebody on the way slipped in before TLS must not count as said after it.
        if self.at < self.read.len() {
            return Err(Error::Unreadable("something was said before TLS began"));
        }
        let name = ServerName::try_from(server.host.clone()).map_err(|_| Error::HostName)?;
        let connector = TlsConnector::from(std::sync::Arc::clone(&server.trust.0));
        let stream = timeout(CONNECT_LIMIT, connector.connect(name, self.wire)).await;
        Ok(Self::over(stream.map_err(|_| Error::Silent)?.map_err(Error::Untrusted)?))
    }

    /// Appends one line with its end to `to`, which must not become longer than `limit` by it.
    pub(crate) async fn read_line(&mut self, to: &mut Vec<u8>, limit: usize) -> Result<(), Error> {
        loop {
            let rest = &self.read[self.at..];
            let end = rest.iter().position(|byte| *byte == b'\n').map(|end| end + 1);
            let taken = end.unwrap_or(rest.len());
            if to.len() + taken > limit {
                return Err(Error::TooLarge(limit));
            }
            to.extend_from_slice(&rest[..taken]);
            self.at += taken;
            if end.is_some() {
                return Ok(());
            }
            self.fill(self.silence_limit).await?;
        }
    }

    /// Appends `count` bytes to `to`; the caller knows that they are not too many.
    pub(crate) async fn read_bytes(&mut self, to: &mut Vec<u8>, count: usize) -> Result<(), Error> {
        let mut left = count;
        loop {
            let rest = &self.read[self.at..];
            let taken = left.min(rest.len());
            to.extend_from_slice(&rest[..taken]);
            self.at += taken;
            left -= taken;
            if left == 0 {
                return Ok(());
            }
            self.fill(self.silence_limit).await?;
        }
    }

    /// Whether something was said within `limit`; it stays to be read.
    pub(crate) async fn hears_within(&mut self, limit: Duration) -> Result<bool, Error> {
        if self.at < self.read.len() {
            return Ok(true);
        }
        match self.fill(limit).await {
            Ok(()) => Ok(true),
            Err(Error::Silent) => Ok(false),
            Err(error) => Err(error),
        }
    }

    async fn fill(&mut self, limit: Duration) -> Result<(), Error> {
        self.read.drain(..self.at);
        self.at = 0;
        match timeout(limit, self.wire.read(&mut self.part)).await {
            Err(_) => Err(Error::Silent),
            Ok(Err(error)) => Err(Error::Broken(error)),
            Ok(Ok(0)) => Err(Error::Broken(io::ErrorKind::UnexpectedEof.into())),
            Ok(Ok(count)) => {
                self.read.extend_from_slice(&self.part[..count]);
                Ok(())
            }
        }
    }

    /// Sends bytes.
    pub(crate) async fn send(&mut self, bytes: &[u8]) -> Result<(), Error> {
        for part in bytes.chunks(SEND_BYTES) {
            within_send_limit(self.wire.write_all(part)).await?;
        }
        within_send_limit(self.wire.flush()).await
    }
}

async fn within_send_limit(sent: impl Future<Output = io::Result<()>>) -> Result<(), Error> {
    timeout(SEND_LIMIT, sent).await.map_err(|_| Error::Silent)?.map_err(Error::Broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_and_bytes_come_in_any_pieces_and_have_a_limit() {
        let (ours, mut theirs) = tokio::io::duplex(7);
        let mut line = Line::over(ours);
        let speaker = tokio::spawn(async move { theirs.write_all(b"one\r\nfour and more\r\ntoo long\r\n").await });
        let mut read = Vec::new();
        line.read_line(&mut read, 5).await.expect("five bytes");
        assert_eq!(read, b"one\r\n");
        line.read_bytes(&mut read, 4).await.expect("four bytes");
        line.read_line(&mut read, 100).await.expect("the rest");
        assert_eq!(read, b"one\r\nfour and more\r\n");
        assert!(matches!(line.read_line(&mut Vec::new(), 9).await, Err(Error::TooLarge(9))));
        drop(line);
        let _ = speaker.await;
    }

    #[tokio::test]
    async fn a_silent_server_is_given_up() {
        let (ours, _theirs) = tokio::io::duplex(64);
        let mut line = Line::over(ours);
        line.silence_limit = Duration::from_millis(1);
        assert!(!line.hears_within(Duration::from_millis(1)).await.expect("silence is no fault"));
        assert!(matches!(line.read_line(&mut Vec::new(), 9).await, Err(Error::Silent)));
    }

    #[tokio::test]
    async fn what_was_said_before_tls_is_not_believed() {
        let (ours, mut theirs) = tokio::io::duplex(64);
        theirs.write_all(b"a OK\r\n* slipped in\r\n").await.expect("room");
        let mut line = Line::over(ours);
        line.read_line(&mut Vec::new(), 64).await.expect("a line");
        let server = Server {
            host: "localhost".to_owned(),
            port: 1,
            security: Security::StartTls,
            trust: Trust::of_this_machine().expect("some trust"),
        };
        assert!(matches!(line.with_tls(&server).await, Err(Error::Unreadable(_))));
    }

    #[test]
    fn plain_names_who_acts_for_whom() {
        let login = |user: &str, for_whom: Option<&str>| Login {
            user: user.to_owned(),
            password: "secret".into(),
            on_behalf_of: for_whom.map(str::to_owned),
        };
        let told = |login: Login| login.plain().map(|text| text.expose().clone()).ok();
        assert_eq!(told(login("proxy", Some("ada"))), Some(data_encoding::BASE64.encode(b"ada\0proxy\0secret")));
        assert_eq!(told(login("ada", None)), Some(data_encoding::BASE64.encode(b"\0ada\0secret")));
        assert_eq!(told(login("ada\0bob", None)), None);
        assert_eq!(told(login("", None)), None);
    }
}
