//! What those in a meeting ask for: each act, who may do it, and what it changes.

use fernamt_api::conference::socket::{
    ChatMessage, ChatTo, MAX_CHAT_CHARS, MAX_FOUND, MAX_NAME_CHARS, MAX_QUESTION_CHARS, MAX_WAITING_TEXT_CHARS,
    ModerationNotice, PresenceEnded, Reaction, SocketAct, SocketMessage, SocketRefusal,
};
use fernamt_domain::{PersonId, SeatId, conference::MeetingRole};
use time::OffsetDateTime;

use super::{
    chat::{ChatFault, Reader, Saying},
    core::{By, MANY, MAX_ON_STAGE, MAX_REMOVED, MediaOrder, Meeting, Output, unix_millis},
    rules::in_the_plane,
    seat::{LineId, Presence},
    text,
};

/// No socket has this number.
const NO_LINE: LineId = LineId(0);

type Done = Result<(), SocketRefusal>;

/// Who asks, as far as acts need to know.
#[derive(Debug, Clone, Copy)]
struct Asker {
    line: LineId,
    seat: SeatId,
    person: Option<PersonId>,
    role: MeetingRole,
}

impl From<ChatFault> for SocketRefusal {
    fn from(fault: ChatFault) -> Self {
        match fault {
            ChatFault::Unknown => Self::Unknown,
            ChatFault::NotAllowed => Self::NotAllowed,
            ChatFault::Full => Self::Full,
        }
    }
}

/// Acts that only those who run the meeting may ask for.
fn is_for_moderators(act: &SocketAct) -> bool {
    matches!(
        act,
        SocketAct::HandsClear
            | SocketAct::Admit { .. }
            | SocketAct::AdmitAll
            | SocketAct::Refuse { .. }
            | SocketAct::Mute { .. }
            | SocketAct::MuteAll
            | SocketAct::StopVideo { .. }
            | SocketAct::StopShare { .. }
            | SocketAct::Remove { .. }
            | SocketAct::SetRole { .. }
            | SocketAct::Stage { .. }
            | SocketAct::SetRules(_)
            | SocketAct::SetWaitingText { .. }
            | SocketAct::RenewPin
            | SocketAct::FindListeners { .. }
            | SocketAct::EndForAll
    )
}

impl Meeting {
    pub(super) fn act(&mut self, now: OffsetDateTime, line: LineId, re: Option<u32>, act: SocketAct) {
        let Some(seat) = self.seat_of(line) else { return };
        let Some(one) = self.presence_mut(seat) else { return };
        if matches!(act, SocketAct::Leave) {
            return self.send_off(now, seat, PresenceEnded::Left);
        }
        if !one.acts.take(now) || !in_pace(one, &act, now) {
            return self.answer(line, re, Err(SocketRefusal::TooFast));
        }
        let Some(one) = self.seats.get(&seat) else {
            return self.answer(line, re, Err(SocketRefusal::NotSeated));
        };
        let asker = Asker { line, seat, person: one.person, role: one.role };
        if is_for_moderators(&act) && !asker.role.moderates() {
            return self.answer(line, re, Err(SocketRefusal::NotAllowed));
        }
        let done = match act {
            // Answered once the PIN is made.
            SocketAct::RenewPin => return self.push(Output::RenewPin { line, re, by: asker.person }),
            SocketAct::EndForAll => {
                self.answer(line, re, Ok(()));
                self.push(Output::End { by: asker.person });
                return self.end(PresenceEnded::MeetingEnded);
            }
            SocketAct::Hello(_) | SocketAct::Leave => Err(SocketRefusal::NotAllowed),
            SocketAct::MediaTicket => {
                self.ticket(line, seat);
                Ok(())
            }
            act @ (SocketAct::ChatSend { .. }
            | SocketAct::ChatEdit { .. }
            | SocketAct::ChatDelete { .. }
            | SocketAct::ChatReact { .. }
            | SocketAct::ChatHistory { .. }) => self.chat_act(now, asker, act),
            act @ (SocketAct::Rename { .. }
            | SocketAct::HandRaise { .. }
            | SocketAct::HandLower { .. }
            | SocketAct::React { .. }) => self.own_act(now, asker, act),
            act => self.moderate(now, asker, act),
        };
        self.answer(line, re, done);
    }

