//! Who this server is to push services (RFC 8292): a signed word that holds for one of them and some hours.

use aws_lc_rs::{
    error::Unspecified,
    rand::SystemRandom,
    signature::{EcdsaKeyPair, KeyPair as _},
};
use data_encoding::BASE64URL_NOPAD;
use serde_json::json;
use time::{Duration, OffsetDateTime};
use url::Url;

/// How long a signed word holds: RFC 8292 wants no more than a day.
const HOLDS: Duration = Duration::hours(12);

/// The public key as browsers take it.
pub(super) fn public_key(key: &EcdsaKeyPair) -> String {
    BASE64URL_NOPAD.encode(key.public_key().as_ref())
}

/// What stands in the field `Authorization` of a message to this address, from a server that answers for `host`.
pub(super) fn authorization(
    key: &EcdsaKeyPair,
    address: &Url,
    host: &str,
    now: OffsetDateTime,
) -> Result<String, Unspecified> {
    let audience = address.origin().ascii_serialization();
    let claims = json!({ "aud": audience, "exp": (now + HOLDS).unix_timestamp(), "sub": format!("https://{host}") });
    let part = |value: &serde_json::Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&json!({ "typ": "JWT", "alg": "ES256" })), part(&claims));
    let signature = key.sign(&SystemRandom::new(), signed.as_bytes())?;
    let signature = BASE64URL_NOPAD.encode(signature.as_ref());
    Ok(format!("vapid t={signed}.{signature},k={}", public_key(key)))
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, UnparsedPublicKey};
    use serde_json::Value;

    use super::*;

    #[test]
    fn the_word_names_the_push_service_and_is_signed_with_the_key_beside_it() {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap();
        let address = "https://push.example:8443/a/b?c".parse().unwrap();
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let word = authorization(&key, &address, "amt.example", now).unwrap();
        let (token, public) = word.strip_prefix("vapid t=").unwrap().split_once(",k=").unwrap();
        assert_eq!(public, public_key(&key));
        let (signed, signature) = token.rsplit_once('.').unwrap();
        let decoded = |text: &str| BASE64URL_NOPAD.decode(text.as_bytes()).unwrap();
        let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, decoded(public));
        assert!(public.verify(signed.as_bytes(), &decoded(signature)).is_ok());
        let claims: Value = serde_json::from_slice(&decoded(signed.split_once('.').unwrap().1)).unwrap();
        let expected =
            json!({ "aud": "https://push.example:8443", "exp": 1_800_043_200, "sub": "https://amt.example" });
        assert_eq!(claims, expected);
    }
}
