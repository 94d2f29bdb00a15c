//! The SSH gateway of a whole server, with stock `ssh`: real accounts, real codes, a real desktop behind it.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output, Stdio},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use fernamt_testkit::{
    office::pause,
    peers::{Namespace, Network, Xrdp, free_port},
    person::{Person, code},
};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{Server, add_target, allow_everybody, granted};

/// More than stock programs need on a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

/// The seconds that a one-time code is good.
const CODE_PERIOD_S: u64 = 30;

/// The background that the desktop's session sets, as it lies in a picture of 32 bits: blue, green, red, nothing.
const BACKGROUND: [u8; 3] = [0x75, 0x51, 0x2f];

struct Gateway {
    server: Server,
    port: u16,
    desk: TempDir,
}

impl Gateway {
    fn start(loopback_ports: &[u16]) -> Self {
        let port = free_port().unwrap();
        let sections = format!(
            "[ssh]\nzone = \"internet\"\naddress = \"127.0.0.1:{port}\"\n\n[targets]\nallow_loopback_ports = \
             {loopback_ports:?}\n"
        );
        Self { server: Server::start(&sections), port, desk: tempfile::tempdir().unwrap() }
    }

    /// Stock `ssh` as somebody who types these answers.
    fn ssh(&self, person: &Person, code: &str, options: &[&str]) -> Command {
        let path = |name: &str| self.desk.path().join(name);
        let script = format!(
            "#!/bin/sh\necho \"$1\" >> {}\ncase \"$1\" in *[Pp]ass*) echo '{}';; *) echo '{code}';; esac\n",
            path("asked").display(),
            person.password
        );
        // One file for each answer: programs that run at the same time must not type each other's codes.
        let askpass = path(&format!("askpass-{}-{code}", person.name));
        fs::write(&askpass, script).unwrap();
        fs::set_permissions(&askpass, fs::Permissions::from_mode(0o700)).unwrap();
        let mut command = Command::new("ssh");
        command.args(["-F", "none", "-v", "-o", "ExitOnForwardFailure=yes", "-o", "PubkeyAuthentication=no"]);
        command.args(["-o", "StrictHostKeyChecking=accept-new", "-o", "NumberOfPasswordPrompts=1", "-o"]);
        command.arg(format!("UserKnownHostsFile={}", path("known_hosts").display()));
        command.args(["-p", &self.port.to_string()]).args(options).arg(format!("{}@127.0.0.1", person.name));
        command.env("SSH_ASKPASS", askpass).env("SSH_ASKPASS_REQUIRE", "force").env_remove("SSH_AUTH_SOCK");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Tries to get in with this code and nothing else.
    fn tries(&self, person: &Person, code: &str) -> Output {
        self.ssh(person, code, &["-T"]).output().unwrap()
    }

    /// What `ssh` asked for so far.
    fn asked(&self) -> String {
        fs::read_to_string(self.desk.path().join("asked")).unwrap_or_default()
    }

    fn audited(&self, kind: &str, action: &str) -> Vec<Value> {
        let mut found = self.server.audited();
        found.retain(|entry| entry["kind"] == kind && entry["action"] == action);
        found
    }

    /// Waits until so many wrong codes are written down: failures are counted first and written soon after.
    fn wrong_codes(&self, count: usize) {
        awaited("the wrong codes are written down", || self.audited("sign_in", "wrong_code").len() == count);
        let found = self.audited("sign_in", "wrong_code");
        assert!(found.iter().all(|entry| entry["outcome"] == "failure" && entry["subject"].is_string()), "{found:#?}");
    }
}

/// The code of the present step, or of one after it.
#[expect(clippy::disallowed_methods, reason = "the server outside runs on the real time")]
fn code_of(person: &Person, steps_ahead: u64) -> String {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    code(person.totp_secret.as_deref().unwrap(), now + steps_ahead * CODE_PERIOD_S)
}

fn signs_in(person: &Person, code: &str) -> Value {
    let challenge = granted(&person.get("/api/v1/sign-in/challenge").unwrap())["challenge"].clone();
    let body = json!({
        "name": person.name, "password": person.password, "second": { "kind": "totp", "code": code },
        "device": person.proof(challenge.as_str().unwrap()).unwrap(), "challenge": challenge,
    });
    person.post("/api/v1/sign-in", &body).unwrap().json().unwrap()
}

/// A client that ends with the test.
struct Tunnel(std::process::Child);

impl Drop for Tunnel {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_code_is_good_once_wherever_it_is_used_first() {
    let gateway = Gateway::start(&[]);
    let _ada = gateway.server.ada();

