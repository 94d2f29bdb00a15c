//! Fetching a picture: one GET without anything about who asks, at most three redirects, each to an address that the guard
//! judged.

use std::{pin::pin, sync::Arc};

use bytes::Bytes;
use fernamt_http::egress::{EgressError, EgressGuard};
use http_body_util::{BodyExt as _, Empty, LengthLimitError, Limited};
use hyper::{
    Request, Response,
    body::{Body as _, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs as provider, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use url::Url;

use super::kind_of;

/// The most bytes of a picture.
const MAX_PICTURE_BYTES: usize = 5_000_000;
/// The most bytes of the head of an answer.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// How often an answer may lead elsewhere.
const MAX_REDIRECTS: usize = 3;
/// Below it, ports are those of well-known services.
const FIRST_FREE_PORT: u16 = 1_024;

/// A picture as it came.
#[derive(Debug)]
pub(crate) struct Picture {
    /// What it is by its content.
    pub(crate) kind: &'static str,
    /// Its bytes.
    pub(crate) bytes: Bytes,
}

/// Why there is no picture. None tells the address: that would be written down somewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// Not a web address that is asked.
    #[error("the address of the picture cannot be asked")]
    Address,
    /// Not allowed in this house.
    #[error("the picture is not encrypted on its way, and this administration allows none such")]
    Unencrypted,
    /// The address, or one that it leads to, is none of the internet.
    #[error("the address of the picture leads into the house or to this server")]
    Inside,
    /// Nobody answered, or not to the end.
    #[error("the picture's server does not answer")]
    Unreachable,
    /// Its certificate does not hold.
    #[error("the picture's server is not who it should be: its certificate does not hold")]
    Certificate,
    /// From one address to the next.
    #[error("the picture's address leads to others more than three times")]
    Redirects,
    /// An answer that is no picture by its status.
    #[error("the picture's server answers with {0}")]
    Status(u16),
    /// Too many bytes.
    #[error("the picture is larger than 5 MB")]
    TooLarge,
    /// Too long.
    #[error("the picture took too long")]
    TooSlow,
    /// Other bytes.
    #[error("what came is no PNG, JPEG, GIF or WebP")]
    Kind,
}

impl Fault {
    /// The stable code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Address => "picture_address",
            Self::Unencrypted => "picture_unencrypted",
            Self::Inside => "picture_inside",
            Self::Unreachable => "picture_unreachable",
            Self::Certificate => "picture_certificate",
            Self::Redirects => "picture_redirects",
            Self::Status(_) => "picture_status",
            Self::TooLarge => "picture_too_large",
            Self::TooSlow => "picture_too_slow",
            Self::Kind => "picture_kind",
        }
    }
}

impl From<EgressError> for Fault {
    fn from(error: EgressError) -> Self {
        match error {
            EgressError::Unresolved(_) | EgressError::Unreachable(..) => Self::Unreachable,
            EgressError::Refused(_) | EgressError::Outside(_) | EgressError::OwnPort(_) => Self::Inside,
        }
    }
}

/// What a server answers.
enum Answer {
    Picture(Picture),
    Elsewhere(String),
}

/// TLS to servers that an authority of this machine vouches for.
pub(super) fn client_config() -> Option<Arc<ClientConfig>> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    let config = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()))
        .with_safe_default_protocol_versions()
        .map(|builder| builder.with_root_certificates(roots).with_no_client_auth());
    config.ok().map(Arc::new)
}

/// Fetches what lies at an address, or at the one that it leads to.
pub(super) async fn follow(
    guard: &EgressGuard,
    tls: Option<&Arc<ClientConfig>>,
    mut address: Url,
    unencrypted: bool,
) -> Result<Picture, Fault> {
    for _ in 0..=MAX_REDIRECTS {
        match ask(guard, tls, &address, unencrypted).await? {
            Answer::Picture(picture) => return Ok(picture),
            Answer::Elsewhere(place) => address = address.join(&place).map_err(|_| Fault::Address)?,
        }
    }
    Err(Fault::Redirects)
}

