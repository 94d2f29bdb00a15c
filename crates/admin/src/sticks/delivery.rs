//! What goes onto a stick: the programs, unmodified, and the file that makes it somebody's.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use fernamt_api::{
    admin::sticks::{StickDelivery, StickProgram},
    stick::{Config, VERSION},
};
use fernamt_http::PublicAddress;
use fernamt_identity::settings;
use fernamt_store::{DeviceRecord, PersonRecord, StoreError, TenantStore};
use tokio::sync::Semaphore;

/// The programs' files, the one for Linux first.
const FILES: [&str; 2] = ["fernamt-stick", "fernamt-stick.exe"];

/// How many packages are made and sent at the same time: each needs room on the disk for its programs.
pub(crate) const MAX_PACKAGES: usize = 4;

/// What the server knows of how sticks are handed out.
#[derive(Debug)]
pub struct Delivery {
    /// The folder where the programs belong.
    programs: PathBuf,
    /// A folder on the disk where a package lies while it is sent.
    scratch: PathBuf,
    /// The SSH gateway from outside; without one no stick gets in.
    ssh: Option<SshOutside>,
    pub(crate) permits: Arc<Semaphore>,
}

/// The SSH gateway as sticks find it.
#[derive(Debug, Clone)]
pub struct SshOutside {
    /// Its address from outside as `host:port`, where that is not the tenant's own host.
    pub address: Option<String>,
    /// The port at the tenant's own host.
    pub port: u16,
    /// Its host keys, as lines of `authorized_keys`.
    pub host_keys: Vec<String>,
}

/// A program to hand out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// Its file name.
    pub file: &'static str,
    /// Where it lies.
    pub path: PathBuf,
    /// Its size.
    pub bytes: u64,
}

/// Where a tenant is reached from outside.
#[derive(Debug, Clone)]
pub struct Place<'a> {
    /// The tenant's part of the store.
    pub tenant: &'a TenantStore,
    /// Its host name.
    pub host: &'a str,
    /// What all tenants share of the address.
    pub address: &'a PublicAddress,
}

/// Why a stick cannot be packed.
#[derive(Debug, thiserror::Error)]
pub enum DeliveryFault {
    /// There is no program to hand out.
    #[error("there is no program for sticks in {0}; put fernamt-stick and fernamt-stick.exe there")]
    ProgramsMissing(PathBuf),
    /// Sticks could not reach us.
    #[error("the SSH gateway is off, so no stick could get in; add [ssh] to the configuration")]
    NoWay,
    /// The package could not be written.
    #[error("the package could not be written")]
    Io(#[from] io::Error),
    /// The store failed.
    #[error("the store failed")]
    Store(#[from] StoreError),
}

impl Delivery {
    /// Programs from `programs`, packages made in `scratch`, and the gateway that sticks reach, if there is one.
    pub fn new(programs: PathBuf, scratch: PathBuf, ssh: Option<SshOutside>) -> Self {
        Self { programs, scratch, ssh, permits: Arc::new(Semaphore::new(MAX_PACKAGES)) }
    }

    /// The folder where a package lies while it is sent.
    pub fn scratch(&self) -> &Path {
        &self.scratch
    }

    /// The programs that are there.
    pub fn programs(&self) -> Vec<Program> {
        let program = |file: &'static str| {
            let path = self.programs.join(file);
            let bytes = fs::metadata(&path).ok().filter(fs::Metadata::is_file)?.len();
            Some(Program { file, path, bytes })
        };
        FILES.into_iter().filter_map(program).collect()
    }

    /// The files of the programs that are not there.
    pub fn missing(&self) -> Vec<&'static str> {
        let there = self.programs();
        FILES.into_iter().filter(|file| there.iter().all(|program| program.file != *file)).collect()
    }

    /// The folder where the programs belong.
    pub fn folder(&self) -> &Path {
        &self.programs
    }

