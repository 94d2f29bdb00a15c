//! Restoring a backup, so that nothing deleted or revoked since comes back.
//!
//! All sessions end, devices have to be approved again, containers have to be made anew, links for setting up and the activation codes of sticks are
//! void, and the journal of deletions is repeated. The generations of sticks that were given out since are not known:
//! once an administrator has approved a stick again, the next one that it presents is taken over. What was changed since the backup in other ways (a password, a rule's text) is as it was then.

use std::{collections::HashSet, path::Path, str::FromStr};

use fernamt_domain::{
    DeviceState, JournalId, Secret, TenantId,
    audit::{AuditEvent, AuditKind, Outcome},
    mail::UndoStatus,
};
use sea_orm::{
    ConnectionTrait, DatabaseTransaction, DbBackend, Statement, TransactionTrait, Value,
    sea_query::{Condition, Expr, ExprTrait},
};
use serde::Serialize;
use time::OffsetDateTime;

use crate::{
    BlobPrint, JournalEntry, RetentionConfig, Store, StoreError, TABLES, TenantStore,
    backup::{beside, copy_all, open_copy, remove_database},
    database::{DatabaseUrl, writing},
    record::{ColumnKind, Table},
    repo::{
        audit,
        conference::meeting::{CANCELLED, ENDED, MeetingRecord, PIN_RENEWED, no_way_in},
        credential::{RecoveryCodeRecord, USED},
        device::DeviceRecord,
        directory::Directories,
        journal::{JournalAction, JournalRecord},
        mail::{
            account::MailAccountRecord,
            delegation::{self, MailGrantRecord},
            mirror::MirrorAbsenceRecord,
            submission::EmailSubmissionRecord,
        },
        outbox::OutboxRecord,
        person::{People, PersonRecord, REMOVED},
        rule::RuleRecord,
        session::Sessions,
        setup::SetupLinkRecord,
        stick::{KEY_WITHDRAWN, LOST, StickRecord, keyless_thumbprint},
        target::{TargetRecord, enabled_word},
        tenant::TenantRecord,
    },
    scope::{Scope, Writing, any, is, is_null, to},
};

/// By how much the count of changes goes up, so that it is above any that a decision was kept with.
const EPOCH_STEP: i64 = 1 << 32;

/// What a restore did beyond copying.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// Tenants restored.
    pub tenants: u64,
    /// Sessions ended.
    pub sessions_ended: u64,
    /// Devices that have to be approved again.
    pub devices_pending: u64,
    /// Journal entries repeated.
    pub repeated: u64,
}

impl Store {
    /// Restores a backup into this store, which must be empty, and repeats what `journal` holds beyond it: the
    /// journal of the store that is replaced ([`Store::journal_entries`]), or the file kept beside the backups.
    /// All or nothing. What is over by each tenant's own periods, which `periods` tells, is deleted then: a backup
    /// holds what was deleted since.
    pub async fn restore(
        &self,
        backup: &Path,
        journal: &[JournalEntry],
        periods: impl AsyncFn(&TenantStore) -> RetentionConfig,
    ) -> Result<RestoreReport, StoreError> {
        if !self.tenants().all().await?.is_empty() {
            return Err(StoreError::Backup("the store is not empty".to_owned()));
        }
        let copy = match &self.inner.database.url {
            DatabaseUrl::Sqlite(path) => beside(path, "restoring"),
            DatabaseUrl::Postgres(_) => beside(backup, "restoring"),
        };
        let report = self.restore_by_way_of(backup, &copy, journal).await;
        remove_database(&copy)?;
        let report = report?;
        for tenant in self.tenants().all().await? {
            let tenant = self.tenant(tenant.id);
            tenant.delete_expired(&periods(&tenant).await).await?;
        }
        Ok(report)
    }

