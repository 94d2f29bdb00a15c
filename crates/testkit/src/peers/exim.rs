//! Debian's Exim: a mail server that takes letters by TLS from whoever signs in, reads their heads, and keeps them.

use std::{fs, path::PathBuf};

use anyhow::{Context as _, Result};

use super::{Door, Namespace, Network};

/// The port on which TLS begins after `STARTTLS`.
const START_TLS_PORT: u16 = 587;
/// The port on which TLS begins with the first byte.
const TLS_PORT: u16 = 465;

/// A running mail server. It is called `localhost`, and so is its certificate. It knows nobody called `nobody`, and
/// takes nothing yet for anybody called `later`, until [`Exim::take_later`]. To a message for anybody called `slow` it answers
/// after some seconds only, once it has it whole. It takes nothing from `refused.example`: it says so of `at-once` when the
/// sender is named, and of `later` when the recipient is, as many do.
#[derive(Debug)]
pub struct Exim {
    /// The name to sign in with.
    pub user: &'static str,
    /// The password that goes with it.
    pub password: &'static str,
    /// The way to it by `STARTTLS`.
    pub door: Door,
    /// The way to it by TLS from the first byte.
    pub tls_door: Door,
    namespace: Namespace,
}

impl Exim {
    /// Starts it with an authority of its own.
    pub fn start() -> Result<Self> {
        let (user, password) = ("fernamt", "Post-Kutsche-7");
        let namespace = Namespace::start("exim", Network::Private)?;
        namespace.run(&format!("user={user}\npassword={password}\n{SET_UP}"))?;
        let (door, tls_door) = (namespace.door(START_TLS_PORT)?, namespace.door(TLS_PORT)?);
        Ok(Self { user, password, door, tls_door, namespace })
    }

    /// The authority that its certificate is trusted by, as a file (PEM).
    pub fn authority_file(&self) -> PathBuf {
        self.namespace.share().join("authority.pem")
    }

    /// From now on it takes letters for those called `later`, too.
    pub fn take_later(&self) -> Result<()> {
        Ok(fs::write(self.namespace.share().join("later-comes"), "")?)
    }

    /// Where it hands letters for people at `amt.example` over by LMTP, once there is a socket. Everybody has to be let in.
    pub fn house(&self) -> PathBuf {
        self.namespace.share().join("lmtp")
    }

    /// Every letter it has taken so far, the oldest first, as it would be handed to a mail program.
    pub fn letters(&self) -> Result<Vec<String>> {
        let names = self.namespace.run(DELIVER)?;
        let folder = self.namespace.share().join("mail/new");
        let read = |name: &str| fs::read_to_string(folder.join(name)).with_context(|| format!("read letter {name}"));
        names.lines().map(read).collect()
    }
}

/// `$user` and `$password` are set. Letters are queued, so that whoever asks for them knows that all were delivered.
const SET_UP: &str = r"
cd /share
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 7 -subj /CN=Post-Authority \
  -keyout authority.key -out authority.pem -addext basicConstraints=critical,CA:TRUE 2>openssl.log
openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost \
  -keyout server.key -out server.csr 2>>openssl.log
printf 'subjectAltName=DNS:localhost\nbasicConstraints=CA:FALSE\n' >server.ext
openssl x509 -req -in server.csr -CA authority.pem -CAkey authority.key -days 7 -extfile server.ext \
  -out server.pem 2>>openssl.log
chmod 644 server.key
cat >/etc/exim4/exim4.conf <<END
primary_hostname = localhost
local_interfaces = 127.0.0.1
daemon_smtp_ports = 587 : 465
tls_on_connect_ports = 465
tls_advertise_hosts = *
tls_certificate = /share/server.pem
tls_privatekey = /share/server.key
log_file_path = /share/exim-%slog
keep_environment =
message_size_limit = 1M
recipients_max = 1000
queue_only
acl_smtp_mail = mail
acl_smtp_rcpt = rcpt
acl_smtp_data = data
begin acl
mail:
  deny    senders = at-once@refused.example
          message = nothing from there
  accept
rcpt:
  require authenticated = *
          encrypted = *
  deny    senders = later@refused.example
          message = Sender address rejected: not yours
  deny    local_parts = nobody
          message = no such person here
  defer   local_parts = later
          condition = \${if !exists{/share/later-comes}}
          message = come again later
  accept
data:
  require verify = header_syntax
  require verify = header_names_ascii
  warn    condition = \${if match{\$recipients}{slow@}}
          delay = 5s
  accept
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_set_id = \$auth2
  server_advertise_condition = \${if def:tls_in_cipher}
  server_condition = \${if and{{eq{\$auth2}{$user}}{eq{\$auth3}{$password}}}}
begin routers
house:
  driver = accept
  domains = amt.example
  condition = \${if exists{/share/lmtp}}
  transport = house
all:
  driver = accept
  transport = keep
begin transports
house:
  driver = lmtp
  socket = /share/lmtp
  user = Debian-exim
  batch_max = 100
keep:
  driver = appendfile
  directory = /share/mail
  maildir_format
  create_directory
  user = Debian-exim
  mode = 0644
  directory_mode = 0755
END
exim4 -bdf >/share/exim.out 2>&1 &
await_port 587
await_port 465
";

const DELIVER: &str = r"
exim4 -qff
ls -tr /share/mail/new 2>/dev/null || true
";
