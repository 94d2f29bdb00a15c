//! Stock programs as the gateway's peers, and targets that tell what they see.

use std::{
    fs,
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    process::{Child, ChildStderr, Command},
    sync::{mpsc, watch},
    time::timeout,
};

use axum::Extension;
use fernamt_access::ssh::{HostKeys, router};
use fernamt_domain::Zone;
use fernamt_http::Connection;

use super::house::{CODE, PASSWORD, Running};

/// More than any of these programs needs on a busy machine.
pub(crate) const PATIENCE: Duration = Duration::from_secs(40);

/// A person's desk: a folder with their SSH files, and the programs started from it.
pub(crate) struct Desk {
    pub(crate) folder: TempDir,
    gateway_port: String,
    fingerprint: String,
}

impl Desk {
    pub(crate) fn new(running: &Running) -> Self {
        Self::before(running.port(), &running.keys)
    }

    /// A desk whose programs know the gateway at this port of the loopback by its keys.
    pub(crate) fn before(gateway_port: String, keys: &HostKeys) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let fingerprint = keys.fingerprints()[0].split_once(' ').unwrap().1.to_owned();
        let known = format!("[127.0.0.1]:{gateway_port} {}\n", keys.public()[0]);
        let desk = Self { folder, gateway_port, fingerprint };
        desk.answers(PASSWORD, CODE);
        fs::write(desk.path("known_hosts"), known).unwrap();
        desk
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// What the person types when asked.
    pub(crate) fn answers(&self, password: &str, code: &str) {
        let script = format!(
            "#!/bin/sh\necho \"$1\" >> {}\ncase \"$1\" in *[Pp]ass*) echo '{password}';; *) echo '{code}';; esac\n",
            self.path("asked").display()
        );
        write_script(&self.path("askpass"), &script);
    }

    pub(crate) fn asked(&self) -> String {
        fs::read_to_string(self.path("asked")).unwrap_or_default()
    }

    /// Makes an Ed25519 key and returns its public half.
    pub(crate) async fn make_key(&self) -> russh::keys::PublicKey {
        let made =
            Command::new("ssh-keygen").args(["-q", "-t", "ed25519", "-N", "", "-f"]).arg(self.path("id")).status();
        assert!(made.await.unwrap().success());
        russh::keys::PublicKey::from_openssh(&fs::read_to_string(self.path("id.pub")).unwrap()).unwrap()
    }

    /// `ssh` to the gateway as `user`, with more options before the destination.
    pub(crate) fn ssh(&self, user: &str, options: &[&str]) -> Command {
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-v", "-o", "ExitOnForwardFailure=yes", "-o", "IdentitiesOnly=yes"]);
        command.args(["-o", "StrictHostKeyChecking=yes", "-o", "NumberOfPasswordPrompts=1", "-o"]);
        command.arg(format!("UserKnownHostsFile={}", self.path("known_hosts").display()));
        if self.path("id").exists() {
            command.arg("-i").arg(self.path("id"));
        } else {
            command.args(["-o", "PubkeyAuthentication=no"]);
        }
        command.args(["-p", &self.gateway_port]).args(options).arg(format!("{user}@127.0.0.1"));
        self.with_askpass(&mut command);
        command
    }

    pub(crate) fn with_askpass(&self, command: &mut Command) {
        command
            .env("SSH_ASKPASS", self.path("askpass"))
            .env("SSH_ASKPASS_REQUIRE", "force")
            .env_remove("SSH_AUTH_SOCK");
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    }

    /// `plink` to the gateway as `user`. It asks on standard input, because it has no terminal.
    pub(crate) fn plink(&self, user: &str, options: &[&str]) -> Command {
        let mut command = Command::new("setsid");
        command.args(["--wait", "plink", "-ssh", "-v", "-hostkey", &self.fingerprint, "-P", &self.gateway_port]);
        command.args(["-l", user, "-noagent"]).args(options).arg("127.0.0.1");
        command.env("HOME", self.folder.path());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        command
    }
}

pub(crate) fn write_script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o700)).unwrap();
}

/// A started client whose messages can be awaited.
pub(crate) struct Client {
    pub(crate) child: Child,
    messages: ChildStderr,
    seen: Vec<u8>,
    looked_at: usize,
}

