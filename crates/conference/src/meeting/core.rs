//! One running meeting as a pure state machine: who sits in it, who waits, what they may do, and what each of them is told.
//!
//! It has no clock, no socket and no store. Whoever drives it hands in an [`Input`] with the time, then takes every
//! [`Output`]; writes what is to be stored; and only then sends what is to be told. [`Meeting::wakes_at`] says when to
//! hand in [`Input::Tick`].
//!
//! Who came, went and changed is gathered for [`GATHER`] and told together, so that three hundred people who come at once
//! do not cost three hundred times three hundred messages. Before an act is answered, what it changed is told.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    fmt,
    sync::Arc,
};

use fernamt_api::conference::{
    entry::{EntryPlace, MeetingFacts},
    socket::{
        MAX_NAME_CHARS, MeetingCounts, ModerationNotice, NumberAndPin, PresenceEnded, Reaction, SEAT_WAITS_S,
        SocketAct, SocketMessage, SocketRefusal, close,
    },
};
use fernamt_domain::{
    PersonId, SeatId,
    conference::{MeetingRole, RoomKind},
};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::{
    chat::{Chat, Saying},
    hands::Hands,
    rules::{Rules, in_the_plane},
    seat::{Claim, LineId, Presence},
    text,
};

/// How long changes of the roster are gathered before they are told.
pub const GATHER: Duration = Duration::milliseconds(100);
/// For so many who wait more, news of the lobby take another [`GATHER`]: who knocks must not drown who hosts.
pub const WAITING_PER_GATHER: i32 = 50;
/// The most who wait in one lobby.
pub const MAX_WAITING: usize = 500;
/// The most listeners on the stage at once.
pub const MAX_ON_STAGE: usize = 25;
/// The most who are remembered as removed; whoever was removed earliest is forgotten first.
pub const MAX_REMOVED: usize = 1_000;
/// From so many in a meeting on, reactions are told as numbers.
pub const MANY: usize = 50;

/// Somebody who acts on a meeting from outside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By {
    /// Who.
    pub person: PersonId,
    /// The seat that is theirs, whether or not they have taken it.
    pub seat: SeatId,
    /// What they are by the booking.
    pub role: MeetingRole,
}

/// What happens to a meeting.
#[derive(Debug)]
pub enum Input {
    /// Somebody comes, or comes back.
    Hello {
        /// Their socket.
        line: LineId,
        /// What their token says.
        claim: Claim,
        /// Whether it is the token of a seat that they had.
        resumes: bool,
        /// The name that they give.
        name: Option<String>,
    },
    /// A client asks for something.
    Act {
        /// Its socket.
        line: LineId,
        /// Its number for it.
        re: Option<u32>,
        /// What.
        act: SocketAct,
    },
    /// A socket is gone.
    Gone {
        /// Which.
        line: LineId,
    },
    /// A person may be here no longer.
    Revoked {
        /// Their seat.
        seat: SeatId,
    },
    /// Somebody guesses PINs of this meeting, or no longer.
    Guessed(bool),
    /// A new PIN was made, or could not be.
    PinRenewed {
        /// Who asked.
        line: LineId,
        /// Their number for it.
        re: Option<u32>,
        /// The number and the new PIN.
        made: Option<NumberAndPin>,
    },
    /// The booking says anew what somebody is.
    Booked {
        /// Their seat.
        seat: SeatId,
        /// What they are.
        role: MeetingRole,
        /// Whether they are invited in person.
        invited: bool,
        /// Whether whoever is not invited waits.
        others_wait: bool,
    },
    /// The meeting was booked anew: other times, another title.
    Facts(Box<MeetingFacts>),
    /// The meeting is over.
    Over(PresenceEnded),
    /// Time has passed.
    Tick,
}

