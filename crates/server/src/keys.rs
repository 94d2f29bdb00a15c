//! Keys on disk: made at the first start, readable by the server alone, never part of a backup.

use std::{
    fs::{self, File, OpenOptions},
    io::{Read as _, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use fernamt_domain::{Rng, Sealer, Secret, audit::SigningKey, rng::random_bytes};

/// Length of each key in bytes.
const KEY_BYTES: usize = 32;

/// The installation's keys.
#[derive(Debug)]
pub(crate) struct Keys {
    directory: PathBuf,
}

impl Keys {
    /// The keys in the data folder's `keys`, made if they are not there yet.
    pub(crate) fn open(data_dir: &Path) -> anyhow::Result<Self> {
        let directory = data_dir.join("keys");
        fs::create_dir_all(&directory).with_context(|| format!("cannot create {}", directory.display()))?;
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700))
            .with_context(|| format!("cannot protect {}", directory.display()))?;
        Ok(Self { directory })
    }

    /// Seals what is stored or handed out sealed.
    pub(crate) fn sealer(&self, rng: &dyn Rng) -> anyhow::Result<Sealer> {
        Ok(Sealer::new(self.key("master.key", rng)?.expose()))
    }

    /// Signs the heads of the audit log.
    pub(crate) fn audit_signing_key(&self, rng: &dyn Rng) -> anyhow::Result<SigningKey> {
        Ok(SigningKey::from_seed(&self.key("audit.key", rng)?))
    }

    /// The folder that all keys lie in.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where a file of this name lies beside the keys.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn key(&self, name: &str, rng: &dyn Rng) -> anyhow::Result<Secret<[u8; KEY_BYTES]>> {
        let path = self.directory.join(name);
        match File::open(&path) {
            Ok(mut file) => {
                let for_others = file.metadata()?.permissions().mode() & 0o077;
                ensure!(for_others == 0, "{} is readable by others; run `chmod 600` on it", path.display());
                let mut key = [0; KEY_BYTES];
                file.read_exact(&mut key).with_context(|| format!("{} holds no key; restore it", path.display()))?;
                Ok(Secret::new(key))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = random_bytes::<KEY_BYTES>(rng);
                write_private(&path, &key)?;
                Ok(Secret::new(key))
            }
            Err(error) => bail!("{} cannot be read: {error}", path.display()),
        }
    }
}

/// Writes a file that only we can read, so that it is whole and on disk or not there at all.
pub(crate) fn write_private(path: &Path, content: &[u8]) -> anyhow::Result<()> {
    let temporary = path.with_extension("new");
    let write = || -> std::io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&temporary, path)?;
        match path.parent() {
            Some(parent) => File::open(parent)?.sync_all(),
            None => Ok(()),
        }
    };
    write().with_context(|| format!("cannot write {}", path.display()))
}

#[cfg(test)]
mod tests {
    use fernamt_domain::SystemRng;

    use super::*;

    #[test]
    fn a_key_is_made_once_and_kept_private() {
        let dir = tempfile::tempdir().unwrap();
        let first = Keys::open(dir.path()).unwrap().key("master.key", &SystemRng).unwrap();
        let keys = Keys::open(dir.path()).unwrap();
        assert_eq!(keys.key("master.key", &SystemRng).unwrap().expose(), first.expose());
        fs::set_permissions(keys.path("master.key"), fs::Permissions::from_mode(0o644)).unwrap();
        assert!(keys.key("master.key", &SystemRng).unwrap_err().to_string().contains("chmod 600"));
    }

    #[test]
    fn a_cut_key_is_named_not_replaced() {
        let dir = tempfile::tempdir().unwrap();
        let keys = Keys::open(dir.path()).unwrap();
        write_private(&keys.path("master.key"), b"short").unwrap();
        assert!(keys.key("master.key", &SystemRng).unwrap_err().to_string().contains("holds no key"));
    }
}
