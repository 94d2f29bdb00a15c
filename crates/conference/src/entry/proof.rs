//! Proofs of work: what a stranger's browser does for half a second where somebody guesses, instead of a puzzle of pictures
//! that not everybody can see.
//!
//! A challenge costs the server nothing to keep: it is sealed and goes out. What is kept is which challenges were
//! answered, until they run out. Where there are too many, those that were given out earliest run out early.

use std::{
    collections::HashSet,
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest;
use data_encoding::BASE64URL_NOPAD;
use fernamt_api::conference::entry::{PROOF_BITS, PROOF_LIFETIME_S, PROOF_PUZZLES, ProofChallenge, ProofOfWork};
use fernamt_domain::{Purpose, Rng, Sealer, TenantId, rng::random_bytes};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};

use super::guard::Source;

/// The most answered challenges that are remembered.
pub const MAX_ANSWERED: usize = 131_072;

const PURPOSE: &str = "entry-proof";

/// Why a proof does not count. The client gets a new challenge in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProofFault {
    /// The challenge is not ours, or not for this source.
    #[error("the challenge is not for this client")]
    Foreign,
    /// It was given out too long ago.
    #[error("the challenge has run out")]
    RunOut,
    /// A nonce does not solve its puzzle.
    #[error("the work was not done")]
    Unsolved,
    /// It was answered before.
    #[error("the challenge was answered before")]
    Answered,
}

#[derive(Debug, Serialize, Deserialize)]
struct Given {
    source: std::net::IpAddr,
    seed: String,
    bits: u32,
    at: i64,
}

#[derive(Debug, Default)]
struct Answered {
    by_seed: HashSet<[u8; 16]>,
    /// In the order in which they were answered, with when they were given out.
    order: VecDeque<(i64, [u8; 16])>,
    /// Nothing given out earlier counts any more.
    floor: i64,
}

/// Gives out challenges and checks their answers.
#[derive(Debug)]
pub struct Proofs {
    sealer: Arc<Sealer>,
    rng: Arc<dyn Rng>,
    bits: u32,
    most: usize,
    answered: Mutex<Answered>,
}

impl Proofs {
    /// Under the installation's sealer.
    pub fn new(sealer: Arc<Sealer>, rng: Arc<dyn Rng>) -> Self {
        Self::with(sealer, rng, PROOF_BITS, MAX_ANSWERED)
    }

    /// With puzzles of other difficulty: for tests that solve many.
    pub fn with(sealer: Arc<Sealer>, rng: Arc<dyn Rng>, bits: u32, most: usize) -> Self {
        Self { sealer, rng, bits, most, answered: Mutex::default() }
    }

    /// A new challenge for a source.
    pub fn challenge(&self, tenant: TenantId, source: Source, now: OffsetDateTime) -> ProofChallenge {
        let seed = BASE64URL_NOPAD.encode(&random_bytes::<16>(&*self.rng));
        let given = Given { source: source.address(), seed: seed.clone(), bits: self.bits, at: now.unix_timestamp() };
        let challenge = self.sealer.seal_token(Purpose { tenant, word: PURPOSE }, &given);
        ProofChallenge { challenge, seed, puzzles: PROOF_PUZZLES, bits: self.bits }
    }

    /// Checks an answer and uses it up.
    pub fn check(
        &self,
        tenant: TenantId,
        source: Source,
        proof: &ProofOfWork,
        now: OffsetDateTime,
    ) -> Result<(), ProofFault> {
        let given: Given = self
            .sealer
            .open_token(Purpose { tenant, word: PURPOSE }, &proof.challenge)
            .map_err(|_| ProofFault::Foreign)?;
        let seed = BASE64URL_NOPAD.decode(given.seed.as_bytes()).ok().and_then(|seed| seed.try_into().ok());
        let seed: [u8; 16] = seed.ok_or(ProofFault::Foreign)?;
        if given.source != source.address() {
            return Err(ProofFault::Foreign);
        }
        let age = now.unix_timestamp() - given.at;
        if !(0..i64::from(PROOF_LIFETIME_S)).contains(&age) {
            return Err(ProofFault::RunOut);
        }
        if !is_solved(&given.seed, given.bits, &proof.nonces) {
            return Err(ProofFault::Unsolved);
        }
        let mut answered = self.lock();
        if given.at < answered.floor {
            return Err(ProofFault::RunOut);
        }
        if !answered.by_seed.insert(seed) {
            return Err(ProofFault::Answered);
        }
        answered.order.push_back((given.at, seed));
        answered.forget(now - Duration::seconds(PROOF_LIFETIME_S.into()), self.most);
        Ok(())
    }

    /// How many answered challenges are remembered.
    pub fn remembered(&self) -> usize {
        self.lock().by_seed.len()
    }

    fn lock(&self) -> MutexGuard<'_, Answered> {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Answered {
    fn forget(&mut self, run_out: OffsetDateTime, most: usize) {
        while let Some((at, seed)) = self.order.front().copied() {
            let over = self.order.len() > most;
            if !over && at > run_out.unix_timestamp() {
                break;
            }
            if over {
                self.floor = self.floor.max(at + 1);
            }
            self.order.pop_front();
            self.by_seed.remove(&seed);
        }
    }
}

