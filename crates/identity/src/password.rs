//! Passwords: Argon2id hashing on a bounded pool, and the rules for a new password.
//!
//! Parameters are the second recommended option of RFC 9106 (section 4): 64 MiB, three passes, four lanes, a salt of
//! 128 and a tag of 256 bits; above OWASP's minimum of 19 MiB and two passes. One hash takes about 0.1 s of one
//! processor, so at most one per processor runs at a time and few may wait: who comes later is asked to slow down.

use std::{
    num::NonZeroUsize,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use argon2::{Algorithm, Argon2, Params, Version, password_hash::phc::PasswordHash};
use argon2::{PasswordHasher as _, PasswordVerifier as _};
use fernamt_domain::{Rng, Secret, rng::random_bytes};
use tokio::sync::Semaphore;

/// Memory of one hash, in KiB.
pub const MEMORY_KIB: u32 = 64 * 1024;
/// Passes over that memory.
pub const PASSES: u32 = 3;
/// Lanes of that memory.
pub const LANES: u32 = 4;
/// The least characters of a new password.
pub const MIN_CHARS: usize = 12;
/// The most bytes of any password that is looked at.
pub const MAX_BYTES: usize = 1024;
/// How many hashes of people who proved something else already (code or device) may wait.
pub const MAX_WAITING_PROVEN: usize = 256;
/// How many hashes of strangers may wait. Far fewer, so that a flood of strangers leaves room for everybody else.
pub const MAX_WAITING_STRANGERS: usize = 16;

/// A hash of nothing anybody can type, with the present parameters: what unknown names are compared with.
const DUMMY: &str = "$argon2id$v=19$m=65536,t=3,p=4$AAECAwQFBgcICQoLDA0ODw$9mIvrqzqFuqbLm1HnF4oWAFD3zK7B/lNOFgEB6VsZXo";

/// Whether somebody proved something before their password is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lane {
    /// A known device signed, or the second factor was right.
    Proven,
    /// Nothing is known about them.
    Stranger,
}

/// Why no hash was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// Too many wait already.
    #[error("too many sign-ins at the same moment")]
    Busy,
    /// The hash function refused its input, or a stored hash is damaged.
    #[error("the password hash is damaged")]
    Damaged,
}

/// Hashes passwords, at most one per processor at a time.
#[derive(Debug, Clone)]
pub struct Passwords {
    permits: Arc<Semaphore>,
    waiting: Arc<AtomicUsize>,
    rng: Arc<dyn Rng>,
}

impl Passwords {
    /// A pool for this machine.
    pub fn new(rng: Arc<dyn Rng>) -> Self {
        let processors = std::thread::available_parallelism().map_or(1, NonZeroUsize::get);
        Self { permits: Arc::new(Semaphore::new(processors)), waiting: Arc::default(), rng }
    }

    /// Hashes a new password to a PHC string.
    pub async fn hash(&self, password: &Secret<String>) -> Result<String, HashError> {
        let salt: [u8; 16] = random_bytes(&*self.rng);
        let password = password.clone();
        self.run(Lane::Proven, move || {
            argon2()
                .hash_password_with_salt(password.expose().as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|_| HashError::Damaged)
        })
        .await?
    }

    /// Whether the password fits the stored hash. Without a stored hash the same work is done and the answer is no,
    /// so that the time taken does not tell whether an account exists.
    pub async fn verify(&self, lane: Lane, password: &Secret<String>, stored: Option<&str>) -> Result<bool, HashError> {
        if password.expose().len() > MAX_BYTES {
            return Ok(false);
        }
        let known = stored.is_some();
        let stored = Secret::from(stored.unwrap_or(DUMMY));
        let password = password.clone();
        let fits = self
            .run(lane, move || {
                let hash = PasswordHash::new(stored.expose()).map_err(|_| HashError::Damaged)?;
                Ok(argon2().verify_password(password.expose().as_bytes(), &hash).is_ok())
            })
            .await??;
        Ok(fits && known)
    }

