//! Meetings, the state of those that run, and their seats.

use fernamt_domain::{
    MeetingId, PersonId, RoomId, SeatId, Secret,
    conference::{LocalMoment, MeetingState},
};
use sea_orm::sea_query::Condition;
use time::OffsetDateTime;

use crate::{
    StoreError,
    page::{Page, Paged},
    record::{fields_via, record},
    repo::repository,
    scope::{Writing, after, before, is, is_in, is_null, not_after, to},
};

/// The most meetings of one room.
pub const MAX_MEETINGS_PER_ROOM: usize = 2_000;

/// The most seats of one meeting that are kept.
pub const MAX_SEATS: usize = 4_096;

fields_via! {
    LocalMoment as String: |moment| moment.to_string(), |text| text.parse().ok();
}

record! {
    /// One occurrence of what was booked, or one opening of a personal room.
    pub struct MeetingRecord in "meeting", key(id) journaled {
        /// The id.
        id: MeetingId => Meeting,
        /// The room.
        room: RoomId => Meeting,
        /// When the booking has it, on the clock on the wall; it may have been moved since. Nothing for an opening.
        occurrence: Option<LocalMoment> => Meeting,
        /// When it begins, on the clock on the wall.
        starts: LocalMoment => Meeting,
        /// How long it takes, in minutes.
        minutes: u16 => Meeting,
        /// Whose clock (IANA name).
        time_zone: String => Meeting,
        /// When it begins.
        starts_at: OffsetDateTime => Meeting,
        /// When it ends.
        ends_at: OffsetDateTime => Meeting,
        /// From when on one can enter.
        valid_from: OffsetDateTime => Meeting,
        /// Until when.
        valid_until: OffsetDateTime => Meeting,
        /// The keyed hash of its number, the same for all tenants.
        number_print: Option<Vec<u8>> => Credential,
        /// The keyed hash of its link's secret.
        secret_print: Option<Secret<Vec<u8>>> => Credential,
        /// The keyed hash of its PIN.
        pin_print: Option<Secret<Vec<u8>>> => Credential,
        /// Number, PIN and link's secret, sealed, to send them again.
        credentials_sealed: Option<Secret<Vec<u8>>> => Credential,
        /// When somebody opened it.
        opened_at: Option<OffsetDateTime> => Meeting,
        /// When it ended.
        ended_at: Option<OffsetDateTime> => Meeting,
        /// When it was called off.
        cancelled_at: Option<OffsetDateTime> => Meeting,
    }
}

record! {
    /// What is kept of a running meeting, so that it goes on after the server was started again.
    pub struct MeetingStateRecord in "meeting_state", key(meeting) {
        /// The meeting.
        meeting: MeetingId => Meeting,
        /// Its state, as the conference has it.
        state: serde_json::Value => Meeting,
    }
}

record! {
    /// A seat of a running meeting. It is forgotten when the meeting is over: nobody's attendance is tracked.
    pub struct SeatRecord in "meeting_seat", key(meeting, seat) {
        /// The meeting.
        meeting: MeetingId => Meeting,
        /// The seat.
        seat: SeatId => Meeting,
        /// Whose it is, if a person of the house's.
        person: Option<PersonId> => Meeting,
        /// Name, role and what else the conference keeps of it, sealed.
        seat_sealed: Secret<Vec<u8>> => Meeting,
        /// When somebody was removed from it. It stays for them to be known again until the meeting is over.
        removed_at: Option<OffsetDateTime> => Meeting,
    }
}

impl MeetingRecord {
    /// How far the meeting has come.
    pub fn state(&self, now: OffsetDateTime) -> MeetingState {
        if self.cancelled_at.is_some() {
            MeetingState::Cancelled
        } else if self.ended_at.is_some() || now >= self.valid_until {
            MeetingState::Ended
        } else if self.opened_at.is_some() {
            MeetingState::Running
        } else {
            MeetingState::Planned
        }
    }

    /// Whether one can enter now.
    pub fn is_open(&self, now: OffsetDateTime) -> bool {
        now >= self.valid_from && matches!(self.state(now), MeetingState::Planned | MeetingState::Running)
    }
}

repository! {
    /// Meetings.
    Meetings
}

/// Not called off, and not ended before its time.
fn standing() -> Condition {
    is_null("cancelled_at").add(is_null("ended_at"))
}

