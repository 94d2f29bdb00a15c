//! Our words in LiveKit's, for both planes.

use livekit_protocol as proto;

use crate::{Permissions, Source, Sources};

/// What a seat may do.
pub(crate) fn permission(permissions: Permissions) -> proto::ParticipantPermission {
    let sources = [proto::TrackSource::Camera, proto::TrackSource::Microphone, proto::TrackSource::ScreenShare]
        .into_iter()
        .chain([proto::TrackSource::ScreenShareAudio]);
    let allowed = sources.filter(|word| permissions.publish.allow(source(*word))).map(i32::from).collect();
    proto::ParticipantPermission {
        can_subscribe: permissions.subscribe,
        can_publish: permissions.publish.any(),
        can_publish_data: permissions.send_data,
        can_publish_sources: if permissions.publish == Sources::ALL { Vec::new() } else { allowed },
        hidden: permissions.hidden,
        can_update_metadata: permissions.own_metadata,
        ..proto::ParticipantPermission::default()
    }
}

/// What a track shows.
pub(crate) fn source(word: proto::TrackSource) -> Source {
    match word {
        proto::TrackSource::Unknown => Source::Unknown,
        proto::TrackSource::Camera => Source::Camera,
        proto::TrackSource::Microphone => Source::Microphone,
        proto::TrackSource::ScreenShare => Source::ScreenShare,
        proto::TrackSource::ScreenShareAudio => Source::ScreenShareAudio,
    }
}
