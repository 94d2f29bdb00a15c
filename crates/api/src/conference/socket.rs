//! The meeting's socket: every message both ways. Sound and pictures do not travel here, but everything else does.
//!
//! A client opens `GET /api/v1/conference/meetings/{id}/socket` and sends [`SocketAct::Hello`] first, within
//! [`HELLO_WITHIN_S`]. It is answered by [`SocketMessage::Waiting`] or [`SocketMessage::Welcome`]; a `Welcome` is a
//! snapshot that replaces everything known before. An act with a number (`re`) is answered by `done` or `refused` with the
//! same number, after whatever it changed was told. When the line drops, the client opens a new socket and says hello
//! with its latest `resume`; the seat waits for [`SEAT_WAITS_S`].
//!
//! A page that is loaded again comes back in the same way: it keeps the meeting's id and the latest `resume` in the tab
//! (`sessionStorage`), opens the socket with them before it enters anew, and takes them away once it leaves or is told that
//! it ended. A guest then has the same seat again and does not pass the lobby. Where that is answered by `enter_again`, it
//! enters as before.

use fernamt_domain::{
    MeetingId, SeatId, Secret,
    conference::{MeetingRole, PIN_DIGITS, ROOM_NUMBER_DIGITS},
    text_enum,
};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::entry::{EntryAnswer, EntryRequest, MeetingFacts, ProofChallenge};
use crate::operations::operations;

/// How long a new socket may take to say hello, in seconds.
pub const HELLO_WITHIN_S: u32 = 10;
/// How long a seat waits for its line to come back, in seconds.
pub const SEAT_WAITS_S: u32 = 90;
/// The largest message of a client, in bytes.
pub const MAX_MESSAGE_BYTES: usize = 16 * 1024;
/// The longest chat message, in characters.
pub const MAX_CHAT_CHARS: usize = 2_000;
/// The longest name of a guest, in characters.
pub const MAX_NAME_CHARS: usize = 60;
/// The longest question that goes with a raised hand, in characters.
pub const MAX_QUESTION_CHARS: usize = 300;
/// The longest waiting text, in characters.
pub const MAX_WAITING_TEXT_CHARS: usize = super::limits::MAX_WAITING_TEXT_CHARS as usize;
/// Messages of chat in a snapshot or an answer to `chat_history`.
pub const CHAT_PAGE: usize = 50;
/// Listeners in an answer to `find_listeners`.
pub const MAX_FOUND: usize = 20;

/// The close codes of the socket. With every other code a client comes back by itself.
pub mod close {
    /// The meeting, or this presence in it, is over: `ended` said why. Do not come back by yourself.
    pub const ENDED: u16 = 4000;
    /// The token is no good, or used up: enter again.
    pub const ENTER_AGAIN: u16 = 4001;
    /// The client sent what no client sends. Do not come back by yourself.
    pub const MALFORMED: u16 = 4002;
    /// The client read too slowly; come back at once with `resume`.
    pub const TOO_SLOW: u16 = 4003;
    /// The same person opened the meeting elsewhere; this page rests. Come back only when asked.
    pub const ELSEWHERE: u16 = 4004;
    /// The server restarts or is full; come back in a few seconds.
    pub const LATER: u16 = 4005;
}

/// A message to the server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SocketRequest {
    /// The client's number for this act; `done` and `refused` name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<u32>,
    /// The act.
    #[serde(flatten)]
    pub act: SocketAct,
}

