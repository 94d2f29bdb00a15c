//! Commands beside a running server take effect in it.

use std::time::{Duration, Instant};

use fernamt_testkit::office::pause;

use crate::office;

#[test]
fn a_person_disabled_from_the_command_line_is_out_at_once() {
    let office = office();
    let mut ada = office.person("ada", "Kastanie-Regen-41").unwrap();
    let answer = ada.sign_in().unwrap();
    let cookie = answer.cookies.iter().find(|cookie| cookie.starts_with("__Host-fernamt=")).unwrap();
    let cookie = cookie.split(';').next().unwrap().to_owned();
    let status = || {
        let host = office.host();
        let headers = [("Host", host.as_str()), ("Cookie", &cookie)];
        fernamt_testkit::http::request(office.address(), "GET", "/api/v1/session", &headers, b"").unwrap().status
    };
    assert_eq!(status(), 200);
    office.run(&["user", "disable", "ada"], "").unwrap();
    let asked = Instant::now();
    while status() != 401 {
        assert!(asked.elapsed() < Duration::from_secs(5), "the session outlived its person");
        // the command line cannot tell us when the server has heard of it
        pause(Duration::from_millis(50));
    }
}

#[test]
fn a_weak_password_and_an_unknown_person_are_refused_with_a_sentence() {
    let office = office();
    let weak = office.run(&["user", "add", "erika"], "short\n").unwrap_err().to_string();
    assert!(weak.contains("12"), "{weak}");
    let unknown = office.run(&["user", "disable", "nobody"], "").unwrap_err().to_string();
    assert!(unknown.contains("fernamt user list"), "{unknown}");
    let twice = office.run(&["user", "add", "ada"], "Kastanie-Regen-42\n").unwrap_err().to_string();
    assert!(twice.contains("exists already"), "{twice}");
}

#[test]
fn the_audit_log_verifies_and_a_head_from_elsewhere_is_taken() {
    let office = office();
    let head = office.run(&["audit", "head"], "").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let heads = folder.path().join("heads.jsonl");
    std::fs::write(&heads, head).unwrap();
    // A name that no hexadecimal number can hold by chance.
    office.run(&["user", "add", "xaver"], "Kastanie-Regen-42\n").unwrap();
    office.run(&["user", "disable", "xaver"], "").unwrap();
    let said = office.run(&["audit", "verify", "--heads", heads.to_str().unwrap()], "").unwrap();
    assert!(said.starts_with("The audit log is intact"), "{said}");
    let exported = office.run(&["audit", "export"], "").unwrap();
    assert!(
        exported.lines().count() >= 2 && !exported.contains("xaver"),
        "the export holds pseudonyms only: {exported}"
    );
}
