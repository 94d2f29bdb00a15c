//! The mail server that the administration keeps, from its section of the configuration.

use std::path::Path;

use anyhow::Context as _;
use fernamt_domain::Secret;
use fernamt_mail::{
    MailServer,
    host::{Security, Server, Trust},
};

use crate::config::{self, Config, mail_server::MailServerSecurity};

/// The mail server of the first administration: others may have people of the same names.
pub(crate) fn of(config: &Config, server: &config::MailServer) -> anyhow::Result<MailServer> {
    let read = |path: &Path| std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
    let trust = match &server.authority_file {
        Some(path) => {
            Trust::only(&read(path)?).with_context(|| format!("{} holds no certificates (PEM)", path.display()))?
        }
        None => Trust::of_this_machine()?,
    };
    let password =
        String::from_utf8(read(&server.password_file)?).context("the mail operator's password is no text")?;
    let security = match server.security {
        MailServerSecurity::Tls => Security::Tls,
        MailServerSecurity::StartTls => Security::StartTls,
    };
    let imap = Server { host: server.host.clone(), port: server.port(), security, trust };
    // RFC 5804 knows no port on which TLS begins with the first byte.
    let sieve = Server { port: server.sieve_port, security: Security::StartTls, ..imap.clone() };
    Ok(MailServer {
        tenant_host: config.public_host().0,
        domain: server.domain.to_lowercase(),
        imap,
        sieve: server.sieve.then_some(sieve),
        operator: server.operator.clone(),
        password: Secret::new(password.trim_end_matches(['\r', '\n']).to_owned()),
        reserved: server.reserved.iter().map(|name| name.to_lowercase()).collect(),
    })
}
