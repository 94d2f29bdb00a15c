//! Rooms as their owners set them: checked, written, and shown.

use std::collections::{BTreeMap, BTreeSet};

use fernamt_api::{
    conference::{
        limits::{
            BookingLimits, MAX_DAYS_AHEAD, MAX_DESCRIPTION_CHARS, MAX_INVITEES, MAX_NAME_CHARS, MAX_OCCURRENCES,
            MAX_WAITING_TEXT_CHARS, MIN_MINUTES,
        },
        rooms::{Booking, Invitee, InviteeFields, MailState, PersonRef, Room, RoomFields},
        settings::{ConferenceSettings, Who},
        webhooks::WebhookEvent,
    },
    problem::FieldProblem,
};
use fernamt_domain::{
    DomainEvent, InviteeId, MeetingId, PersonId, PersonState, TenantId,
    conference::{LocalMoment, MeetingRole, RoomKind},
};
use fernamt_http::{ApiError, version};
use fernamt_store::{InviteeRecord, LetterRecord, MeetingRecord, RoomRecord, StoreError, TenantStore, Work};
use time::{Date, Duration, OffsetDateTime};

use crate::{
    Parts,
    booking::{Expanded, Plan, Slot, Wall, expand},
    check::Checks,
    credentials::{Credentials, keep_number},
    error::ConferenceError,
    invitation::{booking_of, zone_of},
    post, routes,
    standing::{self, Standing},
    webhooks,
};

/// The meetings of a room that its page shows.
const MOST_SHOWN: u64 = 50;

/// What bookings may be at most.
pub(crate) fn limits(settings: &ConferenceSettings) -> BookingLimits {
    BookingLimits {
        name_chars: MAX_NAME_CHARS,
        description_chars: MAX_DESCRIPTION_CHARS,
        waiting_text_chars: MAX_WAITING_TEXT_CHARS,
        invitees: MAX_INVITEES,
        occurrences: MAX_OCCURRENCES,
        days_ahead: MAX_DAYS_AHEAD,
        least_minutes: MIN_MINUTES,
        most_minutes: settings.most_minutes,
    }
}

/// Whether a person is among those who may do something.
pub(crate) async fn is_among(tenant: &TenantStore, who: &Who, person: PersonId) -> Result<bool, StoreError> {
    if who.everybody {
        return Ok(true);
    }
    if who.groups.is_empty() {
        return Ok(false);
    }
    let groups = tenant.groups().all_of_person(person).await?;
    Ok(who.groups.iter().any(|group| groups.contains(group)))
}

/// Checks what an owner sets, apart from the booking.
pub(crate) async fn check(
    tenant: &TenantStore,
    owner: PersonId,
    kind: RoomKind,
    fields: &RoomFields,
) -> Result<(), ConferenceError> {
    let mut checks = Checks::default();
    checks.name("name", &fields.name, MAX_NAME_CHARS);
    checks.lines("description", &fields.description, MAX_DESCRIPTION_CHARS);
    checks.lines("waiting_text", &fields.waiting_text, MAX_WAITING_TEXT_CHARS);
    match kind {
        RoomKind::Personal => {
            let detail = "a personal room is opened, not booked";
            checks.that(fields.booking.is_none(), "booking", "not_here", detail);
        }
        RoomKind::Meeting | RoomKind::Lecture => {
            checks.that(fields.booking.is_some(), "booking", "required", "say when it takes place");
        }
    }
    let many = format!("at most {MAX_INVITEES} people can be invited");
    checks.that(fields.invitees.len() <= usize::from(MAX_INVITEES), "invitees", "too_many", &many);
    for (n, invitee) in fields.invitees.iter().enumerate().take(usize::from(MAX_INVITEES)) {
        check_invitee(tenant, owner, &format!("invitees[{n}]"), invitee, &mut checks).await?;
    }
    for n in invited_twice(&fields.invitees) {
        checks.that(false, &format!("invitees[{n}]"), "twice", "they are invited already");
    }
    Ok(checks.finish()?)
}

