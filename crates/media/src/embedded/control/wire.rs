//! Our words in LiveKit's.

#![expect(deprecated, reason = "clients of the frozen version read and write these fields")]

use fernamt_sfu as sfu;
use livekit_protocol as proto;
use livekit_protocol::{participant_info::State, signal_response::Message};
use proto::DisconnectReason;

use super::{Published, Room, Seated};
use crate::{Permissions, RoomName, Seat, SeatEnd, Source, Sources, words};

/// The version that we answer as: what a server of this version cannot do, clients do not ask for. Later than 1.13.6 stands
/// for VP9 and AV1 in several encodings by rid.
const SERVER_VERSION: &str = "1.13.7";

/// The version of the signalling protocol.
const PROTOCOL: i32 = 17;

/// How often clients ping, and after how much silence they give up, in seconds.
pub(crate) const PING_INTERVAL_S: u16 = 5;
pub(crate) const PING_TIMEOUT_S: u16 = 15;

/// What may be published, in the order in which the JavaScript client falls back.
const CODECS: [&str; 6] = ["video/VP8", "video/H264", "video/VP9", "video/AV1", "audio/opus", "audio/red"];

pub(super) fn codecs() -> Vec<proto::Codec> {
    CODECS.iter().map(|mime| proto::Codec { mime: (*mime).to_owned(), ..proto::Codec::default() }).collect()
}

pub(super) fn room(name: RoomName, room: &Room) -> proto::Room {
    let count = |publishing: bool| {
        let seen = room.seated.values().filter(|seated| !seated.permissions.hidden);
        u32::try_from(seen.filter(|seated| !publishing || seated.tracks.iter().any(|track| track.live)).count())
            .unwrap_or(u32::MAX)
    };
    proto::Room {
        sid: room.sid.clone(),
        name: name.to_string(),
        creation_time: room.opened_at.unix_timestamp(),
        creation_time_ms: milliseconds(room.opened_at),
        max_participants: room.limits.max_seats,
        enabled_codecs: codecs(),
        num_participants: count(false),
        num_publishers: count(true),
        ..proto::Room::default()
    }
}

fn milliseconds(at: time::OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or_default()
}

/// The whole state of a seat; LiveKit knows no deltas.
pub(super) fn participant(seat: Seat, seated: &Seated) -> proto::ParticipantInfo {
    proto::ParticipantInfo {
        sid: seated.sid.as_str().to_owned(),
        identity: seat.id.to_string(),
        state: seated.state.into(),
        tracks: seated.tracks.iter().filter(|track| track.live).map(|track| track.info.clone()).collect(),
        metadata: seated.metadata.clone(),
        joined_at: seated.joined_at.unix_timestamp(),
        joined_at_ms: milliseconds(seated.joined_at),
        name: seated.name.clone(),
        version: seated.version,
        permission: Some(words::permission(seated.permissions)),
        is_publisher: seated.tracks.iter().any(|track| track.live),
        attributes: seated.attributes.clone(),
        client_protocol: seated.client.protocol,
        capabilities: seated.client.capabilities.clone(),
        ..proto::ParticipantInfo::default()
    }
}

pub(super) fn update(participant: proto::ParticipantInfo) -> Message {
    Message::Update(proto::ParticipantUpdate { participants: vec![participant] })
}

pub(super) fn join(
    own: proto::ParticipantInfo,
    others: Vec<proto::ParticipantInfo>,
    room: proto::Room,
    may_publish: bool,
) -> Message {
    Message::Join(proto::JoinResponse {
        room: Some(room),
        participant: Some(own),
        other_participants: others,
        subscriber_primary: true,
        ping_interval: PING_INTERVAL_S.into(),
        ping_timeout: PING_TIMEOUT_S.into(),
        server_version: SERVER_VERSION.to_owned(),
        server_info: Some(proto::ServerInfo {
            version: SERVER_VERSION.to_owned(),
            protocol: PROTOCOL,
            ..proto::ServerInfo::default()
        }),
        client_configuration: Some(proto::ClientConfiguration {
            resume_connection: proto::ClientConfigSetting::Disabled.into(),
            ..proto::ClientConfiguration::default()
        }),
        enabled_publish_codecs: codecs(),
        fast_publish: may_publish,
        ..proto::JoinResponse::default()
    })
}

pub(super) fn core_source(source: Source) -> sfu::Source {
    match source {
        Source::Unknown => sfu::Source::Other,
        Source::Camera => sfu::Source::Camera,
        Source::Microphone => sfu::Source::Microphone,
        Source::ScreenShare => sfu::Source::Screen,
        Source::ScreenShareAudio => sfu::Source::ScreenAudio,
    }
}

