//! Whatever changes, what no longer holds ends within five seconds, and nothing else does.

use std::time::Duration;

use fernamt_domain::{
    DeviceState, DomainEvent, EndReason, GroupId, LiveGrant, PersonId, PersonSource, PersonState, RuleId, SessionFacts,
    Situation, SystemRng, TargetId, TargetSettings, Zone,
    audit::AuditKind,
    target::{RdpSettings, TcpSettings},
};
use fernamt_identity::{Refusal, authorise, session};
use fernamt_policy::{Effect, RuleForm};
use fernamt_store::{GroupRecord, RuleRecord, TargetRecord, Work};
use time::macros::datetime;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::Office;

/// The promise.
const DEADLINE: Duration = Duration::from_secs(5);

/// An office where the group may reach one target, on weekdays from 6 to 20.
struct Desk {
    office: Office,
    group: GroupId,
    rule: RuleId,
    target: TargetId,
    stop: CancellationToken,
}

impl Drop for Desk {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

impl Desk {
    async fn open() -> Self {
        let office = Office::open().await;
        let now = office.now();
        let group = GroupRecord {
            id: GroupId::new(&office.clock, &SystemRng),
            name: "Bauamt".into(),
            source: PersonSource::Local,
            directory: None,
            directory_dn: None,
            directory_key: None,
            created_at: now,
        };
        let target = TargetRecord {
            id: TargetId::new(&office.clock, &SystemRng),
            name: "Fachverfahren".into(),
            folder: None,
            icon: None,
            description: String::new(),
            host: "fach.amt.test".into(),
            port: 443,
            settings: TargetSettings::Tcp(TcpSettings::default()),
            pinned_certificate: None,
            enabled: true,
            created_at: now,
            owner: None,
        };
        let form = RuleForm {
            groups: vec![group.id],
            all_targets: true,
            times: vec!["Mon-Fri 06:00-20:00".parse().unwrap()],
            ..RuleForm::new(Effect::Allow)
        };
        let rule = RuleRecord {
            id: RuleId::new(&office.clock, &SystemRng),
            name: "Bauamt darf".into(),
            form: Some(serde_json::to_value(form).unwrap()),
            expert: None,
            enabled: true,
            position: 0,
            created_at: now,
            updated_at: now,
        };
        let mut work = office.tenant.begin().await.unwrap();
        work.groups().insert(&group).await.unwrap();
        work.targets().insert(&target).await.unwrap();
        work.rules().insert(&rule).await.unwrap();
        work.publish(DomainEvent::RulesChanged);
        work.commit().await.unwrap();
        let stop = CancellationToken::new();
        tokio::spawn(office.identity.reevaluator().run(stop.clone()));
        Self { office, group: group.id, rule: rule.id, target: target.id, stop }
    }

    async fn session_of(&self, person: PersonId) -> SessionFacts {
        let row = self.office.tenant.sessions().live_of_person(person).await.unwrap().pop().unwrap();
        let device = self.office.tenant.devices().get(row.device.unwrap()).await.unwrap();
        session::facts_of(&row, Some(&device))
    }

    /// A person in the group with a session.
    async fn clerk(&self, name: &str) -> SessionFacts {
        self.office.enrolled(name).await;
        let person = self.office.tenant.people().by_name(name).await.unwrap().unwrap().id;
        let mut work = self.office.tenant.begin().await.unwrap();
        work.groups().add_member(self.group, person).await.unwrap();
        work.publish(DomainEvent::GroupChanged { group: self.group });
        work.commit().await.unwrap();
        self.session_of(person).await
    }

    async fn admit(&self, facts: &SessionFacts) -> Result<LiveGrant, Refusal> {
        let situation = self.office.situation();
        let admitted =
            self.office.identity.authoriser().admit(&self.office.tenant, facts, self.target, &situation).await?;
        Ok(admitted.grant)
    }

