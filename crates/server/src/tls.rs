//! TLS for the listeners: from files, or with a certificate that the server makes for itself.

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use aws_lc_rs::digest;
use data_encoding::HEXUPPER;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use crate::{
    config::{Tls, TlsFiles, TlsWord},
    keys::{Keys, write_private},
};

/// TLS as set for a listener: `None` where it is off.
pub(crate) fn server_config(tls: &Tls, keys: &Keys, host: &str) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    let (chain, key) = match tls {
        Tls::Word(TlsWord::Off) => return Ok(None),
        Tls::Word(TlsWord::SelfSigned) => self_signed(keys, host)?,
        Tls::Files(files) => from_files(files)?,
    };
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::aws_lc_rs::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .context("certificate and key do not fit together")?;
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(Arc::new(config)))
}

/// The SHA-256 fingerprint of a listener's certificate, as browsers show it.
pub(crate) fn self_signed_fingerprint(keys: &Keys) -> Option<String> {
    let certificate = CertificateDer::from_pem_file(keys.path("self-signed.pem")).ok()?;
    let hash = digest::digest(&digest::SHA256, &certificate);
    Some(hash.as_ref().iter().map(|byte| HEXUPPER.encode(&[*byte])).collect::<Vec<_>>().join(":"))
}

type ChainAndKey = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn from_files(files: &TlsFiles) -> anyhow::Result<ChainAndKey> {
    read(&files.certificate, &files.key)
}

fn read(certificate: &Path, key: &Path) -> anyhow::Result<ChainAndKey> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("{} holds no certificate in PEM", certificate.display()))?;
    let key =
        PrivateKeyDer::from_pem_file(key).with_context(|| format!("{} holds no private key in PEM", key.display()))?;
    Ok((chain, key))
}

/// The self-made certificate, made once and kept, so that its fingerprint stays.
fn self_signed(keys: &Keys, host: &str) -> anyhow::Result<ChainAndKey> {
    let (certificate_path, key_path) = (keys.path("self-signed.pem"), keys.path("self-signed.key"));
    if !certificate_path.exists() || !key_path.exists() {
        let mut params = CertificateParams::new(vec![host.to_owned(), format!("*.{host}")])?;
        params.distinguished_name.push(DnType::CommonName, host);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        write_private(&key_path, key.serialize_pem().as_bytes())?;
        write_private(&certificate_path, certificate.pem().as_bytes())?;
    }
    read(&certificate_path, &key_path)
}