/// What a client may ask for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum SocketAct {
    /// The first message: comes in, or comes back.
    Hello(SocketHello),
    /// Leaves: the seat is given up.
    Leave,
    /// Asks for a new media ticket.
    MediaTicket,
    /// Changes a guest's own name.
    Rename {
        /// The new name.
        name: String,
    },
    /// Writes into the chat.
    ChatSend {
        /// Who reads it; everybody unless said.
        #[serde(default)]
        to: ChatTo,
        /// What is said.
        text: String,
        /// The message that it answers.
        #[serde(default)]
        reply_to: Option<u64>,
    },
    /// Puts one's own message in other words.
    ChatEdit {
        /// The message.
        id: u64,
        /// Its new words.
        text: String,
    },
    /// Takes a message away: one's own, or as host anybody's.
    ChatDelete {
        /// The message.
        id: u64,
    },
    /// Reacts to a message, or takes the reaction back.
    ChatReact {
        /// The message.
        id: u64,
        /// With what.
        reaction: Reaction,
        /// Whether it is set.
        on: bool,
    },
    /// Asks for older messages: answered by `chat_page`.
    ChatHistory {
        /// Those before this one.
        before: u64,
    },
    /// Raises one's hand, with a question if there is one; again to change the question.
    HandRaise {
        /// The question.
        #[serde(default)]
        question: Option<String>,
    },
    /// Lowers one's own hand, or as host somebody's.
    HandLower {
        /// Whose; one's own unless said.
        #[serde(default)]
        seat: Option<SeatId>,
    },
    /// Lowers all hands. For hosts.
    HandsClear,
    /// Shows a reaction to everybody for a moment.
    React {
        /// Which.
        reaction: Reaction,
    },
    /// Lets somebody in from the lobby. For hosts.
    Admit {
        /// Who waits.
        seat: SeatId,
    },
    /// Lets everybody in from the lobby. For hosts.
    AdmitAll,
    /// Sends somebody away from the lobby. For hosts.
    Refuse {
        /// Who waits.
        seat: SeatId,
    },
    /// Mutes somebody's microphone. They may unmute themselves, if the meeting lets them. For hosts.
    Mute {
        /// Whose.
        seat: SeatId,
    },
    /// Mutes everybody but hosts. For hosts.
    MuteAll,
    /// Stops somebody's camera. For hosts.
    StopVideo {
        /// Whose.
        seat: SeatId,
    },
    /// Stops somebody's screen share. For hosts.
    StopShare {
        /// Whose.
        seat: SeatId,
    },
    /// Removes somebody. They do not come back by themselves. For hosts.
    Remove {
        /// Whom.
        seat: SeatId,
    },
    /// Changes what somebody is. For hosts; only a host makes and unmakes hosts.
    SetRole {
        /// Whose.
        seat: SeatId,
        /// What they are then.
        role: MeetingRole,
    },
    /// Brings a listener onto the stage, or lets them go back to listening. For hosts.
    Stage {
        /// Whom.
        seat: SeatId,
        /// Whether they stand there.
        on: bool,
    },
    /// Changes what a meeting allows; what is left out stays. For hosts.
    SetRules(RulesChange),
    /// Sets the text that those in the lobby read. For hosts.
    SetWaitingText {
        /// The text; empty for none.
        text: String,
    },
    /// Makes a new PIN for the meeting. For hosts.
    RenewPin,
    /// Searches the listeners of a lecture by name: answered by `found`. For hosts.
    FindListeners {
        /// A part of the name.
        name: String,
    },
    /// Ends the meeting for everybody. For hosts.
    EndForAll,
}

/// Comes in, or comes back. One of `entry` and `resume` is set.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SocketHello {
    /// The token that entering gave.
    #[schema(value_type = Option<String>)]
    #[serde(default, serialize_with = "expose", skip_serializing_if = "Option::is_none")]
    pub entry: Option<Secret<String>>,
    /// The token of the seat that this client had: before its line dropped, or before its page was loaded again.
    #[schema(value_type = Option<String>)]
    #[serde(default, serialize_with = "expose", skip_serializing_if = "Option::is_none")]
    pub resume: Option<Secret<String>>,
    /// The name that others see. Guests need one; signed-in people have theirs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

#[expect(clippy::ref_option, reason = "serde hands the field over this way")]
fn expose<S: serde::Serializer>(secret: &Option<Secret<String>>, serializer: S) -> Result<S::Ok, S::Error> {
    secret.as_ref().map(Secret::expose).serialize(serializer)
}

/// Who reads a chat message.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "who", rename_all = "snake_case")]
pub enum ChatTo {
    /// Everybody in the meeting.
    #[default]
    Everybody,
    /// The hosts and co-hosts, and who wrote it.
    Hosts,
    /// One person, and who wrote it.
    One {
        /// Whom.
        seat: SeatId,
    },
}

text_enum! {
    /// A reaction. The page draws it and has a word for it.
    pub enum Reaction {
        /// Agrees.
        ThumbsUp = "thumbs_up",
        /// Disagrees.
        ThumbsDown = "thumbs_down",
        /// Applauds.
        Clap = "clap",
        /// Likes it.
        Heart = "heart",
        /// Finds it funny.
        Laugh = "laugh",
        /// Is surprised.
        Surprise = "surprise",
        /// Celebrates.
        Celebrate = "celebrate",
        /// Has done it.
        Check = "check",
    }
}

