//! Backups: one SQLite file with everything that may come back, whichever database the store is in, taken while it runs.
//!
//! The keys are not in it: sealed values in a backup open only with the installation's master key, which must be
//! kept apart. Each backup is restore-tested before it gets its name.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use fernamt_domain::{TenantId, audit::PublicKey};
use sea_orm::{
    AccessMode, ConnectionTrait, DatabaseConnection, DbBackend, IsolationLevel, Statement, TransactionOptions,
    TransactionTrait, Value,
    sea_query::{Expr, ExprTrait, Func, Order, Query},
};
use serde::{Deserialize, Serialize};

use crate::{
    DatabaseUrl, JournalRecord, RetentionConfig, Store, StoreError, TABLES,
    database::{Database, writing},
    record::{Column, ColumnKind, Field, Record, Table},
    repo::mail::blob::MailBlobRecord,
    restore::key_of,
};

/// Rows copied at a time.
const COPY_ROWS: u64 = 500;
/// Rows with raw bytes of messages copied at a time: each may be as large as a message may be.
const COPY_BLOBS: u64 = 4;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// How many rows of each table.
    pub rows: Vec<(&'static str, u64)>,
    /// The size of the file.
    pub bytes: u64,
}

/// An entry of the deletion journal with its tenant, as kept beside the backups: a line of JSON each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Whose it is.
    pub tenant: TenantId,
    /// What was deleted or changed its state.
    #[serde(flatten)]
    pub record: JournalRecord,
}

impl Store {
    /// Writes a backup of everything to a new file, which only its owner may read, and tests it: the file is intact,
    /// all audit chains verify, and it restores. Until that is done it has no name of its own.
    pub async fn back_up(&self, path: &Path, key: &PublicKey) -> Result<BackupReport, StoreError> {
        let partial = beside(path, "partial");
        remove_database(&partial)?;
        private_file(&partial)?;
        let result = self.back_up_and_test(&partial, key).await;
        match result {
            Ok(report) => {
                File::open(&partial)?.sync_all()?;
                fs::rename(&partial, path)?;
                sync_folder(path)?;
                Ok(report)
            }
            Err(error) => {
                remove_database(&partial)?;
                Err(error)
            }
        }
    }

    async fn back_up_and_test(&self, partial: &Path, key: &PublicKey) -> Result<BackupReport, StoreError> {
        match self.inner.database.backend() {
            DbBackend::Sqlite => {
                let target = partial.to_str().ok_or(StoreError::Address("the path must be UTF-8"))?;
                let statement = Statement::from_sql_and_values(DbBackend::Sqlite, "VACUUM INTO ?", [target.into()]);
                self.inner.database.reader.execute_raw(statement).await?;
                drop_unsaved(partial).await?;
            }
            _ => {
                let copy = Database::open(DatabaseUrl::Sqlite(partial.to_owned())).await?;
                let snapshot = TransactionOptions {
                    isolation_level: Some(IsolationLevel::RepeatableRead),
                    access_mode: Some(AccessMode::ReadOnly),
                    ..TransactionOptions::default()
                };
                let from = self.inner.database.reader.begin_with_options(snapshot).await?;
                let to = copy.writer.begin_with_options(writing()).await?;
                copy_all(&from, &to).await?;
                to.commit().await?;
                from.rollback().await?;
                // the log is part of the file from here on
                copy.close().await?;
            }
        }
        let scratch = beside(partial, "test");
        remove_database(&scratch)?;
        let tested = self.test_backup(partial, &scratch, key).await;
        remove_database(&scratch)?;
        Ok(BackupReport { rows: tested?, bytes: fs::metadata(partial)?.len() })
    }