    /// Puts everything in a PostgreSQL database aside, as a schema of this name, and closes the store. The database can
    /// be opened again, empty, and what was put aside can be put back by renaming. An SQLite store is put aside by
    /// renaming its files.
    pub async fn put_aside(self, kept: &str) -> Result<(), StoreError> {
        if self.inner.database.backend() != DbBackend::Postgres {
            return Err(StoreError::Address("only a schema of PostgreSQL can be put aside"));
        }
        let transaction = self.inner.database.writer.begin_with_options(writing()).await?;
        let current = Statement::from_string(DbBackend::Postgres, "SELECT current_schema()::text");
        let row = transaction.query_one_raw(current).await?.ok_or(StoreError::NotFound("schema"))?;
        let schema: String = row.try_get_by_index(0)?;
        let [schema, kept] = [schema.as_str(), kept].map(|name| format!("\"{}\"", name.replace('"', "\"\"")));
        transaction.execute_unprepared(&format!("ALTER SCHEMA {schema} RENAME TO {kept}")).await?;
        transaction.execute_unprepared(&format!("CREATE SCHEMA {schema}")).await?;
        transaction.commit().await?;
        self.close().await
    }

    async fn restore_by_way_of(
        &self,
        backup: &Path,
        copy: &Path,
        journal: &[JournalEntry],
    ) -> Result<RestoreReport, StoreError> {
        let from = open_copy(backup, copy).await?;
        let transaction = self.inner.database.writer.begin_with_options(writing()).await?;
        copy_all(&from.writer, &transaction).await?;
        from.close().await?;
        let mut report = RestoreReport::default();
        for tenant in crate::repo::tenant::all(&transaction).await? {
            self.settle(&transaction, tenant.id, journal, &mut report).await?;
        }
        transaction.commit().await?;
        Ok(report)
    }

    /// Takes back from one tenant what must not come back.
    async fn settle(
        &self,
        transaction: &DatabaseTransaction,
        tenant: TenantId,
        journal: &[JournalEntry],
        report: &mut RestoreReport,
    ) -> Result<(), StoreError> {
        let inner = &self.inner;
        let scope = || Scope::new(transaction, tenant, &inner.clock, &inner.rng);
        report.tenants += 1;
        report.sessions_ended += Sessions::<Writing>::over(scope()).end_where(any()).await?.len() as u64;
        let approved = is("state", &DeviceState::Approved);
        report.devices_pending +=
            scope().set::<DeviceRecord>(approved, vec![to("state", &DeviceState::Pending)]).await?;
        scope().delete::<SetupLinkRecord>(any()).await?;
        settle_sticks(scope).await?;
        settle_mail(scope).await?;
        scope().set::<OutboxRecord>(is_null("done_at"), vec![to("done_at", &Some(inner.clock.now()))]).await?;

        let known = scope().find::<JournalRecord>(any()).all().await?;
        let known: HashSet<JournalId> = known.into_iter().map(|entry| entry.id).collect();
        let mut missing: Vec<_> = journal
            .iter()
            .filter(|entry| entry.tenant == tenant && !known.contains(&entry.record.id))
            .map(|entry| entry.record.clone())
            .collect();
        missing.sort_by_key(|entry| (entry.at, entry.id));
        missing.dedup_by_key(|entry| entry.id);
        for entry in &missing {
            repeat(scope, entry).await?;
        }
        scope().insert_all(&missing).await?;
        report.repeated += missing.len() as u64;

        scope().add::<TenantRecord>(any(), "policy_epoch", EPOCH_STEP).await?;
        let details = serde_json::json!({ "repeated": missing.len() });
        let event = AuditEvent::new(AuditKind::Backup, "restored", Outcome::Success).details(details);
        audit::append(&scope(), &[event]).await
    }
}

