//! On a Linux where there is nothing but the stick: no library, no shell, no file in `/etc`.

use std::{fs, process::Command};

use super::{Office, programs};

/// The program that needs no library.
const PROGRAM: &str = "fernamt-stick-static";

#[test]
fn the_static_stick_goes_to_work_where_nothing_else_is() {
    let Some(programs) = programs() else { return };
    if !programs.join(PROGRAM).exists() {
        return fernamt_testkit::skip!("{PROGRAM} could not be built on this machine");
    }
    let office = Office::open(&programs);
    let stick = office.stick.path();
    for extra in [PROGRAM, "client"] {
        fs::copy(programs.join(extra), stick.join(extra)).unwrap();
    }
    // Where the kernel tells of processes; every Linux mounts it before anything else.
    fs::create_dir(stick.join("proc")).unwrap();
    let alone = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--root"]);
        command.arg(stick).arg(format!("/{PROGRAM}")).args(words).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command
    };
    match alone(&["--version"]).output() {
        Ok(output) if output.status.success() => {}
        Ok(output) => {
            let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
            assert!(complaint.starts_with("unshare:"), "{complaint}");
            return fernamt_testkit::skip!("this machine makes no namespaces: {complaint}");
        }
        Err(error) => return fernamt_testkit::skip!("unshare cannot be run: {error}"),
    }
    office.goes_to_work(alone, "/client", ("/heard", &stick.join("heard")));
}
