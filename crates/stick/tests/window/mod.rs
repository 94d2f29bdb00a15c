//! The real window on a real (virtual) screen, driven by keys alone and read over the real accessibility bus.
//!
//! Needs Xvfb, xdotool, dbus, at-spi2-core and Python's bindings to it; where one is missing the tests say so and leave.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::Path,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use fernamt_testkit::screen::Screen;
use serde::Deserialize;

const LIMIT: Duration = Duration::from_secs(40);
const LOOK: Duration = Duration::from_millis(50);
/// Where distributions keep the accessibility bus.
const LAUNCHERS: [&str; 3] =
    ["/usr/libexec/at-spi-bus-launcher", "/usr/lib/at-spi2-core/at-spi-bus-launcher", "/usr/lib/at-spi-bus-launcher"];
const PYTHON: &str = "/usr/bin/python3";

/// A node as a screen reader finds it.
#[derive(Debug, Clone, Deserialize)]
struct Found {
    role: String,
    name: String,
    focused: bool,
    actions: u32,
}

/// A screen with a session bus and an accessibility bus, and a home folder that must stay empty.
struct Room {
    screen: Screen,
    home: tempfile::TempDir,
    bus: String,
    others: Vec<Child>,
}

impl Drop for Room {
    fn drop(&mut self) {
        for child in &mut self.others {
            _ = child.kill();
            _ = child.wait();
        }
    }
}

fn there(program: &str) -> bool {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).any(|folder| folder.join(program).exists())
}

/// What is missing for these tests on this computer.
fn missing() -> Option<String> {
    let programs = ["Xvfb", "xdotool", "dbus-daemon", "gdbus"];
    if let Some(program) = programs.into_iter().find(|program| !there(program)) {
        return Some(format!("{program} is not installed"));
    }
    if !LAUNCHERS.iter().any(|path| Path::new(path).exists()) {
        return Some("at-spi2-core is not installed".to_owned());
    }
    let bindings = "import gi; gi.require_version('Atspi', '2.0'); from gi.repository import Atspi";
    let loads = Command::new(PYTHON).args(["-c", bindings]).stderr(Stdio::null()).status();
    (!loads.is_ok_and(|status| status.success())).then(|| "Python's bindings to AT-SPI are not installed".to_owned())
}

impl Room {
    fn open() -> Option<Self> {
        if let Some(reason) = missing() {
            fernamt_testkit::skip!("{reason}");
            return None;
        }
        let screen = Screen::start().unwrap();
        let mut daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--print-address=1"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut bus = String::new();
        BufReader::new(daemon.stdout.take().unwrap()).read_line(&mut bus).unwrap();
        let bus = bus.trim().to_owned();
        let mut room = Self { screen, home: tempfile::tempdir().unwrap(), bus, others: vec![daemon] };
        let launcher = LAUNCHERS.into_iter().find(|path| Path::new(path).exists()).unwrap();
        let child = room.command(launcher).arg("--launch-immediately").stderr(Stdio::null()).spawn().unwrap();
        room.others.push(child);
        // A screen reader says so on the bus; programs show their tree only then.
        for property in ["IsEnabled", "ScreenReaderEnabled"] {
            until(|| {
                let set = room
                    .command("gdbus")
                    .args(["call", "--session", "--dest", "org.a11y.Bus", "--object-path", "/org/a11y/bus", "--method"])
                    .args(["org.freedesktop.DBus.Properties.Set", "org.a11y.Status", property, "<true>"])
                    .stdout(Stdio::null())
                    .stderr(Stdio::null())
                    .status();
                set.is_ok_and(|status| status.success()).then_some(())
            });
        }
        Some(room)
    }

    fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command
            .env("DISPLAY", self.screen.display())
            .env("DBUS_SESSION_BUS_ADDRESS", &self.bus)
            .env("HOME", self.home.path())
            .env_remove("WAYLAND_DISPLAY")
            .env_remove("AT_SPI_BUS_ADDRESS")
            .env_remove("XDG_CONFIG_HOME")
            .env_remove("XDG_CACHE_HOME")
            .stdin(Stdio::null());
        command
    }

    fn start(&self, arguments: &[&str]) -> Window<'_> {
        let child =
            self.command(env!("CARGO_BIN_EXE_fernamt-stick")).args(arguments).stdout(Stdio::piped()).spawn().unwrap();
        let mut window = Window { room: self, child };
        let pid = window.child.id().to_string();
        until(|| {
            assert!(window.child.try_wait().unwrap().is_none(), "the window ended by itself");
            let found = self.command("xdotool").args(["search", "--onlyvisible", "--pid", &pid]).output().unwrap();
            let id = String::from_utf8(found.stdout).unwrap().lines().next().map(str::to_owned)?;
            // Without a window manager nobody else gives it the keyboard.
            let focus = self.command("xdotool").args(["windowfocus", "--sync", &id]).stderr(Stdio::null()).status();
            focus.unwrap().success().then_some(())
        });
        window
    }

    fn home_is_empty(&self) -> bool {
        // The launcher of the accessibility bus and the reader keep caches of their own.
        let known = [".cache", ".config", ".local"];
        fs::read_dir(self.home.path()).unwrap().all(|entry| {
            let entry = entry.unwrap();
            known.iter().any(|name| entry.file_name() == *name) && !contains(&entry.path(), "fernamt")
        })
    }
}

fn contains(folder: &Path, word: &str) -> bool {
    fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .any(|entry| entry.file_name().to_string_lossy().contains(word) || contains(&entry.path(), word))
}

