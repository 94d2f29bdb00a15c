//! What everybody in a meeting, and at its door, may know of it.

use fernamt_api::conference::{
    entry::{Kept, KeptData, KeptUntil, MeetingFacts, MeetingHouse},
    settings::ConferenceSettings,
};
use fernamt_domain::{DataCategory, conference::RoomKind};
use fernamt_http::Site;
use fernamt_store::{MeetingRecord, RetentionConfig, RoomRecord, StoreError};
use time::Duration;

use super::hall::HallParts;
use crate::standing;

/// The facts of a meeting.
pub(crate) async fn of(
    parts: &HallParts,
    site: &Site,
    meeting: &MeetingRecord,
    room: &RoomRecord,
    settings: &ConferenceSettings,
) -> Result<MeetingFacts, StoreError> {
    let owner = match site.tenant.people().get(room.owner).await {
        Ok(person) => person.display_name,
        Err(StoreError::NotFound(_)) => String::new(),
        Err(error) => return Err(error),
    };
    let safeguards = standing::safeguards(room, settings);
    let days = safeguards.keep_chat_days;
    let chat = match days {
        0 => KeptUntil::End,
        days => KeptUntil::Days { days, at: Some(meeting.valid_until + Duration::days(days.into())) },
    };
    let periods = fernamt_identity::settings::load(&site.tenant).await?.retention_days.clone();
    let audit = RetentionConfig::try_from(periods).unwrap_or_default().days(DataCategory::Audit);
    let booked = room.kind != RoomKind::Personal;
    Ok(MeetingFacts {
        id: meeting.id,
        title: room.name.clone(),
        kind: room.kind,
        protection: room.protection,
        safeguards,
        starts_at: booked.then_some(meeting.starts_at),
        ends_at: booked.then_some(meeting.ends_at),
        closes_at: meeting.valid_until,
        held_by: owner,
        house: MeetingHouse {
            name: site.name.clone(),
            host: site.host.clone(),
            media: parts.place,
            media_host: parts.media_host.clone().unwrap_or_else(|| site.host.clone()),
        },
        kept: vec![
            Kept { what: KeptData::Attendance, until: KeptUntil::Never },
            Kept { what: KeptData::Media, until: KeptUntil::Never },
            Kept { what: KeptData::Chat, until: chat.clone() },
            Kept { what: KeptData::PrivateChat, until: chat },
            Kept { what: KeptData::Gestures, until: KeptUntil::End },
            Kept { what: KeptData::Moderation, until: KeptUntil::Days { days: audit, at: None } },
        ],
    })
}
