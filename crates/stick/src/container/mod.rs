//! `stick.key`: the stick's private key and what it may trust, sealed under the person's passphrase.
//!
//! # Form
//!
//! | Bytes | What |
//! |---|---|
//! | 8 | `FERNAMT` and the version, 1 |
//! | 4, 4, 4 | Argon2id's memory in KiB, passes and lanes, big endian |
//! | 16 | its salt |
//! | 24 | the nonce of XChaCha20-Poly1305 |
//! | 4 | the length of the rest, big endian |
//! | the rest | the sealed contents, with its tag of 16 bytes |
//!
//! All before the sealed contents is authenticated with them. The contents are JSON. Each rewriting takes a new nonce
//! and keeps the salt: the derived key stays in memory while the stick works, so that a new generation can be sealed without
//! the passphrase.
//!
//! # What it costs to guess
//!
//! [`Cost::STICK`] is 256 MiB and three passes for each guess. `fernamt-stick measure` prints what this takes on the
//! computer at hand. Changed bytes, a wrong passphrase and a forged header that passes the bounds all end in
//! [`ContainerError::CannotOpen`] after the same work, so an attempt tells nothing about which part was wrong. A file that
//! is shorter or longer than it says is damaged, which anybody can see: [`ContainerError::NotOne`]. The bounds
//! keep a forged header from asking for more than [`MAX_MEMORY_KIB`] and [`MAX_WORK_KIB`].
//!
//! # On the disk
//!
//! A stick may be pulled at any moment, and the file system of most sticks has no journal. So three files take turns
//! ([`disk`]): at every moment one that is whole is not being touched. Opening tries all of them, `stick.key` first.

pub(crate) mod disk;
mod form;

use std::{
    io,
    path::{Path, PathBuf},
};

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::{
    KeyInit as _, XChaCha20Poly1305, XNonce,
    aead::{Aead as _, Payload},
};
use fernamt_domain::{Rng, Secret, rng::random_bytes};
use zeroize::Zeroizing;

pub use self::form::{Contents, Header, MAX_CONTAINER_BYTES};
use self::{disk::Place, form::NONCE_BYTES};

/// The file beside the program.
pub const CONTAINER_FILE: &str = "stick.key";
/// The most memory that a container may ask for.
pub const MAX_MEMORY_KIB: u32 = 1024 * 1024;
/// The most memory times passes that a container may ask for: some ten seconds of a weak computer.
pub const MAX_WORK_KIB: u32 = 4 * 1024 * 1024;
/// The most lanes.
pub const MAX_LANES: u32 = 4;
const KEY_BYTES: usize = 32;

/// What one guess at the passphrase costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

impl Cost {
    /// What a new container costs: about a second of a weak computer.
    pub const STICK: Self = Self { memory_kib: 256 * 1024, passes: 3, lanes: 1 };

    /// Next to nothing: for tests and fuzzing, which open containers by the thousand.
    pub const TEST: Self = Self { memory_kib: 8, passes: 1, lanes: 1 };

    /// A cost within the bounds.
    pub fn new(memory_kib: u32, passes: u32, lanes: u32) -> Option<Self> {
        let bounded = memory_kib <= MAX_MEMORY_KIB
            && memory_kib.checked_mul(passes)? <= MAX_WORK_KIB
            && lanes <= MAX_LANES
            && Params::new(memory_kib, passes, lanes, Some(KEY_BYTES)).is_ok();
        bounded.then_some(Self { memory_kib, passes, lanes })
    }

    /// Memory, in KiB.
    pub fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over that memory.
    pub fn passes(self) -> u32 {
        self.passes
    }

    /// Lanes of that memory.
    pub fn lanes(self) -> u32 {
        self.lanes
    }
}

