//! Entering a meeting: what somebody shows, what they learn before joining, and the token for the meeting's socket.
//!
//! Whatever does not let in is answered alike: `entry_refused`, whether the number is unknown, the PIN wrong or the
//! meeting not on, after the same time. Only who holds a link's secret learns more: `meeting_not_yet` and `meeting_over`.
//! `proof_needed` asks for a [`ProofOfWork`] first; its `params` are the fields of [`ProofChallenge`].

use fernamt_domain::{
    MeetingId, RoomId, Secret,
    conference::{MeetingRole, ProtectionClass, RoomKind, Safeguards},
    text_enum,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use crate::operations::operations;

/// Puzzles of one proof of work. Many small ones take a more even time than a large one.
pub const PROOF_PUZZLES: u32 = 16;
/// Leading zero bits that each puzzle's hash must have: all together about 260,000 hashes.
pub const PROOF_BITS: u32 = 14;
/// How long a challenge may be answered, in seconds.
pub const PROOF_LIFETIME_S: u32 = 180;
/// How long somebody may take between entering and opening the socket, in seconds: they try their devices first.
pub const ENTRY_LIFETIME_S: u32 = 30 * 60;

/// What somebody shows to enter.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct EntryRequest {
    /// Number and PIN, a link, or the room itself.
    #[serde(flatten)]
    pub key: EntryKey,
    /// The answer to a `proof_needed` before.
    #[serde(default)]
    pub proof: Option<ProofOfWork>,
}

/// Number and PIN, a link, or the room itself.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum EntryKey {
    /// By a link. It is never slowed down.
    Link {
        /// The secret in the link's fragment.
        #[schema(value_type = String)]
        #[serde(serialize_with = "super::expose")]
        secret: Secret<String>,
    },
    /// By what somebody typed.
    NumberAndPin {
        /// Nine digits; gaps, hyphens and dots between them do not matter.
        number: String,
        /// Six digits.
        #[schema(value_type = String)]
        #[serde(serialize_with = "super::expose")]
        pin: Secret<String>,
    },
    /// By who they are: a signed-in person who owns the room or is invited.
    Room {
        /// The room.
        room: RoomId,
        /// Which of its meetings; the one that is on, unless said.
        #[serde(default)]
        meeting: Option<MeetingId>,
    },
}

/// What `proof_needed` asks for. As `params` of the problem, each value is a text.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProofChallenge {
    /// Goes back with the answer as it is.
    pub challenge: String,
    /// What is hashed with each nonce.
    pub seed: String,
    /// How many puzzles there are.
    pub puzzles: u32,
    /// How many leading bits of each hash must be zero.
    pub bits: u32,
}

/// The answer to a challenge, good once. For each puzzle `i`, counted from 0, a nonce such that the SHA-256 of the text
/// `{seed}.{i}.{nonce}`, both numbers in decimal, begins with as many zero bits as the challenge says.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct ProofOfWork {
    /// The challenge.
    #[schema(max_length = 512)]
    pub challenge: String,
    /// A nonce for each puzzle, in their order.
    #[schema(max_items = 16)]
    pub nonces: Vec<u32>,
}

text_enum! {
    /// Where an entry leads.
    pub enum EntryPlace {
        /// Into the meeting.
        Seat = "seat",
        /// Into the lobby, until somebody lets them in.
        Lobby = "lobby",
    }
}

/// The way in, and what to know before going it.
#[derive(Debug, Clone, Serialize, Deserialize, ToSchema)]
pub struct EntryAnswer {
    /// The token that the meeting's socket is opened with, for half an hour.
    pub entry: String,
    /// Where it leads.
    pub place: EntryPlace,
    /// What the person will be there.
    pub role: MeetingRole,
    /// The name that others see, of a signed-in person. Guests give one when they join.
    pub name: Option<String>,
    /// The meeting.
    pub meeting: MeetingFacts,
}

/// What everybody in a meeting, and at its door, may know of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeetingFacts {
    /// The meeting; the media room has the same name.
    pub id: MeetingId,
    /// What it is called.
    pub title: String,
    /// What kind of room it is in.
    pub kind: RoomKind,
    /// How well it is kept.
    pub protection: ProtectionClass,
    /// What that means for this meeting.
    pub safeguards: Safeguards,
    /// When it begins, if it was booked.
    #[serde(with = "time::serde::rfc3339::option")]
    pub starts_at: Option<OffsetDateTime>,
    /// When it ends, if it was booked.
    #[serde(with = "time::serde::rfc3339::option")]
    pub ends_at: Option<OffsetDateTime>,
    /// When nobody gets in any more.
    #[serde(with = "time::serde::rfc3339")]
    pub closes_at: OffsetDateTime,
    /// Who holds it: the name of the room's owner.
    pub held_by: String,
    /// Who runs this, and where.
    pub house: MeetingHouse,
    /// What is kept, and until when.
    pub kept: Vec<Kept>,
}

/// Who runs the meeting's machines, and where sound and pictures go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeetingHouse {
    /// The administration's name.
    pub name: String,
    /// The host name that this page came from.
    pub host: String,
    /// Which machines forward sound and pictures.
    pub media: MediaPlace,
    /// Their host name.
    pub media_host: String,
}

text_enum! {
    /// Which machines forward sound and pictures.
    pub enum MediaPlace {
        /// The one that serves this page.
        ThisServer = "this_server",
        /// A cluster that the administration has configured.
        Cluster = "cluster",
    }
}

/// One kind of data that the meeting leaves behind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Kept {
    /// What.
    pub what: KeptData,
    /// Until when.
    pub until: KeptUntil,
}

text_enum! {
    /// A kind of data that a meeting may leave behind.
    pub enum KeptData {
        /// Who was there. It is never written down.
        Attendance = "attendance",
        /// Sound and pictures. They are forwarded, not kept.
        Media = "media",
        /// The chat that everybody reads.
        Chat = "chat",
        /// Chat among few.
        PrivateChat = "private_chat",
        /// Hands, reactions and who asked what.
        Gestures = "gestures",
        /// What hosts decided: who was removed, what was locked.
        Moderation = "moderation",
    }
}

/// Until when something is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "rule", rename_all = "snake_case")]
pub enum KeptUntil {
    /// It is never kept.
    Never,
    /// Until the meeting ends.
    End,
    /// For some days after the end.
    Days {
        /// How many.
        days: u16,
        /// The day when it is gone, as far as it is known by now.
        #[serde(with = "time::serde::rfc3339::option")]
        at: Option<OffsetDateTime>,
    },
}

operations! { "conference";
    /// Enters a meeting by link, by number and PIN, or as who one is. No sign-in is needed for the first two; who is signed
    /// in takes part as themselves.
    enter_meeting: post "/api/v1/conference/entry" () [EntryRequest] -> 200 EntryAnswer;
}
