//! A certificate from files that is renewed while the server runs: what a certificate manager writes into the same
//! files is served from the next handshake on.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use anyhow::Context as _;
use rustls::{
    crypto::CryptoProvider,
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::{
    sync::watch,
    time::{MissedTickBehavior, interval},
};

use super::read;
use crate::config::TlsFiles;

/// How often the files are read again.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(60);

/// The certificate that is served, and the files it came from.
#[derive(Debug)]
pub(super) struct Renewing {
    files: TlsFiles,
    provider: Arc<CryptoProvider>,
    served: watch::Sender<Arc<CertifiedKey>>,
}

impl Renewing {
    /// Reads the files, and again and again for as long as somebody serves the certificate.
    pub(super) fn start(files: &TlsFiles, provider: Arc<CryptoProvider>, every: Duration) -> anyhow::Result<Arc<Self>> {
        let (served, _) = watch::channel(Arc::new(certified(files, &provider)?));
        let renewing = Arc::new(Self { files: files.clone(), provider, served });
        tokio::spawn(keep_looking(Arc::downgrade(&renewing), every));
        Ok(renewing)
    }

    /// Takes over what the files hold. `true` if it is another certificate; what is served stays where they are wrong.
    fn renew(&self) -> anyhow::Result<bool> {
        let found = certified(&self.files, &self.provider)?;
        if found.cert == self.served.borrow().cert {
            return Ok(false);
        }
        self.served.send_replace(Arc::new(found));
        Ok(true)
    }
}

impl ResolvesServerCert for Renewing {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.served.borrow()))
    }
}

async fn keep_looking(renewing: Weak<Renewing>, every: Duration) {
    let mut ticks = interval(every);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // A certificate manager writes two files one after the other, so a single misfit means nothing.
    let mut last_fault = None;
    loop {
        ticks.tick().await;
        let Some(renewing) = renewing.upgrade() else { return };
        let fault = match renewing.renew() {
            Ok(renewed) => {
                if renewed {
                    tracing::info!(file = %renewing.files.certificate.display(), "A renewed certificate is served");
                }
                None
            }
            Err(error) => Some(format!("{error:#}")),
        };
        if let Some(error) = fault.as_ref().filter(|_| fault == last_fault) {
            tracing::error!(error, "The certificate's files are wrong; the one read before is still served");
        }
        last_fault = fault;
    }
}

fn certified(files: &TlsFiles, provider: &CryptoProvider) -> anyhow::Result<CertifiedKey> {
    let (chain, key) = read(&files.certificate, &files.key)?;
    CertifiedKey::from_der(chain, key, provider).context("certificate and key do not fit together")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rcgen::{CertifiedKey as Generated, generate_simple_self_signed};
    use tempfile::TempDir;

    use super::*;

    fn write(folder: &TempDir) -> TlsFiles {
        let Generated { cert, signing_key } = generate_simple_self_signed(["fernamt.example.org".to_owned()]).unwrap();
        let files = TlsFiles { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
        fs::write(&files.certificate, cert.pem()).unwrap();
        fs::write(&files.key, signing_key.serialize_pem()).unwrap();
        files
    }

    fn start(files: &TlsFiles, every: Duration) -> Arc<Renewing> {
        Renewing::start(files, Arc::new(rustls::crypto::aws_lc_rs::default_provider()), every).unwrap()
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_served_without_a_restart() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(&folder);
        let renewing = start(&files, Duration::from_millis(1));
        let mut served = renewing.served.subscribe();
        let before = served.borrow_and_update().cert.clone();
        write(&folder);
        served.changed().await.unwrap();
        assert_ne!(served.borrow().cert, before);
    }

    #[tokio::test]
    async fn files_that_do_not_fit_change_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let files = write(&folder);
        let renewing = start(&files, LOOK_EVERY);
        let before = renewing.served.borrow().cert.clone();
        let key = fs::read(&files.key).unwrap();
        write(&folder);
        fs::write(&files.key, key).unwrap();
        assert!(renewing.renew().unwrap_err().to_string().contains("do not fit"));
        fs::write(&files.certificate, "").unwrap();
        assert!(renewing.renew().is_err());
        fs::remove_file(&files.certificate).unwrap();
        assert!(renewing.renew().is_err());
        assert_eq!(renewing.served.borrow().cert, before);
        write(&folder);
        assert!(renewing.renew().unwrap());
    }
}
