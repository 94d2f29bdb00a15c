//! TLS to targets: the certificate is the one that was learnt once, or nothing.
//!
//! Desktops and internal applications mostly carry self-signed certificates, so the web's authorities say nothing about
//! them. The pin is the SHA-256 of the whole end-entity certificate; that the other side holds its key is still proved
//! by the handshake's signature.

use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, aws_lc_rs as provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{TlsConnector, client::TlsStream};

/// The SHA-256 of a certificate in DER.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint(pub [u8; 32]);

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    pub fn of(certificate: &[u8]) -> Self {
        let mut out = [0; 32];
        out.copy_from_slice(digest::digest(&digest::SHA256, certificate).as_ref());
        Self(out)
    }
}

impl std::fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for byte in self.0 {
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

impl std::str::FromStr for Fingerprint {
    type Err = NotAFingerprint;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.replace(':', "");
        if digits.len() != 64 || !digits.is_ascii() {
            return Err(NotAFingerprint);
        }
        let mut out = [0; 32];
        for (byte, pair) in out.iter_mut().zip(digits.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).map_err(|_| NotAFingerprint)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_| NotAFingerprint)?;
        }
        Ok(Self(out))
    }
}

/// A text that is no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint has 64 hexadecimal digits")]
pub struct NotAFingerprint;

/// Which certificate a target may show.
#[derive(Debug, Clone, Copy)]
pub enum Trust {
    /// This one only.
    Pinned(Fingerprint),
    /// Any: it is about to be learnt. Nothing secret may be sent before it is stored.
    Learn,
}

/// Why TLS did not come about.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The certificate is another one than the pinned.
    #[error("the target shows another certificate than the pinned one")]
    CertificateChanged {
        /// What it showed.
        found: Fingerprint,
    },
    /// Something else failed.
    #[error("TLS with the target failed")]
    Handshake(#[source] std::io::Error),
}

/// Speaks TLS with a target. Returns the stream and the certificates shown, the target's own first.
pub async fn connect<S: AsyncRead + AsyncWrite + Unpin>(
    stream: S,
    host: &str,
    trust: Trust,
) -> Result<(TlsStream<S>, Vec<CertificateDer<'static>>), TlsError> {
    let seen = Arc::new(Mutex::new(None));
    let config =
        client_config(trust, Arc::clone(&seen)).map_err(|error| TlsError::Handshake(std::io::Error::other(error)))?;
    let name =
        ServerName::try_from(host.to_owned()).map_err(|error| TlsError::Handshake(std::io::Error::other(error)))?;
    let stream = match TlsConnector::from(Arc::new(config)).connect(name, stream).await {
        Ok(stream) => stream,
        Err(error) => {
            let cause = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
            let found = *seen.lock().unwrap_or_else(PoisonError::into_inner);
            return Err(match (cause, found) {
                (Some(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure)), Some(found)) => {
                    TlsError::CertificateChanged { found }
                }
                _ => TlsError::Handshake(error),
            });
        }
    };
    let chain = stream.get_ref().1.peer_certificates().unwrap_or_default();
    let chain = chain.iter().map(|certificate| certificate.clone().into_owned()).collect();
    Ok((stream, chain))
}

fn client_config(trust: Trust, seen: Arc<Mutex<Option<Fingerprint>>>) -> Result<ClientConfig, Error> {
    let provider = Arc::new(provider::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?;
    let expected = match trust {
        Trust::Pinned(pin) => Some(pin),
        Trust::Learn => None,
    };
    let verifier = Arc::new(PinVerifier { expected, seen, provider });
    let mut config = builder.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth();
    // A resumed session shows no certificate, and CredSSP binds to the one shown.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(config)
}

#[derive(Debug)]
struct PinVerifier {
    expected: Option<Fingerprint>,
    seen: Arc<Mutex<Option<Fingerprint>>>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for PinVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let found = Fingerprint::of(end_entity);
        *self.seen.lock().unwrap_or_else(PoisonError::into_inner) = Some(found);
        if self.expected.is_some_and(|expected| expected != found) {
            return Err(Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure));
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use rustls::{ServerConfig, pki_types::PrivateKeyDer};
    use tokio_rustls::TlsAcceptor;

    use super::*;

    async fn shown_with(
        trust: Trust,
        other_key: bool,
    ) -> (Result<Vec<CertificateDer<'static>>, TlsError>, Fingerprint) {
        let own = rcgen::generate_simple_self_signed(["desk.amt.example".to_owned()]).unwrap();
        let stranger = rcgen::KeyPair::generate().unwrap();
        let key = if other_key { stranger.serialize_der() } else { own.signing_key.serialize_der() };
        let fingerprint = Fingerprint::of(own.cert.der());
        let provider = Arc::new(provider::default_provider());
        let key = provider.key_provider.load_private_key(PrivateKeyDer::Pkcs8(key.into())).unwrap();
        let certified = rustls::sign::CertifiedKey::new(vec![own.cert.der().clone()], key);
        let server = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_cert_resolver(Arc::new(rustls::sign::SingleCertAndKey::from(certified)));
        let (near, far) = tokio::io::duplex(1 << 14);
        tokio::spawn(async move { TlsAcceptor::from(Arc::new(server)).accept(far).await.map(drop) });
        let trust = match trust {
            Trust::Pinned(Fingerprint([0, ..])) => Trust::Pinned(fingerprint),
            other => other,
        };
        (connect(near, "desk.amt.example", trust).await.map(|(_, chain)| chain), fingerprint)
    }

    const OWN: Trust = Trust::Pinned(Fingerprint([0; 32]));
    const OTHER: Trust = Trust::Pinned(Fingerprint([1; 32]));

    #[tokio::test]
    async fn only_the_pinned_certificate_is_accepted() {
        let (chain, fingerprint) = shown_with(OWN, false).await;
        assert_eq!(Fingerprint::of(&chain.unwrap()[0]), fingerprint);
        let (refused, fingerprint) = shown_with(OTHER, false).await;
        assert!(matches!(refused, Err(TlsError::CertificateChanged { found }) if found == fingerprint));
        assert!(shown_with(Trust::Learn, false).await.0.is_ok());
    }

    #[tokio::test]
    async fn a_copied_certificate_without_its_key_is_refused() {
        assert!(matches!(shown_with(OWN, true).await.0, Err(TlsError::Handshake(_))));
    }

    #[test]
    fn fingerprints_parse_with_and_without_colons() {
        let fingerprint = Fingerprint::of(b"x");
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        let with_colons = fingerprint.0.map(|byte| format!("{byte:02X}")).join(":");
        assert_eq!(with_colons.parse(), Ok(fingerprint));
        assert_eq!("ä".repeat(32).parse::<Fingerprint>(), Err(NotAFingerprint));
    }
}
