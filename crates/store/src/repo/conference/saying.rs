//! What was written in a meeting's chat, as long as it is kept.

use fernamt_domain::{MeetingId, Secret};
use time::OffsetDateTime;

use crate::{
    StoreError,
    record::record,
    repo::repository,
    scope::{Writing, is, to},
};

/// The most messages of one meeting.
pub const MAX_MESSAGES: usize = 10_000;

record! {
    /// A message of a meeting's chat.
    pub struct MessageRecord in "meeting_message", key(meeting, position) {
        /// The meeting.
        meeting: MeetingId => Chat,
        /// Its place in the chat, from 1.
        position: u32 => Chat,
        /// Who wrote what to whom, what became of it, and the reactions to it, sealed.
        message_sealed: Secret<Vec<u8>> => Chat,
        /// When it was written.
        at: OffsetDateTime => Chat,
        /// When it is deleted.
        delete_at: OffsetDateTime => Chat,
    }
}

repository! {
    /// The chat of meetings.
    Messages
}

impl<A> Messages<'_, A> {
    /// All messages of a meeting in their order.
    pub async fn of_meeting(&self, meeting: MeetingId) -> Result<Vec<MessageRecord>, StoreError> {
        self.scope.find(is("meeting", &meeting)).order("position").all().await
    }
}

impl Messages<'_, Writing> {
    /// Adds a message, or writes one with the same position anew.
    pub async fn put(&self, message: &MessageRecord) -> Result<(), StoreError> {
        if usize::try_from(message.position).unwrap_or(usize::MAX) > MAX_MESSAGES {
            return Err(StoreError::TooMany { what: "messages", limit: MAX_MESSAGES });
        }
        self.scope.upsert(message).await
    }

    /// Says when the messages of a meeting are deleted.
    pub async fn delete_at(&self, meeting: MeetingId, at: OffsetDateTime) -> Result<(), StoreError> {
        self.scope.set::<MessageRecord>(is("meeting", &meeting), vec![to("delete_at", &at)]).await.map(|_| ())
    }

    /// Deletes all messages of a meeting. Returns how many there were.
    pub async fn clear(&self, meeting: MeetingId) -> Result<u64, StoreError> {
        self.scope.delete::<MessageRecord>(is("meeting", &meeting)).await
    }
}
