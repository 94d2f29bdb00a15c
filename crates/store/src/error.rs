//! What can go wrong in the store.

use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// An error of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// There is no such row in this tenant.
    #[error("there is no such {0}")]
    NotFound(&'static str),
    /// The change clashes with what is there. After this the unit of work can only be dropped.
    #[error("{what} exists already or clashes with another entry")]
    Conflict {
        /// `table.column` of the value that must be unique, such as `person.name`, or what else clashes.
        what: String,
    },
    /// The change refers to a row that does not exist, or removes one that is still needed.
    #[error("the entry refers to one that does not exist, or is still referred to")]
    Reference,
    /// More was asked for or handed in than is allowed.
    #[error("at most {limit} {what} are allowed")]
    TooMany {
        /// What there is too much of.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// The database is too busy, or two changes ran into each other: try again.
    #[error("the database is busy")]
    Busy,
    /// The disk of the database is full: nothing can be written until there is room.
    #[error("there is no room left on the database's disk")]
    Full,
    /// A row holds something that this version cannot read.
    #[error("column {column} cannot be read: {reason}")]
    Corrupt {
        /// The column.
        column: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The address of the database is not one.
    #[error("the database address is not usable: {0}")]
    Address(&'static str),
    /// The durability settings are not what they must be.
    #[error("the database runs with {setting} = {found}, but {wanted} is needed for acknowledged changes to last")]
    Durability {
        /// The setting.
        setting: &'static str,
        /// What it is.
        found: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A newer version has changed the schema.
    #[error(
        "a newer version of Fernamt has worked with this database ({migration}): start that version, or restore a \
         backup from before the update"
    )]
    Newer {
        /// What this version does not know.
        migration: String,
    },
    /// A backup is not usable.
    #[error("the backup is not usable: {0}")]
    Backup(String),
    /// The database failed.
    #[error("the database failed: {0}")]
    Database(DbErr),
    /// A file of the store could not be read or written.
    #[error("a file of the store could not be read or written")]
    File(#[from] std::io::Error),
}

impl StoreError {
    pub(crate) fn corrupt(column: &str, reason: &'static str) -> Self {
        Self::Corrupt { column: column.to_owned(), reason }
    }

    pub(crate) fn conflict(what: &str) -> Self {
        Self::Conflict { what: what.to_owned() }
    }
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(message)) => Self::Conflict { what: unique_column(&message) },
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => Self::Reference,
            _ if is_busy(&error) => Self::Busy,
            _ if is_full(&error) => Self::Full,
            _ => Self::Database(error),
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        DbErr::Conn(RuntimeErr::SqlxError(error.into())).into()
    }
}

/// SQLite names the columns, PostgreSQL the constraint, which the migration names after its last column.
fn unique_column(message: &str) -> String {
    let quoted = message.split('"').nth(1);
    let listed = message.rsplit([' ', ',']).next();
    quoted.or(listed).unwrap_or("the value").to_owned()
}

fn is_busy(error: &DbErr) -> bool {
    if matches!(error, DbErr::ConnectionAcquire(_)) {
        return true;
    }
    // SQLITE_BUSY and its extended forms; serialization failure and deadlock of PostgreSQL
    let codes = ["5", "261", "517", "773", "40001", "40P01", "55P03"];
    matches!(of_driver(error), Some(sqlx::Error::PoolTimedOut)) || has_code(error, &codes)
}

fn is_full(error: &DbErr) -> bool {
    // SQLITE_FULL; SQLITE_IOERR_SHMSIZE, when the index of the write-ahead log cannot grow; PostgreSQL's disk_full
    has_code(error, &["13", "4874", "53100"])
}

fn of_driver(error: &DbErr) -> Option<&sqlx::Error> {
    match error {
        DbErr::Exec(RuntimeErr::SqlxError(inner))
        | DbErr::Query(RuntimeErr::SqlxError(inner))
        | DbErr::Conn(RuntimeErr::SqlxError(inner)) => Some(inner),
        _ => None,
    }
}

fn has_code(error: &DbErr, codes: &[&str]) -> bool {
    let Some(sqlx::Error::Database(inner)) = of_driver(error) else { return false };
    inner.code().is_some_and(|code| codes.contains(&code.as_ref()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_full_disk_has_a_name_of_its_own() {
        use sqlx::{Connection as _, Executor as _};
        let mut database = sqlx::SqliteConnection::connect("sqlite::memory:").await.unwrap();
        database.execute("PRAGMA max_page_count = 4; CREATE TABLE paper (text)").await.unwrap();
        let error = database.execute("INSERT INTO paper VALUES (zeroblob(100000))").await.unwrap_err();
        assert!(matches!(StoreError::from(error), StoreError::Full));
        let error = database.execute("INSERT INTO missing VALUES (1)").await.unwrap_err();
        let error = StoreError::from(error);
        assert!(matches!(error, StoreError::Database(_)));
        assert!(error.to_string().contains("no such table"), "the log says why: {error}");
    }

    #[test]
    fn both_databases_name_the_same_column() {
        assert_eq!(unique_column("UNIQUE constraint failed: person.tenant_id, person.name"), "person.name");
        assert_eq!(unique_column("duplicate key value violates unique constraint \"person.name\""), "person.name");
    }
}
