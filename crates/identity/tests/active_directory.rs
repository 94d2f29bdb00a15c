//! Against a real Active Directory (Samba) whose lock-out is set to five wrong passwords.

use std::{
    net::Ipv4Addr,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::http::StatusCode;
use fernamt_domain::{
    DirectoryId, DomainEvent, Secret, SystemRng,
    feature::{Feature, FeatureSwitch},
};
use fernamt_identity::{
    directory::{
        DirectoryConfig, DirectoryError, Flavour,
        client::{BindOutcome, Client},
        snapshot,
        sync::SyncError,
    },
    feature,
};
use fernamt_store::{AuditFilter, DirectoryRecord, Notice};
use fernamt_testkit::peers::{LOCKOUT_THRESHOLD, SambaAd};
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::support::Office;

fn config(directory: &SambaAd) -> DirectoryConfig {
    DirectoryConfig {
        url: directory.url().parse().unwrap(),
        bind_dn: directory.bind_dn.to_owned(),
        bind_password: Secret::from(directory.bind_password),
        base_dn: directory.base_dn.to_owned(),
        person_filter: String::new(),
        group_filter: String::new(),
        ca_pem: directory.ca_pem.clone(),
    }
}

fn now() -> OffsetDateTime {
    time::macros::datetime!(2026-11-02 08:00 UTC)
}

#[tokio::test(flavor = "multi_thread")]
async fn people_nested_groups_and_states_are_read() {
    let directory = fernamt_testkit::peer!(SambaAd::start());
    directory.add_user("Erika", "Linde-Fluss-27").unwrap();
    directory.add_user("max", "Birke-Berg-28").unwrap();
    for group in ["Bauamt", "Technik"] {
        directory.add_group(group).unwrap();
    }
    directory.add_member("Bauamt", "Erika").unwrap();
    directory.add_member("Technik", "Bauamt").unwrap();
    directory.disable_user("max").unwrap();
    let config = config(&directory);

    let found = snapshot::take(&config, now()).await.unwrap();
    let erika = &found.people["erika"];
    assert!(!erika.disabled);
    assert!(found.people["max"].disabled);
    assert!(found.groups["Bauamt"].people.contains("erika"));
    assert!(found.groups["Technik"].groups.contains("Bauamt"));
    assert!(!found.groups.contains_key("Domain Admins"), "the directory's own groups stay out");
    assert!(
        !found.people.contains_key("krbtgt") && !found.people.contains_key("administrator"),
        "and so do its own accounts"
    );

    let mut client = Client::reader(&config).await.unwrap();
    assert_eq!(client.flavour().await.unwrap(), Flavour::ActiveDirectory);
    assert_eq!(client.lockout_threshold(&config.base_dn).await, Some(LOCKOUT_THRESHOLD));
    let mut bind = async |password: &str| client.bind(&erika.dn, &Secret::from(password)).await.unwrap();
    assert_eq!(bind("Linde-Fluss-27").await, BindOutcome::Right);
    assert_eq!(bind("").await, BindOutcome::Wrong, "an empty password is no anonymous bind");
    assert_eq!(bind("wrong").await, BindOutcome::Wrong);
    assert_eq!(directory.bad_password_count("Erika").unwrap(), 1);
    let max = &found.people["max"].dn;
    assert_eq!(client.bind(max, &Secret::from("Birke-Berg-28")).await.unwrap(), BindOutcome::Barred);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_fault_says_what_and_where() {
    let directory = fernamt_testkit::peer!(SambaAd::start());
    let good = config(&directory);
    let take = async |config: DirectoryConfig| snapshot::take(&config, now()).await.unwrap_err();

    let foreign = rcgen::generate_simple_self_signed(vec!["localhost".into()]).unwrap().cert.pem();
    assert!(matches!(
        take(DirectoryConfig { ca_pem: foreign, ..good.clone() }).await,
        DirectoryError::Untrusted { .. }
    ));
    let password = DirectoryConfig { bind_password: Secret::from("wrong"), ..good.clone() };
    assert_eq!(take(password).await, DirectoryError::BindRefused);
    let base = DirectoryConfig { base_dn: "OU=Nowhere,DC=amt,DC=test".into(), ..good.clone() };
    assert_eq!(take(base).await, DirectoryError::BaseMissing);
    let filter = DirectoryConfig { person_filter: "objectClass=user)(".into(), ..good.clone() };
    assert_eq!(take(filter).await, DirectoryError::Filter);
    directory.door().shut();
    let error = take(good).await;
    assert!(matches!(error, DirectoryError::Unreachable { .. } | DirectoryError::Untrusted { .. }), "{error:?}");
}

/// An office whose people come from the directory.
async fn office_of(directory: &SambaAd) -> (Office, DirectoryId) {
    let office = Office::open().await;
    let config = config(directory);
    let record = DirectoryRecord {
        id: DirectoryId::new(&office.clock, &SystemRng),
        name: "AD".into(),
        url: config.url.to_string(),
        bind_dn: config.bind_dn,
        bind_password_sealed: office.identity.seal_directory_password(office.tenant.id(), &config.bind_password),
        base_dn: config.base_dn,
        person_filter: String::new(),
        group_filter: String::new(),
        ca_pem: Some(config.ca_pem),
        enabled: true,
        last_sync_at: None,
        last_sync_result: None,
    };
    let work = office.tenant.begin().await.unwrap();
    work.directories().insert(&record).await.unwrap();
    work.commit().await.unwrap();
    let result = office.identity.synchronise_directory(&office.tenant, record.id).await.unwrap();
    assert!(result.ok, "{result:?}");
    assert_eq!(result.lockout_threshold, Some(LOCKOUT_THRESHOLD));
    (office, record.id)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_directory_account_signs_in_and_is_out_within_a_minute_of_being_disabled() {
    let directory = fernamt_testkit::peer!(SambaAd::start());
    directory.add_user("Erika", "Linde-Fluss-27").unwrap();
    for group in ["Bauamt", "Technik"] {
        directory.add_group(group).unwrap();
    }
    directory.add_member("Bauamt", "Erika").unwrap();
    directory.add_member("Technik", "Bauamt").unwrap();
    let (office, id) = office_of(&directory).await;
    let erika = office.tenant.people().by_name("erika").await.unwrap().unwrap();
    let technik = office.tenant.groups().by_name("Technik").await.unwrap().unwrap();
    assert!(office.tenant.groups().all_of_person(erika.id).await.unwrap().contains(&technik.id), "nested groups count");

    let (mut browser, app, _) = office.enrol("erika", "Linde-Fluss-27").await;
    assert!(browser.is_signed_in().await);
    let (status, _) = office.browser().sign_in("erika", "wrong", Some(&app.code(office.now()))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    assert_eq!(directory.bad_password_count("Erika").unwrap(), 1);

    let stop = CancellationToken::new();
    let running = tokio::spawn(Arc::clone(&office.identity).run(stop.clone()));
    let mut bus = office.tenant.store().subscribe();
    let disabled_at = Instant::now();
    directory.disable_user("Erika").unwrap();
    let ended = async {
        loop {
            if let Some(Notice::Event(event)) = bus.next().await
                && matches!(event.event, DomainEvent::SessionEnded { .. })
            {
                return;
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(60), ended).await.expect("out within a minute");
    assert!(disabled_at.elapsed() < Duration::from_secs(60));
    assert!(!browser.is_signed_in().await);
    office.next_code();
    let (status, _) = browser.sign_in("erika", "Linde-Fluss-27", Some(&app.code(office.now()))).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);

    directory.enable_user("Erika").unwrap();
    office.identity.synchronise_directory(&office.tenant, id).await.unwrap();
    office.next_code();
    let (status, answer) = browser.sign_in("erika", "Linde-Fluss-27", Some(&app.code(office.now()))).await;
    assert_eq!(status, StatusCode::OK, "whom the directory lets in again may sign in again: {answer}");

    directory.door().shut();
    let error = office.identity.synchronise_directory(&office.tenant, id).await.unwrap_err();
    assert!(matches!(error, SyncError::Directory(_)));
    assert!(browser.is_signed_in().await, "an outage of the directory signs nobody out");
    let stored = office.tenant.directories().get(id).await.unwrap().last_sync_result.unwrap();
    assert_eq!(stored["ok"], false);
    office.next_code();
    let (status, problem) = browser.sign_in("erika", "Linde-Fluss-27", Some(&app.code(office.now()))).await;
    assert_eq!((status, problem["code"].as_str()), (StatusCode::SERVICE_UNAVAILABLE, Some("directory_unreachable")));
    stop.cancel();
    running.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feature_that_is_off_for_a_group_stays_off_when_the_directory_lacks_the_group() {
    let directory = fernamt_testkit::peer!(SambaAd::start());
    directory.add_user("Erika", "Linde-Fluss-27").unwrap();
    for group in ["Aushilfen", "Technik"] {
        directory.add_group(group).unwrap();
        directory.add_member(group, "Erika").unwrap();
    }
    let (office, id) = office_of(&directory).await;
    let erika = office.tenant.people().by_name("erika").await.unwrap().unwrap().id;
    let group = office.tenant.groups().by_name("Aushilfen").await.unwrap().unwrap().id;
    let off = FeatureSwitch { off: [group].into(), ..FeatureSwitch::untouched(Feature::Attachments) };
    let work = office.tenant.begin().await.unwrap();
    feature::save(&work, &[off]).await.unwrap();
    let record = work.directories().get(id).await.unwrap();
    work.directories().update(&DirectoryRecord { group_filter: "(cn=nobody)".into(), ..record }).await.unwrap();
    work.commit().await.unwrap();
    for round in 0..2 {
        let result = office.identity.synchronise_directory(&office.tenant, id).await.unwrap();
        assert_eq!((result.groups, result.kept_groups), (0, [group].into()), "{round}");
    }
    assert!(office.tenant.groups().by_name("Technik").await.unwrap().is_none(), "nothing depends on it");
    let has = office.identity.authoriser().has_feature(&office.tenant, erika, Feature::Attachments).await.unwrap();
    assert!(!has);
    let entries = office.tenant.audit().oldest_first(&AuditFilter::default(), 0, 200).await.unwrap();
    let told: Vec<_> = entries.iter().filter(|entry| entry.facts.action == "groups_kept").collect();
    assert_eq!(told.len(), 1, "it is told once");
    assert_eq!(told[0].facts.details["groups"], serde_json::json!([group]));
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_passwords_from_many_sources_lock_nobody_out_of_the_directory() {
    let directory = fernamt_testkit::peer!(SambaAd::start());
    directory.add_user("Erika", "Linde-Fluss-27").unwrap();
    directory.add_user("neu", "Birke-Berg-28").unwrap();
    let (office, _) = office_of(&directory).await;
    let (mut known, app, _) = office.enrol("erika", "Linde-Fluss-27").await;
    let alone = office.browser_at(Ipv4Addr::new(198, 51, 100, 9).into()).sign_in("erika", "Linde-Fluss-27", None).await;
    assert_eq!(alone.0, StatusCode::UNAUTHORIZED, "without a code no stranger tries passwords of the directory");
    let attempts = if fernamt_testkit::full() { 10_000_u32 } else { 600 };
    for n in 0..attempts {
        let source = Ipv4Addr::from(0x0a00_0000 + n % (attempts / 10));
        let mut stranger = office.browser_at(source.into());
        // Half of them aim at somebody who has no second factor yet, so that passwords do reach the directory.
        let (name, code) = match n % 4 {
            0 => ("erika", Some("123456")),
            2 => ("erika", None),
            _ => ("neu", None),
        };
        let (status, _) = stranger.sign_in(name, &format!("guess {n}"), code).await;
        assert!(matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS), "{status}");
    }
    assert_eq!(directory.bad_password_count("Erika").unwrap(), 0, "no guess without the code reaches the directory");
    assert!(directory.bad_password_count("neu").unwrap() < LOCKOUT_THRESHOLD - 2);
    office.next_code();
    let (status, answer) = known.sign_in("erika", "Linde-Fluss-27", Some(&app.code(office.now()))).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    let (_, answer) = known.sign_in("erika", "Linde-Fluss-27", None).await;
    assert_eq!(answer["state"], "second_factor_required", "the known device is told what is missing: {answer}");

    // The newcomer is held up for as long as strangers use up what may reach the directory; a start code tells them
    // apart.
    let neu = office.tenant.people().by_name("neu").await.unwrap().unwrap();
    let mut newcomer = office.browser_at(Ipv4Addr::new(203, 0, 113, 5).into());
    let (status, _) = newcomer.sign_in("neu", "Birke-Berg-28", None).await;
    assert!(matches!(status, StatusCode::UNAUTHORIZED | StatusCode::TOO_MANY_REQUESTS), "{status}");
    let code = office.start_code(neu.id).await;
    let (_, answer) = newcomer.sign_in_with("neu", "Birke-Berg-28", Some(code)).await;
    assert_eq!(answer["state"], "enrolment_required", "{answer}");
    let config = config(&directory);
    let mut client = Client::connect(&config).await.unwrap();
    let dn = neu.directory_dn.unwrap();
    assert_eq!(
        client.bind(&dn, &Secret::from("Birke-Berg-28")).await.unwrap(),
        BindOutcome::Right,
        "nor is the newcomer locked out there"
    );
}