    fn chat_act(&mut self, now: OffsetDateTime, asker: Asker, act: SocketAct) -> Done {
        let reader = Reader { seat: asker.seat, moderates: asker.role.moderates() };
        let saying = match act {
            SocketAct::ChatSend { to, text, reply_to } => {
                let recipient = self.may_write(asker, to)?;
                let text = text::lines(&text, MAX_CHAT_CHARS).ok_or(SocketRefusal::BadText)?;
                let message = ChatMessage {
                    id: 0,
                    seat: asker.seat,
                    name: self.name_of(asker.seat),
                    guest: asker.person.is_none(),
                    to,
                    to_guest: recipient.is_some_and(Presence::guest),
                    to_name: recipient.map(|one| one.name.clone()),
                    text,
                    reply_to,
                    at: now,
                    edited_at: None,
                    reactions: Vec::new(),
                };
                self.chat.write(message, reader)?
            }
            SocketAct::ChatEdit { id, text } => {
                let text = text::lines(&text, MAX_CHAT_CHARS).ok_or(SocketRefusal::BadText)?;
                let edited = self.chat.edit(id, reader, text, now)?;
                if let Saying::Said(message) = &edited {
                    // What may no longer be written may not be rewritten either; whom it was for does not matter now.
                    let to = if matches!(message.to, ChatTo::One { .. }) { ChatTo::Hosts } else { message.to };
                    self.may_write(asker, to)?;
                }
                edited
            }
            SocketAct::ChatDelete { id } => {
                let deleted = self.chat.delete(id, reader)?;
                if self.chat.author(id) != Some(asker.seat) {
                    self.audit("message_deleted", asker);
                }
                deleted
            }
            SocketAct::ChatReact { id, reaction, on } => {
                if on && !self.may(asker).react {
                    return Err(SocketRefusal::SwitchedOff);
                }
                match self.chat.react(id, reader, reaction, on)? {
                    Some(saying) => saying,
                    None => return Ok(()),
                }
            }
            SocketAct::ChatHistory { before } => {
                let (messages, more) = self.chat.page(reader, Some(before));
                self.tell(asker.line, SocketMessage::ChatPage { messages, more });
                return Ok(());
            }
            _ => return Err(SocketRefusal::Unknown),
        };
        self.say(saying);
        Ok(())
    }

    /// Whether somebody may write to these now; the one person if it is one.
    fn may_write(&self, asker: Asker, to: ChatTo) -> Result<Option<&Presence>, SocketRefusal> {
        let may = self.may(asker);
        let allowed = |allowed: bool| if allowed { Ok(()) } else { Err(SocketRefusal::SwitchedOff) };
        match to {
            ChatTo::Everybody => allowed(may.chat).map(|()| None),
            ChatTo::Hosts => allowed(may.chat_to_hosts).map(|()| None),
            ChatTo::One { seat } => {
                let other = self.seats.get(&seat).filter(|other| other.id != asker.seat);
                let host = other.is_some_and(|other| other.role.moderates());
                allowed(may.chat_to_one || (host && may.chat_to_hosts))?;
                other.map(Some).ok_or(SocketRefusal::Unknown)
            }
        }
    }

