//! What becomes of a meeting: it is opened, it ends, it is called off. Each in one unit of work with the event that tells
//! the running meeting, and what webhooks are told.

use fernamt_api::conference::webhooks::WebhookEvent;
use fernamt_domain::{
    DomainEvent, MeetingId,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::{MeetingRecord, RoomRecord, StoreError, TenantStore, Work};
use serde_json::json;
use time::Duration;

use crate::{Parts, settings, standing, webhooks};

/// Meetings that are ended in one go because their time is over.
const MOST_OVERDUE: u64 = 100;

/// Notes that a meeting began: somebody was seated. Tells whether nobody had been before. Who it was is nobody's
/// business, so nothing is written down about it.
pub async fn open(tenant: &TenantStore, parts: &Parts, id: MeetingId) -> Result<bool, StoreError> {
    let mut work = tenant.begin().await?;
    if !work.meetings().open(id).await? {
        return Ok(false);
    }
    let meeting = work.meetings().get(id).await?;
    let room = work.rooms().get(meeting.room).await?;
    work.publish(DomainEvent::MeetingChanged { meeting: id });
    webhooks::note(&work, parts, &room, std::slice::from_ref(&meeting), WebhookEvent::MeetingOpened).await?;
    work.commit().await?;
    Ok(true)
}

/// Ends a meeting for all, with this entry for the audit log. Tells whether it stood. What let people in counts no more;
/// the chat stays as long as the meeting's protection says.
pub async fn end(tenant: &TenantStore, parts: &Parts, id: MeetingId, entry: AuditEvent) -> Result<bool, StoreError> {
    let mut work = tenant.begin().await?;
    let meeting = work.meetings().locked(id).await?;
    let room = work.rooms().get(meeting.room).await?;
    if !end_in(&mut work, parts, &room, &meeting).await? {
        return Ok(false);
    }
    work.record(entry.details(json!({ "meeting": id, "room": room.id })));
    work.commit().await?;
    Ok(true)
}

/// Ends a meeting inside a unit of work.
pub(crate) async fn end_in(
    work: &mut Work,
    parts: &Parts,
    room: &RoomRecord,
    meeting: &MeetingRecord,
) -> Result<bool, StoreError> {
    if !work.meetings().end(meeting.id).await? {
        return Ok(false);
    }
    let days = standing::safeguards(room, &settings::load_in(work).await?).keep_chat_days;
    if days == 0 {
        work.messages().clear(meeting.id).await?;
    } else {
        work.messages().delete_at(meeting.id, parts.clock.now() + Duration::days(days.into())).await?;
    }
    work.publish(DomainEvent::MeetingChanged { meeting: meeting.id });
    webhooks::note(work, parts, room, std::slice::from_ref(meeting), WebhookEvent::MeetingEnded).await?;
    Ok(true)
}

/// Ends the meetings whose time is over and that nobody has ended.
pub(crate) async fn end_overdue(tenant: &TenantStore, parts: &Parts) -> Result<(), StoreError> {
    for meeting in tenant.meetings().overdue(parts.clock.now(), MOST_OVERDUE).await? {
        let entry = AuditEvent::new(AuditKind::Conference, "meeting_time_over", Outcome::Success);
        end(tenant, parts, meeting.id, entry).await?;
    }
    Ok(())
}