async fn ask(
    guard: &EgressGuard,
    tls: Option<&Arc<ClientConfig>>,
    address: &Url,
    unencrypted: bool,
) -> Result<Answer, Fault> {
    let (host, port) = place_of(address, unencrypted)?;
    let stream = guard.connect(host, port).await?;
    let path = address.query().map_or_else(|| address.path().to_owned(), |query| format!("{}?{query}", address.path()));
    let authority = address.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
    let request = Request::get(path)
        .header(header::HOST, authority)
        .header(header::ACCEPT, "image/webp,image/png,image/jpeg,image/gif")
        .header(header::USER_AGENT, "Fernamt")
        .body(Empty::new())
        .map_err(|_| Fault::Address)?;
    if address.scheme() == "http" {
        return exchange(stream, request).await;
    }
    let name = host.trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(name).map_err(|_| Fault::Address)?;
    let tls = tls.ok_or(Fault::Certificate)?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(|_| Fault::Certificate)?;
    exchange(stream, request).await
}

/// Host and port of an address that may be asked, as far as it says itself.
fn place_of(address: &Url, unencrypted: bool) -> Result<(&str, u16), Fault> {
    match address.scheme() {
        "https" => {}
        "http" if unencrypted => {}
        "http" => return Err(Fault::Unencrypted),
        _ => return Err(Fault::Address),
    }
    if !address.username().is_empty() || address.password().is_some() {
        return Err(Fault::Address);
    }
    let place = address.host_str().zip(address.port_or_known_default());
    place.filter(|(_, port)| *port >= FIRST_FREE_PORT || matches!(port, 80 | 443)).ok_or(Fault::Address)
}

/// Sends one request and reads its answer.
async fn exchange<S>(stream: S, request: Request<Empty<Bytes>>) -> Result<Answer, Fault>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let handshake = http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(stream)).await;
    let (mut sender, connection) = handshake.map_err(|_| Fault::Unreachable)?;
    let mut connection = pin!(connection);
    let mut answer = pin!(async move {
        let response = sender.send_request(request).await.map_err(|_| Fault::Unreachable)?;
        read(response).await
    });
    tokio::select! {
        biased;
        answer = &mut answer => return answer,
        _ = &mut connection => {}
    }
    // The line is over; what came before is still to be read.
    answer.await
}

async fn read(response: Response<Incoming>) -> Result<Answer, Fault> {
    let (head, body) = response.into_parts();
    let status = head.status.as_u16();
    match status {
        200 => {}
        301 | 302 | 303 | 307 | 308 => {
            let place = head.headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
            return place.map(|place| Answer::Elsewhere(place.to_owned())).ok_or(Fault::Status(status));
        }
        _ => return Err(Fault::Status(status)),
    }
    if body.size_hint().lower() > MAX_PICTURE_BYTES as u64 {
        return Err(Fault::TooLarge);
    }
    let bytes = Limited::new(body, MAX_PICTURE_BYTES)
        .collect()
        .await
        .map_err(|error| if error.is::<LengthLimitError>() { Fault::TooLarge } else { Fault::Unreachable })?;
    let bytes = bytes.to_bytes();
    let kind = kind_of(&bytes).ok_or(Fault::Kind)?;
    Ok(Answer::Picture(Picture { kind, bytes }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_addresses_of_the_web_are_asked() {
        let place = |address: &str, unencrypted| place_of(&address.parse().unwrap(), unencrypted).map(|(_, port)| port);
        assert_eq!(place("https://a.example/x", false), Ok(443));
        assert_eq!(place("http://a.example/x", true), Ok(80));
        assert_eq!(place("https://a.example:8443/x", false), Ok(8443));
        assert_eq!(place("http://a.example/x", false), Err(Fault::Unencrypted));
        for wrong in [
            "https://user@a.example/",
            "https://:secret@a.example/",
            "ftp://a.example/x.png",
            "file:///etc/passwd",
            "data:image/png;base64,AAAA",
            "cid:a",
            "https://a.example:25/",
            "http://a.example:22/",
        ] {
            assert_eq!(place(wrong, true), Err(Fault::Address), "{wrong}");
        }
    }
}
