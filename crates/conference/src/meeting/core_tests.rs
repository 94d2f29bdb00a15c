use fernamt_api::conference::{
    entry::{MediaPlace, MeetingHouse},
    socket::{ChatRule, ChatTo, ModerationNotice, RulesChange, Seat},
};
use fernamt_domain::{
    MeetingId,
    conference::{Permissions, ProtectionClass},
};
use proptest::prelude::*;
use uuid::Uuid;

use super::*;

#[path = "moderation_tests.rs"]
mod moderation;

const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;

/// A meeting with what each socket was told.
struct Room {
    meeting: Meeting,
    now: OffsetDateTime,
    told: BTreeMap<LineId, Vec<SocketMessage>>,
    closed: BTreeMap<LineId, u16>,
    orders: Vec<MediaOrder>,
    stored: Vec<Saying>,
    kept: Option<Kept>,
    audited: Vec<&'static str>,
    tokens: Arc<std::sync::Mutex<Vec<Claim>>>,
}

fn facts(kind: RoomKind) -> MeetingFacts {
    let protection = ProtectionClass::Open;
    MeetingFacts {
        id: MeetingId(Uuid::nil()),
        title: "Lagebesprechung".into(),
        kind,
        protection,
        safeguards: protection.safeguards(),
        starts_at: None,
        ends_at: None,
        closes_at: T0 + Duration::hours(8),
        held_by: "Ada".into(),
        house: MeetingHouse {
            name: "Amt".into(),
            host: "amt.example".into(),
            media: MediaPlace::ThisServer,
            media_host: "amt.example".into(),
        },
        kept: Vec::new(),
    }
}

fn seat(n: u128) -> SeatId {
    SeatId(Uuid::from_u128(n))
}

fn claim(n: u128, role: MeetingRole) -> Claim {
    let guest = matches!(role, MeetingRole::Guest | MeetingRole::Listener);
    Claim {
        seat: seat(n),
        person: (!guest).then(|| PersonId(Uuid::from_u128(n))),
        name: (!guest).then(|| format!("Person {n}")),
        role,
        place: EntryPlace::Seat,
        by_pin: false,
        invited: false,
        mark: None,
        at: T0,
    }
}

impl Room {
    fn with(kind: RoomKind, kept: Kept, chat: Vec<Saying>) -> Self {
        let tokens: Arc<std::sync::Mutex<Vec<Claim>>> = Arc::default();
        let made = Arc::clone(&tokens);
        let rules = match kind {
            RoomKind::Lecture => Permissions::of_lecture(),
            _ => Permissions::default(),
        };
        let meeting = Meeting::new(Beginning {
            facts: facts(kind),
            owner: PersonId(Uuid::from_u128(1)),
            rules: rules.into(),
            waiting_text: "Gleich geht es los.".into(),
            limits: SeatLimits { participants: 60, listeners: 500 },
            kept,
            chat,
            began_at: T0,
            seal: Box::new(move |claim| {
                let mut made = made.lock().unwrap();
                made.push(claim.clone());
                (made.len() - 1).to_string()
            }),
        });
        let (told, closed) = (BTreeMap::new(), BTreeMap::new());
        Self { meeting, now: T0, told, closed, orders: vec![], stored: vec![], kept: None, audited: vec![], tokens }
    }

    fn new(kind: RoomKind) -> Self {
        Self::with(kind, Kept::default(), Vec::new())
    }

    fn handle(&mut self, input: Input) {
        self.meeting.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.meeting.poll() {
            match output {
                Output::Tell { lines, message } => {
                    for line in lines {
                        assert!(!self.closed.contains_key(&line), "a closed socket was told {message:?}");
                        self.told.entry(line).or_default().push((*message).clone());
                    }
                }
                Output::Close { line, code } => {
                    self.closed.insert(line, code);
                }
                Output::Media(order) => self.orders.push(order),
                Output::Notice { line, what } => {
                    self.told.entry(line).or_default().push(SocketMessage::Moderated { what });
                }
                Output::Store(saying) => self.stored.push(saying),
                Output::Keep(kept) => self.kept = Some(kept),
                Output::Audit { action, .. } => self.audited.push(action),
                _ => {}
            }
        }
    }

    fn hello(&mut self, line: u64, claim: Claim) {
        let name = Some(format!("Gast {line}"));
        self.handle(Input::Hello { line: LineId(line), claim, resumes: false, name });
    }