/// The codes of sticks may have been used since, and generations were given out that nobody here knows of: the codes are
/// void, and new generations lie above all that can have been given out.
async fn settle_sticks<'a>(scope: impl Fn() -> Scope<'a>) -> Result<(), StoreError> {
    let values = vec![
        to("activation_print", &None::<Secret<Vec<u8>>>),
        to("activation_until", &None::<OffsetDateTime>),
        to("takes_over", &true),
    ];
    scope().set::<StickRecord>(any(), values).await?;
    scope().add::<StickRecord>(any(), "highest_generation", EPOCH_STEP).await
}

/// Clients know states of mail accounts that came after the backup: new ones lie above all of them, and whoever knows an
/// older one reads everything anew. What waited on its way out may have arrived long ago: it is not sent by itself, and
/// what became of it stays unknown. Absences are carried to the mail server once more.
async fn settle_mail<'a>(scope: impl Fn() -> Scope<'a>) -> Result<(), StoreError> {
    let stopped = vec![to("next_at", &None::<OffsetDateTime>), to("undo_status", &UndoStatus::Final)];
    scope().set::<EmailSubmissionRecord>(is_null("next_at").not(), stopped).await?;
    // What the mail server says may be newer than what is known here: it is to say this again.
    scope().set::<MirrorAbsenceRecord>(any(), vec![to("print", &None::<BlobPrint>)]).await?;
    scope().add::<MailAccountRecord>(any(), "counter", EPOCH_STEP).await?;
    for account in scope().find::<MailAccountRecord>(any()).all().await? {
        let now = account.counter;
        let (mailbox_state, email_state, thread_state) = (now, now, now);
        let (identity_state, submission_state, forgotten) = (now, now, now);
        let (delivery_state, vacation_state, thread_work_state) = (now, now, now);
        let settled = MailAccountRecord {
            mailbox_state,
            email_state,
            thread_state,
            identity_state,
            submission_state,
            delivery_state,
            vacation_state,
            thread_work_state,
            forgotten,
            ..account
        };
        scope().replace(&settled).await?;
    }
    Ok(())
}

/// Does again what a journal entry tells. That the row is not there, because it was made after the backup, is fine.
async fn repeat<'a>(scope: impl Fn() -> Scope<'a>, entry: &JournalRecord) -> Result<(), StoreError> {
    let (table, key) = key_of(entry)?;
    let state = entry.state.as_deref().unwrap_or_default();
    let done = match (entry.action, table.name) {
        (JournalAction::Deleted, "directory") => Directories::<Writing>::over(scope()).remove(id_of(entry)?).await,
        (JournalAction::Deleted, _) => scope().delete_without_journal(table, key).await.map(|_| ()),
        (JournalAction::State, "person") if state == REMOVED => {
            People::<Writing>::over(scope()).remove(id_of(entry)?).await
        }
        (JournalAction::State, "person") => set_word::<PersonRecord>(&scope(), key, state).await,
        (JournalAction::State, "device") => match DeviceState::from_str(state) {
            // whoever was let in again is asked again
            Ok(DeviceState::Approved) => set_word::<DeviceRecord>(&scope(), key, DeviceState::Pending.as_str()).await,
            _ => set_word::<DeviceRecord>(&scope(), key, state).await,
        },
        (JournalAction::State, "stick") if state == KEY_WITHDRAWN => {
            let device = id_of(entry)?;
            let values = vec![to("public_key", &Vec::<u8>::new()), to("thumbprint", &keyless_thumbprint(device))];
            scope().set::<DeviceRecord>(is("id", &device), values).await.map(|_| ())
        }
        (JournalAction::State, "stick") if state == LOST => {
            scope().set::<StickRecord>(key, vec![to("lost", &true)]).await.map(|_| ())
        }
        (JournalAction::State, "meeting") => repeat_meeting(&scope(), key, state, entry.at).await,
        (JournalAction::State, "target") => set_enabled::<TargetRecord>(&scope(), key, state).await,
        (JournalAction::State, "rule") => set_enabled::<RuleRecord>(&scope(), key, state).await,
        (JournalAction::State, "mail_grant") => {
            let rights = delegation::repeated(state).ok_or_else(|| damaged(&entry.row_key))?;
            scope().set::<MailGrantRecord>(key, rights).await.map(|_| ())
        }
        (JournalAction::State, "recovery_code") if state == USED => {
            scope().set::<RecoveryCodeRecord>(key, vec![to("used_at", &Some(entry.at))]).await.map(|_| ())
        }
        (JournalAction::State, name) => Err(StoreError::Backup(format!("the journal has no state {state} of {name}"))),
    };
    match done {
        Err(StoreError::NotFound(_)) => Ok(()),
        done => done,
    }
}

