//! The filter against a scripted client and server.

use ironrdp_pdu::{
    gcc::{
        ChannelDef, ChannelOptions, ClientCoreData, ClientCoreOptionalData, ClientNetworkData, ClientSecurityData,
        ColorDepth, ConferenceCreateResponse, EncryptionLevel, EncryptionMethod, KeyboardType,
        MultiTransportChannelData, MultiTransportFlags, RdpVersion, SecureAccessSequence, ServerCoreData,
        ServerCoreOptionalData, ServerGccBlocks, ServerNetworkData, ServerSecurityData,
    },
    mcs::{AttachUserRequest, ChannelJoinRequest, DomainParameters, McsMessage, SendDataIndication, SendDataRequest},
    rdp::server_redirection::ServerRedirectionFlags,
};
use proptest::prelude::*;

use super::*;

const IO: u16 = 1003;
const FIRST_CHANNEL: u16 = 1004;
const TEXT: ChannelPolicy = ChannelPolicy { clipboard: true, drives: false, printers: false };

fn frame(message: McsMessage<'_>) -> Vec<u8> {
    encode_vec(&X224(message)).unwrap()
}

fn request(channel_id: u16, data: &[u8]) -> Vec<u8> {
    frame(McsMessage::SendDataRequest(SendDataRequest { initiator_id: 1007, channel_id, user_data: data.into() }))
}

fn indication(channel_id: u16, data: &[u8]) -> Vec<u8> {
    frame(McsMessage::SendDataIndication(SendDataIndication { initiator_id: 1002, channel_id, user_data: data.into() }))
}

fn chunk(flags: u32, message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).unwrap();
    [&length.to_le_bytes()[..], &flags.to_le_bytes(), message].concat()
}

fn connect_initial(names: &[&[u8; 8]]) -> Vec<u8> {
    let channels = names
        .iter()
        .map(|name| ChannelDef { name: ChannelName::new(**name), options: ChannelOptions::INITIALIZED })
        .collect();
    let blocks = ClientGccBlocks {
        core: ClientCoreData {
            version: RdpVersion::V5_PLUS,
            desktop_width: 1024,
            desktop_height: 768,
            color_depth: ColorDepth::Bpp8,
            sec_access_sequence: SecureAccessSequence::Del,
            keyboard_layout: 0x407,
            client_build: 1,
            client_name: "browser".to_owned(),
            keyboard_type: KeyboardType::IBM_ENHANCED,
            keyboard_subtype: 0,
            keyboard_functional_keys_count: 12,
            ime_file_name: String::new(),
            optional_data: ClientCoreOptionalData::default(),
        },
        security: ClientSecurityData::no_security(),
        network: Some(ClientNetworkData { channels }),
        cluster: None,
        monitor: None,
        message_channel: None,
        multi_transport_channel: Some(MultiTransportChannelData { flags: MultiTransportFlags::empty() }),
        monitor_extended: None,
    };
    let data = encode_vec(&ConnectInitial::with_gcc_blocks(blocks).unwrap()).unwrap();
    encode_vec(&X224(X224Data { data: data.into() })).unwrap()
}

fn read_connect_initial(frame: &[u8]) -> ClientGccBlocks {
    let data = decode::<X224<X224Data<'_>>>(frame).unwrap().0.data;
    decode::<ConnectInitial>(&data).unwrap().conference_create_request.into_gcc_blocks()
}

