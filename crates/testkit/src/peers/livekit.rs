//! The real LiveKit server, built from its Go module: the reference for the client protocol, the other media plane, and
//! a rival of the bench.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, Result, ensure};
use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{NotAtHand, Supervised, free_port, free_udp_port, root};

/// The version the frozen subset of the protocol was read from.
const MODULE: &str = "github.com/livekit/livekit-server/cmd/server@v1.13.5";
/// How long a token that [`LiveKit::token`] makes is good for.
const TOKEN_LIFE: Duration = Duration::from_hours(1);

/// What a test may want otherwise than LiveKit has it by itself.
#[derive(Debug, Clone, Default)]
pub struct LiveKitSettings {
    /// Where webhooks go, signed with the server's key.
    pub webhook: Option<String>,
    /// Rooms come into being by [`CreateRoom`](https://docs.livekit.io/reference/server/server-apis/) alone, not when
    /// somebody joins.
    pub known_rooms_only: bool,
    /// A moderator may switch a track on again that its owner muted.
    pub remote_unmute: bool,
    /// Also listens for ICE over TCP. On all addresses: the server knows no other way.
    pub ice_tcp: bool,
    /// The only processor the server may use.
    pub processor: Option<usize>,
}

/// A running LiveKit server on the machine's loopback.
#[derive(Debug)]
pub struct LiveKit {
    /// The API key.
    pub key: &'static str,
    /// The secret that belongs to [`LiveKit::key`].
    pub secret: &'static str,
    /// The only UDP port of all media.
    pub udp_port: u16,
    /// The port of ICE over TCP, where it was asked for.
    pub tcp_port: Option<u16>,
    port: u16,
    process: Supervised,
    folder: TempDir,
}

impl LiveKit {
    /// Starts a server as it is by default; builds it first where that was not done yet.
    pub fn start() -> Result<Self> {
        Self::start_with(&LiveKitSettings::default())
    }

    /// Starts a server.
    pub fn start_with(settings: &LiveKitSettings) -> Result<Self> {
        let program = Self::prepare()?;
        let folder = tempfile::Builder::new().prefix("fernamt-livekit-").tempdir()?;
        let (port, udp_port) = (free_port()?, free_udp_port()?);
        let tcp_port = settings.ice_tcp.then(free_port).transpose()?;
        let (key, secret) = ("fernamt-test", "a-secret-of-tests-that-is-long-enough-2026");
        let config = folder.path().join("livekit.yaml");
        // JSON is YAML.
        let text = configuration(settings, (port, udp_port, tcp_port), (key, secret));
        fs::write(&config, serde_json::to_vec_pretty(&text)?)?;
        let log = folder.path().join("livekit.log");
        let words = ["--config".as_ref(), config.as_os_str()];
        let process = Supervised::start_on(settings.processor, &program, &words, &log)?;
        process.await_http(port, "/", &log).context("start the LiveKit server")?;
        Ok(Self { key, secret, udp_port, tcp_port, port, process, folder })
    }

    /// The server's program, built first where that was not done yet; several processes may ask at once.
    pub fn prepare() -> Result<PathBuf> {
        go_program(MODULE, "livekit-server-1.13.5", "server")
    }

    /// The address of the server's HTTP interface, such as its Twirp API.
    pub fn http_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The address clients are given.
    pub fn ws_url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    /// The port of both.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The server's process.
    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// What the server has logged so far.
    pub fn log(&self) -> Result<String> {
        Ok(fs::read_to_string(self.folder.path().join("livekit.log"))?)
    }

    /// A token for a full participant.
    pub fn token(&self, room: &str, identity: &str) -> String {
        self.token_with(identity, &json!({ "roomJoin": true, "room": room, "canUpdateOwnMetadata": true }))
    }

    /// A token with the given `video` grants.
    pub fn token_with(&self, identity: &str, grants: &Value) -> String {
        access_token(self.key, self.secret, identity, grants)
    }
}

