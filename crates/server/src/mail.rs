//! Mail, where the configuration gives people any.

use std::{fs, path::Path, sync::Arc};

use anyhow::Context as _;
use fernamt_domain::Secret;
use fernamt_http::egress::EgressGuard;
use fernamt_identity::Identity;
use fernamt_mail::{
    Lmtp, LmtpAddress, LmtpSettings, Mail, Notices, Parts, Pictures, Scanner, Smarthost, SmarthostAddress,
};

use crate::{
    config::{self, smarthost::SmarthostSecurity},
    mail_server,
    office::Office,
};

/// Puts mail together. What strangers' messages refer to is fetched through the guard, for what is public, and only where the
/// configuration says which networks are the house's own. Through one like it go notices to push services, which
/// administrators name: names in messages that nobody answers for take no lookups from those.
pub(crate) fn build(
    office: &Office,
    identity: &Identity,
    public: impl Fn() -> EgressGuard,
) -> anyhow::Result<Option<Arc<Mail>>> {
    let Some(config) = &office.config.mail else { return Ok(None) };
    let (clock, rng) = (Arc::clone(&office.clock), Arc::clone(&office.rng));
    let (store, authoriser) = (office.store.clone(), identity.authoriser().clone());
    let smarthost = config.smarthost.as_ref().map(smarthost).transpose()?;
    let scanner = config.scanner.as_ref().map(|scanner| Scanner::new(scanner.into()));
    let server = config.server.as_ref().map(|server| mail_server::of(&office.config, server)).transpose()?;
    let notices = Notices::new(public(), Arc::clone(&office.sealer));
    let pictures = config.pictures.as_ref().map(|_| Pictures::new(public()));
    Ok(Some(Mail::new(Parts { store, authoriser, clock, rng, smarthost, scanner, server, pictures, notices })))
}

fn smarthost(config: &config::Smarthost) -> anyhow::Result<Smarthost> {
    let read = |path: &Path| fs::read(path).with_context(|| format!("cannot read {}", path.display()));
    let login = match (&config.user, &config.password_file) {
        (Some(user), Some(path)) => {
            let password = String::from_utf8(read(path)?).context("the smarthost's password is no text")?;
            Some((user.clone(), Secret::from(password.trim())))
        }
        _ => None,
    };
    let address = SmarthostAddress {
        host: &config.host,
        port: config.port(),
        tls_at_once: config.security == SmarthostSecurity::Tls,
        login,
        authority_pem: config.authority_file.as_deref().map(read).transpose()?,
    };
    Smarthost::new(address).context("the smarthost's section cannot be used")
}

/// Begins to listen for mail from outside, where the configuration says so.
pub(crate) async fn lmtp(office: &Office) -> anyhow::Result<Option<Lmtp>> {
    let Some(config) = office.config.mail.as_ref().and_then(|mail| mail.lmtp.as_ref()) else { return Ok(None) };
    let (address, told) = match (&config.socket, config.address) {
        (Some(path), _) => (LmtpAddress::Socket(path.clone()), path.display().to_string()),
        (None, Some(address)) => (LmtpAddress::Tcp(address), address.to_string()),
        (None, None) => return Ok(None),
    };
    let settings = LmtpSettings { peers: config.networks(), ..LmtpSettings::at(address) };
    let bound = Lmtp::bind(settings).await;
    Ok(Some(bound.with_context(|| format!("cannot listen for mail on {told}; is another program using it?"))?))
}