fn connect_response(channels: usize, security: ServerSecurityData) -> Vec<u8> {
    let blocks = ServerGccBlocks {
        core: ServerCoreData { version: RdpVersion::V5_PLUS, optional_data: ServerCoreOptionalData::default() },
        network: ServerNetworkData { io_channel: IO, channel_ids: (FIRST_CHANNEL..).take(channels).collect() },
        security,
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

fn client_info(flags: u32) -> Vec<u8> {
    [&[0x40, 0, 0, 0][..], &[7, 4, 7, 4], &flags.to_le_bytes(), &[0; 10]].concat()
}

fn to_server(filter: &mut Filter, data: &[u8]) -> Result<Vec<u8>, FilterError> {
    let mut out = Vec::new();
    filter.from_client(data, &mut out).map(|()| out)
}

fn to_client(filter: &mut Filter, data: &[u8]) -> Result<Vec<u8>, FilterError> {
    let mut out = Vec::new();
    filter.from_server(data, &mut out).map(|_| out)
}

/// A connection with `cliprdr`, `rdpdr`, `drdynvc` and `rdpsnd`, in this order, up to the client information.
fn running(policy: ChannelPolicy) -> Filter {
    let mut filter = Filter::new(policy, SecurityProtocol::SSL, None);
    let names = [b"cliprdr\0", b"rdpdr\0\0\0", b"drdynvc\0", b"rdpsnd\0\0"];
    to_server(&mut filter, &connect_initial(&names)).unwrap();
    to_client(&mut filter, &connect_response(4, ServerSecurityData::no_security())).unwrap();
    to_server(&mut filter, &request(IO, &client_info(0))).unwrap();
    filter
}

#[test]
fn channels_that_are_not_permitted_lose_their_name_but_keep_their_place() {
    let asked: [&[u8; 8]; 6] = [b"CLIPRDR\0", b"rdpdr\0xx", b"drdynvc\0", b"rdpsnd\0\0", b"mytunne\0", b"cliprdr\0"];
    let names = |policy| {
        let mut filter = Filter::new(policy, SecurityProtocol::SSL, None);
        let sent = to_server(&mut filter, &connect_initial(&asked)).unwrap();
        let blocks = read_connect_initial(&sent);
        assert_eq!(blocks.multi_transport_channel, None, "UDP is not offered");
        let names: Vec<_> =
            blocks.network.unwrap().channels.iter().map(|c| c.name.as_str().unwrap().to_owned()).collect();
        names.join(" ")
    };
    assert_eq!(names(ChannelPolicy::default()), "off0000 off0001 drdynvc rdpsnd off0004 off0005");
    assert_eq!(names(TEXT), "CLIPRDR off0001 drdynvc rdpsnd off0004 cliprdr");
    let printers = ChannelPolicy { printers: true, ..ChannelPolicy::default() };
    assert_eq!(names(printers), "off0000 rdpdr drdynvc rdpsnd off0004 off0005");
}

#[test]
fn data_on_a_closed_channel_reach_neither_side() {
    let mut filter = running(ChannelPolicy::default());
    let data = chunk(3, b"stolen");
    for (offset, passes) in [(0, false), (1, false), (3, true)] {
        let (up, down) = (request(FIRST_CHANNEL + offset, &data), indication(FIRST_CHANNEL + offset, &data));
        assert_eq!(!to_server(&mut filter, &up).unwrap().is_empty(), passes, "up on {offset}");
        assert_eq!(!to_client(&mut filter, &down).unwrap().is_empty(), passes, "down on {offset}");
    }
    assert!(to_server(&mut filter, &request(1500, &data)).unwrap().is_empty(), "a channel that nobody asked for");
}

#[test]
fn clipboard_text_passes_and_files_do_not() {
    let mut filter = running(TEXT);
    let format_list = chunk(3, &[2, 0, 0, 0, 0, 0, 0, 0]);
    assert!(!to_server(&mut filter, &request(FIRST_CHANNEL, &format_list)).unwrap().is_empty());
    let begin = chunk(1, &[9, 0, 1, 0, 0, 1, 0, 0, 1, 2, 3]);
    let end = chunk(2, &[4, 5, 6]);
    for part in [begin, end] {
        assert!(to_client(&mut filter, &indication(FIRST_CHANNEL, &part)).unwrap().is_empty());
    }
    assert!(!to_client(&mut filter, &indication(FIRST_CHANNEL, &format_list)).unwrap().is_empty());
}

#[test]
fn dynamic_channels_are_refused_in_the_clients_name() {
    let mut filter = running(TEXT);
    let dynamic = FIRST_CHANNEL + 2;
    to_client(&mut filter, &indication(dynamic, &chunk(3, b"\x10\x05FileRedirectorChannel\0"))).unwrap();
    let sent = to_server(&mut filter, &request(dynamic, &chunk(3, &[0x10, 5, 0, 0, 0, 0]))).unwrap();
    assert_eq!(sent, request(dynamic, &chunk(3, &[0x10, 5, 1, 0x40, 0, 0x80])));
}

#[test]
fn compression_is_switched_off_and_refused() {
    let mut filter = running(TEXT);
    let dynamic = FIRST_CHANNEL + 2;
    let compressed = chunk(0x0020_0003, &[0x10, 5, 0, 0, 0, 0]);
    assert_eq!(to_server(&mut filter, &request(dynamic, &compressed)), Err(FilterError::Compressed));

    let mut filter = Filter::new(TEXT, SecurityProtocol::SSL, None);
    to_server(&mut filter, &connect_initial(&[])).unwrap();
    to_client(&mut filter, &connect_response(0, ServerSecurityData::no_security())).unwrap();
    let sent = to_server(&mut filter, &request(IO, &client_info(0x0000_0693))).unwrap();
    assert_eq!(sent, request(IO, &client_info(0x0000_0013)));

    let confirm = |flags: u8| {
        let head = [[0; 2], [0x13, 0], [0; 2], [0; 2], [0; 2], [0; 2], [4, 0], [0; 2]].concat();
        [&head[..], b"IRDP", &[2, 0, 0, 0], &[5, 0, 4, 0], &[0x14, 0, 8, 0, flags, 0, 0, 0]].concat()
    };
    let sent = to_server(&mut filter, &request(IO, &confirm(1))).unwrap();
    assert_eq!(sent, request(IO, &confirm(0)));
}

#[test]
fn nothing_comes_before_its_time() {
    let credssp = [0x30, 3, 2, 1, 6];
    let attach = frame(McsMessage::AttachUserRequest(AttachUserRequest));
    let fresh = |protocol| Filter::new(TEXT, protocol, None);
    assert!(to_server(&mut fresh(SecurityProtocol::SSL), &attach).is_err());
    assert!(to_server(&mut fresh(SecurityProtocol::SSL), &[4, 3, 0]).is_err(), "input before the connection");
    assert!(to_server(&mut fresh(SecurityProtocol::SSL), &credssp).is_err(), "CredSSP was not negotiated");
    let mut nla = fresh(SecurityProtocol::HYBRID_EX);
    assert_eq!(to_server(&mut nla, &credssp).unwrap(), credssp);
    assert_eq!(to_client(&mut nla, &[0, 0, 0, 0]).unwrap(), [0, 0, 0, 0]);
    to_server(&mut nla, &connect_initial(&[])).unwrap();
    assert!(to_server(&mut nla, &credssp).is_err(), "CredSSP is over");

    let mut filter = fresh(SecurityProtocol::SSL);
    to_server(&mut filter, &connect_initial(&[b"cliprdr\0"])).unwrap();
    assert!(to_server(&mut filter, &attach).is_err(), "the server has not answered");
    to_client(&mut filter, &connect_response(1, ServerSecurityData::no_security())).unwrap();
    to_server(&mut filter, &attach).unwrap();
    let join = McsMessage::ChannelJoinRequest(ChannelJoinRequest { initiator_id: 1007, channel_id: FIRST_CHANNEL });
    to_server(&mut filter, &frame(join)).unwrap();
    assert!(to_server(&mut filter, &request(IO, &[0; 20])).is_err(), "no client information");
    assert!(to_server(&mut running(TEXT), &connect_initial(&[])).is_err(), "a second Connect-Initial");
}

#[test]
fn encryption_below_tls_would_hide_the_channels() {
    let mut filter = Filter::new(TEXT, SecurityProtocol::SSL, None);
    to_server(&mut filter, &connect_initial(&[])).unwrap();
    let security = ServerSecurityData {
        encryption_method: EncryptionMethod::BIT_128,
        encryption_level: EncryptionLevel::High,
        server_random: Some([1; 32]),
        server_cert: vec![1, 2, 3],
    };
    assert_eq!(to_client(&mut filter, &connect_response(0, security)), Err(FilterError::Encrypted));
}

#[test]
fn a_brokers_redirection_goes_to_the_relay() {
    let farm = FarmSession { redirected: Some(7) };
    let mut filter = Filter::new(TEXT, SecurityProtocol::SSL, Some(farm));
    let sent = to_server(&mut filter, &connect_initial(&[])).unwrap();
    let cluster = read_connect_initial(&sent).cluster.unwrap();
    assert!(
        cluster
            .flags
            .contains(RedirectionFlags::REDIRECTION_SUPPORTED | RedirectionFlags::REDIRECTED_SESSION_FIELD_VALID)
    );
    assert_eq!(cluster.redirected_session_id, 7);

    let redirection = ServerRedirectionPdu {
        session_id: 3,
        target_net_address: Some("10.0.0.7".to_owned()),
        load_balance_info: Some(b"Cookie: msts=1.2.3".to_vec()),
        ..ServerRedirectionPdu::default()
    };
    let packet = |redirection: &ServerRedirectionPdu| {
        let body = encode_vec(redirection).unwrap();
        let length = u16::try_from(body.len() + 9).unwrap().to_le_bytes();
        [&length[..], &[0x0A, 0, 0xEA, 3, 0, 0], &body, &[0]].concat()
    };
    let mut filter = running(TEXT);
    let mut out = Vec::new();
    match filter.from_server(&indication(IO, &packet(&redirection)), &mut out).unwrap() {
        FromServer::Redirected(found) => assert_eq!(found.target_net_address.as_deref(), Some("10.0.0.7")),
        FromServer::Continue => panic!("the redirection was not seen"),
    }
    assert!(out.is_empty());
    let informational = ServerRedirectionPdu { flags: ServerRedirectionFlags::NO_REDIRECT, ..redirection };
    assert!(!to_client(&mut running(TEXT), &indication(IO, &packet(&informational))).unwrap().is_empty());
}

/// A whole conversation, to be cut and damaged.
fn conversation() -> Vec<(bool, Vec<u8>)> {
    vec![
        (true, connect_initial(&[b"cliprdr\0", b"rdpdr\0\0\0", b"drdynvc\0", b"rdpsnd\0\0"])),
        (false, connect_response(4, ServerSecurityData::no_security())),
        (true, frame(McsMessage::AttachUserRequest(AttachUserRequest))),
        (true, request(IO, &client_info(0x80))),
        (false, indication(FIRST_CHANNEL + 2, &chunk(3, b"\x10\x05ECHO\0"))),
        (true, request(FIRST_CHANNEL + 2, &chunk(3, &[0x10, 5, 0, 0, 0, 0]))),
        (true, request(FIRST_CHANNEL, &chunk(3, &[4, 0, 0, 0, 4, 0, 0, 0, 13, 0, 0, 0]))),
        (false, vec![0, 5, 1, 2, 3]),
        (true, vec![4, 4, 0, 0x1E]),
    ]
}

fn play(
    policy: ChannelPolicy,
    conversation: &[(bool, Vec<u8>)],
    cut: usize,
) -> Result<(Vec<u8>, Vec<u8>), FilterError> {
    let mut filter = Filter::new(policy, SecurityProtocol::SSL, None);
    let (mut up, mut down) = (Vec::new(), Vec::new());
    for (from_client, bytes) in conversation {
        for part in bytes.chunks(cut) {
            if *from_client {
                filter.from_client(part, &mut up)?;
            } else {
                filter.from_server(part, &mut down)?;
            }
        }
    }
    Ok((up, down))
}

proptest! {
    #[test]
    fn how_the_network_cuts_makes_no_difference(cut in 1_usize..600) {
        prop_assert_eq!(play(TEXT, &conversation(), cut), play(TEXT, &conversation(), usize::MAX));
    }

    #[test]
    fn no_damage_lets_a_clipboard_name_through(part in 0_usize..9, at: prop::sample::Index, value: u8, cut in 1_usize..600) {
        let mut conversation = conversation();
        let bytes = &mut conversation[part].1;
        let at = at.index(bytes.len());
        bytes[at] = value;
        if let Ok((up, _)) = play(ChannelPolicy::default(), &conversation, cut) {
            let lower = up.to_ascii_lowercase();
            prop_assert!(!lower.windows(7).any(|window| window == b"cliprdr"));
            prop_assert!(!lower.windows(6).any(|window| window == b"rdpdr\0"));
        }
    }

    #[test]
    fn any_bytes_are_survived(data in prop::collection::vec(any::<u8>(), 0..400), client: bool, nla: bool) {
        let protocol = if nla { SecurityProtocol::HYBRID } else { SecurityProtocol::SSL };
        let mut filter = Filter::new(TEXT, protocol, None);
        let _ = if client { to_server(&mut filter, &data) } else { to_client(&mut filter, &data) };
        let mut filter = running(TEXT);
        let _ = if client { to_server(&mut filter, &data) } else { to_client(&mut filter, &data) };
    }
}
