//! Web Push: who is told of mail, and when that ends.

use fernamt_domain::{DeviceState, SessionId};
use fernamt_store::{EmailUpdate, MAX_PUSH_PER_PERSON, PushRecord, RetentionConfig, SessionRecord, StoreError};
use time::Duration;

use super::{Suite, suite};
use crate::support::mail::marks;

suite! {
    a_place_is_written_over_the_last_one_and_belongs_to_one_device
    a_person_has_so_many_and_no_more
    what_was_told_is_noted_for_that_place_alone
    it_ends_with_approval_sign_out_wipe_and_person
    a_session_that_lapsed_is_told_until_its_time_is_over
    signing_out_of_an_earlier_session_leaves_what_a_later_one_asked_for
    a_place_whose_time_is_over_takes_nobodys_room
    who_signs_in_in_a_browser_has_nobody_else_told_there
    folders_with_unread_mail_that_came_since_are_found
}

async fn told(s: &Suite) -> Vec<PushRecord> {
    s.see(s.tenant.pushes().all().await).unwrap()
}

async fn a_place_is_written_over_the_last_one_and_belongs_to_one_device(s: &Suite) {
    let first = s.see(s.tenant.pushes().get(s.own.device).await).unwrap().unwrap();
    assert_eq!(first.account, s.own.mail.account);
    let work = s.tenant.begin().await.unwrap();
    let later = PushRecord { print: [7; 32], language: "en".to_owned(), ..first.clone() };
    work.pushes().write(&later).await.unwrap();
    assert_eq!(work.pushes().of_account(s.own.mail.account).await.unwrap(), std::slice::from_ref(&later));
    // Somebody else signs in in the same browser.
    let other = PushRecord { device: s.own.stick, ..later.clone() };
    work.pushes().write(&other).await.unwrap();
    assert_eq!(work.pushes().all().await.unwrap(), std::slice::from_ref(&other));
    assert!(!work.pushes().drop_place(s.own.stick, &first.print).await.unwrap(), "it is told elsewhere by now");
    assert!(work.pushes().drop_place(s.own.stick, &other.print).await.unwrap());
    work.pushes().write(&later).await.unwrap();
    assert!(work.pushes().delete(s.own.device).await.unwrap() && !work.pushes().delete(s.own.device).await.unwrap());
    work.commit().await.unwrap();
    assert_eq!(told(s).await, []);
}

async fn a_person_has_so_many_and_no_more(s: &Suite) {
    let first = told(s).await.remove(0);
    let work = s.tenant.begin().await.unwrap();
    let maker = s.fixture.make();
    for number in 1..=MAX_PUSH_PER_PERSON {
        let device = maker.device(s.own.person, &format!("thumb {number}"));
        work.devices().insert(&device).await.unwrap();
        let push = PushRecord { device: device.id, print: [u8::try_from(number).unwrap(); 32], ..first.clone() };
        let written = work.pushes().write(&push).await;
        if number < MAX_PUSH_PER_PERSON {
            written.unwrap();
        } else {
            assert!(matches!(written, Err(StoreError::TooMany { .. })), "{written:?}");
        }
    }
    work.pushes().write(&first).await.unwrap();
    assert_eq!(s.see(work.pushes().all().await).unwrap().len(), MAX_PUSH_PER_PERSON);
}

async fn what_was_told_is_noted_for_that_place_alone(s: &Suite) {
    let first = told(s).await.remove(0);
    let work = s.tenant.begin().await.unwrap();
    work.pushes().told(&PushRecord { print: [7; 32], ..first.clone() }, 9).await.unwrap();
    assert_eq!(work.pushes().all().await.unwrap(), std::slice::from_ref(&first));
    work.pushes().told(&first, 9).await.unwrap();
    work.commit().await.unwrap();
    let told_at = Some(s.fixture.clock_now());
    assert_eq!(told(s).await, [PushRecord { state: 9, told_at, ..first }]);
}

async fn it_ends_with_approval_sign_out_wipe_and_person(s: &Suite) {
    for way in ["suspended", "revoked", "signed out", "device's sessions", "person's sessions", "wiped", "removed"] {
        let work = s.tenant.begin().await.unwrap();
        assert_eq!(s.see(work.pushes().all().await).unwrap().len(), 1);
        let (person, device) = (s.own.person, s.own.device);
        match way {
            "suspended" => work.devices().set_state(device, DeviceState::Suspended, None).await.unwrap(),
            "revoked" => work.devices().set_state(device, DeviceState::Revoked, None).await.unwrap(),
            "signed out" => assert!(work.sessions().end(s.own.session).await.unwrap()),
            "device's sessions" => assert_eq!(work.sessions().end_of_device(device).await.unwrap(), [s.own.session]),
            "person's sessions" => drop(work.sessions().end_of_person(person, None).await.unwrap()),
            "wiped" => assert!(work.containers().wipe(device).await.unwrap()),
            _ => work.people().remove(person).await.unwrap(),
        }
        assert_eq!(work.pushes().all().await.unwrap(), [], "{way}");
    }
    let work = s.tenant.begin().await.unwrap();
    work.sessions().end_of_person(s.own.person, Some(s.own.session)).await.unwrap();
    assert_eq!(work.pushes().all().await.unwrap().len(), 1, "the session that is kept is told");
}

