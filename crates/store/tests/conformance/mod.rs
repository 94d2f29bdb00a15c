//! What every repository promises, on both databases, beside a twin tenant with identical names: after each test the
//! twin's rows are byte for byte what they were, and none of its ids was seen in any answer.

mod access;
mod audit;
mod conference;
mod containers;
mod credentials;
mod licences;
mod mail;
mod mail_answers;
mod mail_changes;
mod mail_mirror;
mod mail_query;
mod mail_rights;
mod people;
mod pushes;
mod sessions;
mod sticks;

use std::{
    collections::BTreeSet,
    fmt::{Debug, Write},
    sync::Mutex,
};

use fernamt_domain::TenantId;
use fernamt_store::TenantStore;

use crate::support::{Fixture, data::Everything};

/// A tenant under test, beside its twin.
pub(crate) struct Suite {
    pub(crate) fixture: Fixture,
    pub(crate) tenant: TenantStore,
    /// The rows of the tenant under test.
    pub(crate) own: Everything,
    /// The rows of the twin, under the same names.
    pub(crate) twin: Everything,
    seen: Mutex<String>,
    twin_id: TenantId,
}

impl Suite {
    /// The twin's id.
    pub(crate) fn twin_tenant(&self) -> TenantId {
        self.twin_id
    }

    /// Looks at an answer: every id in it is remembered.
    pub(crate) fn see<T: Debug>(&self, answer: T) -> T {
        writeln!(self.seen.lock().unwrap(), "{answer:?}").unwrap();
        answer
    }
}

/// Runs a test of the suite beside the twin.
pub(crate) async fn beside_twin(fixture: Fixture, test: impl AsyncFnOnce(&Suite)) {
    let tenant = fixture.tenant("rathaus").await;
    let twin_tenant = fixture.tenant("zwilling").await;
    let own = fixture.make().everything(&tenant).await;
    let twin = fixture.make().everything(&twin_tenant).await;
    let place = fixture.place.clone();
    let before = place.dump(twin_tenant.id()).await;
    let ids = ids_in(&place, &before, twin_tenant.id());
    assert!(ids.len() >= 21, "the twin has one of everything");
    let suite = Suite { fixture, tenant, own, twin, seen: Mutex::default(), twin_id: twin_tenant.id() };
    test(&suite).await;
    assert_eq!(place.dump(twin_tenant.id()).await, before, "the twin was changed");
    let seen = suite.seen.into_inner().unwrap();
    assert!(!seen.is_empty(), "the test saw nothing");
    for id in ids {
        assert!(!seen.contains(&id), "an answer held the twin's id {id}");
    }
}

/// All UUIDs in a dump, hyphenated.
fn ids_in(place: &crate::support::Place, dump: &[String], tenant: TenantId) -> BTreeSet<String> {
    let text = dump.join("\n");
    let mut ids = BTreeSet::from([tenant.to_string()]);
    match place {
        crate::support::Place::Sqlite(_) => {
            for quoted in text.split("X'").skip(1) {
                let hex = quoted.split('\'').next().unwrap();
                if hex.len() == 32 {
                    ids.insert(uuid::Uuid::parse_str(hex).unwrap().to_string());
                }
            }
        }
        crate::support::Place::Postgres(_) => {
            let words = text.split(|letter: char| !(letter.is_ascii_hexdigit() || letter == '-'));
            ids.extend(words.filter(|word| word.len() == 36).map(str::to_owned));
        }
    }
    ids
}

/// Makes two tests of each function of the suite.
macro_rules! suite {
    ($($name:ident)+) => {$(
        mod $name {
            #[test]
            fn on_sqlite() {
                crate::support::run(Some(crate::support::sqlite()), async |fixture| {
                    crate::conformance::beside_twin(fixture, super::$name).await;
                });
            }

            #[test]
            fn on_postgres() {
                crate::support::run(crate::support::postgres(), async |fixture| {
                    crate::conformance::beside_twin(fixture, super::$name).await;
                });
            }
        }
    )+};
}
pub(crate) use suite;
