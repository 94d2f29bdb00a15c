//! The way in from other mail servers: LMTP (RFC 2033), by which the mail server of a house hands over what came for people
//! here. It answers for each receiver alone, so the server outside keeps what we do not take.

mod command;
mod content;
mod conversation;

use std::{
    fmt, io,
    net::{IpAddr, SocketAddr},
    os::unix::fs::{FileTypeExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ipnet::IpNet;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use crate::{Mail, jmap::limits::MAX_SIZE_UPLOAD};

pub(crate) use command::Command;
pub(crate) use content::Content;

/// The most connections at once.
const MAX_CONNECTIONS: usize = 20;
/// The most messages that come in at once: each lies in memory until it is delivered.
const MAX_CONTENTS: usize = 4;
/// How long nobody is let in after the system refused to accept.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
/// How long whoever is turned away may take to hear so.
const REFUSAL_LIMIT: Duration = Duration::from_secs(1);

/// Where LMTP is listened for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LmtpAddress {
    /// A Unix socket. Whoever may write to it may hand over.
    Socket(PathBuf),
    /// An address and port.
    Tcp(SocketAddr),
}

/// How LMTP is served.
#[derive(Debug, Clone)]
pub struct LmtpSettings {
    /// Where.
    pub address: LmtpAddress,
    /// From where one may connect beside this machine itself.
    pub peers: Vec<IpNet>,
    /// The most bytes of a message.
    pub max_message_bytes: usize,
    /// How long a peer may be silent.
    pub max_silence: Duration,
    /// How long a message may take to come in.
    pub max_transfer: Duration,
}

impl LmtpSettings {
    /// The usual limits at this address: those of RFC 5321, section 4.5.3.2, and of what else comes into a mailbox.
    pub fn at(address: LmtpAddress) -> Self {
        let (max_silence, max_transfer) = (Duration::from_secs(300), Duration::from_secs(600));
        Self { address, peers: Vec::new(), max_message_bytes: MAX_SIZE_UPLOAD, max_silence, max_transfer }
    }

    fn lets_in(&self, peer: IpAddr) -> bool {
        let peer = peer.to_canonical();
        peer.is_loopback() || self.peers.iter().any(|network| network.contains(&peer))
    }
}

enum Listener {
    Socket(UnixListener),
    Tcp(TcpListener),
}

/// The way in, bound and ready to run.
pub struct Lmtp {
    listener: Listener,
    settings: LmtpSettings,
}

impl fmt::Debug for Lmtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lmtp").field("settings", &self.settings).finish_non_exhaustive()
    }
}

/// What all connections share.
struct Shared {
    mail: Arc<Mail>,
    settings: LmtpSettings,
    contents: Semaphore,
    stop: CancellationToken,
}

impl Lmtp {
    /// Begins to listen. A socket that an ended process left behind is replaced.
    ///
    /// # Errors
    /// When the system refuses, or another process listens there.
    pub async fn bind(settings: LmtpSettings) -> io::Result<Self> {
        let listener = match &settings.address {
            LmtpAddress::Tcp(address) => Listener::Tcp(TcpListener::bind(address).await?),
            LmtpAddress::Socket(path) => {
                clear(path).await?;
                let listener = UnixListener::bind(path)?;
                std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
                Listener::Socket(listener)
            }
        };
        Ok(Self { listener, settings })
    }

    /// The address and port that is listened on, where it is one.
    pub fn port(&self) -> Option<SocketAddr> {
        match &self.listener {
            Listener::Tcp(listener) => listener.local_addr().ok(),
            Listener::Socket(_) => None,
        }
    }

    /// Takes messages until stopped. What came whole is delivered and answered first.
    pub async fn run(self, mail: Arc<Mail>, stop: CancellationToken) {
        if mail.server.as_ref().is_some_and(|server| server.sieve.is_some()) {
            tracing::warn!(
                "While somebody is away, mail from outside that comes by LMTP is answered by nobody: the mail server answers \
                 what arrives there alone"
            );
        }
        let shared = Arc::new(Shared {
            mail,
            settings: self.settings,
            contents: Semaphore::new(MAX_CONTENTS),
            stop: stop.clone(),
        });
        let mut open = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = open.join_next() => continue,
                accepted = accept(&self.listener) => accepted,
            };
            let (wire, from) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "A mail server's connection could not be accepted");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                    continue;
                }
            };
            if from.is_some_and(|peer| !shared.settings.lets_in(peer)) {
                tracing::warn!("A machine that LMTP is not open to was turned away");
                refuse(wire, "554 5.7.1 Your address may not hand mail over here\r\n").await;
            } else if open.len() >= MAX_CONNECTIONS {
                refuse(wire, "421 4.3.2 Too many connections, try again later\r\n").await;
            } else {
                let shared = Arc::clone(&shared);
                open.spawn(async move {
                    if let Err(error) = conversation::converse(&shared, wire).await {
                        tracing::debug!(%error, "A mail server's connection broke");
                    }
                });
            }
        }
        while open.join_next().await.is_some() {}
    }
}

/// A stream of bytes in both directions.
trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

async fn accept(listener: &Listener) -> io::Result<(Box<dyn Wire>, Option<IpAddr>)> {
    match listener {
        Listener::Socket(listener) => Ok((Box::new(listener.accept().await?.0), None)),
        Listener::Tcp(listener) => {
            let (stream, peer) = listener.accept().await?;
            Ok((Box::new(stream), Some(peer.ip())))
        }
    }
}

async fn refuse(mut wire: Box<dyn Wire>, words: &'static str) {
    // Who does not read it learns by the end.
    let _ = timeout(REFUSAL_LIMIT, wire.write_all(words.as_bytes())).await;
}

/// Removes a socket on which nobody listens any more, and nothing else.
async fn clear(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(there) if there.file_type().is_socket() => match UnixStream::connect(path).await {
            Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
            Err(_) => std::fs::remove_file(path),
        },
        Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_this_machine_and_who_is_named_is_let_in() {
        let mut settings = LmtpSettings::at(LmtpAddress::Tcp(SocketAddr::from(([0, 0, 0, 0], 24))));
        let lets_in = |settings: &LmtpSettings, peer: &str| settings.lets_in(peer.parse().unwrap());
        for (peer, let_in) in [("127.0.0.1", true), ("::1", true), ("::ffff:127.0.0.1", true), ("10.0.0.7", false)] {
            assert_eq!(lets_in(&settings, peer), let_in, "{peer}");
        }
        settings.peers.push("10.0.0.0/30".parse().unwrap());
        for (peer, let_in) in [("10.0.0.3", true), ("::ffff:10.0.0.3", true), ("10.0.0.7", false)] {
            assert_eq!(lets_in(&settings, peer), let_in, "{peer}");
        }
    }

    #[tokio::test]
    async fn a_socket_that_was_left_behind_is_replaced_and_nothing_else_is() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lmtp");
        let settings = LmtpSettings::at(LmtpAddress::Socket(path.clone()));
        let first = Lmtp::bind(settings.clone()).await.unwrap();
        assert_eq!(Lmtp::bind(settings.clone()).await.unwrap_err().kind(), io::ErrorKind::AddrInUse);
        drop(first);
        drop(Lmtp::bind(settings.clone()).await.unwrap());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o660);
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, "somebody's file").unwrap();
        assert_eq!(Lmtp::bind(settings).await.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
    }
}
