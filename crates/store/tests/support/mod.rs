//! A fresh store for each test, on either database.

pub(crate) mod conference;
pub(crate) mod data;
pub(crate) mod mail;

use std::{
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use fernamt_domain::{Secret, TenantId, audit::SigningKey};
use fernamt_store::{DatabaseUrl, Store, StoreError, TABLES, TenantStore};
use fernamt_testkit::{SeededRng, TestClock, peers};
use sqlx::{Connection, Row};
use tempfile::TempDir;

/// A store of its own for one test.
pub(crate) struct Fixture {
    pub(crate) store: Store,
    pub(crate) clock: TestClock,
    pub(crate) rng: Arc<SeededRng>,
    pub(crate) folder: TempDir,
    pub(crate) place: Place,
}

/// Where a test's database is.
#[derive(Debug, Clone)]
pub(crate) enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

impl Place {
    pub(crate) fn url(&self) -> DatabaseUrl {
        match self {
            Self::Sqlite(path) => DatabaseUrl::Sqlite(path.clone()),
            Self::Postgres(url) => url.parse().unwrap(),
        }
    }

    /// Rows of text, by a connection of its own that knows nothing of tenants.
    pub(crate) async fn ask(&self, sql: &str) -> Vec<String> {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
            Self::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                let rows = sqlx::query(sql).fetch_all(&mut connection).await.unwrap();
                rows.iter().map(|row| row.get(0)).collect()
            }
        }
    }

    /// Runs a statement behind the store's back.
    pub(crate) async fn tamper(&self, sql: &str) {
        let sql = sqlx::AssertSqlSafe(sql.to_owned());
        match self {
            Self::Sqlite(path) => {
                let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
                let mut connection = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap();
            }
            Self::Postgres(url) => {
                let mut connection = sqlx::PgConnection::connect(url).await.unwrap();
                sqlx::query(sql).execute(&mut connection).await.unwrap();
            }
        }
    }

    /// Makes so many copies of a row, each with a `column` of its own.
    pub(crate) async fn multiply(&self, table: &str, id: uuid::Uuid, column: &str, times: usize) {
        let described = TABLES.iter().find(|described| described.name == table).unwrap();
        let (mine, new) = match self {
            Self::Sqlite(_) if column == "print" => (format!("x'{}'", id.simple()), "randomblob(32)"),
            Self::Sqlite(_) => (format!("x'{}'", id.simple()), "randomblob(16)"),
            Self::Postgres(_) if column == "print" => (format!("'{id}'"), "sha256(convert_to(many.i::text, 'UTF8'))"),
            Self::Postgres(_) => (format!("'{id}'"), "gen_random_uuid()"),
        };
        let names = || described.all_columns().map(|described| described.name);
        let into: Vec<_> = names().map(|name| format!("\"{name}\"")).collect();
        let from: Vec<_> =
            names().map(|name| if name == column { new.to_owned() } else { format!("\"{name}\"") }).collect();
        let by = if column == "print" { "account" } else { "id" };
        self.tamper(&format!(
            "WITH RECURSIVE many(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM many WHERE i < {times}) \
             INSERT INTO \"{table}\" ({}) SELECT {} FROM \"{table}\", many WHERE {by} = {mine}",
            into.join(", "),
            from.join(", "),
        ))
        .await;
    }

    /// Everything a tenant has, byte by byte.
    pub(crate) async fn dump(&self, tenant: TenantId) -> Vec<String> {
        let mut lines = Vec::new();
        for table in TABLES {
            let sql = match self {
                Self::Sqlite(_) => {
                    let columns: Vec<_> =
                        table.all_columns().map(|column| format!("quote(\"{}\")", column.name)).collect();
                    let id = tenant.0.simple();
                    format!("SELECT {} FROM \"{}\" WHERE tenant_id = x'{id}'", columns.join("||'|'||"), table.name)
                }
                Self::Postgres(_) => format!("SELECT t::text FROM \"{}\" t WHERE tenant_id = '{tenant}'", table.name),
            };
            let mut rows = self.ask(&sql).await;
            rows.sort();
            lines.extend(rows.into_iter().map(|row| format!("{}: {row}", table.name)));
        }
        lines
    }
}

impl Fixture {
    pub(crate) async fn open(place: Place, folder: TempDir) -> Self {
        let (clock, rng) = (TestClock::new(), Arc::new(SeededRng::new(1)));
        let store = Store::open(place.url(), Arc::new(clock.clone()), rng.clone()).await.unwrap();
        Self { store, clock, rng, folder, place }
    }

    /// Another process on the same database.
    pub(crate) async fn second_process(&self) -> Store {
        self.open_again().await.unwrap()
    }

    pub(crate) async fn open_again(&self) -> Result<Store, StoreError> {
        // other randomness, or both would make the same ids
        let rng = Arc::new(SeededRng::new(2));
        Store::open(self.place.url(), Arc::new(self.clock.clone()), rng).await
    }

    pub(crate) async fn tenant(&self, name: &str) -> TenantStore {
        let tenant = self.store.tenants().create(name, &format!("{name}.example.org")).await.unwrap();
        self.store.tenant(tenant.id)
    }
}

/// The key that signs heads in tests.
pub(crate) fn signing_key() -> SigningKey {
    SigningKey::from_seed(&Secret::new([9; 32]))
}

pub(crate) fn sqlite() -> (Place, TempDir) {
    let folder = tempfile::tempdir().unwrap();
    (Place::Sqlite(folder.path().join("store.sqlite")), folder)
}

/// A new database in the one cluster of this test binary; `None` where there is no PostgreSQL.
pub(crate) fn postgres() -> Option<(Place, TempDir)> {
    static CLUSTER: OnceLock<Result<peers::Postgres, String>> = OnceLock::new();
    static DATABASES: AtomicU32 = AtomicU32::new(0);
    match CLUSTER.get_or_init(|| peers::Postgres::start().map_err(|why| format!("{why:#}"))) {
        Ok(cluster) => {
            let name = format!("store{}", DATABASES.fetch_add(1, Ordering::Relaxed));
            let url = cluster.create_database(&name).unwrap();
            Some((Place::Postgres(url), tempfile::tempdir().unwrap()))
        }
        Err(why) if peers::required() => panic!("PostgreSQL did not start: {why}"),
        Err(why) => {
            fernamt_testkit::skip!("no PostgreSQL: {why}");
            None
        }
    }
}

/// Runs a test to its end, also when it has to wait for the database.
pub(crate) fn run<F: Future<Output = ()>>(place: Option<(Place, TempDir)>, test: impl FnOnce(Fixture) -> F) {
    let Some((place, folder)) = place else { return };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let fixture = Fixture::open(place, folder).await;
        let store = fixture.store.clone();
        test(fixture).await;
        store.close().await.unwrap();
    });
}

/// Makes two tests of each function: one on SQLite, one on PostgreSQL.
macro_rules! on_both {
    ($($name:ident)+) => {$(
        mod $name {
            #[test]
            fn on_sqlite() {
                crate::support::run(Some(crate::support::sqlite()), super::$name);
            }

            #[test]
            fn on_postgres() {
                crate::support::run(crate::support::postgres(), super::$name);
            }
        }
    )+};
}
pub(crate) use on_both;