    /// Somebody comes on the socket of the same number.
    fn join(&mut self, n: u64, role: MeetingRole) -> SeatId {
        self.hello(n, claim(n.into(), role));
        seat(n.into())
    }

    /// An act, and its answer.
    fn act(&mut self, line: u64, act: SocketAct) -> Result<(), SocketRefusal> {
        self.now += Duration::seconds(1);
        let re = 7;
        let before = self.told.get(&LineId(line)).map_or(0, Vec::len);
        self.handle(Input::Act { line: LineId(line), re: Some(re), act });
        let answers = self.told.get(&LineId(line)).into_iter().flatten().skip(before);
        let mut answers = answers.filter_map(|message| match message {
            SocketMessage::Done { re: 7 } => Some(Ok(())),
            SocketMessage::Refused { re: Some(7), why } => Some(Err(*why)),
            _ => None,
        });
        let answer = answers.next().expect("every act with a number is answered");
        assert_eq!(answers.next(), None, "and only once");
        answer
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.handle(Input::Tick);
    }

    fn take(&mut self, line: u64) -> Vec<SocketMessage> {
        self.told.remove(&LineId(line)).unwrap_or_default()
    }

    /// What a socket knows of the roster after all it was told.
    fn roster(&self, line: u64) -> BTreeMap<SeatId, Seat> {
        let mut known = BTreeMap::new();
        for message in self.told.get(&LineId(line)).into_iter().flatten() {
            match message {
                SocketMessage::Welcome(welcome) => {
                    known = welcome.roster.iter().map(|seat| (seat.id, seat.clone())).collect();
                }
                SocketMessage::Roster(change) => {
                    known.extend(change.seats.iter().map(|seat| (seat.id, seat.clone())));
                    change.gone.iter().for_each(|seat| {
                        known.remove(seat);
                    });
                }
                _ => {}
            }
        }
        known
    }

    fn last_token(&self, n: u128) -> Claim {
        self.tokens.lock().unwrap().iter().rev().find(|claim| claim.seat == seat(n)).cloned().unwrap()
    }
}

fn count(messages: &[SocketMessage], wanted: impl Fn(&SocketMessage) -> bool) -> usize {
    messages.iter().filter(|message| wanted(message)).count()
}

fn say(text: &str) -> SocketAct {
    SocketAct::ChatSend { to: ChatTo::Everybody, text: text.into(), reply_to: None }
}

const EVERY_ROLE: [MeetingRole; 6] = [
    MeetingRole::Host,
    MeetingRole::Cohost,
    MeetingRole::Presenter,
    MeetingRole::Participant,
    MeetingRole::Guest,
    MeetingRole::Listener,
];

/// Each act, and which roles may ask for it in a meeting as it begins (`true` for host, co-host, presenter, participant,
/// guest, listener in a lecture).
#[test]
fn who_may_do_what() {
    let target = seat(50);
    let waiting = seat(60);
    let everybody = [true; 6];
    let hosts = [true, true, false, false, false, false];
    let matrix: Vec<(SocketAct, [bool; 6])> = vec![
        (say("Guten Morgen"), everybody),
        (SocketAct::ChatSend { to: ChatTo::Hosts, text: "Frage".into(), reply_to: None }, everybody),
        (
            SocketAct::ChatSend { to: ChatTo::One { seat: target }, text: "Psst".into(), reply_to: None },
            [true, true, true, true, true, false],
        ),
        (SocketAct::ChatHistory { before: 1 }, everybody),
        (SocketAct::HandRaise { question: Some("Wann?".into()) }, everybody),
        (SocketAct::HandLower { seat: None }, everybody),
        (SocketAct::React { reaction: Reaction::Clap }, everybody),
        (SocketAct::MediaTicket, everybody),
        (SocketAct::Rename { name: "Neu".into() }, [false, false, false, false, true, true]),
        (SocketAct::HandsClear, hosts),
        (SocketAct::Admit { seat: waiting }, hosts),
        (SocketAct::AdmitAll, hosts),
        (SocketAct::Refuse { seat: waiting }, hosts),
        (SocketAct::Mute { seat: target }, hosts),
        (SocketAct::MuteAll, hosts),
        (SocketAct::StopVideo { seat: target }, hosts),
        (SocketAct::StopShare { seat: target }, hosts),
        (SocketAct::Remove { seat: target }, hosts),
        (SocketAct::SetRole { seat: target, role: MeetingRole::Cohost }, hosts),
        (SocketAct::SetRole { seat: target, role: MeetingRole::Host }, [true, false, false, false, false, false]),
        (SocketAct::SetRules(RulesChange { locked: Some(true), ..RulesChange::default() }), hosts),
        (SocketAct::SetWaitingText { text: "Fünf Minuten".into() }, hosts),
        (SocketAct::FindListeners { name: "a".into() }, hosts),
        (SocketAct::EndForAll, hosts),
    ];
    for (act, may) in matrix {
        for (role, may) in EVERY_ROLE.into_iter().zip(may) {
            let kind = if role == MeetingRole::Listener { RoomKind::Lecture } else { RoomKind::Meeting };
            let mut room = Room::new(kind);
            room.join(99, MeetingRole::Host);
            room.join(50, MeetingRole::Participant);
            room.hello(60, Claim { place: EntryPlace::Lobby, ..claim(60, MeetingRole::Guest) });
            room.join(1, role);
            let before =
                (room.orders.len(), room.audited.len(), room.stored.len(), room.meeting.rules, room.meeting.counts());
            let answer = room.act(1, act.clone());
            assert_eq!(answer.is_ok(), may, "{role}: {act:?} gave {answer:?}");
            if !may {
                let after = (
                    room.orders.len(),
                    room.audited.len(),
                    room.stored.len(),
                    room.meeting.rules,
                    room.meeting.counts(),
                );
                assert_eq!(before, after, "{role}: a refused {act:?} changes nothing");
            }
        }
    }
}

