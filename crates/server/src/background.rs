//! What the server does by itself: daily backups, the deletion of what is due, and a signed head of the audit log.

use std::{
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use fernamt_domain::audit::{AuditEvent, AuditKind, Outcome};
use fernamt_store::{BackupReport, RetentionConfig, TenantStore};
use time::{OffsetDateTime, format_description::BorrowedFormatItem, macros::format_description};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use crate::office::Office;

/// How often it is looked whether something is due.
const TICK: Duration = Duration::from_secs(60);

/// How often the head of the audit log is signed.
const HEAD_EVERY: time::Duration = time::Duration::HOUR;

/// Backups are named after their time, so that sorting by name sorts by age.
const BACKUP_NAME: &[BorrowedFormatItem<'_>] =
    format_description!("fernamt-[year][month][day]-[hour][minute][second].backup");

/// The journal of deletions, kept beside the backups.
const JOURNAL: &str = "deletions.jsonl";

/// Runs until stopped.
pub(crate) async fn run(office: Arc<Office>, stop: CancellationToken) {
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut last_deletion: Option<OffsetDateTime> = None;
    let mut last_head: Option<OffsetDateTime> = None;
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => {}
        }
        let now = office.clock.now();
        if last_deletion.is_none_or(|last| now.date() != last.date()) {
            last_deletion = Some(now);
            delete_expired(&office).await;
        }
        if last_head.is_none_or(|last| now - last >= HEAD_EVERY) {
            last_head = Some(now);
            if let Err(error) = sign_heads(&office).await {
                tracing::error!(error = %format!("{error:#}"), "The head of the audit log could not be signed");
            }
        }
        if office.config.backup.enabled
            && let Err(error) = keep_journal(&office).await
        {
            tracing::error!(error = %format!("{error:#}"), "The journal of deletions could not be written");
        }
        if office.config.backup.enabled && backup_is_due(&office, now) {
            match daily_backup(&office).await {
                Ok(report) => tracing::info!(bytes = report.bytes, "A backup was made and restored as a test"),
                Err(error) => tracing::error!(error = %format!("{error:#}"), "The daily backup failed"),
            }
        }
    }
}

/// Makes a backup and writes the journal of deletions beside it.
pub(crate) async fn back_up(office: &Office, path: &Path) -> anyhow::Result<BackupReport> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent).with_context(|| format!("cannot create {}", parent.display()))?;
    }
    let key = office.keys.audit_signing_key(&office.rng)?;
    let report = office.store.back_up(path, &key.public()).await.context("the backup failed")?;
    keep_journal(office).await?;
    for tenant in office.store.tenants().all().await? {
        office.store.tenant(tenant.id).record(AuditEvent::new(AuditKind::Backup, "made", Outcome::Success)).await?;
    }
    Ok(report)
}

/// Writes the journal of deletions beside the backups: what a restore needs when the database itself is lost.
async fn keep_journal(office: &Office) -> anyhow::Result<()> {
    let directory = office.config.backup_dir();
    std::fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
    office.store.write_journal(&directory.join(JOURNAL)).await.context("the journal of deletions cannot be written")
}

/// Where a backup made now is put.
pub(crate) fn backup_path(office: &Office) -> anyhow::Result<PathBuf> {
    let name = office.clock.now().format(BACKUP_NAME).context("the time has no name")?;
    Ok(office.config.backup_dir().join(name))
}

/// The backups that are there, oldest first.
pub(crate) fn backups(directory: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(directory)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "backup"))
        .collect();
    found.sort();
    found
}

async fn daily_backup(office: &Office) -> anyhow::Result<BackupReport> {
    let report = back_up(office, &backup_path(office)?).await?;
    let there = backups(&office.config.backup_dir());
    let surplus = there.len().saturating_sub(usize::from(office.config.backup.keep));
    for path in &there[..surplus] {
        std::fs::remove_file(path).with_context(|| format!("cannot remove {}", path.display()))?;
    }
    Ok(report)
}

/// One backup a day, from the configured hour on; a server that was off at that hour makes up for it.
fn backup_is_due(office: &Office, now: OffsetDateTime) -> bool {
    let due = now.replace_time(time::Time::MIDNIGHT) + time::Duration::hours(office.config.backup.hour.into());
    let due = if now < due { due - time::Duration::DAY } else { due };
    let newest = backups(&office.config.backup_dir()).pop();
    let made = newest.and_then(|path| path.metadata().ok()?.modified().ok()).map(OffsetDateTime::from);
    made.is_none_or(|made| made < due)
}

/// How long a tenant keeps what, by its settings. Where they cannot be read it is the usual time.
pub(crate) async fn periods(tenant: &TenantStore) -> RetentionConfig {
    let periods = async {
        let settings = fernamt_identity::settings::load(tenant).await?;
        anyhow::Ok(RetentionConfig::try_from(settings.retention_days.clone())?)
    };
    periods.await.unwrap_or_else(|error| {
        tracing::error!(error = %format!("{error:#}"), "The periods of deletion cannot be read; the usual ones hold");
        RetentionConfig::default()
    })
}

async fn delete_expired(office: &Office) {
    let delete = async {
        for tenant in office.store.tenants().all().await? {
            let store = office.store.tenant(tenant.id);
            let report = store.delete_expired(&periods(&store).await).await?;
            if report.total() > 0 {
                tracing::info!(rows = report.total(), "Data were deleted because their time was over");
            }
        }
        anyhow::Ok(())
    };
    if let Err(error) = delete.await {
        tracing::error!(error = %format!("{error:#}"), "The deletion of expired data failed");
    }
}

async fn sign_heads(office: &Office) -> anyhow::Result<()> {
    let key = office.keys.audit_signing_key(&office.rng)?;
    for tenant in office.store.tenants().all().await? {
        let store = office.store.tenant(tenant.id);
        let work = store.begin().await?;
        work.audit().sign_head(&key).await?;
        work.commit().await?;
    }
    Ok(())
}