    /// The programs, if sticks can be packed.
    pub fn ready(&self) -> Result<Vec<Program>, DeliveryFault> {
        let programs = self.programs();
        if programs.is_empty() {
            Err(DeliveryFault::ProgramsMissing(self.programs.clone()))
        } else if self.ssh.is_none() {
            Err(DeliveryFault::NoWay)
        } else {
            Ok(programs)
        }
    }

    /// What is handed out, and what is missing for it.
    pub(crate) fn view(&self, place: &Place<'_>) -> StickDelivery {
        let fault = self.ready().err().map(|fault| fault.code().to_owned());
        let program = |program: Program| StickProgram { file: program.file.to_owned(), bytes: program.bytes };
        StickDelivery {
            ready: fault.is_none(),
            fault,
            folder: self.programs.display().to_string(),
            missing: self.missing().into_iter().map(str::to_owned).collect(),
            programs: self.programs().into_iter().map(program).collect(),
            ssh: self.ssh_address(place),
            websocket: self.websocket(place),
        }
    }

    /// The file that makes a stick this person's. There is no secret in it.
    pub async fn config(
        &self,
        place: &Place<'_>,
        device: &DeviceRecord,
        person: &PersonRecord,
    ) -> Result<Config, StoreError> {
        let tenant = place.tenant;
        let settings = settings::load(tenant).await?;
        let tenants = tenant.store().tenants();
        let short_name = tenants.get(tenant.id()).await?.name;
        let login =
            if tenants.all().await?.len() > 1 { format!("{}@{short_name}", person.name) } else { person.name.clone() };
        let language = if person.language.is_empty() { &settings.language } else { &person.language };
        Ok(Config {
            version: VERSION,
            device: device.id,
            login,
            agency: if settings.name.is_empty() { short_name } else { settings.name.clone() },
            person: person.display_name.clone(),
            language: language.clone(),
            accent: settings.accent.clone(),
            ssh: self.ssh_address(place),
            websocket: self.websocket(place),
            host_keys: self.ssh.iter().flat_map(|ssh| ssh.host_keys.iter().cloned()).collect(),
            web: place.address.origin(place.host),
        })
    }

    fn ssh_address(&self, place: &Place<'_>) -> Option<String> {
        let ssh = self.ssh.as_ref()?;
        Some(ssh.address.clone().unwrap_or_else(|| format!("{}:{}", place.host, ssh.port)))
    }

    /// The gateway answers by WebSocket on the HTTPS port too.
    fn websocket(&self, place: &Place<'_>) -> Option<String> {
        self.ssh.as_ref()?;
        // `http` is for the loopback alone: the configuration refuses it for any other name.
        let scheme = if place.address.scheme == "http" { "ws" } else { "wss" };
        Some(PublicAddress { scheme, port: place.address.port }.origin(place.host))
    }
}

impl DeliveryFault {
    /// The stable word of the API.
    pub fn code(&self) -> &'static str {
        match self {
            Self::ProgramsMissing(_) => "programs_missing",
            Self::NoWay => "no_way",
            Self::Io(_) | Self::Store(_) => "failed",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ssh() -> SshOutside {
        SshOutside { address: None, port: 2222, host_keys: vec!["ssh-ed25519 AAAA".into()] }
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let at = |ssh| Delivery::new(folder.path().to_owned(), folder.path().to_owned(), ssh);
        let fault = at(Some(ssh())).ready().unwrap_err();
        assert!(fault.to_string().contains(&folder.path().display().to_string()), "{fault}");
        assert_eq!(fault.code(), "programs_missing");
        fs::create_dir(folder.path().join("fernamt-stick")).unwrap();
        assert_eq!(at(Some(ssh())).programs(), [], "a folder is no program");
        fs::write(folder.path().join("fernamt-stick.exe"), "MZ").unwrap();
        let programs = at(Some(ssh())).ready().unwrap();
        assert_eq!((programs.len(), programs[0].file, programs[0].bytes), (1, "fernamt-stick.exe", 2));
        assert_eq!(at(Some(ssh())).missing(), ["fernamt-stick"], "packages are made, but not in silence");
        assert_eq!(at(None).ready().unwrap_err().code(), "no_way");
    }
}
