//! `fernamt target`: a look at the targets from the command line.

use std::{fmt::Write as _, path::Path, process::ExitCode};

use anyhow::bail;
use clap::{Args, Subcommand};
use fernamt_domain::{
    DomainEvent,
    audit::{AuditEvent, AuditKind, Outcome},
};
use fernamt_store::TenantStore;

use crate::office::Office;

/// What `fernamt target` takes.
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
    /// Lists targets.
    List,
    /// Switches a target off; connections to it end.
    Disable {
        /// The target's name.
        name: String,
    },
    /// Switches a target on again.
    Enable {
        /// The target's name.
        name: String,
    },
}

/// Runs `fernamt target`.
pub(crate) async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let office = Office::open(super::configuration(config)?).await?;
    let tenant = office.tenant(arguments.tenant.as_deref()).await?;
    let store = office.store.tenant(tenant.id);
    match arguments.action {
        Action::List => list(&store).await,
        Action::Disable { name } => set_enabled(&store, &name, false).await,
        Action::Enable { name } => set_enabled(&store, &name, true).await,
    }
}

async fn list(store: &TenantStore) -> anyhow::Result<ExitCode> {
    let mut lines = String::new();
    for target in store.targets().all().await? {
        let state = if target.enabled { "on" } else { "off" };
        writeln!(lines, "{}\t{}\t{}:{}\t{state}", target.name, target.kind(), target.host, target.port)?;
    }
    super::print(&lines)
}

async fn set_enabled(store: &TenantStore, name: &str, enabled: bool) -> anyhow::Result<ExitCode> {
    let Some(mut target) = store.targets().by_name(name).await? else {
        bail!("there is no target named `{name}`; `fernamt target list` shows all");
    };
    target.enabled = enabled;
    let mut work = store.begin().await?;
    work.targets().update(&target).await?;
    work.publish(DomainEvent::TargetChanged { target: target.id });
    let action = if enabled { "enabled" } else { "disabled" };
    work.record(AuditEvent::new(AuditKind::Target, action, Outcome::Success).on(target.id));
    work.commit().await?;
    super::print(&format!("{name} is {action}.\n"))
}
