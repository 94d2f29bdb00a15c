//! Rooms, who is invited to them, and the numbers that are taken.

use fernamt_domain::{
    InviteeId, PersonId, RoomId,
    conference::{LobbyFor, MeetingRole, Permissions, ProtectionClass, RoomKind},
};
use time::OffsetDateTime;

use crate::{
    StoreError,
    page::{Page, Paged},
    record::{fields_via, record, search_text, word_fields},
    repo::repository,
    scope::{Writing, is, is_in, to},
};

/// The most rooms that one person owns.
pub const MAX_ROOMS_PER_PERSON: usize = 200;

/// The most people who are invited to one room.
pub const MAX_INVITEES: usize = 600;

/// The most rooms that one person is invited to and that are looked through for lists.
const MAX_INVITATIONS: u64 = 2_000;

word_fields! { RoomKind MeetingRole ProtectionClass LobbyFor }
fields_via! {
    Permissions as String:
        |value| serde_json::to_string(value).expect("plain data with string keys always serialise"),
        |text| serde_json::from_str(&text).ok();
}

record! {
    /// A conference room.
    pub struct RoomRecord in "room", key(id) journaled {
        /// The id.
        id: RoomId => Meeting,
        /// Who owns it.
        owner: PersonId => Meeting,
        /// What kind of room it is.
        kind: RoomKind => Meeting,
        /// The name.
        name: String => Meeting,
        /// What it is about.
        description: String => Meeting,
        /// How well its meetings are kept.
        protection: ProtectionClass => Meeting,
        /// Who waits in the lobby, where that is stricter than usual.
        lobby: Option<LobbyFor> => Meeting,
        /// What those who wait read.
        waiting_text: String => Meeting,
        /// Who may do what when a meeting begins, where that is not as usual.
        permissions: Option<Permissions> => Meeting,
        /// When its meetings take place, as the API has it.
        booking: Option<serde_json::Value> => Meeting,
        /// How often it was changed for those who are invited: the SEQUENCE of RFC 5545.
        sequence: u32 => Meeting,
        /// When it was made.
        created_at: OffsetDateTime => Meeting,
        /// When its last meeting is over. Nothing for a personal room, which stays.
        over_at: Option<OffsetDateTime> => Meeting,
    }
    derived |room| {
        search: String => Meeting = search_text(&[&room.name]);
    }
}

record! {
    /// Somebody who is invited to a room.
    pub struct InviteeRecord in "room_invitee", key(id) journaled {
        /// The id.
        id: InviteeId => Meeting,
        /// The room.
        room: RoomId => Meeting,
        /// The person of the house.
        person: Option<PersonId> => Meeting,
        /// Where the invitation is sent.
        address: Option<String> => Meeting,
        /// The name of somebody from elsewhere.
        name: Option<String> => Meeting,
        /// What they are in the room's meetings.
        role: MeetingRole => Meeting,
        /// The language of the invitation.
        language: Option<String> => Meeting,
    }
}

record! {
    /// A room number that is taken, by its keyed hash.
    pub struct RoomNumberRecord in "room_number", key(print) {
        /// The keyed hash of the number.
        print: Vec<u8> => Operation,
        /// From when on it may be given out again.
        free_at: OffsetDateTime => Operation,
    }
}

repository! {
    /// Rooms and who is invited to them.
    Rooms
}

