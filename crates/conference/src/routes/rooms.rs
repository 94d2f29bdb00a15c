//! Rooms: made, booked, changed, opened, removed.

use std::sync::Arc;

use axum::{
    Router,
    extract::State,
    http::{StatusCode, header},
    response::IntoResponse,
    routing::{get, post as post_to},
};
use fernamt_api::{
    Page,
    conference::{
        meetings::{Invitation, Meeting},
        rooms::{
            Booking, BookingDraft, BookingPreview, ChangeRoom, ClassMeaning, ConferenceOptions, NewRoom, NotifyQuery,
            PeopleQuery, PersonRef, Room, UsualPermissions,
        },
        settings::ConferenceSettings,
        webhooks::WebhookEvent,
    },
    page::ListQuery,
};
use fernamt_domain::{
    DomainEvent, InviteeId, PersonId, PersonState, RoomId,
    audit::AuditKind,
    conference::{MeetingRole, MeetingState, ProtectionClass, RoomKind},
};
use fernamt_http::{ApiError, Exact, Json, Path, Query, Session, version};
use fernamt_store::{InviteeRecord, MeetingRecord, Page as StorePage, RoomRecord, TenantStore, Work};
use serde_json::json;
use time::Duration;

use super::meetings;
use crate::{
    Conference,
    act::{done, page_of},
    booking::{Slot, Wall},
    error::{ConferenceError, not_moderating},
    invitation::{Card, Guest, Language, Place, zone_of},
    post::{self, Content},
    rooms::{self, Invited},
    settings,
    standing::{self, Standing},
    webhooks,
};

/// People that a search finds at most.
const MOST_PEOPLE: u64 = 20;

/// Characters that a search for people needs at least, so that nobody reads the whole directory by it.
const LEAST_QUERY_CHARS: usize = 2;

pub(crate) fn router() -> Router<Arc<Conference>> {
    Router::new()
        .route("/api/v1/conference/options", get(options))
        .route("/api/v1/conference/people", get(people))
        .route("/api/v1/conference/rooms", get(list).post(create))
        .route("/api/v1/conference/rooms/preview", post_to(preview))
        .route("/api/v1/conference/rooms/{id}", get(one).put(change).delete(remove))
        .route("/api/v1/conference/rooms/{id}/open", post_to(open))
        .route("/api/v1/conference/rooms/{id}/invitation", get(invitation))
        .route("/api/v1/conference/rooms/{id}/calendar", get(calendar))
}

async fn options(
    State(conference): State<Arc<Conference>>,
    session: Session,
) -> Result<Json<ConferenceOptions>, ConferenceError> {
    let tenant = &session.site.tenant;
    let settings = settings::load(tenant).await?;
    let mut may_create = Vec::new();
    for kind in RoomKind::ALL {
        if rooms::is_among(tenant, settings.who(*kind), session.person()).await? {
            may_create.push(*kind);
        }
    }
    Ok(Json(ConferenceOptions {
        may_create,
        classes: classes(&settings),
        usual: RoomKind::ALL
            .iter()
            .map(|kind| UsualPermissions { kind: *kind, permissions: standing::usual(*kind) })
            .collect(),
        default_protection: settings.default_protection,
        mail: settings.mail && conference.parts.post.is_some(),
        time_zone: zone_of(tenant, None).await?,
        limits: rooms::limits(&settings),
    }))
}

/// What each protection class means with these settings.
pub(crate) fn classes(settings: &ConferenceSettings) -> Vec<ClassMeaning> {
    let meaning = |class: &ProtectionClass| ClassMeaning { class: *class, safeguards: settings.safeguards(*class) };
    ProtectionClass::ALL.iter().map(meaning).collect()
}

