//! The gateway's own keys, by which clients recognise it.

use std::{
    fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
};

use fernamt_domain::{Rng, rng::random_bytes};
use russh::keys::{
    HashAlg, PrivateKey,
    ssh_key::{LineEnding, private::Ed25519Keypair},
};
use zeroize::Zeroizing;

const FILE: &str = "ssh_host_ed25519_key";

/// The private host keys.
#[derive(Clone)]
pub struct HostKeys(Vec<PrivateKey>);

/// Why the host keys could not be had.
#[derive(Debug, thiserror::Error)]
pub enum HostKeyError {
    /// A file could not be read or written.
    #[error("the SSH host key {path} cannot be read or written")]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// The file holds no key, or one with a passphrase.
    #[error("{path} is not an SSH host key without passphrase")]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: russh::keys::ssh_key::Error,
    },
}

impl HostKeys {
    /// Reads the host key from the data directory, or makes one there at the first start. `true` says that it is new,
    /// so that its fingerprint can be shown.
    pub fn load_or_make(data_dir: &Path, rng: &dyn Rng) -> Result<(Self, bool), HostKeyError> {
        let path = data_dir.join(FILE);
        match fs::read(&path) {
            Ok(pem) => {
                let pem = Zeroizing::new(pem);
                let key = PrivateKey::from_openssh(pem.as_slice())
                    .map_err(|source| HostKeyError::Format { path: path.clone(), source })?;
                if key.is_encrypted() {
                    let source = russh::keys::ssh_key::Error::Encrypted;
                    return Err(HostKeyError::Format { path, source });
                }
                Ok((Self(vec![key]), false))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let keys = Self::make(rng);
                keys.save(&path).map_err(|source| HostKeyError::File { path, source })?;
                Ok((keys, true))
            }
            Err(source) => Err(HostKeyError::File { path, source }),
        }
    }

    /// New keys that are kept in memory only.
    pub fn make(rng: &dyn Rng) -> Self {
        let seed = Zeroizing::new(random_bytes::<32>(rng));
        Self(vec![PrivateKey::from(Ed25519Keypair::from_seed(&seed))])
    }

    /// The fingerprints as SSH clients show them, such as `SHA256:…`.
    pub fn fingerprints(&self) -> Vec<String> {
        self.0.iter().map(|key| format!("{} {}", key.algorithm(), key.fingerprint(HashAlg::Sha256))).collect()
    }

    /// The public keys as they stand in a `known_hosts` file, without the host.
    pub fn public(&self) -> Vec<String> {
        self.0.iter().filter_map(|key| key.public_key().to_openssh().ok()).collect()
    }

    pub(super) fn private(&self) -> Vec<PrivateKey> {
        self.0.clone()
    }

    /// Writes the first key aside and renames it, so that a crash leaves a whole key or none.
    fn save(&self, path: &Path) -> io::Result<()> {
        let Some(key) = self.0.first() else { return Ok(()) };
        let pem = key.to_openssh(LineEnding::LF).map_err(io::Error::other)?;
        let aside = path.with_extension("new");
        let mut options = fs::OpenOptions::new();
        options.write(true).create(true).truncate(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(&aside)?;
        file.write_all(pem.as_bytes())?;
        file.sync_all()?;
        fs::rename(&aside, path)
    }
}

#[cfg(test)]
mod tests {
    use fernamt_domain::SystemRng;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept() {
        let dir = tempfile::tempdir().unwrap();
        let (first, new) = HostKeys::load_or_make(dir.path(), &SystemRng).unwrap();
        assert!(new);
        let (second, new) = HostKeys::load_or_make(dir.path(), &SystemRng).unwrap();
        assert!(!new);
        assert_eq!(first.fingerprints(), second.fingerprints());
        assert!(first.fingerprints()[0].starts_with("ssh-ed25519 SHA256:"));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = fs::metadata(dir.path().join(FILE)).unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
        }
    }

    #[test]
    fn a_spoilt_key_is_named() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), "no key").unwrap();
        assert!(matches!(HostKeys::load_or_make(dir.path(), &SystemRng), Err(HostKeyError::Format { .. })));
    }
}
