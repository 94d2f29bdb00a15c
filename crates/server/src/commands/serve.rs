//! `fernamt serve`: the server.

use std::{path::Path, process::ExitCode};

use crate::{
    app::App,
    config::{Tls, TlsWord},
    log,
    office::Office,
    open_files, tls,
};

use super::setup;

/// Runs until told to stop. At the first start it prints a one-time link that makes the first administrator.
pub(crate) async fn run(config: &Path) -> anyhow::Result<ExitCode> {
    let config = super::configuration(config)?;
    log::start(&config.log)?;
    open_files::raise_limit();
    let office = Office::open(config).await?;
    let self_signed = office.config.listener.iter().any(|listener| listener.tls == Tls::Word(TlsWord::SelfSigned));
    let keys_dir = office.config.server.data_dir.clone();
    let app = App::build(office).await?;
    if self_signed {
        let keys = crate::keys::Keys::open(&keys_dir)?;
        if let Some(fingerprint) = tls::self_signed_fingerprint(&keys) {
            super::print(&format!("Self-made certificate, SHA-256 {fingerprint}\n"))?;
        }
    }
    for fingerprint in app.ssh_fingerprints() {
        super::print(&format!("SSH host key, {fingerprint}\n"))?;
    }
    // Only now that every address is bound: a second start that fails must not void the first one's link.
    if setup::is_needed(app.office()).await? {
        let link = setup::make_link(app.office(), &app.office().identity(), None).await?;
        super::print(&format!("Nobody administers this office yet. Open this link once, within 24 hours:\n{link}\n"))?;
    }
    app.run().await?;
    Ok(ExitCode::SUCCESS)
}