/// What is to be done. In their order; what is to be stored, before anything is told.
#[derive(Debug, Clone, PartialEq)]
pub enum Output {
    /// Tell these sockets.
    Tell {
        /// Which.
        lines: Vec<LineId>,
        /// What.
        message: Arc<SocketMessage>,
    },
    /// Close a socket.
    Close {
        /// Which.
        line: LineId,
        /// With which code.
        code: u16,
    },
    /// Get a media ticket and send it.
    Ticket {
        /// Whom to.
        line: LineId,
        /// For which seat.
        seat: SeatId,
        /// Under which name.
        name: String,
        /// With what permissions.
        permissions: fernamt_media::Permissions,
    },
    /// Tell the media plane.
    Media(MediaOrder),
    /// Tell a socket what was done to it, once the media plane has carried out what it was told before: whoever switches
    /// on again at once must not be switched off by it.
    Notice {
        /// Which.
        line: LineId,
        /// What.
        what: ModerationNotice,
    },
    /// Write a message of the chat to the store.
    Store(Saying),
    /// Keep the meeting's state in the store.
    Keep(Kept),
    /// Write down what a host did.
    Audit {
        /// What.
        action: &'static str,
        /// Who, unless it was a guest.
        by: Option<PersonId>,
    },
    /// Make a new PIN, and hand in [`Input::PinRenewed`].
    RenewPin {
        /// Who asked.
        line: LineId,
        /// Their number for it.
        re: Option<u32>,
        /// Who, unless it was a guest.
        by: Option<PersonId>,
    },
    /// The first one sits: the meeting is open.
    Open {
        /// Who, unless it was a guest.
        by: Option<PersonId>,
    },
    /// A host ended the meeting.
    End {
        /// Who, unless it was a guest.
        by: Option<PersonId>,
    },
    /// A seat is given up: let go of what was held for it.
    Free(SeatId),
}

/// An order to the media plane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MediaOrder {
    /// What a seat may do now.
    Permit(SeatId, fernamt_media::Permissions),
    /// Mute a seat's microphone.
    Mute(SeatId),
    /// Send a seat out.
    Remove(SeatId),
    /// Close the room.
    Close,
}

/// What is kept of a running meeting, so that it goes on after the server was started again. Pseudonyms only.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// What the meeting allows, once a host has changed it.
    pub rules: Option<Rules>,
    /// What those in the lobby read, once a host has changed it.
    pub waiting_text: Option<String>,
    /// Who is something else than their token says.
    pub roles: BTreeMap<SeatId, MeetingRole>,
    /// Listeners on the stage.
    pub stage: BTreeSet<SeatId>,
    /// Who was removed or not let in, and when.
    pub removed: Vec<(SeatId, i64)>,
    /// While newcomers are held up: who was in when that began, or was let in since. Their tokens lead back in; those of
    /// seats that were given up do not.
    #[serde(default)]
    pub inside: Option<BTreeSet<SeatId>>,
    /// The browsers of guests who were removed.
    pub removed_marks: Vec<[u8; 16]>,
}

impl Kept {
    /// What the store has of it.
    pub(crate) fn of(stored: Option<serde_json::Value>) -> Self {
        stored.and_then(|kept| serde_json::from_value(kept).ok()).unwrap_or_default()
    }

    /// Whether somebody who comes anew waits, whatever their way in says: a host removed them, or lets nobody in unseen.
    pub(crate) fn makes_wait(&self, claim: &Claim, owner: PersonId) -> bool {
        let removed = self.removed_at(claim, owner).is_some();
        let role = self.roles.get(&claim.seat).copied().unwrap_or(claim.role);
        let unseen = self.is_marked(claim) || self.rules.is_some_and(|rules| rules.lobby);
        removed || (unseen && !role.moderates())
    }

    /// When they were removed, if they were. Nobody removes the owner.
    fn removed_at(&self, claim: &Claim, owner: PersonId) -> Option<i64> {
        let removed = self.removed.iter().find(|(seat, _)| *seat == claim.seat).map(|(_, at)| *at);
        removed.filter(|_| claim.person != Some(owner))
    }

    /// Whether they come with a browser of which a guest was removed.
    fn is_marked(&self, claim: &Claim) -> bool {
        claim.mark.is_some_and(|mark| self.removed_marks.contains(&mark))
    }
}

/// How many a meeting takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SeatLimits {
    /// Who take part.
    pub participants: usize,
    /// Listeners beside them.
    pub listeners: usize,
}

