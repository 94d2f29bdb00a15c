//! Sticks: how they get their key, how they sign in, and how a copy of one ends.

use axum::http::StatusCode;
use fernamt_api::{
    admin::sticks::LeftOutReason,
    stick::{Hello, LineQuality, StickRefusal, Transport, VERSION},
};
use fernamt_domain::{DeviceId, DeviceKind, DeviceState, Method, PersonId, Secret, SessionFacts, audit::AuditKind};
use fernamt_identity::{
    SignInError,
    stick::{Greeting, LIFETIME, NotOrdered, Ordered},
};
use time::Duration;

use crate::{
    ssh::ed25519,
    support::{App, Office},
};

impl Office {
    async fn order(&self, person: PersonId, additional: bool) -> Result<Ordered, NotOrdered> {
        let mut work = self.tenant.begin().await.unwrap();
        let ordered = self.identity.order_stick(&mut work, self.tenant.id(), person, additional, None).await?;
        work.commit().await.unwrap();
        Ok(ordered)
    }

    async fn activate(&self, device: DeviceId, code: &str, key: u8) -> Result<(), SignInError> {
        let code = Secret::from(code);
        self.identity.activate_stick(&self.tenant, &self.situation(), device, &code, &ed25519(key)).await
    }

    async fn stick_sign_in(&self, app: &App, key: u8) -> Result<SessionFacts, SignInError> {
        self.next_code();
        let code = Secret::new(app.code(self.now()));
        self.identity.authenticate_key_totp(&self.tenant, &self.situation(), "a.meier", &ed25519(key), &code).await
    }

    async fn hello(&self, facts: &SessionFacts, generation: u64) -> Greeting {
        let hello = Hello { version: VERSION, generation, program: "0.1.0".into(), system: "linux".into() };
        self.identity.stick_hello(&self.tenant, facts, &hello).await.unwrap()
    }

    /// Somebody with an authenticator app and an activated stick whose key has this seed.
    async fn with_stick(&self, key: u8) -> (PersonId, App, DeviceId) {
        let (_, app, _) = self.enrolled("a.meier").await;
        let person = self.tenant.people().by_name("a.meier").await.unwrap().unwrap().id;
        let ordered = self.order(person, false).await.unwrap();
        self.activate(ordered.device, ordered.code.expose(), key).await.unwrap();
        (person, app, ordered.device)
    }

    async fn state(&self, device: DeviceId) -> DeviceState {
        self.tenant.devices().get(device).await.unwrap().state
    }
}

fn wrong(done: &Result<(), SignInError>) -> bool {
    matches!(done, Err(SignInError::Failed(_)))
}

#[tokio::test]
async fn a_code_gives_a_stick_its_key_once() {
    let office = Office::open().await;
    let (person, app, device) = office.with_stick(7).await;
    assert_eq!(office.state(device).await, DeviceState::Approved);
    let known = async |key| office.identity.is_known_ssh_key(&office.tenant, "a.meier", &ed25519(key)).await.unwrap();
    assert!(known(7).await && !known(8).await);
    let facts = office.stick_sign_in(&app, 7).await.unwrap();
    assert_eq!((facts.person, facts.device, facts.device_kind), (person, Some(device), DeviceKind::Stick));
    assert_eq!(facts.methods, [Method::SshKey, Method::Totp]);

    let other = office.order(person, true).await.unwrap();
    assert_eq!(office.tenant.devices().get(other.device).await.unwrap().name, "Stick 2");
    let code = other.code.expose();
    assert!(wrong(&office.activate(device, code, 9).await), "the code of another stick");
    assert!(wrong(&office.activate(other.device, code, 7).await), "a key that another device holds");
    office.activate(other.device, &code.to_uppercase(), 9).await.unwrap();
    assert!(wrong(&office.activate(other.device, code, 10).await), "a second time");
    assert!(!known(10).await);
    assert_eq!(office.audited(AuditKind::Device).await.iter().filter(|a| *a == "stick_activated").count(), 2);
    assert!(office.audited(AuditKind::SignIn).await.contains(&"wrong_activation_code".to_owned()));
}

