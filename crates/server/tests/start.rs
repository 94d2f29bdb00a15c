//! The first start, and what an administrator is told.

use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

use fernamt_testkit::{http, office::Office};

use crate::{BINARY, office};

#[test]
fn the_first_start_prints_a_one_time_link() {
    let office = Office::start_binary(BINARY).unwrap();
    // it answers once everything is printed
    http::request(office.address(), "GET", "/healthz", &[("Host", &office.host())], b"").unwrap();
    let log = office.log().unwrap();
    let link = log.lines().find(|line| line.contains("/einrichten#")).expect("a set-up link was printed");
    assert!(link.starts_with("http://fernamt.localhost:"), "{link}");
    assert!(!log.contains("ERROR"), "{log}");
}

#[test]
fn an_administrated_office_prints_no_link() {
    let office = office();
    assert!(!office.run(&["user", "list"], "").unwrap().is_empty());
    let printed = office.run(&["setup"], "").unwrap();
    assert!(printed.contains("/einrichten#"), "an administrator can still make a link by hand: {printed}");
}

#[test]
fn a_faulty_configuration_is_named_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("fernamt.toml");
    fs::write(
        &path,
        "[server]\ndata_dir = \"d\"\npublic_ulr = \"https://fernamt.example.org\"\n[[listener]]\nzone = 5\n",
    )
    .unwrap();
    let output = Command::new(BINARY).arg("--config").arg(&path).arg("check").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("line 3: unknown key `public_ulr`; did you mean `public_url`?"), "{said}");
    assert!(said.contains("line 4: the key `address` is missing"), "{said}");
    assert!(said.contains("line 5:"), "{said}");
    let served = Command::new(BINARY).arg("--config").arg(&path).arg("serve").output().unwrap();
    assert!(!served.status.success());
    assert!(String::from_utf8(served.stderr).unwrap().contains("line 3"), "serve names the same faults");
}

#[test]
fn the_example_configuration_is_good_but_for_its_certificates() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/fernamt.toml");
    let output = Command::new(BINARY).args(["--config", path, "check"]).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let faults: Vec<_> = said.lines().filter(|line| !line.contains("/etc/fernamt/tls.")).collect();
    assert!(faults.is_empty(), "{faults:#?}");
}

#[test]
fn a_server_started_with_few_open_files_takes_as_many_as_it_may_have() {
    let folder = tempfile::tempdir().unwrap();
    let starter = folder.path().join("starter");
    fs::write(&starter, format!("#!/bin/sh\nulimit -Sn 256\nexec '{BINARY}' \"$@\"\n")).unwrap();
    fs::set_permissions(&starter, fs::Permissions::from_mode(0o700)).unwrap();
    let office = Office::start_binary(&starter).unwrap();
    let limits = fs::read_to_string(format!("/proc/{}/limits", office.pid())).unwrap();
    let files =
        limits.lines().find_map(|line| line.strip_prefix("Max open files")).expect("the kernel tells the limit");
    let [soft, hard, ..] = files.split_whitespace().collect::<Vec<_>>()[..] else { panic!("{files}") };
    assert_eq!(soft, hard);
    assert!(soft.parse::<u64>().unwrap() > 256, "{files}");
}