impl<A> Meetings<'_, A> {
    /// The meeting with this id.
    pub async fn get(&self, id: MeetingId) -> Result<MeetingRecord, StoreError> {
        self.scope.find(is("id", &id)).get().await
    }

    /// All meetings of a room, by their beginning.
    pub async fn of_room(&self, room: RoomId) -> Result<Vec<MeetingRecord>, StoreError> {
        self.scope.find(is("room", &room)).order("starts_at").order("id").all().await
    }

    /// The meetings of a room that run or are to come, the next one first.
    pub async fn upcoming_of_room(
        &self,
        room: RoomId,
        now: OffsetDateTime,
        limit: u64,
    ) -> Result<Vec<MeetingRecord>, StoreError> {
        let filter = standing().add(is("room", &room)).add(after("valid_until", &now));
        self.scope.find(filter).order("starts_at").order("id").limit(limit).all().await
    }

    /// A page of the meetings of these rooms that run or are to come, the next one first.
    pub async fn upcoming(
        &self,
        rooms: &[RoomId],
        now: OffsetDateTime,
        page: &Page,
    ) -> Result<Paged<MeetingRecord>, StoreError> {
        let filter = standing().add(is_in("room", rooms)).add(after("valid_until", &now));
        let total = self.scope.count::<MeetingRecord>(filter.clone()).await?;
        let found = self.scope.find(filter).order("starts_at").order("id").window(page.offset, page.limit());
        Ok(Paged { items: found.all().await?, total })
    }

    /// A page of the meetings of these rooms that are over, the last one first. What was called off is left out.
    pub async fn past(
        &self,
        rooms: &[RoomId],
        now: OffsetDateTime,
        page: &Page,
    ) -> Result<Paged<MeetingRecord>, StoreError> {
        let over = Condition::any().add(is_null("ended_at").not()).add(not_after("valid_until", &now));
        let filter = is_null("cancelled_at").add(is_in("room", rooms)).add(over);
        let total = self.scope.count::<MeetingRecord>(filter.clone()).await?;
        let found = self.scope.find(filter).newest_first("starts_at").order("id").window(page.offset, page.limit());
        Ok(Paged { items: found.all().await?, total })
    }

    /// The meeting whose number has this keyed hash. Whether one can enter is [`MeetingRecord::is_open`]'s to say.
    pub async fn by_number(&self, print: &[u8]) -> Result<Option<MeetingRecord>, StoreError> {
        let filter = is("number_print", &Some(print.to_vec()));
        self.scope.find(filter).newest_first("valid_until").one().await
    }

    /// The meeting whose link's secret has this keyed hash. Whether one can enter is [`MeetingRecord::is_open`]'s to say.
    pub async fn by_secret(&self, print: &[u8]) -> Result<Option<MeetingRecord>, StoreError> {
        self.scope.find(is("secret_print", &Some(Secret::new(print.to_vec())))).one().await
    }

    /// The meetings of a room that one can enter now, the one that began last first.
    pub async fn open_in_room(&self, room: RoomId, now: OffsetDateTime) -> Result<Vec<MeetingRecord>, StoreError> {
        let filter =
            standing().add(is("room", &room)).add(not_after("valid_from", &now)).add(after("valid_until", &now));
        self.scope.find(filter).newest_first("starts_at").limit(16).all().await
    }

    /// Meetings that somebody opened and that are not over.
    pub async fn running(&self, now: OffsetDateTime) -> Result<Vec<MeetingRecord>, StoreError> {
        let filter = standing().add(is_null("opened_at").not()).add(after("valid_until", &now));
        self.scope.find(filter).order("opened_at").order("id").all().await
    }

    /// Meetings that somebody opened, whose time is over, and that nobody has ended.
    pub async fn overdue(&self, now: OffsetDateTime, limit: u64) -> Result<Vec<MeetingRecord>, StoreError> {
        let filter = standing().add(is_null("opened_at").not()).add(not_after("valid_until", &now));
        self.scope.find(filter).order("valid_until").limit(limit).all().await
    }

    /// How many meetings a room has.
    pub async fn count_of_room(&self, room: RoomId) -> Result<u64, StoreError> {
        self.scope.count::<MeetingRecord>(is("room", &room)).await
    }

    /// What was kept of a running meeting.
    pub async fn kept_state(&self, id: MeetingId) -> Result<Option<serde_json::Value>, StoreError> {
        let row: Option<MeetingStateRecord> = self.scope.find(is("meeting", &id)).one().await?;
        Ok(row.map(|row| row.state))
    }

    /// The seats of a running meeting.
    pub async fn seats(&self, id: MeetingId) -> Result<Vec<SeatRecord>, StoreError> {
        self.scope.find(is("meeting", &id)).order("seat").all().await
    }

    /// One seat of a running meeting.
    pub async fn seat(&self, id: MeetingId, seat: SeatId) -> Result<Option<SeatRecord>, StoreError> {
        self.scope.find(is("meeting", &id).add(is("seat", &seat))).one().await
    }
}