#[test]
fn who_waits_can_do_nothing_but_wait_and_leave() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.hello(2, Claim { place: EntryPlace::Lobby, ..claim(2, MeetingRole::Guest) });
    for act in [
        say("Hallo?"),
        SocketAct::MediaTicket,
        SocketAct::Admit { seat: seat(2) },
        SocketAct::HandRaise { question: None },
    ] {
        assert_eq!(room.act(2, act), Err(SocketRefusal::NotSeated));
    }
    let told = room.take(2);
    assert_eq!(count(&told, |message| matches!(message, SocketMessage::Waiting(waiting) if waiting.host_present)), 1);
    assert_eq!(count(&told, |message| matches!(message, SocketMessage::Roster(_) | SocketMessage::Chat(_))), 0);
    room.handle(Input::Act { line: LineId(2), re: None, act: SocketAct::Leave });
    assert_eq!(room.closed[&LineId(2)], close::ENDED);
    assert_eq!(room.meeting.counts().waiting, 0);
}

#[test]
fn hosts_admit_one_or_all_and_refuse() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    assert_eq!(room.act(1, SocketAct::SetRules(RulesChange { lobby: Some(true), ..RulesChange::default() })), Ok(()));
    for n in 2..6 {
        room.join(n, MeetingRole::Participant);
    }
    assert_eq!((room.meeting.counts().seated, room.meeting.counts().waiting), (1, 4));
    assert_eq!(room.act(1, SocketAct::Admit { seat: seat(2) }), Ok(()));
    assert_eq!(room.act(1, SocketAct::Admit { seat: seat(2) }), Err(SocketRefusal::Unknown));
    assert_eq!(room.act(1, SocketAct::Refuse { seat: seat(3) }), Ok(()));
    assert_eq!(room.act(1, SocketAct::AdmitAll), Ok(()));
    assert_eq!((room.meeting.counts().seated, room.meeting.counts().waiting), (4, 0));
    let told = room.take(3);
    assert_eq!(count(&told, |message| matches!(message, SocketMessage::Ended { why: PresenceEnded::NotAdmitted })), 1);
    assert!(matches!(room.take(4).as_slice(), [SocketMessage::Waiting(_), SocketMessage::Welcome(_), ..]));
}

