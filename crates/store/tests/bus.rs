//! Who is told what, also across processes and crashes.

use std::time::Duration;

use fernamt_domain::{DomainEvent, TargetId, TenantId, event::TenantEvent};
use fernamt_store::{BUS_CAPACITY, Notice, Store, Subscription, TenantStore};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use crate::support::{Fixture, on_both};

on_both! {
    commits_are_told
    another_process_is_heard_within_a_second
    untold_events_are_told_at_start
    many_events_at_once_are_told
    a_slow_subscriber_looks_at_everything
    the_outbox_is_emptied
}

const PATIENCE: Duration = Duration::from_secs(20);

async fn next(subscription: &mut Subscription) -> Notice {
    timeout(PATIENCE, subscription.next()).await.expect("a notice in time").expect("the store is there")
}

/// The next notice that is not about connections.
async fn next_event(subscription: &mut Subscription) -> TenantEvent {
    loop {
        if let Notice::Event(event) = next(subscription).await {
            return event;
        }
    }
}

async fn publish(tenant: &TenantStore, events: impl IntoIterator<Item = DomainEvent>) {
    let mut work = tenant.begin().await.unwrap();
    events.into_iter().for_each(|event| work.publish(event));
    work.commit().await.unwrap();
}

fn relay(store: &Store) -> (CancellationToken, tokio::task::JoinHandle<()>) {
    let (stop, store) = (CancellationToken::new(), store.clone());
    let token = stop.clone();
    (stop, tokio::spawn(async move { store.run_relay(token).await }))
}

fn event(tenant: TenantId, event: DomainEvent) -> TenantEvent {
    TenantEvent { tenant, event }
}

async fn commits_are_told(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let mut subscription = f.store.subscribe();
    let mut dropped = tenant.begin().await.unwrap();
    dropped.publish(DomainEvent::RulesChanged);
    drop(dropped);
    publish(&tenant, [DomainEvent::SettingsChanged, DomainEvent::SettingsChanged]).await;
    publish(&tenant, [DomainEvent::RulesChanged]).await;
    assert_eq!(next(&mut subscription).await, Notice::Event(event(tenant.id(), DomainEvent::SettingsChanged)));
    assert_eq!(next(&mut subscription).await, Notice::Event(event(tenant.id(), DomainEvent::RulesChanged)));
}

async fn another_process_is_heard_within_a_second(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let mut subscription = f.store.subscribe();
    let (stop, task) = relay(&f.store);
    let cli = f.second_process().await;
    // the first may be found by the look at the start
    publish(&cli.tenant(tenant.id()), [DomainEvent::SettingsChanged]).await;
    assert_eq!(next_event(&mut subscription).await, event(tenant.id(), DomainEvent::SettingsChanged));
    let asked = std::time::Instant::now();
    publish(&cli.tenant(tenant.id()), [DomainEvent::RulesChanged]).await;
    assert_eq!(next_event(&mut subscription).await, event(tenant.id(), DomainEvent::RulesChanged));
    let waited = asked.elapsed();
    assert!(waited < Duration::from_secs(1), "it took {waited:?}");
    stop.cancel();
    task.await.unwrap();
    cli.close().await.unwrap();
}

async fn untold_events_are_told_at_start(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    // a process that commits and ends without anybody having heard it
    let crashed = f.second_process().await;
    publish(&crashed.tenant(tenant.id()), [DomainEvent::RulesChanged]).await;
    crashed.close().await.unwrap();
    let mut subscription = f.store.subscribe();
    let (stop, task) = relay(&f.store);
    assert_eq!(next_event(&mut subscription).await, event(tenant.id(), DomainEvent::RulesChanged));
    stop.cancel();
    task.await.unwrap();
}

async fn many_events_at_once_are_told(f: Fixture) {
    const EVENTS: usize = 700;
    let tenant = f.tenant("rathaus").await;
    let mut subscription = f.store.subscribe();
    let (stop, task) = relay(&f.store);
    let cli = f.second_process().await;
    let targets: Vec<_> = (0..EVENTS).map(|_| TargetId::new(&f.clock, &f.rng)).collect();
    let events = targets.iter().map(|&target| DomainEvent::TargetChanged { target });
    publish(&cli.tenant(tenant.id()), events).await;
    let mut told = std::collections::BTreeSet::new();
    while told.len() < EVENTS {
        if let DomainEvent::TargetChanged { target } = next_event(&mut subscription).await.event {
            told.insert(target);
        }
    }
    assert_eq!(told, targets.into_iter().collect());
    stop.cancel();
    task.await.unwrap();
    cli.close().await.unwrap();
}

async fn a_slow_subscriber_looks_at_everything(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let mut subscription = f.store.subscribe();
    let events = (0..=BUS_CAPACITY).map(|_| DomainEvent::TargetChanged { target: TargetId::new(&f.clock, &f.rng) });
    publish(&tenant, events).await;
    assert_eq!(next(&mut subscription).await, Notice::Everything);
}

async fn the_outbox_is_emptied(f: Fixture) {
    let tenant = f.tenant("rathaus").await;
    let mut subscription = f.store.subscribe();
    publish(&tenant, [DomainEvent::SettingsChanged]).await;
    let cli = f.second_process().await;
    publish(&cli.tenant(tenant.id()), [DomainEvent::RulesChanged]).await;
    let (stop, task) = relay(&f.store);
    // what this process told itself is not told again
    assert_eq!(next_event(&mut subscription).await.event, DomainEvent::SettingsChanged);
    assert_eq!(next_event(&mut subscription).await.event, DomainEvent::RulesChanged);
    let undone = async || f.place.ask("SELECT CAST(count(*) AS text) FROM outbox WHERE done_at IS NULL").await;
    timeout(PATIENCE, async {
        while undone().await != ["0"] {
            tokio::task::yield_now().await;
        }
    })
    .await
    .expect("all rows are done");
    stop.cancel();
    task.await.unwrap();
    cli.close().await.unwrap();
}