impl Meetings<'_, Writing> {
    /// Adds meetings to a room.
    pub async fn insert(&self, room: RoomId, meetings: &[MeetingRecord]) -> Result<(), StoreError> {
        let there = usize::try_from(self.count_of_room(room).await?).unwrap_or(usize::MAX);
        if there.saturating_add(meetings.len()) > MAX_MEETINGS_PER_ROOM {
            return Err(StoreError::TooMany { what: "meetings", limit: MAX_MEETINGS_PER_ROOM });
        }
        self.scope.insert_all(meetings).await
    }

    /// The meeting, held until the unit of work ends.
    pub async fn locked(&self, id: MeetingId) -> Result<MeetingRecord, StoreError> {
        self.scope.find(is("id", &id)).locked().get().await
    }

    /// Writes all columns of a meeting that is [`Meetings::locked`].
    pub async fn replace(&self, meeting: &MeetingRecord) -> Result<(), StoreError> {
        self.scope.replace(meeting).await
    }

    /// Notes that somebody opened a meeting. Tells whether nobody had before.
    pub async fn open(&self, id: MeetingId) -> Result<bool, StoreError> {
        let filter = standing().add(is("id", &id)).add(is_null("opened_at"));
        let now = Some(self.scope.now());
        Ok(self.scope.set::<MeetingRecord>(filter, vec![to("opened_at", &now)]).await? > 0)
    }

    /// Ends a meeting: what let people in counts no more, and its state and seats are forgotten. Tells whether it stood.
    pub async fn end(&self, id: MeetingId) -> Result<bool, StoreError> {
        self.close(id, "ended_at", ENDED).await
    }

    /// Calls a meeting off. Tells whether it stood.
    pub async fn cancel(&self, id: MeetingId) -> Result<bool, StoreError> {
        self.close(id, "cancelled_at", CANCELLED).await
    }

    async fn close(&self, id: MeetingId, column: &'static str, word: &str) -> Result<bool, StoreError> {
        let values = no_way_in().into_iter().chain([to(column, &Some(self.scope.now()))]).collect();
        if self.scope.set::<MeetingRecord>(standing().add(is("id", &id)), values).await? == 0 {
            return Ok(false);
        }
        self.scope.delete::<MeetingStateRecord>(is("meeting", &id)).await?;
        self.scope.delete::<SeatRecord>(is("meeting", &id)).await?;
        self.scope.journal_state::<MeetingRecord>(&id, word).await?;
        Ok(true)
    }

    /// Gives a meeting another PIN: the old one counts no more, after a restore either.
    pub async fn renew_pin(
        &self,
        id: MeetingId,
        pin_print: &[u8],
        credentials_sealed: &[u8],
    ) -> Result<(), StoreError> {
        let values = vec![
            to("pin_print", &Some(Secret::new(pin_print.to_vec()))),
            to("credentials_sealed", &Some(Secret::new(credentials_sealed.to_vec()))),
        ];
        self.scope.set_one::<MeetingRecord>(standing().add(is("id", &id)), values).await?;
        self.scope.journal_state::<MeetingRecord>(&id, PIN_RENEWED).await
    }

    /// Keeps the state of a running meeting.
    pub async fn keep_state(&self, id: MeetingId, state: &serde_json::Value) -> Result<(), StoreError> {
        self.scope.upsert(&MeetingStateRecord { meeting: id, state: state.clone() }).await
    }

    /// Keeps a seat of a running meeting.
    pub async fn keep_seat(&self, seat: &SeatRecord) -> Result<(), StoreError> {
        if self.scope.count::<SeatRecord>(is("meeting", &seat.meeting)).await? >= MAX_SEATS as u64 {
            return Err(StoreError::TooMany { what: "seats", limit: MAX_SEATS });
        }
        self.scope.upsert(seat).await
    }

    /// Forgets a seat.
    pub async fn forget_seat(&self, id: MeetingId, seat: SeatId) -> Result<(), StoreError> {
        self.scope.delete::<SeatRecord>(is("meeting", &id).add(is("seat", &seat))).await.map(|_| ())
    }
}

/// Empty columns where the way in stood.
pub(crate) fn no_way_in() -> Vec<(&'static str, sea_orm::Value)> {
    let nothing = None::<Secret<Vec<u8>>>;
    vec![
        to("number_print", &None::<Vec<u8>>),
        to("secret_print", &nothing),
        to("pin_print", &nothing),
        to("credentials_sealed", &nothing),
    ]
}

/// The condition for meetings whose way in is over.
pub(crate) fn way_in_over(cutoff: &OffsetDateTime) -> Condition {
    before("valid_until", cutoff).add(is_null("credentials_sealed").not())
}

/// The journal's word for a meeting that was ended.
pub(crate) const ENDED: &str = "ended";
/// The journal's word for a meeting that was called off.
pub(crate) const CANCELLED: &str = "cancelled";
/// The journal's word for a PIN that counts no more.
pub(crate) const PIN_RENEWED: &str = "pin_renewed";
