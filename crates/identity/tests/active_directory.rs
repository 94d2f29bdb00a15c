//! Against a real Active Directory (Samba) whose lock-out is set to five wrong passwords.

use fernamt_domain::Secret;
use fernamt_identity::directory::{
    DirectoryConfig, DirectoryError, Flavour,
    client::{BindOutcome, Client},
    snapshot,
};
use fernamt_testkit::peers::{LOCKOUT_THRESHOLD, SambaAd};
use time::OffsetDateTime;

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
    assert!(matches!(take(DirectoryConfig { ca_pem: foreign, ..good.clone() }).await, DirectoryError::Untrusted { .. }));
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
