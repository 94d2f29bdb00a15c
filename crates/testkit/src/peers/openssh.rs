//! Debian's OpenSSH server: a target behind the gateway, and the rival of the tunnel bench.

use std::{fs, net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, Result};

use super::{Namespace, Network, free_port, quoted};

/// A running sshd on the machine's own loopback, with no door between.
#[derive(Debug)]
pub struct OpenSsh {
    /// The account that may sign in, by password or by [`OpenSsh::key_file`].
    pub user: String,
    /// That account's password.
    pub password: String,
    /// The host key as a line for a `known_hosts` file.
    pub known_hosts_line: String,
    /// The process id of the listening sshd as the machine sees it, to count its CPU and memory with its children.
    pub pid: u32,
    port: u16,
    namespace: Namespace,
}

impl OpenSsh {
    /// Starts sshd with Debian's defaults and one account, `erika`.
    pub fn start() -> Result<Self> {
        Self::start_with("")
    }

    /// Starts sshd with further lines of `sshd_config`, such as the ciphers of a bench.
    pub fn start_with(config: &str) -> Result<Self> {
        let (user, password) = ("erika", "Linde-Fluss-27");
        let namespace = Namespace::start("sshd", Network::Machine)?;
        let port = free_port()?;
        namespace.run(&format!(
            "user={}\npassword={}\nport={port}\nconfig={}\n{SET_UP}",
            quoted(user),
            quoted(password),
            quoted(config)
        ))?;
        let host_key = namespace.read_shared("host_key.pub")?;
        let host_key = host_key.rsplit_once(' ').map_or(host_key.as_str(), |(key, _comment)| key);
        let known_hosts_line = format!("[127.0.0.1]:{port} {host_key}");
        let pid = pid_outside(port).context("find sshd's process")?;
        let (user, password) = (user.to_owned(), password.to_owned());
        Ok(Self { user, password, known_hosts_line, pid, port, namespace })
    }

    /// Where sshd answers.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// An Ed25519 private key that the account accepts, in OpenSSH's format.
    pub fn key_file(&self) -> PathBuf {
        self.namespace.share().join("client_key")
    }

    /// Runs a shell script as root where sshd runs.
    pub fn run(&self, script: &str) -> Result<String> {
        self.namespace.run(script)
    }
}

/// Inside, sshd's id is another one; outside, its command line carries the port, which no other process has.
fn pid_outside(port: u16) -> Option<u32> {
    let (port, name) = (format!("Port={port}"), "sshd");
    fs::read_dir("/proc").ok()?.flatten().find_map(|entry| {
        let pid = entry.file_name().to_str()?.parse().ok()?;
        let command = fs::read(entry.path().join("cmdline")).ok()?;
        let mut words = command.split(|byte| *byte == 0);
        let is_sshd = words.next()?.ends_with(name.as_bytes()) || command.starts_with(b"sshd:");
        (is_sshd && command.windows(port.len()).any(|window| window == port.as_bytes())).then_some(pid)
    })
}

/// `$user`, `$password`, `$port` and `$config` are set.
const SET_UP: &str = r#"
useradd --create-home --shell /bin/bash "$user"
echo "$user:$password" | chpasswd
mkdir -p /run/sshd "/home/$user/.ssh"
rm -f /etc/ssh/ssh_host_*
ssh-keygen -q -t ed25519 -N '' -f /etc/ssh/ssh_host_ed25519_key
cp /etc/ssh/ssh_host_ed25519_key.pub /share/host_key.pub
ssh-keygen -q -t ed25519 -N '' -C test -f /share/client_key
cp /share/client_key.pub "/home/$user/.ssh/authorized_keys"
chown -R "$user:" "/home/$user/.ssh"
chmod 700 "/home/$user/.ssh"
printf '%s\n' "$config" >/etc/ssh/sshd_config.d/peer.conf
/usr/sbin/sshd -D -e -o "Port=$port" -o ListenAddress=127.0.0.1 -o UsePAM=no -o MaxStartups=1000 >/share/sshd.log 2>&1 &
await_port "$port"
"#;

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn the_stock_client_signs_in_with_the_key() {
        let server = crate::peer!(OpenSsh::start());
        let folder = tempfile::tempdir().expect("a folder");
        let known_hosts = folder.path().join("known_hosts");
        fs::write(&known_hosts, &server.known_hosts_line).expect("written");
        let Ok(output) = Command::new("ssh")
            .args(["-o", "BatchMode=yes", "-F", "none", "-o"])
            .arg(format!("UserKnownHostsFile={}", known_hosts.display()))
            .arg("-i")
            .arg(server.key_file())
            .args(["-p", &server.address().port().to_string()])
            .arg(format!("{}@127.0.0.1", server.user))
            .arg("id -un")
            .output()
        else {
            return crate::skip!("this machine has no ssh client");
        };
        assert_eq!(
            String::from_utf8_lossy(&output.stdout).trim(),
            "erika",
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(fs::exists(format!("/proc/{}", server.pid)).unwrap_or(false));
    }
}