/// What a meeting begins with, or goes on with after a restart.
pub struct Beginning {
    /// What everybody may know of it.
    pub facts: MeetingFacts,
    /// Whose room it is. Nobody takes the meeting from them.
    pub owner: PersonId,
    /// What its room allows.
    pub rules: Rules,
    /// What those in the lobby read.
    pub waiting_text: String,
    /// How many it takes.
    pub limits: SeatLimits,
    /// What was kept of it.
    pub kept: Kept,
    /// Its chat so far.
    pub chat: Vec<Saying>,
    /// When it began.
    pub began_at: OffsetDateTime,
    /// Makes the token of a seat.
    pub seal: Box<dyn Fn(&Claim) -> String + Send + Sync>,
}

/// A running meeting.
pub struct Meeting {
    pub(super) facts: MeetingFacts,
    owner: PersonId,
    pub(super) rules: Rules,
    pub(super) waiting_text: String,
    pub(super) limits: SeatLimits,
    pub(super) kept: Kept,
    pub(super) chat: Chat,
    pub(super) hands: Hands,
    pub(super) seats: BTreeMap<SeatId, Presence>,
    pub(super) lobby: Vec<Presence>,
    pub(super) lines: HashMap<LineId, SeatId>,
    pub(super) guessed: bool,
    over: bool,
    opened: bool,
    pub(super) began_at: OffsetDateTime,
    pub(super) seal: Box<dyn Fn(&Claim) -> String + Send + Sync>,
    pub(super) changed: BTreeSet<SeatId>,
    pub(super) shown: BTreeSet<SeatId>,
    pub(super) counts: MeetingCounts,
    pub(super) reactions: BTreeMap<Reaction, u32>,
    pub(super) tell_at: Option<OffsetDateTime>,
    pub(super) lobby_at: Option<OffsetDateTime>,
    pub(super) out: VecDeque<Output>,
}

impl fmt::Debug for Meeting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seats, lobby) = (self.seats.len(), self.lobby.len());
        f.debug_struct("Meeting")
            .field("id", &self.facts.id)
            .field("seats", &seats)
            .field("lobby", &lobby)
            .finish_non_exhaustive()
    }
}

impl Meeting {
    /// Begins, or goes on.
    pub fn new(beginning: Beginning) -> Self {
        let Beginning { facts, owner, rules, waiting_text, limits, kept, chat, began_at, seal } = beginning;
        Self {
            facts,
            owner,
            rules: kept.rules.unwrap_or(rules),
            waiting_text: kept.waiting_text.clone().unwrap_or(waiting_text),
            limits,
            kept,
            chat: Chat::new(chat),
            hands: Hands::default(),
            seats: BTreeMap::new(),
            lobby: Vec::new(),
            lines: HashMap::new(),
            guessed: false,
            over: false,
            opened: false,
            began_at,
            seal,
            changed: BTreeSet::new(),
            shown: BTreeSet::new(),
            counts: MeetingCounts::default(),
            reactions: BTreeMap::new(),
            tell_at: None,
            lobby_at: None,
            out: VecDeque::new(),
        }
    }

    /// Takes in what happened.
    pub fn handle(&mut self, now: OffsetDateTime, input: Input) {
        match input {
            Input::Hello { line, claim, resumes, name } => self.hello(now, line, &claim, resumes, name),
            Input::Act { line, re, act } => self.act(now, line, re, act),
            Input::Gone { line } => self.line_gone(now, line),
            Input::Revoked { seat } => self.send_off(now, seat, PresenceEnded::Revoked),
            Input::Guessed(now_guessed) => {
                if std::mem::replace(&mut self.guessed, now_guessed) != now_guessed {
                    self.tell_moderators(SocketMessage::Guessed { now: now_guessed });
                }
            }
            Input::PinRenewed { line, re, made } => match made {
                Some(made) => {
                    self.tell(line, SocketMessage::PinRenewed(made));
                    self.answer(line, re, Ok(()));
                }
                None => self.answer(line, re, Err(SocketRefusal::Failed)),
            },
            Input::Facts(facts) => {
                self.facts = *facts;
                for seat in self.seats.keys().copied().collect::<Vec<_>>() {
                    self.welcome(seat, now);
                }
                self.tell_lobby_itself(now);
            }
            Input::Booked { seat, role, invited, others_wait } => self.booked(now, seat, role, (invited, others_wait)),
            Input::Over(why) => self.end(why),
            Input::Tick => {}
        }
        self.pass_time(now);
    }

