//! A headless RDP client that speaks through the relay as the browser does, with IronRDP's own connector. It asks for
//! every channel, whatever it was told.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use futures_util::{SinkExt, StreamExt};
use ironrdp_connector::{
    BitmapConfig, ClientConnector, Config, ConnectionResult, ConnectorError, ConnectorErrorKind, ConnectorResult,
    Credentials, DesktopSize, Sequence as _, ServerName, sspi::generator::NetworkRequest,
};
use ironrdp_core::{WriteBuf, decode, impl_as_any};
use ironrdp_pdu::{
    PduResult,
    gcc::{ChannelName, ChannelOptions, ConnectionType, KeyboardType},
    mcs::McsMessage,
    rdp::{
        capability_sets::{MajorPlatformType, RailSupportLevel},
        client_info::{CompressionType, PerformanceFlags, TimezoneInfo},
    },
    x224::X224,
};
use ironrdp_rdcleanpath::{RDCleanPath, RDCleanPathPdu};
use ironrdp_svc::{SvcClientProcessor, SvcMessage, SvcProcessor};
use ironrdp_tokio::{FramedWrite as _, NetworkClient, TokioFramed};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, DuplexStream},
    net::TcpStream,
};
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest, http::Request, protocol::CloseFrame};

/// The desktop's picture and channels, once connected.
pub(crate) struct RdpClient {
    pub(crate) result: ConnectionResult,
    framed: TokioFramed<DuplexStream>,
    /// How the WebSocket was closed.
    pub(crate) closed: Arc<Mutex<Option<CloseFrame>>>,
}

/// What the client asks for and who signs on.
pub(crate) struct Wishes<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) nla: bool,
}

/// Why the client did not connect.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The relay answered with an error in place of the certificate.
    Relay(Option<CloseFrame>),
    /// The desktop, the client or the relay gave up later.
    Later(Option<CloseFrame>),
}

impl RdpClient {
    /// Connects through a relay, up to the desktop's first picture.
    pub(crate) async fn connect(relay: SocketAddr, wishes: Wishes<'_>) -> Result<Self, Refusal> {
        Self::request(relay, format!("ws://{relay}/desktop").into_client_request().unwrap(), wishes).await
    }

    /// Connects with a WebSocket request of one's own.
    pub(crate) async fn request(relay: SocketAddr, request: Request<()>, wishes: Wishes<'_>) -> Result<Self, Refusal> {
        let (stream, closed) = web_socket(relay, request).await;
        let mut connector = ClientConnector::new(config(&wishes), relay);
        connector.attach_static_channel(Clipboard);
        connector.attach_static_channel(Devices);
        connector.attach_static_channel(Dynamic);
        let mut framed = TokioFramed::new(stream);

        let mut buffer = WriteBuf::new();
        connector.step_no_input(&mut buffer).unwrap();
        let x224 = buffer.filled().to_vec();
        let request = RDCleanPathPdu::new_request(x224, "elsewhere.example:3389".to_owned(), "x".to_owned(), None);
        framed.write_all(&request.unwrap().to_der().unwrap()).await.unwrap();
        let (mut stream, leftover) = framed.into_inner();
        let answer = read_der(&mut stream, leftover.to_vec()).await;
        let answer = answer.map(|answer| RDCleanPathPdu::from_der(&answer).unwrap().into_enum().unwrap());
        let Some(RDCleanPath::Response { x224_connection_response, server_cert_chain, .. }) = answer else {
            // The close frame follows the error.
            let mut rest = Vec::new();
            let _ = stream.read_to_end(&mut rest).await;
            return Err(Refusal::Relay(closed.lock().unwrap().clone()));
        };
        let mut framed = TokioFramed::new(stream);
        buffer.clear();
        connector.step(x224_connection_response.as_bytes(), None, &mut buffer).unwrap();
        let key = public_key(server_cert_chain[0].as_bytes());
        let upgraded =
            ironrdp_tokio::mark_as_upgraded(ironrdp_tokio::skip_connect_begin(&mut connector), &mut connector);
        let name = ServerName::new("desktop");
        let outcome =
            ironrdp_tokio::connect_finalize(upgraded, connector, &mut framed, &mut NoNetwork, name, key, None).await;
        match outcome.and_then(ironrdp_connector::ConnectionOutcome::into_connected) {
            Ok(result) => Ok(Self { result, framed, closed }),
            Err(_) => {
                let _ = framed.into_inner().0.read_to_end(&mut Vec::new()).await;
                Err(Refusal::Later(closed.lock().unwrap().clone()))
            }
        }
    }

    /// The ids of the channels asked for, in their order: clipboard, devices, dynamic.
    pub(crate) fn channel(&self, name: [u8; 8]) -> u16 {
        self.result.static_channels.get_channel_id_by_channel_name(&ChannelName::new(name)).unwrap()
    }

    /// Reads what the desktop sends and counts it by channel (0: pictures by fast-path), until `done` says so or the
    /// relay ends it.
    pub(crate) async fn read_until(
        &mut self,
        mut done: impl FnMut(&HashMap<u16, usize>) -> bool,
    ) -> HashMap<u16, usize> {
        let mut heard = HashMap::new();
        while !done(&heard) {
            let Ok((action, frame)) = self.framed.read_pdu().await else { break };
            let channel = match action {
                ironrdp_pdu::Action::FastPath => 0,
                ironrdp_pdu::Action::X224 => match decode::<X224<McsMessage<'_>>>(&frame) {
                    Ok(X224(McsMessage::SendDataIndication(data))) => data.channel_id,
                    _ => continue,
                },
            };
            *heard.entry(channel).or_default() += 1;
        }
        heard
    }

    /// Sends data on a channel, in one chunk.
    pub(crate) async fn send(&mut self, channel: u16, message: &[u8]) {
        let length = u32::try_from(message.len()).unwrap();
        let chunk = [&length.to_le_bytes()[..], &3_u32.to_le_bytes(), message].concat();
        let request = ironrdp_pdu::mcs::SendDataRequest {
            initiator_id: self.result.user_channel_id,
            channel_id: channel,
            user_data: chunk.into(),
        };
        let frame = ironrdp_core::encode_vec(&X224(McsMessage::SendDataRequest(request))).unwrap();
        self.framed.write_all(&frame).await.unwrap();
    }
}

