//! How a container and its contents are written down.

use data_encoding::BASE64;
use fernamt_domain::{DeviceId, Secret};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::Cost;
use crate::config;

/// The largest file that is looked at.
pub const MAX_CONTAINER_BYTES: usize = 64 * 1024;
pub(super) const NONCE_BYTES: usize = 24;
pub(super) const SALT_BYTES: usize = 16;
const TAG_BYTES: usize = 16;
const MAGIC: &[u8; 8] = b"FERNAMT\x01";
pub(super) const HEADER_BYTES: usize = MAGIC.len() + 3 * 4 + SALT_BYTES + NONCE_BYTES + 4;
const SEED_BYTES: usize = 32;

/// What stands before the sealed contents.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// What one guess costs.
    pub cost: Cost,
    pub(super) salt: [u8; SALT_BYTES],
    pub(super) nonce: [u8; NONCE_BYTES],
}

impl Header {
    /// Reads the beginning of a file; `None` where it is no container that we would open.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        if bytes.len() < HEADER_BYTES + TAG_BYTES || bytes.len() > MAX_CONTAINER_BYTES {
            return None;
        }
        let (magic, rest) = bytes.split_first_chunk()?;
        let (memory_kib, rest) = number(rest)?;
        let (passes, rest) = number(rest)?;
        let (lanes, rest) = number(rest)?;
        let (salt, rest) = rest.split_first_chunk()?;
        let (nonce, rest) = rest.split_first_chunk()?;
        let (sealed, rest) = number(rest)?;
        // What was cut off, as on a stick that was pulled too early, needs no passphrase to be seen.
        if magic != MAGIC || usize::try_from(sealed).ok()? != rest.len() {
            return None;
        }
        Some(Self { cost: Cost::new(memory_kib, passes, lanes)?, salt: *salt, nonce: *nonce })
    }

    /// As bytes, before contents of this length.
    pub(super) fn to_bytes(&self, plain: usize) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend_from_slice(MAGIC);
        for number in [self.cost.memory_kib, self.cost.passes, self.cost.lanes] {
            bytes.extend_from_slice(&number.to_be_bytes());
        }
        bytes.extend_from_slice(&self.salt);
        bytes.extend_from_slice(&self.nonce);
        // Contents that no number holds are too large for any reader as well.
        let sealed = u32::try_from(plain.saturating_add(TAG_BYTES)).unwrap_or(u32::MAX);
        bytes.extend_from_slice(&sealed.to_be_bytes());
        bytes
    }

    /// Whether the same passphrase gives the same key.
    pub(super) fn stretches_like(&self, other: &Self) -> bool {
        (self.cost, self.salt) == (other.cost, other.salt)
    }
}

fn number(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let (number, rest) = bytes.split_first_chunk()?;
    Some((u32::from_be_bytes(*number), rest))
}

/// What is sealed.
#[derive(Debug, Clone, PartialEq)]
pub struct Contents {
    /// The stick's device.
    pub device: DeviceId,
    /// The sign-in name.
    pub login: String,
    /// The seed of the stick's Ed25519 key.
    pub seed: Secret<[u8; SEED_BYTES]>,
    /// The last generation that the gateway gave.
    pub generation: u64,
    /// The gateway's pinned host keys, as lines of `authorized_keys`.
    pub host_keys: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Read {
    device: DeviceId,
    login: String,
    seed: Secret<String>,
    generation: u64,
    host_keys: Vec<String>,
}

#[derive(Serialize)]
struct Written<'a> {
    device: DeviceId,
    login: &'a str,
    seed: &'a str,
    generation: u64,
    host_keys: &'a [String],
}

impl Contents {
    /// Reads what was sealed.
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let Read { device, login, seed, generation, host_keys } = serde_json::from_slice(bytes).ok()?;
        config::login(&login).ok()?;
        config::host_keys(&host_keys).ok()?;
        let seed = Zeroizing::new(BASE64.decode(seed.expose().as_bytes()).ok()?);
        let seed = Secret::new(<[u8; SEED_BYTES]>::try_from(seed.as_slice()).ok()?);
        Some(Self { device, login, seed, generation, host_keys })
    }

    /// Writes what is to be sealed.
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let seed = Zeroizing::new(BASE64.encode(self.seed.expose()));
        let written = Written {
            device: self.device,
            login: &self.login,
            seed: &seed,
            generation: self.generation,
            host_keys: &self.host_keys,
        };
        // Room from the start: growing would leave a copy of the seed behind.
        let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_CONTAINER_BYTES));
        serde_json::to_writer(&mut *bytes, &written).expect("plain fields are always JSON, and memory takes all of it");
        bytes
    }
}
