//! Meetings, one by one: shown, moved, called off, ended.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    extract::State,
    http::StatusCode,
    response::IntoResponse,
    routing::{get, post as post_to},
};
use fernamt_api::{
    Page,
    conference::{
        limits::MIN_MINUTES,
        meetings::{ChangeMeeting, Invitation, Meeting, MeetingSummary, MeetingsQuery, MeetingsWhen},
        rooms::NotifyQuery,
        webhooks::WebhookEvent,
    },
    problem::FieldProblem,
};
use fernamt_domain::{
    DomainEvent, MeetingId, RoomId,
    audit::AuditKind,
    conference::{MeetingRole, MeetingState, RoomKind},
};
use fernamt_http::{ApiError, Exact, Json, Path, Query, Session, version};
use fernamt_store::{InviteeRecord, MeetingRecord, RoomRecord, StoreError, Work};
use serde_json::json;

use super::{
    rooms::{Languages, card, file},
    summary,
};
use crate::{
    Conference,
    act::{done, page},
    booking::{Slot, Wall},
    check::Checks,
    credentials::{Credentials, keep_number, pin_print},
    error::{ConferenceError, not_moderating, over},
    invitation::{Card, Guest, access, booking_of},
    lifecycle,
    post::{self, Content},
    rooms, settings, standing, webhooks,
};

pub(crate) fn router() -> Router<Arc<Conference>> {
    Router::new()
        .route("/api/v1/conference/meetings", get(list))
        .route("/api/v1/conference/meetings/{id}", get(one).put(change).delete(cancel))
        .route("/api/v1/conference/meetings/{id}/end", post_to(end))
        .route("/api/v1/conference/meetings/{id}/pin", post_to(renew_pin))
        .route("/api/v1/conference/meetings/{id}/invitation", get(invitation))
        .route("/api/v1/conference/meetings/{id}/calendar", get(calendar))
}

async fn list(
    session: Session,
    Query(query): Query<MeetingsQuery>,
) -> Result<Json<Page<MeetingSummary>>, ConferenceError> {
    let (tenant, now) = (&session.site.tenant, session.situation.at);
    let ids = tenant.rooms().of_person(session.person()).await?;
    let window = page(None, query.offset, query.limit);
    let found = match query.when {
        MeetingsWhen::Upcoming => tenant.meetings().upcoming(&ids, now, &window).await?,
        MeetingsWhen::Past => tenant.meetings().past(&ids, now, &window).await?,
    };
    let mut shown: Vec<RoomId> = found.items.iter().map(|meeting| meeting.room).collect();
    shown.sort_unstable();
    shown.dedup();
    let mut roles: HashMap<RoomId, MeetingRole> = HashMap::new();
    for invitee in tenant.rooms().invitations(&shown, session.person()).await? {
        roles.insert(invitee.room, invitee.role);
    }
    let mut known = HashMap::new();
    for room in tenant.rooms().these(&shown).await? {
        let owner = rooms::person_ref(tenant, room.owner).await?;
        known.insert(room.id, (room, owner));
    }
    let view = |meeting: &MeetingRecord| {
        let (room, owner) = known.get(&meeting.room)?;
        let own = room.owner == session.person();
        let role = if own { MeetingRole::Host } else { *roles.get(&room.id)? };
        Some(summary(meeting, room, owner.clone(), role, now))
    };
    Ok(Json(Page { items: found.items.iter().filter_map(view).collect(), total: found.total }))
}

async fn one(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<MeetingId>,
) -> Result<Json<Meeting>, ConferenceError> {
    let (meeting, room, role) = visible(&session, id).await?;
    shown(&conference, &session, meeting, room, role).await
}

/// A meeting that this person owns or is invited to.
async fn visible(session: &Session, id: MeetingId) -> Result<(MeetingRecord, RoomRecord, MeetingRole), StoreError> {
    let tenant = &session.site.tenant;
    let meeting = tenant.meetings().get(id).await?;
    let (room, standing) = standing::visible(tenant, meeting.room, session.person()).await?;
    Ok((meeting, room, standing.role))
}

/// The same, for who runs it.
async fn moderated(
    session: &Session,
    id: MeetingId,
) -> Result<(MeetingRecord, RoomRecord, MeetingRole), ConferenceError> {
    let (meeting, room, role) = visible(session, id).await?;
    if role.moderates() { Ok((meeting, room, role)) } else { Err(not_moderating().into()) }
}