#[test]
fn a_lost_line_keeps_the_seat_and_comes_back_with_a_snapshot() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.join(2, MeetingRole::Guest);
    room.pass(Duration::seconds(1));
    room.handle(Input::Gone { line: LineId(2) });
    room.pass(Duration::seconds(1));
    assert!(room.roster(1)[&seat(2)].away, "the others see that the line is interrupted");
    assert_eq!(room.act(1, say("Ist er weg?")), Ok(()));
    let token = room.last_token(2);
    room.handle(Input::Hello { line: LineId(22), claim: token, resumes: true, name: None });
    let told = room.take(22);
    let [SocketMessage::Welcome(welcome), ..] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(welcome.own.seat.id, seat(2));
    assert_eq!(welcome.own.seat.name, "Gast 2");
    assert_eq!(welcome.chat.len(), 1);
    room.handle(Input::Gone { line: LineId(22) });
    room.pass(Duration::seconds((SEAT_WAITS_S - 1).into()));
    assert_eq!(room.meeting.counts().seated, 2);
    room.pass(Duration::seconds(2));
    assert_eq!(room.meeting.counts().seated, 1);
    assert!(room.orders.contains(&MediaOrder::Remove(seat(2))));
    assert!(
        !room.roster(1).contains_key(&seat(2)) || {
            room.pass(Duration::seconds(1));
            !room.roster(1).contains_key(&seat(2))
        }
    );
}

#[test]
fn a_second_tab_takes_the_seat_over() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.hello(11, claim(1, MeetingRole::Host));
    assert_eq!(room.closed[&LineId(1)], close::ELSEWHERE);
    assert_eq!(room.meeting.counts().seated, 1);
    room.handle(Input::Gone { line: LineId(1) });
    assert_eq!(room.act(11, say("Hier bin ich")), Ok(()), "the old socket's end takes nothing away");
}

#[test]
fn who_was_removed_does_not_come_back_by_themselves() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    let mark = Some([9; 16]);
    room.hello(2, Claim { mark, ..claim(2, MeetingRole::Guest) });
    room.join(3, MeetingRole::Participant);
    let old = room.last_token(2);
    assert_eq!(room.act(1, SocketAct::Remove { seat: seat(2) }), Ok(()));
    assert_eq!(room.act(1, SocketAct::Remove { seat: seat(3) }), Ok(()));
    assert_eq!(
        room.act(1, SocketAct::Remove { seat: seat(1) }),
        Err(SocketRefusal::NotAllowed),
        "leaving is another act"
    );
    assert!(room.orders.contains(&MediaOrder::Remove(seat(2))));
    let back = |room: &mut Room, line: u64, claim: Claim, resumes| {
        room.handle(Input::Hello { line: LineId(line), claim, resumes, name: Some("Ich".into()) });
        room.take(line)
    };
    for resumes in [true, false] {
        let told = back(&mut room, 20 + u64::from(resumes), old.clone(), resumes);
        assert!(matches!(told.as_slice(), [SocketMessage::Ended { why: PresenceEnded::Removed }]), "{told:?}");
    }
    let anew = Claim { seat: seat(200), mark, at: room.now + Duration::seconds(1), ..claim(200, MeetingRole::Guest) };
    let told = back(&mut room, 23, anew, false);
    assert!(matches!(told.as_slice(), [SocketMessage::Waiting(_)]), "the same browser waits: {told:?}");
    let anew = Claim { at: room.now + Duration::seconds(1), ..claim(3, MeetingRole::Participant) };
    let told = back(&mut room, 24, anew, false);
    assert!(matches!(told.as_slice(), [SocketMessage::Waiting(_)]), "the same person waits: {told:?}");

    let kept = serde_json::to_value(room.kept.take().unwrap()).unwrap();
    let mut again = Room::with(RoomKind::Meeting, serde_json::from_value(kept).unwrap(), Vec::new());
    let told = back(&mut again, 25, old, true);
    assert!(
        matches!(told.as_slice(), [SocketMessage::Ended { why: PresenceEnded::Removed }]),
        "after a restart: {told:?}"
    );
}

