//! The audit log.

use fernamt_domain::{
    PersonId, Zone,
    audit::{AuditEvent, AuditKind, ChainFault, Outcome},
};
use fernamt_store::{AuditFilter, StoreError, TenantStore, repo::audit::MAX_PAYLOAD_BYTES};
use time::Duration;

use super::{Suite, suite};
use crate::support::signing_key;

suite! {
    entries_are_found
    people_stand_in_it_by_pseudonym
    entries_are_limited
    concurrent_writers_leave_no_gap
    tampering_is_found
    a_restored_clock_does_not_break_the_chain
}

async fn verify(tenant: &TenantStore) -> Result<u64, ChainFault> {
    let verified = tenant.audit().verify(Vec::new(), &signing_key().public()).await.unwrap();
    verified.map(|end| end.sequence)
}

async fn entries_are_found(s: &Suite) {
    let start = s.fixture.clock_now();
    for number in 0..10_u32 {
        s.fixture.clock.advance(Duration::minutes(1));
        let outcome = if number % 2 == 0 { Outcome::Success } else { Outcome::Denied };
        let event = AuditEvent::new(AuditKind::Decision, "decided", outcome)
            .by(s.own.person)
            .on(s.own.target)
            .session(s.own.session)
            .device(s.own.device)
            .from_zone(&Zone("internet".to_owned()))
            .details(serde_json::json!({ "number": number }));
        s.tenant.record(event).await.unwrap();
    }
    let find = async |filter: AuditFilter| s.see(s.tenant.audit().newest_first(&filter, None, 100).await).unwrap();
    let all = find(AuditFilter::default()).await;
    assert_eq!(all.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), (1..=11).rev().collect::<Vec<_>>());
    let facts = &all[0].facts;
    assert_eq!(facts.details, serde_json::json!({ "number": 9 }));
    assert_eq!((facts.session, facts.device), (Some(s.own.session), Some(s.own.device)));
    assert_eq!(facts.at, s.fixture.clock_now());
    assert_eq!(find(AuditFilter { kinds: vec![AuditKind::SignIn], ..AuditFilter::default() }).await.len(), 1);
    assert_eq!(find(AuditFilter { outcome: Some(Outcome::Denied), ..AuditFilter::default() }).await.len(), 5);
    assert_eq!(find(AuditFilter { action: Some("decided".to_owned()), ..AuditFilter::default() }).await.len(), 10);
    assert_eq!(find(AuditFilter { target: Some(s.own.target), ..AuditFilter::default() }).await.len(), 11);
    assert_eq!(find(AuditFilter { person: Some(s.own.person), ..AuditFilter::default() }).await.len(), 11);
    assert_eq!(find(AuditFilter { person: Some(s.twin.person), ..AuditFilter::default() }).await.len(), 0);
    let (from, until) = (Some(start + Duration::minutes(2)), Some(start + Duration::minutes(4)));
    assert_eq!(find(AuditFilter { from, until, ..AuditFilter::default() }).await.len(), 2);
    let older = s.see(s.tenant.audit().newest_first(&AuditFilter::default(), Some(4), 2).await).unwrap();
    assert_eq!(older.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [3, 2]);
    let newer = s.see(s.tenant.audit().oldest_first(&AuditFilter::default(), 9, 100).await).unwrap();
    assert_eq!(newer.iter().map(|entry| entry.sequence).collect::<Vec<_>>(), [10, 11]);
    assert_eq!(s.tenant.audit().end().await.unwrap().sequence, 11);
    assert_eq!(verify(&s.tenant).await, Ok(11));
}

async fn people_stand_in_it_by_pseudonym(s: &Suite) {
    let stranger = PersonId::new(&s.fixture.clock, &s.fixture.rng);
    let event = AuditEvent::new(AuditKind::Person, "changed", Outcome::Success).by(s.own.person).about(stranger);
    s.tenant.record(event).await.unwrap();
    let audit = s.tenant.audit();
    let entries = s.see(audit.newest_first(&AuditFilter::default(), None, 10).await).unwrap();
    let (newest, first) = (&entries[0].facts, &entries[1].facts);
    assert_eq!(newest.actor, first.actor, "one person, one pseudonym");
    assert_ne!(newest.subject, newest.actor);
    assert_eq!(s.see(audit.person_behind(newest.actor.unwrap()).await).unwrap(), Some(s.own.person));
    assert_eq!(s.see(audit.pseudonym_of(stranger).await).unwrap(), newest.subject);
    let text = format!("{entries:?}");
    assert!(!text.contains(&s.own.person.to_string()) && !text.contains(&stranger.to_string()));
    assert_eq!(s.see(audit.pseudonym_of(s.twin.person).await).unwrap(), None);
}

async fn entries_are_limited(s: &Suite) {
    let details = serde_json::json!("x".repeat(MAX_PAYLOAD_BYTES));
    let event = AuditEvent::new(AuditKind::Setting, "changed", Outcome::Success).details(details);
    assert!(matches!(s.see(s.tenant.record(event).await), Err(StoreError::TooMany { .. })));
    assert_eq!(verify(&s.tenant).await, Ok(1));
}

