//! Others on the same computer who try the stick's end of a tunnel: another user, another program, a page in a browser.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::process::CommandExt as _,
    process::{Child, Command, Stdio},
    time::Duration,
};

use fernamt_testkit::{
    branch::{Branch, Stick},
    lab::Lab,
    office::pause,
    peers,
};
use serde_json::json;
use tempfile::TempDir;

use super::{accepted, branch};

/// `nobody`, on every system that has it.
const NOBODY: u32 = 65_534;
const LIMIT: Duration = Duration::from_secs(10);

/// Asks for a line and prints what comes.
const ASK: &str = r#"exec 3<>/dev/tcp/$0/$1 && echo hello >&3 && read -r answer <&3 && echo "$answer""#;

/// A page that tries everything that pages can.
const PAGE: &str = r#"<!doctype html><meta charset="utf-8"><title>Angebote</title>
<iframe name="frame"></iframe>
<form id="form" method="post" enctype="text/plain" target="frame" action="http://ADDRESS/"><input name="a" value="b"></form>
<script>
const tell = (what) => { document.body.append(what + "\n"); };
fetch("http://ADDRESS/", { method: "POST", mode: "no-cors", body: "hello\n" })
  .then(() => tell("fetch: answered"), () => tell("fetch: failed"));
const socket = new WebSocket("ws://ADDRESS/");
socket.onopen = () => tell("socket: open");
socket.onerror = () => tell("socket: failed");
document.getElementById("form").submit();
</script>"#;

struct Plugged {
    child: Child,
    end: SocketAddr,
    output: BufReader<std::process::ChildStdout>,
    _stick: Stick,
}

impl Drop for Plugged {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A target that answers every line with `welcome`, and a stick that leads there for one command alone.
fn plugged(lab: &Lab, branch: &Branch, command: &[&str]) -> Plugged {
    let erika = branch.hire("erika").unwrap();
    let stick = branch.make_stick(&erika).unwrap();
    lab.at_home(|| stick.activate()).unwrap();
    let code = erika.fresh_code().unwrap();
    let (child, end, output) = lab.at_home(|| stick.connect_for("Dienst", &code, command)).unwrap();
    Plugged { child, end, output, _stick: stick }
}

/// What somebody hears who says a line at this address.
fn heard(mut socket: TcpStream) -> String {
    socket.set_read_timeout(Some(LIMIT)).unwrap();
    let _ = socket.write_all(b"hello\n");
    let mut answer = String::new();
    let _ = socket.read_to_string(&mut answer);
    answer
}

#[test]
fn neither_another_user_nor_a_page_comes_through_but_what_the_stick_started_does() {
    let lab = fernamt_testkit::peer!(Lab::start(8));
    let browser = fernamt_testkit::peer!(peers::chromium());
    lab.at_office(|| {
        let target = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = target.local_addr().unwrap().port();
        let Some((branch, _programs)) = branch(&lab, &[port]) else { return };
        branch.target("Dienst", port, &json!({ "kind": "tcp" })).unwrap();
        let signal = tempfile::tempdir().unwrap();
        let go = signal.path().join("go");
        // The command waits until the others have tried, then asks itself.
        let waits = format!("until [ -e {} ]; do sleep 0.1; done; {ASK}", go.display());
        let mut plugged = plugged(&lab, &branch, &["bash", "-c", &waits, "{host}", "{port}"]);
        let end = plugged.end;
        target.set_nonblocking(true).unwrap();

        let other = lab.at_home(|| {
            let words = [end.ip().to_string(), end.port().to_string()];
            let mut command = Command::new("bash");
            command.args(["-c", ASK]).args(words).uid(NOBODY).gid(NOBODY).current_dir("/");
            command.stdin(Stdio::null()).output().unwrap()
        });
        assert!(other.stdout.is_empty(), "another user was answered: {other:?}");
        assert_eq!(heard(lab.at_home(|| TcpStream::connect(end).unwrap())), "", "a stranger's program was answered");
        let seen = visit(&lab, &browser, end);
        assert!(seen.contains("fetch: failed") && seen.contains("socket: failed"), "{seen}");
        assert!(target.accept().is_err(), "somebody came through to the target");

        fs::write(&go, "").unwrap();
        let mut inside = accepted(&target);
        inside.write_all(b"welcome\n").unwrap();
        let mut line = String::new();
        plugged.output.read_line(&mut line).unwrap();
        assert_eq!(line, "welcome\n");
    });
}

/// Opens the page in a browser and returns what it shows in the end.
fn visit(lab: &Lab, browser: &std::path::Path, end: SocketAddr) -> String {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let page = folder.path().join("page.html");
    fs::write(&page, PAGE.replace("ADDRESS", &end.to_string())).unwrap();
    let profile = folder.path().join("profile");
    let output = lab.at_home(|| {
        Command::new(browser)
            .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--dump-dom", "--timeout=8000"])
            // Nothing of the browser's own protection of loopback addresses shall do our work.
            .arg("--disable-features=PrivateNetworkAccessRespectPreflightResults,LocalNetworkAccessChecks")
            .arg(format!("--user-data-dir={}", profile.display()))
            .arg(format!("file://{}", page.display()))
            .env("HOME", folder.path())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    });
    pause(Duration::from_millis(100));
    String::from_utf8_lossy(&output.stdout).into_owned()
}
