//! A real Active Directory: a Samba domain controller with LDAPS, and account lock-out after five wrong passwords.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};

use super::{Door, Namespace, Network, quoted};

/// Wrong passwords after which the directory locks an account.
pub const LOCKOUT_THRESHOLD: u32 = 5;

/// A running domain `AMT.TEST`.
#[derive(Debug)]
pub struct SambaAd {
    /// The authority that signed the controller's certificate, for `localhost`, `dc1.amt.test` and `127.0.0.1`.
    pub ca_pem: String,
    /// A name that may search the directory: the domain's administrator.
    pub bind_dn: &'static str,
    /// The password of [`SambaAd::bind_dn`].
    pub bind_password: &'static str,
    /// Where people and groups live.
    pub base_dn: &'static str,
    door: Door,
    namespace: Namespace,
}

impl SambaAd {
    /// Provisions and starts a fresh, empty domain.
    pub fn start() -> Result<Self> {
        let namespace = Namespace::start("samba", Network::Private)?;
        namespace.run(&format!("threshold={LOCKOUT_THRESHOLD}\n{SET_UP}"))?;
        let ca_pem = namespace.read_shared("ca.pem").context("read the directory's authority")?;
        let door = namespace.door(636)?;
        Ok(Self {
            ca_pem,
            bind_dn: "CN=Administrator,CN=Users,DC=amt,DC=test",
            bind_password: "Verwaltung-2026",
            base_dn: "DC=amt,DC=test",
            door,
            namespace,
        })
    }

    /// Where LDAPS answers.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// The address as a URL.
    pub fn url(&self) -> String {
        format!("ldaps://localhost:{}", self.address().port())
    }

    /// The door in front of it, to count binds' connections and to cut the line.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// Creates an enabled account.
    pub fn add_user(&self, name: &str, password: &str) -> Result<()> {
        self.tool(&["user", "create", name, password])
    }

    /// Creates an empty group.
    pub fn add_group(&self, name: &str) -> Result<()> {
        self.tool(&["group", "add", name])
    }

    /// Puts a person or another group into a group.
    pub fn add_member(&self, group: &str, member: &str) -> Result<()> {
        self.tool(&["group", "addmembers", group, member])
    }

    /// Takes a person or another group out of a group.
    pub fn remove_member(&self, group: &str, member: &str) -> Result<()> {
        self.tool(&["group", "removemembers", group, member])
    }

    /// Disables an account.
    pub fn disable_user(&self, name: &str) -> Result<()> {
        self.tool(&["user", "disable", name])
    }

    /// Enables an account again.
    pub fn enable_user(&self, name: &str) -> Result<()> {
        self.tool(&["user", "enable", name])
    }

    /// Sets another password.
    pub fn set_password(&self, name: &str, password: &str) -> Result<()> {
        self.tool(&["user", "setpassword", name, &format!("--newpassword={password}")])
    }

    /// How many wrong passwords the directory has counted for an account.
    pub fn bad_password_count(&self, name: &str) -> Result<u32> {
        let filter = quoted(&format!("(sAMAccountName={name})"));
        let found = self.namespace.run(&format!("ldbsearch -H /srv/ad/private/sam.ldb {filter} badPwdCount"))?;
        let count = found.lines().find_map(|line| line.strip_prefix("badPwdCount: "));
        count.map_or(Ok(0), |count| count.trim().parse().context("badPwdCount is a number"))
    }

    fn tool(&self, words: &[&str]) -> Result<()> {
        let words: Vec<_> = words.iter().map(|word| quoted(word)).collect();
        self.namespace.run(&format!("samba-tool {} -H /srv/ad/private/sam.ldb", words.join(" "))).map(drop)
    }
}

/// `$threshold` is set.
const SET_UP: &str = r#"
hostname dc1
samba-tool domain provision --realm=AMT.TEST --domain=AMT --server-role=dc --dns-backend=SAMBA_INTERNAL \
  --targetdir=/srv/ad --host-ip=127.0.0.1 --host-name=dc1 --adminpass=Verwaltung-2026 \
  --option="interfaces=lo" --option="bind interfaces only=yes" --option="dns forwarder=127.0.0.1" \
  --option="server services=ldap" >/share/provision.log 2>&1
samba-tool domain passwordsettings set -H /srv/ad/private/sam.ldb --complexity=off --min-pwd-length=8 \
  --min-pwd-age=0 --max-pwd-age=0 --history-length=0 --account-lockout-threshold="$threshold" \
  --account-lockout-duration=30 --reset-account-lockout-after=30 >/share/settings.log 2>&1

tls=/srv/ad/private/tls
mkdir -p "$tls"
cd "$tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=AMT authority" \
  -addext "basicConstraints=critical,CA:TRUE" -addext "keyUsage=critical,keyCertSign" \
  -keyout ca-key.pem -out ca.pem 2>/dev/null
openssl req -new -newkey rsa:2048 -nodes -subj "/CN=dc1.amt.test" -keyout key.pem -out request.pem 2>/dev/null
printf 'subjectAltName=DNS:dc1.amt.test,DNS:localhost,IP:127.0.0.1\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n' >extensions
openssl x509 -req -in request.pem -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 30 -extfile extensions -out cert.pem 2>/dev/null
chmod 600 key.pem ca-key.pem
cp ca.pem /share/ca.pem
samba -F -s /srv/ad/etc/smb.conf --debug-stdout >/share/samba.log 2>&1 &
await_port 636
"#;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_answers_over_tls_and_counts_wrong_passwords() {
        let directory = crate::peer!(SambaAd::start());
        directory.add_user("erika", "Linde-Fluss-27").expect("a user");
        directory.add_group("Bauamt").expect("a group");
        directory.add_group("Technik").expect("a group");
        directory.add_member("Bauamt", "erika").expect("a member");
        directory.add_member("Technik", "Bauamt").expect("a nested group");
        assert_eq!(directory.bad_password_count("erika").expect("found"), 0);
        let greeting = directory.namespace.run(
            "openssl s_client -connect 127.0.0.1:636 -CAfile /share/ca.pem -verify_hostname dc1.amt.test \
             -verify_return_error </dev/null",
        );
        assert!(greeting.expect("a TLS handshake").contains("Verify return code: 0 (ok)"));
    }
}
