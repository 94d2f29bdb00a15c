//! The filter between browser and desktop: both directions of the RDP stream inside TLS, without sockets.
//!
//! What policy forbids is taken out of the protocol, not merely hidden in the browser: the person may run a client of
//! their own against the relay. The filter
//!
//! - lets `CredSSP` pass (network level authentication), then reads the client's MCS Connect-Initial and writes it anew,
//!   so that the server reads exactly what was understood here;
//! - *renames* static channels that are not permitted to a name that no server knows. Removing them would shift the
//!   positions by which client and server match channel ids, and clients differ in how they take the id 0 that the
//!   specification has for "not allocated". To keep a program on the desktop from opening the channel under its new
//!   name, all data on it are dropped in both directions;
//! - lists what is permitted instead of what is not, so an unknown channel is a closed one;
//! - switches bulk compression off ([MS-RDPBCGR] 2.2.1.11.1.1, 2.2.7.1.10), because compressed channel data could not be
//!   judged, and refuses data that come compressed nevertheless;
//! - takes the UDP side transports out of the offer: they could not pass the relay, and would pass the filter by;
//! - answers for the client on dynamic channels (`dynamic`), keeps the clipboard to text (`clipboard`);
//! - notices a session broker's redirection and hands it to the relay instead of the client.
//!
//! Everything else, pictures and input above all, passes unread.

mod bytes;
mod clipboard;
mod dynamic;
mod frame;
pub mod fuzzing;

use std::collections::HashMap;

use ironrdp_core::{decode, encode_vec};
use ironrdp_pdu::{
    gcc::{
        ChannelName, ClientClusterData, ClientGccBlocks, ConferenceCreateRequest, RedirectionFlags, RedirectionVersion,
    },
    mcs::{ConnectInitial, ConnectResponse},
    nego::SecurityProtocol,
    rdp::server_redirection::{ServerRedirectionPdu, decode_server_redirection},
    x224::{X224, X224Data},
};

use self::{
    dynamic::DynamicChannels,
    frame::{FrameKind, Framer, Mcs},
};

/// What may pass beside picture, sound and input.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ChannelPolicy {
    /// Clipboard text; with [`ChannelPolicy::drives`] files too.
    pub clipboard: bool,
    /// Drives and other plug-and-play devices.
    pub drives: bool,
    /// Printers.
    pub printers: bool,
}

impl ChannelPolicy {
    /// The policy that a desktop's settings ask for.
    pub fn of(settings: &fernamt_domain::target::RdpSettings) -> Self {
        Self { clipboard: settings.clipboard, drives: settings.drives, printers: settings.printers }
    }

    fn role(self, name: &ChannelName) -> Role {
        let name = name.as_bytes();
        let name = name.split(|&byte| byte == 0).next().unwrap_or_default();
        match name.to_ascii_lowercase().as_slice() {
            b"drdynvc" => Role::Dynamic,
            b"rdpsnd" => Role::Open,
            b"cliprdr" if self.clipboard && self.drives => Role::Open,
            b"cliprdr" if self.clipboard => Role::ClipboardText,
            // Drives, printers, ports and smart cards share this channel; which of them the client offers is its own
            // matter once one is permitted. The administration says so.
            b"rdpdr" if self.drives || self.printers => Role::Open,
            _ => Role::Closed,
        }
    }
}

/// The session of a farm that a broker sent the client to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FarmSession {
    /// The session's number, once the broker named one.
    pub redirected: Option<u32>,
}

/// Why the stream was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    /// Something does not follow the protocol.
    #[error("malformed {0}")]
    Malformed(&'static str),
    /// Something came that has no place here.
    #[error("unexpected {0}")]
    Unexpected(&'static str),
    /// Channel data came compressed although compression was not agreed on.
    #[error("compressed channel data")]
    Compressed,
    /// The server wants to encrypt a second time below TLS, which would hide the channels.
    #[error("standard RDP encryption inside TLS")]
    Encrypted,
}

/// What the server's bytes amounted to.
#[derive(Debug, PartialEq, Eq)]
pub enum FromServer {
    /// Go on.
    Continue,
    /// A session broker sends the client elsewhere. Nothing more is to be relayed.
    Redirected(Box<ServerRedirectionPdu>),
}

/// What to do with a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Pass,
    Drop,
}

/// What a static channel is to the filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Role {
    Open,
    Closed,
    Dynamic,
    ClipboardText,
}

/// How far the connection sequence has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Before the client's Connect-Initial; `CredSSP` may come where it was negotiated.
    Security { nla: bool },
    /// Connect-Initial is out, the answer is awaited.
    Connecting,
    /// Channels are known; the client has yet to say who signs on.
    Joining,
    /// The connection runs.
    Running,
}