async fn people(session: Session, Query(query): Query<PeopleQuery>) -> Result<Json<Vec<PersonRef>>, ConferenceError> {
    if query.q.trim().chars().count() < LEAST_QUERY_CHARS {
        return Ok(Json(Vec::new()));
    }
    let page = StorePage { search: Some(query.q), offset: 0, limit: MOST_PEOPLE };
    let found = session.site.tenant.people().list(&page).await?.items.into_iter();
    let active = found.filter(|person| person.state == PersonState::Active);
    Ok(Json(active.map(|person| PersonRef { id: person.id, name: person.display_name }).collect()))
}

async fn list(session: Session, Query(query): Query<ListQuery>) -> Result<Json<Page<Room>>, ConferenceError> {
    let tenant = &session.site.tenant;
    let settings = settings::load(tenant).await?;
    let found = tenant.rooms().of_owner(session.person(), &page_of(&query)).await?;
    let mut items = Vec::with_capacity(found.items.len());
    for room in found.items {
        let standing = Standing { role: MeetingRole::Host, invited: true };
        items.push(rooms::shown(tenant, session.situation.at, &settings, room, (session.person(), standing)).await?);
    }
    Ok(Json(Page { items, total: found.total }))
}

async fn one(session: Session, Path(id): Path<RoomId>) -> Result<Json<Room>, ConferenceError> {
    show(&session, id).await
}

async fn show(session: &Session, id: RoomId) -> Result<Json<Room>, ConferenceError> {
    let tenant = &session.site.tenant;
    let (room, standing) = standing::visible(tenant, id, session.person()).await?;
    let settings = settings::load(tenant).await?;
    Ok(Json(rooms::shown(tenant, session.situation.at, &settings, room, (session.person(), standing)).await?))
}

async fn preview(session: Session, Exact(draft): Exact<BookingDraft>) -> Result<Json<BookingPreview>, ConferenceError> {
    let twice = rooms::invited_twice(&draft.invitees);
    let BookingDraft { starts, minutes, time_zone, recurrence, .. } = draft;
    let booking = Booking { starts, minutes, time_zone, recurrence };
    let tenant = &session.site.tenant;
    let wall = rooms::wall_of(tenant, &booking).await?;
    let days = rooms::days_of(&booking, &settings::load(tenant).await?, session.situation.at)?;
    let moved = days.starts.iter().copied().filter(|start| wall.leaves_out(*start)).collect();
    Ok(Json(BookingPreview { moved, complete: days.complete, starts: days.starts, twice }))
}

async fn create(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Exact(new): Exact<NewRoom>,
) -> Result<(StatusCode, Json<Room>), ConferenceError> {
    let (parts, tenant) = (&conference.parts, &session.site.tenant);
    let settings = settings::load(tenant).await?;
    may_make(tenant, &settings, new.kind, session.person()).await?;
    rooms::check(tenant, session.person(), new.kind, &new.fields).await?;
    let (slots, zone) = slots(&session, &settings, new.fields.booking.as_ref()).await?;
    let mut room = RoomRecord {
        id: RoomId::new(&*parts.clock, &*parts.rng),
        owner: session.person(),
        kind: new.kind,
        name: String::new(),
        description: String::new(),
        protection: new.fields.protection,
        lobby: None,
        waiting_text: String::new(),
        permissions: None,
        booking: None,
        sequence: 0,
        created_at: session.situation.at,
        over_at: None,
    };
    rooms::put_into(&new.fields, &mut room);
    let mut work = tenant.begin().await?;
    work.rooms().insert(&room).await?;
    let invited = rooms::invite(&work, parts, &room, &new.fields.invitees).await?;
    rooms::book(&mut work, parts, tenant.id(), &mut room, slots, &zone).await?;
    if new.notify && new.kind != RoomKind::Personal {
        send_invitations(&work, &conference, &session, &room, &invited.new).await?;
    }
    work.record(done(&session, AuditKind::Conference, "room_created").details(json!({ "room": room.id })));
    work.commit().await?;
    Ok((StatusCode::CREATED, show(&session, room.id).await?))
}