/// What can go wrong with a container.
#[derive(Debug, thiserror::Error)]
pub enum ContainerError {
    /// There is none.
    #[error("there is no {CONTAINER_FILE}")]
    Missing,
    /// What is there is none, whatever the passphrase.
    #[error("{CONTAINER_FILE} is not a key container")]
    NotOne,
    /// The passphrase is wrong or the container is damaged; nobody can tell which.
    #[error("the key container does not open")]
    CannotOpen,
    /// Opening it takes more memory than there is.
    #[error("too little memory to open the key container")]
    NoMemory,
    /// It cannot be read.
    #[error("{CONTAINER_FILE} cannot be read")]
    Unreadable(#[source] io::Error),
    /// It cannot be written.
    #[error("{CONTAINER_FILE} cannot be written")]
    Unwritable(#[source] io::Error),
}

/// The sealed containers in a folder: usually one, after a pulled stick perhaps more.
#[derive(Debug)]
pub struct Sealed {
    folder: PathBuf,
    found: Vec<(Place, Header, Vec<u8>)>,
}

impl Sealed {
    /// Finds them.
    pub fn find(folder: &Path) -> Result<Self, ContainerError> {
        let (mut found, mut seen, mut unreadable) = (Vec::new(), false, None);
        for place in Place::IN_ORDER {
            match disk::read(folder, place) {
                Ok(None) => {}
                Ok(Some(bytes)) => {
                    seen = true;
                    found.extend(Header::parse(&bytes).map(|header| (place, header, bytes)));
                }
                Err(error) => unreadable = unreadable.or(Some(error)),
            }
        }
        match (found.is_empty(), unreadable) {
            (false, _) => Ok(Self { folder: folder.to_owned(), found }),
            (true, Some(error)) => Err(ContainerError::Unreadable(error)),
            (true, None) if seen => Err(ContainerError::NotOne),
            (true, None) => Err(ContainerError::Missing),
        }
    }

    /// One that lies in no folder, such as in a test.
    pub fn of(bytes: Vec<u8>) -> Option<Self> {
        let header = Header::parse(&bytes)?;
        Some(Self { folder: PathBuf::new(), found: vec![(Place::Key, header, bytes)] })
    }

    /// Opens the first that opens. Takes a while, so not on a thread that must answer.
    pub fn open(&self, passphrase: &Secret<String>) -> Result<Container, ContainerError> {
        let mut derived: Option<(Header, Key)> = None;
        for (place, header, bytes) in &self.found {
            // What was rewritten without the passphrase has the same salt, so one stretching serves all.
            let key = match derived.take() {
                Some((of, key)) if of.stretches_like(header) => key,
                _ => stretch(header, passphrase)?,
            };
            if let Some(contents) = unseal(header, bytes, &key) {
                return Ok(Container {
                    folder: self.folder.clone(),
                    place: *place,
                    header: header.clone(),
                    key,
                    contents,
                });
            }
            derived = Some((header.clone(), key));
        }
        Err(ContainerError::CannotOpen)
    }
}

/// An open container. Its key and contents are wiped when it is dropped.
#[derive(Debug)]
pub struct Container {
    folder: PathBuf,
    place: Place,
    header: Header,
    key: Key,
    contents: Contents,
}

impl Container {
    /// Seals new contents, not yet on the disk. Takes a while, as opening does.
    pub fn new(
        folder: &Path,
        contents: Contents,
        passphrase: &Secret<String>,
        cost: Cost,
        rng: &dyn Rng,
    ) -> Result<Self, ContainerError> {
        let header = Header { cost, salt: random_bytes(rng), nonce: random_bytes(rng) };
        let key = stretch(&header, passphrase)?;
        Ok(Self { folder: folder.to_owned(), place: Place::New, header, key, contents })
    }

    /// Reads again what is on the disk, with the key at hand: another program may have kept a newer generation since. A
    /// container that was activated anew does not open with it.
    pub fn refresh(&mut self) -> Result<(), ContainerError> {
        let sealed = Sealed::find(&self.folder)?;
        let alike = sealed.found.iter().filter(|(_, header, _)| self.header.stretches_like(header));
        for (place, header, bytes) in alike {
            if let Some(contents) = unseal(header, bytes, &self.key)
                && contents.device == self.contents.device
            {
                (self.place, self.header, self.contents) = (*place, header.clone(), contents);
                return Ok(());
            }
        }
        Err(ContainerError::CannotOpen)
    }

    /// What is in it.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// Prepares the place of a new container, so that a stick which cannot be written is noticed before anything is
    /// promised to it. The container in force stays in force.
    pub fn prepare(&mut self, rng: &dyn Rng) -> Result<(), ContainerError> {
        let bytes = self.seal(rng)?;
        disk::prepare(&self.folder, &bytes).map_err(ContainerError::Unwritable)
    }

    /// Puts what was prepared in force, and forgets the containers before it: they hold other keys.
    pub fn adopt(&mut self, rng: &dyn Rng) -> Result<(), ContainerError> {
        let bytes = self.seal(rng)?;
        disk::adopt(&self.folder, &bytes).map_err(ContainerError::Unwritable)?;
        self.place = Place::Key;
        Ok(())
    }

    /// Throws away what was prepared.
    pub fn discard(&self) {
        disk::discard(&self.folder);
    }

    /// Keeps a new generation. When this returns it is on the disk; when the stick is pulled meanwhile, the one before is
    /// still there.
    pub fn keep_generation(&mut self, generation: u64, rng: &dyn Rng) -> Result<(), ContainerError> {
        let before = std::mem::replace(&mut self.contents.generation, generation);
        let kept = self
            .seal(rng)
            .and_then(|bytes| disk::replace(&self.folder, self.place, &bytes).map_err(ContainerError::Unwritable));
        match kept {
            Ok(()) => self.place = Place::Key,
            Err(_) => self.contents.generation = before,
        }
        kept
    }

    /// The file's bytes, under a new nonce.
    pub fn seal(&mut self, rng: &dyn Rng) -> Result<Vec<u8>, ContainerError> {
        self.header.nonce = random_bytes(rng);
        let plain = self.contents.to_bytes();
        let mut bytes = self.header.to_bytes(plain.len());
        let sealed = cipher(&self.key)
            .encrypt(&nonce(&self.header), Payload { msg: &plain, aad: &bytes })
            .map_err(|_| ContainerError::CannotOpen)?;
        bytes.extend_from_slice(&sealed);
        Ok(bytes)
    }
}

/// Does the work of one guess at a passphrase, for measuring.
pub fn guess(cost: Cost) -> Result<(), ContainerError> {
    stretch(&Header { cost, salt: Default::default(), nonce: Default::default() }, &Secret::from("")).map(drop)
}

type Key = Secret<[u8; KEY_BYTES]>;

fn stretch(header: &Header, passphrase: &Secret<String>) -> Result<Key, ContainerError> {
    let Cost { memory_kib, passes, lanes } = header.cost;
    let params = Params::new(memory_kib, passes, lanes, Some(KEY_BYTES)).map_err(|_| ContainerError::NotOne)?;
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.expose().as_bytes(), &header.salt, &mut *key)
        .map_err(|error| match error {
            argon2::Error::OutOfMemory => ContainerError::NoMemory,
            _ => ContainerError::CannotOpen,
        })?;
    Ok(Secret::new(*key))
}

fn unseal(header: &Header, bytes: &[u8], key: &Key) -> Option<Contents> {
    let (head, sealed) = bytes.split_at_checked(form::HEADER_BYTES)?;
    let plain = cipher(key).decrypt(&nonce(header), Payload { msg: sealed, aad: head }).ok().map(Zeroizing::new)?;
    Contents::parse(&plain)
}

fn cipher(key: &Key) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(key.expose().into())
}

fn nonce(header: &Header) -> XNonce {
    let nonce: [u8; NONCE_BYTES] = header.nonce;
    nonce.into()
}

#[cfg(test)]
mod tests;
