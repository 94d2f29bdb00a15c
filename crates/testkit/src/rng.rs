//! Randomness that can be repeated.

use std::sync::{Mutex, PoisonError};

use fernamt_domain::Rng;

/// Yields the same bytes for the same seed. Never use it for a secret that leaves a test.
#[derive(Debug)]
pub struct SeededRng(Mutex<u64>);

impl SeededRng {
    /// A generator for this seed. Print the seed of a randomised test, so that a failure can be repeated.
    pub fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// The next number of the sequence (SplitMix64: enough mixing for tests, in four lines).
    pub fn next_u64(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = *state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which must not be zero.
    pub fn below(&self, bound: u64) -> u64 {
        self.next_u64() % bound
    }
}

impl Rng for SeededRng {
    fn fill(&self, buffer: &mut [u8]) {
        for chunk in buffer.chunks_mut(size_of::<u64>()) {
            let bytes = self.next_u64().to_le_bytes();
            chunk.copy_from_slice(&bytes[..chunk.len()]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_repeats_the_same_bytes() {
        let (mut first, mut second) = ([0; 21], [0; 21]);
        SeededRng::new(7).fill(&mut first);
        SeededRng::new(7).fill(&mut second);
        assert_eq!(first, second);
        SeededRng::new(8).fill(&mut second);
        assert_ne!(first, second);
    }
}
