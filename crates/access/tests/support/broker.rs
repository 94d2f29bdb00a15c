//! A session broker, as far as a client meets it before it is sent elsewhere.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use ironrdp_core::{decode, encode_vec};
use ironrdp_pdu::{
    gcc::{
        ClientGccBlocks, ConferenceCreateResponse, RdpVersion, ServerCoreData, ServerCoreOptionalData, ServerGccBlocks,
        ServerNetworkData, ServerSecurityData,
    },
    mcs::{
        AttachUserConfirm, ChannelJoinConfirm, ConnectInitial, ConnectResponse, DomainParameters, McsMessage,
        SendDataIndication,
    },
    nego::{ConnectionConfirm, ResponseFlags, SecurityProtocol},
    rdp::server_redirection::ServerRedirectionPdu,
    x224::{X224, X224Data},
};
use rustls::{ServerConfig, pki_types::PrivateKeyDer};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::TlsAcceptor;

const IO_CHANNEL: u16 = 1003;

/// A broker that sends everybody elsewhere.
pub(crate) struct Broker {
    pub(crate) address: SocketAddr,
    /// The connection requests it got.
    pub(crate) requests: Arc<Mutex<Vec<Vec<u8>>>>,
    /// What the clients said of themselves.
    pub(crate) clients: Arc<Mutex<Vec<ClientGccBlocks>>>,
}

impl Broker {
    pub(crate) async fn start(redirection: ServerRedirectionPdu) -> Self {
        let own = rcgen::generate_simple_self_signed(["broker.amt.test".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("0.0.0.0:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, clients) =
            (Arc::<Mutex<Vec<Vec<u8>>>>::default(), Arc::<Mutex<Vec<ClientGccBlocks>>>::default());
        let shared = (Arc::clone(&requests), Arc::clone(&clients));
        tokio::spawn(async move {
            while let Ok((tcp, _)) = listener.accept().await {
                let _ = serve(tcp, &acceptor, &redirection, &shared.0, &shared.1).await;
            }
        });
        Self { address, requests, clients }
    }
}

async fn serve(
    mut tcp: TcpStream,
    acceptor: &TlsAcceptor,
    redirection: &ServerRedirectionPdu,
    requests: &Mutex<Vec<Vec<u8>>>,
    clients: &Mutex<Vec<ClientGccBlocks>>,
) -> std::io::Result<()> {
    let request = read_tpkt(&mut tcp).await?;
    requests.lock().unwrap().push(request);
    let confirm = ConnectionConfirm::Response { flags: ResponseFlags::empty(), protocol: SecurityProtocol::SSL };
    tcp.write_all(&encode_vec(&X224(confirm)).unwrap()).await?;
    let mut tls = acceptor.accept(tcp).await?;

    let initial = read_tpkt(&mut tls).await?;
    let data = decode::<X224<X224Data<'_>>>(&initial).unwrap().0.data;
    let blocks = decode::<ConnectInitial>(&data).unwrap().conference_create_request.into_gcc_blocks();
    let channels = blocks.network.as_ref().map_or(0, |network| network.channels.len());
    clients.lock().unwrap().push(blocks);
    tls.write_all(&connect_response(channels)).await?;
    loop {
        let frame = read_tpkt(&mut tls).await?;
        let Ok(X224(message)) = decode::<X224<McsMessage<'_>>>(&frame) else { return Ok(()) };
        let answer = match message {
            McsMessage::AttachUserRequest(_) => {
                McsMessage::AttachUserConfirm(AttachUserConfirm { result: 0, initiator_id: 1007 })
            }
            McsMessage::ChannelJoinRequest(join) => McsMessage::ChannelJoinConfirm(ChannelJoinConfirm {
                result: 0,
                initiator_id: join.initiator_id,
                requested_channel_id: join.channel_id,
                channel_id: join.channel_id,
            }),
            McsMessage::SendDataRequest(_) => {
                let body = encode_vec(redirection).unwrap();
                let length = u16::try_from(body.len() + 9).unwrap().to_le_bytes();
                let packet = [&length[..], &[0x0A, 0, 0xEA, 3, 0, 0], &body, &[0]].concat();
                let indication =
                    SendDataIndication { initiator_id: 1002, channel_id: IO_CHANNEL, user_data: packet.into() };
                tls.write_all(&encode_vec(&X224(McsMessage::SendDataIndication(indication))).unwrap()).await?;
                continue;
            }
            _ => continue,
        };
        tls.write_all(&encode_vec(&X224(answer)).unwrap()).await?;
    }
}

fn connect_response(channels: usize) -> Vec<u8> {
    let blocks = ServerGccBlocks {
        core: ServerCoreData { version: RdpVersion::V5_PLUS, optional_data: ServerCoreOptionalData::default() },
        network: ServerNetworkData { io_channel: IO_CHANNEL, channel_ids: (IO_CHANNEL + 1..).take(channels).collect() },
        security: ServerSecurityData::no_security(),
        message_channel: None,
        multi_transport_channel: None,
    };
    let response = ConnectResponse {
        conference_create_response: ConferenceCreateResponse::new(1002, blocks).unwrap(),
        called_connect_id: 0,
        domain_parameters: DomainParameters::target(),
    };
    let data = encode_vec(&response).unwrap();
    encode_vec(&X224(X224Data { data: data.into() })).unwrap()
}

async fn read_tpkt(stream: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; 4];
    stream.read_exact(&mut frame).await?;
    frame.resize(usize::from(u16::from_be_bytes([frame[2], frame[3]])), 0);
    stream.read_exact(&mut frame[4..]).await?;
    Ok(frame)
}
