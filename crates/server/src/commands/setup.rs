//! `fernamt setup`: a one-time link that makes an administrator.

use std::{path::Path, process::ExitCode};

use anyhow::Context as _;
use clap::Args;
use fernamt_domain::Role;
use fernamt_identity::Identity;

use crate::office::Office;

/// What `fernamt setup` takes.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// The tenant; the first one unless said.
    #[arg(long)]
    tenant: Option<String>,
}

/// Makes a link and prints it. Earlier links stop working.
pub(crate) async fn run(config: &Path, arguments: Arguments) -> anyhow::Result<ExitCode> {
    let office = Office::open(super::configuration(config)?).await?;
    let identity = office.identity();
    let link = make_link(&office, &identity, arguments.tenant.as_deref()).await?;
    super::print(&format!("Open this link once to make an administrator. It works for 24 hours:\n{link}\n"))
}

/// A new set-up link. Its secret stands in the fragment, so no log on the way holds it.
pub(crate) async fn make_link(office: &Office, identity: &Identity, tenant: Option<&str>) -> anyhow::Result<String> {
    let tenant = office.tenant(tenant).await?;
    let secret =
        identity.make_setup_link(&office.store.tenant(tenant.id)).await.context("the set-up link cannot be stored")?;
    let origin = office.public_address().origin(&tenant.host);
    Ok(format!("{origin}/einrichten#{}", secret.expose()))
}

/// Whether nobody administers the first tenant yet.
pub(crate) async fn is_needed(office: &Office) -> anyhow::Result<bool> {
    let tenant = office.tenant(None).await?;
    Ok(office.store.tenant(tenant.id).people().with_role(Role::Administrator).await?.is_empty())
}
