//! Where the programs for sticks lie, and where sticks find us.

use std::path::{Path, PathBuf};

use fernamt_access::ssh;
use fernamt_admin::sticks::{Delivery, SshOutside};

use crate::{config::Config, office::Office};

/// The folder beside the server's program where the programs for sticks belong.
const FOLDER: &str = "stick";

/// What the administration needs to hand out sticks.
pub(crate) fn delivery(config: &Config, host_keys: Option<&ssh::HostKeys>) -> Delivery {
    let ssh = config.ssh.as_ref().zip(host_keys).map(|(ssh, keys)| SshOutside {
        address: config.stick.ssh_address.clone(),
        port: ssh.address.port(),
        host_keys: keys.public(),
    });
    let programs = config.stick.programs.clone().unwrap_or_else(beside_us);
    Delivery::new(programs, config.server.data_dir.clone(), ssh)
}

/// The gateway's host keys, if there is a gateway.
pub(crate) fn host_keys(office: &Office) -> anyhow::Result<Option<ssh::HostKeys>> {
    if office.config.ssh.is_none() {
        return Ok(None);
    }
    let (keys, _) = ssh::HostKeys::load_or_make(office.keys.directory(), &office.rng)?;
    Ok(Some(keys))
}

/// The folder `stick` beside this program; without one, where this program itself lies.
fn beside_us() -> PathBuf {
    let here = std::env::current_exe().ok();
    let here = here.as_deref().and_then(Path::parent).unwrap_or(Path::new("."));
    let folder = here.join(FOLDER);
    if folder.is_dir() || !here.join("fernamt-stick").is_file() { folder } else { here.to_owned() }
}