/// The state of both directions.
#[derive(Debug)]
pub struct Filter {
    policy: ChannelPolicy,
    farm: Option<FarmSession>,
    phase: Phase,
    client: Framer,
    server: Framer,
    requested: Vec<Role>,
    io_channel: u16,
    message_channel: Option<u16>,
    channels: HashMap<u16, Channel>,
    dynamic: DynamicChannels,
}

/// A static channel. The verdict on a message that came in part holds for the rest of it.
#[derive(Debug)]
struct Channel {
    role: Role,
    from_client: Option<Verdict>,
    from_server: Option<Verdict>,
}

impl Filter {
    /// A filter for a connection on which `protocol` was negotiated.
    pub fn new(policy: ChannelPolicy, protocol: SecurityProtocol, farm: Option<FarmSession>) -> Self {
        let nla = protocol.intersects(SecurityProtocol::HYBRID | SecurityProtocol::HYBRID_EX);
        Self {
            policy,
            farm,
            phase: Phase::Security { nla },
            client: Framer::default(),
            server: Framer::default(),
            requested: Vec::new(),
            io_channel: 0,
            message_channel: None,
            channels: HashMap::new(),
            dynamic: DynamicChannels::default(),
        }
    }

    /// Takes bytes from the client and appends to `out` what the server may have.
    pub fn from_client(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<(), FilterError> {
        let mut framer = std::mem::take(&mut self.client);
        framer.feed(input);
        let result = self.client_frames(&mut framer, out);
        self.client = framer;
        result
    }

    /// Takes bytes from the server and appends to `out` what the client may have.
    pub fn from_server(&mut self, input: &[u8], out: &mut Vec<u8>) -> Result<FromServer, FilterError> {
        let mut framer = std::mem::take(&mut self.server);
        framer.feed(input);
        let result = self.server_frames(&mut framer, out);
        self.server = framer;
        result
    }

    fn client_frames(&mut self, framer: &mut Framer, out: &mut Vec<u8>) -> Result<(), FilterError> {
        while let Some((kind, frame)) = framer.next(self.phase == Phase::Security { nla: true })? {
            match kind {
                FrameKind::CredSsp => out.extend_from_slice(frame),
                FrameKind::EarlyAuthorisation => return Err(FilterError::Unexpected("early authorisation")),
                FrameKind::FastPath if self.phase == Phase::Running => out.extend_from_slice(frame),
                FrameKind::FastPath => return Err(FilterError::Unexpected("input")),
                FrameKind::Tpkt => self.client_tpkt(frame, out)?,
            }
        }
        Ok(())
    }

    fn client_tpkt(&mut self, frame: &mut [u8], out: &mut Vec<u8>) -> Result<(), FilterError> {
        const ERECT_DOMAIN: u8 = 1;
        const DISCONNECT: u8 = 8;
        const ATTACH_USER: u8 = 10;
        const CHANNEL_JOIN: u8 = 14;
        let pass = match (self.phase, frame::mcs(frame)?) {
            (Phase::Security { .. }, Mcs::Connect) => {
                let rewritten = self.connect_initial(frame)?;
                out.extend_from_slice(&rewritten);
                self.phase = Phase::Connecting;
                return Ok(());
            }
            (Phase::Security { .. } | Phase::Connecting, _) => return Err(FilterError::Unexpected("MCS message")),
            (_, Mcs::Other(ERECT_DOMAIN | DISCONNECT | ATTACH_USER | CHANNEL_JOIN)) => Verdict::Pass,
            (_, Mcs::Data { channel, data }) => self.client_data(channel, data)?,
            (_, Mcs::Connect | Mcs::Other(_)) => return Err(FilterError::Unexpected("MCS message")),
        };
        if pass == Verdict::Pass {
            out.extend_from_slice(frame);
        }
        Ok(())
    }

    fn connect_initial(&mut self, frame: &[u8]) -> Result<Vec<u8>, FilterError> {
        let fault = |_| FilterError::Malformed("MCS Connect-Initial");
        let data = decode::<X224<X224Data<'_>>>(frame).map_err(fault)?.0.data;
        let initial: ConnectInitial = decode(&data).map_err(fault)?;
        let ConnectInitial { conference_create_request, .. } = initial;
        let mut blocks: ClientGccBlocks = conference_create_request.into_gcc_blocks();
        for (index, channel) in blocks.network.iter_mut().flat_map(|network| &mut network.channels).enumerate() {
            let role = self.policy.role(&channel.name);
            if role == Role::Closed {
                channel.name = closed_name(index);
            }
            self.requested.push(role);
        }
        blocks.multi_transport_channel = None;
        if let Some(farm) = self.farm {
            let mut flags = RedirectionFlags::REDIRECTION_SUPPORTED;
            flags.set(RedirectionFlags::REDIRECTED_SESSION_FIELD_VALID, farm.redirected.is_some());
            blocks.cluster = Some(ClientClusterData {
                flags,
                redirection_version: RedirectionVersion::V4,
                redirected_session_id: farm.redirected.unwrap_or(0),
            });
        }
        let initial = ConnectInitial {
            conference_create_request: ConferenceCreateRequest::new(blocks).map_err(fault)?,
            ..initial
        };
        let fault = |_| FilterError::Malformed("MCS Connect-Initial");
        let data = encode_vec(&initial).map_err(fault)?;
        encode_vec(&X224(X224Data { data: data.into() })).map_err(fault)
    }

    fn client_data(&mut self, id: u16, data: &mut [u8]) -> Result<Verdict, FilterError> {
        if id == self.io_channel {
            if self.phase == Phase::Joining {
                client_info_without_compression(data)?;
                self.phase = Phase::Running;
            } else {
                confirm_active_without_compression(data)?;
            }
            return Ok(Verdict::Pass);
        }
        if Some(id) == self.message_channel {
            return Ok(Verdict::Pass);
        }
        let Some(channel) = self.channels.get_mut(&id).filter(|channel| channel.role != Role::Closed) else {
            return Ok(Verdict::Drop);
        };
        if channel.role == Role::Open {
            return Ok(Verdict::Pass);
        }
        let chunk = Chunk::parse(data)?;
        let role = channel.role;
        let dynamic = &mut self.dynamic;
        chunk.judge(&mut channel.from_client, |message, whole| match role {
            Role::Dynamic => dynamic.hear_client(message, whole),
            _ => clipboard::text_only(message, whole),
        })
    }

    fn server_frames(&mut self, framer: &mut Framer, out: &mut Vec<u8>) -> Result<FromServer, FilterError> {
        while let Some((kind, frame)) = framer.next(self.phase == Phase::Security { nla: true })? {
            if kind == FrameKind::Tpkt {
                match self.server_tpkt(frame)? {
                    ServerFrame::Verdict(Verdict::Pass) => out.extend_from_slice(frame),
                    ServerFrame::Verdict(Verdict::Drop) => {}
                    ServerFrame::Redirected(redirection) => return Ok(FromServer::Redirected(redirection)),
                }
            } else {
                out.extend_from_slice(frame);
            }
        }
        Ok(FromServer::Continue)
    }

    fn server_tpkt(&mut self, frame: &mut [u8]) -> Result<ServerFrame, FilterError> {
        match (self.phase, frame::mcs(frame)?) {
            (Phase::Connecting, Mcs::Connect) => {
                self.connect_response(frame)?;
                self.phase = Phase::Joining;
                Ok(ServerFrame::Verdict(Verdict::Pass))
            }
            (Phase::Security { .. } | Phase::Connecting, _) | (_, Mcs::Connect) => {
                Err(FilterError::Unexpected("MCS message from the server"))
            }
            (_, Mcs::Other(_)) => Ok(ServerFrame::Verdict(Verdict::Pass)),
            (_, Mcs::Data { channel, data }) => self.server_data(channel, data),
        }
    }

    fn connect_response(&mut self, frame: &[u8]) -> Result<(), FilterError> {
        let fault = |_| FilterError::Malformed("MCS Connect-Response");
        let data = decode::<X224<X224Data<'_>>>(frame).map_err(fault)?.0.data;
        let response: ConnectResponse = decode(&data).map_err(fault)?;
        let blocks = response.conference_create_response.into_gcc_blocks();
        if !blocks.security.encryption_method.is_empty() {
            return Err(FilterError::Encrypted);
        }
        self.io_channel = blocks.network.io_channel;
        self.message_channel = blocks.message_channel.map(|channel| channel.mcs_message_channel_id);
        for (&id, &role) in blocks.network.channel_ids.iter().zip(&self.requested) {
            let fresh = self.channels.insert(id, Channel { role, from_client: None, from_server: None }).is_none();
            if (!fresh && id != 0) || id == self.io_channel || Some(id) == self.message_channel {
                return Err(FilterError::Malformed("channel ids"));
            }
        }
        // A server uses 0 for a channel that it did not allocate.
        self.channels.remove(&0);
        Ok(())
    }

    fn server_data(&mut self, id: u16, data: &mut [u8]) -> Result<ServerFrame, FilterError> {
        if id == self.io_channel {
            let redirection =
                decode_server_redirection(data).map_err(|_| FilterError::Malformed("server redirection"))?;
            return Ok(match redirection {
                Some(redirection) if !redirection.is_informational() => ServerFrame::Redirected(Box::new(redirection)),
                _ => ServerFrame::Verdict(Verdict::Pass),
            });
        }
        let Some(channel) = self.channels.get_mut(&id) else { return Ok(ServerFrame::Verdict(Verdict::Pass)) };
        let (role, policy, dynamic) = (channel.role, self.policy, &mut self.dynamic);
        match role {
            Role::Open => Ok(ServerFrame::Verdict(Verdict::Pass)),
            Role::Closed => Ok(ServerFrame::Verdict(Verdict::Drop)),
            Role::Dynamic | Role::ClipboardText => Chunk::parse(data)?
                .judge(&mut channel.from_server, |message, whole| match role {
                    Role::Dynamic => dynamic.hear_server(policy, message, whole),
                    _ => clipboard::text_only(message, whole),
                })
                .map(ServerFrame::Verdict),
        }
    }
}

enum ServerFrame {
    Verdict(Verdict),
    Redirected(Box<ServerRedirectionPdu>),
}

/// A name that no server knows, different at each position.
fn closed_name(index: usize) -> ChannelName {
    ChannelName::from_utf8(&format!("off{index:04}")).unwrap_or_else(|| ChannelName::new(*b"off\0\0\0\0\0"))
}

/// A chunk of a static channel's data ([MS-RDPBCGR] 2.2.6.1).
struct Chunk<'a> {
    first: bool,
    last: bool,
    message: &'a mut [u8],
}