async fn concurrent_writers_leave_no_gap(s: &Suite) {
    const WRITERS: u64 = 8;
    const EACH: u64 = 15;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..WRITERS {
        let (tenant, person) = (s.tenant.clone(), s.own.person);
        tasks.spawn(async move {
            for _ in 0..EACH {
                let mut work = tenant.begin().await.unwrap();
                let newcomer = PersonId::new(&fernamt_domain::SystemClock, &fernamt_domain::SystemRng);
                work.record(AuditEvent::new(AuditKind::Decision, "allowed", Outcome::Success).by(person));
                work.record(AuditEvent::new(AuditKind::Person, "seen", Outcome::Success).by(newcomer).about(person));
                work.publish(fernamt_domain::DomainEvent::RulesChanged);
                work.commit().await.unwrap();
            }
        });
    }
    let before = s.tenant.policy_epoch().await.unwrap();
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(s.see(verify(&s.tenant).await), Ok(1 + 2 * WRITERS * EACH));
    assert!(s.tenant.policy_epoch().await.unwrap() <= before + WRITERS * EACH);
}

/// Edit, delete, reorder, cut the tail, change what the search sees, rewrite the whole chain.
async fn tampering_is_found(s: &Suite) {
    for _ in 0..5 {
        let event = AuditEvent::new(AuditKind::Decision, "refused", Outcome::Denied).by(s.own.person);
        s.tenant.record(event).await.unwrap();
    }
    let work = s.tenant.begin().await.unwrap();
    let exported = s.see(work.audit().sign_head(&signing_key()).await).unwrap();
    work.commit().await.unwrap();
    assert_eq!(verify(&s.tenant).await, Ok(6));
    let own = match &s.fixture.place {
        crate::support::Place::Sqlite(_) => format!("tenant_id = x'{}'", s.tenant.id().0.simple()),
        crate::support::Place::Postgres(_) => format!("tenant_id = '{}'", s.tenant.id()),
    };
    let tamper = async |sql: &str| s.fixture.place.tamper(sql).await;

    tamper(&format!("UPDATE audit_entry SET outcome = 'success' WHERE {own} AND sequence = 3")).await;
    assert_eq!(verify(&s.tenant).await, Err(ChainFault::Payload(3)), "what the search sees");
    tamper(&format!("UPDATE audit_entry SET outcome = 'denied' WHERE {own} AND sequence = 3")).await;

    tamper(&format!("UPDATE audit_entry SET sequence = 100 WHERE {own} AND sequence = 3")).await;
    assert_eq!(verify(&s.tenant).await, Err(ChainFault::Gap { expected: 3, found: 4 }), "deleted");
    tamper(&format!("UPDATE audit_entry SET sequence = 3 WHERE {own} AND sequence = 4")).await;
    tamper(&format!("UPDATE audit_entry SET sequence = 4 WHERE {own} AND sequence = 100")).await;
    assert_eq!(verify(&s.tenant).await, Err(ChainFault::Link(3)), "reordered");
    tamper(&format!("UPDATE audit_entry SET sequence = 100 WHERE {own} AND sequence = 4")).await;
    tamper(&format!("UPDATE audit_entry SET sequence = 4 WHERE {own} AND sequence = 3")).await;
    tamper(&format!("UPDATE audit_entry SET sequence = 3 WHERE {own} AND sequence = 100")).await;
    assert_eq!(verify(&s.tenant).await, Ok(6));

    tamper(&format!("DELETE FROM audit_entry WHERE {own} AND sequence = 6")).await;
    assert_eq!(verify(&s.tenant).await, Err(ChainFault::TailCut { last: 5, signed: 6 }), "cut");

    // an intruder who rewrites everything, noted end and stored heads included, is found out by the exported head
    tamper(&format!("DELETE FROM audit_entry WHERE {own}")).await;
    tamper(&format!("DELETE FROM audit_segment WHERE {own}")).await;
    let genesis = fernamt_domain::audit::genesis(s.tenant.id());
    let head = match &s.fixture.place {
        crate::support::Place::Sqlite(_) => format!("x'{genesis}'"),
        crate::support::Place::Postgres(_) => format!("'\\x{genesis}'"),
    };
    tamper(&format!("UPDATE audit_head SET sequence = 0, head = {head} WHERE {own}")).await;
    for _ in 0..6 {
        let event = AuditEvent::new(AuditKind::Decision, "allowed", Outcome::Success).by(s.own.person);
        s.tenant.record(event).await.unwrap();
    }
    assert_eq!(verify(&s.tenant).await, Ok(6), "consistent in itself");
    let against = s.tenant.audit().verify(vec![exported], &signing_key().public()).await.unwrap();
    assert_eq!(s.see(against), Err(ChainFault::Rewritten(6)));
}

async fn a_restored_clock_does_not_break_the_chain(s: &Suite) {
    s.fixture.clock.advance(Duration::days(-3));
    let event = AuditEvent::new(AuditKind::Alarm, "clock", Outcome::Failure);
    s.tenant.record(event).await.unwrap();
    assert_eq!(s.see(verify(&s.tenant).await), Ok(2));
}