impl Client {
    pub(crate) fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let messages = child.stderr.take().unwrap();
        Self { child, messages, seen: Vec::new(), looked_at: 0 }
    }

    /// Waits until the client has said `text`, after what was awaited before. A prompt ends no line.
    pub(crate) async fn says(&mut self, text: &str) {
        let heard = timeout(PATIENCE, async {
            loop {
                let fresh = &self.seen[self.looked_at..];
                if let Some(at) = fresh.windows(text.len()).position(|part| part == text.as_bytes()) {
                    self.looked_at += at + text.len();
                    return true;
                }
                if self.messages.read_buf(&mut self.seen).await.unwrap() == 0 {
                    return false;
                }
            }
        });
        let heard = heard.await.unwrap_or(false);
        assert!(heard, "the client never said {text:?}:\n{}", String::from_utf8_lossy(&self.seen));
    }

    /// Types one line, once the client has asked for it with `prompt`.
    pub(crate) async fn answers(&mut self, prompt: &str, line: &str) {
        self.says(prompt).await;
        let keyboard = self.child.stdin.as_mut().unwrap();
        keyboard.write_all(format!("{line}\n").as_bytes()).await.unwrap();
        keyboard.flush().await.unwrap();
    }

    /// Waits for the end. Returns the exit code, standard output and all messages.
    pub(crate) async fn finish(mut self) -> (i32, String, String) {
        drop(self.child.stdin.take());
        let mut out = Vec::new();
        let mut pipe = self.child.stdout.take().unwrap();
        let ended = timeout(PATIENCE, async {
            let (messages, out) = tokio::join!(self.messages.read_to_end(&mut self.seen), pipe.read_to_end(&mut out));
            messages.and(out).unwrap();
            self.child.wait().await.unwrap()
        });
        let ended = ended.await;
        let messages = String::from_utf8_lossy(&self.seen).into_owned();
        let status = ended.unwrap_or_else(|elapsed| panic!("the client does not end, {elapsed}:\n{messages}"));
        (status.code().unwrap_or(-1), String::from_utf8(out).unwrap(), messages)
    }
}

/// A target that sends back what it gets, and counts its connections.
pub(crate) struct Echo {
    pub(crate) address: SocketAddr,
    /// Connections that were opened, and those that have ended.
    pub(crate) seen: watch::Receiver<(usize, usize)>,
}

impl Echo {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, seen) = watch::channel((0, 0));
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tell.send_modify(|(opened, _)| *opened += 1);
                let tell = tell.clone();
                tokio::spawn(async move {
                    let (mut from, mut to) = socket.split();
                    // A reset is an end like any other.
                    let _ = tokio::io::copy(&mut from, &mut to).await;
                    tell.send_modify(|(_, ended)| *ended += 1);
                });
            }
        });
        Self { address, seen }
    }

    pub(crate) async fn ended(&mut self, count: usize, within: Duration) {
        timeout(within, self.seen.wait_for(|(_, ended)| *ended >= count)).await.expect("no end in time").unwrap();
    }
}

/// Another door to the gateway, by which everybody seems to come from this address. Tells where it is.
pub(crate) async fn door_elsewhere(running: &Running, address: Ipv4Addr) -> String {
    let connection =
        Connection { zone: Zone("office".into()), administration: false, peer: SocketAddr::from((address, 40_000)) };
    let app = router(Some(running.entrance.clone())).layer(Extension(connection));
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let url = format!("ws://{}{}", listener.local_addr().unwrap(), fernamt_access::ssh::TUNNEL_PATH);
    tokio::spawn(axum::serve(listener, app).into_future());
    url
}

/// A target that only listens, and tells how each connection ended: after so many bytes, or before its end.
pub(crate) struct Listener {
    pub(crate) address: SocketAddr,
    ends: mpsc::Receiver<Result<usize, std::io::ErrorKind>>,
}

impl Listener {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let (tell, ends) = mpsc::channel(8);
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let tell = tell.clone();
                tokio::spawn(async move {
                    // So that who waits for it knows that what was sent has come.
                    let mut first = [0; 1];
                    let heard = async {
                        socket.read_exact(&mut first).await?;
                        socket.write_all(&first).await?;
                        socket.read_to_end(&mut Vec::new()).await
                    };
                    let end = heard.await.map(|count| count + 1).map_err(|error| error.kind());
                    let _ = tell.send(end).await;
                });
            }
        });
        Self { address, ends }
    }

    pub(crate) async fn end(&mut self) -> Result<usize, std::io::ErrorKind> {
        timeout(PATIENCE, self.ends.recv()).await.expect("it never ends").unwrap()
    }
}

/// A port that is free now.
pub(crate) async fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap().local_addr().unwrap().port()
}

/// Sends a greeting over a stream to an [`Echo`] and expects it back.
pub(crate) async fn greet(stream: &mut TcpStream) {
    let message = b"Guten Morgen";
    stream.write_all(message).await.unwrap();
    let mut back = [0; 12];
    timeout(PATIENCE, stream.read_exact(&mut back)).await.expect("no echo").unwrap();
    assert_eq!(&back, message);
}

/// Asks a SOCKS5 proxy for a connection by host name. Returns its reply code.
pub(crate) async fn socks(stream: &mut TcpStream, host: &str, port: u16) -> u8 {
    stream.write_all(&[5, 1, 0]).await.unwrap();
    let mut method = [0; 2];
    stream.read_exact(&mut method).await.unwrap();
    assert_eq!(method, [5, 0]);
    let mut request = vec![5, 1, 0, 3, u8::try_from(host.len()).unwrap()];
    request.extend_from_slice(host.as_bytes());
    request.extend_from_slice(&port.to_be_bytes());
    stream.write_all(&request).await.unwrap();
    let mut reply = [0; 10];
    match timeout(PATIENCE, stream.read_exact(&mut reply)).await.expect("no reply") {
        Ok(_) => reply[1],
        Err(_) => u8::MAX,
    }
}
