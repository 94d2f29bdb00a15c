//! Opening the database: its address, its connections, and the settings that make acknowledged changes last.

use std::{
    fs::OpenOptions,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    str::FromStr,
    time::Duration,
};

use fernamt_domain::Secret;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, SqliteTransactionMode, Statement, TransactionOptions,
    TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use sqlx::{
    ConnectOptions,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tracing::log::LevelFilter;

use crate::{StoreError, migration::Migrator};

/// Connections that read, at most, on SQLite.
const SQLITE_READERS: u32 = 4;
/// Connections at most on PostgreSQL.
const POSTGRES_CONNECTIONS: u32 = 20;
/// How long a unit of work waits for its turn.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(10);
/// How long SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The number under which processes agree on who migrates a PostgreSQL database.
const MIGRATION_LOCK: i64 = 0x6665_726e_616d_7401;

/// Where the database is: `sqlite:PATH` or `postgres://…`.
#[derive(Debug, Clone)]
pub enum DatabaseUrl {
    /// An embedded database in this file, made if it is not there.
    Sqlite(PathBuf),
    /// A PostgreSQL server. The address may hold a password.
    Postgres(Secret<String>),
}

impl FromStr for DatabaseUrl {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        if let Some(path) = text.strip_prefix("sqlite:") {
            let path = path.strip_prefix("//").unwrap_or(path);
            return match path {
                "" | ":memory:" => Err(StoreError::Address("SQLite needs a file: sqlite:PATH")),
                path => Ok(Self::Sqlite(path.into())),
            };
        }
        if text.starts_with("postgres://") || text.starts_with("postgresql://") {
            return Ok(Self::Postgres(Secret::from(text)));
        }
        Err(StoreError::Address("it must begin with sqlite: or postgres://"))
    }
}

/// The connections to a database.
#[derive(Debug, Clone)]
pub(crate) struct Database {
    pub(crate) reader: DatabaseConnection,
    /// On SQLite one connection, so that there is one writer, first come, first served.
    pub(crate) writer: DatabaseConnection,
    pub(crate) url: DatabaseUrl,
}

/// The settings that decide whether an acknowledged change lasts, as the database reports them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Durability {
    /// Setting, what it is, and what it must be.
    pub settings: Vec<(&'static str, String, &'static str)>,
}

impl Durability {
    /// An error that names the first setting that is not what it must be.
    pub fn check(&self) -> Result<(), StoreError> {
        match self.settings.iter().find(|(_, found, wanted)| found != wanted) {
            Some((setting, found, wanted)) => Err(StoreError::Durability { setting, found: found.clone(), wanted }),
            None => Ok(()),
        }
    }
}

impl Database {
    /// Opens and migrates the database, and makes sure of its durability settings.
    pub(crate) async fn open(url: DatabaseUrl) -> Result<Self, StoreError> {
        let database = Self::connect(url).await?;
        database.migrate().await?;
        database.durability().await?.check()?;
        Ok(database)
    }

    async fn connect(url: DatabaseUrl) -> Result<Self, StoreError> {
        match &url {
            DatabaseUrl::Sqlite(path) => {
                make_private(path)?;
                let options = SqliteConnectOptions::new()
                    .filename(path)
                    .journal_mode(SqliteJournalMode::Wal)
                    .synchronous(SqliteSynchronous::Full)
                    .foreign_keys(true)
                    .busy_timeout(BUSY_TIMEOUT)
                    .pragma("secure_delete", "ON")
                    .log_statements(LevelFilter::Trace);
                let pool = || SqlitePoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT);
                let writer = pool().max_connections(1).connect_with(options.clone()).await?;
                // readers open their first connection when it is needed: the writer has made the file by then
                let reader = pool().max_connections(SQLITE_READERS).connect_lazy_with(options);
                Ok(Self { reader: reader.into(), writer: writer.into(), url })
            }
            DatabaseUrl::Postgres(address) => {
                let options = PgConnectOptions::from_str(address.expose())?
                    .application_name("fernamt")
                    .options([("synchronous_commit", "on"), ("timezone", "UTC")])
                    .log_statements(LevelFilter::Trace);
                let pool = PgPoolOptions::new().acquire_timeout(ACQUIRE_TIMEOUT).max_connections(POSTGRES_CONNECTIONS);
                let pool: DatabaseConnection = pool.connect_with(options).await?.into();
                Ok(Self { reader: pool.clone(), writer: pool, url })
            }
        }
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let transaction = self.writer.begin_with_options(writing()).await?;
        if self.backend() == DbBackend::Postgres {
            let values = [MIGRATION_LOCK.into()];
            let lock = "SELECT pg_advisory_xact_lock($1)";
            transaction.query_one_raw(Statement::from_sql_and_values(DbBackend::Postgres, lock, values)).await?;
        }
        let known: Vec<_> = Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect();
        let applied = Migrator::get_migration_models(&transaction).await?;
        if let Some(unknown) = applied.into_iter().find(|applied| !known.contains(&applied.version)) {
            return Err(StoreError::Newer { migration: unknown.version });
        }
        Migrator::up(&transaction, None).await?;
        transaction.commit().await?;
        Ok(())
    }

    /// Closes all connections. SQLite's log becomes part of the file.
    pub(crate) async fn close(&self) -> Result<(), StoreError> {
        self.reader.close_by_ref().await?;
        self.writer.close_by_ref().await?;
        Ok(())
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.writer.get_database_backend()
    }

    /// Reads the settings back.
    pub(crate) async fn durability(&self) -> Result<Durability, StoreError> {
        let wanted: &[(&'static str, &'static str)] = match self.backend() {
            DbBackend::Sqlite => {
                &[("journal_mode", "wal"), ("synchronous", "2"), ("secure_delete", "1"), ("foreign_keys", "1")]
            }
            _ => &[("synchronous_commit", "on"), ("fsync", "on"), ("full_page_writes", "on")],
        };
        let mut settings = Vec::new();
        for &(setting, must) in wanted {
            let sql = match self.backend() {
                DbBackend::Sqlite => format!("PRAGMA {setting}"),
                _ => format!("SHOW {setting}"),
            };
            let row = self.writer.query_one_raw(Statement::from_string(self.backend(), sql)).await?;
            let found = row.map_or(Ok(String::new()), |row| {
                row.try_get_by_index::<String>(0).or_else(|_| row.try_get_by_index::<i64>(0).map(|n| n.to_string()))
            })?;
            settings.push((setting, found, must));
        }
        Ok(Durability { settings })
    }
}

/// Makes the database's file if it is not there, so that only its owner may read it.
fn make_private(path: &Path) -> Result<(), StoreError> {
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
    Ok(())
}

/// A transaction that writes takes SQLite's one writer's lock at once, so that it never has to be repeated.
pub(crate) fn writing() -> TransactionOptions {
    TransactionOptions { sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate), ..Default::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        assert!(matches!("sqlite:/var/lib/fernamt/a.sqlite".parse(), Ok(DatabaseUrl::Sqlite(_))));
        assert!(matches!("postgres://u:p@db/fernamt".parse(), Ok(DatabaseUrl::Postgres(_))));
        assert!("mysql://db".parse::<DatabaseUrl>().is_err());
        assert!("sqlite::memory:".parse::<DatabaseUrl>().is_err());
    }

    #[test]
    fn an_address_is_not_printed() {
        let url: DatabaseUrl = "postgres://u:hunter2@db/fernamt".parse().unwrap();
        assert!(!format!("{url:?}").contains("hunter2"));
    }
}