    async fn run<T: Send + 'static>(
        &self,
        lane: Lane,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let cap = match lane {
            Lane::Proven => MAX_WAITING_PROVEN,
            Lane::Stranger => MAX_WAITING_STRANGERS,
        };
        let _place = Place::take(&self.waiting, cap).ok_or(HashError::Busy)?;
        let permit = Arc::clone(&self.permits).acquire_owned().await.map_err(|_| HashError::Busy)?;
        // The permit travels with the job: a request that is dropped half-way must not free a processor still at work.
        tokio::task::spawn_blocking(move || {
            let _permit = permit;
            job()
        })
        .await
        .map_err(|_| HashError::Damaged)
    }
}

struct Place<'a>(&'a AtomicUsize);

impl<'a> Place<'a> {
    fn take(waiting: &'a AtomicUsize, cap: usize) -> Option<Self> {
        waiting
            .try_update(Ordering::AcqRel, Ordering::Acquire, |held| (held < cap).then_some(held + 1))
            .ok()
            .map(|_| Self(waiting))
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, Some(32)).expect("the constants are within Argon2's ranges");
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

/// Whether a stored hash was made with other parameters than the present ones.
pub fn is_outdated(stored: &str) -> bool {
    !stored.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
}

/// Why a new password is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordFault {
    /// Below [`MIN_CHARS`].
    #[error("a password has at least {MIN_CHARS} characters")]
    TooShort,
    /// Above [`MAX_BYTES`].
    #[error("a password has at most {MAX_BYTES} bytes")]
    TooLong,
    /// It holds the person's own name.
    #[error("a password must not contain the person's name")]
    HoldsName,
    /// It is among those that everybody tries first.
    #[error("this password is among those that are tried first")]
    Common,
}

impl PasswordFault {
    /// The stable word for the API.
    pub fn code(self) -> &'static str {
        match self {
            Self::TooShort => "password_too_short",
            Self::TooLong => "password_too_long",
            Self::HoldsName => "password_holds_name",
            Self::Common => "password_common",
        }
    }
}

/// Checks a new password. Length counts, composition does not (NIST SP 800-63B, BSI ORP.4).
pub fn check_new(password: &Secret<String>, login: &str, display_name: &str) -> Result<(), PasswordFault> {
    let text = password.expose();
    if text.len() > MAX_BYTES {
        return Err(PasswordFault::TooLong);
    }
    if text.chars().count() < MIN_CHARS {
        return Err(PasswordFault::TooShort);
    }
    let lower = text.to_lowercase();
    let mut names = std::iter::once(login).chain(display_name.split_whitespace()).map(str::to_lowercase);
    if names.any(|name| name.chars().count() >= 4 && lower.contains(&name)) {
        return Err(PasswordFault::HoldsName);
    }
    if is_common(&lower) {
        return Err(PasswordFault::Common);
    }
    Ok(())
}

/// What people choose when asked for length: a word from here, with digits, signs and repetition around it.
const COMMON_STEMS: &[&str] = &[
    "password",
    "passwort",
    "kennwort",
    "geheim",
    "qwertz",
    "qwerty",
    "qwertzuiop",
    "qwertyuiop",
    "asdfgh",
    "asdfghjkl",
    "yxcvbnm",
    "zxcvbnm",
    "abc",
    "abcdef",
    "abcdefghijkl",
    "administrator",
    "admin",
    "verwaltung",
    "rathaus",
    "landratsamt",
    "ministerium",
    "gemeinde",
    "behoerde",
    "behörde",
    "fernamt",
    "willkommen",
    "welcome",
    "hallo",
    "hallowelt",
    "letmein",
    "iloveyou",
    "ichliebedich",
    "sommer",
    "winter",
    "herbst",
    "fruehling",
    "frühling",
    "schatz",
    "schalke",
    "bayern",
    "deutschland",
    "berlin",
    "hamburg",
    "muenchen",
    "münchen",
    "start",
    "changeme",
    "test",
    "login",
    "master",
    "dragon",
    "monkey",
    "football",
    "fussball",
    "sunshine",
    "sonnenschein",
    "princess",
    "passw0rd",
    "p@ssword",
    "p@ssw0rd",
];

