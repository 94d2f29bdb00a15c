//! A browser's device key: a P-256 key that cannot leave it, and what it signs.
//!
//! A cookie can be copied; this key cannot. So a session is only ever made, or kept alive, by a signature of it.

use aws_lc_rs::{
    digest,
    signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey},
};
use data_encoding::BASE64URL_NOPAD;

/// What a signature is for. The words differ, so that none can be used for another purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignedFor {
    /// Signing in.
    SignIn,
    /// Keeping a session alive.
    Rotate,
}

impl SignedFor {
    fn word(self) -> &'static [u8] {
        match self {
            Self::SignIn => b"fernamt-sign-in\0",
            Self::Rotate => b"fernamt-rotate\0",
        }
    }
}

/// What precedes the 65 bytes of an uncompressed P-256 point in an SPKI (RFC 5480).
pub(crate) const SPKI_PREFIX: [u8; 26] = [
    0x30, 0x59, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce,
    0x3d, 0x03, 0x01, 0x07, 0x03, 0x42, 0x00,
];
/// The bytes of a signature: r and s, 32 each (IEEE P1363).
const SIGNATURE_LEN: usize = 64;

/// A device's public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceKey {
    spki: Vec<u8>,
}

/// Why a proof counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The key is no P-256 key in SPKI form.
    #[error("the device's key is not a P-256 public key")]
    Key,
    /// The signature does not fit.
    #[error("the device's signature does not fit")]
    Signature,
}

impl DeviceKey {
    /// Reads a key as the browser exports it: SPKI in DER, base64url. Whether the point lies on the curve shows when
    /// the first signature is verified.
    pub fn parse(text: &str) -> Result<Self, ProofError> {
        let spki = BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).map_err(|_| ProofError::Key)?;
        Self::from_spki(spki)
    }

    /// Takes a key as stored.
    pub fn from_spki(spki: Vec<u8>) -> Result<Self, ProofError> {
        let point = spki.strip_prefix(&SPKI_PREFIX).ok_or(ProofError::Key)?;
        if point.len() == 65 && point.first() == Some(&4) { Ok(Self { spki }) } else { Err(ProofError::Key) }
    }

    /// The key as stored: SPKI in DER.
    pub fn spki(&self) -> &[u8] {
        &self.spki
    }

    /// The key's name: SHA-256 over its SPKI, base64url.
    pub fn thumbprint(&self) -> String {
        BASE64URL_NOPAD.encode(digest::digest(&digest::SHA256, &self.spki).as_ref())
    }

    /// Whether this key signed the challenge for the given purpose.
    pub fn verify(&self, purpose: SignedFor, challenge: &str, signature: &str) -> Result<(), ProofError> {
        let signature =
            BASE64URL_NOPAD.decode(signature.trim_end_matches('=').as_bytes()).map_err(|_| ProofError::Signature)?;
        if signature.len() != SIGNATURE_LEN {
            return Err(ProofError::Signature);
        }
        let mut message = purpose.word().to_vec();
        message.extend_from_slice(challenge.as_bytes());
        let point = self.spki.strip_prefix(&SPKI_PREFIX).ok_or(ProofError::Key)?;
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point)
            .verify(&message, &signature)
            .map_err(|_| ProofError::Signature)
    }
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::{
        rand::SystemRandom,
        signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
    };

    use super::*;

    fn pair() -> (EcdsaKeyPair, DeviceKey) {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let spki = [SPKI_PREFIX.as_slice(), pair.public_key().as_ref()].concat();
        (pair, DeviceKey::parse(&BASE64URL_NOPAD.encode(&spki)).unwrap())
    }

    fn sign(pair: &EcdsaKeyPair, message: &[u8]) -> String {
        BASE64URL_NOPAD.encode(pair.sign(&SystemRandom::new(), message).unwrap().as_ref())
    }

    #[test]
    fn a_signature_fits_its_key_challenge_and_purpose_only() {
        let (pair_a, key_a) = pair();
        let (_, key_b) = pair();
        let signature = sign(&pair_a, b"fernamt-sign-in\0abc");
        assert_eq!(key_a.verify(SignedFor::SignIn, "abc", &signature), Ok(()));
        assert_eq!(key_a.verify(SignedFor::SignIn, "abd", &signature), Err(ProofError::Signature));
        assert_eq!(key_a.verify(SignedFor::Rotate, "abc", &signature), Err(ProofError::Signature));
        assert_eq!(key_b.verify(SignedFor::SignIn, "abc", &signature), Err(ProofError::Signature));
        assert_ne!(key_a.thumbprint(), key_b.thumbprint());
    }

    #[test]
    fn other_keys_and_points_off_the_curve_are_refused() {
        for text in ["", "AAAA", "not base64 !"] {
            assert_eq!(DeviceKey::parse(text), Err(ProofError::Key));
        }
        let off = [SPKI_PREFIX.as_slice(), &[4], &[1; 64]].concat();
        let off = DeviceKey::from_spki(off).unwrap();
        let (pair, _) = pair();
        assert_eq!(
            off.verify(SignedFor::SignIn, "abc", &sign(&pair, b"fernamt-sign-in\0abc")),
            Err(ProofError::Signature)
        );
    }
}
