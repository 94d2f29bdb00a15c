//! Rooms, meetings, their chat, letters and webhooks.

use std::collections::BTreeSet;

use fernamt_domain::{
    Secret,
    conference::{MeetingState, RoomKind},
};
use fernamt_store::{DeliveryRecord, MeetingRecord, Page, StoreError};
use serde_json::json;
use time::Duration;

use super::{Suite, suite};

suite! {
    a_number_belongs_to_one_meeting_anywhere
    a_way_in_leads_to_its_meeting_until_it_ends
    what_a_meeting_kept_goes_with_its_end
    meetings_are_listed_by_their_time
    a_room_goes_with_everything_in_it
    a_person_who_leaves_takes_their_rooms_along
    deliveries_of_a_webhook_keep_their_order
    a_letter_forgets_its_text_once_it_was_sent
}

async fn a_number_belongs_to_one_meeting_anywhere(s: &Suite) {
    let theirs = s.fixture.store.tenant(s.twin_tenant()).meetings().get(s.twin.conference.meeting).await.unwrap();
    let now = s.fixture.clock_now();
    let work = s.tenant.begin().await.unwrap();
    let taken = work.rooms().take_number(theirs.number_print.as_ref().unwrap(), now).await.unwrap();
    assert!(!taken, "the twin has it");
    let own = s.see(work.meetings().get(s.own.conference.meeting).await).unwrap();
    assert!(!work.rooms().take_number(own.number_print.as_ref().unwrap(), now).await.unwrap());
    assert!(work.rooms().take_number(&[7; 32], now).await.unwrap());
    // The unit of work is not spoilt by a number that was taken.
    work.rooms().keep_number(&[7; 32], now + Duration::days(1)).await.unwrap();
    work.commit().await.unwrap();
}

async fn a_way_in_leads_to_its_meeting_until_it_ends(s: &Suite) {
    let meeting = s.see(s.tenant.meetings().get(s.own.conference.meeting).await).unwrap();
    let number = meeting.number_print.clone().unwrap();
    let secret = meeting.secret_print.clone().unwrap();
    let by_number = s.see(s.tenant.meetings().by_number(&number).await).unwrap().unwrap();
    let by_secret = s.see(s.tenant.meetings().by_secret(secret.expose()).await).unwrap().unwrap();
    assert_eq!((by_number.id, by_secret.id), (meeting.id, meeting.id));
    assert!(!meeting.is_open(meeting.valid_from - Duration::SECOND) && meeting.is_open(meeting.valid_from));
    assert!(meeting.is_open(meeting.valid_until - Duration::SECOND) && !meeting.is_open(meeting.valid_until));
    let work = s.tenant.begin().await.unwrap();
    work.meetings().renew_pin(meeting.id, &[9; 32], &[8; 16]).await.unwrap();
    work.commit().await.unwrap();
    let renewed = s.see(s.tenant.meetings().get(meeting.id).await).unwrap();
    assert_eq!(renewed.pin_print, Some(Secret::new(vec![9; 32])));
    let work = s.tenant.begin().await.unwrap();
    assert!(work.meetings().open(meeting.id).await.unwrap());
    assert!(!work.meetings().open(meeting.id).await.unwrap(), "it is open already");
    assert!(work.meetings().end(meeting.id).await.unwrap());
    assert!(!work.meetings().end(meeting.id).await.unwrap());
    assert!(!work.meetings().cancel(meeting.id).await.unwrap());
    let late = work.meetings().renew_pin(meeting.id, &[9; 32], &[8; 16]).await;
    assert!(matches!(late, Err(StoreError::NotFound(_))));
    work.commit().await.unwrap();
    assert_eq!(s.tenant.meetings().by_number(&number).await.unwrap(), None);
    assert_eq!(s.tenant.meetings().by_secret(secret.expose()).await.unwrap(), None);
    let ended = s.see(s.tenant.meetings().get(meeting.id).await).unwrap();
    assert_eq!((ended.state(s.fixture.clock_now()), ended.credentials_sealed), (MeetingState::Ended, None));
}

async fn what_a_meeting_kept_goes_with_its_end(s: &Suite) {
    let id = s.own.conference.meeting;
    assert_eq!(s.see(s.tenant.meetings().seats(id).await).unwrap().len(), 1);
    assert_eq!(s.see(s.tenant.meetings().kept_state(id).await).unwrap(), Some(json!({ "locked": false })));
    let work = s.tenant.begin().await.unwrap();
    work.meetings().keep_state(id, &json!({ "locked": true })).await.unwrap();
    let guest = s.fixture.make().seat(id, None);
    work.meetings().keep_seat(&guest).await.unwrap();
    let second = s.fixture.make().message(id, 2);
    work.messages().put(&second).await.unwrap();
    let edited = fernamt_store::MessageRecord { message_sealed: Secret::new(vec![5; 8]), ..second };
    work.messages().put(&edited).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(s.tenant.meetings().seat(id, guest.seat).await).unwrap(), Some(guest));
    let messages = s.see(s.tenant.messages().of_meeting(id).await).unwrap();
    assert_eq!((messages.len(), &messages[1]), (2, &edited));
    let work = s.tenant.begin().await.unwrap();
    work.meetings().end(id).await.unwrap();
    work.messages().delete_at(id, s.fixture.clock_now()).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.tenant.meetings().seats(id).await.unwrap().is_empty(), "nobody's attendance is tracked");
    assert_eq!(s.tenant.meetings().kept_state(id).await.unwrap(), None);
    assert_eq!(s.tenant.messages().of_meeting(id).await.unwrap()[0].delete_at, s.fixture.clock_now());
}

