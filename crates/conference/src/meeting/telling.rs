//! What those in a meeting and in its lobby are told, and when: changes are gathered, snapshots are whole.

use std::sync::Arc;

use fernamt_api::conference::{
    entry::EntryPlace,
    socket::{
        LobbyWaiting, MeetingWelcome, OwnSeat, PresenceEnded, Reaction, RosterChange, SocketMessage, SocketRefusal,
        close,
    },
};
use fernamt_domain::SeatId;
use time::OffsetDateTime;

use super::{
    chat::Reader,
    core::{GATHER, Meeting, Output, WAITING_PER_GATHER},
    seat::{LineId, Presence},
};

impl Meeting {
    pub(super) fn welcome(&mut self, seat: SeatId, now: OffsetDateTime) {
        let Some(one) = self.seats.get(&seat) else { return };
        let Some(line) = one.line else { return };
        let (moderates, all) = (one.role.moderates(), self.rules.sees_all(one.role, one.on_stage));
        let roster =
            self.seats.values().filter(|other| other.id == seat || sees(all, other)).map(Presence::told).collect();
        let (chat, more_chat) = self.chat.page(Reader { seat, moderates }, None);
        let welcome = MeetingWelcome {
            resume: (self.seal)(&one.claim(EntryPlace::Seat, now)),
            meeting: self.facts.clone(),
            own: self.own(one),
            roster,
            counts: self.counts(),
            rules: self.rules.told(),
            hands: if all { self.hands.first() } else { self.hands.of(seat) },
            chat,
            more_chat,
            lobby: moderates.then(|| self.lobby.iter().map(Presence::told_waiting).collect()),
            waiting_text: moderates.then(|| self.waiting_text.clone()),
            guessed: moderates && self.guessed,
            began_at: self.began_at,
        };
        // Whoever goes before the next change is told must be told as gone to who has just heard of them.
        self.shown.extend(self.seats.values().filter(|other| other.is_shown()).map(|other| other.id));
        self.tell(line, SocketMessage::Welcome(Box::new(welcome)));
    }

    pub(super) fn own(&self, one: &Presence) -> OwnSeat {
        OwnSeat { seat: one.told(), may: self.rules.may(one.role, one.on_stage) }
    }

    /// Somebody waits with a new line: tells them.
    pub(super) fn waits(&mut self, seat: SeatId, now: OffsetDateTime) {
        let Some(one) = self.lobby.iter().find(|one| one.id == seat) else { return };
        let Some(line) = one.line else { return };
        let waiting = LobbyWaiting {
            resume: (self.seal)(&one.claim(EntryPlace::Lobby, now)),
            meeting: self.facts.clone(),
            waiting_text: self.waiting_text.clone(),
            host_present: self.host_present(),
        };
        self.tell(line, SocketMessage::Waiting(Box::new(waiting)));
    }

    pub(super) fn tell_lobby_itself(&mut self, now: OffsetDateTime) {
        for seat in self.lobby.iter().map(|one| one.id).collect::<Vec<_>>() {
            self.waits(seat, now);
        }
    }

    /// Who waits has changed: hosts will be told soon.
    pub(super) fn mark_lobby(&mut self, now: OffsetDateTime) {
        let waiting = i32::try_from(self.lobby.len()).unwrap_or(i32::MAX);
        self.lobby_at.get_or_insert(now + GATHER * (1 + waiting / WAITING_PER_GATHER));
    }

    /// Tells hosts who waits.
    pub(super) fn tell_lobby(&mut self) {
        self.lobby_at = None;
        let waiting = self.lobby.iter().map(Presence::told_waiting).collect();
        self.tell_moderators(SocketMessage::Lobby { waiting, waiting_text: self.waiting_text.clone() });
    }

    pub(super) fn turn_away(&mut self, line: LineId, why: PresenceEnded) {
        self.tell(line, SocketMessage::Ended { why });
        self.out.push_back(Output::Close { line, code: close::ENDED });
    }