/// Whether every nonce solves its puzzle.
pub fn is_solved(seed: &str, bits: u32, nonces: &[u32]) -> bool {
    u32::try_from(nonces.len()) == Ok(PROOF_PUZZLES)
        && (0..PROOF_PUZZLES).zip(nonces).all(|(puzzle, nonce)| leading_zeros(seed, puzzle, *nonce) >= bits)
}

/// Does the work, as a browser would.
pub fn solve(challenge: &ProofChallenge) -> ProofOfWork {
    let nonce = |puzzle| {
        (0..=u32::MAX)
            .find(|nonce| leading_zeros(&challenge.seed, puzzle, *nonce) >= challenge.bits)
            .expect("among four thousand million hashes is one with 14 zero bits in front")
    };
    ProofOfWork { challenge: challenge.challenge.clone(), nonces: (0..challenge.puzzles).map(nonce).collect() }
}

fn leading_zeros(seed: &str, puzzle: u32, nonce: u32) -> u32 {
    let hash = digest::digest(&digest::SHA256, format!("{seed}.{puzzle}.{nonce}").as_bytes());
    let first: [u8; 4] = hash.as_ref().first_chunk().copied().unwrap_or([u8::MAX; 4]);
    u32::from_be_bytes(first).leading_zeros()
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use fernamt_domain::SystemRng;
    use uuid::Uuid;

    use super::*;

    const T0: OffsetDateTime = OffsetDateTime::UNIX_EPOCH;
    const TENANT: TenantId = TenantId(Uuid::nil());

    fn proofs(most: usize) -> Proofs {
        Proofs::with(Arc::new(Sealer::new(&[7; 32])), Arc::new(SystemRng), 4, most)
    }

    fn source(text: &str) -> Source {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn work_counts_once_for_its_source_and_its_time() {
        let (proofs, here, there) = (proofs(10), source("192.0.2.1"), source("192.0.2.2"));
        let challenge = proofs.challenge(TENANT, here, T0);
        let proof = solve(&challenge);
        assert_eq!(proofs.check(TENANT, there, &proof, T0), Err(ProofFault::Foreign));
        assert_eq!(proofs.check(TenantId(Uuid::max()), here, &proof, T0), Err(ProofFault::Foreign));
        let late = T0 + Duration::seconds(PROOF_LIFETIME_S.into());
        assert_eq!(proofs.check(TENANT, here, &proof, late), Err(ProofFault::RunOut));
        assert_eq!(proofs.check(TENANT, here, &proof, T0), Ok(()));
        assert_eq!(proofs.check(TENANT, here, &proof, T0), Err(ProofFault::Answered));
    }

    #[test]
    fn work_not_done_does_not_count() {
        let (proofs, here) = (Proofs::new(Arc::new(Sealer::new(&[7; 32])), Arc::new(SystemRng)), source("2001:db8::1"));
        let challenge = proofs.challenge(TENANT, here, T0);
        for nonces in [vec![], vec![0; 15], vec![0; 16], vec![0; 17]] {
            let proof = ProofOfWork { challenge: challenge.challenge.clone(), nonces };
            assert_eq!(proofs.check(TENANT, here, &proof, T0), Err(ProofFault::Unsolved));
        }
        assert_eq!(proofs.check(TENANT, here, &solve(&challenge), T0), Ok(()));
        let made_up = ProofOfWork { challenge: "AAAA".into(), nonces: vec![0; 16] };
        assert_eq!(proofs.check(TENANT, here, &made_up, T0), Err(ProofFault::Foreign));
    }

    #[test]
    fn what_is_remembered_is_bounded_and_nothing_counts_twice_for_it() {
        let (proofs, here) = (proofs(8), source("192.0.2.1"));
        let mut done = Vec::new();
        for n in 0..20 {
            let now = T0 + Duration::seconds(n);
            let proof = solve(&proofs.challenge(TENANT, here, now));
            assert_eq!(proofs.check(TENANT, here, &proof, now), Ok(()));
            done.push(proof);
            assert!(proofs.remembered() <= 8);
        }
        let now = T0 + Duration::seconds(20);
        for proof in &done {
            assert!(proofs.check(TENANT, here, proof, now).is_err(), "neither those remembered nor those forgotten");
        }
        let next = solve(&proofs.challenge(TENANT, here, now));
        assert_eq!(proofs.check(TENANT, here, &next, now), Ok(()), "new work still counts");
    }

    /// The web app's worker is tested against the same vector.
    #[test]
    fn the_puzzle_is_what_its_description_says() {
        let challenge =
            ProofChallenge { challenge: String::new(), seed: "AAECAwQFBgcICQoLDA0ODw".into(), puzzles: 2, bits: 14 };
        assert_eq!(solve(&challenge).nonces, VECTOR);
    }

    const VECTOR: [u32; 2] = [4946, 6023];
}