    /// What is to be done next.
    pub fn poll(&mut self) -> Option<Output> {
        self.out.pop_front()
    }

    /// When time alone will change something.
    pub fn wakes_at(&self) -> Option<OffsetDateTime> {
        let waits = Duration::seconds(SEAT_WAITS_S.into());
        let away = self.seats.values().chain(&self.lobby).filter_map(|one| one.away_since).min();
        let closes = (!self.over).then_some(self.facts.closes_at);
        [self.tell_at, self.lobby_at, away.map(|since| since + waits), closes].into_iter().flatten().min()
    }

    /// Whether nobody is here, nobody is expected back, and nothing is to be done.
    pub fn is_idle(&self) -> bool {
        self.seats.is_empty() && self.lobby.is_empty() && self.out.is_empty()
    }

    /// Whether this socket has a seat or a place in the lobby.
    pub fn holds(&self, line: LineId) -> bool {
        self.lines.contains_key(&line)
    }

    /// Whether somebody has this seat, or waits for it.
    pub fn is_there(&self, seat: SeatId) -> bool {
        self.seats.contains_key(&seat) || self.lobby.iter().any(|one| one.id == seat)
    }

    /// Whose room it is.
    pub fn owner(&self) -> PersonId {
        self.owner
    }

    /// What everybody may know of it.
    pub fn facts(&self) -> &MeetingFacts {
        &self.facts
    }

    /// Whether the meeting is over.
    pub fn is_over(&self) -> bool {
        self.over
    }

    /// How many are in it and in its lobby.
    pub fn counts(&self) -> MeetingCounts {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        MeetingCounts {
            seated: count(self.seats.len()),
            listeners: count(self.seats.values().filter(|one| !one.is_shown()).count()),
            waiting: count(self.lobby.len()),
            hands: self.hands.len(),
        }
    }

    fn hello(&mut self, now: OffsetDateTime, line: LineId, claim: &Claim, resumes: bool, name: Option<String>) {
        if self.over {
            return self.turn_away(line, PresenceEnded::MeetingEnded);
        }
        let removed = self.kept.removed_at(claim, self.owner);
        if removed.is_some_and(|at| unix_millis(claim.at) <= at) {
            return self.turn_away(line, PresenceEnded::Removed);
        }
        let given = claim.name.clone().filter(|_| claim.person.is_some() || resumes);
        let Some(name) = given.or_else(|| text::line(&name?, MAX_NAME_CHARS)) else {
            return self.turn_away(line, PresenceEnded::BadName);
        };
        let role = self.kept.roles.get(&claim.seat).copied().unwrap_or(claim.role);
        if let Some(known) = self.presence_mut(claim.seat) {
            let before = known.line.replace(line);
            known.away_since = None;
            if let Some(before) = before {
                self.lines.remove(&before);
                self.farewell(before, PresenceEnded::Elsewhere);
            }
            self.lines.insert(line, claim.seat);
            if self.seats.contains_key(&claim.seat) {
                self.seated(claim.seat, now);
            } else {
                self.waits(claim.seat, now);
            }
            return;
        }
        let marked = self.kept.is_marked(claim);
        let known_removed = removed.is_some() || marked;
        let inside = self.kept.inside.as_ref().is_none_or(|inside| inside.contains(&claim.seat));
        let had_a_seat = resumes && claim.place == EntryPlace::Seat && inside && !marked;
        if self.rules.locked && !had_a_seat && !role.moderates() {
            return self.turn_away(line, PresenceEnded::Locked);
        }
        let place = if (had_a_seat || role.moderates()) && removed.is_none() {
            EntryPlace::Seat
        } else if known_removed || self.rules.lobby {
            EntryPlace::Lobby
        } else {
            claim.place
        };
        let presence = Presence::new(claim, name, role, line, now);
        match place {
            EntryPlace::Seat if self.is_full_for(role) => self.turn_away(line, PresenceEnded::Full),
            EntryPlace::Lobby if self.lobby.len() >= MAX_WAITING => self.turn_away(line, PresenceEnded::Full),
            EntryPlace::Seat => {
                self.lines.insert(line, claim.seat);
                self.take_seat(presence, now);
            }
            EntryPlace::Lobby => {
                self.lines.insert(line, claim.seat);
                self.lobby.push(presence);
                self.waits(claim.seat, now);
                self.mark_lobby(now);
            }
        }
    }

