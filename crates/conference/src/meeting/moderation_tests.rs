//! What moderation must hold against: those who leave, come back by a side door, knock in masses, or try to unseat the owner.

use super::*;

fn rules(locked: bool, lobby: bool) -> SocketAct {
    SocketAct::SetRules(RulesChange { locked: Some(locked), lobby: Some(lobby), ..RulesChange::default() })
}

impl Room {
    fn back(&mut self, line: u64, claim: Claim) -> Vec<SocketMessage> {
        self.handle(Input::Hello { line: LineId(line), claim, resumes: true, name: None });
        self.take(line)
    }

    fn leave(&mut self, line: u64) {
        self.handle(Input::Act { line: LineId(line), re: None, act: SocketAct::Leave });
    }
}

#[test]
fn the_media_room_is_closed_when_the_last_seat_is_gone_for_good() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.join(2, MeetingRole::Guest);
    room.leave(1);
    room.handle(Input::Gone { line: LineId(2) });
    room.pass(Duration::seconds((SEAT_WAITS_S - 1).into()));
    assert!(!room.orders.contains(&MediaOrder::Close), "the guest may come back");
    room.pass(Duration::seconds(1));
    assert_eq!(room.orders.last(), Some(&MediaOrder::Close));
    room.join(3, MeetingRole::Guest);
    room.leave(3);
    assert_eq!(room.orders.iter().filter(|order| **order == MediaOrder::Close).count(), 2, "each time anew");
}

#[test]
fn nobody_removes_or_unmakes_the_owner() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.join(2, MeetingRole::Participant);
    room.join(3, MeetingRole::Cohost);
    assert_eq!(room.act(1, SocketAct::SetRole { seat: seat(2), role: MeetingRole::Host }), Ok(()));
    for by in [2, 3] {
        for act in [
            SocketAct::Remove { seat: seat(1) },
            SocketAct::SetRole { seat: seat(1), role: MeetingRole::Participant },
            SocketAct::SetRole { seat: seat(1), role: MeetingRole::Cohost },
        ] {
            assert_eq!(room.act(by, act), Err(SocketRefusal::NotAllowed));
        }
    }
    assert_eq!(room.act(1, SocketAct::Remove { seat: seat(2) }), Ok(()), "the owner removes a host that they made");
    assert_eq!(room.act(1, SocketAct::EndForAll), Ok(()));
}

#[test]
fn a_spare_token_beats_neither_lock_nor_lobby_nor_removal() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    let mark = Some([9; 16]);
    for n in [2, 3] {
        room.hello(n, Claim { mark, ..claim(n.into(), MeetingRole::Guest) });
    }
    let spare = room.last_token(3);
    room.leave(3);
    assert_eq!(room.act(1, rules(true, false)), Ok(()));
    let told = room.back(13, spare.clone());
    assert!(matches!(told.as_slice(), [SocketMessage::Ended { why: PresenceEnded::Locked }]), "{told:?}");
    assert_eq!(room.act(1, rules(false, true)), Ok(()));
    let told = room.back(14, spare.clone());
    assert!(matches!(told.as_slice(), [SocketMessage::Waiting(_)]), "who left is new: {told:?}");
    room.leave(14);
    assert_eq!(room.act(1, rules(false, false)), Ok(()));
    assert_eq!(room.act(1, SocketAct::Remove { seat: seat(2) }), Ok(()));
    let told = room.back(15, spare);
    assert!(matches!(told.as_slice(), [SocketMessage::Waiting(_)]), "the removed browser waits: {told:?}");
}

#[test]
fn who_was_in_when_it_was_locked_comes_back_even_late_and_after_a_restart() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.join(2, MeetingRole::Guest);
    assert_eq!(room.act(1, rules(true, false)), Ok(()));
    let token = room.last_token(2);
    room.handle(Input::Gone { line: LineId(2) });
    room.pass(Duration::seconds((SEAT_WAITS_S + 1).into()));
    assert_eq!(room.meeting.counts().seated, 1);
    let told = room.back(12, token.clone());
    assert!(matches!(told.as_slice(), [SocketMessage::Welcome(_), ..]), "{told:?}");
    let kept = serde_json::from_value(serde_json::to_value(room.kept.clone().unwrap()).unwrap()).unwrap();
    let mut again = Room::with(RoomKind::Meeting, kept, Vec::new());
    let told = again.back(22, token);
    assert!(matches!(told.as_slice(), [SocketMessage::Welcome(_), ..]), "{told:?}");
    again.join(3, MeetingRole::Guest);
    assert!(matches!(again.take(3).as_slice(), [SocketMessage::Ended { why: PresenceEnded::Locked }]));
}