/// The places of those who stand further up already.
pub(crate) fn invited_twice(invitees: &[InviteeFields]) -> Vec<u16> {
    let (mut people, mut addresses) = (BTreeSet::new(), BTreeSet::new());
    let mut known = |invitee: &InviteeFields| match (invitee.person, &invitee.address) {
        (Some(person), _) => !people.insert(person),
        (None, Some(address)) => !addresses.insert(address.to_lowercase()),
        (None, None) => false,
    };
    (0..MAX_INVITEES).zip(invitees).filter(|(_, invitee)| known(invitee)).map(|(place, _)| place).collect()
}

async fn check_invitee(
    tenant: &TenantStore,
    owner: PersonId,
    path: &str,
    invitee: &InviteeFields,
    checks: &mut Checks,
) -> Result<(), StoreError> {
    if let Some(person) = invitee.person {
        checks.that(person != owner, &format!("{path}.person"), "owner", "the owner need not be invited");
        let known = match tenant.people().get(person).await {
            Ok(record) => record.state == PersonState::Active,
            Err(StoreError::NotFound(_)) => false,
            Err(error) => return Err(error),
        };
        checks.that(known, &format!("{path}.person"), "unknown", "this person does not exist any more");
        let roles = [MeetingRole::Cohost, MeetingRole::Presenter, MeetingRole::Participant, MeetingRole::Listener];
        let detail = "a person of the house is co-host, presenter, participant or listener";
        checks.that(roles.contains(&invitee.role), &format!("{path}.role"), "not_for_people", detail);
    } else {
        checks.that(invitee.address.is_some(), &format!("{path}.address"), "required", "give an address");
        let roles = [MeetingRole::Guest, MeetingRole::Listener];
        let detail = "somebody from elsewhere is a guest or a listener; the host can give them the stage";
        checks.that(roles.contains(&invitee.role), &format!("{path}.role"), "not_for_guests", detail);
    }
    if let Some(address) = &invitee.address {
        let good = post::is_address(address);
        checks.that(good, &format!("{path}.address"), "not_an_address", "this is no mail address");
    }
    if let Some(name) = &invitee.name {
        checks.name(&format!("{path}.name"), name, MAX_NAME_CHARS);
    }
    let language = invitee.language.as_deref().is_none_or(|language| ["de", "en"].contains(&language));
    checks.that(language, &format!("{path}.language"), "invalid", "a language is de or en");
    Ok(())
}

/// The days of a booking as they are on its clock, or what is wrong with it.
pub(crate) fn days_of(
    booking: &Booking,
    settings: &ConferenceSettings,
    now: OffsetDateTime,
) -> Result<Expanded, ConferenceError> {
    let mut checks = Checks::default();
    let fits = (MIN_MINUTES..=settings.most_minutes).contains(&booking.minutes);
    if !fits {
        let detail = format!("{MIN_MINUTES} to {} minutes", settings.most_minutes);
        let fault = FieldProblem::new("booking.minutes", "out_of_range", detail);
        checks.fault(fault.param("least", MIN_MINUTES).param("most", settings.most_minutes).param("unit", "minutes"));
    }
    let ahead = within_reach(&mut checks, "booking.starts", booking.starts, now);
    checks.finish()?;
    expand(booking, ahead).map_err(|fault| {
        let (path, code) = fault.field();
        ApiError::invalid().field(path, code, fault.to_string()).into()
    })
}

/// Checks that a day is not further ahead than can be booked, nor further back than calendars can be reckoned with. Returns
/// the last day that can be booked.
pub(crate) fn within_reach(checks: &mut Checks, path: &str, starts: LocalMoment, now: OffsetDateTime) -> Date {
    let (ahead, today) = (Duration::days(MAX_DAYS_AHEAD.into()), now.date());
    let last = today.saturating_add(ahead);
    let detail = format!("at most {MAX_DAYS_AHEAD} days ahead");
    checks.that(starts.date().0 <= last, path, "too_far", &detail);
    checks.that(starts.date().0 >= today.saturating_sub(ahead), path, "past", "this time is over");
    last
}

