//! `fernamt backup` and `fernamt restore`.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
};

use anyhow::{Context as _, ensure};
use clap::Args;
use fernamt_domain::{Clock, Rng, SystemClock, SystemRng};
use fernamt_store::{DatabaseUrl, Store, backup::read_journal};
use time::OffsetDateTime;

use crate::{
    background,
    office::{Office, database_url},
};

/// What `fernamt backup` takes.
#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The file to write; one named after the time in the backup folder unless said.
    #[arg(long)]
    to: Option<PathBuf>,
}

/// What `fernamt restore` takes.
#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup.
    file: PathBuf,
    /// The journal of deletions kept beside the backups; that of the present database is used in any case.
    #[arg(long)]
    journal: Option<PathBuf>,
    /// Replace what the present database holds.
    #[arg(long)]
    replace: bool,
}

/// Makes a backup, also while the server runs.
pub(crate) async fn backup(config: &Path, arguments: BackupArguments) -> anyhow::Result<ExitCode> {
    let office = Office::open(super::configuration(config)?).await?;
    let path = match arguments.to {
        Some(path) => path,
        None => background::backup_path(&office)?,
    };
    let report = background::back_up(&office, &path).await?;
    let rows: u64 = report.rows.iter().map(|(_, rows)| rows).sum();
    super::print(&format!(
        "{}: {rows} rows, {} kB, restored once as a test.\nThe keys in {} are not in it; keep a copy of them elsewhere.\n",
        path.display(),
        report.bytes / 1000,
        office.config.server.data_dir.join("keys").display(),
    ))
}

/// Restores a backup. All sessions end, devices wait for approval again, and nothing deleted or revoked comes back.
/// Nothing is thrown away: what the present database holds is put aside.
pub(crate) async fn restore(config: &Path, arguments: RestoreArguments) -> anyhow::Result<ExitCode> {
    let config = super::configuration(config)?;
    let (clock, rng): (Arc<dyn Clock>, Arc<dyn Rng>) = (Arc::new(SystemClock), Arc::new(SystemRng));
    let mut journal = match &arguments.journal {
        Some(path) => read_journal(path).context("the journal of deletions cannot be read")?,
        None => Vec::new(),
    };
    let url = database_url(&config)?;
    let now = clock.now();
    let open = async || Store::open(url.clone(), Arc::clone(&clock), Arc::clone(&rng)).await;
    let mut aside = String::new();
    match &url {
        DatabaseUrl::Sqlite(path) if path.exists() => {
            ensure!(
                arguments.replace,
                "{} exists; to put it aside and restore in its place add --replace",
                path.display()
            );
            let present = open().await.context(
                "the present database cannot be opened for its journal of deletions; move it away by hand and name the journal kept beside the backups with --journal",
            )?;
            journal.extend(present.journal_entries().await?);
            present.close().await?;
            let kept = put_aside(path, now)?;
            aside = format!("The database that was there is kept as {}.\n", kept.display());
        }
        DatabaseUrl::Sqlite(_) => {}
        DatabaseUrl::Postgres(_) => {
            let present = open().await.context("the database cannot be opened")?;
            if present.tenants().all().await?.is_empty() {
                present.close().await?;
            } else {
                ensure!(
                    arguments.replace,
                    "the database is not empty; to put what it holds aside and restore in its place add --replace"
                );
                journal.extend(present.journal_entries().await?);
                let kept = format!("replaced_{}", now.unix_timestamp());
                present.put_aside(&kept).await.context(
                    "what the database holds cannot be put aside; its role must own the database, or empty it by hand and name the journal kept beside the backups with --journal",
                )?;
                aside = format!("What the database held is kept there as the schema {kept}.\n");
            }
        }
    }
    let store = open().await.context("the database cannot be opened")?;
    let report = store.restore(&arguments.file, &journal, background::periods).await.context("nothing was restored")?;
    store.close().await?;
    super::print(&format!(
        "Restored {} administration(s): {} sessions were ended, {} devices wait for approval again, {} deletions and revocations were repeated.\n{aside}",
        report.tenants, report.sessions_ended, report.devices_pending, report.repeated
    ))
}

/// Renames a database file and what belongs to it.
fn put_aside(path: &Path, now: OffsetDateTime) -> anyhow::Result<PathBuf> {
    let kept = PathBuf::from(format!("{}.replaced-{}", path.display(), now.unix_timestamp()));
    for suffix in ["", "-wal", "-shm"] {
        let from = PathBuf::from(format!("{}{suffix}", path.display()));
        if from.exists() {
            let to = PathBuf::from(format!("{}{suffix}", kept.display()));
            std::fs::rename(&from, &to).with_context(|| format!("cannot put {} aside", from.display()))?;
        }
    }
    Ok(kept)
}