#[test]
fn after_a_restart_seats_come_back_with_their_tokens_and_the_chat_is_intact() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.join(2, MeetingRole::Participant);
    room.join(3, MeetingRole::Guest);
    assert_eq!(room.act(3, say("Erstens")), Ok(()));
    assert_eq!(room.act(3, SocketAct::ChatEdit { id: 1, text: "Erstens!".into() }), Ok(()));
    assert_eq!(room.act(2, SocketAct::ChatReact { id: 1, reaction: Reaction::Heart, on: true }), Ok(()));
    assert_eq!(room.act(2, say("Weg damit")), Ok(()));
    assert_eq!(room.act(1, SocketAct::ChatDelete { id: 2 }), Ok(()));
    assert_eq!(room.act(1, SocketAct::SetRole { seat: seat(2), role: MeetingRole::Cohost }), Ok(()));
    assert_eq!(
        room.act(
            1,
            SocketAct::SetRules(RulesChange { lobby: Some(true), chat: Some(ChatRule::Off), ..RulesChange::default() })
        ),
        Ok(())
    );
    let tokens: Vec<Claim> = [1, 2, 3].map(|n| room.last_token(n)).to_vec();

    let stored: BTreeMap<u64, Saying> = room.stored.iter().map(|saying| (saying.id(), saying.clone())).collect();
    let stored: Vec<Saying> =
        serde_json::from_str(&serde_json::to_string(&stored.into_values().collect::<Vec<_>>()).unwrap()).unwrap();
    let mut again = Room::with(RoomKind::Meeting, room.kept.clone().unwrap(), stored);
    for (line, claim) in (31..).zip(tokens) {
        again.handle(Input::Hello { line: LineId(line), claim, resumes: true, name: None });
    }
    assert_eq!(again.meeting.counts().seated, 3, "the lobby is for those who are new");
    let told = again.take(32);
    let [SocketMessage::Welcome(welcome), ..] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(welcome.own.seat.role, MeetingRole::Cohost);
    assert!(welcome.rules.lobby && welcome.rules.chat == ChatRule::Off);
    let chat: Vec<(u64, &str, usize)> =
        welcome.chat.iter().map(|message| (message.id, message.text.as_str(), message.reactions.len())).collect();
    assert_eq!(chat, [(1, "Erstens!", 1)]);
    assert_eq!(again.act(31, say("Drittens")), Ok(()));
    assert_eq!(again.stored.last().map(Saying::id), Some(3), "no place in the chat is given twice");
}

#[test]
fn private_words_reach_only_whom_they_are_for() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    for n in 2..5 {
        room.join(n, MeetingRole::Participant);
    }
    assert_eq!(
        room.act(2, SocketAct::ChatSend { to: ChatTo::One { seat: seat(3) }, text: "nur du".into(), reply_to: None }),
        Ok(())
    );
    assert_eq!(
        room.act(2, SocketAct::ChatSend { to: ChatTo::Hosts, text: "nur Leitung".into(), reply_to: None }),
        Ok(())
    );
    let read =
        |room: &Room, line| count(&room.told[&LineId(line)], |message| matches!(message, SocketMessage::Chat(_)));
    assert_eq!([1, 2, 3, 4].map(|line| read(&room, line)), [1, 2, 1, 0]);
    for act in [
        SocketAct::ChatEdit { id: 1, text: "x".into() },
        SocketAct::ChatDelete { id: 1 },
        SocketAct::ChatReact { id: 1, reaction: Reaction::Heart, on: true },
        SocketAct::ChatSend { to: ChatTo::Everybody, text: "x".into(), reply_to: Some(1) },
    ] {
        assert_eq!(room.act(4, act), Err(SocketRefusal::Unknown), "whoever cannot read it does not learn of it");
    }
    assert_eq!(room.act(3, SocketAct::ChatEdit { id: 1, text: "x".into() }), Err(SocketRefusal::NotAllowed));
    let off = RulesChange { chat: Some(ChatRule::Public), ..RulesChange::default() };
    assert_eq!(room.act(1, SocketAct::SetRules(off)), Ok(()));
    let private = SocketAct::ChatSend { to: ChatTo::One { seat: seat(3) }, text: "psst".into(), reply_to: None };
    assert_eq!(room.act(2, private), Err(SocketRefusal::SwitchedOff));
}