impl<'a> Chunk<'a> {
    fn parse(data: &'a mut [u8]) -> Result<Self, FilterError> {
        const FIRST: u32 = 0x1;
        const LAST: u32 = 0x2;
        const COMPRESSED: u32 = 0x0020_0000;
        const HEADER_BYTES: usize = 8;
        let fault = FilterError::Malformed("channel data");
        let flags = bytes::u32_le(data, 4).ok_or(fault)?;
        if flags & COMPRESSED != 0 {
            return Err(FilterError::Compressed);
        }
        let message = data.get_mut(HEADER_BYTES..).ok_or(fault)?;
        Ok(Self { first: flags & FIRST != 0, last: flags & LAST != 0, message })
    }

    /// Judges a message by its first chunk, and the following chunks likewise.
    fn judge(
        self,
        running: &mut Option<Verdict>,
        judge: impl FnOnce(&mut [u8], bool) -> Result<Verdict, FilterError>,
    ) -> Result<Verdict, FilterError> {
        let verdict = match (self.first, *running) {
            (true, None) => judge(self.message, self.last)?,
            (false, Some(verdict)) => verdict,
            _ => return Err(FilterError::Unexpected("channel data")),
        };
        *running = (!self.last).then_some(verdict);
        Ok(verdict)
    }
}

