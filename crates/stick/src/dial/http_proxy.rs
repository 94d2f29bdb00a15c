//! Through an HTTP proxy: CONNECT, with Basic credentials where it wants them (RFC 9110, section 9.3.6; RFC 7617).

use std::{io, time::Duration};

use bytes::{Bytes, BytesMut};
use data_encoding::BASE64;
use fernamt_domain::Secret;
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};
use zeroize::Zeroizing;

use super::{ahead::Ahead, names::Host};

/// The longest head of an answer.
const MAX_HEAD_BYTES: usize = 16 * 1024;
/// How long a proxy may take: it connects itself before it answers.
const ANSWER_PATIENCE: Duration = Duration::from_secs(15);

/// A proxy on the way out.
#[derive(Debug, Clone, PartialEq)]
pub struct Proxy {
    pub(crate) host: Host,
    pub(crate) credentials: Option<ProxyCredentials>,
}

/// What a proxy wants to know of whoever uses it.
#[derive(Debug, Clone, PartialEq)]
pub struct ProxyCredentials {
    /// The name.
    pub user: String,
    /// The password.
    pub password: Secret<String>,
}

/// Why there is no way through a proxy.
#[derive(Debug, thiserror::Error)]
pub enum ProxyError {
    /// It does not answer, or hangs up.
    #[error("the HTTP proxy does not answer")]
    Silent(#[from] io::Error),
    /// What it says is not HTTP.
    #[error("the HTTP proxy does not speak HTTP")]
    Foreign,
    /// It wants a name and a password, or others than it got.
    #[error("the HTTP proxy wants a name and a password")]
    WantsPassword,
    /// It wants something other than a name and a password.
    #[error("the HTTP proxy wants a kind of sign-in that this program does not know")]
    WantsOther,
    /// It does not let us through.
    #[error("the HTTP proxy refuses, with status {0}")]
    Refused(u16),
}

/// Asks for a way to `target`. What follows is said to `target`.
pub(super) async fn tunnel<S>(socket: S, target: &Host, proxy: &Proxy) -> Result<Ahead<S>, ProxyError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    timeout(ANSWER_PATIENCE, ask(socket, target, proxy)).await.map_err(|late| ProxyError::Silent(late.into()))?
}

async fn ask<S>(mut socket: S, target: &Host, proxy: &Proxy) -> Result<Ahead<S>, ProxyError>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    socket.write_all(request(target, proxy.credentials.as_ref()).as_bytes()).await?;
    socket.flush().await?;
    let mut seen = BytesMut::new();
    let end = loop {
        if let Some(end) = seen.windows(4).position(|four| four == b"\r\n\r\n") {
            break end + 4;
        }
        if seen.len() >= MAX_HEAD_BYTES {
            return Err(ProxyError::Foreign);
        }
        if socket.read_buf(&mut seen).await? == 0 {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
        }
    };
    let head = seen.split_to(end);
    judge(&head)?;
    Ok(Ahead::new(socket, Bytes::from(seen), 0))
}

fn request(target: &Host, credentials: Option<&ProxyCredentials>) -> Zeroizing<String> {
    let authority = target.authority();
    let mut request = Zeroizing::new(format!("CONNECT {authority} HTTP/1.1\r\nHost: {authority}\r\n"));
    if let Some(credentials) = credentials {
        let both = Zeroizing::new(format!("{}:{}", credentials.user, credentials.password.expose()));
        request.push_str("Proxy-Authorization: Basic ");
        request.push_str(&Zeroizing::new(BASE64.encode(both.as_bytes())));
        request.push_str("\r\n");
    }
    request.push_str("\r\n");
    request
}