/// The clock of a booking, or what is wrong with its name.
pub(crate) async fn wall_of(tenant: &TenantStore, booking: &Booking) -> Result<Wall, ConferenceError> {
    let zone = zone_of(tenant, Some(booking)).await?;
    Wall::of(&zone).ok_or_else(|| {
        let detail = "a time zone is named like Europe/Berlin";
        ApiError::invalid().field("booking.time_zone", "unknown", detail).into()
    })
}

/// The times of a booking's meetings.
pub(crate) fn slots_of(
    booking: &Booking,
    wall: &Wall,
    settings: &ConferenceSettings,
    now: OffsetDateTime,
) -> Result<Vec<Slot>, ConferenceError> {
    let days = days_of(booking, settings, now)?;
    if !days.complete {
        let detail = format!("at most {MAX_OCCURRENCES} meetings, and {MAX_DAYS_AHEAD} days ahead");
        let fault = FieldProblem::new("booking.recurrence.until", "too_many", detail);
        let fault = fault.param("most", MAX_OCCURRENCES).param("days", MAX_DAYS_AHEAD);
        return Err(ApiError::invalid().with_field(fault).into());
    }
    if days.starts.first().is_some_and(|first| wall.leaves_out(*first)) {
        // What one types must be; a later date of a series may come an hour later (RFC 5545, 3.3.5).
        let detail = "the clocks are put forward over this minute";
        return Err(ApiError::invalid().field("booking.starts", "no_such_time", detail).into());
    }
    let slot = |starts| Slot::new(wall, starts, booking.minutes, settings.lead_minutes, settings.lag_minutes);
    let slots: Vec<_> = days.starts.into_iter().filter_map(slot).collect();
    if slots.iter().all(|slot| slot.ends_at() <= now) {
        return Err(ApiError::invalid().field("booking.starts", "past", "this time is over").into());
    }
    Ok(slots)
}

/// What became of a room's meetings.
#[derive(Debug, Default)]
pub(crate) struct Booked {
    pub(crate) made: Vec<MeetingRecord>,
    pub(crate) changed: Vec<MeetingRecord>,
    pub(crate) cancelled: Vec<MeetingRecord>,
}

/// Makes a room's meetings as its booking says, and says in the room when the last one is over.
pub(crate) async fn book(
    work: &mut Work,
    parts: &Parts,
    tenant: TenantId,
    room: &mut RoomRecord,
    slots: Vec<Slot>,
    zone: &str,
) -> Result<Booked, ConferenceError> {
    let now = parts.clock.now();
    let there = work.meetings().of_room(room.id).await?;
    let mut over_at = there.iter().filter(|m| m.cancelled_at.is_none()).map(|m| m.valid_until).max();
    let plan = Plan::between(there, slots, now);
    let mut booked = Booked::default();
    for meeting in plan.cancel {
        work.meetings().cancel(meeting.id).await?;
        booked.cancelled.push(meeting);
    }
    for (meeting, slot) in plan.keep {
        let mut changed = meeting.clone();
        if crate::booking::is_moved(&meeting) {
            zone.clone_into(&mut changed.time_zone);
        } else {
            slot.put_into(&mut changed, zone);
        }
        if changed != meeting {
            work.meetings().replace(&changed).await?;
            keep_number(work, &changed).await?;
            booked.changed.push(changed);
        }
    }
    for slot in plan.make {
        let meeting = new_meeting(work, parts, tenant, room, &slot, zone, Some(slot.starts)).await?;
        booked.made.push(meeting);
    }
    work.meetings().insert(room.id, &booked.made).await?;
    if room.kind != RoomKind::Personal {
        let standing = work.meetings().of_room(room.id).await?;
        let last = standing.iter().filter(|m| m.cancelled_at.is_none()).map(|m| m.valid_until).max();
        over_at = last.or(over_at).or(Some(now));
        room.over_at = over_at;
        work.rooms().replace(room).await?;
    }
    for (meetings, event) in [
        (&booked.made, WebhookEvent::MeetingBooked),
        (&booked.changed, WebhookEvent::MeetingChanged),
        (&booked.cancelled, WebhookEvent::MeetingCancelled),
    ] {
        webhooks::note(work, parts, room, meetings, event).await?;
        for meeting in meetings {
            work.publish(DomainEvent::MeetingChanged { meeting: meeting.id });
        }
    }
    Ok(booked)
}

