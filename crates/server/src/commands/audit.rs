//! `fernamt audit`: verifies the audit log, signs its head, and exports it.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context as _;
use clap::{Args, Subcommand};
use fernamt_domain::audit::{AuditEvent, AuditKind, Outcome, SignedHead};
use fernamt_store::{AuditFilter, MAX_PAGE_ROWS};

use crate::office::Office;

/// What `fernamt audit` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    action: Action,
    /// The tenant; the first one unless said.
    #[arg(long, global = true)]
    tenant: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Verifies the whole chain. Exit code 0 if it is intact, 1 if not.
    Verify {
        /// A file of signed heads that was kept elsewhere, one JSON object a line.
        #[arg(long)]
        heads: Option<PathBuf>,
    },
    /// Prints the signed head, to be kept elsewhere.
    Head,
    /// Prints all entries as JSON lines, oldest first.
    Export,
}

/// Runs `fernamt audit`.
pub(crate) async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let office = Office::open(super::configuration(config)?).await?;
    let tenant = office.tenant(arguments.tenant.as_deref()).await?;
    let store = office.store.tenant(tenant.id);
    let key = office.keys.audit_signing_key(&office.rng)?;
    match arguments.action {
        Action::Verify { heads } => {
            let exported = heads.as_deref().map(read_heads).transpose()?.unwrap_or_default();
            match store.audit().verify(exported, &key.public()).await? {
                Ok(end) => {
                    super::print(&format!("The audit log is intact: {} entries, head {}.\n", end.sequence, end.head))
                }
                Err(fault) => {
                    super::print(&format!("The audit log was tampered with: {fault}.\n"))?;
                    Ok(ExitCode::FAILURE)
                }
            }
        }
        Action::Head => {
            let work = store.begin().await?;
            let head = work.audit().sign_head(&key).await?;
            work.commit().await?;
            super::print(&(serde_json::to_string(&head)? + "\n"))
        }
        Action::Export => {
            store.record(AuditEvent::new(AuditKind::AuditAccess, "exported", Outcome::Success)).await?;
            let mut after = 0;
            loop {
                let entries = store.audit().oldest_first(&AuditFilter::default(), after, MAX_PAGE_ROWS).await?;
                let Some(last) = entries.last() else { return Ok(ExitCode::SUCCESS) };
                after = last.sequence;
                let mut lines = String::new();
                for entry in &entries {
                    writeln!(lines, "{}", serde_json::to_string(entry)?)?;
                }
                super::print(&lines)?;
            }
        }
    }
}

fn read_heads(path: &Path) -> anyhow::Result<Vec<SignedHead>> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .enumerate()
        .map(|(index, line)| {
            serde_json::from_str(line)
                .with_context(|| format!("{}, line {}: not a signed head", path.display(), index + 1))
        })
        .collect()
}
