//! The settings that make acknowledged changes last are set, and read back as set.

use std::os::unix::fs::PermissionsExt;

use fernamt_store::{DatabaseUrl, Durability, StoreError};

use crate::support::{Fixture, Place, on_both, postgres, run};

on_both! {
    settings_are_as_they_must_be
    an_older_version_leaves_a_newer_database_alone
}

async fn settings_are_as_they_must_be(f: Fixture) {
    let found = f.store.durability().await.unwrap();
    found.check().unwrap();
    let settings: Vec<_> = found.settings.iter().map(|(name, value, _)| format!("{name}={value}")).collect();
    match f.place {
        Place::Sqlite(path) => {
            assert_eq!(std::fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
            assert_eq!(settings, ["journal_mode=wal", "synchronous=2", "secure_delete=1", "foreign_keys=1"]);
        }
        Place::Postgres(_) => assert_eq!(settings, ["synchronous_commit=on", "fsync=on", "full_page_writes=on"]),
    }
}

#[test]
fn a_server_that_forgets_is_refused() {
    let broken = Durability { settings: vec![("fsync", "off".to_owned(), "on")] };
    assert!(matches!(broken.check(), Err(StoreError::Durability { setting: "fsync", .. })));
}

/// A role or database that was told to be careless does not make the store so.
#[test]
fn our_connections_override_a_careless_default() {
    run(postgres(), async |f: Fixture| {
        f.place.tamper("ALTER ROLE fernamt SET synchronous_commit = off").await;
        let careless = f.place.ask("SHOW synchronous_commit").await;
        let second = f.second_process().await;
        f.place.tamper("ALTER ROLE fernamt RESET synchronous_commit").await;
        assert_eq!(careless, ["off"]);
        assert_eq!(second.durability().await.unwrap().settings[0].1, "on");
        second.close().await.unwrap();
    });
}

#[test]
fn no_database_is_an_error_not_a_panic() {
    run(Some(crate::support::sqlite()), async |f: Fixture| {
        let (clock, rng) = (std::sync::Arc::new(f.clock.clone()), f.rng.clone());
        let missing = DatabaseUrl::Sqlite(f.folder.path().join("no/such/folder/store.sqlite"));
        assert!(fernamt_store::Store::open(missing, clock.clone(), rng.clone()).await.is_err());
        let garbage = f.folder.path().join("garbage.sqlite");
        std::fs::write(&garbage, "this is no database, whatever its name says".repeat(100)).unwrap();
        assert!(fernamt_store::Store::open(DatabaseUrl::Sqlite(garbage), clock, rng).await.is_err());
    });
}

async fn an_older_version_leaves_a_newer_database_alone(f: Fixture) {
    f.place.tamper("INSERT INTO seaql_migrations (version, applied_at) VALUES ('m9999_later', 1)").await;
    let refused = f.open_again().await.unwrap_err();
    assert!(matches!(&refused, StoreError::Newer { migration } if migration == "m9999_later"), "{refused}");
    assert!(refused.to_string().contains("restore a backup from before the update"), "it says what to do: {refused}");
}