/// A meeting as its page shows it.
pub(crate) async fn shown(
    conference: &Conference,
    session: &Session,
    meeting: MeetingRecord,
    room: RoomRecord,
    role: MeetingRole,
) -> Result<Json<Meeting>, ConferenceError> {
    let (tenant, now) = (&session.site.tenant, session.situation.at);
    let owner = rooms::person_ref(tenant, room.owner).await?;
    let over = matches!(meeting.state(now), MeetingState::Ended | MeetingState::Cancelled);
    let credentials = Credentials::of(&conference.parts.sealer, tenant.id(), &meeting).filter(|_| !over);
    let settings = settings::load(tenant).await?;
    Ok(Json(Meeting {
        version: version_of(&meeting),
        summary: summary(&meeting, &room, owner, role, now),
        description: room.description.clone(),
        safeguards: standing::safeguards(&room, &settings),
        access: credentials.map(|credentials| access(&session.site.origin(), &credentials)),
    }))
}

fn version_of(meeting: &MeetingRecord) -> String {
    version::of(&(meeting.starts, meeting.minutes, &meeting.time_zone, meeting.cancelled_at, meeting.ended_at))
}

async fn change(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<MeetingId>,
    Exact(change): Exact<ChangeMeeting>,
) -> Result<Json<Meeting>, ConferenceError> {
    let (parts, tenant, now) = (&conference.parts, &session.site.tenant, session.situation.at);
    let (present, room, role) = moderated(&session, id).await?;
    planned(&present, &room, &session)?;
    let settings = settings::load(tenant).await?;
    let wall = Wall::of(&present.time_zone).ok_or_else(ApiError::not_found)?;
    let mut checks = Checks::default();
    rooms::within_reach(&mut checks, "starts", change.starts, now);
    checks.finish()?;
    let slot = Slot::new(&wall, change.starts, change.minutes, settings.lead_minutes, settings.lag_minutes);
    let mut checks = Checks::default();
    if !(MIN_MINUTES..=settings.most_minutes).contains(&change.minutes) {
        let detail = format!("{MIN_MINUTES} to {} minutes", settings.most_minutes);
        let fault = FieldProblem::new("minutes", "out_of_range", detail);
        checks.fault(fault.param("least", MIN_MINUTES).param("most", settings.most_minutes).param("unit", "minutes"));
    }
    let exists = !wall.leaves_out(change.starts);
    checks.that(exists, "starts", "no_such_time", "the clocks are put forward over this minute");
    checks.that(slot.is_some_and(|slot| slot.ends_at() > now), "starts", "past", "this time is over");
    checks.finish()?;
    let slot = slot.ok_or_else(ApiError::not_found)?;
    let mut work = tenant.begin().await?;
    let mut meeting = work.meetings().locked(id).await?;
    version::expect(&change.version, &version_of(&meeting))?;
    planned(&meeting, &room, &session)?;
    slot.put_into(&mut meeting, wall.name());
    work.meetings().replace(&meeting).await?;
    keep_number(&work, &meeting).await?;
    let mut room = work.rooms().locked(room.id).await?;
    room.sequence = room.sequence.saturating_add(1);
    room.over_at = room.over_at.max(Some(meeting.valid_until));
    // What is booked once is booked for its new time; a series keeps its rule beside the date that was moved.
    if let Some(mut booking) = booking_of(&room).filter(|booking| booking.recurrence.is_none()) {
        (booking.starts, booking.minutes) = (meeting.starts, meeting.minutes);
        room.booking = serde_json::to_value(&booking).ok();
        meeting.occurrence = Some(meeting.starts);
        work.meetings().replace(&meeting).await?;
    }
    work.rooms().replace(&room).await?;
    if !change.quietly {
        let invited = work.rooms().invitees(room.id).await?;
        let languages = Languages::load(&work, &session, &invited).await?;
        let content = |invitee: &InviteeRecord, guest: &Guest| Content::Invite {
            language: languages.of(invitee),
            name: guest.name.clone(),
            meeting: Some(id),
        };
        post::write(&work, tenant.id(), parts, &room, &invited, content).await?;
    }
    tell(&mut work, &conference, &session, &room, &meeting, WebhookEvent::MeetingChanged, "meeting_moved").await?;
    work.commit().await?;
    shown(&conference, &session, meeting, room, role).await
}

