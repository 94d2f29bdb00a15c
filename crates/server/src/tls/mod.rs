//! TLS for the listeners: from files, or with a certificate that the server makes for itself.

mod renewal;

use std::{path::Path, sync::Arc};

use anyhow::Context as _;
use aws_lc_rs::digest;
use data_encoding::HEXUPPER;
use rcgen::{CertificateParams, DnType, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};

use self::renewal::Renewing;
use crate::{
    config::{Tls, TlsFiles, TlsWord},
    keys::{Keys, write_private},
};

/// TLS as set for a listener: `None` where it is off. Files are read again while the result is in use.
pub(crate) fn server_config(tls: &Tls, keys: &Keys, host: &str) -> anyhow::Result<Option<Arc<ServerConfig>>> {
    let files = match tls {
        Tls::Word(TlsWord::Off) => return Ok(None),
        Tls::Word(TlsWord::SelfSigned) => self_signed(keys, host)?,
        Tls::Files(files) => files.clone(),
    };
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let certificate = Renewing::start(&files, Arc::clone(&provider), renewal::LOOK_EVERY)?;
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_cert_resolver(certificate);
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

fn read(certificate: &Path, key: &Path) -> anyhow::Result<ChainAndKey> {
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| format!("{} holds no certificate in PEM", certificate.display()))?;
    let key =
        PrivateKeyDer::from_pem_file(key).with_context(|| format!("{} holds no private key in PEM", key.display()))?;
    Ok((chain, key))
}

/// The self-made certificate, made once and kept, so that its fingerprint stays.
fn self_signed(keys: &Keys, host: &str) -> anyhow::Result<TlsFiles> {
    let files = TlsFiles { certificate: keys.path("self-signed.pem"), key: keys.path("self-signed.key") };
    if !files.certificate.exists() || !files.key.exists() {
        let mut params = CertificateParams::new(vec![host.to_owned(), format!("*.{host}")])?;
        params.distinguished_name.push(DnType::CommonName, host);
        let key = KeyPair::generate()?;
        let certificate = params.self_signed(&key)?;
        write_private(&files.key, key.serialize_pem().as_bytes())?;
        write_private(&files.certificate, certificate.pem().as_bytes())?;
    }
    Ok(files)
}