/// What a meeting allows. Hosts and co-hosts may always do everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeetingRules {
    /// Nobody new gets in.
    pub locked: bool,
    /// Whoever comes from now on waits in the lobby.
    pub lobby: bool,
    /// Who is muted may unmute themselves.
    pub may_unmute: bool,
    /// Those who take part may switch their camera on.
    pub may_show: bool,
    /// Those who take part may share their screen.
    pub may_share: bool,
    /// Who may write into the chat, and to whom.
    pub chat: ChatRule,
    /// Reactions may be shown.
    pub may_react: bool,
}

text_enum! {
    /// Who may write into the chat, and to whom.
    pub enum ChatRule {
        /// Only hosts write.
        Off = "off",
        /// Everybody may write to the hosts.
        ToHosts = "to_hosts",
        /// Everybody may write to everybody and to the hosts.
        Public = "public",
        /// Everybody may write to everybody, to the hosts, and to one person.
        Private = "private",
    }
}

/// A change of what a meeting allows; what is left out stays.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RulesChange {
    /// Nobody new gets in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locked: Option<bool>,
    /// Whoever comes from now on waits in the lobby.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lobby: Option<bool>,
    /// Who is muted may unmute themselves.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_unmute: Option<bool>,
    /// Those who take part may switch their camera on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_show: Option<bool>,
    /// Those who take part may share their screen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_share: Option<bool>,
    /// Who may write into the chat, and to whom.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chat: Option<ChatRule>,
    /// Reactions may be shown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub may_react: Option<bool>,
}

/// A message to the client.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum SocketMessage {
    /// You wait in the lobby. Comes again when something about it changes.
    Waiting(Box<LobbyWaiting>),
    /// You are in. Replaces everything known before.
    Welcome(Box<MeetingWelcome>),
    /// Your way to sound and pictures: after `welcome`, after `media_ticket`.
    Media(MediaAccess),
    /// Your own presence changed: role, name or what you may do. A new `resume` goes with it where the old one lapsed.
    Own(OwnSeat),
    /// Who came, went and changed.
    Roster(RosterChange),
    /// How many are there.
    Counts(MeetingCounts),
    /// What the meeting allows now.
    Rules(MeetingRules),
    /// The raised hands, first come first. In a lecture, listeners get only their own.
    Hands {
        /// The hands.
        hands: Vec<RaisedHand>,
        /// How many there are in all.
        total: u32,
    },
    /// Somebody reacted.
    Reaction {
        /// Who; left out where there are many.
        seat: Option<SeatId>,
        /// With what.
        reaction: Reaction,
        /// How many did.
        count: u32,
    },
    /// A new or changed chat message.
    Chat(ChatMessage),
    /// A chat message was taken away.
    ChatDeleted {
        /// Which.
        id: u64,
    },
    /// Older messages, the oldest first.
    ChatPage {
        /// The messages.
        messages: Vec<ChatMessage>,
        /// Whether there are older ones.
        more: bool,
    },
    /// Who waits in the lobby, in the order they came. For hosts.
    Lobby {
        /// They.
        waiting: Vec<LobbyGuest>,
        /// What they read.
        waiting_text: String,
    },
    /// A host did something to you: so that the page can switch it off and say so.
    Moderated {
        /// What.
        what: ModerationNotice,
    },
    /// Somebody guesses PINs of this meeting: who types number and PIN comes to the lobby now. For hosts.
    Guessed {
        /// Whether it goes on; `false` once the PIN was renewed or the guessing has stopped.
        now: bool,
    },
    /// The new number and PIN. For the host who asked.
    PinRenewed(NumberAndPin),
    /// The listeners whose name matches. For hosts.
    Found {
        /// They; at most 20.
        listeners: Vec<Seat>,
        /// Whether there are more.
        more: bool,
    },
    /// The act with this number is done.
    Done {
        /// Its number.
        re: u32,
    },
    /// The act with this number was refused.
    Refused {
        /// Its number, if it had one.
        re: Option<u32>,
        /// Why.
        why: SocketRefusal,
    },
    /// Your presence here ends, and so does the socket.
    Ended {
        /// Why.
        why: PresenceEnded,
    },
}