/// Clears the compression flags in the Client Info PDU, which must come first on the I/O channel.
fn client_info_without_compression(data: &mut [u8]) -> Result<(), FilterError> {
    const SEC_INFO_PKT: u16 = 0x0040;
    const SEC_ENCRYPT: u16 = 0x0008;
    const INFO_COMPRESSION: u32 = 0x0000_0080;
    const COMPRESSION_TYPE_MASK: u32 = 0x0000_1E00;
    const FLAGS_AT: usize = 8;
    let fault = FilterError::Malformed("client information");
    let security = bytes::u16_le(data, 0).ok_or(fault)?;
    if security & SEC_INFO_PKT == 0 || security & SEC_ENCRYPT != 0 {
        return Err(FilterError::Unexpected("data before the client information"));
    }
    let flags = bytes::u32_le(data, FLAGS_AT).ok_or(fault)?;
    bytes::patch_u32_le(data, FLAGS_AT, flags & !(INFO_COMPRESSION | COMPRESSION_TYPE_MASK)).ok_or(fault)
}

/// Clears the flags of the virtual channel capability set in a Confirm Active PDU ([MS-RDPBCGR] 2.2.1.13.2); leaves
/// other messages alone.
fn confirm_active_without_compression(data: &mut [u8]) -> Result<(), FilterError> {
    const CONFIRM_ACTIVE: u16 = 0x0013;
    const VIRTUAL_CHANNEL: u16 = 0x0014;
    const SOURCE_LENGTH_AT: usize = 12;
    const SOURCE_AT: usize = 16;
    if bytes::u16_le(data, 2) != Some(CONFIRM_ACTIVE) {
        return Ok(());
    }
    let fault = FilterError::Malformed("capabilities");
    let source_bytes = usize::from(bytes::u16_le(data, SOURCE_LENGTH_AT).ok_or(fault)?);
    let sets = bytes::u16_le(data, SOURCE_AT + source_bytes).ok_or(fault)?;
    let mut at = SOURCE_AT + source_bytes + 4;
    for _ in 0..sets {
        let kind = bytes::u16_le(data, at).ok_or(fault)?;
        let length = usize::from(bytes::u16_le(data, at + 2).ok_or(fault)?);
        if length < 4 || at + length > data.len() {
            return Err(fault);
        }
        if kind == VIRTUAL_CHANNEL {
            bytes::patch_u32_le(data, at + 4, 0).ok_or(fault)?;
        }
        at += length;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