    let max = gateway.server.signed_in("max", "Buche-Wolke-63", None);
    let code = code_of(&max, 1);
    let lobby = gateway.tries(&max, &code);
    assert!(lobby.status.success(), "{}", String::from_utf8_lossy(&lobby.stderr));
    let refused = signs_in(&max, &code);
    assert_eq!(refused["state"], Value::Null, "a code used on SSH was taken on the web: {refused}");
    assert_eq!(refused["code"], "sign_in_failed", "{refused}");

    let erika = gateway.server.signed_in("erika", "Linde-Fluss-27", None);
    let code = code_of(&erika, 1);
    let taken = signs_in(&erika, &code);
    assert_eq!(taken["state"], "signed_in", "{taken}");
    let refused = gateway.tries(&erika, &code);
    assert_eq!(refused.status.code(), Some(255), "a code used on the web was taken on SSH");
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Permission denied"));
    // Both refusals are written down as what they were: a wrong code.
    gateway.wrong_codes(2);
}

#[test]
fn stock_ssh_leads_xfreerdp_to_a_desktop_and_nowhere_else() {
    let xrdp = fernamt_testkit::peer!(Xrdp::start());
    let client = fernamt_testkit::peer!(Namespace::start("rdp-client", Network::Machine));
    let forbidden = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    forbidden.set_nonblocking(true).unwrap();
    let (desktop_port, forbidden_port) = (xrdp.address().port(), forbidden.local_addr().unwrap().port());
    let gateway = Gateway::start(&[desktop_port, forbidden_port]);
    let ada = gateway.server.ada();
    let desktop = add_target(&ada, "Büro", desktop_port, &json!({ "kind": "rdp" }));
    let secret = add_target(&ada, "Kasse", forbidden_port, &json!({ "kind": "tcp" }));
    allow_everybody(&ada, &[&desktop]);
    let erika = gateway.server.signed_in("erika", "Linde-Fluss-27", None);

    let refused = gateway.tries(&erika, "000000");
    assert_eq!(refused.status.code(), Some(255));
    gateway.wrong_codes(1);

    let (local, local_forbidden) = (free_port().unwrap(), free_port().unwrap());
    let to_desktop = format!("127.0.0.1:{local}:127.0.0.1:{desktop_port}");
    let to_secret = format!("127.0.0.1:{local_forbidden}:127.0.0.1:{forbidden_port}");
    let mut command = gateway.ssh(&erika, &code_of(&erika, 1), &["-N", "-L", &to_desktop, "-L", &to_secret]);
    let messages = gateway.desk.path().join("messages");
    command.stderr(fs::File::create(&messages).unwrap());
    let _tunnel = Tunnel(command.spawn().unwrap());
    let said = || fs::read_to_string(&messages).unwrap();
    awaited("the tunnel stands", || said().contains("Entering interactive session"));
    assert!(gateway.asked().contains("Passwort: ") && gateway.asked().contains("Einmalcode: "), "{}", gateway.asked());

    client
        .run(&format!(
            "Xvfb -displayfd 3 -ac -nolisten tcp -screen 0 1024x768x24 -fbdir /share 3>/share/display >/share/xvfb.log \
             2>&1 &\nuntil [ -s /share/display ]; do sleep 0.05; done\nexport DISPLAY=:$(cat /share/display)\nxfreerdp \
             /v:127.0.0.1:{local} /u:{} /p:{} /cert:ignore /size:1024x768 /bpp:32 /sec:tls >/share/xfreerdp.log 2>&1 &",
            xrdp.user, xrdp.password
        ))
        .unwrap();
    let picture = client.share().join("Xvfb_screen0");
    awaited("the desktop is seen", || {
        // The frame buffer's file is the picture that the client shows right now.
        let pixels = fs::read(&picture).unwrap_or_default();
        pixels.chunks_exact(4).filter(|pixel| pixel.starts_with(&BACKGROUND)).count() > 100_000
    });
    assert!(xrdp.run_as_user("pgrep -u $(id -u) -x xterm").is_ok(), "the session runs a terminal");
    assert_eq!(xrdp.door().open_connections(), 1, "one client is there, by way of the gateway");
    let begun = gateway.audited("connection_start", "tunnel");
    assert!(begun.iter().any(|entry| entry["target"] == desktop.as_str()), "{begun:#?}");

    let _ = std::net::TcpStream::connect(("127.0.0.1", local_forbidden)).unwrap();
    awaited("the refusal is said", || said().contains("Dieses Ziel ist Ihnen nicht erlaubt."));
    assert!(forbidden.accept().is_err(), "the forbidden target was touched");
    let decisions = gateway.server.audited();
    let denied = decisions.iter().find(|entry| entry["kind"] == "decision" && entry["outcome"] == "denied");
    let denied = denied.unwrap_or_else(|| panic!("the refusal was not written down: {decisions:#?}"));
    assert_eq!(denied["target"], secret.as_str(), "{denied}");
    assert_eq!(denied["actor"], begun[0]["actor"], "it was the same person");
}

/// The application believes a header about who is there, which only the proxy may set.
#[test]
fn no_tunnel_leads_past_the_proxy_to_a_web_application() {
    let [pages, service] = [(); 2].map(|()| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    let [pages_port, service_port] = [&pages, &service].map(|listener| listener.local_addr().unwrap().port());
    let gateway = Gateway::start(&[pages_port, service_port]);
    let ada = gateway.server.ada();
    let application = add_target(&ada, "Akten", pages_port, &json!({ "kind": "web", "label": "akten" }));
    let neighbour = add_target(&ada, "Dienst", service_port, &json!({ "kind": "tcp" }));
    allow_everybody(&ada, &[&application, &neighbour]);
    let [erika, max] = [("erika", "Linde-Fluss-27"), ("max", "Buche-Wolke-63")]
        .map(|(name, password)| gateway.server.signed_in(name, password, None));

    let lobby = gateway.tries(&erika, &code_of(&erika, 1));
    let offered = String::from_utf8_lossy(&lobby.stdout).into_owned();
    assert!(offered.contains("Dienst: ssh -N -L") && !offered.contains("Akten"), "{offered}");

    pages.set_nonblocking(true).unwrap();
    for name in ["127.0.0.1", "akten"] {
        let person = if name == "akten" { &ada } else { &max };
        let past = gateway.ssh(person, &code_of(person, 1), &["-W", &format!("{name}:{pages_port}")]).output().unwrap();
        assert!(String::from_utf8_lossy(&past.stderr).contains("Dieses Ziel ist Ihnen nicht erlaubt."), "{past:?}");
    }
    assert!(pages.accept().is_err(), "the application was touched");
}

#[test]
fn prompts_speak_the_language_of_the_administration() {
    let gateway = Gateway::start(&[]);
    let ada = gateway.server.ada();
    let erika = gateway.server.signed_in("erika", "Linde-Fluss-27", None);
    gateway.tries(&erika, "000000");
    assert!(gateway.asked().contains("Passwort: "), "German unless told otherwise: {}", gateway.asked());
    let mut view = granted(&ada.get("/api/v1/admin/settings").unwrap());
    view["settings"]["language"] = "en".into();
    granted(
        &ada.put("/api/v1/admin/settings", &json!({ "version": view["version"], "settings": view["settings"] }))
            .unwrap(),
    );
    gateway.tries(&ada, "000000");
    assert!(
        gateway.asked().contains("Password: ") && gateway.asked().contains("One-time code: "),
        "{}",
        gateway.asked()
    );
}

/// Waits for what a foreign program does without telling us.
fn awaited(what: &str, done: impl Fn() -> bool) {
    let begin = Instant::now();
    while !done() {
        assert!(begin.elapsed() < PATIENCE, "{what}: not in time");
        pause(Duration::from_millis(100));
    }
}