#[test]
fn hosts_read_few_messages_of_many_who_knock() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.take(1);
    for n in 100..500 {
        room.hello(n, Claim { place: EntryPlace::Lobby, ..claim(n.into(), MeetingRole::Guest) });
        room.pass(Duration::milliseconds(5));
    }
    room.pass(Duration::seconds(5));
    let told = room.take(1);
    let lobbies: Vec<usize> = told
        .iter()
        .filter_map(|message| match message {
            SocketMessage::Lobby { waiting, .. } => Some(waiting.len()),
            _ => None,
        })
        .collect();
    assert!(lobbies.len() <= 12, "{} messages in two seconds", lobbies.len());
    assert_eq!(lobbies.last(), Some(&400), "and the last one tells of all");
    assert!(told.len() < 64, "{} messages in all", told.len());
    assert_eq!(room.act(1, SocketAct::Admit { seat: seat(100) }), Ok(()));
    let told = room.take(1);
    let after = told.iter().position(|message| matches!(message, SocketMessage::Lobby { .. }));
    let done = told.iter().position(|message| matches!(message, SocketMessage::Done { .. }));
    assert!(after.is_some() && after < done, "what a host does is told before it is answered: {told:?}");
}

#[test]
fn each_act_of_a_host_is_written_down_once() {
    let mut room = Room::new(RoomKind::Lecture);
    room.join(1, MeetingRole::Host);
    for n in 2..5 {
        room.join(n, MeetingRole::Participant);
    }
    room.join(5, MeetingRole::Listener);
    for n in 6..10 {
        room.hello(n, Claim { place: EntryPlace::Lobby, ..claim(n.into(), MeetingRole::Guest) });
    }
    assert_eq!(room.act(2, say("Werbung")), Ok(()));
    assert_eq!(room.act(1, say("Guten Tag")), Ok(()));
    let cases: Vec<(SocketAct, &[&str])> = vec![
        (SocketAct::Admit { seat: seat(6) }, &["admitted"]),
        (SocketAct::Refuse { seat: seat(7) }, &["not_admitted"]),
        (SocketAct::AdmitAll, &["admitted"]),
        (SocketAct::AdmitAll, &[]),
        (SocketAct::Mute { seat: seat(2) }, &["muted"]),
        (SocketAct::MuteAll, &["all_muted"]),
        (SocketAct::StopVideo { seat: seat(2) }, &["video_stopped"]),
        (SocketAct::StopShare { seat: seat(2) }, &["share_stopped"]),
        (SocketAct::SetRole { seat: seat(2), role: MeetingRole::Presenter }, &["role_changed"]),
        (SocketAct::SetRole { seat: seat(2), role: MeetingRole::Presenter }, &[]),
        (SocketAct::Stage { seat: seat(5), on: true }, &["brought_on_stage"]),
        (SocketAct::Stage { seat: seat(5), on: false }, &["let_off_stage"]),
        (rules(true, false), &["rules_changed"]),
        (rules(true, false), &[]),
        (SocketAct::SetWaitingText { text: "Gleich".into() }, &["waiting_text_changed"]),
        (SocketAct::SetWaitingText { text: "Gleich".into() }, &[]),
        (SocketAct::ChatDelete { id: 1 }, &["message_deleted"]),
        (SocketAct::ChatDelete { id: 2 }, &[]),
        (SocketAct::HandsClear, &[]),
        (SocketAct::Remove { seat: seat(3) }, &["removed"]),
        // The end is written down where it is made.
        (SocketAct::EndForAll, &[]),
    ];
    for (act, wanted) in cases {
        room.audited.clear();
        assert_eq!(room.act(1, act.clone()), Ok(()), "{act:?}");
        assert_eq!(room.audited, wanted, "{act:?}");
    }
}

#[test]
fn a_guest_is_marked_in_what_they_said_and_asked_also_for_who_never_met_them() {
    let mut room = Room::new(RoomKind::Lecture);
    room.join(1, MeetingRole::Host);
    room.join(2, MeetingRole::Participant);
    room.join(3, MeetingRole::Listener);
    room.join(4, MeetingRole::Guest);
    let to = |n| ChatTo::One { seat: seat(n) };
    let write = |to| SocketAct::ChatSend { to, text: "Guten Tag".into(), reply_to: None };
    for (by, to) in [(2, ChatTo::Everybody), (3, ChatTo::Everybody), (4, to(1)), (1, to(4)), (1, to(2))] {
        assert_eq!(room.act(by, write(to)), Ok(()));
    }
    for by in [2, 3] {
        assert_eq!(room.act(by, SocketAct::HandRaise { question: None }), Ok(()));
    }
    let raised = room.take(1).into_iter().rev().find_map(|message| match message {
        SocketMessage::Hands { hands, .. } => Some(hands),
        _ => None,
    });
    let raised: Vec<_> = raised.unwrap().iter().map(|hand| (hand.seat, hand.guest)).collect();
    assert_eq!(raised, [(seat(2), false), (seat(3), true)]);

    // Only what is stored outlives a restart.
    let stored = serde_json::from_str(&serde_json::to_string(&room.stored).unwrap()).unwrap();
    let mut room = Room::with(RoomKind::Lecture, Kept::default(), stored);
    room.join(1, MeetingRole::Host);
    let Some(SocketMessage::Welcome(welcome)) = room.take(1).into_iter().next() else { panic!("no welcome") };
    let marks: Vec<_> = welcome.chat.iter().map(|message| (message.guest, message.to_guest)).collect();
    assert_eq!(marks, [(false, false), (true, false), (true, false), (false, true), (false, false)]);
}