text_enum! {
    /// Why an act was refused.
    pub enum SocketRefusal {
        /// This role may not.
        NotAllowed = "not_allowed",
        /// The meeting does not allow it now.
        SwitchedOff = "switched_off",
        /// There is no such seat or message.
        Unknown = "unknown",
        /// It is too long, empty, or contains what cannot be shown.
        BadText = "bad_text",
        /// Too much at once; a little later it works.
        TooFast = "too_fast",
        /// A limit is reached: hands, stage or messages.
        Full = "full",
        /// Somebody who waits in the lobby can do nothing but wait and leave.
        NotSeated = "not_seated",
        /// The server could not do it just now.
        Failed = "failed",
    }
}

text_enum! {
    /// Why a presence in a meeting ended.
    pub enum PresenceEnded {
        /// You left.
        Left = "left",
        /// A host removed you.
        Removed = "removed",
        /// A host did not let you in.
        NotAdmitted = "not_admitted",
        /// A host ended the meeting.
        MeetingEnded = "meeting_ended",
        /// Its time is over.
        TimeOver = "time_over",
        /// It was called off.
        Cancelled = "cancelled",
        /// Your session ended, or you may no longer be here.
        Revoked = "revoked",
        /// You opened the meeting elsewhere.
        Elsewhere = "elsewhere",
        /// The meeting is locked.
        Locked = "locked",
        /// The meeting is full.
        Full = "full",
        /// The token is no good any more: enter again.
        EnterAgain = "enter_again",
        /// Your name is missing, too long, or contains what cannot be shown.
        BadName = "bad_name",
        /// The server restarts.
        Restart = "restart",
    }
}

text_enum! {
    /// What a host did to somebody.
    pub enum ModerationNotice {
        /// Muted their microphone.
        Muted = "muted",
        /// Stopped their camera.
        VideoStopped = "video_stopped",
        /// Stopped their screen share.
        ShareStopped = "share_stopped",
        /// Lowered their hand.
        HandLowered = "hand_lowered",
        /// Brought them onto the stage.
        OnStage = "on_stage",
        /// Let them go back to listening.
        OffStage = "off_stage",
    }
}

/// You wait in the lobby.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LobbyWaiting {
    /// Brings you back to your place in the lobby, also after the page was loaded again. Keep it in the tab at most.
    pub resume: String,
    /// The meeting.
    pub meeting: MeetingFacts,
    /// What the hosts have to say meanwhile.
    pub waiting_text: String,
    /// Whether a host is there who could let you in.
    pub host_present: bool,
}

/// You are in: all there is to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeetingWelcome {
    /// Brings you back to your seat, also after the page was loaded again. Keep it in the tab at most.
    pub resume: String,
    /// The meeting.
    pub meeting: MeetingFacts,
    /// You.
    pub own: OwnSeat,
    /// Who is there. In a lecture without the listeners.
    pub roster: Vec<Seat>,
    /// How many are there.
    pub counts: MeetingCounts,
    /// What the meeting allows.
    pub rules: MeetingRules,
    /// The raised hands, first come first. In a lecture, listeners get only their own.
    pub hands: Vec<RaisedHand>,
    /// The latest messages of the chat, the oldest first.
    pub chat: Vec<ChatMessage>,
    /// Whether there are older ones.
    pub more_chat: bool,
    /// Who waits in the lobby. For hosts.
    pub lobby: Option<Vec<LobbyGuest>>,
    /// What those in the lobby read. For hosts.
    pub waiting_text: Option<String>,
    /// Whether somebody guesses PINs of this meeting. For hosts.
    pub guessed: bool,
    /// When the meeting began.
    #[serde(with = "time::serde::rfc3339")]
    pub began_at: OffsetDateTime,
}

/// You in the meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OwnSeat {
    /// Your seat; your identity in the media room is the same.
    pub seat: Seat,
    /// What you may do now.
    pub may: SeatPermissions,
}

/// What somebody may do now: their role and the meeting's rules together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SeatPermissions {
    /// Send sound.
    pub speak: bool,
    /// Send a picture.
    pub show: bool,
    /// Share the screen.
    pub share: bool,
    /// Write to everybody.
    pub chat: bool,
    /// Write to the hosts.
    pub chat_to_hosts: bool,
    /// Write to one person.
    pub chat_to_one: bool,
    /// Show reactions.
    pub react: bool,
    /// Run the meeting.
    pub moderate: bool,
}