    /// The people of the house who are here or wait.
    pub fn people(&self) -> Vec<(SeatId, PersonId)> {
        self.seats.values().chain(&self.lobby).filter_map(|one| Some((one.id, one.person?))).collect()
    }

    /// What the booking changed counts more than what a host made of somebody before.
    fn booked(&mut self, now: OffsetDateTime, seat: SeatId, role: MeetingRole, (invited, others_wait): (bool, bool)) {
        let Some(one) = self.presence_mut(seat) else { return };
        if std::mem::replace(&mut one.invited, invited) && !invited && others_wait {
            return self.send_off(now, seat, PresenceEnded::EnterAgain);
        }
        if std::mem::replace(&mut one.booked, role) == role {
            return;
        }
        one.role = role;
        one.on_stage &= !role.speaks();
        self.kept.roles.remove(&seat);
        self.keep();
        self.seat_changed(now, seat);
        self.tell_lobby_itself(now);
    }

    /// Whether the room is theirs.
    pub(super) fn is_owner(&self, person: Option<PersonId>) -> bool {
        person == Some(self.owner)
    }

    pub(super) fn is_full_for(&self, role: MeetingRole) -> bool {
        let (speakers, listeners) = (
            self.seats.values().filter(|one| one.role.speaks()).count(),
            self.seats.values().filter(|one| !one.role.speaks()).count(),
        );
        if role.speaks() { speakers >= self.limits.participants } else { listeners >= self.limits.listeners }
    }

    pub(super) fn take_seat(&mut self, mut presence: Presence, now: OffsetDateTime) {
        let (id, person, moderates) = (presence.id, presence.person, presence.role.moderates());
        presence.since = now;
        presence.on_stage = self.kept.stage.contains(&id);
        let host_before = self.host_present();
        self.seats.insert(id, presence);
        let inside = self.kept.inside.as_mut().filter(|inside| inside.len() < MAX_REMOVED);
        if inside.is_some_and(|inside| inside.insert(id)) {
            self.keep();
        }
        if !std::mem::replace(&mut self.opened, true) {
            self.out.push_back(Output::Open { by: person });
        }
        self.seated(id, now);
        if moderates && !host_before {
            self.tell_lobby_itself(now);
        }
    }

    /// A seat has a new line: tells it everything.
    fn seated(&mut self, seat: SeatId, now: OffsetDateTime) {
        self.mark(seat, now);
        self.welcome(seat, now);
        if let Some(line) = self.seats.get(&seat).and_then(|one| one.line) {
            self.ticket(line, seat);
        }
    }

    pub(super) fn ticket(&mut self, line: LineId, seat: SeatId) {
        let Some(one) = self.seats.get(&seat) else { return };
        let permissions = self.permissions(one);
        let name = one.name.clone();
        self.out.push_back(Output::Ticket { line, seat, name, permissions });
    }

    pub(super) fn permissions(&self, one: &Presence) -> fernamt_media::Permissions {
        in_the_plane(self.rules.may(one.role, one.on_stage), !one.is_shown())
    }

    pub(super) fn host_present(&self) -> bool {
        self.seats.values().any(|one| one.role.moderates() && one.line.is_some())
    }

    fn line_gone(&mut self, now: OffsetDateTime, line: LineId) {
        let Some(seat) = self.lines.remove(&line) else { return };
        if let Some(one) = self.presence_mut(seat) {
            one.line = None;
            one.away_since = Some(now);
            self.mark(seat, now);
        }
    }

    /// Ends somebody's presence, in the meeting or in its lobby, and tells them why.
    pub(super) fn send_off(&mut self, now: OffsetDateTime, seat: SeatId, why: PresenceEnded) {
        let Some(one) = self.take(seat, now) else { return };
        if self.kept.inside.as_mut().is_some_and(|inside| inside.remove(&seat)) {
            self.keep();
        }
        if let Some(line) = one.line {
            self.lines.remove(&line);
            self.farewell(line, why);
        }
    }