    /// Restores the backup into a scratch file and looks at the result.
    async fn test_backup(
        &self,
        backup: &Path,
        scratch: &Path,
        key: &PublicKey,
    ) -> Result<Vec<(&'static str, u64)>, StoreError> {
        private_file(scratch)?;
        let inner = &self.inner;
        let restored =
            Self::open(DatabaseUrl::Sqlite(scratch.to_owned()), inner.clock.clone(), inner.rng.clone()).await?;
        restored.restore(backup, &[], async |_: &_| RetentionConfig::default()).await?;
        for tenant in restored.tenants().all().await? {
            restored
                .tenant(tenant.id)
                .audit()
                .verify(Vec::new(), key)
                .await?
                .map_err(|fault| StoreError::Backup(format!("the audit chain does not verify: {fault}")))?;
        }
        check_file(&restored.inner.database.writer).await?;
        let rows = count_rows(&restored.inner.database.writer).await?;
        restored.close().await?;
        Ok(rows)
    }

    /// The deletion journals of all tenants, oldest entry first: what a restore needs beside the backup.
    pub async fn journal_entries(&self) -> Result<Vec<JournalEntry>, StoreError> {
        let mut entries = Vec::new();
        for tenant in self.tenants().all().await? {
            let records = self.tenant(tenant.id).journal().all().await?;
            entries.extend(records.into_iter().map(|record| JournalEntry { tenant: tenant.id, record }));
        }
        Ok(entries)
    }

    /// Writes the deletion journals to a file beside the backups, replacing the one before. Do this often: what is
    /// deleted after the last time comes back when the database is lost and a backup restored.
    pub async fn write_journal(&self, path: &Path) -> Result<(), StoreError> {
        let entries = self.journal_entries().await?;
        let partial = beside(path, "partial");
        let _ = fs::remove_file(&partial);
        let mut file = private_file(&partial)?;
        for entry in &entries {
            let line = serde_json::to_string(entry)
                .map_err(|_| StoreError::corrupt("deletion_journal", "it cannot be written as JSON"))?;
            writeln!(file, "{line}")?;
        }
        file.sync_all()?;
        fs::rename(&partial, path)?;
        sync_folder(path)
    }
}

/// Reads a file that [`Store::write_journal`] wrote.
pub fn read_journal(path: &Path) -> Result<Vec<JournalEntry>, StoreError> {
    parse_journal(BufReader::new(File::open(path)?))
}

/// Reads the lines of a journal. Each names a row of a table that there is, so that a damaged one is refused before
/// anything is restored.
pub fn parse_journal(journal: impl BufRead) -> Result<Vec<JournalEntry>, StoreError> {
    let read = |line: std::io::Result<String>| {
        let entry: JournalEntry = serde_json::from_str(&line?)
            .map_err(|error| StoreError::Backup(format!("the journal is damaged: {error}")))?;
        key_of(&entry.record)?;
        Ok(entry)
    };
    journal.lines().map(read).collect()
}

/// Deletes what a backup leaves out from a copy of the whole database. The bytes are overwritten (`secure_delete`).
async fn drop_unsaved(copy: &Path) -> Result<(), StoreError> {
    let copy = Database::open(DatabaseUrl::Sqlite(copy.to_owned())).await?;
    for table in TABLES.iter().filter(|table| table.unsaved) {
        copy.writer.execute(Query::delete().from_table(table.name)).await?;
    }
    copy.close().await
}

/// Copies the rows of all tables that are part of backups, each table after those that it refers to.
pub(crate) async fn copy_all(from: &impl ConnectionTrait, to: &impl ConnectionTrait) -> Result<(), StoreError> {
    for table in TABLES.iter().filter(|table| !table.unsaved) {
        copy_table(from, to, table).await?;
    }
    Ok(())
}