async fn cancel(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<MeetingId>,
    Query(query): Query<NotifyQuery>,
) -> Result<StatusCode, ConferenceError> {
    let tenant = &session.site.tenant;
    let (present, room, _) = moderated(&session, id).await?;
    planned(&present, &room, &session)?;
    let mut card = card(&conference, &session, room, Some(present)).await?;
    let mut work = tenant.begin().await?;
    let meeting = work.meetings().locked(id).await?;
    let mut room = work.rooms().locked(meeting.room).await?;
    if !work.meetings().cancel(id).await? {
        return Err(over().into());
    }
    room.sequence = room.sequence.saturating_add(1);
    if let Some(mut booking) = booking_of(&room)
        && let (Some(rule), Some(occurrence)) = (&mut booking.recurrence, meeting.occurrence)
    {
        rule.except.push(occurrence.date());
        room.booking = serde_json::to_value(&booking).ok();
    }
    let left = work.meetings().of_room(room.id).await?;
    let last = left.iter().filter(|other| other.cancelled_at.is_none()).map(|other| other.valid_until).max();
    room.over_at = last.or(Some(session.situation.at));
    work.rooms().replace(&room).await?;
    if !query.quietly {
        card.room.sequence = room.sequence;
        let invited = work.rooms().invitees(room.id).await?;
        send_cancellation(&work, &conference, &session, &card, &meeting, &invited).await?;
    }
    let event = WebhookEvent::MeetingCancelled;
    tell(&mut work, &conference, &session, &room, &meeting, event, "meeting_cancelled").await?;
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn send_cancellation(
    work: &Work,
    conference: &Conference,
    session: &Session,
    card: &Card,
    meeting: &MeetingRecord,
    invited: &[InviteeRecord],
) -> Result<(), ConferenceError> {
    let languages = Languages::load(work, session, invited).await?;
    let content = |invitee: &InviteeRecord, guest: &Guest| {
        let language = languages.of(invitee);
        let (subject, text) = card.called_off(language, Some(meeting));
        let calendar = card.cancel_one(meeting, language, Some(guest));
        Content::Cancel { language, name: guest.name.clone(), subject, text, calendar }
    };
    Ok(post::write(work, card.tenant, &conference.parts, &card.room, invited, content).await?)
}

async fn end(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<MeetingId>,
) -> Result<StatusCode, ConferenceError> {
    let (meeting, _, _) = moderated(&session, id).await?;
    if meeting.state(session.situation.at) != MeetingState::Running {
        return Err(over().into());
    }
    let entry = done(&session, AuditKind::Conference, "meeting_ended");
    if lifecycle::end(&session.site.tenant, &conference.parts, id, entry).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(over().into())
    }
}

async fn renew_pin(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<MeetingId>,
) -> Result<Json<Meeting>, ConferenceError> {
    let (sealer, tenant) = (&conference.parts.sealer, &session.site.tenant);
    let (present, room, role) = moderated(&session, id).await?;
    if matches!(present.state(session.situation.at), MeetingState::Ended | MeetingState::Cancelled) {
        return Err(over().into());
    }
    let mut work = tenant.begin().await?;
    let meeting = work.meetings().locked(id).await?;
    let credentials = Credentials::of(sealer, tenant.id(), &meeting).ok_or_else(over)?;
    let credentials = credentials.with_new_pin(&*conference.parts.rng);
    let print = pin_print(sealer, tenant.id(), id, &credentials.pin);
    work.meetings().renew_pin(id, &print, &credentials.sealed(sealer, tenant.id(), id)).await?;
    work.publish(DomainEvent::MeetingChanged { meeting: id });
    let details = json!({ "meeting": id, "room": room.id });
    work.record(done(&session, AuditKind::Conference, "pin_renewed").details(details));
    work.commit().await?;
    let meeting = tenant.meetings().get(id).await?;
    shown(&conference, &session, meeting, room, role).await
}

async fn invitation(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<MeetingId>,
) -> Result<Json<Invitation>, ConferenceError> {
    Ok(Json(card_of(&conference, &session, id).await?.invitation()))
}

async fn calendar(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<MeetingId>,
) -> Result<impl IntoResponse, ConferenceError> {
    Ok(file(&card_of(&conference, &session, id).await?))
}

async fn card_of(conference: &Conference, session: &Session, id: MeetingId) -> Result<Card, ConferenceError> {
    let (meeting, room, _) = visible(session, id).await?;
    if matches!(meeting.state(session.situation.at), MeetingState::Ended | MeetingState::Cancelled) {
        return Err(over().into());
    }
    card(conference, session, room, Some(meeting)).await
}

/// Refuses to move or call off what runs, is over, or was never booked.
fn planned(meeting: &MeetingRecord, room: &RoomRecord, session: &Session) -> Result<(), ApiError> {
    if room.kind == RoomKind::Personal {
        return Err(ApiError::conflict("not_booked", "a personal room is not booked; end the meeting instead"));
    }
    match meeting.state(session.situation.at) {
        MeetingState::Planned => Ok(()),
        MeetingState::Running => Err(ApiError::conflict("meeting_running", "this meeting runs; end it instead")),
        MeetingState::Ended | MeetingState::Cancelled => Err(over()),
    }
}

async fn tell(
    work: &mut Work,
    conference: &Conference,
    session: &Session,
    room: &RoomRecord,
    meeting: &MeetingRecord,
    event: WebhookEvent,
    action: &'static str,
) -> Result<(), StoreError> {
    webhooks::note(work, &conference.parts, room, std::slice::from_ref(meeting), event).await?;
    work.publish(DomainEvent::MeetingChanged { meeting: meeting.id });
    let details = json!({ "meeting": meeting.id, "room": room.id });
    work.record(done(session, AuditKind::Conference, action).details(details));
    Ok(())
}
