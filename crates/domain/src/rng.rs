//! The source of randomness. Code takes an [`Rng`], so that tests can repeat a run from its seed.

use std::sync::Arc;

use data_encoding::BASE64URL_NOPAD;

/// Yields unpredictable bytes.
pub trait Rng: Send + Sync + std::fmt::Debug {
    /// Fills `buffer` with random bytes.
    fn fill(&self, buffer: &mut [u8]);
}

/// The cryptographic generator of the operating system, by way of AWS-LC.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRng;

impl Rng for SystemRng {
    fn fill(&self, buffer: &mut [u8]) {
        aws_lc_rs::rand::fill(buffer)
            .expect("AWS-LC's generator aborts the process rather than fail once it is seeded");
    }
}

impl<R: Rng + ?Sized> Rng for Arc<R> {
    fn fill(&self, buffer: &mut [u8]) {
        (**self).fill(buffer);
    }
}

/// `N` random bytes.
pub fn random_bytes<const N: usize>(rng: &dyn Rng) -> [u8; N] {
    let mut bytes = [0; N];
    rng.fill(&mut bytes);
    bytes
}

/// A URL-safe token made of `N` random bytes, base64url without padding.
pub fn random_token<const N: usize>(rng: &dyn Rng) -> String {
    BASE64URL_NOPAD.encode(&random_bytes::<N>(rng))
}
