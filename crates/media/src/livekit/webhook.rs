//! What LiveKit tells us. Who can sign a hash of the body with our key is it.

use std::sync::Arc;

use aws_lc_rs::digest;
use axum::{
    body::Bytes,
    extract::State,
    http::{HeaderMap, StatusCode, header},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use livekit_protocol as proto;
use proto::DisconnectReason;

use super::{LiveKit, rooms, track};
use crate::{MediaError, MediaEvent, RoomName, Seat, SeatEnd, SeatId, TrackId};

/// How many webhooks are remembered, to know one that is repeated.
const MAX_REMEMBERED: usize = 4096;

/// Takes a webhook.
pub(super) async fn receive(State(plane): State<Arc<LiveKit>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let token = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let said = plane.key.verify_webhook(token, plane.clock.now());
    let hash = STANDARD.encode(digest::digest(&digest::SHA256, &body));
    if said != Some(hash) {
        return StatusCode::UNAUTHORIZED;
    }
    match serde_json::from_slice(&body) {
        Ok(event) => {
            plane.hear(event).await;
            StatusCode::OK
        }
        Err(error) => {
            tracing::warn!(%error, "A webhook of LiveKit cannot be read");
            StatusCode::BAD_REQUEST
        }
    }
}

impl LiveKit {
    async fn hear(&self, event: proto::WebhookEvent) {
        let Some(about) = event.room else { return };
        let Ok(room) = about.name.parse().map(RoomName) else { return };
        let identity = event.participant.as_ref().and_then(|participant| participant.identity.parse().ok());
        let seat = identity.map(|id| Seat { room, id: SeatId(id) });
        let reason = event.participant.as_ref().map(proto::ParticipantInfo::disconnect_reason);
        let may = event.participant.as_ref().and_then(|participant| participant.permission.as_ref());
        let now = self.clock.now();
        let (mut told, mut out, mut change) = (Vec::new(), None, None);
        {
            let mut state = self.state();
            if state.heard.contains(&event.id) {
                return;
            }
            if state.heard.len() >= MAX_REMEMBERED {
                state.heard.pop_front();
            }
            state.heard.push_back(event.id);
            if event.event == "room_finished" {
                // One that we closed is forgotten already, or there is another one of its name.
                if let Some(gone) = state.rooms.get_mut(&room).filter(|here| here.sid == about.sid) {
                    gone.seated.clear();
                    told.push(MediaEvent::RoomGone(room));
                }
            }
            let (Some(here), Some(seat)) = (state.rooms.get_mut(&room), seat) else {
                drop(state);
                for event in told {
                    self.tell(event);
                }
                return;
            };
            match event.event.as_str() {
                "participant_joined" if here.removed.get(&seat.id).is_some_and(|until| *until > now) => {
                    out = Some(seat);
                }
                "participant_joined" => match here.known.get(&seat.id) {
                    Some(known) => {
                        // The token that opened the door may say what was true when it was made.
                        let same = may.is_some() && rooms::permissions(may) == known.permissions;
                        change = (!same).then_some((seat, known.permissions));
                        here.seated.insert(seat.id);
                        told.push(MediaEvent::SeatConnected(seat));
                    }
                    // A token of an earlier life of this server: the meeting decides anew.
                    None => out = Some(seat),
                },
                "participant_left" | "participant_connection_aborted" => {
                    let why = end(reason.unwrap_or_default());
                    if let Some(known) = here.known.get_mut(&seat.id) {
                        known.until = now + rooms::RETURN_LIFETIME;
                    }
                    if why == SeatEnd::Replaced {
                        told.push(MediaEvent::SeatLeft(seat, why));
                    } else if here.seated.remove(&seat.id) {
                        told.push(MediaEvent::SeatLeft(seat, why));
                        if here.seated.is_empty() {
                            told.push(MediaEvent::RoomEmpty(room));
                        }
                    }
                }
                "track_published" => {
                    told.extend(event.track.as_ref().map(|info| MediaEvent::TrackPublished(seat, track(info))));
                }
                "track_unpublished" => {
                    told.extend(event.track.map(|info| MediaEvent::TrackUnpublished(seat, TrackId(info.sid))));
                }
                _ => {}
            }
        }
        if let Some(seat) = out
            && let Err(error) = self.send_out(seat).await
        {
            tracing::warn!(%error, "Somebody came in without a right to and could not be sent out");
        }
        if let Some((seat, permissions)) = change
            && let Err(error) = self.permit(seat, permissions).await
        {
            tracing::warn!(%error, "Somebody came back with a token of before and could not be told what is allowed now");
            // Who may do more than was decided must not stay.
            if !matches!(error, MediaError::NoSuchSeat)
                && let Err(error) = self.send_out(seat).await
            {
                tracing::warn!(%error, "Somebody came in without a right to and could not be sent out");
            }
        }
        for event in told {
            self.tell(event);
        }
    }
}

fn end(reason: DisconnectReason) -> SeatEnd {
    match reason {
        DisconnectReason::ClientInitiated => SeatEnd::Left,
        DisconnectReason::DuplicateIdentity => SeatEnd::Replaced,
        DisconnectReason::ParticipantRemoved => SeatEnd::Removed,
        DisconnectReason::RoomDeleted | DisconnectReason::RoomClosed => SeatEnd::RoomClosed,
        DisconnectReason::ServerShutdown => SeatEnd::Shutdown,
        _ => SeatEnd::Lost,
    }
}