/// What the core has to hold a seat to.
pub(super) fn core_permissions(permissions: Permissions) -> sfu::Permissions {
    let all = [Source::Camera, Source::Microphone, Source::ScreenShare, Source::ScreenShareAudio];
    let publish = if permissions.hidden || !permissions.publish.any() {
        sfu::Publish::Nothing
    } else if permissions.publish == Sources::ALL {
        sfu::Publish::Everything
    } else {
        let allowed = all.into_iter().filter(|source| permissions.publish.allow(*source));
        sfu::Publish::Only(allowed.map(core_source).collect())
    };
    sfu::Permissions { publish, subscribe: permissions.subscribe, data: permissions.send_data, unmute: true }
}

/// The farewell that tells a client to stay away.
pub(super) fn farewell(reason: DisconnectReason) -> Message {
    Message::Leave(proto::LeaveRequest {
        reason: reason.into(),
        action: proto::leave_request::Action::Disconnect.into(),
        ..proto::LeaveRequest::default()
    })
}

/// The farewell that tells a client to join anew, with everything it has.
pub(crate) fn join_anew(reason: DisconnectReason) -> Message {
    Message::Leave(proto::LeaveRequest {
        can_reconnect: true,
        reason: reason.into(),
        action: proto::leave_request::Action::Reconnect.into(),
        ..proto::LeaveRequest::default()
    })
}

pub(super) fn disconnect_reason(why: SeatEnd) -> DisconnectReason {
    match why {
        SeatEnd::Left => DisconnectReason::ClientInitiated,
        SeatEnd::Lost => DisconnectReason::ConnectionTimeout,
        SeatEnd::Replaced => DisconnectReason::DuplicateIdentity,
        SeatEnd::Removed => DisconnectReason::ParticipantRemoved,
        SeatEnd::RoomClosed => DisconnectReason::RoomDeleted,
        SeatEnd::Shutdown => DisconnectReason::ServerShutdown,
    }
}

/// What of an announcement the others are told.
pub(super) fn track_info(sid: &str, request: &proto::AddTrackRequest) -> proto::TrackInfo {
    let audio = request.r#type == i32::from(proto::TrackType::Audio);
    proto::TrackInfo {
        sid: sid.to_owned(),
        r#type: request.r#type,
        name: request.name.clone(),
        muted: request.muted,
        width: request.width,
        height: request.height,
        simulcast: !audio && request.layers.len() > 1,
        disable_dtx: request.disable_dtx,
        source: request.source,
        layers: request.layers.clone(),
        stereo: request.stereo,
        disable_red: request.disable_red || request.encryption() != proto::encryption::Type::None,
        encryption: request.encryption,
        stream: request.stream.clone(),
        audio_features: request.audio_features.clone(),
        ..proto::TrackInfo::default()
    }
}

/// What is added once the core knows what really comes.
pub(super) fn complete(track: &mut Published, seen: &sfu::PublishedTrack) {
    let info = &mut track.info;
    seen.mime.clone_into(&mut info.mime_type);
    info.mid.clone_from(&seen.mid);
    info.muted = seen.muted;
    info.simulcast = seen.simulcast;
    info.codecs = vec![proto::SimulcastCodecInfo {
        mime_type: seen.mime.to_owned(),
        mid: seen.mid.clone(),
        layers: info.layers.clone(),
        ..proto::SimulcastCodecInfo::default()
    }];
}

/// A session description of ours.
pub(super) fn description(
    kind: &str,
    id: u32,
    sdp: String,
    mids: Vec<(String, sfu::Sid)>,
) -> proto::SessionDescription {
    proto::SessionDescription {
        r#type: kind.to_owned(),
        sdp,
        id,
        mid_to_track_id: mids.into_iter().map(|(mid, sid)| (mid, sid.as_str().to_owned())).collect(),
    }
}

/// A refusal or a confirmation of a request.
pub(super) fn response(
    request_id: u32,
    reason: proto::request_response::Reason,
    request: proto::request_response::Request,
) -> Message {
    Message::RequestResponse(proto::RequestResponse {
        request_id,
        reason: reason.into(),
        request: Some(request),
        ..proto::RequestResponse::default()
    })
}

/// Whether a seat is seen by the others.
pub(super) fn seen(seated: &Seated) -> bool {
    !seated.permissions.hidden && seated.state != State::Disconnected
}