async fn meetings_are_listed_by_their_time(s: &Suite) {
    let (room, first) = (s.own.conference.room, s.tenant.meetings().get(s.own.conference.meeting).await.unwrap());
    let at = |days: i64| {
        let meeting = s.fixture.make().meeting(room);
        MeetingRecord {
            starts_at: meeting.starts_at + Duration::days(days),
            valid_from: meeting.valid_from + Duration::days(days),
            valid_until: meeting.valid_until + Duration::days(days),
            ..meeting
        }
    };
    let (before, after) = (at(-7), at(7));
    let work = s.tenant.begin().await.unwrap();
    work.meetings().insert(room, &[after.clone(), before.clone()]).await.unwrap();
    work.commit().await.unwrap();
    let (now, page) = (s.fixture.clock_now(), Page::default());
    let ids = |found: Vec<MeetingRecord>| found.into_iter().map(|meeting| meeting.id).collect::<Vec<_>>();
    let rooms = s.see(s.tenant.rooms().of_person(s.own.person).await).unwrap();
    assert_eq!(rooms, [room]);
    let upcoming = s.see(s.tenant.meetings().upcoming(&rooms, now, &page).await).unwrap();
    assert_eq!((upcoming.total, ids(upcoming.items)), (2, vec![first.id, after.id]));
    let past = s.see(s.tenant.meetings().past(&rooms, now, &page).await).unwrap();
    assert_eq!((past.total, ids(past.items)), (1, vec![before.id]));
    assert_eq!(s.tenant.meetings().upcoming(&[], now, &page).await.unwrap().total, 0);
    assert!(s.tenant.meetings().running(now).await.unwrap().is_empty());
    let work = s.tenant.begin().await.unwrap();
    work.meetings().open(first.id).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(ids(s.see(s.tenant.meetings().running(now).await).unwrap()), [first.id]);
    assert!(s.tenant.meetings().overdue(now, 10).await.unwrap().is_empty());
    assert_eq!(ids(s.tenant.meetings().overdue(first.valid_until, 10).await.unwrap()), [first.id]);
}

async fn a_room_goes_with_everything_in_it(s: &Suite) {
    let own = s.own.conference;
    let personal = s.fixture.make().room(s.own.person, RoomKind::Personal);
    let work = s.tenant.begin().await.unwrap();
    work.rooms().insert(&personal).await.unwrap();
    work.rooms().remove(own.room).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(s.tenant.meetings().get(own.meeting).await, Err(StoreError::NotFound(_))));
    assert!(s.tenant.rooms().invitees(own.room).await.unwrap().is_empty());
    assert!(s.tenant.messages().of_meeting(own.meeting).await.unwrap().is_empty());
    assert_eq!(s.see(s.tenant.letters().of_room(own.room).await).unwrap().len(), 1, "the letter tells of it");
    let left = s.see(s.tenant.rooms().of_owner(s.own.person, &Page::search("JOUR")).await).unwrap();
    assert_eq!((left.total, left.items[0].id), (1, personal.id));
}

async fn a_person_who_leaves_takes_their_rooms_along(s: &Suite) {
    s.see(s.tenant.rooms().get(s.own.conference.room).await).unwrap();
    let work = s.tenant.begin().await.unwrap();
    work.people().remove(s.own.person).await.unwrap();
    work.commit().await.unwrap();
    assert!(matches!(s.tenant.rooms().get(s.own.conference.room).await, Err(StoreError::NotFound(_))));
}

async fn deliveries_of_a_webhook_keep_their_order(s: &Suite) {
    let id = s.own.conference.webhook;
    let now = s.fixture.clock_now();
    let work = s.tenant.begin().await.unwrap();
    let more = vec![s.fixture.make().delivery(id), s.fixture.make().delivery(id)];
    work.webhooks().tell(id, more).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(s.tenant.webhooks().with_due(now).await).unwrap().len(), 1);
    let first = s.see(s.tenant.webhooks().due(id, now).await).unwrap().unwrap();
    let later = DeliveryRecord { attempts: 1, next_at: Some(now + Duration::MINUTE), ..first.clone() };
    let work = s.tenant.begin().await.unwrap();
    work.webhooks().tried(&later).await.unwrap();
    work.webhooks().failing(id, Some(now)).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.tenant.webhooks().due(id, now).await.unwrap(), None, "those behind wait for the first");
    let due = s.tenant.webhooks().due(id, now + Duration::MINUTE).await.unwrap().unwrap();
    assert_eq!((due.id, s.tenant.webhooks().waiting(id).await.unwrap()), (first.id, 3));
    let all = s.see(s.tenant.webhooks().deliveries(id, 10).await).unwrap();
    let positions: BTreeSet<_> = all.iter().map(|delivery| delivery.position).collect();
    assert_eq!((positions.len(), all.last().unwrap().id), (3, first.id));
    let work = s.tenant.begin().await.unwrap();
    work.webhooks().remove(id).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.tenant.webhooks().deliveries(id, 10).await.unwrap().is_empty());
}

async fn a_letter_forgets_its_text_once_it_was_sent(s: &Suite) {
    let now = s.fixture.clock_now();
    let due = s.see(s.tenant.letters().due(now, 10).await).unwrap();
    assert_eq!(due[0].id, s.own.conference.letter);
    let work = s.tenant.begin().await.unwrap();
    work.letters().again(due[0].id, 1, now + Duration::MINUTE).await.unwrap();
    work.commit().await.unwrap();
    assert!(s.tenant.letters().due(now, 10).await.unwrap().is_empty());
    let work = s.tenant.begin().await.unwrap();
    work.letters().sent(due[0].id).await.unwrap();
    work.commit().await.unwrap();
    let sent = s.see(s.tenant.letters().of_room(s.own.conference.room).await).unwrap();
    assert!(sent[0].message_sealed.expose().is_empty() && sent[0].sent_at == Some(now) && sent[0].next_at.is_none());
}
