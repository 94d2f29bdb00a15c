//! Fetching a picture: one GET without anything about who asks, at most three redirects, each to an address that the guard
//! judged.

use std::{pin::pin, sync::Arc};

use bytes::{Bytes, BytesMut};
use fernamt_http::egress::EgressGuard;
use http_body_util::{BodyExt as _, Empty};
use hyper::{
    Request, Response,
    body::{Body, Incoming},
    client::conn::http1,
    header,
};
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, RootCertStore, client::Resumption, crypto::aws_lc_rs as provider, pki_types::ServerName};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::TlsConnector;
use url::Url;

use super::{kind::kind_of, source::address_from};

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

/// Why there is no picture. What a server elsewhere did is told in one word, whatever it was: whoever writes a message to
/// themselves would learn from more of it which ports and names there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    /// Not a web address that is asked.
    #[error("the address of the picture cannot be asked")]
    Address,
    /// Not allowed in this house.
    #[error("the picture is not encrypted on its way, and this administration allows none such")]
    Unencrypted,
    /// Too many are asked for here.
    #[error("too many pictures at once; ask again when some of them are there")]
    Busy,
    /// It could not be had, or is none.
    #[error("the picture cannot be had")]
    Unavailable,
}

impl Fault {
    /// The stable code.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Address => "picture_address",
            Self::Unencrypted => "picture_unencrypted",
            Self::Busy => "pictures_busy",
            Self::Unavailable => "picture_unavailable",
        }
    }
}

/// What a server answers.
enum Answer {
    Picture(Picture),
    Elsewhere(String),
}

/// The authorities that this machine trusts.
pub(crate) fn authorities() -> RootCertStore {
    let mut roots = RootCertStore::empty();
    let found = rustls_native_certs::load_native_certs();
    roots.add_parsable_certificates(found.certs);
    if roots.is_empty() {
        let faults = found.errors.len();
        tracing::warn!(
            faults,
            "This machine trusts no authorities: mail fetches no encrypted picture and tells no push service"
        );
    }
    roots
}

/// TLS to servers that an authority vouches for.
pub(crate) fn client_config(authorities: RootCertStore) -> Option<Arc<ClientConfig>> {
    let builder = ClientConfig::builder_with_provider(Arc::new(provider::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().ok()?;
    let mut config = builder.with_root_certificates(authorities).with_no_client_auth();
    // A ticket that is shown again tells a server who came before, as a cookie does.
    config.resumption = Resumption::disabled();
    Some(Arc::new(config))
}

/// Fetches what lies at an address, or at the one that it leads to.
pub(super) async fn follow(
    guard: &EgressGuard,
    tls: Option<&Arc<ClientConfig>>,
    mut address: Url,
    unencrypted: bool,
) -> Result<Picture, Fault> {
    // What stands in the message may be told of. What a server says to it may not.
    place_of(&address, unencrypted)?;
    for _ in 0..=MAX_REDIRECTS {
        match ask(guard, tls, &address, unencrypted).await.map_err(|_| Fault::Unavailable)? {
            Answer::Picture(picture) => return Ok(picture),
            Answer::Elsewhere(place) => address = address_from(&address, &place).ok_or(Fault::Unavailable)?,
        }
    }
    Err(Fault::Unavailable)
}

async fn ask(
    guard: &EgressGuard,
    tls: Option<&Arc<ClientConfig>>,
    address: &Url,
    unencrypted: bool,
) -> Result<Answer, Fault> {
    let (host, port) = place_of(address, unencrypted)?;
    let stream = guard.connect(host, port).await.map_err(|_| Fault::Unavailable)?;
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
    let tls = tls.ok_or(Fault::Unavailable)?;
    let stream = TlsConnector::from(Arc::clone(tls)).connect(name, stream).await.map_err(|_| Fault::Unavailable)?;
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
    let (mut sender, connection) = handshake.map_err(|_| Fault::Unavailable)?;
    let mut connection = pin!(connection);
    let mut answer = pin!(async move {
        let response = sender.send_request(request).await.map_err(|_| Fault::Unavailable)?;
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
    match head.status.as_u16() {
        200 => {}
        301 | 302 | 303 | 307 | 308 => {
            let place = head.headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
            return place.map(|place| Answer::Elsewhere(place.to_owned())).ok_or(Fault::Unavailable);
        }
        _ => return Err(Fault::Unavailable),
    }
    let bytes = whole(body).await?;
    let kind = kind_of(&bytes).ok_or(Fault::Unavailable)?;
    Ok(Answer::Picture(Picture { kind, bytes }))
}

/// All of a body, copied together: a piece of one byte may hold a whole buffer for as long as it is kept.
async fn whole<B: Body<Data = Bytes> + Unpin>(mut body: B) -> Result<Bytes, Fault> {
    if body.size_hint().lower() > MAX_PICTURE_BYTES as u64 {
        return Err(Fault::Unavailable);
    }
    let mut bytes = BytesMut::new();
    while let Some(frame) = body.frame().await {
        // What is no data is a trailer, which says nothing of a picture.
        let Ok(piece) = frame.map_err(|_| Fault::Unavailable)?.into_data() else { continue };
        if piece.len() > MAX_PICTURE_BYTES - bytes.len() {
            return Err(Fault::Unavailable);
        }
        bytes.extend_from_slice(&piece);
    }
    Ok(bytes.freeze())
}

#[cfg(test)]
mod tests {
    use std::{cell::Cell, convert::Infallible};

    use futures_util::{StreamExt as _, stream};
    use http_body_util::StreamBody;
    use hyper::body::Frame;

    use super::*;

    /// Bytes that are held for as long as somebody keeps a piece of them.
    struct Piece {
        bytes: Vec<u8>,
        _held: Arc<()>,
    }

    impl AsRef<[u8]> for Piece {
        fn as_ref(&self) -> &[u8] {
            &self.bytes
        }
    }

    #[tokio::test]
    async fn a_picture_in_many_pieces_is_held_once() {
        let (held, most) = (Arc::new(()), Cell::new(0));
        let pieces = stream::iter(0..1_000).map(|_| {
            let piece = Bytes::from_owner(Piece { bytes: b"x".to_vec(), _held: Arc::clone(&held) });
            most.set(most.get().max(Arc::strong_count(&held)));
            Ok::<_, Infallible>(Frame::data(piece))
        });
        let picture = whole(StreamBody::new(pieces)).await.unwrap();
        assert_eq!((&picture[..], most.get()), (&[b'x'; 1_000][..], 2), "one piece at a time beside our own count");
    }

    #[tokio::test]
    async fn so_many_bytes_are_taken_and_no_more() {
        let pieces = |last: usize| {
            let pieces = [MAX_PICTURE_BYTES - 1, 1, 0, last].map(|bytes| vec![b'x'; bytes]);
            let frames = pieces.map(|bytes| Ok::<_, Infallible>(Frame::data(Bytes::from(bytes))));
            StreamBody::new(stream::iter(frames))
        };
        assert_eq!(whole(pieces(0)).await.unwrap().len(), MAX_PICTURE_BYTES);
        assert_eq!(whole(pieces(1)).await.unwrap_err(), Fault::Unavailable);
    }

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