/// Copies a table in the order of its key, each time from behind the last row.
async fn copy_table(from: &impl ConnectionTrait, to: &impl ConnectionTrait, table: &Table) -> Result<(), StoreError> {
    let columns: Vec<&Column> = table.all_columns().collect();
    let key: Vec<usize> = std::iter::once(0)
        .chain(table.key.iter().filter_map(|key| columns.iter().position(|column| column.name == *key)))
        .collect();
    let rows_at_a_time = if table.name == MailBlobRecord::TABLE.name { COPY_BLOBS } else { COPY_ROWS };
    let mut last: Option<Vec<Value>> = None;
    loop {
        let mut select = Query::select();
        select.columns(columns.iter().map(|column| column.name)).from(table.name).limit(rows_at_a_time);
        for &part in &key {
            select.order_by(columns[part].name, Order::Asc);
        }
        if let Some(last) = last {
            let row = Expr::tuple(key.iter().map(|&part| Expr::col(columns[part].name)));
            select.and_where(row.gt(Expr::tuple(last.into_iter().map(Expr::val))));
        }
        let rows = from.query_all(&select).await?;
        if rows.is_empty() {
            return Ok(());
        }
        let mut insert = Query::insert();
        insert.into_table(table.name).columns(columns.iter().map(|column| column.name));
        let mut values = Vec::new();
        for row in &rows {
            values = columns.iter().map(|column| any_value(row, column)).collect::<Result<Vec<_>, _>>()?;
            insert.values_panic(values.iter().cloned().map(Expr::val));
        }
        to.execute(&insert).await?;
        last = Some(key.iter().map(|&part| values[part].clone()).collect());
    }
}

fn any_value(row: &sea_orm::QueryResult, column: &Column) -> Result<Value, StoreError> {
    Ok(match column.kind {
        ColumnKind::Uuid => Option::<uuid::Uuid>::read(row, column.name)?.value(),
        ColumnKind::Text => Option::<String>::read(row, column.name)?.value(),
        ColumnKind::Integer => Option::<i64>::read(row, column.name)?.value(),
        ColumnKind::Boolean => Option::<bool>::read(row, column.name)?.value(),
        ColumnKind::Bytes => Option::<Vec<u8>>::read(row, column.name)?.value(),
    })
}

/// Opens a backup for reading, by way of a copy: opening brings the copy's schema up to date.
pub(crate) async fn open_copy(backup: &Path, copy: &Path) -> Result<Database, StoreError> {
    remove_database(copy)?;
    let mut target = private_file(copy)?;
    std::io::copy(&mut File::open(backup)?, &mut target)?;
    drop(target);
    let database = Database::open(DatabaseUrl::Sqlite(copy.to_owned())).await?;
    check_file(&database.writer).await?;
    Ok(database)
}

async fn check_file(connection: &DatabaseConnection) -> Result<(), StoreError> {
    let ask = |sql: &str| connection.query_all_raw(Statement::from_string(DbBackend::Sqlite, sql));
    let intact = ask("PRAGMA integrity_check").await?;
    match intact.first().map(|row| row.try_get_by_index::<String>(0)).transpose()?.as_deref() {
        Some("ok") => {}
        found => return Err(StoreError::Backup(format!("the file is damaged: {}", found.unwrap_or("no answer")))),
    }
    if ask("PRAGMA foreign_key_check").await?.is_empty() {
        return Ok(());
    }
    Err(StoreError::Backup("rows refer to others that are not there".to_owned()))
}

async fn count_rows(connection: &impl ConnectionTrait) -> Result<Vec<(&'static str, u64)>, StoreError> {
    let mut counts = Vec::new();
    for table in TABLES {
        let mut select = Query::select();
        select.expr_as(Func::count(Expr::col("tenant_id")), "n").from(table.name);
        let row = connection.query_one(&select).await?;
        counts.push((table.name, row.map_or(Ok(0), |row| u64::read(&row, "n"))?));
    }
    Ok(counts)
}

/// A new file that only its owner may read.
fn private_file(path: &Path) -> Result<File, StoreError> {
    Ok(OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?)
}

/// `path` with another ending added.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    name.into()
}

/// Removes an SQLite database with its log, if it is there.
pub(crate) fn remove_database(path: &Path) -> Result<(), StoreError> {
    for ending in ["", "-wal", "-shm", "-journal"] {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        match fs::remove_file(&name) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
    }
    Ok(())
}

/// Makes a rename last.
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    Ok(File::open(folder)?.sync_all()?)
}
