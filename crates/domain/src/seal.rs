//! Sealing of what must be stored or handed to a browser but not read: AES-256-GCM under one master key, with the
//! purpose as associated data, so that what was sealed for one purpose opens for no other.

use std::fmt;

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey},
    error::KeyRejected,
    hkdf, hmac,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair},
};
use data_encoding::BASE64URL_NOPAD;
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

use crate::TenantId;

/// What a sealed value is for, and whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Purpose<'a> {
    /// The tenant that it belongs to.
    pub tenant: TenantId,
    /// A fixed word, such as `otp-secret` or `sign-in-challenge`.
    pub word: &'a str,
}

/// Why a sealed value did not open. It tells nothing about which part was wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the sealed value does not open")]
pub struct SealError;

/// What [`Sealer::signing_key`] derives the key for that a tenant's containers are bound to.
pub const CONTAINER_KEY: &str = "container-policy-key";

/// How many numbers are tried as a key. About one in 2³² is none.
const MAX_TRIES: u8 = 8;
/// What precedes the 32 bytes of a P-256 key in an `ECPrivateKey` (RFC 5915).
const SEC1_PREFIX: [u8; 7] = [0x30, 0x31, 0x02, 0x01, 0x01, 0x04, 0x20];
/// What follows them: the curve's name.
const SEC1_SUFFIX: [u8; 12] = [0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];

/// Seals and opens values under the installation's master key.
pub struct Sealer {
    key: RandomizedNonceKey,
    mac: hmac::Key,
}

/// Length of a master key in bytes.
pub const KEY_LEN: usize = 32;

impl Sealer {
    /// A sealer under the given master key.
    pub fn new(master: &[u8; KEY_LEN]) -> Self {
        let derive = |info: &'static [u8]| {
            let mut out = Zeroizing::new([0; KEY_LEN]);
            hkdf::Salt::new(hkdf::HKDF_SHA256, b"fernamt")
                .extract(master)
                .expand(&[info], hkdf::HKDF_SHA256)
                .and_then(|okm| okm.fill(out.as_mut_slice()))
                .expect("32 bytes are within HKDF-SHA256's range");
            out
        };
        let key = derive(b"seal");
        Self {
            key: RandomizedNonceKey::new(&AES_256_GCM, key.as_slice()).expect("the key has AES-256's length"),
            mac: hmac::Key::new(hmac::HMAC_SHA256, derive(b"mac").as_slice()),
        }
    }

    /// Seals bytes. The nonce is random and stands in front.
    pub fn seal(&self, purpose: Purpose<'_>, plain: &[u8]) -> Vec<u8> {
        let mut body = plain.to_vec();
        let nonce = self
            .key
            .seal_in_place_append_tag(Aad::from(associated(purpose)), &mut body)
            .expect("AES-256-GCM seals anything below 64 GiB");
        let mut out = nonce.as_ref().to_vec();
        out.append(&mut body);
        out
    }

    /// Opens what [`Sealer::seal`] made for the same purpose.
    pub fn open(&self, purpose: Purpose<'_>, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (nonce, body) = sealed.split_at_checked(NONCE_LEN).ok_or(SealError)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| SealError)?;
        let mut body = Zeroizing::new(body.to_vec());
        let length =
            self.key.open_in_place(nonce, Aad::from(associated(purpose)), &mut body).map_err(|_| SealError)?.len();
        body.truncate(length);
        Ok(body)
    }

    /// Seals a value as a URL-safe token: base64url of the sealed JSON.
    pub fn seal_token<T: Serialize>(&self, purpose: Purpose<'_>, value: &T) -> String {
        let json = Zeroizing::new(serde_json::to_vec(value).expect("tokens are plain structs, which always serialise"));
        BASE64URL_NOPAD.encode(&self.seal(purpose, &json))
    }

    /// Opens a token that [`Sealer::seal_token`] made. Expiry is the value's own matter.
    pub fn open_token<T: DeserializeOwned>(&self, purpose: Purpose<'_>, token: &str) -> Result<T, SealError> {
        let sealed = BASE64URL_NOPAD.decode(token.as_bytes()).map_err(|_| SealError)?;
        serde_json::from_slice(&self.open(purpose, &sealed)?).map_err(|_| SealError)
    }

    /// A keyed fingerprint (HMAC-SHA-256): for looking up a secret or a pseudonym without storing it.
    pub fn fingerprint(&self, purpose: Purpose<'_>, value: &[u8]) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.mac);
        context.update(&associated(purpose));
        context.update(value);
        let mut out = [0; 32];
        out.copy_from_slice(context.sign().as_ref());
        out
    }

    /// A key to sign with (ECDSA over P-256) that follows from the master key: for what others are bound to for good.
    /// Whoever restores the master key has it again.
    pub fn signing_key(&self, purpose: Purpose<'_>) -> Result<EcdsaKeyPair, KeyRejected> {
        let mut tries = (0..MAX_TRIES).map(|number| {
            let scalar = Zeroizing::new(self.fingerprint(purpose, &[number]));
            let encoded = Zeroizing::new([&SEC1_PREFIX, scalar.as_slice(), &SEC1_SUFFIX].concat());
            EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, &encoded)
        });
        let first = tries.next().expect("at least one number is tried");
        first.or_else(|fault| tries.find_map(Result::ok).ok_or(fault))
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

fn associated(purpose: Purpose<'_>) -> Vec<u8> {
    let mut out = purpose.tenant.0.as_bytes().to_vec();
    out.extend_from_slice(purpose.word.as_bytes());
    out.push(0);
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn purpose(word: &str) -> Purpose<'_> {
        Purpose { tenant: TenantId(Uuid::nil()), word }
    }

    #[test]
    fn opens_only_for_its_purpose_and_tenant() {
        let sealer = Sealer::new(&[7; 32]);
        let sealed = sealer.seal(purpose("a"), b"plain");
        assert_eq!(sealer.open(purpose("a"), &sealed).unwrap().as_slice(), b"plain");
        assert_eq!(sealer.open(purpose("b"), &sealed), Err(SealError));
        let other = Purpose { tenant: TenantId(Uuid::max()), word: "a" };
        assert_eq!(sealer.open(other, &sealed), Err(SealError));
        assert_eq!(Sealer::new(&[8; 32]).open(purpose("a"), &sealed), Err(SealError));
    }

    proptest! {
        #[test]
        fn foreign_tokens_never_open(text in ".{0,200}") {
            prop_assert!(Sealer::new(&[7; 32]).open_token::<String>(purpose("a"), &text).is_err());
        }
    }
}
