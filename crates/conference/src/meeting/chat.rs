//! The chat of a meeting: who wrote what to whom, and who may read it.
//!
//! Whoever runs the meeting writes each change to the store before anybody is told of it: what somebody has read is still
//! there after a crash.

use fernamt_api::conference::socket::{CHAT_PAGE, ChatMessage, ChatReactions, ChatTo, Reaction};
use fernamt_domain::{MeetingId, SeatId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

/// The most messages of one meeting.
pub const MAX_MESSAGES: usize = 10_000;
/// The most reactions to one message.
pub const MAX_REACTIONS: usize = 1_000;

/// What the store keeps of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "saying", rename_all = "snake_case")]
pub enum Saying {
    /// It stands.
    Said(ChatMessage),
    /// It was taken away; nothing of it is left but its place.
    Deleted {
        /// The place.
        id: u64,
    },
}

impl Saying {
    /// Its place in the chat.
    pub fn id(&self) -> u64 {
        match self {
            Self::Said(message) => message.id,
            Self::Deleted { id } => *id,
        }
    }
}

/// The chat as it stands.
#[derive(Debug, Default)]
pub(super) struct Chat {
    sayings: Vec<Saying>,
    /// The place of the next message.
    next: u64,
}

/// Why there is no such change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ChatFault {
    Unknown,
    NotAllowed,
    Full,
}

/// Who reads.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader {
    pub(super) seat: SeatId,
    pub(super) moderates: bool,
}

impl Reader {
    pub(super) fn reads(self, message: &ChatMessage) -> bool {
        message.seat == self.seat
            || match message.to {
                ChatTo::Everybody => true,
                ChatTo::Hosts => self.moderates,
                ChatTo::One { seat } => seat == self.seat,
            }
    }
}

impl Chat {
    pub(super) fn new(mut sayings: Vec<Saying>) -> Self {
        sayings.sort_by_key(Saying::id);
        let next = sayings.last().map_or(1, |saying| saying.id() + 1);
        Self { sayings, next }
    }

    /// A new message.
    pub(super) fn write(&mut self, mut message: ChatMessage, reader: Reader) -> Result<Saying, ChatFault> {
        if usize::try_from(self.next).unwrap_or(usize::MAX) > MAX_MESSAGES {
            return Err(ChatFault::Full);
        }
        if let Some(id) = message.reply_to {
            self.readable(id, reader)?;
        }
        message.id = self.next;
        self.next += 1;
        Ok(Saying::Said(message))
    }

    /// A message in other words.
    pub(super) fn edit(&self, id: u64, reader: Reader, text: String, now: OffsetDateTime) -> Result<Saying, ChatFault> {
        let message = self.readable(id, reader)?;
        if message.seat != reader.seat {
            return Err(ChatFault::NotAllowed);
        }
        Ok(Saying::Said(ChatMessage { text, edited_at: Some(now), ..message.clone() }))
    }

    /// A message taken away.
    pub(super) fn delete(&self, id: u64, reader: Reader) -> Result<Saying, ChatFault> {
        let message = self.readable(id, reader)?;
        if message.seat != reader.seat && !reader.moderates {
            return Err(ChatFault::NotAllowed);
        }
        Ok(Saying::Deleted { id })
    }

    /// Who wrote a message that stands.
    pub(super) fn author(&self, id: u64) -> Option<SeatId> {
        let at = self.sayings.binary_search_by_key(&id, Saying::id).ok()?;
        match &self.sayings[at] {
            Saying::Said(message) => Some(message.seat),
            Saying::Deleted { .. } => None,
        }
    }

    /// A message with a reaction more or less. Nothing if that changes nothing.
    pub(super) fn react(
        &self,
        id: u64,
        reader: Reader,
        reaction: Reaction,
        on: bool,
    ) -> Result<Option<Saying>, ChatFault> {
        let mut message = self.readable(id, reader)?.clone();
        let all: usize = message.reactions.iter().map(|one| one.seats.len()).sum();
        let there = message.reactions.iter_mut().find(|one| one.reaction == reaction);
        let set = there.as_ref().is_some_and(|one| one.seats.contains(&reader.seat));
        if set == on {
            return Ok(None);
        }
        if on && all >= MAX_REACTIONS {
            return Err(ChatFault::Full);
        }
        match there {
            Some(one) if on => one.seats.push(reader.seat),
            Some(one) => one.seats.retain(|seat| *seat != reader.seat),
            None => message.reactions.push(ChatReactions { reaction, seats: vec![reader.seat] }),
        }
        message.reactions.retain(|one| !one.seats.is_empty());
        Ok(Some(Saying::Said(message)))
    }

    /// Makes a change. Returns the message as it was before.
    pub(super) fn put(&mut self, saying: Saying) -> Option<ChatMessage> {
        match self.sayings.binary_search_by_key(&saying.id(), Saying::id) {
            Ok(at) => match std::mem::replace(&mut self.sayings[at], saying) {
                Saying::Said(before) => Some(before),
                Saying::Deleted { .. } => None,
            },
            Err(at) => {
                self.sayings.insert(at, saying);
                None
            }
        }
    }

    /// What a reader reads, before a place if one is named: the last page of it, and whether there is more.
    pub(super) fn page(&self, reader: Reader, before: Option<u64>) -> (Vec<ChatMessage>, bool) {
        let earlier = |message: &&ChatMessage| before.is_none_or(|before| message.id < before);
        let mut found: Vec<ChatMessage> = self
            .sayings
            .iter()
            .rev()
            .filter_map(|saying| match saying {
                Saying::Said(message) => Some(message),
                Saying::Deleted { .. } => None,
            })
            .filter(earlier)
            .filter(|message| reader.reads(message))
            .take(CHAT_PAGE + 1)
            .cloned()
            .collect();
        let more = found.len() > CHAT_PAGE;
        found.truncate(CHAT_PAGE);
        found.reverse();
        (found, more)
    }

    fn readable(&self, id: u64, reader: Reader) -> Result<&ChatMessage, ChatFault> {
        let at = self.sayings.binary_search_by_key(&id, Saying::id).map_err(|_| ChatFault::Unknown)?;
        match &self.sayings[at] {
            Saying::Said(message) if reader.reads(message) => Ok(message),
            _ => Err(ChatFault::Unknown),
        }
    }
}

/// What a sealed message of a meeting is sealed for.
pub(super) fn purpose(meeting: MeetingId) -> String {
    format!("meeting-chat:{meeting}")
}