/// An access token as LiveKit wants it, good for an hour.
#[expect(clippy::disallowed_methods, reason = "the other server looks at the clock on the wall")]
pub(crate) fn access_token(key: &str, secret: &str, identity: &str, grants: &Value) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
    let claims = json!({
        "iss": key, "sub": identity, "name": identity, "nbf": now.saturating_sub(10),
        "exp": now + TOKEN_LIFE.as_secs(), "video": grants,
    });
    let part = |value: &Value| BASE64URL_NOPAD.encode(value.to_string().as_bytes());
    let signed = format!("{}.{}", part(&json!({ "alg": "HS256", "typ": "JWT" })), part(&claims));
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    format!("{signed}.{}", BASE64URL_NOPAD.encode(hmac::sign(&key, signed.as_bytes()).as_ref()))
}

/// Nothing may leave the machine: the server neither asks for its outer address nor gives clients its usual public STUN
/// servers (it does whenever none is named; the one named here does not exist), and offers its loopback address alone.
fn configuration(
    settings: &LiveKitSettings,
    (port, udp_port, tcp_port): (u16, u16, Option<u16>),
    (key, secret): (&str, &str),
) -> Value {
    let mut config = json!({
        "port": port,
        "bind_addresses": ["127.0.0.1"],
        "rtc": {
            "udp_port": udp_port,
            "tcp_port": tcp_port.unwrap_or_default(),
            "node_ip": "127.0.0.1",
            "use_external_ip": false,
            "use_ice_lite": true,
            "use_mdns": false,
            "enable_loopback_candidate": true,
            "interfaces": { "includes": ["lo"] },
            "ips": { "includes": ["127.0.0.1/32"] },
            "stun_servers": ["127.0.0.1:9"],
        },
        "room": { "auto_create": !settings.known_rooms_only, "enable_remote_unmute": settings.remote_unmute },
        "keys": { key: secret },
        "logging": { "level": "info", "json": true },
    });
    if let Some(url) = &settings.webhook {
        config["webhook"] = json!({ "api_key": key, "urls": [url] });
    }
    config
}

/// A program of a Go module, built once and kept in the cache. Go checks the module against its public sum.
pub(crate) fn go_program(module: &str, name: &str, built_as: &str) -> Result<PathBuf> {
    let cache = root::cache_dir()?;
    let program = cache.join(name);
    if program.exists() {
        return Ok(program);
    }
    let go = Command::new("go").arg("version").output();
    if !go.is_ok_and(|output| output.status.success()) {
        return Err(NotAtHand("the LiveKit server is built from its Go module, and this machine has no Go").into());
    }
    fs::create_dir_all(&cache).with_context(|| format!("create {}", cache.display()))?;
    let lock = File::create(cache.join(format!("{name}.lock"))).context("create the lock of the Go program")?;
    lock.lock().context("wait for another process that builds the Go program")?;
    if !program.exists() {
        let folder = tempfile::Builder::new().prefix(".go-").tempdir_in(&cache)?;
        let mut build = Command::new("go");
        build.args(["install", "-ldflags=-s -w", module]).env("GOBIN", folder.path());
        run(&mut build, &cache.join(format!("{name}.log")))?;
        fs::rename(folder.path().join(built_as), &program).with_context(|| format!("keep {name}"))?;
    }
    Ok(program)
}

fn run(command: &mut Command, log: &Path) -> Result<()> {
    let output = File::create(log).with_context(|| format!("create {}", log.display()))?;
    let status = command.stdout(output.try_clone()?).stderr(output).status().context("run go")?;
    ensure!(status.success(), "{command:?} failed; its last words are in {}", log.display());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http;

    #[test]
    fn it_answers_with_its_key_and_names_no_public_server() {
        let server = crate::peer!(LiveKit::start());
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], server.port()));
        let bearer = |grants| format!("Bearer {}", server.token_with("office", &grants));
        let ask = |token: &str| {
            let headers = [("Host", "localhost"), ("Authorization", token), ("Content-Type", "application/json")];
            http::request(address, "POST", "/twirp/livekit.RoomService/ListRooms", &headers, b"{}").expect("an answer")
        };
        assert_eq!(ask(&bearer(json!({ "roomList": true }))).json().expect("JSON"), json!({ "rooms": [] }));
        assert_eq!(ask(&bearer(json!({ "roomJoin": true }))).status, 401);
        let config = configuration(&LiveKitSettings::default(), (1, 2, None), ("k", "s"));
        assert_eq!(config["rtc"]["stun_servers"], json!(["127.0.0.1:9"]));
    }
}
