//! From the package to the target, and every way to end.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::{Shutdown, TcpStream},
    process::Command,
    thread,
    time::{Duration, Instant},
};

use fernamt_stick::cli::Exit;
use serde_json::json;

use super::{
    Connected, assert_code,
    desk::{Desk, PASSPHRASE},
    events, finish,
};

/// More than every window on the way.
const BYTES: usize = 3 * 1024 * 1024;
/// What the administration decides acts within this.
const ACTS_WITHIN: Duration = Duration::from_secs(5);

fn code(exit: Exit) -> i32 {
    i32::from(exit.code())
}

#[test]
fn from_the_package_to_the_target_and_lost() {
    let Some(desk) = Desk::open() else { return };
    let stick = desk.stick("erika");

    let status = finish(stick.program(&["status", "--json"]), &[]);
    assert_code(&status, 0);
    let said = &events(&status)[0];
    assert_eq!((&said["event"], &said["activated"]), (&json!("stick"), &json!(false)));
    assert_eq!(said["device"], json!(stick.device));
    let early = finish(stick.scripted(&["connect", "--target", "Echo", "--json"]), &[]);
    assert_code(&early, code(Exit::Stick));
    assert_eq!(events(&early)[0]["problem"], "not_activated");

    let weak = finish(stick.scripted(&["activate", "--json"]), &[&stick.activation_code, "kurz"]);
    assert_code(&weak, code(Exit::Usage));
    let wrong = finish(stick.scripted(&["activate", "--json"]), &["aaaaa-bbbbb-ccccc-ddddd", PASSPHRASE]);
    assert_code(&wrong, code(Exit::SignInRefused));
    assert!(events(&wrong).iter().any(|event| event["problem"] == "wrong_activation_code"));
    assert!(!stick.folder.join("stick.key").exists());
    stick.activate();
    assert!(stick.folder.join("stick.key").exists() && !stick.folder.join("stick.key.new").exists());

    let locked = finish(stick.scripted(&["connect", "--target", "Echo", "--json"]), &["Kastanie Regen Dach", "1"]);
    assert_code(&locked, code(Exit::CannotUnlock));
    assert!(events(&locked).iter().any(|event| event["problem"] == "cannot_unlock"));
    let refused = finish(stick.scripted(&["connect", "--target", "Echo", "--json"]), &[PASSPHRASE, "000000"]);
    assert_code(&refused, code(Exit::SignInRefused));

    let command = stick.scripted(&["connect", "--target", "echo", "--print-port"]);
    let mut connected = Connected::start(command, &[PASSPHRASE, &stick.code()]);
    let address = connected.line();
    assert!(address.starts_with("127.") && !address.starts_with("127.0.0.1:"), "{address}");
    let mut socket = TcpStream::connect(&address).unwrap();
    let sent: Vec<u8> = (0..BYTES).map(|n| (n * 31 / 7).to_le_bytes()[0]).collect();
    let mut writer = socket.try_clone().unwrap();
    let bytes = sent.clone();
    let writing = thread::spawn(move || {
        writer.write_all(&bytes).unwrap();
        writer.shutdown(Shutdown::Write).unwrap();
    });
    let mut seen = Vec::new();
    socket.read_to_end(&mut seen).unwrap();
    writing.join().unwrap();
    assert!(seen == sent, "{} of {BYTES} bytes came back", seen.len());

    let mut open = TcpStream::connect(&address).unwrap();
    open.write_all(b"x").unwrap();
    open.read_exact(&mut [0]).unwrap();
    let lost = Instant::now();
    desk.office.run(&["stick", "lost", &stick.device], "").unwrap();
    open.set_read_timeout(Some(2 * ACTS_WITHIN)).unwrap();
    assert!(!matches!(open.read(&mut [0]), Ok(1..)), "the tunnel still carries something");
    assert_eq!(connected.code(), Some(code(Exit::EndedByAdministration)));
    assert!(lost.elapsed() < ACTS_WITHIN, "{:?}", lost.elapsed());
    let left: Vec<_> = fs::read_dir(&stick.folder).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_string_lossy().ends_with(".new")), "{left:?}");
}

#[test]
fn a_command_gets_the_port_and_nobody_else() {
    let Some(desk) = Desk::open() else { return };
    let stick = desk.stick("max");
    stick.activate();
    let marks = tempfile::tempdir().unwrap();
    let script = format!(
        "echo {{host}} {{port}}; while [ ! -e {go} ]; do sleep 0.05; done; exec 3<>/dev/tcp/{{host}}/{{port}}; \
         echo moin >&3; read -r said <&3; echo \"$said\"; exit 7",
        go = marks.path().join("go").display()
    );
    let command = stick.scripted(&["connect", "--target", "Echo", "--", "bash", "-c", &script]);
    let mut connected = Connected::start(command, &[PASSPHRASE, &stick.code()]);
    let address = connected.line().replace(' ', ":");
    // We started the stick, but not by the command.
    let mut stranger = TcpStream::connect(&address).unwrap();
    let _ = stranger.write_all(b"moin\n");
    assert!(!matches!(stranger.read(&mut [0]), Ok(1..)), "a stranger uses the tunnel");
    fs::write(marks.path().join("go"), "").unwrap();
    assert_eq!(connected.line(), "moin");
    assert_eq!(connected.code(), Some(7), "the command's own code");
}

