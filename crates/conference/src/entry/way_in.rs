//! From the meeting's door to its seat or its lobby: what somebody is there, and the token for the socket.

use fernamt_api::conference::entry::{EntryAnswer, EntryPlace};
use fernamt_domain::{MeetingId, PersonId, Purpose, Sealer, SeatId, TenantId, conference::LobbyFor, rng::random_bytes};
use fernamt_http::{ApiError, Session, Site};
use fernamt_store::MeetingRecord;
use uuid::Builder;

use super::guard::DeviceMark;
use crate::{
    meeting::{Hall, core::Kept, facts, seat::Claim, token::TokenKind},
    settings, standing,
    standing::Standing,
};

/// Somebody at the door of a meeting that they may enter.
pub(super) struct WayIn<'a> {
    pub(super) hall: &'a Hall,
    pub(super) site: &'a Site,
    pub(super) session: Option<&'a Session>,
    pub(super) mark: Option<DeviceMark>,
}

impl WayIn<'_> {
    /// The way in, no further than `most`.
    pub(super) async fn answer_for(
        &self,
        meeting: &MeetingRecord,
        most: EntryPlace,
        by_pin: bool,
    ) -> Result<EntryAnswer, ApiError> {
        let (tenant, parts) = (&self.site.tenant, &self.hall.parts);
        let room = tenant.rooms().get(meeting.room).await?;
        let settings = settings::load(tenant).await?;
        let safeguards = standing::safeguards(&room, &settings);
        let person = self.session.map(Session::person);
        if person.is_none() && !safeguards.guests {
            return Err(ApiError::unauthenticated("sign_in_needed", "this meeting is only for people who sign in"));
        }
        let standing = Standing::of(tenant, &room, person).await?;
        let waits = match safeguards.lobby {
            LobbyFor::Nobody => false,
            LobbyFor::Guests => person.is_none(),
            LobbyFor::Uninvited => !standing.invited,
            LobbyFor::Everybody => true,
        };
        // Who was invited in person has shown who they are; a PIN that strangers may have guessed takes nothing from that.
        let doubtful = most == EntryPlace::Lobby && !standing.invited;
        let place =
            if (waits || doubtful) && !standing.role.moderates() { EntryPlace::Lobby } else { EntryPlace::Seat };
        let seat = match person {
            Some(person) => seat_of(&parts.sealer, tenant.id(), meeting.id, person),
            None => SeatId(Builder::from_random_bytes(random_bytes::<16>(&*parts.rng)).into_uuid()),
        };
        let name = self.session.map(|session| session.display_name.clone());
        let claim = Claim {
            seat,
            person,
            name: name.clone(),
            role: standing.role,
            place,
            by_pin,
            invited: standing.invited,
            mark: self.mark.map(|mark| mark.0),
            at: parts.clock.now(),
        };
        // The token keeps what the booking says: what a host does meanwhile counts when they come.
        let kept = Kept::of(tenant.meetings().kept_state(meeting.id).await?);
        Ok(EntryAnswer {
            entry: TokenKind::Entry.seal(&parts.sealer, tenant.id(), meeting.id, &claim),
            place: if kept.makes_wait(&claim, room.owner) { EntryPlace::Lobby } else { place },
            role: standing.role,
            name,
            meeting: facts::of(parts, self.site, meeting, &room, &settings).await?,
        })
    }
}

/// The seat of a person: always the same in one meeting, and another in each.
pub(crate) fn seat_of(sealer: &Sealer, tenant: TenantId, meeting: MeetingId, person: PersonId) -> SeatId {
    let mut of = meeting.0.as_bytes().to_vec();
    of.extend_from_slice(person.0.as_bytes());
    let print = sealer.fingerprint(Purpose { tenant, word: "meeting-seat" }, &of);
    let bytes = print.first_chunk().copied().expect("a fingerprint of 32 bytes has 16");
    SeatId(Builder::from_custom_bytes(bytes).into_uuid())
}