/// A WebSocket as a byte stream. Its close frame is kept.
async fn web_socket(relay: SocketAddr, request: Request<()>) -> (DuplexStream, Arc<Mutex<Option<CloseFrame>>>) {
    let stream = TcpStream::connect(relay).await.unwrap();
    let (socket, _) = tokio_tungstenite::client_async(request, stream).await.unwrap();
    let (mut sink, mut stream) = socket.split();
    let (near, far) = tokio::io::duplex(256 * 1024);
    let (mut reader, mut writer) = tokio::io::split(far);
    let closed = Arc::new(Mutex::new(None));
    let close = Arc::clone(&closed);
    tokio::spawn(async move {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(length) = reader.read(&mut buffer).await {
            if length == 0 || sink.send(Message::binary(buffer[..length].to_vec())).await.is_err() {
                break;
            }
        }
        let _ = sink.close().await;
    });
    tokio::spawn(async move {
        while let Some(Ok(message)) = stream.next().await {
            match message {
                Message::Binary(data) if writer.write_all(&data).await.is_err() => break,
                Message::Close(frame) => *close.lock().unwrap() = frame,
                _ => {}
            }
        }
        let _ = writer.shutdown().await;
    });
    (near, closed)
}

async fn read_der(stream: &mut DuplexStream, mut data: Vec<u8>) -> Option<Vec<u8>> {
    loop {
        if let ironrdp_rdcleanpath::DetectionResult::Detected { total_length, .. } = RDCleanPathPdu::detect(&data)
            && data.len() >= total_length
        {
            return Some(data);
        }
        if stream.read_buf(&mut data).await.ok()? == 0 {
            return None;
        }
    }
}

fn public_key(certificate: &[u8]) -> Vec<u8> {
    let (_, certificate) = x509_parser::parse_x509_certificate(certificate).unwrap();
    certificate.public_key().subject_public_key.data.to_vec()
}

fn config(wishes: &Wishes<'_>) -> Config {
    Config {
        desktop_size: DesktopSize { width: 1024, height: 768 },
        monitor_layout: None,
        desktop_scale_factor: 0,
        desktop_physical_size: None,
        desktop_orientation: None,
        device_scale_factor: None,
        monitor_extended_layout: None,
        relative_mouse_input: false,
        enable_tls: true,
        enable_credssp: wishes.nla,
        enable_standard_rdp_security: false,
        credentials: Credentials::UsernamePassword {
            username: wishes.user.to_owned(),
            password: wishes.password.to_owned(),
        },
        domain: None,
        client_build: 1,
        client_name: "test".to_owned(),
        keyboard_type: KeyboardType::IBM_ENHANCED,
        keyboard_subtype: 0,
        keyboard_functional_keys_count: 12,
        keyboard_layout: 0x407,
        connection_type: ConnectionType::Lan,
        ime_file_name: String::new(),
        bitmap: Some(BitmapConfig {
            lossy_compression: true,
            color_depth: 16,
            codecs: ironrdp_pdu::rdp::capability_sets::client_codecs_capabilities(&[]).unwrap(),
        }),
        dig_product_id: String::new(),
        client_dir: String::new(),
        alternate_shell: String::new(),
        work_dir: String::new(),
        remote_application_mode: false,
        rail_support_level: RailSupportLevel::empty(),
        platform: MajorPlatformType::UNIX,
        hardware_id: None,
        request_data: None,
        autologon: true,
        enable_audio_playback: false,
        enable_audio_capture: false,
        performance_flags: PerformanceFlags::default(),
        license_cache: None,
        timezone_info: TimezoneInfo::default(),
        // The filter must take this out again.
        compression_type: Some(CompressionType::K64),
        enable_server_pointer: false,
        pointer_software_rendering: true,
        multitransport_flags: None,
        support_dyn_vc_gfx_protocol: false,
    }
}

macro_rules! channels {
    ($($name:ident $channel:literal;)+) => {$(
        #[derive(Debug)]
        struct $name;
        impl_as_any!($name);
        impl SvcProcessor for $name {
            fn channel_name(&self) -> ChannelName {
                ChannelName::from_static($channel)
            }
            fn channel_options(&self) -> ChannelOptions {
                ChannelOptions::INITIALIZED | ChannelOptions::ENCRYPT_RDP | ChannelOptions::COMPRESS_RDP
            }
            fn process(&mut self, _: &[u8]) -> PduResult<Vec<SvcMessage>> {
                Ok(Vec::new())
            }
        }
        impl SvcClientProcessor for $name {}
    )+};
}

channels! {
    Clipboard b"cliprdr\0";
    Devices b"rdpdr\0\0\0";
    Dynamic b"drdynvc\0";
}

struct NoNetwork;

impl NetworkClient for NoNetwork {
    async fn send(&mut self, _: &NetworkRequest) -> ConnectorResult<Vec<u8>> {
        Err(ConnectorError::new("Kerberos", ConnectorErrorKind::General))
    }
}