    async fn change(&self, event: DomainEvent, change: impl AsyncFnOnce(&mut Work)) {
        let mut work = self.office.tenant.begin().await.unwrap();
        change(&mut work).await;
        work.publish(event);
        work.commit().await.unwrap();
    }
}

async fn ends(grant: &LiveGrant) -> Option<EndReason> {
    timeout(DEADLINE, grant.ended()).await.ok()
}

#[tokio::test(flavor = "multi_thread")]
async fn each_change_ends_what_it_touches_and_nothing_else() {
    let desk = Desk::open().await;
    let bystander = desk.clerk("bystander").await;
    let other = desk.admit(&bystander).await.unwrap();

    let clerk = desk.clerk("by-session").await;
    let grant = desk.admit(&clerk).await.unwrap();
    desk.office.identity.end_session(&desk.office.tenant, clerk.session).await.unwrap();
    assert_eq!(ends(&grant).await, Some(EndReason::SessionEnded));
    assert!(matches!(desk.admit(&clerk).await, Err(Refusal::Ended(EndReason::SessionEnded))));

    let clerk = desk.clerk("by-device").await;
    let grant = desk.admit(&clerk).await.unwrap();
    let device = clerk.device.unwrap();
    desk.change(DomainEvent::DeviceChanged { device }, async |work| {
        work.devices().set_state(device, DeviceState::Suspended, None).await.unwrap();
    })
    .await;
    assert_eq!(ends(&grant).await, Some(EndReason::DeviceRevoked));

    let clerk = desk.clerk("by-person").await;
    let grant = desk.admit(&clerk).await.unwrap();
    desk.change(DomainEvent::PersonChanged { person: clerk.person }, async |work| {
        work.people().set_state(clerk.person, PersonState::Disabled).await.unwrap();
    })
    .await;
    assert_eq!(ends(&grant).await, Some(EndReason::PersonDisabled));

    let clerk = desk.clerk("by-group").await;
    let grant = desk.admit(&clerk).await.unwrap();
    desk.change(DomainEvent::GroupChanged { group: desk.group }, async |work| {
        work.groups().remove_member(desk.group, clerk.person).await.unwrap();
    })
    .await;
    assert_eq!(ends(&grant).await, Some(EndReason::NotAllowed));
    assert!(matches!(desk.admit(&clerk).await, Err(Refusal::NotAllowed(_))));

    assert!(timeout(Duration::from_millis(50), other.ended()).await.is_err(), "the bystander's connection goes on");
    let target = desk.office.tenant.targets().get(desk.target).await.unwrap();
    let moved = TargetRecord { host: "anderswo.amt.test".into(), ..target };
    desk.change(DomainEvent::TargetChanged { target: desk.target }, async |work| {
        work.targets().update(&moved).await.unwrap();
    })
    .await;
    assert_eq!(ends(&other).await, Some(EndReason::TargetChanged));

    let grant = desk.admit(&bystander).await.unwrap();
    let rule = desk.office.tenant.rules().get(desk.rule).await.unwrap();
    let off = RuleRecord { enabled: false, ..rule };
    desk.change(DomainEvent::RulesChanged, async |work| work.rules().update(&off).await.unwrap()).await;
    assert_eq!(ends(&grant).await, Some(EndReason::NotAllowed));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_goes_on_from_elsewhere_keeps_what_it_may_reach_from_there() {
    let desk = Desk::open().await;
    let rule = desk.office.tenant.rules().get(desk.rule).await.unwrap();
    let here = desk.office.situation();
    let form = RuleForm {
        groups: vec![desk.group],
        all_targets: true,
        zones: vec![here.zone.clone()],
        ..RuleForm::new(Effect::Allow)
    };
    let in_one_zone = RuleRecord { form: Some(serde_json::to_value(form).unwrap()), ..rule };
    desk.change(DomainEvent::RulesChanged, async |work| work.rules().update(&in_one_zone).await.unwrap()).await;
    let (mover, stayer) = (desk.clerk("mover").await, desk.clerk("stayer").await);
    let (moved, stayed) = (desk.admit(&mover).await.unwrap(), desk.admit(&stayer).await.unwrap());
    let authoriser = desk.office.identity.authoriser();
    let next_door = Situation { address: std::net::Ipv4Addr::new(192, 0, 2, 99).into(), ..here.clone() };
    authoriser.relocate(&desk.office.tenant, &mover, &next_door).await.unwrap();
    assert!(!moved.token().is_cancelled(), "another address of the same zone changes nothing");
    let elsewhere = Situation { zone: Zone("anderswo".into()), ..here };
    authoriser.relocate(&desk.office.tenant, &mover, &elsewhere).await.unwrap();
    assert_eq!(ends(&moved).await, Some(EndReason::NotAllowed));
    assert!(!stayed.token().is_cancelled(), "who did not move goes on");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_desktop_may_pass_on_is_withdrawn_at_once() {
    let desk = Desk::open().await;
    let clerk = desk.clerk("erika").await;
    let target = desk.office.tenant.targets().get(desk.target).await.unwrap();
    let with = |clipboard, description: &str| TargetRecord {
        settings: TargetSettings::Rdp(RdpSettings { clipboard, ..RdpSettings::default() }),
        description: description.to_owned(),
        ..target.clone()
    };
    let save = async |record: TargetRecord| {
        desk.change(DomainEvent::TargetChanged { target: desk.target }, async |work| {
            work.targets().update(&record).await.unwrap();
        })
        .await;
    };
    save(with(true, "")).await;
    let grant = desk.admit(&clerk).await.unwrap();
    save(with(true, "Terminalserver im Rathaus")).await;
    assert!(timeout(Duration::from_millis(50), grant.ended()).await.is_err(), "a description ends nothing");
    save(with(false, "")).await;
    assert_eq!(ends(&grant).await, Some(EndReason::TargetChanged));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_time_window_and_of_a_session_is_noticed() {
    let desk = Desk::open().await;
    let clerk = desk.clerk("anna").await;
    let grant = desk.admit(&clerk).await.unwrap();
    desk.office.clock.set(datetime!(2026-11-02 18:59:59 UTC));
    assert!(timeout(Duration::from_millis(1_200), grant.ended()).await.is_err(), "20:00 in Berlin is 19:00 UTC");
    desk.office.clock.set(datetime!(2026-11-02 19:00 UTC));
    assert_eq!(ends(&grant).await, Some(EndReason::NotAllowed));
    assert!(matches!(desk.admit(&clerk).await, Err(Refusal::NotAllowed(decision)) if decision.deciding.is_empty()));

    desk.office.clock.set(datetime!(2026-11-03 08:00 UTC));
    let clerk = desk.clerk("bert").await;
    let grant = desk.admit(&clerk).await.unwrap();
    desk.office.clock.set(datetime!(2026-11-03 17:00 UTC));
    desk.office.identity.sweep_once().await.unwrap();
    assert!(timeout(Duration::from_millis(1_200), grant.ended()).await.is_err(), "whoever works is not idle");
    let row = desk.office.tenant.sessions().get(clerk.session).await.unwrap();
    assert_eq!(row.seen_at, desk.office.now());
    drop(grant);
    desk.office.clock.set(datetime!(2026-11-03 18:00 UTC));
    desk.office.identity.sweep_once().await.unwrap();
    assert!(
        desk.office.tenant.sessions().get(clerk.session).await.unwrap().ended_at.is_some(),
        "now the session is idle"
    );

    desk.office.clock.set(datetime!(2026-11-04 06:30 UTC));
    let clerk = desk.clerk("cora").await;
    let grant = desk.admit(&clerk).await.unwrap();
    desk.office.clock.set(datetime!(2026-11-04 18:35 UTC));
    assert_eq!(ends(&grant).await, Some(EndReason::Expired), "twelve hours are over, the window is not");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lags_behind_looks_at_everything() {
    let desk = Desk::open().await;
    let clerk = desk.clerk("anna").await;
    let grant = desk.admit(&clerk).await.unwrap();
    let rule = desk.office.tenant.rules().get(desk.rule).await.unwrap();
    let off = RuleRecord { enabled: false, ..rule };
    let mut work = desk.office.tenant.begin().await.unwrap();
    work.rules().update(&off).await.unwrap();
    // The event that matters is the first of more than the bus can hold.
    work.publish(DomainEvent::RulesChanged);
    for _ in 0..fernamt_store::BUS_CAPACITY + 10 {
        work.publish(DomainEvent::TargetChanged { target: TargetId::new(&desk.office.clock, &SystemRng) });
    }
    work.commit().await.unwrap();
    assert_eq!(ends(&grant).await, Some(EndReason::NotAllowed));
}

#[tokio::test(flavor = "multi_thread")]
async fn without_an_answer_from_the_store_nothing_goes_on() {
    let desk = Desk::open().await;
    let clerk = desk.clerk("anna").await;
    let grant = desk.admit(&clerk).await.unwrap();
    desk.office.tenant.store().close().await.unwrap();
    assert!(
        timeout(Duration::from_millis(1_200), grant.ended()).await.is_err(),
        "what was decided holds until its edge"
    );
    desk.office.clock.set(datetime!(2026-11-02 19:00 UTC));
    assert!(ends(&grant).await.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn no_grant_slips_through_while_the_rules_change() {
    let desk = Desk::open().await;
    let clerk = desk.clerk("anna").await;
    let rule = desk.office.tenant.rules().get(desk.rule).await.unwrap();
    let admitting = async {
        let mut held = Vec::new();
        for _ in 0..60 {
            held.extend(desk.admit(&clerk).await.ok());
        }
        held
    };
    let switching = async {
        for enabled in [false, true, false, true, false] {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let rule = RuleRecord { enabled, ..rule.clone() };
            desk.change(DomainEvent::RulesChanged, async |work| work.rules().update(&rule).await.unwrap()).await;
        }
    };
    let (held, ()) = tokio::join!(admitting, switching);
    for grant in &held {
        assert!(ends(grant).await.is_some(), "the last word was no");
    }
    drop(held);
    assert!(desk.office.grants.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn attempts_are_written_down_and_looks_are_not() {
    let desk = Desk::open().await;
    let clerk = desk.clerk("anna").await;
    let authoriser = desk.office.identity.authoriser();
    let (tenant, situation) = (&desk.office.tenant, desk.office.situation());
    let all = authoriser.check_all(tenant, &clerk, &situation).await.unwrap();
    assert_eq!((all.len(), all[0].1), (1, true));
    assert!(authoriser.check(tenant, &clerk, desk.target, &situation).await.unwrap().allowed);
    assert!(desk.office.audited(AuditKind::Decision).await.is_empty());
    let grant = desk.admit(&clerk).await.unwrap();
    drop(grant);
    desk.office.enrolled("bert").await;
    let stranger = desk.session_of(desk.office.tenant.people().by_name("bert").await.unwrap().unwrap().id).await;
    assert!(matches!(desk.admit(&stranger).await, Err(Refusal::NotAllowed(_))));
    assert_eq!(desk.office.audited(AuditKind::Decision).await, ["allowed", "denied"]);
    let why = authoriser.explain(tenant, &stranger, desk.target, &situation).await.unwrap();
    assert_eq!(why.rules.len(), 1, "the rule that touches the target is named with what fails");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_rule_refuses_everything() {
    let desk = Desk::open().await;
    let clerk = desk.clerk("anna").await;
    let rule = desk.office.tenant.rules().get(desk.rule).await.unwrap();
    let damaged = RuleRecord { form: Some(serde_json::json!({ "effect": "allow", "everybody": 7 })), ..rule };
    desk.change(DomainEvent::RulesChanged, async |work| work.rules().update(&damaged).await.unwrap()).await;
    assert!(matches!(desk.admit(&clerk).await, Err(Refusal::NotAllowed(_))));
    assert!(matches!(authorise::rule(damaged).body, fernamt_policy::RuleBody::Expert(_)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_connections_end_within_the_promise() {
    let desk = Desk::open().await;
    let mut held = Vec::new();
    for name in ["anna", "bert", "cora", "dora", "emil"] {
        let clerk = desk.clerk(name).await;
        for _ in 0..200 {
            held.push(desk.admit(&clerk).await.unwrap());
        }
    }
    let rule = desk.office.tenant.rules().get(desk.rule).await.unwrap();
    let off = RuleRecord { enabled: false, ..rule };
    desk.change(DomainEvent::RulesChanged, async |work| work.rules().update(&off).await.unwrap()).await;
    let all = async {
        for grant in &held {
            assert_eq!(grant.ended().await, EndReason::NotAllowed);
        }
    };
    timeout(DEADLINE, all).await.expect("all within the promise");
}