fn is_common(lower: &str) -> bool {
    let letters: String = lower.trim_matches(|c: char| !c.is_alphabetic()).to_owned();
    // Only digits and signs: a number, a date, a telephone number.
    if letters.is_empty() {
        return lower.chars().filter(|c| !c.is_ascii_digit()).count() <= 4;
    }
    let distinct: std::collections::BTreeSet<char> = lower.chars().collect();
    if distinct.len() < 5 {
        return true;
    }
    COMMON_STEMS.iter().any(|stem| {
        let rest = letters.replace(stem, "");
        rest.chars().all(|c| !c.is_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use fernamt_domain::SystemRng;

    use super::*;

    fn fault(password: &str) -> Option<PasswordFault> {
        check_new(&Secret::from(password), "a.meier", "Anna Meier").err()
    }

    #[tokio::test]
    async fn a_hash_fits_its_password_only() {
        let passwords = Passwords::new(Arc::new(SystemRng));
        let hash = passwords.hash(&Secret::from("kaffee am langen morgen")).await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=65536,t=3,p=4$"), "{hash}");
        for (password, fits) in [("kaffee am langen morgen", true), ("kaffee am langen abend", false)] {
            let got = passwords.verify(Lane::Stranger, &Secret::from(password), Some(&hash)).await;
            assert_eq!(got, Ok(fits));
        }
        assert_eq!(
            passwords.verify(Lane::Stranger, &Secret::from("x"), None).await,
            Ok(false),
            "unknown names never fit"
        );
        assert_eq!(passwords.verify(Lane::Proven, &Secret::from("x"), Some("junk")).await, Err(HashError::Damaged));
    }

    #[test]
    fn the_dummy_costs_what_a_real_hash_costs() {
        let dummy = PasswordHash::new(DUMMY).unwrap();
        assert_eq!(dummy.params.to_string(), "m=65536,t=3,p=4");
        assert_eq!(dummy.hash.unwrap().as_bytes().len(), 32);
    }

    #[tokio::test]
    async fn waiting_strangers_are_bounded_and_leave_room_for_the_proven() {
        let passwords = Passwords::new(Arc::new(SystemRng));
        let processors = u32::try_from(passwords.permits.available_permits()).unwrap();
        let all = passwords.permits.clone().acquire_many_owned(processors).await.unwrap();
        let wait = |lane| {
            let passwords = passwords.clone();
            tokio::spawn(async move { passwords.run(lane, || ()).await })
        };
        let strangers: Vec<_> = (0..MAX_WAITING_STRANGERS).map(|_| wait(Lane::Stranger)).collect();
        while passwords.waiting.load(Ordering::Acquire) < MAX_WAITING_STRANGERS {
            tokio::task::yield_now().await;
        }
        assert_eq!(wait(Lane::Stranger).await.unwrap(), Err(HashError::Busy));
        let proven = wait(Lane::Proven);
        drop(all);
        assert_eq!(proven.await.unwrap(), Ok(()));
        for stranger in strangers {
            assert_eq!(stranger.await.unwrap(), Ok(()));
        }
        assert_eq!(passwords.waiting.load(Ordering::Acquire), 0);
    }

    #[test]
    fn length_counts_and_composition_does_not() {
        assert_eq!(fault("kaffee am langen morgen"), None);
        assert_eq!(fault("elf Zeichen"), Some(PasswordFault::TooShort));
        assert_eq!(fault(&"ä".repeat(600)), Some(PasswordFault::TooLong));
        assert_eq!(fault("die frau Meier kommt"), Some(PasswordFault::HoldsName));
        for common in
            ["Passwort12345!", "123456789012", "aaaaaaaaaaaaaaa", "Sommer2026!!!!", "passwordpassword", "01.02.1970.."]
        {
            assert_eq!(fault(common), Some(PasswordFault::Common), "{common}");
        }
    }
}