struct Window<'a> {
    room: &'a Room,
    child: Child,
}

impl Drop for Window<'_> {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

impl Window<'_> {
    fn tree(&self) -> Vec<Found> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/window/tree.py");
        let output = self.room.command(PYTHON).args([script, &self.child.id().to_string()]).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        // A tree that changes while it is read ends early: whoever waits looks again.
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn until_shows(&self, role: &str, name: &str) -> Vec<Found> {
        let mut last = Vec::new();
        let found = within(|| {
            last = self.tree();
            last.iter().any(|node| node.role == role && node.name == name).then(|| last.clone())
        });
        found.unwrap_or_else(|| panic!("no {role} called {name} in {last:#?}"))
    }

    fn until_focused(&self, name: &str) {
        let mut last = Vec::new();
        let found = within(|| {
            last = self.tree();
            last.iter().any(|node| node.focused && node.name == name).then_some(())
        });
        found.unwrap_or_else(|| panic!("{name} has no focus in {last:#?}"));
    }

    fn press(&self, key: &str) {
        assert!(self.room.command("xdotool").args(["key", key]).status().unwrap().success());
    }

    fn ended(&mut self) -> ExitStatus {
        until(|| self.child.try_wait().unwrap())
    }
}

fn within<T>(mut look: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    while begin.elapsed() < LIMIT {
        if let Some(found) = look() {
            return Some(found);
        }
        fernamt_testkit::office::pause(LOOK);
    }
    None
}

fn until<T>(look: impl FnMut() -> Option<T>) -> T {
    within(look).expect("it comes in time")
}

#[test]
fn a_screen_reader_finds_every_control_by_name_and_role() {
    let Some(room) = Room::open() else { return };
    for (page, wanted) in [
        ("first-start", &[("entry", "Aktivierungscode"), ("password text", "Neue Passphrase")][..]),
        ("passphrase", &[("password text", "Passphrase"), ("push button", "Weiter"), ("heading", "Anmelden")]),
        ("desk-open", &[("push button", "Mein PC im Rathaus trennen. Desktop · Zimmer 214. Offen mit FreeRDP")]),
        ("desk-many", &[("entry", "Suchen"), ("push button", "Leitung prüfen"), ("push button", "Beenden")]),
        ("help", &[("heading", "Was auf diesem PC bleibt"), ("push button", "Zurück")]),
    ] {
        let window = room.start(&["window-show", "--page", page]);
        for (role, name) in wanted {
            window.until_shows(role, name);
        }
        let tree = window.until_shows("push button", if page == "help" { "Zurück" } else { "Hilfe" });
        assert!(tree.len() > 6, "{tree:#?}");
        for node in tree.iter().filter(|node| node.actions > 0 && node.role != "scroll bar") {
            assert!(!node.name.trim().is_empty(), "{page}: a {} has no name", node.role);
            let roles = ["push button", "check box", "entry", "password text", "text"];
            assert!(roles.contains(&node.role.as_str()), "{page}: {node:?}");
        }
    }
    assert!(room.home_is_empty());
}

#[test]
fn the_window_can_be_used_by_keys_alone() {
    let Some(room) = Room::open() else { return };
    let folder = tempfile::tempdir().unwrap();
    let mut window = room.start(&["--folder", folder.path().to_str().unwrap()]);
    window.until_shows("heading", "Dieser Ordner ist kein Stick");
    window.until_focused("Fenster schließen");
    window.press("Tab");
    window.until_focused("English");
    window.press("Tab");
    window.until_focused("Hilfe");
    window.press("Return");
    window.until_shows("heading", "Was auf diesem PC bleibt");
    window.press("Escape");
    window.until_shows("heading", "Dieser Ordner ist kein Stick");
    window.until_focused("Fenster schließen");
    let second = room.start(&["--folder", folder.path().to_str().unwrap()]);
    second.until_shows("heading", "Der Stick ist schon geöffnet");
    drop(second);
    let id = room.command("xdotool").args(["search", "--pid", &window.child.id().to_string()]).output().unwrap();
    let id = String::from_utf8(id.stdout).unwrap().lines().next().unwrap().to_owned();
    assert!(room.command("xdotool").args(["windowfocus", "--sync", &id]).status().unwrap().success());
    window.press("space");
    assert!(window.ended().success());
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| name == "stick.lock" || name == "stick.state"), "{left:?}");
    assert!(room.home_is_empty());
}

#[test]
fn name_and_password_are_asked_for_in_a_window_of_their_own() {
    let Some(room) = Room::open() else { return };
    let arguments = ["ask-sign-on", "--target", "Terminalserver Bürgeramt", "--person", "erika", "--language", "de"];
    let mut window = room.start(&arguments);
    window.until_shows("heading", "Anmelden an: Terminalserver Bürgeramt");
    window.until_focused("Passwort");
    for key in ["g", "e", "h", "e", "i", "m"] {
        window.press(key);
    }
    let tree = window.tree();
    assert!(!tree.iter().any(|node| node.name.contains("geheim")), "{tree:#?}");
    window.press("Return");
    let mut written = String::new();
    window.child.stdout.take().unwrap().read_to_string(&mut written).unwrap();
    assert!(window.ended().success());
    assert_eq!(written, r#"{"name":"erika","password":"geheim"}"#);
    let mut refused = room.start(&arguments);
    refused.until_focused("Passwort");
    refused.press("Escape");
    assert!(!refused.ended().success());
}
