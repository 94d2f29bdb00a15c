//! The companions that are expected: who asked for one, and by which secret it comes.
//!
//! A companion is a second connection of a stick's session, for what carries much. It is no sign-in of its own: it shares
//! the session that asked for it, and ends with that.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::BASE64;
use fernamt_api::stick::{Base64Secret, COMPANION_PREFIX};
use fernamt_domain::{Rng, Secret, rng::random_bytes};
use russh::keys::PublicKey;
use tokio::time::Instant;
use zeroize::Zeroizing;

use super::{Limits, Login, SignedIn, connection::Shared};

/// How long a secret is good.
const GOOD_FOR: Duration = Duration::from_mins(1);
const SECRET_BYTES: usize = 32;

/// By which name and key a session was begun.
#[derive(Debug, Clone)]
pub(super) struct Proved {
    pub(super) login: Login,
    pub(super) key: PublicKey,
}

/// The session that a companion belongs to.
#[derive(Clone)]
pub(super) struct Main {
    pub(super) shared: Arc<Shared>,
    pub(super) who: Arc<SignedIn>,
}

/// Those that are expected, and to whom each belongs. Copies share them.
pub(super) struct Companions<M = Main> {
    rng: Arc<dyn Rng>,
    limits: Arc<Limits>,
    expected: Arc<Mutex<HashMap<Hash, Expected<M>>>>,
}

/// Of a secret. The secret itself is kept by nobody here, and looking a hash up tells nothing of it by the time it takes.
type Hash = [u8; 32];

struct Expected<M> {
    main: M,
    proved: Proved,
    until: Instant,
}

/// The one companion that a session expects. Once it is dropped, none comes any more by its secret.
pub(super) struct Invitation<M = Main> {
    companions: Companions<M>,
    hash: Hash,
}

impl Main {
    /// Whether it can still be accompanied.
    pub(super) fn lasts(&self) -> bool {
        !self.shared.hung_up.is_cancelled() && !self.who.ended.is_cancelled()
    }
}

impl<M> Companions<M> {
    pub(super) fn new(rng: Arc<dyn Rng>, limits: Arc<Limits>) -> Self {
        Self { rng, limits, expected: Arc::default() }
    }

    /// Expects a companion. `None` where too many are expected already.
    pub(super) fn expect(&self, main: M, proved: Proved, now: Instant) -> Option<(Base64Secret, Invitation<M>)> {
        let secret = Zeroizing::new(random_bytes::<SECRET_BYTES>(&*self.rng));
        let hash = hash(&*secret);
        if !self.make_room(now) {
            metrics::counter!("fernamt_ssh_refused_total", "limit" => "expected_companions").increment(1);
            return None;
        }
        self.lock().insert(hash, Expected { main, proved, until: now + GOOD_FOR });
        let secret = Base64Secret(Secret::new(BASE64.encode(&*secret)));
        Some((secret, Invitation { companions: self.clone(), hash }))
    }

    /// Whose companion it is that comes with this secret. Whatever is found wrong with it, the secret is used up.
    pub(super) fn admit(&self, secret: &str, login: &Login, key: &PublicKey, now: Instant) -> Option<M> {
        let secret = Zeroizing::new(BASE64.decode(secret.as_bytes()).ok()?);
        let Expected { main, proved, until } = self.lock().remove(&hash(&secret))?;
        let same = proved.login == *login && proved.key.key_data() == key.key_data();
        (same && now < until).then_some(main)
    }

    /// Forgets those who did not come in time, if that is necessary. Whether there is room then.
    fn make_room(&self, now: Instant) -> bool {
        let late: Vec<Expected<M>> = {
            let mut expected = self.lock();
            if expected.len() < self.limits.expected_companions {
                return true;
            }
            expected.extract_if(|_, expected| expected.until <= now).map(|(_, late)| late).collect()
        };
        // What they hold may come back to us when it is dropped, and finds the lock open.
        !late.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Hash, Expected<M>>> {
        self.expected.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M> Clone for Companions<M> {
    fn clone(&self) -> Self {
        Self { rng: Arc::clone(&self.rng), limits: Arc::clone(&self.limits), expected: Arc::clone(&self.expected) }
    }
}

/// The secret in what was answered to the question for a code, if it is one.
pub(super) fn in_answer(code: &Secret<String>) -> Option<&str> {
    code.expose().strip_prefix(COMPANION_PREFIX)
}

fn hash(secret: &[u8]) -> Hash {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, secret).as_ref());
    out
}

impl<M> Drop for Invitation<M> {
    fn drop(&mut self) {
        // The lock is let go before what was expected is dropped.
        let gone = self.companions.lock().remove(&self.hash);
        drop(gone);
    }
}

impl<M> fmt::Debug for Companions<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Companions").field("expected", &self.lock().len()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use fernamt_testkit::SeededRng;
    use russh::keys::{PrivateKey, ssh_key::private::Ed25519Keypair};

    use super::*;

    fn companions(expected_companions: usize) -> Companions<u8> {
        Companions::new(Arc::new(SeededRng::new(1)), Arc::new(Limits { expected_companions, ..Limits::default() }))
    }

    fn proved(login: &str, seed: u8) -> Proved {
        let key = PrivateKey::from(Ed25519Keypair::from_seed(&[seed; 32])).public_key().clone();
        Proved { login: Login::parse(login).unwrap(), key }
    }

    fn admit(companions: &Companions<u8>, secret: &Base64Secret, by: &Proved, now: Instant) -> Option<u8> {
        companions.admit(secret.0.expose(), &by.login, &by.key, now)
    }

    #[test]
    fn a_secret_is_good_once_and_for_a_minute() {
        let (companions, anna, now) = (companions(10), proved("anna", 1), Instant::now());
        let (secret, _invitation) = companions.expect(7, anna.clone(), now).unwrap();
        assert_eq!(admit(&companions, &Base64Secret("AAAA".into()), &anna, now), None);
        assert_eq!(admit(&companions, &Base64Secret("?".into()), &anna, now), None);
        let late = now + GOOD_FOR;
        assert_eq!(admit(&companions, &secret, &anna, late.checked_sub(Duration::from_millis(1)).unwrap()), Some(7));
        assert_eq!(admit(&companions, &secret, &anna, now), None);
        let (secret, _invitation) = companions.expect(7, anna.clone(), now).unwrap();
        assert_eq!(admit(&companions, &secret, &anna, late), None);
    }

    #[test]
    fn a_secret_is_good_for_one_name_and_key_and_while_it_is_expected() {
        let (companions, anna, now) = (companions(10), proved("anna", 1), Instant::now());
        for other in [proved("bert", 1), proved("anna", 2), proved("anna@shire", 1)] {
            let (secret, _invitation) = companions.expect(7, anna.clone(), now).unwrap();
            assert_eq!(admit(&companions, &secret, &other, now), None);
            assert_eq!(admit(&companions, &secret, &anna, now), None, "who was wrong once has spoilt it");
        }
        let (secret, invitation) = companions.expect(7, anna.clone(), now).unwrap();
        drop(invitation);
        assert_eq!(admit(&companions, &secret, &anna, now), None);
        assert!(companions.lock().is_empty());
    }

    #[test]
    fn only_so_many_are_expected_and_who_is_late_makes_room() {
        let (companions, anna, now) = (companions(2), proved("anna", 1), Instant::now());
        let _held: Vec<_> = (0..2).map(|n| companions.expect(n, anna.clone(), now).unwrap()).collect();
        assert!(companions.expect(3, anna.clone(), now).is_none());
        assert!(companions.expect(3, anna, now + GOOD_FOR).is_some());
    }
}
