//! A line to the gateway: TCP, TLS and a WebSocket on top.

use std::{io, net::SocketAddr, path::Path, sync::Arc, time::Duration};

use rustls::{
    ClientConfig, RootCertStore,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;
use tokio_tungstenite::{WebSocketStream, client_async_with_config, tungstenite::protocol::WebSocketConfig};

use crate::{StickError, gateway::Gateway};

/// The most bytes of one message; the gateway sends and takes no more.
pub(crate) const MAX_MESSAGE_BYTES: usize = 64 * 1024;

/// How long one address may take to answer.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// How long the whole line may take to stand.
const LINE_TIMEOUT: Duration = Duration::from_secs(30);

/// Whatever carries bytes both ways.
pub(crate) trait Carrier: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Carrier for T {}

/// A line that stands.
pub(crate) type Line = WebSocketStream<Box<dyn Carrier>>;

/// Opens a line. `ca` names authorities to trust instead of the system's.
pub(crate) async fn open(gateway: &Gateway, ca: Option<&Path>) -> Result<Line, StickError> {
    timeout(LINE_TIMEOUT, dial(gateway, ca)).await.map_err(|_| StickError::Late)?
}

async fn dial(gateway: &Gateway, ca: Option<&Path>) -> Result<Line, StickError> {
    let unreachable = |source| StickError::Unreachable { host: gateway.host.clone(), source };
    let socket = connect(gateway).await.map_err(unreachable)?;
    let carrier: Box<dyn Carrier> = if gateway.tls {
        let name = ServerName::try_from(gateway.host.clone()).map_err(|_| StickError::Address(gateway.host.clone()))?;
        let connector = TlsConnector::from(Arc::new(tls(ca)?));
        Box::new(connector.connect(name, socket).await.map_err(unreachable)?)
    } else {
        Box::new(socket)
    };
    let config = WebSocketConfig::default()
        .max_message_size(Some(MAX_MESSAGE_BYTES))
        .max_frame_size(Some(MAX_MESSAGE_BYTES))
        .write_buffer_size(0)
        .max_write_buffer_size(2 * MAX_MESSAGE_BYTES);
    let (line, _) = client_async_with_config(gateway.url.as_str(), carrier, Some(config))
        .await
        .map_err(|error| StickError::Refused(Box::new(error)))?;
    Ok(line)
}

/// Connects to the first address that answers.
async fn connect(gateway: &Gateway) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = match gateway.address {
        Some(address) => vec![(address, gateway.port).into()],
        None => lookup_host((gateway.host.as_str(), gateway.port)).await?.collect(),
    };
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in addresses {
        match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(Ok(socket)) => {
                socket.set_nodelay(true)?;
                return Ok(socket);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(last)
}

fn tls(ca: Option<&Path>) -> Result<ClientConfig, StickError> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = ca {
        let none = || StickError::Authorities { path: path.to_owned() };
        let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
        roots.add_parsable_certificates(found.map_err(|_| none())?);
        if roots.is_empty() {
            return Err(none());
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        if roots.is_empty() {
            return Err(StickError::NoAuthority);
        }
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}