    /// Makes a change to the chat, has it stored, and tells those who read it.
    fn say(&mut self, saying: Saying) {
        self.push(Output::Store(saying.clone()));
        let before = self.chat.put(saying.clone());
        let (message, readable) = match saying {
            Saying::Said(message) => (SocketMessage::Chat(message.clone()), Some(message)),
            Saying::Deleted { id } => (SocketMessage::ChatDeleted { id }, before),
        };
        let Some(readable) = readable else { return };
        let reads = |one: &Presence| Reader { seat: one.id, moderates: one.role.moderates() }.reads(&readable);
        let lines = self.lines_where(reads);
        self.tell_lines(lines, message);
    }

    fn own_act(&mut self, now: OffsetDateTime, asker: Asker, act: SocketAct) -> Done {
        match act {
            SocketAct::Rename { name } => {
                let name = text::line(&name, MAX_NAME_CHARS).ok_or(SocketRefusal::BadText)?;
                let one = self.seats.get_mut(&asker.seat).filter(|one| one.guest()).ok_or(SocketRefusal::NotAllowed)?;
                one.name.clone_from(&name);
                self.mark(asker.seat, now);
                if self.hands.rename(asker.seat, &name) {
                    self.tell_hands(Some(asker.seat));
                }
                // The token carries the name.
                self.welcome(asker.seat, now);
                Ok(())
            }
            SocketAct::HandRaise { question } => {
                let question = match question.filter(|question| !question.trim().is_empty()) {
                    Some(question) => Some(text::lines(&question, MAX_QUESTION_CHARS).ok_or(SocketRefusal::BadText)?),
                    None => None,
                };
                let (name, guest) = (self.name_of(asker.seat), asker.person.is_none());
                self.hands.raise(asker.seat, (&name, guest), question, now).map_err(|_| SocketRefusal::Full)?;
                self.tell_hands(Some(asker.seat));
                Ok(())
            }
            SocketAct::HandLower { seat } => {
                let seat = seat.unwrap_or(asker.seat);
                if seat != asker.seat && !asker.role.moderates() {
                    return Err(SocketRefusal::NotAllowed);
                }
                if !self.hands.lower(seat) {
                    return if seat == asker.seat { Ok(()) } else { Err(SocketRefusal::Unknown) };
                }
                self.tell_hands(Some(seat));
                if seat != asker.seat {
                    self.notice(seat, ModerationNotice::HandLowered);
                }
                Ok(())
            }
            SocketAct::React { reaction } => self.react(now, asker, reaction),
            _ => Err(SocketRefusal::Unknown),
        }
    }

    fn react(&mut self, now: OffsetDateTime, asker: Asker, reaction: Reaction) -> Done {
        if !self.may(asker).react {
            return Err(SocketRefusal::SwitchedOff);
        }
        if self.seats.len() >= MANY {
            self.count_reaction(reaction, now);
        } else {
            let shown = self.seats.get(&asker.seat).is_some_and(Presence::is_shown);
            let lines = self.lines_where(|_| true);
            let seat = shown.then_some(asker.seat);
            self.tell_lines(lines, SocketMessage::Reaction { seat, reaction, count: 1 });
        }
        Ok(())
    }

    /// The same for somebody who has no socket here.
    pub(super) fn moderated(&mut self, now: OffsetDateTime, by: By, act: SocketAct) -> Done {
        let asker = Asker { line: NO_LINE, seat: by.seat, person: Some(by.person), role: by.role };
        let done = self.moderate(now, asker, act);
        self.tell_changes();
        done
    }

