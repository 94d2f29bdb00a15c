//! kill -9 at random moments under load: no acknowledged change is lost, and the store starts again by itself.
//!
//! The load runs in a process of its own: this test binary, started again with only [`worker`]. It prints a line for
//! each change once its commit was acknowledged.

use std::{
    io::{BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use fernamt_domain::{
    Rng, SystemClock, SystemRng, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
    event::DomainEvent,
};
use fernamt_store::{AuditFilter, Store};
use fernamt_testkit::{SeededRng, peers};

use crate::support::{Place, data::Maker, signing_key, sqlite};

const PLACE: &str = "FERNAMT_TEST_KILL_PLACE";
const TENANT: &str = "FERNAMT_TEST_KILL_TENANT";
/// The most acknowledged changes that a round waits for before it kills.
const MAX_ACKNOWLEDGED: u64 = 60;
/// The most that is waited after that, so that the kill comes at any point within a change.
const MAX_LATER_MICROS: u64 = 20_000;

fn rounds() -> u64 {
    if fernamt_testkit::full() { 200 } else { 20 }
}

#[expect(clippy::print_stderr, reason = "a failed run is repeated with its seed")]
fn seed() -> u64 {
    let mut bytes = [0; 8];
    SystemRng.fill(&mut bytes);
    let random = u64::from_le_bytes(bytes);
    let seed = std::env::var("FERNAMT_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(random);
    eprintln!("FERNAMT_SEED={seed}");
    seed
}

#[test]
fn on_sqlite() {
    let (place, _folder) = sqlite();
    rounds_of(&place, || {});
}

/// The whole cluster dies with the worker.
#[test]
fn on_postgres() {
    let cluster = fernamt_testkit::peer!(peers::Postgres::start());
    rounds_of(&Place::Postgres(cluster.url()), || cluster.crash_and_restart().unwrap());
}

fn rounds_of(place: &Place, crash: impl Fn()) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let tenant = runtime.block_on(async {
        let store = open(place).await;
        let tenant = store.tenants().create("rathaus", "fernamt.example.org").await.unwrap();
        store.close().await.unwrap();
        tenant.id
    });
    let rng = SeededRng::new(seed());
    let mut acknowledged = Vec::new();
    for round in 0..rounds() {
        let mut worker = start_worker(place, tenant);
        let mut lines = BufReader::new(worker.stdout.take().unwrap()).lines();
        for _ in 0..=rng.below(MAX_ACKNOWLEDGED) {
            acknowledged.extend(acknowledgement(&lines.next().expect("the worker works").unwrap()));
        }
        // not a wait for an event: this is the random moment
        let later = Duration::from_micros(rng.below(MAX_LATER_MICROS));
        let start = Instant::now();
        while start.elapsed() < later {
            std::hint::spin_loop();
        }
        worker.kill().unwrap();
        crash();
        worker.wait().unwrap();
        // what it acknowledged in the meantime counts too; the last line may be torn
        acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| acknowledgement(&line)));
        runtime.block_on(check(place, tenant, &acknowledged, round));
    }
    assert!(acknowledged.len() as u64 >= rounds());
}

fn acknowledgement(line: &str) -> Option<String> {
    line.strip_prefix("acknowledged ")?.strip_suffix('.').map(str::to_owned)
}

fn start_worker(place: &Place, tenant: TenantId) -> Child {
    let place = match place {
        Place::Sqlite(path) => format!("sqlite:{}", path.display()),
        Place::Postgres(url) => url.clone(),
    };
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "kill::worker", "--ignored", "--nocapture", "--test-threads=1"])
        .env(PLACE, place)
        .env(TENANT, tenant.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

async fn open(place: &Place) -> Store {
    Store::open(place.url(), Arc::new(SystemClock), Arc::new(SystemRng)).await.unwrap()
}

async fn check(place: &Place, tenant: TenantId, acknowledged: &[String], round: u64) {
    let store = open(place).await;
    let tenant = store.tenant(tenant);
    for name in acknowledged {
        let person = tenant.people().by_name(name).await.unwrap();
        assert!(person.is_some(), "round {round}: {name} was acknowledged and is lost");
    }
    let end = tenant.audit().verify(Vec::new(), &signing_key().public()).await.unwrap();
    // state, audit entry and outbox row stand together or not at all
    let people = tenant.people().count().await.unwrap();
    assert_eq!(end.expect("the chain verifies").sequence, people, "round {round}");
    let events = place.ask("SELECT CAST(count(*) AS text) FROM outbox").await;
    assert_eq!(events, [people.to_string()], "round {round}");
    assert!(tenant.audit().newest_first(&AuditFilter::default(), None, 1).await.is_ok());
    store.close().await.unwrap();
}

/// Not a test: the process that is killed.
#[test]
#[ignore = "runs only when started by the tests above"]
fn worker() {
    let Ok(place) = std::env::var(PLACE) else { return };
    let tenant: TenantId = std::env::var(TENANT).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let url = place.parse().unwrap();
        let store = Store::open(url, Arc::new(SystemClock), Arc::new(SystemRng)).await.unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..4 {
            let tenant = store.tenant(tenant);
            tasks.spawn(async move {
                loop {
                    let make = Maker { clock: &SystemClock, rng: &SystemRng };
                    let mut person = make.person("");
                    person.name = person.id.to_string();
                    let mut work = tenant.begin().await.unwrap();
                    work.people().insert(&person).await.unwrap();
                    work.record(AuditEvent::new(AuditKind::Person, "made", Outcome::Success).about(person.id));
                    work.publish(DomainEvent::PersonChanged { person: person.id });
                    work.commit().await.unwrap();
                    let mut out = std::io::stdout().lock();
                    writeln!(out, "acknowledged {}.", person.name).unwrap();
                    out.flush().unwrap();
                }
            });
        }
        tasks.join_next().await;
    });
}
