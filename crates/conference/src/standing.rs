//! What somebody is in a room, and what the room's meetings are kept by.

use fernamt_api::conference::settings::ConferenceSettings;
use fernamt_domain::{
    PersonId, RoomId,
    conference::{MeetingRole, Permissions, RoomKind, Safeguards},
};
use fernamt_store::{RoomRecord, StoreError, TenantStore};

/// What a room's meetings are kept by: its protection class, the settings, and what its owner made stricter.
pub fn safeguards(room: &RoomRecord, settings: &ConferenceSettings) -> Safeguards {
    let by_class = settings.safeguards(room.protection);
    match room.lobby {
        Some(lobby) => by_class.at_least(Safeguards { lobby, ..by_class }),
        None => by_class,
    }
}

/// Who may do what when a meeting of this room begins.
pub fn permissions(room: &RoomRecord) -> Permissions {
    room.permissions.unwrap_or_else(|| usual(room.kind))
}

/// Who may do what where a room's owner says nothing else.
pub(crate) fn usual(kind: RoomKind) -> Permissions {
    match kind {
        RoomKind::Lecture => Permissions::of_lecture(),
        RoomKind::Personal | RoomKind::Meeting => Permissions::default(),
    }
}

/// How somebody stands to a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Standing {
    /// What they are in its meetings.
    pub role: MeetingRole,
    /// Whether they own it or were invited to it in person.
    pub invited: bool,
}

impl Standing {
    /// How a person of the house, or a stranger, stands to a room.
    pub async fn of(tenant: &TenantStore, room: &RoomRecord, person: Option<PersonId>) -> Result<Self, StoreError> {
        let invited = match person {
            Some(person) if person != room.owner => tenant.rooms().invitee(room.id, person).await?.map(|i| i.role),
            _ => None,
        };
        Ok(Self::from(room, person, invited))
    }

    /// The same, where it is known already what they were invited as.
    pub(crate) fn from(room: &RoomRecord, person: Option<PersonId>, invited: Option<MeetingRole>) -> Self {
        if person == Some(room.owner) {
            return Self { role: MeetingRole::Host, invited: true };
        }
        let role = invited.unwrap_or_else(|| MeetingRole::uninvited(room.kind, person.is_some()));
        Self { role, invited: invited.is_some() }
    }
}

/// A room with the standing of a person who may see it: its owner, or somebody invited to it.
pub(crate) async fn visible(
    tenant: &TenantStore,
    id: RoomId,
    person: PersonId,
) -> Result<(RoomRecord, Standing), StoreError> {
    let room = tenant.rooms().get(id).await?;
    let standing = Standing::of(tenant, &room, Some(person)).await?;
    if standing.invited { Ok((room, standing)) } else { Err(StoreError::NotFound("room")) }
}