/// Refuses what the owner of a room may not, or no longer, book.
async fn may_make(
    tenant: &TenantStore,
    settings: &ConferenceSettings,
    kind: RoomKind,
    owner: PersonId,
) -> Result<(), ConferenceError> {
    if rooms::is_among(tenant, settings.who(kind), owner).await? {
        return Ok(());
    }
    let refusal = ApiError::forbidden("not_yours_to_create", "you may not make rooms of this kind");
    Err(refusal.param("kind", kind).into())
}

async fn change(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<RoomId>,
    Exact(change): Exact<ChangeRoom>,
) -> Result<Json<Room>, ConferenceError> {
    let (parts, tenant) = (&conference.parts, &session.site.tenant);
    let (present, standing) = standing::visible(tenant, id, session.person()).await?;
    if !standing.role.moderates() {
        return Err(not_moderating().into());
    }
    rooms::check(tenant, present.owner, present.kind, &change.fields).await?;
    let settings = settings::load(tenant).await?;
    let (slots, zone) = slots(&session, &settings, change.fields.booking.as_ref()).await?;
    let gone_card = card(&conference, &session, present, None).await?;
    let mut work = tenant.begin().await?;
    let mut room = work.rooms().locked(id).await?;
    version::expect(&change.version, &rooms::version_of(&room, &work.rooms().invitees(id).await?))?;
    let before = room.clone();
    rooms::put_into(&change.fields, &mut room);
    let told = room != before;
    room.sequence = before.sequence.saturating_add(u32::from(told));
    work.rooms().replace(&room).await?;
    let invited = rooms::invite(&work, parts, &room, &change.fields.invitees).await?;
    let booked = rooms::book(&mut work, parts, tenant.id(), &mut room, slots, &zone).await?;
    if booked.made.len() > booked.cancelled.len() {
        // To move what is booked, or to have less of it, is open to those who lost the right to book, too.
        may_make(tenant, &settings, room.kind, room.owner).await?;
    }
    if change.notify && room.kind != RoomKind::Personal {
        let Invited { new, kept, gone } = invited;
        send_invitations(&work, &conference, &session, &room, &new).await?;
        if told {
            send_invitations(&work, &conference, &session, &room, &kept).await?;
        }
        send_withdrawal(&work, &conference, &session, &gone_card, &gone).await?;
    }
    // What runs goes by the room's new name, rules and invitations at once.
    for meeting in work.meetings().open_in_room(id, session.situation.at).await? {
        work.publish(DomainEvent::MeetingChanged { meeting: meeting.id });
    }
    work.record(done(&session, AuditKind::Conference, "room_changed").details(json!({ "room": id })));
    work.commit().await?;
    show(&session, id).await
}

