//! A Windows computer of the test's own, by Wine: its drive C and registry in a folder, and the stick as drive D.

use std::{
    collections::BTreeMap,
    fs,
    hash::{DefaultHasher, Hasher as _},
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use fernamt_testkit::{
    office::pause,
    screen::{LOOK, Screen},
};
use tempfile::TempDir;

use super::{Office, programs};

/// What Wine itself writes anew at each start: when it saw its own display driver.
const WINES_OWN: &str = "\"DriverDateData\"=";

/// A window is there after this time, or never.
const SHOWN_WITHIN: Duration = Duration::from_mins(2);
const BLACK: [u8; 3] = [0; 3];

/// What is on the stick in the end: what came with it, the key, what keeps it from running twice, and which way out
/// worked.
const ON_THE_STICK: &[&str] = &[
    "LIESMICH.txt",
    "README.txt",
    "bcryptprimitives.dll",
    "client.exe",
    "fernamt-stick",
    "fernamt-stick.exe",
    "stick.json",
    "stick.key",
    "stick.key.old",
    "stick.lock",
    "stick.state",
    "stick.turn",
];

#[test]
fn the_stick_goes_to_work_on_windows_and_leaves_no_trace() {
    let Some(programs) = programs() else { return };
    if !programs.join("fernamt-stick.exe").exists() {
        return fernamt_testkit::skip!("fernamt-stick.exe could not be built on this machine");
    }
    let windows = match Windows::install() {
        Ok(windows) => windows,
        Err(why) => return fernamt_testkit::skip!("{why}"),
    };
    let office = Office::open(&programs);
    let stick = office.stick.path();
    for extra in ["bcryptprimitives.dll", "client.exe"] {
        fs::copy(programs.join(extra), stick.join(extra)).unwrap();
    }
    windows.plug_in(stick);

    // The first start of anything, and the first window, make Wine finish its own setting up.
    let does_nothing = || {
        windows.does(&["cmd", "/c", "ver"]);
        windows.shows("winver.exe");
    };
    does_nothing();
    let fresh = windows.traces();
    does_nothing();
    let idle = windows.traces();
    assert_eq!(difference(&fresh, &idle), [""; 0], "doing nothing leaves traces of its own");

    let program = |words: &[&str]| windows.wine(&[&["D:\\fernamt-stick.exe"], words].concat());
    office.goes_to_work(program, "D:\\client.exe", ("D:\\heard", &stick.join("heard")));
    // Nothing runs any more, or this would not return.
    windows.settle();
    windows.shows("D:\\fernamt-stick.exe");
    assert_eq!(difference(&idle, &windows.traces()), [""; 0], "the stick left traces");
    let mut there: Vec<_> = fs::read_dir(stick).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    there.retain(|name| !ON_THE_STICK.iter().any(|known| name == known));
    assert!(there.is_empty(), "more lies on the stick than belongs there: {there:?}");

    // A trace would be found.
    windows.does(&["reg", "add", "HKCU\\Software\\Somebody", "/v", "Was", "/d", "here"]);
    windows.does(&["cmd", "/c", "echo here> C:\\users\\Public\\somebody.txt"]);
    let found = difference(&idle, &windows.traces());
    assert!(found.iter().any(|trace| trace.contains("Software\\\\Somebody] \"Was\" \"here\"")), "{found:?}");
    assert!(found.iter().any(|trace| trace.contains("somebody.txt")), "{found:?}");
}

/// A Windows computer. Whatever still runs on it ends when it is dropped.
struct Windows {
    folder: TempDir,
}

/// Every file and every value of the registry, with what it holds.
type Traces = BTreeMap<String, String>;

impl Windows {
    /// A fresh one, or why there is no Wine here.
    fn install() -> Result<Self, String> {
        let folder =
            tempfile::Builder::new().prefix("fernamt-windows-").tempdir().map_err(|error| error.to_string())?;
        let windows = Self { folder };
        let installed = windows.wine(&["wineboot", "--init"]).stdout(Stdio::null()).stderr(Stdio::null()).status();
        match installed {
            Ok(status) if status.success() => windows.settle(),
            Ok(status) => return Err(format!("Wine cannot be set up ({status})")),
            Err(error) => return Err(format!("Wine is not installed: {error}")),
        }
        Ok(windows)
    }

    /// Puts a folder into it as drive D.
    fn plug_in(&self, stick: &Path) {
        symlink(stick, self.prefix().join("dosdevices/d:")).unwrap();
    }

    /// A Windows program with its arguments.
    fn wine(&self, words: &[&str]) -> Command {
        let mut command = self.tool("wine");
        command.args(words).stdin(Stdio::null());
        command
    }

    /// Runs a program to its end.
    fn does(&self, words: &[&str]) {
        let output = self.wine(words).output().unwrap();
        assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
        self.settle();
    }

    /// Opens a program's window on a screen, and closes it as people do.
    fn shows(&self, program: &str) {
        let screen = Screen::start().unwrap();
        let on_screen = |mut command: Command| {
            command.env("DISPLAY", screen.display());
            command
        };
        let mut window = on_screen(self.wine(&[program])).spawn().unwrap();
        let begin = Instant::now();
        while screen.share_of(BLACK).unwrap() > 0.99 {
            assert!(begin.elapsed() < SHOWN_WITHIN, "{program} shows no window");
            assert!(window.try_wait().unwrap().is_none(), "{program} ended without a window");
            // The picture is memory that another process writes.
            pause(LOOK);
        }
        let name = program.rsplit('\\').next().unwrap();
        let closed = on_screen(self.wine(&["taskkill", "/im", name])).stdout(Stdio::null()).status().unwrap();
        assert!(closed.success(), "{program} cannot be closed");
        assert!(window.wait().unwrap().success(), "{program} did not end well");
        self.settle();
    }

    /// Waits until nothing runs on it any more, and it has written down what it remembers.
    fn settle(&self) {
        assert!(self.tool("wineserver").arg("--wait").status().unwrap().success());
    }

    /// All that there is on drive C and in the registry.
    fn traces(&self) -> Traces {
        let mut traces = Traces::new();
        let prefix = self.prefix();
        files(&prefix.join("drive_c"), &prefix, &mut traces);
        for registry in ["system.reg", "user.reg", "userdef.reg"] {
            values(registry, &fs::read_to_string(prefix.join(registry)).unwrap(), &mut traces);
        }
        assert!(traces.len() > 10_000, "this is not the whole of Windows");
        traces
    }

    fn tool(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        // It would otherwise offer to fetch its own browser and runtime.
        command.env("WINEDLLOVERRIDES", "mscoree,mshtml=").env("WINEDEBUG", "-all");
        command.env("WINEPREFIX", self.prefix()).env("HOME", self.folder.path()).env_remove("DISPLAY");
        command
    }

    fn prefix(&self) -> PathBuf {
        self.folder.path().join("prefix")
    }
}

impl Drop for Windows {
    fn drop(&mut self) {
        let _ = self.tool("wineserver").arg("--kill").status();
    }
}

/// What there is in one place and not, or not the same, in the other.
fn difference(before: &Traces, after: &Traces) -> Vec<String> {
    let changed = after.iter().filter(|(place, held)| before.get(*place) != Some(held));
    let gone = before.keys().filter(|place| !after.contains_key(*place));
    changed.map(|(place, held)| format!("{place} {held}")).chain(gone.map(|place| format!("{place} is gone"))).collect()
}

fn files(folder: &Path, prefix: &Path, traces: &mut Traces) {
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let (path, kind) = (entry.path(), entry.file_type().unwrap());
        let place = path.strip_prefix(prefix).unwrap().display().to_string();
        let held = if kind.is_file() { print(&fs::read(&path).unwrap()) } else { String::new() };
        traces.insert(place, held);
        if kind.is_dir() {
            files(&path, prefix, traces);
        }
    }
}

fn print(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    format!("{} bytes, {:016x}", bytes.len(), hasher.finish())
}

/// Reads Wine's text form of the registry: keys in brackets with the time of their last change, values below.
fn values(registry: &str, text: &str, traces: &mut Traces) {
    let mut key = String::new();
    for line in text.lines().filter(|line| !line.starts_with(['#', ';']) && !line.starts_with(WINES_OWN)) {
        if line.starts_with('[') {
            line.rsplit_once(']').map_or(line, |(key, _)| key).clone_into(&mut key);
            traces.insert(format!("{registry} {key}]"), String::new());
        } else if let Some((name, value)) = line.split_once('=') {
            traces.insert(format!("{registry} {key}] {name}"), value.to_owned());
        }
    }
}
