//! One row of everything that the conference keeps.

use fernamt_domain::{
    DeliveryId, InviteeId, LetterId, MeetingId, PersonId, RoomId, SeatId, Secret, WebhookId,
    conference::{LocalMoment, MeetingRole, ProtectionClass, RoomKind},
    rng::random_bytes,
};
use fernamt_store::{
    DeliveryRecord, InviteeRecord, LetterRecord, MeetingRecord, MessageRecord, RoomRecord, SeatRecord, WebhookRecord,
    Work,
};
use serde_json::json;
use time::{Duration, PrimitiveDateTime};

use super::data::Maker;

/// The ids of a tenant's conference.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConferenceIds {
    pub(crate) room: RoomId,
    pub(crate) invitee: InviteeId,
    pub(crate) meeting: MeetingId,
    pub(crate) seat: SeatId,
    pub(crate) letter: LetterId,
    pub(crate) webhook: WebhookId,
}

impl Maker<'_> {
    pub(crate) fn room(&self, owner: PersonId, kind: RoomKind) -> RoomRecord {
        RoomRecord {
            id: RoomId::new(self.clock, self.rng),
            owner,
            kind,
            name: "Jour fixe".to_owned(),
            description: String::new(),
            protection: ProtectionClass::Internal,
            lobby: None,
            waiting_text: String::new(),
            permissions: None,
            booking: None,
            sequence: 0,
            created_at: self.clock.now(),
            over_at: Some(self.clock.now() + Duration::days(1)),
        }
    }

    /// A meeting in a day, for an hour.
    pub(crate) fn meeting(&self, room: RoomId) -> MeetingRecord {
        let starts_at = self.clock.now() + Duration::days(1);
        let starts = LocalMoment(PrimitiveDateTime::new(starts_at.date(), starts_at.time()));
        let secret = || Some(Secret::new(random_bytes::<32>(self.rng).to_vec()));
        MeetingRecord {
            id: MeetingId::new(self.clock, self.rng),
            room,
            occurrence: Some(starts),
            starts,
            minutes: 60,
            time_zone: "Europe/Berlin".to_owned(),
            starts_at,
            ends_at: starts_at + Duration::hours(1),
            valid_from: starts_at,
            valid_until: starts_at + Duration::hours(1),
            number_print: Some(random_bytes::<32>(self.rng).to_vec()),
            secret_print: secret(),
            pin_print: secret(),
            credentials_sealed: secret(),
            opened_at: None,
            ended_at: None,
            cancelled_at: None,
        }
    }

    pub(crate) fn seat(&self, meeting: MeetingId, person: Option<PersonId>) -> SeatRecord {
        let seat = SeatId::new(self.clock, self.rng);
        SeatRecord { meeting, seat, person, seat_sealed: Secret::new(vec![1; 8]), removed_at: None }
    }

    pub(crate) fn message(&self, meeting: MeetingId, position: u32) -> MessageRecord {
        let at = self.clock.now();
        let delete_at = at + Duration::days(7);
        MessageRecord { meeting, position, message_sealed: Secret::new(vec![2; 8]), at, delete_at }
    }

    pub(crate) fn invitee(&self, room: RoomId, person: Option<PersonId>) -> InviteeRecord {
        InviteeRecord {
            id: InviteeId::new(self.clock, self.rng),
            room,
            person,
            address: Some("gast@amt.example".to_owned()),
            name: None,
            role: MeetingRole::Participant,
            language: None,
        }
    }

    pub(crate) fn letter(&self, room: RoomId, invitee: Option<InviteeId>) -> LetterRecord {
        LetterRecord {
            id: LetterId::new(self.clock, self.rng),
            room,
            invitee,
            address: "gast@amt.example".to_owned(),
            message_sealed: Secret::new(vec![3; 8]),
            at: self.clock.now(),
            attempts: 0,
            next_at: Some(self.clock.now()),
            sent_at: None,
            failed_at: None,
        }
    }

    pub(crate) fn webhook(&self, name: &str) -> WebhookRecord {
        WebhookRecord {
            id: WebhookId::new(self.clock, self.rng),
            name: name.to_owned(),
            url: "https://hooks.example/".to_owned(),
            secret_sealed: Secret::new(vec![4; 8]),
            events: json!(["meeting.booked"]),
            enabled: true,
            created_at: self.clock.now(),
            failing_since: None,
        }
    }

    pub(crate) fn delivery(&self, webhook: WebhookId) -> DeliveryRecord {
        DeliveryRecord {
            id: DeliveryId::new(self.clock, self.rng),
            webhook,
            position: 0,
            event: "meeting.booked".to_owned(),
            at: self.clock.now(),
            body: "{}".to_owned(),
            attempts: 0,
            next_at: Some(self.clock.now()),
            delivered_at: None,
            given_up_at: None,
            last_status: None,
            last_fault: None,
        }
    }

    /// A room with a meeting that runs, somebody invited, something said and something told.
    pub(crate) async fn conference(&self, work: &Work, owner: PersonId) -> ConferenceIds {
        let room = self.room(owner, RoomKind::Meeting);
        work.rooms().insert(&room).await.unwrap();
        let invitee = self.invitee(room.id, Some(owner));
        work.rooms().invite(std::slice::from_ref(&invitee)).await.unwrap();
        let meeting = self.meeting(room.id);
        let print = meeting.number_print.clone().unwrap();
        assert!(work.rooms().take_number(&print, meeting.valid_until + Duration::days(90)).await.unwrap());
        work.meetings().insert(room.id, std::slice::from_ref(&meeting)).await.unwrap();
        work.meetings().keep_state(meeting.id, &json!({ "locked": false })).await.unwrap();
        let seat = self.seat(meeting.id, Some(owner));
        work.meetings().keep_seat(&seat).await.unwrap();
        work.messages().put(&self.message(meeting.id, 1)).await.unwrap();
        let letter = self.letter(room.id, Some(invitee.id));
        work.letters().insert(std::slice::from_ref(&letter)).await.unwrap();
        let webhook = self.webhook("Kalender");
        work.webhooks().insert(&webhook).await.unwrap();
        work.webhooks().tell(webhook.id, vec![self.delivery(webhook.id)]).await.unwrap();
        ConferenceIds {
            room: room.id,
            invitee: invitee.id,
            meeting: meeting.id,
            seat: seat.seat,
            letter: letter.id,
            webhook: webhook.id,
        }
    }
}