#[test]
fn a_lecture_of_500_costs_no_roster_traffic_and_brings_listeners_onto_the_stage() {
    let mut room = Room::new(RoomKind::Lecture);
    room.join(1, MeetingRole::Host);
    room.pass(Duration::seconds(1));
    for n in 100..600 {
        room.join(n, MeetingRole::Listener);
        room.pass(Duration::milliseconds(20));
    }
    room.pass(Duration::seconds(1));
    assert_eq!(room.meeting.counts().listeners, 500);
    room.join(600, MeetingRole::Listener);
    assert!(matches!(room.take(600).as_slice(), [SocketMessage::Ended { why: PresenceEnded::Full }]));
    for line in [100, 599] {
        let told = &room.told[&LineId(line)];
        assert_eq!(count(told, |message| matches!(message, SocketMessage::Roster(_))), 0);
        assert!(count(told, |message| matches!(message, SocketMessage::Counts(_))) <= 101, "counts are gathered");
        assert_eq!(room.roster(line).len(), 2, "the host and oneself");
    }
    assert_eq!(room.act(100, SocketAct::HandRaise { question: Some("Und die Kosten?".into()) }), Ok(()));
    assert_eq!(room.act(101, SocketAct::HandRaise { question: None }), Ok(()));
    let hands = room.take(1).into_iter().rev().find_map(|message| match message {
        SocketMessage::Hands { hands, total } => Some((hands, total)),
        _ => None,
    });
    let (hands, total) = hands.unwrap();
    assert_eq!((hands[0].seat, hands[1].seat, total), (seat(100), seat(101), 2), "in the order they were raised");
    assert_eq!(count(&room.take(102), |message| matches!(message, SocketMessage::Hands { .. })), 0);

    room.orders.clear();
    assert_eq!(room.act(1, SocketAct::Stage { seat: seat(100), on: true }), Ok(()));
    let [MediaOrder::Permit(who, permissions)] = room.orders.as_slice() else { panic!("{:?}", room.orders) };
    assert!(*who == seat(100) && permissions.publish.microphone && !permissions.hidden);
    assert!(room.roster(102).contains_key(&seat(100)), "everybody sees who is on the stage");
    assert_eq!(room.act(1, SocketAct::Stage { seat: seat(100), on: false }), Ok(()));
    assert!(
        matches!(room.orders.last(), Some(MediaOrder::Permit(_, permissions)) if permissions.hidden && !permissions.publish.any())
    );
    assert!(!room.roster(102).contains_key(&seat(100)));
    let told = room.take(100);
    for what in [ModerationNotice::OnStage, ModerationNotice::OffStage] {
        assert_eq!(count(&told, |message| *message == SocketMessage::Moderated { what }), 1);
    }
    for n in 0..MAX_ON_STAGE as u128 {
        assert_eq!(room.act(1, SocketAct::Stage { seat: seat(200 + n), on: true }), Ok(()));
    }
    assert_eq!(room.act(1, SocketAct::Stage { seat: seat(300), on: true }), Err(SocketRefusal::Full));
}

#[test]
fn three_hundred_who_come_at_once_are_told_together() {
    let mut room = Room::new(RoomKind::Lecture);
    for n in 1..=50 {
        room.join(n, MeetingRole::Participant);
    }
    room.pass(Duration::seconds(1));
    let told = &room.told[&LineId(1)];
    assert!(count(told, |message| matches!(message, SocketMessage::Roster(_))) <= 1);
    assert_eq!(room.meeting.counts().seated, 50);
}

#[test]
fn muting_removing_and_rules_reach_the_media_plane() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.join(2, MeetingRole::Cohost);
    room.join(3, MeetingRole::Participant);
    room.orders.clear();
    assert_eq!(room.act(2, SocketAct::Mute { seat: seat(3) }), Ok(()));
    assert_eq!(room.orders, [MediaOrder::Mute(seat(3))]);
    for act in
        [SocketAct::Mute { seat: seat(1) }, SocketAct::Remove { seat: seat(1) }, SocketAct::StopVideo { seat: seat(1) }]
    {
        assert_eq!(room.act(2, act), Err(SocketRefusal::NotAllowed), "a co-host does not act on a host");
    }
    room.orders.clear();
    let quiet = RulesChange { may_unmute: Some(false), may_share: Some(false), ..RulesChange::default() };
    assert_eq!(room.act(1, SocketAct::SetRules(quiet)), Ok(()));
    let [MediaOrder::Permit(who, permissions)] = room.orders.as_slice() else { panic!("{:?}", room.orders) };
    assert_eq!(*who, seat(3));
    assert_eq!(
        (permissions.publish.microphone, permissions.publish.camera, permissions.publish.screen),
        (false, true, false)
    );
    room.orders.clear();
    assert_eq!(room.act(1, SocketAct::StopVideo { seat: seat(3) }), Ok(()));
    let [MediaOrder::Permit(_, without), MediaOrder::Permit(_, with)] = room.orders.as_slice() else { panic!() };
    assert!(!without.publish.camera && with.publish.camera);
    assert_eq!(
        room.act(1, SocketAct::SetRole { seat: seat(1), role: MeetingRole::Participant }),
        Err(SocketRefusal::NotAllowed),
        "one host stays"
    );
}