#[tokio::test]
async fn whatever_does_not_fit_is_one_answer_and_guessing_slows_down() {
    let office = Office::open().await;
    let person = office.add_person("a.meier").await;
    let late = office.order(person, false).await.unwrap();
    office.clock.advance(LIFETIME);
    assert!(wrong(&office.activate(late.device, late.code.expose(), 7).await), "too late");
    let barred = office.order(person, true).await.unwrap();
    let work = office.tenant.begin().await.unwrap();
    work.devices().set_state(barred.device, DeviceState::Suspended, None).await.unwrap();
    work.commit().await.unwrap();
    assert!(wrong(&office.activate(barred.device, barred.code.expose(), 7).await), "suspended");
    let left = office.order(person, true).await.unwrap();
    let work = office.tenant.begin().await.unwrap();
    work.people().set_state(person, fernamt_domain::PersonState::Disabled).await.unwrap();
    work.commit().await.unwrap();
    assert!(wrong(&office.activate(left.device, left.code.expose(), 7).await), "its person is disabled");

    let nobody = DeviceId::new(&office.clock, &fernamt_domain::SystemRng);
    for attempt in 0..20 {
        match office.activate(nobody, "aaaa-bbbb-cccc-dddd", 7).await {
            Err(SignInError::SlowDown(_)) => {
                assert!(attempt >= 5);
                return;
            }
            other => assert!(wrong(&other), "{other:?}"),
        }
    }
    panic!("nobody slowed the guesses down");
}

#[tokio::test]
async fn who_gets_no_stick_and_why() {
    let office = Office::open().await;
    let person = office.add_person("a.meier").await;
    office.order(person, false).await.unwrap();
    let again = office.order(person, false).await;
    assert!(matches!(again, Err(NotOrdered::LeftOut(LeftOutReason::HasStick))));
    let work = office.tenant.begin().await.unwrap();
    work.people().set_state(person, fernamt_domain::PersonState::Disabled).await.unwrap();
    work.commit().await.unwrap();
    let disabled = office.order(person, true).await;
    assert!(matches!(disabled, Err(NotOrdered::LeftOut(LeftOutReason::Disabled))));
}

#[tokio::test]
async fn a_stick_that_is_pulled_too_early_raises_no_alarm() {
    let office = Office::open().await;
    let (_, app, device) = office.with_stick(7).await;
    let mut kept = 0;
    for wrote in [true, false, false, true, false, true] {
        let facts = office.stick_sign_in(&app, 7).await.unwrap();
        let Greeting::Welcome { generation } = office.hello(&facts, kept).await else { panic!("an alarm at {kept}") };
        assert!(generation > kept);
        if wrote {
            kept = generation;
        }
    }
    assert_eq!(office.state(device).await, DeviceState::Approved);
    assert!(office.audited(AuditKind::Alarm).await.is_empty());
    let repeated = office.audited(AuditKind::Device).await;
    let repeated = repeated.iter().filter(|action| *action == "stick_generation_repeated").count();
    assert_eq!(repeated, 3, "each is told from a sign-in as ever");
    let stick = office.tenant.sticks().get(device).await.unwrap();
    assert_eq!((stick.program.as_deref(), stick.system.as_deref()), (Some("0.1.0"), Some("linux")));
}

#[tokio::test]
async fn a_copy_suspends_the_stick_until_it_gets_a_new_key() {
    let office = Office::open().await;
    let (person, app, device) = office.with_stick(7).await;
    let original = office.stick_sign_in(&app, 7).await.unwrap();
    assert_eq!(office.hello(&original, 0).await, Greeting::Welcome { generation: 1 });
    let copy = office.stick_sign_in(&app, 7).await.unwrap();
    assert_eq!(office.hello(&copy, 0).await, Greeting::Welcome { generation: 2 }, "it might be a crash");
    let again = office.stick_sign_in(&app, 7).await.unwrap();
    assert_eq!(office.hello(&again, 1).await, Greeting::Refused(StickRefusal::Copied));
    assert_eq!(office.state(device).await, DeviceState::Suspended);
    for facts in [&original, &copy, &again] {
        assert!(office.tenant.sessions().get(facts.session).await.unwrap().ended_at.is_some());
    }
    assert_eq!(office.audited(AuditKind::Alarm).await, ["stick_copied"]);
    assert!(office.tenant.sticks().get(device).await.unwrap().copied_at.is_some());
    assert!(office.stick_sign_in(&app, 7).await.is_err());

    let mut work = office.tenant.begin().await.unwrap();
    let anew = office.identity.reorder_stick(&mut work, office.tenant.id(), device, Some(person)).await.unwrap();
    work.commit().await.unwrap();
    assert!(office.stick_sign_in(&app, 7).await.is_err(), "the old key counts no more");
    office.activate(device, anew.code.expose(), 8).await.unwrap();
    assert!(office.stick_sign_in(&app, 7).await.is_err());
    let facts = office.stick_sign_in(&app, 8).await.unwrap();
    assert_eq!(office.hello(&facts, 0).await, Greeting::Welcome { generation: 3 }, "no number comes twice");
    assert_eq!(office.tenant.sticks().get(device).await.unwrap().copied_at, None);
}