/// Whether an answer's head lets us through.
fn judge(head: &[u8]) -> Result<(), ProxyError> {
    let head = String::from_utf8_lossy(head);
    let mut lines = head.split("\r\n");
    let mut first = lines.next().unwrap_or_default().split(' ');
    let speaks = first.next().is_some_and(|version| matches!(version, "HTTP/1.1" | "HTTP/1.0"));
    let status = first.next().filter(|_| speaks).and_then(|status| status.parse::<u16>().ok());
    match status.ok_or(ProxyError::Foreign)? {
        200..=299 => Ok(()),
        407 => {
            let basic = lines.filter_map(|line| line.split_once(':')).any(|(name, value)| {
                name.eq_ignore_ascii_case("proxy-authenticate")
                    && value.split(',').any(|offer| {
                        offer.trim_start().get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic"))
                    })
            });
            Err(if basic { ProxyError::WantsPassword } else { ProxyError::WantsOther })
        }
        status => Err(ProxyError::Refused(status)),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::duplex;

    use super::*;

    fn proxy(credentials: Option<ProxyCredentials>) -> Proxy {
        Proxy { host: Host::parse("proxy.example:3128").unwrap(), credentials }
    }

    fn target() -> Host {
        Host::parse("fernamt.example.org:443").unwrap()
    }

    /// What a proxy hears, and what comes of its answer.
    async fn asked(answer: &[u8], proxy: &Proxy) -> (String, Result<Vec<u8>, ProxyError>) {
        let (near, mut far) = duplex(64 * 1024);
        far.write_all(answer).await.unwrap();
        let target = target();
        let asking = async {
            let mut way = tunnel(near, &target, proxy).await?;
            let mut seen = Vec::new();
            way.shutdown().await?;
            way.read_to_end(&mut seen).await?;
            Ok(seen)
        };
        let hearing = async {
            let mut heard = vec![0; 4096];
            let count = far.read(&mut heard).await.unwrap();
            drop(far);
            String::from_utf8_lossy(&heard[..count]).into_owned()
        };
        let (done, heard) = tokio::join!(asking, hearing);
        (heard, done)
    }

    #[tokio::test]
    async fn what_comes_right_after_the_answer_is_not_lost() {
        let (heard, seen) =
            asked(b"HTTP/1.1 200 Connection established\r\nVia: x\r\n\r\nSSH-2.0-x", &proxy(None)).await;
        assert_eq!(heard, "CONNECT fernamt.example.org:443 HTTP/1.1\r\nHost: fernamt.example.org:443\r\n\r\n");
        assert_eq!(seen.unwrap(), b"SSH-2.0-x");
    }

    #[tokio::test]
    async fn credentials_go_along() {
        let credentials = ProxyCredentials { user: "Aladdin".into(), password: "open sesame".into() };
        let (heard, seen) = asked(b"HTTP/1.0 200 OK\r\n\r\n", &proxy(Some(credentials))).await;
        assert!(heard.contains("\r\nProxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"), "{heard}");
        assert!(seen.unwrap().is_empty());
    }

    #[tokio::test]
    async fn a_refusal_says_what_is_missing() {
        let basic = b"HTTP/1.1 407 Authentication Required\r\nProxy-Authenticate: NTLM, basic realm=\"x\"\r\n\r\n";
        assert!(matches!(asked(basic, &proxy(None)).await.1, Err(ProxyError::WantsPassword)));
        let other = b"HTTP/1.1 407 Authentication Required\r\nProxy-Authenticate: Negotiate\r\n\r\n";
        assert!(matches!(asked(other, &proxy(None)).await.1, Err(ProxyError::WantsOther)));
        assert!(matches!(asked(b"HTTP/1.1 403 No\r\n\r\n", &proxy(None)).await.1, Err(ProxyError::Refused(403))));
        assert!(matches!(asked(b"SSH-2.0-x\r\n\r\n", &proxy(None)).await.1, Err(ProxyError::Foreign)));
        assert!(matches!(asked(b"", &proxy(None)).await.1, Err(ProxyError::Silent(_))));
    }

    #[tokio::test]
    async fn an_endless_head_is_not_kept() {
        let endless = vec![b'a'; MAX_HEAD_BYTES + 1];
        assert!(matches!(asked(&endless, &proxy(None)).await.1, Err(ProxyError::Foreign)));
    }
}
