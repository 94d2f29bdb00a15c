//! Backup while running, restore in its place.

use std::{fs, process::Command};

use fernamt_testkit::peers::Postgres;

use crate::{BINARY, office};

#[test]
fn a_backup_made_while_running_restores_without_what_was_disabled_since() {
    let office = office();
    office.run(&["user", "add", "erika"], "Kastanie-Regen-42\n").unwrap();
    let said = office.run(&["backup", "--to", "one.backup"], "").unwrap();
    assert!(said.contains("restored once as a test"), "{said}");
    office.run(&["user", "disable", "erika"], "").unwrap();
    let refused = office.run(&["restore", "one.backup"], "").unwrap_err().to_string();
    assert!(refused.contains("--replace"), "{refused}");

    let stopped = office.stop().unwrap();
    let said = stopped.run(&["restore", "one.backup", "--replace"], "").unwrap();
    assert!(said.contains("Restored 1 administration(s)"), "{said}");
    let people = stopped.run(&["user", "list"], "").unwrap();
    let erika = people.lines().find(|line| line.starts_with("erika\t")).expect("erika is back");
    assert!(erika.contains("disabled"), "what was disabled since the backup stays disabled: {erika}");
    assert!(stopped.run(&["audit", "verify"], "").unwrap().starts_with("The audit log is intact"));
}

#[test]
fn a_restore_into_postgresql_takes_the_journal_of_what_it_replaces() {
    let postgres = fernamt_testkit::peer!(Postgres::start());
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("url"), postgres.url()).unwrap();
    let configuration = "[server]\ndata_dir = \"data\"\npublic_url = \"http://fernamt.localhost:1\"\n\n[[listener]]\nzone = \
                         \"office\"\naddress = \"127.0.0.1:1\"\ntls = \"off\"\nadministration = \
                         true\n\n[database]\nurl_file = \"url\"\n";
    fs::write(path("fernamt.toml"), configuration).unwrap();
    let run = |words: &[&str], password: &str| {
        fs::write(path("password"), password).unwrap();
        let mut command = Command::new(BINARY);
        command.current_dir(folder.path()).arg("--config").arg("fernamt.toml").args(words);
        let output = command.stdin(fs::File::open(path("password")).unwrap()).output().unwrap();
        let said = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap()).concat();
        if output.status.success() { Ok(said) } else { Err(said) }
    };
    run(&["user", "add", "ada", "--role", "administrator"], "Kastanie-Regen-41\n").unwrap();
    run(&["user", "add", "erika"], "Kastanie-Regen-42\n").unwrap();
    run(&["backup", "--to", "one.backup"], "").unwrap();
    run(&["user", "disable", "erika"], "").unwrap();
    let refused = run(&["restore", "one.backup"], "").unwrap_err();
    assert!(refused.contains("--replace"), "{refused}");

    let said = run(&["restore", "one.backup", "--replace"], "").unwrap();
    assert!(said.contains("Restored 1 administration(s)") && said.contains("1 deletions and revocations"), "{said}");
    let people = run(&["user", "list"], "").unwrap();
    let erika = people.lines().find(|line| line.starts_with("erika\t")).expect("erika is back");
    assert!(erika.contains("disabled"), "what was disabled since the backup stays disabled: {erika}");
    assert!(run(&["audit", "verify"], "").unwrap().contains("The audit log is intact"));
    let kept = said.split("schema ").nth(1).and_then(|rest| rest.split('.').next()).expect("the place is told");
    let there = postgres.psql("fernamt", &format!("select count(*) from {kept}.person")).unwrap();
    assert_eq!(there, "2", "nothing was thrown away");
}