    fn moderate(&mut self, now: OffsetDateTime, asker: Asker, act: SocketAct) -> Done {
        match act {
            SocketAct::HandsClear => {
                let lowered = self.hands.clear();
                self.tell_hands(None);
                for seat in lowered {
                    self.notice(seat, ModerationNotice::HandLowered);
                }
            }
            SocketAct::Admit { seat } => {
                self.admit(now, seat)?;
                self.tell_lobby();
                self.audit("admitted", asker);
            }
            SocketAct::AdmitAll => {
                let waiting: Vec<SeatId> = self.lobby.iter().map(|one| one.id).collect();
                let before = waiting.len();
                let done = waiting.into_iter().try_for_each(|seat| self.admit(now, seat));
                if self.lobby.len() < before {
                    self.tell_lobby();
                    self.audit("admitted", asker);
                }
                done?;
            }
            SocketAct::Refuse { seat } => {
                if !self.lobby.iter().any(|one| one.id == seat) {
                    return Err(SocketRefusal::Unknown);
                }
                self.remember_removed(seat, now);
                self.send_off(now, seat, PresenceEnded::NotAdmitted);
                self.tell_lobby();
                self.keep();
                self.audit("not_admitted", asker);
            }
            SocketAct::Mute { seat } => {
                self.below(asker, seat)?;
                self.mute(seat);
                self.audit("muted", asker);
            }
            SocketAct::MuteAll => {
                let others = |one: &&Presence| !one.role.moderates() && one.is_shown();
                let seats: Vec<SeatId> = self.seats.values().filter(others).map(|one| one.id).collect();
                for seat in seats {
                    self.mute(seat);
                }
                self.audit("all_muted", asker);
            }
            SocketAct::StopVideo { seat } => self.stop(asker, seat, ModerationNotice::VideoStopped)?,
            SocketAct::StopShare { seat } => self.stop(asker, seat, ModerationNotice::ShareStopped)?,
            SocketAct::Remove { seat } => self.remove(now, asker, seat)?,
            SocketAct::SetRole { seat, role } => self.set_role(now, asker, seat, role)?,
            SocketAct::Stage { seat, on } => self.stage(now, asker, seat, on)?,
            SocketAct::SetRules(change) => {
                let before = self.rules;
                self.rules.change(change);
                if self.rules != before {
                    self.rules_changed();
                    self.audit("rules_changed", asker);
                }
            }
            SocketAct::SetWaitingText { text } => {
                let text = match text.trim() {
                    "" => String::new(),
                    text => text::lines(text, MAX_WAITING_TEXT_CHARS).ok_or(SocketRefusal::BadText)?,
                };
                if std::mem::replace(&mut self.waiting_text, text) != self.waiting_text {
                    self.tell_lobby();
                    self.tell_lobby_itself(now);
                    self.keep();
                    self.audit("waiting_text_changed", asker);
                }
            }
            SocketAct::FindListeners { name } => {
                let wanted = name.trim().to_lowercase();
                let mut listeners: Vec<_> = self
                    .seats
                    .values()
                    .filter(|one| !one.role.speaks() && one.name.to_lowercase().contains(&wanted))
                    .take(MAX_FOUND + 1)
                    .map(Presence::told)
                    .collect();
                let more = listeners.len() > MAX_FOUND;
                listeners.truncate(MAX_FOUND);
                self.tell(asker.line, SocketMessage::Found { listeners, more });
            }
            _ => return Err(SocketRefusal::Unknown),
        }
        Ok(())
    }

    fn remove(&mut self, now: OffsetDateTime, asker: Asker, seat: SeatId) -> Done {
        let waits = self.lobby.iter().any(|one| one.id == seat);
        if !waits {
            self.below(asker, seat)?;
        }
        if seat == asker.seat || self.is_owners(seat) {
            return Err(SocketRefusal::NotAllowed);
        }
        self.remember_removed(seat, now);
        self.send_off(now, seat, PresenceEnded::Removed);
        if waits {
            self.tell_lobby();
        }
        self.keep();
        self.audit("removed", asker);
        Ok(())
    }

    fn admit(&mut self, now: OffsetDateTime, seat: SeatId) -> Done {
        let one = self.lobby.iter().find(|one| one.id == seat).ok_or(SocketRefusal::Unknown)?;
        if self.is_full_for(one.role) {
            return Err(SocketRefusal::Full);
        }
        // Whoever was removed before has been let in again.
        if let Some(one) = self.leave_lobby(seat) {
            let before = self.kept.removed.len();
            self.kept.removed.retain(|(other, _)| *other != seat);
            if self.kept.removed.len() < before {
                self.keep();
            }
            self.take_seat(one, now);
        }
        Ok(())
    }

