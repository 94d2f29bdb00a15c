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