    pub(super) fn farewell(&mut self, line: LineId, why: PresenceEnded) {
        let code = match why {
            PresenceEnded::Elsewhere => close::ELSEWHERE,
            PresenceEnded::EnterAgain => close::ENTER_AGAIN,
            _ => close::ENDED,
        };
        self.tell(line, SocketMessage::Ended { why });
        self.out.push_back(Output::Close { line, code });
    }

    /// Something about a seat changed: it will be told soon.
    pub(super) fn mark(&mut self, seat: SeatId, now: OffsetDateTime) {
        self.changed.insert(seat);
        self.tell_at.get_or_insert(now + GATHER);
    }

    pub(super) fn count_reaction(&mut self, reaction: Reaction, now: OffsetDateTime) {
        *self.reactions.entry(reaction).or_default() += 1;
        self.tell_at.get_or_insert(now + GATHER);
    }

    /// Tells what was gathered.
    pub(super) fn tell_changes(&mut self) {
        self.tell_at = None;
        let (changed, counts) = (std::mem::take(&mut self.changed), self.counts());
        let news = self.counts != counts;
        self.counts = counts;
        for all in [true, false] {
            let mut change = RosterChange { counts, ..RosterChange::default() };
            for seat in &changed {
                match self.seats.get(seat) {
                    Some(one) if sees(all, one) => change.seats.push(one.told()),
                    _ if self.shown.contains(seat) => change.gone.push(*seat),
                    _ => {}
                }
            }
            let lines = self.lines_where(|one| self.rules.sees_all(one.role, one.on_stage) == all);
            if !change.seats.is_empty() || !change.gone.is_empty() {
                self.tell_lines(lines, SocketMessage::Roster(change));
            } else if news {
                self.tell_lines(lines, SocketMessage::Counts(counts));
            }
        }
        for seat in changed {
            match self.seats.get(&seat) {
                Some(one) if one.is_shown() => self.shown.insert(seat),
                _ => self.shown.remove(&seat),
            };
        }
        let lines = self.lines_where(|_| true);
        for (reaction, count) in std::mem::take(&mut self.reactions) {
            self.tell_lines(lines.clone(), SocketMessage::Reaction { seat: None, reaction, count });
        }
    }

    /// Tells the hands to those who see everybody, and `own` to whose hand it was.
    pub(super) fn tell_hands(&mut self, own: Option<SeatId>) {
        let total = self.hands.len();
        let lines = self.lines_where(|one| self.rules.sees_all(one.role, one.on_stage));
        self.tell_lines(lines, SocketMessage::Hands { hands: self.hands.first(), total });
        let Some(one) = own.and_then(|seat| self.seats.get(&seat)) else { return };
        if !self.rules.sees_all(one.role, one.on_stage)
            && let Some(line) = one.line
        {
            let hands = self.hands.of(one.id);
            self.tell(line, SocketMessage::Hands { hands, total });
        }
    }

    pub(super) fn answer(&mut self, line: LineId, re: Option<u32>, done: Result<(), SocketRefusal>) {
        match (done, re) {
            (Ok(()), Some(re)) => {
                self.tell_changes();
                self.tell(line, SocketMessage::Done { re });
            }
            (Ok(()), None) => {}
            (Err(why), re) => self.tell(line, SocketMessage::Refused { re, why }),
        }
    }

    pub(super) fn tell(&mut self, line: LineId, message: SocketMessage) {
        self.tell_lines(vec![line], message);
    }

    pub(super) fn tell_lines(&mut self, lines: Vec<LineId>, message: SocketMessage) {
        if !lines.is_empty() {
            self.out.push_back(Output::Tell { lines, message: Arc::new(message) });
        }
    }

    pub(super) fn tell_moderators(&mut self, message: SocketMessage) {
        let lines = self.lines_where(|one| one.role.moderates());
        self.tell_lines(lines, message);
    }

    pub(super) fn lines_where(&self, wanted: impl Fn(&Presence) -> bool) -> Vec<LineId> {
        self.seats.values().filter(|one| wanted(one)).filter_map(|one| one.line).collect()
    }
}

/// Whether somebody who sees everybody, or only the prominent, is told of this one.
fn sees(all: bool, one: &Presence) -> bool {
    if all { one.is_shown() } else { one.is_prominent() }
}