/// A meeting with fresh credentials, not yet in the store.
pub(crate) async fn new_meeting(
    work: &Work,
    parts: &Parts,
    tenant: TenantId,
    room: &RoomRecord,
    slot: &Slot,
    zone: &str,
    occurrence: Option<LocalMoment>,
) -> Result<MeetingRecord, ConferenceError> {
    let credentials = Credentials::draw(work, &parts.sealer, &*parts.rng, slot.valid_until).await?;
    let mut meeting = MeetingRecord {
        id: MeetingId::new(&*parts.clock, &*parts.rng),
        room: room.id,
        occurrence,
        starts: slot.starts,
        minutes: slot.minutes,
        time_zone: zone.to_owned(),
        starts_at: slot.starts_at,
        ends_at: slot.ends_at(),
        valid_from: slot.valid_from,
        valid_until: slot.valid_until,
        number_print: None,
        secret_print: None,
        pin_print: None,
        credentials_sealed: None,
        opened_at: None,
        ended_at: None,
        cancelled_at: None,
    };
    credentials.put_into(&parts.sealer, tenant, &mut meeting);
    Ok(meeting)
}

/// Puts what an owner sets into a room's row.
pub(crate) fn put_into(fields: &RoomFields, room: &mut RoomRecord) {
    room.name.clone_from(&fields.name);
    room.description = fields.description.replace("\r\n", "\n");
    room.protection = fields.protection;
    room.lobby = fields.lobby;
    room.waiting_text = fields.waiting_text.replace("\r\n", "\n");
    room.permissions = fields.permissions;
    let booking = fields.booking.as_ref();
    room.booking = booking.map(|b| serde_json::to_value(b).expect("a booking has string keys only"));
}

/// What became of a room's invitations.
#[derive(Debug, Default)]
pub(crate) struct Invited {
    pub(crate) new: Vec<InviteeRecord>,
    pub(crate) kept: Vec<InviteeRecord>,
    pub(crate) gone: Vec<InviteeRecord>,
}

/// Invites exactly these people to a room. Who is invited already keeps the invitation.
pub(crate) async fn invite(
    work: &Work,
    parts: &Parts,
    room: &RoomRecord,
    fields: &[InviteeFields],
) -> Result<Invited, StoreError> {
    let key = |person: Option<PersonId>, address: Option<&str>| match person {
        Some(person) => person.to_string(),
        None => address.unwrap_or_default().to_lowercase(),
    };
    let there = work.rooms().invitees(room.id).await?;
    let mut there: BTreeMap<String, InviteeRecord> =
        there.into_iter().map(|invitee| (key(invitee.person, invitee.address.as_deref()), invitee)).collect();
    let mut invited = Invited::default();
    for wanted in fields {
        let known = there.remove(&key(wanted.person, wanted.address.as_deref()));
        let record = InviteeRecord {
            id: known.as_ref().map_or_else(|| InviteeId::new(&*parts.clock, &*parts.rng), |known| known.id),
            room: room.id,
            person: wanted.person,
            address: wanted.address.clone(),
            name: wanted.name.clone(),
            role: wanted.role,
            language: wanted.language.clone(),
        };
        match known {
            Some(known) => {
                if known != record {
                    work.rooms().change_invitee(&record).await?;
                }
                // To somebody whose address is another one now, the invitation is news.
                if known.address == record.address { &mut invited.kept } else { &mut invited.new }.push(record);
            }
            None => invited.new.push(record),
        }
    }
    let ids: BTreeSet<_> = work.rooms().invitees(room.id).await?.into_iter().map(|invitee| invitee.id).collect();
    let fresh: Vec<_> = invited.new.iter().filter(|invitee| !ids.contains(&invitee.id)).cloned().collect();
    for gone in there.into_values() {
        work.rooms().uninvite(gone.id).await?;
        invited.gone.push(gone);
    }
    work.rooms().invite(&fresh).await?;
    Ok(invited)
}