#[test]
fn targets_are_listed_and_a_name_for_several_is_refused() {
    let Some(desk) = Desk::open() else { return };
    let sticks = ["dora", "emil", "fritz"].map(|name| desk.stick(name));
    sticks.iter().for_each(super::desk::Stick::activate);
    let [dora, emil, fritz] = &sticks;
    let port = desk.echo_port();
    desk.target("Büro-PC 12", port);
    desk.target("Büro PC 12", port);

    let listed = finish(dora.scripted(&["targets", "--json"]), &[PASSPHRASE, &dora.code()]);
    assert_code(&listed, 0);
    let listed: Vec<_> = events(&listed).into_iter().filter(|event| event["event"] == "target").collect();
    assert_eq!(listed.len(), 3, "{listed:?}");
    assert!(
        listed.iter().any(|target| target["name"] == "Echo" && target["alias"] == "echo" && target["port"] == port)
    );

    let several = finish(emil.scripted(&["connect", "--target", "buero-pc-12", "--json"]), &[PASSPHRASE, &emil.code()]);
    assert_code(&several, code(Exit::Usage));
    let candidates = events(&several).into_iter().filter(|event| event["event"] == "target").count();
    assert_eq!(candidates, 2);

    let none = finish(fritz.scripted(&["connect", "--target", "Nirgends", "--json"]), &[PASSPHRASE, &fritz.code()]);
    assert_code(&none, code(Exit::TargetForbidden));
    assert_eq!(events(&none).last().unwrap()["problem"], "target_forbidden");
    assert!(!String::from_utf8_lossy(&none.stderr).contains("nicht mehr"), "one sentence: {none:?}");
}

#[test]
fn it_ends_on_demand_and_when_the_stick_is_pulled() {
    let Some(desk) = Desk::open() else { return };
    let [gerda, hans, ida] = ["gerda", "hans", "ida"].map(|name| desk.stick(name));
    for stick in [&gerda, &hans, &ida] {
        stick.activate();
    }
    let start = |stick: &super::desk::Stick| {
        let command = stick.scripted(&["connect", "--target", "Echo", "--json"]);
        let mut connected = Connected::start(command, &[PASSPHRASE, &stick.code()]);
        let open = connected.event("listening");
        let address = format!("{}:{}", open["host"].as_str().unwrap(), open["port"]);
        (connected, TcpStream::connect(address).unwrap())
    };

    let (mut connected, mut socket) = start(&gerda);
    let asked = Instant::now();
    let interrupt = ["-INT", &connected.child.id().to_string()];
    assert!(Command::new("kill").args(interrupt).status().unwrap().success());
    assert!(!matches!(socket.read(&mut [0]), Ok(1..)));
    assert_eq!(connected.event("ended"), json!({ "event": "ended", "exit_code": 0 }));
    assert_eq!(connected.code(), Some(0));
    assert!(asked.elapsed() < ACTS_WITHIN, "{:?}", asked.elapsed());

    let (mut connected, mut socket) = start(&hans);
    let pulled = Instant::now();
    fs::rename(&hans.folder, hans.folder.with_file_name("pulled")).unwrap();
    assert!(!matches!(socket.read(&mut [0]), Ok(1..)));
    assert_eq!(connected.event("ended")["problem"], "stick_pulled");
    assert_eq!(connected.code(), Some(code(Exit::Stick)));
    assert!(pulled.elapsed() < ACTS_WITHIN, "{:?}", pulled.elapsed());

    let script = "trap 'echo bye; exit 0' TERM; echo up; while :; do sleep 0.05; done";
    let command = ida.scripted(&["connect", "--target", "Echo", "--", "sh", "-c", script]);
    let mut connected = Connected::start(command, &[PASSPHRASE, &ida.code()]);
    assert_eq!(connected.line(), "up");
    let ask = ["-TERM", &connected.child.id().to_string()];
    assert!(Command::new("kill").args(ask).status().unwrap().success());
    assert_eq!(connected.line(), "bye", "the command is asked before it is ended");
    assert_eq!(connected.code(), Some(0));
}

#[test]
fn a_folder_without_a_stick_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fernamt-stick"));
    command.args(["status", "--json", "--language", "en", "--folder"]).arg(folder.path());
    let output = finish(command, &[]);
    assert_code(&output, code(Exit::Stick));
    assert_eq!(events(&output)[0]["problem"], "no_config");
    assert!(String::from_utf8_lossy(&output.stderr).starts_with("This folder holds no usable stick.json."));

    fs::write(folder.path().join("stick.json"), "{}").unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_fernamt-stick"));
    command.args(["status", "--folder"]).arg(folder.path());
    let output = finish(command, &[]);
    assert!(String::from_utf8_lossy(&output.stderr).contains("missing field `version`"), "{output:?}");
}

#[test]
fn a_damaged_key_is_told_without_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let config = json!({
        "version": 1, "device": fernamt_domain::DeviceId(uuid::Uuid::from_u128(7)), "login": "erika",
        "agency": "Stadt Linden", "person": "Erika Linde", "language": "de", "accent": "", "ssh": "192.0.2.7:22",
        "websocket": null, "web": "https://fernamt.example.org",
        "host_keys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEB"],
    });
    fs::write(folder.path().join("stick.json"), format!("\u{FEFF}{config}")).unwrap();
    let status = || {
        let mut command = Command::new(env!("CARGO_BIN_EXE_fernamt-stick"));
        command.args(["status", "--json", "--folder"]).arg(folder.path());
        finish(command, &[])
    };
    assert_code(&status(), 0);
    let key = folder.path().join("stick.key");
    fs::write(&key, "").unwrap();
    assert_code(&status(), code(Exit::Stick));
    fs::remove_file(&key).unwrap();
    fs::create_dir(&key).unwrap();
    let damaged = status();
    assert_code(&damaged, code(Exit::Stick));
    assert_eq!(events(&damaged)[1]["problem"], "container_damaged", "{damaged:?}");
}