    fn mute(&mut self, seat: SeatId) {
        self.push(Output::Media(MediaOrder::Mute(seat)));
        self.notice(seat, ModerationNotice::Muted);
    }

    /// Ends what somebody shows: takes the permission away, which ends it at once, and gives it back.
    fn stop(&mut self, asker: Asker, seat: SeatId, what: ModerationNotice) -> Done {
        self.below(asker, seat)?;
        let Some(one) = self.seats.get(&seat) else { return Err(SocketRefusal::Unknown) };
        let (permissions, mut without) = (self.permissions(one), self.permissions(one));
        match what {
            ModerationNotice::ShareStopped => without.publish.screen = false,
            _ => without.publish.camera = false,
        }
        self.push(Output::Media(MediaOrder::Permit(seat, without)));
        self.push(Output::Media(MediaOrder::Permit(seat, permissions)));
        self.notice(seat, what);
        self.audit(what.as_str(), asker);
        Ok(())
    }

    fn set_role(&mut self, now: OffsetDateTime, asker: Asker, seat: SeatId, role: MeetingRole) -> Done {
        let one = self.presence_mut(seat).ok_or(SocketRefusal::Unknown)?;
        let (before, guest) = (one.role, one.guest());
        if before == role {
            return Ok(());
        }
        if self.is_owners(seat) {
            return Err(SocketRefusal::NotAllowed);
        }
        let hosts = [before, role].contains(&MeetingRole::Host);
        if (hosts && asker.role != MeetingRole::Host)
            || (guest && matches!(role, MeetingRole::Host | MeetingRole::Participant))
            || (!guest && role == MeetingRole::Guest)
            || (role == MeetingRole::Listener && !self.is_lecture())
        {
            return Err(SocketRefusal::NotAllowed);
        }
        let another_host = |one: &Presence| one.role == MeetingRole::Host && one.id != seat;
        if before == MeetingRole::Host && !self.seats.values().any(another_host) {
            return Err(SocketRefusal::NotAllowed);
        }
        if role.speaks() != before.speaks() && self.is_full_for(role) {
            return Err(SocketRefusal::Full);
        }
        if let Some(one) = self.presence_mut(seat) {
            one.role = role;
            if role.speaks() {
                one.on_stage = false;
            }
        }
        self.kept.roles.insert(seat, role);
        self.kept.stage.remove(&seat);
        self.seat_changed(now, seat);
        self.keep();
        self.audit("role_changed", asker);
        Ok(())
    }

    fn stage(&mut self, now: OffsetDateTime, asker: Asker, seat: SeatId, on: bool) -> Done {
        let there = self.seats.values().filter(|one| one.on_stage).count();
        let one = self.seats.get_mut(&seat).ok_or(SocketRefusal::Unknown)?;
        if one.role.speaks() {
            return Err(SocketRefusal::NotAllowed);
        }
        if one.on_stage == on {
            return Ok(());
        }
        if on && there >= MAX_ON_STAGE {
            return Err(SocketRefusal::Full);
        }
        one.on_stage = on;
        if on {
            self.kept.stage.insert(seat)
        } else {
            self.kept.stage.remove(&seat)
        };
        if on && self.hands.lower(seat) {
            self.tell_hands(Some(seat));
        }
        self.seat_changed(now, seat);
        self.notice(seat, if on { ModerationNotice::OnStage } else { ModerationNotice::OffStage });
        self.keep();
        self.audit(if on { "brought_on_stage" } else { "let_off_stage" }, asker);
        Ok(())
    }

    /// Somebody's role or place changed: the media plane, they and the others must know.
    pub(super) fn seat_changed(&mut self, now: OffsetDateTime, seat: SeatId) {
        let Some(one) = self.seats.get(&seat) else {
            self.tell_lobby();
            return;
        };
        self.push(Output::Media(MediaOrder::Permit(seat, self.permissions(one))));
        self.mark(seat, now);
        self.welcome(seat, now);
    }