#[test]
fn a_revoked_seat_is_empty_at_once_and_the_end_is_for_all() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.join(2, MeetingRole::Participant);
    room.handle(Input::Revoked { seat: seat(2) });
    assert_eq!(room.closed[&LineId(2)], close::ENDED);
    assert!(room.orders.contains(&MediaOrder::Remove(seat(2))));
    room.join(3, MeetingRole::Guest);
    assert_eq!(room.act(1, SocketAct::EndForAll), Ok(()));
    assert_eq!(room.closed.len(), 3);
    assert_eq!(room.orders.last(), Some(&MediaOrder::Close));
    room.join(4, MeetingRole::Participant);
    assert!(matches!(room.take(4).as_slice(), [SocketMessage::Ended { why: PresenceEnded::MeetingEnded }]));
}

#[test]
fn its_time_ends_and_a_lock_keeps_the_new_out() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Host);
    room.join(2, MeetingRole::Guest);
    assert_eq!(room.act(1, SocketAct::SetRules(RulesChange { locked: Some(true), ..RulesChange::default() })), Ok(()));
    room.join(3, MeetingRole::Participant);
    assert!(matches!(room.take(3).as_slice(), [SocketMessage::Ended { why: PresenceEnded::Locked }]));
    let token = room.last_token(2);
    room.handle(Input::Hello { line: LineId(22), claim: token, resumes: true, name: None });
    assert_eq!(room.meeting.counts().seated, 2, "who was in comes back");
    let at = room.meeting.wakes_at().unwrap();
    assert!(at <= T0 + Duration::hours(8));
    room.pass(Duration::hours(8));
    assert!(room.meeting.is_over());
}

#[test]
fn who_acts_too_fast_is_held_back_and_limits_hold() {
    let mut room = Room::new(RoomKind::Meeting);
    room.join(1, MeetingRole::Participant);
    for n in 0..100 {
        room.handle(Input::Act { line: LineId(1), re: Some(n), act: say("Werbung") });
    }
    let told = room.take(1);
    let said = count(&told, |message| matches!(message, SocketMessage::Chat(_)));
    assert!(said <= 8, "{said}");
    assert_eq!(
        count(&told, |message| matches!(message, SocketMessage::Refused { why: SocketRefusal::TooFast, .. })),
        100 - said
    );
    for text in [String::new(), "x".repeat(2_001), "a\u{202E}b".into()] {
        room.now += Duration::seconds(10);
        assert_eq!(room.act(1, say(&text)), Err(SocketRefusal::BadText));
    }
    room.join(2, MeetingRole::Guest);
    room.hello(3, Claim { name: None, ..claim(3, MeetingRole::Guest) });
    room.handle(Input::Hello {
        line: LineId(4),
        claim: claim(4, MeetingRole::Guest),
        resumes: false,
        name: Some("\u{200B}".into()),
    });
    assert!(matches!(room.take(4).as_slice(), [SocketMessage::Ended { why: PresenceEnded::BadName }]));
    for n in 5..80 {
        room.join(n, MeetingRole::Participant);
    }
    assert_eq!(room.meeting.counts().seated, 60, "the room's limit");
}

fn any_act() -> impl Strategy<Value = SocketAct> {
    let seats = (0..8_u128).prop_map(seat);
    prop_oneof![
        Just(SocketAct::Leave),
        Just(say("x")),
        (0..6_u64).prop_map(|id| SocketAct::ChatDelete { id }),
        (0..6_u64, any::<bool>()).prop_map(|(id, on)| SocketAct::ChatReact { id, reaction: Reaction::Heart, on }),
        seats.clone().prop_map(|seat| SocketAct::ChatSend {
            to: ChatTo::One { seat },
            text: "y".into(),
            reply_to: None
        }),
        Just(SocketAct::HandRaise { question: None }),
        seats.clone().prop_map(|seat| SocketAct::HandLower { seat: Some(seat) }),
        seats.clone().prop_map(|seat| SocketAct::Admit { seat }),
        Just(SocketAct::AdmitAll),
        seats.clone().prop_map(|seat| SocketAct::Refuse { seat }),
        seats.clone().prop_map(|seat| SocketAct::Remove { seat }),
        (seats.clone(), 0..6_usize).prop_map(|(seat, role)| SocketAct::SetRole { seat, role: EVERY_ROLE[role] }),
        (seats, any::<bool>()).prop_map(|(seat, on)| SocketAct::Stage { seat, on }),
        (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(locked, lobby, may_share)| {
            let change = RulesChange {
                locked: Some(locked),
                lobby: Some(lobby),
                may_share: Some(may_share),
                ..RulesChange::default()
            };
            SocketAct::SetRules(change)
        }),
    ]
}

