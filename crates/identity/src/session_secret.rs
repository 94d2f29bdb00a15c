//! The secret half of a session cookie.
//!
//! Only a hash of it is stored. It carries a keyed tag over the session's id, so that an *old* secret of this session
//! is told from a made-up one: the first means that the cookie was copied and ends the session, the second means
//! nothing, and nobody can end a session by knowing its id.

use data_encoding::BASE64URL_NOPAD;
use fernamt_domain::{Purpose, Rng, Sealer, Secret, SessionId, TenantId, rng::random_bytes};
use subtle::ConstantTimeEq as _;

/// The random bytes of a secret.
const RANDOM_LEN: usize = 32;
/// The bytes of its tag.
const TAG_LEN: usize = 16;

/// A secret that we made for this session, now or earlier.
#[derive(Debug, Clone)]
pub struct SessionSecret(Secret<Vec<u8>>);

impl SessionSecret {
    /// A new secret for a session.
    pub fn generate(sealer: &Sealer, rng: &dyn Rng, tenant: TenantId, session: SessionId) -> Self {
        let random: [u8; RANDOM_LEN] = random_bytes(rng);
        let mut bytes = random.to_vec();
        bytes.extend_from_slice(&tag(sealer, tenant, session, &random));
        Self(Secret::new(bytes))
    }

    /// Reads a cookie's value. `None` unless we made it for the session it names.
    pub fn parse(sealer: &Sealer, tenant: TenantId, cookie: &Secret<String>) -> Option<(SessionId, Self)> {
        let (id, secret) = cookie.expose().split_once('.')?;
        let session: SessionId = id.parse().ok()?;
        let bytes = Secret::new(BASE64URL_NOPAD.decode(secret.as_bytes()).ok()?);
        let (random, given) = bytes.expose().split_at_checked(RANDOM_LEN)?;
        let genuine: bool = tag(sealer, tenant, session, random).as_slice().ct_eq(given).into();
        genuine.then_some((session, Self(bytes)))
    }

    /// The cookie's value.
    pub fn cookie(&self, session: SessionId) -> Secret<String> {
        Secret::new(format!("{session}.{}", BASE64URL_NOPAD.encode(self.0.expose())))
    }

    /// What is stored of it. The secret is random, so a keyed fingerprint is as good as a slow hash.
    pub fn hash(&self, sealer: &Sealer, tenant: TenantId) -> [u8; 32] {
        sealer.fingerprint(Purpose { tenant, word: "session-secret" }, self.0.expose())
    }
}

fn tag(sealer: &Sealer, tenant: TenantId, session: SessionId, random: &[u8]) -> [u8; TAG_LEN] {
    let value = [session.0.as_bytes().as_slice(), random].concat();
    let full = sealer.fingerprint(Purpose { tenant, word: "session-secret-tag" }, &value);
    let mut tag = [0; TAG_LEN];
    tag.copy_from_slice(&full[..TAG_LEN]);
    tag
}

#[cfg(test)]
mod tests {
    use fernamt_domain::{SystemClock, SystemRng};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    const TENANT: TenantId = TenantId(Uuid::nil());

    #[test]
    fn reads_back_for_its_session_and_tenant_only() {
        let sealer = Sealer::new(&[1; 32]);
        let (a, b) = (SessionId::new(&SystemClock, &SystemRng), SessionId::new(&SystemClock, &SystemRng));
        let secret = SessionSecret::generate(&sealer, &SystemRng, TENANT, a);
        let cookie = secret.cookie(a);
        assert!(cookie.expose().len() < 200, "fits a cookie");
        let (session, back) = SessionSecret::parse(&sealer, TENANT, &cookie).unwrap();
        assert_eq!((session, back.hash(&sealer, TENANT)), (a, secret.hash(&sealer, TENANT)));
        assert!(SessionSecret::parse(&sealer, TENANT, &secret.cookie(b)).is_none());
        assert!(SessionSecret::parse(&sealer, TenantId(Uuid::max()), &cookie).is_none());
    }

    proptest! {
        #[test]
        fn made_up_cookies_mean_nothing(secret in "[A-Za-z0-9_-]{0,80}") {
            let cookie = Secret::new(format!("{}.{secret}", Uuid::nil()));
            prop_assert!(SessionSecret::parse(&Sealer::new(&[1; 32]), TENANT, &cookie).is_none());
        }

        #[test]
        fn junk_cookies_mean_nothing(text in "\\PC{0,120}") {
            prop_assert!(SessionSecret::parse(&Sealer::new(&[1; 32]), TENANT, &Secret::new(text)).is_none());
        }
    }
}