    fn rules_changed(&mut self) {
        let holds_up = self.rules.locked || self.rules.lobby;
        let there = || self.seats.keys().copied().collect();
        self.kept.inside = holds_up.then(|| self.kept.inside.take().unwrap_or_else(there));
        let lines = self.lines_where(|_| true);
        self.tell_lines(lines, SocketMessage::Rules(self.rules.told()));
        let others = |one: &&Presence| !one.role.moderates();
        let seats: Vec<SeatId> = self.seats.values().filter(others).map(|one| one.id).collect();
        for seat in seats {
            let Some(one) = self.seats.get(&seat) else { continue };
            let (may, line, shown) = (self.rules.may(one.role, one.on_stage), one.line, one.is_shown());
            let own = self.own(one);
            if shown {
                self.push(Output::Media(MediaOrder::Permit(seat, in_the_plane(may, false))));
            }
            if let Some(line) = line {
                self.tell(line, SocketMessage::Own(own));
            }
        }
        self.keep();
    }

    fn remember_removed(&mut self, seat: SeatId, now: OffsetDateTime) {
        let mark = self.presence_mut(seat).and_then(|one| one.mark.filter(|_| one.guest()));
        self.kept.removed.retain(|(other, _)| *other != seat);
        self.kept.removed.push((seat, unix_millis(now)));
        self.kept.removed_marks.extend(mark);
        let over = self.kept.removed.len().saturating_sub(MAX_REMOVED);
        self.kept.removed.drain(..over);
        let over = self.kept.removed_marks.len().saturating_sub(MAX_REMOVED);
        self.kept.removed_marks.drain(..over);
    }

    /// Whether the asker may act on this one: nobody but a host acts on hosts.
    fn below(&self, asker: Asker, seat: SeatId) -> Done {
        let one = self.seats.get(&seat).ok_or(SocketRefusal::Unknown)?;
        if one.role == MeetingRole::Host && asker.role != MeetingRole::Host {
            return Err(SocketRefusal::NotAllowed);
        }
        Ok(())
    }

    /// Whether it is the seat of the room's owner: whoever else runs the meeting goes one day, and somebody must be able to
    /// end it.
    fn is_owners(&self, seat: SeatId) -> bool {
        self.seats.get(&seat).is_some_and(|one| self.is_owner(one.person))
    }

    fn notice(&mut self, seat: SeatId, what: ModerationNotice) {
        if let Some(line) = self.seats.get(&seat).and_then(|one| one.line) {
            match what {
                ModerationNotice::HandLowered => self.tell(line, SocketMessage::Moderated { what }),
                _ => self.push(Output::Notice { line, what }),
            }
        }
    }

    fn audit(&mut self, action: &'static str, asker: Asker) {
        self.push(Output::Audit { action, by: asker.person });
    }

    fn may(&self, asker: Asker) -> fernamt_api::conference::socket::SeatPermissions {
        let on_stage = self.seats.get(&asker.seat).is_some_and(|one| one.on_stage);
        self.rules.may(asker.role, on_stage)
    }

    fn name_of(&self, seat: SeatId) -> String {
        self.seats.get(&seat).map(|one| one.name.clone()).unwrap_or_default()
    }
}

fn in_pace(one: &mut Presence, act: &SocketAct, now: OffsetDateTime) -> bool {
    match act {
        SocketAct::ChatSend { .. } | SocketAct::ChatEdit { .. } | SocketAct::Rename { .. } => one.sayings.take(now),
        SocketAct::React { .. }
        | SocketAct::ChatReact { .. }
        | SocketAct::HandRaise { .. }
        | SocketAct::MediaTicket => one.signs.take(now),
        _ => true,
    }
}