/// A room's fields as its owner set them.
pub(crate) fn fields_of(room: &RoomRecord, invitees: &[InviteeRecord], with_addresses: bool) -> RoomFields {
    let invitee = |invitee: &InviteeRecord| InviteeFields {
        person: invitee.person,
        address: invitee.address.clone().filter(|_| with_addresses),
        name: invitee.name.clone(),
        role: invitee.role,
        language: invitee.language.clone(),
    };
    RoomFields {
        name: room.name.clone(),
        description: room.description.clone(),
        protection: room.protection,
        lobby: room.lobby,
        waiting_text: room.waiting_text.clone(),
        permissions: room.permissions,
        booking: booking_of(room),
        invitees: invitees.iter().map(invitee).collect(),
    }
}

/// The version of a room.
pub(crate) fn version_of(room: &RoomRecord, invitees: &[InviteeRecord]) -> String {
    version::of(&(fields_of(room, invitees, true), room.sequence))
}

/// A room as somebody sees it.
pub(crate) async fn shown(
    tenant: &TenantStore,
    now: OffsetDateTime,
    settings: &ConferenceSettings,
    room: RoomRecord,
    (viewer, standing): (PersonId, Standing),
) -> Result<Room, StoreError> {
    let all = tenant.rooms().invitees(room.id).await?;
    // Who will not see the others in the meeting does not see here who they are.
    let sees_all = standing::permissions(&room).roster.includes(standing.role);
    let own = |one: &&InviteeRecord| sees_all || one.person == Some(viewer);
    let invitees: Vec<InviteeRecord> = all.iter().filter(own).cloned().collect();
    let letters = tenant.letters().of_room(room.id).await?;
    let owner = person_ref(tenant, room.owner).await?;
    let runs_it = standing.role.moderates();
    let mut invited = Vec::with_capacity(invitees.len());
    for invitee in &invitees {
        let name = match (invitee.person, &invitee.name) {
            (Some(person), _) => person_ref(tenant, person).await?.name,
            (None, Some(name)) => name.clone(),
            (None, None) if runs_it => invitee.address.clone().unwrap_or_default(),
            (None, None) => String::new(),
        };
        invited.push(Invitee {
            id: invitee.id,
            person: invitee.person,
            address: invitee.address.clone().filter(|_| runs_it),
            name,
            role: invitee.role,
            mail: mail_state(&letters, invitee.id),
        });
    }
    let meetings = tenant.meetings().upcoming_of_room(room.id, now, MOST_SHOWN).await?;
    let summary = |meeting| routes::summary(meeting, &room, owner.clone(), standing.role, now);
    Ok(Room {
        id: room.id,
        version: version_of(&room, &all),
        kind: room.kind,
        role: standing.role,
        safeguards: standing::safeguards(&room, settings),
        invited,
        meetings: meetings.iter().map(summary).collect(),
        fields: fields_of(&room, &invitees, runs_it),
        owner,
    })
}

fn mail_state(letters: &[LetterRecord], invitee: InviteeId) -> MailState {
    match letters.iter().rev().find(|letter| letter.invitee == Some(invitee)) {
        None => MailState::None,
        Some(letter) if letter.sent_at.is_some() => MailState::Sent,
        Some(letter) if letter.failed_at.is_some() => MailState::Failed,
        Some(_) => MailState::Waiting,
    }
}

/// A person as others see them; somebody who left has no name any more.
pub(crate) async fn person_ref(tenant: &TenantStore, person: PersonId) -> Result<PersonRef, StoreError> {
    match tenant.people().get(person).await {
        Ok(record) => Ok(PersonRef { id: person, name: record.display_name }),
        Err(StoreError::NotFound(_)) => Ok(PersonRef { id: person, name: String::new() }),
        Err(error) => Err(error),
    }
}
