//! Stock `ssh` through a whole server's HTTP port.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::TcpListener,
    os::unix::fs::PermissionsExt as _,
    process::{Command, Output, Stdio},
    thread,
};

use fernamt_testkit::{office::Office, peers::free_port};
use serde_json::json;

const PASSWORD: &str = "Kastanie-Regen-41";
/// More than every window and buffer on the way.
const BYTES: usize = 6 * 1024 * 1024;

fn ssh(folder: &std::path::Path, gateway: &str, code: &str, options: &[&str]) -> Command {
    let askpass = folder.join("askpass");
    let script = format!("#!/bin/sh\ncase \"$1\" in *[Pp]ass*) echo '{PASSWORD}';; *) echo '{code}';; esac\n");
    fs::write(&askpass, script).unwrap();
    fs::set_permissions(&askpass, fs::Permissions::from_mode(0o700)).unwrap();
    let proxy = format!("ProxyCommand={} proxy --gateway {gateway}", env!("CARGO_BIN_EXE_fernamt-stick"));
    let mut command = Command::new("ssh");
    command.args(["-F", "none", "-v", "-o", "PubkeyAuthentication=no", "-o", "NumberOfPasswordPrompts=1"]);
    command.args(["-o", "StrictHostKeyChecking=accept-new", "-o"]);
    command.arg(format!("UserKnownHostsFile={}", folder.join("known_hosts").display()));
    command.args(["-o", &proxy]).args(options).arg("ada@fernamt.localhost");
    command.env("SSH_ASKPASS", askpass).env("SSH_ASKPASS_REQUIRE", "force").env_remove("SSH_AUTH_SOCK");
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn finish(mut command: Command, input: Vec<u8>) -> Output {
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    // A client that ends early takes no more; its messages tell why.
    let writing = thread::spawn(move || drop(stdin.write_all(&input)));
    let output = child.wait_with_output().unwrap();
    writing.join().unwrap();
    output
}

#[test]
fn stock_ssh_reaches_a_target_through_the_web_port() {
    if env::var_os("FERNAMT_BIN").is_none() {
        fernamt_testkit::skip!("FERNAMT_BIN names no server");
        return;
    }
    let echo = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = echo.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut socket, _) = echo.accept().unwrap();
        let mut seen = Vec::new();
        socket.read_to_end(&mut seen).unwrap();
        socket.write_all(&seen).unwrap();
    });
    let sections = format!(
        "[ssh]\nzone = \"internet\"\naddress = \"127.0.0.1:{}\"\n\n[targets]\nallow_loopback_ports = [{port}]\n",
        free_port().unwrap()
    );
    let office = Office::start_with(&sections).unwrap();
    office.run(&["user", "add", "ada", "--role", "administrator"], &format!("{PASSWORD}\n")).unwrap();
    let mut ada = office.person("ada", PASSWORD).unwrap();
    ada.sign_in().unwrap();
    let wanted = json!({ "name": "Echo", "host": "127.0.0.1", "port": port, "settings": { "kind": "tcp" } });
    let target = ada.post("/api/v1/admin/targets", &wanted).unwrap().json().unwrap()["id"].clone();
    let form = json!({ "effect": "allow", "everybody": true, "targets": [target], "device_states": [] });
    let rule = json!({ "name": "everybody", "body": { "kind": "form", "form": form } });
    assert!(ada.post("/api/v1/admin/rules", &rule).unwrap().status < 300);

    let folder = tempfile::tempdir().unwrap();
    let gateway = format!("ws://{}", office.host());
    let refused = finish(ssh(folder.path(), &gateway, "000000", &["-T"]), Vec::new());
    assert_eq!(refused.status.code(), Some(255));
    assert!(String::from_utf8_lossy(&refused.stderr).contains("Permission denied"));

    let sent: Vec<u8> = (0..BYTES).map(|n| (n * 31 / 7).to_le_bytes()[0]).collect();
    // The code that signed in on the web is used up; the next one is good already.
    let unix_s = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    let code = fernamt_testkit::person::code(ada.totp_secret.as_deref().unwrap(), unix_s + 30);
    let command = ssh(folder.path(), &gateway, &code, &["-W", &format!("127.0.0.1:{port}")]);
    let output = finish(command, sent.clone());
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{messages}");
    assert!(output.stdout == sent, "{} bytes of {BYTES} came back: {messages}", output.stdout.len());
}

#[test]
fn whoever_is_no_gateway_is_named_in_one_sentence() {
    let nobody = free_port().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fernamt-stick"));
    command.args(["proxy", "--gateway", &format!("ws://127.0.0.1:{nobody}")]).stdin(Stdio::null());
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty());
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(said.starts_with("fernamt-stick: 127.0.0.1 cannot be reached: "), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
}
