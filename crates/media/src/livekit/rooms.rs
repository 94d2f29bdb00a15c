//! Orders that several others are made of.

use livekit_protocol as proto;
use time::{Duration, OffsetDateTime};

use super::{EMPTY_ROOM_S, LiveKit, admin, track};
use crate::{
    MediaError, Permissions, Presence, RoomLimits, RoomName, Seat, SeatId, Source, Sources, token::VideoGrant, words,
};

/// How long a token that LiveKit gave a client may be good: its own ten minutes, and what its clock may be behind.
pub(super) const RETURN_LIFETIME: Duration = Duration::minutes(12);

/// What rooms of ours say about themselves.
const MARK: &str = "fernamt";

impl LiveKit {
    /// Closes rooms of ours that this life of the server has not opened.
    pub(super) async fn clean(&self) -> Result<(), MediaError> {
        let grant = VideoGrant { room_list: true, ..VideoGrant::default() };
        let order = proto::ListRoomsRequest::default();
        let found = self.order::<proto::ListRoomsResponse>("ListRooms", grant, &order).await?;
        for room in found.rooms.iter().filter(|room| room.metadata == MARK) {
            let Ok(name) = room.name.parse().map(RoomName) else { continue };
            let _clearing = self.clearing.lock().await;
            if self.limits(name).is_err() {
                tracing::info!(room = %name, "A room of before the start is closed");
                self.delete(name).await?;
            }
        }
        Ok(())
    }

    /// Closes a room and sends everybody out.
    pub(super) async fn delete(&self, room: RoomName) -> Result<(), MediaError> {
        let order = proto::DeleteRoomRequest { room: room.to_string() };
        let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
        match self.order::<proto::DeleteRoomResponse>("DeleteRoom", grant, &order).await {
            Ok(_) | Err(MediaError::NoSuchSeat) => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Makes a room, or leaves the one that is there.
    pub(super) async fn create(&self, room: RoomName, limits: RoomLimits) -> Result<(), MediaError> {
        let order = proto::CreateRoomRequest {
            name: room.to_string(),
            empty_timeout: EMPTY_ROOM_S,
            departure_timeout: EMPTY_ROOM_S,
            max_participants: limits.max_seats,
            metadata: MARK.to_owned(),
            ..proto::CreateRoomRequest::default()
        };
        let grant = VideoGrant { room_create: true, ..VideoGrant::default() };
        let made = self.order::<proto::Room>("CreateRoom", grant, &order).await?;
        if let Some(room) = self.state().rooms.get_mut(&room) {
            room.sid = made.sid;
        }
        Ok(())
    }

    /// Says what a seat may do.
    pub(super) async fn permit(&self, seat: Seat, permissions: Permissions) -> Result<(), MediaError> {
        let order = proto::UpdateParticipantRequest {
            room: seat.room.to_string(),
            identity: seat.id.to_string(),
            permission: Some(words::permission(permissions)),
            ..proto::UpdateParticipantRequest::default()
        };
        self.order::<proto::ParticipantInfo>("UpdateParticipant", admin(seat.room), &order).await.map(drop)
    }

    /// Sends a seat out.
    pub(super) async fn send_out(&self, seat: Seat) -> Result<(), MediaError> {
        let order = proto::RoomParticipantIdentity {
            room: seat.room.to_string(),
            identity: seat.id.to_string(),
            ..proto::RoomParticipantIdentity::default()
        };
        self.order::<proto::RemoveParticipantResponse>("RemoveParticipant", admin(seat.room), &order).await.map(drop)
    }

    /// Who sits there.
    pub(super) async fn presence(&self, seat: Seat) -> Result<Presence, MediaError> {
        self.limits(seat.room)?;
        let order = proto::RoomParticipantIdentity {
            room: seat.room.to_string(),
            identity: seat.id.to_string(),
            ..proto::RoomParticipantIdentity::default()
        };
        let found = self.order::<proto::ParticipantInfo>("GetParticipant", admin(seat.room), &order).await?;
        presence(seat.room, &found).ok_or(MediaError::NoSuchSeat)
    }
}

/// A participant in our words, if it has one of our identities.
pub(super) fn presence(room: RoomName, found: &proto::ParticipantInfo) -> Option<Presence> {
    Some(Presence {
        seat: Seat { room, id: SeatId(found.identity.parse().ok()?) },
        name: found.name.clone(),
        permissions: permissions(found.permission.as_ref()),
        tracks: found.tracks.iter().map(track).collect(),
        since: OffsetDateTime::from_unix_timestamp(found.joined_at).unwrap_or(OffsetDateTime::UNIX_EPOCH),
    })
}

pub(super) fn permissions(found: Option<&proto::ParticipantPermission>) -> Permissions {
    let Some(found) = found else { return Permissions::LISTENER };
    let sources: Vec<Source> = found.can_publish_sources().map(words::source).collect();
    let publish = if !found.can_publish {
        Sources::NONE
    } else if sources.is_empty() {
        Sources::ALL
    } else {
        Sources {
            microphone: sources.contains(&Source::Microphone),
            camera: sources.contains(&Source::Camera),
            screen: sources.contains(&Source::ScreenShare),
        }
    };
    Permissions {
        publish,
        subscribe: found.can_subscribe,
        send_data: found.can_publish_data,
        hidden: found.hidden,
        own_metadata: found.can_update_metadata,
    }
}
