//! A Linux terminal server: xrdp with Xorg sessions, TLS security (xrdp knows no NLA), a terminal on the desktop.

use std::{net::SocketAddr, path::PathBuf};

use anyhow::{Context as _, Result};

use super::{Door, Namespace, Network, quoted};

/// A running xrdp. Each sign-in of a person opens or resumes that person's desktop.
#[derive(Debug)]
pub struct Xrdp {
    /// The person who may sign in.
    pub user: String,
    /// That person's password.
    pub password: String,
    /// SHA-256 of the server's certificate, in lower-case hex without separators.
    pub certificate_sha256: String,
    door: Door,
    namespace: Namespace,
}

impl Xrdp {
    /// Starts a terminal server with one person, `erika`.
    pub fn start() -> Result<Self> {
        Self::start_for("erika", "Linde-Fluss-27")
    }

    /// Starts a terminal server with one person.
    pub fn start_for(user: &str, password: &str) -> Result<Self> {
        Self::start_for_all(&[user], password)
    }

    /// Starts a terminal server with several people of one password. [`Xrdp::user`] is the first.
    pub fn start_for_all(users: &[&str], password: &str) -> Result<Self> {
        let user = *users.first().context("a terminal server without people is of no use")?;
        let namespace = Namespace::start("xrdp", Network::Private)?;
        let names: Vec<_> = users.iter().map(|name| quoted(name)).collect();
        namespace.run(&format!("{CERTIFY}\npassword={}\nset -- {}\n{SET_UP}", quoted(password), names.join(" ")))?;
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

    /// Runs a shell command as the person, on the person's desktop once a session runs.
    pub fn run_as_user(&self, script: &str) -> Result<String> {
        self.namespace.run(&format!(
            "su -l {} -c {}",
            quoted(&self.user),
            quoted(&format!("export DISPLAY=:10; {script}"))
        ))
    }

    /// The bytes of a file in the person's home folder.
    pub fn home_file(&self, name: &str) -> Result<Vec<u8>> {
        let path = format!("/home/{}/{name}", self.user);
        self.namespace.run(&format!("cp {} /share/home-file; chmod 644 /share/home-file", quoted(&path)))?;
        Ok(std::fs::read(self.namespace.share().join("home-file"))?)
    }

    /// A folder that is `/share/desk` on the desktop, where everybody may write: for stories that cannot call into it.
    pub fn desk(&self) -> PathBuf {
        self.namespace.share().join("desk")
    }

    /// Gives the server another key and certificate; whoever connects from now on is shown them.
    pub fn renew_certificate(&mut self) -> Result<()> {
        self.namespace.run(&format!("{CERTIFY}\ncertify"))?;
        self.certificate_sha256 = self.namespace.read_shared("fingerprint").context("read the new fingerprint")?;
        Ok(())
    }

    /// What xrdp and its session manager have logged so far.
    pub fn log(&self) -> Result<String> {
        self.namespace.run("cat /share/xrdp.log /share/sesman.log")
    }
}

/// How the server comes by its certificate. It reads the files anew for each connection.
const CERTIFY: &str = r#"
certify() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj "/CN=terminal.amt.test" \
    -keyout /etc/xrdp/peer-key.pem -out /etc/xrdp/peer-cert.pem 2>/dev/null
  chgrp xrdp /etc/xrdp/peer-key.pem
  chmod 640 /etc/xrdp/peer-key.pem
  openssl x509 -in /etc/xrdp/peer-cert.pem -outform der | sha256sum | cut -d' ' -f1 >/share/fingerprint
}
"#;

/// The people are the positional parameters, `$password` is set, `certify` is defined.
///
/// Changed against Debian's defaults: the security layer, which may fall back to RDP's own weak one; the key, which xrdp
/// may not read; and the widths of the login window, because the browser's component draws pictures awry whose width is
/// no multiple of 4.
const SET_UP: &str = r#"
for user in "$@"; do
  useradd --create-home --shell /bin/bash "$user"
  echo "$user:$password" | chpasswd
  cat >"/home/$user/.xsession" <<'SESSION'
export LANG=C.UTF-8
xsetroot -solid '#2f5175'
xrdb -merge <<'RESOURCES'
XTerm*selectToClipboard: true
XTerm*VT100.translations: #override Ctrl <Key>V: insert-selection(CLIPBOARD)
RESOURCES
exec xterm -u8 -fa Monospace -fs 14 -geometry 80x24+24+24 -title Terminal
SESSION
  printf 'PS1="%s@amt:\\w\\$ "\n' "$user" >>"/home/$user/.bashrc"
  chown "$user:" "/home/$user/.xsession"
done

mkdir -p /run/xrdp/sockdir /etc/X11
install -d -m 1777 /share/desk
chown root:xrdp /run/xrdp /run/xrdp/sockdir
chmod 2775 /run/xrdp
chmod 3777 /run/xrdp/sockdir
echo allowed_users=anybody >/etc/X11/Xwrapper.config
certify

sed -i -e 's,^port=3389,port=tcp://127.0.0.1:3389,' \
  -e 's/^security_layer=.*/security_layer=tls/' \
  -e 's,^certificate=.*,certificate=/etc/xrdp/peer-cert.pem,' \
  -e 's,^key_file=.*,key_file=/etc/xrdp/peer-key.pem,' \
  -e 's/^autorun=.*/autorun=Xorg/' \
  -e 's/^ls_width=.*/ls_width=352/' -e 's/^ls_input_width=.*/ls_input_width=212/' \
  -e 's/^\(ls_btn_[a-z]*_width\)=.*/\1=88/' \
  -e 's/^EnableSyslog=true/EnableSyslog=false/' \
  -e 's,^LogFile=.*,LogFile=/share/xrdp.log,' /etc/xrdp/xrdp.ini
sed -i -e 's/^EnableSyslog=true/EnableSyslog=false/' \
  -e 's,^LogFile=.*,LogFile=/share/sesman.log,' /etc/xrdp/sesman.ini
xrdp-sesman --nodaemon >/share/sesman.out 2>&1 &
await_port 3350
xrdp --nodaemon >/share/xrdp.out 2>&1 &
await_port 3389
"#;

#[cfg(test)]
mod tests {
    use std::{
        io::{Read as _, Write as _},
        net::TcpStream,
    };

    use super::*;

    #[test]
    fn it_offers_tls_and_nothing_weaker() {
        let desktop = crate::peer!(Xrdp::start());
        let mut stream = TcpStream::connect(desktop.address()).expect("xrdp listens");
        // X.224 connection request that offers TLS (1).
        stream.write_all(&[3, 0, 0, 19, 14, 0xe0, 0, 0, 0, 0, 0, 1, 0, 8, 0, 1, 0, 0, 0]).expect("written");
        let mut answer = [0; 19];
        stream.read_exact(&mut answer).expect("a connection confirm");
        // Negotiation response (2) that selects TLS (1).
        assert_eq!((answer[11], answer[15]), (2, 1));
        assert_eq!(desktop.run_as_user("id -un").expect("runs"), "erika");
        assert!(desktop.log().expect("logs").contains("selected [SSL]"));
    }
}
