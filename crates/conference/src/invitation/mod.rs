//! Invitations: as text in two languages, and as iCalendar (RFC 5545, RFC 5546).

mod calendar;
mod text;

use fernamt_api::conference::{
    meetings::{Invitation, InvitationText, MeetingAccess},
    rooms::Booking,
};
use fernamt_domain::{
    Sealer, Secret, TenantId,
    conference::{EntrySecret, RoomKind, Safeguards},
};
use fernamt_store::{MeetingRecord, RoomRecord, StoreError, TenantStore};
use time::OffsetDateTime;

pub(crate) use calendar::Method;
#[cfg(test)]
pub(crate) use calendar::rule_text;
pub(crate) use text::Language;

use crate::{Parts, booking::Wall, credentials::Credentials, settings, standing};

/// The page where people join.
const JOIN_PAGE: &str = "/besprechung";

/// The most meetings of a series that an invitation spells out in its text; the calendar has them all.
const MOST_DATES_IN_TEXT: usize = 10;

/// The link to a meeting. What stands behind the `#` never leaves the browser.
pub fn link(origin: &str, secret: &EntrySecret) -> String {
    format!("{origin}{JOIN_PAGE}#{}", secret.expose())
}

/// The address where number and PIN are typed.
pub(crate) fn join_page(origin: &str) -> String {
    format!("{origin}{JOIN_PAGE}")
}

/// How others get into a meeting, as the API shows it.
pub(crate) fn access(origin: &str, credentials: &Credentials) -> MeetingAccess {
    MeetingAccess {
        number: credentials.number.to_string(),
        pin: credentials.pin.expose().into(),
        link: Secret::new(link(origin, &credentials.secret)),
        join_page: join_page(origin),
    }
}

/// All that an invitation tells.
#[derive(Debug)]
pub(crate) struct Card {
    /// The tenant.
    pub(crate) tenant: TenantId,
    /// The room.
    pub(crate) room: RoomRecord,
    /// Its booking.
    pub(crate) booking: Option<Booking>,
    /// What its meetings are kept by.
    pub(crate) safeguards: Safeguards,
    /// Who invites.
    pub(crate) owner: String,
    /// The tenant's host, for ids that are unique in the world.
    pub(crate) host: String,
    /// The tenant's origin.
    pub(crate) origin: String,
    /// The address that letters come from.
    pub(crate) sender: Option<String>,
    /// The clock that the times are told by.
    pub(crate) wall: Wall,
    /// The meetings that are to come, with what lets people in.
    pub(crate) dates: Vec<(MeetingRecord, Credentials)>,
    /// Now.
    pub(crate) now: OffsetDateTime,
}

/// Whom an invitation is for.
#[derive(Debug, Clone)]
pub(crate) struct Guest {
    /// The name, if known.
    pub(crate) name: Option<String>,
    /// The mail address.
    pub(crate) address: String,
}

/// Where a tenant is reached.
#[derive(Debug, Clone)]
pub(crate) struct Place<'a> {
    /// The host.
    pub(crate) host: &'a str,
    /// The sealer of its secrets.
    pub(crate) sealer: &'a Sealer,
    /// Now.
    pub(crate) now: OffsetDateTime,
}

impl Card {
    /// All meetings of a room that are to come, or one of them.
    pub(crate) async fn of(
        tenant: &TenantStore,
        parts: &Parts,
        place: &Place<'_>,
        room: RoomRecord,
        only: Option<MeetingRecord>,
    ) -> Result<Self, StoreError> {
        let owner = tenant.people().get(room.owner).await.map(|person| person.display_name);
        let owner = match owner {
            Ok(name) => name,
            Err(StoreError::NotFound(_)) => String::new(),
            Err(error) => return Err(error),
        };
        let meetings = match only {
            Some(meeting) => vec![meeting],
            None => {
                let limit = fernamt_store::repo::conference::meeting::MAX_MEETINGS_PER_ROOM as u64;
                tenant.meetings().upcoming_of_room(room.id, place.now, limit).await?
            }
        };
        let booking = booking_of(&room);
        let zone = match meetings.first() {
            Some(meeting) => meeting.time_zone.clone(),
            None => zone_of(tenant, booking.as_ref()).await?,
        };
        let tenant_id: TenantId = tenant.id();
        let dates = meetings
            .into_iter()
            .filter_map(|meeting| Credentials::of(place.sealer, tenant_id, &meeting).map(|found| (meeting, found)))
            .collect();
        Ok(Self {
            tenant: tenant_id,
            safeguards: standing::safeguards(&room, &settings::load(tenant).await?),
            booking,
            owner,
            host: place.host.to_owned(),
            origin: parts.address.origin(place.host),
            sender: parts.post.as_ref().map(|post| post.from.clone()),
            wall: Wall::of(&zone).or_else(|| Wall::of("UTC")).ok_or(StoreError::NotFound("time zone"))?,
            dates,
            now: place.now,
            room,
        })
    }

    /// The invitation as the API has it.
    pub(crate) fn invitation(&self) -> Invitation {
        let text = |language| InvitationText { subject: self.subject(language), text: self.text(language) };
        Invitation {
            de: text(Language::German),
            en: text(Language::English),
            calendar: self.calendar(Method::Publish, Language::German, None),
            file_name: self.file_name(),
        }
    }

    /// The name of the calendar file: letters and digits only, so that no system stumbles over it.
    pub(crate) fn file_name(&self) -> String {
        let name: String = fernamt_domain::target::alias(&self.room.name)
            .chars()
            .filter(|c| c.is_ascii_alphanumeric() || *c == '-')
            .take(60)
            .collect();
        if name.is_empty() { "einladung.ics".into() } else { format!("{name}.ics") }
    }

    /// What the calendar knows the invitation by: the same for a series and each of its dates.
    pub(crate) fn uid(&self, meeting: Option<&MeetingRecord>) -> String {
        match (self.room.kind, meeting) {
            (RoomKind::Personal, Some(meeting)) => format!("{}@{}", meeting.id, self.host),
            _ => format!("{}@{}", self.room.id, self.host),
        }
    }

    /// Whether it is a series.
    pub(crate) fn is_series(&self) -> bool {
        self.booking.as_ref().is_some_and(|booking| booking.recurrence.is_some())
    }
}

/// A room's booking, as its owner made it.
pub(crate) fn booking_of(room: &RoomRecord) -> Option<Booking> {
    room.booking.as_ref().and_then(|booking| serde_json::from_value(booking.clone()).ok())
}

/// The zone of a booking: its own, or the tenant's.
pub(crate) async fn zone_of(tenant: &TenantStore, booking: Option<&Booking>) -> Result<String, StoreError> {
    match booking.and_then(|booking| booking.time_zone.clone()) {
        Some(zone) => Ok(zone),
        None => Ok(fernamt_identity::settings::load(tenant).await?.time_zone.clone()),
    }
}
