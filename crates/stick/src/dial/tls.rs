//! TLS to the gateway, in two strengths.
//!
//! `proxy` carries a stock `ssh` that may know no host key yet: there the certificate must be good. The stick's own session
//! runs SSH inside with pinned host keys, and nothing secret leaves the stick before such a key is proved. A certificate
//! that is private, expired or another's then says only that somebody looks at the way, as firewalls with inspection do;
//! to refuse it would keep people out and protect nothing. It is noted, and the session goes on.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use rustls::{
    ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        WebPkiServerVerifier,
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    },
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime, pem::PemObject as _},
};

use crate::StickError;

/// Trusts the system's authorities, or those in `ca` instead of them.
pub(super) fn strict(ca: Option<&Path>) -> Result<ClientConfig, StickError> {
    let roots = match ca {
        Some(path) => {
            let none = || StickError::Authorities { path: path.to_owned() };
            let found = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, _>>);
            let mut roots = RootCertStore::empty();
            roots.add_parsable_certificates(found.map_err(|_| none())?);
            Some(roots).filter(|roots| !roots.is_empty()).ok_or_else(none)?
        }
        None => system_roots().ok_or(StickError::NoAuthority)?,
    };
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

/// Looks at the certificate, and goes on whatever it is. Only for what protects itself inside.
pub(super) fn tolerant() -> Result<(ClientConfig, Foreign), StickError> {
    let foreign = Foreign::default();
    let provider = Arc::new(aws_lc_rs::default_provider());
    let strict = system_roots().and_then(|roots| {
        WebPkiServerVerifier::builder_with_provider(Arc::new(roots), Arc::clone(&provider)).build().ok()
    });
    let verifier = Tolerant { strict, foreign: foreign.clone(), provider: Arc::clone(&provider) };
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_no_client_auth();
    Ok((config, foreign))
}

fn system_roots() -> Option<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    Some(roots).filter(|roots| !roots.is_empty())
}

/// Whether the last certificate was one that nobody vouches for.
#[derive(Debug, Clone, Default)]
pub(super) struct Foreign(Arc<AtomicBool>);

impl Foreign {
    pub(super) fn seen(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

#[derive(Debug)]
struct Tolerant {
    /// `None` where the system trusts nobody.
    strict: Option<Arc<WebPkiServerVerifier>>,
    foreign: Foreign,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Tolerant {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let good = self.strict.as_ref().is_some_and(|strict| {
            strict.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now).is_ok()
        });
        self.foreign.0.store(!good, Ordering::Relaxed);
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