/// A meeting that was ended or called off stays so, and a PIN that was replaced counts no more; its host renews it.
async fn repeat_meeting(scope: &Scope<'_>, key: Condition, state: &str, at: OffsetDateTime) -> Result<(), StoreError> {
    let values = match state {
        ENDED => no_way_in().into_iter().chain([to("ended_at", &Some(at))]).collect(),
        CANCELLED => no_way_in().into_iter().chain([to("cancelled_at", &Some(at))]).collect(),
        PIN_RENEWED => vec![to("pin_print", &None::<Secret<Vec<u8>>>)],
        _ => return Err(StoreError::Backup(format!("the journal has no state {state} of meeting"))),
    };
    scope.set::<MeetingRecord>(key, values).await.map(|_| ())
}

async fn set_word<R: crate::record::Record>(scope: &Scope<'_>, key: Condition, word: &str) -> Result<(), StoreError> {
    scope.set::<R>(key, vec![to("state", &word.to_owned())]).await.map(|_| ())
}

async fn set_enabled<R: crate::record::Record>(
    scope: &Scope<'_>,
    key: Condition,
    word: &str,
) -> Result<(), StoreError> {
    let enabled = word == enabled_word(true);
    scope.set::<R>(key, vec![to("enabled", &enabled)]).await.map(|_| ())
}

fn parts(row_key: &serde_json::Value) -> impl Iterator<Item = &str> {
    row_key.as_array().into_iter().flatten().filter_map(serde_json::Value::as_str)
}

fn id_of<I: From<uuid::Uuid>>(entry: &JournalRecord) -> Result<I, StoreError> {
    let id = parts(&entry.row_key).next().and_then(|part| part.parse::<uuid::Uuid>().ok());
    id.map(I::from).ok_or_else(|| damaged(&entry.row_key))
}

/// The table that an entry is about, and the condition for its row.
pub(crate) fn key_of(entry: &JournalRecord) -> Result<(&'static Table, Condition), StoreError> {
    let row_key = &entry.row_key;
    let table = TABLES
        .iter()
        .find(|table| table.name == entry.table_name)
        .ok_or_else(|| StoreError::Backup(format!("the journal names an unknown table: {}", entry.table_name)))?;
    let mut all = Condition::all();
    let mut given = parts(row_key);
    for name in table.key {
        let text = given.next().ok_or_else(|| damaged(row_key))?;
        let column = table.columns.iter().find(|column| column.name == *name).ok_or_else(|| damaged(row_key))?;
        let value: Value = match column.kind {
            ColumnKind::Uuid => text.parse::<uuid::Uuid>().map_err(|_| damaged(row_key))?.into(),
            ColumnKind::Text => text.into(),
            ColumnKind::Integer => text.parse::<i64>().map_err(|_| damaged(row_key))?.into(),
            ColumnKind::Boolean | ColumnKind::Bytes => return Err(damaged(row_key)),
        };
        all = all.add(Expr::col(*name).eq(value));
    }
    match given.next() {
        None if !table.key.is_empty() => Ok((table, all)),
        _ => Err(damaged(row_key)),
    }
}

fn damaged(row_key: &serde_json::Value) -> StoreError {
    StoreError::Backup(format!("the journal holds a key that fits no row: {row_key}"))
}
