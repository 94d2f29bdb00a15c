//! Sessions.

use fernamt_domain::{DeviceKind, Secret};
use fernamt_store::{Page, StoreError};
use time::Duration;

use super::{Suite, suite};

suite! {
    sessions_rotate
    sessions_end
    expired_sessions_are_not_live
    programs_have_not_signed_in
}

async fn sessions_rotate(s: &Suite) {
    let (old, new) = (Secret::new(vec![1; 32]), Secret::new(vec![2; 32]));
    let rotate = async || {
        let work = s.tenant.begin().await.unwrap();
        let won = work.sessions().rotate(s.own.session, &old, &new).await.unwrap();
        work.commit().await.unwrap();
        won
    };
    let (one, other) = tokio::join!(rotate(), rotate());
    assert!(one ^ other, "exactly one wins");
    let session = s.see(s.tenant.sessions().get(s.own.session).await).unwrap();
    assert_eq!((session.secret_hash, session.previous_hash), (new, Some(old)));
    s.fixture.clock.advance(Duration::minutes(3));
    let work = s.tenant.begin().await.unwrap();
    work.sessions().touch(s.own.session).await.unwrap();
    work.commit().await.unwrap();
    let session = s.see(s.tenant.sessions().get(s.own.session).await).unwrap();
    assert_eq!(session.seen_at - session.rotated_at, Duration::minutes(3));
}

async fn sessions_end(s: &Suite) {
    let make = s.fixture.make();
    let (second, third) = (make.session(s.own.person, None), make.session(s.own.person, Some(s.own.device)));
    let work = s.tenant.begin().await.unwrap();
    work.sessions().insert(&second).await.unwrap();
    work.sessions().insert(&third).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(s.tenant.sessions().live_of_person(s.own.person).await).unwrap().len(), 3);
    assert_eq!(s.see(s.tenant.sessions().live_page(&Page { limit: 2, ..Page::default() }).await).unwrap().len(), 2);

    let work = s.tenant.begin().await.unwrap();
    assert_eq!(s.see(work.sessions().end_of_person(s.own.person, Some(third.id)).await).unwrap().len(), 2);
    assert!(!work.sessions().end(second.id).await.unwrap(), "it had ended already");
    assert_eq!(s.see(work.sessions().end_of_device(s.own.device).await).unwrap(), [third.id]);
    let old = Secret::new(vec![1; 32]);
    assert!(!work.sessions().rotate(third.id, &old, &old).await.unwrap(), "what ended does not go on");
    work.commit().await.unwrap();
    assert_eq!(s.tenant.sessions().count_live().await.unwrap(), 0);
    assert!(s.see(s.tenant.sessions().get(third.id).await).unwrap().ended_at.is_some());
    let nobody = s.tenant.sessions().get(s.twin.session).await;
    assert!(matches!(s.see(nobody), Err(StoreError::NotFound("session"))));
}

async fn expired_sessions_are_not_live(s: &Suite) {
    assert_eq!(s.see(s.tenant.sessions().count_live().await).unwrap(), 1);
    s.fixture.clock.advance(Duration::hours(12));
    assert_eq!(s.tenant.sessions().count_live().await.unwrap(), 0);
}

async fn programs_have_not_signed_in(s: &Suite) {
    let person = s.own.person;
    assert_eq!(s.see(s.tenant.sessions().of_program(s.own.device).await).unwrap(), None, "a browser's is none");
    let own = s.fixture.make().session(person, Some(s.own.device));
    let program = fernamt_store::SessionRecord { device_kind: DeviceKind::ApiClient, ..own };
    let work = s.tenant.begin().await.unwrap();
    work.sessions().insert(&program).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(s.see(s.tenant.sessions().of_program(s.own.device).await).unwrap(), Some(program.clone()));
    assert_eq!(s.see(s.tenant.sessions().count_live().await).unwrap(), 1);
    assert_eq!(s.see(s.tenant.sessions().live_of_person(person).await).unwrap()[0].id, s.own.session);
    assert_eq!(s.see(s.tenant.sessions().live_page(&Page::default()).await).unwrap().len(), 1);
    let work = s.tenant.begin().await.unwrap();
    assert!(s.see(work.sessions().end_of_device(s.own.device).await).unwrap().contains(&program.id));
    work.commit().await.unwrap();
    assert!(s.see(s.tenant.sessions().of_program(s.own.device).await).unwrap().unwrap().ended_at.is_some());
}