async fn remove(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<RoomId>,
    Query(query): Query<NotifyQuery>,
) -> Result<StatusCode, ConferenceError> {
    let tenant = &session.site.tenant;
    let (present, _) = standing::visible(tenant, id, session.person()).await?;
    if present.owner != session.person() {
        return Err(ApiError::forbidden("not_owner", "only the owner can remove a room").into());
    }
    let card = card(&conference, &session, present, None).await?;
    let mut work = tenant.begin().await?;
    let room = work.rooms().locked(id).await?;
    let invited = work.rooms().invitees(id).await?;
    let now = session.situation.at;
    for meeting in work.meetings().of_room(id).await? {
        let event = match meeting.state(now) {
            MeetingState::Planned => WebhookEvent::MeetingCancelled,
            MeetingState::Running => WebhookEvent::MeetingEnded,
            MeetingState::Ended | MeetingState::Cancelled => continue,
        };
        webhooks::note(&work, &conference.parts, &room, std::slice::from_ref(&meeting), event).await?;
        work.publish(DomainEvent::MeetingChanged { meeting: meeting.id });
    }
    if !query.quietly && room.kind != RoomKind::Personal {
        send_withdrawal(&work, &conference, &session, &card, &invited).await?;
    }
    work.rooms().remove(id).await?;
    work.record(done(&session, AuditKind::Conference, "room_removed").details(json!({ "room": id })));
    work.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn open(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<RoomId>,
) -> Result<Json<Meeting>, ConferenceError> {
    let (parts, tenant) = (&conference.parts, &session.site.tenant);
    let (room, standing) = standing::visible(tenant, id, session.person()).await?;
    if !standing.role.moderates() {
        return Err(not_moderating().into());
    }
    if room.kind != RoomKind::Personal {
        let refusal = ApiError::conflict("not_personal", "its meetings open by themselves at their time");
        return Err(refusal.into());
    }
    let settings = settings::load(tenant).await?;
    may_make(tenant, &settings, room.kind, room.owner).await?;
    let now = session.situation.at;
    let zone = zone_of(tenant, None).await?;
    let wall = Wall::of(&zone).or_else(|| Wall::of("UTC")).ok_or_else(ApiError::not_found)?;
    let mut work = tenant.begin().await?;
    let room = work.rooms().locked(room.id).await?;
    let running = work.meetings().open_in_room(id, now).await?.into_iter().next();
    if running.is_none() {
        let meeting = opening(&work, &conference, &session, &room, &settings, &wall).await?;
        work.meetings().insert(id, std::slice::from_ref(&meeting)).await?;
        webhooks::note(&work, parts, &room, std::slice::from_ref(&meeting), WebhookEvent::MeetingOpened).await?;
        work.publish(DomainEvent::MeetingChanged { meeting: meeting.id });
        let details = json!({ "room": id, "meeting": meeting.id });
        work.record(done(&session, AuditKind::Conference, "room_opened").details(details));
        work.commit().await?;
        return meetings::shown(&conference, &session, meeting, room, standing.role).await;
    }
    drop(work);
    let meeting = running.ok_or_else(ApiError::not_found)?;
    meetings::shown(&conference, &session, meeting, room, standing.role).await
}

/// A new opening of a personal room.
async fn opening(
    work: &Work,
    conference: &Conference,
    session: &Session,
    room: &RoomRecord,
    settings: &ConferenceSettings,
    wall: &Wall,
) -> Result<MeetingRecord, ConferenceError> {
    let now = session.situation.at;
    if work.meetings().running(now).await?.len() >= usize::from(settings.most_running) {
        let refusal = ApiError::conflict("too_many_running", "no more meetings may run at the same time");
        return Err(refusal.param("limit", settings.most_running).into());
    }
    let slot = Slot {
        starts: wall.shows(now),
        starts_at: now,
        minutes: settings.personal_hours.saturating_mul(60),
        valid_from: now,
        valid_until: now + Duration::hours(settings.personal_hours.into()),
    };
    let tenant = session.site.tenant.id();
    let meeting = rooms::new_meeting(work, &conference.parts, tenant, room, &slot, wall.name(), None).await?;
    Ok(MeetingRecord { opened_at: Some(now), ..meeting })
}

async fn invitation(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<RoomId>,
) -> Result<Json<Invitation>, ConferenceError> {
    let (room, _) = standing::visible(&session.site.tenant, id, session.person()).await?;
    Ok(Json(card(&conference, &session, room, None).await?.invitation()))
}

async fn calendar(
    State(conference): State<Arc<Conference>>,
    session: Session,
    Path(id): Path<RoomId>,
) -> Result<impl IntoResponse, ConferenceError> {
    let (room, _) = standing::visible(&session.site.tenant, id, session.person()).await?;
    Ok(file(&card(&conference, &session, room, None).await?))
}

/// A calendar file to download. It holds what lets people in, so nobody on the way may keep it.
pub(crate) fn file(card: &Card) -> impl IntoResponse + use<> {
    let invitation = card.invitation();
    let disposition = format!("attachment; filename=\"{}\"", invitation.file_name);
    let headers = [
        (header::CONTENT_TYPE, "text/calendar; charset=utf-8; method=PUBLISH".to_owned()),
        (header::CONTENT_DISPOSITION, disposition),
        (header::CACHE_CONTROL, "no-store".to_owned()),
    ];
    (headers, invitation.calendar)
}

/// All that the invitation to a room, or to one of its meetings, tells.
pub(crate) async fn card(
    conference: &Conference,
    session: &Session,
    room: RoomRecord,
    only: Option<MeetingRecord>,
) -> Result<Card, ConferenceError> {
    let (site, parts) = (&session.site, &conference.parts);
    let place = Place { host: &site.host, sealer: &parts.sealer, now: session.situation.at };
    Ok(Card::of(&site.tenant, parts, &place, room, only).await?)
}

/// The times of a booking, and the zone they are told in.
async fn slots(
    session: &Session,
    settings: &ConferenceSettings,
    booking: Option<&Booking>,
) -> Result<(Vec<Slot>, String), ConferenceError> {
    let Some(booking) = booking else { return Ok((Vec::new(), String::new())) };
    let wall = rooms::wall_of(&session.site.tenant, booking).await?;
    let slots = rooms::slots_of(booking, &wall, settings, session.situation.at)?;
    Ok((slots, wall.name().to_owned()))
}

/// Writes invitations to all that is to come.
pub(crate) async fn send_invitations(
    work: &Work,
    conference: &Conference,
    session: &Session,
    room: &RoomRecord,
    invited: &[InviteeRecord],
) -> Result<(), ConferenceError> {
    let languages = Languages::load(work, session, invited).await?;
    let content = |invitee: &InviteeRecord, guest: &Guest| {
        let language = languages.of(invitee);
        Content::Invite { language, name: guest.name.clone(), meeting: None }
    };
    Ok(post::write(work, session.site.tenant.id(), &conference.parts, room, invited, content).await?)
}

/// The language of each letter: as the owner chose, as the person has it, or as the house does.
pub(crate) struct Languages(Vec<(InviteeId, Language)>);

impl Languages {
    pub(crate) async fn load(
        work: &Work,
        session: &Session,
        invited: &[InviteeRecord],
    ) -> Result<Self, ConferenceError> {
        let house = fernamt_identity::settings::load(&session.site.tenant).await?.language.clone();
        let mut found = Vec::with_capacity(invited.len());
        for invitee in invited {
            let own = match (&invitee.language, invitee.person) {
                (Some(language), _) => Some(language.clone()),
                (None, Some(person)) => language_of(work, person).await?,
                (None, None) => None,
            };
            found.push((invitee.id, Language::named(own.as_deref().unwrap_or(&house))));
        }
        Ok(Self(found))
    }

    pub(crate) fn of(&self, invitee: &InviteeRecord) -> Language {
        self.0.iter().find(|(id, _)| *id == invitee.id).map_or(Language::German, |(_, language)| *language)
    }
}

async fn language_of(work: &Work, person: PersonId) -> Result<Option<String>, ConferenceError> {
    match work.people().get(person).await {
        Ok(record) => Ok(Some(record.language).filter(|language| !language.is_empty())),
        Err(fernamt_store::StoreError::NotFound(_)) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// Writes letters that take back an invitation to all that is to come.
async fn send_withdrawal(
    work: &Work,
    conference: &Conference,
    session: &Session,
    card: &Card,
    gone: &[InviteeRecord],
) -> Result<(), ConferenceError> {
    let Some((first, _)) = card.dates.first() else { return Ok(()) };
    let languages = Languages::load(work, session, gone).await?;
    let content = |invitee: &InviteeRecord, guest: &Guest| {
        let language = languages.of(invitee);
        let (subject, text) = card.called_off(language, None);
        let calendar = card.cancel_all(first, language, Some(guest));
        Content::Cancel { language, name: guest.name.clone(), subject, text, calendar }
    };
    Ok(post::write(work, card.tenant, &conference.parts, &card.room, gone, content).await?)
}
