//! Sealed tokens: what the server must remember about somebody who has not signed in yet, kept by them instead.
//!
//! A stranger can ask for as many as they like; nothing grows. What a token was good for is remembered only once it
//! succeeded, until it would have expired anyway. Tokens of an earlier run of the server are void, so that forgetting
//! on restart opens nothing.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use fernamt_domain::{Clock, Purpose, Rng, Sealer, TenantId, rng::random_bytes};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use time::{Duration, OffsetDateTime};

/// How long a token is good.
pub const LIFETIME: Duration = Duration::minutes(5);
/// The most characters of a token that are looked at.
pub const MAX_TOKEN_CHARS: usize = 16_384;
/// The most used tokens that are remembered. Each stands for one success within [`LIFETIME`].
pub const MAX_USED: usize = 100_000;

/// Why a token counts for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// Not ours, for another purpose or tenant, or damaged.
    #[error("the token is not valid")]
    Invalid,
    /// Too old.
    #[error("the token has expired")]
    Expired,
    /// It succeeded before.
    #[error("the token was used before")]
    Used,
    /// [`MAX_USED`] are remembered.
    #[error("too many sign-ins at the same moment")]
    Busy,
}

type Nonce = [u8; 16];

#[derive(Serialize, Deserialize)]
struct Body<T> {
    nonce: Nonce,
    run: Nonce,
    expires_at: i64,
    value: T,
}

/// An opened token. Spend it once what it is for has succeeded.
#[derive(Debug)]
pub struct Opened<T> {
    /// What was sealed.
    pub value: T,
    nonce: Nonce,
    expires_at: i64,
}

impl<T> Opened<T> {
    /// The token alone, to be spent later.
    pub fn without_value(&self) -> Opened<()> {
        Opened { value: (), nonce: self.nonce, expires_at: self.expires_at }
    }
}

/// Issues and opens tokens.
#[derive(Debug)]
pub struct Challenges {
    sealer: Arc<Sealer>,
    clock: Arc<dyn Clock>,
    rng: Arc<dyn Rng>,
    run: Nonce,
    used: Mutex<HashMap<Nonce, i64>>,
}

impl Challenges {
    /// For one run of the server.
    pub fn new(sealer: Arc<Sealer>, clock: Arc<dyn Clock>, rng: Arc<dyn Rng>) -> Self {
        let run = random_bytes(&*rng);
        Self { sealer, clock, rng, run, used: Mutex::default() }
    }

    /// Seals a value for a purpose. Returns the token and when it expires.
    pub fn issue<T: Serialize>(&self, tenant: TenantId, word: &str, value: T) -> (String, OffsetDateTime) {
        self.issue_for(LIFETIME, tenant, word, value)
    }

    /// Like [`Challenges::issue`], for longer or shorter. Only for tokens that are never spent: spent ones are
    /// remembered until they expire.
    pub fn issue_for<T: Serialize>(
        &self,
        lifetime: Duration,
        tenant: TenantId,
        word: &str,
        value: T,
    ) -> (String, OffsetDateTime) {
        let expires_at = self.clock.now() + lifetime;
        let body =
            Body { nonce: random_bytes(&*self.rng), run: self.run, expires_at: expires_at.unix_timestamp(), value };
        (self.sealer.seal_token(Purpose { tenant, word }, &body), expires_at)
    }

    /// Opens a token of the same purpose.
    pub fn open<T: DeserializeOwned>(
        &self,
        tenant: TenantId,
        word: &str,
        token: &str,
    ) -> Result<Opened<T>, TokenError> {
        if token.len() > MAX_TOKEN_CHARS {
            return Err(TokenError::Invalid);
        }
        let body: Body<T> = self.sealer.open_token(Purpose { tenant, word }, token).map_err(|_| TokenError::Invalid)?;
        if body.run != self.run || body.expires_at <= self.clock.now().unix_timestamp() {
            return Err(TokenError::Expired);
        }
        if self.lock().contains_key(&body.nonce) {
            return Err(TokenError::Used);
        }
        Ok(Opened { value: body.value, nonce: body.nonce, expires_at: body.expires_at })
    }

    /// Marks a token as used. Of several attempts side by side, one succeeds.
    pub fn spend<T>(&self, opened: &Opened<T>) -> Result<(), TokenError> {
        let now = self.clock.now().unix_timestamp();
        let mut used = self.lock();
        if used.len() >= MAX_USED {
            used.retain(|_, expires_at| *expires_at > now);
            if used.len() >= MAX_USED {
                return Err(TokenError::Busy);
            }
        }
        match used.insert(opened.nonce, opened.expires_at) {
            None => Ok(()),
            Some(_) => Err(TokenError::Used),
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Nonce, i64>> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::SystemRng;
    use fernamt_testkit::TestClock;
    use uuid::Uuid;

    use super::*;

    fn challenges(clock: &TestClock) -> Challenges {
        Challenges::new(Arc::new(Sealer::new(&[1; 32])), Arc::new(clock.clone()), Arc::new(SystemRng))
    }

    const TENANT: TenantId = TenantId(Uuid::nil());

    #[test]
    fn a_token_opens_for_its_purpose_tenant_and_time_and_is_spent_once() {
        let clock = TestClock::new();
        let challenges = challenges(&clock);
        let (token, _) = challenges.issue(TENANT, "sign-in", 7_u8);
        let opened = challenges.open::<u8>(TENANT, "sign-in", &token).unwrap();
        assert_eq!(opened.value, 7);
        assert_eq!(challenges.open::<u8>(TENANT, "rotate", &token).err(), Some(TokenError::Invalid));
        assert_eq!(challenges.open::<u8>(TenantId(Uuid::max()), "sign-in", &token).err(), Some(TokenError::Invalid));
        assert_eq!(challenges.spend(&opened), Ok(()));
        assert_eq!(challenges.spend(&opened), Err(TokenError::Used));
        assert_eq!(challenges.open::<u8>(TENANT, "sign-in", &token).err(), Some(TokenError::Used));
        let (token, _) = challenges.issue(TENANT, "sign-in", 7_u8);
        clock.advance(LIFETIME);
        assert_eq!(challenges.open::<u8>(TENANT, "sign-in", &token).err(), Some(TokenError::Expired));
    }

    #[test]
    fn a_restart_voids_what_was_issued_before() {
        let clock = TestClock::new();
        let (token, _) = challenges(&clock).issue(TENANT, "sign-in", ());
        assert_eq!(challenges(&clock).open::<()>(TENANT, "sign-in", &token).err(), Some(TokenError::Expired));
    }

    #[test]
    fn used_tokens_are_forgotten_only_when_they_have_expired() {
        let clock = TestClock::new();
        let challenges = challenges(&clock);
        let spend = |n: usize| {
            let nonce = u128::try_from(n).unwrap().to_be_bytes();
            let expires_at = (clock.now() + LIFETIME).unix_timestamp();
            challenges.spend(&Opened { value: (), nonce, expires_at })
        };
        for n in 0..MAX_USED {
            assert_eq!(spend(n), Ok(()));
        }
        assert_eq!(spend(MAX_USED), Err(TokenError::Busy));
        clock.advance(LIFETIME);
        assert_eq!(spend(MAX_USED), Ok(()));
        assert_eq!(challenges.lock().len(), 1);
    }
}