#[tokio::test]
async fn a_copy_that_was_used_once_makes_the_originals_next_sign_in_an_alarm() {
    let office = Office::open().await;
    let (_, app, device) = office.with_stick(7).await;
    let copy = office.stick_sign_in(&app, 7).await.unwrap();
    assert_eq!(office.hello(&copy, 0).await, Greeting::Welcome { generation: 1 });
    office.identity.stick_kept(&office.tenant, &copy, 0).await.unwrap();
    assert_eq!(office.tenant.sticks().get(device).await.unwrap().previous_generation, Some(0), "another number");
    let browser = SessionFacts { device_kind: DeviceKind::Browser, ..copy.clone() };
    office.identity.stick_kept(&office.tenant, &browser, 1).await.unwrap();
    assert_eq!(office.tenant.sticks().get(device).await.unwrap().previous_generation, Some(0), "no stick");
    office.identity.stick_kept(&office.tenant, &copy, 1).await.unwrap();
    let original = office.stick_sign_in(&app, 7).await.unwrap();
    assert_eq!(office.hello(&original, 0).await, Greeting::Refused(StickRefusal::Copied));
    assert_eq!(office.state(device).await, DeviceState::Suspended);
    assert_eq!(office.audited(AuditKind::Alarm).await, ["stick_copied"]);
}

#[tokio::test]
async fn only_sticks_of_our_version_are_greeted() {
    let office = Office::open().await;
    let (_, app, device) = office.with_stick(7).await;
    let facts = office.stick_sign_in(&app, 7).await.unwrap();
    let hello = Hello { version: VERSION + 1, generation: 0, program: "9".into(), system: "linux".into() };
    let greeting = office.identity.stick_hello(&office.tenant, &facts, &hello).await.unwrap();
    assert_eq!(greeting, Greeting::Refused(StickRefusal::Outdated));
    let browser = SessionFacts { device_kind: DeviceKind::Browser, ..facts.clone() };
    assert_eq!(office.hello(&browser, 0).await, Greeting::Refused(StickRefusal::Unavailable));
    let work = office.tenant.begin().await.unwrap();
    work.devices().set_state(device, DeviceState::Suspended, None).await.unwrap();
    work.commit().await.unwrap();
    assert_eq!(office.hello(&facts, 0).await, Greeting::Refused(StickRefusal::Unavailable));
    assert_eq!(office.tenant.sticks().get(device).await.unwrap().generation, 0);
}

#[tokio::test]
async fn after_a_restore_the_stick_goes_on_where_it_was() {
    let office = Office::open().await;
    let (_, app, device) = office.with_stick(7).await;
    let work = office.tenant.begin().await.unwrap();
    let stick = work.sticks().locked(device).await.unwrap();
    let restored = fernamt_store::StickRecord { takes_over: true, highest_generation: 1 << 32, ..stick };
    work.sticks().replace(&restored).await.unwrap();
    work.commit().await.unwrap();
    let facts = office.stick_sign_in(&app, 7).await.unwrap();
    assert_eq!(office.hello(&facts, 41).await, Greeting::Welcome { generation: (1 << 32) + 1 });
    assert!(office.audited(AuditKind::Device).await.contains(&"stick_generation_taken_over".to_owned()));
    let copy = office.stick_sign_in(&app, 7).await.unwrap();
    assert_eq!(office.hello(&copy, 40).await, Greeting::Refused(StickRefusal::Copied), "only once");
}

#[tokio::test]
async fn a_line_is_noted_now_and_then() {
    let office = Office::open().await;
    let (_, app, device) = office.with_stick(7).await;
    let facts = office.stick_sign_in(&app, 7).await.unwrap();
    let note = async |round_trip_ms| {
        let line = LineQuality { round_trip_ms, loss_permille: 5_000, outages: 2, transport: Transport::Websocket };
        office.identity.note_stick_line(&office.tenant, &facts, &line).await.unwrap();
        office.tenant.sticks().line(device).await.unwrap().unwrap()
    };
    let line = note(300).await;
    assert_eq!((line.round_trip_ms, line.loss_permille, line.transport.as_str()), (300, 1000, "websocket"));
    assert_eq!(note(20).await.round_trip_ms, 300);
    office.clock.advance(Duration::minutes(11));
    assert_eq!(note(20).await.round_trip_ms, 20);
}

#[tokio::test]
async fn a_person_revokes_their_own_stick() {
    let office = Office::open().await;
    let (mut browser, app, _) = office.enrolled("a.meier").await;
    let person = office.tenant.people().by_name("a.meier").await.unwrap().unwrap().id;
    let ordered = office.order(person, false).await.unwrap();
    office.activate(ordered.device, ordered.code.expose(), 7).await.unwrap();
    let facts = office.stick_sign_in(&app, 7).await.unwrap();
    let (status, _) = browser.delete(&format!("/api/v1/me/devices/{}", ordered.device)).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    assert_eq!(office.state(ordered.device).await, DeviceState::Revoked);
    assert!(office.tenant.sessions().get(facts.session).await.unwrap().ended_at.is_some());
}
