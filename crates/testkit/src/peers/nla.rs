//! An RDP server that demands network-level authentication (CredSSP with NTLM), as Windows terminal servers do:
//! FreeRDP's shadow server over a virtual screen.

use std::net::SocketAddr;

use anyhow::{Context as _, Result};

use super::{Door, Namespace, Network, quoted};

/// A running desktop behind NLA.
#[derive(Debug)]
pub struct NlaDesktop {
    /// The person who may sign in.
    pub user: String,
    /// That person's password.
    pub password: String,
    /// SHA-256 of the server's certificate, in lower-case hex without separators.
    pub certificate_sha256: String,
    door: Door,
    namespace: Namespace,
}

impl NlaDesktop {
    /// Starts the desktop with one person, `erika`.
    pub fn start() -> Result<Self> {
        let (user, password) = ("erika", "Linde-Fluss-27");
        let namespace = Namespace::start("nla", Network::Private)?;
        let person = format!("user={}\npassword={}\n", quoted(user), quoted(password));
        namespace.run(&format!("{person}\n{SET_UP}"))?;
        let certificate_sha256 = namespace.read_shared("fingerprint").context("read the certificate's fingerprint")?;
        let door = namespace.door(3389)?;
        Ok(Self { user: user.to_owned(), password: password.to_owned(), certificate_sha256, door, namespace })
    }

    /// Where RDP clients connect.
    pub fn address(&self) -> SocketAddr {
        self.door.address()
    }

    /// The door in front of it, to watch connections and to cut the line.
    pub fn door(&self) -> &Door {
        &self.door
    }

    /// What the server has logged so far.
    pub fn log(&self) -> Result<String> {
        self.namespace.read_shared("shadow.log")
    }
}

/// `$user` and `$password` are set. The server keeps passwords as NT hashes in a file of its own.
const SET_UP: &str = r#"
export DISPLAY=:5
hash=$(printf %s "$password" | iconv -t utf-16le | openssl dgst -md4 -provider legacy -provider default -r | cut -d' ' -f1)
printf '%s:::%s:::\n' "$user" "$hash" >/etc/peer-sam
chmod 600 /etc/peer-sam
Xvfb :5 -screen 0 1024x768x24 >/share/xvfb.log 2>&1 &
tries=0
until xdpyinfo >/dev/null 2>&1; do tries=$((tries + 1)); [ "$tries" -lt 600 ]; sleep 0.05; done
xsetroot -solid '#2f5175'
xterm -u8 -fa Monospace -fs 14 -geometry 80x24+24+24 >/share/xterm.log 2>&1 &
freerdp-shadow-cli /port:3389 /bind-address:127.0.0.1 /sec:nla /sam-file:/etc/peer-sam +auth >/share/shadow.log 2>&1 &
await_port 3389
find /root/.config/freerdp -name '*.crt' -exec openssl x509 -in {} -outform der \; | sha256sum | cut -d' ' -f1 >/share/fingerprint
"#;

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
    };

    use super::*;

    #[test]
    fn it_refuses_a_client_without_nla() {
        let desktop = crate::peer!(NlaDesktop::start());
        let mut stream = TcpStream::connect(desktop.address()).expect("the server listens");
        stream.write_all(&[3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 1, 0, 0, 0]).expect("written");
        let mut answer = [0; 19];
        stream.read_exact(&mut answer).expect("a connection confirm");
        // Negotiation failure (3): HYBRID_REQUIRED_BY_SERVER (5).
        assert_eq!((answer[11], answer[15]), (3, 5));
        assert_eq!(desktop.certificate_sha256.len(), 64);
    }
}
