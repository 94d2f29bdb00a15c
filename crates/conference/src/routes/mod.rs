//! The endpoints, a module for each group of them.

use std::sync::Arc;

use axum::Router;
use fernamt_api::conference::{meetings::MeetingSummary, rooms::PersonRef};
use fernamt_domain::conference::MeetingRole;
use fernamt_store::{MeetingRecord, RoomRecord};
use time::OffsetDateTime;

use crate::{Conference, booking::is_moved};

mod administration;
mod meetings;
mod rooms;
mod webhooks;

pub(crate) fn router() -> Router<Arc<Conference>> {
    [rooms::router(), meetings::router(), administration::router(), webhooks::router()]
        .into_iter()
        .fold(Router::new(), Router::merge)
}

/// A meeting as lists show it.
pub(crate) fn summary(
    meeting: &MeetingRecord,
    room: &RoomRecord,
    owner: PersonRef,
    role: MeetingRole,
    now: OffsetDateTime,
) -> MeetingSummary {
    let recurring = room.booking.as_ref().and_then(|booking| booking.get("recurrence")).is_some_and(|r| !r.is_null());
    MeetingSummary {
        id: meeting.id,
        room: room.id,
        name: room.name.clone(),
        kind: room.kind,
        owner,
        role,
        state: meeting.state(now),
        starts_at: meeting.starts_at,
        ends_at: meeting.ends_at,
        starts: meeting.starts,
        time_zone: meeting.time_zone.clone(),
        minutes: meeting.minutes,
        recurring,
        moved: is_moved(meeting),
        protection: room.protection,
        valid_from: meeting.valid_from,
        valid_until: meeting.valid_until,
        open_now: meeting.is_open(now),
    }
}
