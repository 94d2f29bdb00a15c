//! What the administration shows of the installation as a whole.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use fernamt_admin::Installation;
use fernamt_api::admin::health::{Part, PartState};
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use time::OffsetDateTime;

use crate::{
    background::backups,
    config::{Tls, TlsWord},
    disk,
    office::Office,
};

/// A backup older than this is a matter for the administrator.
const BACKUP_MAX_AGE: Duration = Duration::from_secs(36 * 3600);

/// A certificate with less time left is a matter for the administrator.
const CERTIFICATE_MIN_LEFT: time::Duration = time::Duration::days(21);

/// The running installation.
#[derive(Debug)]
pub(crate) struct Running {
    /// The opened office.
    pub(crate) office: Arc<Office>,
    /// Since when it runs.
    pub(crate) started_at: OffsetDateTime,
}

#[async_trait]
impl Installation for Running {
    fn version(&self) -> &'static str {
        env!("CARGO_PKG_VERSION")
    }

    fn started_at(&self) -> OffsetDateTime {
        self.started_at
    }

    fn zones(&self) -> Vec<String> {
        let config = &self.office.config;
        let mut zones: Vec<String> = Vec::new();
        let all = config.listener.iter().map(|listener| &listener.zone).chain(config.ssh.iter().map(|ssh| &ssh.zone));
        for zone in all {
            if !zones.contains(zone) {
                zones.push(zone.clone());
            }
        }
        zones
    }

    async fn parts(&self) -> Vec<Part> {
        let ssh = match &self.office.config.ssh {
            Some(ssh) => {
                let detail = format!("the SSH gateway listens on {}", ssh.address);
                Part::new("ssh", PartState::Ok, "listening", detail).param("address", ssh.address)
            }
            None => Part::new("ssh", PartState::Off, "off", "the SSH gateway is not set up"),
        };
        [Some(self.backup()), disk::part(&self.office.config.server.data_dir), self.certificate(), Some(ssh)]
            .into_iter()
            .flatten()
            .collect()
    }
}

impl Running {
    fn backup(&self) -> Part {
        if !self.office.config.backup.enabled {
            return Part::new("backup", PartState::Off, "off", "daily backups are switched off");
        }
        let newest = backups(&self.office.config.backup_dir()).pop();
        let age = newest.and_then(|path| path.metadata().ok()?.modified().ok()?.elapsed().ok());
        match age {
            None => Part::new("backup", PartState::Warning, "backup_missing", "no backup has been made yet"),
            Some(age) => {
                let (state, code) =
                    if age > BACKUP_MAX_AGE { (PartState::Failed, "backup_too_old") } else { (PartState::Ok, "ok") };
                let hours = age.as_secs() / 3600;
                Part::new("backup", state, code, format!("the newest backup is {hours} hours old"))
                    .param("hours", hours)
            }
        }
    }

    /// The certificate of the listeners; `None` where none speaks TLS, as in the demo.
    fn certificate(&self) -> Option<Part> {
        let listeners = &self.office.config.listener;
        if listeners.iter().all(|listener| listener.tls == Tls::Word(TlsWord::Off)) {
            return None;
        }
        let now = self.office.clock.now();
        let soonest = self
            .office
            .config
            .listener
            .iter()
            .filter_map(|listener| match &listener.tls {
                Tls::Files(files) => Some(expiry(&files.certificate)),
                Tls::Word(_) => None,
            })
            .min_by_key(|expiry| *expiry);
        Some(match soonest {
            None => Part::new(
                "certificate",
                PartState::Warning,
                "certificate_self_made",
                "no listener has a certificate from an authority",
            ),
            Some(None) => {
                Part::new("certificate", PartState::Failed, "certificate_unreadable", "a certificate cannot be read")
            }
            Some(Some(until)) => {
                let day = until.date();
                let (state, code, detail) = if until < now {
                    (PartState::Failed, "certificate_expired", format!("a certificate expired on {day}"))
                } else if until - now < CERTIFICATE_MIN_LEFT {
                    (PartState::Warning, "certificate_expires", format!("a certificate expires on {day}"))
                } else {
                    (PartState::Ok, "ok", format!("the certificate is valid until {day}"))
                };
                Part::new("certificate", state, code, detail).param("until", day)
            }
        })
    }
}

fn expiry(path: &std::path::Path) -> Option<OffsetDateTime> {
    let der = CertificateDer::from_pem_file(path).ok()?;
    let (_, certificate) = x509_parser::parse_x509_certificate(&der).ok()?;
    Some(certificate.validity().not_after.to_datetime())
}
