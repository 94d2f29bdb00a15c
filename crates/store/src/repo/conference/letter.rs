//! Invitations on their way by mail: written with the change that they tell of, sent at least once.

use fernamt_domain::{InviteeId, LetterId, RoomId, Secret};
use time::OffsetDateTime;

use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, is, is_null, not_after, to},
};

/// The most letters that wait in one tenant.
pub const MAX_WAITING_LETTERS: usize = 20_000;

record! {
    /// A letter on its way.
    pub struct LetterRecord in "letter", key(id) {
        /// The id. It is part of the letter's Message-ID, so whoever gets a letter twice knows it again.
        id: LetterId => Letter,
        /// The room that it is about; it may be gone.
        room: RoomId => Letter,
        /// Who is invited; they may be invited no more.
        invitee: Option<InviteeId> => Letter,
        /// Where to.
        address: String => Letter,
        /// The whole letter, sealed; empty once it was sent.
        message_sealed: Secret<Vec<u8>> => Letter,
        /// When it was written.
        at: OffsetDateTime => Letter,
        /// How often it was tried.
        attempts: u16 => Letter,
        /// When it is tried next.
        next_at: Option<OffsetDateTime> => Letter,
        /// When the mail server took it.
        sent_at: Option<OffsetDateTime> => Letter,
        /// When it was given up.
        failed_at: Option<OffsetDateTime> => Letter,
    }
}

repository! {
    /// Letters on their way.
    Letters
}

impl<A> Letters<'_, A> {
    /// Letters whose turn it is, the oldest first.
    pub async fn due(&self, now: OffsetDateTime, limit: u64) -> Result<Vec<LetterRecord>, StoreError> {
        self.scope.find(not_after("next_at", &now)).order("next_at").order("id").limit(limit).all().await
    }

    /// All letters about a room, the oldest first.
    pub async fn of_room(&self, room: RoomId) -> Result<Vec<LetterRecord>, StoreError> {
        self.scope.find(is("room", &room)).order("at").order("id").all().await
    }
}

impl Letters<'_, Writing> {
    /// Puts letters into the tray.
    pub async fn insert(&self, letters: &[LetterRecord]) -> Result<(), StoreError> {
        let waiting = self.scope.count::<LetterRecord>(is_null("next_at").not()).await?;
        if usize::try_from(waiting).unwrap_or(usize::MAX).saturating_add(letters.len()) > MAX_WAITING_LETTERS {
            return Err(StoreError::TooMany { what: "letters", limit: MAX_WAITING_LETTERS });
        }
        self.scope.insert_all(letters).await
    }

    /// Notes that the mail server took a letter; its text is forgotten.
    pub async fn sent(&self, id: LetterId) -> Result<(), StoreError> {
        let now = Some(self.scope.now());
        self.close(id, "sent_at", now).await
    }

    /// Gives a letter up; its text is forgotten.
    pub async fn give_up(&self, id: LetterId) -> Result<(), StoreError> {
        let now = Some(self.scope.now());
        self.close(id, "failed_at", now).await
    }

    async fn close(&self, id: LetterId, column: &'static str, at: Option<OffsetDateTime>) -> Result<(), StoreError> {
        let values = vec![
            to("next_at", &None::<OffsetDateTime>),
            to("message_sealed", &Secret::new(Vec::new())),
            to(column, &at),
        ];
        self.scope.set_one::<LetterRecord>(is("id", &id), values).await
    }

    /// Notes that a try failed, and when the next one is.
    pub async fn again(&self, id: LetterId, attempts: u16, next_at: OffsetDateTime) -> Result<(), StoreError> {
        let values = vec![to("attempts", &attempts), to("next_at", &Some(next_at))];
        self.scope.set_one::<LetterRecord>(is("id", &id), values).await
    }
}