async fn a_session_that_lapsed_is_told_until_its_time_is_over(s: &Suite) {
    let first = told(s).await.remove(0);
    let work = s.tenant.begin().await.unwrap();
    assert!(work.sessions().lapse(s.own.session).await.unwrap());
    assert!(!work.sessions().lapse(s.own.session).await.unwrap());
    assert_eq!(work.pushes().all().await.unwrap(), std::slice::from_ref(&first));
    assert!(!work.sessions().end(s.own.session).await.unwrap());
    assert_eq!(work.pushes().all().await.unwrap(), [], "signed out after all");
    work.pushes().write(&first).await.unwrap();
    work.commit().await.unwrap();
    for left in [1, 0] {
        s.fixture.clock.set(first.until - Duration::seconds(left));
        s.tenant.delete_expired(&RetentionConfig::default()).await.unwrap();
        assert_eq!(told(s).await.is_empty(), left == 0);
    }
}

async fn signing_out_of_an_earlier_session_leaves_what_a_later_one_asked_for(s: &Suite) {
    let first = told(s).await.remove(0);
    let work = s.tenant.begin().await.unwrap();
    let earlier = work.sessions().get(s.own.session).await.unwrap();
    let later = SessionRecord {
        id: SessionId::new(&s.fixture.clock, &*s.fixture.rng),
        created_at: earlier.created_at + Duration::MINUTE,
        ..earlier
    };
    work.sessions().insert(&later).await.unwrap();
    let asked_anew = PushRecord { session: later.id, ..first.clone() };
    work.pushes().write(&asked_anew).await.unwrap();
    assert!(work.sessions().end(s.own.session).await.unwrap());
    assert_eq!(work.pushes().all().await.unwrap(), [asked_anew]);
    work.pushes().write(&first).await.unwrap();
    assert!(work.sessions().end(later.id).await.unwrap());
    assert_eq!(work.pushes().all().await.unwrap(), [], "it was asked for before, in the same browser");
}

async fn a_place_whose_time_is_over_takes_nobodys_room(s: &Suite) {
    let first = told(s).await.remove(0);
    let work = s.tenant.begin().await.unwrap();
    let maker = s.fixture.make();
    for number in 1..=MAX_PUSH_PER_PERSON {
        let device = maker.device(s.own.person, &format!("thumb {number}"));
        work.devices().insert(&device).await.unwrap();
        let print = [u8::try_from(number).unwrap(); 32];
        // All but the last one are over.
        let until = if number < MAX_PUSH_PER_PERSON { s.fixture.clock_now() } else { first.until };
        work.pushes().write(&PushRecord { device: device.id, print, until, ..first.clone() }).await.unwrap();
    }
    assert_eq!(s.see(work.pushes().all().await).unwrap().len(), MAX_PUSH_PER_PERSON + 1);
}

async fn who_signs_in_in_a_browser_has_nobody_else_told_there(s: &Suite) {
    let first = told(s).await.remove(0);
    let work = s.tenant.begin().await.unwrap();
    let browser = work.devices().get(first.device).await.unwrap();
    let another = s.fixture.make().device(s.own.person, "thumb of another");
    work.devices().insert(&another).await.unwrap();
    work.pushes().leave_to(browser.id, &browser.thumbprint).await.unwrap();
    work.pushes().leave_to(another.id, &another.thumbprint).await.unwrap();
    assert_eq!(s.see(work.pushes().all().await).unwrap().len(), 1, "it signed in itself, or elsewhere");
    work.pushes().leave_to(another.id, &browser.thumbprint).await.unwrap();
    assert_eq!(work.pushes().all().await.unwrap(), []);
}

async fn folders_with_unread_mail_that_came_since_are_found(s: &Suite) {
    let (account, now) = (s.own.mail.account, s.fixture.clock_now());
    let work = s.tenant.begin().await.unwrap();
    let start = work.mail_accounts().get(account).await.unwrap().counter;
    let put = async |mailboxes: &[_]| {
        let change = work.mail_accounts().change(account).await.unwrap();
        let new = s.fixture.make().email(account, mailboxes);
        work.mail_blobs().put(&new.email.print, b"raw").await.unwrap();
        work.emails().insert(change, &new).await.unwrap()
    };
    let found = async |state, earliest| work.emails().unread_since(account, state, earliest).await.unwrap();
    let day = now - Duration::DAY;
    assert_eq!(found(start, day).await, [].into());
    let one = put(&[s.own.mail.inbox]).await;
    let two = put(&[s.own.mail.inbox, s.own.mail.archive]).await;
    assert_eq!(s.see(found(start, day).await), [s.own.mail.inbox, s.own.mail.archive].into());
    assert_eq!(found(start, now).await, [].into(), "what came before then is not asked for");
    assert_eq!(found(two.created_in, day).await, [].into());
    // Its marks change: it does not come again, and is read.
    for email in [&two, &one] {
        let change = work.mail_accounts().change(account).await.unwrap();
        let boxes = work.emails().mailboxes(&[email.id]).await.unwrap().remove(&email.id).unwrap();
        let update =
            EmailUpdate { email: email.clone(), was_in: boxes.clone(), keywords: marks(&["$seen"]), mailboxes: boxes };
        work.emails().update(change, &update).await.unwrap();
        let left = if email.id == two.id { [s.own.mail.inbox].into() } else { [].into() };
        assert_eq!(found(start, day).await, left);
    }
}