    /// Takes somebody out of the meeting or its lobby.
    fn take(&mut self, seat: SeatId, now: OffsetDateTime) -> Option<Presence> {
        if let Some(one) = self.seats.remove(&seat) {
            self.mark(seat, now);
            self.kept.stage.remove(&seat);
            if self.hands.lower(seat) {
                self.tell_hands(Some(seat));
            }
            self.out.push_back(Output::Media(MediaOrder::Remove(seat)));
            self.out.push_back(Output::Free(seat));
            if self.seats.is_empty() {
                // A media room is not kept for nobody; whoever sits down next has it opened again.
                self.out.push_back(Output::Media(MediaOrder::Close));
            }
            if one.role.moderates() && !self.host_present() {
                self.tell_lobby_itself(now);
            }
            return Some(one);
        }
        let at = self.lobby.iter().position(|one| one.id == seat)?;
        let one = self.lobby.remove(at);
        self.mark(seat, now);
        self.mark_lobby(now);
        self.out.push_back(Output::Free(seat));
        Some(one)
    }

    pub(super) fn leave_lobby(&mut self, seat: SeatId) -> Option<Presence> {
        let at = self.lobby.iter().position(|one| one.id == seat)?;
        Some(self.lobby.remove(at))
    }

    pub(super) fn end(&mut self, why: PresenceEnded) {
        if std::mem::replace(&mut self.over, true) {
            return;
        }
        let lines: Vec<LineId> = self.seats.values().chain(&self.lobby).filter_map(|one| one.line).collect();
        let seats: Vec<SeatId> = self.seats.keys().copied().chain(self.lobby.iter().map(|one| one.id)).collect();
        self.tell_lines(lines.clone(), SocketMessage::Ended { why });
        self.out.extend(lines.into_iter().map(|line| Output::Close { line, code: close::ENDED }));
        self.out.push_back(Output::Media(MediaOrder::Close));
        self.out.extend(seats.into_iter().map(Output::Free));
        self.seats.clear();
        self.lobby.clear();
        self.lines.clear();
        self.changed.clear();
        (self.tell_at, self.lobby_at) = (None, None);
    }

    fn pass_time(&mut self, now: OffsetDateTime) {
        if self.over {
            return;
        }
        if now >= self.facts.closes_at {
            return self.end(PresenceEnded::TimeOver);
        }
        let waited = |one: &Presence| {
            one.away_since.is_some_and(|since| now - since >= Duration::seconds(SEAT_WAITS_S.into())).then_some(one.id)
        };
        let lost: Vec<SeatId> = self.seats.values().chain(&self.lobby).filter_map(waited).collect();
        for seat in lost {
            self.take(seat, now);
        }
        if self.tell_at.is_some_and(|at| at <= now) {
            self.tell_changes();
        }
        if self.lobby_at.is_some_and(|at| at <= now) {
            self.tell_lobby();
        }
    }

    pub(super) fn presence_mut(&mut self, seat: SeatId) -> Option<&mut Presence> {
        match self.seats.get_mut(&seat) {
            Some(one) => Some(one),
            None => self.lobby.iter_mut().find(|one| one.id == seat),
        }
    }

    pub(super) fn seat_of(&self, line: LineId) -> Option<SeatId> {
        self.lines.get(&line).copied()
    }

    pub(super) fn push(&mut self, output: Output) {
        self.out.push_back(output);
    }

    pub(super) fn keep(&mut self) {
        self.kept.rules = Some(self.rules);
        self.kept.waiting_text = Some(self.waiting_text.clone());
        self.out.push_back(Output::Keep(self.kept.clone()));
    }

    pub(super) fn is_lecture(&self) -> bool {
        self.facts.kind == RoomKind::Lecture
    }
}

pub(super) fn unix_millis(at: OffsetDateTime) -> i64 {
    i64::try_from(at.unix_timestamp_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

#[cfg(test)]
#[path = "core_tests.rs"]
mod tests;