#[derive(Debug, Clone)]
enum Step {
    Come(u128, usize, bool),
    Back(u128),
    Drop(u64),
    Act(u64, SocketAct),
    Revoke(u128),
    Wait(i64),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        3 => (0..8_u128, 0..6_usize, any::<bool>()).prop_map(|(n, role, lobby)| Step::Come(n, role, lobby)),
        1 => (0..8_u128).prop_map(Step::Back),
        1 => (0..40_u64).prop_map(Step::Drop),
        8 => (0..40_u64, any_act()).prop_map(|(line, act)| Step::Act(line, act)),
        1 => (0..8_u128).prop_map(Step::Revoke),
        1 => (0..120_i64).prop_map(Step::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if fernamt_testkit::full() { 2_000 } else { 150 }))]

    /// Whatever clients do: nobody is told after they were sent off, everybody who sees the roster knows exactly who is
    /// there, nobody sits and waits at once, the removed stay out, and somebody who does not moderate changes nothing.
    #[test]
    fn the_meeting_holds_together(lecture: bool, steps in proptest::collection::vec(any_step(), 1..120)) {
        let mut room = Room::new(if lecture { RoomKind::Lecture } else { RoomKind::Meeting });
        let mut next = 0;
        for step in steps {
            match step {
                Step::Come(n, role, lobby) => {
                    let place = if lobby { EntryPlace::Lobby } else { EntryPlace::Seat };
                    let role = if lecture { EVERY_ROLE[role] } else { EVERY_ROLE[role.min(4)] };
                    room.hello(next, Claim { place, at: room.now, ..claim(n, role) });
                    next += 1;
                }
                Step::Back(n) => {
                    let token = room.tokens.lock().unwrap().iter().rev().find(|claim| claim.seat == seat(n)).cloned();
                    if let Some(claim) = token {
                        room.handle(Input::Hello { line: LineId(next), claim, resumes: true, name: None });
                        next += 1;
                    }
                }
                Step::Drop(line) => room.handle(Input::Gone { line: LineId(line) }),
                Step::Act(line, act) => {
                    let moderates = room.meeting.seat_of(LineId(line)).and_then(|seat| room.meeting.seats.get(&seat)).is_some_and(|one| one.role.moderates());
                    let (rules, orders) = (room.meeting.rules, room.orders.len());
                    let leave = matches!(act, SocketAct::Leave);
                    room.handle(Input::Act { line: LineId(line), re: None, act });
                    if !moderates && !leave {
                        prop_assert_eq!(rules, room.meeting.rules);
                        prop_assert_eq!(orders, room.orders.len());
                    }
                }
                Step::Revoke(n) => room.handle(Input::Revoked { seat: seat(n) }),
                Step::Wait(seconds) => room.pass(Duration::seconds(seconds)),
            }
            for one in &room.meeting.lobby {
                prop_assert!(!room.meeting.seats.contains_key(&one.id));
            }
        }
        room.pass(Duration::seconds(1));
        let meeting = &room.meeting;
        let there: BTreeMap<SeatId, Seat> = meeting.seats.values().filter(|one| one.is_shown()).map(|one| (one.id, one.told())).collect();
        for one in meeting.seats.values() {
            let Some(line) = one.line else { continue };
            let mut known = room.roster(line.0);
            if !one.is_shown() {
                known.remove(&one.id);
            }
            if meeting.rules.sees_all(one.role, one.on_stage) {
                prop_assert_eq!(&known, &there);
            } else {
                known.retain(|id, _| *id != one.id);
                prop_assert!(known.iter().all(|(id, told)| there.get(id) == Some(told)), "{:?} {:?}", known, there);
                let prominent = meeting.seats.values().filter(|other| other.is_prominent() && other.id != one.id).count();
                prop_assert_eq!(known.len(), prominent);
            }
        }
        let hands = meeting.hands.first();
        prop_assert!(hands.iter().all(|hand| meeting.seats.contains_key(&hand.seat)));
    }
}