/// Somebody in the meeting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Seat {
    /// A pseudonym for this meeting only; the identity in the media room is the same.
    pub id: SeatId,
    /// The name that others see.
    pub name: String,
    /// What they are.
    pub role: MeetingRole,
    /// Whether they have no account here: their name is what they typed.
    pub guest: bool,
    /// Whether they are a listener on the stage.
    pub on_stage: bool,
    /// Whether their line is interrupted at the moment.
    pub away: bool,
}

/// Who came, went and changed. A seat that is known already is replaced.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RosterChange {
    /// Came or changed.
    pub seats: Vec<Seat>,
    /// Went.
    pub gone: Vec<SeatId>,
    /// How many are there now.
    pub counts: MeetingCounts,
}

/// How many are there.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MeetingCounts {
    /// In the meeting, listeners included.
    pub seated: u32,
    /// Listeners of a lecture, who are not in the roster.
    pub listeners: u32,
    /// In the lobby.
    pub waiting: u32,
    /// Raised hands.
    pub hands: u32,
}

/// A raised hand.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RaisedHand {
    /// Whose.
    pub seat: SeatId,
    /// Their name: a listener is not in the roster.
    pub name: String,
    /// Whether they have no account here: their name is what they typed.
    pub guest: bool,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
    /// What they want to know.
    pub question: Option<String>,
}

/// Somebody in the lobby.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LobbyGuest {
    /// Who.
    pub seat: SeatId,
    /// The name.
    pub name: String,
    /// Whether they have no account here: their name is what they typed.
    pub guest: bool,
    /// Whether they came by a typed number and PIN, which others could have guessed.
    pub by_pin: bool,
    /// Since when.
    #[serde(with = "time::serde::rfc3339")]
    pub since: OffsetDateTime,
}

/// A message of the chat.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatMessage {
    /// Its number in this meeting, growing.
    pub id: u64,
    /// Who wrote it.
    pub seat: SeatId,
    /// Their name then.
    pub name: String,
    /// Whether they have no account here: their name is what they typed.
    #[serde(default)]
    #[schema(required = true)]
    pub guest: bool,
    /// Who reads it.
    pub to: ChatTo,
    /// The name of the one person who reads it.
    pub to_name: Option<String>,
    /// Whether that one person has no account here.
    #[serde(default)]
    #[schema(required = true)]
    pub to_guest: bool,
    /// What is said.
    pub text: String,
    /// The message that it answers.
    pub reply_to: Option<u64>,
    /// When it was written.
    #[serde(with = "time::serde::rfc3339")]
    pub at: OffsetDateTime,
    /// When it was last put in other words.
    #[serde(with = "time::serde::rfc3339::option")]
    pub edited_at: Option<OffsetDateTime>,
    /// How people reacted.
    pub reactions: Vec<ChatReactions>,
}

/// Who reacted to a message in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChatReactions {
    /// With what.
    pub reaction: Reaction,
    /// Who did.
    pub seats: Vec<SeatId>,
}

/// The way to sound and pictures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MediaAccess {
    /// Where LiveKit's client connects to.
    pub url: String,
    /// The ticket: good for a minute, for this seat only.
    #[schema(value_type = String)]
    #[serde(serialize_with = "super::expose")]
    pub ticket: Secret<String>,
    /// Until when it may be used.
    #[serde(with = "time::serde::rfc3339")]
    pub expires_at: OffsetDateTime,
}

/// What somebody types to enter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NumberAndPin {
    /// Nine digits.
    #[schema(max_length = 9)]
    pub number: String,
    /// Six digits.
    #[schema(value_type = String, max_length = 6)]
    #[serde(serialize_with = "super::expose")]
    pub pin: Secret<String>,
}

const _: () = assert!(ROOM_NUMBER_DIGITS == 9 && PIN_DIGITS == 6, "the document names these lengths");

operations! { "conference";
    /// The meeting's socket: text messages, `SocketRequest` to the server and `SocketMessage` to the client. The token
    /// travels in the first message.
    meeting_socket: get "/api/v1/conference/meetings/{id}/socket" (MeetingId) [] -> 101;
}

/// The messages as components of the document: the socket's operation cannot name them.
#[derive(utoipa::OpenApi)]
#[openapi(components(schemas(SocketRequest, SocketMessage, ProofChallenge, EntryRequest, EntryAnswer)))]
pub struct Messages;