impl<A> Rooms<'_, A> {
    /// The room with this id.
    pub async fn get(&self, id: RoomId) -> Result<RoomRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// These rooms; one that is not there is left out.
    pub async fn these(&self, ids: &[RoomId]) -> Result<Vec<RoomRecord>, StoreError> {
        self.scope.find(is_in("id", ids)).order("id").all().await
    }

    /// A page of the rooms that a person owns, by name.
    pub async fn of_owner(&self, owner: PersonId, page: &Page) -> Result<Paged<RoomRecord>, StoreError> {
        self.scope.page(is("owner", &owner), "name", page).await
    }

    /// The rooms that a person owns or is invited to; each is there once.
    pub async fn of_person(&self, person: PersonId) -> Result<Vec<RoomId>, StoreError> {
        let owned: Vec<RoomRecord> = self.scope.find(is("owner", &person)).order("id").all().await?;
        let invited: Vec<InviteeRecord> =
            self.scope.find(is("person", &Some(person))).newest_first("id").limit(MAX_INVITATIONS).all().await?;
        let ids = owned.into_iter().map(|room| room.id).chain(invited.into_iter().map(|invitee| invitee.room));
        Ok(ids.collect::<std::collections::BTreeSet<_>>().into_iter().collect())
    }

    /// Who is invited to a room.
    pub async fn invitees(&self, room: RoomId) -> Result<Vec<InviteeRecord>, StoreError> {
        self.scope.find(is("room", &room)).order("id").all().await
    }

    /// A person's invitation to a room.
    pub async fn invitee(&self, room: RoomId, person: PersonId) -> Result<Option<InviteeRecord>, StoreError> {
        self.scope.find(is("room", &room).add(is("person", &Some(person)))).one().await
    }

    /// A person's invitations to these rooms.
    pub async fn invitations(&self, rooms: &[RoomId], person: PersonId) -> Result<Vec<InviteeRecord>, StoreError> {
        self.scope.find(is_in("room", rooms).add(is("person", &Some(person)))).order("id").all().await
    }
}

impl Rooms<'_, Writing> {
    /// Adds a room.
    pub async fn insert(&self, room: &RoomRecord) -> Result<(), StoreError> {
        if self.scope.count::<RoomRecord>(is("owner", &room.owner)).await? >= MAX_ROOMS_PER_PERSON as u64 {
            return Err(StoreError::TooMany { what: "rooms", limit: MAX_ROOMS_PER_PERSON });
        }
        self.scope.insert(room).await
    }

    /// The room, held until the unit of work ends.
    pub async fn locked(&self, id: RoomId) -> Result<RoomRecord, StoreError> {
        self.scope.find(is("id", &id)).locked().get().await
    }

    /// Writes all columns of a room that is [`Rooms::locked`].
    pub async fn replace(&self, room: &RoomRecord) -> Result<(), StoreError> {
        self.scope.replace(room).await
    }

    /// Removes a room with everything in it.
    pub async fn remove(&self, id: RoomId) -> Result<(), StoreError> {
        self.scope.delete_one::<RoomRecord>(is("id", &id)).await
    }

    /// Adds somebody to those who are invited.
    pub async fn invite(&self, invitees: &[InviteeRecord]) -> Result<(), StoreError> {
        for invitee in invitees {
            if self.scope.count::<InviteeRecord>(is("room", &invitee.room)).await? >= MAX_INVITEES as u64 {
                return Err(StoreError::TooMany { what: "invitees", limit: MAX_INVITEES });
            }
            self.scope.insert(invitee).await?;
        }
        Ok(())
    }

    /// Writes all columns of an invitation.
    pub async fn change_invitee(&self, invitee: &InviteeRecord) -> Result<(), StoreError> {
        self.scope.replace(invitee).await
    }

    /// Takes an invitation back.
    pub async fn uninvite(&self, id: InviteeId) -> Result<(), StoreError> {
        self.scope.delete_one::<InviteeRecord>(is("id", &id)).await
    }

    /// Takes a number, by its keyed hash, unless anybody in this installation has it. Tells whether it did.
    pub async fn take_number(&self, print: &[u8], free_at: OffsetDateTime) -> Result<bool, StoreError> {
        self.scope.insert_if_free(&RoomNumberRecord { print: print.to_vec(), free_at }).await
    }

    /// Keeps a number from being given out again until this moment.
    pub async fn keep_number(&self, print: &[u8], free_at: OffsetDateTime) -> Result<(), StoreError> {
        let filter = is("print", &print.to_vec());
        self.scope.set::<RoomNumberRecord>(filter, vec![to("free_at", &free_at)]).await.map(|_| ())
    }
}
